package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
)

// Check is what a peer, or this process at a peer, failed.
type Check string

// The checks of a handshake.
const (
	CheckAuthority     Check = "authority"     // no trusted authority has signed the certificate
	CheckExpired       Check = "expired"       // the certificate is no longer valid
	CheckNotYetValid   Check = "not yet valid" // or not yet, or a clock is wrong
	CheckName          Check = "name"          // the host's certificate is for another name than the URL's
	CheckIdentity      Check = "identity"      // the peer is none of those expected
	CheckNoCertificate Check = "no certificate"
	CheckRevoked       Check = "revoked"
	CheckVersion       Check = "TLS version" // the peer does not speak TLS 1.3
	CheckPlaintext     Check = "plaintext"   // the peer does not speak TLS at all
	CheckProtocol      Check = "protocol"    // by ALPN, the peer is something else than a QtRO node
	CheckStalled       Check = "stalled"     // the peer did not finish the handshake in time
	CheckCertificate   Check = "certificate" // anything else; a peer that refuses ours seldom says more
)

// RefusedError tells that the handshake of a secure connection failed: this process refused the peer, or the peer refused
// it.
type RefusedError struct {
	Check  Check
	Remote bool  // it is the peer who refused
	Err    error // what crypto/tls or a library says; may be nil
}

func (e *RefusedError) Error() string {
	who := "peer refused: "
	if e.Remote {
		who = "refused by the peer: "
	}
	s := who + e.text()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *RefusedError) text() string {
	whose := "its certificate"
	if e.Remote {
		whose = "our certificate"
	}
	switch e.Check {
	case CheckAuthority:
		return whose + " is not signed by a trusted authority"
	case CheckExpired:
		if e.Remote { // there is one alert for both
			return whose + " has expired, or is not valid yet"
		}
		return whose + " has expired"
	case CheckNotYetValid:
		return whose + " is not valid yet"
	case CheckName:
		return whose + " is for another name"
	case CheckIdentity:
		return whose + " is not of an expected identity"
	case CheckNoCertificate:
		if e.Remote {
			return "it wants a certificate and has got none"
		}
		return "it has no certificate"
	case CheckRevoked:
		return whose + " has been revoked"
	case CheckVersion:
		return "no common version of TLS; 1.3 is required"
	case CheckPlaintext:
		return "it does not speak TLS"
	case CheckProtocol:
		return "it does not offer the protocol " + Protocol
	case CheckStalled:
		return "the handshake took too long"
	}
	return whose + " is not accepted"
}

func (e *RefusedError) Unwrap() error { return e.Err }

// Permanent reports whether another attempt would end the same way. Certificates that have expired or are not valid yet are
// renewed or become valid, and a peer that stalls may be overloaded; all else needs somebody to change something.
func (e *RefusedError) Permanent() bool {
	return e.Check != CheckExpired && e.Check != CheckNotYetValid && e.Check != CheckStalled
}

// Refused returns err as a [RefusedError] if it is what crypto/tls reports for a refusal by either side, in the handshake or
// in the first Read after it, and otherwise err itself.
func Refused(err error) error {
	var done *RefusedError
	if err == nil || errors.As(err, &done) {
		return err
	}
	if check := local(err); check != "" {
		return &RefusedError{Check: check, Err: err}
	}
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	// crypto/tls keeps the type of alerts to itself, but not that it is a number.
	alert := reflect.ValueOf(op.Err)
	switch {
	case alert.Kind() != reflect.Uint8:
	case op.Op == "remote error":
		return RefusedByAlert(uint8(alert.Uint()), err)
	case op.Op == "local error" && alert.Uint() == badRecordMAC:
		return fmt.Errorf("%w (if the peer is a client on OpenSSL, such as Qt's: it does not accept our certificate, and says so in plaintext)", err)
	}
	return err
}

// local finds out which check of this side has failed, "" if none has.
func local(err error) Check {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &authority):
		return CheckAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if strings.Contains(invalid.Detail, "before") {
			return CheckNotYetValid
		}
		return CheckExpired
	case errors.As(err, &name):
		return CheckName
	case errors.As(err, &record):
		return CheckPlaintext
	case errors.As(err, &invalid), errors.As(err, &verification):
		return CheckCertificate
	}
	for text, check := range localTexts {
		if strings.Contains(err.Error(), text) {
			return check
		}
	}
	return ""
}

// localTexts are of errors of crypto/tls that have no type.
var localTexts = map[string]Check{
	"tls: client didn't provide a certificate":      CheckNoCertificate,
	"tls: client offered only unsupported versions": CheckVersion,
	"tls: server selected unsupported protocol":     CheckVersion,
	"tls: client requested unsupported application": CheckProtocol,
	"tls: server selected unadvertised ALPN":        CheckProtocol,
}

// badRecordMAC is the alert for what cannot be decrypted. OpenSSL's clients have no key yet when they look at the host's
// certificate, so that their refusal cannot be read. Since anybody could cause the same, it does not count as one.
const badRecordMAC = 20

// alerts are those of TLS by which a peer refuses.
var alerts = map[uint8]Check{
	42: CheckCertificate, 43: CheckCertificate, 44: CheckRevoked, 45: CheckExpired, 46: CheckCertificate, 48: CheckAuthority,
	49: CheckIdentity, 70: CheckVersion, 116: CheckNoCertificate, 120: CheckProtocol,
}

// RefusedByAlert returns the [RefusedError] for an alert of TLS that the peer has sent, or err if the alert is no refusal. QUIC
// carries alerts in its error codes.
func RefusedByAlert(alert uint8, err error) error {
	if check := alerts[alert]; check != "" {
		return &RefusedError{Check: check, Remote: true, Err: err}
	}
	return err
}
