package testca_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/certs/testca"
)

// acmePort is where the authority of a test asks for the answers to challenges.
func acmePort(t testing.TB) (port int, addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().(*net.TCPAddr).Port, l.Addr().String()
}

// A host gets its certificate by ACME, proves by http-01 that it is at its address, and renews it by its own clock, while the
// boiler is at work.
func TestACME(t *testing.T) {
	for _, scheme := range schemes {
		t.Run(scheme, func(t *testing.T) {
			port, addr := acmePort(t)
			p := &plant{t: t, scheme: scheme, ca: testca.New(t, testca.Options{ACMELifetime: 6 * time.Second, HTTP01Port: port})}
			p.startRegistry(p.process("registry"))
			o := certs.ACMEOptions{
				Directory: p.ca.ACME(), Roots: p.ca.Pool(), Names: []string{"127.0.0.1"}, Listen: addr,
				Dir: filepath.Join(t.TempDir(), "acme"), Logger: slog.New(slog.DiscardHandler),
			}
			own, err := certs.NewACME(soon(t), o)
			require.NoError(t, err)
			p.closed(own)
			host := p.process("host", func(c *certs.Config) { c.Certificate = own.Certificate })
			_, boiler, _ := host.host()
			work := p.traffic(boiler)
			panel := p.process("panel", func(c *certs.Config) { c.Expect = []string{"ip:127.0.0.1", name("registry")} })

			first := host.serial()
			_, old := panel.panel("")
			ofHost, _ := p.seen(old)
			assert.Contains(t, []string{first, host.serial()}, ofHost) // on a busy machine it may have been renewed meanwhile
			before := p.follow(old)
			require.Eventually(t, func() bool { return host.serial() != first }, patience, 2*time.Millisecond, "not renewed")
			second := host.serial()
			_, r := panel.panel("")
			ofHost, _ = p.seen(r)
			assert.Contains(t, []string{second, host.serial()}, ofHost)
			after := p.follow(r)
			n := work.end()
			before.reaches(t, n)
			after.reaches(t, n)
			assert.Empty(t, before.stateChanges())

			// The next start uses what the last one has left, and needs nobody.
			require.NoError(t, own.Close())
			kept, err := own.Certificate()
			require.NoError(t, err)
			o.Listen = "nowhere"
			again, err := certs.NewACME(soon(t), o)
			require.NoError(t, err)
			p.closed(again)
			now, err := again.Certificate()
			require.NoError(t, err)
			assert.Equal(t, kept.Leaf.Raw, now.Leaf.Raw)

			// What ACME has issued can be revoked as all else, and tells where it is from.
			require.NoError(t, now.Leaf.CheckSignatureFrom(p.ca.Intermediate()))
			assert.Equal(t, []string{"ip:127.0.0.1"}, certs.Identities(now.Leaf)[:1])
			require.NoError(t, p.ca.Revoke(now.Leaf.SerialNumber))
		})
	}
}

// Who is not at an address gets no certificate for it, and learns why.
func TestACMERefuses(t *testing.T) {
	port, addr := acmePort(t)
	_, elsewhere := acmePort(t)
	ca := testca.New(t, testca.Options{HTTP01Port: port})
	o := certs.ACMEOptions{
		Directory: ca.ACME(), Roots: ca.Pool(), Names: []string{"127.0.0.1"}, Listen: elsewhere, Logger: slog.New(slog.DiscardHandler),
	}
	_, err := certs.NewACME(soon(t), o) // nobody is there
	assert.ErrorContains(t, err, "certs: a certificate from "+ca.ACME()+": 127.0.0.1: challenge: ")
	assert.ErrorContains(t, err, "urn:ietf:params:acme:error:connection")

	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	another := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "what?") }))
	require.NoError(t, another.Listener.Close())
	another.Listener = l
	another.Start()
	defer another.Close()
	_, err = certs.NewACME(soon(t), o)
	assert.ErrorContains(t, err, "urn:ietf:params:acme:error:rejectedIdentifier")
}

// The authority is known by its root only: those of the system do not vouch for it.
func TestACMEOfStranger(t *testing.T) {
	ca := newCA(t)
	_, err := certs.NewACME(soon(t), certs.ACMEOptions{Directory: ca.ACME(), Names: []string{"127.0.0.1"}, Logger: slog.New(slog.DiscardHandler)})
	assert.ErrorContains(t, err, "certificate signed by unknown authority")
}
