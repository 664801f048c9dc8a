package quic

import "github.com/go-qtro/qtro/core"

// Resumed tells whether a connection does without a full handshake of its own.
func Resumed(c core.Conn) bool {
	q := c.(*conn)
	return q.shared || q.s.qc.ConnectionState().TLS.DidResume
}
