package tls_test

import (
	"bytes"
	"context"
	stdtls "crypto/tls"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/tcp"
	"github.com/go-qtro/qtro/transports/tls"
)

func parse(t testing.TB, raw string) *url.URL {
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

// pair returns the two sides of a connection.
func pair(t testing.TB, host, client core.Transport, at string) (accepted, dialed core.Conn) {
	l, err := host.Listen(t.Context(), parse(t, at))
	require.NoError(t, err)
	defer l.Close()
	accept := make(chan core.Conn, 1)
	go func() {
		defer close(accept)
		if c, err := l.Accept(); err == nil {
			if c.(core.Handshaker).HandshakeContext(context.Background()) == nil {
				accept <- c
			}
		}
	}()
	dialed, err = client.Dial(t.Context(), l.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = dialed.Close() })
	accepted, ok := <-accept
	require.True(t, ok)
	t.Cleanup(func() { _ = accepted.Close() })
	return accepted, dialed
}

// Without a configuration the transport says how to give it one, at once and only once.
func TestUnconfigured(t *testing.T) {
	require.Equal(t, core.Authenticated, core.TransportFor("tls").(core.SecureTransport).Security(), "it is not for lack of security that it fails")
	h := core.NewHost(core.Config{RequireSecure: true})
	defer h.Close()
	_, err := h.Listen(t.Context(), "tls://127.0.0.1:0")
	require.ErrorIs(t, err, core.ErrListenFailed)
	require.ErrorContains(t, err, `core.Config{Transports: map[string]core.Transport{"tls": tls.New(certs.Config{`)
	errs := make(chan error, 10)
	n := core.NewNode(core.Config{RequireSecure: true, Logger: slog.New(slog.DiscardHandler), OnError: func(err error) { errs <- err }})
	defer n.Close()
	for range 2 {
		require.NoError(t, n.Connect("tls://127.0.0.1:1"))
		err := <-errs
		require.ErrorContains(t, err, "tls.New(")
		require.ErrorContains(t, err, "in a minute")
	}
}

func TestURL(t *testing.T) {
	w := securetest.NewWorld(t, config)
	tr := tls.New(w.With(w.Host))
	for _, c := range []struct{ listen, host string }{{"tls://127.0.0.1:0", "127.0.0.1"}, {"tls://localhost:0", "localhost"}} {
		l, err := tr.Listen(t.Context(), parse(t, c.listen))
		require.NoError(t, err)
		require.Equal(t, c.host, l.URL().Hostname())
		require.NotEqual(t, "0", l.URL().Port())
		l.URL().Host = "changed"
		require.Equal(t, c.host, l.URL().Hostname(), "URL returns a copy")
		require.NoError(t, l.Close())
	}
	l, err := tr.Listen(t.Context(), parse(t, "tls://:0"))
	require.NoError(t, err)
	require.Contains(t, []string{"::", "0.0.0.0"}, l.URL().Hostname())
	require.NoError(t, l.Close())
	for _, raw := range []string{"tls://127.0.0.1:0", "tls://:5000"} {
		_, err := tr.Dial(t.Context(), parse(t, raw))
		require.ErrorIs(t, err, core.ErrHostURLInvalid, raw)
	}
	_, err = tr.Dial(t.Context(), parse(t, "tls://user:secret@127.0.0.1:5000"))
	require.NotContains(t, err.Error(), "secret")
}

// Names and addresses of all kinds are checked against the certificate.
func TestNames(t *testing.T) {
	w := securetest.NewWorld(t, config)
	client := tls.New(w.With(w.Client))
	for _, c := range []struct {
		template certs.Template
		at       string
		fails    bool
	}{
		{certs.Template{DNS: []string{"localhost"}}, "tls://localhost:0", false},
		{certs.Template{DNS: []string{"localhost"}}, "tls://LocalHost:0", false},
		{certs.Template{DNS: []string{"127.0.0.1"}}, "tls://127.0.0.1:0", true},
		{certs.Template{Name: "localhost"}, "tls://localhost:0", true}, // a common name is no name
		{certs.Template{IPs: []string{"::1"}}, "tls://[::1]:0", false},
		{certs.Template{IPs: []string{"::1"}}, "tls://[0:0:0:0:0:0:0:1]:0", false},
		{certs.Template{IPs: []string{"127.0.0.2"}}, "tls://127.0.0.1:0", true},
	} {
		c.template.URIs = []string{securetest.HostID}
		l, err := tls.New(w.With(w.Issue(t, c.template))).Listen(t.Context(), parse(t, c.at))
		if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
			t.Logf("%s: %v", c.at, err)
			continue
		}
		require.NoError(t, err)
		accepted := make(chan struct{})
		go func() {
			defer close(accepted)
			if a, err := l.Accept(); err == nil {
				_ = a.(core.Handshaker).HandshakeContext(context.Background())
				_ = a.Close()
			}
		}()
		d, err := client.Dial(t.Context(), l.URL())
		if c.fails {
			securetest.Refused(certs.CheckName, false)(t, err)
		} else {
			require.NoError(t, err, c.at)
			require.NoError(t, d.Close())
		}
		<-accepted
		require.NoError(t, l.Close())
	}
}

// Some hosts resume sessions that began with a certificate which they no longer use. It may have been revoked.
func TestHostWithOldSessions(t *testing.T) {
	w := securetest.NewWorld(t, config)
	hostConfig := w.With(w.Host)
	server, err := hostConfig.Server()
	require.NoError(t, err)
	server.GetConfigForClient = nil
	var own atomic.Pointer[stdtls.Certificate]
	own.Store(w.Host)
	server.GetCertificate = func(*stdtls.ClientHelloInfo) (*stdtls.Certificate, error) { return own.Load(), nil }
	l, err := intruder{host: server}.Listen(t.Context(), parse(t, "tls://127.0.0.1:0"))
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte{1})
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	}()
	defer func() {
		require.NoError(t, l.Close())
		<-done
	}()
	client := tls.New(w.With(w.Client))
	for i := range 4 {
		if i == 2 {
			own.Store(w.Issue(t, certs.Template{IPs: []string{"127.0.0.1"}, URIs: []string{securetest.HostID}}))
			w.Revoke(w.Host)
		}
		c, err := client.Dial(t.Context(), l.URL())
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		require.NoError(t, err)
		require.Equal(t, i%2 == 1, config.Resumed(c), "connection %d", i)
		require.NoError(t, c.Close())
	}
}

// A peer whose process ends takes its leave in no other way than over TCP: it is gone, and nothing is wrong.
func TestPeerGone(t *testing.T) {
	w := securetest.NewWorld(t, config)
	a, d := pair(t, tls.New(w.With(w.Host)), tls.New(w.With(w.Client)), "tls://127.0.0.1:0")
	require.NoError(t, a.(interface{ NetConn() net.Conn }).NetConn().Close())
	_, err := d.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// Close says goodbye, but not for long to a peer that does not listen.
func TestCloseIsQuick(t *testing.T) {
	w := securetest.NewWorld(t, config)
	a, _ := pair(t, tls.New(w.With(w.Host)), tls.New(w.With(w.Client)), "tls://127.0.0.1:0")
	raw := a.(interface{ NetConn() net.Conn }).NetConn()
	require.NoError(t, raw.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := raw.Write(make([]byte, 64<<20)) // more than the system takes, below TLS
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.NoError(t, raw.SetWriteDeadline(time.Time{}))
	began := time.Now()
	_ = a.Close()
	require.Less(t, time.Since(began), 3*time.Second)
}

// The end of what one side says is not the end of the other.
func TestHalfClosed(t *testing.T) {
	w := securetest.NewWorld(t, config)
	a, d := pair(t, tls.New(w.With(w.Host)), tls.New(w.With(w.Client)), "tls://127.0.0.1:0")
	require.NoError(t, a.(interface{ CloseWrite() error }).CloseWrite())
	_, err := d.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	_, err = d.Write([]byte("still here"))
	require.NoError(t, err)
	require.NoError(t, d.Close())
	got, err := io.ReadAll(a)
	require.NoError(t, err)
	require.Equal(t, "still here", string(got))
}

// Reading and writing costs no more allocations than crypto/tls makes by itself.
func TestAllocations(t *testing.T) {
	w := securetest.NewWorld(t, config)
	hostConfig, clientConfig := w.With(w.Host), w.With(w.Client)
	measure := func(a, d io.ReadWriter) float64 {
		b, least := make([]byte, 100), math.Inf(1)
		for range 20 { // others' allocations are counted, too
			least = min(least, testing.AllocsPerRun(100, func() {
				if _, err := a.Write(b); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadFull(d, b); err != nil {
					t.Error(err)
				}
			}))
		}
		return least
	}
	a, d := pair(t, tls.New(hostConfig), tls.New(clientConfig), "tls://127.0.0.1:0")
	server, err := hostConfig.Server()
	require.NoError(t, err)
	client, err := clientConfig.Client("127.0.0.1")
	require.NoError(t, err)
	bareA, bareD := bare(t, server, client)
	require.LessOrEqual(t, measure(a, d), measure(bareA, bareD))
}

// bare returns the two sides of a connection of crypto/tls.
func bare(t testing.TB, server, client *stdtls.Config) (a, d io.ReadWriter) {
	l, err := tcp.Transport{}.Listen(t.Context(), parse(t, "tcp://127.0.0.1:0"))
	require.NoError(t, err)
	defer l.Close()
	under, err := tcp.Transport{}.Dial(t.Context(), l.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = under.Close() })
	accepted, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = accepted.Close() })
	host := stdtls.Server(accepted, server)
	failed := make(chan error, 1)
	go func() { failed <- host.Handshake() }()
	c := stdtls.Client(under, client)
	require.NoError(t, c.Handshake())
	require.NoError(t, <-failed)
	return host, c
}

// A handshake that finds garbage is told apart from one that finds nobody.
func TestHandshakeEnds(t *testing.T) {
	w := securetest.NewWorld(t, config)
	l, err := tls.New(w.With(w.Host)).Listen(t.Context(), parse(t, "tls://127.0.0.1:0"))
	require.NoError(t, err)
	defer l.Close()
	for _, c := range []struct {
		sent  []byte
		check certs.Check // "" if nobody refuses anybody
	}{
		{nil, ""},
		{hello(t)[:20], ""},
		{bytes.Repeat([]byte("x"), 100), certs.CheckPlaintext},
	} {
		raw, err := net.Dial("tcp", l.URL().Host)
		require.NoError(t, err)
		_, err = raw.Write(c.sent)
		require.NoError(t, err)
		a, err := l.Accept()
		require.NoError(t, err)
		if c.check == "" {
			require.NoError(t, raw.Close())
		}
		err = a.(core.Handshaker).HandshakeContext(t.Context())
		if c.check == "" {
			var refused *certs.RefusedError
			require.Error(t, err)
			require.False(t, errors.As(err, &refused), "%v", err)
		} else {
			securetest.Refused(c.check, false)(t, err)
		}
		require.Empty(t, a.Peer().Identity)
		require.Equal(t, "tls", a.Peer().Scheme)
		_ = a.Close()
		_ = raw.Close()
	}
}
