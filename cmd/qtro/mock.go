package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/wire"
)

type mockCmd struct {
	File      []string `arg:"" name:"file" help:"The .rep files; a class whose objects others hold goes before them."`
	Listen    []string `placeholder:"URL" sep:"none" help:"Where to listen for Qt 6 and Go; may be given more than once."`
	ListenQt5 []string `name:"listen-qt5" placeholder:"URL" sep:"none" help:"Where to listen for Qt 5; may be given more than once."`
	Object    []string `placeholder:"NAME=CLASS" sep:"none" help:"Host an object of a class under a name, in place of one of every class; may be given more than once."`
	Scenario  string   `placeholder:"FILE" help:"What happens by itself: a YAML file of steps, explained below."`
}

// Help explains scenarios.
func (c *mockCmd) Help() string {
	return `Objects have the defaults of the file. Clients change properties as it allows, and slots answer with the default of their type.
Lines on the standard input change more: set, emit, answer, get, and help, which explains them.

A scenario is a list of steps. The ones up to the first that waits are done before anybody is let in.

    # What the boiler does when it is switched on.
    - set: {Boiler.celsius: 20, Boiler.pump: {rpm: 900}}   # PODs and child objects as maps, enums by name
      answer:
        Boiler.boost: {reply: 10, delay: 100ms, then: [set: {Boiler.celsius: 30}]}
        Boiler.measure: {fail: true}
    - await: acquire Boiler          # or release Boiler, call Boiler.boost, write Boiler.target
    - after: 2s
      emit: {Boiler.ready: [66]}     # the arguments
    - repeat:
        times: 3                     # without it, for ever
        steps:
        - {after: 1s, set: {Boiler.celsius: 21}}
        - {after: 1s, set: {Boiler.celsius: 20}}

The steps behind "then" follow each call's answer; those that a call before has left are dropped. Slots and signals that are
overloaded are named by their signatures, as they are in the lines that are printed: "Boiler.reset(int,bool)".`
}

// Run is a host until it is interrupted.
func (c *mockCmd) Run(g *globals) error {
	if len(c.Listen)+len(c.ListenQt5) == 0 {
		return usagef("say where to listen, with --listen URL or --listen-qt5 URL")
	}
	if len(g.Connect) > 0 {
		return usagef("a mock hosts objects: use --listen URL, and --registry URL if there is one")
	}
	classes, err := g.readClasses(c.File)
	if err != nil {
		return err
	}
	m := newMock(g)
	if err := m.make(classes, c.Object); err != nil {
		return err
	}
	var steps []step
	if c.Scenario != "" {
		if steps, err = m.readScenario(c.Scenario); err != nil {
			return err
		}
	}
	host := core.NewHost(m.config())
	ctx, cancel := context.WithCancel(g.ctx)
	defer func() {
		cancel()
		_ = host.Close() // always nil
		m.group.Wait()
	}()
	m.ctx, m.stop = ctx, cancel
	return m.serve(ctx, host, steps, c)
}

// config is that of the host.
func (m *mock) config() core.Config {
	config := m.g.config()
	config.Logger = slog.New(mockLog{m.g})
	config.OnError = func(err error) {
		broken := (*net.OpError)(nil) // a peer that broke off has gone like any other
		refused := (*certs.RefusedError)(nil)
		if errors.As(err, &refused) || !errors.Is(err, syscall.ECONNRESET) && (!errors.As(err, &broken) || broken.Op != "read" && broken.Op != "write") {
			complain(m.g.warn, err)
		}
	}
	return config
}

// readClasses reads the classes of .rep files. Of default values that only a C++ compiler understands it warns.
func (g *globals) readClasses(names []string) ([]*core.Class, error) {
	var files []*rep.File
	whole := 0
	for _, name := range names {
		file, _, err := g.parseRep(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		for _, d := range file.Decls {
			c, ok := d.(*rep.Class)
			if !ok {
				continue
			}
			for _, m := range c.Members {
				switch m.(type) {
				case *rep.Property, *rep.Child, *rep.Model:
					whole++
				}
			}
		}
	}
	classes, err := rep.Classes(files...)
	for _, c := range classes {
		whole -= len(c.Properties)
	}
	var doubts rep.ErrorList
	if errors.As(err, &doubts) && whole == 0 {
		for _, e := range doubts {
			complain(g.warn, e)
		}
		return classes, nil
	}
	return classes, err // there is a class of another file
}

// mock is a host whose objects have nothing behind them.
type mock struct {
	g       *globals
	ctx     context.Context
	stop    func()         // when nobody reads what is printed
	group   sync.WaitGroup // of the steps that are under way
	objects map[string]*core.Source

	mu      sync.Mutex
	answers map[string]*answer            // by slot, such as "Boiler.boost" or, of overloads, "Boiler.reset(int)"
	follows map[string]context.CancelFunc // what ends the steps that followed a call
	heard   map[string]hearing            // by event, such as "call Boiler.boost"
	news    chan struct{}                 // closed when something is heard
}

// hearing is what was heard of events of a kind.
type hearing struct {
	times int
	last  mockEvent
}

func newMock(g *globals) *mock {
	return &mock{g: g, ctx: g.ctx, stop: func() {}, objects: map[string]*core.Source{}, answers: map[string]*answer{},
		follows: map[string]context.CancelFunc{}, heard: map[string]hearing{}, news: make(chan struct{})}
}

// make makes the objects: one of every class, or those that are wanted.
func (m *mock) make(classes []*core.Class, wanted []string) error {
	if len(wanted) == 0 {
		for _, class := range classes {
			wanted = append(wanted, class.Name)
		}
	}
	if len(wanted) == 0 {
		return errors.New("the file has no class to host")
	}
	for _, w := range wanted {
		name, class, ok := strings.Cut(w, "=")
		if !ok {
			class = name
		}
		i := slices.IndexFunc(classes, func(c *core.Class) bool { return c.Name == class })
		switch {
		case name == "" || i < 0:
			var names []string
			for _, c := range classes {
				names = append(names, c.Name)
			}
			return usagef("--object is NAME=CLASS, where CLASS is one of %s; not %q", strings.Join(names, ", "), w)
		case m.objects[name] != nil:
			return usagef("--object: there are two objects %q", name)
		}
		s, err := m.newSource(classes[i], name, "")
		var unknown *qt.UnknownTypeError
		if errors.As(err, &unknown) {
			return fmt.Errorf("class %s: unknown type %q; an enum that is declared in C++ takes USE_ENUM(%s) in the file", class, unknown.Name, unknown.Name)
		}
		if err != nil {
			return err
		}
		s.OnAcquire(func(p core.Peer, acquired bool) {
			event := "release"
			if acquired {
				event = "acquire"
			}
			m.tell(mockEvent{event: event, object: name, peer: p.String()})
		})
		m.objects[name] = s
	}
	return nil
}

// newSource makes a source, with sources for its child objects. path leads to it from the root.
func (m *mock) newSource(class *core.Class, object, path string) (*core.Source, error) {
	s, err := core.NewSource(class)
	if err != nil {
		return nil, err
	}
	for _, p := range class.Properties {
		switch {
		case p.Class != nil:
			child, err := m.newSource(p.Class, object, path+p.Name+".")
			if err == nil {
				err = s.SetChild(p.Name, child)
			}
			if err != nil {
				return nil, err
			}
		case p.Roles == nil:
			err := s.OnWrite(p.Name, func(ctx context.Context, v qt.Value) error {
				m.tell(mockEvent{event: "write", object: object, member: path + p.Name, args: []qt.Value{v}, peer: peerOf(ctx), source: s})
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return s, m.answerSlots(s, object, path)
}

func peerOf(ctx context.Context) string {
	p, _ := core.PeerFrom(ctx)
	return p.String()
}

// serve does the steps up to the first that waits, opens the host, and does the rest.
func (m *mock) serve(ctx context.Context, host *core.Host, steps []step, c *mockCmd) error {
	for len(steps) > 0 && steps[0].immediate() {
		m.do(&steps[0])
		steps = steps[1:]
	}
	listen := func(urls []string, p wire.Protocol, options ...core.ListenOption) error {
		for _, url := range urls {
			at, err := host.Listen(ctx, url, options...)
			if err != nil {
				return err
			}
			m.tell(mockEvent{event: "listening", object: at, member: p.String()})
		}
		return nil
	}
	for name, s := range m.objects {
		if err := host.EnableRemoting(s, name); err != nil {
			return err
		}
	}
	if m.g.Registry != "" {
		if _, err := host.SetRegistry(m.g.Registry); err != nil {
			return err
		}
	}
	r := runner{mock: m, seen: map[string]int{}}
	if err := listen(c.Listen, wire.Protocol20); err != nil {
		return err
	}
	if err := listen(c.ListenQt5, wire.Protocol13, core.Qt5); err != nil {
		return err
	}
	m.group.Go(func() { r.run(ctx, steps) })
	stdin := m.g.stdin
	go m.commands(ctx, stdin) // reading cannot be interrupted, so nobody waits for it
	<-ctx.Done()
	return nil
}

// mockEvent is what a mock prints.
type mockEvent struct {
	event  string
	object string // of listening, the URL
	member string // of listening, the protocol
	args   []qt.Value
	reply  *qt.Value // of a call that is to be answered with something
	failed bool      // of a call that is to fail
	peer   string
	source *core.Source // of a write
}

// key is what steps wait for the event by.
func (e mockEvent) key() string {
	if e.member == "" {
		return e.event + " " + e.object
	}
	return e.event + " " + e.object + "." + e.member
}

// MarshalJSON writes the members that an event of its kind has.
func (e mockEvent) MarshalJSON() ([]byte, error) {
	if e.event == "listening" {
		return members{{"event", e.event}, {"url", e.object}, {"protocol", e.member}}.MarshalJSON()
	}
	m := members{{"event", e.event}, {"object", e.object}}
	if e.member != "" {
		args := e.args
		if args == nil {
			args = []qt.Value{}
		}
		m = append(m, memberOf{"member", e.member}, memberOf{"args", args})
	}
	if e.reply != nil {
		m = append(m, memberOf{"reply", *e.reply})
	}
	if e.failed {
		m = append(m, memberOf{"failed", true})
	}
	if e.peer != "" {
		m = append(m, memberOf{"peer", e.peer})
	}
	return m.MarshalJSON()
}

// what is the event for people.
func (e mockEvent) what() string {
	var args []string
	for _, a := range e.args {
		args = append(args, text(a))
	}
	list := strings.Join(args, ", ")
	switch e.event {
	case "write", "set":
		return e.object + "." + e.member + " = " + list
	case "call", "emit":
		s := e.object + "." + e.member + "(" + list + ")"
		if e.reply != nil {
			s += " -> " + text(*e.reply)
		}
		if e.failed {
			s += " -> failed"
		}
		return s
	}
	return e.object
}

// tell prints an event and wakes the steps that wait for it.
func (m *mock) tell(e mockEvent) {
	m.mu.Lock()
	defer m.mu.Unlock() // so that the lines come in the order in which they are heard
	if out := m.g.out; out.json {
		out.object(e)
	} else {
		cells := []string{e.event, e.what(), e.peer}
		if e.event == "listening" {
			cells = []string{e.event, e.object, e.member}
		}
		if cells[2] == "" {
			cells = cells[:2]
		}
		widths, styles := []int{9, 40}, []string{mockStyles[e.event], strong, dim}
		if out.tty {
			cells, widths, styles = append([]string{time.Now().Format("15:04:05.000")}, cells...), append([]int{12}, widths...), append([]string{dim}, styles...)
		}
		out.row(widths, styles, cells...)
	}
	if m.g.out.failed() != nil {
		m.stop()
	}
	h := m.heard[e.key()]
	m.heard[e.key()] = hearing{h.times + 1, e}
	close(m.news)
	m.news = make(chan struct{})
}

var mockStyles = map[string]string{"listening": dim, "acquire": good, "release": alert, "write": member, "call": member, "set": dim, "emit": dim}

// mockLog is a log of which one kind of record is of interest: that a client tries what the class does not allow.
type mockLog struct{ g *globals }

func (l mockLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (l mockLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l mockLog) WithGroup(string) slog.Handler                    { return l }

// Handle prints a record about a property.
func (l mockLog) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]string{}
	r.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.String(); return true })
	if p := attrs["property"]; p != "" {
		complain(l.g.warn, fmt.Errorf("%s.%s: %s", attrs["object"], p, r.Message))
	}
	return nil
}
