package quic_test

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	quicgo "github.com/quic-go/quic-go"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/quic"
)

// strange makes a QUIC connection to a host, as somebody with a good certificate and bad intentions may.
func strange(t testing.TB, c certs.Config, at string) *quicgo.Conn {
	config, err := c.Client("127.0.0.1")
	require.NoError(t, err)
	addr, err := net.ResolveUDPAddr("udp", at)
	require.NoError(t, err)
	tr := &quicgo.Transport{Conn: deaf(t)}
	t.Cleanup(func() { _ = tr.Close() })
	qc, err := tr.Dial(within(t), addr, config, &quicgo.Config{MaxIncomingStreams: 10_000, EnableDatagrams: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = qc.CloseWithError(0, "") })
	return qc
}

// witness is a well-behaved connection to a host.
func witness(t testing.TB, c certs.Config, l core.Listener) func() {
	d := dial(t, open(t, c), l.URL().Host)
	return func() { converse(t, d) }
}

func TestClientsThatBreakTheRules(t *testing.T) {
	_, config := plant(t)
	hosting := open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	undisturbed := witness(t, config, l)
	for what, wrong := range map[string]func(qc *quicgo.Conn) error{
		"a request with data": func(qc *quicgo.Conn) error {
			st, err := qc.OpenUniStream()
			if err == nil {
				_, err = st.Write([]byte("please"))
			}
			return err
		},
		"a request that is taken back": func(qc *quicgo.Conn) error {
			st, err := qc.OpenUniStream()
			if err == nil {
				st.CancelWrite(7)
			}
			return err
		},
	} {
		qc := strange(t, config, l.URL().Host)
		require.NoError(t, wrong(qc), what)
		<-qc.Context().Done()
		var end *quicgo.ApplicationError
		require.ErrorAs(t, context.Cause(qc.Context()), &end, what)
		require.EqualValues(t, 3, end.ErrorCode, what)
		undisturbed()
	}
	qc := strange(t, config, l.URL().Host)
	_, err := qc.OpenStream()
	require.ErrorAs(t, err, new(*quicgo.StreamLimitReachedError), "clients open no streams")
	for range 1000 {
		require.NoError(t, qc.SendDatagram(make([]byte, 1000)))
	}
	undisturbed()
	require.NoError(t, qc.Context().Err())
}

// A client gets a limited number of streams, however many it asks for.
func TestClientsThatWantTooMuch(t *testing.T) {
	_, config := plant(t)
	hosting := open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	undisturbed := witness(t, config, l)
	qc := strange(t, config, l.URL().Host)
	const asked = 3 * quic.MaxStreams
	go func() {
		for range asked {
			st, err := qc.OpenUniStreamSync(qc.Context())
			if err != nil {
				return
			}
			_ = st.Close()
		}
	}()
	granted, refused := 0, 0
	for range asked + 1 {
		st, err := qc.AcceptStream(within(t))
		require.NoError(t, err)
		if _, err := st.Read(make([]byte, 1)); err == nil {
			granted++
			continue
		}
		refused++
	}
	require.Equal(t, 2*quic.MaxStreams, granted)
	require.Equal(t, asked+1-granted, refused)
	undisturbed()
}

// A client that keeps a connection without using it is sent away.
func TestClientsThatForgetToLeave(t *testing.T) {
	defer quic.SetLingering(100 * time.Millisecond)()
	_, config := plant(t)
	hosting := open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	qc := strange(t, config, l.URL().Host)
	a, err := accept(t, l)
	require.NoError(t, err)
	st, err := qc.AcceptStream(within(t))
	require.NoError(t, err)
	require.NoError(t, st.Close())
	require.NoError(t, a.Close())
	select {
	case <-qc.Context().Done():
	case <-time.After(2 * patience):
		t.Fatal("it is still connected")
	}
}

// half is a socket that goes dumb after its first datagram.
type half struct {
	net.PacketConn
	sent atomic.Int32
}

func (h *half) WriteTo(b []byte, to net.Addr) (int, error) {
	if h.sent.Add(1) > 2 {
		return len(b), nil
	}
	return h.PacketConn.WriteTo(b, to)
}

// Handshakes that are begun and left keep nobody out: from some number on, clients have to prove their addresses.
func TestHandshakesThatAreLeft(t *testing.T) {
	const many = 4
	defer quic.SetManyHalfOpen(many)()
	_, config := plant(t)
	hosting := open(t, config)
	l := listen(t, hosting, "127.0.0.1:0")
	echo(t, l)
	undisturbed := witness(t, config, l)
	client, err := config.Client("127.0.0.1")
	require.NoError(t, err)
	addr, err := net.ResolveUDPAddr("udp", l.URL().Host)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const attackers = 30
	ends := make(chan struct{}, attackers)
	for range attackers {
		tr := &quicgo.Transport{Conn: &half{PacketConn: deaf(t)}}
		defer tr.Close()
		go func() {
			_, _ = tr.Dial(ctx, addr, client, nil)
			ends <- struct{}{}
		}()
	}
	eventually(t, "too few handshakes", func() bool { return quic.HalfOpen(l) > many })
	retries := atomic.Int32{}
	r := newRouter(t, l.URL().Host)
	r.mu.Lock()
	r.seen = func(toHost bool, b []byte) {
		if !toHost && b[0]&0xf0 == 0xf0 {
			retries.Add(1)
		}
	}
	r.mu.Unlock()
	dialing := open(t, config)
	c := dial(t, dialing, r.at())
	converse(t, c)
	require.Positive(t, retries.Load())
	require.LessOrEqual(t, quic.HalfOpen(l), many+8, "who does not prove its address costs nothing")
	undisturbed()
	end(t, c, dialing)
	cancel()
	for range attackers {
		<-ends
	}
	eventually(t, "handshakes are left", func() bool { return quic.HalfOpen(l) == 0 })
}

// A host hears of a client that stalls, and that it was this.
func TestClientStalls(t *testing.T) {
	_, config := plant(t)
	l := listen(t, open(t, config), "127.0.0.1:0")
	client, err := config.Client("127.0.0.1")
	require.NoError(t, err)
	addr, err := net.ResolveUDPAddr("udp", l.URL().Host)
	require.NoError(t, err)
	tr := &quicgo.Transport{Conn: &half{PacketConn: deaf(t)}}
	defer tr.Close()
	ctx, cancel := withCancel(t)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = tr.Dial(ctx, addr, client, nil)
	}()
	_, err = accept(t, l)
	securetest.Refused(certs.CheckStalled, false)(t, err)
	cancel()
	<-gone

	// It waits no longer than it is told to.
	other := &quicgo.Transport{Conn: &half{PacketConn: deaf(t)}}
	defer other.Close()
	ctx, cancel = withCancel(t)
	defer cancel()
	gone = make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = other.Dial(ctx, addr, client, nil)
	}()
	c, err := l.Accept()
	require.NoError(t, err)
	soon, stop := context.WithTimeout(ctx, 20*time.Millisecond)
	defer stop()
	securetest.Refused(certs.CheckStalled, false)(t, c.(core.Handshaker).HandshakeContext(soon))
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.SetDeadline(time.Time{}), net.ErrClosed)
	require.Equal(t, net.ErrClosed, c.(core.Handshaker).HandshakeContext(within(t)))
	cancel()
	<-gone
}

// Datagrams that are not QUIC's are nothing to a host, nor is a name that it has not heard of a way to crash it.
func TestGarbage(t *testing.T) {
	_, config := plant(t)
	l := listen(t, open(t, config), "127.0.0.1:0")
	echo(t, l)
	undisturbed := witness(t, config, l)
	c, err := net.Dial("udp", l.URL().Host)
	require.NoError(t, err)
	defer c.Close()
	for _, first := range []byte{0, 0x40, 0x7f, 0x80, 0xc0, 0xd0, 0xe0, 0xf0, 0xff} {
		for _, n := range []int{1, 5, 22, 50, 1200} {
			b := make([]byte, n)
			b[0] = first
			_, err := c.Write(b)
			require.NotErrorIs(t, err, syscall.ECONNREFUSED)
			if n > 5 {
				copy(b[1:], []byte{0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8})
				_, _ = c.Write(b)
			}
		}
	}
	undisturbed()
}
