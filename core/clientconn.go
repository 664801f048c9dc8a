package core

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// clientConn is a connection on the client's side: our replicas have their sources at the host at the other end.
type clientConn struct {
	conn
	node  *Node
	url   string      // that was dialed, "" if the connection was made elsewhere
	heard atomic.Bool // a packet came since the last ping
	turn  turn

	objects     map[string]wire.ObjectRef        // what the host remotes; guarded by the node's mutex
	listedBytes int                              // of objects
	classes     map[string]map[string]*classInfo // of child objects, by root and class; only the reader uses it

	mu      sync.Mutex
	remotes map[string]*remote // by the name in packets: roots and their children
	asked   map[string]int     // AddObject packets that have not been answered
	met     map[string]bool    // the host has answered for these roots
	changes atomic.Int64       // of remotes

	replies hurry[event] // of those who wait for a reply

	// Only the reader uses these.
	last     recent        // it finds the same object most of the time
	changed  lastChange    // whose notify signal comes next
	events   []event       // that are to be queued
	weight   int           // of events, in bytes
	eventsOf *queue[event] // where they go
}

// lastChange is a property's change whose notify signal has not come yet.
type lastChange struct {
	remote *remote
	index  int32
	value  qt.Value
}

// recent is what the last look-up of a remote has found.
type recent struct {
	changes int64
	name    string
	remote  *remote
}

func newClientConn(n *Node, rwc io.ReadWriteCloser, peer Peer, url string, p wire.Protocol) *clientConn {
	c := &clientConn{node: n, url: url, objects: map[string]wire.ObjectRef{},
		classes: map[string]map[string]*classInfo{}, remotes: map[string]*remote{},
		asked: map[string]int{}, met: map[string]bool{}}
	c.init(n, rwc, peer, p)
	c.turn.init(rwc)
	c.decoder, c.handle = wire.NewDecoder(p), c.packet
	c.decoder.Object = c.types
	return c
}

// serve reads from the host until the connection ends.
func (c *clientConn) serve(f *wire.Framer) {
	n := c.node
	n.mu.Lock()
	if n.ctx.Err() != nil {
		n.mu.Unlock()
		c.fail(ErrClosed)
		return
	}
	n.clients = append(n.clients, c)
	n.mu.Unlock()
	n.stats.connections.Add(1)
	c.log.Debug("connected", "protocol", c.protocol.String())
	if n.config.Heartbeat > 0 {
		n.group.start(c.heartbeat)
	}
	c.framer = f
	c.read()
	c.finish()
}

// finish makes the replicas Suspect and looks for another host of their sources.
func (c *clientConn) finish() {
	n := c.node
	n.mu.Lock()
	n.clients = slices.DeleteFunc(n.clients, func(other *clientConn) bool { return other == c })
	c.mu.Lock()
	remotes := c.remotes
	c.remotes = map[string]*remote{}
	c.changes.Add(1)
	c.mu.Unlock()
	for _, r := range remotes {
		if r.parent == nil {
			r.detach(ErrConnectionLost)
			if n.ctx.Err() == nil && n.remotes[r.name] == r {
				n.attach(r)
			}
		}
	}
	n.mu.Unlock()
	n.connectionEnded(&c.conn)
}

// heartbeat pings a host that has been silent, and gives it up if it stays so. Any packet is a sign of life.
func (c *clientConn) heartbeat() {
	tick := time.NewTicker(c.node.config.Heartbeat)
	defer tick.Stop()
	pinged := false
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		switch {
		case c.heard.Swap(false), c.replies.blocked.Load() != nil: // it is we who do not listen
			pinged = false
		case pinged:
			c.fail(ErrHeartbeat)
			return
		default:
			pinged = true
			_ = c.out.put(false, &wire.Packet{Kind: wire.Ping, Name: c.anyName()}) // it must not wait for the peer to read
		}
	}
}

// anyName names a replica for a ping, as Qt does, though a host answers whatever the name.
func (c *clientConn) anyName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, r := range c.remotes {
		if r.parent == nil {
			return name
		}
	}
	return ""
}

// remote finds an object by its name in packets. Only the reader calls it.
func (c *clientConn) remote(name string) *remote {
	if l := &c.last; l.remote != nil && l.name == name && l.changes == c.changes.Load() {
		return l.remote
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = recent{c.changes.Load(), name, c.remotes[name]}
	return c.last.remote
}

// types tells the decoder what it must know of an object.
func (c *clientConn) types(kind wire.Kind, name string) (*qt.Types, error) {
	if kind == wire.Pong || kind == wire.Ping || kind == wire.RemoveObject {
		return nil, nil
	}
	r := c.remote(name)
	if r == nil {
		if kind == wire.Init || kind == wire.InitDynamic {
			if !c.answered(name) {
				return nil, protocolError("%s of %q, which was not asked for", kind, name)
			}
		}
		return nil, errNoObject // released meanwhile
	}
	if kind == wire.InitDynamic {
		return nil, nil
	}
	return r.scope.Load(), nil
}

// answered notes that an AddObject has been answered; it returns false if there was none.
func (c *clientConn) answered(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked[name] == 0 {
		return false
	}
	if c.asked[name]--; c.asked[name] == 0 {
		delete(c.asked, name)
	}
	c.met[name] = true
	return true
}

// answers reports whether the host has ever sent the state of a root.
func (c *clientConn) answers(root string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.met[root]
}

// expects reports whether the host still owes the state of a root.
func (c *clientConn) expects(root string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[root] > 0
}

// packet handles a packet from the host.
func (c *clientConn) packet(p *wire.Packet) error {
	if !c.heard.Load() { // which costs less than storing it each time
		c.heard.Store(true)
	}
	if p.Kind != wire.Invoke && (p.Kind != wire.PropertyChange || p.Value.Object != nil) {
		c.later(nil) // these packets queue events of their own, which come after those that are gathered
	}
	switch p.Kind {
	case wire.ObjectList:
		return c.listed(p.Objects)
	case wire.Pong:
		return nil
	case wire.Handshake, wire.AddObject, wire.Ping:
		return protocolError("a host does not send %s now", p.Kind)
	}
	r := c.remote(p.Name)
	if r == nil {
		if p.Kind == wire.RemoveObject {
			c.node.mu.Lock()
			c.unlist(p.Name) // we did not use it, but might have
			c.node.mu.Unlock()
		}
		return nil
	}
	switch p.Kind {
	case wire.Init, wire.InitDynamic:
		if !c.answered(p.Name) {
			return protocolError("%s of %q, which was not asked for", p.Kind, p.Name)
		}
		return c.unfit(r, r.initialize(c, p))
	case wire.PropertyChange:
		return c.unfit(r, r.propertyChange(c, p))
	case wire.Invoke:
		return c.unfit(r, r.signalled(c, p))
	case wire.InvokeReply:
		return r.replied(c, p)
	case wire.RemoveObject:
		c.removed(r)
	}
	return nil
}

// unfit gives up the replica if the error is that its class is another one than its source's, lest it be told more that it cannot
// understand. The connection goes on.
func (c *clientConn) unfit(r *remote, err error) error {
	if err == nil || !errors.Is(err, ErrSignatureMismatch) {
		return err
	}
	r = r.root
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if r.conn.Load() == c {
		r.detach(err)
		c.unsubscribe(r)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.mismatch(err)
	}
	return nil
}

// maxBatch is how many events the reader gathers before it queues them.
const maxBatch = 64

// callBack queues a callback's event, soon.
func (c *clientConn) callBack(q *queue[event], e event) {
	if c.eventsOf != q {
		c.flush()
		c.eventsOf = q
	}
	c.events = append(c.events, e)
	c.weight += c.size
	if len(c.events) >= maxBatch {
		c.flush()
	}
	c.later(c)
}

// flush queues the events that the reader has gathered. It may have to wait until callbacks have caught up, but not while
// somebody, who may be such a callback, waits for a reply that is still to be read, or reads it himself.
func (c *clientConn) flush() {
	if len(c.events) > 0 {
		c.eventsOf.push(c.events, c.weight, &c.replies, c.borrowed)
		clear(c.events)
		c.events, c.weight = c.events[:0], 0
	}
}

// kick sees to it that the callbacks of what has been read are called.
func (c *clientConn) kick() {
	c.flush()
	c.eventsOf.kick()
}

// listed takes in what the host remotes, and subscribes to what is wanted of it.
func (c *clientConn) listed(refs []wire.ObjectRef) error {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ref := range refs {
		if _, listed := c.objects[ref.Name]; !listed {
			// An object that we do not use goes without a word, so the list can but grow.
			if c.listedBytes += len(ref.Name) + len(ref.TypeName) + len(ref.Signature) + refCost; c.listedBytes > maxListed {
				return protocolError("it lists too many objects: %d", len(c.objects)+1)
			}
		}
		c.objects[ref.Name] = ref
		r := n.remotes[ref.Name]
		if r == nil {
			continue
		}
		if r.waits(c) {
			// Listed again: it was withdrawn, perhaps before our question arrived, which was not answered then.
			r.detach(ErrConnectionLost)
			c.unsubscribe(r)
		}
		c.subscribe(r, ref)
	}
	return nil
}

// What a host may list is bounded: the sizes of names, and about that of an entry besides.
const (
	maxListed = 64 << 20
	refCost   = 128
)

// subscribe asks for an object, unless the replica has a host already or its class is another one. The node is locked.
func (c *clientConn) subscribe(r *remote, ref wire.ObjectRef) bool {
	if at := c.node.registryURL; at != nil && r.name == registryName && c.url != *at {
		return false // any host may call an object so, but only one is the node's registry
	}
	dynamic, ok := r.bind(c, ref)
	if !ok {
		return false
	}
	c.mu.Lock()
	c.remotes[r.name] = r
	c.changes.Add(1)
	c.asked[r.name]++
	c.mu.Unlock()
	return c.out.put(false, &wire.Packet{Kind: wire.AddObject, Name: r.name, Dynamic: dynamic}) == nil
}

// unsubscribe gives up an object. The node is locked.
func (c *clientConn) unsubscribe(r *remote) {
	c.forget(r)
	_ = c.out.put(false, &wire.Packet{Kind: wire.RemoveObject, Name: r.name})
}

// forget drops a root and what hangs on it.
func (c *clientConn) forget(r *remote) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, other := range c.remotes {
		if other == r || other.root == r {
			delete(c.remotes, name)
		}
	}
	c.changes.Add(1)
}

// adopt makes a child known under its name in packets.
func (c *clientConn) adopt(name string, child *remote) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.remotes[name]; other != nil && other.parent == nil {
		return protocolError("a child object takes the name %q of a root", name)
	} else if other != nil && other.root != child.root {
		// Protocol 1.3 names children by their property alone: the one that came last has the name.
		c.log.Warn("two objects have a child of the same name; only the last is kept up to date", "name", name)
	}
	c.remotes[name] = child
	c.changes.Add(1)
	return nil
}

// abandon drops a name that a child no longer has.
func (c *clientConn) abandon(name string, child *remote) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.remotes[name] == child {
		delete(c.remotes, name)
		c.changes.Add(1)
	}
}

// unlist takes an object out of what the host remotes. The node is locked.
func (c *clientConn) unlist(name string) {
	if ref, ok := c.objects[name]; ok {
		c.listedBytes -= len(ref.Name) + len(ref.TypeName) + len(ref.Signature) + refCost
		delete(c.objects, name)
	}
}

// removed handles the end of a source.
func (c *clientConn) removed(r *remote) {
	if r.parent != nil {
		return // it goes with its parent
	}
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	c.unlist(r.name)
	c.forget(r)
	r.detach(fmt.Errorf("%w: the source is no longer remoted", ErrConnectionLost))
	if n.remotes[r.name] == r {
		n.attach(r)
	}
}
