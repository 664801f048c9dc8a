package wire

import (
	"errors"
	"fmt"
	"math"

	"github.com/go-qtro/qtro/qt"
)

// Encoder encodes packets of one protocol. It is not safe for concurrent use.
type Encoder struct {
	protocol Protocol
	w        qt.Writer
}

// NewEncoder returns an Encoder for protocol p.
func NewEncoder(p Protocol) *Encoder { return &Encoder{protocol: p} }

// Append appends the packet, its length field included, to dst. On an error, a [*PacketError], it returns dst unchanged.
func (e *Encoder) Append(dst []byte, p *Packet) ([]byte, error) {
	w := &e.w
	w.Reset(dst, e.protocol.Format())
	at := len(dst)
	w.Uint32(0)
	w.Uint16(uint16(p.Kind))
	if p.Kind != ObjectList {
		w.Text(p.Name)
	}
	switch p.Kind {
	case Handshake, RemoveObject, Ping, Pong:
	case ObjectList:
		w.Uint32(uint32(len(p.Objects)))
		for _, o := range p.Objects {
			w.Text(o.Name)
			writeName(w, o.TypeName)
			writeOptional(w, o.Signature)
		}
	case Init:
		writeProperties(w, p.Values)
	case InitDynamic:
		if p.Class == nil {
			w.Fail(errors.New("no class definition"))
			break
		}
		writeDefinition(w, p.Class)
		writeProperties(w, p.Values)
	case AddObject:
		w.Bool(p.Dynamic)
	case Invoke:
		e.invoke(p)
	case InvokeReply:
		w.Int32(p.Serial)
		w.Variant(p.Value.Value)
	case PropertyChange:
		w.Int32(p.Index)
		writeProperty(w, p.Value)
	default:
		w.Fail(fmt.Errorf("%w: %d", ErrKind, p.Kind))
	}
	if n := len(w.Bytes()) - at - 4; uint64(n) > math.MaxUint32 {
		w.Fail(fmt.Errorf("%w: %d bytes", ErrTooLong, n))
	}
	if w.Err() != nil {
		return dst, &PacketError{"encode", p.Kind, p.Name, w.Err()}
	}
	out := w.Bytes()
	w.PutUint32(at, uint32(len(out)-at-4))
	w.Reset(nil, e.protocol.Format()) // out is the caller's
	return out, nil
}

func (e *Encoder) invoke(p *Packet) {
	w := &e.w
	if len(p.Args) > MaxArgs {
		w.Fail(fmt.Errorf("%w arguments: %d of at most %d", ErrTooMany, len(p.Args), MaxArgs))
		return
	}
	w.Int32(p.Call)
	w.Int32(p.Index)
	w.Uint32(uint32(len(p.Args)))
	for _, a := range p.Args {
		if p.Call == WriteProperty {
			w.BareVariant(a) // Qt 6 does not unwrap containers of PODs there
		} else {
			w.Variant(a)
		}
	}
	w.Int32(p.Serial)
	w.Int32(p.Property)
}

func writeProperties(w *qt.Writer, values []Property) {
	w.Uint32(uint32(len(values)))
	for _, v := range values {
		writeProperty(w, v)
	}
}
