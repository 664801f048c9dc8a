package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Authority is a small certificate authority for development and tests: a root, and an intermediate certificate that signs
// those of hosts and clients. All keys are ECDSA P-256. It is safe for concurrent use. An authority that a plant relies on
// should be a program of its own, such as step-ca.
type Authority struct {
	root, inter signer

	mu      sync.Mutex
	revoked []x509.RevocationListEntry
	number  int64 // of the last CRL
}

// signer is a certificate that signs others, with its key.
type signer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// AuthorityOptions are for [NewAuthority].
type AuthorityOptions struct {
	// NotBefore and NotAfter say how long root and intermediate are valid. Zero means from some minutes ago, for clocks that
	// are slow, and for five years.
	NotBefore, NotAfter time.Time
}

// Template says what [Authority.Issue] should sign.
type Template struct {
	// Name is the subject's common name; empty means the first of DNS, IPs and URIs, if it has at most 64 bytes.
	Name string
	// Host and Client say what the certificate is good for; both, if neither is set.
	Host, Client bool
	// DNS, IPs and URIs (such as SPIFFE IDs) are whom the certificate is for.
	DNS, IPs, URIs []string
	// NotBefore and NotAfter say how long it is valid. Zero means from some minutes ago, and for 30 days from now.
	NotBefore, NotAfter time.Time
	// OCSP and CRL are the URLs where the authority says what it has revoked.
	OCSP, CRL []string
}

const (
	skew              = 5 * time.Minute // how far back certificates begin
	authorityLifetime = 5 * 365 * 24 * time.Hour
	leafLifetime      = 30 * 24 * time.Hour
	crlLifetime       = 7 * 24 * time.Hour
	maxCommonName     = 64 // RFC 5280, ub-common-name
)

// The files of an authority's directory.
const (
	RootFile         = "ca.pem" // what others need, to trust the authority
	rootKeyFile      = "ca.key"
	intermediateFile = "intermediate.pem"
	intermediateKey  = "intermediate.key"
	CRLFile          = "crl.pem"
)

// NewAuthority makes an authority that exists only in memory; [Authority.Save] writes it to a directory.
func NewAuthority(name string, o AuthorityOptions) (*Authority, error) {
	notBefore, notAfter := validity(o.NotBefore, o.NotAfter, authorityLifetime)
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: name + " Root"}, NotBefore: notBefore, NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	root, err := sign(t, signer{})
	if err != nil {
		return nil, fmt.Errorf("certs: new authority %s: %w", name, err)
	}
	t.Subject.CommonName = name + " Intermediate"
	t.MaxPathLen, t.MaxPathLenZero = 0, true
	inter, err := sign(t, root)
	if err != nil {
		return nil, fmt.Errorf("certs: new authority %s: %w", name, err)
	}
	return &Authority{root: root, inter: inter}, nil
}

func validity(from, to time.Time, lifetime time.Duration) (time.Time, time.Time) {
	now := time.Now()
	if from.IsZero() {
		from = now.Add(-skew)
	}
	if to.IsZero() {
		to = now.Add(lifetime)
	}
	return from, to
}

// sign makes a key and a certificate for it, signed by parent, or by itself if parent is empty.
func sign(t *x509.Certificate, parent signer) (signer, error) {
	key, err := newKey()
	if err != nil {
		return signer{}, err
	}
	if parent.cert == nil {
		parent = signer{t, key}
	}
	cert, err := signKey(t, key.Public(), parent)
	return signer{cert, key}, err
}

func newKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func signKey(t *x509.Certificate, key crypto.PublicKey, parent signer) (cert *x509.Certificate, err error) {
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent.cert, key, parent.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Root returns the certificate that others trust.
func (a *Authority) Root() *x509.Certificate { return a.root.cert }

// Intermediate returns the certificate that signs those of hosts and clients.
func (a *Authority) Intermediate() *x509.Certificate { return a.inter.cert }

// Roots returns a new pool with the root, as [Config.Roots] wants it.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root.cert)
	return pool
}

// Issue makes a certificate with a key of its own. Its chain is the leaf and the intermediate; Leaf is set. The template is
// taken at its word: it may be expired or name nobody.
func (a *Authority) Issue(t Template) (*tls.Certificate, error) {
	notBefore, notAfter := validity(t.NotBefore, t.NotAfter, leafLifetime)
	c := &x509.Certificate{
		NotBefore: notBefore, NotAfter: notAfter, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		DNSNames: t.DNS, OCSPServer: t.OCSP, CRLDistributionPoints: t.CRL,
	}
	if t.Host || !t.Client {
		c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if t.Client || !t.Host {
		c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, s := range t.IPs {
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return nil, fmt.Errorf("certs: issue: %w", err)
		}
		c.IPAddresses = append(c.IPAddresses, net.IP(ip.Unmap().AsSlice()))
	}
	for _, s := range t.URIs {
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "" {
			return nil, fmt.Errorf("certs: issue: %q is no URI", s)
		}
		c.URIs = append(c.URIs, u)
	}
	c.Subject.CommonName = t.Name
	if names := slices.Concat(t.DNS, t.IPs, t.URIs); t.Name == "" && len(names) > 0 && len(names[0]) <= maxCommonName {
		c.Subject.CommonName = names[0]
	}
	leaf, err := sign(c, a.inter)
	if err != nil {
		return nil, fmt.Errorf("certs: issue: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.cert.Raw, a.inter.cert.Raw}, PrivateKey: leaf.key, Leaf: leaf.cert}, nil
}

// Revoke puts a certificate's serial number on the authority's list. Nobody hears of it before they get a new [Authority.CRL].
func (a *Authority) Revoke(serial *big.Int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.isRevoked(serial) {
		a.revoked = append(a.revoked, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: time.Now()})
	}
}

func (a *Authority) isRevoked(serial *big.Int) bool {
	return slices.ContainsFunc(a.revoked, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(serial) == 0 })
}

// CRL returns the list of what has been revoked, signed by the intermediate, as PEM. It is good for a week.
func (a *Authority) CRL() ([]byte, error) {
	return a.crl(time.Now().Add(crlLifetime))
}

func (a *Authority) crl(nextUpdate time.Time) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(a.number), ThisUpdate: nextUpdate.Add(-crlLifetime - skew), NextUpdate: nextUpdate,
		RevokedCertificateEntries: a.revoked,
	}, a.inter.cert, a.inter.key)
	if err != nil {
		return nil, fmt.Errorf("certs: sign CRL: %w", err)
	}
	return encodePEM("X509 CRL", der), nil
}

// Save writes the authority to a directory, which is made if it is missing: [RootFile] for everybody, [CRLFile] for those who
// check it, and the keys, which only the owner may read.
func (a *Authority) Save(dir string) error {
	list, err := a.CRL()
	if err != nil {
		return err
	}
	rootKey, err := encodeKey(a.root.key)
	if err != nil {
		return err
	}
	interKey, err := encodeKey(a.inter.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("certs: save authority: %w", err)
	}
	for _, f := range []struct {
		name string
		data []byte
		mode fs.FileMode
	}{
		{rootKeyFile, rootKey, 0o600}, {RootFile, encodePEM(blockCertificate, a.root.cert.Raw), 0o644},
		{intermediateKey, interKey, 0o600}, {intermediateFile, encodePEM(blockCertificate, a.inter.cert.Raw), 0o644},
		{CRLFile, list, 0o644},
	} {
		if err := writeFile(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return fmt.Errorf("certs: save authority: %w", err)
		}
	}
	return nil
}

// LoadAuthority reads an authority that [Authority.Save] wrote. A directory without one is an error that wraps
// [fs.ErrNotExist].
func LoadAuthority(dir string) (*Authority, error) {
	root, err := loadSigner(filepath.Join(dir, RootFile), filepath.Join(dir, rootKeyFile))
	if err != nil {
		return nil, err
	}
	inter, err := loadSigner(filepath.Join(dir, intermediateFile), filepath.Join(dir, intermediateKey))
	if err != nil {
		return nil, err
	}
	if err := inter.cert.CheckSignatureFrom(root.cert); err != nil {
		return nil, fmt.Errorf("certs: %s is not signed by %s: %w", intermediateFile, RootFile, err)
	}
	a := &Authority{root: root, inter: inter}
	lists, err := loadCRLs(filepath.Join(dir, CRLFile))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return a, nil
		}
		return nil, err
	}
	list := lists[0]
	if err := list.CheckSignatureFrom(inter.cert); err != nil {
		return nil, fmt.Errorf("certs: %s is not signed by %s: %w", CRLFile, intermediateFile, err)
	}
	a.revoked = list.RevokedCertificateEntries
	if list.Number != nil {
		a.number = list.Number.Int64()
	}
	return a, nil
}

func loadSigner(certFile, keyFile string) (signer, error) {
	pair, err := loadPair(certFile, keyFile)
	if err != nil {
		return signer{}, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return signer{}, fmt.Errorf("certs: %s is not an authority's", certFile)
	}
	return signer{pair.Leaf, key}, nil
}

// EncodePEM returns a certificate's chain and its private key, each as PEM.
func EncodePEM(c *tls.Certificate) (chain, key []byte, err error) {
	var b bytes.Buffer
	for _, der := range c.Certificate {
		b.Write(encodePEM(blockCertificate, der))
	}
	key, err = encodeKey(c.PrivateKey)
	return b.Bytes(), key, err
}

// WritePEM writes a certificate's chain and its private key to two files, or to one if the names are the same. Each is
// replaced at once, never half written; only the owner may read what has the key.
func WritePEM(c *tls.Certificate, certFile, keyFile string) error {
	chain, key, err := EncodePEM(c)
	if err == nil {
		if certFile == keyFile {
			return writeFile(keyFile, append(chain, key...), 0o600)
		}
		err = writeFile(keyFile, key, 0o600)
	}
	if err == nil {
		err = writeFile(certFile, chain, 0o644)
	}
	return err
}
