package transporttest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

var listenChecks = []check{
	{name: "URL", run: (*suite).listenerURL},
	{name: "invalid URLs", run: (*suite).invalidURLs},
	{name: "close unblocks accept", run: (*suite).closeListener},
	{name: "context is for starting", run: (*suite).listenContext},
	{name: "twice", run: (*suite).listenTwice},
	{name: "close keeps connections", run: (*suite).closeKeeps},
	{name: "again at once", run: (*suite).listenAgain},
	{name: "silent peers", run: (*suite).silentPeers},
}

func (s *suite) listenerURL(t testing.TB) {
	asked := s.listenURL(t)
	l := s.listenAt(t, asked)
	u := l.URL()
	require.Equal(t, asked.Scheme, u.Scheme)
	require.NotEqual(t, "0", u.Port(), "a port of 0 must become the real one in URL")
	require.Equal(t, u.String(), parse(t, u.String()).String(), "URL must survive printing and parsing")
	if p := asked.Port(); p != "" && p != "0" {
		require.Equal(t, p, u.Port())
	}
	_, c := s.pair(t, l)
	require.NotNil(t, c)
}

func (s *suite) invalidURLs(t testing.TB) {
	ctx := s.context(t)
	for _, raw := range append([]string{s.scheme + ":", s.scheme + "://"}, s.InvalidURLs...) {
		u := parse(t, raw)
		l, err := s.Transport.Listen(ctx, u)
		if err == nil {
			_ = l.Close()
		}
		require.ErrorIs(t, err, core.ErrHostURLInvalid, "Listen at %s", raw)
		c, err := s.Dialer.Dial(ctx, u)
		if err == nil {
			_ = c.Close()
		}
		require.ErrorIs(t, err, core.ErrHostURLInvalid, "Dial to %s", raw)
	}
}

func (s *suite) closeListener(t testing.TB) {
	l := s.listen(t)
	accept := func() (core.Conn, error) { return l.Accept() }
	waiting := []<-chan result[core.Conn]{start(accept), start(accept)}
	require.NoError(t, l.Close())
	for _, w := range waiting {
		_, err := await(s, t, "Accept of a listener that was closed", w)
		require.ErrorIs(t, err, net.ErrClosed)
	}
	_, err := await(s, t, "Accept of a closed listener", start(accept))
	require.ErrorIs(t, err, net.ErrClosed)
	_, _ = await(s, t, "a second Close", do(l.Close))
	require.NotNil(t, l.URL(), "URL of a closed listener")
}

func (s *suite) listenContext(t testing.TB) {
	ctx, cancel := context.WithCancel(s.context(t))
	l, err := s.Transport.Listen(ctx, s.listenURL(t))
	require.NoError(t, err)
	defer l.Close()
	cancel()
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; { // whatever the end of ctx sets off needs not be done at once
		a, d := s.pair(t, l)
		s.exchange(t, a, d, 100)
	}
}

func (s *suite) listenTwice(t testing.TB) {
	l := s.listen(t)
	second, err := s.Transport.Listen(s.context(t), l.URL())
	if err == nil {
		_ = second.Close()
	}
	require.Error(t, err, "a second Listen at %s", l.URL())
	require.NotErrorIs(t, err, core.ErrHostURLInvalid)
	s.echoes(t, l) // whatever the attempt left in the queue
	c, err := s.dial(t, l.URL())
	require.NoError(t, err)
	_, err = await(s, t, "an echo", do(func() error { return converse(c, 4, 100) }))
	require.NoError(t, err)
}

// echoes answers all connections with what they send.
func (s *suite) echoes(t testing.TB, l core.Listener) {
	s.serve(t, l, func(c core.Conn) {
		defer c.Close()
		if _, err := c.Write([]byte{greeting}); err == nil {
			_ = echo(c)
		}
	})
}

func (s *suite) closeKeeps(t testing.TB) {
	l := s.listen(t)
	a, d := s.pair(t, l)
	require.NoError(t, l.Close())
	s.exchange(t, a, d, 100_000)
}

func (s *suite) listenAgain(t testing.TB) {
	u := s.listenURL(t)
	for range 5 {
		l := s.listenAt(t, u)
		a, d := s.pair(t, l)
		s.exchange(t, a, d, 100)
		require.NoError(t, l.Close())
		require.NoError(t, a.Close())
		require.NoError(t, d.Close())
		u = l.URL() // with the real port
	}
}

// silentPeers checks that Accept does not wait for peers that connect and then keep quiet.
func (s *suite) silentPeers(t testing.TB) {
	l := s.listen(t)
	u := l.URL()
	ctx := s.context(t)
	s.echoes(t, l)
	for range 10 {
		c, err := s.silent(ctx, l)
		require.NoError(t, err)
		defer c.Close()
	}
	began := time.Now()
	_, err := s.dial(t, u)
	require.NoError(t, err)
	require.Less(t, time.Since(began), s.Timeout/2, "silent peers delay others")
}

// silent connects and says nothing, below the transport if there is a way.
func (s *suite) silent(ctx context.Context, l core.Listener) (net.Conn, error) {
	if s.RawDial != nil {
		return s.RawDial(ctx, l.URL())
	}
	return s.Dialer.Dial(ctx, l.URL())
}
