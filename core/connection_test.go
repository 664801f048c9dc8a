package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMem()
		c, errs := quiet(t)
		m.use(&c)
		c.RetryMax = 2 * time.Second
		n := NewNode(c)
		defer n.Close()
		require.NoError(t, n.Connect("mem://h"))
		require.NoError(t, n.Connect("mem://h"), "twice is once")
		r, err := n.Acquire("counter", counterClass())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		assert.InDelta(t, 33, m.dials(), 8, "100 ms, 200, 400, 800, 1.6 s, then every two seconds")
		assert.Len(t, errs, 1, "told once, not at each attempt")

		hc, _ := quiet(t)
		m.use(&hc)
		h := NewHost(hc)
		s, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(s, "counter"))
		_, err = h.Listen(t.Context(), "mem://h")
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		for i := range 3 {
			require.NoError(t, s.Set("value", 100+i))
			time.Sleep(stable) // or the pauses would go on growing
			m.cut("h")
			synctest.Wait()
			assert.Equal(t, Suspect, r.State())
			start := time.Now()
			require.NoError(t, r.Wait(t.Context()))
			assert.Less(t, time.Since(start), 200*time.Millisecond, "the first attempt comes soon")
			v, err := Get[int](r, "value")
			require.NoError(t, err)
			assert.Equal(t, 100+i, v)
		}
		require.NoError(t, h.Close())
		synctest.Wait()
		assert.Equal(t, Suspect, r.State())
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, errs := quiet(t)
		c.Heartbeat = time.Second
		n := NewNode(c)
		defer n.Close()
		near, far := net.Pipe()
		require.NoError(t, n.AddClientSideConnection(near))
		h := newPeer(t, far, wire.Protocol20)
		h.send(&wire.Packet{Kind: wire.Handshake, Name: "QtRO 2.0"}, &wire.Packet{Kind: wire.ObjectList, Objects: []wire.ObjectRef{{Name: "o"}}})
		r, err := n.Acquire("o", &Class{Name: "O"})
		require.NoError(t, err)
		h.next()
		h.send(&wire.Packet{Kind: wire.Init, Name: "o"})
		for range 3 { // it answers
			p := h.next()
			require.Equal(t, wire.Ping, p.Kind)
			assert.Equal(t, "o", p.Name)
			h.send(&wire.Packet{Kind: wire.Pong, Name: p.Name})
		}
		// From here on it neither answers nor reads.
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Equal(t, Suspect, r.State())
		require.ErrorIs(t, <-errs, ErrHeartbeat)
	})
}

func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, errs := quiet(t)
		c.HandshakeTimeout = 3 * time.Second
		n := NewNode(c)
		defer n.Close()
		near, far := net.Pipe()
		defer far.Close()
		start := time.Now()
		require.NoError(t, n.AddClientSideConnection(near))
		err := <-errs
		assert.ErrorContains(t, err, "no Handshake within 3s")
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestHandshakes(t *testing.T) {
	for what, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"older version": {handshake(t, wire.Protocol13, "QtRO 1.2"), `"QtRO 1.2"`},
		"wrong order":   {handshake(t, wire.Protocol20, "QtRO 1.3"), "byte order"},
		"http":          {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "is the peer a Qt Remote Objects host?"},
		"object list":   {[]byte{0, 0, 0, 6, 0, 9, 0, 0, 0, 0}, "ObjectList"},
		"nothing":       {nil, "EOF"},
		"half":          {[]byte{0, 0, 0, 22, 0}, "EOF"},
	} {
		t.Run(what, func(t *testing.T) {
			n, errs := testNode(t)
			near, far := net.Pipe()
			require.NoError(t, n.AddClientSideConnection(near))
			if c.bytes != nil {
				_, err := far.Write(c.bytes)
				require.NoError(t, err)
			}
			require.NoError(t, far.Close())
			assert.ErrorContains(t, recv(t, errs), c.want)
		})
	}
}

func handshake(t testing.TB, p wire.Protocol, name string) []byte {
	b, err := wire.NewEncoder(p).Append(nil, &wire.Packet{Kind: wire.Handshake, Name: name})
	require.NoError(t, err)
	return b
}

// TestMismatchIsFinal: a node does not come back to a host that speaks another version, unless it is asked to.
func TestMismatchIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMem()
		c, errs := quiet(t)
		m.use(&c)
		n := NewNode(c)
		defer n.Close()
		u, err := url.Parse("mem://old")
		require.NoError(t, err)
		l, err := m.Listen(t.Context(), u)
		require.NoError(t, err)
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write(handshake(t, wire.Protocol13, "QtRO 1.2"))
			}
		}()
		for i := range 2 {
			require.NoError(t, n.Connect("mem://old"))
			var mismatch *wire.MismatchError
			require.ErrorAs(t, <-errs, &mismatch)
			assert.Equal(t, "QtRO 1.2", mismatch.Got)
			time.Sleep(time.Hour)
			assert.Equal(t, i+1, m.dials())
		}
		assert.EqualValues(t, 2, n.Stats().Violations)
	})
}

func TestURLErrors(t *testing.T) {
	h, _ := testHost(t, newMem().use)
	for raw, want := range map[string]error{
		"": ErrHostURLInvalid, "nonsense": ErrHostURLInvalid, ":": ErrHostURLInvalid, "tcp://[": ErrHostURLInvalid, "%%": ErrHostURLInvalid,
	} {
		_, err := h.Listen(soon(t), raw)
		assert.ErrorIs(t, err, want, raw)
		assert.ErrorIs(t, h.Connect(raw), want, raw)
		_, err = h.SetRegistry(raw)
		assert.ErrorIs(t, err, want, raw)
	}
	h, _ = testHost(t, newMem().use)
	for _, raw := range []string{"gopher://x", "quic://x:1"} {
		var unknown *UnknownSchemeError
		_, err := h.Listen(soon(t), raw)
		require.ErrorAs(t, err, &unknown)
		assert.ErrorContains(t, err, unknown.Scheme)
		require.ErrorAs(t, h.Connect(raw), &unknown)
		_, err = h.SetRegistry(raw)
		require.ErrorAs(t, err, &unknown)
	}
	_, err := h.Listen(soon(t), "gopher://x", AllowExternalRegistration)
	require.NoError(t, err, "the host need not listen there itself")
	_, err = h.Listen(soon(t), "gopher://x", AllowExternalRegistration)
	assert.ErrorIs(t, err, ErrServerAlreadyCreated)
	got, err := h.Listen(soon(t), "mem://a", Advertise("mem://outside"))
	require.NoError(t, err)
	assert.Equal(t, "mem://outside", got)
	_, err = h.Listen(soon(t), "mem://a")
	assert.ErrorIs(t, err, ErrServerAlreadyCreated)
	_, err = h.Listen(soon(t), "mem://b", Advertise("nonsense"))
	assert.ErrorIs(t, err, ErrHostURLInvalid)
	assert.Equal(t, []string{"gopher://x", "mem://outside"}, h.URLs())
	other, _ := testHost(t, func(c *Config) { c.Transports = h.config.Transports })
	_, err = other.Listen(soon(t), "mem://a")
	assert.ErrorIs(t, err, ErrListenFailed)
	require.NoError(t, h.Close())
	_, err = h.Listen(soon(t), "mem://c")
	assert.ErrorIs(t, err, ErrClosed)
	s, _ := newCounter(t)
	assert.ErrorIs(t, h.EnableRemoting(s, "s"), ErrClosed)
	assert.ErrorIs(t, h.AddHostSideConnection(closed{}), ErrClosed)
	assert.ErrorIs(t, h.AddClientSideConnection(closed{}), ErrClosed)
}

type closed struct{ io.ReadWriter }

func (closed) Close() error { return nil }

func TestExternalSchema(t *testing.T) {
	h, _ := testHost(t)
	s, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, "counter"))
	n, errs := testNode(t)
	opened := make(chan io.Closer, 10)
	refuse := true
	n.RegisterExternalSchema("odd", func(ctx context.Context, u *url.URL) (io.ReadWriteCloser, error) {
		if refuse {
			refuse = false
			return nil, errors.New("not now")
		}
		if _, ok := ctx.Deadline(); !ok {
			return nil, errors.New("no deadline")
		}
		near, far := net.Pipe()
		if err := h.AddHostSideConnection(far); err != nil {
			return nil, err
		}
		opened <- near
		return struct{ io.ReadWriteCloser }{near}, nil
	})
	require.NoError(t, n.Connect("odd://somewhere"))
	assert.ErrorContains(t, recv(t, errs), "not now")
	r := acquired(t, n, "counter", counterClass())
	peer, _ := r.Peer()
	assert.Equal(t, "external odd://somewhere", peer.String())
	for range 2 {
		require.NoError(t, recv(t, opened).Close())
		until(t, "it is lost", func() bool { return r.State() == Suspect || len(opened) > 0 })
		require.NoError(t, r.Wait(soon(t)))
	}
}

type deniedTransport struct{ *mem }

func (deniedTransport) Dial(context.Context, *url.URL) (Conn, error) {
	return nil, fmt.Errorf("dial: %w", fs.ErrPermission)
}

func TestSocketAccess(t *testing.T) {
	n, errs := testNode(t, func(c *Config) { c.Transports = map[string]Transport{"mem": deniedTransport{newMem()}} })
	require.NoError(t, n.Connect("mem://x"))
	assert.ErrorIs(t, recv(t, errs), ErrSocketAccess)
}

// flakyListener fails some times before it accepts.
type flakyListener struct {
	*memListener
	fail int
}

func (l *flakyListener) Accept() (Conn, error) {
	if l.fail > 0 {
		l.fail--
		return nil, errors.New("too many open files")
	}
	return l.memListener.Accept()
}

type flakyTransport struct{ *mem }

func (f flakyTransport) Listen(ctx context.Context, u *url.URL) (Listener, error) {
	l, err := f.mem.Listen(ctx, u)
	if err != nil {
		return nil, err
	}
	return &flakyListener{l.(*memListener), 3}, nil
}

func TestAcceptGoesOn(t *testing.T) {
	m := flakyTransport{newMem()}
	with := func(c *Config) { c.Transports = map[string]Transport{"mem": m} }
	h, errs := testHost(t, with)
	n, _ := testNode(t, with)
	s, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, "counter"))
	_, err := h.Listen(soon(t), "mem://h")
	require.NoError(t, err)
	require.NoError(t, n.Connect("mem://h"))
	acquired(t, n, "counter", nil)
	assert.ErrorContains(t, recv(t, errs), "too many open files")
	nothing(t, errs)
}

// TestDisableEnable withdraws and returns sources, also ones that a node has not asked for yet.
func TestDisableEnable(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		pair := newPair(t, opts...)
		h, n := pair.host, pair.node
		other, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(other, "other"))
		assert.ErrorIs(t, h.EnableRemoting(other, "third"), ErrNameTaken)
		assert.ErrorIs(t, h.EnableRemoting(pair.source, "other"), ErrNameTaken)
		assert.ErrorIs(t, h.EnableRemoting(other, ""), ErrMissingObjectName)
		for _, class := range []*Class{counterClass(), nil} {
			r := acquired(t, n, "counter", class)
			require.NoError(t, h.DisableRemoting(pair.source))
			assert.ErrorIs(t, h.DisableRemoting(pair.source), ErrSourceNotRegistered)
			until(t, "Suspect", func() bool { return r.State() == Suspect })
			v := int(qt.MustLookup("int").Zero().Int()) + 70
			require.NoError(t, pair.source.Set("value", v))
			// Asked for while it is away: the question gets no answer.
			require.NoError(t, h.DisableRemoting(other))
			late, err := n.Acquire("other", counterClass())
			require.NoError(t, err)
			require.NoError(t, h.EnableRemoting(pair.source, "counter"))
			require.NoError(t, r.Wait(soon(t)))
			got, err := Get[int](r, "value")
			require.NoError(t, err)
			assert.Equal(t, v, got)
			require.NoError(t, h.EnableRemoting(other, "other"))
			require.NoError(t, late.Wait(soon(t)))
			require.NoError(t, late.Close())
			require.NoError(t, r.Close())
		}
		nothing(t, pair.errs)
	})
}

func TestCloseInFullFlight(t *testing.T) {
	for range 5 {
		p := newPair(t)
		stop := make(chan struct{})
		done := make(chan struct{}, 6)
		for range 3 {
			go func() {
				defer func() { done <- struct{}{} }()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						_ = p.source.Emit("tick", i)
						_ = p.source.Set("value", i)
					}
				}
			}()
			go func() {
				defer func() { done <- struct{}{} }()
				r, err := p.node.Acquire("counter", counterClass())
				if err != nil {
					return
				}
				for err == nil || !errors.Is(err, ErrConnectionLost) {
					_, err = r.Call(context.Background(), "add", 1, 2)
					if errors.Is(err, ErrNotConnected) && p.node.ctx.Err() != nil {
						return
					}
				}
			}()
		}
		until(t, "the connection", func() bool { return p.host.Stats().Connections == 1 && p.node.Stats().Connections == 1 })
		closeInTime(t, p.node)
		closeInTime(t, p.host)
		closeInTime(t, p.host)
		close(stop)
		for range 6 {
			recv(t, done)
		}
		assert.EqualValues(t, 1, p.host.Stats().Connections)
		require.NoError(t, p.host.DisableRemoting(p.source), "it may be remoted elsewhere then")
	}
}
