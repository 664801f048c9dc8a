package quic

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/go-qtro/qtro/certs"
)

// Rebind moves all connections that the transport has dialed to a new UDP socket, without a pause, as a program does when the machine
// has changed to another network. It blocks until hosts have answered on the new path or ctx is done; connections of hosts that
// have not are left where they were, and are in the error. New connections begin on the new socket. The old one stays open as
// long as connections that began on it.
//
// There is no need for it where only a router on the way forgets or changes addresses: hosts follow their clients by themselves.
func (t *Transport) Rebind(ctx context.Context) error {
	if t.config == nil {
		return certs.UnconfiguredError{Scheme: "quic"}
	}
	udp, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return errors.Join(net.ErrClosed, udp.Close())
	}
	e := t.newEndpoint(udp, parting)
	t.dialing = e
	var moving []*session
	for s := range t.sessions {
		if s.listener == nil {
			moving = append(moving, s)
			s.sockets = append(s.sockets, e)
			e.users++
		}
	}
	t.mu.Unlock()
	defer e.release()
	results := make(chan error)
	for _, s := range moving {
		go func() { results <- s.move(ctx, e) }()
	}
	for range moving {
		err = errors.Join(err, <-results)
	}
	return err
}

// move takes a session to another socket.
func (s *session) move(ctx context.Context, e *endpoint) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(nil) })()
	path, err := s.qc.AddPath(e.tr)
	if err == nil {
		err = path.Probe(ctx)
	}
	if err == nil {
		err = path.Switch()
	}
	if err != nil && s.ctx.Err() == nil {
		return fmt.Errorf("%s does not answer on the new path: %w", s.at, err)
	}
	return nil // or it has ended, which its users know
}
