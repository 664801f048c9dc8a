package tls_test

import (
	"context"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/tls"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTransport(t *testing.T) {
	authority, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	own, err := authority.Issue(certs.Template{IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://plant.example/everybody"}})
	require.NoError(t, err)
	transporttest.Run(t, transporttest.Config{
		Transport: tls.New(certs.Fixed(own, authority.Roots())),
		ListenURL: func(testing.TB) string { return "tls://127.0.0.1:0" },
		RawDial: func(ctx context.Context, u *url.URL) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", u.Host)
		},
		StalledURL: func(t testing.TB) string { // answers no handshake
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			return "tls://" + l.Addr().String()
		},
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			for _, p := range []core.Peer{accepted, dialed} {
				require.Equal(t, "spiffe://plant.example/everybody", p.Identity)
				require.Equal(t, core.Authenticated, p.Security)
				require.Len(t, p.Certificates, 3)
			}
		},
	})
}
