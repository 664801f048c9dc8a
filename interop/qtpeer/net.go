package qtpeer

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// The ports that FreePort gives out lie below those that systems hand out by themselves, so that no outgoing connection
// takes one before the peer listens there.
const (
	firstPort = 10000
	portCount = 20000
)

var nextPort atomic.Uint32

func init() { nextPort.Store(rand.Uint32N(portCount)) }

// FreePort returns a TCP port of the loopback interface that was free a moment ago, and each time another one.
func FreePort(t testing.TB) int {
	t.Helper()
	for range portCount {
		port := firstPort + int(nextPort.Add(1)%portCount)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatalf("find a free port: %v", err)
		}
		return port
	}
	t.Fatal("no free port")
	return 0
}

// FreeURL returns a URL with that scheme (tcp, exttcp, ...) and a free port of the loopback interface.
func FreeURL(t testing.TB, scheme string) string {
	t.Helper()
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, FreePort(t))
}
