// Package mtls has a host and a client with certificates and a policy.
package mtls

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
)

// genCerts makes the files that host and client read as README.md says.
func genCerts(ctx context.Context, t *testing.T) (dir string) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		return makeCerts(t)
	}
	dir = t.TempDir()
	out, err := exec.CommandContext(ctx, bash, "../../scripts/gen-certs", filepath.ToSlash(dir)).CombinedOutput()
	require.NoError(t, err, string(out))
	return dir
}

// makeCerts makes files of another authority.
func makeCerts(t *testing.T) (dir string) {
	dir = t.TempDir()
	authority, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	require.NoError(t, authority.Save(dir))
	for name, template := range map[string]certs.Template{
		"host":   {IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://qtro.example/host"}},
		"client": {Client: true, URIs: []string{"spiffe://qtro.example/client"}},
	} {
		c, err := authority.Issue(template)
		require.NoError(t, err)
		require.NoError(t, certs.WritePEM(c, filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")))
	}
	return dir
}

// host is a host's process.
type host struct {
	printed *bufio.Scanner // what it prints and logs
	urls    []string
}

func startHost(ctx context.Context, t *testing.T, program string, args ...string) *host {
	cmd := exec.CommandContext(ctx, program, append(args, "-tls", "tls://127.0.0.1:0", "-quic", "quic://127.0.0.1:0", "-policy", "policy.cedar")...)
	printed, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	h := &host{printed: bufio.NewScanner(printed)}
	for range 2 {
		h.urls = append(h.urls, strings.TrimPrefix(h.wait(t, "Pump at "), "Pump at "))
	}
	return h
}

// wait returns the next line that has some text.
func (h *host) wait(t *testing.T, text string) string {
	t.Helper()
	for h.printed.Scan() {
		if strings.Contains(h.printed.Text(), text) {
			return h.printed.Text()
		}
	}
	require.Fail(t, "the host ended", "without %q", text)
	return ""
}

func TestHostAndClient(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	bin := t.TempDir() + string(filepath.Separator)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "./host", "./client").CombinedOutput()
	require.NoError(t, err, string(out))
	dir, foreign := genCerts(ctx, t), makeCerts(t)
	h := startHost(ctx, t, bin+"host", "-certs", dir)
	client := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, bin+"client", args...).CombinedOutput()
		return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(string(out), "ADDR"), err
	}
	for _, url := range h.urls {
		scheme, _, _ := strings.Cut(url, ":")
		t.Run(scheme, func(t *testing.T) {
			out, err := client("-certs", dir, "-url", url)
			require.NoError(t, err, out)
			peer := "spiffe://qtro.example/host (" + scheme + " ADDR)"
			require.Regexp(t, `^the host is `+regexp.QuoteMeta(peer)+`
it runs with \d+ rpm
start: hello, spiffe://qtro\.example/client
reset: qtro: call Pump\.reset at `+regexp.QuoteMeta(peer)+`: the host reports that the call failed
$`, out)
			require.Regexp(t, `^spiffe://qtro\.example/client \(`+scheme+` .* starts the pump with 900 rpm$`, h.wait(t, "starts the pump"))
			require.Contains(t, h.wait(t, "denied"), "member=reset")

			out, err = client("-certs", dir, "-url", url, "-anonymous")
			require.Error(t, err)
			require.Contains(t, out, "qtro: connect to "+scheme+"://ADDR: refused by the peer: it wants a certificate and has got none")
			require.Contains(t, h.wait(t, "handshake with "+scheme), "peer refused: it has no certificate")

			out, err = client("-certs", foreign, "-url", url)
			require.Error(t, err)
			require.Contains(t, out, "peer refused: its certificate is not signed by a trusted authority")
		})
	}
}
