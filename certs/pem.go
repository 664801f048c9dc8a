package certs

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const blockCertificate = "CERTIFICATE"

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func encodeKey(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("certs: private key: %w", err)
	}
	return encodePEM("PRIVATE KEY", der), nil
}

// writeFile replaces a file at once: it is the old one or the new one, never half of it.
func writeFile(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(f.Name(), name)
}

// maxFile bounds what is read of a file: a large CRL has some MB.
const maxFile = 64 << 20

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("certs: %s is not a file", name)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("certs: %s has %d bytes; the limit is %d", name, info.Size(), maxFile)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	return b, nil
}

// LoadCertificates reads the certificates in a PEM file, in their order. Other blocks are passed over. A file without any is
// an error.
func LoadCertificates(file string) ([]*x509.Certificate, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return parseCertificates(file, text)
}

func parseCertificates(file string, text []byte) (all []*x509.Certificate, err error) {
	var other string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != blockCertificate {
			other = block.Type
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certs: %s: certificate %d: %w", file, len(all)+1, err)
		}
		all = append(all, c)
	}
	switch {
	case len(all) > 0:
		return all, nil
	case other != "":
		return nil, fmt.Errorf("certs: %s has no certificate, but a %s", file, other)
	}
	return nil, fmt.Errorf("certs: %s has no PEM block of a certificate", file)
}

// loadPair reads a certificate's chain and its private key. keyFile may be certFile.
func loadPair(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := LoadCertificates(certFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile(keyFile)
	if err != nil {
		return nil, err
	}
	return pair(certFile, chain, keyFile, key)
}

// errMismatch tells that a key is not the certificate's, as it is while both are being replaced.
var errMismatch = errors.New("the key does not belong to the certificate")

func pair(certFile string, chain []*x509.Certificate, keyFile string, keyText []byte) (*tls.Certificate, error) {
	key, err := parseKey(keyFile, keyText)
	if err != nil {
		return nil, err
	}
	public, ok := chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return nil, fmt.Errorf("certs: %s and %s: %w", certFile, keyFile, errMismatch)
	}
	c := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, each := range chain {
		c.Certificate = append(c.Certificate, each.Raw)
	}
	return c, nil
}

// parseKey never repeats what is in the file in its errors.
func parseKey(file string, text []byte) (crypto.Signer, error) {
	var other string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, fmt.Errorf("certs: %s: the private key is encrypted, which is not supported", file)
		default:
			other = block.Type
			continue
		}
		if block.Headers["DEK-Info"] != "" {
			return nil, fmt.Errorf("certs: %s: the private key is encrypted, which is not supported", file)
		}
		signer, ok := key.(crypto.Signer)
		if err != nil || !ok {
			return nil, fmt.Errorf("certs: %s: the private key cannot be read: it is broken or of an unknown kind", file)
		}
		return signer, nil
	}
	if other != "" {
		return nil, fmt.Errorf("certs: %s has no private key, but a %s", file, other)
	}
	return nil, fmt.Errorf("certs: %s has no PEM block of a private key", file)
}

// loadCRLs reads revocation lists: any number as PEM, or one as DER.
func loadCRLs(file string) ([]*x509.RevocationList, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return parseCRLs(file, text)
}

func parseCRLs(file string, text []byte) (all []*x509.RevocationList, err error) {
	var ders [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" {
			ders = append(ders, block.Bytes)
		}
	}
	if len(ders) == 0 {
		if bytes.Contains(text, []byte("-----BEGIN")) || len(text) == 0 || text[0] != 0x30 {
			return nil, fmt.Errorf("certs: %s has no CRL, neither as PEM nor as DER", file)
		}
		ders = [][]byte{text}
	}
	for i, der := range ders {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, fmt.Errorf("certs: %s: CRL %d: %w", file, i+1, err)
		}
		all = append(all, list)
	}
	return all, nil
}
