package qtpeer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stopTime is how long a peer may take to end after its stdin was closed.
const stopTime = 10 * time.Second

// Peer is a running Qt program. Its methods may be called from several goroutines, but those that can fail the test
// only from the one that runs it.
type Peer struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser

	mu      sync.Mutex
	events  []Event
	taken   []bool // whether a Wait has returned the event at that index
	stderr  strings.Builder
	news    chan struct{} // closed and replaced with each event
	ended   chan struct{} // closed when the process has ended and all its output has been read
	exit    error         // valid when ended is closed
	stopped bool          // Kill or Stop was called: its end is no surprise
}

// Required says whether an absent Qt is an error: QTRO_REQUIRE_QT=1.
func Required() bool { return os.Getenv("QTRO_REQUIRE_QT") == "1" }

// Require skips the test if the peers for Qt major (5 or 6) cannot be had, or fails it if QTRO_REQUIRE_QT=1. It builds
// them if that has not been done yet, and returns the folder of the build.
func Require(t testing.TB, major int) string {
	t.Helper()
	dir, err := Build(major)
	if errors.Is(err, ErrNoQt) && !Required() {
		t.Skipf("needs Qt %d: %v", major, err)
	}
	if err != nil {
		t.Fatalf("needs Qt %d: %v", major, err)
	}
	return dir
}

// Start runs a peer program: source, replica, registry or variants. It ends with the test, which fails if it ended
// before in any other way than through Kill or Stop.
func Start(t testing.TB, major int, program string, args ...string) *Peer {
	t.Helper()
	cmd := exec.Command(filepath.Join(Require(t, major), "bin", program), args...)
	return Run(t, fmt.Sprintf("Qt %d %s", major, program), cmd)
}

// Run is Start for a program of another project ([BuildProject]) that takes commands and prints events as the peers do. The
// command gets the peers' locale, and what else is in its Env.
func Run(t testing.TB, name string, cmd *exec.Cmd) *Peer {
	t.Helper()
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "QT_HASH_SEED=0")
	p := &Peer{
		t:     t,
		name:  name,
		cmd:   cmd,
		news:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	cmd.Stderr = stderrWriter{p}
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go p.read(stdout)
	t.Cleanup(p.cleanUp)
	return p
}

// Send writes one command line.
func (p *Peer) Send(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.stdin, format+"\n", args...); err != nil {
		p.t.Fatalf("send to %s: %v\n%s", p.name, err, p.history())
	}
}

// Wait returns the first event of that name that matches and that no Wait has returned yet, whether it has come
// already or comes within the time. Otherwise the test fails and all that the peer printed is shown.
func (p *Peer) Wait(timeout time.Duration, event string, match Match) Event {
	p.t.Helper()
	want, err := plain(match)
	if err != nil {
		p.t.Fatalf("wait for %s of %s: bad match: %v", event, p.name, err)
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for ended := false; ; {
		e, news := p.take(event, want)
		if e != nil {
			return e
		}
		if ended {
			p.t.Fatalf("%s ended (%v) without %s %s\n%s", p.name, p.exit, event, toJSON(match), p.history())
		}
		select {
		case <-news:
		case <-p.ended:
			ended = true // what it printed last is still to be looked at
		case <-deadline.C:
			p.t.Fatalf("%s: no %s %s within %v\n%s", p.name, event, toJSON(match), timeout, p.history())
		}
	}
}

// Forget makes later Waits look only at events that come from now on.
func (p *Peer) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.taken {
		p.taken[i] = true
	}
}

// Events returns copies of all events so far, also those that a Wait returned.
func (p *Peer) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Event, len(p.events))
	for i, e := range p.events {
		all[i] = maps.Clone(e)
	}
	return all
}

// Stderr returns what the peer wrote there so far: mostly Qt's own warnings.
func (p *Peer) Stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// Pid returns the peer's process id.
func (p *Peer) Pid() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Peer) Ended() <-chan struct{} { return p.ended }

// Kill ends the peer without a farewell, as a crash would, and waits for its end.
func (p *Peer) Kill() {
	p.setStopped()
	_ = p.cmd.Process.Kill() // fails only if it has ended
	<-p.ended
}

// Stop closes the peer's stdin, which ends it in good order, and waits for that. The test fails if the peer does not
// end, or ends with an error.
func (p *Peer) Stop() {
	p.t.Helper()
	p.setStopped()
	_ = p.stdin.Close() // fails only if it has been closed
	select {
	case <-p.ended:
		if p.exit != nil {
			p.t.Errorf("%s: %v\n%s", p.name, p.exit, p.history())
		}
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.t.Errorf("%s did not end when its stdin closed\n%s", p.name, p.history())
	}
}

func (p *Peer) cleanUp() {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	select {
	case <-p.ended:
		if !stopped {
			p.t.Errorf("%s ended by itself: %v\n%s", p.name, p.exit, p.history())
		}
	default:
		p.Stop()
	}
}

func (p *Peer) setStopped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// take returns an event that fits, or a channel that is closed when there is another one to look at.
func (p *Peer) take(name string, want map[string]any) (Event, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range p.events {
		if !p.taken[i] && e.Name() == name && matches(want, map[string]any(e)) {
			p.taken[i] = true
			return maps.Clone(e), nil
		}
	}
	return nil, p.news
}

func (p *Peer) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			p.add(line)
		}
		if err != nil {
			break
		}
	}
	p.exit = p.cmd.Wait()
	close(p.ended)
}

func (p *Peer) add(line []byte) {
	e, err := parseEvent(line)
	if err != nil {
		e = Event{"event": "unreadable", "line": string(line), "error": err.Error()}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
	p.taken = append(p.taken, false)
	close(p.news)
	p.news = make(chan struct{})
}

// history is what a failure message shows: the events in their order and the end of stderr.
func (p *Peer) history() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, arguments %q, printed:\n", p.name, p.cmd.Args[1:])
	for _, e := range p.events {
		line := toJSON(map[string]any(e))
		if len(line) > 1000 {
			line = line[:1000] + "..."
		}
		fmt.Fprintf(&b, "  %s\n", line)
	}
	warnings := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	for _, w := range slices.Clip(warnings[max(0, len(warnings)-50):]) {
		fmt.Fprintf(&b, "  stderr: %s\n", w)
	}
	return b.String()
}

type stderrWriter struct{ p *Peer }

func (w stderrWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.stderr.Write(b)
}
