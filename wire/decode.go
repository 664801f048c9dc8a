package wire

import (
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

// MaxArgs is how many arguments an Invoke packet may have.
const MaxArgs = 1024

// maxNames bounds what a decoder remembers of names: they come from the peer.
const maxNames = 1 << 16

// Decoder decodes the packets of one connection. It learns the types that definitions in them describe.
// It is not safe for concurrent use.
type Decoder struct {
	// Object, if set, is asked about the object of each packet that has a body: it returns the types that the
	// packet's values may have (nil for the registered ones), or an error that ends decoding.
	Object func(kind Kind, name string) (*qt.Types, error)

	protocol Protocol
	r        qt.Reader
	names    map[string]string    // raw UTF-16 to Go, so that a name costs no allocation
	learned  map[string]*qt.Types // by object: from definitions
}

// NewDecoder returns a Decoder of packets of protocol p.
func NewDecoder(p Protocol) *Decoder {
	return &Decoder{protocol: p, names: map[string]string{}, learned: map[string]*qt.Types{}}
}

// Decode decodes a whole packet, its length field included, into p. What is in p afterwards does not alias the frame, but
// p.Args is used again by the next call with the same p. The error is a [*PacketError].
func (d *Decoder) Decode(frame []byte, p *Packet) error {
	args, values := p.Args[:0], p.Values[:0]
	*p = Packet{Args: args, Values: values}
	d.r.Reset(frame, d.protocol.Format(), nil)
	if err := d.decode(p); err != nil {
		return &PacketError{"decode", p.Kind, p.Name, err}
	}
	return nil
}

func (d *Decoder) decode(p *Packet) error {
	r := &d.r
	if n := int(r.Uint32()); r.Err() == nil && n != r.Remaining() {
		return fmt.Errorf("%w: length field says %d, there are %d", qt.ErrShort, n, r.Remaining())
	}
	p.Kind = Kind(r.Uint16())
	if r.Err() != nil {
		return ErrTooShort
	}
	if p.Kind < Handshake || p.Kind > Pong {
		return fmt.Errorf("%w: %d", ErrKind, p.Kind)
	}
	if p.Kind == ObjectList {
		d.objects(p)
		return r.Finish(p.Kind.String())
	}
	p.Name = d.name()
	if r.Err() != nil {
		return r.Err()
	}
	if err := d.scope(p); err != nil {
		return err
	}
	switch p.Kind {
	case Init:
		p.Values = d.properties(p.Name, p.Values)
	case InitDynamic:
		p.Class = readDefinition(r)
		if r.Err() == nil {
			d.learn(p.Name, p.Class.Types(r.Types()))
		}
		p.Values = d.properties(p.Name, p.Values)
	case AddObject:
		p.Dynamic = r.Bool()
	case Invoke:
		d.invoke(p)
	case InvokeReply:
		p.Serial = r.Int32()
		p.Value.Value = r.Variant()
	case PropertyChange:
		p.Index = r.Int32()
		p.Value = d.property(p.Name)
	}
	return r.Finish(p.Kind.String())
}

// scope sets the types of the packet's object.
func (d *Decoder) scope(p *Packet) error {
	var types *qt.Types
	if d.Object != nil && p.Kind != Handshake {
		t, err := d.Object(p.Kind, p.Name)
		if err != nil {
			return err
		}
		types = t
	}
	if p.Kind != InitDynamic { // which brings its own
		if t := d.learned[p.Name]; t != nil {
			types = t
		}
	}
	if types != nil {
		d.r.SetTypes(types)
	}
	return nil
}

func (d *Decoder) learn(name string, types *qt.Types) {
	if len(d.learned) >= maxNames && d.learned[name] == nil {
		d.r.Fail("definition", fmt.Errorf("%w objects with a definition", ErrTooMany))
		return
	}
	d.learned[name] = types
	d.r.SetTypes(types)
}

// Types returns what the definition of an object, or of its parent, has taught; nil if there was none.
func (d *Decoder) Types(object string) *qt.Types { return d.learned[object] }

func (d *Decoder) name() string {
	raw := d.r.RawString()
	if s, ok := d.names[string(raw)]; ok { // no allocation
		return s
	}
	s := d.r.NameOf(raw)
	if len(d.names) < maxNames && d.r.Err() == nil {
		d.names[string(raw)] = s
	}
	return s
}

func (d *Decoder) objects(p *Packet) {
	r := &d.r
	n := r.Count(12)
	p.Objects = make([]ObjectRef, 0, n)
	for len(p.Objects) < n && r.Err() == nil {
		p.Objects = append(p.Objects, ObjectRef{Name: r.Name(), TypeName: r.Name(), Signature: r.ByteString()})
	}
}

func (d *Decoder) invoke(p *Packet) {
	r := &d.r
	p.Call, p.Index = r.Int32(), r.Int32()
	n := r.Count(5)
	if n > MaxArgs {
		r.Fail("arguments", fmt.Errorf("%w: %d of at most %d", ErrTooMany, n, MaxArgs))
		return
	}
	for range n {
		p.Args = append(p.Args, r.Variant())
	}
	p.Serial, p.Property = r.Int32(), r.Int32()
}

func (d *Decoder) properties(object string, out []Property) []Property {
	n := d.r.Count(5)
	if cap(out) < n {
		out = make([]Property, 0, n)
	}
	for len(out) < n && d.r.Err() == nil {
		out = append(out, d.property(object))
	}
	return out
}

// property reads a property's value: after an object, unlike after other values, come its properties.
func (d *Decoder) property(object string) Property { return d.readProperty(&d.r, object) }

func (d *Decoder) readProperty(r *qt.Reader, object string) Property {
	v := r.Variant()
	if v.Type() != objectType || r.Err() != nil {
		return Property{Value: v}
	}
	o := v.Any().(*Object)
	if o.Definition != nil {
		// The child's types stay known to its parent: they are not described again.
		types := o.Definition.Types(r.Types())
		d.learn(object, types)
		r.SetTypes(types)
	}
	if o.Null {
		return Property{Object: o}
	}
	if o.Kind != GadgetObject && o.Name != "" {
		if t := r.Types(); t != nil && len(d.learned) < maxNames {
			d.learned[o.Name] = t
		}
	}
	r.Nested("object", func(n *qt.Reader) {
		if o.Kind == GadgetObject {
			o.Gadget = n.Variant()
			return
		}
		count := n.Count(5)
		for len(o.Values) < count && n.Err() == nil {
			o.Values = append(o.Values, d.readProperty(n, object))
		}
		// What the children taught is for their siblings too.
		r.SetTypes(n.Types())
	})
	return Property{Object: o}
}
