package quic

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/core"
)

// conn is a stream, or the wait for one.
type conn struct {
	s      *session
	shared bool          // with another one, which was there before
	opened chan struct{} // there is a stream
	open   chan struct{} // that may be read
	done   chan struct{} // closed by this side
	closed atomic.Bool   // the same

	writable, readable atomic.Pointer[quicgo.Stream] // the stream, once opened or open is closed

	mu              sync.Mutex
	stream          *quicgo.Stream
	readBy, writeBy deadline
	writers         int  // in Write
	over            bool // the peer has ended its direction, and so closed the connection
	freed           bool // the session knows that the stream has ended
	linger          *time.Timer
}

func newConn(s *session) *conn {
	return &conn{s: s, opened: make(chan struct{}), open: make(chan struct{}), done: make(chan struct{})}
}

// attach gives c its stream. It returns false if c is closed.
func (c *conn) attach(st *quicgo.Stream, readable bool) bool {
	c.mu.Lock()
	if c.closed.Load() {
		c.mu.Unlock()
		return false
	}
	c.stream = st
	_ = st.SetReadDeadline(c.readBy.at)
	_ = st.SetWriteDeadline(c.writeBy.at)
	c.mu.Unlock()
	c.writable.Store(st)
	close(c.opened)
	if readable {
		c.allowRead()
	}
	st.SetReceiveFinalSizeCallback(func(int64) { c.peerClosed() })
	return true
}

// allowRead lets Read have what arrives.
func (c *conn) allowRead() {
	c.mu.Lock()
	st := c.stream
	c.mu.Unlock()
	if st != nil {
		c.readable.Store(st)
		close(c.open)
	}
}

// past is a deadline that ends what is waiting.
var past = time.Unix(1, 0)

// peerClosed ends writing: the peer has closed the connection, and nobody would read it. It is called by quic-go and must not wait.
func (c *conn) peerClosed() {
	c.mu.Lock()
	c.over = true
	closed := c.closed.Load()
	c.mu.Unlock()
	_ = c.stream.SetWriteDeadline(past)
	if closed {
		c.finish()
	}
}

// cut gives up waiting for the peer to close the connection, too.
func (c *conn) cut() {
	c.s.mu.Lock()
	c.s.cut = true
	c.s.mu.Unlock()
	c.finish()
}

// finish lets the stream go.
func (c *conn) finish() {
	c.mu.Lock()
	freed := c.freed
	c.freed = true
	st := c.stream
	if c.linger != nil {
		c.linger.Stop()
	}
	c.mu.Unlock()
	if freed {
		return
	}
	if st != nil {
		st.CancelWrite(streamClosed) // whatever is unsent has no reader
		st.CancelRead(streamClosed)
	}
	c.s.release()
}

// Close closes the connection. What was written before is still delivered if no Write is waiting.
// It returns when the goodbye is on its way.
func (c *conn) Close() error {
	c.mu.Lock()
	if c.closed.Swap(true) {
		c.mu.Unlock()
		return nil
	}
	close(c.done)
	st, writing, over := c.stream, c.writers > 0, c.over
	if st != nil && !over {
		c.linger = time.AfterFunc(lingering, c.cut)
	}
	c.mu.Unlock()
	if st == nil {
		c.s.abandon(c)
		return nil
	}
	_ = st.SetReadDeadline(past)
	if over {
		c.finish()
		return nil
	}
	before := c.s.qc.ConnectionStats().PacketsSent
	if writing {
		st.CancelWrite(streamClosed)
	} else {
		_ = st.Close()
	}
	c.s.sent(before)
	return nil
}

// sent waits, not for long, until quic-go has sent something more. A process that ends after Close should have said so: there is
// no system behind UDP that does it instead.
func (s *session) sent(before uint64) {
	for range 20 {
		if s.ctx.Err() != nil || s.qc.ConnectionStats().PacketsSent > before {
			return
		}
		time.Sleep(250 * time.Microsecond)
	}
}

// abandon is for a connection that is closed before it has a stream.
func (s *session) abandon(c *conn) {
	if s.listener != nil && s.peer.Load() == nil { // before the end of the handshake, which the host does not want to wait for
		s.stop(&closing{codeDone, "", net.ErrClosed})
	}
	s.t.forget(s) // a host that gives no stream may not be there any more
	c.finish()
}

// HandshakeContext waits until the peer of an accepted connection is known.
func (c *conn) HandshakeContext(ctx context.Context) error {
	select {
	case <-c.opened:
		return nil
	default:
	}
	select {
	case <-c.opened:
		return nil
	case <-c.done:
		return net.ErrClosed
	case <-c.s.ended:
		return c.s.err
	case <-ctx.Done():
		return unfinished(ctx)
	}
}

// wait waits until ready is closed.
func (c *conn) wait(ready <-chan struct{}, d *deadline) error {
	for {
		at, changed := c.deadline(d)
		var timeout <-chan time.Time
		if !at.IsZero() {
			timer := time.NewTimer(time.Until(at))
			defer timer.Stop()
			timeout = timer.C
		}
		var err error
		select {
		case <-ready:
			return nil
		case <-changed:
			continue
		case <-c.done:
		case <-timeout:
			err = os.ErrDeadlineExceeded
		case <-c.s.ended:
			err = c.s.err
		}
		if c.closed.Load() {
			return net.ErrClosed
		}
		return err
	}
}

// Read reads. The first Read of a client may tell that the host refuses it.
func (c *conn) Read(b []byte) (int, error) {
	st := c.readable.Load()
	if st == nil {
		if err := c.wait(c.open, &c.readBy); err != nil {
			return 0, err
		}
		st = c.readable.Load()
	}
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	n, err := st.Read(b)
	switch err {
	case nil:
	case io.EOF:
		c.peerClosed() // which quic-go tells a little later
	default:
		err = c.why(err)
	}
	return n, err
}

// Write writes. That of a client waits for the host to speak first.
func (c *conn) Write(b []byte) (int, error) {
	st := c.writable.Load()
	if st == nil {
		if err := c.wait(c.opened, &c.writeBy); err == io.EOF {
			return 0, errOver
		} else if err != nil {
			return 0, err
		}
		st = c.writable.Load()
	}
	c.mu.Lock()
	if c.closed.Load() || c.over {
		c.mu.Unlock()
		return 0, c.whyNoWrite(errOver)
	}
	c.writers++
	c.mu.Unlock()
	n, err := st.Write(b)
	c.mu.Lock()
	c.writers--
	c.mu.Unlock()
	if err != nil {
		err = c.whyNoWrite(err)
	}
	return n, err
}

// why tells why Read or Write has failed.
func (c *conn) why(err error) error {
	if c.closed.Load() {
		return net.ErrClosed
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return c.s.why(err)
}

func (c *conn) whyNoWrite(err error) error {
	c.mu.Lock()
	over := c.over
	c.mu.Unlock()
	if err = c.why(err); err == io.EOF || over && errors.Is(err, os.ErrDeadlineExceeded) {
		return errOver
	}
	return err
}

// deadline is one that holds before there is a stream, too.
type deadline struct {
	at      time.Time
	changed chan struct{}
}

func (c *conn) deadline(d *deadline) (time.Time, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.at, d.changed
}

func (d *deadline) set(at time.Time) {
	d.at = at
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(at time.Time) error { return c.setDeadlines(&at, &at) }

// SetReadDeadline sets when Read gives up.
func (c *conn) SetReadDeadline(at time.Time) error { return c.setDeadlines(&at, nil) }

// SetWriteDeadline sets when Write gives up.
func (c *conn) SetWriteDeadline(at time.Time) error { return c.setDeadlines(nil, &at) }

func (c *conn) setDeadlines(read, write *time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return net.ErrClosed
	}
	if read != nil {
		c.readBy.set(*read)
		if c.stream != nil {
			_ = c.stream.SetReadDeadline(*read)
		}
	}
	if write != nil {
		c.writeBy.set(*write)
		if c.stream != nil && !c.over {
			_ = c.stream.SetWriteDeadline(*write)
		}
	}
	return nil
}

// Peer returns who is at the other end: nobody is known before the handshake is done.
func (c *conn) Peer() core.Peer {
	if p := c.s.peer.Load(); p != nil {
		return *p
	}
	return core.Peer{Scheme: c.s.scheme, Addr: c.s.remote.String()}
}

// LocalAddr returns the address of the UDP socket that the connection began on.
func (c *conn) LocalAddr() net.Addr { return c.s.local }

// RemoteAddr returns the address that the peer had in the beginning.
func (c *conn) RemoteAddr() net.Addr { return c.s.remote }
