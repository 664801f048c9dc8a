// Command qtclient is a host in Go for a Qt program, which is in the folder panel. They talk over TLS, and each knows who the
// other is. See README.md beside this file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/tls"
)

//go:generate go run github.com/go-qtro/qtro/cmd/qtro gen thermostat.rep

// thermostat answers the slot of a Thermostat.
type thermostat struct {
	*ThermostatSource
	out io.Writer
}

// Boost is the slot.
func (t *thermostat) Boost(ctx context.Context, minutes int32) (float64, error) {
	peer, _ := core.PeerFrom(ctx)
	fmt.Fprintln(t.out, peer.Identity, "boosts for", minutes, "minutes")
	if err := t.SetTarget(t.Target() + 5); err != nil {
		return 0, err
	}
	return t.Target(), t.EmitBoosted(minutes)
}

func main() {
	url := flag.String("url", "tls://127.0.0.1:0", "where to listen; 0 is any free port")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "qtclient:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "qtclient-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := makeCertificates(dir); err != nil {
		return err
	}
	store, err := certs.Open(certs.Files{
		Certificate: filepath.Join(dir, "host.pem"),
		Key:         filepath.Join(dir, "host.key"),
		Roots:       []string{filepath.Join(dir, "ca.pem")},
	})
	if err != nil {
		return err
	}
	defer store.Close()
	config := store.Config()
	config.Expect = []string{"spiffe://plant.example/panel"} // no other client is let in

	host := core.NewHost(core.Config{Transports: map[string]core.Transport{"tls": tls.New(config)}, RequireSecure: true})
	defer host.Close()
	t := &thermostat{out: out}
	if t.ThermostatSource, err = NewThermostatSource(t); err != nil {
		return err
	}
	if err := errors.Join(t.SetCelsius(21), t.SetTarget(21)); err != nil {
		return err
	}
	if err := host.EnableRemoting(t.Source(), "Thermostat"); err != nil {
		return err
	}
	at, err := host.Listen(ctx, url)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `Thermostat at %s

The Qt client, in another terminal and in the root of the repository:

    cmake -S examples/qtclient/panel -B out/panel
    cmake --build out/panel
    out/panel/panel %s %s

`, at, at, dir)
	return heat(ctx, t.ThermostatSource)
}

// makeCertificates makes an authority, and what host and panel need to know each other. For something that lasts, see
// scripts/gen-certs.
func makeCertificates(dir string) error {
	authority, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	if err != nil {
		return err
	}
	if err := authority.Save(dir); err != nil {
		return err
	}
	for name, template := range map[string]certs.Template{
		"host":  {URIs: []string{"spiffe://plant.example/host"}, IPs: []string{"127.0.0.1"}, DNS: []string{"localhost"}},
		"panel": {URIs: []string{"spiffe://plant.example/panel"}, Client: true},
	} {
		c, err := authority.Issue(template)
		if err != nil {
			return err
		}
		if err := certs.WritePEM(c, filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")); err != nil {
			return err
		}
	}
	return nil
}

// heat brings the temperature to the target, half a degree at a time, until ctx ends.
func heat(ctx context.Context, t *ThermostatSource) error {
	step := time.NewTicker(200 * time.Millisecond)
	defer step.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-step.C:
		}
		celsius := t.Celsius()
		switch {
		case celsius < t.Target():
			celsius += 0.5
		case celsius > t.Target():
			celsius -= 0.5
		}
		if err := t.SetCelsius(celsius); err != nil {
			return err
		}
	}
}
