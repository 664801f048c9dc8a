package quic_test

import (
	"context"
	"crypto/tls"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
)

// issue makes a certificate for this machine.
func issue(t testing.TB, a *certs.Authority, uri string) *tls.Certificate {
	c, err := a.Issue(certs.Template{IPs: []string{"127.0.0.1", "::1"}, DNS: []string{"localhost"}, URIs: []string{uri}})
	require.NoError(t, err)
	return c
}

func parse(t testing.TB, raw string) *url.URL {
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
