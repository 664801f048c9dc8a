package quic

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// session is a QUIC connection, of either side. It lasts as long as one of its streams.
type session struct {
	t             *Transport
	qc            *quicgo.Conn
	scheme        string
	at            string         // the address that was dialed; "" on the host's side
	name          string         // the name that the certificate of a host must be for; "" on the host's side
	listener      *listener      // nil on the client's side
	ticket        *certs.Session // nil on the host's side
	local, remote net.Addr
	trust         uint64 // before the handshake
	mark          string // of our own certificate then
	shown         live   // by the peer, when the peer is known

	ctx    context.Context // ends with the connection, or when this side wants that; the cause is a closing then
	cancel context.CancelCauseFunc
	ended  chan struct{}
	err    error // why; set when ended is closed
	peer   atomic.Pointer[core.Peer]

	sockets []*endpoint // that it uses or has used; guarded by the transport

	mu       sync.Mutex
	count    int     // streams
	given    bool    // the first stream, which comes by itself
	leaving  bool    // no more streams
	cut      bool    // one ended before the peer was done with it
	expected []*conn // that wait for a stream of the host's
	timer    *time.Timer
	heard    uint64 // bytes, when the client looked last
}

func (t *Transport) newSession(qc *quicgo.Conn, scheme string, e *endpoint) *session {
	s := &session{t: t, qc: qc, scheme: scheme, local: qc.LocalAddr(), remote: qc.RemoteAddr(), ended: make(chan struct{}), sockets: []*endpoint{e}}
	s.ctx, s.cancel = context.WithCancelCause(qc.Context())
	return s
}

// failed returns a session that never came to be.
func failed(t *Transport, scheme string, local, remote net.Addr, err error) *session {
	s := &session{t: t, scheme: scheme, local: local, remote: remote, ended: make(chan struct{}), err: err, leaving: true}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.cancel(err)
	close(s.ended)
	return s
}

// stop has the session's goroutine end it.
func (s *session) stop(why *closing) {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	s.cancel(why)
}

// met notes who the peer is, when that is sure.
func (s *session) met() {
	p := core.Peer{Scheme: s.scheme, Addr: s.remote.String(), Security: core.Encrypted}
	state := s.qc.ConnectionState().TLS
	if len(state.PeerCertificates) > 0 {
		p.Security = core.Authenticated
		p.Identity = certs.Identity(state.PeerCertificates[0])
		p.Certificates = state.PeerCertificates
		if len(state.VerifiedChains) > 0 {
			p.Certificates = state.VerifiedChains[0]
		}
	}
	s.shown = live{state.PeerCertificates, state.OCSPResponse}
	s.peer.Store(&p)
	s.t.watch(s)
}

// good reports whether the session will do for one more connection, which must be as good as one with a handshake of its own.
func (s *session) good() bool {
	return s.peer.Load() != nil && s.mark == s.t.config.Mark() && s.t.config.VerifyPeer(s.shown.certificates, s.shown.staple, s.name) == nil
}

// why tells why something on the connection has failed.
func (s *session) why(err error) error {
	var own *closing
	if errors.As(context.Cause(s.ctx), &own) {
		return own.err
	}
	select {
	case <-s.qc.HandshakeComplete():
		err = explain(err)
	default:
		err = explainHandshake(err)
	}
	var refused *certs.RefusedError
	if s.ticket != nil && errors.As(err, &refused) && refused.Remote {
		s.ticket.Forget()
		if s.ticket.Offered {
			return againError{err}
		}
	}
	return err
}

// end waits for the end of the QUIC connection, and ends it if this side wants to.
func (s *session) end() {
	var own *closing
	if errors.As(context.Cause(s.ctx), &own) {
		_ = s.qc.CloseWithError(own.code, own.text)
	}
	<-s.qc.Context().Done()
	s.err = s.why(context.Cause(s.qc.Context()))
	s.mu.Lock()
	s.leaving = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.cancel(nil)
	close(s.ended)
	s.t.forget(s)
	if s.listener == nil {
		s.t.trustNoMore()
	}
	for _, e := range s.t.leave(s) {
		e.release()
	}
}

// reserve makes a connection that will have a stream. It returns nil if there is no place or the session is ending.
func (s *session) reserve(limit int) (c *conn, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving || s.count >= limit {
		return nil, false
	}
	if s.timer != nil && s.listener != nil {
		s.timer.Stop()
	}
	first = !s.given
	s.given = true
	s.count++
	c = newConn(s)
	c.shared = !first
	if first {
		s.expected = append(s.expected, c)
	}
	return c, first
}

// release accounts for a stream that has ended in both directions, or that will never be.
func (s *session) release() {
	s.mu.Lock()
	s.count--
	empty := s.count == 0 && !s.leaving
	if empty && s.listener != nil { // the client ends it, unless it has forgotten to
		s.timer = time.AfterFunc(lingering, s.unused)
		empty = false
	}
	s.leaving = s.leaving || empty
	s.mu.Unlock()
	if empty {
		s.t.forget(s)
		s.part()
	}
}

// part ends a session that has no streams.
func (s *session) part() {
	s.mu.Lock()
	why := &closing{codeDone, "", net.ErrClosed}
	if s.cut { // so that the peer does not take what is missing for an end
		why.code = codeGone
	}
	s.mu.Unlock()
	s.stop(why)
}

// unused ends a session of a host's that has no streams.
func (s *session) unused() {
	s.mu.Lock()
	empty := s.count == 0
	s.mu.Unlock()
	if empty {
		s.part()
	}
}

// forget has later dials use another session.
func (t *Transport) forget(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.hosts[s.at]; h != nil && h.session == s {
		h.session = nil
		t.tidy(s.at)
	}
}

// leave takes a session out of the transport and returns its sockets.
func (t *Transport) leave(s *session) []*endpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, s)
	delete(t.checking.peers, s)
	return s.sockets
}

// receive gives the streams that the host opens to those who wait for them. It is the goroutine of a client's session.
func (s *session) receive() {
	defer s.end()
	for {
		st, err := s.qc.AcceptStream(s.ctx)
		if err != nil {
			return
		}
		s.mu.Lock()
		var c *conn
		if len(s.expected) > 0 {
			c = s.expected[0]
			s.expected = slices.Delete(s.expected, 0, 1)
		}
		s.mu.Unlock()
		if c == nil || !c.attach(st, true) { // nobody asked, or does no more
			st.CancelWrite(streamClosed)
			st.CancelRead(streamClosed)
		}
	}
}

// ask has the host open a stream for c.
func (s *session) ask(ctx context.Context, c *conn) error {
	s.mu.Lock()
	s.expected = append(s.expected, c)
	s.mu.Unlock()
	st, err := s.qc.OpenUniStreamSync(ctx)
	if err == nil {
		return st.Close()
	}
	s.mu.Lock()
	if i := slices.Index(s.expected, c); i >= 0 {
		s.expected = slices.Delete(s.expected, i, i+1)
	}
	s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.why(err)
}

// beat says something to a host that has been silent. A keepalive of QUIC's own is too short for a stateless reset.
func (s *session) beat() {
	s.mu.Lock()
	if s.leaving {
		s.mu.Unlock()
		return
	}
	heard := s.qc.ConnectionStats().BytesReceived
	silent := heard == s.heard
	s.heard = heard
	s.timer = time.AfterFunc(beat, s.beat)
	s.mu.Unlock()
	if silent {
		_ = s.qc.SendDatagram([]byte("qtro"))
	}
}

// serve opens the streams of a host's session. It is its goroutine.
func (s *session) serve(first *conn, a *attempt) {
	defer s.end()
	early := s.qc.ConnectionState().Used0RTT
	if !early && !s.complete(a) {
		return
	}
	s.met()
	if !s.open(first, !early) {
		return
	}
	if early {
		if !s.complete(a) {
			return
		}
		first.allowRead()
	}
	for {
		st, err := s.qc.AcceptUniStream(s.ctx)
		if err != nil {
			return
		}
		_ = st.SetReadDeadline(time.Now().Add(silence))
		if n, err := st.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			s.stop(&closing{codeViolation, "a request has no data and ends at once", lost(syscall.EPROTO, nil, "the client's request for a stream is not empty")})
			return
		}
		var c *conn
		if s.good() {
			c, _ = s.reserve(2 * maxStreams)
		}
		if c != nil && s.listener.deliver(c) {
			if !s.open(c, true) {
				return
			}
			continue
		}
		if c != nil {
			s.release()
		}
		if st, err := s.qc.OpenStreamSync(s.ctx); err == nil {
			st.CancelWrite(streamRefused)
			st.CancelRead(streamRefused)
		}
	}
}

// complete waits for the end of the handshake.
func (s *session) complete(a *attempt) bool {
	select {
	case <-s.qc.HandshakeComplete():
		a.done()
		return true
	case <-s.ctx.Done():
		return false
	}
}

// open opens a stream for c.
func (s *session) open(c *conn, readable bool) bool {
	st, err := s.qc.OpenStreamSync(s.ctx)
	if err != nil {
		return false
	}
	if !c.attach(st, readable) {
		st.CancelWrite(streamClosed)
		st.CancelRead(streamClosed)
	}
	return true
}
