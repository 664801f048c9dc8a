package wire

import (
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

// minVariant is the least size of a QVariant: its type's id and its null byte.
const minVariant = 4 + 1

// MaxArgs is how many arguments an Invoke packet may have.
const MaxArgs = 1024

// What a decoder remembers comes from the peer, and so is bounded.
const (
	maxNames       = 1 << 20  // bytes of names; at the bound it starts anew
	maxLearned     = 16 << 20 // bytes of definitions and of the names of their objects
	maxDefinitions = 256      // that an object and its children teach after its InitDynamic
	entryCost      = 64       // of a map's entry, about, besides its text
)

// Decoder decodes the packets of one connection. It learns the types that definitions in them describe: those of an
// object hold for its children too, and until its next InitDynamic. More than 256 definitions for one object, or more
// than 16 MiB of them on the connection, are an error. It is not safe for concurrent use.
type Decoder struct {
	// Object, if set, is asked about the object of each packet but Handshake and ObjectList: it returns the types that
	// the packet's values may have (nil for the registered ones), or an error that ends decoding. What the object's
	// definition has taught takes precedence.
	Object func(kind Kind, name string) (*qt.Types, error)

	format    qt.Format
	r         qt.Reader
	base      *qt.Types            // falls back to the registered types; keeps the containers that the peer makes of them
	names     map[string]knownName // by raw UTF-16, so that a name costs no allocation
	nameBytes int
	last      knownName         // most packets are about the object of the one before
	scopes    map[string]*scope // by object
	learned   int               // bytes, of scopes
	now       lesson
}

// knownName is a name as it is on the wire and in Go.
type knownName struct{ raw, name string }

// scope is what has been learnt for an object and its children.
type scope struct {
	types       *qt.Types
	definitions int
	bytes       int // of definitions
	objects     int // that share the scope
}

// lesson is what the packet that is being decoded teaches. Nothing of it is kept if the packet turns out bad.
type lesson struct {
	scope       *scope // of the packet's object, nil if there is none yet
	scoped      bool   // other types than the registered ones are in use
	definitions int
	bytes       int
	children    []string
}

// NewDecoder returns a Decoder of packets of protocol p.
func NewDecoder(p Protocol) *Decoder {
	return &Decoder{format: p.Format(), base: qt.NewTypes(), names: map[string]knownName{}, scopes: map[string]*scope{}}
}

// Decode decodes a whole packet, its length field included, into p. What is in p afterwards does not alias the frame, but
// the memory of p.Args is used again by the next call with the same p. The error is a [*PacketError]; p then holds
// what had been decoded, and the connection is of no more use.
func (d *Decoder) Decode(frame []byte, p *Packet) error {
	p.reset()
	d.r.Reset(frame, d.format, d.base)
	err := d.decode(p)
	if err == nil && (d.now.definitions > 0 || d.now.scoped) {
		err = d.keep(p.Name)
	}
	d.r.Release() // the frame may be large
	if err != nil {
		return &PacketError{"decode", p.Kind, p.Name, err}
	}
	return nil
}

// reset makes the packet empty, field by field: that is cheaper than copying an empty one over it.
func (p *Packet) reset() {
	p.Kind, p.Name, p.Objects, p.Dynamic, p.Class, p.Values = 0, "", nil, false, nil, nil
	p.Value.Value, p.Value.Object = qt.Value{}, nil
	p.Call, p.Index, p.Args, p.Serial, p.Property = 0, 0, p.Args[:0], 0, 0
}

func (d *Decoder) decode(p *Packet) error {
	r := &d.r
	n := r.Uint32()
	have := uint32(r.Remaining())
	p.Kind = Kind(r.Uint16())
	switch {
	case r.Err() != nil:
		return &qt.DecodeError{Offset: r.Offset(), What: "header", Err: ErrTooShort}
	case n > have:
		return &qt.DecodeError{What: "length", Err: fmt.Errorf("%w: %d of %d", qt.ErrShort, have, n)}
	case n < have:
		return &qt.DecodeError{What: "length", Err: fmt.Errorf("%w: %d", qt.ErrTrailing, have-n)}
	case p.Kind < Handshake || p.Kind > Pong:
		return &qt.DecodeError{Offset: 4, What: "kind", Err: fmt.Errorf("%w: %d", ErrKind, p.Kind)}
	case p.Kind == ObjectList:
		d.now = lesson{}
		d.objects(p)
		return r.Finish(p.Kind.String())
	}
	if p.Name = d.name(); r.Err() != nil {
		return r.Err()
	}
	if err := d.enter(p); err != nil {
		return err
	}
	switch p.Kind {
	case Init:
		p.Values = d.properties()
	case InitDynamic:
		p.Class = readDefinition(r)
		d.learn(r, p.Class, r.Offset())
		p.Values = d.properties()
	case AddObject:
		p.Dynamic = r.Bool()
	case Invoke:
		d.invoke(p)
	case InvokeReply:
		p.Serial = r.Int32()
		p.Value.Value = r.Variant()
	case PropertyChange:
		p.Index = r.Int32()
		p.Value = d.property(r)
	}
	return r.Finish(p.Kind.String())
}

// enter sets the types of the packet's object.
func (d *Decoder) enter(p *Packet) error {
	if d.now.scope != nil || d.now.scoped || len(d.now.children) > 0 {
		d.now = lesson{children: d.now.children[:0]}
	}
	if p.Kind == Handshake {
		return nil
	}
	var types *qt.Types
	if d.Object != nil {
		t, err := d.Object(p.Kind, p.Name)
		if err != nil {
			return err
		}
		types = t
	}
	if len(d.scopes) > 0 && p.Kind != InitDynamic { // which brings its own
		if s := d.scopes[p.Name]; s != nil {
			d.now.scope, types = s, s.types
		}
	}
	if types != nil {
		d.now.scoped = true
		d.r.SetTypes(types)
	}
	return nil
}

// learn makes the types of a definition, which took size bytes, known to what r reads from here on.
func (d *Decoder) learn(r *qt.Reader, def *Definition, size int) {
	if r.Err() != nil {
		return
	}
	known := 0
	if d.now.scope != nil {
		known = d.now.scope.definitions
	}
	d.now.bytes += size
	if d.now.definitions++; known+d.now.definitions > maxDefinitions || d.learned+d.now.bytes > maxLearned {
		r.Fail("definition", fmt.Errorf("%w definitions: %d for this object, %d bytes in all",
			ErrTooMany, known+d.now.definitions, d.learned+d.now.bytes))
		return
	}
	d.now.scoped = true
	r.SetTypes(def.Types(r.Types()))
}

// keep makes what the packet of an object has taught last.
func (d *Decoder) keep(object string) error {
	now := &d.now
	if now.definitions == 0 && (len(now.children) == 0 || !now.scoped) {
		return nil
	}
	need := now.bytes + len(object) + entryCost
	for _, name := range now.children {
		need += len(name) + entryCost
	}
	if d.learned+need > maxLearned {
		return fmt.Errorf("%w objects with types of their own: %d", ErrTooMany, len(d.scopes)+len(now.children))
	}
	s := now.scope
	if s == nil {
		s = new(scope)
	}
	s.types = d.r.Types()
	s.definitions += now.definitions
	s.bytes += now.bytes
	d.learned += now.bytes
	if now.definitions > 0 {
		d.share(object, s)
	}
	for _, name := range now.children {
		d.share(name, s)
	}
	return nil
}

// share makes s the scope of an object, and forgets the one it had if that was the last object in it.
func (d *Decoder) share(object string, s *scope) {
	old := d.scopes[object]
	if old == s {
		return
	}
	s.objects++
	d.scopes[object] = s
	if old == nil {
		d.learned += len(object) + entryCost
	} else if old.objects--; old.objects == 0 {
		d.learned -= old.bytes
	}
}

// Types returns the types of an object as packets have taught them: those of its definition, or of its parent. It is nil
// if there was neither.
func (d *Decoder) Types(object string) *qt.Types {
	if s := d.scopes[object]; s != nil {
		return s.types
	}
	return nil
}

func (d *Decoder) name() string {
	raw := d.r.RawString()
	if string(raw) == d.last.raw && d.r.Err() == nil { // the comparisons and look-ups do not allocate
		return d.last.name
	}
	if known, ok := d.names[string(raw)]; ok {
		d.last = known
		return known.name
	}
	s := d.r.NameOf(raw)
	cost := len(raw) + len(s) + entryCost
	if d.r.Err() != nil || cost > maxNames {
		return s
	}
	if d.nameBytes += cost; d.nameBytes > maxNames {
		clear(d.names)
		d.nameBytes = cost
	}
	d.last = knownName{string(raw), s}
	d.names[d.last.raw] = d.last
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
	n := r.Count(minVariant)
	if n > MaxArgs {
		r.Fail("Invoke", fmt.Errorf("%w arguments: %d of at most %d", ErrTooMany, n, MaxArgs))
		return
	}
	for len(p.Args) < n && r.Err() == nil {
		p.Args = append(p.Args, r.Variant())
	}
	p.Serial, p.Property = r.Int32(), r.Int32()
}

func (d *Decoder) properties() []Property {
	n := d.r.Count(minVariant)
	out := make([]Property, 0, n)
	for len(out) < n && d.r.Err() == nil {
		out = append(out, d.property(&d.r))
	}
	return out
}

// property reads a property's value: after an object, unlike after other values, come its properties.
func (d *Decoder) property(r *qt.Reader) Property {
	at := r.Offset()
	v := r.Variant()
	if v.Type() != objectType || r.Err() != nil {
		return Property{Value: v}
	}
	o := v.Any().(*Object)
	if o.Definition != nil {
		// The child's types are known to its parent from then on: they are not described again.
		d.learn(r, o.Definition, r.Offset()-at)
	}
	if o.Null {
		return Property{Object: o}
	}
	if o.Kind != GadgetObject && o.Name != "" {
		d.now.children = append(d.now.children, o.Name)
	}
	r.Nested("object", func(n *qt.Reader) {
		if o.Kind == GadgetObject {
			o.Gadget = n.Variant()
			return
		}
		for range n.Count(minVariant) {
			if n.Err() != nil {
				break
			}
			o.Values = append(o.Values, d.property(n))
		}
		// What the children taught is for their siblings too.
		r.SetTypes(n.Types())
	})
	return Property{Object: o}
}
