package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// result is how a handshake ended for one side. In TLS 1.3 a client learns in its first Read that it is refused.
type result struct {
	err   error
	state tls.ConnectionState
}

// meet has both sides shake hands over TCP, and the host send a byte.
func meet(t testing.TB, host, client func(net.Conn) *tls.Conn) (h, c result) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	var both, closed sync.WaitGroup
	both.Add(2)
	side := func(raw net.Conn, wrap func(net.Conn) *tls.Conn, r *result, then func(*tls.Conn) error) {
		defer raw.Close() // when the other is done: a reset would take its alert away
		defer both.Wait()
		defer both.Done()
		defer func() {
			if r.err != nil && !errors.As(Refused(r.err), new(*RefusedError)) {
				_ = raw.Close() // there may be no alert to wait for
			}
		}()
		_ = raw.SetDeadline(time.Now().Add(soon))
		conn := wrap(raw)
		if r.err = conn.Handshake(); r.err == nil {
			r.err = then(conn)
		}
		r.state = conn.ConnectionState()
	}
	closed.Go(func() {
		side(accepted, host, &h, func(conn *tls.Conn) error {
			if _, err := conn.Write([]byte{1}); err != nil {
				return err
			}
			_, err := conn.Read(make([]byte, 1))
			return err
		})
	})
	closed.Go(func() {
		side(dialed, client, &c, func(conn *tls.Conn) error {
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				return err
			}
			_, err := conn.Write([]byte{1})
			return err
		})
	})
	closed.Wait()
	h.err, c.err = Refused(h.err), Refused(c.err)
	return h, c
}

func hostSide(t testing.TB, c *Config) func(net.Conn) *tls.Conn {
	t.Helper()
	config, err := c.Server()
	require.NoError(t, err)
	return func(raw net.Conn) *tls.Conn { return tls.Server(raw, config) }
}

func clientSide(t testing.TB, c *Config, host string, cache tls.ClientSessionCache) func(net.Conn) *tls.Conn {
	t.Helper()
	config, err := c.Client(host)
	require.NoError(t, err)
	config.ClientSessionCache = cache
	return func(raw net.Conn) *tls.Conn { return tls.Client(raw, config) }
}

const (
	hostName = "plant.example"
	panel    = "spiffe://plant.example/panel/7"
)

var (
	hostTemplate   = Template{Host: true, DNS: []string{hostName}, IPs: []string{"127.0.0.1", "::1"}, URIs: []string{"spiffe://plant.example/host"}}
	clientTemplate = Template{Client: true, URIs: []string{panel}}
)

// peers are both sides of a handshake that succeeds, until a test changes them.
type peers struct {
	a            *Authority
	host, client Config
	name         string
	rawHost      *tls.Config // instead of host
	rawClient    *tls.Config
}

func newPeers(t testing.TB) *peers {
	a := newAuthority(t)
	return &peers{
		a: a, name: hostName,
		host:   Fixed(issue(t, a, hostTemplate), a.Roots()),
		client: Fixed(issue(t, a, clientTemplate), a.Roots()),
	}
}

func (p *peers) meet(t testing.TB) (h, c result) {
	t.Helper()
	var host, client func(net.Conn) *tls.Conn
	if p.rawHost != nil {
		host = func(raw net.Conn) *tls.Conn { return tls.Server(raw, p.rawHost) }
	} else {
		host = hostSide(t, &p.host)
	}
	if p.rawClient != nil {
		client = func(raw net.Conn) *tls.Conn { return tls.Client(raw, p.rawClient) }
	} else {
		client = clientSide(t, &p.client, p.name, nil)
	}
	return meet(t, host, client)
}

func own(t testing.TB, a *Authority, template Template) func() (*tls.Certificate, error) {
	c := issue(t, a, template)
	return func() (*tls.Certificate, error) { return c, nil }
}

func with(t Template, change func(*Template)) Template {
	change(&t)
	return t
}

func past(t *Template) {
	t.NotBefore, t.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
}
func future(t *Template) {
	t.NotBefore, t.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
}

func revokes(serials ...*big.Int) []RevocationCheck {
	return []RevocationCheck{func(_ context.Context, chain []*x509.Certificate, _ []byte) error {
		for _, s := range serials {
			if chain[0].SerialNumber.Cmp(s) == 0 {
				return &RefusedError{Check: CheckRevoked}
			}
		}
		return nil
	}}
}

func TestHandshakes(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, p *peers){
		"both have certificates": func(*testing.T, *peers) {},
		"IP address":             func(_ *testing.T, p *peers) { p.name = "127.0.0.1" },
		"IPv6 address":           func(_ *testing.T, p *peers) { p.name = "::1" },
		"expected": func(_ *testing.T, p *peers) {
			p.host.Expect = []string{"spiffe://plant.example/other", "spiffe://plant.example/panel/*"}
			p.client.Expect = []string{"dns:" + hostName}
		},
		"anonymous":              func(_ *testing.T, p *peers) { p.client.Certificate, p.host.AnonymousClients = nil, true },
		"known though anonymous": func(_ *testing.T, p *peers) { p.host.AnonymousClients, p.host.Expect = true, []string{panel} },
		"no ALPN, as Qt": func(t *testing.T, p *peers) {
			p.rawClient = rawClient(t, p)
			p.rawClient.NextProtos = nil
		},
		"no ALPN at the host": func(t *testing.T, p *peers) {
			p.rawHost = rawHost(t, p)
			p.rawHost.NextProtos = nil
		},
		"clock": func(t *testing.T, p *peers) {
			p.host.Certificate, p.client.Certificate = own(t, p.a, with(hostTemplate, future)), own(t, p.a, with(clientTemplate, future))
			now := func() time.Time { return time.Now().Add(90 * time.Minute) }
			p.host.Now, p.client.Now = now, now
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeers(t)
			change(t, p)
			h, c := p.meet(t)
			require.NoError(t, h.err)
			require.NoError(t, c.err)
			require.EqualValues(t, tls.VersionTLS13, c.state.Version)
			require.Equal(t, "spiffe://plant.example/host", Identity(c.state.PeerCertificates[0]))
			if !p.host.AnonymousClients || p.client.Certificate != nil {
				require.Equal(t, panel, Identity(h.state.PeerCertificates[0]))
			} else {
				require.Empty(t, h.state.PeerCertificates)
			}
		})
	}
}

func rawClient(t testing.TB, p *peers) *tls.Config {
	c, err := p.client.Client(hostName)
	require.NoError(t, err)
	return c
}

func rawHost(t testing.TB, p *peers) *tls.Config {
	c, err := p.host.Server()
	require.NoError(t, err)
	c.GetConfigForClient = nil
	require.NoError(t, p.host.setRoots(&c.ClientCAs))
	return c
}

// A peer that refuses says less than it knows: for most it has but one alert.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change       func(t *testing.T, p *peers)
		host, client Check
		byClient     bool // it is the client who refuses
	}{
		"client of another authority": {func(t *testing.T, p *peers) { p.client.Certificate = own(t, newAuthority(t), clientTemplate) }, CheckAuthority, CheckAuthority, false},
		"host of another authority":   {func(t *testing.T, p *peers) { p.host.Certificate = own(t, newAuthority(t), hostTemplate) }, CheckCertificate, CheckAuthority, true},
		"client has expired":          {func(t *testing.T, p *peers) { p.client.Certificate = own(t, p.a, with(clientTemplate, past)) }, CheckExpired, CheckExpired, false},
		"host has expired":            {func(t *testing.T, p *peers) { p.host.Certificate = own(t, p.a, with(hostTemplate, past)) }, CheckCertificate, CheckExpired, true},
		"client is too early":         {func(t *testing.T, p *peers) { p.client.Certificate = own(t, p.a, with(clientTemplate, future)) }, CheckNotYetValid, CheckExpired, false},
		"host is too early":           {func(t *testing.T, p *peers) { p.host.Certificate = own(t, p.a, with(hostTemplate, future)) }, CheckCertificate, CheckNotYetValid, true},
		"another name":                {func(_ *testing.T, p *peers) { p.name = "other.example" }, CheckCertificate, CheckName, true},
		"another address":             {func(_ *testing.T, p *peers) { p.name = "127.0.0.2" }, CheckCertificate, CheckName, true},
		"the subject is no name":      {func(t *testing.T, p *peers) { p.host.Certificate = own(t, p.a, Template{Name: hostName}) }, CheckCertificate, CheckName, true},
		"client is unexpected": {func(_ *testing.T, p *peers) {
			p.host.Expect = []string{"spiffe://plant.example/panel/8", "spiffe://plant.example/panel*"}
		}, CheckIdentity, CheckCertificate, false},
		"host is unexpected": {func(_ *testing.T, p *peers) { p.client.Expect = []string{"spiffe://plant.example/hos/*"} }, CheckCertificate, CheckIdentity, true},
		"no certificate":     {func(_ *testing.T, p *peers) { p.client.Certificate = nil }, CheckNoCertificate, CheckNoCertificate, false},
		"bad though anonymous is fine": {func(t *testing.T, p *peers) {
			p.host.AnonymousClients = true
			p.client.Certificate = own(t, newAuthority(t), clientTemplate)
		}, CheckAuthority, CheckAuthority, false},
		"client is revoked": {func(_ *testing.T, p *peers) {
			c, _ := p.client.Certificate()
			p.host.Revocation = revokes(c.Leaf.SerialNumber)
		}, CheckRevoked, CheckCertificate, false},
		"host is revoked": {func(_ *testing.T, p *peers) {
			c, _ := p.host.Certificate()
			p.client.Revocation = revokes(big.NewInt(1), c.Leaf.SerialNumber)
		}, CheckCertificate, CheckRevoked, true},
		"a client's certificate at a host": {func(t *testing.T, p *peers) {
			p.host.Certificate = own(t, p.a, with(hostTemplate, func(t *Template) { t.Host, t.Client = false, true }))
		}, CheckCertificate, CheckCertificate, true},
		"a host's certificate at a client": {func(t *testing.T, p *peers) { p.client.Certificate = own(t, p.a, hostTemplate) }, CheckCertificate, CheckCertificate, false},
		"client of TLS 1.2": {func(t *testing.T, p *peers) {
			p.rawClient = rawClient(t, p)
			p.rawClient.MinVersion, p.rawClient.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		}, CheckVersion, CheckVersion, false},
		"host of TLS 1.2": {func(t *testing.T, p *peers) {
			p.rawHost = rawHost(t, p)
			p.rawHost.MinVersion, p.rawHost.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		}, CheckVersion, CheckVersion, false},
		"client of another protocol": {func(t *testing.T, p *peers) {
			p.rawClient = rawClient(t, p)
			p.rawClient.NextProtos = []string{"h2"}
		}, CheckProtocol, CheckProtocol, false},
		"host of another protocol": {func(t *testing.T, p *peers) {
			p.rawHost = rawHost(t, p)
			p.rawHost.NextProtos = []string{"h2"}
		}, CheckProtocol, CheckProtocol, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeers(t)
			c.change(t, p)
			h, d := p.meet(t)
			requireRefused(t, h.err, c.host, c.byClient)
			requireRefused(t, d.err, c.client, !c.byClient)
		})
	}
}

// What cannot be told is no refusal: it may be told later.
func TestUnknowable(t *testing.T) {
	down := errors.New("the server is down")
	p := newPeers(t)
	p.host.Revocation = []RevocationCheck{func(context.Context, []*x509.Certificate, []byte) error { return down }}
	h, c := p.meet(t)
	require.ErrorIs(t, h.err, down)
	var refused *RefusedError
	require.False(t, errors.As(h.err, &refused))
	requireRefused(t, c.err, CheckCertificate, true)

	for _, change := range []func(*Config){
		func(c *Config) { c.Certificate = func() (*tls.Certificate, error) { return nil, down } },
		func(c *Config) { c.Certificate = func() (*tls.Certificate, error) { return nil, nil } },
	} {
		p = newPeers(t)
		change(&p.host)
		h, _ = p.meet(t)
		require.ErrorContains(t, h.err, "own certificate: ")
		p = newPeers(t)
		change(&p.client)
		_, c = p.meet(t)
		require.ErrorContains(t, c.err, "own certificate: ")
	}
	p = newPeers(t)
	calls := 0
	roots := p.host.Roots
	p.host.Roots = func() (*x509.CertPool, error) {
		if calls++; calls > 1 {
			return nil, down
		}
		return roots()
	}
	h, _ = p.meet(t)
	require.ErrorIs(t, h.err, down)
}

func TestPlaintext(t *testing.T) {
	p := newPeers(t)
	for _, host := range []bool{true, false} {
		near, far := net.Pipe()
		var conn *tls.Conn
		if host {
			conn = hostSide(t, &p.host)(near)
		} else {
			conn = clientSide(t, &p.client, hostName, nil)(near)
		}
		go func() { _, _ = io.Copy(io.Discard, far) }()
		go func() { _, _ = far.Write([]byte("\x16\x00\x00\x00\x01\x00\x10\x00\x00\x00QtRO 2.0")) }()
		requireRefused(t, Refused(conn.Handshake()), CheckPlaintext, false)
		require.NoError(t, near.Close())
		require.NoError(t, far.Close())
	}
}

// A resumed session is not checked by crypto/tls as a new one is.
func TestResumption(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(t *testing.T, p *peers)
		check    Check // "" if all is well
		byClient bool
	}{
		"nothing has changed": {func(*testing.T, *peers) {}, "", false},
		"roots are added":     {func(t *testing.T, p *peers) { addRoot(t, p) }, "", false},
		"client is revoked": {func(_ *testing.T, p *peers) {
			c, _ := p.client.Certificate()
			p.host.Revocation = revokes(c.Leaf.SerialNumber)
		}, CheckRevoked, false},
		"host is revoked": {func(_ *testing.T, p *peers) {
			c, _ := p.host.Certificate()
			p.client.Revocation = revokes(c.Leaf.SerialNumber)
		}, CheckRevoked, true},
		"time at the host":        {func(_ *testing.T, p *peers) { p.host.Now = inAYear }, CheckExpired, false},
		"time at the client":      {func(_ *testing.T, p *peers) { p.client.Now = inAYear }, CheckExpired, true},
		"root gone at the host":   {func(t *testing.T, p *peers) { p.host.Roots = newRoots(t) }, CheckAuthority, false},
		"root gone at the client": {func(t *testing.T, p *peers) { p.client.Roots = newRoots(t) }, CheckAuthority, true},
		"client is unexpected":    {func(_ *testing.T, p *peers) { p.host.Expect = []string{"dns:x"} }, CheckIdentity, false},
		"host is unexpected":      {func(_ *testing.T, p *peers) { p.client.Expect = []string{"dns:x"} }, CheckIdentity, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeers(t)
			now := *p // what the functions of the first handshake see
			// The host's configuration is one for all its connections, with the keys of the tickets.
			host := Config{
				Certificate: p.host.Certificate,
				Roots:       func() (*x509.CertPool, error) { return now.host.Roots() },
				Revocation: []RevocationCheck{func(ctx context.Context, chain []*x509.Certificate, staple []byte) error {
					return now.host.checkChain(ctx, chain, staple)
				}},
				Now: func() time.Time {
					if now.host.Now != nil {
						return now.host.Now()
					}
					return time.Now()
				},
			}
			server, err := host.Server()
			require.NoError(t, err)
			accept := func(raw net.Conn) *tls.Conn { return tls.Server(raw, server) }
			cache := tls.NewLRUClientSessionCache(1)
			for _, resumed := range []bool{false, true} {
				h, d := meet(t, accept, clientSide(t, &now.client, hostName, cache))
				require.NoError(t, h.err)
				require.NoError(t, d.err)
				require.Equal(t, resumed, h.state.DidResume)
				require.Equal(t, panel, Identity(h.state.PeerCertificates[0]))
			}
			c.change(t, &now)
			host.Expect = now.host.Expect
			h, d := meet(t, accept, clientSide(t, &now.client, hostName, cache))
			if c.check == "" {
				require.NoError(t, h.err)
				require.NoError(t, d.err)
				return
			}
			local, remote := h.err, d.err
			if c.byClient {
				local, remote = remote, local
			}
			requireRefused(t, local, c.check, false)
			var refused *RefusedError
			require.ErrorAs(t, remote, &refused)
			require.True(t, refused.Remote)
		})
	}
}

func inAYear() time.Time { return time.Now().AddDate(1, 0, 0) }

func newRoots(t testing.TB) func() (*x509.CertPool, error) {
	roots := newAuthority(t).Roots()
	return func() (*x509.CertPool, error) { return roots, nil }
}

func addRoot(t testing.TB, p *peers) {
	roots := p.a.Roots()
	roots.AddCert(newAuthority(t).Root())
	p.host.Roots = func() (*x509.CertPool, error) { return roots, nil }
}

// A renewed certificate serves the next handshake of both sides, and the live connection stays.
func TestRenewedInHandshakes(t *testing.T) {
	h, c := newSet(t), newSet(t)
	put(t, h.Roots[0], append(rootPEM(h.a), rootPEM(c.a)...))
	put(t, c.Roots[0], append(rootPEM(h.a), rootPEM(c.a)...))
	_, host := h.open()
	_, client := c.open()
	server, err := host.Server()
	require.NoError(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	defer l.Close()
	connect := func() (client1, host1 *tls.Conn) {
		config, err := client.Client("one.example")
		require.NoError(t, err)
		accepted := make(chan *tls.Conn, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				_ = conn.(*tls.Conn).Handshake()
			}
			accepted <- conn.(*tls.Conn)
		}()
		conn, err := tls.Dial("tcp", l.Addr().String(), config)
		require.NoError(t, err)
		return conn, <-accepted
	}
	live, far := connect()
	defer live.Close()
	defer far.Close()
	require.NoError(t, WritePEM(issue(t, h.a, Template{DNS: []string{"one.example", "new"}}), h.Certificate, h.Key))
	require.NoError(t, WritePEM(issue(t, c.a, Template{DNS: []string{"two.example"}}), c.Certificate, c.Key))
	h.log.wait(t, "own certificate is renewed")
	c.log.wait(t, "own certificate is renewed")
	next, nextFar := connect()
	defer next.Close()
	defer nextFar.Close()
	require.Contains(t, Identities(next.ConnectionState().PeerCertificates[0]), "dns:new")
	require.Equal(t, "dns:two.example", Identity(nextFar.ConnectionState().PeerCertificates[0]))
	require.Equal(t, "dns:one.example", Identity(far.ConnectionState().PeerCertificates[0]))
	_, err = live.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(far, make([]byte, 1))
	require.NoError(t, err)
}

// A host that renews its certificate shows the new one also to clients that would resume a session.
func TestSessionsEndWithCertificate(t *testing.T) {
	p := newPeers(t)
	var broken bool
	certificate := p.host.Certificate
	config := p.host
	config.Certificate = func() (*tls.Certificate, error) {
		if broken {
			return nil, nil
		}
		return certificate()
	}
	server, err := config.Server()
	require.NoError(t, err)
	accept := func(raw net.Conn) *tls.Conn { return tls.Server(raw, server) }
	cache := tls.NewLRUClientSessionCache(1)
	for _, resumes := range []bool{false, true, false, true} {
		h, c := meet(t, accept, clientSide(t, &p.client, hostName, cache))
		require.NoError(t, h.err)
		require.NoError(t, c.err)
		require.Equal(t, resumes, c.state.DidResume)
		now, _ := certificate()
		require.Equal(t, now.Leaf.Raw, c.state.PeerCertificates[0].Raw)
		if resumes {
			certificate = own(t, p.a, hostTemplate)
		}
	}
	broken = true
	h, _ := meet(t, accept, clientSide(t, &p.client, hostName, cache))
	require.ErrorContains(t, h.err, "own certificate: there is none")
}
