package qtpeer

import (
	"strconv"
	"time"
)

// TLS says with what a peer uses tls:// URLs. Pass its Args to Start.
type TLS struct {
	CA, Cert, Key string        // PEM files
	Expect        []string      // identities that the other end may have; empty means any
	Only          bool          // follow no tcp:// URL
	Timeout       time.Duration // of handshakes; 0 means 10 s
}

// Args returns the arguments of a peer, those for TLS and then the others.
func (c TLS) Args(others ...string) []string {
	args := []string{"--tls-ca", c.CA, "--tls-cert", c.Cert, "--tls-key", c.Key}
	for _, id := range c.Expect {
		args = append(args, "--tls-expect", id)
	}
	if c.Only {
		args = append(args, "--tls-only")
	}
	if c.Timeout > 0 {
		args = append(args, "--tls-timeout", strconv.FormatInt(c.Timeout.Milliseconds(), 10))
	}
	return append(args, others...)
}
