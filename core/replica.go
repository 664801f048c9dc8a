package core

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Replica stands for an object that a host remotes (Qt: QRemoteObjectReplica). Its methods are safe for concurrent use.
//
// Callbacks of one replica, and of its child objects, are called one after another, in the order in which things happened
// at the source. When a replica becomes Valid it calls those of OnInitialized, OnState, OnChange for each property that has
// another value than before, and OnNotified. A callback may use the replica in any way, but not close its node. While
// callbacks lag far behind, the connection is read no further, so that the source is held up instead of memory filling.
type Replica struct {
	r    *remote
	once sync.Once

	mu    sync.Mutex
	hooks []*hook
}

// Name returns the name the replica was acquired by; of a child object, the path to it, such as "Station.gauge".
func (p *Replica) Name() string { return p.r.name }

// State returns the replica's state. A callback of OnState may be told of it later.
func (p *Replica) State() State {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	return p.r.state
}

// Class returns the class: that of a typed replica, or what a dynamic one has learnt, nil before that.
func (p *Replica) Class() *Class {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	if p.r.info == nil {
		return nil
	}
	return p.r.info.class
}

// Peer returns who hosts the source; false while the replica is not connected.
func (p *Replica) Peer() (Peer, bool) {
	if c := p.r.conn.Load(); c != nil {
		return c.peer, true
	}
	return Peer{}, false
}

// Wait blocks until the replica is Valid (Qt: waitForSource). It fails if ctx is done, with [ErrSignatureMismatch] if the
// source's class is another one, or with [ErrClosed].
func (p *Replica) Wait(ctx context.Context) error {
	for {
		r := p.r
		r.mu.Lock()
		state, wake, failure, closed := r.state, r.wake, r.failure, r.closed
		r.mu.Unlock()
		var err error
		switch {
		case state == Valid:
			return nil
		case state == SignatureMismatch:
			err = failure
		case closed || r.node.ctx.Err() != nil:
			err = ErrClosed
		}
		if err == nil {
			select {
			case <-wake:
				continue
			case <-r.node.ctx.Done():
				continue
			case <-ctx.Done():
				err = fmt.Errorf("%w: the replica is %s; is a host that remotes %q connected?", context.Cause(ctx), state, r.root.name)
			}
		}
		return p.fail("wait for", "", err)
	}
}

// Get returns a property's value: the source's last one; before that the one that was saved or the class's default. A property that holds an object
// has no value; see [Replica.Child].
func (p *Replica) Get(property string) (qt.Value, error) {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.property(property)
	if err != nil {
		return qt.Value{}, p.fail("get", property, err)
	}
	return r.values[i], nil
}

// Get returns a replica's property as a T, converted as by [qt.Value.To].
func Get[T any](p *Replica, property string) (T, error) {
	v, err := p.Get(property)
	if err != nil {
		var zero T
		return zero, err
	}
	x, err := qt.As[T](v)
	return x, p.fail("get", property, err)
}

// property finds a property. The remote is locked.
func (r *remote) property(name string) (int, error) {
	if r.info == nil {
		return 0, fmt.Errorf("%w: its class is not known yet; wait until it is Valid", ErrNotConnected)
	}
	return r.info.property(name)
}

// Child returns a replica of the object that a CLASS or MODEL property holds, nil if it holds none. The replica goes on when
// the object is replaced by another of the same class, and is Suspect when it is taken away. It needs no closing.
func (p *Replica) Child(property string) (*Replica, error) {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.property(property)
	if err == nil && r.info.props[i].kind == plainProp {
		err = fmt.Errorf("%w: the property holds a %s, no object", ErrClass, r.info.props[i].typ)
	}
	if err != nil {
		return nil, p.fail("get", property, err)
	}
	if r.children[i] == nil {
		return nil, nil
	}
	return &Replica{r: r.children[i]}, nil
}

// Set asks the source for a new value of a property: by its push slot where the class has one (READPUSH), else by writing it
// (READWRITE). x is converted as by [qt.Type.Value]. Set does not wait: the replica's value changes when the source's does,
// which a source may refuse.
func (p *Replica) Set(property string, x any) error {
	return p.fail("set", property, p.r.write(property, func(param paramInfo) (qt.Value, error) { return param.value(x) }))
}

// write asks for a new value of a property.
func (r *remote) write(property string, value func(paramInfo) (qt.Value, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.property(property)
	if err != nil {
		return err
	}
	prop := &r.info.props[i]
	if prop.kind != plainProp || prop.push < 0 && prop.access != ReadWrite {
		return fmt.Errorf("%w %s: %s is %s: replicas cannot change it", ErrClass, r.info.class.Name, property, prop.access)
	}
	v, err := value(paramInfo{typ: prop.typ, opaque: prop.opaque})
	if err != nil {
		return err
	}
	r.written.arg[0] = v
	r.written.packet = wire.Packet{Kind: wire.Invoke, Call: wire.WriteProperty, Index: int32(i), Args: r.written.arg[:], Serial: -1, Property: -1}
	if prop.push >= 0 {
		r.written.packet.Call, r.written.packet.Index = wire.InvokeMethod, prop.push
	}
	c, err := r.send(&r.written.packet)
	r.written.arg[0] = qt.Value{}
	if err == nil {
		c.out.kick(false)
	}
	return err
}

// send queues a packet about the object; the connection's outbox is to be kicked then. The remote is locked, so that what it
// sends keeps its order.
func (r *remote) send(packet *wire.Packet) (*clientConn, error) {
	c := r.conn.Load()
	if r.state != Valid || c == nil {
		return nil, fmt.Errorf("%w: it is %s", ErrNotConnected, r.state)
	}
	packet.Name = r.wireName
	err := c.out.hold(packet)
	if errors.Is(err, ErrClosed) {
		err = fmt.Errorf("%w: its connection has just ended", ErrNotConnected)
	}
	return c, err
}

// Call calls a slot and waits for its reply: the slot's value, invalid if it returns none. Arguments are converted to the
// parameters' types as by [qt.Type.Value]. It fails when ctx is done, with [ErrNotConnected] if the replica is not Valid, with
// [ErrConnectionLost] if the connection ends before the reply is there, and with [ErrCallFailed] if the host says so. Of calls
// that run at the same time each gets its own reply; those of one goroutine reach the source in order.
func (p *Replica) Call(ctx context.Context, slot string, args ...any) (qt.Value, error) {
	v, err := p.call(ctx, slot, args, nil)
	return v, p.fail("call", slot, err)
}

// call calls a slot with arguments that are to be converted or with values.
func (p *Replica) call(ctx context.Context, slot string, args []any, vals []qt.Value) (qt.Value, error) {
	r := p.r
	ch, ok := r.replies.Get().(chan reply)
	if !ok {
		ch = make(chan reply, 1)
	}
	m, serial, c, err := r.invoke(slot, args, vals, ch)
	if err != nil {
		return qt.Value{}, err
	}
	c.out.kick(true) // this goroutine waits for the reply anyway
	c.borrow(ch)
	var answer reply
	select {
	case answer = <-ch:
	case <-ctx.Done():
		answer = r.giveUp(c, serial, ch, fmt.Errorf("no reply: %w", context.Cause(ctx)))
	case <-c.ctx.Done(): // its reader may be held up, and tell us late
		answer = r.giveUp(c, serial, ch, ErrConnectionLost)
	}
	r.replies.Put(ch)
	if answer.err != nil {
		return qt.Value{}, answer.err
	}
	v := answer.value.Unwrap()
	if !v.IsValid() && !v.Equal(qt.Done) && (m.ret == nil || !m.ret.IsVariant()) {
		return qt.Value{}, ErrCallFailed
	}
	if m.ret == nil {
		return qt.Value{}, nil
	}
	return m.ret.Convert(v)
}

// giveUp ends waiting for a reply, unless it is there.
func (r *remote) giveUp(c *clientConn, serial int32, ch chan reply, err error) reply {
	r.mu.Lock()
	_, waiting := r.pending[serial]
	if waiting {
		delete(r.pending, serial)
		c.replies.end()
	}
	r.mu.Unlock()
	if waiting {
		return reply{err: err}
	}
	return <-ch
}

// invoke queues a call, with either args or vals. With a channel it asks for a reply there.
func (r *remote) invoke(slot string, args []any, vals []qt.Value, ch chan reply) (*methodInfo, int32, *clientConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.info == nil {
		return nil, 0, nil, fmt.Errorf("%w: its class is not known yet; wait until it is Valid", ErrNotConnected)
	}
	i, err := r.info.slot(slot, len(args)+len(vals))
	if err != nil {
		return nil, 0, nil, err
	}
	m := &r.info.slots[i]
	if len(args) > 0 {
		vals, err = m.arguments(args)
	} else {
		err = m.take(vals)
	}
	if err != nil {
		return nil, 0, nil, err
	}
	packet := wire.Packet{Kind: wire.Invoke, Index: int32(i), Args: vals, Serial: -1, Property: -1}
	c, err := r.ask(&packet, ch)
	if err != nil {
		return nil, 0, nil, err
	}
	return m, packet.Serial, c, nil
}

// ask queues a call, as send does. With a channel it asks for a reply there. The remote is locked.
func (r *remote) ask(packet *wire.Packet, ch chan reply) (*clientConn, error) {
	if ch != nil {
		if r.serial == math.MaxInt32 { // a negative one would ask for no reply
			r.serial, r.wrapped = 0, true
		}
		r.serial++
		packet.Serial = r.serial
		r.pending[r.serial] = ch
	}
	c, err := r.send(packet)
	if err != nil {
		delete(r.pending, packet.Serial)
		return nil, err
	}
	if ch != nil {
		c.replies.begin()
	}
	return c, nil
}

// Send calls a slot without waiting for, or asking for, a reply.
func (p *Replica) Send(slot string, args ...any) error {
	_, _, c, err := p.r.invoke(slot, args, nil, nil)
	if err == nil {
		c.out.kick(false)
	}
	return p.fail("call", slot, err)
}

// OnChange calls fn with the new value whenever a property has changed; of a property that holds an object, with the invalid
// value. cancel ends that; a call that is under way still finishes. With an error it does nothing. A dynamic replica takes any name
// before it knows its class.
func (p *Replica) OnChange(property string, fn func(qt.Value)) (cancel func(), err error) {
	return p.onMember(&hook{member: property, change: fn})
}

// OnSignal calls fn with the arguments whenever the source emits the signal. A property's notify signal can be had as well,
// with the property's value. The slice must not be changed, and is valid until fn returns. cancel is as for OnChange.
func (p *Replica) OnSignal(signal string, fn func(args []qt.Value)) (cancel func(), err error) {
	return p.onMember(&hook{member: signal, signal: fn})
}

func (p *Replica) onMember(h *hook) (func(), error) {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.info != nil {
		var err error
		if h.change != nil {
			_, err = r.info.property(h.member)
		} else {
			_, err = r.info.signal(h.member, -1)
		}
		if err != nil {
			return func() {}, p.fail("subscribe to", h.member, err)
		}
	}
	r.named = append(r.named, h)
	return p.hooked(h), nil
}

// OnState calls fn whenever the state has changed.
func (p *Replica) OnState(fn func(old, new State)) (cancel func()) {
	return p.on(&hook{state: fn}, &p.r.onState)
}

// OnInitialized calls fn when the replica has got its values, the first time and after each time it was Suspect (Qt:
// initialized).
func (p *Replica) OnInitialized(fn func()) (cancel func()) {
	return p.on(&hook{plain: fn}, &p.r.onInit)
}

// OnNotified calls fn when a replica that has become Valid has called all callbacks about it (Qt: notified).
func (p *Replica) OnNotified(fn func()) (cancel func()) {
	return p.on(&hook{plain: fn}, &p.r.onNotified)
}

func (p *Replica) on(h *hook, list *[]*hook) func() {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	*list = append((*list)[:len(*list):len(*list)], h)
	return p.hooked(h)
}

// hooked notes a new callback. The remote is locked.
func (p *Replica) hooked(h *hook) (cancel func()) {
	r := p.r
	if r.info != nil {
		r.hooks.index(r.info)
		r.show()
	}
	p.mu.Lock()
	p.hooks = append(p.hooks, h)
	p.mu.Unlock()
	return func() { p.unhook(h) }
}

func (p *Replica) unhook(h *hook) {
	h.off.Store(true)
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.named = without(r.named, h)
	r.onState, r.onInit, r.onNotified = without(r.onState, h), without(r.onInit, h), without(r.onNotified, h)
	if r.info != nil {
		r.hooks.index(r.info)
		r.show()
	}
}

// Close gives up the replica: its callbacks are not called any more, and with the node's last replica of the object the host
// is told and what is PERSISTED is saved. It does not wait for a callback that is under way. Closing a child's replica only
// cancels its callbacks.
func (p *Replica) Close() error {
	p.once.Do(func() {
		p.mu.Lock()
		hooks := p.hooks
		p.hooks = nil
		p.mu.Unlock()
		for _, h := range hooks {
			p.unhook(h)
		}
		if p.r.parent == nil {
			p.r.node.release(p.r)
		}
	})
	return nil
}

func (p *Replica) fail(op, member string, err error) error {
	if err == nil {
		return nil
	}
	var done *OpError
	if errors.As(err, &done) {
		return err
	}
	e := &OpError{Op: op, Object: p.r.name, Err: err}
	if member != "" {
		e.Object += "." + member
	}
	if peer, ok := p.Peer(); ok {
		e.Peer = peer.String()
	}
	return e
}
