package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
)

// maxHandshakes is how many connections of a host may be in their transport's handshake. It takes a good peer milliseconds,
// so that of more than that the oldest can be given up.
const maxHandshakes = 256

var errCrowded = fmt.Errorf("given up for newer connections: %d were in their handshake", maxHandshakes)

// handshakes are those of a host that are under way.
type handshakes struct {
	mu      sync.Mutex
	pending []*meeting // the oldest first
}

type meeting struct{ cancel context.CancelCauseFunc }

func (hs *handshakes) begin(cancel context.CancelCauseFunc) *meeting {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if len(hs.pending) >= maxHandshakes {
		hs.pending[0].cancel(errCrowded)
		hs.pending = slices.Delete(hs.pending, 0, 1)
	}
	k := &meeting{cancel}
	hs.pending = append(hs.pending, k)
	return k
}

func (hs *handshakes) end(k *meeting) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if i := slices.Index(hs.pending, k); i >= 0 {
		hs.pending = slices.Delete(hs.pending, i, i+1)
	}
}

// meet finds out who is at the other end of an accepted connection. It returns false if that failed.
func (h *Host) meet(c Handshaker) bool {
	ctx, cancel := context.WithCancelCause(h.ctx)
	defer cancel(nil)
	k := h.handshakes.begin(cancel)
	defer h.handshakes.end(k)
	ctx, stop := context.WithTimeout(ctx, h.config.HandshakeTimeout)
	defer stop()
	err := c.HandshakeContext(ctx)
	if err == nil {
		return true
	}
	_ = c.Close()
	if h.ctx.Err() != nil {
		return false
	}
	h.stats.refused.Add(1)
	if cause := context.Cause(ctx); errors.Is(cause, errCrowded) {
		h.log.Debug("handshake given up", "peer", c.Peer().String(), "reason", cause) // whoever floods a host need not fill its log
		return false
	}
	if ended(err) { // somebody who just looked whether a port is open
		h.log.Debug("handshake ended", "peer", c.Peer().String(), "reason", err)
		return false
	}
	h.report(&OpError{Op: "handshake with", Object: c.Peer().String(), Err: err})
	return false
}

// peerOf returns who is at the other end of a connection that was opened elsewhere.
func peerOf(rwc io.ReadWriteCloser) Peer {
	switch c := rwc.(type) {
	case Conn:
		return c.Peer()
	case net.Conn:
		return Peer{Scheme: "external", Addr: c.RemoteAddr().String()}
	}
	return Peer{Scheme: "external"}
}

// protects checks that a transport will do where security is required.
func (n *Node) protects(t Transport, least Security) error {
	level := Plaintext
	if s, ok := t.(SecureTransport); ok {
		level = s.Security()
	}
	return n.suffices(level, least)
}

// suffices checks a connection's level of security.
func (n *Node) suffices(level, least Security) error {
	if n.config.RequireSecure && level < least {
		return fmt.Errorf("%w: it would be %s, and this node requires %s", ErrInsecure, level, least)
	}
	return nil
}
