// Command client uses the pump of the host beside it, over TLS or QUIC. See README.md in the folder above.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tls"
)

func main() {
	url := flag.String("url", "tls://127.0.0.1:5010", "where the host is; its quic:// URL does as well")
	dir := flag.String("certs", "out/certs", "folder with ca.pem, client.pem and client.key")
	anonymous := flag.Bool("anonymous", false, "show no certificate")
	flag.Parse()
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)

	files := certs.Files{Roots: []string{filepath.Join(*dir, "ca.pem")}}
	if !*anonymous {
		files.Certificate = filepath.Join(*dir, "client.pem")
		files.Key = filepath.Join(*dir, "client.key")
	}
	store, err := certs.Open(files)
	check(err)
	defer store.Close()

	node := core.NewNode(core.Config{
		Transports:    map[string]core.Transport{"tls": tls.New(store.Config()), "quic": quic.New(store.Config())},
		RequireSecure: true,
		OnError:       fail, // a program that runs for long would not end: the node tries again where that can help
		Logger:        slog.New(slog.DiscardHandler),
	})
	defer node.Close()
	check(node.Connect(*url))
	pump, err := node.AcquireDynamic("Pump")
	check(err)
	if pump.Wait(ctx) != nil {
		log.Fatal(context.Cause(ctx))
	}
	host, _ := pump.Peer()
	fmt.Println("the host is", host)

	rpm, err := core.Get[int](pump, "rpm")
	check(err)
	fmt.Println("it runs with", rpm, "rpm")
	reply, err := pump.Call(ctx, "start", 900)
	check(err)
	fmt.Println("start:", reply)
	_, err = pump.Call(ctx, "reset")
	fmt.Println("reset:", err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
