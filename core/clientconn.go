package core

import (
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
	node    *Node
	decoder *wire.Decoder
	heard   atomic.Bool // a packet came since the last ping

	objects map[string]wire.ObjectRef        // what the host remotes; guarded by the node's mutex
	classes map[string]map[string]*classInfo // of child objects, by root and class; only the reader uses it

	mu      sync.Mutex
	remotes map[string]*remote // by the name in packets: roots and their children
	asked   map[string]int     // AddObject packets that have not been answered
}

func newClientConn(n *Node, rwc io.ReadWriteCloser, peer Peer, p wire.Protocol) *clientConn {
	c := &clientConn{node: n, decoder: wire.NewDecoder(p), objects: map[string]wire.ObjectRef{},
		classes: map[string]map[string]*classInfo{}, remotes: map[string]*remote{}, asked: map[string]int{}}
	c.init(n, rwc, peer, p)
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
	c.read(f, c.decoder, c.packet)
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
		case c.heard.Swap(false):
			pinged = false
		case pinged:
			c.fail(ErrHeartbeat)
			return
		default:
			pinged = true
			_ = c.out.put(true, &wire.Packet{Kind: wire.Ping, Name: c.anyName()})
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

func (c *clientConn) remote(name string) *remote {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remotes[name]
}

// types tells the decoder what it must know of an object.
func (c *clientConn) types(kind wire.Kind, name string) (*qt.Types, error) {
	if kind == wire.Pong || kind == wire.Ping {
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
	return r.types(), nil
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
	return true
}

// packet handles a packet from the host.
func (c *clientConn) packet(p *wire.Packet) error {
	c.heard.Store(true)
	switch p.Kind {
	case wire.ObjectList:
		c.listed(p.Objects)
		return nil
	case wire.Pong:
		return nil
	case wire.Handshake, wire.AddObject, wire.Ping:
		return protocolError("a host does not send %s now", p.Kind)
	}
	r := c.remote(p.Name)
	if r == nil {
		return nil
	}
	switch p.Kind {
	case wire.Init, wire.InitDynamic:
		if !c.answered(p.Name) {
			return protocolError("%s of %q, which was not asked for", p.Kind, p.Name)
		}
		return r.initialize(c, p)
	case wire.PropertyChange:
		return r.propertyChange(c, p)
	case wire.Invoke:
		return r.signalled(p)
	case wire.InvokeReply:
		return r.replied(p)
	case wire.RemoveObject:
		c.removed(r)
	}
	return nil
}

// listed takes in what the host remotes, and subscribes to what is wanted of it.
func (c *clientConn) listed(refs []wire.ObjectRef) {
	n := c.node
	n.mu.Lock()
	for _, ref := range refs {
		c.objects[ref.Name] = ref
		if r := n.remotes[ref.Name]; r != nil {
			c.subscribe(r, ref)
		}
	}
	n.mu.Unlock()
}

// subscribe asks for an object, unless the replica has a host already or its class is another one. The node is locked.
func (c *clientConn) subscribe(r *remote, ref wire.ObjectRef) bool {
	dynamic, ok := r.bind(c, ref)
	if !ok {
		return false
	}
	c.mu.Lock()
	c.remotes[r.name] = r
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
}

// adopt makes a child known under its name in packets.
func (c *clientConn) adopt(name string, child *remote) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.remotes[name]; other != nil && other.root != child.root {
		if other.parent == nil {
			return protocolError("a child object takes the name %q of a root", name)
		}
		// Protocol 1.3 names children by their property alone: the one that came last has the name.
		c.log.Warn("two objects have a child of the same name; only the last is kept up to date", "name", name)
	}
	c.remotes[name] = child
	return nil
}

// removed handles the end of a source.
func (c *clientConn) removed(r *remote) {
	if r.parent != nil {
		return // it goes with its parent
	}
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(c.objects, r.name)
	c.forget(r)
	r.detach(fmt.Errorf("%w: the source is no longer remoted", ErrConnectionLost))
	if n.remotes[r.name] == r {
		n.attach(r)
	}
}
