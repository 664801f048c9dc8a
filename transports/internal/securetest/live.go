package securetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// changes tell those who ask for it that what is trusted has changed.
type changes struct {
	mu   sync.Mutex
	next int
	fns  map[int]func()
}

func (c *changes) onChange(fn func()) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fns == nil {
		c.fns = map[int]func(){}
	}
	id := c.next
	c.next++
	c.fns[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.fns, id)
	}
}

func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, fn := range c.fns {
		fn()
	}
}

func (c *changes) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.fns)
}

// liveConnections checks that they are left alone unless it is said that they are not.
func (w *World) liveConnections(t *testing.T) {
	var changed changes
	host, client := w.With(w.Host), w.With(w.Client)
	host.OnChange, client.OnChange = changed.onChange, changed.onChange
	s := w.serve(t, w.New(host))
	c, _ := w.connect(t, w.New(client), s)
	w.Revoke(w.Host)
	w.Revoke(w.Client)
	changed.tell()
	w.converse(t, c)
}

func (w *World) dropLive(t *testing.T) {
	var changed changes
	host, client := w.With(w.Host), w.With(w.Client)
	host.OnChange, client.OnChange = changed.onChange, changed.onChange
	host.DropLive, client.DropLive = true, true
	s := w.serve(t, w.New(host))
	c, _ := w.connect(t, w.New(client), s)
	client.Certificate = w.With(w.Issue(t, certs.Template{URIs: []string{ClientID}})).Certificate
	other, _ := w.connect(t, w.New(client), s)
	changed.tell()
	w.converse(t, c)
	w.converse(t, other)

	w.Revoke(w.Client)
	changed.tell()
	Refused(certs.CheckRevoked, false)(t, receive(t, w, s.ended))
	end := make(chan error, 1)
	read := func(c core.Conn) {
		_, err := c.Read(make([]byte, 1))
		end <- err
	}
	go read(c)
	if receive(t, w, end) == nil {
		t.Fatal("the client did not notice the end")
	}
	w.converse(t, other)

	go read(other)
	w.Revoke(w.Host)
	changed.tell()
	Refused(certs.CheckRevoked, false)(t, receive(t, w, end))
	receive(t, w, s.ended)
	_, err := other.Write([]byte{1})
	Refused(certs.CheckRevoked, false)(t, err)
	for began := time.Now(); changed.asked() > 0; runtime.Gosched() {
		if time.Since(began) > w.Timeout {
			t.Fatalf("%d connections that are closed still ask for changes", changed.asked())
		}
	}
}

// dropMeanwhile checks that a change is not missed which comes when the handshake has already looked.
func (w *World) dropMeanwhile(t *testing.T) {
	var changed changes
	host := w.With(w.Host)
	host.OnChange, host.DropLive = changed.onChange, true
	host.Revocation = append(host.Revocation, func(context.Context, []*x509.Certificate, []byte) error {
		w.Revoke(w.Client)
		changed.tell()
		return nil
	})
	s := w.serve(t, w.New(host))
	c, err := w.transport(w.Client).Dial(t.Context(), s.url)
	must(t, err)
	defer c.Close()
	select {
	case err = <-s.refused:
	case err = <-s.ended:
	case <-time.After(w.Timeout):
	}
	Refused(certs.CheckRevoked, false)(t, err)
}

// dropNode checks that a node whose certificate is revoked is thrown out, and does not come back.
func (w *World) dropNode(t *testing.T) {
	var changed changes
	host := w.With(w.Host)
	host.OnChange, host.DropLive = changed.onChange, true
	p := w.plant(t, host, w.With(w.Client))
	w.wait(t, p)
	states := make(chan core.State, 10)
	p.lamp.OnState(func(_, to core.State) { states <- to })
	w.Revoke(w.Client)
	changed.tell()
	if s := receive(t, w, states); s != core.Suspect {
		t.Fatalf("the replica is %s", s)
	}
	Refused(certs.CheckRevoked, false)(t, receive(t, w, p.hostErrors))    // why it was thrown out
	Refused(certs.CheckRevoked, false)(t, receive(t, w, p.hostErrors))    // and not let in again
	Refused(certs.CheckCertificate, true)(t, receive(t, w, p.nodeErrors)) // which it is told
}

func (w *World) anonymous(t *testing.T) {
	host := w.With(w.Host)
	host.AnonymousClients = true
	s := w.serve(t, w.New(host))
	c, peer := w.connect(t, w.transport(nil), s)
	checkPeer(t, c.Peer(), HostID, w.Host)
	if peer.Security != core.Encrypted || peer.Identity != "" || peer.Certificates != nil {
		t.Fatalf("the client without a certificate is %s %q", peer.Security, peer.Identity)
	}
	_, peer = w.connect(t, w.transport(w.Client), s)
	checkPeer(t, peer, ClientID, w.Client)
	w.Revoke(w.Client)
	_, err := w.dial(t, w.transport(w.Client), s)
	Refused(certs.CheckCertificate, true)(t, err)
	Refused(certs.CheckRevoked, false)(t, receive(t, w, s.refused))
}

// incomplete checks what fails at once.
func (w *World) incomplete(t *testing.T) {
	u := &url.URL{Scheme: w.Scheme, Host: address + ":0"}
	fails := func(what string, c certs.Config) {
		t.Helper()
		l, err := w.New(c).Listen(t.Context(), u)
		if err == nil {
			_ = l.Close()
			t.Errorf("a host with %s listens", what)
		}
	}
	c := w.With(nil)
	fails("no certificate", c)
	broken := errors.New("no such file")
	c.Certificate = func() (*tls.Certificate, error) { return nil, broken }
	fails("a certificate that cannot be read", c)
	c = w.With(w.Host)
	c.Roots = nil
	fails("no roots", c)
	if _, err := w.New(c).Dial(t.Context(), &url.URL{Scheme: w.Scheme, Host: address + ":1"}); err == nil {
		t.Error("a client with no roots dials")
	}
	c.Roots = func() (*x509.CertPool, error) { return nil, broken }
	fails("roots that cannot be read", c)
	c.Roots = func() (*x509.CertPool, error) { return nil, nil }
	fails("nil roots", c)
}
