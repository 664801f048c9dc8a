// Command host remotes a pump over TLS and QUIC to clients with certificates, of which each may do what a policy says. See
// README.md in the folder above.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tls"
)

// Pump is remoted: a property, and two slots. Policies know them as Pump.rpm, Pump.start and Pump.reset.
type Pump struct {
	RPM int32 `qtro:"rpm,readonly"`
}

// Start is a slot.
func (p *Pump) Start(ctx context.Context, rpm int32) string {
	peer, _ := core.PeerFrom(ctx)
	fmt.Printf("%s starts the pump with %d rpm\n", peer, rpm)
	p.RPM = rpm
	return "hello, " + peer.Identity
}

// Reset is a slot that no policy allows.
func (p *Pump) Reset() { p.RPM = 0 }

func main() {
	dir := flag.String("certs", "out/certs", "folder with ca.pem, host.pem and host.key")
	policy := flag.String("policy", "examples/mtls/policy.cedar", "file that says what clients may do")
	overTLS := flag.String("tls", "tls://127.0.0.1:5010", "where to listen")
	overQUIC := flag.String("quic", "quic://127.0.0.1:5010", "where to listen, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	// Who this host is, and which authority vouches for its clients. Renewed files are used for the next connection.
	store, err := certs.Open(certs.Files{
		Certificate: filepath.Join(*dir, "host.pem"),
		Key:         filepath.Join(*dir, "host.key"),
		Roots:       []string{filepath.Join(*dir, "ca.pem")},
	})
	check(err)
	defer store.Close()

	// What each client may do. A changed file counts at once, for live connections as well.
	policies, err := authz.Open(authz.Config{}, *policy)
	check(err)
	defer policies.Close()

	host := core.NewHost(core.Config{
		Transports:    map[string]core.Transport{"tls": tls.New(store.Config()), "quic": quic.New(store.Config())},
		RequireSecure: true, // not even by mistake does it listen at a tcp:// URL
		Authorizer:    policies,
	})
	defer host.Close()
	source, err := core.SourceOf(&Pump{})
	check(err)
	check(host.EnableRemoting(source, "Pump"))
	for _, url := range []string{*overTLS, *overQUIC} {
		at, err := host.Listen(ctx, url)
		check(err)
		fmt.Println("Pump at", at)
	}
	<-ctx.Done()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
