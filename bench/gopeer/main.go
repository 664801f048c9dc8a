// Command gopeer is one side of the speed comparison, through qtro: "gopeer source" and "gopeer replica" speak the
// language that ../peers/README.md describes, as the programs there do through Qt.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/go-qtro/qtro/transports/all"
)

//go:generate go run github.com/go-qtro/qtro/cmd/qtro gen bench.rep

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: gopeer source|replica [flags]"))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	url := flags.String("url", "", "where the source listens")
	connect := flags.String("connect", "", "where the replica finds the source")
	replicas := flags.Int("replicas", 1, "how many replicas, each with a connection of its own")
	flags.Int("batch", 0, "accepted for the sake of the Qt program, which needs it")
	_ = flags.Parse(os.Args[2:]) // it exits by itself
	ctx := context.Background()
	var commands map[string]func([]string) error
	var err error
	switch os.Args[1] {
	case "source":
		commands, err = source(ctx, *url)
	case "replica":
		commands, err = replica(ctx, *connect, *replicas)
	default:
		err = fmt.Errorf("unknown role %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
	commands["cpu"] = func([]string) error {
		user, sys := cpuTimes()
		emit("cpu", map[string]any{"user_us": user.Microseconds(), "sys_us": sys.Microseconds()})
		return nil
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return
		}
		run := commands[words[0]]
		if run == nil {
			emit("error", map[string]any{"what": "unknown command " + words[0]})
		} else if err := run(words[1:]); err != nil {
			emit("error", map[string]any{"what": err.Error()})
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

var output sync.Mutex

// emit prints an event.
func emit(event string, fields map[string]any) {
	fields["event"] = event
	line, err := json.Marshal(fields)
	if err != nil {
		fail(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

// clock measures from now on.
type clock struct {
	begin     time.Time
	user, sys time.Duration
}

func start() clock {
	user, sys := cpuTimes()
	return clock{time.Now(), user, sys}
}

// times adds what has passed since the start to an event's fields.
func (c clock) times(fields map[string]any) map[string]any {
	end := time.Now()
	user, sys := cpuTimes()
	fields["begin_ns"], fields["end_ns"] = c.begin.UnixNano(), end.UnixNano()
	fields["elapsed_us"] = float64(end.Sub(c.begin)) / 1e3
	fields["user_us"], fields["sys_us"] = (user - c.user).Microseconds(), (sys - c.sys).Microseconds()
	return fields
}

// numbers parses arguments that are all numbers.
func numbers(words []string, n int) ([]int, error) {
	if len(words) != n {
		return nil, fmt.Errorf("%d arguments, not %d", n, len(words))
	}
	out := make([]int, n)
	for i, w := range words {
		v, err := strconv.Atoi(w)
		if err != nil || v < 0 {
			return nil, fmt.Errorf("%q is no number", w)
		}
		out[i] = v
	}
	return out, nil
}
