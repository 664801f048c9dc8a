package quic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/core"
)

// queued is how many connections may wait for Accept.
const queued = 64

type listener struct {
	t      *Transport
	e      *endpoint
	scheme string
	url    url.URL
	quic   *quicgo.EarlyListener
	queue  chan *conn
	done   chan struct{} // closed by Close
	once   sync.Once
}

func (t *Transport) listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	server, err := t.config.Server()
	if err != nil {
		return nil, err
	}
	own, err := t.config.Certificate() // an operator wants to know now if there is none
	if err != nil {
		return nil, fmt.Errorf("the host's certificate: %w", err)
	}
	l := &listener{t: t, scheme: u.Scheme, queue: make(chan *conn, queued), done: make(chan struct{})}
	if err := l.bind(ctx, address(u), resetKey(own)); err != nil {
		return nil, err
	}
	bound := l.e.tr.Conn.LocalAddr().(*net.UDPAddr)
	host := u.Hostname()
	if host == "" {
		host = bound.IP.String()
	}
	l.url = url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(host, strconv.Itoa(bound.Port))}
	quic, err := l.e.tr.ListenEarly(server, t.listenConfig())
	if err != nil {
		l.unbind()
		return nil, fmt.Errorf("listen at %s: %w", bound, err)
	}
	t.mu.Lock()
	l.quic = quic
	closed := t.closed
	t.start(l.run)
	t.mu.Unlock()
	if closed {
		_ = l.Close()
		return nil, net.ErrClosed
	}
	return l, nil
}

// bind finds a socket: a new one, or that of an earlier listener of this transport which still has connections.
func (l *listener) bind(ctx context.Context, at string, reset *quicgo.StatelessResetKey) error {
	t := l.t
	for first := true; ; first = false {
		var config net.ListenConfig
		udp, err := config.ListenPacket(ctx, "udp", at)
		t.mu.Lock()
		if t.closed {
			err = errors.Join(net.ErrClosed, err)
		}
		if err == nil {
			l.e = t.newEndpoint(udp, 0)
			l.e.tr.StatelessResetKey = reset
			l.e.tr.ConnectionIDLength = idLength
			l.e.tr.ConnContext = l.e.attempt
			l.e.tr.VerifySourceAddress = func(net.Addr) bool { return l.e.halfOpen.Load() > manyHalfOpen }
			l.e.listener = l
			t.mu.Unlock()
			return nil
		}
		earlier := t.bound(at, err)
		if earlier == nil {
			t.mu.Unlock()
			if udp != nil {
				_ = udp.Close()
			}
			if first && errors.Is(err, syscall.EADDRINUSE) {
				continue // an earlier one may have been closed just now
			}
			return err
		}
		if !earlier.closing {
			earlier.users++
			earlier.listener = l
			l.e = earlier
			t.mu.Unlock()
			return nil
		}
		t.mu.Unlock()
		<-earlier.closed
	}
}

// bound returns the endpoint without a listener that has the address that is in use. The transport is locked.
func (t *Transport) bound(at string, err error) *endpoint {
	if t.closed || !errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	addr, err := net.ResolveUDPAddr("udp", at)
	if err != nil {
		return nil
	}
	for e := range t.sockets {
		a := e.tr.Conn.LocalAddr().(*net.UDPAddr)
		same := a.IP.Equal(addr.IP) || len(addr.IP) == 0 && a.IP.IsUnspecified()
		if e.listener == nil && a.Port == addr.Port && same {
			return e
		}
	}
	return nil
}

// unbind gives the socket up.
func (l *listener) unbind() {
	l.t.mu.Lock()
	l.e.listener = nil
	l.t.mu.Unlock()
	l.e.release()
}

// run hands out the connections that clients make, before their handshakes are complete.
func (l *listener) run() {
	for {
		qc, err := l.quic.Accept(context.Background())
		if err != nil {
			return
		}
		a, _ := qc.Context().Value(attemptKey{}).(*attempt)
		if !a.claimed.CompareAndSwap(false, true) {
			continue // it has failed and been reported
		}
		l.t.mu.Lock()
		s := l.t.newSession(qc, l.scheme, l.e)
		s.listener, s.trust, s.mark = l, a.trust, l.t.config.Mark()
		l.t.sessions[s] = true
		l.e.users++
		c, _ := s.reserve(1)
		l.t.start(func() { s.serve(c, a) })
		l.t.mu.Unlock()
		if !l.deliver(c) {
			s.stop(&closing{codeGone, "no longer listening", net.ErrClosed})
		}
	}
}

// deliver has Accept return c. It returns false if the listener is closed.
func (l *listener) deliver(c *conn) bool {
	select {
	case <-l.done:
		return false
	default:
	}
	select {
	case <-l.done:
		return false
	case l.queue <- c:
	}
	select {
	case <-l.done:
		l.drain()
	default:
	}
	return true
}

// drain closes the connections that nobody will accept.
func (l *listener) drain() {
	for {
		select {
		case c := <-l.queue:
			_ = c.Close()
		default:
			return
		}
	}
}

// Accept returns a connection, mostly before its handshake is complete. Those whose handshake has failed are among them.
func (l *listener) Accept() (core.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case <-l.done:
		return nil, net.ErrClosed
	case c := <-l.queue:
		return c, nil
	}
}

// Close ends listening. The socket is closed when the last connection of it has ended.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		_ = l.quic.Close()
		l.drain()
		l.unbind()
	})
	return nil
}

// URL returns where clients reach the listener.
func (l *listener) URL() *url.URL {
	u := l.url
	return &u
}
