package core_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	_ "github.com/go-qtro/qtro/transports/tcp"
)

// thermostat is what a .rep file would say.
var thermostat = &core.Class{
	Name: "Thermostat",
	Properties: []core.Property{
		{Name: "target", Type: "double", Access: core.ReadWrite, Default: 20.5},
		{Name: "zone", Type: "QString", Access: core.Constant, Default: "kitchen"},
	},
	Signals: []core.Signal{{Name: "alarm", Params: []core.Param{{Name: "text", Type: "QString"}}}},
	Slots:   []core.Slot{{Name: "raise", Return: "double", Params: []core.Param{{Name: "by", Type: "double"}}}},
}

// newThermostat returns a host that listens and remotes a thermostat, its URL, and the source.
func newThermostat(ctx context.Context) (*core.Host, string, *core.Source) {
	source, err := core.NewSource(thermostat)
	if err != nil {
		log.Fatal(err)
	}
	err = source.Handle("raise", func(ctx context.Context, by float64) (float64, error) {
		v, err := source.Get("target")
		if err != nil {
			return 0, err
		}
		return v.Float() + by, source.Set("target", v.Float()+by)
	})
	if err != nil {
		log.Fatal(err)
	}
	host := core.NewHost(core.Config{})
	url, err := host.Listen(ctx, "tcp://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	if err := host.EnableRemoting(source, "thermostat"); err != nil {
		log.Fatal(err)
	}
	return host, url, source
}

// A host remotes a source; a node elsewhere has a typed replica of it, reads a property, and calls a slot.
func Example() {
	ctx := context.Background()
	host, url, _ := newThermostat(ctx)
	defer host.Close()

	node := core.NewNode(core.Config{})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		log.Fatal(err)
	}
	replica, err := node.Acquire("thermostat", thermostat)
	if err != nil {
		log.Fatal(err)
	}
	defer replica.Close()
	if err := replica.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	target, err := core.Get[float64](replica, "target")
	if err != nil {
		log.Fatal(err)
	}
	raised, err := replica.Call(ctx, "raise", 1.5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(target, raised)
	// Output: 20.5 22
}

// A dynamic replica learns its class from the host.
func ExampleNode_AcquireDynamic() {
	ctx := context.Background()
	host, url, source := newThermostat(ctx)
	defer host.Close()

	node := core.NewNode(core.Config{})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		log.Fatal(err)
	}
	replica, err := node.AcquireDynamic("thermostat")
	if err != nil {
		log.Fatal(err)
	}
	if err := replica.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	for _, p := range replica.Class().Properties {
		v, err := replica.Get(p.Name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Type, p.Name, v)
	}
	told := make(chan string)
	if _, err := replica.OnSignal("alarm", func(args []qt.Value) { told <- args[0].String() }); err != nil {
		log.Fatal(err)
	}
	if err := source.Emit("alarm", "too hot"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-told)
	// Output:
	// double target 20.5
	// QString zone kitchen
	// too hot
}

// Through a registry, nodes find objects by their names alone.
func ExampleNode_SetRegistry() {
	ctx := context.Background()
	registry, err := core.NewRegistryHost(core.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer registry.Close()
	at, err := registry.Listen(ctx, "tcp://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	host, _, _ := newThermostat(ctx)
	defer host.Close()
	if _, err := host.SetRegistry(at); err != nil {
		log.Fatal(err)
	}

	node := core.NewNode(core.Config{})
	defer node.Close()
	if _, err := node.SetRegistry(at); err != nil {
		log.Fatal(err)
	}
	replica, err := node.Acquire("thermostat", thermostat)
	if err != nil {
		log.Fatal(err)
	}
	if err := replica.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	names, err := node.Instances("Thermostat")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(replica.State(), names)
	// Output: Valid [thermostat]
}

// A connection that the program opens itself is given to both sides.
func ExampleHost_AddHostSideConnection() {
	ctx := context.Background()
	host, _, _ := newThermostat(ctx)
	defer host.Close()
	node := core.NewNode(core.Config{})
	defer node.Close()

	atHost, atNode := net.Pipe() // or whatever carries bytes
	if err := host.AddHostSideConnection(atHost); err != nil {
		log.Fatal(err)
	}
	if err := node.AddClientSideConnection(atNode); err != nil {
		log.Fatal(err)
	}
	replica, err := node.Acquire("thermostat", thermostat)
	if err != nil {
		log.Fatal(err)
	}
	if err := replica.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	changed := make(chan qt.Value)
	if _, err := replica.OnChange("target", func(v qt.Value) { changed <- v }); err != nil {
		log.Fatal(err)
	}
	if err := replica.Set("target", 19); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-changed)
	// Output: 19
}
