package testca

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// A logger that step-ca's database library for badger brings along starts it as soon as it is linked, and never ends it.
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
	)
}

// patience is how long anything that should happen may take on a busy machine.
const patience = 30 * time.Second

func issue(t testing.TB, ca *CA, lifetime time.Duration, names ...string) *tls.Certificate {
	t.Helper()
	c, err := ca.Issue(lifetime, names...)
	require.NoError(t, err)
	return c
}

func TestStart(t *testing.T) {
	before := goleak.IgnoreCurrent()
	dir := t.TempDir()
	ca, err := Start(dir, Options{})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(ca.URL(), "https://127.0.0.1:"), ca.URL())
	assert.Equal(t, ca.URL()+"/acme/acme/directory", ca.ACME())
	resp, err := ca.HTTPClient().Get(ca.ACME())
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Contains(t, string(body), "newOrder")

	roots, err := certs.LoadCertificates(ca.RootFile())
	require.NoError(t, err)
	assert.Equal(t, []*x509.Certificate{ca.Root()}, roots)
	assert.NoError(t, ca.Intermediate().CheckSignatureFrom(ca.Root()))

	second, err := Start(t.TempDir(), Options{}) // in the same process, and nothing is shared
	require.NoError(t, err)
	assert.NotEqual(t, ca.Root().Raw, second.Root().Raw)
	require.NoError(t, second.Stop())

	issue(t, ca, time.Hour, "plant.example")
	require.NoError(t, ca.Stop())
	require.NoError(t, ca.Stop())
	_, err = ca.Issue(time.Hour, "plant.example")
	assert.ErrorContains(t, err, `testca: issue for ["plant.example"]: `)
	_, err = ca.CRL()
	assert.ErrorContains(t, err, "testca: CRL: ")
	goleak.VerifyNone(t, before)

	_, err = Start(filepath.Join(dir, "missing"), Options{})
	assert.ErrorContains(t, err, "testca: start: ")
}

func TestStartWhenPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	find, attempts := freeAddr, 0
	defer func() { freeAddr = find }()
	freeAddr = func() (string, error) {
		if attempts++; attempts <= 2 {
			return taken.Addr().String(), nil
		}
		return find()
	}
	ca, err := Start(t.TempDir(), Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, attempts)
	issue(t, ca, time.Hour, "plant.example")
	require.NoError(t, ca.Stop())

	attempts = -1000
	_, err = Start(t.TempDir(), Options{})
	assert.ErrorContains(t, err, "address already in use")
}

func TestIssue(t *testing.T) {
	ca := New(t, Options{})
	const spiffe = "spiffe://plant.example/panel/7"
	c := issue(t, ca, 10*time.Minute, spiffe, "plant.example", "127.0.0.1", "::1")
	assert.Equal(t, []string{spiffe, "dns:plant.example", "ip:127.0.0.1", "ip:::1", "subject:CN=" + spiffe}, certs.Identities(c.Leaf))
	assert.InDelta(t, 10*60, time.Until(c.Leaf.NotAfter).Seconds(), 5)
	require.Len(t, c.Certificate, 2)
	assert.Equal(t, ca.Intermediate().Raw, c.Certificate[1])
	between := x509.NewCertPool()
	between.AddCert(ca.Intermediate())
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		_, err := c.Leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), Intermediates: between, KeyUsages: []x509.ExtKeyUsage{use}})
		assert.NoError(t, err)
	}

	other := issue(t, ca, 2*time.Second, "plant.example")
	assert.NotEqual(t, c.Leaf.SerialNumber, other.Leaf.SerialNumber)
	assert.NotEqual(t, c.Leaf.PublicKey, other.Leaf.PublicKey)
	assert.Less(t, time.Until(other.Leaf.NotAfter), 3*time.Second)

	for _, bad := range []struct {
		lifetime time.Duration
		names    []string
	}{{time.Hour, nil}, {0, []string{"plant.example"}}, {-time.Hour, []string{"plant.example"}}, {48 * time.Hour, []string{"plant.example"}}} {
		_, err := ca.Issue(bad.lifetime, bad.names...)
		assert.ErrorContains(t, err, "testca: issue for ", "%v", bad)
	}
}

func TestRevoke(t *testing.T) {
	ca := New(t, Options{})
	file := filepath.Join(t.TempDir(), "crl.der")
	// revoked returns the serial numbers on the list.
	revoked := func() (all []*big.Int, number *big.Int) {
		require.NoError(t, ca.WriteCRL(file))
		der, err := os.ReadFile(file)
		require.NoError(t, err)
		list, err := x509.ParseRevocationList(der)
		require.NoError(t, err)
		require.NoError(t, list.CheckSignatureFrom(ca.Intermediate()))
		require.Greater(t, time.Until(list.NextUpdate), time.Hour)
		for _, e := range list.RevokedCertificateEntries {
			all = append(all, e.SerialNumber)
		}
		return all, list.Number
	}
	none, first := revoked()
	assert.Empty(t, none)

	good, bad := issue(t, ca, time.Hour, "good.example"), issue(t, ca, time.Hour, "bad.example")
	require.NoError(t, ca.Revoke(bad.Leaf.SerialNumber))
	all, second := revoked()
	assert.Equal(t, []*big.Int{bad.Leaf.SerialNumber}, all)
	assert.Equal(t, 1, second.Cmp(first))
	assert.ErrorContains(t, ca.Revoke(bad.Leaf.SerialNumber), "testca: revoke ")

	assert.Error(t, ca.WriteCRL(filepath.Join(t.TempDir(), "missing", "crl.der")))
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, left, 1)

	// What has been revoked is not renewed; all else is.
	r := manual(t, ca, good)
	_, err = r.renew()
	require.NoError(t, err)
	r = manual(t, ca, bad)
	_, err = r.renew()
	assert.ErrorContains(t, err, "authorization")
}

// manual returns a renewer that renews by itself much later.
func manual(t testing.TB, ca *CA, c *tls.Certificate) *Renewer {
	r, err := ca.Renewer(c, Renewal{})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// The shortest that step-ca's renewer takes: it counts whole seconds, and is right to renew at the first of them.
const (
	renewable = 65 * time.Second
	atOnce    = 63 * time.Second // before its end
	jitter    = 200 * time.Millisecond
)

func TestRenewer(t *testing.T) {
	ca := New(t, Options{})
	first := issue(t, ca, renewable, "spiffe://plant.example/host", "127.0.0.1")
	renewed, failed := make(chan *tls.Certificate, 100), make(chan error, 100)
	r, err := ca.Renewer(first, Renewal{
		Before: atOnce, Jitter: jitter,
		OnRenewed: func(c *tls.Certificate) { renewed <- c },
		OnError:   func(err error) { failed <- err },
	})
	require.NoError(t, err)
	defer r.Close()
	now, err := r.Certificate()
	require.NoError(t, err)
	assert.Same(t, first, now)

	config := certs.Config{Certificate: r.Certificate, Roots: ca.Roots}
	server, err := config.Server() // it is made once, and never told
	require.NoError(t, err)

	var last *tls.Certificate
	for range 2 {
		select {
		case last = <-renewed:
		case err := <-failed:
			require.NoError(t, err)
		case <-time.After(patience):
			require.Fail(t, "not renewed")
		}
	}
	assert.NotEqual(t, first.Leaf.SerialNumber, last.Leaf.SerialNumber)
	assert.Equal(t, certs.Identities(first.Leaf), certs.Identities(last.Leaf))
	assert.InDelta(t, renewable.Seconds(), last.Leaf.NotAfter.Sub(last.Leaf.NotBefore).Seconds(), 1)
	r.Close()
	r.Close()
	last, err = r.Certificate()
	require.NoError(t, err)

	client, err := config.Client("127.0.0.1")
	require.NoError(t, err)
	ofClient, ofServer := shake(t, client, server)
	assert.Equal(t, last.Leaf.SerialNumber, ofClient.SerialNumber)
	assert.Equal(t, last.Leaf.SerialNumber, ofServer.SerialNumber)

	_, err = ca.Renewer(issue(t, ca, 30*time.Second, "127.0.0.1"), Renewal{})
	assert.ErrorContains(t, err, "testca: renewer: ")
}

// shake returns the certificates that the two sides of a handshake present.
func shake(t testing.TB, client, server *tls.Config) (ofClient, ofServer *x509.Certificate) {
	near, far := net.Pipe()
	c, s := tls.Client(near, client), tls.Server(far, server)
	served := make(chan error, 1)
	go func() { served <- errors.Join(s.Handshake(), s.Close()) }()
	_, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
	require.NoError(t, <-served)
	require.NoError(t, near.Close())
	return s.ConnectionState().PeerCertificates[0], c.ConnectionState().PeerCertificates[0]
}

// An authority that is down is asked again and again, until the renewer is closed.
func TestRenewerWithoutAuthority(t *testing.T) {
	before := goleak.IgnoreCurrent()
	ca, err := Start(t.TempDir(), Options{})
	require.NoError(t, err)
	first := issue(t, ca, renewable, "127.0.0.1")
	require.NoError(t, ca.Stop())
	failed := make(chan error, 1000)
	r, err := ca.Renewer(first, Renewal{Before: 2 * renewable, Jitter: 10 * time.Millisecond, OnError: func(err error) { failed <- err }})
	require.NoError(t, err)
	for range 3 {
		select {
		case err := <-failed:
			assert.ErrorContains(t, err, "testca: renew: ")
			var op *net.OpError
			assert.True(t, errors.As(err, &op), "%v", err)
		case <-time.After(patience):
			require.Fail(t, "not tried")
		}
	}
	r.Close()
	now, err := r.Certificate()
	require.NoError(t, err)
	assert.Same(t, first, now)
	goleak.VerifyNone(t, before)
	assert.False(t, r.renewer.Stop(), "it would go on")
}
