package quic_test

import (
	"context"
	stdtls "crypto/tls"
	"errors"
	"net"
	"net/url"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/quic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var config = securetest.Config{
	Scheme:      "quic",
	New:         func(c certs.Config) core.Transport { return quic.New(c) },
	Resumed:     quic.Resumed,
	Intruders:   intruders,
	InvalidURLs: []string{"quic:127.0.0.1"},
	StalledURL:  func(t testing.TB) string { return "quic://" + deaf(t).LocalAddr().String() },
	Timeout:     time.Minute, // many MiB take long on a busy machine
}

func TestTransport(t *testing.T) { securetest.Run(t, config) }

// With early data on both sides all is the same.
func TestEarlyData(t *testing.T) {
	_, config := plant(t)
	transporttest.Run(t, transporttest.Config{
		Transport:    quic.New(config, quic.EarlyData),
		ListenURL:    func(testing.TB) string { return "quic://localhost:0" },
		CheckStalled: securetest.Refused(certs.CheckStalled, false),
		Timeout:      time.Minute,
		CheckPeers: func(t testing.TB, accepted, dialed core.Peer) {
			for _, p := range []core.Peer{accepted, dialed} {
				require.Equal(t, everybody, p.Identity)
				require.Equal(t, core.Authenticated, p.Security)
			}
			require.NotEqual(t, accepted.Addr, dialed.Addr)
		},
	})
}

// intruders are peers that speak QUIC, but something else by it.
func intruders(t testing.TB, w *securetest.World) []transporttest.Refusal {
	good := w.With(w.Client)
	client, err := good.Client("127.0.0.1")
	require.NoError(t, err)
	good = w.With(w.Host)
	host, err := good.Server()
	require.NoError(t, err)
	host.GetConfigForClient = nil
	client.NextProtos, host.NextProtos = []string{"h3"}, []string{"h3"}
	return []transporttest.Refusal{
		{Name: "client of another protocol", Client: intruder{client: client}, CheckHost: securetest.Refused(certs.CheckProtocol, false)},
		{Name: "host of another protocol", Host: intruder{host: host}, CheckClient: securetest.Refused(certs.CheckProtocol, true)},
	}
}

// intruder speaks QUIC in its own way.
type intruder struct{ client, host *stdtls.Config }

func (i intruder) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	_, err := quicgo.DialAddr(ctx, u.Host, i.client, nil)
	return nil, err
}

func (i intruder) Listen(_ context.Context, u *url.URL) (core.Listener, error) {
	udp, err := net.ListenPacket("udp", u.Host)
	if err != nil {
		return nil, err
	}
	tr := &quicgo.Transport{Conn: udp}
	l, err := tr.Listen(i.host, nil)
	return intruderListener{l, tr}, err
}

type intruderListener struct {
	*quicgo.Listener
	tr *quicgo.Transport
}

func (l intruderListener) Accept() (core.Conn, error) {
	_, err := l.Listener.Accept(context.Background())
	return nil, err
}

func (l intruderListener) URL() *url.URL { return &url.URL{Scheme: "quic", Host: l.Addr().String()} }

func (l intruderListener) Close() error {
	return errors.Join(l.Listener.Close(), l.tr.Close(), l.tr.Conn.Close())
}
