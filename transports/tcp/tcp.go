// Package tcp brings the schemes tcp and exttcp: plain TCP, without any security. Import it for its effect:
//
//	import _ "github.com/go-qtro/qtro/transports/tcp"
//
// URLs are tcp://host:port, where the host is a name, an IPv4 address or an IPv6 address in brackets: tcp://[::1]:5000.
// Listening at port 0 takes a free port. Listening without a host, as in tcp://:5000, means on all addresses; such a
// listener's URL has the address 0.0.0.0 or [::], as Qt announces it, which leads to the own machine only: a host
// that is reached over the network should listen at an address of its own or use [core.Advertise]. exttcp is
// the same under the name that Qt programs with external connections use.
//
// Connections have Go's keepalive, which notices a machine that is gone after some minutes; [core.Config.Heartbeat] is
// faster. Nobody is sure of the other end: the peer has no identity.
package tcp

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/go-qtro/qtro/core"
)

func init() {
	core.RegisterTransport("tcp", Transport{})
	core.RegisterTransport("exttcp", Transport{})
}

// Transport is plain TCP. The zero Transport is ready for use.
type Transport struct{}

// Listen listens at the URL's host and port.
func (Transport) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	address, _, err := address(u)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	bound := ln.Addr().(*net.TCPAddr)
	host := u.Hostname()
	if host == "" {
		host = bound.IP.String()
	}
	at := *u
	at.Host = net.JoinHostPort(host, strconv.Itoa(bound.Port))
	return &listener{ln, &at}, nil
}

// Dial connects to the URL's host and port.
func (Transport) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	address, port, err := address(u)
	if err != nil {
		return nil, err
	}
	if port == 0 {
		return nil, fmt.Errorf("%w: %s: port 0 is for listening only", core.ErrHostURLInvalid, u)
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn{c, u.Scheme}, nil
}

// address returns host and port as package net takes them.
func address(u *url.URL) (address string, port uint64, err error) {
	port, err = strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || u.Opaque != "" {
		return "", 0, fmt.Errorf("%w: %s: expected %s://host:port", core.ErrHostURLInvalid, u, u.Scheme)
	}
	return net.JoinHostPort(u.Hostname(), u.Port()), port, nil
}

type listener struct {
	net.Listener
	url *url.URL
}

func (l *listener) Accept() (core.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn{c, l.url.Scheme}, nil
}

func (l *listener) URL() *url.URL {
	u := *l.url
	return &u
}

type conn struct {
	net.Conn
	scheme string
}

func (c conn) Peer() core.Peer { return core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String()} }
