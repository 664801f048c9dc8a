package tls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

func init() { core.RegisterTransport("tls", &Transport{}) }

// Transport is TLS over TCP. It has nothing running of its own: there is no Close. The zero Transport is that of a program
// which has not configured one: it only says so.
type Transport struct {
	config   *certs.Config
	sessions tls.ClientSessionCache
}

// maxSessions is how many hosts a transport keeps a session of.
const maxSessions = 256

// New returns a transport with certificates. The same one listens and dials.
func New(c certs.Config) *Transport {
	return &Transport{config: &c, sessions: tls.NewLRUClientSessionCache(maxSessions)}
}

// Security returns core.Authenticated: a host is always sure to be the one in the URL. Of a client that it lets in without a
// certificate, a host learns in its Peer.
func (*Transport) Security() core.Security { return core.Authenticated }

// Listen listens at the URL's host and port. It fails if the Config cannot serve a host.
func (t *Transport) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	at, err := t.parse(u)
	if err != nil {
		return nil, err
	}
	server, err := t.config.Server()
	if err != nil {
		return nil, err
	}
	if _, err := t.config.Certificate(); err != nil { // an operator wants to know now
		return nil, fmt.Errorf("the host's certificate: %w", err)
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", at)
	if err != nil {
		return nil, err
	}
	bound := ln.Addr().(*net.TCPAddr)
	host := u.Hostname()
	if host == "" {
		host = bound.IP.String()
	}
	return &listener{ln, t.config, server, url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(host, strconv.Itoa(bound.Port))}}, nil
}

// Dial connects to the URL's host and port, and checks that the host is the one that the URL names. A host that refuses this
// client says so in the first Read.
func (t *Transport) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	at, err := t.parse(u)
	if err != nil {
		return nil, err
	}
	if u.Port() == "0" || u.Hostname() == "" {
		return nil, fmt.Errorf("%w: %s: a host and a port are needed to dial", core.ErrHostURLInvalid, u)
	}
	session := t.config.Session(t.sessions, at)
	c, err := t.dial(ctx, u, at, session)
	var refused *certs.RefusedError
	if errors.As(err, &refused) && session.Offered && refused.Check != certs.CheckStalled {
		// A resumed session stands for the certificates of its time. Those of now may be better.
		session.Skip = true
		return t.dial(ctx, u, at, session)
	}
	return c, err
}

func (t *Transport) dial(ctx context.Context, u *url.URL, at string, s *certs.Session) (core.Conn, error) {
	client, err := t.config.Client(u.Hostname())
	if err != nil {
		return nil, err
	}
	client.ClientSessionCache = s
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, err
	}
	c := newConn(tls.Client(raw, client), t.config, u.Scheme, u.Hostname())
	c.session = s
	if err := c.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// parse returns host and port as package net takes them.
func (t *Transport) parse(u *url.URL) (string, error) {
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || u.Opaque != "" {
		return "", fmt.Errorf("%w: %s: expected %s://host:port", core.ErrHostURLInvalid, u.Redacted(), u.Scheme)
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", fmt.Errorf("%w: %s: nothing but %s://host:port: what is trusted is not a URL's business", core.ErrHostURLInvalid, u.Redacted(), u.Scheme)
	}
	if t.config == nil {
		return "", certs.UnconfiguredError{Scheme: "tls"}
	}
	return net.JoinHostPort(u.Hostname(), u.Port()), nil
}

type listener struct {
	net.Listener
	config *certs.Config
	server *tls.Config
	url    url.URL
}

func (l *listener) Accept() (core.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(tls.Server(raw, l.server), l.config, l.url.Scheme, ""), nil
}

func (l *listener) URL() *url.URL {
	u := l.url
	return &u
}
