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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

// secure is a transport as somebody else might write it, who knows nothing of this module's certificates: mutual TLS in which
// peers are known by their common names. Hosts of any name will do that the authority has signed.
type secure struct{ config *tls.Config }

// authority signs the certificates of secure transports.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{cert: &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}}
	a.cert, a.key = a.sign(t, a.cert)
	return a
}

func (a *authority) sign(t testing.TB, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	by := a.key
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, by)
	require.NoError(t, err)
	c, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return c, key
}

// transport returns that of a process of this name, which trusts the authority.
func (a *authority) transport(t testing.TB, name string, validUntil time.Time) secure {
	c, key := a.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"anybody"},
		NotAfter: validUntil, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return secure{&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "anybody", MinVersion: tls.VersionTLS13,
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
	t := secureConn{tls.Client(c, s.config), u.Scheme}
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, final(err)
	}
	return t, nil
}

// secureConn has the method HandshakeContext, by which it is a core.Handshaker.
type secureConn struct {
	*tls.Conn
	scheme string
}

func (c secureConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, final(err)
}

func (c secureConn) Peer() core.Peer {
	p := core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String()}
	if certs := c.ConnectionState().PeerCertificates; len(certs) > 0 {
		p.Identity = "cn:" + certs[0].Subject.CommonName
	}
	return p
}

// refusedError is an error that stays.
type refusedError struct{ error }

func (refusedError) Permanent() bool { return true }

// final tells refusals for good from errors that may pass.
func final(err error) error {
	if err == nil {
		return nil
	}
	for _, text := range []string{"authority", "certificate required"} {
		if strings.Contains(err.Error(), text) {
			return refusedError{err}
		}
	}
	return err
}

func contains(text string) func(testing.TB, error) {
	return func(t testing.TB, err error) {
		t.Helper()
		require.ErrorContains(t, err, text)
	}
}

// refusals are those of the secure transport.
func (a *authority) refusals(t testing.TB) []Refusal {
	inAnHour, anHourAgo := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	stranger := func(name string) secure {
		s := a.transport(t, name, inAnHour)
		s.config.Certificates = newAuthority(t).transport(t, name, inAnHour).config.Certificates
		return s
	}
	nobody := a.transport(t, "nobody", inAnHour)
	nobody.config.Certificates = nil
	return []Refusal{
		{Name: "host of an unknown authority", Host: stranger("host"), CheckHost: contains("bad certificate"), CheckClient: contains("unknown authority")},
		{Name: "client of an unknown authority", Client: stranger("client"), CheckHost: contains("unknown authority"), CheckClient: contains("unknown certificate authority")},
		{Name: "client without a certificate", Client: nobody, CheckHost: contains("didn't provide a certificate"), CheckClient: contains("certificate required")},
		{Name: "expired host", Host: a.transport(t, "host", anHourAgo), CheckHost: contains("bad certificate"), CheckClient: contains("has expired"), Retries: true},
		{Name: "expired client", Client: a.transport(t, "client", anHourAgo), CheckHost: contains("has expired"), CheckClient: contains("expired certificate"), Retries: true},
		{Name: "host without TLS", Host: plain, CheckClient: func(testing.TB, error) {}, Retries: true},
	}
}

func (a *authority) config(t testing.TB) Config {
	return Config{
		Transport:   a.transport(t, "host", time.Now().Add(time.Hour)),
		Dialer:      a.transport(t, "client", time.Now().Add(time.Hour)),
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
		Hello:        func(testing.TB) []byte { return []byte{22, 3, 1, 2, 0, 1} },
		CheckStalled: func(t testing.TB, err error) { require.ErrorIs(t, err, context.DeadlineExceeded) },
		Refusals:     a.refusals(t),
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			require.Equal(t, "cn:client", accepted.Identity)
			require.Equal(t, "cn:host", dialed.Identity)
		},
	}
}

func TestSecure(t *testing.T) { Run(t, newAuthority(t).config(t)) }

// TestLaxTransports checks that what a secure transport does not refuse, or not as it should, is found.
func TestLaxTransports(t *testing.T) {
	a := newAuthority(t)
	good := a.refusals(t)
	named := func(name string) Refusal {
		i := slices.IndexFunc(good, func(r Refusal) bool { return r.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		return good[i]
	}
	lax := func(tr core.Transport) secure {
		s := secure{tr.(secure).config.Clone()}
		s.config.InsecureSkipVerify, s.config.ClientAuth = true, tls.RequestClientCert
		return s
	}
	for _, f := range []struct {
		name   string
		change func(*Config) Refusal
	}{
		{"a client takes any host", func(c *Config) Refusal { c.Dialer = lax(c.Dialer); return named("host of an unknown authority") }},
		{"a host takes any client", func(c *Config) Refusal {
			c.Transport = lax(c.Transport)
			return named("client of an unknown authority")
		}},
		{"who is refused goes on", func(c *Config) Refusal {
			r := named("client without a certificate")
			r.Client = faulty{Transport: r.Client, conn: func(c core.Conn) core.Conn {
				return faultyConn{Conn: c, read: func(b []byte) (int, error) { return c.(secureConn).Conn.Read(b) }}
			}}
			return r
		}},
		{"who is refused leaves it too early", func(c *Config) Refusal {
			r := named("expired host")
			c.Dialer = faulty{dial: func(ctx context.Context, _ core.Transport, u *url.URL) (core.Conn, error) {
				conn, err := a.transport(t, "client", time.Now().Add(time.Hour)).Dial(ctx, u)
				if err != nil {
					return nil, refusedError{err}
				}
				return conn, nil
			}}
			return r
		}},
		{"the host says nothing", func(c *Config) Refusal {
			r := named("expired client")
			r.CheckHost = contains("another reason")
			return r
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := a.config(t)
			c.Timeout = time.Second
			r := f.change(&c)
			s := newSuite(t, c)
			failure := ""
			for _, k := range refusalChecks([]Refusal{r}) {
				failure += try(t, func(t testing.TB) { k.run(s, t) })
			}
			require.NotEmpty(t, failure, "nothing finds it")
			t.Log(failure)
		})
	}
}
