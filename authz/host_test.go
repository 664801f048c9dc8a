package authz_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// stage is a transport within the process that gives each who dials the peer it is told.
type stage struct {
	mu        sync.Mutex
	listeners map[string]*stageListener
}

// as is the stage for one who is known to the others as peer.
type as struct {
	*stage
	peer core.Peer
}

type stageListener struct {
	url   *url.URL
	conns chan core.Conn
	done  chan struct{}
	once  sync.Once
}

type stageConn struct {
	net.Conn
	peer core.Peer
}

func (c stageConn) Peer() core.Peer { return c.peer }

func (a as) Security() core.Security { return a.peer.Security }

func (a as) Listen(_ context.Context, u *url.URL) (core.Listener, error) {
	l := &stageListener{url: u, conns: make(chan core.Conn), done: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listeners[u.Host] = l
	return l, nil
}

func (a as) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	a.mu.Lock()
	l := a.listeners[u.Host]
	a.mu.Unlock()
	if l == nil {
		return nil, errors.New("nobody is there")
	}
	near, far := net.Pipe()
	select {
	case l.conns <- stageConn{far, a.peer}:
		return stageConn{near, core.Peer{Scheme: u.Scheme, Identity: u.Host, Security: core.Authenticated}}, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *stageListener) Accept() (core.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *stageListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *stageListener) URL() *url.URL { return l.url }

// config is that of a node that is known as peer.
func (s *stage) config(peer *core.Peer, a core.Authorizer) core.Config {
	return core.Config{Logger: make(logs, 10_000).logger(), Authorizer: a, Transports: map[string]core.Transport{"stage": as{s, *peer}}}
}

// node is known as peer, and uses the registry.
func (s *stage) node(t *testing.T, peer *core.Peer) *core.Node {
	n := core.NewNode(s.config(peer, nil))
	t.Cleanup(func() { n.Close() })
	_, err := n.SetRegistry("stage://registry")
	require.NoError(t, err)
	return n
}

var boilerClass = &core.Class{
	Name:       "Boiler",
	Properties: []core.Property{{Name: "level", Type: "int", Access: core.ReadWrite}},
	Slots:      []core.Slot{{Name: "setTarget", Return: "int", Params: []core.Param{{Name: "t", Type: "int"}}}, {Name: "reset", Return: "int"}},
}

// TestHost is the plant with a registry, a host and its peers.
func TestHost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	dir := t.TempDir()
	for name, text := range plantFiles(t) {
		write(t, filepath.Join(dir, name), text)
	}
	policies, err := authz.Open(authz.Config{Logger: make(logs, 100).logger()}, dir)
	require.NoError(t, err)
	defer policies.Close()

	s := &stage{listeners: map[string]*stageListener{}}
	reg, err := core.NewRegistryHost(s.config(&core.Peer{}, policies))
	require.NoError(t, err)
	defer reg.Close()
	_, err = reg.Listen(ctx, "stage://registry")
	require.NoError(t, err)

	host := core.NewHost(s.config(boiler, policies))
	defer host.Close()
	_, err = host.Listen(ctx, "stage://host")
	require.NoError(t, err)
	_, err = host.SetRegistry("stage://registry")
	require.NoError(t, err)
	source, err := core.NewSource(boilerClass)
	require.NoError(t, err)
	require.NoError(t, source.Handle("setTarget", func(_ context.Context, args []qt.Value) (qt.Value, error) { return args[0], nil }))
	require.NoError(t, source.Handle("reset", func(context.Context) int32 { return 1 }))
	require.NoError(t, host.EnableRemoting(source, "Boiler"))
	require.NoError(t, source.Set("level", 5))

	// The panel sees it, and may do some things.
	r, err := s.node(t, panel).Acquire("Boiler", boilerClass)
	require.NoError(t, err)
	require.NoError(t, r.Wait(ctx))
	level, err := core.Get[int32](r, "level")
	require.NoError(t, err)
	require.Equal(t, int32(5), level)
	v, err := r.Call(ctx, "setTarget", 7)
	require.NoError(t, err)
	require.Equal(t, int64(7), v.Int())
	_, err = r.Call(ctx, "reset")
	require.ErrorIs(t, err, core.ErrCallFailed)

	// Ada may do all, and nobody else may do anything.
	whole, err := s.node(t, ada).Acquire("Boiler", boilerClass)
	require.NoError(t, err)
	require.NoError(t, whole.Wait(ctx))
	_, err = whole.Call(ctx, "reset")
	require.NoError(t, err)

	// The panel is no longer welcome.
	lost := make(chan struct{}, 1)
	r.OnState(func(_, now core.State) {
		if now == core.Suspect {
			select {
			case lost <- struct{}{}:
			default:
			}
		}
	})
	replace(t, filepath.Join(dir, "entities.json"), strings.ReplaceAll(plantFiles(t)["entities.json"], "spiffe://plant/panel", "spiffe://plant/other"))
	next(t, lost)
	_, err = whole.Call(ctx, "reset")
	require.NoError(t, err)
}

// BenchmarkUpdate is a change of a property, from the host to one replica.
func BenchmarkUpdate(b *testing.B) {
	for _, rules := range []int{0, 1000} {
		name := fmt.Sprintf("rules=%d", rules)
		c := core.Config{}
		if rules == 0 {
			name = "no authorizer"
		} else {
			c.Authorizer = openRules(b, rules)
		}
		b.Run(name, func(b *testing.B) {
			host := core.NewHost(c)
			defer host.Close()
			node := core.NewNode(core.Config{})
			defer node.Close()
			source, err := core.NewSource(boilerClass)
			require.NoError(b, err)
			require.NoError(b, host.EnableRemoting(source, "Boiler"))
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(b, err)
			defer ln.Close()
			near, err := net.Dial("tcp", ln.Addr().String())
			require.NoError(b, err)
			far, err := ln.Accept()
			require.NoError(b, err)
			require.NoError(b, host.AddHostSideConnection(far))
			require.NoError(b, node.AddClientSideConnection(near))
			r, err := node.Acquire("Boiler", boilerClass)
			require.NoError(b, err)
			require.NoError(b, r.Wait(b.Context()))

			const window = 10_000 // updates that the sender may be ahead
			seen := make(chan struct{}, 1)
			_, err = r.OnChange("level", func(v qt.Value) {
				if i := int(v.Int()); i%window == 0 || i == b.N {
					seen <- struct{}{}
				}
			})
			require.NoError(b, err)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 1; i <= b.N; i++ {
				if err := source.SetValue(0, qt.Of(int32(i))); err != nil {
					b.Fatal(err)
				}
				if i%window == 0 || i == b.N {
					<-seen
				}
			}
		})
	}
}
