package quic_test

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
	"github.com/go-qtro/qtro/transports/quic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everybody is an identity that both sides may have.
const everybody = "spiffe://plant.example/everybody"

// authority returns an authority, and a configuration that all of a test share.
func authority(t testing.TB) (*certs.Authority, certs.Config) {
	a, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	return a, certs.Fixed(issue(t, a, everybody), a.Roots())
}

func TestTransport(t *testing.T) {
	for name, options := range map[string][]quic.Option{"plain": nil, "early data": {quic.EarlyData}} {
		t.Run(name, func(t *testing.T) {
			_, config := authority(t)
			conformance(t, quic.New(config, options...))
		})
	}
}

func conformance(t *testing.T, tr *quic.Transport) {
	transporttest.Run(t, transporttest.Config{
		Transport: tr,
		ListenURL: func(testing.TB) string { return "quic://127.0.0.1:0" },
		InvalidURLs: []string{
			"quic:5005", "quic://127.0.0.1", "quic://127.0.0.1:", "quic://127.0.0.1:70000", "quic://me@127.0.0.1:5005",
			"quic://127.0.0.1:5005/", "quic://127.0.0.1:5005?verify=no", "quic://127.0.0.1:5005?", "quic://127.0.0.1:5005#x",
		},
		RawDial: func(ctx context.Context, u *url.URL) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "udp", u.Host)
		},
		StalledURL: func(t testing.TB) string { return "quic://" + deaf(t).LocalAddr().String() },
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			for _, p := range []core.Peer{accepted, dialed} {
				require.Equal(t, everybody, p.Identity)
				require.Equal(t, core.Authenticated, p.Security)
				require.Len(t, p.Certificates, 3)
			}
			require.NotEqual(t, accepted.Addr, dialed.Addr)
		},
	})
}

// deaf is a socket that nobody reads.
func deaf(t testing.TB) net.PacketConn {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
