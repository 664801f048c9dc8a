package tls_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/tls"
)

// A host and a client whose certificates are from an authority of their own. Programs that run for longer than a test have
// certificates in files or from an authority elsewhere.
func Example() {
	authority, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	if err != nil {
		log.Fatal(err)
	}
	hostCert, err := authority.Issue(certs.Template{IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://plant.example/boiler"}})
	if err != nil {
		log.Fatal(err)
	}
	clientCert, err := authority.Issue(certs.Template{URIs: []string{"spiffe://plant.example/panel/7"}})
	if err != nil {
		log.Fatal(err)
	}

	// The host.
	hostSide := certs.Fixed(hostCert, authority.Roots())
	hostSide.Expect = []string{"spiffe://plant.example/panel/*"}
	host := core.NewHost(core.Config{Transports: map[string]core.Transport{"tls": tls.New(hostSide)}})
	defer host.Close()
	boiler, err := core.NewSource(&core.Class{Name: "Boiler", Slots: []core.Slot{{Name: "vent", Return: "QString"}}})
	if err != nil {
		log.Fatal(err)
	}
	err = boiler.Handle("vent", func(ctx context.Context) string {
		peer, _ := core.PeerFrom(ctx)
		return "vented for " + peer.Identity
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := host.EnableRemoting(boiler, "Boiler"); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, err := host.Listen(ctx, "tls://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	// The client.
	clientSide := certs.Fixed(clientCert, authority.Roots())
	clientSide.Expect = []string{"spiffe://plant.example/boiler"}
	node := core.NewNode(core.Config{Transports: map[string]core.Transport{"tls": tls.New(clientSide)}})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		log.Fatal(err)
	}
	replica, err := node.AcquireDynamic("Boiler")
	if err != nil {
		log.Fatal(err)
	}
	if err := replica.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	answer, err := replica.Call(ctx, "vent")
	fmt.Println(answer.Any(), err)
	peer, _ := replica.Peer()
	fmt.Println(peer.Security, peer.Identity)
	// Output:
	// vented for spiffe://plant.example/panel/7 <nil>
	// authenticated spiffe://plant.example/boiler
}

// What a node is told when it comes to the wrong host.
func Example_refused() {
	plant, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	if err != nil {
		log.Fatal(err)
	}
	other, err := certs.NewAuthority("Other", certs.AuthorityOptions{})
	if err != nil {
		log.Fatal(err)
	}
	transport := func(a *certs.Authority, roots *certs.Authority) map[string]core.Transport {
		own, err := a.Issue(certs.Template{IPs: []string{"127.0.0.1"}})
		if err != nil {
			log.Fatal(err)
		}
		return map[string]core.Transport{"tls": tls.New(certs.Fixed(own, roots.Roots()))}
	}
	quiet := slog.New(slog.DiscardHandler)
	host := core.NewHost(core.Config{Transports: transport(other, plant), Logger: quiet})
	defer host.Close()
	url, err := host.Listen(context.Background(), "tls://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	told := make(chan error, 1)
	node := core.NewNode(core.Config{Transports: transport(plant, plant), Logger: quiet, OnError: func(err error) { told <- err }})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		log.Fatal(err)
	}
	var refused *certs.RefusedError
	if errors.As(<-told, &refused) {
		fmt.Printf("check: %s, by the peer: %t, for good: %t\n", refused.Check, refused.Remote, refused.Permanent())
	}
	// Output: check: authority, by the peer: false, for good: true
}
