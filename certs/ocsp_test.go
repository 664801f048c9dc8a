package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"
)

// responder is an authority's OCSP server.
type responder struct {
	*httptest.Server
	t testing.TB
	a *Authority

	mu     sync.Mutex
	asked  int
	broken bool
	answer func(serial *big.Int) []byte // nil: by what the authority has revoked
}

func newResponder(t testing.TB, a *Authority) *responder {
	r := &responder{t: t, a: a}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *responder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	body, _ := io.ReadAll(request.Body)
	q, err := ocsp.ParseRequest(body)
	if err != nil || r.broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	answer := r.answer
	if answer == nil {
		answer = func(serial *big.Int) []byte { return r.respond(ocsp.Response{SerialNumber: serial}) }
	}
	_, _ = w.Write(answer(q.SerialNumber))
}

func (r *responder) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func (r *responder) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// respond signs a response; what the template leaves out is as it should be.
func (r *responder) respond(t ocsp.Response) []byte {
	r.a.mu.Lock()
	defer r.a.mu.Unlock()
	if t.ThisUpdate.IsZero() {
		t.ThisUpdate = time.Now().Add(-time.Minute)
	}
	if t.NextUpdate.IsZero() {
		t.NextUpdate = time.Now().Add(time.Hour)
	}
	if r.a.isRevoked(t.SerialNumber) {
		t.Status, t.RevokedAt = ocsp.Revoked, time.Now()
	}
	der, err := ocsp.CreateResponse(r.a.inter.cert, r.a.inter.cert, t, r.a.inter.key)
	require.NoError(r.t, err)
	return der
}

func (r *responder) issue() []*x509.Certificate {
	return []*x509.Certificate{issue(r.t, r.a, Template{DNS: []string{"peer.example"}, OCSP: []string{r.URL}}).Leaf, r.a.Intermediate(), r.a.Root()}
}

func TestOCSP(t *testing.T) {
	ctx := context.Background()
	a := newAuthority(t)
	r := newResponder(t, a)
	chain := r.issue()
	log := newLines()
	o := &OCSP{Logger: log.logger()}

	// Asked once, then remembered until the answer is old.
	require.NoError(t, o.Check(ctx, chain, nil))
	require.NoError(t, o.Check(ctx, chain, nil))
	require.Equal(t, 1, r.times())
	a.Revoke(chain[0].SerialNumber)
	require.NoError(t, o.Check(ctx, chain, nil))
	later := time.Now().Add(2 * time.Hour)
	o.now = func() time.Time { return later }
	r.set(func() {
		r.answer = func(serial *big.Int) []byte {
			return r.respond(ocsp.Response{SerialNumber: serial, ThisUpdate: later, NextUpdate: later.Add(time.Hour)})
		}
	})
	err := o.Check(ctx, chain, nil)
	requireRefused(t, err, CheckRevoked, false)
	require.ErrorContains(t, err, "dns:peer.example")
	require.Equal(t, 2, r.times())

	// That the server cannot be asked any more does not make it good, nor does an older response of the peer's.
	good := (&responder{t: t, a: &Authority{root: a.root, inter: a.inter}}).respond(ocsp.Response{SerialNumber: chain[0].SerialNumber, NextUpdate: later.Add(time.Hour)})
	requireRefused(t, o.Check(ctx, chain, good), CheckRevoked, false)
	r.set(func() { r.broken = true })
	later = later.Add(2 * time.Hour)
	requireRefused(t, o.Check(ctx, chain, nil), CheckRevoked, false)
	log.wait(t, "cannot be asked", "dns:peer.example", "500")

	// Others pass if nobody can tell, without waiting each time.
	other := r.issue()
	before := r.times()
	require.NoError(t, o.Check(ctx, other, nil))
	require.NoError(t, o.Check(ctx, other, nil))
	require.Equal(t, before+1, r.times())
	later = later.Add(notAgain)
	require.NoError(t, o.Check(ctx, other, nil))
	require.Equal(t, before+2, r.times())
	require.NoError(t, o.Check(ctx, other[:1], nil))

	strict := &OCSP{Strict: true, Logger: log.logger()}
	require.ErrorContains(t, strict.Check(ctx, other, nil), "nobody can tell whether dns:peer.example has been revoked: "+r.URL+": 500")
	mute := issue(t, a, Template{}).Leaf
	require.ErrorContains(t, strict.Check(ctx, []*x509.Certificate{mute, a.Intermediate(), a.Root()}, nil), errNoStaple.Error())
	require.NoError(t, (&OCSP{}).Check(ctx, []*x509.Certificate{mute, a.Intermediate(), a.Root()}, nil))
}

func TestOCSPAnswers(t *testing.T) {
	a := newAuthority(t)
	r := newResponder(t, a)
	chain := r.issue()
	serial := chain[0].SerialNumber
	other := &responder{t: t, a: newAuthority(t)}
	signer := func(template *x509.Certificate) (*x509.Certificate, signer) {
		template.NotBefore = time.Now().Add(-2 * time.Hour)
		s, err := sign(template, a.inter)
		require.NoError(t, err)
		return s.cert, s
	}
	delegate := func(template *x509.Certificate) []byte {
		cert, s := signer(template)
		der, err := ocsp.CreateResponse(a.inter.cert, cert, ocsp.Response{
			SerialNumber: serial, Certificate: cert, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		}, s.key)
		require.NoError(t, err)
		return der
	}
	soonEnough := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		der  []byte
		want string // "" if it is fine
	}{
		"good":         {r.respond(ocsp.Response{SerialNumber: serial}), ""},
		"delegated":    {delegate(&x509.Certificate{NotAfter: soonEnough, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}), ""},
		"not entitled": {delegate(&x509.Certificate{NotAfter: soonEnough, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}), "who signed it may not do so"},
		"no longer":    {delegate(&x509.Certificate{NotAfter: time.Now().Add(-time.Minute), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}), "has expired"},
		"of another":   {other.respond(ocsp.Response{SerialNumber: serial}), "bad OCSP signature"},
		"for another":  {r.respond(ocsp.Response{SerialNumber: big.NewInt(1)}), "no response matching"},
		"old":          {r.respond(ocsp.Response{SerialNumber: serial, NextUpdate: time.Now().Add(-time.Minute)}), "it is for "},
		"of tomorrow":  {r.respond(ocsp.Response{SerialNumber: serial, ThisUpdate: soonEnough, NextUpdate: soonEnough.Add(time.Hour)}), "it is for "},
		"unknown":      {r.respond(ocsp.Response{SerialNumber: serial, Status: ocsp.Unknown}), "does not know dns:peer.example"},
		"garbage":      {[]byte("hello"), "OCSP response: "},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLines()
			r.set(func() { r.answer = func(*big.Int) []byte { return c.der } })
			check := func(staple []byte) error {
				return (&OCSP{Strict: true, Logger: log.logger()}).Check(context.Background(), chain, staple)
			}
			asked, stapled := check(nil), check(c.der)
			soft := (&OCSP{Logger: log.logger()}).Check(context.Background(), chain, c.der)
			require.NoError(t, soft)
			if c.want == "" {
				require.NoError(t, asked)
				require.NoError(t, stapled)
				return
			}
			require.ErrorContains(t, asked, c.want)
			require.ErrorContains(t, stapled, c.want)
		})
	}
}

// Many handshakes at the same time ask once.
func TestOCSPTogether(t *testing.T) {
	r := newResponder(t, newAuthority(t))
	chain := r.issue()
	o := &OCSP{Strict: true}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { require.NoError(t, o.Check(context.Background(), chain, nil)) })
	}
	all.Wait()
	require.Equal(t, 1, r.times())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := o.answer(r.issue()[0], chain[1])
	a.turn <- struct{}{}
	_, err := o.ask(ctx, a, chain[0], chain[1], false)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOCSPBounded(t *testing.T) {
	a := newAuthority(t)
	o := &OCSP{}
	for i := range int64(maxAnswers + 100) {
		o.answer(&x509.Certificate{SerialNumber: big.NewInt(i)}, a.Intermediate())
	}
	require.Len(t, o.answers, maxAnswers)
}

func TestStaple(t *testing.T) {
	a := newAuthority(t)
	r := newResponder(t, a)
	log := newLines()
	o := &OCSP{Logger: log.logger()}
	own := issue(t, a, Template{OCSP: []string{r.URL}})
	next := func() (*tls.Certificate, error) { return own, nil }
	served := make(chan struct{}, 100)
	r.set(func() {
		r.answer = func(serial *big.Int) []byte {
			served <- struct{}{}
			return r.respond(ocsp.Response{SerialNumber: serial, ThisUpdate: o.time(), NextUpdate: o.time().Add(time.Hour)})
		}
	})
	require.Nil(t, o.Staple(nil))
	certificate := o.Staple(next)
	c, err := certificate()
	require.NoError(t, err)
	require.Empty(t, c.OCSPStaple)
	await(t, served)
	stapled := func() []byte {
		o.work.Wait()
		c, err := certificate()
		require.NoError(t, err)
		return slices.Clone(c.OCSPStaple)
	}
	first := stapled()
	chain := []*x509.Certificate{own.Leaf, a.Intermediate(), a.Root()}
	require.NoError(t, (&OCSP{Strict: true}).Check(context.Background(), chain, first))
	require.Equal(t, first, stapled())
	require.Empty(t, served)
	require.Empty(t, own.OCSPStaple)

	// At half of its time it is renewed, and used in the meantime.
	later := time.Now().Add(40 * time.Minute)
	o.work.Wait()
	o.now = func() time.Time { return later }
	require.Equal(t, first, stapled())
	await(t, served)
	require.NotEqual(t, first, stapled())

	o.work.Wait()
	later = later.Add(2 * time.Hour)
	r.set(func() { r.broken = true })
	require.Empty(t, stapled())
	log.wait(t, "cannot be asked")
	require.NoError(t, o.Close())
	require.Empty(t, stapled())

	for _, without := range []*tls.Certificate{nil, issue(t, a, Template{}), {Certificate: own.Certificate[:1], Leaf: own.Leaf}} {
		c, err := o.Staple(func() (*tls.Certificate, error) { return without, nil })()
		require.NoError(t, err)
		require.Same(t, without, c)
	}
	_, err = o.Staple(func() (*tls.Certificate, error) {
		return &tls.Certificate{Certificate: [][]byte{own.Certificate[0], []byte("x")}, Leaf: own.Leaf}, nil
	})()
	require.ErrorContains(t, err, "issuer")
}

// Close does not wait for a server that does not answer.
func TestStapleClose(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(asked); <-release }))
	defer server.Close()
	defer close(release)
	a := newAuthority(t)
	log := newLines()
	o := &OCSP{Logger: log.logger()}
	own := issue(t, a, Template{OCSP: []string{server.URL}})
	_, err := o.Staple(func() (*tls.Certificate, error) { return own, nil })()
	require.NoError(t, err)
	await(t, asked)
	require.NoError(t, o.Close())
	require.Empty(t, log)
	_, err = (&OCSP{Logger: log.logger()}).fetchFrom(context.Background(), ":", nil, own.Leaf, a.Intermediate())
	require.True(t, strings.Contains(err.Error(), "missing protocol scheme"), err)
}
