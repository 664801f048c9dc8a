package core

import "sync"

// audience tells a source's owner of the peers that have replicas of it, in the order in which they come and go, on a
// goroutine that is there only while there is something to tell.
type audience struct {
	fn func(p Peer, acquired bool)

	mu      sync.Mutex
	waiting []appearance
	running bool
}

// appearance is the coming or going of a connection.
type appearance struct {
	conn     *hostConn
	acquired bool
}

// OnAcquire sets what is told when a peer has acquired the source, and when it has no replica of it any more, because it has
// released it, is gone or may not have it any longer, or because the source is no longer remoted. A source may so begin its work
// when somebody listens. A node that has several replicas of the source is one peer. Calls come one after another; fn may use
// the source, but not close its host. OnAcquire must be called before the source is remoted, and is for roots: children are
// acquired with them.
func (s *Source) OnAcquire(fn func(p Peer, acquired bool)) { s.audience = &audience{fn: fn} }

// note enters an appearance. The tree is locked, so that the order is right. Of peers that come and go faster than they can be
// told of, only how things stand is kept.
func (a *audience) note(c *hostConn, acquired bool) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) >= maxCalls {
		for i := len(a.waiting) - 1; i >= 0; i-- {
			if a.waiting[i].conn == c { // the opposite
				a.waiting = append(a.waiting[:i], a.waiting[i+1:]...)
				return
			}
		}
	}
	a.waiting = append(a.waiting, appearance{c, acquired})
	if !a.running {
		a.running = true
		c.host.group.start(a.tell)
	}
}

func (a *audience) tell() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.waiting) > 0 {
		v := a.waiting[0]
		a.waiting = a.waiting[1:]
		a.mu.Unlock()
		a.fn(v.conn.peer, v.acquired)
		a.mu.Lock()
	}
	a.running, a.waiting = false, nil
}
