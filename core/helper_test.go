package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// TestMain fails if goroutines of this module are left when all tests have ended.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(); left != "" && code == 0 {
		fmt.Fprintln(os.Stderr, "goroutines are left:\n\n"+left)
		code = 1
	}
	os.Exit(code)
}

func leaked() string {
	var left []string
	for range 100 {
		left = left[:0]
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		for _, g := range strings.Split(string(buf), "\n\n")[1:] {
			if strings.Contains(g, "go-qtro") && !strings.Contains(g, "testing.(*F).Fuzz") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return ""
		}
		time.Sleep(50 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// patience is how long tests wait for what must happen.
const patience = 20 * time.Second

var both = []wire.Protocol{wire.Protocol20, wire.Protocol13}

// eachProtocol runs a test for both versions.
func eachProtocol(t *testing.T, test func(t *testing.T, p wire.Protocol, opts ...ListenOption)) {
	for _, p := range both {
		t.Run(p.String(), func(t *testing.T) { test(t, p, speak(p)...) })
	}
}

func speak(p wire.Protocol) []ListenOption {
	if p == wire.Protocol13 {
		return []ListenOption{Qt5}
	}
	return nil
}

// trouble collects what OnError is told.
type trouble chan error

func quiet(t testing.TB) (Config, trouble) {
	errs := make(trouble, 1000)
	return Config{Logger: slog.New(slog.DiscardHandler), OnError: func(err error) {
		select {
		case errs <- err:
		default:
			t.Error("too many errors")
		}
	}}, errs
}

func testNode(t testing.TB, configure ...func(*Config)) (*Node, trouble) {
	c, errs := quiet(t)
	for _, f := range configure {
		f(&c)
	}
	n := NewNode(c)
	t.Cleanup(func() { closeInTime(t, n) })
	return n, errs
}

func testHost(t testing.TB, configure ...func(*Config)) (*Host, trouble) {
	c, errs := quiet(t)
	for _, f := range configure {
		f(&c)
	}
	h := NewHost(c)
	t.Cleanup(func() { closeInTime(t, h) })
	return h, errs
}

// closeInTime closes a node and fails if that takes forever.
func closeInTime(t testing.TB, c io.Closer) {
	done := make(chan struct{})
	go func() { _ = c.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		buf := make([]byte, 1<<20)
		t.Errorf("Close hangs:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// connectPipe ties a node to a host.
func connectPipe(t testing.TB, n *Node, h *Host, opts ...ListenOption) (atNode, atHost net.Conn) {
	near, far := net.Pipe()
	require.NoError(t, h.AddHostSideConnection(far, opts...))
	require.NoError(t, n.AddClientSideConnection(memConn{near, "pipe"})) // callers may read from a Conn
	return near, far
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func recv[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case x := <-ch:
		return x
	case <-time.After(patience):
		t.Helper()
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

func nothing[T any](t testing.TB, ch <-chan T) {
	t.Helper()
	select {
	case x := <-ch:
		require.FailNow(t, "unexpected", "%v", x)
	default:
	}
}

// until waits for a condition that no event tells of.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(t, "not reached: "+what)
		}
	}
}

func acquired(t testing.TB, n *Node, name string, class *Class) *Replica {
	t.Helper()
	var r *Replica
	var err error
	if class == nil {
		r, err = n.AcquireDynamic(name)
	} else {
		r, err = n.Acquire(name, class)
	}
	require.NoError(t, err)
	require.NoError(t, r.Wait(soon(t)))
	return r
}

// peer is the other end of a connection, which a test plays.
type peer struct {
	t   testing.TB
	c   net.Conn
	enc *wire.Encoder
	dec *wire.Decoder
	f   *wire.Framer
	raw []byte // of the last packet read
}

func newPeer(t testing.TB, c net.Conn, p wire.Protocol) *peer {
	t.Cleanup(func() { _ = c.Close() })
	return &peer{t: t, c: c, enc: wire.NewEncoder(p), dec: wire.NewDecoder(p), f: wire.NewFramer(c, p, 0)}
}

// playHost lets a node talk to a host that the test plays.
func playHost(t testing.TB, n *Node, p wire.Protocol, objects ...wire.ObjectRef) *peer {
	near, far := net.Pipe()
	require.NoError(t, n.AddClientSideConnection(near))
	h := newPeer(t, far, p)
	h.send(&wire.Packet{Kind: wire.Handshake, Name: p.String()}, &wire.Packet{Kind: wire.ObjectList, Objects: objects})
	return h
}

// playNode lets a host talk to a node that the test plays, which has read the greeting.
func playNode(t testing.TB, h *Host, p wire.Protocol) *peer {
	near, far := net.Pipe()
	require.NoError(t, h.AddHostSideConnection(far, speak(p)...))
	n := newPeer(t, near, p)
	require.Equal(t, wire.Handshake, n.next().Kind)
	require.Equal(t, wire.ObjectList, n.next().Kind)
	return n
}

func (p *peer) write(b []byte) error {
	_ = p.c.SetWriteDeadline(time.Now().Add(patience))
	_, err := p.c.Write(b)
	return err
}

func (p *peer) send(packets ...*wire.Packet) {
	p.t.Helper()
	for _, packet := range packets {
		b, err := p.enc.Append(nil, packet)
		require.NoError(p.t, err)
		require.NoError(p.t, p.write(b))
	}
}

func (p *peer) next() *wire.Packet {
	p.t.Helper()
	_ = p.c.SetReadDeadline(time.Now().Add(patience))
	frame, err := p.f.Next()
	require.NoError(p.t, err)
	p.raw = append(p.raw[:0], frame...)
	packet := new(wire.Packet)
	require.NoError(p.t, p.dec.Decode(frame, packet))
	return packet
}

// ended reads until the other side closes the connection.
func (p *peer) ended() {
	p.t.Helper()
	_ = p.c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, p.c)
	require.NoError(p.t, err, "the connection goes on")
}

// mem is a transport within the process, whose hosts can be made to vanish.
type mem struct {
	mu        sync.Mutex
	listeners map[string]*memListener
	dialed    int
}

func newMem() *mem { return &mem{listeners: map[string]*memListener{}} }

func (m *mem) use(c *Config) { c.Transports = map[string]Transport{"mem": m} }

type memListener struct {
	m     *mem
	u     *url.URL
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
	conns []net.Conn
}

func (m *mem) Listen(_ context.Context, u *url.URL) (Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listeners[u.Host] != nil {
		return nil, errors.New("in use")
	}
	l := &memListener{m: m, u: u, queue: make(chan net.Conn), done: make(chan struct{})}
	m.listeners[u.Host] = l
	return l, nil
}

func (m *mem) Dial(ctx context.Context, u *url.URL) (Conn, error) {
	m.mu.Lock()
	m.dialed++
	l := m.listeners[u.Host]
	m.mu.Unlock()
	if l == nil {
		return nil, errors.New("nobody listens")
	}
	a, b := net.Pipe()
	select {
	case l.queue <- b:
		m.mu.Lock()
		l.conns = append(l.conns, b)
		m.mu.Unlock()
		return memConn{a, u.Host}, nil
	case <-l.done:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cut ends all connections to a listener, as an unplugged cable would in the end.
func (m *mem) cut(host string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.listeners[host]; l != nil {
		for _, c := range l.conns {
			_ = c.Close()
		}
		l.conns = nil
	}
}

func (m *mem) dials() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dialed
}

func (l *memListener) Accept() (Conn, error) {
	select {
	case c := <-l.queue:
		return memConn{c, "client"}, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.m.mu.Lock()
		delete(l.m.listeners, l.u.Host)
		l.m.mu.Unlock()
	})
	return nil
}

func (l *memListener) URL() *url.URL { return l.u }

type memConn struct {
	net.Conn
	name string
}

func (c memConn) Peer() Peer { return Peer{Scheme: "mem", Addr: c.name} }

// counterClass is a small class for tests of behaviour.
func counterClass() *Class {
	return &Class{Name: "Counter",
		Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Up", Value: 0}, {Name: "Down", Value: 3}}}},
		Properties: []Property{{Name: "value", Type: "int", Access: ReadWrite, Default: 5}, {Name: "step", Type: "int", Default: 1},
			{Name: "total", Type: "qint64", Access: ReadOnly}, {Name: "label", Type: "QString", Access: Constant, Default: "c"},
			{Name: "mode", Type: "Mode"}, {Name: "any", Type: "QVariant", Access: ReadWrite}},
		Signals: []Signal{{"tick", []Param{{"n", "int"}}}, {"reset", nil}},
		Slots: []Slot{{"add", "int", []Param{{"a", "int"}, {"b", "int"}}}, {"clear", "", nil},
			{"fail", "int", nil}, {"wait", "int", nil}, {"unset", "int", nil}, {"echo", "QVariant", []Param{{"v", "QVariant"}}}},
	}
}

// newCounter returns a source whose slot wait ends when release is closed.
func newCounter(t testing.TB) (s *Source, release chan struct{}) {
	s, err := NewSource(counterClass())
	require.NoError(t, err)
	release = make(chan struct{})
	require.NoError(t, s.Handle("add", func(a, b int32) int32 { return a + b }))
	require.NoError(t, s.Handle("clear", func() error { return s.Set("value", 0) }))
	require.NoError(t, s.Handle("fail", func() (int, error) { return 0, errors.New("it cannot be done") }))
	require.NoError(t, s.Handle("echo", func(v any) any { return v }))
	require.NoError(t, s.Handle("wait", func(ctx context.Context) (int32, error) {
		select {
		case <-release:
			return 1, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}))
	return s, release
}

// current returns a property of a replica, the zero T if it does not fit.
func current[T any](r *Replica, property string) T {
	x, _ := Get[T](r, property)
	return x
}
