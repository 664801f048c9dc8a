package transporttest

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

var dialChecks = []check{
	{name: "nobody", run: (*suite).dialNobody},
	{name: "cancelled before", run: (*suite).dialCancelled},
	{name: "cancelled meanwhile", run: (*suite).dialStalled, needs: func(s *suite) bool { return s.StalledURL != nil }},
	{name: "context is for dialing", run: (*suite).dialContext},
	{name: "many at once", run: (*suite).dialMany},
}

// quick is how long it may take to find out that nobody listens.
const quick = 5 * time.Second

func (s *suite) dialNobody(t testing.TB) {
	l := s.listen(t)
	require.NoError(t, l.Close())
	ctx := s.context(t)
	began := time.Now()
	c, err := await(s, t, "Dial to nobody", start(func() (core.Conn, error) {
		c, err := s.Dialer.Dial(ctx, l.URL())
		if err == nil {
			err = greeted(c) // a transport may learn it as late as this
			_ = c.Close()
		}
		return c, err
	}))
	require.Error(t, err)
	require.Less(t, time.Since(began), quick)
	require.NotErrorIs(t, err, core.ErrHostURLInvalid)
	if c == nil {
		require.True(t, mentions(err, l.URL()), "the error must say where: %v", err)
	}
}

func (s *suite) dialCancelled(t testing.TB) {
	l := s.listen(t)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, late} {
		_, err := await(s, t, "Dial with a context that has ended", start(func() (core.Conn, error) {
			c, err := s.Dialer.Dial(ctx, l.URL())
			if err == nil {
				_ = c.Close()
			}
			return c, err
		}))
		hasEnded(t, err, ctx.Err())
	}
}

// hasEnded checks the error of a Dial whose context has ended. Package net tells of a deadline in more than one way.
func hasEnded(t testing.TB, err, want error) {
	t.Helper()
	var timeout net.Error
	if want == context.DeadlineExceeded && errors.As(err, &timeout) && timeout.Timeout() {
		return
	}
	require.ErrorIs(t, err, want)
}

func (s *suite) dialStalled(t testing.TB) {
	u := parse(t, s.StalledURL(t))
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithCancel(context.Background())
		if want == context.DeadlineExceeded {
			ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
		}
		defer cancel()
		dial := start(func() (core.Conn, error) {
			c, err := s.Dialer.Dial(ctx, u)
			if err == nil {
				_ = c.Close()
			}
			return c, err
		})
		select {
		case r := <-dial: // too early, as its error will show
			dial = start(func() (core.Conn, error) { return r.value, r.err })
		case <-time.After(50 * time.Millisecond): // that it has begun cannot be seen from outside
		}
		if want == context.Canceled {
			cancel()
		}
		_, err := await(s, t, "Dial whose context has ended", dial)
		hasEnded(t, err, want)
	}
}

func (s *suite) dialContext(t testing.TB) {
	l := s.listen(t)
	ctx, cancel := context.WithCancel(s.context(t))
	accept := start(func() (core.Conn, error) {
		c, err := l.Accept()
		if err == nil {
			_, err = c.Write([]byte{greeting})
		}
		return c, err
	})
	d, err := s.Dialer.Dial(ctx, l.URL())
	require.NoError(t, err)
	defer d.Close()
	cancel()
	a, err := await(s, t, "Accept", accept)
	require.NoError(t, err)
	defer a.Close()
	require.NoError(t, greeted(d), "the connection must outlive the context of Dial")
	s.exchange(t, a, d, 10_000)
}

// dialMany opens many connections at the same time and checks that none gets what is another's.
func (s *suite) dialMany(t testing.TB) {
	const connections = 64
	l := s.listen(t)
	ctx := s.context(t)
	s.echoes(t, l)
	errs := make([]error, connections)
	_, _ = await(s, t, "conversing over many connections", do(func() error {
		var wg sync.WaitGroup
		for i := range connections {
			wg.Go(func() {
				c, err := s.Dialer.Dial(ctx, l.URL())
				if err == nil {
					defer c.Close()
					err = errors.Join(c.SetDeadline(time.Now().Add(s.Timeout)), greeted(c))
				}
				if err == nil {
					err = converse(c, i, 20_000)
				}
				errs[i] = err
			})
		}
		wg.Wait()
		return nil
	}))
	require.NoError(t, errors.Join(errs...))
}
