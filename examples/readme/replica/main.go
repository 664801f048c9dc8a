package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	_ "github.com/go-qtro/qtro/transports/tcp"
)

func main() {
	url := flag.String("url", "tcp://127.0.0.1:5005", "where the host is")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	node := core.NewNode(core.Config{})
	defer node.Close()
	check(node.Connect(*url)) // or node.SetRegistry, and the registry says where
	thermostat, err := node.AcquireDynamic("Thermostat")
	check(err)
	check(thermostat.Wait(ctx))

	celsius, err := core.Get[float64](thermostat, "celsius")
	check(err)
	fmt.Println("it has", celsius, "degrees")

	changed := make(chan qt.Value, 8)
	_, err = thermostat.OnChange("target", func(v qt.Value) { changed <- v })
	check(err)
	check(thermostat.Set("target", celsius+2)) // asks for it; the source decides
	select {
	case v := <-changed:
		fmt.Println("its target is now", v)
	case <-ctx.Done():
		log.Fatal("its target does not change")
	}

	target, err := thermostat.Call(ctx, "boost", 10)
	check(err)
	fmt.Println("boosted to", target)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
