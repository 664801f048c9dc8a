package quic

import (
	"crypto/x509"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/go-qtro/qtro/certs"
)

// live is what a peer has shown in its handshake.
type live struct {
	certificates []*x509.Certificate
	staple       []byte
}

// recheck checks the peers of live connections again when what is trusted changes.
type recheck struct {
	changes atomic.Uint64

	register sync.Mutex // held to begin and end watching, which must not hold up the transport
	users    int        // handshakes and sessions
	cancel   func()

	// These are guarded by the transport.
	peers   map[*session]live
	running bool
	again   bool
}

// trust is called before each handshake, and trustNoMore after its failure or the end of what it led to. It returns how often what
// is trusted has changed.
func (t *Transport) trust() uint64 {
	r := &t.checking
	if !t.config.DropLive || t.config.OnChange == nil {
		return 0
	}
	r.register.Lock()
	defer r.register.Unlock()
	if r.users++; r.users == 1 {
		r.cancel = t.config.OnChange(t.trustChanged)
	}
	return r.changes.Load()
}

func (t *Transport) trustNoMore() {
	r := &t.checking
	if !t.config.DropLive || t.config.OnChange == nil {
		return
	}
	r.register.Lock()
	defer r.register.Unlock()
	if r.users--; r.users == 0 {
		r.cancel()
	}
}

// watch has a session's peer checked again from now on, and now if what is trusted has changed since the handshake began.
func (t *Transport) watch(s *session) {
	r := &t.checking
	if !t.config.DropLive || t.config.OnChange == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.sessions[s] {
		return
	}
	if r.peers == nil {
		r.peers = map[*session]live{}
	}
	r.peers[s] = s.shown
	if r.changes.Load() != s.trust {
		t.checkSoon()
	}
}

// trustChanged is called by whoever keeps roots and revocations, and does not hold them up.
func (t *Transport) trustChanged() {
	t.checking.changes.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checkSoon()
}

// checkSoon checks all live peers. The transport is locked.
func (t *Transport) checkSoon() {
	r := &t.checking
	r.again = true
	if !r.running && len(r.peers) > 0 {
		r.running = true
		t.start(t.recheck)
	}
}

// recheck ends the sessions whose peers would be refused now.
func (t *Transport) recheck() {
	r := &t.checking
	for {
		t.mu.Lock()
		if !r.again {
			r.running = false
			t.mu.Unlock()
			return
		}
		r.again = false
		peers := maps.Clone(r.peers)
		t.mu.Unlock()
		for s, peer := range peers {
			if err := t.config.VerifyPeer(peer.certificates, peer.staple, s.name); err != nil {
				s.stop(&closing{codeRefused, reason(err), err})
			}
		}
	}
}

// reason is what the peer is told.
func reason(err error) string {
	var refused *certs.RefusedError
	if errors.As(err, &refused) {
		return string(refused.Check)
	}
	return "it cannot be checked"
}
