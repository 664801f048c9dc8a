package tcp_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/tcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var invalid = []string{"tcp:5000", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:70000", "tcp:127.0.0.1"}

func TestTransport(t *testing.T) {
	transporttest.Run(t, transporttest.Config{
		Transport:   tcp.Transport{},
		ListenURL:   func(testing.TB) string { return "tcp://127.0.0.1:0" },
		InvalidURLs: invalid,
		StalledURL:  stalledURL,
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			require.Empty(t, accepted.Identity)
			require.Empty(t, dialed.Identity)
			require.NotEqual(t, accepted.Addr, dialed.Addr)
		},
	})
}

func TestIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	} else {
		require.NoError(t, l.Close())
	}
	transporttest.Run(t, transporttest.Config{
		Transport: tcp.Transport{},
		ListenURL: func(testing.TB) string { return "exttcp://[::1]:0" },
	})
}

func parse(t *testing.T, raw string) *url.URL {
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func TestURL(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ listen, host string }{
		{"tcp://127.0.0.1:0", "127.0.0.1"},
		{"tcp://localhost:0", "localhost"},
		{"exttcp://127.0.0.1:0", "127.0.0.1"},
	} {
		l, err := tcp.Transport{}.Listen(ctx, parse(t, c.listen))
		require.NoError(t, err)
		require.Equal(t, c.host, l.URL().Hostname())
		require.NotEqual(t, "0", l.URL().Port())
		l.URL().Host = "changed"
		require.Equal(t, c.host, l.URL().Hostname(), "URL returns a copy")
		require.NoError(t, l.Close())
	}
}

// A listener at all addresses says so in its URL, which can be dialed on the same machine, by Qt as well.
func TestAllAddresses(t *testing.T) {
	ctx := context.Background()
	l, err := tcp.Transport{}.Listen(ctx, parse(t, "tcp://:0"))
	require.NoError(t, err)
	defer l.Close()
	require.Contains(t, []string{"::", "0.0.0.0"}, l.URL().Hostname())
	for _, host := range []string{l.URL().Host, "127.0.0.1:" + l.URL().Port(), ":" + l.URL().Port()} {
		c, err := tcp.Transport{}.Dial(ctx, &url.URL{Scheme: "tcp", Host: host})
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	_, err := tcp.Transport{}.Dial(ctx, parse(t, "tcp://127.0.0.1:0"))
	require.ErrorIs(t, err, core.ErrHostURLInvalid)
	require.ErrorContains(t, err, "port 0")
	_, err = tcp.Transport{}.Listen(ctx, parse(t, "tcp://127.0.0.1"))
	require.ErrorContains(t, err, "expected tcp://host:port")
	h := core.NewHost(core.Config{})
	defer h.Close()
	_, err = h.Listen(ctx, "tcp://127.0.0.1")
	require.ErrorIs(t, err, core.ErrHostURLInvalid)
	at, err := h.Listen(ctx, "tcp://127.0.0.1:0")
	require.NoError(t, err)
	other := core.NewHost(core.Config{})
	defer other.Close()
	_, err = other.Listen(ctx, at)
	require.ErrorIs(t, err, core.ErrListenFailed)
}

// A URL that cannot be used is not tried over and over, but each time that somebody asks for it.
func TestConnectInvalid(t *testing.T) {
	errs := make(chan error, 10)
	n := core.NewNode(core.Config{OnError: func(err error) { errs <- err }, Logger: slog.New(slog.DiscardHandler)})
	defer n.Close()
	for range 2 {
		require.NoError(t, n.Connect("tcp://127.0.0.1"))
		require.ErrorIs(t, <-errs, core.ErrHostURLInvalid)
	}
}

func Example() {
	host := core.NewHost(core.Config{})
	defer host.Close()
	class := &core.Class{Name: "Lamp", Properties: []core.Property{{Name: "on", Type: "bool", Default: true}}}
	lamp, err := core.NewSource(class)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := host.EnableRemoting(lamp, "Lamp"); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, err := host.Listen(ctx, "tcp://127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}

	node := core.NewNode(core.Config{})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		fmt.Println(err)
		return
	}
	replica, err := node.AcquireDynamic("Lamp")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := replica.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	on, err := core.Get[bool](replica, "on")
	fmt.Println(on, err)
	// Output: true <nil>
}

// stalledURL makes a listener whose queue is full, so that the system answers no more connections.
func stalledURL(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	shrink(t, l.(*net.TCPListener))
	for {
		c, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond)
		if err != nil {
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout())
			return "tcp://" + l.Addr().String()
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}
