// Package securetest checks a secure transport of this module: that it keeps the contract of transports, that it refuses what
// it must, that both sides say why, and that sessions, renewals and revocations do what they should. A transport's test calls
// it in a few lines, since both are configured by a [certs.Config]:
//
//	func TestTransport(t *testing.T) {
//		securetest.Run(t, securetest.Config{
//			Scheme:  "tls",
//			New:     func(c certs.Config) core.Transport { return tls.New(c) },
//			Resumed: func(c core.Conn) bool { … },
//		})
//	}
package securetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
)

// Config says what to check and how.
type Config struct {
	Scheme string
	New    func(certs.Config) core.Transport
	// Resumed tells whether a connection goes on with a session of an earlier one.
	Resumed func(core.Conn) bool
	// Intruders returns peers that do not even speak as they should, in addition to those whose certificates are wrong.
	Intruders func(t testing.TB, w *World) []transporttest.Refusal
	// InvalidURLs, StalledURL, RawDial, Hello and Timeout are those of transporttest.Config. URLs with user info, path, query
	// or fragment are always checked.
	InvalidURLs []string
	StalledURL  func(t testing.TB) string
	RawDial     func(ctx context.Context, u *url.URL) (net.Conn, error)
	Hello       func(t testing.TB) []byte
	Timeout     time.Duration
}

// Names of the world in which transports are tested.
const (
	HostID   = "spiffe://plant.example/host"
	ClientID = "spiffe://plant.example/panel"
	address  = "127.0.0.1" // what the host's certificate is for
)

// World has an authority, and a host and a client that it has certified.
type World struct {
	Config
	Authority    *certs.Authority
	Host, Client *tls.Certificate

	mu      sync.Mutex
	revoked map[string]bool
}

// NewWorld makes a world.
func NewWorld(t testing.TB, c Config) *World {
	t.Helper()
	w := &World{Config: c, revoked: map[string]bool{}}
	if w.Timeout <= 0 {
		w.Timeout = 10 * time.Second
	}
	w.Authority = authority(t, "Plant")
	w.Host = w.Issue(t, certs.Template{IPs: []string{address}, URIs: []string{HostID}})
	w.Client = w.Issue(t, certs.Template{URIs: []string{ClientID}})
	return w
}

func authority(t testing.TB, name string) *certs.Authority {
	t.Helper()
	a, err := certs.NewAuthority(name, certs.AuthorityOptions{})
	must(t, err)
	return a
}

// Issue makes a certificate that is signed by the world's authority.
func (w *World) Issue(t testing.TB, template certs.Template) *tls.Certificate {
	t.Helper()
	return issue(t, w.Authority, template)
}

func issue(t testing.TB, a *certs.Authority, template certs.Template) *tls.Certificate {
	t.Helper()
	c, err := a.Issue(template)
	must(t, err)
	return c
}

// With returns the configuration of a process of the world that has this certificate, nil for none. It trusts the world's
// authority, expects its identities, and looks at what the world has revoked.
func (w *World) With(own *tls.Certificate) certs.Config {
	c := certs.Fixed(own, w.Authority.Roots())
	c.Expect = []string{"spiffe://plant.example/*"}
	c.Revocation = []certs.RevocationCheck{w.check}
	return c
}

// Revoke revokes a certificate.
func (w *World) Revoke(c *tls.Certificate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked[c.Leaf.SerialNumber.String()] = true
}

func (w *World) check(_ context.Context, chain []*x509.Certificate, _ []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.revoked[chain[0].SerialNumber.String()] {
		return &certs.RefusedError{Check: certs.CheckRevoked}
	}
	return nil
}

// transport returns a transport of a process with this certificate.
func (w *World) transport(own *tls.Certificate) core.Transport { return w.New(w.With(own)) }

// Run checks a transport. It must not run in parallel with other tests.
func Run(t *testing.T, c Config) {
	t.Run("contract", func(t *testing.T) { contract(t, c) })
	for _, k := range []struct {
		name string
		run  func(*World, *testing.T)
	}{
		{"sessions are resumed", (*World).resumption},
		{"a resumed session is checked by the host", (*World).resumedClient},
		{"a resumed session is checked by the client", (*World).resumedHost},
		{"roots are withdrawn", (*World).withdrawnRoots},
		{"renewal", (*World).renewal},
		{"renewal after revocation", (*World).renewalAfterRevocation},
		{"a node waits for renewal", (*World).waitForRenewal},
		{"live connections", (*World).liveConnections},
		{"live connections are dropped", (*World).dropLive},
		{"a connection is dropped that has just begun", (*World).dropMeanwhile},
		{"a revoked node is dropped", (*World).dropNode},
		{"anonymous clients", (*World).anonymous},
		{"what a Config lacks", (*World).incomplete},
	} {
		t.Run(k.name, func(t *testing.T) { k.run(NewWorld(t, c), t) })
	}
}

// contract runs the conformance suite with all that has to be refused.
func contract(t *testing.T, c Config) {
	w := NewWorld(t, c)
	refusals := w.refusals(t)
	if c.Intruders != nil {
		refusals = append(refusals, c.Intruders(t, w)...)
	}
	at := w.Scheme + "://"
	transporttest.Run(t, transporttest.Config{
		Transport: w.transport(w.Host),
		Dialer:    w.transport(w.Client),
		ListenURL: func(testing.TB) string { return at + address + ":0" },
		InvalidURLs: append([]string{
			w.Scheme + ":5000", at + "127.0.0.1", at + "127.0.0.1:", at + "127.0.0.1:70000", at + "somebody@127.0.0.1:5000",
			at + "127.0.0.1:5000/", at + "127.0.0.1:5000/insecure", at + "127.0.0.1:5000?insecure=true", at + "127.0.0.1:5000?",
			at + "127.0.0.1:5000#insecure",
		}, c.InvalidURLs...),
		StalledURL: c.StalledURL, RawDial: c.RawDial, Hello: c.Hello, Timeout: w.Timeout,
		CheckStalled: Refused(certs.CheckStalled, false),
		Refusals:     refusals,
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			t.Helper()
			checkPeer(t, accepted, ClientID, w.Client)
			checkPeer(t, dialed, HostID, w.Host)
		},
	})
}

func checkPeer(t testing.TB, p core.Peer, id string, c *tls.Certificate) {
	t.Helper()
	if p.Security != core.Authenticated || p.Identity != id {
		t.Errorf("the peer is %s %q instead of authenticated %q", p.Security, p.Identity, id)
	}
	if len(p.Certificates) != 3 || !p.Certificates[0].Equal(c.Leaf) {
		t.Errorf("the peer has a chain of %d certificates instead of its own, the intermediate and the root", len(p.Certificates))
	}
}

// server accepts connections, greets those that it does not refuse and sends back what they send.
type server struct {
	url     *url.URL
	refused chan error     // by or in the handshake
	peers   chan core.Peer // that have been greeted
	ended   chan error     // why connections of those ended
}

const greeting = 'q'

func (w *World) serve(t testing.TB, tr core.Transport) *server {
	t.Helper()
	u := &url.URL{Scheme: w.Scheme, Host: address + ":0"}
	l, err := tr.Listen(t.Context(), u)
	must(t, err)
	const many = 100
	s := &server{l.URL(), make(chan error, many), make(chan core.Peer, many), make(chan error, many)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				s.talk(ctx, c)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		running.Wait()
	})
	return s
}

func (s *server) talk(ctx context.Context, c core.Conn) {
	var err error
	if h, ok := c.(core.Handshaker); ok {
		err = h.HandshakeContext(ctx)
	}
	if err == nil {
		_, err = c.Write([]byte{greeting})
	}
	if err != nil {
		s.refused <- err
		return
	}
	s.peers <- c.Peer()
	_, err = io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
	s.ended <- err
}

// dial connects to a server, as its client says it, until the server has said something.
func (w *World) dial(t testing.TB, tr core.Transport, s *server) (core.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), w.Timeout)
	defer cancel()
	c, err := tr.Dial(ctx, s.url)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	must(t, c.SetReadDeadline(time.Now().Add(w.Timeout)))
	_, err = c.Read(make([]byte, 1))
	must(t, c.SetReadDeadline(time.Time{}))
	return c, err
}

// connect is dial that must succeed. It returns who the server takes the client for.
func (w *World) connect(t testing.TB, tr core.Transport, s *server) (core.Conn, core.Peer) {
	t.Helper()
	c, err := w.dial(t, tr, s)
	must(t, err)
	return c, receive(t, w, s.peers)
}

// resumed connects until a session is resumed: some transports get what they need for that after the first bytes.
func (w *World) resumed(t testing.TB, tr core.Transport, s *server) (core.Conn, core.Peer) {
	t.Helper()
	for began := time.Now(); ; {
		c, peer := w.connect(t, tr, s)
		if w.Resumed(c) {
			return c, peer
		}
		if time.Since(began) > w.Timeout {
			t.Fatal("no session is resumed")
		}
	}
}

// converse checks that a connection goes on.
func (w *World) converse(t testing.TB, c core.Conn) {
	t.Helper()
	must(t, c.SetDeadline(time.Now().Add(w.Timeout)))
	_, err := c.Write([]byte("anybody there?"))
	must(t, err)
	b := make([]byte, len("anybody there?"))
	_, err = io.ReadFull(c, b)
	must(t, err)
	must(t, c.SetDeadline(time.Time{}))
}

// Refused returns a check that an error is a [certs.RefusedError] of this kind.
func Refused(check certs.Check, remote bool) func(testing.TB, error) {
	return func(t testing.TB, err error) {
		t.Helper()
		var refused *certs.RefusedError
		if !errors.As(err, &refused) {
			t.Fatalf("not a RefusedError: %v", err)
		}
		if refused.Check != check || refused.Remote != remote {
			t.Fatalf("check %q (remote: %t) instead of %q (%t): %v", refused.Check, refused.Remote, check, remote, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func receive[T any](t testing.TB, w *World, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(w.Timeout):
		t.Fatalf("nothing within %v", w.Timeout)
		panic("unreachable")
	}
}
