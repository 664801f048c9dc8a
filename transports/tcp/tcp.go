// Package tcp brings the schemes tcp and exttcp: plain TCP, without any security.
//
// URLs are tcp://host:port. Listening without a host means on all addresses, and with port 0 on a free port. exttcp is
// the same under the name that Qt programs with external connections use. Import the package for its effect:
//
//	import _ "github.com/go-qtro/qtro/transports/tcp"
package tcp

import (
	"context"
	"fmt"
	"net"
	"net/url"

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
	if u.Port() == "" {
		return nil, fmt.Errorf("%w: %s: no port", core.ErrHostURLInvalid, u)
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	at := *u
	at.Host = net.JoinHostPort(u.Hostname(), fmt.Sprint(ln.Addr().(*net.TCPAddr).Port))
	return &listener{ln, &at}, nil
}

// Dial connects to the URL's host and port.
func (Transport) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	if u.Port() == "" {
		return nil, fmt.Errorf("%w: %s: no port", core.ErrHostURLInvalid, u)
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	return conn{c, u.Scheme}, nil
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

func (l *listener) URL() *url.URL { return l.url }

type conn struct {
	net.Conn
	scheme string
}

func (c conn) Peer() core.Peer { return core.Peer{Scheme: c.scheme, Addr: c.RemoteAddr().String()} }
