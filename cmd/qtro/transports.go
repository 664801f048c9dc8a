package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/go-qtro/qtro/core"
	_ "github.com/go-qtro/qtro/transports/all"
)

// transportOf finds what makes connections to a URL, if they are secure enough where that is required.
func (g *globals) transportOf(rawURL string, least core.Security) (core.Transport, *url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if u.Scheme == "" {
		return nil, nil, usagef("%q has no scheme; write something like tcp://127.0.0.1:5000", rawURL)
	}
	t := g.transports[u.Scheme]
	if t == nil {
		t = core.TransportFor(u.Scheme)
	}
	if t == nil {
		return nil, nil, &core.UnknownSchemeError{URL: rawURL, Scheme: u.Scheme}
	}
	level := core.Plaintext
	if s, ok := t.(core.SecureTransport); ok {
		level = s.Security()
	}
	if g.RequireSecure && level < least {
		return nil, nil, fmt.Errorf("%s: %w: it would be %s", rawURL, core.ErrInsecure, level)
	}
	return t, u, nil
}

func (g *globals) dial(ctx context.Context, rawURL string, least core.Security) (core.Conn, error) {
	t, u, err := g.transportOf(rawURL, least)
	if err != nil {
		return nil, err
	}
	return t.Dial(ctx, u)
}

func (g *globals) listen(ctx context.Context, rawURL string) (core.Listener, error) {
	t, u, err := g.transportOf(rawURL, core.Local)
	if err != nil {
		return nil, err
	}
	ln, err := t.Listen(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", rawURL, err)
	}
	return ln, nil
}
