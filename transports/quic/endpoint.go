package quic

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	quicgo "github.com/quic-go/quic-go"
)

// endpoint is a UDP socket and what quic-go runs on it. It is closed when nobody uses it any more.
type endpoint struct {
	t      *Transport
	tr     *quicgo.Transport
	closed chan struct{} // when the socket is

	halfOpen atomic.Int32 // handshakes of clients

	// These are guarded by the transport.
	users    int // dials, QUIC connections, a listener
	listener *listener
	delay    time.Duration // before it is closed, to repeat goodbyes that are lost
	closing  bool
}

// newEndpoint takes over a socket, for one user. The transport is locked.
func (t *Transport) newEndpoint(udp net.PacketConn, delay time.Duration) *endpoint {
	e := &endpoint{t: t, closed: make(chan struct{}), users: 1, delay: delay}
	e.tr = &quicgo.Transport{Conn: udp}
	t.sockets[e] = true
	return e
}

// release gives up one use.
func (e *endpoint) release() {
	e.t.mu.Lock()
	defer e.t.mu.Unlock()
	e.users--
	e.part(e.delay)
}

// part closes the endpoint if nobody uses it. The transport is locked.
func (e *endpoint) part(delay time.Duration) {
	if e.users > 0 || e.closing {
		return
	}
	if delay > 0 && !e.t.closed {
		time.AfterFunc(delay, func() {
			e.t.mu.Lock()
			defer e.t.mu.Unlock()
			e.part(0)
		})
		return
	}
	e.closing = true
	if e.t.dialing == e {
		e.t.dialing = nil
	}
	e.t.start(func() {
		_ = e.tr.Close()
		_ = e.tr.Conn.Close()
		e.t.mu.Lock()
		delete(e.t.sockets, e)
		e.t.mu.Unlock()
		close(e.closed)
	})
}

// dialer returns the endpoint to dial with, for one user.
func (t *Transport) dialer() (*endpoint, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, net.ErrClosed
	}
	if e := t.dialing; e != nil {
		e.users++
		return e, nil
	}
	udp, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, err
	}
	t.dialing = t.newEndpoint(udp, parting)
	return t.dialing, nil
}

// attempt is a client's handshake. quic-go hands out a connection only when the client's first message is understood: what fails
// earlier is known by the end of the context alone.
type attempt struct {
	e       *endpoint
	addr    net.Addr
	trust   uint64
	claimed atomic.Bool // it has become a connection, or the report of one
	once    sync.Once
}

type attemptKey struct{}

var errBusy = errors.New("too many handshakes at the same time")

// attempt is called for each new connection of a client.
func (e *endpoint) attempt(ctx context.Context, info *quicgo.ClientInfo) (context.Context, error) {
	if e.halfOpen.Add(1) > maxHalfOpen {
		e.halfOpen.Add(-1)
		return nil, errBusy
	}
	a := &attempt{e: e, addr: info.RemoteAddr, trust: e.t.trust()}
	context.AfterFunc(ctx, func() {
		a.done()
		e.t.trustNoMore()
		if a.claimed.CompareAndSwap(false, true) {
			e.report(a.addr, context.Cause(ctx))
		}
	})
	return context.WithValue(ctx, attemptKey{}, a), nil
}

// done ends the handshake, whether it has succeeded or not.
func (a *attempt) done() { a.once.Do(func() { a.e.halfOpen.Add(-1) }) }

// report has the host know of a handshake that failed before there was a connection.
func (e *endpoint) report(addr net.Addr, err error) {
	e.t.mu.Lock()
	l := e.listener
	e.t.mu.Unlock()
	if l == nil {
		return
	}
	s := failed(e.t, l.scheme, e.tr.Conn.LocalAddr(), addr, explainHandshake(err))
	select {
	case l.queue <- newConn(s): // a host that is this busy need not know
	default:
	}
}
