package unix_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/unix"
)

func TestAbstract(t *testing.T) {
	transporttest.Run(t, transporttest.Config{
		Transport:   unix.Transport{},
		ListenURL:   func(testing.TB) string { return "localabstract:" + unique() },
		InvalidURLs: []string{"localabstract://name"},
		CheckPeers:  checkPeers,
	})
}

// The name is what Qt 6 binds: a NUL and the name's bytes, without NULs behind them, which the system would show as @.
func TestAbstractName(t *testing.T) {
	for _, name := range []string{unique(), unique() + "/" + strings.Repeat("x", 70)} {
		u := parse(t, "localabstract:"+name)
		l, err := unix.Transport{}.Listen(context.Background(), u)
		require.NoError(t, err)
		list, err := os.ReadFile("/proc/net/unix")
		require.NoError(t, err)
		require.Contains(t, string(list), " @"+name+"\n")
		require.Equal(t, u.String(), l.URL().String())
		_, err = unix.Transport{}.Listen(context.Background(), u)
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.NoError(t, l.Close())
	}
}
