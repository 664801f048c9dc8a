package certs

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// crlSet has the revocation lists of all files.
type crlSet struct {
	lists map[string][]*crl // by the issuer's subject, as DER
}

// crl is a revocation list, to be looked up in.
type crl struct {
	file    string
	list    *x509.RevocationList
	revoked map[string]time.Time // by serial number
	// signer is the public key that is known to have signed it; before that it counts for nothing.
	signer atomic.Pointer[string]
}

const (
	reasonRemoveFromCRL = 8
	tagIndirect         = 4 // in an issuing distribution point
)

var (
	oidDeltaCRL          = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
	errStrict            = errors.New("there is no revocation list of that authority that is up to date, and one is required")
)

func (s *crlSet) add(file string, lists []*x509.RevocationList) error {
	if s.lists == nil {
		s.lists = map[string][]*crl{}
	}
	for i, list := range lists {
		if kind := unsupported(list); kind != "" {
			return fmt.Errorf("certs: %s: CRL %d is %s, which is not supported", file, i+1, kind)
		}
		c := &crl{file: file, list: list, revoked: map[string]time.Time{}}
		for _, e := range list.RevokedCertificateEntries {
			if e.ReasonCode != reasonRemoveFromCRL {
				c.revoked[string(e.SerialNumber.Bytes())] = e.RevocationTime
			}
		}
		s.lists[string(list.RawIssuer)] = append(s.lists[string(list.RawIssuer)], c)
	}
	return nil
}

// unsupported names lists that do not say by themselves which of their issuer's certificates have been revoked.
func unsupported(list *x509.RevocationList) string {
	for _, e := range list.Extensions {
		switch {
		case e.Id.Equal(oidDeltaCRL):
			return "a delta CRL"
		case e.Id.Equal(oidDistributionPoint):
			var point asn1.RawValue
			if _, err := asn1.Unmarshal(e.Value, &point); err != nil {
				return "broken"
			}
			for rest := point.Bytes; len(rest) > 0; {
				var field asn1.RawValue
				var err error
				if rest, err = asn1.Unmarshal(rest, &field); err != nil {
					return "broken"
				}
				if field.Tag == tagIndirect && len(field.Bytes) == 1 && field.Bytes[0] != 0 {
					return "an indirect CRL"
				}
			}
		}
	}
	return ""
}

// stale names the lists that are out of date, "" if none is.
func (s *crlSet) stale(now time.Time) string {
	var all []string
	for _, lists := range s.lists {
		for _, c := range lists {
			if c.old(now) {
				all = append(all, fmt.Sprintf("%s, of %s, ended at %s", c.file, c.list.Issuer, c.list.NextUpdate.Format(time.RFC3339)))
			}
		}
	}
	return strings.Join(all, "; ")
}

func (c *crl) old(now time.Time) bool {
	return !c.list.NextUpdate.IsZero() && now.After(c.list.NextUpdate)
}

// signedBy reports whether the issuer's key has signed the list. What else the certificate with that key says does not
// matter: a peer may have a choice of them.
func (c *crl) signedBy(issuer *x509.Certificate) bool {
	key := string(issuer.RawSubjectPublicKeyInfo)
	if known := c.signer.Load(); known != nil && *known == key {
		return true
	}
	if issuer.CheckSignature(c.list.SignatureAlgorithm, c.list.RawTBSRevocationList, c.list.Signature) != nil {
		return false
	}
	c.signer.Store(&key)
	return true
}

// check looks for each certificate of a chain, and strictly for the peer's own, in the lists of who has issued it.
func (s *crlSet) check(chain []*x509.Certificate, strict bool, now time.Time) error {
	for i, cert := range chain[:len(chain)-1] {
		current := false
		for _, c := range s.lists[string(cert.RawIssuer)] {
			if !c.signedBy(chain[i+1]) {
				continue
			}
			if at, revoked := c.revoked[string(cert.SerialNumber.Bytes())]; revoked {
				return revokedError(cert, at, c.file)
			}
			current = current || !c.old(now)
		}
		if strict && i == 0 && !current {
			return fmt.Errorf("certs: %s, issued by %s: %w", Identity(cert), cert.Issuer, errStrict)
		}
	}
	return nil
}

func revokedError(cert *x509.Certificate, at time.Time, by string) error {
	return &RefusedError{Check: CheckRevoked, Err: fmt.Errorf("%s, serial number %x, at %s, says %s", Identity(cert), cert.SerialNumber, at.Format(time.RFC3339), by)}
}

// checkRevoked is the [RevocationCheck] of the lists that the Store has at the time.
func (s *Store) checkRevoked(_ context.Context, chain []*x509.Certificate, _ []byte) error {
	return s.crls.Load().check(chain, s.files.Strict, time.Now())
}
