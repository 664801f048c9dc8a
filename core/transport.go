package core

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Transport makes connections for the URL schemes it is registered under. A transport carries bytes and tells who is
// at the other end; everything of the protocol is this package's business. It must be safe for concurrent use.
type Transport interface {
	// Listen starts to accept connections at u until the Listener is closed. ctx is for starting only.
	Listen(ctx context.Context, u *url.URL) (Listener, error)
	// Dial opens a connection to u. It blocks until the connection stands or ctx is done. An error that has a method
	// Permanent() bool which returns true tells that it will hardly be better the next time: a node then tries again after a
	// minute, or when it is asked to. The same goes for an error of the connection's first Read, by which some transports
	// tell a refusal.
	Dial(ctx context.Context, u *url.URL) (Conn, error)
}

// Listener accepts connections. Its methods are safe for concurrent use.
type Listener interface {
	// Accept blocks until there is a connection or the listener is closed, when the error is net.ErrClosed.
	// It must not wait for a peer: handshakes run in the first Read or Write of the connection.
	Accept() (Conn, error)
	// Close ends listening, not the accepted connections.
	Close() error
	// URL returns where peers reach the listener: the URL it was made with, a port of 0 replaced by the real one.
	URL() *url.URL
}

// Conn is a byte stream that knows who is at the other end. Close unblocks Read and Write. A Read that has run into its
// deadline may be repeated, and misses nothing.
type Conn interface {
	net.Conn
	// Peer returns who is at the other end, as far as the transport knows it by now.
	Peer() Peer
}

// Handshaker is a Conn that a listener accepts before it knows who is at the other end, like a TLS connection: the host lets
// it find out before it asks for the Peer and sends anything. Only so many connections may be in their handshake at a time;
// of more than that, the host drops the oldest.
type Handshaker interface {
	Conn
	// HandshakeContext blocks until the peer is known, the handshake has failed or ctx is done.
	HandshakeContext(ctx context.Context) error
}

// SecureTransport is a Transport that tells how well it protects its connections, so that a node that requires security
// need not dial to find out. A Transport that does not tell is taken for Plaintext.
type SecureTransport interface {
	Transport
	Security() Security
}

// Security is how well a connection is protected.
type Security uint8

// Levels of security, from none to best.
const (
	Plaintext     Security = iota // whoever is on the path can read and change what is sent
	Local                         // it never leaves this machine
	Encrypted                     // nobody on the path can read or change anything, but the peer has not proved who it is
	Authenticated                 // and the peer has proved its Identity
)

var securities = [...]string{"plaintext", "local", "encrypted", "authenticated"}

// String returns the level in lower case: "plaintext", "local", …
func (s Security) String() string {
	if int(s) < len(securities) {
		return securities[s]
	}
	return fmt.Sprintf("Security(%d)", uint8(s))
}

// Peer is who is at the other end of a connection. It is what slot handlers, property writes, the [Authorizer] and logs see.
type Peer struct {
	Scheme       string              // of the URL that the connection came by; "" in process, "external" for one made elsewhere
	Addr         string              // the remote address, in the transport's own form
	Security     Security            // of the connection
	Identity     string              // whom the transport has made sure of, such as a SPIFFE ID, "dns:plant.example" or "uid:1000"; "" if nobody
	Certificates []*x509.Certificate // the chain that proves the identity, the peer's own first; nil without one
	Unix         *Credentials        // of the process at the other end of a local socket, where the system tells
}

// Credentials are those of a process on the same machine.
type Credentials struct{ PID, UID, GID int }

// String returns a short form for logs and errors.
func (p Peer) String() string {
	s := p.Scheme + " " + p.Addr
	if p.Identity != "" {
		s = p.Identity + " (" + strings.TrimSpace(s) + ")"
	}
	if s = strings.TrimSpace(s); s == "" {
		return "this process"
	}
	return s
}

type peerKey struct{}

// PeerFrom returns the peer whose call or write a handler is serving.
func PeerFrom(ctx context.Context) (Peer, bool) {
	p, ok := ctx.Value(peerKey{}).(Peer)
	return p, ok
}

var transports = struct {
	sync.RWMutex
	byScheme map[string]Transport
}{byScheme: map[string]Transport{}}

// RegisterTransport makes t the process-wide transport of a URL scheme. Packages of transports call it when they are
// imported. It panics if t is nil or the scheme is taken.
func RegisterTransport(scheme string, t Transport) {
	transports.Lock()
	defer transports.Unlock()
	if t == nil {
		panic("qtro: RegisterTransport of a nil transport for " + scheme)
	}
	if transports.byScheme[scheme] != nil {
		panic("qtro: RegisterTransport called twice for " + scheme)
	}
	transports.byScheme[scheme] = t
}

// Schemes returns the URL schemes that have a process-wide transport, sorted.
func Schemes() []string {
	transports.RLock()
	defer transports.RUnlock()
	return slices.Sorted(maps.Keys(transports.byScheme))
}

// UnknownSchemeError tells that no transport is registered for a URL's scheme.
type UnknownSchemeError struct{ URL, Scheme string }

// packages names the packages that bring a transport for a scheme.
var packages = map[string]string{"tcp": "tcp", "exttcp": "tcp", "local": "unix", "localabstract": "unix", "tls": "tls", "quic": "quic"}

func (e *UnknownSchemeError) Error() string {
	if p := packages[e.Scheme]; p != "" {
		return fmt.Sprintf("%s: no transport for scheme %q: import github.com/go-qtro/qtro/transports/%s", e.URL, e.Scheme, p)
	}
	return fmt.Sprintf("%s: no transport for scheme %q: register one with core.RegisterTransport, or a handler with Node.RegisterExternalSchema", e.URL, e.Scheme)
}

// parseURL parses what a user or a registry calls a URL.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && u.Scheme == "" {
		err = fmt.Errorf("no scheme; expected something like tcp://127.0.0.1:5000 or local:name")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrHostURLInvalid, raw, err)
	}
	return u, nil
}
