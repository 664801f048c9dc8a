package core

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// State is what a replica knows of its source, with Qt's meaning (QRemoteObjectReplica::State).
type State uint8

// The states of a replica.
const (
	Uninitialized     State = iota // a dynamic replica that has not met its source
	Default                        // a typed replica that has not met its source: its properties have the class's defaults, or what was saved of them
	Valid                          // connected: its properties are those of the source
	Suspect                        // the source is lost: its properties are those last seen
	SignatureMismatch              // the source's class is another one than the replica's
)

var stateNames = [...]string{"Uninitialized", "Default", "Valid", "Suspect", "SignatureMismatch"}

// String returns Qt's name of the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// remote is a node's view of an object elsewhere, which all its replicas of that object share. The object is a root, or a
// child in a property of another remote.
type remote struct {
	node   *Node
	name   string  // of a root; of a child the path of property names to it
	root   *remote // itself, if it is one
	parent *remote
	given  *classInfo // of a typed replica
	users  int        // guarded by the node's mutex
	events *queue[event]
	scope  atomic.Pointer[qt.Types] // of info, for the decoder
	view   atomic.Pointer[view]     // what signals need to know; nil unless Valid

	mu       sync.Mutex
	info     *classInfo // nil until a dynamic one is told
	state    State
	failure  error // with SignatureMismatch
	closed   bool
	wake     chan struct{}              // closed at every change of state
	conn     atomic.Pointer[clientConn] // changed with the mutex held
	wireName string
	met      bool // the values come from a source
	values   []qt.Value
	children []*remote
	written  struct { // where a write of a property is put together
		packet wire.Packet
		arg    [1]qt.Value
	}
	serial  int32
	wrapped bool // the serials have started anew
	pending map[int32]chan reply
	replies sync.Pool // of channels; a pool of its own, so that one of a testing/synctest bubble stays there
	hooks
	persisted
}

// view is what the reader of a connection needs for a signal, so that it needs no lock. It never changes.
type view struct {
	conn       *clientConn
	info       *classInfo
	onProperty [][]*hook
	onSignal   [][]*hook
}

// show makes a new view after something has changed that it shows. The remote is locked.
func (r *remote) show() {
	if c := r.conn.Load(); r.state == Valid && c != nil {
		r.view.Store(&view{c, r.info, r.onProperty, r.onSignal})
	} else {
		r.view.Store(nil)
	}
}

// reply is the end of a call.
type reply struct {
	value qt.Value
	err   error
}

// maxEvents is how many callbacks of a replica may wait for their turn before its connection is read no further. So many
// fit into a processor's cache; with more, reading and calling back get slower.
const maxEvents = 256

func newRemote(n *Node, name string, given *classInfo) *remote {
	r := &remote{node: n, name: name, wireName: name, given: given, wake: make(chan struct{}), pending: map[int32]chan reply{}}
	r.root = r
	r.events = newQueue(maxEvents, n.config.QueueLimit, n.group.start, deliver)
	if given != nil {
		r.state = Default
		r.setInfo(given)
	}
	return r
}

func (r *remote) newChild(prop *propInfo, info *classInfo) *remote {
	c := &remote{node: r.node, name: r.name + "." + prop.name, root: r.root, parent: r, given: info, wake: make(chan struct{}),
		pending: map[int32]chan reply{}, events: r.root.events, state: Default}
	c.setInfo(info)
	return c
}

// fits reports whether replicas of this class can share the subscription.
func (r *remote) fits(info *classInfo) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.info == nil || r.info == info || r.info.class.Name == info.class.Name && len(r.info.props) == len(info.props) &&
		len(r.info.signals) == len(info.signals) && len(r.info.slots) == len(info.slots)
}

// setInfo gives the replica its class. The remote is locked, or new.
func (r *remote) setInfo(info *classInfo) {
	if r.info == info {
		return
	}
	for _, child := range r.children {
		if child != nil {
			child.detach(ErrConnectionLost)
		}
	}
	r.info = info
	r.scope.Store(info.types)
	r.values = make([]qt.Value, len(info.props))
	r.children = make([]*remote, len(info.props))
	for i := range info.props {
		r.values[i] = info.props[i].initial
	}
	r.met = false
	r.hooks.index(info)
}

// setState changes the state and wakes who waits for it. The remote is locked.
func (r *remote) setState(s State) {
	if r.state == s {
		return
	}
	r.push(event{hooks: r.onState, kind: stateEvent, old: r.state, new: s})
	r.state = s
	r.show()
	close(r.wake)
	r.wake = make(chan struct{})
}

// push queues callbacks. Those of a few events a connection come however many wait already.
func (r *remote) push(e event) {
	if len(e.hooks) > 0 {
		r.events.tell(e)
	}
}

// bind ties the replica to a connection whose host has the object, and tells whether the definition is wanted. It
// returns false if it is tied already or the classes differ.
func (r *remote) bind(c *clientConn, ref wire.ObjectRef) (dynamic, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn.Load() != nil || r.closed {
		return false, false
	}
	if r.given != nil {
		if want := r.given.class.signature(c.protocol); want != "" && ref.Signature != "" && want != ref.Signature {
			r.mismatch(fmt.Errorf("%w: class %s has %s here and %s at %s", ErrSignatureMismatch, r.given.class.Name, want, ref.Signature, c.peer))
			return false, false
		}
	}
	r.conn.Store(c)
	return r.given == nil, true
}

// waits reports whether the replica was asked for on a connection and has not got its values.
func (r *remote) waits(c *clientConn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn.Load() == c && r.state != Valid
}

func (r *remote) mismatch(err error) {
	r.failure = err
	r.setState(SignatureMismatch)
	r.node.log.Warn("replica does not fit its source", "object", r.name, "err", err)
}

// initialize takes in an Init or InitDynamic packet.
func (r *remote) initialize(c *clientConn, p *wire.Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn.Load() != c {
		return nil
	}
	if dynamic := p.Kind == wire.InitDynamic; dynamic != (r.given == nil) && c.expects(r.name) {
		return nil // it answers an earlier replica of the object
	}
	info := r.given
	switch {
	case p.Kind == wire.Init && info == nil:
		return protocolError("Init of %q, whose definition was asked for", r.name)
	case p.Kind == wire.InitDynamic && info != nil:
		return protocolError("InitDynamic of %q, whose definition was not asked for", r.name)
	case p.Kind == wire.InitDynamic:
		info = r.info
		if info == nil || !sameDefinition(info.def, p.Class) {
			info = classOf(r.name, p.Class)
		}
		clear(c.classes[r.name])
	}
	if len(p.Values) != len(info.props) {
		return fmt.Errorf("%w: class %s has %d properties here and %d at %s", ErrSignatureMismatch, info.class.Name, len(info.props), len(p.Values), c.peer)
	}
	r.setInfo(info)
	return r.become(c, p.Values)
}

// unlike returns the error for what does not suit the class. For an object in a typed replica's property it is a mismatch: Qt 5's
// class signatures do not say what is in such objects' classes. Else, the host violates the protocol.
func (r *remote) unlike(format string, args ...any) error {
	if r.parent != nil && r.root.given != nil {
		return fmt.Errorf("%w: %s", ErrSignatureMismatch, fmt.Sprintf(format, args...))
	}
	return protocolError(format, args...)
}

// sameDefinition compares definitions. Qt describes PODs in another order in each process.
func sameDefinition(a, b *wire.Definition) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	for _, d := range []*wire.Definition{&x, &y} {
		d.Gadgets = slices.SortedFunc(slices.Values(d.Gadgets), func(g, h wire.Gadget) int { return strings.Compare(g.Name, h.Name) })
	}
	return reflect.DeepEqual(&x, &y)
}

// become takes in the values of all properties: the replica is Valid, and its callbacks are called in Qt's order. The
// remote is locked.
func (r *remote) become(c *clientConn, values []wire.Property) error {
	c.changed = lastChange{}
	all := r.given == nil && !r.met // a dynamic replica had no values before
	var changed []int
	for i, v := range values {
		differs, err := r.take(c, i, v)
		if err != nil {
			return err
		}
		if (differs || all) && r.info.props[i].notify >= 0 {
			changed = append(changed, i)
		}
	}
	if r.saver != nil {
		r.meet(c.protocol.Format().Version)
	}
	r.met = true
	r.failure = nil
	r.push(event{hooks: r.onInit, kind: plainEvent})
	r.setState(Valid)
	r.show() // also if it was Valid, with another class or connection
	for _, i := range changed {
		r.notify(i)
	}
	r.push(event{hooks: r.onNotified, kind: plainEvent})
	return nil
}

// take stores a property's value and reports whether it is another than before. The remote is locked.
func (r *remote) take(c *clientConn, i int, v wire.Property) (differs bool, err error) {
	prop := &r.info.props[i]
	if prop.kind != plainProp {
		if v.Object == nil && v.Value.IsValid() {
			return false, r.unlike("property %s of %s holds an object, got %s", prop.name, r.name, v.Value.Type())
		}
		return r.takeChild(c, i, v.Object)
	}
	value := v.Value
	if v.Object != nil {
		if v.Object.Kind != wire.GadgetObject {
			return false, r.unlike("property %s of %s is a %s, got an object", prop.name, r.name, prop.typ)
		}
		value = v.Object.Gadget
	}
	if !value.IsValid() && !prop.typ.IsVariant() {
		value = prop.typ.Zero() // a source has no value for a type that it does not know
	}
	if value.Type() != prop.typ {
		if value, err = prop.typ.Convert(value); err != nil {
			return false, r.unlike("property %s of %s: %v", prop.name, r.name, err)
		}
	}
	differs = !r.values[i].Equal(value)
	r.values[i] = value
	if differs && prop.persisted && r.met {
		r.touch()
	}
	return differs, nil
}

// takeChild stores the object in a CLASS or MODEL property. An object of the same class goes on as the same replica.
func (r *remote) takeChild(c *clientConn, i int, o *wire.Object) (differs bool, err error) {
	old := r.children[i]
	if o == nil || o.Null {
		if old != nil {
			old.detach(ErrConnectionLost)
		}
		r.children[i] = nil
		return old != nil, nil
	}
	prop := &r.info.props[i]
	info, err := c.classFor(r.root, prop, o, old)
	if err != nil {
		return false, err
	}
	child := old
	if child == nil || child.given != info {
		if old != nil {
			old.detach(ErrConnectionLost)
		}
		child = r.newChild(prop, info)
		r.children[i] = child
	}
	if len(o.Values) != len(info.props) {
		return false, child.unlike("object %q has %d properties, its class %s has %d", o.Name, len(o.Values), info.class.Name, len(info.props))
	}
	if err := c.adopt(o.Name, child); err != nil {
		return false, err
	}
	child.mu.Lock()
	defer child.mu.Unlock()
	if child.wireName != o.Name {
		c.abandon(child.wireName, child)
	}
	child.conn.Store(c)
	child.wireName = o.Name
	return true, child.become(c, o.Values)
}

// classFor returns the class of a child object: the one it brings a definition of, has brought before, or has by the
// parent's class. It is called by the connection's reader only.
func (c *clientConn) classFor(root *remote, prop *propInfo, o *wire.Object, old *remote) (*classInfo, error) {
	if o.Definition != nil {
		known := c.classes[root.name]
		if known == nil {
			known = map[string]*classInfo{}
			c.classes[root.name] = known
		}
		if old != nil && sameDefinition(old.given.def, o.Definition) {
			known[o.TypeName] = old.given // after a reconnect the old replica goes on
		} else {
			known[o.TypeName] = classOf(o.TypeName, o.Definition, c.decoder.Types(root.name))
		}
		return known[o.TypeName], nil
	}
	if prop.class != nil {
		return prop.class, nil
	}
	if info := c.classes[root.name][o.TypeName]; info != nil {
		return info, nil
	}
	return nil, protocolError("object %q of class %s comes without a definition", o.Name, o.TypeName)
}

// notify queues the callbacks of a property's change. The remote is locked.
func (r *remote) notify(i int) {
	value := [1]qt.Value{r.values[i]}
	r.push(event{hooks: r.onProperty[i], kind: changeEvent, value: value})
	if n := r.info.props[i].notify; n >= 0 {
		r.push(event{hooks: r.onSignal[n], kind: signalEvent, value: value, single: true})
	}
}

// propertyChange takes in the first half of a change: the value. The notify signal follows.
func (r *remote) propertyChange(c *clientConn, p *wire.Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != Valid || r.conn.Load() != c {
		return r.early(c, p)
	}
	if p.Index < 0 || int(p.Index) >= len(r.info.props) {
		return r.unlike("PropertyChange of %q: property %d of %d", r.name, p.Index, len(r.info.props))
	}
	_, err := r.take(c, int(p.Index), p.Value)
	c.changed = lastChange{r, p.Index, r.values[p.Index]}
	return err
}

// signalled takes in a signal, or the second half of a property's change.
func (r *remote) signalled(c *clientConn, p *wire.Packet) error {
	v := r.view.Load()
	if v == nil || v.conn != c {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.early(c, p)
	}
	if p.Call != wire.InvokeMethod || p.Index < 0 || int(p.Index) >= len(v.info.signals) {
		return r.unlike("call %d, index %d of %q: it has %d signals", p.Call, p.Index, r.name, len(v.info.signals))
	}
	m, hooks := &v.info.signals[p.Index], v.onSignal[p.Index]
	if m.property >= 0 {
		value := r.changedValue(c, m.property)
		if len(hooks) > 0 {
			c.callBack(r.events, event{hooks: hooks, kind: signalEvent, value: [1]qt.Value{value}, single: true})
		}
		if hooks = v.onProperty[m.property]; len(hooks) > 0 {
			c.callBack(r.events, event{hooks: hooks, kind: changeEvent, value: [1]qt.Value{value}})
		}
		return nil
	}
	args, err := m.received(p.Args)
	if err != nil {
		return r.unlike("signal of %q: %v", r.name, err)
	}
	if len(hooks) > 0 {
		c.callBack(r.events, signal(hooks, args))
	}
	return nil
}

// changedValue returns the value of a property whose notify signal has come: that of the change before it, as a rule.
func (r *remote) changedValue(c *clientConn, i int32) qt.Value {
	if l := &c.changed; l.remote == r && l.index == i {
		return l.value
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if int(i) < len(r.values) {
		return r.values[i]
	}
	return qt.Value{}
}

// early judges a packet for a replica that is not Valid. It is on its way still if the replica was given up or lost
// its object just now, and a violation if the host has never answered for the object. The remote is locked.
func (r *remote) early(c *clientConn, p *wire.Packet) error {
	if r.conn.Load() == c && !c.answers(r.root.name) {
		return protocolError("%s of %q before its Init", p.Kind, r.name)
	}
	return nil
}

// replied ends the call that a reply belongs to.
func (r *remote) replied(c *clientConn, p *wire.Packet) error {
	r.mu.Lock()
	ch := r.pending[p.Serial]
	if delete(r.pending, p.Serial); ch != nil {
		c.replies.end()
	}
	last := r.serial
	if r.wrapped {
		last = math.MaxInt32
	}
	r.mu.Unlock()
	if ch == nil {
		if p.Serial < 1 || p.Serial > last {
			return protocolError("a reply of %q with serial %d, which nobody waits for", r.name, p.Serial)
		}
		return nil // its caller has given up
	}
	ch <- reply{value: p.Value.Value}
	return nil
}

// detach cuts the replica and its children off their source, and returns the connection that they had.
func (r *remote) detach(why error) *clientConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.conn.Swap(nil)
	if why == ErrClosed {
		r.closed = true
		close(r.wake)
		r.wake = make(chan struct{})
	}
	if r.state == Valid {
		r.setState(Suspect)
	}
	for serial, ch := range r.pending {
		ch <- reply{err: why}
		delete(r.pending, serial)
		if c != nil {
			c.replies.end()
		}
	}
	for _, child := range r.children {
		if child != nil {
			child.detach(why)
		}
	}
	return c
}
