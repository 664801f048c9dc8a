package certs

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// acmeServer does what RFC 8555 asks of an authority, for clients that behave.
type acmeServer struct {
	*httptest.Server
	t testing.TB
	a *Authority

	mu        sync.Mutex
	challenge string        // where it asks for answers
	kind      string        // of the challenge
	verdict   string        // the challenge's status when the answer is not seen
	life      time.Duration // of certificates
	backdate  time.Duration
	template  func(*x509.Certificate)
	broken    bool
	accounts  map[string]bool
	names     []string
	proven    map[string]bool
	issued    []*x509.Certificate
	chain     []byte
}

func newACMEServer(t testing.TB) *acmeServer {
	s := &acmeServer{t: t, a: newAuthority(t), kind: "http-01", verdict: "processing", life: time.Hour, accounts: map[string]bool{}, proven: map[string]bool{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.challenge = freeAddress(t)
	return s
}

func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (s *acmeServer) options(names ...string) ACMEOptions {
	return ACMEOptions{
		Directory: s.URL + "/directory", Roots: pool(s.Certificate()), Names: names, Contact: []string{"mailto:ops@plant.example"}, Listen: s.challenge,
	}
}

func (s *acmeServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *acmeServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.issued)
}

func (s *acmeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Replay-Nonce", "nonce")
	if s.broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var jws struct{ Protected, Payload string }
	_ = json.Unmarshal(body, &jws)
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	status, answer := s.handle(w, r.URL.Path, jws.Protected, payload)
	if b, ok := answer.([]byte); ok {
		_, _ = w.Write(b)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

type object map[string]any

// asks returns the challenge that the server asks to be answered.
func (s *acmeServer) asks(name string) object {
	c := object{"type": s.kind, "url": s.URL + "/challenge/" + name, "token": "token-" + name, "status": "pending"}
	if proven, looked := s.proven[name]; looked && !proven {
		c["status"] = s.verdict
		c["error"] = object{"type": "urn:ietf:params:acme:error:connection", "detail": "nobody at " + s.challenge}
	}
	return c
}

func (s *acmeServer) handle(w http.ResponseWriter, path, protected string, payload []byte) (int, any) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch kind {
	case "directory":
		return 200, object{"newNonce": s.URL + "/nonce", "newAccount": s.URL + "/account", "newOrder": s.URL + "/order"}
	case "account":
		header, _ := base64.RawURLEncoding.DecodeString(protected)
		var h struct{ JWK json.RawMessage }
		_ = json.Unmarshal(header, &h)
		w.Header().Set("Location", s.URL+"/account/1")
		if s.accounts[string(h.JWK)] {
			return 200, object{"status": "valid"}
		}
		s.accounts[string(h.JWK)] = true
		return 201, object{"status": "valid"}
	case "order":
		if name == "" {
			var order struct {
				Identifiers []struct{ Type, Value string }
			}
			_ = json.Unmarshal(payload, &order)
			s.names, s.chain, s.proven = nil, nil, map[string]bool{}
			for _, id := range order.Identifiers {
				s.names = append(s.names, id.Value)
			}
		}
		w.Header().Set("Location", s.URL+"/order/1")
		return 201 - min(len(name), 1), s.order()
	case "authz":
		status := "pending"
		if s.proven[name] {
			status = "valid"
		}
		return 200, object{"status": status, "identifier": object{"type": "dns", "value": name}, "challenges": []object{
			{"type": "other-01", "url": s.URL + "/challenge/" + name, "token": "token-" + name, "status": "pending"},
			s.asks(name),
		}}
	case "challenge":
		s.proven[name] = false
		answer, err := http.Get("http://" + s.challenge + challengePath + "token-" + name)
		if err == nil {
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			s.proven[name] = answer.StatusCode == 200 && strings.HasPrefix(string(text), "token-"+name+".")
		}
		http.DefaultClient.CloseIdleConnections()
		return 200, s.asks(name)
	case "finalize":
		var request struct{ CSR string }
		_ = json.Unmarshal(payload, &request)
		der, _ := base64.RawURLEncoding.DecodeString(request.CSR)
		s.sign(der)
		w.Header().Set("Location", s.URL+"/order/1")
		return 200, s.order()
	case "certificate":
		return 200, s.chain
	}
	return 200, object{}
}

func (s *acmeServer) order() object {
	o := object{"status": "ready", "finalize": s.URL + "/finalize/1"}
	var authz []string
	for _, name := range s.names {
		authz = append(authz, s.URL+"/authz/"+name)
		if !s.proven[name] {
			o["status"] = "pending"
		}
	}
	o["authorizations"] = authz
	if s.chain != nil {
		o["status"], o["certificate"] = "valid", s.URL+"/certificate/1"
	}
	return o
}

func (s *acmeServer) sign(der []byte) {
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil {
		return
	}
	t := &x509.Certificate{DNSNames: csr.DNSNames, IPAddresses: csr.IPAddresses, NotBefore: time.Now().Add(-s.backdate), NotAfter: time.Now().Add(s.life)}
	if s.template != nil {
		s.template(t)
	}
	cert, err := signKey(t, csr.PublicKey, s.a.inter)
	if err != nil {
		return
	}
	s.issued = append(s.issued, cert)
	s.chain = append(encodePEM(blockCertificate, cert.Raw), encodePEM(blockCertificate, s.a.inter.cert.Raw)...)
}

func TestACME(t *testing.T) {
	ctx := context.Background()
	s := newACMEServer(t)
	log := newLines()
	o := s.options("plant.example", "127.0.0.1")
	o.Dir, o.Logger = filepath.Join(t.TempDir(), "acme"), log.logger()
	a, err := NewACME(ctx, o)
	require.NoError(t, err)
	own, err := a.Certificate()
	require.NoError(t, err)
	require.Len(t, own.Certificate, 2)
	require.Equal(t, []string{"dns:plant.example", "ip:127.0.0.1"}, Identities(own.Leaf))
	log.wait(t, "a certificate by ACME", "dns:plant.example")
	_, err = net.Dial("tcp", s.challenge) // nobody listens any more
	require.Error(t, err)
	require.NoError(t, a.Close())
	if runtime.GOOS != "windows" {
		for _, file := range []string{accountFile, certificateFile} {
			info, err := os.Stat(filepath.Join(o.Dir, file))
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm())
		}
	}

	// The next start needs no server, unless other names are wanted.
	s.set(func() { s.broken = true })
	a, err = NewACME(ctx, o)
	require.NoError(t, err)
	again, _ := a.Certificate()
	require.Equal(t, own.Certificate, again.Certificate)
	require.NoError(t, a.Close())
	s.set(func() { s.broken = false })
	o.Names = []string{"other.example"}
	a, err = NewACME(ctx, o)
	require.NoError(t, err)
	log.wait(t, "the kept certificate is not used", "other.example")
	require.NoError(t, a.Close())
	require.Len(t, s.accounts, 1)
	put(t, filepath.Join(o.Dir, accountFile), []byte("x"))
	_, err = NewACME(ctx, o)
	require.ErrorContains(t, err, "account.key has no PEM block of a private key")
}

func TestACMERenews(t *testing.T) {
	s := newACMEServer(t)
	log := newLines()
	o := s.options("plant.example")
	o.Logger = log.logger()
	s.set(func() { s.life, s.backdate = 4*time.Second, time.Hour })
	a, err := NewACME(context.Background(), o)
	require.NoError(t, err)
	defer a.Close()
	first, _ := a.Certificate()
	began := time.Now()
	s.set(func() { s.broken = true })
	log.wait(t, "cannot be renewed; trying again", "attempts=1", "500")
	require.GreaterOrEqual(t, time.Since(began), 2*time.Second) // dated back is not used up
	still, _ := a.Certificate()
	require.Same(t, first, still)
	s.set(func() { s.broken = false; s.life = time.Hour })
	log.wait(t, "a certificate by ACME")
	next, _ := a.Certificate()
	require.Equal(t, s.issued[1].Raw, next.Leaf.Raw)
	require.Equal(t, 2, s.count())
}

func TestACMEErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, nil)
	for name, c := range map[string]struct {
		change func(s *acmeServer, o *ACMEOptions)
		want   string
	}{
		"no names":      {func(_ *acmeServer, o *ACMEOptions) { o.Names = nil }, "needs a name"},
		"no server":     {func(s *acmeServer, o *ACMEOptions) { o.Directory = "https://" + s.challenge }, "refused"},
		"another root":  {func(_ *acmeServer, o *ACMEOptions) { o.Roots = x509.NewCertPool() }, "signed by unknown authority"},
		"no directory":  {func(_ *acmeServer, o *ACMEOptions) { o.Dir = filepath.Join(file, "x") }, "not a directory"},
		"no challenge":  {func(s *acmeServer, _ *ACMEOptions) { s.kind = "dns-01" }, "plant.example: the authority does not offer a challenge by http-01"},
		"port is taken": {func(_ *acmeServer, o *ACMEOptions) { o.Listen = busy.Addr().String() }, "plant.example: challenge: listen tcp"},
		"another name": {func(s *acmeServer, _ *ACMEOptions) {
			s.template = func(t *x509.Certificate) { t.DNSNames = []string{"x.example"} }
		}, "valid for x.example, not plant.example"},
		"refused":                          {func(s *acmeServer, o *ACMEOptions) { o.Listen, s.verdict = freeAddress(t), "invalid" }, "acme:error:connection: nobody at "},
		"no answer, asked again and again": {func(s *acmeServer, o *ACMEOptions) { o.Listen, s.verdict = freeAddress(t), "pending" }, "acme:error:connection: nobody at "},
		"expired":                          {func(s *acmeServer, _ *ACMEOptions) { s.life, s.backdate = -time.Minute, time.Hour }, "it has expired at"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newACMEServer(t)
			o := s.options("plant.example")
			o.Logger = newLines().logger()
			s.set(func() { c.change(s, &o) })
			_, err := NewACME(context.Background(), o)
			require.ErrorContains(t, err, c.want)
		})
	}
	t.Run("no answer", func(t *testing.T) {
		s := newACMEServer(t)
		o := s.options("plant.example")
		o.Listen = freeAddress(t)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := NewACME(ctx, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, fmt.Sprintf("a certificate from %s: plant.example: challenge: ", o.Directory))
		require.ErrorContains(t, err, "nobody at ")
	})
}

func TestPause(t *testing.T) {
	for failures := range 40 {
		p := pause(failures+1, 24*time.Hour)
		require.LessOrEqual(t, p, longestPause)
		require.GreaterOrEqual(t, p, firstPause/2)
		require.LessOrEqual(t, pause(failures+1, time.Second), time.Second)
	}
}
