package transporttest

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

// Refusal is a connection that a secure transport must refuse on one side or the other. It is tried bare, by a node that is
// told the URL, and by one that hears of it through a registry.
type Refusal struct {
	Name string
	// Host listens and Client dials. Nil means those of the Config, of which at least one should have its part: then a good
	// connection of the same host or node goes on while the other is refused.
	Host, Client core.Transport
	// URL returns what is dialed to get to a listener. Nil means the listener's URL.
	URL func(listening *url.URL) *url.URL
	// CheckHost and CheckClient look at the error by which either side learns of it: that of HandshakeContext, of Dial, or of
	// the first Read. Nil means that this side is an intruder of the test's own making, of which nothing is expected.
	CheckHost, CheckClient func(t testing.TB, err error)
	// Retries tells that the refusal may pass, so that a node must go on trying. Otherwise it must leave it for a while.
	Retries bool
}

func refusalChecks(refusals []Refusal) []check {
	var checks []check
	for _, r := range refusals {
		checks = append(checks,
			check{name: r.Name + "/connection", run: func(s *suite, t testing.TB) { s.refusedConn(t, r) }},
			check{name: r.Name + "/node", run: func(s *suite, t testing.TB) { s.refusedNode(t, r) }},
			check{name: r.Name + "/registry", run: func(s *suite, t testing.TB) { s.refusedByRegistry(t, r) }})
	}
	return checks
}

// in fills in what the refusal takes from the suite.
func (r Refusal) in(s *suite) Refusal {
	if r.URL == nil {
		r.URL = func(u *url.URL) *url.URL { return u }
	}
	return r
}

func or(t, otherwise core.Transport) core.Transport {
	if t != nil {
		return t
	}
	return otherwise
}

// handshake is what a host does first with a connection.
func handshake(ctx context.Context, c core.Conn) error {
	if h, ok := c.(core.Handshaker); ok {
		if err := h.HandshakeContext(ctx); err != nil {
			return err
		}
	}
	_, err := c.Write([]byte{greeting})
	return err
}

func (s *suite) refusedConn(t testing.TB, r Refusal) {
	r = r.in(s)
	l, err := or(r.Host, s.Transport).Listen(s.context(t), s.listenURL(t))
	require.NoError(t, err)
	s.atEnd(t, "Close of a listener", l.Close)
	ctx := s.context(t)
	refused := make(chan error, 100)
	s.serve(t, l, func(c core.Conn) {
		defer c.Close()
		err := handshake(ctx, c)
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // the end
		}
		refused <- err
	})
	_, err = await(s, t, "a connection that is refused", do(func() error {
		c, err := or(r.Client, s.Dialer).Dial(ctx, r.URL(l.URL()))
		if err != nil {
			return err
		}
		n, err := c.Read(make([]byte, 1))
		if err = errors.Join(err, c.Close()); n > 0 {
			return errServed
		}
		return err
	}))
	require.Error(t, err)
	if r.CheckClient != nil {
		require.NotErrorIs(t, err, errServed)
		r.CheckClient(t, err)
	}
	if r.CheckHost != nil {
		r.CheckHost(t, receive(s, t, "the host's error", refused))
	}
	if r.Host == nil { // and others are still welcome
		_, err := s.dial(t, l.URL())
		require.NoError(t, err)
	}
}

var errServed = errors.New("there was something to read")

// attempts counts what a node does at one URL.
type attempts struct {
	core.Transport
	url   string // set before it is dialed
	mu    sync.Mutex
	dials int
	bytes atomic.Int64 // that were read
}

func (a *attempts) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	if u.String() != a.url {
		return a.Transport.Dial(ctx, u)
	}
	a.mu.Lock()
	a.dials++
	a.mu.Unlock()
	c, err := a.Transport.Dial(ctx, u)
	if err != nil {
		return nil, err
	}
	return countedConn{c, &a.bytes}, nil
}

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dials
}

type countedConn struct {
	core.Conn
	read *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// affair is a refusal between a host and a node.
type affair struct {
	Refusal
	host       *desk
	node       *core.Node
	attempts   *attempts
	hostErrors chan error
	nodeErrors chan error
	witness    *witness
}

func queueOf(errs chan error) func(error) {
	return func(err error) {
		select {
		case errs <- err:
		default: // a test that fails anyway
		}
	}
}

// affair sets the stage: a host, perhaps a registry, that remotes a Vault besides the Desk, and a node that is not
// connected to it yet. One of them has a good connection.
func (s *suite) affair(t testing.TB, r Refusal, registry bool) *affair {
	a := &affair{Refusal: r.in(s), hostErrors: make(chan error, 100), nodeErrors: make(chan error, 100)}
	config := s.config(or(r.Host, s.Transport))
	config.OnError = queueOf(a.hostErrors)
	if registry {
		h, err := core.NewRegistryHost(config)
		require.NoError(t, err)
		require.NoError(t, h.Registry().Wait(s.context(t))) // its connection to itself counts
		a.host = s.furnish(t, h.Host, s.ListenURL(t))
	} else {
		a.host = s.desk(t, config, s.ListenURL(t))
	}
	vault, err := core.NewSource(deskClass())
	require.NoError(t, err)
	require.NoError(t, a.host.EnableRemoting(vault, "Vault"))

	a.attempts = &attempts{Transport: or(r.Client, s.Dialer), url: a.URL(parse(t, a.host.url)).String()}
	config = s.config(a.attempts)
	config.OnError = queueOf(a.nodeErrors)
	a.node = s.node(t, config)

	good, at := a.node, a.host
	if r.Host == nil || r.Client != nil {
		good = s.node(t, s.config(s.Dialer))
	}
	if r.Host != nil {
		at = s.desk(t, s.config(s.Transport), s.ListenURL(t))
	}
	require.NoError(t, good.Connect(at.url))
	a.witness = s.observe(t, at, good)
	return a
}

func (s *suite) refusedNode(t testing.TB, r Refusal) {
	a := s.affair(t, r, false)
	s.refused(t, a, func() {
		require.NoError(t, a.node.Connect(a.attempts.url))
	})
}

func (s *suite) refusedByRegistry(t testing.TB, r Refusal) {
	if r.Client != nil { // it could not hear of anything: the registry itself has to refuse it
		a := s.affair(t, r, true)
		s.refused(t, a, func() {
			_, err := a.node.SetRegistry(a.attempts.url)
			require.NoError(t, err)
		})
		return
	}
	a := s.affair(t, r, false)
	g, err := core.NewRegistryHost(s.config(s.Transport))
	require.NoError(t, err)
	s.atEnd(t, "Close of a registry", g.Close)
	at, err := g.Listen(s.context(t), s.ListenURL(t))
	require.NoError(t, err)
	announcer := core.NewHost(s.config(s.Transport)) // whoever may register announces what it likes
	s.atEnd(t, "Close of a host", announcer.Close)
	vault, err := core.NewSource(deskClass())
	require.NoError(t, err)
	require.NoError(t, announcer.EnableRemoting(vault, "Vault"))
	_, err = announcer.Listen(s.context(t), s.ListenURL(t), core.Advertise(a.attempts.url))
	require.NoError(t, err)
	_, err = announcer.SetRegistry(at)
	require.NoError(t, err)
	s.refused(t, a, func() {
		_, err := a.node.SetRegistry(at)
		require.NoError(t, err)
	})
}

// refused lets the node try, and checks what becomes of it.
func (s *suite) refused(t testing.TB, a *affair, try func()) {
	before := a.host.Stats().Connections
	try()
	vault, err := a.node.AcquireDynamic("Vault")
	require.NoError(t, err)
	vault.OnState(func(_, to core.State) {
		if to == core.Valid {
			t.Errorf("a replica became Valid")
		}
	})
	s.atEnd(t, "Close of a replica", vault.Close)
	if a.CheckHost != nil {
		a.CheckHost(t, receive(s, t, "the host's report", a.hostErrors))
	}
	if a.CheckClient != nil {
		s.tries(t, a)
		require.Zero(t, a.attempts.bytes.Load(), "bytes that were read from a connection that is refused")
	}
	s.undisturbed(t, a.witness, a.Name)
	if a.CheckHost != nil {
		require.Equal(t, before, a.host.Stats().Connections, "the host has served somebody")
	}
	require.NotEqual(t, core.Valid, vault.State())
}

// tries checks that the node tells why it is refused and goes on trying, or leaves it for a while.
func (s *suite) tries(t testing.TB, a *affair) {
	a.CheckClient(t, s.report(t, a))
	if a.Retries {
		require.Eventually(t, func() bool { return a.attempts.count() >= 3 }, s.Timeout, pollTime, "the node must go on trying")
		return
	}
	require.Equal(t, 1, a.attempts.count())
	// A node that goes on trying reports only once. One that has left it tries and reports when it is asked to.
	require.NoError(t, a.node.Connect(a.attempts.url))
	a.CheckClient(t, s.report(t, a))
	require.Equal(t, 2, a.attempts.count(), "the node must not go on trying when it is refused")
}

// report returns what the node tells of the URL.
func (s *suite) report(t testing.TB, a *affair) error {
	for {
		err := receive(s, t, "the node's report (once for each time that it is asked to connect)", a.nodeErrors)
		var op *core.OpError
		require.ErrorAs(t, err, &op)
		if op.Object == a.attempts.url {
			return err
		}
		t.Logf("the node also reports: %v", err)
	}
}
