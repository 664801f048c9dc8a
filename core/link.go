package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-qtro/qtro/wire"
)

// link keeps a connection to a URL: it dials, and dials again when the connection is lost.
type link struct {
	node *Node
	url  string
	dial func(context.Context, Security) (io.ReadWriteCloser, Peer, error)

	mu     sync.Mutex
	wanted func() bool // nil: always
	wake   chan struct{}
}

// firstRetry is the pause before the first attempt to dial again; it doubles up to Config.RetryMax.
const firstRetry = 100 * time.Millisecond

// stable is how long a connection must have lasted for the pauses to begin anew.
const stable = time.Second

func newLink(n *Node, url string, dial func(context.Context, Security) (io.ReadWriteCloser, Peer, error), wanted func() bool) *link {
	return &link{node: n, url: url, dial: dial, wanted: wanted, wake: make(chan struct{}, 1)}
}

// want changes what the link is kept for; an explicit Connect (nil) outlasts a registry's wish. A link that waits for its next
// attempt makes it now: somebody has reason to think that the host is there.
func (l *link) want(wanted func() bool) {
	l.mu.Lock()
	if l.wanted != nil {
		l.wanted = wanted
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// least is the security that the link's connections must have where it is required: what a registry announces is a hint from
// the network, what the program itself asks for is its own choice.
func (l *link) least() Security {
	l.mu.Lock()
	defer l.mu.Unlock()
	return least(l.wanted)
}

func least(wanted func() bool) Security {
	if wanted == nil {
		return Local
	}
	return Authenticated
}

// drop takes the link out of the node unless it is wanted.
func (l *link) drop() bool {
	l.node.mu.Lock()
	defer l.node.mu.Unlock()
	l.mu.Lock()
	wanted := l.wanted
	l.mu.Unlock()
	if wanted == nil || wanted() {
		return false
	}
	delete(l.node.links, l.url)
	return true
}

// forget takes the link out of the node.
func (l *link) forget() {
	l.node.mu.Lock()
	defer l.node.mu.Unlock()
	delete(l.node.links, l.url)
}

func (l *link) run() {
	n := l.node
	pause, failed := firstRetry, false
	for n.ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(n.ctx, n.config.HandshakeTimeout)
		rwc, peer, err := l.dial(ctx, l.least())
		cancel()
		if err == nil {
			start := time.Now()
			err = n.talk(rwc, peer, l.url)
			if err == nil {
				l.calm() // who wanted the connection has had it
				if time.Since(start) >= stable {
					pause = firstRetry // one that breaks at once is likely to break again
				}
			}
			failed = failed && err != nil
		}
		var mismatch *wire.MismatchError
		final := errors.As(err, &mismatch) || permanent(err)
		if final {
			l.forget() // until somebody asks again, which may be who is told now
		}
		if err != nil && n.ctx.Err() == nil && (!failed || final) {
			failed = true // told once, not at every attempt
			if final {
				err = fmt.Errorf("%w; not trying again", err)
			}
			n.report(&OpError{Op: "connect to", Object: l.url, Err: err})
		}
		if final || l.drop() {
			return
		}
		l.sleep(pause)
		pause = min(pause*2, n.config.RetryMax)
	}
}

// calm forgets that somebody was in a hurry.
func (l *link) calm() {
	select {
	case <-l.wake:
	default:
	}
}

// sleep pauses for about d, so that many nodes do not come back at the same moment.
func (l *link) sleep(d time.Duration) {
	d = d*3/4 + rand.N(d/2+1)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.wake:
	case <-l.node.ctx.Done():
	}
}

// talk is the life of a connection to a host. It returns nil when a connection that was established has ended (which is told
// elsewhere), and an error if it was not established. url is what was dialed, "" for a connection made elsewhere.
func (n *Node) talk(rwc io.ReadWriteCloser, peer Peer, url string) error {
	// Closing is the one way to interrupt reading that every stream has.
	timeout := time.AfterFunc(n.config.HandshakeTimeout, func() { _ = rwc.Close() })
	stop := context.AfterFunc(n.ctx, func() { _ = rwc.Close() })
	f := wire.NewFramer(rwc, 0, n.config.PacketLimit)
	p, err := f.Handshake()
	inTime := timeout.Stop()
	stop()
	switch {
	case n.ctx.Err() != nil:
		err = ErrClosed
	case !inTime:
		err = fmt.Errorf("no Handshake within %v: is the peer a Qt Remote Objects host?", n.config.HandshakeTimeout)
	}
	if err != nil {
		_ = rwc.Close()
		if errors.Is(err, ErrClosed) {
			return nil
		}
		if violation(err) {
			n.stats.violations.Add(1)
		}
		return err
	}
	c := newClientConn(n, rwc, peer, url, p)
	c.serve(f)
	return nil
}
