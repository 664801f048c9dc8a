package quic_test

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/internal/securetest"
	"github.com/go-qtro/qtro/transports/quic"
)

// acquaint has a client get a ticket.
func acquaint(t testing.TB, l core.Listener, dialing, hosting *quic.Transport, at string) {
	a, d := pair(t, l, dialing, at)
	eventually(t, "there is no ticket", func() bool { return dialing.HasTicket(at) })
	require.NoError(t, a.Close())
	end(t, d, dialing, hosting)
}

// With early data, a client that comes back hears the host before the host has heard that the handshake is complete; and the host
// hears nothing before that.
func TestEarlyGreeting(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config, quic.EarlyData), open(t, config, quic.EarlyData)
	l := listen(t, hosting, "127.0.0.1:0")
	r := newRouter(t, l.URL().Host)
	acquaint(t, l, dialing, hosting, r.at())

	r.holdSecond()
	a, d := pair(t, l, dialing, r.at()) // with the greeting
	require.True(t, quic.Early(d))
	require.True(t, quic.Early(a))
	require.Equal(t, everybody, a.Peer().Identity)
	require.Equal(t, everybody, d.Peer().Identity)
	_, err := d.Write([]byte("property = 1"))
	require.NoError(t, err)
	require.NoError(t, a.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	r.release()
	require.NoError(t, a.SetReadDeadline(time.Now().Add(patience)))
	b := make([]byte, len("property = 1"))
	_, err = io.ReadFull(a, b)
	require.NoError(t, err)
	require.Equal(t, "property = 1", string(b))
	require.NoError(t, a.Close())
	end(t, d, dialing, hosting)
}

// Both sides have to ask for it.
func TestEarlyGreetingIsForThoseWhoAsk(t *testing.T) {
	_, config := plant(t)
	for _, options := range [][2][]quic.Option{{nil, nil}, {{quic.EarlyData}, nil}, {nil, {quic.EarlyData}}} {
		hosting, dialing := open(t, config, options[0]...), open(t, config, options[1]...)
		l := listen(t, hosting, "127.0.0.1:0")
		r := newRouter(t, l.URL().Host)
		acquaint(t, l, dialing, hosting, r.at())
		r.holdSecond()
		accepted := make(chan error, 1)
		go func() {
			_, err := accept(t, l)
			accepted <- err
		}()
		dialed := make(chan core.Conn, 1)
		go func() { dialed <- dial(t, dialing, r.at()) }()
		select {
		case <-accepted:
			t.Fatal("the host goes on before the handshake is complete")
		case <-time.After(50 * time.Millisecond):
		}
		r.release()
		require.NoError(t, <-accepted)
		d := <-dialed
		require.False(t, quic.Early(d))
		require.True(t, quic.Resumed(d))
		require.NoError(t, d.Close())
		require.NoError(t, l.Close())
		_ = hosting.Close()
	}
}

// A handshake that is not completed after early data ends the connection with a reason.
func TestEarlyGreetingOnly(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config, quic.EarlyData), open(t, config, quic.EarlyData)
	l := listen(t, hosting, "127.0.0.1:0")
	r := newRouter(t, l.URL().Host)
	acquaint(t, l, dialing, hosting, r.at())
	r.holdSecond()
	a, d := pair(t, l, dialing, r.at())
	_, err := a.Read(make([]byte, 1))
	securetest.Refused(certs.CheckStalled, false)(t, err)
	require.NoError(t, d.Close())
	eventually(t, "the host keeps it", func() bool { return hosting.Sessions() == 0 })
}

// A host that runs again does not know the tickets of its predecessor: a whole handshake follows by itself.
func TestEarlyGreetingIsRejected(t *testing.T) {
	_, config := plant(t)
	first, second, dialing := open(t, config, quic.EarlyData), open(t, config, quic.EarlyData), open(t, config, quic.EarlyData)
	l := listen(t, first, "127.0.0.1:0")
	at := l.URL().Host
	acquaint(t, l, dialing, first, at)
	require.NoError(t, l.Close())
	require.NoError(t, first.Close())
	l = listen(t, second, at)
	a, d := pair(t, l, dialing, at)
	require.False(t, quic.Early(d))
	require.False(t, quic.Early(a))
	_, err := a.Write([]byte("more"))
	require.NoError(t, err)
	_, err = io.ReadFull(d, make([]byte, 4))
	require.NoError(t, err)
	_, more := pair(t, l, dialing, at)
	require.True(t, quic.Same(d, more))
}

// A client that is refused is refused before anything is said, ticket or not.
func TestEarlyGreetingIsForGoodClients(t *testing.T) {
	w := securetest.NewWorld(t, securetest.Config{Scheme: "quic"})
	hosting, dialing := open(t, w.With(w.Host), quic.EarlyData), open(t, w.With(w.Client), quic.EarlyData)
	l := listen(t, hosting, "127.0.0.1:0")
	acquaint(t, l, dialing, hosting, l.URL().Host)
	w.Revoke(w.Client)
	refused := make(chan error, 1)
	go func() {
		_, err := accept(t, l)
		refused <- err
	}()
	go func() { _, _ = accept(t, l) }()
	_, err := tryDial(t, dialing, l.URL().Host)
	securetest.Refused(certs.CheckCertificate, true)(t, err)
	securetest.Refused(certs.CheckRevoked, false)(t, <-refused)
}
