package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// hostConn is a connection on the host's side: a node at the other end has replicas of our sources.
type hostConn struct {
	conn
	host   *Host
	rights *rights
	shift  shift

	mu       sync.Mutex
	acquired map[*Source]bool
	dynamic  map[string]bool         // names of dynamic replicas
	seen     map[string]bool         // whether the peer has been told of a name; only with rights
	refused  map[string]bool         // names that it has asked for in vain, or has lost
	calls    map[string]*queue[call] // by object

	judging sync.Mutex            // held while decisions about what is acquired are taken
	entries map[string]shownEntry // of a registry, by name; guarded by its tree
}

// connKey finds the connection that a handler serves.
type connKey struct{}

// call is a slot call or the writing of a property.
type call struct {
	source *Source
	name   string
	write  bool
	index  int
	args   []qt.Value
	serial int32
}

// maxCalls is how many calls of one object may wait for their turn before the connection is read no further.
const maxCalls = 1024

// serve serves a connection until it ends.
func (h *Host) serve(rwc io.ReadWriteCloser, p wire.Protocol) {
	if s, ok := rwc.(Handshaker); ok && !h.meet(s) {
		return
	}
	c := &hostConn{host: h, acquired: map[*Source]bool{}, calls: map[string]*queue[call]{}}
	c.init(h.Node, rwc, peerOf(rwc), p)
	c.ctx = context.WithValue(c.ctx, connKey{}, c)
	if _, own := rwc.(pipeEnd); h.config.Authorizer != nil && !own {
		c.rights, c.seen = &rights{h.config.Authorizer, &c.peer, c.log}, map[string]bool{}
	}
	if !c.greet() {
		c.fail(ErrClosed)
		return
	}
	h.stats.connections.Add(1)
	c.log.Debug("connection accepted", "protocol", p.String())
	c.framer, c.decoder, c.handle = wire.NewFramer(rwc, p, h.config.PacketLimit), wire.NewDecoder(p), c.packet
	c.decoder.Object = c.types
	c.read()
}

// greet sends the first packets. From then on the connection is told of every source that comes.
func (c *hostConn) greet() bool {
	h := c.host
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.peers[c] = true
	list := wire.Packet{Kind: wire.ObjectList}
	for name, s := range h.sources {
		if c.sees(s, name) {
			list.Objects = append(list.Objects, s.ref(name, c.protocol))
		}
	}
	slices.SortFunc(list.Objects, func(a, b wire.ObjectRef) int { return strings.Compare(a.Name, b.Name) })
	return c.out.put(false, &wire.Packet{Kind: wire.Handshake, Name: c.protocol.String()}) == nil &&
		c.out.put(false, &list) == nil
}

// sees decides whether the peer is told of a source, and notes that it is.
func (c *hostConn) sees(s *Source, name string) bool {
	if c.rights == nil {
		return true
	}
	sees := c.rights.sees(s, name)
	c.mu.Lock()
	c.seen[name] = sees
	c.mu.Unlock()
	return sees
}

func (c *hostConn) finish() {
	h := c.host
	h.hostMu.Lock()
	delete(h.peers, c)
	gone := h.gone
	h.hostMu.Unlock()
	c.mu.Lock()
	sources, calls := c.acquired, c.calls
	c.acquired, c.calls = nil, nil
	c.mu.Unlock()
	for s := range sources {
		s.unlisten(c)
	}
	for _, q := range calls {
		q.close()
	}
	if gone != nil {
		gone(c)
	}
	h.connectionEnded(&c.conn)
}

// root returns the source that is remoted under a name.
func (h *Host) root(name string) *Source {
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	return h.sources[name]
}

// object returns the source that a packet is about: a root, or a part of a tree that the connection has acquired. A peer with
// limited rights must have acquired the root, too.
func (c *hostConn) object(name string) *Source {
	if s := c.host.root(name); s != nil {
		if c.rights != nil && !c.has(s) {
			return nil
		}
		return s
	}
	if !strings.HasPrefix(name, "Class::") && !strings.HasPrefix(name, "Model::") {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.acquired {
		t := s.lock()
		found := c.reaches(s.find(name, c.protocol))
		t.mu.Unlock()
		if found != nil {
			return found
		}
	}
	return nil
}

func (c *hostConn) has(s *Source) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acquired[s]
}

func (c *hostConn) types(kind wire.Kind, name string) (*qt.Types, error) {
	if kind != wire.Invoke {
		return nil, nil
	}
	s := c.object(name)
	if s == nil {
		return nil, errNoObject // as Qt does, no answer
	}
	return s.info.types, nil
}

// packet handles a packet from the client.
func (c *hostConn) packet(p *wire.Packet) error {
	switch p.Kind {
	case wire.AddObject:
		return c.acquire(p.Name, p.Dynamic)
	case wire.RemoveObject:
		c.release(p.Name)
	case wire.Invoke:
		return c.invoke(p)
	case wire.Ping:
		return c.out.put(true, &wire.Packet{Kind: wire.Pong, Name: p.Name})
	default:
		return protocolError("a client does not send %s", p.Kind)
	}
	return nil
}

func (c *hostConn) acquire(name string, dynamic bool) error {
	c.judging.Lock()
	defer c.judging.Unlock()
	s := c.host.root(name)
	if s == nil {
		c.log.Debug("a client asks for an object that is not remoted", "object", name)
		return nil
	}
	if !c.rights.may(Acquire, name, s.info.class.Name, "") {
		c.refuse(name)
		return nil
	}
	c.mu.Lock()
	c.acquired[s] = true
	again := c.dynamic[name] && !dynamic // so do Qt's dynamic replicas come back
	if dynamic {
		if c.dynamic == nil {
			c.dynamic = map[string]bool{}
		}
		c.dynamic[name] = true
	}
	c.mu.Unlock()
	listens, err := s.listen(c, name, dynamic, again)
	if !listens { // it has been withdrawn just now
		c.withdrawn(s)
	}
	return err
}

// withdrawn forgets a source that is no longer remoted.
func (c *hostConn) withdrawn(s *Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.acquired, s)
}

// release forgets a replica. Qt names its children, too, which go with it.
func (c *hostConn) release(name string) {
	s := c.host.root(name)
	if s == nil {
		return
	}
	c.mu.Lock()
	delete(c.acquired, s)
	delete(c.dynamic, name)
	c.mu.Unlock()
	s.unlisten(c)
}

func (c *hostConn) invoke(p *wire.Packet) error {
	s := c.object(p.Name)
	if s == nil {
		return nil
	}
	args, err := s.checkCall(p)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	k := call{source: s, name: p.Name, write: p.Call == wire.WriteProperty, index: int(p.Index), serial: p.Serial,
		args: append([]qt.Value(nil), args...)}
	q := c.queueFor(p.Name)
	if done, err := c.callNow(q, &k); done {
		return err
	}
	q.push([]call{k}, c.size, nil, false)
	c.later(q)
	return nil
}

// checkCall checks index and arguments against the class. The registry takes more arguments than Qt knows of, so
// surplus ones reach the handler.
func (s *Source) checkCall(p *wire.Packet) ([]qt.Value, error) {
	switch p.Call {
	case wire.InvokeMethod:
		if p.Index < 0 || int(p.Index) >= len(s.info.slots) {
			return nil, protocolError("slot %d of %d", p.Index, len(s.info.slots))
		}
		if _, err := s.info.slots[p.Index].received(p.Args); err != nil {
			return nil, protocolError("%v", err)
		}
		return p.Args, nil
	case wire.WriteProperty:
		if p.Index < 0 || int(p.Index) >= len(s.info.props) {
			return nil, protocolError("property %d of %d", p.Index, len(s.info.props))
		}
		prop := &s.info.props[p.Index]
		if len(p.Args) < 1 {
			return nil, protocolError("property %s is written without a value", prop.name)
		}
		if prop.kind != plainProp {
			return nil, protocolError("property %s holds an object and cannot be written", prop.name)
		}
		v, err := prop.typ.Convert(p.Args[0])
		if err != nil {
			return nil, protocolError("property %s: %v", prop.name, err)
		}
		p.Args[0] = v
		return p.Args[:1], nil
	}
	return nil, protocolError("call of kind %d", p.Call)
}

func (c *hostConn) queueFor(object string) *queue[call] {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.calls[object]
	if q == nil {
		q = newQueue(maxCalls, c.host.config.QueueLimit, c.host.group.start, c.run)
		if c.calls != nil {
			c.calls[object] = q
		}
	}
	return q
}

// run carries out calls of one object.
func (c *hostConn) run(calls []call) {
	for i := range calls {
		if c.ctx.Err() != nil {
			return
		}
		c.answer(&calls[i])
	}
}

// warn logs what became of a call. Members of child objects are named by their path, not as on the wire.
func (c *hostConn) warn(message string, k *call, kind, member string, rest ...any) {
	t := k.source.lock()
	root, path := k.source.path(member)
	object := cmp.Or(root.name, k.name) // it may have gone
	t.mu.Unlock()
	c.log.Warn(message, append([]any{"object", object, kind, path}, rest...)...)
}

func (c *hostConn) answer(k *call) {
	s := k.source
	if k.write {
		name := s.info.props[k.index].name
		if s.info.props[k.index].access == ReadWrite {
			if !c.may(Write, s, name) {
				return
			}
			if err := s.written(c.ctx, k.index, k.args[0]); err != nil {
				c.warn("write refused", k, "property", name, "err", err)
			}
		} else {
			c.warn("write of a property that replicas may not write", k, "property", name)
		}
		return
	}
	v, err := c.invokeSlot(s, k.index, k.args)
	if err != nil && !errors.Is(err, ErrDenied) { // which has been logged
		c.warn("slot failed", k, "slot", s.info.slots[k.index].name, "err", err)
	}
	if k.serial < 0 || c.ctx.Err() != nil { // what was interrupted has not failed
		return
	}
	p := wire.Packet{Kind: wire.InvokeReply, Name: k.name, Serial: k.serial}
	switch {
	case err != nil: // there is no packet for failure: an invalid value stands for it
	case s.info.slots[k.index].ret == nil:
		p.Value.Value = qt.Done
	default:
		p.Value.Value = v
	}
	if err := c.out.put(true, &p); err != nil && c.ctx.Err() == nil {
		c.warn("reply not sent", k, "slot", s.info.slots[k.index].name, "err", err)
		p.Value.Value = qt.Value{} // the caller must not wait in vain
		_ = c.out.put(true, &p)
	}
}

// invokeSlot calls a slot if the peer may. A push slot is how a property is written.
func (c *hostConn) invokeSlot(s *Source, slot int, args []qt.Value) (qt.Value, error) {
	action, member := Call, s.info.slots[slot].name
	if p := s.info.slots[slot].property; p >= 0 {
		action, member = Write, s.info.props[p].name
	}
	if !c.may(action, s, member) {
		return qt.Value{}, ErrDenied
	}
	return s.invoke(c.ctx, slot, args)
}
