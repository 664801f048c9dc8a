package wire

import (
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

func init() {
	qt.Register("QRemoteObjectPackets::QRO_", qt.Codec[*Object]{Decode: readObject, Encode: writeObject})
	objectType = qt.MustLookup("QRemoteObjectPackets::QRO_")
}

// objectType is how an Object travels; its values follow the variant and are not part of it.
var objectType *qt.Type

func readObject(r *qt.Reader) *Object {
	o := &Object{Name: r.Name(), TypeName: r.Name(), Kind: ObjectKind(r.Uint8())}
	if o.Kind > GadgetObject {
		r.Fail("QRO_", fmt.Errorf("%w: object kind %d", qt.ErrValue, o.Kind))
		return o
	}
	r.Nested("definition", func(n *qt.Reader) {
		if o.Kind == GadgetObject {
			o.Definition = readGadgetDefinition(n)
		} else {
			o.Definition = readDefinition(n)
		}
	})
	o.Null = r.Bool()
	return o
}

func writeObject(w *qt.Writer, o *Object) {
	if o.Kind > GadgetObject {
		w.Fail(fmt.Errorf("%w: object kind %d", qt.ErrValue, o.Kind))
		return
	}
	writeName(w, o.Name)
	writeName(w, o.TypeName)
	w.Uint8(uint8(o.Kind))
	if o.Definition == nil {
		w.ByteArray(nil)
	} else {
		w.Nested(func(w *qt.Writer) {
			if o.Kind == GadgetObject {
				writeGadgetDefinition(w, o.Definition)
			} else {
				writeDefinition(w, o.Definition)
			}
		})
	}
	w.Bool(o.Null)
}

func writeProperty(w *qt.Writer, p Property) {
	o := p.Object
	if o == nil {
		w.Variant(p.Value)
		return
	}
	v, err := objectType.Value(o)
	if err != nil {
		w.Fail(err)
		return
	}
	w.Variant(v)
	if o.Null {
		return
	}
	w.Nested(func(w *qt.Writer) {
		if o.Kind == GadgetObject {
			w.BareVariant(o.Gadget)
			return
		}
		w.Uint32(uint32(len(o.Values)))
		for _, v := range o.Values {
			writeProperty(w, v)
		}
	})
}
