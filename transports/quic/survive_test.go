package quic_test

import (
	"context"
	"log/slog"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
)

// A host that was killed and runs again tells its clients that it does not know them, long before they would notice by themselves.
func TestHostIsKilled(t *testing.T) {
	_, config := plant(t)
	first, second, dialing := open(t, config), open(t, config), open(t, config)
	l := listen(t, first, "127.0.0.1:0")
	_, writes := pair(t, l, dialing, l.URL().Host)
	_, waits := pair(t, l, open(t, config), l.URL().Host)
	quic.Kill(l)
	_ = first.Close()
	listen(t, second, l.URL().Host)

	began := time.Now()
	_, err := writes.Write([]byte("is it you?"))
	require.NoError(t, err)
	_, err = writes.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.ErrorContains(t, err, "restarted")
	require.Less(t, time.Since(began), time.Second)
	_, err = waits.Read(make([]byte, 1)) // it says nothing, but the transport does
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Less(t, time.Since(began), 7*time.Second)
}

// That works by the host's private key, of which renewed certificates may have the same; with another key, clients are not told.
func TestHostIsKilledAndRenewed(t *testing.T) {
	_, config := plant(t)
	_, other := plant(t)
	a, b := quic.ResetKey(t, config), quic.ResetKey(t, other)
	require.NotNil(t, a)
	require.Equal(t, a, quic.ResetKey(t, config))
	require.NotEqual(t, a, b)
	own, err := config.Certificate()
	require.NoError(t, err)
	hardware := *own
	hardware.PrivateKey = struct{ any }{own.PrivateKey} // cannot be read
	require.Nil(t, quic.ResetKey(t, certs.Fixed(&hardware, nil)))
}

// lamp is a host with an object.
func lamp(t testing.TB, tr core.Transport, at string) (*core.Host, string) {
	h := core.NewHost(core.Config{Logger: slog.New(slog.DiscardHandler), Transports: map[string]core.Transport{"quic": tr}})
	t.Cleanup(func() { _ = h.Close() })
	source, err := core.NewSource(&core.Class{Name: "Lamp", Slots: []core.Slot{{Name: "who", Return: "QString"}}})
	require.NoError(t, err)
	require.NoError(t, source.Handle("who", func(ctx context.Context) string {
		peer, _ := core.PeerFrom(ctx)
		return peer.Identity
	}))
	require.NoError(t, h.EnableRemoting(source, "Lamp"))
	at, err = h.Listen(within(t), at)
	require.NoError(t, err)
	return h, at
}

// node is one that has the object, and the states of its replica.
func node(t testing.TB, tr core.Transport, at string) (*core.Replica, <-chan core.State) {
	n := core.NewNode(core.Config{
		Logger: slog.New(slog.DiscardHandler), Transports: map[string]core.Transport{"quic": tr}, RetryMax: 100 * time.Millisecond,
	})
	t.Cleanup(func() { _ = n.Close() })
	require.NoError(t, n.Connect(at))
	r, err := n.AcquireDynamic("Lamp")
	require.NoError(t, err)
	states := make(chan core.State, 100)
	r.OnState(func(_, to core.State) { states <- to })
	await(t, states, core.Valid)
	return r, states
}

func await(t testing.TB, states <-chan core.State, want core.State) {
	for timeout := time.After(2 * patience); ; {
		select {
		case s := <-states:
			if s == want {
				return
			}
		case <-timeout:
			t.Fatalf("not %s", want)
		}
	}
}

// A node comes back to a host that was killed, though it has nothing to say.
func TestNodeComesBack(t *testing.T) {
	_, config := plant(t)
	first, second, dialing := open(t, config), open(t, config), open(t, config)
	host := &caught{Transport: first}
	h, at := lamp(t, host, "quic://127.0.0.1:0")
	r, states := node(t, dialing, at)
	quic.Kill(host.listener)
	lost := time.Now()
	_ = h.Close()
	_ = first.Close()
	lamp(t, second, at)
	await(t, states, core.Suspect)
	await(t, states, core.Valid)
	t.Logf("back after %v", time.Since(lost))
	require.Less(t, time.Since(lost), 8*time.Second)
	who, err := r.Call(within(t), "who")
	require.NoError(t, err)
	require.NotNil(t, who)
}

// caught is a transport whose listener is known.
type caught struct {
	*quic.Transport
	listener core.Listener
}

func (c *caught) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	l, err := c.Transport.Listen(ctx, u)
	c.listener = l
	return l, err
}

// A connection goes on when a router on the way gives the client another address.
func TestNewAddressByRouter(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	r := newRouter(t, l.URL().Host)
	a, d := pair(t, l, dialing, r.at())
	echoes := make(chan struct{})
	go func() {
		defer close(echoes)
		_ = copyBack(a)
	}()
	for range 3 {
		converse(t, d)
		before := quic.RemoteNow(a).String()
		r.forget()
		converse(t, d)
		eventually(t, "the host still writes to the old address", func() bool { return quic.RemoteNow(a).String() != before })
	}
	require.NoError(t, d.Close())
	<-echoes
	end(t, a, dialing, hosting)
}

// A client moves its connections to another socket.
func TestRebind(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	h, at := lamp(t, hosting, "quic://127.0.0.1:0")
	other, at2 := lamp(t, hosting, "quic://127.0.0.1:0")
	r, states := node(t, dialing, at)
	r2, states2 := node(t, dialing, at2)
	require.NoError(t, open(t, config).Rebind(within(t)), "there is nothing to move")
	for i := range 5 {
		require.NoError(t, dialing.Rebind(within(t)))
		require.Equal(t, i+2, dialing.Sockets())
		for _, r := range []*core.Replica{r, r2} {
			_, err := r.Call(within(t), "who")
			require.NoError(t, err)
		}
	}
	select {
	case s := <-states:
		t.Fatalf("the replica became %s", s)
	case s := <-states2:
		t.Fatalf("the replica became %s", s)
	default:
	}
	node(t, dialing, at) // a new one
	require.NoError(t, other.Close())
	await(t, states2, core.Suspect)
	_, err := r.Call(within(t), "who")
	require.NoError(t, err)
	require.NoError(t, h.Close())
}

// A host that does not answer on the new path is left on the old one, if that still works.
func TestRebindWithoutAnswer(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	r := newRouter(t, l.URL().Host)
	a, d := pair(t, l, dialing, r.at())
	r.mu.Lock()
	r.hold = true
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := dialing.Rebind(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, r.at())
	r.release()
	_, err = d.Write([]byte{1})
	require.NoError(t, err)
	_, err = a.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, a.Close())
	end(t, d, dialing, hosting)
}
