package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
)

// makeCert runs a command that makes something and returns what it says.
func makeCert(t testing.TB, args ...string) (m made) {
	t.Helper()
	code, out, warn := qtro(t, append([]string{"--json", "cert"}, args...)...)
	require.Empty(t, warn)
	require.Zero(t, code)
	require.NoError(t, json.Unmarshal([]byte(out), &m), out)
	return m
}

func TestCert(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	requireError(t, failed, "qtro cert init --dir "+dir+" makes one", "cert", "host", "--dir", dir, "localhost")
	m := makeCert(t, "init", "--dir", dir, "Plant")
	require.Equal(t, "made", m.What)
	require.Equal(t, []string{"subject:CN=Plant Root"}, m.Identities)
	ignored, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "*\n", string(ignored))
	root, err := os.ReadFile(m.Certificate)
	require.NoError(t, err)
	require.Equal(t, "kept", makeCert(t, "init", "--dir", dir).What)

	m = makeCert(t, "host", "--dir", dir, "localhost", "127.0.0.1", "::1", "spiffe://plant.example/boiler")
	require.Equal(t, "made", m.What)
	require.Equal(t, filepath.Join(dir, "host.key"), m.Key)
	require.Equal(t, []string{"spiffe://plant.example/boiler", "dns:localhost", "ip:127.0.0.1", "ip:::1", "subject:CN=localhost"}, m.Identities)
	first, err := tls.LoadX509KeyPair(m.Certificate, m.Key)
	require.NoError(t, err)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, first.Leaf.ExtKeyUsage)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(m.Key)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
	}
	host := func(args ...string) string {
		return makeCert(t, append([]string{"host", "--dir", dir}, args...)...).What
	}
	names := []string{"localhost", "127.0.0.1", "::1", "spiffe://plant.example/boiler"}
	require.Equal(t, "kept", host(names...))
	require.Equal(t, "renewed", host(append(names, "--lifetime", "2200h")...)) // less than a third of it is left
	require.Equal(t, "kept", host(names...))
	require.Equal(t, "renewed", host("localhost"))
	require.Equal(t, "made", host("localhost", "--out", "other"))
	require.NoError(t, os.WriteFile(m.Key, nil, 0o600))
	require.Equal(t, "renewed", host("localhost"))

	m = makeCert(t, "client", "--dir", dir, "spiffe://plant.example/panel/7")
	client, err := tls.LoadX509KeyPair(m.Certificate, m.Key)
	require.NoError(t, err)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, client.Leaf.ExtKeyUsage)
	require.Equal(t, "renewed", makeCert(t, "host", "--dir", dir, "--out", "client", "spiffe://plant.example/panel/7").What)
	m = makeCert(t, "client", "--dir", dir, "--lifetime", "99999h", "spiffe://plant.example/panel/7")
	require.Less(t, time.Until(m.Until), 5*366*24*time.Hour)

	code, out, warn := qtro(t, "cert", "client", "--dir", dir, "spiffe://plant.example/panel/8")
	require.Zero(t, code, warn)
	require.Regexp(t, `^renewed\t\S+client\.pem\t\S+client\.key\tspiffe://plant\.example/panel/8\t\d{4}-`, out)

	again, err := os.ReadFile(filepath.Join(dir, certs.RootFile))
	require.NoError(t, err)
	require.Equal(t, root, again)

	require.NoError(t, os.Remove(filepath.Join(dir, "ca.key")))
	requireError(t, failed, "it is left alone", "cert", "init", "--dir", dir)
}

func TestCertErrors(t *testing.T) {
	dir := t.TempDir()
	makeCert(t, "init", "--dir", dir)
	for want, args := range map[string][]string{
		"--lifetime must be":      {"host", "x", "--lifetime", "0s"},
		"without a directory":     {"host", "x", "--out", "a/b"},
		"file of the authority":   {"client", "x", "--out", "ca"},
		`"a b" is no DNS name`:    {"client", "a b"},
		`"" is no DNS name`:       {"client", ""},
		`":" is no URI`:           {"client", ":"},
		"cannot be encoded":       {"host", "plänt"},
		`expected "<name> ..."`:   {"host"},
		`expected "<file> ..."`:   {"show"},
		`expected one of "init",`: {},
	} {
		requireError(t, usage, want, append([]string{"cert"}, append(args, with(args, dir)...)...)...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.key"), []byte("x"), 0o600))
	requireError(t, failed, "ca.key has no PEM block", "cert", "init", "--dir", dir)
	requireError(t, failed, "ca.key has no PEM block", "cert", "host", "--dir", dir, "x")
}

// with is --dir for the commands that take it.
func with(args []string, dir string) []string {
	if len(args) < 2 {
		return nil
	}
	return []string{"--dir", dir}
}

func TestCertShow(t *testing.T) {
	c := newCA(t, "Show")
	past := time.Now().Add(-time.Hour)
	own, err := c.Issue(certs.Template{Host: true, DNS: []string{"plant.example"}, URIs: []string{"spiffe://plant.example/x"}, NotBefore: past.Add(-time.Hour), NotAfter: past, OCSP: []string{"http://ocsp.example"}})
	require.NoError(t, err)
	require.NoError(t, certs.WritePEM(own, c.file("own.pem"), c.file("own.key")))
	code, out, warn := qtro(t, "cert", "show", c.file("own.pem"), c.file(certs.RootFile))
	require.Zero(t, code, warn)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, strings.Join([]string{
		c.file("own.pem"), "CN=plant.example", "spiffe://plant.example/x dns:plant.example", "expired",
		own.Leaf.NotBefore.Local().Format(time.DateTime), own.Leaf.NotAfter.Local().Format(time.DateTime), "CN=Show Intermediate", "host",
	}, "\t"), lines[0])
	require.Contains(t, lines[1], "CN=Show Intermediate\t\tvalid\t")
	require.True(t, strings.HasSuffix(lines[2], "CN=Show Root\tauthority"), lines[2])

	code, out, warn = qtro(t, "--json", "cert", "show", c.file("own.pem"))
	require.Zero(t, code, warn)
	var s shown
	require.NoError(t, json.NewDecoder(strings.NewReader(out)).Decode(&s))
	require.Equal(t, []string{"spiffe://plant.example/x", "dns:plant.example", "subject:CN=plant.example"}, s.Identities)
	require.Equal(t, []string{"http://ocsp.example"}, s.OCSP)
	require.Equal(t, "expired", s.State)
	require.Len(t, s.Fingerprint, 64)

	require.Equal(t, "not yet valid", show("", own.Leaf, past.Add(-3*time.Hour)).State)
	require.Equal(t, []string{"any"}, usages(&x509.Certificate{}))
	require.Equal(t, []string{"ocsp", "any", "usage-3"}, usages(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning, x509.ExtKeyUsageAny, x509.ExtKeyUsageCodeSigning}}))
	requireError(t, failed, "own.key has no certificate, but a PRIVATE KEY", "cert", "show", c.file("own.key"))
	requireError(t, failed, "no such file", "cert", "show", c.file("none.pem"))
	code, out, warn = qtro(t, "cert", "show", c.file("own.key"), c.file(certs.RootFile))
	require.Equal(t, failed, code)
	require.Contains(t, out, "CN=Show Root\tauthority")
	require.Contains(t, warn, "own.key has no certificate")
}

// What the commands make is what the flags take.
func TestCertInUse(t *testing.T) {
	dir := t.TempDir()
	makeCert(t, "init", "--dir", dir)
	host := makeCert(t, "host", "--dir", dir, "127.0.0.1", "spiffe://plant.example/hub")
	client := makeCert(t, "client", "--dir", dir, "spiffe://plant.example/panel")
	flags := func(m made) []string {
		return []string{"--ca", filepath.Join(dir, certs.RootFile), "--cert", m.Certificate, "--key", m.Key}
	}
	_, urls := startRegistry(t, secureSchemes, and(flags(host), "registry", "--listen", "tls://127.0.0.1:0", "--listen", "quic://127.0.0.1:0")...)
	for _, url := range urls {
		requireOutput(t, "", and(flags(client), "--registry", url, "ls")...)
	}
}

// The script's certificates are kept the second time, and the flags that it prints are right.
func TestGenCerts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it is a script for a Unix shell")
	}
	dir := filepath.Join(t.TempDir(), "a dir")
	gen := func(args ...string) string {
		out, err := exec.Command("../../scripts/gen-certs", args...).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	out := gen(dir, "10.1.2.3")
	require.Equal(t, 3, strings.Count(out, "made\t"), out)
	require.Equal(t, 3, strings.Count(gen(dir, "10.1.2.3"), "kept\t"))
	host, err := tls.LoadX509KeyPair(filepath.Join(dir, "host.pem"), filepath.Join(dir, "host.key"))
	require.NoError(t, err)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "10.1.2.3"} {
		require.NoError(t, host.Leaf.VerifyHostname(name))
	}
	commands := 0
	for line := range strings.Lines(out) {
		if _, flags, ok := strings.Cut(line, "go run ./cmd/qtro "); ok {
			commands++
			flags, _, _ = strings.Cut(strings.ReplaceAll(flags, "a\\ dir", "a?dir"), " --re")
			flags, _, _ = strings.Cut(flags, " registry")
			args := strings.Fields(strings.ReplaceAll(flags, "$", ""))
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "a?dir", "a dir")
			}
			requireError(t, failed, "cannot be asked", and(args, "--timeout", "300ms", "--connect", "tls://127.0.0.1:1", "ls")...)
		}
	}
	require.Equal(t, 3, commands)
	require.Contains(t, gen("--help"), "scripts/gen-certs [DIR [NAME...]]")
	require.Error(t, exec.Command("../../scripts/gen-certs", "--no").Run())
}
