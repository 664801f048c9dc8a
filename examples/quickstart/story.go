package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/go-qtro/qtro/qt"
)

// story prints numbered lines that say what each party sees.
type story struct {
	out    io.Writer
	colour bool

	mu    sync.Mutex
	lines int
}

// newStory uses colour if out is a terminal.
func newStory(out io.Writer) *story {
	s := &story{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		s.colour = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return s
}

var colours = map[string]int{"registry": 35, "host": 33, "replica": 36, "intruder": 31}

// say prints a line. It is called from the handlers of the host, too.
func (s *story) say(who, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	name := fmt.Sprintf("%-8s", who)
	if s.colour {
		name = fmt.Sprintf("\x1b[%dm%s\x1b[0m", colours[who], name)
	}
	fmt.Fprintf(s.out, "%3d  %s  %s\n", s.lines, name, fmt.Sprintf(format, args...))
}

// chapter prints a headline.
func (s *story) chapter(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.colour {
		title = "\x1b[1m" + title + "\x1b[0m"
	}
	if s.lines > 0 {
		fmt.Fprintln(s.out)
	}
	fmt.Fprintln(s.out, title)
}

// registered waits until the registry has a new object, and says so.
func (s *story) registered(ctx context.Context, added <-chan qt.SourceLocation) error {
	l, err := receive(ctx, added)
	if err == nil {
		s.say("registry", "has %s at %s", l.Name, l.URL)
	}
	return err
}

// hear says the next that comes from a channel.
func (s *story) hear(ctx context.Context, who string, from <-chan string) error {
	what, err := receive(ctx, from)
	if err == nil {
		s.say(who, "%s", what)
	}
	return err
}

// follow says what comes from events, up to the first that begins with last.
func (s *story) follow(ctx context.Context, who string, events <-chan string, last string) error {
	for {
		event, err := receive(ctx, events)
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", last, err)
		}
		s.say(who, "%s", event)
		if strings.HasPrefix(event, last) {
			return nil
		}
	}
}

// receive waits for the next value from a channel, or the end of ctx.
func receive[T any](ctx context.Context, from <-chan T) (T, error) {
	select {
	case v := <-from:
		return v, nil
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}
