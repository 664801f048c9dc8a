package testca

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/smallstep/certificates/acme"
	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/ca"
	"github.com/smallstep/certificates/db"
	"go.step.sm/crypto/jose"
	"go.step.sm/crypto/minica"
)

// CA is a running certificate authority: a root, an intermediate certificate that signs, and a server. It is safe for
// concurrent use.
type CA struct {
	dir    string
	o      Options
	url    string
	root   *x509.Certificate
	inter  *x509.Certificate
	jwk    *jose.JSONWebKey
	client *ca.Client
	http   *http.Transport

	server *ca.CA
	ran    chan error // what the server says when it has ended
	stop   sync.Once
	ended  error
}

// RootFile is the name of the file in the authority's directory that has the root certificate as PEM.
const RootFile = "root.pem"

// The names of the two ways to get a certificate.
const (
	tokenProvisioner = "test"
	acmeProvisioner  = "acme"
)

const (
	shortest = time.Second // that a certificate may be valid
	longest  = 24 * time.Hour

	startAttempts = 5 // somebody else may take the port meanwhile
	startTimeout  = 30 * time.Second
	callTimeout   = 30 * time.Second
)

// By itself, step-ca's client presents what it finds in the home directory of the user.
func init() { ca.DisableIdentity = true }

// Options are for [New] and [Start]. The zero value is fine but for http-01.
type Options struct {
	// ACMELifetime is how long certificates got by ACME are valid; 0 means a day.
	ACMELifetime time.Duration
	// HTTP01Port is the port where the authority asks for the answer to ACME's http-01 challenge; 0 means 80, or what
	// was set before. It is one for all authorities of the process, and must not be set while another one asks.
	HTTP01Port int
}

// New starts an authority in a directory of the test, which ends when the test does.
func New(t testing.TB, o Options) *CA {
	t.Helper()
	a, err := Start(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// Start starts an authority with new keys, whose files are in dir, an empty directory. It listens on a free port of 127.0.0.1.
// The caller stops it.
func Start(dir string, o Options) (*CA, error) {
	if o.ACMELifetime == 0 {
		o.ACMELifetime = longest
	}
	if o.HTTP01Port != 0 {
		acme.InsecurePortHTTP01 = o.HTTP01Port
	}
	a, err := newCA(dir, o)
	if err != nil {
		return nil, fmt.Errorf("testca: start: %w", err)
	}
	for range startAttempts {
		// The server neither takes a listener nor tells its port, so that one has to be found before.
		err = a.run()
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("testca: start: %w", err)
	}
	return a, nil
}

func newCA(dir string, o Options) (*CA, error) {
	keys, err := minica.New(minica.WithName("Test"))
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(keys.Signer)
	if err != nil {
		return nil, err
	}
	for name, block := range map[string]*pem.Block{
		RootFile:           {Type: "CERTIFICATE", Bytes: keys.Root.Raw},
		"intermediate.pem": {Type: "CERTIFICATE", Bytes: keys.Intermediate.Raw},
		"intermediate.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	jwk, err := jose.GenerateJWK("EC", "P-256", "ES256", "sig", "", 0)
	if err != nil {
		return nil, err
	}
	if jwk.KeyID, err = jose.Thumbprint(jwk); err != nil {
		return nil, err
	}
	a := &CA{dir: dir, o: o, root: keys.Root, inter: keys.Intermediate, jwk: jwk}
	a.http = a.transport(nil)
	return a, nil
}

// transport keeps no connections, so that nothing is left running and each request presents the certificate of its time.
func (a *CA) transport(own func() (*tls.Certificate, error)) *http.Transport {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.Pool()}}
	if own != nil {
		t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own() }
	}
	return t
}

// run starts the server on a port that is free now, and waits until it answers.
func (a *CA) run() error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	a.url = "https://" + addr
	public := a.jwk.Public()
	claims := func(usual time.Duration) *provisioner.Claims {
		return &provisioner.Claims{
			MinTLSDur:     &provisioner.Duration{Duration: shortest},
			MaxTLSDur:     &provisioner.Duration{Duration: longest},
			DefaultTLSDur: &provisioner.Duration{Duration: usual},
		}
	}
	c := &config.Config{
		Root:             []string{filepath.Join(a.dir, RootFile)},
		IntermediateCert: filepath.Join(a.dir, "intermediate.pem"),
		IntermediateKey:  filepath.Join(a.dir, "intermediate.key"),
		Address:          addr,
		DNSNames:         []string{"127.0.0.1"},
		DB:               &db.Config{Type: "bbolt", DataSource: filepath.Join(a.dir, "db")},
		CRL:              &config.CRLConfig{Enabled: true, GenerateOnRevoke: true},
		TLS:              &config.DefaultTLSOptions,
		AuthorityConfig: &config.AuthConfig{
			Backdate: &provisioner.Duration{},
			Provisioners: provisioner.List{
				&provisioner.JWK{Type: "JWK", Name: tokenProvisioner, Key: &public, Claims: claims(longest)},
				&provisioner.ACME{Type: "ACME", Name: acmeProvisioner, Claims: claims(a.o.ACMELifetime)},
			},
		},
	}
	c.Init()
	if a.server, err = ca.New(c, ca.WithQuiet(true)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	a.ran = make(chan error, 1)
	go func() {
		a.ran <- a.server.Run()
		cancel()
	}()
	if a.client, err = ca.NewClient(a.url, ca.WithTransport(a.http), ca.WithTimeout(callTimeout)); err == nil {
		err = a.answers(ctx)
	}
	if err != nil {
		err = errors.Join(err, a.halt())
	}
	return err
}

// freeAddr is a variable for tests.
var freeAddr = func() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers waits until the server does; ctx is done when it has ended.
func (a *CA) answers(ctx context.Context) error {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		// Somebody else at that port would not have a certificate of this root.
		_, err := a.client.HealthWithContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", a.url, err)
		}
	}
}

// Stop ends the authority and waits for it. Renewers should be closed before. Stopping twice is fine.
func (a *CA) Stop() error {
	a.stop.Do(func() {
		if err := a.halt(); err != nil {
			a.ended = fmt.Errorf("testca: stop: %w", err)
		}
	})
	return a.ended
}

func (a *CA) halt() error {
	a.http.CloseIdleConnections()
	select {
	case err := <-a.ran: // it could not listen, and has stopped by itself
		return err
	default:
	}
	if err := a.server.Stop(); err != nil {
		return err
	}
	if err := <-a.ran; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Root returns the certificate that others trust.
func (a *CA) Root() *x509.Certificate { return a.root }

// Intermediate returns the certificate that signs all others and the revocation lists.
func (a *CA) Intermediate() *x509.Certificate { return a.inter }

// RootFile returns the path of the PEM file with the root certificate.
func (a *CA) RootFile() string { return filepath.Join(a.dir, RootFile) }

// Pool returns a new pool with the root.
func (a *CA) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.root)
	return p
}

// Roots returns a new pool with the root, and no error: it is what the field Roots of a certs.Config wants.
func (a *CA) Roots() (*x509.CertPool, error) { return a.Pool(), nil }

// URL returns where the authority listens, such as https://127.0.0.1:33445.
func (a *CA) URL() string { return a.url }

// ACME returns the URL of its ACME directory.
func (a *CA) ACME() string { return a.url + "/acme/" + acmeProvisioner + "/directory" }

// HTTPClient returns a client that trusts the authority's server, for ACME. It keeps no connections.
func (a *CA) HTTPClient() *http.Client {
	return &http.Client{Transport: a.http, Timeout: callTimeout}
}

// get returns what the server has at a path.
func (a *CA) get(path string) ([]byte, error) {
	resp, err := a.HTTPClient().Get(a.url + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, b)
	}
	return b, err
}

// token returns a token that entitles to something once, for the next minutes.
func (a *CA) token(audience, subject string, names []string) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: a.jwk.Key},
		new(jose.SignerOptions).WithType("JWT").WithHeader("kid", a.jwk.KeyID))
	if err != nil {
		return "", err
	}
	id, err := randomID()
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jose.Signed(signer).Claims(struct {
		jose.Claims
		Names []string `json:"sans,omitempty"`
	}{
		jose.Claims{
			ID: id, Issuer: tokenProvisioner, Audience: jose.Audience{a.url + audience}, Subject: subject,
			IssuedAt: jose.NewNumericDate(now), NotBefore: jose.NewNumericDate(now), Expiry: jose.NewNumericDate(now.Add(5 * time.Minute)),
		}, names,
	}).CompactSerialize()
}
