package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Source is an object that a host remotes: it owns the properties, emits the signals and answers the slots of its class
// (Qt: a QObject given to enableRemoting). Its methods are safe for concurrent use. Changes and signals reach each replica
// in the order in which they were made.
type Source struct {
	info   *classInfo
	tree   atomic.Pointer[tree]
	slots  []slotFunc // written before the source is remoted
	mirror *mirror    // the struct that the source was made from, or nil

	audience *audience // who is told of peers that come and go, or nil; written before the source is remoted

	// The rest is guarded by the tree's mutex.
	parent   *Source
	property int // of the parent
	values   []qt.Value
	children []*Source
	onWrite  []func(ctx context.Context, v qt.Value) error
	name     string // of a root that is remoted
	host     *Host
	shown    func(*hostConn, qt.Value) (qt.Value, bool) // what a peer with limited rights sees of a registry's content
	called   [2]childName                               // by protocol; what wireName has found
}

// tree is a source with all its children, which are remoted together: whoever listens to the root hears of all. One mutex
// guards them, so that the order of changes is the same for everyone.
type tree struct {
	mu        sync.Mutex
	listeners []listener
	scratch   [2]scratch     // by protocol
	packets   [2]wire.Packet // of the update that is being sent
	args      []qt.Value
}

// listener is a connection that has acquired the root.
type listener struct {
	conn    *hostConn
	dynamic bool
	known   map[*classInfo]bool // the child classes that a dynamic replica has been told about
	taught  map[string]bool     // the PODs that it has been told about; nil if nobody has asked yet
	late    []lateValue
	steps   bool               // objects are put in one by one
	flat    bool               // those below the root's own are
	sights  map[*Source]*sight // what is hidden from the peer, if its rights are limited
}

// scratch is where an update is encoded, once for all listeners of a protocol.
type scratch struct {
	enc *wire.Encoder
	buf []byte
}

// slotFunc answers a call. The arguments may be kept.
type slotFunc func(ctx context.Context, args []qt.Value) (qt.Value, error)

// NewSource returns a source of a class, with its properties at their defaults and its slots unanswered: see
// [Source.Handle]. It fails if the class is described wrongly.
func NewSource(c *Class) (*Source, error) {
	info, err := c.compile()
	if err != nil {
		return nil, err
	}
	return newSource(info), nil
}

func newSource(info *classInfo) *Source {
	s := &Source{
		info: info, property: -1,
		slots:    make([]slotFunc, len(info.slots)),
		values:   make([]qt.Value, len(info.props)),
		children: make([]*Source, len(info.props)),
		onWrite:  make([]func(context.Context, qt.Value) error, len(info.props)),
	}
	s.tree.Store(&tree{})
	for i := range info.props {
		s.values[i] = info.props[i].initial
		if info.props[i].kind == modelProp {
			s.adopt(i, emptyModel(info.props[i].roles))
		}
	}
	for i := range info.slots {
		if p := info.slots[i].property; p >= 0 {
			s.slots[i] = func(ctx context.Context, args []qt.Value) (qt.Value, error) {
				return qt.Value{}, s.written(ctx, int(p), args[0])
			}
		}
	}
	return s
}

// Class returns the source's class.
func (s *Source) Class() *Class { return s.info.class }

// lock locks the tree that the source is part of.
func (s *Source) lock() *tree {
	for {
		t := s.tree.Load()
		t.mu.Lock()
		if s.tree.Load() == t {
			return t
		}
		t.mu.Unlock() // it has been put into another tree meanwhile
	}
}

// Get returns a property's value; that of a child object is invalid.
func (s *Source) Get(property string) (qt.Value, error) {
	i, err := s.info.property(property)
	if err != nil {
		return qt.Value{}, err
	}
	defer s.lock().mu.Unlock()
	return s.values[i], nil
}

// Set changes a property and tells all replicas; nothing is sent if the value is the same. x is converted to the
// property's type as by [qt.Type.Value]. It does not wait for the replicas.
func (s *Source) Set(property string, x any) error {
	i, v, err := s.convert(property, x)
	if err != nil {
		return s.fail("set", property, err)
	}
	if s.info.props[i].access == Constant {
		return s.fail("set", property, fmt.Errorf("%w: the property is constant; give it its value in the class or with Source.SetConstant", ErrClass))
	}
	return s.fail("set", property, s.SetValue(i, v))
}

// SetConstant gives a CONSTANT property its value, before the source is remoted.
func (s *Source) SetConstant(property string, x any) error {
	return s.fail("set", property, s.init(property, x))
}

func (s *Source) init(property string, x any) error {
	i, v, err := s.convert(property, x)
	if err != nil {
		return err
	}
	t := s.lock()
	defer t.mu.Unlock()
	if len(t.listeners) > 0 {
		return fmt.Errorf("%w: replicas have a constant property's value already", ErrClass)
	}
	s.values[i] = v
	return nil
}

func (s *Source) convert(property string, x any) (int, qt.Value, error) {
	i, err := s.info.property(property)
	if err != nil {
		return 0, qt.Value{}, err
	}
	if s.info.props[i].kind != plainProp {
		return 0, qt.Value{}, fmt.Errorf("%w: the property holds an object; use Source.SetChild", ErrClass)
	}
	v, err := s.info.props[i].typ.Value(x)
	return i, v, err
}

// SetValue is Set for a property by its index in the class and a value of its type. It allocates nothing.
func (s *Source) SetValue(property int, v qt.Value) error {
	if property < 0 || property >= len(s.info.props) || s.info.props[property].kind != plainProp {
		return fmt.Errorf("%w %s has no plain property %d", ErrClass, s.info.class.Name, property)
	}
	prop := &s.info.props[property]
	if v.Type() != prop.typ {
		var err error
		if v, err = prop.typ.Convert(v); err != nil {
			return err
		}
	}
	t := s.lock()
	defer t.mu.Unlock()
	if s.values[property].Equal(v) {
		return nil
	}
	s.values[property] = v
	return s.changed(t, property, nil)
}

// Child returns the object that a CLASS property holds, nil if it holds none.
func (s *Source) Child(property string) (*Source, error) {
	i, err := s.info.property(property)
	if err != nil {
		return nil, err
	}
	defer s.lock().mu.Unlock()
	return s.children[i], nil
}

// SetChild puts an object of the property's class into a CLASS property, or nil, and tells all replicas. A source is in
// one place at a time: it must not be remoted or be another's child. One that is taken out may be used again.
func (s *Source) SetChild(property string, child *Source) error {
	return s.fail("set", property, s.setChild(property, child))
}

func (s *Source) setChild(property string, child *Source) error {
	i, err := s.info.property(property)
	if err != nil {
		return err
	}
	prop := &s.info.props[i]
	if prop.kind == plainProp {
		return fmt.Errorf("%w: the property holds a %s, no object", ErrClass, prop.typ)
	}
	if child != nil && !prop.holds(child.info) {
		return fmt.Errorf("%w: a %s for a %s, or another of that name", ErrClass, child.info.class.Name, prop.className())
	}
	adoption.Lock()
	defer adoption.Unlock()
	t := s.lock()
	defer t.mu.Unlock()
	old := s.children[i]
	if old == child {
		return nil
	}
	if err := s.adopt(i, child); err != nil {
		return err
	}
	if old != nil {
		old.release()
	}
	return s.changed(t, i, child)
}

// adoption serializes moves between trees, which take two trees' mutexes.
var adoption sync.Mutex

// adopt makes child, which nobody else has, a part of the tree.
func (s *Source) adopt(property int, child *Source) error {
	t := s.tree.Load()
	if child != nil {
		own := child.tree.Load()
		if own == t {
			return fmt.Errorf("%w: the object is its own ancestor or sits in another property", ErrNameTaken)
		}
		own.mu.Lock()
		defer own.mu.Unlock()
		if child.parent != nil || child.name != "" || child.tree.Load() != own {
			return fmt.Errorf("%w: the object is remoted or another's child", ErrNameTaken)
		}
		child.parent, child.property, child.called = s, property, [2]childName{}
		child.moveTo(t)
	}
	s.children[property] = child
	return nil
}

func (s *Source) release() {
	s.parent, s.property = nil, -1
	t := s.tree.Load()
	for i := range t.listeners {
		t.listeners[i].forget(s)
	}
	s.moveTo(&tree{})
}

func (s *Source) moveTo(t *tree) {
	s.tree.Store(t)
	for _, c := range s.children {
		if c != nil {
			c.moveTo(t)
		}
	}
}

// Emit emits a signal with arguments of the parameters' types, converted as by [qt.Type.Value]. It does not wait for
// the replicas.
func (s *Source) Emit(signal string, args ...any) error {
	i, err := s.info.signal(signal, len(args))
	if err != nil {
		return s.fail("emit", signal, err)
	}
	vals, err := s.info.signals[i].arguments(args)
	if err != nil {
		return s.fail("emit", signal, err)
	}
	return s.fail("emit", signal, s.EmitValues(i, vals...))
}

// EmitValues is Emit for a signal by its index on the wire, where the notify signals come first, with values of the
// parameters' types. It allocates nothing.
func (s *Source) EmitValues(signal int, args ...qt.Value) error {
	if err := s.info.emits(signal, args); err != nil {
		return err
	}
	t := s.lock()
	defer t.mu.Unlock()
	if len(t.listeners) == 0 {
		return nil
	}
	t.args = append(t.args[:0], args...) // so that the caller's need not live on the heap
	t.packets[0] = wire.Packet{Kind: wire.Invoke, Index: int32(signal), Args: t.args, Serial: -1, Property: s.info.signals[signal].property}
	return t.broadcast(s, 1, -1)
}

// SignalIndex returns the index of a signal for EmitValues.
func (s *Source) SignalIndex(signal string) (int, error) { return s.info.signal(signal, -1) }

// PropertyIndex returns the index of a property for SetValue.
func (s *Source) PropertyIndex(property string) (int, error) { return s.info.property(property) }

// changed tells the listeners that a property has another value now. The tree is locked.
func (s *Source) changed(t *tree, property int, child *Source) error {
	if len(t.listeners) == 0 {
		return nil
	}
	prop := &s.info.props[property]
	if prop.kind != plainProp {
		return s.childChanged(t, property, child)
	}
	if s.mayNeedGadget(property) {
		return s.variantChanged(t, property)
	}
	t.packets[0] = wire.Packet{Kind: wire.PropertyChange, Index: int32(property), Value: wire.Property{Value: s.values[property]}}
	if prop.notify < 0 {
		return t.broadcast(s, 1, int32(property))
	}
	t.args = t.args[:0]
	if len(s.info.signals[prop.notify].params) > 0 {
		t.args = append(t.args, s.values[property])
	}
	t.packets[1] = wire.Packet{Kind: wire.Invoke, Index: prop.notify, Args: t.args, Serial: -1, Property: int32(property)}
	return t.broadcast(s, 2, int32(property))
}

// childChanged sends each listener the new object, with the definition of its class if that listener needs it.
func (s *Source) childChanged(t *tree, property int, child *Source) (failed error) {
	for i := range t.listeners {
		l := &t.listeners[i]
		if l.hides(s, property) {
			continue
		}
		l.steps = true
		err := s.sendObject(property, l)
		if err == nil {
			err = l.sendLate()
		}
		l.steps = false
		if err != nil && !errors.Is(err, ErrClosed) { // else the connection is ending
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// broadcast encodes the first n packets of the tree, an update of s, once for each protocol that a listener speaks, and
// queues them for all of them. change is the index of a property whose older changes this one may replace, else -1.
func (t *tree) broadcast(s *Source, n int, change int32) (failed error) {
	for _, proto := range [...]wire.Protocol{wire.Protocol13, wire.Protocol20} {
		sc := &t.scratch[proto-wire.Protocol13]
		sc.buf = sc.buf[:0]
		var name string
		for i := range t.listeners {
			c := t.listeners[i].conn
			if c.protocol != proto || c.rights != nil && !t.listeners[i].hears(s, &t.packets[0]) {
				continue
			}
			if len(sc.buf) == 0 {
				name = s.wireName(proto)
				if err := sc.encode(t.packets[:n], name, proto); err != nil {
					failed = errors.Join(failed, err)
					break // the other protocol may know the type
				}
			}
			if change >= 0 {
				c.out.change(sc.buf, name, change)
			} else {
				c.out.send(sc.buf)
			}
		}
		if cap(sc.buf) > chunkSize {
			sc.buf = nil
		}
	}
	return failed
}

func (sc *scratch) encode(packets []wire.Packet, name string, proto wire.Protocol) (err error) {
	if sc.enc == nil {
		sc.enc = wire.NewEncoder(proto)
	}
	for i := range packets {
		packets[i].Name = name
		if sc.buf, err = sc.enc.Append(sc.buf, &packets[i]); err != nil {
			sc.buf = sc.buf[:0]
			return err
		}
	}
	return nil
}

// wireName is the name by which packets address the object.
func (s *Source) wireName(p wire.Protocol) string {
	if s.parent == nil {
		return s.name
	}
	in := ""
	if p == wire.Protocol20 {
		in = s.parent.pathName()
	}
	c := &s.called[p-wire.Protocol13]
	if c.name == "" || c.in != in { // else each update of a child would allocate its name
		*c = childName{in, s.childName(p, in)}
	}
	return c.name
}

// childName is the name of a child within its parent.
type childName struct{ in, name string }

func (s *Source) childName(p wire.Protocol, in string) string {
	prop := &s.parent.info.props[s.property]
	name := "Class::"
	if prop.kind == modelProp {
		name = "Model::"
	}
	if p == wire.Protocol20 {
		name += in + "::"
	}
	return name + prop.name
}

// pathName is what protocol 2.0 puts before a child's own name: its parent's property, or the root's name.
func (s *Source) pathName() string {
	if s.parent == nil {
		return s.name
	}
	return s.parent.info.props[s.property].name
}

// find returns the object of the tree that packets of a protocol address by this name. The tree is locked.
func (s *Source) find(name string, p wire.Protocol) *Source {
	if s.wireName(p) == name {
		return s
	}
	for _, c := range s.children {
		if c == nil {
			continue
		}
		if found := c.find(name, p); found != nil {
			return found
		}
	}
	return nil
}

// properties returns the values of all properties as they stand in an Init packet for l. The tree is locked.
func (s *Source) properties(l *listener) []wire.Property {
	out := make([]wire.Property, len(s.values))
	for i := range s.values {
		if l.hides(s, i) {
			out[i] = s.unread(i, l)
			continue
		}
		switch s.info.props[i].kind {
		case plainProp:
			out[i] = s.initial(i, l)
		case classProp:
			out[i] = s.part(i, l)
		default:
			out[i] = s.object(i, l)
		}
	}
	return out
}

// unread stands for a property that the peer may not read.
func (s *Source) unread(property int, l *listener) wire.Property {
	if s.info.props[property].kind != plainProp {
		return wire.Property{Object: s.place(property, l)}
	}
	return wire.Property{Value: s.info.props[property].initial}
}

// place describes a CLASS or MODEL property that holds nothing.
func (s *Source) place(property int, l *listener) *wire.Object {
	prop := &s.info.props[property]
	at := Source{info: prop.class, parent: s, property: property}
	o := &wire.Object{Name: at.wireName(l.conn.protocol), TypeName: prop.className(), Null: true}
	if prop.kind == modelProp {
		o.Kind = wire.ModelObject
	}
	return o
}

// object returns the value of a CLASS or MODEL property.
func (s *Source) object(property int, l *listener) wire.Property {
	child, o := s.children[property], s.place(property, l)
	if child != nil {
		o.Null = false
		if l.dynamic && o.Kind == wire.ClassObject && !l.known[child.info] {
			d := *child.info.definition(l.conn.protocol)
			d.Gadgets = nil // the root's definition has those of the whole tree
			o.Definition = &d
			l.known[child.info] = true
		}
		o.Values = child.properties(l)
	}
	return wire.Property{Object: o}
}

// listen makes a connection a listener and sends it the state, in one go, so that it misses no change.
// It does nothing if the source is no longer remoted under that name.
func (s *Source) listen(c *hostConn, name string, dynamic, again bool) (bool, error) {
	t := s.lock()
	defer t.mu.Unlock()
	if s.name != name || s.host != c.host {
		return false, nil
	}
	l := listener{conn: c, dynamic: dynamic || again, known: map[*classInfo]bool{}, steps: again, flat: !dynamic}
	if c.rights != nil {
		l.sights = map[*Source]*sight{}
	}
	p := wire.Packet{Kind: wire.Init, Name: s.name, Values: s.properties(&l)}
	if dynamic {
		p.Kind, p.Class = wire.InitDynamic, s.info.definition(c.protocol)
	}
	if err := c.out.put(false, &p); err != nil {
		return false, err
	}
	if err := l.sendLate(); err != nil {
		return false, err
	}
	l.steps, l.flat = false, false
	if !t.drop(c) {
		s.audience.note(c, true)
	}
	t.listeners = append(t.listeners, l)
	return true, nil
}

func (s *Source) unlisten(c *hostConn) {
	t := s.lock()
	defer t.mu.Unlock()
	if t.drop(c) {
		s.audience.note(c, false)
	}
}

// drop takes a connection from the listeners, and reports whether it was one. The tree is locked.
func (t *tree) drop(c *hostConn) bool {
	before := len(t.listeners)
	t.listeners = slices.DeleteFunc(t.listeners, func(l listener) bool { return l.conn == c })
	return len(t.listeners) < before
}

func (s *Source) fail(op, member string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Object: s.info.class.Name + "." + member, Err: err}
}
