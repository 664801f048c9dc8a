package tls

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// conn is a connection of either side.
type conn struct {
	*tls.Conn
	config  *certs.Config
	scheme  string
	host    string         // that was dialed; "" on the host's side
	session *certs.Session // nil on the host's side

	peer    atomic.Pointer[core.Peer] // nil until the handshake is done
	refused atomic.Pointer[error]     // why the peer of a live connection is no longer trusted

	mu      sync.Mutex
	watched bool   // for changes of what is trusted
	changed bool   // during the handshake
	unwatch func() // nil without
	closed  bool
}

func newConn(c *tls.Conn, config *certs.Config, scheme, host string) *conn {
	return &conn{Conn: c, config: config, scheme: scheme, host: host}
}

// HandshakeContext finds out who the peer is. Read and Write do so, too, if they have to.
func (c *conn) HandshakeContext(ctx context.Context) error {
	if c.peer.Load() != nil {
		return nil
	}
	c.watch()
	err := c.Conn.HandshakeContext(ctx)
	if err == nil {
		return c.met()
	}
	err = c.explain(err)
	var refused *certs.RefusedError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = &certs.RefusedError{Check: certs.CheckStalled, Err: err}
	case errors.As(err, &refused) && !refused.Remote:
		c.linger(ctx)
	}
	return err
}

// met notes who the peer is.
func (c *conn) met() error {
	state := c.ConnectionState()
	p := core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String(), Security: core.Encrypted}
	if len(state.PeerCertificates) > 0 {
		p.Security = core.Authenticated
		p.Identity = certs.Identity(state.PeerCertificates[0])
		p.Certificates = state.PeerCertificates
		if len(state.VerifiedChains) > 0 {
			p.Certificates = state.VerifiedChains[0]
		}
	}
	c.mu.Lock()
	c.peer.Store(&p)
	changed := c.changed
	c.mu.Unlock()
	if changed {
		c.recheck()
	}
	if err := c.refused.Load(); err != nil {
		return *err
	}
	return nil
}

// lingering is how long a peer that is refused has to read why.
const lingering = 250 * time.Millisecond

// linger waits until the peer has taken the alert that says why it is refused: closing a socket while something that the
// peer sent is unread makes some systems take the alert back.
func (c *conn) linger(ctx context.Context) {
	raw, ok := c.NetConn().(*net.TCPConn)
	if !ok || raw.CloseWrite() != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	_ = raw.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.CopyN(io.Discard, raw, 64<<10)
}

// Read reads. The first Read of a client may tell that the host refuses it.
func (c *conn) Read(b []byte) (int, error) {
	if c.peer.Load() == nil {
		if err := c.HandshakeContext(context.Background()); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	if err != nil {
		err = c.explain(err)
	}
	return n, err
}

// Write writes.
func (c *conn) Write(b []byte) (int, error) {
	if c.peer.Load() == nil {
		if err := c.HandshakeContext(context.Background()); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		err = c.explain(err)
	}
	return n, err
}

// explain tells what an error of crypto/tls means.
func (c *conn) explain(err error) error {
	if why := c.refused.Load(); why != nil {
		return *why
	}
	err = certs.Refused(err)
	var refused *certs.RefusedError
	if c.session != nil && errors.As(err, &refused) && refused.Remote {
		c.session.Forget()
	}
	return err
}

// goodbye is how long Close may take to tell the peer.
const goodbye = 500 * time.Millisecond

// Close tells the peer and closes the connection. It does not wait for long.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	unwatch := c.unwatch
	c.unwatch = nil
	c.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	timeout := time.AfterFunc(goodbye, func() { _ = c.NetConn().Close() })
	defer timeout.Stop()
	return c.Conn.Close()
}

// Peer returns who is at the other end: nobody is known before the handshake is done.
func (c *conn) Peer() core.Peer {
	if p := c.peer.Load(); p != nil {
		return *p
	}
	return core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String()}
}

// watch has the peer checked again whenever that may come to another result, until the connection is closed.
func (c *conn) watch() {
	if !c.config.DropLive || c.config.OnChange == nil {
		return
	}
	c.mu.Lock()
	again := c.watched || c.closed
	c.watched = true
	c.mu.Unlock()
	if again {
		return
	}
	cancel := c.config.OnChange(c.trustChanged)
	c.mu.Lock()
	if !c.closed {
		c.unwatch, cancel = cancel, nil
	}
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// trustChanged is called by whoever keeps roots and revocations, and must not hold them up.
func (c *conn) trustChanged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
	case c.peer.Load() == nil:
		c.changed = true
	default:
		go c.recheck()
	}
}

// recheck ends the connection if its peer would be refused now.
func (c *conn) recheck() {
	state := c.ConnectionState()
	err := c.config.VerifyPeer(state.PeerCertificates, state.OCSPResponse, c.host)
	if err != nil && c.refused.CompareAndSwap(nil, &err) {
		_ = c.Close()
	}
}
