package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// boilerClass describes a boiler to everyone who meets one. In a .rep file it would be
//
//	POD Reading(double celsius, int watts)
//
//	class Boiler
//	{
//	    ENUM Mode {Off, Heating, Ready};
//	    PROP(Mode mode READONLY);
//	    PROP(double target READPUSH);
//	    PROP(Reading reading READONLY);
//	    SIGNAL(ready(double celsius));
//	    SLOT(int secondsTo(double celsius));
//	};
var boilerClass = &core.Class{
	Name:  "Boiler",
	Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Off", Value: 0}, {Name: "Heating", Value: 1}, {Name: "Ready", Value: 2}}}},
	PODs:  []qt.POD{{Name: "Reading", Fields: []qt.Field{{Name: "celsius", TypeName: "double"}, {Name: "watts", TypeName: "int"}}}},
	Properties: []core.Property{
		{Name: "mode", Type: "Mode", Access: core.ReadOnly},
		{Name: "target", Type: "double", Access: core.ReadPush},
		{Name: "reading", Type: "Reading", Access: core.ReadOnly},
	},
	Signals: []core.Signal{{Name: "ready", Params: []core.Param{{Name: "celsius", Type: "double"}}}},
	Slots:   []core.Slot{{Name: "secondsTo", Return: "int", Params: []core.Param{{Name: "celsius", Type: "double"}}}},
}

// reading is a Reading in Go. Fields go by their names; the case of letters does not matter.
type reading struct {
	Celsius float64
	Watts   int
}

const (
	heatingStep = 250 * time.Millisecond // how long the boiler takes for a degree
	fullPower   = 1800
	hottest     = 95
)

// plant is a host with one boiler.
type plant struct {
	story   *story
	host    *core.Host
	boiler  *core.Source
	refused chan string // peers whose certificates were not believed
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// startPlant remotes a boiler at some URLs and lets the registry know.
func startPlant(ctx context.Context, s *story, net *network, registryURL string, target, celsius float64, urls ...string) (*plant, error) {
	config, err := net.member("boiler")
	if err != nil {
		return nil, err
	}
	p := &plant{story: s, refused: make(chan string, 8)}
	config.OnError = refusals(p.refused)
	p.host = core.NewHost(config)
	ctx, p.cancel = context.WithCancel(ctx)
	if err := p.start(ctx, registryURL, target, celsius, urls); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *plant) start(ctx context.Context, registryURL string, target, celsius float64, urls []string) error {
	if err := p.build(target, celsius); err != nil {
		return err
	}
	if _, err := p.host.SetRegistry(registryURL); err != nil {
		return err
	}
	for _, url := range urls {
		at, err := p.host.Listen(ctx, url)
		if err != nil {
			return err
		}
		p.story.say("host", "remotes Boiler at %s", at)
	}
	if err := p.host.EnableRemoting(p.boiler, "Boiler"); err != nil {
		return err
	}
	p.done.Go(func() {
		if err := p.run(ctx, celsius); err != nil {
			p.story.say("host", "error: %v", err)
		}
	})
	return nil
}

// build makes the source: its values, and what answers the replicas.
func (p *plant) build(target, celsius float64) error {
	var err error
	if p.boiler, err = core.NewSource(boilerClass); err != nil {
		return err
	}
	for property, value := range map[string]any{"mode": "Ready", "target": target, "reading": reading{celsius, 0}} {
		if err := p.boiler.Set(property, value); err != nil {
			return err
		}
	}
	if err := p.boiler.OnWrite("target", p.mayTarget); err != nil {
		return err
	}
	return p.boiler.Handle("secondsTo", p.secondsTo)
}

// close ends the boiler and its host. Closing twice does no harm.
func (p *plant) close() {
	p.cancel()
	_ = p.host.Close()
	p.done.Wait()
}

// mayTarget is asked when a replica pushes a target. An error refuses it; else the property gets the value.
func (p *plant) mayTarget(ctx context.Context, v qt.Value) error {
	peer, _ := core.PeerFrom(ctx)
	p.story.say("host", "%s sets the target to %v", peer, v)
	if v.Float() > hottest {
		return fmt.Errorf("a target of %v is too hot", v)
	}
	return nil
}

// secondsTo answers the slot of that name.
func (p *plant) secondsTo(ctx context.Context, celsius float64) (int, error) {
	peer, _ := core.PeerFrom(ctx)
	p.story.say("host", "%s calls secondsTo(%v)", peer, celsius)
	if celsius > hottest {
		return 0, fmt.Errorf("%v degrees are too hot", celsius)
	}
	v, err := p.boiler.Get("reading")
	if err != nil {
		return 0, err
	}
	now, err := qt.As[reading](v)
	if err != nil {
		return 0, err
	}
	return int(max(0, celsius-now.Celsius) * heatingStep.Seconds()), nil
}

// run is the boiler at work: it heats while its target is above its temperature. Every replica sees what it does.
func (p *plant) run(ctx context.Context, celsius float64) error {
	step := time.NewTicker(heatingStep)
	defer step.Stop()
	for heating := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-step.C:
		}
		target, err := p.boiler.Get("target")
		switch {
		case err != nil:
		case celsius < target.Float() && !heating:
			heating = true
			err = p.boiler.Set("mode", "Heating")
		case celsius < target.Float():
			celsius++
			err = p.boiler.Set("reading", reading{celsius, fullPower})
		case heating:
			heating = false
			err = errors.Join(
				p.boiler.Set("reading", reading{celsius, 0}),
				p.boiler.Set("mode", "Ready"),
				p.boiler.Emit("ready", celsius))
		}
		if err != nil {
			return err
		}
	}
}
