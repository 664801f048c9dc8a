package testca

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smallstep/certificates/ca"
)

// Renewal says when a [Renewer] renews. Zero values are step-ca's: after two thirds of the lifetime, give or take a twentieth.
type Renewal struct {
	Before time.Duration // how long before its end a certificate is renewed
	Jitter time.Duration // up to how much earlier, at random
	// OnRenewed, if set, is called with each new certificate. It must not block.
	OnRenewed func(*tls.Certificate)
	// OnError, if set, is told of each failure. The renewer tries again after half of the jitter to all of it.
	OnError func(error)
}

// Renewer keeps a certificate valid: step-ca's own renewer, which asks the authority for another one for the same names and
// key, over TLS with the present one. It is safe for concurrent use.
type Renewer struct {
	ca      *CA
	o       Renewal
	renewer *ca.TLSRenewer
	key     any
	current atomic.Pointer[tls.Certificate]

	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once

	mu     sync.Mutex // held while asking the authority
	closed bool
}

var errRenewerClosed = errors.New("the renewer is closed")

// Renewer starts to renew a certificate, which must be valid for at least one more minute: that is step-ca's limit. One that
// expires, because the authority did not answer in time, cannot be renewed any more. The caller closes the Renewer.
func (a *CA) Renewer(cert *tls.Certificate, o Renewal) (*Renewer, error) {
	r := &Renewer{ca: a, o: o, key: cert.PrivateKey}
	r.current.Store(cert)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	var err error
	r.renewer, err = ca.NewTLSRenewer(cert, r.renew, ca.WithRenewBefore(o.Before), ca.WithRenewJitter(o.Jitter))
	if err != nil {
		r.cancel()
		return nil, fmt.Errorf("testca: renewer: %w", err)
	}
	r.renewer.Run()
	return r, nil
}

// Certificate returns the certificate as it is now: it is what the field Certificate of a certs.Config wants.
func (r *Renewer) Certificate() (*tls.Certificate, error) {
	return r.current.Load(), nil
}

// renew is called by step-ca's renewer when it is time.
func (r *Renewer) renew() (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errRenewerClosed
	}
	cert, err := r.ask()
	if err != nil {
		if r.o.OnError != nil {
			r.o.OnError(fmt.Errorf("testca: renew: %w", err))
		}
		return nil, err
	}
	r.current.Store(cert)
	if r.o.OnRenewed != nil {
		r.o.OnRenewed(cert)
	}
	return cert, nil
}

func (r *Renewer) ask() (*tls.Certificate, error) {
	signed, err := r.ca.client.RenewWithContext(r.ctx, r.ca.transport(func() (*tls.Certificate, error) { return r.current.Load(), nil }))
	if err != nil {
		return nil, err
	}
	return ca.TLSCertificate(signed, r.key)
}

// Close ends renewing and waits for it. The certificate stays as it is.
func (r *Renewer) Close() {
	r.once.Do(func() {
		r.cancel()
		r.mu.Lock() // that is, when nobody is asking any more
		r.closed = true
		r.mu.Unlock()
		// A timer that has fired is set again at the end of renewing, so that it may take more than one Stop.
		for !r.renewer.Stop() {
			runtime.Gosched()
		}
	})
}
