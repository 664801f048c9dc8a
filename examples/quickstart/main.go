// Command quickstart shows what qtro is for, in one process and without any set-up: a registry, a host that remotes a
// boiler, and a replica of it on another node, which finds it through the registry, follows it, changes it, calls it, loses
// it and gets it back. The three nodes prove to each other who they are, over TLS and over QUIC, as they would in three
// programs on three machines; a fourth cannot, and is refused.
//
//	go run ./examples/quickstart
//
// With -v it also logs what the nodes have to say.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

func main() {
	verbose := flag.Bool("v", false, "log what the nodes have to say")
	flag.Parse()
	_ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") // nothing here is large
	logger := slog.New(slog.DiscardHandler)
	if *verbose {
		logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := run(ctx, newStory(os.Stdout), logger); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// A port of 0 lets the system choose a free one; Listen returns the URL with the real one.
const (
	overTLS  = "tls://127.0.0.1:0"
	overQUIC = "quic://127.0.0.1:0"
)

func run(ctx context.Context, s *story, logger *slog.Logger) error {
	net, err := newNetwork("plant", logger)
	if err != nil {
		return err
	}

	s.chapter("A registry knows which objects there are and where")
	config, err := net.member("registry")
	if err != nil {
		return err
	}
	registry, err := core.NewRegistryHost(config)
	if err != nil {
		return err
	}
	defer registry.Close()
	added, removed := make(chan qt.SourceLocation, 8), make(chan qt.SourceLocation, 8)
	registry.Registry().OnAdded(func(l qt.SourceLocation) { added <- l })
	registry.Registry().OnRemoved(func(l qt.SourceLocation) { removed <- l })
	registryURL, err := registry.Listen(ctx, overTLS)
	if err != nil {
		return err
	}
	s.say("registry", "listens at %s", registryURL)

	s.chapter("A host remotes an object")
	plant, err := startPlant(ctx, s, net, registryURL, 60, 60, overQUIC, overTLS) // the first is announced
	if err != nil {
		return err
	}
	defer func() { plant.close() }()
	if err := s.registered(ctx, added); err != nil {
		return err
	}

	s.chapter("A replica finds it, and learns what it is like")
	if config, err = net.member("panel"); err != nil {
		return err
	}
	node := core.NewNode(config)
	defer node.Close()
	if _, err := node.SetRegistry(registryURL); err != nil {
		return err
	}
	boiler, err := node.AcquireDynamic("Boiler")
	if err != nil {
		return err
	}
	defer boiler.Close()
	if err := boiler.Wait(ctx); err != nil {
		return err
	}
	host, _ := boiler.Peer()
	s.say("replica", "is %s; its source is at %s", boiler.State(), host)
	s.say("replica", "is a %s", describe(boiler.Class()))
	for _, p := range boiler.Class().Properties {
		v, err := boiler.Get(p.Name)
		if err != nil {
			return err
		}
		s.say("replica", "%s is %v", p.Name, v)
	}

	s.chapter("It changes the object, and follows what happens")
	events := make(chan string, 64)
	if err := watch(boiler, events); err != nil {
		return err
	}
	s.say("replica", "pushes target 66")
	if err := boiler.Set("target", 66); err != nil {
		return err
	}
	if err := s.follow(ctx, "replica", events, "signal ready"); err != nil {
		return err
	}

	s.chapter("It calls a slot, and gets the reply")
	s.say("replica", "calls secondsTo(90)")
	reply, err := boiler.Call(ctx, "secondsTo", 90)
	if err != nil {
		return err
	}
	s.say("replica", "the reply is %v", reply)
	s.say("replica", "calls secondsTo(120)")
	_, err = boiler.Call(ctx, "secondsTo", 120)
	s.say("replica", "error: %v", err)

	s.chapter("Somebody else is refused")
	if err := intrude(ctx, s, net, plant); err != nil {
		return err
	}

	s.chapter("The host goes away")
	s.say("host", "closes")
	plant.close()
	if err := s.follow(ctx, "replica", events, "is Suspect"); err != nil {
		return err
	}
	last, err := core.Get[reading](boiler, "reading")
	if err != nil {
		return err
	}
	s.say("replica", "last saw %v degrees", last.Celsius)
	_, err = boiler.Call(ctx, "secondsTo", 90)
	s.say("replica", "error: %v", err)
	gone, err := receive(ctx, removed)
	if err != nil {
		return err
	}
	s.say("registry", "no longer has %s", gone.Name)

	s.chapter("It comes back elsewhere, by another transport, and has changed meanwhile")
	if plant, err = startPlant(ctx, s, net, registryURL, 55, 63, overTLS, overQUIC); err != nil {
		return err
	}
	if err := s.registered(ctx, added); err != nil {
		return err
	}
	if err := s.follow(ctx, "replica", events, "is up to date"); err != nil {
		return err
	}
	if host, ok := boiler.Peer(); ok {
		s.say("replica", "its source is at %s", host)
	}
	s.say("replica", "calls secondsTo(71)")
	if reply, err = boiler.Call(ctx, "secondsTo", 71); err != nil {
		return err
	}
	s.say("replica", "the reply is %v", reply)
	return nil
}

// intrude tries to have a boiler with a certificate that the plant has no reason to believe, once by each transport.
func intrude(ctx context.Context, s *story, net *network, p *plant) error {
	config, err := net.intruder()
	if err != nil {
		return err
	}
	told := make(chan string, 8)
	config.OnError = refusals(told)
	node := core.NewNode(config)
	defer node.Close()
	for _, url := range p.host.URLs() {
		s.say("intruder", "connects to %s", url)
		if err := node.Connect(url); err != nil {
			return err
		}
		if err := s.hear(ctx, "host", p.refused); err != nil {
			return err
		}
		if err := s.hear(ctx, "intruder", told); err != nil {
			return err
		}
	}
	return nil
}

// watch sends what happens to a replica to events. Callbacks of a replica are called one after another, in the order in which
// things happened; they do best to hand over what they get and return.
func watch(r *core.Replica, events chan<- string) error {
	r.OnState(func(_, now core.State) { events <- "is " + now.String() })
	r.OnNotified(func() { events <- "is up to date" })
	for _, p := range r.Class().Properties {
		if _, err := r.OnChange(p.Name, func(v qt.Value) { events <- fmt.Sprintf("%s is now %v", p.Name, v) }); err != nil {
			return err
		}
	}
	for _, sig := range r.Class().Signals {
		if _, err := r.OnSignal(sig.Name, func(args []qt.Value) { events <- fmt.Sprintf("signal %s %v", sig.Name, args) }); err != nil {
			return err
		}
	}
	return nil
}

// describe says in a line what a class has.
func describe(c *core.Class) string {
	text := c.Name + " with properties"
	for _, p := range c.Properties {
		text += " " + p.Name
	}
	text += ", signals"
	for _, sig := range c.Signals {
		text += " " + sig.Name
	}
	text += ", slots"
	for _, slot := range c.Slots {
		text += " " + slot.Name
	}
	return text
}
