package testca_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/certs/testca"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/transports/quic"
	qtls "github.com/go-qtro/qtro/transports/tls"
)

// patience is how long anything that should happen may take on a busy machine.
const patience = 30 * time.Second

var transports = map[string]func(certs.Config) core.Transport{
	"tls":  func(c certs.Config) core.Transport { return qtls.New(c) },
	"quic": func(c certs.Config) core.Transport { return quic.New(c) },
}

var schemes = []string{"tls", "quic"}

// onEach runs a test on a plant with each secure transport.
func onEach(t *testing.T, test func(t *testing.T, p *plant)) {
	for _, scheme := range schemes {
		t.Run(scheme, func(t *testing.T) {
			p := &plant{t: t, scheme: scheme, ca: newCA(t)}
			test(t, p)
		})
	}
}

func newCA(t testing.TB) *testca.CA { return testca.New(t, testca.Options{}) }

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// plant is a network on one secure transport, all of whose certificates come from one authority.
type plant struct {
	t        testing.TB
	scheme   string
	ca       *testca.CA
	registry string // its URL
}

// name is the identity of somebody in the plant.
func name(who string) string { return "spiffe://plant.example/" + who }

// process is what one program of the plant has: a certificate of its own, and a transport that uses it.
type process struct {
	p         *plant
	who       string
	config    certs.Config
	transport core.Transport
	errs      chan error // that its nodes tell of

	own    atomic.Pointer[tls.Certificate]
	signed atomic.Int64 // how often the certificate's key was used: once in each handshake that does not resume a session
}

// process returns one that trusts the authority of the plant and has a certificate of it; change may make it different.
func (p *plant) process(who string, change ...func(*certs.Config)) *process {
	s := &process{p: p, who: who, errs: make(chan error, 1000)}
	s.rotate()
	s.config = certs.Config{Certificate: s.certificate, Roots: p.ca.Roots}
	for _, f := range change {
		f(&s.config)
	}
	s.fresh()
	return s
}

// fresh gives the process a new transport, as if it had been started again: there are neither sessions to resume nor
// connections to share.
func (s *process) fresh() {
	s.transport = transports[s.p.scheme](s.config)
	if c, ok := s.transport.(io.Closer); ok {
		s.p.t.Cleanup(func() { _ = c.Close() })
	}
}

func (s *process) certificate() (*tls.Certificate, error) { return s.own.Load(), nil }

// key counts how often it is used.
type key struct {
	crypto.Signer
	signed *atomic.Int64
}

func (k key) Sign(rand io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	k.signed.Add(1)
	return k.Signer.Sign(rand, digest, o)
}

// rotate has the process get another certificate, with another key, for the same identity.
func (s *process) rotate() {
	own, err := s.p.ca.Issue(time.Hour, name(s.who), "127.0.0.1")
	require.NoError(s.p.t, err)
	own.PrivateKey = key{own.PrivateKey.(crypto.Signer), &s.signed}
	s.own.Store(own)
}

func (s *process) serial() string {
	own, err := s.config.Certificate()
	require.NoError(s.p.t, err)
	return serial(own.Leaf.SerialNumber)
}

func serial(n *big.Int) string { return n.Text(16) }

func (s *process) core() core.Config {
	return core.Config{
		Name: s.who, Logger: slog.New(slog.DiscardHandler), RequireSecure: true, RetryMax: 200 * time.Millisecond,
		Transports: map[string]core.Transport{s.p.scheme: s.transport},
		OnError: func(err error) {
			select {
			case s.errs <- err:
			default:
			}
		},
	}
}

// refused waits until a node of the process tells that a handshake ended by a check, by its own side or the other.
func (s *process) refused(check certs.Check, remote bool) {
	s.p.t.Helper()
	late := time.After(patience)
	var others []error
	for {
		select {
		case err := <-s.errs:
			var refused *certs.RefusedError
			if errors.As(err, &refused) && refused.Check == check && refused.Remote == remote {
				return
			}
			others = append(others, err)
		case <-late:
			require.Failf(s.p.t, "not refused", "%s: check %q, remote %v; but: %v", s.who, check, remote, others)
		}
	}
}

func (p *plant) closed(c io.Closer) {
	p.t.Cleanup(func() { assert.NoError(p.t, c.Close()) })
}

func (p *plant) anyPort() string { return p.scheme + "://127.0.0.1:0" }

// startRegistry starts the registry of the plant.
func (p *plant) startRegistry(s *process) {
	r, err := core.NewRegistryHost(s.core())
	require.NoError(p.t, err)
	p.closed(r)
	p.registry, err = r.Listen(soon(p.t), p.anyPort())
	require.NoError(p.t, err)
}

// Boiler is the object that the plant is about.
type Boiler struct {
	Count  int64 `qtro:",readonly"`
	Ticked func(n int64)

	source *core.Source
}

// Whom returns the serial number of the certificate that the caller has shown.
func (*Boiler) Whom(ctx context.Context) (string, error) {
	peer, ok := core.PeerFrom(ctx)
	if !ok || peer.Security != core.Authenticated || len(peer.Certificates) == 0 {
		return "", fmt.Errorf("nobody: %v", peer)
	}
	return serial(peer.Certificates[0].SerialNumber), nil
}

// host starts a host with a boiler, which enters it into the registry if there is one.
func (s *process) host() (h *core.Host, boiler *Boiler, url string) {
	h = core.NewHost(s.core())
	s.p.closed(h)
	boiler = &Boiler{}
	var err error
	boiler.source, err = core.SourceOf(boiler)
	require.NoError(s.p.t, err)
	require.NoError(s.p.t, h.EnableRemoting(boiler.source, "Boiler"))
	url, err = h.Listen(soon(s.p.t), s.p.anyPort())
	require.NoError(s.p.t, err)
	if s.p.registry != "" {
		g, err := h.SetRegistry(s.p.registry)
		require.NoError(s.p.t, err)
		require.NoError(s.p.t, g.Wait(soon(s.p.t)))
	}
	return h, boiler, url
}

// node starts a node and returns a replica of the boiler, which may not be valid yet: it comes from a URL, or with "" by
// the registry.
func (s *process) node(url string) (*core.Node, *core.Replica) {
	n := core.NewNode(s.core())
	s.p.closed(n)
	var err error
	if url == "" {
		_, err = n.SetRegistry(s.p.registry)
	} else {
		err = n.Connect(url)
	}
	require.NoError(s.p.t, err)
	r, err := n.AcquireDynamic("Boiler")
	require.NoError(s.p.t, err)
	return n, r
}

// panel starts a node and waits until its replica is valid.
func (s *process) panel(url string) (*core.Node, *core.Replica) {
	s.p.t.Helper()
	n, r := s.node(url)
	s.wait(r)
	return n, r
}

func (s *process) wait(r *core.Replica) {
	s.p.t.Helper()
	if err := r.Wait(soon(s.p.t)); err != nil {
		for len(s.errs) > 0 {
			err = errors.Join(err, <-s.errs)
		}
		require.NoError(s.p.t, err)
	}
}

// seen returns the serial numbers that the two sides of a replica's connection have shown each other.
func (p *plant) seen(r *core.Replica) (ofHost, ofPanel string) {
	p.t.Helper()
	peer, ok := r.Peer()
	require.True(p.t, ok)
	require.Equal(p.t, core.Authenticated, peer.Security)
	require.NotEmpty(p.t, peer.Certificates)
	v, err := r.Call(soon(p.t), "whom")
	require.NoError(p.t, err)
	return serial(peer.Certificates[0].SerialNumber), fmt.Sprint(v)
}

// traffic has the boiler change, and send a signal, all the time.
type traffic struct {
	stop, done chan struct{}
	n          int64 // of both
}

func (p *plant) traffic(boiler *Boiler) *traffic {
	f := &traffic{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		pace := time.NewTicker(2 * time.Millisecond) // times 25 replicas, with the race detector, on a busy machine
		defer pace.Stop()
		for {
			select {
			case <-f.stop:
				return
			case <-pace.C:
				f.n++
				assert.NoError(p.t, boiler.source.Update(func() { boiler.Count = f.n }))
				boiler.Ticked(f.n)
			}
		}
	}()
	p.t.Cleanup(func() { f.end() })
	return f
}

// end stops it and returns the last number.
func (f *traffic) end() int64 {
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
	<-f.done
	return f.n
}

// follower counts what arrives at a replica.
type follower struct {
	mu      sync.Mutex
	changes sequence
	signals sequence
	states  []core.State // that it went to
}

// sequence is of numbers that must be consecutive.
type sequence struct {
	last  int64
	count int
	wrong []string
}

func (s *sequence) add(n int64) {
	if s.count > 0 && n != s.last+1 {
		s.wrong = append(s.wrong, fmt.Sprintf("%d after %d", n, s.last))
	}
	s.last = n
	s.count++
}

// follow returns when the first ones have arrived.
func (p *plant) follow(r *core.Replica) *follower {
	p.t.Helper()
	f := &follower{}
	into := func(s *sequence, v qt.Value) {
		f.mu.Lock()
		defer f.mu.Unlock()
		s.add(v.Int())
	}
	_, err := r.OnChange("count", func(v qt.Value) { into(&f.changes, v) })
	require.NoError(p.t, err)
	_, err = r.OnSignal("ticked", func(args []qt.Value) { into(&f.signals, args[0]) })
	require.NoError(p.t, err)
	r.OnState(func(_, now core.State) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.states = append(f.states, now)
	})
	f.reaches(p.t, 1)
	return f
}

// reaches waits until n has arrived, and returns how many changes and signals did. All must have been in order.
func (f *follower) reaches(t testing.TB, n int64) int {
	t.Helper()
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.changes.last >= n && f.signals.last >= n
	}, patience, 2*time.Millisecond, "%d does not arrive: %+v", n, f)
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Empty(t, f.changes.wrong)
	require.Empty(t, f.signals.wrong)
	return f.changes.count + f.signals.count
}

func (f *follower) stateChanges() []core.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]core.State(nil), f.states...)
}
