// Command idle measures what connections cost that are only there: memory and goroutines at either end, the time to set them up,
// and the time until one property change has reached all of them.
//
//	go run ./bench/idle                                   10,000 connections with mutual TLS
//	go run ./bench/idle -n 1000 -transports tcp,tls,quic  fewer, of several kinds
//
// The host is a process of its own, and several others have the clients, each with a node, a certificate and a transport of its
// own, as if it were a program of its own: no session is resumed and no QUIC connection shared. What counts as a connection's is
// the difference between the process with all connections and without any, after a garbage collection. What the kernel has for
// sockets is not in it. Everything goes by the loopback interface.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

// options say what is measured.
type options struct {
	connections int
	processes   int
	quiet       time.Duration // how long all is left alone
}

// usage is what a process uses, or what it uses for each connection.
type usage struct {
	RSS        float64 `json:"rss"` // bytes; 0 where the system does not tell
	Heap       float64 `json:"heap"`
	Stack      float64 `json:"stack"`
	Goroutines float64 `json:"goroutines"`
}

func (u usage) plus(v usage, times float64) usage {
	return usage{u.RSS + times*v.RSS, u.Heap + times*v.Heap, u.Stack + times*v.Stack, u.Goroutines + times*v.Goroutines}
}

func (u usage) over(n int) usage { return usage{}.plus(u, 1/float64(n)) }

// result is what was measured with one transport.
type result struct {
	Transport   string  `json:"transport"`
	Connections int     `json:"connections"`
	Host        usage   `json:"host"`         // for each connection
	Client      usage   `json:"client"`       // the same
	HostCPU     float64 `json:"host_cpu"`     // processors in use while nothing happens
	ClientCPU   float64 `json:"client_cpu"`   // the same, all clients
	Setup       float64 `json:"setup_s"`      // until all replicas were Valid
	Change      float64 `json:"change_ms"`    // from the property change until all had it
	MedianReach float64 `json:"median_ms"`    // until half of them had it
	Again       float64 `json:"change_2_ms"`  // of a second change
	Rate        float64 `json:"setup_rate_s"` // connections a second
}

// roles are what the processes do.
var roles = map[string]func(*crew.Program) error{"host": hostProcess, "clients": clientsProcess}

func main() {
	crew.Serve(roles)
	var o options
	flag.IntVar(&o.connections, "n", 10_000, "connections")
	flag.IntVar(&o.processes, "processes", 4, "processes that the clients are in")
	flag.DurationVar(&o.quiet, "quiet", 5*time.Second, "how long all is left alone before memory is measured")
	transports := flag.String("transports", "tls", "any of tcp, tls and quic, separated by commas")
	asJSON := flag.Bool("json", false, "print JSON objects, one a line")
	flag.Parse()
	if o.processes < 1 || o.connections < o.processes {
		fmt.Fprintln(os.Stderr, "idle: each process needs a connection")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var results []result
	var err error
	for scheme := range strings.SplitSeq(*transports, ",") {
		var r result
		if r, err = run(ctx, scheme, o); err != nil {
			err = fmt.Errorf("%s: %w", scheme, err)
			break
		}
		results = append(results, r)
	}
	stop()
	if reportErr := report(results, *asJSON); err == nil {
		err = reportErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// run measures one transport.
func run(ctx context.Context, scheme string, o options) (result, error) {
	r := result{Transport: scheme, Connections: o.connections}
	trust, remove, err := crew.Trust()
	if err != nil {
		return r, err
	}
	defer remove()
	host, err := crew.Start("host")
	if err != nil {
		return r, err
	}
	defer host.Stop()
	s := setup{Trust: trust, Scheme: scheme, Connections: o.connections, Quiet: o.quiet, IPs: addresses(o.processes)}
	var at struct {
		URLs []string
		Now  usage
	}
	if err := host.Ask(ctx, s, &at); err != nil {
		return r, err
	}
	c, err := startClients(ctx, s, at.URLs, o)
	defer c.stop()
	if err != nil {
		return r, err
	}
	if err := r.measure(ctx, host, c, at.Now, o.quiet); err != nil {
		return r, err
	}
	return r, nil
}

// addresses returns one for each process, so that there are enough ports, where the loopback interface has more than one.
func addresses(n int) []string {
	var all []string
	for i := range n {
		ip := "127.0.0.1"
		if runtime.GOOS == "linux" {
			ip = fmt.Sprintf("127.0.0.%d", i+1)
		}
		all = append(all, ip)
	}
	return all
}

// measure does what is to be done with host and clients, which are there.
func (r *result) measure(ctx context.Context, host *crew.Member, c *clients, hostBefore usage, quiet time.Duration) error {
	start := time.Now()
	if err := c.each(ctx, "connect", nil); err != nil {
		return err
	}
	r.Setup = time.Since(start).Seconds()
	r.Rate = float64(r.Connections) / r.Setup
	after, hostAfter := make([]state, len(c.members)), state{}
	measured := make(chan error, 1)
	go func() { measured <- host.Ask(ctx, "measure", &hostAfter) }()
	err := c.each(ctx, "measure", func(i int) any { return &after[i] })
	if hostErr := <-measured; err == nil {
		err = hostErr
	}
	if err != nil {
		return err
	}
	r.Host, r.HostCPU = hostAfter.Usage.plus(hostBefore, -1).over(r.Connections), hostAfter.CPU
	for i, s := range after {
		r.Client = r.Client.plus(s.Usage, 1).plus(c.before[i], -1)
		r.ClientCPU += s.CPU
	}
	r.Client = r.Client.over(r.Connections)
	if r.Change, r.MedianReach, err = change(ctx, host, c); err == nil {
		r.Again, _, err = change(ctx, host, c)
	}
	return err
}

// change changes the property and returns when all clients had seen that, and half of them, in milliseconds.
func change(ctx context.Context, host *crew.Member, c *clients) (all, half float64, err error) {
	var set int64
	if err := host.Ask(ctx, "change", &set); err != nil {
		return 0, 0, err
	}
	seen := make([]reached, len(c.members))
	if err := c.each(ctx, "reached", func(i int) any { return &seen[i] }); err != nil {
		return 0, 0, err
	}
	for _, s := range seen {
		all = max(all, float64(s.Last-set)/1e6)
		half += float64(s.Half-set) / 1e6 / float64(len(seen))
	}
	return all, half, nil
}

func report(results []result, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(os.Stdout)
		for _, r := range results {
			if err := out.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(results) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, of func(r result) string) {
		fmt.Fprint(table, name+"\t")
		for _, r := range results {
			fmt.Fprint(table, of(r)+"\t")
		}
		fmt.Fprintln(table)
	}
	line("", func(r result) string { return r.Transport })
	line("connections", func(r result) string { return fmt.Sprint(r.Connections) })
	for _, side := range []struct {
		name string
		of   func(r result) usage
	}{{"host", func(r result) usage { return r.Host }}, {"client", func(r result) usage { return r.Client }}} {
		kib := func(of func(u usage) float64) func(r result) string {
			return func(r result) string { return fmt.Sprintf("%.1f", of(side.of(r))/1024) }
		}
		line(side.name+", KiB a connection: resident", kib(func(u usage) float64 { return u.RSS }))
		line("heap", kib(func(u usage) float64 { return u.Heap }))
		line("stacks", kib(func(u usage) float64 { return u.Stack }))
		line("goroutines a connection", func(r result) string { return fmt.Sprintf("%.2f", side.of(r).Goroutines) })
	}
	line("processors busy while idle, host", func(r result) string { return fmt.Sprintf("%.3f", r.HostCPU) })
	line("clients", func(r result) string { return fmt.Sprintf("%.3f", r.ClientCPU) })
	line("all connected after, s", func(r result) string { return fmt.Sprintf("%.2f", r.Setup) })
	line("connections a second", func(r result) string { return fmt.Sprintf("%.0f", r.Rate) })
	line("a change has reached half, ms", func(r result) string { return fmt.Sprintf("%.1f", r.MedianReach) })
	line("all", func(r result) string { return fmt.Sprintf("%.1f", r.Change) })
	line("the second change all", func(r result) string { return fmt.Sprintf("%.1f", r.Again) })
	return table.Flush()
}
