package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/go-qtro/qtro/core"
	_ "github.com/go-qtro/qtro/transports/all"
)

// transportOf finds what makes connections to a URL.
func transportOf(rawURL string) (core.Transport, *url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if u.Scheme == "" {
		return nil, nil, usagef("%q has no scheme; write something like tcp://127.0.0.1:5000", rawURL)
	}
	t := core.TransportFor(u.Scheme)
	if t == nil {
		return nil, nil, &core.UnknownSchemeError{URL: rawURL, Scheme: u.Scheme}
	}
	return t, u, nil
}

func dial(ctx context.Context, rawURL string) (core.Conn, error) {
	t, u, err := transportOf(rawURL)
	if err != nil {
		return nil, err
	}
	return t.Dial(ctx, u)
}

func listen(ctx context.Context, rawURL string) (core.Listener, error) {
	t, u, err := transportOf(rawURL)
	if err != nil {
		return nil, err
	}
	ln, err := t.Listen(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", rawURL, err)
	}
	return ln, nil
}
