// Package transporttest checks that a transport keeps the contract of [core.Transport], and that nodes converse over
// it. A transport's test calls it in a few lines:
//
//	func TestTransport(t *testing.T) {
//		transporttest.Run(t, transporttest.Config{
//			Transport: tcp.Transport{},
//			ListenURL: func(testing.TB) string { return "tcp://127.0.0.1:0" },
//		})
//	}
//
// The contract is checked connection by connection: listening, dialing, bytes, ends, deadlines, peers. Then hosts,
// nodes and a registry talk over it in both versions of the protocol, lose each other and find each other again, while
// peers that misbehave are connected. Finally no goroutine may be left.
//
// As in the protocol, the side that accepted speaks first in every connection, and Accept and Dial run at the same time:
// a transport may rely on both.
package transporttest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/core"
)

// Config says what to check and how.
type Config struct {
	// Transport listens, and dials unless there is a Dialer. A host dials its registry with it. If it is an io.Closer, it
	// is closed before leaks are looked for.
	Transport core.Transport
	// Dialer dials, if it is configured in another way than the listening side. Nil means Transport.
	Dialer core.Transport
	// ListenURL returns a URL to listen at, each time another one, unless it has a port of 0.
	ListenURL func(t testing.TB) string
	// InvalidURLs are some that Listen and Dial refuse with core.ErrHostURLInvalid. Those that no transport can take, such
	// as one without anything after the scheme, are always checked.
	InvalidURLs []string
	// StalledURL returns a URL to which dialing neither succeeds nor fails for some seconds, until the test ends: where a
	// listener does not accept, or nobody answers the transport's handshake. Nil leaves out the check that Dial obeys a
	// context that ends meanwhile.
	StalledURL func(t testing.TB) string
	// RawDial opens a connection to a listener below the transport: plain TCP to a listener of TLS, say. It is used for
	// peers that never begin the transport's handshake. Nil means that there is nothing below.
	RawDial func(ctx context.Context, u *url.URL) (net.Conn, error)
	// Hello returns what a client sends first below the transport, such as a ClientHello. Half of it is what peers send
	// that then keep quiet. Nil means that they send nothing; without a RawDial there are none.
	Hello func(t testing.TB) []byte
	// CheckStalled looks at the error that a host or node reports whose peer does not go on with the handshake. Nil means
	// that any will do.
	CheckStalled func(t testing.TB, err error)
	// Refusals are connections that must not come about.
	Refusals []Refusal
	// CheckPeers checks what either side knows of the other, in bare connections and in the context of a slot. Nil means
	// that only scheme and address are checked.
	CheckPeers func(t testing.TB, accepted, dialed core.Peer)
	// Timeout is how long anything may take; 0 means 10 s.
	Timeout time.Duration
}

// suite is a Config in use.
type suite struct {
	Config
	scheme string
}

// check is one test of the suite.
type check struct {
	name  string
	run   func(*suite, testing.TB)
	needs func(*suite) bool // nil: nothing
}

// Run checks a transport. It must not run in parallel with other tests, whose goroutines would look like leaks.
func Run(t *testing.T, c Config) {
	s := newSuite(t, c)
	before := goleak.IgnoreCurrent()
	for _, group := range []struct {
		name   string
		checks []check
	}{{"listen", listenChecks}, {"dial", dialChecks}, {"conn", connChecks}, {"node", nodeChecks}, {"hostile", hostileChecks}, {"handshake", handshakeChecks}, {"refusal", refusalChecks(c.Refusals)}} {
		t.Run(group.name, func(t *testing.T) {
			for _, k := range group.checks {
				if k.needs == nil || k.needs(s) {
					t.Run(k.name, func(t *testing.T) { k.run(s, t) })
				}
			}
		})
	}
	t.Run("leaks", func(t *testing.T) { s.leaks(t, before) })
}

func newSuite(t testing.TB, c Config) *suite {
	t.Helper()
	require.NotNil(t, c.Transport, "Config.Transport")
	require.NotNil(t, c.ListenURL, "Config.ListenURL")
	if c.Dialer == nil {
		c.Dialer = c.Transport
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	s := &suite{Config: c}
	s.scheme = s.listenURL(t).Scheme
	return s
}

// leaks fails if there are goroutines that were not there before.
func (s *suite) leaks(t testing.TB, before goleak.Option) {
	t.Helper()
	for _, tr := range []core.Transport{s.Dialer, s.Transport} {
		if c, ok := tr.(io.Closer); ok {
			_ = c.Close() // twice, if they are the same
		}
	}
	require.NoError(t, goleak.Find(before))
}

func (s *suite) listenURL(t testing.TB) *url.URL {
	t.Helper()
	return parse(t, s.ListenURL(t))
}

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

// context ends with the test, or when that takes too long.
func (s *suite) context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	t.Cleanup(cancel)
	return ctx
}

// listen opens a listener for the test.
func (s *suite) listen(t testing.TB) core.Listener {
	t.Helper()
	return s.listenAt(t, s.listenURL(t))
}

func (s *suite) listenAt(t testing.TB, u *url.URL) core.Listener {
	t.Helper()
	l, err := s.Transport.Listen(s.context(t), u)
	require.NoError(t, err)
	s.atEnd(t, "Close of a listener", l.Close)
	return l
}

// atEnd calls fn when the test is over. It does not wait longer than for anything else.
func (s *suite) atEnd(t testing.TB, what string, fn func() error) {
	t.Cleanup(func() {
		select {
		case <-do(fn): // it may have been closed before
		case <-time.After(s.Timeout):
			t.Errorf("%s did not return within %v", what, s.Timeout)
		}
	})
}

// greeting is what the side that accepted says first.
const greeting = 'q'

// pair makes a connection.
func (s *suite) pair(t testing.TB, l core.Listener) (accepted, dialed core.Conn) {
	t.Helper()
	accept := start(func() (core.Conn, error) {
		c, err := l.Accept()
		if err == nil {
			_, err = c.Write([]byte{greeting})
		}
		return c, err
	})
	dialed, err := s.dial(t, l.URL())
	require.NoError(t, err)
	accepted, err = await(s, t, "Accept and a first Write", accept)
	require.NoError(t, err)
	s.atEnd(t, "Close of an accepted connection", accepted.Close)
	return accepted, dialed
}

// dial opens a connection and reads the greeting.
func (s *suite) dial(t testing.TB, u *url.URL) (core.Conn, error) {
	t.Helper()
	ctx := s.context(t)
	c, err := await(s, t, "Dial and a first Read", start(func() (core.Conn, error) {
		c, err := s.Dialer.Dial(ctx, u)
		if err == nil {
			err = greeted(c)
		}
		return c, err
	}))
	if c != nil {
		s.atEnd(t, "Close of a connection", c.Close)
	}
	return c, err
}

func greeted(c io.Reader) error {
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	if err == nil && b[0] != greeting {
		err = errors.New("the first byte is not the one that was written")
	}
	return err
}

// serve accepts connections until the test ends, and hands each to fn in a goroutine of its own. Then it closes them.
func (s *suite) serve(t testing.TB, l core.Listener, fn func(core.Conn)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var running []chan struct{}
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			end := make(chan struct{})
			running = append(running, end)
			go func() {
				defer close(end)
				stop := context.AfterFunc(ctx, func() { _ = c.Close() })
				defer stop()
				fn(c)
			}()
		}
	}()
	s.atEnd(t, "the end of a listener and its connections", func() error {
		cancel()
		err := l.Close()
		<-done
		for _, end := range running {
			<-end
		}
		return err
	})
}

type result[T any] struct {
	value T
	err   error
}

// start runs fn in a goroutine.
func start[T any](fn func() (T, error)) <-chan result[T] {
	ch := make(chan result[T], 1)
	go func() {
		v, err := fn()
		ch <- result[T]{v, err}
	}()
	return ch
}

// do is start for a function without a value.
func do(fn func() error) <-chan result[struct{}] {
	return start(func() (struct{}, error) { return struct{}{}, fn() })
}

// await waits for the end of what was started. What does not end fails the test.
func await[T any](s *suite, t testing.TB, what string, ch <-chan result[T]) (T, error) {
	t.Helper()
	timeout := time.NewTimer(s.Timeout)
	defer timeout.Stop()
	select {
	case r := <-ch:
		return r.value, r.err
	case <-timeout.C:
		require.Failf(t, "timeout", "%s did not return within %v", what, s.Timeout)
		panic("unreachable")
	}
}

// receive takes a value from a channel.
func receive[T any](s *suite, t testing.TB, what string, ch <-chan T) T {
	t.Helper()
	v, _ := await(s, t, what, start(func() (T, error) {
		select {
		case v := <-ch:
			return v, nil
		case <-time.After(2 * s.Timeout): // so that this goroutine ends, too
			var zero T
			return zero, nil
		}
	}))
	return v
}

// config is that of a node that uses the transport.
func (s *suite) config(t core.Transport) core.Config {
	return core.Config{
		Logger:     slog.New(slog.DiscardHandler),
		Transports: map[string]core.Transport{s.scheme: t},
		RetryMax:   200 * time.Millisecond,
	}
}

// mentions reports whether an error says where something went wrong.
func mentions(err error, u *url.URL) bool {
	for _, part := range []string{u.Host, u.Port(), u.Opaque, u.Path} {
		if part != "" && strings.Contains(err.Error(), part) {
			return true
		}
	}
	return false
}
