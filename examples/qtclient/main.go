// Command qtclient is a host in Go for a Qt program, which is in the folder panel. They talk over TLS, and each knows who the
// other is. See README.md beside this file.
package main

import (
	"context"
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

// Thermostat is what panel/thermostat.rep describes.
type Thermostat struct {
	Celsius float64 `qtro:",readonly"`
	Target  float64
	Boosted func(minutes int32)

	out io.Writer
}

// Boost is a slot.
func (t *Thermostat) Boost(ctx context.Context, minutes int32) float64 {
	peer, _ := core.PeerFrom(ctx)
	fmt.Fprintln(t.out, peer.Identity, "boosts for", minutes, "minutes")
	t.Target += 5
	t.Boosted(minutes)
	return t.Target
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
	thermostat := &Thermostat{Celsius: 21, Target: 21, out: out}
	source, err := core.SourceOf(thermostat)
	if err != nil {
		return err
	}
	if err := host.EnableRemoting(source, "Thermostat"); err != nil {
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
	heat(ctx, source, thermostat)
	return nil
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
func heat(ctx context.Context, source *core.Source, t *Thermostat) {
	step := time.NewTicker(200 * time.Millisecond)
	defer step.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
		}
		_ = source.Update(func() { // fails only if the struct had become something else
			switch {
			case t.Celsius < t.Target:
				t.Celsius += 0.5
			case t.Celsius > t.Target:
				t.Celsius -= 0.5
			}
		})
	}
}
