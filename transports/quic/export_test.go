package quic

import (
	"net"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// Explain is for tests.
var Explain = explain

// MaxStreams is how many connections share one of QUIC.
const MaxStreams = maxStreams

// Resumed tells whether a connection does without a full handshake of its own.
func Resumed(c core.Conn) bool {
	q := c.(*conn)
	return q.shared || q.s.qc.ConnectionState().TLS.DidResume
}

// Early tells whether a host could speak before the handshake was complete.
func Early(c core.Conn) bool { return c.(*conn).s.qc.ConnectionState().Used0RTT }

// Same tells whether two connections share one of QUIC.
func Same(a, b core.Conn) bool { return a.(*conn).s == b.(*conn).s }

// Sessions returns how many QUIC connections there are.
func (t *Transport) Sessions() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sessions)
}

// Sockets returns how many UDP sockets there are.
func (t *Transport) Sockets() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sockets)
}

// HasTicket tells whether the next connection to an address can be resumed.
func (t *Transport) HasTicket(at string) bool {
	_, ok := t.config.Session(t.tickets, at).Get("")
	return ok
}

// Kill takes a listener's socket away, as when its process is killed: nobody is told.
func Kill(l core.Listener) { _ = l.(*listener).e.tr.Conn.Close() }

// HalfOpen returns how many handshakes a listener has under way.
func HalfOpen(l core.Listener) int { return int(l.(*listener).e.halfOpen.Load()) }

// RemoteNow returns where the peer of a connection is by now.
func RemoteNow(c core.Conn) net.Addr { return c.(*conn).s.qc.RemoteAddr() }

// ResetKey returns the key of a host's stateless resets.
func ResetKey(t testing.TB, c certs.Config) *quicgo.StatelessResetKey {
	own, err := c.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return resetKey(own)
}

// SetLingering has closed connections wait less for their peers, until restore is called.
func SetLingering(d time.Duration) (restore func()) {
	before := lingering
	lingering = d
	return func() { lingering = before }
}

// SetManyHalfOpen sets from how many handshakes on clients must prove their address.
func SetManyHalfOpen(n int32) (restore func()) {
	before := manyHalfOpen
	manyHalfOpen = n
	return func() { manyHalfOpen = before }
}
