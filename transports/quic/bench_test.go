package quic_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"testing"

	quicgo "github.com/quic-go/quic-go"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/transports/quic"
)

const echoSize = 100

// roundTrips sends to an echo and reads what comes back.
func roundTrips(b *testing.B, c io.ReadWriter) {
	buf := make([]byte, echoSize)
	b.SetBytes(echoSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEcho compares a connection of this transport with a bare stream of quic-go.
func BenchmarkEcho(b *testing.B) {
	b.Run("transport", func(b *testing.B) {
		_, config := plant(b)
		l := listen(b, open(b, config), "127.0.0.1:0")
		echo(b, l)
		c := dial(b, open(b, config), l.URL().Host)
		require.NoError(b, c.SetDeadline(never))
		roundTrips(b, c)
		require.NoError(b, c.Close())
	})
	b.Run("stream", func(b *testing.B) { roundTrips(b, bareStream(b)) })
}

// bareStream opens a stream to an echo without this transport.
func bareStream(b *testing.B) *quicgo.Stream {
	_, config := plant(b)
	server, err := config.Server()
	require.NoError(b, err)
	client, err := config.Client("127.0.0.1")
	require.NoError(b, err)
	transport := func(at *net.UDPAddr) *quicgo.Transport {
		udp, err := net.ListenUDP("udp", at)
		require.NoError(b, err)
		tr := &quicgo.Transport{Conn: udp}
		b.Cleanup(func() { _, _ = tr.Close(), udp.Close() })
		return tr
	}
	near, far := transport(nil), transport(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	l, err := far.Listen(server, nil)
	require.NoError(b, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept(context.Background())
		if err != nil {
			return
		}
		st, err := c.OpenStream()
		if err != nil {
			return
		}
		if _, err = st.Write([]byte{'q'}); err == nil {
			_, _ = io.Copy(struct{ io.Writer }{st}, struct{ io.Reader }{st})
		}
	}()
	c, err := near.Dial(within(b), l.Addr(), client, nil)
	require.NoError(b, err)
	st, err := c.AcceptStream(within(b))
	require.NoError(b, err)
	_, err = io.ReadFull(st, make([]byte, 1))
	require.NoError(b, err)
	b.Cleanup(func() { // before the transports
		_ = c.CloseWithError(0, "")
		<-done
	})
	return st
}

// BenchmarkDial makes connections: the first of a QUIC connection, or one more.
func BenchmarkDial(b *testing.B) {
	_, config := plant(b)
	l := listen(b, open(b, config), "127.0.0.1:0")
	echo(b, l)
	one := func(b *testing.B, tr *quic.Transport) {
		c, err := tr.Dial(within(b), &url.URL{Scheme: "quic", Host: l.URL().Host})
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, 1))
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("shared", func(b *testing.B) {
		tr := open(b, config)
		dial(b, tr, l.URL().Host)
		for b.Loop() {
			one(b, tr)
		}
	})
	b.Run("full handshake", func(b *testing.B) {
		for b.Loop() {
			tr := quic.New(config)
			one(b, tr)
			if err := tr.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
