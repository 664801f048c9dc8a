package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tcp"
	qtrotls "github.com/go-qtro/qtro/transports/tls"
	"github.com/go-qtro/qtro/transports/unix"
)

// links are the kinds of connections that are measured.
var links = []string{"tcp", "unix", "tls", "quic"}

// stream is one end of a raw connection.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
}

// issued are who a host and its clients are, and whom both trust: mutual TLS 1.3, as all secure links have it.
var issued = sync.OnceValues(func() (host, client certs.Config) {
	a, err := certs.NewAuthority("Bench", certs.AuthorityOptions{})
	if err != nil {
		panic(err)
	}
	for _, e := range []struct {
		to *certs.Config
		certs.Template
	}{
		{&host, certs.Template{Host: true, IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://bench.example/host"}}},
		{&client, certs.Template{Client: true, URIs: []string{"spiffe://bench.example/client"}}},
	} {
		own, err := a.Issue(e.Template)
		if err != nil {
			panic(err)
		}
		*e.to = certs.Fixed(own, a.Roots())
	}
	return host, client
})

// tlsConfigs are those that our own transports have.
func tlsConfigs(tb testing.TB) (host, client *tls.Config) {
	h, c := issued()
	host, err := h.Server()
	require.NoError(tb, err)
	client, err = c.Client("127.0.0.1")
	require.NoError(tb, err)
	return host, client
}

// raw returns n connections without anything of qtro's. Those of quic are streams of one QUIC connection.
func raw(tb testing.TB, link string, n int) (hosts, clients []stream) {
	if link == "quic" {
		hosts, clients = rawQUIC(tb, n)
	} else {
		hosts, clients = rawSockets(tb, link, n)
	}
	tb.Cleanup(func() {
		for i := range clients {
			_, _ = clients[i].Close(), hosts[i].Close()
		}
	})
	return hosts, clients
}

func rawSockets(tb testing.TB, link string, n int) (hosts, clients []stream) {
	network, addr := "tcp", "127.0.0.1:0"
	if link == "unix" {
		network, addr = "unix", filepath.Join(tb.TempDir(), "s")
	}
	ln, err := net.Listen(network, addr)
	require.NoError(tb, err)
	defer ln.Close()
	server, dialer := tlsConfigs(tb)
	for range n {
		client, err := net.Dial(network, ln.Addr().String())
		require.NoError(tb, err)
		host, err := ln.Accept()
		require.NoError(tb, err)
		if link == "tls" {
			h, c := tls.Server(host, server), tls.Client(client, dialer)
			shaken := make(chan error, 1)
			go func() { shaken <- h.Handshake() }()
			require.NoError(tb, c.Handshake())
			require.NoError(tb, <-shaken)
			host, client = h, c
		}
		hosts, clients = append(hosts, host), append(clients, client)
	}
	return hosts, clients
}

func rawQUIC(tb testing.TB, n int) (hosts, clients []stream) {
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	server, dialer := tlsConfigs(tb)
	ln, err := quicgo.ListenAddr("127.0.0.1:0", server, nil)
	require.NoError(tb, err)
	c, err := quicgo.DialAddr(ctx, ln.Addr().String(), dialer, nil)
	require.NoError(tb, err)
	h, err := ln.Accept(ctx)
	require.NoError(tb, err)
	tb.Cleanup(func() { _, _ = c.CloseWithError(0, ""), ln.Close() })
	for range n { // the client sees a stream when something is written to it
		host, err := h.OpenStreamSync(ctx)
		require.NoError(tb, err)
		_, err = host.Write([]byte{0})
		require.NoError(tb, err)
		client, err := c.AcceptStream(ctx)
		require.NoError(tb, err)
		_, err = io.ReadFull(client, make([]byte, 1))
		require.NoError(tb, err)
		hosts, clients = append(hosts, host), append(clients, client)
	}
	return hosts, clients
}

var benchClass = &core.Class{
	Name:       "Bench",
	Properties: []core.Property{{Name: "value", Type: "int", Access: core.ReadOnly}},
	Slots: []core.Slot{
		{Name: "echo", Return: "QByteArray", Params: []core.Param{{Name: "data", Type: "QByteArray"}}},
		{Name: "sleep", Return: "int", Params: []core.Param{{Name: "microseconds", Type: "int"}}},
	},
}

// remoted returns a source and a replica of it, over a link that qtro's own transports make. What the client dials with may be
// wrapped.
func remoted(tb testing.TB, link string, wrap ...func(core.Transport) core.Transport) (*core.Source, *core.Replica) {
	hostCerts, clientCerts := issued()
	secure := func(c certs.Config) core.Config {
		q := quic.New(c)
		tb.Cleanup(func() { _ = q.Close() })
		return core.Config{
			Transports: map[string]core.Transport{"tcp": tcp.Transport{}, "local": unix.Transport{}, "tls": qtrotls.New(c), "quic": q},
			Logger:     slog.New(slog.DiscardHandler),
		}
	}
	h := core.NewHost(secure(hostCerts))
	tb.Cleanup(func() { _ = h.Close() })
	s, err := core.NewSource(benchClass)
	require.NoError(tb, err)
	require.NoError(tb, s.Handle("echo", func(_ context.Context, args []qt.Value) (qt.Value, error) { return args[0], nil }))
	require.NoError(tb, s.Handle("sleep", func(ctx context.Context, us int32) int32 {
		time.Sleep(time.Duration(us) * time.Microsecond)
		return us
	}))
	require.NoError(tb, h.EnableRemoting(s, "Bench"))
	url := link + "://127.0.0.1:0"
	if link == "unix" {
		url = "local:" + filepath.Join(tb.TempDir(), "s")
	}
	url, err = h.Listen(tb.Context(), url)
	require.NoError(tb, err)
	config := secure(clientCerts)
	for _, w := range wrap {
		for scheme, t := range config.Transports {
			config.Transports[scheme] = w(t)
		}
	}
	n := core.NewNode(config)
	tb.Cleanup(func() { _ = n.Close() })
	require.NoError(tb, n.Connect(url))
	r, err := n.Acquire("Bench", benchClass)
	require.NoError(tb, err)
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	require.NoError(tb, r.Wait(ctx))
	return s, r
}
