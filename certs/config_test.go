package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIncomplete(t *testing.T) {
	a := newAuthority(t)
	c := issue(t, a, Template{})
	full := Fixed(c, a.Roots())
	down := errors.New("down")
	for name, change := range map[string]struct {
		change      func(*Config)
		server, dia string
	}{
		"nothing missing": {func(*Config) {}, "", ""},
		"no certificate":  {func(c *Config) { c.Certificate = nil }, "a host needs a certificate", ""},
		"no roots":        {func(c *Config) { c.Roots = nil }, "no authority is trusted", "no authority is trusted"},
		"nil roots":       {func(c *Config) { *c = Fixed(issue(t, a, Template{}), nil) }, "no authority is trusted", "no authority is trusted"},
		"roots fail":      {func(c *Config) { c.Roots = func() (*x509.CertPool, error) { return nil, down } }, "certs: roots: down", "certs: roots: down"},
	} {
		c := full
		change.change(&c)
		_, err := c.Server()
		requireText(t, err, change.server, name)
		_, err = c.Client(hostName)
		requireText(t, err, change.dia, name)
	}
	_, err := full.Client("")
	require.ErrorContains(t, err, "there is none to dial")
	client, err := full.Client("fe80::1%eth0")
	require.NoError(t, err)
	require.Equal(t, "fe80::1", client.ServerName)
}

func requireText(t testing.TB, err error, want, what string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err, what)
		return
	}
	require.ErrorContains(t, err, want, what)
}

func TestVerifyPeer(t *testing.T) {
	a := newAuthority(t)
	other := newAuthority(t) // of the same names
	config := Fixed(nil, a.Roots())
	leaf := func(a *Authority, template Template) *x509.Certificate { return issue(t, a, template).Leaf }
	good := leaf(a, clientTemplate)
	inter := a.Intermediate()

	// A leaf that signs another as if it were an authority.
	rogue, err := sign(&x509.Certificate{NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, a.inter)
	require.NoError(t, err)
	byRogue := leaf(&Authority{root: a.root, inter: rogue}, clientTemplate)
	critical, err := sign(&x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}},
	}, a.inter)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		peer  []*x509.Certificate
		host  string
		check Check
	}{
		"good":                      {[]*x509.Certificate{good, inter}, "", ""},
		"and others beside":         {[]*x509.Certificate{good, other.Intermediate(), leaf(other, clientTemplate), inter, a.Root()}, "", ""},
		"host":                      {[]*x509.Certificate{leaf(a, hostTemplate), inter}, hostName, ""},
		"address":                   {[]*x509.Certificate{leaf(a, hostTemplate), inter}, "::1", ""},
		"zone":                      {[]*x509.Certificate{leaf(a, hostTemplate), inter}, "::1%lo", ""},
		"nothing":                   {nil, "", CheckNoCertificate},
		"nothing of a host":         {nil, hostName, CheckNoCertificate},
		"no intermediate":           {[]*x509.Certificate{good}, "", CheckAuthority},
		"another's intermediate":    {[]*x509.Certificate{good, other.Intermediate()}, "", CheckAuthority},
		"good one is not the first": {[]*x509.Certificate{leaf(other, clientTemplate), good, inter}, "", CheckAuthority},
		"brings its own root":       {[]*x509.Certificate{leaf(other, clientTemplate), other.Intermediate(), other.Root()}, "", CheckAuthority},
		"signed by a leaf":          {[]*x509.Certificate{byRogue, rogue.cert, inter}, "", CheckAuthority},
		"is an authority itself":    {[]*x509.Certificate{inter}, "", ""}, // its key is the authority's: it could issue what it likes
		"host's at a client":        {[]*x509.Certificate{leaf(a, hostTemplate), inter}, "", CheckCertificate},
		"client's at a host":        {[]*x509.Certificate{good, inter}, hostName, CheckName},
		"unknown and critical":      {[]*x509.Certificate{critical.cert, inter}, "", CheckCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			err := config.VerifyPeer(c.peer, nil, c.host)
			if c.check == "" {
				require.NoError(t, err)
				return
			}
			requireRefused(t, err, c.check, false)
		})
	}
	config.Roots = func() (*x509.CertPool, error) { return nil, errors.New("down") }
	require.ErrorContains(t, config.VerifyPeer([]*x509.Certificate{good, inter}, nil, ""), "certs: roots: down")
}

// An intermediate that two roots have signed, one of which has taken it back: what the other says still holds, in whatever
// order the peer sends them. A peer's own revocation holds in all chains.
func TestCrossSigned(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	again := *a.Intermediate()
	again.ExtraExtensions, again.AuthorityKeyId = nil, nil
	cross, err := signKey(&again, a.inter.key.Public(), b.root)
	require.NoError(t, err)
	leaf := issue(t, a, clientTemplate).Leaf
	config := Fixed(nil, pool(a.Root(), b.Root()))
	set := &crlSet{}
	config.Revocation = []RevocationCheck{func(_ context.Context, chain []*x509.Certificate, _ []byte) error {
		return set.check(chain, false, time.Now())
	}}
	list := func(by *Authority) {
		lists, err := parseCRLs("", crlPEM(t, by))
		require.NoError(t, err)
		require.NoError(t, set.add("list.pem", lists))
	}
	orders := [][]*x509.Certificate{{leaf, a.Intermediate(), cross}, {leaf, cross, a.Intermediate()}}
	byRoot := &Authority{inter: a.root}
	byRoot.Revoke(a.Intermediate().SerialNumber)
	list(byRoot)
	for _, peer := range orders {
		require.NoError(t, config.VerifyPeer(peer, nil, ""))
	}
	requireRefused(t, config.VerifyPeer(orders[0][:2], nil, ""), CheckRevoked, false)
	a.Revoke(leaf.SerialNumber)
	list(a)
	for _, peer := range orders {
		requireRefused(t, config.VerifyPeer(peer, nil, ""), CheckRevoked, false)
		requireRefused(t, config.VerifyPeer(peer[:2], nil, ""), CheckRevoked, false)
	}
}

func TestExpected(t *testing.T) {
	ids := []string{"spiffe://plant.example/panel/7", "dns:panel.example", "subject:CN=panel"}
	for expect, want := range map[string]bool{
		"spiffe://plant.example/panel/7":  true,
		"spiffe://plant.example/panel/":   false,
		"spiffe://plant.example/panel/70": false,
		"spiffe://plant.example/panel/*":  true,
		"spiffe://plant.example/*":        true,
		"spiffe://plant.example/pan*":     false,
		"spiffe://plant.example/panel/7*": false,
		"spiffe://plant.example/panel/8":  false,
		"dns:panel.example":               true,
		"panel.example":                   false,
		"dns:*":                           false,
		"*":                               false,
		"":                                false,
		"subject:CN=panel":                true,
	} {
		assert.Equal(t, want, expected([]string{"none", expect}, ids), expect)
	}
	require.False(t, expected([]string{"/*", ""}, nil))
}

func TestIdentities(t *testing.T) {
	parse := func(s string) *url.URL {
		u, err := url.Parse(s)
		require.NoError(t, err)
		return u
	}
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: "a,O=b", Organization: []string{"Example"}}, DNSNames: []string{"a.example", "b.example"},
		IPAddresses: []net.IP{net.IPv4(10, 0, 0, 7), net.IPv6loopback},
		URIs:        []*url.URL{parse("spiffe://plant.example/a"), parse("DNS:a.example"), parse("ip:10.0.0.7"), parse("subject:CN=root"), parse("uid:0"), parse("uri:x")},
	}
	require.Equal(t, []string{
		"spiffe://plant.example/a", "uri:dns:a.example", "uri:ip:10.0.0.7", "uri:subject:CN=root", "uri:uid:0", "uri:uri:x",
		"dns:a.example", "dns:b.example", "ip:10.0.0.7", "ip:::1", `subject:CN=a\,O=b,O=Example`,
	}, Identities(c))
	require.Equal(t, "spiffe://plant.example/a", Identity(c))
	require.Empty(t, Identity(&x509.Certificate{}))
}

func TestRefusedTexts(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		err       RefusedError
		text      string
		permanent bool
	}{
		{RefusedError{Check: CheckAuthority}, "peer refused: its certificate is not signed by a trusted authority", true},
		{RefusedError{Check: CheckAuthority, Remote: true, Err: cause}, "refused by the peer: our certificate is not signed by a trusted authority: cause", true},
		{RefusedError{Check: CheckExpired}, "peer refused: its certificate has expired", false},
		{RefusedError{Check: CheckExpired, Remote: true}, "refused by the peer: our certificate has expired, or is not valid yet", false},
		{RefusedError{Check: CheckNotYetValid}, "peer refused: its certificate is not valid yet", false},
		{RefusedError{Check: CheckName}, "peer refused: its certificate is for another name", true},
		{RefusedError{Check: CheckIdentity, Remote: true}, "refused by the peer: our certificate is not of an expected identity", true},
		{RefusedError{Check: CheckNoCertificate}, "peer refused: it has no certificate", true},
		{RefusedError{Check: CheckNoCertificate, Remote: true}, "refused by the peer: it wants a certificate and has got none", true},
		{RefusedError{Check: CheckRevoked}, "peer refused: its certificate has been revoked", true},
		{RefusedError{Check: CheckVersion}, "peer refused: no common version of TLS; 1.3 is required", true},
		{RefusedError{Check: CheckPlaintext}, "peer refused: it does not speak TLS", true},
		{RefusedError{Check: CheckProtocol}, "peer refused: it does not offer the protocol qtro", true},
		{RefusedError{Check: CheckStalled}, "peer refused: the handshake took too long", false},
		{RefusedError{Check: CheckCertificate, Remote: true}, "refused by the peer: our certificate is not accepted", true},
	} {
		assert.EqualError(t, &c.err, c.text)
		assert.Equal(t, c.permanent, c.err.Permanent(), c.text)
		assert.Equal(t, c.err.Err != nil, errors.Is(&c.err, cause))
	}
}

func TestRefusedErrors(t *testing.T) {
	require.NoError(t, Refused(nil))
	require.Equal(t, io.EOF, Refused(io.EOF))
	done := fmt.Errorf("dial: %w", &RefusedError{Check: CheckName})
	require.Equal(t, done, Refused(done))
	reset := &net.OpError{Op: "read", Err: errors.New("reset")}
	require.Equal(t, error(reset), Refused(reset))
	require.Equal(t, io.EOF, RefusedByAlert(80, io.EOF))
	requireRefused(t, RefusedByAlert(44, nil), CheckRevoked, true)
	requireRefused(t, Refused(&tls.CertificateVerificationError{Err: io.EOF}), CheckCertificate, false)
	odd := &net.OpError{Op: "remote error", Err: errors.New("not a number")}
	require.Equal(t, error(odd), Refused(odd))
}
