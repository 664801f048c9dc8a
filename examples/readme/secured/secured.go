// Command secured is the host of README.md's part on security: nobody reaches it without a certificate. It runs in a folder with
// what scripts/gen-certs makes, and a folder of policies.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	files, err := certs.Open(certs.Files{Certificate: "host.pem", Key: "host.key", Roots: []string{"ca.pem"}})
	check(err)
	defer files.Close()
	secure := files.Config() // certificates that are renewed are used by the next handshake
	secure.Expect = []string{"spiffe://qtro.example/*"}

	policies, err := authz.Open(authz.Config{}, "policies") // who may see, read, write and call what; optional
	check(err)
	defer policies.Close()

	host := core.NewHost(core.Config{
		Transports:    map[string]core.Transport{"tls": tls.New(secure), "quic": quic.New(secure)},
		RequireSecure: true, // no tcp:// by accident, and none that a registry announces
		Authorizer:    policies,
	})
	defer host.Close()
	at, err := host.Listen(ctx, "tls://localhost:5000")
	check(err)

	fmt.Println("reached at", at)
	<-ctx.Done()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
