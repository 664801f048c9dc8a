package quic_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
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

// What quic-go says becomes what it means, and never net.ErrClosed, which is for what this side has closed.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		check  certs.Check
		remote bool
		kind   error
		text   string
	}{
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 48, Remote: true}, check: certs.CheckAuthority, remote: true},
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 116, Remote: true}, check: certs.CheckNoCertificate, remote: true},
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 44, Remote: true}, check: certs.CheckRevoked, remote: true},
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 120}, check: certs.CheckProtocol},
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 80, Remote: true}, text: "internal error"},
		{err: &quicgo.TransportError{ErrorCode: 0x100 + 80}, text: "internal error"},
		{err: &quicgo.TransportError{ErrorCode: quicgo.ConnectionRefused, Remote: true}, kind: syscall.ECONNREFUSED},
		{err: &quicgo.TransportError{ErrorCode: quicgo.ApplicationErrorErrorCode, Remote: true}, kind: syscall.ECONNRESET},
		{err: &quicgo.TransportError{ErrorCode: quicgo.FlowControlError, Remote: true}, kind: syscall.ECONNABORTED, text: "FLOW_CONTROL_ERROR"},
		{err: &quicgo.TransportError{ErrorCode: quicgo.ProtocolViolation}, kind: syscall.ECONNABORTED, text: "by this side"},
		{err: &quicgo.ApplicationError{ErrorCode: 0, Remote: true}, kind: io.EOF},
		{err: &quicgo.ApplicationError{ErrorCode: 1, Remote: true}, kind: syscall.ECONNRESET, text: "going away"},
		{err: &quicgo.ApplicationError{ErrorCode: 2, ErrorMessage: "revoked", Remote: true}, kind: syscall.ECONNRESET, text: "any more: revoked"},
		{err: &quicgo.ApplicationError{ErrorCode: 3, ErrorMessage: "so", Remote: true}, kind: syscall.ECONNRESET, text: "rules: so"},
		{err: &quicgo.ApplicationError{ErrorCode: 99, Remote: true}, kind: syscall.ECONNRESET},
		{err: &quicgo.StreamError{ErrorCode: 0, Remote: true}, kind: syscall.ECONNRESET},
		{err: &quicgo.StreamError{ErrorCode: 1, Remote: true}, kind: syscall.ECONNREFUSED},
		{err: &quicgo.IdleTimeoutError{}, kind: syscall.ETIMEDOUT},
		{err: &quicgo.HandshakeTimeoutError{}, check: certs.CheckStalled},
		{err: &quicgo.StatelessResetError{}, kind: syscall.ECONNRESET, text: "restarted"},
		{err: &quicgo.VersionNegotiationError{}, check: certs.CheckVersion},
	} {
		err := quic.Explain(c.err)
		t.Logf("%v: %v", c.err, err)
		if c.check != "" {
			securetest.Refused(c.check, c.remote)(t, err)
		}
		if c.kind != nil {
			require.ErrorIs(t, err, c.kind)
		}
		require.ErrorContains(t, err, c.text)
		if c.kind != io.EOF && c.check != certs.CheckProtocol && c.text != "internal error" {
			require.NotErrorIs(t, err, net.ErrClosed)
			require.True(t, errors.As(err, ptr(c.err)), "quic-go's error is still there")
		}
	}
}

// ptr returns what errors.As wants to find an error like err.
func ptr(err error) any {
	switch err.(type) {
	case *quicgo.TransportError:
		return new(*quicgo.TransportError)
	case *quicgo.ApplicationError:
		return new(*quicgo.ApplicationError)
	case *quicgo.StreamError:
		return new(*quicgo.StreamError)
	case *quicgo.IdleTimeoutError:
		return new(*quicgo.IdleTimeoutError)
	case *quicgo.HandshakeTimeoutError:
		return new(*quicgo.HandshakeTimeoutError)
	case *quicgo.StatelessResetError:
		return new(*quicgo.StatelessResetError)
	}
	return new(*quicgo.VersionNegotiationError)
}

// Nobody may answer for two reasons, which the system tells apart on this machine.
func TestNobody(t *testing.T) {
	_, config := plant(t)
	dialing := open(t, config)
	silent := deaf(t).LocalAddr().String()
	began := time.Now()
	_, err := dialing.Dial(within(t), &url.URL{Scheme: "quic", Host: silent})
	require.ErrorContains(t, err, "nobody answers at "+silent+" (UDP)")
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	securetest.Refused(certs.CheckStalled, false)(t, err)
	var p interface{ Permanent() bool }
	require.False(t, errors.As(err, &p) && p.Permanent())
	require.Less(t, time.Since(began), 5*time.Second)

	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	at := closed.LocalAddr().String()
	began = time.Now()
	_, err = dialing.Dial(within(t), &url.URL{Scheme: "quic", Host: at})
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorContains(t, err, at)
	require.Less(t, time.Since(began), 2*time.Second)

	_, err = dialing.Dial(within(t), &url.URL{Scheme: "quic", Host: "no.such.host.invalid:5005"})
	var dns *net.DNSError
	require.ErrorAs(t, err, &dns)
	eventually(t, "a socket is left", func() bool { return dialing.Sockets() == 0 })
}

// A name is as good as an address if the certificate has it, and IPv6 as good as IPv4.
func TestNames(t *testing.T) {
	_, config := plant(t)
	hosting, dialing := open(t, config), open(t, config)
	addresses := []string{"localhost:0", "127.0.0.1:0"}
	if l, err := net.ListenPacket("udp", "[::1]:0"); err == nil {
		require.NoError(t, l.Close())
		addresses = append(addresses, "[::1]:0")
	}
	for _, at := range addresses {
		l := listen(t, hosting, at)
		require.Equal(t, (&url.URL{Host: at}).Hostname(), l.URL().Hostname())
		echo(t, l)
		converse(t, dial(t, dialing, l.URL().Host))
		l.URL().Host = "changed"
		require.NotEqual(t, "changed", l.URL().Host)
	}
	l := listen(t, hosting, ":0")
	echo(t, l)
	require.Contains(t, []string{"::", "0.0.0.0"}, l.URL().Hostname())
	converse(t, dial(t, dialing, "127.0.0.1:"+l.URL().Port()))
	_, err := dialing.Dial(within(t), &url.URL{Scheme: "quic", Host: ":" + l.URL().Port()})
	require.ErrorIs(t, err, core.ErrHostURLInvalid)
	_, err = dialing.Dial(within(t), &url.URL{Scheme: "quic", Host: "127.0.0.1:0"})
	require.ErrorIs(t, err, core.ErrHostURLInvalid)
}

// A transport that nobody has configured says how to.
func TestUnconfigured(t *testing.T) {
	tr := core.TransportFor("quic")
	require.NotNil(t, tr)
	u := &url.URL{Scheme: "quic", Host: "127.0.0.1:5005"}
	_, err := tr.Listen(context.Background(), u)
	require.ErrorContains(t, err, "quic.New(certs.Config{")
	_, err = tr.Dial(context.Background(), u)
	require.ErrorContains(t, err, "quic.New(certs.Config{")
	var p interface{ Permanent() bool }
	require.True(t, errors.As(err, &p) && p.Permanent())
	require.Equal(t, core.Authenticated, tr.(core.SecureTransport).Security())
	require.NoError(t, tr.(io.Closer).Close())
	require.Error(t, tr.(*quic.Transport).Rebind(context.Background()))
}
