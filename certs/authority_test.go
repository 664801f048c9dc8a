package certs

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIssue(t *testing.T) {
	a := newAuthority(t)
	const spiffe = "spiffe://plant.example/panel/7"
	c := issue(t, a, Template{DNS: []string{"plant.example"}, IPs: []string{"127.0.0.1", "::1"}, URIs: []string{spiffe}})
	require.Equal(t, []string{spiffe, "dns:plant.example", "ip:127.0.0.1", "ip:::1", "subject:CN=plant.example"}, Identities(c.Leaf))
	require.Len(t, c.Certificate, 2)
	require.Equal(t, a.Intermediate().Raw, c.Certificate[1])
	require.False(t, c.Leaf.IsCA)
	require.Equal(t, x509.KeyUsageDigitalSignature, c.Leaf.KeyUsage)
	require.NotEmpty(t, c.Leaf.AuthorityKeyId)
	require.Equal(t, a.Intermediate().SubjectKeyId, c.Leaf.AuthorityKeyId)
	require.Less(t, time.Until(c.Leaf.NotAfter), 31*24*time.Hour)
	require.Less(t, c.Leaf.NotBefore, time.Now())

	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	require.Equal(t, both, c.Leaf.ExtKeyUsage)
	require.Equal(t, both, issue(t, a, Template{Host: true, Client: true}).Leaf.ExtKeyUsage)
	require.Equal(t, both[:1], issue(t, a, Template{Host: true}).Leaf.ExtKeyUsage)
	require.Equal(t, both[1:], issue(t, a, Template{Client: true}).Leaf.ExtKeyUsage)

	from, to := time.Now().Add(-2*time.Hour).Truncate(time.Second), time.Now().Add(-time.Hour).Truncate(time.Second)
	expired := issue(t, a, Template{NotBefore: from, NotAfter: to})
	require.True(t, expired.Leaf.NotBefore.Equal(from))
	require.True(t, expired.Leaf.NotAfter.Equal(to))

	long := "spiffe://plant.example/" + strings.Repeat("x", 64)
	require.Equal(t, []string{long}, Identities(issue(t, a, Template{URIs: []string{long}}).Leaf))
	require.Equal(t, []string{"subject:CN=panel"}, Identities(issue(t, a, Template{Name: "panel"}).Leaf))
	require.Empty(t, Identities(issue(t, a, Template{}).Leaf))

	for _, bad := range []Template{{IPs: []string{"plant"}}, {URIs: []string{"plant"}}, {URIs: []string{"%"}}, {DNS: []string{"plänt"}}} {
		_, err := a.Issue(bad)
		assert.ErrorContains(t, err, "certs: issue: ")
	}
}

func TestSaveAuthority(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "ca")
	_, err := LoadAuthority(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)

	a := newAuthority(t)
	a.Revoke(big.NewInt(7))
	require.NoError(t, a.Save(dir))
	b, err := LoadAuthority(dir)
	require.NoError(t, err)
	require.Equal(t, a.Root().Raw, b.Root().Raw)
	_, err = issue(t, b, Template{}).Leaf.Verify(x509.VerifyOptions{Roots: a.Roots(), Intermediates: pool(a.Intermediate())})
	require.NoError(t, err)

	b.Revoke(big.NewInt(7)) // a second time
	b.Revoke(big.NewInt(8))
	require.NoError(t, b.Save(dir))
	lists, err := loadCRLs(filepath.Join(dir, CRLFile))
	require.NoError(t, err)
	require.NoError(t, lists[0].CheckSignatureFrom(a.Intermediate()))
	require.Len(t, lists[0].RevokedCertificateEntries, 2)
	require.EqualValues(t, 2, lists[0].Number.Int64())

	if runtime.GOOS != "windows" {
		for name, mode := range map[string]fs.FileMode{"ca.key": 0o600, "intermediate.key": 0o600, "ca.pem": 0o644, "crl.pem": 0o644} {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode().Perm(), name)
		}
	}

	require.ErrorContains(t, a.Save(filepath.Join(dir, RootFile, "x")), "certs: save authority: ")
	require.ErrorContains(t, WritePEM(issue(t, a, Template{}), filepath.Join(dir, "x", "y"), filepath.Join(dir, "x", "z")), "no such file")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	require.Error(t, WritePEM(issue(t, a, Template{}), filepath.Join(dir, "d"), filepath.Join(dir, "k"))) // which leaves nothing behind
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, os.Remove(filepath.Join(dir, CRLFile)))
	_, err = LoadAuthority(dir)
	require.NoError(t, err)
	for _, c := range []struct{ put, at, want string }{
		{"intermediate.pem", "ca.pem", "does not belong"},
		{"ca.key", "intermediate.key", "does not belong"},
	} {
		require.NoError(t, a.Save(dir))
		text, err := os.ReadFile(filepath.Join(dir, c.put))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, c.at), text, 0o600))
		_, err = LoadAuthority(dir)
		assert.ErrorContains(t, err, c.want)
	}
	other := newAuthority(t)
	require.NoError(t, a.Save(dir))
	foreign, err := other.CRL()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, CRLFile), foreign, 0o600))
	_, err = LoadAuthority(dir)
	require.ErrorContains(t, err, "crl.pem is not signed by intermediate.pem")
	require.NoError(t, WritePEM(&tls.Certificate{Certificate: [][]byte{other.inter.cert.Raw}, PrivateKey: other.inter.key},
		filepath.Join(dir, intermediateFile), filepath.Join(dir, intermediateKey)))
	_, err = LoadAuthority(dir)
	require.ErrorContains(t, err, "intermediate.pem is not signed by ca.pem")
	leaf := issue(t, a, Template{})
	require.NoError(t, WritePEM(leaf, filepath.Join(dir, RootFile), filepath.Join(dir, rootKeyFile)))
	_, err = LoadAuthority(dir)
	require.ErrorContains(t, err, "is not an authority's")
}

// Qt's QSslSocket asks OpenSSL.
func TestOpenSSLVerifies(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	a := newAuthority(t)
	require.NoError(t, a.Save(dir))
	for name, c := range map[string]struct {
		template Template
		args     []string
		fails    string
	}{
		"host":       {Template{Host: true, DNS: []string{"plant.example"}}, []string{"-purpose", "sslserver", "-verify_hostname", "plant.example"}, ""},
		"address":    {Template{Host: true, IPs: []string{"127.0.0.1"}}, []string{"-purpose", "sslserver", "-verify_ip", "127.0.0.1"}, ""},
		"client":     {Template{Client: true, URIs: []string{"spiffe://plant.example/panel"}}, []string{"-purpose", "sslclient"}, ""},
		"no subject": {Template{Client: true, URIs: []string{"spiffe://plant.example/" + strings.Repeat("x", 64)}}, []string{"-purpose", "sslclient"}, ""},
		"other name": {Template{DNS: []string{"plant.example"}}, []string{"-verify_hostname", "other.example"}, "hostname mismatch"},
		"usage":      {Template{Client: true}, []string{"-purpose", "sslserver"}, "unsuitable certificate purpose"},
		"expired":    {Template{NotAfter: time.Now().Add(-time.Minute)}, nil, "certificate has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			cert := filepath.Join(t.TempDir(), "cert.pem")
			require.NoError(t, WritePEM(issue(t, a, c.template), cert, cert))
			args := append([]string{"verify", "-x509_strict", "-CAfile", filepath.Join(dir, RootFile), "-untrusted", cert}, c.args...)
			out, err := exec.Command("openssl", append(args, cert)...).CombinedOutput()
			if c.fails != "" {
				require.Error(t, err)
				require.Contains(t, string(out), c.fails)
				return
			}
			require.NoError(t, err, string(out))
		})
	}
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}
