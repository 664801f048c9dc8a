package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/go-qtro/qtro/core"
	_ "github.com/go-qtro/qtro/transports/tcp"
)

// Thermostat's fields are properties, or signals if they are functions. Its methods are slots.
type Thermostat struct {
	Celsius float64 `qtro:",readonly"`
	Target  float64
	Boosted func(minutes int32)
}

// Boost is called by replicas, as boost.
func (t *Thermostat) Boost(ctx context.Context, minutes int32) (float64, error) {
	if minutes > 60 {
		return 0, fmt.Errorf("%d minutes are too long", minutes)
	}
	peer, _ := core.PeerFrom(ctx)
	fmt.Println(peer, "boosts for", minutes, "minutes")
	t.Target += 5 // all replicas hear of it
	t.Boosted(minutes)
	return t.Target, nil
}

func main() {
	url := flag.String("url", "tcp://127.0.0.1:5005", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	source, err := core.SourceOf(&Thermostat{Celsius: 19.5, Target: 20})
	check(err)
	host := core.NewHost(core.Config{})
	defer host.Close()
	check(host.EnableRemoting(source, "Thermostat"))
	at, err := host.Listen(ctx, *url) // for Qt 5: host.Listen(ctx, *url, core.Qt5)
	check(err)
	fmt.Println("Thermostat at", at)
	<-ctx.Done()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
