package tls_test

import (
	"cmp"
	"context"
	stdtls "crypto/tls"
	"io"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/tcp"
	"github.com/go-qtro/qtro/transports/tls"
	"github.com/go-qtro/qtro/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var config = securetest.Config{
	Scheme: "tls",
	New:    func(c certs.Config) core.Transport { return tls.New(c) },
	Resumed: func(c core.Conn) bool {
		return c.(interface{ ConnectionState() stdtls.ConnectionState }).ConnectionState().DidResume
	},
	Intruders: intruders,
	RawDial: func(ctx context.Context, u *url.URL) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", u.Host)
	},
	StalledURL: func(t testing.TB) string { // answers no handshake
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return "tls://" + l.Addr().String()
	},
	Hello: hello,
}

func TestTransport(t *testing.T) { securetest.Run(t, config) }

// hello returns a ClientHello.
func hello(t testing.TB) []byte {
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		_ = stdtls.Client(near, &stdtls.Config{ServerName: "plant.example"}).Handshake()
		_ = near.Close()
	}()
	head := make([]byte, 5)
	_, err := io.ReadFull(far, head)
	require.NoError(t, err)
	body := make([]byte, int(head[3])<<8|int(head[4]))
	_, err = io.ReadFull(far, body)
	require.NoError(t, err)
	return append(head, body...)
}

// intruders are peers that do not speak TLS as they should.
func intruders(t testing.TB, w *securetest.World) []transporttest.Refusal {
	good := w.With(w.Client)
	client, err := good.Client("127.0.0.1")
	require.NoError(t, err)
	good = w.With(w.Host)
	host, err := good.Server()
	require.NoError(t, err)
	host.GetConfigForClient = nil
	old := func(c *stdtls.Config) *stdtls.Config {
		c = c.Clone()
		c.MinVersion, c.MaxVersion = stdtls.VersionTLS12, stdtls.VersionTLS12
		return c
	}
	other := func(c *stdtls.Config) *stdtls.Config {
		c = c.Clone()
		c.NextProtos = []string{"h2"}
		return c
	}
	local, remote := func(c certs.Check) func(testing.TB, error) { return securetest.Refused(c, false) }, func(c certs.Check) func(testing.TB, error) { return securetest.Refused(c, true) }
	return []transporttest.Refusal{
		{Name: "client of TLS 1.2", Client: intruder{client: old(client)}, CheckHost: local(certs.CheckVersion)},
		{Name: "host of TLS 1.2", Host: intruder{host: old(host)}, CheckClient: remote(certs.CheckVersion)},
		{Name: "client of another protocol", Client: intruder{client: other(client)}, CheckHost: local(certs.CheckProtocol)},
		{Name: "host of another protocol", Host: intruder{host: other(host)}, CheckClient: remote(certs.CheckProtocol)},
		{Name: "client without TLS", Client: plaintext{}, CheckHost: local(certs.CheckPlaintext)},
		{Name: "host without TLS", Host: plaintext{}, CheckClient: local(certs.CheckPlaintext)},
	}
}

// intruder speaks TLS in its own way.
type intruder struct{ client, host *stdtls.Config }

type intruderConn struct {
	*stdtls.Conn
	under core.Conn
}

func (c intruderConn) Peer() core.Peer { return c.under.Peer() }

func (i intruder) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	c, err := tcp.Transport{}.Dial(ctx, u)
	if err != nil {
		return nil, err
	}
	s := stdtls.Client(c, i.client)
	if err := s.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return intruderConn{s, c}, nil
}

func (i intruder) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	l, err := tcp.Transport{}.Listen(ctx, u)
	return intruderListener{l, i.host}, err
}

type intruderListener struct {
	core.Listener
	config *stdtls.Config
}

func (l intruderListener) Accept() (core.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return intruderConn{stdtls.Server(c, l.config), c}, nil
}

// plaintext is a peer that does not know of TLS.
type plaintext struct{ tcp.Transport }

func (p plaintext) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	c, err := p.Transport.Dial(ctx, u)
	if err == nil {
		_, err = c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	}
	return c, err
}

func (p plaintext) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	l, err := p.Transport.Listen(ctx, u)
	return plaintextListener{l}, err
}

type plaintextListener struct{ core.Listener }

// Accept greets as hosts of Qt's do.
func (l plaintextListener) Accept() (core.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		hello, _ := wire.NewEncoder(wire.Protocol20).Append(nil, &wire.Packet{Kind: wire.Handshake, Name: wire.Protocol20.String()})
		_, _ = c.Write(hello)
	}
	return plaintextConn{c}, err
}

type plaintextConn struct{ core.Conn }

func (c plaintextConn) Write(b []byte) (int, error) { return len(b), nil }

// Read takes a ClientHello for nothing in particular.
func (c plaintextConn) Read([]byte) (int, error) {
	_, err := io.Copy(io.Discard, struct{ io.Reader }{c.Conn})
	return 0, cmp.Or(err, io.EOF)
}
