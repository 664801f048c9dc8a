package certs

import (
	"crypto/tls"
	"crypto/x509"
)

// Fixed returns a Config with a certificate and roots that stay as they are, such as those of an [Authority] in a test. A
// client without a certificate passes nil.
func Fixed(own *tls.Certificate, roots *x509.CertPool) Config {
	c := Config{Roots: func() (*x509.CertPool, error) { return roots, nil }}
	if own != nil {
		c.Certificate = func() (*tls.Certificate, error) { return own, nil }
	}
	return c
}
