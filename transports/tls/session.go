package tls

import (
	"crypto/sha256"
	"crypto/tls"
)

// session is the part of a transport's cache that one dialed connection sees. crypto/tls would keep a session by the host's
// name alone, and one entry would do for all hosts at 127.0.0.1.
type session struct {
	cache   tls.ClientSessionCache
	key     string
	none    bool // do not resume
	offered bool // one was there to be resumed
}

// sessionKey returns a key for the host at an address, and for our own certificate: a session that is resumed stands for the
// certificate that it began with, and who has a new one means to show it.
func (t *Transport) sessionKey(at string) string {
	if t.config.Certificate != nil {
		if own, err := t.config.Certificate(); err == nil && own != nil && len(own.Certificate) > 0 {
			sum := sha256.Sum256(own.Certificate[0])
			return at + " " + string(sum[:])
		}
	}
	return at
}

// Get returns the session to resume, if there is one.
func (s *session) Get(string) (*tls.ClientSessionState, bool) {
	if s.none {
		return nil, false
	}
	state, ok := s.cache.Get(s.key)
	s.offered = s.offered || ok
	return state, ok
}

// Put keeps a session; nil takes it away.
func (s *session) Put(_ string, state *tls.ClientSessionState) { s.cache.Put(s.key, state) }
