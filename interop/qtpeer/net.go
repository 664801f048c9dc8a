package qtpeer

import (
	"fmt"
	"net"
	"testing"
)

// FreePort returns a TCP port of the loopback interface that was free a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// FreeURL returns a URL with that scheme (tcp, exttcp, ...) and a free port of the loopback interface.
func FreeURL(t testing.TB, scheme string) string {
	t.Helper()
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, FreePort(t))
}
