package quic_test

import (
	"errors"
	"io"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/quic"
)

// eventually waits for what nothing tells of.
func eventually(t testing.TB, what string, fn func() bool) {
	require.Eventually(t, fn, patience, time.Millisecond, what)
}

// All connections of a transport to a host are streams of one QUIC connection, which ends with the last of them.
func TestSharing(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	var mu sync.Mutex
	var all []core.Conn
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			c := dial(t, dialing, l.URL().Host)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, c)
		})
	}
	wg.Wait()
	require.Equal(t, 1, dialing.Sessions())
	require.Equal(t, 1, hosting.Sessions())
	for i, c := range all {
		require.NoError(t, c.Close())
		if i+1 < len(all) {
			converse(t, all[i+1])
		}
	}
	eventually(t, "the connection is still open", func() bool { return dialing.Sessions() == 0 && hosting.Sessions() == 0 })
	eventually(t, "the socket is still open", func() bool { return dialing.Sockets() == 0 })
	require.Equal(t, 1, hosting.Sockets())
	converse(t, dial(t, dialing, l.URL().Host)) // and again
}

// Two transports of one process do not share, since they may have different certificates.
func TestSharingIsForOne(t *testing.T) {
	_, config := plant(t)
	hosting := open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	converse(t, dial(t, open(t, config), l.URL().Host))
	converse(t, dial(t, open(t, config), l.URL().Host))
	require.Equal(t, 2, hosting.Sessions())
}

// A QUIC connection has a limited number of streams; another one takes the rest.
func TestMoreThanOneHolds(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	first := dial(t, dialing, l.URL().Host)
	for range quic.MaxStreams - 1 {
		require.True(t, quic.Same(first, dial(t, dialing, l.URL().Host)))
	}
	second := dial(t, dialing, l.URL().Host)
	require.False(t, quic.Same(first, second))
	require.True(t, quic.Same(second, dial(t, dialing, l.URL().Host)))
	converse(t, first)
	converse(t, second)
	require.Equal(t, 2, hosting.Sessions())
}

// More dials at the same time than one QUIC connection holds are no error.
func TestMoreThanOneHoldsAtOnce(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	var wg sync.WaitGroup
	for range 2*quic.MaxStreams + 10 {
		wg.Go(func() {
			c, err := tryDial(t, dialing, l.URL().Host)
			if err != nil {
				t.Error(err)
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			_, _ = c.Write([]byte{1})
			if _, err = io.ReadFull(c, make([]byte, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 3, dialing.Sessions())
}

// Nothing runs when nothing is open, also if nobody closes the transport.
func TestNothingRuns(t *testing.T) {
	before := goleak.IgnoreCurrent()
	_, config := plant(t)
	hosting, dialing := quic.New(config), quic.New(config)
	l := listen(t, hosting, "127.0.0.1:0")
	a, d := pair(t, l, dialing, l.URL().Host)
	require.NoError(t, l.Close())
	require.NoError(t, a.Close())
	require.NoError(t, d.Close())
	eventually(t, "a socket is open", func() bool { return hosting.Sockets() == 0 && dialing.Sockets() == 0 })
	require.NoError(t, goleak.Find(before))
}

// A peer whose live connection is dropped is told why, and so are those on this side.
func TestDropped(t *testing.T) {
	w := securetest.NewWorld(t, securetest.Config{Scheme: "quic"})
	var changed atomic.Pointer[func()]
	config := w.With(w.Host)
	config.DropLive = true
	config.OnChange = func(fn func()) func() {
		changed.Store(&fn)
		return func() {}
	}
	hosting, dialing := open(t, config), open(t, w.With(w.Client))
	l := listen(t, hosting, "127.0.0.1:0")
	a, d := pair(t, l, dialing, l.URL().Host)
	a2, d2 := pair(t, l, dialing, l.URL().Host)
	w.Revoke(w.Client)
	(*changed.Load())()
	for _, c := range []core.Conn{a, a2} {
		_, err := c.Read(make([]byte, 1))
		securetest.Refused(certs.CheckRevoked, false)(t, err)
		_, err = c.Write(make([]byte, 1))
		securetest.Refused(certs.CheckRevoked, false)(t, err)
	}
	for _, c := range []core.Conn{d, d2} {
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.ErrorContains(t, err, "does not accept our certificate any more: revoked")
	}
}

// A connection that is not read holds up no other one of the same QUIC connection.
func TestDeafOnesHoldUpNobody(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	for range 10 {
		accepted, deaf := pair(t, l, dialing, l.URL().Host)
		require.NoError(t, accepted.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		var err error
		for err == nil {
			_, err = accepted.Write(make([]byte, 64<<10))
		}
		_ = deaf
	}
	echo(t, l)
	converse(t, dial(t, dialing, l.URL().Host))
	require.Equal(t, 1, dialing.Sessions())
}

// A dial that is given up neither ends nor delays that of another.
func TestOneGivesUp(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	r := newRouter(t, l.URL().Host)
	r.mu.Lock()
	r.hold = true
	r.mu.Unlock()
	ctx, cancel := withCancel(t)
	gone := make(chan error, 1)
	go func() {
		_, err := dialing.Dial(ctx, &url.URL{Scheme: "quic", Host: r.at()})
		gone <- err
	}()
	stays := make(chan core.Conn, 1)
	eventually(t, "nothing was sent", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.held) > 0 })
	go func() { stays <- dial(t, dialing, r.at()) }()
	cancel()
	require.Error(t, <-gone)
	r.release()
	c := <-stays
	converse(t, c)
	end(t, c, dialing)
}

// A stream that has been asked for and given up is nobody else's.
func TestLateStreams(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	_, first := pair(t, l, dialing, l.URL().Host)
	ctx, cancel := withCancel(t)
	gone := make(chan error, 1)
	go func() {
		_, err := dialing.Dial(ctx, l.URL())
		gone <- err
	}()
	late, err := l.Accept()
	require.NoError(t, err)
	cancel()
	require.Error(t, <-gone)
	_ = late.SetDeadline(time.Now().Add(patience))
	_, _ = late.Write([]byte("for nobody"))
	_, err = late.Read(make([]byte, 1))
	require.Error(t, err)
	require.NoError(t, late.Close())
	echo(t, l)
	converse(t, dial(t, dialing, l.URL().Host))
	require.NoError(t, first.Close())
}

// What either side has written arrives before the end, however it ends, and the end has a cause.
func TestEnds(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	_, keep := pair(t, l, dialing, l.URL().Host)
	defer keep.Close()

	a, d := pair(t, l, dialing, l.URL().Host)
	_, err := d.Write([]byte("bye"))
	require.NoError(t, err)
	require.NoError(t, d.Close())
	b, err := io.ReadAll(a)
	require.NoError(t, err)
	require.Equal(t, "bye", string(b))
	_, err = a.Write([]byte{1})
	require.ErrorIs(t, err, syscall.EPIPE)

	a, d = pair(t, l, dialing, l.URL().Host)
	full := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 64<<10))
		}
		full <- err
	}()
	require.NoError(t, d.Close())
	require.ErrorIs(t, <-full, syscall.EPIPE)

	a, d = pair(t, l, dialing, l.URL().Host)
	writing := make(chan error, 1)
	progress := make(chan struct{}, 1000)
	go func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 64<<10))
			progress <- struct{}{}
		}
		writing <- err
	}()
	for stuck := false; !stuck; {
		select {
		case <-progress:
		case <-time.After(100 * time.Millisecond):
			stuck = true
		}
	}
	require.NoError(t, a.Close())
	require.Error(t, <-writing)
	_, err = io.Copy(io.Discard, struct{ io.Reader }{d})
	require.ErrorIs(t, err, syscall.ECONNRESET, "a cut is no end")

	a, d = pair(t, l, dialing, l.URL().Host)
	go func() { _ = dialing.Close() }() // without a word on each connection
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = d.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, errors.Is(err, io.EOF))
}

// What a side could not get rid of before it gave up waiting is missing, and the other side is told so.
func TestCutIsNoEnd(t *testing.T) {
	defer quic.SetLingering(50 * time.Millisecond)()
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	a, d := pair(t, l, dialing, l.URL().Host)
	require.NoError(t, d.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	sent := 0
	for {
		n, err := d.Write(make([]byte, 1000))
		sent += n
		if err != nil {
			break
		}
	}
	require.NoError(t, d.Close())
	eventually(t, "the connection is still open", func() bool { return dialing.Sessions() == 0 })
	got, err := io.Copy(io.Discard, struct{ io.Reader }{a})
	require.Less(t, got, int64(sent))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// A closed transport does nothing more.
func TestClosed(t *testing.T) {
	_, config := plant(t)
	tr := quic.New(config)
	l := listen(t, tr, "127.0.0.1:0")
	echo(t, l)
	c := dial(t, tr, l.URL().Host)
	require.NoError(t, tr.Close())
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, errClosed)
	_, err = c.Write(make([]byte, 1))
	require.ErrorIs(t, err, errClosed)
	_, err = l.Accept()
	require.ErrorIs(t, err, errClosed)
	_, err = tr.Dial(within(t), l.URL())
	require.ErrorIs(t, err, errClosed)
	_, err = tr.Listen(within(t), l.URL())
	require.ErrorIs(t, err, errClosed)
	require.ErrorIs(t, tr.Rebind(within(t)), errClosed)
	require.NoError(t, tr.Close())
	require.Zero(t, tr.Sockets())
}
