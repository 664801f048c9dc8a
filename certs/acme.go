package certs

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
)

// ACMEOptions are for [NewACME].
type ACMEOptions struct {
	// Directory is the URL of the server's directory, such as https://ca.plant.example/acme/acme/directory.
	Directory string
	// Roots vouch for the server itself; nil means those of the system.
	Roots *x509.CertPool
	// Names are the DNS names and IP addresses that the certificate is for, one at least.
	Names []string
	// Contact has URLs where the authority may reach somebody, such as mailto:ops@plant.example.
	Contact []string
	// Listen is the address where challenges of the kind http-01 are answered; empty means ":80", which is where public
	// authorities ask. It is listened at only while a certificate is being got.
	Listen string
	// Dir keeps the account's key and the certificate with its key, for the next start; it is made if it is missing. Empty
	// means that they are forgotten.
	Dir string
	// Logger is told of renewals and of what prevents them; nil means slog.Default().
	Logger *slog.Logger
}

// ACME has a certificate that it gets from an ACME server, such as step-ca, and renews before it expires. It is safe for
// concurrent use.
type ACME struct {
	o       ACMEOptions
	log     *slog.Logger
	account crypto.Signer
	own     atomic.Pointer[tls.Certificate]
	since   time.Time // when own was got, or began to be valid; only for obtain and run
	stop    context.CancelFunc
	ended   chan struct{}
	idle    *http.Transport
}

const (
	accountFile     = "account.key"
	certificateFile = "certificate.pem"

	acmeTimeout    = 2 * time.Minute // for one attempt
	acmeRetries    = 3               // of one request, within an attempt
	firstPause     = 5 * time.Second
	longestPause   = time.Hour
	challengePath  = "/.well-known/acme-challenge/"
	challengeLimit = 10 * time.Second
	firstLook      = 125 * time.Millisecond // between questions whether the authority is convinced
	longestLook    = 2 * time.Second
)

// NewACME gets a certificate, unless Dir has one that is still valid, and begins to renew it: at two thirds of its life, and
// if that fails, again and again after growing pauses. It blocks until there is a certificate, and fails if the first attempt
// does; ctx is for that alone. The caller closes it.
func NewACME(ctx context.Context, o ACMEOptions) (*ACME, error) {
	if len(o.Names) == 0 {
		return nil, errors.New("certs: a certificate by ACME needs a name: set ACMEOptions.Names")
	}
	if o.Listen == "" {
		o.Listen = ":80"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	a := &ACME{o: o, log: o.Logger, ended: make(chan struct{}), idle: transport}
	if a.log == nil {
		a.log = slog.Default()
	}
	if err := a.load(); err != nil {
		return nil, err
	}
	if a.own.Load() == nil {
		if err := a.obtain(ctx); err != nil {
			return nil, err
		}
	}
	running, stop := context.WithCancel(context.Background())
	a.stop = stop
	go a.run(running)
	return a, nil
}

// Certificate returns the certificate as it is now. It is made for [Config.Certificate] and never fails.
func (a *ACME) Certificate() (*tls.Certificate, error) { return a.own.Load(), nil }

// Close ends the renewing and waits for it. The certificate stays as it is.
func (a *ACME) Close() error {
	a.stop()
	<-a.ended
	return nil
}

// load reads what an earlier run has left.
func (a *ACME) load() (err error) {
	if a.account, err = newKey(); err != nil || a.o.Dir == "" {
		return err
	}
	if err := os.MkdirAll(a.o.Dir, 0o700); err != nil {
		return fmt.Errorf("certs: ACME: %w", err)
	}
	accountPath, certPath := filepath.Join(a.o.Dir, accountFile), filepath.Join(a.o.Dir, certificateFile)
	text, err := readFile(accountPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err := encodeKey(a.account)
		if err != nil {
			return err
		}
		if err := writeFile(accountPath, key, 0o600); err != nil {
			return fmt.Errorf("certs: ACME: %w", err)
		}
	case err != nil:
		return err
	default:
		if a.account, err = parseKey(accountPath, text); err != nil {
			return err
		}
	}
	own, err := loadPair(certPath, certPath)
	if err == nil {
		err = a.usable(own)
	}
	switch {
	case err == nil:
		a.own.Store(own)
		a.since = own.Leaf.NotBefore
	case !errors.Is(err, fs.ErrNotExist):
		a.log.Info("certs: ACME: the kept certificate is not used", "reason", err)
	}
	return nil
}

// usable says what is wrong with a certificate, if anything is.
func (a *ACME) usable(c *tls.Certificate) error {
	if why := badTime(c.Leaf, time.Now()); why != "" {
		return errors.New("certs: ACME: " + why)
	}
	for _, name := range a.o.Names {
		if err := c.Leaf.VerifyHostname(name); err != nil {
			return fmt.Errorf("certs: ACME: %w", err)
		}
	}
	return nil
}

func (a *ACME) run(ctx context.Context) {
	defer close(a.ended)
	failures := 0
	for {
		own := a.own.Load().Leaf
		life := own.NotAfter.Sub(a.since)
		renew := a.since.Add(life / 3 * 2)
		wait := time.Until(renew)
		if failures > 0 {
			wait = pause(failures, life)
		} else if wait > 0 {
			wait += mathrand.N(max(1, life/50)) // not all devices that were started together
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(wait, longestPause)): // a computer that sleeps does not count the time
		}
		if time.Now().Before(renew) {
			continue
		}
		err := a.obtain(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			a.log.Warn("certs: the certificate cannot be renewed; trying again", "until", own.NotAfter, "attempts", failures, "reason", err)
		default:
			failures = 0
		}
	}
}

// pause is how long to wait after some failures: longer each time, but not for long compared with a certificate's life.
func pause(failures int, life time.Duration) time.Duration {
	longest := max(time.Second, min(longestPause, life/20))
	p := firstPause << min(failures-1, 16)
	p = min(p, longest)
	return p/2 + mathrand.N(p/2)
}

// obtain gets a certificate and keeps it.
func (a *ACME) obtain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, acmeTimeout)
	defer cancel()
	defer a.idle.CloseIdleConnections()
	own, err := a.order(ctx)
	if err == nil {
		err = a.usable(own)
	}
	if err != nil {
		return fmt.Errorf("certs: a certificate from %s: %w", a.o.Directory, err)
	}
	a.own.Store(own)
	a.since = time.Now() // authorities like to date certificates back, which must not count as life
	a.log.Info("certs: a certificate by ACME", "identity", Identity(own.Leaf), "until", own.Leaf.NotAfter)
	if a.o.Dir != "" {
		file := filepath.Join(a.o.Dir, certificateFile)
		if err := WritePEM(own, file, file); err != nil {
			a.log.Warn("certs: ACME: the certificate cannot be kept for the next start", "reason", err)
		}
	}
	return nil
}

func (a *ACME) order(ctx context.Context) (*tls.Certificate, error) {
	client := &acme.Client{
		Key: a.account, DirectoryURL: a.o.Directory, HTTPClient: &http.Client{Transport: a.idle}, UserAgent: "go-qtro",
		RetryBackoff: func(n int, _ *http.Request, _ *http.Response) time.Duration {
			if n > acmeRetries {
				return 0
			}
			return 125 * time.Millisecond << n
		},
	}
	if _, err := client.Register(ctx, &acme.Account{Contact: a.o.Contact}, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil, fmt.Errorf("register: %w", err)
	}
	request := &x509.CertificateRequest{}
	for _, name := range a.o.Names {
		if ip := net.ParseIP(name); ip != nil {
			request.IPAddresses = append(request.IPAddresses, ip)
		} else {
			request.DNSNames = append(request.DNSNames, name)
		}
	}
	order, err := client.AuthorizeOrder(ctx, identifiers(request))
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	if err := a.prove(ctx, client, order); err != nil {
		return nil, err
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, request, key)
	if err != nil {
		return nil, err
	}
	ders, _, err := client.CreateOrderCert(ctx, order.FinalizeURL, csr, true)
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return assemble(ders, key)
}

func identifiers(request *x509.CertificateRequest) (ids []acme.AuthzID) {
	ids = acme.DomainIDs(request.DNSNames...)
	for _, ip := range request.IPAddresses {
		ids = append(ids, acme.IPIDs(ip.String())...)
	}
	return ids
}

// assemble makes a certificate of what the authority has sent and the key that it was asked to sign.
func assemble(ders [][]byte, key crypto.Signer) (*tls.Certificate, error) {
	chain, err := x509.ParseCertificates(bytes.Join(ders, nil))
	if err != nil {
		return nil, err
	}
	if len(chain) == 0 {
		return nil, errors.New("the authority has sent no certificate")
	}
	text, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return pair("its certificate", chain, "our key", text)
}

// prove shows the authority that this process is at each name, by answering what it asks there.
func (a *ACME) prove(ctx context.Context, client *acme.Client, order *acme.Order) error {
	var answers challenges
	defer answers.close()
	for _, url := range order.AuthzURLs {
		authz, err := client.GetAuthorization(ctx, url)
		if err != nil {
			return fmt.Errorf("authorization: %w", err)
		}
		name := authz.Identifier.Value
		if authz.Status == acme.StatusValid {
			continue
		}
		var challenge *acme.Challenge
		for _, c := range authz.Challenges {
			if c.Type == "http-01" {
				challenge = c
			}
		}
		if challenge == nil {
			return fmt.Errorf("%s: the authority does not offer a challenge by http-01", name)
		}
		response, err := client.HTTP01ChallengeResponse(challenge.Token)
		if err == nil {
			err = answers.serve(a.o.Listen, challenge.Token, response)
		}
		if err == nil {
			err = accepted(ctx, client, authz.URI, challenge)
		}
		if err != nil {
			return fmt.Errorf("%s: challenge: %w", name, err)
		}
	}
	return nil
}

// accepted has the authority look at the answer to a challenge, and waits until it is convinced. One that is not, such as
// step-ca, may leave the authorization as it is and say so in the challenge alone; one that got no answer is asked to look again.
func accepted(ctx context.Context, client *acme.Client, url string, challenge *acme.Challenge) error {
	pause := firstLook
	for failures := 0; ; pause = min(2*pause, longestLook) {
		if failures == 0 || challenge.Status == acme.StatusPending && challenge.Error != nil {
			failures++
			if _, err := client.Accept(ctx, challenge); err != nil {
				return err
			}
		}
		authz, err := client.GetAuthorization(ctx, url)
		if err != nil {
			return err
		}
		for _, c := range authz.Challenges {
			if c.URI == challenge.URI {
				challenge = c
			}
		}
		switch {
		case authz.Status == acme.StatusValid:
			return nil
		case authz.Status == acme.StatusInvalid, challenge.Status == acme.StatusInvalid, challenge.Error != nil && failures > acmeRetries:
			return cmp.Or(challenge.Error, errors.New("the authority refuses the answer"))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), challenge.Error)
		}
	}
}

// challenges answers an authority's questions by HTTP. The zero value is not listening yet.
type challenges struct {
	mu      sync.Mutex
	answers map[string]string // by path
	server  *http.Server
	done    chan struct{}
}

func (c *challenges) serve(address, token, answer string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		c.answers, c.done = map[string]string{}, make(chan struct{})
		c.server = &http.Server{Handler: c, ReadTimeout: challengeLimit, WriteTimeout: challengeLimit, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go func() {
			defer close(c.done)
			_ = c.server.Serve(listener) // until close
		}()
	}
	c.answers[challengePath+token] = answer
	return nil
}

func (c *challenges) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	answer, ok := c.answers[r.URL.Path]
	c.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write([]byte(answer))
}

func (c *challenges) close() {
	if c.server != nil {
		_ = c.server.Close()
		<-c.done
	}
}
