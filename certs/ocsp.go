package certs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

// OCSP asks the servers that certificates name whether they have been revoked, and remembers the answers for as long as they
// are good, 1024 at most. Its Check goes into [Config.Revocation]. Only peers' own certificates are asked about, not those of
// intermediate authorities.
//
// The fields must not be changed once it is in use. The zero value is ready, and lets pass what nobody can tell about. It is
// safe for concurrent use; the caller closes it.
type OCSP struct {
	// Strict refuses peers if neither they nor a server can prove that their certificate is good.
	Strict bool
	// Client is used to ask; nil means one that waits for 3 seconds.
	Client *http.Client
	// Logger is told when a server cannot be asked; nil means slog.Default().
	Logger *slog.Logger

	mu      sync.Mutex
	answers map[ocspKey]*ocspAnswer
	work    sync.WaitGroup // of the background
	stop    context.CancelFunc
	life    context.Context
	closed  bool

	now func() time.Time // for tests
}

const (
	maxAnswers     = 1024
	maxAnswerBytes = 64 << 10
	askTimeout     = 3 * time.Second
	// notAgain is how long a server that could not be asked is left alone: each handshake would wait for it.
	notAgain = 30 * time.Second
)

// ocspKey is a certificate, by its number and its issuer's key and name.
type ocspKey [sha256.Size]byte

// ocspAnswer is what is known about one certificate.
type ocspAnswer struct {
	turn   chan struct{} // has room for the one who asks
	last   *ocsp.Response
	err    error // of the last attempt, nil if it succeeded
	failed time.Time
	asking bool // in the background
}

var defaultOCSPClient = &http.Client{Timeout: askTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}

// Check is a [RevocationCheck]. It takes the response that the peer has sent along, if that is good, or an earlier answer, and
// otherwise asks. It blocks until there is an answer, at most for as long as ctx and the Client allow.
func (o *OCSP) Check(ctx context.Context, chain []*x509.Certificate, staple []byte) error {
	if len(chain) < 2 {
		return nil // nobody has issued it
	}
	leaf, issuer := chain[0], chain[1]
	best, err := o.parse(staple, leaf, issuer)
	if best != nil && best.Status == ocsp.Unknown {
		best = nil
	}
	a := o.answer(leaf, issuer)
	known, last := o.known(a)
	if best == nil || known != nil && known.ThisUpdate.After(best.ThisUpdate) {
		best = known
	}
	if best == nil && len(leaf.OCSPServer) > 0 {
		best, err = o.ask(ctx, a, leaf, issuer, false)
	}
	if best == nil && last != nil && last.Status == ocsp.Revoked {
		best = last // that nobody answers does not make it good again
	}
	switch {
	case best == nil && o.Strict:
		return fmt.Errorf("certs: nobody can tell whether %s has been revoked: %w", Identity(leaf), err)
	case best == nil || best.Status == ocsp.Good:
		return nil
	case best.Status == ocsp.Revoked:
		return revokedError(leaf, best.RevokedAt, "an OCSP response")
	case o.Strict:
		return fmt.Errorf("certs: the OCSP server does not know %s", Identity(leaf))
	}
	return nil
}

func (o *OCSP) time() time.Time {
	if o.now != nil {
		return o.now()
	}
	return time.Now()
}

func (o *OCSP) log() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}

var errNoStaple = errors.New("the peer has sent no OCSP response, and its certificate names no server")

// parse returns a response if it is authentic and good at this time.
func (o *OCSP) parse(der []byte, leaf, issuer *x509.Certificate) (*ocsp.Response, error) {
	if len(der) == 0 {
		return nil, errNoStaple
	}
	r, err := ocsp.ParseResponseForCert(der, leaf, issuer)
	if err != nil {
		return nil, fmt.Errorf("OCSP response: %w", err)
	}
	// The library has seen that the issuer signed the responder's certificate, but any certificate of the issuer will do there,
	// the peer's own included.
	if d := r.Certificate; d != nil && !bytes.Equal(d.Raw, issuer.Raw) {
		if !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
			return nil, errors.New("OCSP response: who signed it may not do so")
		}
		if why := badTime(d, o.time()); why != "" {
			return nil, fmt.Errorf("OCSP response: the certificate of who signed it: %s", why)
		}
	}
	if !o.current(r) {
		return nil, fmt.Errorf("OCSP response: it is for %s to %s", r.ThisUpdate.Format(time.RFC3339), until(r).Format(time.RFC3339))
	}
	return r, nil
}

func (o *OCSP) current(r *ocsp.Response) bool {
	now := o.time()
	return !now.Add(skew).Before(r.ThisUpdate) && now.Before(until(r))
}

// until is when a response is good for nothing any more. Those without a time may be outdated at any time.
func until(r *ocsp.Response) time.Time {
	if r.NextUpdate.IsZero() {
		return r.ThisUpdate.Add(skew)
	}
	return r.NextUpdate
}

// answer returns what is known about a certificate, to which more may be added.
func (o *OCSP) answer(leaf, issuer *x509.Certificate) *ocspAnswer {
	h := sha256.New()
	for _, part := range [][]byte{issuer.RawSubject, issuer.RawSubjectPublicKeyInfo, leaf.SerialNumber.Bytes()} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	key := ocspKey(h.Sum(nil))
	o.mu.Lock()
	defer o.mu.Unlock()
	if a := o.answers[key]; a != nil {
		return a
	}
	if o.answers == nil {
		o.answers = map[ocspKey]*ocspAnswer{}
	}
	for old := range o.answers { // any will do: it is asked for again when it is wanted
		if len(o.answers) < maxAnswers {
			break
		}
		delete(o.answers, old)
	}
	a := &ocspAnswer{turn: make(chan struct{}, 1)}
	o.answers[key] = a
	return a
}

// known returns the last answer as current, if it is still good, and in any case as last; either may be nil.
func (o *OCSP) known(a *ocspAnswer) (current, last *ocsp.Response) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.last == nil || !o.current(a.last) {
		return nil, a.last
	}
	return a.last, a.last
}

// ask asks the certificate's servers, one at a time, unless somebody else did while it waited for that. With early it asks
// even if there is an answer.
func (o *OCSP) ask(ctx context.Context, a *ocspAnswer, leaf, issuer *x509.Certificate, early bool) (*ocsp.Response, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r, _ := o.known(a); r != nil && !early {
		return r, nil
	}
	o.mu.Lock()
	err, failed := a.err, a.failed
	o.mu.Unlock()
	if err != nil && o.time().Sub(failed) < notAgain {
		return nil, err
	}
	r, err := o.fetch(ctx, leaf, issuer)
	o.mu.Lock()
	defer o.mu.Unlock()
	a.err = err
	if err != nil {
		a.failed = o.time()
		if ctx.Err() != context.Canceled {
			o.log().Warn("certs: a certificate's OCSP server cannot be asked", "certificate", Identity(leaf), "reason", err)
		}
		return nil, err
	}
	a.last = r
	return r, nil
}

func (o *OCSP) fetch(ctx context.Context, leaf, issuer *x509.Certificate) (*ocsp.Response, error) {
	request, err := ocsp.CreateRequest(leaf, issuer, nil)
	if err != nil {
		return nil, err
	}
	for _, url := range leaf.OCSPServer {
		var r *ocsp.Response
		if r, err = o.fetchFrom(ctx, url, request, leaf, issuer); err == nil {
			return r, nil
		}
	}
	return nil, err
}

func (o *OCSP) fetchFrom(ctx context.Context, url string, request []byte, leaf, issuer *x509.Certificate) (*ocsp.Response, error) {
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/ocsp-request")
	client := o.Client
	if client == nil {
		client = defaultOCSPClient
	}
	answer, err := client.Do(post)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	der, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	r, err := o.parse(der, leaf, issuer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return r, nil
}

// Staple returns a function for [Config.Certificate] that has the certificate of next together with the response of its OCSP
// server, so that peers need not ask themselves. The response is fetched in the background and renewed at half of its time;
// before it is there, the certificate goes without. If next is nil, so is what it returns.
func (o *OCSP) Staple(next func() (*tls.Certificate, error)) func() (*tls.Certificate, error) {
	if next == nil {
		return nil
	}
	return func() (*tls.Certificate, error) {
		own, err := next()
		if err != nil || own == nil || len(own.Certificate) < 2 || own.Leaf == nil || len(own.Leaf.OCSPServer) == 0 {
			return own, err
		}
		issuer, err := x509.ParseCertificate(own.Certificate[1])
		if err != nil {
			return nil, fmt.Errorf("certs: own certificate's issuer: %w", err)
		}
		a := o.answer(own.Leaf, issuer)
		r, _ := o.known(a)
		if r == nil || o.time().After(r.ThisUpdate.Add(until(r).Sub(r.ThisUpdate)/2)) {
			o.refresh(a, own.Leaf, issuer)
		}
		if r == nil {
			return own, nil
		}
		stapled := *own
		stapled.OCSPStaple = r.Raw
		return &stapled, nil
	}
}

// refresh asks in the background, unless somebody asks already.
func (o *OCSP) refresh(a *ocspAnswer, leaf, issuer *x509.Certificate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || a.asking || a.err != nil && o.time().Sub(a.failed) < notAgain {
		return
	}
	if o.stop == nil {
		o.life, o.stop = context.WithCancel(context.Background())
	}
	a.asking = true
	o.work.Go(func() {
		ctx, cancel := context.WithTimeout(o.life, revocationTimeout)
		defer cancel()
		_, _ = o.ask(ctx, a, leaf, issuer, true) // it has logged why
		o.mu.Lock()
		a.asking = false
		o.mu.Unlock()
	})
}

// Close ends what goes on in the background for Staple, and waits for it. Check goes on to work.
func (o *OCSP) Close() error {
	o.mu.Lock()
	o.closed = true
	if o.stop != nil {
		o.stop()
	}
	o.mu.Unlock()
	o.work.Wait()
	return nil
}
