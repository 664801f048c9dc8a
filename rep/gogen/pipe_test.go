package gogen_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

// TestMain fails if goroutines of this module are left when all tests have ended.
func TestMain(m *testing.M) {
	code := m.Run()
	buf := make([]byte, 1<<20)
	for range 100 {
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		if !strings.Contains(strings.Join(stacks[1:], "\n\n"), "go-qtro") {
			os.Exit(code)
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "goroutines are left:\n\n%s\n", buf[:runtime.Stack(buf, true)])
	os.Exit(max(code, 1))
}

// eachProtocol runs a test with a host and a node that are connected by a pipe, as peers of Qt 6 and of Qt 5 would be.
func eachProtocol(t *testing.T, test func(t *testing.T, h *core.Host, n *core.Node)) {
	for name, options := range map[string][]core.ListenOption{"qt6": nil, "qt5": {core.Qt5}} {
		t.Run(name, func(t *testing.T) {
			h, n := connected(t, options...)
			test(t, h, n)
		})
	}
}

func connected(t testing.TB, options ...core.ListenOption) (*core.Host, *core.Node) {
	config := core.Config{Logger: slog.New(slog.DiscardHandler), OnError: func(err error) { t.Log(err) }}
	h, n := core.NewHost(config), core.NewNode(config)
	near, far := net.Pipe()
	require.NoError(t, h.AddHostSideConnection(far, options...))
	require.NoError(t, n.AddClientSideConnection(near))
	t.Cleanup(func() {
		require.NoError(t, n.Close())
		require.NoError(t, h.Close())
	})
	return h, n
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func recv[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case x := <-ch:
		return x
	case <-time.After(20 * time.Second):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// into returns a callback that passes on what it is told.
func into[T any](ch chan any) func(T) { return func(x T) { ch <- x } }
