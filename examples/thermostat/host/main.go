// Command host simulates a room and remotes its thermostat over TLS, to clients with a certificate. See README.md in the folder
// above.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/examples/thermostat"
	"github.com/go-qtro/qtro/transports/tls"
)

type settings struct {
	listen, registry, certs, room string
	minute                        time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.listen, "listen", "tls://127.0.0.1:5020", "where clients reach the host")
	flag.StringVar(&s.registry, "registry", "", "a registry that is to know where the host is, such as tls://127.0.0.1:5001; optional")
	flag.StringVar(&s.certs, "certs", "out/certs", "folder with ca.pem, host.pem and host.key; ./scripts/gen-certs makes it")
	flag.StringVar(&s.room, "room", "Living room", "where the thermostat hangs")
	flag.DurationVar(&s.minute, "minute", time.Second, "how long a minute takes in the simulated room")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

// run remotes a thermostat until ctx ends.
func run(ctx context.Context, s settings, out io.Writer) error {
	store, err := thermostat.Certificates(s.certs, "host")
	if err != nil {
		return err
	}
	defer store.Close()
	secure := store.Config()
	secure.Expect = []string{"spiffe://qtro.example/*"} // whose certificate says something else is not let in
	host := core.NewHost(core.Config{Transports: map[string]core.Transport{"tls": tls.New(secure)}, RequireSecure: true})
	defer host.Close()

	t, err := newControl(s.room, time.Now(), out)
	if err != nil {
		return err
	}
	if s.registry != "" {
		if _, err := host.SetRegistry(s.registry); err != nil {
			return err
		}
	}
	at, err := host.Listen(ctx, s.listen)
	if err != nil {
		return err
	}
	if err := host.EnableRemoting(t.source.Source(), "Thermostat"); err != nil {
		return err
	}
	fmt.Fprintln(out, "Thermostat at", at)

	tick := time.NewTicker(s.minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := t.minute(); err != nil {
				return err
			}
		}
	}
}

// control is the thermostat: it answers the slots, and tells the replicas how the room is.
type control struct {
	source *thermostat.ThermostatSource
	name   string
	out    io.Writer

	mu   sync.Mutex // for what follows; clients call at any time
	room room
}

// newControl returns the thermostat of a room that has four hours behind it, half of them in mode Eco.
func newControl(name string, now time.Time, out io.Writer) (*control, error) {
	const past = maxReadings * between
	c := &control{name: name, out: out, room: room{now: now.Add(-past * time.Minute), celsius: 20}}
	source, err := thermostat.NewThermostatSource(c)
	if err != nil {
		return nil, err
	}
	c.source = source
	for i := range past {
		mode := thermostat.ThermostatModeEco
		if i >= past/2 {
			mode = thermostat.ThermostatModeComfort
		}
		c.room.step(mode, source.Target())
	}
	return c, errors.Join(source.SetRoom(name), c.show(), source.OnPushTarget(c.pushTarget), source.OnSetMode(c.setMode))
}

// minute lets a minute pass.
func (c *control) minute() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	alarm := c.room.step(c.source.Mode(), c.source.Target())
	if err := c.show(); err != nil || alarm == "" {
		return err
	}
	fmt.Fprintln(c.out, "alarm:", alarm)
	return c.source.EmitAlarm(c.name + ": " + alarm)
}

// show makes the properties what the room is, to a tenth of a degree. The replicas hear of those that are different.
func (c *control) show() error {
	return errors.Join(
		c.source.SetCelsius(math.Round(c.room.celsius*10)/10),
		c.source.SetHeating(c.room.heating),
		c.source.SetBoostLeft(int32(c.room.boost)),
		c.source.SetHistory(c.room.readings),
	)
}

// Boost is a slot.
func (c *control) Boost(ctx context.Context, minutes int32) (bool, error) {
	if minutes < 1 || minutes > 60 {
		return false, fmt.Errorf("a boost takes 1 to 60 minutes, not %d", minutes)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source.Mode() == thermostat.ThermostatModeOff {
		return false, nil
	}
	c.tell(ctx, "boosts for %d minutes", minutes)
	c.room.boost, c.room.heating = int(minutes), true
	return true, c.show()
}

// CancelBoost is a slot.
func (c *control) CancelBoost(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(ctx, "ends the boost")
	c.room.boost = 0
	return c.show()
}

// pushTarget is asked before the property target changes.
func (c *control) pushTarget(ctx context.Context, target float64) error {
	if !(target >= 5 && target <= 30) { // NaN is neither
		return fmt.Errorf("the target must be from 5 to 30 °C, not %g", target)
	}
	c.tell(ctx, "wants %g °C", target)
	return nil
}

// setMode is asked before the property mode changes.
func (c *control) setMode(ctx context.Context, mode thermostat.ThermostatMode) error {
	if mode < thermostat.ThermostatModeOff || mode > thermostat.ThermostatModeComfort {
		return fmt.Errorf("there is no %v", mode)
	}
	c.tell(ctx, "switches to %v", mode)
	return nil
}

func (c *control) tell(ctx context.Context, format string, args ...any) {
	peer, _ := core.PeerFrom(ctx)
	fmt.Fprintln(c.out, peer.Identity, fmt.Sprintf(format, args...))
}
