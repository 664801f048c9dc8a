package transporttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

var nodeChecks = []check{
	{name: "protocol 2.0 typed", run: func(s *suite, t testing.TB) { s.conversation(t, true) }},
	{name: "protocol 2.0 dynamic", run: func(s *suite, t testing.TB) { s.conversation(t, false) }},
	{name: "protocol 1.3 typed", run: func(s *suite, t testing.TB) { s.conversation(t, true, core.Qt5) }},
	{name: "protocol 1.3 dynamic", run: func(s *suite, t testing.TB) { s.conversation(t, false, core.Qt5) }},
	{name: "registry", run: (*suite).registry},
	{name: "host restarts", run: (*suite).restart},
	{name: "close", run: (*suite).closeNodes},
}

// deskClass is what is remoted here.
func deskClass() *core.Class {
	return &core.Class{
		Name: "Desk",
		Properties: []core.Property{
			{Name: "count", Type: "int", Access: core.ReadPush},
			{Name: "text", Type: "QString", Access: core.ReadWrite, Default: "blank"},
		},
		Signals: []core.Signal{
			{Name: "rang", Params: []core.Param{{Name: "n", Type: "int"}}},
			{Name: "blob", Params: []core.Param{{Name: "b", Type: "QByteArray"}}},
		},
		Slots: []core.Slot{
			{Name: "add", Return: "int", Params: []core.Param{{Name: "a", Type: "int"}, {Name: "b", Type: "int"}}},
			{Name: "echo", Return: "QByteArray", Params: []core.Param{{Name: "b", Type: "QByteArray"}}},
			{Name: "fail"},
		},
	}
}

// desk is a host that remotes a Desk.
type desk struct {
	*core.Host
	source *core.Source
	url    string
	peers  chan core.Peer // who called add last
}

func (s *suite) desk(t testing.TB, config core.Config, at string, options ...core.ListenOption) *desk {
	t.Helper()
	return s.furnish(t, core.NewHost(config), at, options...)
}

// furnish makes a host remote a Desk.
func (s *suite) furnish(t testing.TB, h *core.Host, at string, options ...core.ListenOption) *desk {
	t.Helper()
	d := &desk{Host: h, peers: make(chan core.Peer, 1)}
	s.atEnd(t, "Close of a host", d.Close)
	var err error
	d.source, err = core.NewSource(deskClass())
	require.NoError(t, err)
	for slot, fn := range map[string]any{
		"add": func(ctx context.Context, a, b int32) int32 {
			peer, _ := core.PeerFrom(ctx)
			select {
			case <-d.peers:
			default:
			}
			d.peers <- peer
			return a + b
		},
		"echo": func(b []byte) []byte { return b },
		"fail": func() error { return errors.New("as asked for") },
	} {
		require.NoError(t, d.source.Handle(slot, fn))
	}
	require.NoError(t, d.EnableRemoting(d.source, "Desk"))
	d.url, err = d.Listen(s.context(t), at, options...)
	require.NoError(t, err)
	return d
}

func (s *suite) node(t testing.TB, config core.Config) *core.Node {
	n := core.NewNode(config)
	s.atEnd(t, "Close of a node", n.Close)
	return n
}

// acquire returns a replica of the Desk that is Valid.
func (s *suite) acquire(t testing.TB, n *core.Node, typed bool) *core.Replica {
	t.Helper()
	r, err := n.AcquireDynamic("Desk")
	if typed {
		require.NoError(t, err)
		require.NoError(t, r.Close())
		r, err = n.Acquire("Desk", deskClass())
	}
	require.NoError(t, err)
	require.NoError(t, r.Wait(s.context(t)))
	return r
}

func (s *suite) conversation(t testing.TB, typed bool, options ...core.ListenOption) {
	h := s.desk(t, s.config(s.Transport), s.ListenURL(t), options...)
	n := s.node(t, s.config(s.Dialer))
	require.NoError(t, n.Connect(h.url))
	r := s.acquire(t, n, typed)
	s.peersOfCall(t, h, r)
	s.updates(t, h, r)
	s.calls(t, r)
	require.NoError(t, r.Close())
}

// peersOfCall checks what a slot knows of its caller, and a replica of its host.
func (s *suite) peersOfCall(t testing.TB, h *desk, r *core.Replica) {
	v, err := r.Call(s.context(t), "add", 2, 3)
	require.NoError(t, err)
	require.EqualValues(t, 5, v.Int())
	caller := receive(s, t, "the slot's handler", h.peers)
	host, ok := r.Peer()
	require.True(t, ok)
	require.Equal(t, s.scheme, caller.Scheme)
	require.Equal(t, s.scheme, host.Scheme)
	if s.CheckPeers != nil {
		s.CheckPeers(t, caller, host)
	}
}

// updates checks that changes and signals arrive completely and in their order.
func (s *suite) updates(t testing.TB, h *desk, r *core.Replica) {
	const n = 1000
	got := make(chan string, 2*n)
	_, err := r.OnChange("count", func(v qt.Value) { got <- fmt.Sprint("count ", v.Int()) })
	require.NoError(t, err)
	_, err = r.OnSignal("rang", func(args []qt.Value) { got <- fmt.Sprint("rang ", args[0].Int()) })
	require.NoError(t, err)
	for i := 1; i <= n; i++ {
		require.NoError(t, h.source.Set("count", i))
		require.NoError(t, h.source.Emit("rang", i))
	}
	for i := 1; i <= n; i++ {
		require.Equal(t, fmt.Sprint("count ", i), receive(s, t, "a property's change", got))
		require.Equal(t, fmt.Sprint("rang ", i), receive(s, t, "a signal", got))
	}
	require.NoError(t, r.Set("count", -7))
	require.Equal(t, "count -7", receive(s, t, "a change that the replica pushed", got))

	texts := make(chan string, 1)
	_, err = r.OnChange("text", func(v qt.Value) {
		s, _ := qt.As[string](v)
		texts <- s
	})
	require.NoError(t, err)
	require.NoError(t, r.Set("text", "köln"))
	require.Equal(t, "köln", receive(s, t, "a change that the replica wrote", texts))
}

// calls checks replies: long ones, failing ones, many at once.
func (s *suite) calls(t testing.TB, r *core.Replica) {
	ctx := s.context(t)
	long := data(5, 1<<20)
	v, err := r.Call(ctx, "echo", long)
	require.NoError(t, err)
	back, err := qt.As[[]byte](v)
	require.NoError(t, err)
	require.True(t, string(long) == string(back), "1 MiB came back as something else")
	_, err = r.Call(ctx, "fail")
	require.ErrorIs(t, err, core.ErrCallFailed)
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for k := range 20 {
				v, err := r.Call(ctx, "add", i*1000, k)
				if err == nil && v.Int() != int64(i*1000+k) {
					err = fmt.Errorf("%d + %d = %v", i*1000, k, v)
				}
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

// registry checks that a node finds a host by way of a registry alone.
func (s *suite) registry(t testing.TB) {
	for _, options := range [][]core.ListenOption{nil, {core.Qt5}} {
		reg, err := core.NewRegistryHost(s.config(s.Transport))
		require.NoError(t, err)
		s.atEnd(t, "Close of a registry", reg.Close)
		at, err := reg.Listen(s.context(t), s.ListenURL(t), options...)
		require.NoError(t, err)
		n := s.node(t, s.config(s.Dialer))
		g, err := n.SetRegistry(at)
		require.NoError(t, err)
		removed := make(chan string, 10)
		g.OnRemoved(func(l qt.SourceLocation) { removed <- l.Name })
		r, err := n.AcquireDynamic("Desk")
		require.NoError(t, err)
		h := s.desk(t, s.config(s.Transport), s.ListenURL(t), options...)
		_, err = h.SetRegistry(at)
		require.NoError(t, err)
		require.NoError(t, r.Wait(s.context(t)))
		v, err := r.Call(s.context(t), "add", 20, 22)
		require.NoError(t, err)
		require.EqualValues(t, 42, v.Int())
		require.NoError(t, h.Close())
		require.Equal(t, "Desk", receive(s, t, "the registry's notice that the host is gone", removed))
	}
}

// restart checks that a node comes back to a host that was away.
func (s *suite) restart(t testing.TB) {
	h := s.desk(t, s.config(s.Transport), s.ListenURL(t))
	n := s.node(t, s.config(s.Dialer))
	require.NoError(t, n.Connect(h.url))
	r := s.acquire(t, n, true)
	states := make(chan core.State, 100)
	r.OnState(func(_, to core.State) { states <- to })
	for i := 1; i <= 2; i++ {
		require.NoError(t, h.Close())
		require.Equal(t, core.Suspect, receive(s, t, "the replica's new state", states))
		_, err := r.Call(s.context(t), "add", 1, 1)
		require.ErrorIs(t, err, core.ErrNotConnected)
		h = s.desk(t, s.config(s.Transport), h.url)
		require.NoError(t, h.source.Set("count", i))
		require.NoError(t, r.Wait(s.context(t)))
		require.Equal(t, core.Valid, receive(s, t, "the replica's new state", states))
		require.Eventually(t, func() bool { // the host may have been reached before it was set
			v, err := core.Get[int](r, "count")
			return err == nil && v == i
		}, s.Timeout, pollTime)
		_, err = r.Call(s.context(t), "add", 1, 1)
		require.NoError(t, err)
	}
}

// closeNodes checks that either side may be closed while traffic flows, and waits for its goroutines.
func (s *suite) closeNodes(t testing.TB) {
	for _, hostFirst := range []bool{true, false} {
		h := s.desk(t, s.config(s.Transport), s.ListenURL(t))
		n := s.node(t, s.config(s.Dialer))
		require.NoError(t, n.Connect(h.url))
		r := s.acquire(t, n, true)
		calling := do(func() error {
			for {
				if _, err := r.Call(context.Background(), "echo", data(1, 10_000)); err != nil {
					return err
				}
			}
		})
		rang := make(chan struct{}, 1)
		_, err := r.OnSignal("blob", func([]qt.Value) {
			select {
			case rang <- struct{}{}:
			default:
			}
		})
		require.NoError(t, err)
		require.NoError(t, h.source.Emit("blob", data(2, 1<<20)))
		receive(s, t, "a signal", rang)
		order := []func() error{h.Close, n.Close}
		if !hostFirst {
			order[0], order[1] = order[1], order[0]
		}
		for _, end := range order {
			_, err := await(s, t, "Close of a node", do(end))
			require.NoError(t, err)
		}
		_, err = await(s, t, "a call whose node was closed", calling)
		require.Error(t, err)
	}
}
