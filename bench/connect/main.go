// Command connect measures how long a client needs to reach a host: from the moment it is told the host's URL until a replica is
// Valid, over each transport, with and without sessions that are resumed.
//
//	go run ./bench/connect                    at a round trip of 0 and of 20 ms
//	go run ./bench/connect -rtt 50ms -json    at another one, as JSON
//
// Host and client are processes of their own. Without a round trip they use the loopback interface. With one, each is in a network
// namespace of its own, and the packets between the two pass through this program, which delays them: that works on Linux, as
// root. Namespaces and devices have no names; they end with the processes, however those end.
//
// A new connection is dialed each time, and "resumed" means that the transport has been at the same host before.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

// kind is a way to connect.
type kind struct {
	name, scheme string
	again        bool // the transport has been there before
	early        bool // with early data
	trips        int  // how many round trips it should take until a replica is Valid
}

var kinds = []kind{
	{name: "tcp", scheme: "tcp", trips: 3},
	{name: "tls", scheme: "tls", trips: 4},
	{name: "tls resumed", scheme: "tls", again: true, trips: 4},
	{name: "quic", scheme: "quic", trips: 3},
	{name: "quic resumed", scheme: "quic", again: true, trips: 3},
	{name: "quic 0-RTT", scheme: "quic", again: true, early: true, trips: 2},
}

// sample is what a client tells of one connection, in milliseconds since it began to dial.
type sample struct {
	Dialed  float64 `json:"dialed"`  // the transport has handed out a connection
	Greeted float64 `json:"greeted"` // the host's first bytes were there
	Valid   float64 `json:"valid"`   // the replica was
}

// result has the medians of some samples.
type result struct {
	RTT       float64 `json:"rtt_ms"`
	Transport string  `json:"transport"`
	Samples   int     `json:"samples"`
	sample
	Best  float64 `json:"best"` // of Valid
	Worst float64 `json:"worst"`
	// Trips is how many round trips it took until the replica was Valid, Expected how many it should be.
	Trips    float64 `json:"trips,omitempty"`
	Expected int     `json:"expected_trips,omitempty"`
}

// roles are what the processes do.
var roles = map[string]func(*crew.Program) error{"host": hostProcess, "client": clientProcess}

func main() {
	crew.Serve(roles)
	samples := flag.Int("samples", 21, "connections of each kind; the table has the medians")
	trips := flag.String("rtt", "0,20ms", "round trips, separated by commas")
	asJSON := flag.Bool("json", false, "print JSON objects, one a line")
	flag.Parse()
	if *samples < 1 {
		fmt.Fprintln(os.Stderr, "connect: -samples must be at least 1")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	results, err := run(ctx, *trips, *samples)
	stop()
	if reportErr := report(results, *asJSON); err == nil {
		err = reportErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "connect:", err)
		os.Exit(1)
	}
}

// run measures at each of the round trips.
func run(ctx context.Context, trips string, samples int) ([]result, error) {
	trust, remove, err := crew.Trust()
	if err != nil {
		return nil, err
	}
	defer remove()
	var all []result
	for word := range strings.SplitSeq(trips, ",") {
		rtt, err := time.ParseDuration(word)
		if err != nil {
			return all, err
		}
		some, err := at(ctx, rtt, trust, samples)
		if err != nil {
			return all, fmt.Errorf("at a round trip of %v: %w", rtt, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// at measures at one round trip.
func at(ctx context.Context, rtt time.Duration, trust string, samples int) ([]result, error) {
	network, err := newNetwork(rtt)
	if err != nil {
		return nil, err
	}
	defer network.close()
	host, err := network.start("host")
	if err != nil {
		return nil, err
	}
	defer host.Stop()
	client, err := network.start("client")
	if err != nil {
		return nil, err
	}
	defer client.Stop()
	setup := setup{Trust: trust, IP: network.hostIP, RTT: rtt}
	if err := host.Ask(ctx, setup, &setup.URLs); err != nil {
		return nil, err
	}
	if err := client.Ask(ctx, setup, nil); err != nil {
		return nil, err
	}
	taken := map[string][]sample{}
	for round := range samples + 1 {
		for _, k := range kinds {
			var s sample
			if err := client.Ask(ctx, k.name, &s); err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			if round > 0 { // the first one warms up
				taken[k.name] = append(taken[k.name], s)
			}
		}
	}
	var results []result
	for _, k := range kinds {
		r := result{RTT: rtt.Seconds() * 1e3, Transport: k.name, Samples: samples}
		valid := sorted(taken[k.name], func(s sample) float64 { return s.Valid })
		r.Best, r.Valid, r.Worst = valid[0], valid[samples/2], valid[samples-1]
		r.Greeted = sorted(taken[k.name], func(s sample) float64 { return s.Greeted })[samples/2]
		r.Dialed = sorted(taken[k.name], func(s sample) float64 { return s.Dialed })[samples/2]
		if rtt > 0 {
			r.Trips, r.Expected = r.Valid/r.RTT, k.trips
		}
		results = append(results, r)
	}
	return results, nil
}

func sorted(samples []sample, of func(sample) float64) []float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all
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
	fmt.Fprintln(table, "round trip, ms\ttransport\tdialed, ms\tgreeted, ms\tvalid, ms\tbest\tworst\tround trips\texpected\tagainst tcp\t")
	tcp := map[float64]float64{}
	for _, r := range results {
		if r.Transport == "tcp" {
			tcp[r.RTT] = r.Valid
		}
		trips := "\t\t"
		if r.Trips > 0 {
			trips = fmt.Sprintf("%.2f\t%d\t", r.Trips, r.Expected)
		}
		fmt.Fprintf(table, "%g\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%s%.2f times\t\n",
			r.RTT, r.Transport, r.Dialed, r.Greeted, r.Valid, r.Best, r.Worst, trips, r.Valid/tcp[r.RTT])
	}
	return table.Flush()
}

// errDelay tells why there is no network with a round trip.
var errDelay = errors.New("a delay needs Linux, root or its capabilities SYS_ADMIN and NET_ADMIN, and /dev/net/tun; -rtt 0 needs nothing")
