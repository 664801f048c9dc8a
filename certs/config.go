package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Config says who this process is and whom it trusts. One Config serves both sides of a connection and both secure
// transports. It must not be changed once it is in use. The functions in it are called for each handshake, at any time and
// concurrently, and must answer at once.
type Config struct {
	// Certificate returns the process's own certificate with its private key, the leaf first. A host needs one; a client
	// without one is refused by all hosts but those with AnonymousClients.
	Certificate func() (*tls.Certificate, error)
	// Roots returns the authorities that are trusted, as they are now. There is no default: those of the system vouch for
	// web sites, not for the peers of a plant.
	Roots func() (*x509.CertPool, error)
	// Expect lists the identities that peers may have, as [Identities] spells them; one of them must be the peer's. An
	// entry that ends in "/*" stands for all that begin with what comes before the star: "spiffe://plant.example/panel/*".
	// Empty means any that the roots vouch for; for hosts their name is checked even then.
	Expect []string
	// Revocation checks that the peer's certificate has not been revoked. All must agree.
	Revocation []RevocationCheck
	// AnonymousClients lets a host accept clients that have no certificate, and which therefore have no identity. A
	// certificate that is presented must be good even then.
	AnonymousClients bool
	// OnChange, if set, calls fn, soon, whenever roots or revocations may have changed; cancel ends that.
	OnChange func(fn func()) (cancel func())
	// DropLive makes a transport check the peers of its live connections again on each OnChange and close those that would be
	// refused now. Otherwise only new connections, resumed sessions among them, are checked.
	DropLive bool
	// Now returns the present, by which certificates are valid or not; nil means time.Now.
	Now func() time.Time
}

// RevocationCheck looks at a verified chain, the peer's own certificate first, and returns a [RefusedError] of
// [CheckRevoked] if one of its certificates has been revoked, or another error if that cannot be told and must be known.
// staple is the OCSP response that the peer sent along, or nil. It blocks for as long as ctx lets it.
type RevocationCheck func(ctx context.Context, chain []*x509.Certificate, staple []byte) error

// revocationTimeout bounds what a handshake may wait for an OCSP responder.
const revocationTimeout = 5 * time.Second

// Protocol is what peers agree on by ALPN. A Qt program that does not offer it is fine; one that offers only others is not.
const Protocol = "qtro"

// Server returns the configuration of a host's side. It fails if the Config cannot serve a host at all.
func (c *Config) Server() (*tls.Config, error) {
	if c.Certificate == nil {
		return nil, errors.New("certs: a host needs a certificate: set Config.Certificate")
	}
	if c.Roots == nil {
		return nil, errNoRoots
	}
	base := c.base()
	base.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.own() }
	base.VerifyConnection = func(cs tls.ConnectionState) error { return c.verify(&cs, "") }
	base.ClientAuth = tls.RequireAndVerifyClientCert
	if c.AnonymousClients {
		base.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if err := c.setRoots(&base.ClientCAs); err != nil {
		return nil, err
	}
	// Roots may be renewed: each handshake is given those of its own time. Session tickets stay those of the outer Config.
	outer := base.Clone()
	c.endWithCertificate(base, outer)
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := base.Clone()
		return now, c.setRoots(&now.ClientCAs)
	}
	return outer, nil
}

// Client returns the configuration for dialing a host, whose certificate must be for this name or IP address. Each
// connection takes one of its own, so that it has the roots of its time; set ClientSessionCache to resume sessions.
func (c *Config) Client(host string) (*tls.Config, error) {
	if c.Roots == nil {
		return nil, errNoRoots
	}
	if host == "" {
		return nil, errors.New("certs: a host's certificate can only be checked for a name or an address: there is none to dial")
	}
	host = withoutZone(host)
	t := c.base()
	t.ServerName = host
	if c.Certificate != nil {
		t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.own() }
	}
	t.VerifyConnection = func(cs tls.ConnectionState) error { return c.verify(&cs, host) }
	return t, c.setRoots(&t.RootCAs)
}

// withoutZone is an IP address as certificates have it: a zone, as in fe80::1%eth0, is this computer's own affair.
func withoutZone(host string) string {
	if ip, zone, ok := strings.Cut(host, "%"); ok && zone != "" && net.ParseIP(ip) != nil {
		return ip
	}
	return host
}

var errNoRoots = errors.New("certs: no authority is trusted: set Config.Roots")

func (c *Config) base() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{Protocol}, Time: c.Now}
}

func (c *Config) own() (*tls.Certificate, error) {
	own, err := c.Certificate()
	if err != nil {
		return nil, fmt.Errorf("certs: own certificate: %w", err)
	}
	if own == nil {
		return nil, errors.New("certs: own certificate: there is none") // crypto/tls would not expect that
	}
	return own, nil
}

func (c *Config) setRoots(pool **x509.CertPool) (err error) {
	if *pool, err = c.Roots(); err != nil {
		return fmt.Errorf("certs: roots: %w", err)
	}
	if *pool == nil {
		return errNoRoots // crypto/tls would take the system's
	}
	return nil
}

// verify judges the peer of a handshake, host being the name that was dialed or "" on the host's side. It is asked on
// resumed sessions, too, for which crypto/tls itself looks at little more than the ticket: so all is checked again.
func (c *Config) verify(cs *tls.ConnectionState, host string) error {
	if !cs.DidResume && len(cs.VerifiedChains) > 0 { // crypto/tls has just verified them, by the same roots
		return c.judge(cs.PeerCertificates[0], cs.VerifiedChains, cs.OCSPResponse)
	}
	return c.VerifyPeer(cs.PeerCertificates, cs.OCSPResponse, host)
}

// VerifyPeer judges a peer's certificates, the leaf first, as handshakes do, by the roots and revocations of now. host is
// the name that was dialed, "" for a client. Transports call it for live connections when OnChange tells. It returns a
// [RefusedError], or another error if roots or revocations cannot be told at present. It blocks for as long as the
// revocation checks do, a few seconds at most.
func (c *Config) VerifyPeer(peer []*x509.Certificate, staple []byte, host string) error {
	host = withoutZone(host)
	if len(peer) == 0 {
		if host == "" && c.AnonymousClients {
			return nil
		}
		return &RefusedError{Check: CheckNoCertificate}
	}
	o := x509.VerifyOptions{Intermediates: x509.NewCertPool(), DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if host != "" {
		o.KeyUsages[0] = x509.ExtKeyUsageServerAuth
		if net.ParseIP(host) != nil {
			o.DNSName = "[" + host + "]" // as x509 takes IP addresses
		}
	}
	if c.Now != nil {
		o.CurrentTime = c.Now()
	}
	for _, between := range peer[1:] {
		o.Intermediates.AddCert(between)
	}
	if err := c.setRoots(&o.Roots); err != nil {
		return err
	}
	chains, err := peer[0].Verify(o)
	if err != nil {
		if err = Refused(err); !errors.As(err, new(*RefusedError)) {
			err = &RefusedError{Check: CheckCertificate, Err: err}
		}
		return err
	}
	return c.judge(peer[0], chains, staple)
}

// judge judges a peer for whom the roots vouch.
func (c *Config) judge(peer *x509.Certificate, chains [][]*x509.Certificate, staple []byte) error {
	if ids := Identities(peer); len(c.Expect) > 0 && !expected(c.Expect, ids) {
		return &RefusedError{Check: CheckIdentity, Err: fmt.Errorf("the peer is %q, expected is one of %q", ids, c.Expect)}
	}
	return c.checkRevocation(chains, staple)
}

// checkRevocation wants one chain that all checks agree to, as there is more than one where authorities have signed each
// other. The peer has a say in which come first, but in none can its own certificate have another issuer.
func (c *Config) checkRevocation(chains [][]*x509.Certificate, staple []byte) (first error) {
	ctx, cancel := context.WithTimeout(context.Background(), revocationTimeout)
	defer cancel()
	for _, chain := range chains {
		err := c.checkChain(ctx, chain, staple)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (c *Config) checkChain(ctx context.Context, chain []*x509.Certificate, staple []byte) error {
	for _, check := range c.Revocation {
		if err := check(ctx, chain, staple); err != nil {
			return err
		}
	}
	return nil
}
