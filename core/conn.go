package core

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/go-qtro/qtro/wire"
)

// conn is what both sides of a connection have in common: one goroutine that reads, and a queue that is written from.
type conn struct {
	rwc      io.ReadWriteCloser
	peer     Peer
	protocol wire.Protocol
	out      outbox
	log      *slog.Logger
	ctx      context.Context // ends with the connection; carries the peer
	cancel   context.CancelCauseFunc
	once     sync.Once
	reader
}

// counters count what an operator wants to know.
type counters struct {
	connections, slow, coalesced, violations, refused atomic.Int64
}

// Stats are a node's counters since it was made.
type Stats struct {
	Connections int64 // that were established, as host and as client
	SlowPeers   int64 // connections ended because the peer did not read
	Coalesced   int64 // property changes that a later one replaced before a slow peer read them
	Violations  int64 // connections ended because of what the peer sent
	Refused     int64 // connections to a host whose transport's handshake failed
}

func (c *conn) init(n *Node, rwc io.ReadWriteCloser, peer Peer, p wire.Protocol) {
	c.rwc, c.peer, c.protocol = rwc, peer, p
	c.log = n.log.With("peer", peer.String())
	ctx, cancel := context.WithCancelCause(n.ctx)
	c.ctx, c.cancel = context.WithValue(ctx, peerKey{}, peer), cancel
	c.out = outbox{
		w: rwc, enc: wire.NewEncoder(p), limit: n.config.QueueLimit, latest: n.config.KeepLatest,
		start: n.group.start, fail: c.fail, stats: &n.stats,
	}
}

// fail ends the connection for a reason. It does not wait, and takes no locks but the connection's own.
func (c *conn) fail(err error) {
	c.once.Do(func() {
		c.cancel(err)
		c.out.close()
		// Closing may take its time: TLS says goodbye first. The reader is there until it is done, so that this can be started.
		c.out.start(func() { _ = c.rwc.Close() }) // the reason is err
	})
}

// reason returns why the connection ended.
func (c *conn) reason() error { return context.Cause(c.ctx) }

// ended tells an end that either side wanted, or a peer that is gone, from one that something went wrong.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled)
}

// violation reports whether the peer is to blame.
func violation(err error) bool {
	var bad *wire.PacketError
	var other *wire.MismatchError
	return errors.Is(err, ErrProtocol) || errors.As(err, &bad) || errors.As(err, &other) ||
		errors.Is(err, wire.ErrTooLong) || errors.Is(err, wire.ErrTooShort)
}

// group starts goroutines and waits for them, also for those that are started while it waits. A few goroutines whose work
// is done stay for what comes next: a new one would have to grow its stack again, which takes longer than most calls.
type group struct {
	mu      sync.Mutex
	running int
	closed  bool
	idle    chan struct{}  // closed when nothing runs any more, once somebody waits
	live    sync.WaitGroup // nothing is added after idle is closed

	once  sync.Once
	more  chan func() // work for those who stayed
	stop  chan struct{}
	staid atomic.Int32
}

// maxStaid is how many goroutines may stay without work.
const maxStaid = 8

func (g *group) start(f func()) {
	g.once.Do(func() { g.more, g.stop = make(chan func()), make(chan struct{}) })
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.running++
	g.mu.Unlock()
	select {
	case g.more <- f:
	default:
		g.live.Add(1)
		go g.work(f)
	}
}

func (g *group) work(f func()) {
	defer g.live.Done()
	for {
		f()
		f = nil
		g.done()
		if g.staid.Add(1) > maxStaid {
			g.staid.Add(-1)
			return
		}
		select {
		case f = <-g.more:
			g.staid.Add(-1)
		case <-g.stop:
			return
		}
	}
}

func (g *group) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 && g.idle != nil {
		g.finish()
	}
}

func (g *group) finish() {
	if g.closed {
		return
	}
	g.closed = true
	close(g.idle)
	g.once.Do(func() { g.stop = make(chan struct{}) })
	close(g.stop)
}

// wait waits for all goroutines; afterwards none can be started.
func (g *group) wait() {
	g.mu.Lock()
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	if g.running == 0 {
		g.finish()
	}
	g.mu.Unlock()
	<-g.idle
	g.live.Wait()
}
