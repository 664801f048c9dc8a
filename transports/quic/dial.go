package quic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// host is what there is to one address: a session that has a place, or the handshake for one, or neither.
type host struct {
	session *session
	shaking *shaking
}

// shaking is a handshake that all who dial an address meanwhile wait for.
type shaking struct {
	cancel  context.CancelCauseFunc
	waiting []chan place
}

// place is a connection of a new session, or why there is none.
type place struct {
	c     *conn
	first bool // its stream comes by itself
	err   error
}

// tidy forgets an address to which there is nothing. The transport is locked.
func (t *Transport) tidy(at string) {
	if h := t.hosts[at]; h != nil && h.session == nil && h.shaking == nil {
		delete(t.hosts, at)
	}
}

// dial makes a connection in the session to the URL's address, and the session if there is none.
func (t *Transport) dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	at := address(u)
	for attempt := 1; ; attempt++ {
		p, err := t.place(ctx, u, at)
		if err == nil {
			if p.first {
				return p.c, nil
			}
			if err = p.c.s.ask(ctx, p.c); err == nil {
				err = p.c.granted(ctx)
			}
			if err == nil {
				return p.c, nil
			}
			_ = p.c.Close()
			t.forget(p.c.s)
			if ctx.Err() == nil && attempt < maxAttempts {
				continue // with a session of its own
			}
		}
		switch {
		case ctx.Err() == nil && errors.Is(err, errCrowded):
			continue
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, fmt.Errorf("%s: %w", at, unfinished(ctx))
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%s: %w", at, ctx.Err())
		}
		return nil, err
	}
}

// maxAttempts is how often a host may refuse one more connection.
const maxAttempts = 4

// place finds a place in a session.
func (t *Transport) place(ctx context.Context, u *url.URL, at string) (place, error) {
	t.mu.Lock()
	h := t.hosts[at]
	if h != nil && h.session != nil {
		s := h.session
		c, first := s.reserve(maxStreams)
		t.mu.Unlock()
		if c != nil && (first || s.good()) {
			return place{c: c, first: first}, nil
		}
		if c != nil {
			_ = c.Close()
		}
		t.forget(s) // it is full, or not to be used for more; the next gets one of its own
		t.mu.Lock()
		h = t.hosts[at]
	}
	if t.closed {
		t.mu.Unlock()
		return place{}, net.ErrClosed
	}
	if h == nil {
		h = &host{}
		t.hosts[at] = h
	}
	if h.shaking == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		k := &shaking{cancel: cancel}
		h.shaking = k
		t.start(func() { t.shake(ctx, k, *u, at) })
	}
	k, got := h.shaking, make(chan place, 1)
	k.waiting = append(k.waiting, got)
	t.mu.Unlock()
	select {
	case p := <-got:
		return p, p.err
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(k.waiting, got)
	if i >= 0 {
		if k.waiting = slices.Delete(k.waiting, i, i+1); len(k.waiting) == 0 {
			k.cancel(ctx.Err())
			h.shaking = nil // who dials from now on begins anew
			t.tidy(at)
		}
	}
	t.mu.Unlock()
	if i < 0 {
		if p := <-got; p.c != nil {
			_ = p.c.Close()
		}
	}
	return place{}, ctx.Err()
}

// granted waits until the host speaks in a stream that it was asked for, and returns an error if it refuses.
func (c *conn) granted(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(past) })
	err := c.wait(c.open, &c.readBy)
	if err == nil {
		_, err = c.stream.Peek(make([]byte, 1))
	}
	if !stop() {
		return ctx.Err()
	}
	var stream *quicgo.StreamError
	if errors.As(err, &stream) && stream.ErrorCode == streamRefused || c.s.ctx.Err() != nil {
		return c.s.why(err)
	}
	return nil // Read tells what else there is
}

// shake makes a session, and gives all who wait a place in it.
func (t *Transport) shake(ctx context.Context, k *shaking, u url.URL, at string) {
	defer k.cancel(nil)
	s, err := t.connect(ctx, &u, at)
	t.mu.Lock()
	h := t.hosts[at]
	if h != nil && h.shaking == k {
		h.shaking = nil
	}
	if err == nil && t.closed {
		err = net.ErrClosed
	}
	waiting := k.waiting
	k.waiting = nil
	used := false
	for _, got := range waiting {
		p := place{err: err}
		if s != nil && err == nil {
			if p.c, p.first = s.reserve(maxStreams); p.c == nil {
				p.err = errCrowded
			}
			used = used || p.c != nil
		}
		got <- p
	}
	if s != nil && used && h != nil && h.session == nil {
		h.session = s
	}
	t.tidy(at)
	if s != nil {
		t.start(s.receive) // who waits for the first stream is known now
	}
	t.mu.Unlock()
	if s != nil && !used {
		s.stop(&closing{codeDone, "", net.ErrClosed})
	}
}

// errCrowded is for those who have waited for a session that is full.
var errCrowded = errors.New("more dials at the same time than one connection holds")

// connect makes a QUIC connection to a URL's host.
func (t *Transport) connect(ctx context.Context, u *url.URL, at string) (*session, error) {
	name := u.Hostname()
	addrs, err := resolve(ctx, name, u.Port())
	if err != nil {
		return nil, err
	}
	e, err := t.dialer()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	trust, mark := t.trust(), t.config.Mark()
	k := t.config.Session(t.tickets, at)
	qc, err := t.connectWith(ctx, e, addrs, name, at, k)
	var refused *certs.RefusedError
	if errors.As(err, &refused) && k.Offered && refused.Check != certs.CheckStalled {
		// A resumed session stands for the certificates of its time. Those of now may be better.
		k.Skip, k.Offered = true, false
		qc, err = t.connectWith(ctx, e, addrs, name, at, k)
	}
	if err != nil {
		t.trustNoMore()
		e.release()
		return nil, err
	}
	k.Skip = false
	s := t.newSession(qc, u.Scheme, e)
	s.at, s.name, s.ticket, s.trust, s.mark = at, name, k, trust, mark
	t.mu.Lock()
	t.sessions[s] = true
	t.mu.Unlock()
	s.met()
	s.mu.Lock()
	s.timer = time.AfterFunc(beat, s.beat)
	s.mu.Unlock()
	return s, nil
}

// stagger is how long one address may be silent before the next one of the same name is tried, too.
const stagger = 250 * time.Millisecond

// connectWith makes a QUIC connection to the first of some addresses that answers.
func (t *Transport) connectWith(ctx context.Context, e *endpoint, addrs []*net.UDPAddr, name, at string, k *certs.Session) (*quicgo.Conn, error) {
	config, err := t.config.Client(name)
	if err != nil {
		return nil, err
	}
	config.ClientSessionCache = k
	if len(addrs) == 1 {
		return t.handshake(ctx, e, addrs[0], config, at)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		qc  *quicgo.Conn
		err error
	}
	results := make(chan result)
	for i, addr := range addrs {
		go func() {
			select {
			case <-time.After(time.Duration(i) * stagger):
			case <-ctx.Done():
			}
			qc, err := t.handshake(ctx, e, addr, config, at)
			results <- result{qc, err}
		}()
	}
	var best *quicgo.Conn
	for range addrs {
		switch r := <-results; {
		case r.err != nil:
			var refused *certs.RefusedError
			if err == nil || errors.As(r.err, &refused) { // this tells most
				err = r.err
			}
		case best != nil:
			_ = r.qc.CloseWithError(codeDone, "")
		default:
			best = r.qc
			cancel()
		}
	}
	if best != nil {
		return best, nil
	}
	return nil, err
}

// handshake makes a QUIC connection to an address. Early data is asked for, but not sent: it is the host that speaks first.
func (t *Transport) handshake(ctx context.Context, e *endpoint, addr *net.UDPAddr, config *tls.Config, at string) (*quicgo.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.mu.Lock()
	t.start(func() { knock(ctx, addr, cancel) })
	t.mu.Unlock()
	dial := e.tr.Dial
	if t.early {
		dial = e.tr.DialEarly
	}
	qc, err := dial(ctx, addr, config, t.dialConfig(at))
	if err == nil && t.early {
		early := qc
		if qc, err = early.NextConnection(ctx); err != nil {
			_ = early.CloseWithError(codeDone, "")
		}
	}
	if err == nil {
		return qc, nil
	}
	var idle *quicgo.IdleTimeoutError
	var handshake *quicgo.HandshakeTimeoutError
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.As(err, &idle), errors.As(err, &handshake):
		return nil, &certs.RefusedError{Check: certs.CheckStalled, Err: &silentError{addr.String(), err}}
	default:
		err = explain(err)
	}
	return nil, fmt.Errorf("%s: %w", at, err)
}

// knock cancels a handshake if the system knows that nobody listens at the address, which it tells only to sockets that are connected.
func knock(ctx context.Context, addr *net.UDPAddr, cancel context.CancelCauseFunc) {
	c, err := net.DialUDP("udp", nil, addr)
	if err != nil {
		return // the handshake will tell
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(past) })()
	var b [1]byte
	_, err = c.Write(b[:]) // hosts ignore it
	if err == nil {
		_, err = c.Read(b[:])
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		cancel(fmt.Errorf("no QUIC host is listening there: %w", syscall.ECONNREFUSED))
	}
}

// maxAddresses is how many addresses of a name are tried.
const maxAddresses = 4

// resolve returns the addresses of a host. IPv4 goes first, as where package net listens at a name.
func resolve(ctx context.Context, host, port string) ([]*net.UDPAddr, error) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	var ips []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		ips = []netip.Addr{ip}
	} else if ips, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, err
	}
	var addrs []*net.UDPAddr
	for _, ip := range ips {
		ip = ip.Unmap()
		if ip.IsUnspecified() { // as package net has it for TCP
			ip = map[bool]netip.Addr{true: netip.AddrFrom4([4]byte{127, 0, 0, 1}), false: netip.IPv6Loopback()}[ip.Is4()]
		}
		addrs = append(addrs, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(number))))
	}
	slices.SortStableFunc(addrs, func(a, b *net.UDPAddr) int { return len(a.IP) - len(b.IP) })
	return addrs[:min(len(addrs), maxAddresses)], nil
}
