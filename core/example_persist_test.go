package core_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/go-qtro/qtro/core"
)

// A program shows what its boiler was set to before it has reached it: the property is PERSISTED, and the node has a store.
func ExampleNewFileStore() {
	ctx := context.Background()
	boiler := &core.Class{Name: "Boiler", Properties: []core.Property{
		{Name: "target", Type: "double", Default: 20.5, Persisted: true}, // PROP(double target = 20.5 PERSISTED)
	}}
	source, err := core.NewSource(boiler)
	if err != nil {
		log.Fatal(err)
	}
	host := core.NewHost(core.Config{})
	defer host.Close()
	if err := host.EnableRemoting(source, "cellar"); err != nil {
		log.Fatal(err)
	}
	url, err := host.Listen(ctx, "tcp://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	if err := source.Set("target", 62.5); err != nil {
		log.Fatal(err)
	}

	dir, err := os.MkdirTemp("", "boiler") // a program has a folder of its own below os.UserConfigDir, say
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, run := range []string{"first run", "second run"} {
		store, err := core.NewFileStore(dir)
		if err != nil {
			log.Fatal(err)
		}
		node := core.NewNode(core.Config{PersistedStore: store})
		replica, err := node.Acquire("cellar", boiler)
		if err != nil {
			log.Fatal(err)
		}
		show := func() {
			target, err := core.Get[float64](replica, "target")
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(run, replica.State(), target)
		}
		show()
		if err := node.Connect(url); err != nil {
			log.Fatal(err)
		}
		if err := replica.Wait(ctx); err != nil {
			log.Fatal(err)
		}
		show()
		if err := node.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// first run Default 20.5
	// first run Valid 62.5
	// second run Default 62.5
	// second run Valid 62.5
}
