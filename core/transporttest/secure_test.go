package transporttest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

// secure is a transport as somebody else might write it: mutual TLS in which one certificate is everybody's. It shows that
// the suite fits transports whose handshake runs in the first Read or Write.
type secure struct{ config *tls.Config }

func newSecure(t testing.TB) secure {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "everybody"}, DNSNames: []string{"everybody"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return secure{&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "everybody", MinVersion: tls.VersionTLS13,
	}}
}

func (s secure) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	below := *u
	below.Scheme = "tcp"
	l, err := plain.Listen(ctx, &below)
	if err != nil {
		return nil, err
	}
	below.Scheme, below.Host = u.Scheme, l.URL().Host
	return faultyListener{Listener: l, url: &below, conn: func(c core.Conn) core.Conn {
		return secureConn{tls.Server(c, s.config), u.Scheme}
	}}, nil
}

func (s secure) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	below := *u
	below.Scheme = "tcp"
	c, err := plain.Dial(ctx, &below)
	if err != nil {
		return nil, err
	}
	t := tls.Client(c, s.config)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return secureConn{t, u.Scheme}, nil
}

type secureConn struct {
	*tls.Conn
	scheme string
}

func (c secureConn) Peer() core.Peer {
	p := core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String()}
	if certs := c.ConnectionState().PeerCertificates; len(certs) > 0 {
		p.Identity = "cn:" + certs[0].Subject.CommonName
	}
	return p
}

func TestSecure(t *testing.T) {
	Run(t, Config{
		Transport:   newSecure(t),
		ListenURL:   func(testing.TB) string { return "mytls://127.0.0.1:0" },
		InvalidURLs: []string{"mytls://127.0.0.1"},
		RawDial: func(ctx context.Context, u *url.URL) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", u.Host)
		},
		StalledURL: func(t testing.TB) string { // answers no handshake
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			return "mytls://" + l.Addr().String()
		},
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			require.Equal(t, "cn:everybody", dialed.Identity)
			// A host asks for the peer before the handshake, so that a slot does not know it.
			require.Contains(t, []string{"", "cn:everybody"}, accepted.Identity)
		},
	})
}
