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

// refusedPause is the pause after a refusal that will not pass by itself. To give up for good would be too much: whoever can get
// between the two ends once can make either refuse the other, and either may be given other certificates.
const refusedPause = time.Minute

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

// setback is why there is no connection, the least serious first.
type setback int

const (
	none     setback = iota
	failed           // it will pass
	refused          // it will not, as far as one can see
	hopeless         // it is this side's mistake, or the other's nature
)

func setbackOf(err error) setback {
	var mismatch *wire.MismatchError
	var p interface{ Permanent() bool }
	switch {
	case err == nil:
		return none
	case errors.As(err, &mismatch), errors.Is(err, ErrHostURLInvalid), errors.Is(err, ErrInsecure):
		return hopeless
	case errors.As(err, &p) && p.Permanent():
		return refused
	}
	return failed
}

func (l *link) run() {
	n := l.node
	pause, told := firstRetry, none
	for n.ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(n.ctx, n.config.HandshakeTimeout)
		rwc, peer, err := l.dial(ctx, l.least())
		cancel()
		if err == nil {
			start := time.Now()
			err = n.talk(rwc, peer, l.url)
			if err == nil {
				told = none
				l.calm() // who wanted the connection has had it
				if time.Since(start) >= stable {
					pause = firstRetry // one that breaks at once is likely to break again
				}
			}
		}
		what := setbackOf(err)
		if what == hopeless {
			l.forget() // until somebody asks again, which may be who is told now
		}
		if what > told && n.ctx.Err() == nil {
			told = what // once, not at every attempt
			n.report(&OpError{Op: "connect to", Object: l.url, Err: what.outlook(err)})
		}
		if what == hopeless || l.drop() {
			return
		}
		if what == refused {
			if l.sleep(refusedPause) {
				told = none
			}
			continue
		}
		l.sleep(pause)
		pause = min(pause*2, n.config.RetryMax)
	}
}

// outlook adds what will be done about it.
func (s setback) outlook(err error) error {
	switch s {
	case refused:
		return fmt.Errorf("%w; trying again in a minute", err)
	case hopeless:
		return fmt.Errorf("%w; not trying again", err)
	}
	return err
}

// calm forgets that somebody was in a hurry.
func (l *link) calm() {
	select {
	case <-l.wake:
	default:
	}
}

// sleep pauses for about d, so that many nodes do not come back at the same moment. It returns early, and true, if somebody
// asks for the connection.
func (l *link) sleep(d time.Duration) bool {
	d = d*3/4 + rand.N(d/2+1)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.wake:
		return true
	case <-l.node.ctx.Done():
	}
	return false
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
