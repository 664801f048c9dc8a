package quic_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
)

// A host and a node that know each other by certificates of one authority.
func Example() {
	authority, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	process := func(t certs.Template) map[string]core.Transport {
		own, err := authority.Issue(t)
		if err != nil {
			fmt.Println(err)
			return nil
		}
		return map[string]core.Transport{"quic": quic.New(certs.Fixed(own, authority.Roots()))}
	}

	host := core.NewHost(core.Config{Transports: process(certs.Template{IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://plant.example/boiler"}})})
	defer host.Close()
	class := &core.Class{Name: "Boiler", Slots: []core.Slot{{Name: "whoami", Return: "QString"}}}
	boiler, err := core.NewSource(class)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = boiler.Handle("whoami", func(ctx context.Context) string {
		peer, _ := core.PeerFrom(ctx)
		return peer.Identity
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := host.EnableRemoting(boiler, "Boiler"); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, err := host.Listen(ctx, "quic://127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}

	node := core.NewNode(core.Config{RequireSecure: true, Transports: process(certs.Template{URIs: []string{"spiffe://plant.example/panel"}})})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		fmt.Println(err)
		return
	}
	replica, err := node.AcquireDynamic("Boiler")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := replica.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	who, err := replica.Call(ctx, "whoami")
	fmt.Println(who, err)
	// Output: spiffe://plant.example/panel <nil>
}
