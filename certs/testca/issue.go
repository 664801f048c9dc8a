package testca

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/smallstep/certificates/api"
	"github.com/smallstep/certificates/ca"
)

// Issue has a certificate signed, with a new key, that is valid from now on for lifetime. It is for all of names, each a DNS
// name, an IP address or a URI such as a SPIFFE ID; the first is the subject's common name, too. It is good for hosts and
// clients. Its chain is the leaf and the intermediate; Leaf is set.
func (a *CA) Issue(lifetime time.Duration, names ...string) (*tls.Certificate, error) {
	cert, err := a.issue(lifetime, names)
	if err != nil {
		return nil, fmt.Errorf("testca: issue for %q: %w", names, err)
	}
	return cert, nil
}

func (a *CA) issue(lifetime time.Duration, names []string) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, errors.New("it would be for nobody")
	}
	token, err := a.token("/1.0/sign", names[0], names)
	if err != nil {
		return nil, err
	}
	request, key, err := ca.CreateSignRequest(token)
	if err != nil {
		return nil, err
	}
	request.NotAfter = api.NewTimeDuration(time.Now().Add(lifetime))
	signed, err := a.client.Sign(request)
	if err != nil {
		return nil, err
	}
	return ca.TLSCertificate(signed, key)
}

// Revoke revokes the certificate with a serial number. From then on it is on the authority's [CA.CRL], and the authority
// does not renew it. Nobody else learns of it. Revoking twice is an error.
func (a *CA) Revoke(serial *big.Int) error {
	token, err := a.token("/1.0/revoke", serial.String(), nil)
	if err == nil {
		// Passive is the only way that step-ca has.
		_, err = a.client.Revoke(&api.RevokeRequest{Serial: serial.String(), OTT: token, Passive: true}, nil)
	}
	if err != nil {
		return fmt.Errorf("testca: revoke %x: %w", serial, err)
	}
	return nil
}

// CRL returns the list of what has been revoked until now, as DER, from the authority's server.
func (a *CA) CRL() ([]byte, error) {
	b, err := a.get("/1.0/crl")
	if err != nil {
		return nil, fmt.Errorf("testca: CRL: %w", err)
	}
	return b, nil
}

// WriteCRL writes the list of what has been revoked until now to a file, as DER. A file that is there is replaced at once, as
// a program that fetches lists would do it.
func (a *CA) WriteCRL(file string) error {
	list, err := a.CRL()
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(file), ".crl-*")
	if err != nil {
		return fmt.Errorf("testca: CRL: %w", err)
	}
	_, err = next.Write(list)
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), file)
	}
	if err != nil {
		_ = os.Remove(next.Name())
		return fmt.Errorf("testca: CRL: %w", err)
	}
	return nil
}

func randomID() (string, error) {
	b := make([]byte, 16)
	_, err := rand.Read(b)
	return hex.EncodeToString(b), err
}
