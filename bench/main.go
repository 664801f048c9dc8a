// Command bench compares qtro with Qt 6: it runs the same work on a pair of Qt processes, a pair of Go processes and the
// two mixed pairs, in turn, and prints a table with ratios.
//
//	go run ./bench                     all of it, about a minute
//	go run ./bench -rounds 1 -json     quickly, as JSON
//
// The Qt programs are built from bench/peers with CMake and ninja; see scripts/install-qt. Both speak the language of
// bench/peers/README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// pair is who is at the two ends.
type pair struct{ source, replica string }

func (p pair) String() string { return p.source + " to " + p.replica }

var pairs = []pair{{"qt", "qt"}, {"go", "go"}, {"go", "qt"}, {"qt", "go"}}

// result is a figure of a pair in a measurement: the median of the rounds.
type result struct {
	Measure string  `json:"measure"`
	Unit    string  `json:"unit"`
	Pair    string  `json:"pair"`
	Median  float64 `json:"median"`
	Best    float64 `json:"best"`
	// Ratio is how many times better than Qt's pair: throughput over throughput, time under time.
	Ratio float64 `json:"ratio"`
}

func main() {
	rounds := flag.Int("rounds", 5, "how often everything is measured; the table has the medians")
	updates := flag.Int("updates", 50_000, "property changes and signals, each")
	calls := flag.Int("calls", 20_000, "sequential calls")
	only := flag.String("run", "", "only the measurements whose name matches this regular expression")
	asJSON := flag.Bool("json", false, "print JSON objects, one a line")
	flag.Parse()
	if err := run(*rounds, *updates, *calls, *only, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds, updates, calls int, only string, asJSON bool) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	bin, err := build()
	if err != nil {
		return err
	}
	all := slices.DeleteFunc(measures(updates, calls), func(m measure) bool { return !wanted.MatchString(m.name) })
	figures := map[string][]float64{}
	for round := range rounds + 1 {
		for _, m := range all {
			for _, p := range pairs {
				progress("round %d of %d: %s, %s", round, rounds, m.name, p)
				v, err := m.run(bin, p)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", m.name, p, err)
				}
				if round > 0 { // the first one warms up
					figures[m.name+p.String()] = append(figures[m.name+p.String()], v)
				}
			}
		}
	}
	progress("")
	return report(all, figures, asJSON)
}

// progress shows on a terminal what is going on, in one line that the next one replaces.
func progress(format string, args ...any) {
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, format+"\x1b[K\r", args...)
	}
}

// build makes the programs and returns their commands by name.
func build() (map[string][]string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "qtro-bench")
	src, err := sourceDir()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "building the peers in", dir)
	for _, args := range [][]string{
		{"go", "build", "-o", filepath.Join(dir, "gopeer"), "./gopeer"},
		{"cmake", "-S", filepath.Join(src, "peers"), "-B", dir, "-G", "Ninja"},
		{"ninja", "-C", dir},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = src
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s(scripts/install-qt installs what the Qt programs need)", strings.Join(args, " "), err, out)
		}
	}
	gopeer := filepath.Join(dir, "gopeer")
	return map[string][]string{
		"go source": {gopeer, "source"}, "go replica": {gopeer, "replica"},
		"qt source": {filepath.Join(dir, "benchsource")}, "qt replica": {filepath.Join(dir, "benchreplica")},
	}, nil
}

// sourceDir returns this package's folder, wherever the command is run from.
func sourceDir() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", fmt.Errorf("run it with go run, without -trimpath")
	}
	return filepath.Dir(file), nil
}

func report(all []measure, figures map[string][]float64, asJSON bool) error {
	out := json.NewEncoder(os.Stdout)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	header := "measure\t"
	for _, p := range pairs {
		header += p.String() + "\t"
	}
	fmt.Fprintln(table, header+"go to go against qt to qt\t")
	for _, m := range all {
		line := m.name + ", " + m.unit + "\t"
		var base, ours float64
		for _, p := range pairs {
			v := figures[m.name+p.String()]
			slices.Sort(v)
			r := result{Measure: m.name, Unit: m.unit, Pair: p.String(), Median: v[len(v)/2], Best: v[len(v)-1]}
			if m.lower {
				r.Best = v[0]
			}
			switch p {
			case pairs[0]:
				base = r.Median
			case pairs[1]:
				ours = r.Median
			}
			if r.Ratio = r.Median / base; m.lower {
				r.Ratio = base / r.Median
			}
			if asJSON {
				if err := out.Encode(r); err != nil {
					return err
				}
			}
			line += fmt.Sprintf("%.2f (best %.2f)\t", r.Median, r.Best)
		}
		ratio := fmt.Sprintf("%.2f times", ours/base)
		fmt.Fprintln(table, line+ratio+"\t")
	}
	if asJSON {
		return nil
	}
	return table.Flush()
}
