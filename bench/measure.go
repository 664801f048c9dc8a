package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"time"
)

// measure is a piece of work and what is measured of it.
type measure struct {
	name, unit string
	lower      bool // less is better
	run        func(bin map[string][]string, p pair) (float64, error)
}

func measures(updates, calls int) []measure {
	var all []measure
	for _, n := range []int{1, 10, 100} {
		// As many deliveries for each number of replicas would take Qt too long for 100.
		count := updates
		if n == 100 {
			count = updates / 5
		}
		for _, kind := range []string{"property", "signal"} {
			all = append(all, measure{
				name: fmt.Sprintf("%s to %d", kind, n), unit: "million updates/s",
				run: func(bin map[string][]string, p pair) (float64, error) { return fanOut(bin, p, n, kind, count) },
			})
		}
	}
	timed := func(name, command string, prefix ...string) measure {
		return measure{name: name, unit: "us", lower: true, run: func(bin map[string][]string, p pair) (float64, error) {
			return calling(bin, p, command, prefix)
		}}
	}
	// Where the scheduler puts the two processes makes more difference than who they are: on two processors each packet has
	// to wake the other one up.
	short, long := fmt.Sprintf("calls %d 100", calls), "echo 1048576 100"
	if _, err := exec.LookPath("taskset"); err == nil {
		all = append(all, timed("call of 100 bytes, on one processor", short, "taskset", "-c", "0"))
	}
	return append(all, timed("call of 100 bytes", short), timed("echo of 1 MiB", long))
}

// fanOut returns the deliveries a second, in millions.
func fanOut(bin map[string][]string, p pair, replicas int, kind string, count int) (float64, error) {
	command := map[string]string{"property": "properties", "signal": "signals"}[kind]
	s, r, err := startPair(bin, p, replicas, nil)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	defer r.stop()
	steps := []struct {
		to          *peer
		send, event string
		answer      event
	}{
		{to: r, send: fmt.Sprintf("expect %s %d", kind, count), event: "armed"},
		{to: s, send: fmt.Sprintf("%s %d", command, count), event: "sent"},
		{to: r, event: "seen"},
	}
	for i := range steps {
		if steps[i].send != "" {
			if err := steps[i].to.send(steps[i].send); err != nil {
				return 0, err
			}
		}
		if steps[i].answer, err = steps[i].to.wait(steps[i].event); err != nil {
			return 0, err
		}
	}
	seen := steps[2].answer
	if got := seen["count"].(float64); got != float64(count*replicas) || seen["gaps"].(float64) != 0 {
		return 0, fmt.Errorf("%v notifications with %v gaps, not %d", got, seen["gaps"], count*replicas)
	}
	return seen["count"].(float64) / (seen["end_ns"].(float64) - steps[1].answer["begin_ns"].(float64)) * 1e3, nil
}

// calling runs a command of the replica's and returns the time of a call.
func calling(bin map[string][]string, p pair, command string, prefix []string) (float64, error) {
	s, r, err := startPair(bin, p, 1, prefix)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	defer r.stop()
	if err := r.send(command); err != nil {
		return 0, err
	}
	e, err := r.wait("called")
	if err != nil {
		return 0, err
	}
	return e["us_per_call"].(float64), nil
}

type event map[string]any

// peer is a process that speaks the language of bench/peers/README.md.
type peer struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	events chan event
}

func startPair(bin map[string][]string, p pair, replicas int, prefix []string) (s, r *peer, err error) {
	s, err = startPeer(slices.Concat(prefix, bin[p.source+" source"], []string{"--url", "tcp://127.0.0.1:0"}))
	if err != nil {
		return nil, nil, err
	}
	ready, err := s.wait("ready")
	if err == nil {
		r, err = startPeer(slices.Concat(prefix, bin[p.replica+" replica"],
			[]string{"--connect", ready["url"].(string), "--replicas", fmt.Sprint(replicas)}))
	}
	if err != nil {
		s.stop()
		return nil, nil, err
	}
	if _, err = r.wait("ready"); err != nil {
		s.stop()
		r.stop()
		return nil, nil, err
	}
	return s, r, nil
}

func startPeer(args []string) (*peer, error) {
	p := &peer{cmd: exec.Command(args[0], args[1:]...), events: make(chan event, 100)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.events)
		for in := bufio.NewScanner(out); in.Scan(); {
			var e event
			if json.Unmarshal(in.Bytes(), &e) == nil {
				p.events <- e
			}
		}
	}()
	return p, nil
}

func (p *peer) send(line string) error {
	_, err := io.WriteString(p.in, line+"\n")
	return err
}

// patience is how long a peer may take over one command.
const patience = 2 * time.Minute

func (p *peer) wait(name string) (event, error) {
	timeout := time.After(patience)
	for {
		select {
		case e, ok := <-p.events:
			switch {
			case !ok:
				return nil, fmt.Errorf("%s ended before %q", p.cmd.Path, name)
			case e["event"] == "error":
				return nil, fmt.Errorf("%s: %v", p.cmd.Path, e["what"])
			case e["event"] == name:
				return e, nil
			}
		case <-timeout:
			return nil, fmt.Errorf("%s: no %q within %v", p.cmd.Path, name, patience)
		}
	}
}

func (p *peer) stop() {
	_ = p.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	kill.Stop()
}
