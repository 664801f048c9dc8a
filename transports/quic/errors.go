package quic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	quicgo "github.com/quic-go/quic-go"

	"github.com/go-qtro/qtro/certs"
)

// The codes with which a QUIC connection ends.
const (
	codeDone      quicgo.ApplicationErrorCode = iota // nothing is open any more
	codeGone                                         // whoever ends it has not ended its streams before
	codeRefused                                      // the peer's certificate is no longer good; the reason begins with the check
	codeViolation                                    // the peer does what the package comment does not allow
)

// The codes with which a stream ends early.
const (
	streamClosed  quicgo.StreamErrorCode = iota // closed while something was unsent
	streamRefused                               // the host gives no stream
)

// closing is why this side ends a QUIC connection, and what its own readers and writers are told.
type closing struct {
	code quicgo.ApplicationErrorCode
	text string
	err  error
}

func (c *closing) Error() string { return c.err.Error() }

// lostError is an end of a connection that this side has not asked for. quic-go's errors all claim to be net.ErrClosed, which is
// for connections that this side has closed: so they are reached by errors.As only.
type lostError struct {
	text string
	kind error // what errors.Is finds; nil in a refusal, which is more than an end
	err  error // quic-go's
}

func (e *lostError) Error() string      { return e.text }
func (e *lostError) Unwrap() error      { return e.kind }
func (e *lostError) As(target any) bool { return e.err != nil && errors.As(e.err, target) }

func lost(kind, err error, text string) error { return &lostError{text, kind, err} }

// errOver tells a writer that the peer has closed the connection.
var errOver = fmt.Errorf("the peer has closed the connection: %w", syscall.EPIPE)

// silentError is a handshake that got no answer.
type silentError struct {
	addr string
	err  error
}

func (e *silentError) Error() string {
	return fmt.Sprintf("nobody answers at %s (UDP): is a QUIC host listening there?", e.addr)
}
func (e *silentError) Unwrap() error   { return os.ErrDeadlineExceeded }
func (e *silentError) Timeout() bool   { return true }
func (e *silentError) Temporary() bool { return true }

// explain tells what an error of quic-go means.
func explain(err error) error {
	var transport *quicgo.TransportError
	var application *quicgo.ApplicationError
	var stream *quicgo.StreamError
	var reset *quicgo.StatelessResetError
	var version *quicgo.VersionNegotiationError
	var idle *quicgo.IdleTimeoutError
	var handshake *quicgo.HandshakeTimeoutError
	switch {
	case errors.As(err, &transport):
		return explainTransport(transport)
	case errors.As(err, &application) && application.Remote:
		return explainApplication(application)
	case errors.As(err, &stream) && stream.Remote:
		if stream.ErrorCode == streamRefused {
			return lost(syscall.ECONNREFUSED, err, "the host refuses one more connection: it no longer listens or has enough")
		}
		return lost(syscall.ECONNRESET, err, "the peer closed the connection before all was sent")
	case errors.As(err, &reset):
		return lost(syscall.ECONNRESET, err, "the peer does not know the connection any more: it was restarted")
	case errors.As(err, &version):
		return &certs.RefusedError{Check: certs.CheckVersion, Err: lost(nil, err, "of QUIC: "+version.Error())}
	case errors.As(err, &idle):
		return lost(syscall.ETIMEDOUT, err, "the peer has not been heard of for too long")
	case errors.As(err, &handshake):
		return &certs.RefusedError{Check: certs.CheckStalled, Err: lost(os.ErrDeadlineExceeded, err, handshake.Error())}
	}
	return err
}

// explainHandshake is explain for an error before the handshake was complete.
func explainHandshake(err error) error {
	var idle *quicgo.IdleTimeoutError
	if errors.As(err, &idle) {
		err = &quicgo.HandshakeTimeoutError{}
	}
	return explain(err)
}

// explainTransport is for errors of QUIC itself, in which those of TLS are.
func explainTransport(e *quicgo.TransportError) error {
	who := "by this side"
	if e.Remote {
		who = "by the peer"
	}
	switch code := e.ErrorCode; {
	case code >= 0x100 && code < 0x200:
		return explainAlert(e, uint8(code-0x100))
	case code == quicgo.ConnectionRefused:
		return lost(syscall.ECONNREFUSED, e, "the host takes no more connections")
	case code == quicgo.ApplicationErrorErrorCode && e.Remote: // what an application says is not told in the handshake
		return lost(syscall.ECONNRESET, e, "the peer closed the connection in the handshake")
	case code == quicgo.InternalError && strings.Contains(e.ErrorMessage, "tls: "):
		return certs.Refused(lost(syscall.ECONNABORTED, e, e.ErrorMessage))
	}
	return lost(syscall.ECONNABORTED, e, fmt.Sprintf("ended %s: %s", who, e.Error()))
}

// explainAlert is for a handshake that failed.
func explainAlert(e *quicgo.TransportError, alert uint8) error {
	var refused *certs.RefusedError
	if e.Remote {
		return certs.RefusedByAlert(alert, lost(nil, e, tls.AlertError(alert).Error()))
	}
	if errors.As(e, &refused) {
		return refused
	}
	inner := error(tls.AlertError(alert))
	for _, err := range e.Unwrap() {
		if err != nil && err != net.ErrClosed {
			inner = err
		}
	}
	if errors.As(certs.Refused(inner), &refused) {
		return refused
	}
	if errors.As(certs.RefusedByAlert(alert, inner), &refused) {
		refused.Remote = false
		return refused
	}
	return inner
}

// explainApplication is for a connection that the peer has ended.
func explainApplication(e *quicgo.ApplicationError) error {
	switch e.ErrorCode {
	case codeDone:
		return io.EOF
	case codeRefused: // whether for good, another handshake will tell
		return lost(syscall.ECONNRESET, e, "the peer does not accept our certificate any more: "+e.ErrorMessage)
	case codeViolation:
		return lost(syscall.ECONNRESET, e, "the peer says that this side breaks the rules: "+e.ErrorMessage)
	}
	return lost(syscall.ECONNRESET, e, "the peer is going away")
}

// unfinished is for a handshake that this side stopped waiting for.
func unfinished(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &certs.RefusedError{Check: certs.CheckStalled, Err: err}
	}
	return err
}

// againError is a refusal that may have been for a resumed session, which stands for the certificates of its time. The next attempt
// goes without.
type againError struct{ error }

func (e againError) Unwrap() error   { return e.error }
func (e againError) Permanent() bool { return false }
