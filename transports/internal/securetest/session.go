package securetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// changing is a Config of a process whose certificate and roots change.
type changing struct {
	own   atomic.Pointer[tls.Certificate]
	roots atomic.Pointer[x509.CertPool]
}

func (w *World) changing(own *tls.Certificate) (*changing, certs.Config) {
	v := &changing{}
	v.own.Store(own)
	v.roots.Store(w.Authority.Roots())
	c := w.With(nil)
	c.Certificate = func() (*tls.Certificate, error) { return v.own.Load(), nil }
	c.Roots = func() (*x509.CertPool, error) { return v.roots.Load(), nil }
	return v, c
}

func (w *World) resumption(t *testing.T) {
	client := w.transport(w.Client)
	s := w.serve(t, w.transport(w.Host))
	c, _ := w.connect(t, client, s)
	if w.Resumed(c) {
		t.Fatal("the first session is resumed")
	}
	c, peer := w.resumed(t, client, s)
	checkPeer(t, peer, ClientID, w.Client)
	checkPeer(t, c.Peer(), HostID, w.Host)
	w.converse(t, c)
	// Hosts at the same address do not share a session.
	other := w.serve(t, w.transport(w.Host))
	w.connect(t, client, other)
	w.resumed(t, client, s)
}

func (w *World) resumedClient(t *testing.T) {
	client := w.transport(w.Client)
	s := w.serve(t, w.transport(w.Host))
	live, _ := w.resumed(t, client, s)
	w.Revoke(w.Client)
	_, err := w.dial(t, client, s)
	Refused(certs.CheckCertificate, true)(t, err)
	Refused(certs.CheckRevoked, false)(t, receive(t, w, s.refused))
	w.converse(t, live) // nobody asked for more
}

func (w *World) resumedHost(t *testing.T) {
	client := w.transport(w.Client)
	s := w.serve(t, w.transport(w.Host))
	w.resumed(t, client, s)
	w.Revoke(w.Host)
	_, err := w.dial(t, client, s)
	Refused(certs.CheckRevoked, false)(t, err)
	Refused(certs.CheckCertificate, true)(t, receive(t, w, s.refused))
}

func (w *World) withdrawnRoots(t *testing.T) {
	hostSide, hostConfig := w.changing(w.Host)
	clientSide, clientConfig := w.changing(w.Client)
	client := w.New(clientConfig)
	s := w.serve(t, w.New(hostConfig))
	w.resumed(t, client, s)
	others := authority(t, "Others").Roots()
	hostSide.roots.Store(others)
	_, err := w.dial(t, client, s)
	Refused(certs.CheckAuthority, true)(t, err)
	Refused(certs.CheckAuthority, false)(t, receive(t, w, s.refused))
	hostSide.roots.Store(w.Authority.Roots())
	w.resumed(t, client, s)
	clientSide.roots.Store(others)
	_, err = w.dial(t, client, s)
	Refused(certs.CheckAuthority, false)(t, err)
	Refused(certs.CheckCertificate, true)(t, receive(t, w, s.refused))
}

// renewal checks that a new certificate is used by the next handshake, be there a session or not.
func (w *World) renewal(t *testing.T) {
	hostSide, hostConfig := w.changing(w.Host)
	clientSide, clientConfig := w.changing(w.Client)
	client := w.New(clientConfig)
	s := w.serve(t, w.New(hostConfig))
	live, _ := w.resumed(t, client, s)

	newHost := w.Issue(t, certs.Template{IPs: []string{address}, URIs: []string{HostID}})
	hostSide.own.Store(newHost)
	c, peer := w.connect(t, client, s)
	checkPeer(t, c.Peer(), HostID, newHost)
	checkPeer(t, peer, ClientID, w.Client)
	w.resumed(t, client, s)

	newClient := w.Issue(t, certs.Template{URIs: []string{ClientID}})
	clientSide.own.Store(newClient)
	c, peer = w.connect(t, client, s)
	checkPeer(t, c.Peer(), HostID, newHost)
	checkPeer(t, peer, ClientID, newClient)
	w.resumed(t, client, s)

	w.converse(t, live)
	checkPeer(t, live.Peer(), HostID, w.Host)
}

// renewalAfterRevocation checks that who got a new certificate for one that was revoked is not held to the old one.
func (w *World) renewalAfterRevocation(t *testing.T) {
	hostSide, hostConfig := w.changing(w.Host)
	clientSide, clientConfig := w.changing(w.Client)
	client := w.New(clientConfig)
	s := w.serve(t, w.New(hostConfig))
	w.resumed(t, client, s)
	hostSide.own.Store(w.Issue(t, certs.Template{IPs: []string{address}, URIs: []string{HostID}}))
	w.Revoke(w.Host)
	w.connect(t, client, s)
	clientSide.own.Store(w.Issue(t, certs.Template{URIs: []string{ClientID}}))
	w.Revoke(w.Client)
	w.connect(t, client, s)
}

// plant is a host with a lamp, and a node that wants to be connected to it.
type plant struct {
	lamp                   *core.Replica
	hostErrors, nodeErrors chan error
}

func (w *World) plant(t *testing.T, host, client certs.Config) *plant {
	t.Helper()
	p := &plant{hostErrors: make(chan error, 100), nodeErrors: make(chan error, 100)}
	config := func(c certs.Config, errs chan error) core.Config {
		return core.Config{
			Logger: slog.New(slog.DiscardHandler), RetryMax: 100 * time.Millisecond, OnError: func(err error) { errs <- err },
			Transports: map[string]core.Transport{w.Scheme: w.New(c)}, RequireSecure: true,
		}
	}
	h := core.NewHost(config(host, p.hostErrors))
	t.Cleanup(func() { _ = h.Close() })
	source, err := core.NewSource(&core.Class{Name: "Lamp", Properties: []core.Property{{Name: "on", Type: "bool"}}})
	must(t, err)
	must(t, h.EnableRemoting(source, "Lamp"))
	at, err := h.Listen(t.Context(), w.Scheme+"://"+address+":0")
	must(t, err)
	n := core.NewNode(config(client, p.nodeErrors))
	t.Cleanup(func() { _ = n.Close() })
	must(t, n.Connect(at))
	p.lamp, err = n.AcquireDynamic("Lamp")
	must(t, err)
	return p
}

// wait waits until the lamp is there.
func (w *World) wait(t *testing.T, p *plant) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), w.Timeout)
	defer cancel()
	must(t, p.lamp.Wait(ctx))
}

// waitForRenewal checks that a node whose certificate has expired gets through when it has a new one.
func (w *World) waitForRenewal(t *testing.T) {
	side, client := w.changing(w.Issue(t, certs.Template{
		URIs: []string{ClientID}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
	}))
	p := w.plant(t, w.With(w.Host), client)
	Refused(certs.CheckExpired, true)(t, receive(t, w, p.nodeErrors))
	side.own.Store(w.Client)
	w.wait(t, p)
}
