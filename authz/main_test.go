package authz_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 15 * time.Second

// write writes a file in place.
func write(t testing.TB, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

// replace puts a file in another's place.
func replace(t testing.TB, name, text string) {
	t.Helper()
	write(t, name+".new", text)
	require.NoError(t, os.Rename(name+".new", name))
}

// open loads a policy text.
func open(t testing.TB, text string) *authz.Policies {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.cedar")
	write(t, name, text)
	p, err := authz.Open(authz.Config{Static: true}, name)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// logs are the records of a logger, one line each.
type logs chan string

func (l logs) logger() *slog.Logger { return slog.New(l) }

func (l logs) Enabled(context.Context, slog.Level) bool { return true }
func (l logs) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l logs) WithGroup(string) slog.Handler            { return l }

func (l logs) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Level.String() + " " + r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s", a)
		return true
	})
	l <- b.String()
	return nil
}

// next waits for what a channel brings.
func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatal("nothing happens")
		panic("unreachable")
	}
}

func none[T any](t testing.TB, c <-chan T) {
	t.Helper()
	select {
	case v := <-c:
		t.Fatalf("unexpected: %v", v)
	default:
	}
}

// The peers of the tests.
var (
	stranger = &core.Peer{Scheme: "tcp", Addr: "10.0.0.5:4711"}
	panel    = &core.Peer{Scheme: "tls", Addr: "10.1.0.7:4712", Security: core.Authenticated, Identity: "spiffe://plant/panel",
		Certificates: []*x509.Certificate{certificate("panel", []string{"panel.plant.example"}, "spiffe://plant/panel")}}
	ada = &core.Peer{Scheme: "quic", Addr: "[2001:db8::1]:4713", Security: core.Authenticated, Identity: "spiffe://plant/ada",
		Certificates: []*x509.Certificate{certificate("ada", nil, "spiffe://plant/ada")}}
	boiler = &core.Peer{Scheme: "tls", Addr: "10.1.0.8:1", Security: core.Authenticated, Identity: "spiffe://plant/boiler"}
	local  = &core.Peer{Scheme: "local", Addr: "/run/plant.sock", Security: core.Local, Identity: "uid:1000",
		Unix: &core.Credentials{PID: 7, UID: 1000, GID: 100}}
	unproven = &core.Peer{Scheme: "tls", Addr: "10.0.0.6:1", Security: core.Encrypted}
)

// certificate makes up what a transport would have verified.
func certificate(name string, dns []string, uri string) *x509.Certificate {
	u, err := url.Parse(uri)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"Plant"}}, DNSNames: dns, URIs: []*url.URL{u}}
	c.Raw = []byte(name + strings.Repeat(" certificate", 80))
	return c
}

// request makes a request of "call Boiler.setLevel" and the like; objects are of the class Boiler.
func request(peer *core.Peer, text string) core.Request {
	verb, target, _ := strings.Cut(text, " ")
	r := core.Request{Peer: peer, Class: "Boiler"}
	for a := core.See; a <= core.Register; a++ {
		if a.String() == verb {
			r.Action = a
		}
	}
	r.Object = target
	if r.Action == core.Read || r.Action == core.Write || r.Action == core.Call {
		r.Object, r.Member, _ = strings.Cut(target, ".")
	}
	return r
}
