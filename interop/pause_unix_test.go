//go:build unix

package interop_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

// pause makes a peer stand still, with its connections open, until resume.
func pause(t *testing.T, p *qtpeer.Peer) {
	t.Helper()
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGSTOP))
}

func resume(t *testing.T, p *qtpeer.Peer) {
	t.Helper()
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGCONT))
}
