package quic_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
)

// patience is how long anything may take.
const patience = 10 * time.Second

const everybody = "spiffe://plant.example/everybody"

// plant is an authority with a configuration that hosts and clients share.
func plant(t testing.TB) (*certs.Authority, certs.Config) {
	a, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	return a, certs.Fixed(issue(t, a, everybody), a.Roots())
}

// issue makes a certificate for this machine.
func issue(t testing.TB, a *certs.Authority, uri string) *tls.Certificate {
	c, err := a.Issue(certs.Template{IPs: []string{"127.0.0.1", "::1"}, DNS: []string{"localhost"}, URIs: []string{uri}})
	require.NoError(t, err)
	return c
}

// open returns a transport that is closed with the test.
func open(t testing.TB, c certs.Config, options ...quic.Option) *quic.Transport {
	tr := quic.New(c, options...)
	t.Cleanup(func() { require.NoError(t, tr.Close()) })
	return tr
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func listen(t testing.TB, tr core.Transport, at string) core.Listener {
	l, err := tr.Listen(within(t), &url.URL{Scheme: "quic", Host: at})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// dial connects and reads the greeting.
func dial(t testing.TB, tr core.Transport, at string) core.Conn {
	c, err := tryDial(t, tr, at)
	require.NoError(t, err)
	return c
}

func tryDial(t testing.TB, tr core.Transport, at string) (core.Conn, error) {
	c, err := tr.Dial(within(t), &url.URL{Scheme: "quic", Host: at})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err = io.ReadFull(c, make([]byte, 1))
	return c, err
}

// accept accepts a connection, greets it, and returns it or why it failed.
func accept(t testing.TB, l core.Listener) (core.Conn, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.(core.Handshaker).HandshakeContext(within(t)); err != nil {
		return c, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err = c.Write([]byte{'q'})
	return c, err
}

// pair makes a connection.
func pair(t testing.TB, l core.Listener, dialer core.Transport, at string) (accepted, dialed core.Conn) {
	done := make(chan error, 1)
	go func() {
		var err error
		accepted, err = accept(t, l)
		done <- err
	}()
	dialed = dial(t, dialer, at)
	require.NoError(t, <-done)
	return accepted, dialed
}

// echo answers all connections of a listener with what they send.
func echo(t testing.TB, l core.Listener) {
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				if _, err := c.Write([]byte{'q'}); err == nil {
					_, _ = io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
}

// converse checks that a connection to an echo goes on.
func converse(t testing.TB, c core.Conn) {
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err := c.Write([]byte("anybody there?"))
	require.NoError(t, err)
	b := make([]byte, len("anybody there?"))
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, "anybody there?", string(b))
}

// deaf is a socket that nobody reads.
func deaf(t testing.TB) net.PacketConn {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// router passes datagrams on between clients and a host.
type router struct {
	front *net.UDPConn
	host  net.Addr

	mu      sync.Mutex
	clients map[string]net.PacketConn // what the host takes for the client's address
	held    []func()                  // datagrams for the host that wait
	hold    bool
	after   bool // hold what comes after the host's first answer
	seen    func(toHost bool, b []byte)
	running sync.WaitGroup
}

func newRouter(t testing.TB, host string) *router {
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	addr, err := net.ResolveUDPAddr("udp", host)
	require.NoError(t, err)
	r := &router{front: front, host: addr, clients: map[string]net.PacketConn{}}
	r.running.Go(r.forth)
	t.Cleanup(func() {
		_ = front.Close()
		r.forget()
		r.running.Wait()
	})
	return r
}

func (r *router) at() string { return r.front.LocalAddr().String() }

// forget gives all clients new addresses, as a router does that has been restarted.
func (r *router) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for client, c := range r.clients {
		_ = c.Close()
		delete(r.clients, client)
	}
}

func (r *router) forth() {
	b := make([]byte, 2000)
	for {
		n, from, err := r.front.ReadFromUDP(b)
		if err != nil {
			return
		}
		data := append([]byte(nil), b[:n]...)
		send := func() { // locked
			c := r.clients[from.String()]
			if c == nil {
				if c, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
					return
				}
				r.clients[from.String()] = c
				r.running.Go(func() { r.back(c, from) })
			}
			_, _ = c.WriteTo(data, r.host)
		}
		r.mu.Lock()
		if r.seen != nil {
			r.seen(true, data)
		}
		if r.hold {
			r.held = append(r.held, send)
		} else {
			send()
		}
		r.mu.Unlock()
	}
}

func (r *router) back(c net.PacketConn, client *net.UDPAddr) {
	b := make([]byte, 2000)
	for {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.seen != nil {
			r.seen(false, b[:n])
		}
		r.hold = r.hold || r.after && b[0]&0x80 != 0 && n > 1000 // part of a handshake, and more than an acknowledgement
		r.mu.Unlock()
		_, _ = r.front.WriteToUDP(b[:n], client)
	}
}

// holdSecond keeps back what clients send after the host's first answer.
func (r *router) holdSecond() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after = true
}

// release lets it go.
func (r *router) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold, r.after = false, false
	for _, send := range r.held {
		send()
	}
	r.held = nil
}

var (
	errClosed = net.ErrClosed
	never     time.Time
)

func withCancel(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(within(t))
	t.Cleanup(cancel)
	return ctx, cancel
}

// end closes connections and waits until the other side knows, as it must while a router is there.
func end(t testing.TB, c core.Conn, of ...*quic.Transport) {
	require.NoError(t, c.Close())
	for _, tr := range of {
		eventually(t, "a connection is still open", func() bool { return tr.Sessions() == 0 })
	}
}

func copyBack(c core.Conn) error {
	_, err := io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
	return err
}
