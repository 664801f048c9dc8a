package certs

import (
	"bytes"
	"crypto/tls"
	"slices"
)

// endWithCertificate makes the sessions that a host's configuration hands out end with the certificate that they began with.
// A client that resumes one goes by the certificate it was shown then: one that has been renewed since, perhaps because the
// old one was revoked, would stay unknown to it. keys is the configuration that has the keys of the tickets.
func (c *Config) endWithCertificate(t, keys *tls.Config) {
	t.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		s.Extra = append(s.Extra, c.extra())
		return keys.EncryptTicket(cs, s)
	}
	t.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		s, err := keys.DecryptTicket(ticket, cs)
		mark := c.extra()
		if s == nil || !slices.ContainsFunc(s.Extra, func(b []byte) bool { return bytes.Equal(b, mark) }) {
			return nil, err // a full handshake instead
		}
		return s, err
	}
}

// extra is what a ticket has about the certificate of now. Others may keep something there, too.
func (c *Config) extra() []byte { return []byte("qtro " + c.Mark()) }
