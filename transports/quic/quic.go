package quic

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

func init() { core.RegisterTransport("quic", &Transport{}) }

// Transport is QUIC. It has one UDP socket for dialing while anything is connected, and one for each listener until the
// listener and all its connections are closed. It is safe for concurrent use. The zero Transport is that of a program which has
// not configured one: it only says so.
type Transport struct {
	config  *certs.Config
	early   bool
	tickets tls.ClientSessionCache
	tokens  quicgo.TokenStore

	running sync.WaitGroup // all goroutines

	mu       sync.Mutex
	closed   bool
	hosts    map[string]*host   // by address, as dialed
	sessions map[*session]bool  // all QUIC connections of both sides
	sockets  map[*endpoint]bool // all UDP sockets
	dialing  *endpoint          // the one for new connections, nil if there is none
	checking recheck
}

// An Option changes what New returns.
type Option func(*Transport)

// EarlyData is an option for both sides, off by default. A client that comes back to a host then gets the host's greeting and its
// list of objects one round trip earlier: the host sends them before the client's handshake is complete. The client is known by
// its session ticket, which is checked like a certificate, and what is sent can be read by nobody else. What the client sends is not
// acted on before the handshake is complete, so that nothing can be replayed.
func EarlyData(t *Transport) { t.early = true }

// maxHosts is how many hosts a transport keeps tickets and tokens of.
const maxHosts = 256

// New returns a transport with certificates. The same one listens and dials.
func New(c certs.Config, options ...Option) *Transport {
	t := &Transport{
		config:   &c,
		tickets:  tls.NewLRUClientSessionCache(maxHosts),
		tokens:   quicgo.NewLRUTokenStore(maxHosts, 2),
		hosts:    map[string]*host{},
		sessions: map[*session]bool{},
		sockets:  map[*endpoint]bool{},
	}
	for _, o := range options {
		o(t)
	}
	return t
}

// Security returns core.Authenticated: a host is always sure to be the one in the URL. Of a client that it lets in without a
// certificate, a host learns in its Peer.
func (*Transport) Security() core.Security { return core.Authenticated }

// Listen listens at the URL's host and port. It fails if the Config cannot serve a host.
func (t *Transport) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	if err := t.parse(u); err != nil {
		return nil, err
	}
	return t.listen(ctx, u)
}

// Dial connects to the URL's host and port, and checks that the host is the one that the URL names. It shares the QUIC connection
// that this transport has to the same address, if there is one and a handshake of now would come to the same; then it returns
// when the host has said something. A host that refuses this client says so in the first Read.
func (t *Transport) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	if err := t.parse(u); err != nil {
		return nil, err
	}
	if u.Port() == "0" || u.Hostname() == "" {
		return nil, fmt.Errorf("%w: %s: a host and a port are needed to dial", core.ErrHostURLInvalid, u)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Host, err)
	}
	return t.dial(ctx, u)
}

// parse checks a URL.
func (t *Transport) parse(u *url.URL) error {
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || u.Opaque != "" {
		return fmt.Errorf("%w: %s: expected %s://host:port", core.ErrHostURLInvalid, u.Redacted(), u.Scheme)
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return fmt.Errorf("%w: %s: nothing but %s://host:port: what is trusted is not a URL's business", core.ErrHostURLInvalid, u.Redacted(), u.Scheme)
	}
	if t.config == nil {
		return certs.UnconfiguredError{Scheme: "quic"}
	}
	return nil
}

// address returns host and port of a URL as package net takes them.
func address(u *url.URL) string { return net.JoinHostPort(strings.ToLower(u.Hostname()), u.Port()) }

// Close ends all listeners and connections of the transport and waits for its goroutines. The transport is of no more use then.
// A program need not call it: what is not in use has nothing running.
func (t *Transport) Close() error {
	if t.config == nil {
		return nil
	}
	t.mu.Lock()
	t.closed = true
	var listeners []*listener
	for e := range t.sockets {
		if e.listener != nil && e.listener.quic != nil {
			listeners = append(listeners, e.listener)
		}
	}
	for _, h := range t.hosts {
		if h.shaking != nil {
			h.shaking.cancel(net.ErrClosed)
		}
	}
	for s := range t.sessions {
		s.stop(&closing{codeGone, "going away", net.ErrClosed})
	}
	for e := range t.sockets {
		e.part(0)
	}
	t.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	t.running.Wait()
	return nil
}

// start runs fn in a goroutine that Close waits for. The transport is locked.
func (t *Transport) start(fn func()) { t.running.Go(fn) }
