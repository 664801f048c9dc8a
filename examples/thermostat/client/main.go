// Command client shows a thermostat and follows what happens to it, or does something to it:
//
//	client
//	client set 21.5
//	client mode eco
//	client boost 10
//
// See README.md in the folder above.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/examples/thermostat"
	"github.com/go-qtro/qtro/transports/tls"
)

const usage = `Usage: client [flags] [set DEGREES | mode off|eco|comfort | boost MINUTES | cancel]

Without a command it shows the thermostat and what happens to it, until it is interrupted.

`

func main() {
	url := flag.String("connect", "tls://127.0.0.1:5020", "where the host is")
	registry := flag.String("registry", "", "a registry that knows where the host is, in place of -connect")
	dir := flag.String("certs", "out/certs", "folder with ca.pem, client.pem and client.key; ./scripts/gen-certs makes it")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *registry, *dir, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, registry, dir string, args []string, out io.Writer) error {
	store, err := thermostat.Certificates(dir, "client")
	if err != nil {
		return err
	}
	defer store.Close()
	secure := store.Config()
	secure.Expect = []string{"spiffe://qtro.example/host"} // nobody else is believed to be it
	node := core.NewNode(core.Config{
		Transports:    map[string]core.Transport{"tls": tls.New(secure)},
		RequireSecure: true,
		OnError:       func(err error) { fmt.Fprintln(os.Stderr, "client:", err) }, // the node tries again
		Logger:        slog.New(slog.DiscardHandler),
	})
	defer node.Close()
	where := url
	if registry != "" {
		where = registry
		_, err = node.SetRegistry(registry)
	} else {
		err = node.Connect(url)
	}
	if err != nil {
		return err
	}
	t, err := thermostat.AcquireThermostat(node, "Thermostat")
	if err != nil {
		return err
	}
	if len(args) == 0 {
		follow(t, out)
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := t.Wait(soon); err != nil {
		return fmt.Errorf("no thermostat by way of %s (go run ./examples/thermostat/host starts one): %w", where, err)
	}
	if len(args) > 0 {
		return do(soon, t, args)
	}
	<-ctx.Done()
	return nil
}

// do carries out a command.
func do(ctx context.Context, t *thermostat.ThermostatReplica, args []string) error {
	name, value := args[0], strings.Join(args[1:], " ")
	switch name {
	case "set":
		celsius, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("set wants degrees, such as 21.5, not %q", value)
		}
		return t.PushTarget(ctx, celsius)
	case "mode":
		for _, mode := range []thermostat.ThermostatMode{thermostat.ThermostatModeOff, thermostat.ThermostatModeEco, thermostat.ThermostatModeComfort} {
			if strings.EqualFold(mode.String(), value) {
				return setMode(ctx, t, mode)
			}
		}
		return fmt.Errorf("mode wants off, eco or comfort, not %q", value)
	case "boost":
		minutes, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return fmt.Errorf("boost wants a number of minutes, not %q", value)
		}
		ok, err := t.Boost(ctx, int32(minutes))
		if err == nil && !ok {
			err = errors.New("no boost: the thermostat is off")
		}
		return err
	case "cancel":
		return t.CancelBoost(ctx)
	}
	return fmt.Errorf("there is no command %q; client -h says which there are", name)
}

// setMode writes the property mode, which has no answer, and waits until it has changed.
func setMode(ctx context.Context, t *thermostat.ThermostatReplica, mode thermostat.ThermostatMode) error {
	changed := make(chan struct{}, 1)
	defer t.OnModeChanged(func(now thermostat.ThermostatMode) {
		if now == mode {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	})()
	if t.Mode() == mode {
		return nil
	}
	if err := t.SetMode(ctx, mode); err != nil {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the mode is still %v: %w", t.Mode(), ctx.Err())
	}
}

// follow prints how the thermostat is, and again when that has changed.
func follow(t *thermostat.ThermostatReplica, out io.Writer) {
	last := "" // the callbacks of a replica come one after another
	show := func() {
		line := fmt.Sprintf("%s: %.1f °C, target %g °C, %v", t.Room(), t.Celsius(), t.Target(), t.Mode())
		if t.Heating() {
			line += ", heating"
		}
		if left := t.BoostLeft(); left > 0 {
			line += fmt.Sprintf(", %d minutes of boost left", left)
		}
		if line != last {
			fmt.Fprintln(out, line)
		}
		last = line
	}
	t.OnState(func(_, now core.State) {
		if host, ok := t.Peer(); ok {
			fmt.Fprintln(out, "connected to", host)
			show()
		} else {
			fmt.Fprintln(out, "not connected; the replica is", now)
		}
	})
	t.OnCelsiusChanged(func(float64) { show() })
	t.OnTargetChanged(func(float64) { show() })
	t.OnModeChanged(func(thermostat.ThermostatMode) { show() })
	t.OnHeatingChanged(func(bool) { show() })
	t.OnBoostLeftChanged(func(int32) { show() })
	t.OnAlarm(func(text string) { fmt.Fprintln(out, "ALARM:", text) })
}
