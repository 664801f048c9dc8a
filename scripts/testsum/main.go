// Command testsum reads the output of go test -json, prints a line for each package and the full output of whatever
// failed, and writes a summary file: "PASSED FAILED SKIPPED" on the first line, then one line for each reason to skip.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | testsum FILE")
		os.Exit(2)
	}
	s := newSummary(os.Stdout)
	err := s.read(os.Stdin)
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(s.String()), 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if s.failed > 0 {
		os.Exit(1)
	}
}

// event is what go test -json writes; builds use ImportPath instead of Package.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

// A count is what is known of one package while it runs.
type count struct{ passed, failed, skipped int }

type summary struct {
	count
	out      io.Writer
	packages map[string]*count
	output   map[string]*strings.Builder // by package and test; builds by import path; dropped when it passed
	reasons  map[string]int
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out:      out,
		packages: map[string]*count{},
		output:   map[string]*strings.Builder{},
		reasons:  map[string]int{},
	}
}

func (s *summary) read(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				s.add(e)
			} else {
				s.out.Write(line) // a tool's own words
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) add(e event) {
	key := e.Package + e.ImportPath + " " + e.Test
	switch {
	case strings.HasPrefix(e.Output, "=== "): // a test begins, pauses or goes on
	case e.Action == "output" || e.Action == "build-output":
		if s.output[key] == nil {
			s.output[key] = &strings.Builder{}
		}
		s.output[key].WriteString(e.Output)
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		if e.Test == "" {
			s.endPackage(e, s.take(key))
		} else {
			s.endTest(e, s.take(key))
		}
	}
}

// take returns the output that was kept under a key, and forgets it.
func (s *summary) take(key string) string {
	b := s.output[key]
	if b == nil {
		return ""
	}
	delete(s.output, key)
	return b.String()
}

func (s *summary) of(pkg string) *count {
	if s.packages[pkg] == nil {
		s.packages[pkg] = &count{}
	}
	return s.packages[pkg]
}

func (s *summary) endTest(e event, output string) {
	c := s.of(e.Package)
	switch e.Action {
	case "pass":
		c.passed++
	case "skip":
		c.skipped++
		s.reasons[reason(output)]++
	case "fail":
		c.failed++
		fmt.Fprintf(s.out, "--- %s %s\n%s", e.Package, e.Test, output)
	}
}

func (s *summary) endPackage(e event, output string) {
	c := s.of(e.Package)
	if e.Action == "fail" {
		// Output of tests that never ended, as after a panic or a timeout, would be lost otherwise.
		output = s.take(e.FailedBuild+" ") + s.unfinished(e.Package) + output
		if c.failed == 0 {
			c.failed = 1
		}
		fmt.Fprintf(s.out, "--- %s\n%s", e.Package, output)
	}
	s.passed += c.passed
	s.failed += c.failed
	s.skipped += c.skipped
	delete(s.packages, e.Package)
	if *c != (count{}) {
		fmt.Fprintf(s.out, "     %6.1fs  %s: %d passed, %d failed, %d skipped\n", e.Elapsed, e.Package, c.passed, c.failed, c.skipped)
	}
}

func (s *summary) unfinished(pkg string) string {
	var keys []string
	for k := range s.output {
		if strings.HasPrefix(k, pkg+" ") {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	var all strings.Builder
	for _, k := range keys {
		all.WriteString(s.take(k))
	}
	return all.String()
}

var position = regexp.MustCompile(`^\w[\w.-]*\.go:\d+: `)

// reason finds what a skipped test said; the last line is what it gave to Skip.
func reason(output string) string {
	why := "no reason given"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- ") {
			why = position.ReplaceAllString(line, "")
		}
	}
	return why
}

func (s *summary) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, s.passed, s.failed, s.skipped)
	var whys []string
	for why := range s.reasons {
		whys = append(whys, why)
	}
	sort.Strings(whys)
	for _, why := range whys {
		fmt.Fprintf(&b, "skipped: %s (%d)\n", why, s.reasons[why])
	}
	return b.String()
}
