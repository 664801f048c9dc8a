package certs

import (
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Qt's sockets leave TLS to OpenSSL: it has to get along with both sides, and to refuse what we refuse.
func TestOpenSSLHandshakes(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	s := newSet(t)
	file := func(template Template, name string) (cert, key string) {
		cert, key = s.at(name+".pem"), s.at(name+".key")
		require.NoError(t, WritePEM(issue(t, s.a, template), cert, key))
		return cert, key
	}
	hostCert, hostKey := file(hostTemplate, "host")
	clientCert, clientKey := file(clientTemplate, "client")
	expiredCert, expiredKey := file(with(clientTemplate, past), "expired")
	config := Fixed(issue(t, s.a, hostTemplate), s.a.Roots())
	server, err := config.Server()
	require.NoError(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	defer l.Close()

	// accept takes one connection and returns what the handshake says.
	accept := func() (got chan result) {
		got = make(chan result, 1)
		go func() {
			raw, err := l.Accept()
			if err != nil {
				got <- result{err: err}
				return
			}
			defer raw.Close()
			conn := raw.(*tls.Conn)
			_ = conn.SetDeadline(time.Now().Add(soon))
			err = Refused(conn.Handshake())
			got <- result{err, conn.ConnectionState()}
		}()
		return got
	}
	dial := func(args ...string) (string, result) {
		got := accept()
		args = append([]string{"s_client", "-connect", l.Addr().String(), "-CAfile", s.Roots[0], "-verify_return_error", "-verify_hostname", hostName, "-brief"}, args...)
		out, _ := exec.Command("openssl", args...).CombinedOutput() // its status says little
		select {
		case r := <-got:
			return string(out), r
		case <-time.After(soon):
			t.Fatalf("openssl does not connect: %s", out)
			return "", result{}
		}
	}
	out, r := dial("-cert", clientCert, "-cert_chain", clientCert, "-key", clientKey)
	require.NoError(t, r.err, out)
	require.Equal(t, panel, Identity(r.state.PeerCertificates[0]))
	require.Contains(t, out, "Verification: OK")
	out, r = dial()
	requireRefused(t, r.err, CheckNoCertificate, false)
	require.NotEmpty(t, out)
	_, r = dial("-cert", expiredCert, "-cert_chain", expiredCert, "-key", expiredKey)
	requireRefused(t, r.err, CheckExpired, false)
	_, r = dial("-tls1_2", "-cert", clientCert, "-cert_chain", clientCert, "-key", clientKey)
	requireRefused(t, r.err, CheckVersion, false)
	out, r = dial("-verify_hostname", "other.example", "-cert", clientCert, "-cert_chain", clientCert, "-key", clientKey)
	require.ErrorContains(t, r.err, "it does not accept our certificate")
	require.Contains(t, out, "hostname mismatch")

	// And with OpenSSL as the host, which says more when it refuses.
	a := newAuthority(t)
	for name, c := range map[string]struct {
		config Config
		check  Check
	}{
		"good":              {Fixed(issue(t, s.a, clientTemplate), s.a.Roots()), ""},
		"no certificate":    {Fixed(nil, s.a.Roots()), CheckNoCertificate},
		"expired":           {Fixed(issue(t, s.a, with(clientTemplate, past)), s.a.Roots()), CheckExpired},
		"another authority": {Fixed(issue(t, a, clientTemplate), s.a.Roots()), CheckAuthority},
		"host's":            {Fixed(issue(t, s.a, hostTemplate), s.a.Roots()), CheckCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			address := freeAddress(t)
			host := exec.Command("openssl", "s_server", "-accept", address, "-cert", hostCert, "-cert_chain", hostCert, "-key", hostKey,
				"-CAfile", s.Roots[0], "-Verify", "2", "-verify_return_error", "-tls1_3", "-naccept", "1", "-purpose", "sslclient")
			host.Dir = filepath.Dir(hostCert)
			stdin, err := host.StdinPipe()
			require.NoError(t, err)
			log := newLines()
			host.Stdout, host.Stderr = log, log
			require.NoError(t, host.Start())
			defer func() {
				_, _ = host.Process.Kill(), stdin.Close()
				_ = host.Wait()
			}()
			log.wait(t, "ACCEPT")
			client, err := c.config.Client(hostName)
			require.NoError(t, err)
			raw, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer raw.Close()
			_ = raw.SetDeadline(time.Now().Add(soon))
			conn := tls.Client(raw, client)
			require.NoError(t, conn.Handshake())
			if c.check == "" {
				_, err = io.WriteString(stdin, "hello\n")
				require.NoError(t, err)
				b := make([]byte, 5)
				_, err = io.ReadFull(conn, b)
				require.NoError(t, err)
				require.Equal(t, "hello", string(b))
				return
			}
			_, err = conn.Read(make([]byte, 1))
			requireRefused(t, Refused(err), c.check, true)
		})
	}
}
