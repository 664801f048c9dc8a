package certs

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const soon = 15 * time.Second

// lines is a logger to wait for.
type lines chan string

func newLines() lines { return make(lines, 1000) }

func (l lines) Write(b []byte) (int, error) {
	l <- strings.TrimSpace(string(b))
	return len(b), nil
}

func (l lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// wait returns the next line that has all texts, and all lines before it.
func (l lines) wait(t testing.TB, texts ...string) (passed []string) {
	t.Helper()
	timeout := time.After(soon)
	for {
		select {
		case line := <-l:
			passed = append(passed, line)
			found := true
			for _, text := range texts {
				found = found && strings.Contains(line, text)
			}
			if found {
				return passed
			}
		case <-timeout:
			t.Fatalf("no %q in\n%s", texts, strings.Join(passed, "\n"))
		}
	}
}

func put(t testing.TB, file string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, data, 0o600))
}

func pems(t testing.TB, c *tls.Certificate) (chain, key []byte) {
	t.Helper()
	chain, key, err := EncodePEM(c)
	require.NoError(t, err)
	return chain, key
}

func rootPEM(a *Authority) []byte { return encodePEM(blockCertificate, a.Root().Raw) }

func crlPEM(t testing.TB, a *Authority) []byte {
	t.Helper()
	b, err := a.CRL()
	require.NoError(t, err)
	return b
}

// set is a directory with an authority's files.
type set struct {
	t   testing.TB
	dir string
	a   *Authority
	own *tls.Certificate
	Files
	log lines
}

func newSet(t testing.TB) *set {
	s := &set{t: t, dir: t.TempDir(), a: newAuthority(t), log: newLines()}
	s.own = issue(t, s.a, Template{DNS: []string{"one.example"}})
	s.Files = Files{Certificate: s.at("tls.crt"), Key: s.at("tls.key"), Roots: []string{s.at("ca.crt")}, CRLs: []string{s.at("crl.pem")}, Logger: s.log.logger()}
	require.NoError(t, WritePEM(s.own, s.Certificate, s.Key))
	put(t, s.Roots[0], rootPEM(s.a))
	put(t, s.CRLs[0], crlPEM(t, s.a))
	return s
}

func (s *set) at(name string) string { return filepath.Join(s.dir, name) }

func (s *set) open() (*Store, Config) {
	s.t.Helper()
	store, err := Open(s.Files)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, store.Close()) })
	return store, store.Config()
}

func serves(t testing.TB, c Config) string {
	t.Helper()
	own, err := c.Certificate()
	require.NoError(t, err)
	return Identity(own.Leaf)
}

func TestOpenErrors(t *testing.T) {
	a := newAuthority(t)
	chain, key := pems(t, issue(t, a, Template{}))
	_, otherKey := pems(t, issue(t, a, Template{}))
	expired := issue(t, a, Template{NotAfter: time.Now().Add(-time.Minute)})
	expiredChain, expiredKey := pems(t, expired)
	broken := encodePEM("X509 CRL", []byte{0x30, 0x00})
	for name, c := range map[string]struct {
		change func(s *set)
		want   string
	}{
		"no certificate":       {func(s *set) { require.NoError(t, os.Remove(s.Certificate)) }, "tls.crt: no such file"},
		"no key":               {func(s *set) { require.NoError(t, os.Remove(s.Key)) }, "tls.key: no such file"},
		"no roots":             {func(s *set) { require.NoError(t, os.Remove(s.Roots[0])) }, "ca.crt: no such file"},
		"no CRL":               {func(s *set) { require.NoError(t, os.Remove(s.CRLs[0])) }, "crl.pem: no such file"},
		"a directory":          {func(s *set) { s.Roots[0] = s.dir }, "is not a file"},
		"too large":            {func(s *set) { require.NoError(t, os.Truncate(s.Roots[0], maxFile+1)) }, "ca.crt has 67108865 bytes; the limit is"},
		"no PEM":               {func(s *set) { put(t, s.Certificate, []byte("hello")) }, "tls.crt has no PEM block of a certificate"},
		"a key instead":        {func(s *set) { put(t, s.Certificate, key) }, "tls.crt has no certificate, but a PRIVATE KEY"},
		"a certificate":        {func(s *set) { put(t, s.Key, chain) }, "tls.key has no private key, but a CERTIFICATE"},
		"no PEM in key":        {func(s *set) { put(t, s.Key, []byte("hello")) }, "tls.key has no PEM block of a private key"},
		"another key":          {func(s *set) { put(t, s.Key, otherKey) }, "tls.crt and " + "DIR/tls.key: the key does not belong to the certificate"},
		"broken certificate":   {func(s *set) { put(t, s.Certificate, encodePEM(blockCertificate, []byte("x"))) }, "tls.crt: certificate 1: x509: malformed"},
		"broken key":           {func(s *set) { put(t, s.Key, encodePEM("EC PRIVATE KEY", []byte("geheim"))) }, "tls.key: the private key cannot be read"},
		"broken RSA key":       {func(s *set) { put(t, s.Key, encodePEM("RSA PRIVATE KEY", []byte("geheim"))) }, "tls.key: the private key cannot be read"},
		"encrypted":            {func(s *set) { put(t, s.Key, encodePEM("ENCRYPTED PRIVATE KEY", nil)) }, "encrypted, which is not supported"},
		"expired":              {func(s *set) { put(t, s.Certificate, expiredChain); put(t, s.Key, expiredKey) }, "tls.crt: it has expired at "},
		"roots are none":       {func(s *set) { put(t, s.Roots[0], nil) }, "ca.crt has no PEM block of a certificate"},
		"CRL is none":          {func(s *set) { put(t, s.CRLs[0], nil) }, "crl.pem has no CRL"},
		"CRL is a certificate": {func(s *set) { put(t, s.CRLs[0], rootPEM(s.a)) }, "crl.pem has no CRL"},
		"broken CRL":           {func(s *set) { put(t, s.CRLs[0], broken) }, "crl.pem: CRL 1: x509: malformed"},
		"only a key":           {func(s *set) { s.Certificate = "" }, "there is a key, DIR/tls.key, but no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSet(t)
			c.change(s)
			_, err := Open(s.Files)
			require.ErrorContains(t, err, strings.ReplaceAll(c.want, "DIR", s.dir))
			require.NotContains(t, err.Error(), "geheim")
		})
	}
}

func TestOpenForms(t *testing.T) {
	s := newSet(t)
	block := crlPEM(t, s.a)
	lists, err := parseCRLs("", block)
	require.NoError(t, err)
	put(t, s.CRLs[0], lists[0].Raw) // DER
	chain, key := pems(t, s.own)
	put(t, s.Certificate, bytes.Join([][]byte{key, chain}, nil))
	s.Key = ""
	_, c := s.open()
	require.Equal(t, "dns:one.example", serves(t, c))
	require.Len(t, c.Revocation, 1)
	_, err = c.Server()
	require.NoError(t, err)

	none, err := Open(Files{})
	require.NoError(t, err)
	defer none.Close()
	c = none.Config()
	require.Nil(t, c.Certificate)
	require.Nil(t, c.Roots)
	require.Empty(t, c.Revocation)
}

func TestKeyKinds(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	ecDER, err := x509.MarshalECPrivateKey(ec)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	edPEM, err := encodeKey(ed)
	require.NoError(t, err)
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	agreementPEM, err := encodeKey(agreement)
	require.NoError(t, err)
	params := encodePEM("EC PARAMETERS", []byte{6, 5}) // as openssl ecparam writes them
	for want, text := range map[crypto.Signer][]byte{
		ec:     append(params, encodePEM("EC PRIVATE KEY", ecDER)...),
		rsaKey: encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)),
	} {
		key, err := parseKey("key.pem", text)
		require.NoError(t, err)
		require.Equal(t, want.Public(), key.Public())
	}
	key, err := parseKey("key.pem", edPEM)
	require.NoError(t, err)
	require.Equal(t, ed.Public(), key.Public())
	_, err = parseKey("key.pem", agreementPEM)
	require.ErrorContains(t, err, "broken or of an unknown kind")
	legacy := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: ecDER})
	_, err = parseKey("key.pem", legacy)
	require.ErrorContains(t, err, "encrypted")
}

func TestWarnings(t *testing.T) {
	s := newSet(t)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(s.Key, 0o644))
	}
	early := issue(t, s.a, Template{NotBefore: time.Now().Add(time.Hour), NotAfter: time.Now().Add(2 * time.Hour)})
	chain, key := pems(t, early)
	put(t, s.Certificate, chain)
	put(t, s.Key, key)
	past, err := NewAuthority("Past", AuthorityOptions{NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	put(t, s.Roots[0], append(rootPEM(s.a), rootPEM(past)...))
	list, err := s.a.crl(time.Now().Add(-time.Minute))
	require.NoError(t, err)
	put(t, s.CRLs[0], list)
	s.open()
	s.log.wait(t, "level=WARN", "a root is of no use", "ca.crt", "certificate=2", "CN=Past Root", "it has expired at ")
	if runtime.GOOS != "windows" {
		s.log.wait(t, "level=WARN", "a private key is not private", "tls.key can be read or written by others")
	}
	s.log.wait(t, "level=WARN", "own certificate", "it is not valid before")
	s.log.wait(t, "level=WARN", "out of date", "crl.pem, of CN=Test Intermediate, ended at ")
}

func TestRenewal(t *testing.T) {
	s := newSet(t)
	store, c := s.open()
	changes := make(chan struct{}, 100)
	cancel := c.OnChange(func() { changes <- struct{}{} })
	next := issue(t, s.a, Template{DNS: []string{"two.example"}})
	chain, key := pems(t, next)

	// One after the other, in place.
	put(t, s.Certificate, chain)
	s.log.wait(t, "level=WARN", "the old ones stay in use", "the key does not belong to the certificate")
	require.Equal(t, "dns:one.example", serves(t, c))
	put(t, s.Key, key)
	s.log.wait(t, "level=INFO", "own certificate is renewed", "dns:two.example")
	require.Equal(t, "dns:two.example", serves(t, c))

	// The other way round, replaced.
	next = issue(t, s.a, Template{DNS: []string{"three.example"}})
	chain, key = pems(t, next)
	require.NoError(t, writeFile(s.Key, key, 0o600))
	s.log.wait(t, "the key does not belong to the certificate")
	require.NoError(t, writeFile(s.Certificate, chain, 0o644))
	s.log.wait(t, "own certificate is renewed")
	require.Equal(t, "dns:three.example", serves(t, c))

	// A broken file is complained about once, however often it is read.
	put(t, s.Certificate, []byte("broken"))
	s.log.wait(t, "tls.crt has no PEM block")
	put(t, s.Certificate, []byte("broken, again"))
	other := newAuthority(t)
	put(t, s.Roots[0], append(rootPEM(s.a), rootPEM(other)...))
	for _, line := range s.log.wait(t, "the roots are renewed") {
		require.NotContains(t, line, "tls.crt")
	}
	require.Equal(t, "dns:three.example", serves(t, c))
	await(t, changes)
	require.NoError(t, os.Remove(s.Certificate))
	s.log.wait(t, "tls.crt: no such file")
	require.NoError(t, WritePEM(issue(t, s.a, Template{DNS: []string{"four.example"}}), s.Certificate, s.Key))
	s.log.wait(t, "own certificate is renewed", "four.example")

	// One that is no good yet is not taken while the old one is.
	require.NoError(t, WritePEM(issue(t, s.a, Template{NotBefore: time.Now().Add(time.Hour)}), s.Certificate, s.Key))
	s.log.wait(t, "tls.crt: it is not valid before ")
	require.NoError(t, WritePEM(issue(t, s.a, Template{NotAfter: time.Now().Add(-time.Second)}), s.Certificate, s.Key))
	s.log.wait(t, "tls.crt: it has expired at ")
	require.Equal(t, "dns:four.example", serves(t, c))

	// The own certificate is no reason to check peers again; roots and lists are.
	require.Empty(t, changes)
	s.a.Revoke(s.own.Leaf.SerialNumber)
	put(t, s.CRLs[0], crlPEM(t, s.a))
	await(t, changes)
	s.log.wait(t, "the revocation lists are renewed")
	chains := [][]*x509.Certificate{{s.own.Leaf, s.a.Intermediate(), s.a.Root()}}
	err := c.Revocation[0](context.Background(), chains[0], nil)
	requireRefused(t, err, CheckRevoked, false)
	require.ErrorContains(t, err, s.CRLs[0])
	cancel()
	put(t, s.Roots[0], rootPEM(other))
	s.log.wait(t, "the roots are renewed")
	store.Close()
	require.Empty(t, changes)
}

func await(t testing.TB, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(soon):
		t.Fatal("nothing happens")
	}
}

func requireRefused(t testing.TB, err error, check Check, remote bool) {
	t.Helper()
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, check, refused.Check, err)
	require.Equal(t, remote, refused.Remote, err)
}

// As Kubernetes does: the files are links into ..data, which is a link that is switched.
func TestSwitchedLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	s := newSet(t)
	version := func(name, host string) {
		dir := s.at(name)
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, WritePEM(issue(t, s.a, Template{DNS: []string{host}}), filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")))
		require.NoError(t, os.Symlink(name, s.at("..data_tmp")))
		require.NoError(t, os.Rename(s.at("..data_tmp"), s.at("..data")))
	}
	for _, file := range []string{"tls.crt", "tls.key"} {
		require.NoError(t, os.Remove(s.at(file)))
		require.NoError(t, os.Symlink(filepath.Join("..data", file), s.at(file)))
	}
	version("..v1", "v1.example")
	_, c := s.open()
	require.Equal(t, "dns:v1.example", serves(t, c))
	version("..v2", "v2.example")
	s.log.wait(t, "own certificate is renewed", "v2.example")
	require.NoError(t, os.RemoveAll(s.at("..v1")))
	version("..v3", "v3.example")
	s.log.wait(t, "own certificate is renewed", "v3.example")
	// And the file that the links lead to, in place.
	chain, key := pems(t, issue(t, s.a, Template{DNS: []string{"v4.example"}}))
	put(t, s.at("..v3/tls.crt"), chain)
	put(t, s.at("..v3/tls.key"), key)
	s.log.wait(t, "own certificate is renewed", "v4.example")
}

func TestSwitchedDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	s := newSet(t)
	top := t.TempDir()
	link := filepath.Join(top, "etc", "certs")
	require.NoError(t, os.Mkdir(filepath.Dir(link), 0o755))
	require.NoError(t, os.Symlink(s.dir, link))
	s.Certificate, s.Key = filepath.Join(link, "tls.crt"), filepath.Join(link, "tls.key")
	_, c := s.open()
	next := newSet(t)
	require.NoError(t, WritePEM(issue(t, s.a, Template{DNS: []string{"two.example"}}), next.Certificate, next.Key))
	require.NoError(t, os.Symlink(next.dir, link+".new"))
	require.NoError(t, os.Rename(link+".new", link))
	s.log.wait(t, "own certificate is renewed", "two.example")

	// A directory that goes and comes back.
	require.NoError(t, os.Rename(next.dir, next.dir+".old"))
	s.log.wait(t, "no such file")
	third := issue(t, s.a, Template{DNS: []string{"three.example"}})
	require.NoError(t, os.Mkdir(next.dir, 0o755))
	require.NoError(t, WritePEM(third, next.Certificate, next.Key))
	s.log.wait(t, "own certificate is renewed", "three.example")
	require.Equal(t, "dns:three.example", serves(t, c))
}

func TestWaypoints(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	at := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	require.NoError(t, os.Mkdir(at("a"), 0o755))
	put(t, at("a", "file"), nil)
	require.NoError(t, os.Symlink("a", at("b")))
	require.NoError(t, os.Symlink(at("b", "file"), at("c")))
	require.NoError(t, os.Symlink("loop", at("loop")))
	require.NoError(t, os.Symlink(filepath.Join("none", "file"), at("dangling")))
	for file, want := range map[string][]string{
		"a/file":    {at("a", "file")},
		"b/file":    {at("b"), at("a", "file")},
		"c":         {at("c"), at("b"), at("a", "file")},
		"none/file": {at("none")},
		"dangling":  {at("dangling"), at("none")},
	} {
		assert.Equal(t, want, waypoints(at(file)), file)
	}
	assert.Len(t, waypoints(at("loop")), 40)
	assert.Empty(t, waypoints(at("a", "file", "x")))
}

func TestCRLs(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	leaf := issue(t, a, Template{}).Leaf
	chain := []*x509.Certificate{leaf, a.Intermediate(), a.Root()}
	set := func(files ...[]byte) *crlSet {
		s := &crlSet{}
		for _, text := range files {
			lists, err := parseCRLs("list.pem", text)
			require.NoError(t, err)
			require.NoError(t, s.add("list.pem", lists))
		}
		return s
	}
	now := time.Now()
	require.NoError(t, set().check(chain, false, now))
	require.ErrorIs(t, set().check(chain, true, now), errStrict)
	require.NoError(t, set(crlPEM(t, a)).check(chain, true, now))

	// Another authority of the same name has no say.
	other.Revoke(leaf.SerialNumber)
	require.NoError(t, set(crlPEM(t, other)).check(chain, false, now))
	require.ErrorIs(t, set(crlPEM(t, other)).check(chain, true, now), errStrict)

	a.Revoke(big.NewInt(1))
	a.Revoke(leaf.SerialNumber)
	for range 2 {
		requireRefused(t, set(crlPEM(t, other), crlPEM(t, a)).check(chain, false, now), CheckRevoked, false)
	}

	// A list that is out of date still counts, but does not satisfy a strict check.
	late := now.Add(30 * 24 * time.Hour)
	requireRefused(t, set(crlPEM(t, a)).check(chain, true, late), CheckRevoked, false)
	third := issue(t, a, Template{}).Leaf
	require.NoError(t, set(crlPEM(t, a)).check([]*x509.Certificate{third, a.Intermediate(), a.Root()}, false, late))
	require.ErrorIs(t, set(crlPEM(t, a)).check([]*x509.Certificate{third, a.Intermediate(), a.Root()}, true, late), errStrict)

	// The root's list of intermediates.
	byRoot := &Authority{inter: a.root}
	byRoot.Revoke(a.Intermediate().SerialNumber)
	err := set(crlPEM(t, byRoot)).check(chain, false, now)
	requireRefused(t, err, CheckRevoked, false)
	require.ErrorContains(t, err, "CN=Test Intermediate")
	require.NoError(t, set(crlPEM(t, byRoot)).check(chain[:1], true, now)) // trusted by itself
}

func TestCRLKinds(t *testing.T) {
	a := newAuthority(t)
	list := func(extension asn1.ObjectIdentifier, value []byte, entries ...x509.RevocationListEntry) []*x509.RevocationList {
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), RevokedCertificateEntries: entries,
			ExtraExtensions: []pkix.Extension{{Id: extension, Critical: true, Value: value}},
		}, a.inter.cert, a.inter.key)
		require.NoError(t, err)
		lists, err := parseCRLs("list.pem", der)
		require.NoError(t, err)
		return lists
	}
	const onlyUser, indirect = 1, 4
	point := func(tag byte) []byte { return []byte{0x30, 3, 0x80 | tag, 1, 0xff} }
	for want, lists := range map[string][]*x509.RevocationList{
		"list.pem: CRL 1 is a delta CRL":     list(oidDeltaCRL, []byte{2, 1, 1}),
		"list.pem: CRL 1 is an indirect CRL": list(oidDistributionPoint, point(indirect)),
		"list.pem: CRL 1 is broken":          list(oidDistributionPoint, []byte{0x30, 9}),
		"CRL 1 is broken":                    list(oidDistributionPoint, []byte{0x30, 1, 0x80}),
	} {
		require.ErrorContains(t, (&crlSet{}).add("list.pem", lists), want)
	}
	leaf := issue(t, a, Template{}).Leaf
	set := &crlSet{}
	require.NoError(t, set.add("", list(oidDistributionPoint, point(onlyUser), x509.RevocationListEntry{
		SerialNumber: leaf.SerialNumber, RevocationTime: time.Now(), ReasonCode: reasonRemoveFromCRL,
	})))
	require.NoError(t, set.check([]*x509.Certificate{leaf, a.Intermediate(), a.Root()}, true, time.Now()))
}

// Where the system tells nothing, files are read again from time to time.
func TestUnwatched(t *testing.T) {
	s := newSet(t)
	store, err := open(s.Files, 10*time.Millisecond, func() (*fsnotify.Watcher, error) { return nil, errors.New("no more watches") })
	require.NoError(t, err)
	defer store.Close()
	s.log.wait(t, "cannot be watched", "no more watches")
	require.NoError(t, WritePEM(issue(t, s.a, Template{DNS: []string{"two.example"}}), s.Certificate, s.Key))
	s.log.wait(t, "own certificate is renewed", "two.example")
}

// Events that were lost are made up for, and so is a flood of them.
func TestLostEvents(t *testing.T) {
	s := newSet(t)
	store, c := s.open()
	store.watch.w.Errors <- fsnotify.ErrEventOverflow
	s.log.wait(t, "may have been missed")
	for {
		// It is never left alone.
		require.NoError(t, writeFile(s.Roots[0], append(rootPEM(s.a), rootPEM(newAuthority(t))...), 0o600))
		select {
		case line := <-s.log:
			require.Contains(t, line, "the roots are renewed")
			require.Equal(t, "dns:one.example", serves(t, c))
			return
		default:
		}
	}
}
