package certs

import (
	"crypto/sha256"
	"crypto/tls"
)

// Session is the part of a client's cache of TLS sessions that the connections to one host use: crypto/tls by itself would
// keep a session by the host's name, and one entry would do for all hosts of a machine. It goes into
// tls.Config.ClientSessionCache. It is not safe for concurrent use.
type Session struct {
	Skip    bool // do not resume
	Offered bool // there was one to be resumed

	cache tls.ClientSessionCache
	key   string
}

// Session returns the part of a cache that is for the host at an address. It is for our own certificate of now, too: a session
// that is resumed stands for the certificate that it began with, and who has a new one means to show it.
func (c *Config) Session(cache tls.ClientSessionCache, address string) *Session {
	return &Session{cache: cache, key: address + " " + c.Mark()}
}

// Get returns the session to resume, if there is one. crypto/tls calls it.
func (s *Session) Get(string) (*tls.ClientSessionState, bool) {
	if s.Skip {
		return nil, false
	}
	state, ok := s.cache.Get(s.key)
	s.Offered = s.Offered || ok
	return state, ok
}

// Put keeps a session. crypto/tls calls it.
func (s *Session) Put(_ string, state *tls.ClientSessionState) { s.cache.Put(s.key, state) }

// Forget takes the session away.
func (s *Session) Forget() { s.cache.Put(s.key, nil) }

// Mark stands for the process's own certificate of now: it is another one when that has been renewed, and "" without one.
func (c *Config) Mark() string {
	if c.Certificate == nil {
		return ""
	}
	own, err := c.own()
	if err != nil || len(own.Certificate) == 0 {
		return ""
	}
	sum := sha256.Sum256(own.Certificate[0])
	return string(sum[:])
}
