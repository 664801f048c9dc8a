//go:build !unix

package interop_test

import (
	"testing"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

func pause(t *testing.T, _ *qtpeer.Peer) {
	t.Skip("needs a system where a process can be stopped and continued")
}

func resume(*testing.T, *qtpeer.Peer) {}
