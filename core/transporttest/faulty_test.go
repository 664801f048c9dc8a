package transporttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/tcp"
)

// plain is what the transports of these tests are built on.
var plain = tcp.Transport{}

// faulty is a transport with a fault.
type faulty struct {
	core.Transport
	listen func(ctx context.Context, t core.Transport, u *url.URL) (core.Listener, error)
	dial   func(ctx context.Context, t core.Transport, u *url.URL) (core.Conn, error)
	conn   func(core.Conn) core.Conn // of either side
}

func (f faulty) Listen(ctx context.Context, u *url.URL) (l core.Listener, err error) {
	if f.listen != nil {
		return f.listen(ctx, f.Transport, u)
	}
	l, err = f.Transport.Listen(ctx, u)
	if err == nil && f.conn != nil {
		return faultyListener{Listener: l, conn: f.conn}, nil
	}
	return l, err
}

func (f faulty) Dial(ctx context.Context, u *url.URL) (c core.Conn, err error) {
	if f.dial != nil {
		return f.dial(ctx, f.Transport, u)
	}
	c, err = f.Transport.Dial(ctx, u)
	if err == nil && f.conn != nil {
		return f.conn(c), nil
	}
	return c, err
}

type faultyListener struct {
	core.Listener
	conn   func(core.Conn) core.Conn
	accept func() (core.Conn, error)
	close  func() error
	url    *url.URL
}

func (l faultyListener) Accept() (core.Conn, error) {
	if l.accept != nil {
		return l.accept()
	}
	c, err := l.Listener.Accept()
	if err == nil && l.conn != nil {
		c = l.conn(c)
	}
	return c, err
}

func (l faultyListener) Close() error {
	if l.close != nil {
		return l.close()
	}
	return l.Listener.Close()
}

func (l faultyListener) URL() *url.URL {
	if l.url != nil {
		return l.url
	}
	return l.Listener.URL()
}

type faultyConn struct {
	core.Conn
	read, write func([]byte) (int, error)
	close       func() error
	deadline    func(time.Time) error
	peer        *core.Peer
}

func (c faultyConn) Read(b []byte) (int, error) {
	if c.read != nil {
		return c.read(b)
	}
	return c.Conn.Read(b)
}

func (c faultyConn) Write(b []byte) (int, error) {
	if c.write != nil {
		return c.write(b)
	}
	return c.Conn.Write(b)
}

func (c faultyConn) Close() error {
	if c.close != nil {
		return c.close()
	}
	return c.Conn.Close()
}

func (c faultyConn) SetDeadline(d time.Time) error {
	if c.deadline != nil {
		return c.deadline(d)
	}
	return c.Conn.SetDeadline(d)
}

func (c faultyConn) SetReadDeadline(d time.Time) error  { return c.SetDeadline(d) }
func (c faultyConn) SetWriteDeadline(d time.Time) error { return c.SetDeadline(d) }

func (c faultyConn) Peer() core.Peer {
	if c.peer != nil {
		return *c.peer
	}
	return c.Conn.Peer()
}

// listening makes a faulty transport out of what is wrong with its listener.
func listening(fault func(l core.Listener, asked *url.URL) core.Listener) faulty {
	return faulty{listen: func(ctx context.Context, t core.Transport, u *url.URL) (core.Listener, error) {
		l, err := t.Listen(ctx, u)
		if err != nil {
			return nil, err
		}
		return fault(l, u), nil
	}}
}

// faults are mistakes that transports make, each with a check that finds it.
var faults = []struct {
	name, check string
	faulty      faulty
}{
	{"Close leaves Read waiting", "close unblocks read", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, close: func() error { return nil }}
	}}},
	{"Close leaves Write waiting", "close unblocks write", faulty{conn: func(c core.Conn) core.Conn {
		var mu sync.Mutex
		return faultyConn{Conn: c,
			write: func(b []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return c.Write(b) },
			close: func() error { mu.Lock(); defer mu.Unlock(); return c.Close() }}
	}}},
	{"Close drops what was written", "all is delivered before the end", faulty{conn: func(c core.Conn) core.Conn {
		written := make(chan []byte, 1000) // sent only later
		go func() {
			for b := range written {
				_, _ = c.Write(b)
			}
		}()
		return faultyConn{Conn: c, write: func(b []byte) (int, error) { written <- slices.Clone(b); return len(b), nil }}
	}}},
	{"errors after Close are of its own", "closed", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, read: func(b []byte) (int, error) {
			n, err := c.Read(b)
			if errors.Is(err, net.ErrClosed) {
				err = errors.New("no longer open")
			}
			return n, err
		}}
	}}},
	{"a byte is wrong", "1 MiB", faulty{conn: func(c core.Conn) core.Conn {
		total := 0
		return faultyConn{Conn: c, read: func(b []byte) (int, error) {
			n, err := c.Read(b)
			if at := 1_000_000 - total; at >= 0 && at < n {
				b[at] ^= 0x10
			}
			total += n
			return n, err
		}}
	}}},
	{"long writes are cut", "many MiB", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, write: func(b []byte) (int, error) {
			n, err := c.Write(b[:min(len(b), 4<<20)])
			return max(n, len(b)), err
		}}
	}}},
	{"there is no bound to what waits", "write deadline", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, write: func(b []byte) (int, error) {
			if len(b) == 1 {
				return c.Write(b)
			}
			time.Sleep(time.Millisecond)
			return len(b), nil
		}}
	}}},
	{"deadlines are ignored", "read deadline", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, deadline: func(time.Time) error { return nil }}
	}}},
	{"deadlines cannot be taken back", "read deadline", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, deadline: func(d time.Time) error {
			if d.IsZero() {
				return nil
			}
			return c.SetDeadline(d)
		}}
	}}},
	{"the peer has no scheme", "peers", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, peer: &core.Peer{Addr: "somewhere"}}
	}}},
	{"the end is not noticed", "end is noticed", faulty{conn: func(c core.Conn) core.Conn {
		return faultyConn{Conn: c, write: func(b []byte) (int, error) {
			if n, err := c.Write(b); err == nil {
				return n, nil
			}
			select {}
		}}
	}}},
	{"the URL keeps port 0", "URL", listening(func(l core.Listener, asked *url.URL) core.Listener {
		return faultyListener{Listener: l, url: asked}
	})},
	{"Close takes the connections along", "close keeps connections", listening(func(l core.Listener, _ *url.URL) core.Listener {
		var accepted []io.Closer
		return faultyListener{Listener: l, accept: func() (core.Conn, error) {
			c, err := l.Accept()
			if err == nil {
				accepted = append(accepted, c)
			}
			return c, err
		}, close: func() error {
			for _, c := range accepted {
				_ = c.Close()
			}
			return l.Close()
		}}
	})},
	{"Accept fails with an error of its own", "close unblocks accept", listening(func(l core.Listener, _ *url.URL) core.Listener {
		return faultyListener{Listener: l, accept: func() (core.Conn, error) {
			c, err := l.Accept()
			if err != nil {
				err = errors.New("no longer listening")
			}
			return c, err
		}}
	})},
	{"Accept waits after Close", "close unblocks accept", listening(func(l core.Listener, _ *url.URL) core.Listener {
		return faultyListener{Listener: l, accept: func() (core.Conn, error) {
			c, err := l.Accept()
			if err != nil {
				select {}
			}
			return c, err
		}}
	})},
	{"Accept waits for the peer's first byte", "silent peers", listening(func(l core.Listener, _ *url.URL) core.Listener {
		return faultyListener{Listener: l, accept: func() (core.Conn, error) {
			c, err := l.Accept()
			if err == nil {
				_, err = c.Read(make([]byte, 1))
			}
			return c, err
		}}
	})},
	{"the listener ends with its context", "context is for starting", faulty{
		listen: func(ctx context.Context, t core.Transport, u *url.URL) (core.Listener, error) {
			l, err := t.Listen(ctx, u)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = l.Close() })
			}
			return l, err
		}}},
	{"the address is shared", "twice", faulty{
		listen: func(ctx context.Context, t core.Transport, u *url.URL) (core.Listener, error) {
			l, err := t.Listen(ctx, u)
			if err != nil {
				l, err = t.Listen(ctx, &url.URL{Scheme: u.Scheme, Host: "127.0.0.1:0"})
			}
			return l, err
		}}},
	{"the port is not given back", "again at once", listening(func(l core.Listener, _ *url.URL) core.Listener {
		return faultyListener{Listener: l, close: func() error {
			time.AfterFunc(500*time.Millisecond, func() { _ = l.Close() })
			return nil
		}}
	})},
	{"invalid URLs are not called so", "invalid URLs", faulty{
		listen: func(ctx context.Context, t core.Transport, u *url.URL) (core.Listener, error) {
			l, err := t.Listen(ctx, u)
			if err != nil {
				err = errors.New(err.Error())
			}
			return l, err
		}}},
	{"the connection ends with Dial's context", "context is for dialing", faulty{
		dial: func(ctx context.Context, t core.Transport, u *url.URL) (core.Conn, error) {
			c, err := t.Dial(ctx, u)
			if err == nil {
				return endsWith{c, ctx}, nil
			}
			return c, err
		}}},
	{"Dial ignores its context", "cancelled before", faulty{
		dial: func(_ context.Context, t core.Transport, u *url.URL) (core.Conn, error) {
			return t.Dial(context.Background(), u)
		}}},
	{"Dial does not say where", "nobody", faulty{
		dial: func(ctx context.Context, t core.Transport, u *url.URL) (core.Conn, error) {
			c, err := t.Dial(ctx, u)
			if err != nil {
				return nil, errors.New("connection refused")
			}
			return c, nil
		}}},
	{"connections are mixed up", "many at once", func() faulty {
		var mu sync.Mutex
		var last core.Conn
		return faulty{conn: func(c core.Conn) core.Conn {
			mu.Lock()
			defer mu.Unlock()
			if last == nil {
				last = c
			}
			other := last
			return faultyConn{Conn: c, write: func(b []byte) (int, error) { return other.Write(b) }}
		}}
	}()},
	{"writes are reordered", "protocol 2.0 typed", faulty{conn: func(c core.Conn) core.Conn {
		var held []byte
		return faultyConn{Conn: c, write: func(b []byte) (int, error) {
			if held == nil && len(b) > 100 {
				held = slices.Clone(b)
				return len(b), nil
			}
			if _, err := c.Write(b); err != nil {
				return 0, err
			}
			_, err := c.Write(held)
			held = nil
			return len(b), err
		}}
	}}},
}

// recorder is a test that may fail without harm.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failure  string
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure += fmt.Sprintf(format, args...)
}

func (r *recorder) FailNow() { runtime.Goexit() }

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// try runs a check and returns how it failed.
func try(t testing.TB, run func(testing.TB)) string {
	r := &recorder{TB: t}
	step := func(f func()) {
		done := make(chan struct{})
		go func() { defer close(done); f() }()
		<-done
	}
	step(func() { run(r) })
	for _, f := range slices.Backward(r.cleanups) {
		step(f)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// endsWith is a connection that ends with a context.
type endsWith struct {
	core.Conn
	ctx context.Context
}

func (c endsWith) Read(b []byte) (int, error) {
	if c.ctx.Err() != nil {
		_ = c.Close()
	}
	return c.Conn.Read(b)
}

func find(t *testing.T, name string) check {
	for _, k := range slices.Concat(listenChecks, dialChecks, connChecks, nodeChecks, hostileChecks) {
		if k.name == name {
			return k
		}
	}
	t.Fatalf("no check %q", name)
	panic("unreachable")
}

func TestFaultsAreFound(t *testing.T) {
	config := Config{Transport: plain, ListenURL: func(testing.TB) string { return "tcp://127.0.0.1:0" },
		Timeout: 500 * time.Millisecond}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			k, c := find(t, f.check), config
			f.faulty.Transport = c.Transport
			c.Transport = f.faulty
			s := newSuite(t, c)
			failure := try(t, func(t testing.TB) { k.run(s, t) })
			require.NotEmpty(t, failure, "%q does not find it", f.check)
			t.Log(failure)
		})
	}
}

func TestLeakIsFound(t *testing.T) {
	s := newSuite(t, Config{Transport: plain, ListenURL: func(testing.TB) string { return "tcp://127.0.0.1:0" }})
	before := goleak.IgnoreCurrent()
	require.Empty(t, try(t, func(t testing.TB) { s.leaks(t, before) }))
	stop := make(chan struct{})
	defer close(stop)
	go func() { <-stop }()
	require.Contains(t, try(t, func(t testing.TB) { s.leaks(t, before) }), "found unexpected goroutines")
}
