package tcp_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// shrink makes a listener's queue as short as it can be.
func shrink(t testing.TB, l *net.TCPListener) {
	raw, err := l.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
	require.NoError(t, err)
}
