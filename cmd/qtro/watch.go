package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

type watchCmd struct {
	Names []string      `arg:"" name:"name" help:"The objects."`
	For   time.Duration `placeholder:"DURATION" help:"End after this time, such as 10s; without it, when interrupted."`
}

// Run prints what happens to objects. It survives the loss of their hosts.
func (c *watchCmd) Run(g *globals) error {
	if c.For < 0 {
		return usagef("--for must be longer than 0")
	}
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	// The connection may break at any time and comes back by itself: worth a note, not an end. One that cannot be had leaves
	// nothing to wait for, if it is the only one.
	ended := make(chan error, 1)
	n, err := g.open(func(err error) {
		if hopeless(err) && g.only(err) {
			select {
			case ended <- err:
			default:
			}
			cancel()
			return
		}
		complain(g.warn, err)
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if c.For > 0 {
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	seen := map[string]bool{}
	for _, name := range c.Names {
		if seen[name] {
			continue
		}
		seen[name] = true
		r, err := n.AcquireDynamic(name)
		if err != nil {
			return err
		}
		defer r.Close() // before the node, whose end is not the host's
		newWatcher(r, g.out, cancel)
	}
	if err := n.join(); err != nil {
		return err
	}
	<-ctx.Done()
	select {
	case err := <-ended:
		return err
	default:
		return nil
	}
}

// only reports whether an error is about the one URL that all others are learnt from.
func (g *globals) only(err error) bool {
	var op *core.OpError
	return errors.As(err, &op) && (op.Object == g.Registry || len(g.Connect) == 1 && op.Object == g.Connect[0])
}

// watchEvent is what watch prints of an object.
type watchEvent struct {
	event  string
	object string
	name   string // of the state, property or signal
	value  any    // of a property; the arguments of a signal
}

// MarshalJSON writes the members that an event of its kind has.
func (e watchEvent) MarshalJSON() ([]byte, error) {
	m := members{{"event", e.event}, {"object", e.object}, {e.event, e.name}}
	switch e.event {
	case "property":
		m = append(m, memberOf{"value", e.value})
	case "signal":
		m = append(m, memberOf{"args", e.value})
	}
	return m.MarshalJSON()
}

func (p *printer) event(e watchEvent) {
	if p.json {
		p.object(e)
		return
	}
	when := ""
	if p.tty {
		when = p.paint(dim, time.Now().Format("15:04:05.000")) + "  "
	}
	switch e.event {
	case "state":
		style := alert
		if e.name == core.Valid.String() {
			style = good
		}
		p.line(when + p.paint(strong, e.object) + " is " + p.paint(style, e.name))
	case "property":
		p.line(when + p.paint(strong, e.object) + "." + p.paint(member, e.name) + " = " + text(e.value))
	case "signal":
		var args []string
		for _, a := range e.value.([]qt.Value) {
			args = append(args, text(a))
		}
		p.line(fmt.Sprintf("%s%s.%s(%s)", when, p.paint(strong, e.object), p.paint(alert, e.name), strings.Join(args, ", ")))
	}
}

// watcher watches an object and its children. Its methods are called from the callbacks of one object, one at a time.
type watcher struct {
	r        *core.Replica
	out      *printer
	stop     func() // when nobody reads what is printed
	class    *core.Class
	cancels  []func()
	children map[string]*watcher
}

// newWatcher watches an object from before it is connected.
func newWatcher(r *core.Replica, out *printer, stop func()) {
	w := &watcher{r: r, out: out, stop: stop}
	fresh := false
	state := func(s core.State) {
		w.print(watchEvent{event: "state", object: r.Name(), name: s.String()})
		if s == core.Valid && fresh {
			fresh = false
			w.all()
		}
	}
	state(r.State())
	// A class is learnt with the first connection, and may be another one with the next.
	r.OnInitialized(func() {
		if r.Class() != w.class {
			w.subscribe()
			fresh = true
		}
	})
	r.OnState(func(_, s core.State) { state(s) })
}

func (w *watcher) print(e watchEvent) {
	w.out.event(e)
	if w.out.failed() != nil {
		w.stop()
	}
}

// all prints every property.
func (w *watcher) all() {
	for _, p := range w.class.Properties {
		w.changed(p.Name)
	}
}

func (w *watcher) changed(name string) {
	if v, err := property(w.r, name); err == nil {
		w.print(watchEvent{event: "property", object: w.r.Name(), name: name, value: v})
	}
}

// subscribe asks for all changes and signals of the object and its children.
func (w *watcher) subscribe() {
	w.unsubscribe()
	w.class, w.children = w.r.Class(), map[string]*watcher{}
	for i := range w.class.Properties {
		p := &w.class.Properties[i]
		name, object := p.Name, holdsObject(p)
		cancel, err := w.r.OnChange(name, func(v qt.Value) {
			if !object {
				w.print(watchEvent{event: "property", object: w.r.Name(), name: name, value: v})
				return
			}
			w.child(name)
			w.changed(name)
		})
		if err == nil {
			w.cancels = append(w.cancels, cancel)
		}
		if object {
			w.child(name)
		}
	}
	for _, s := range w.class.Signals {
		cancel, err := w.r.OnSignal(s.Signature(), func(args []qt.Value) {
			w.print(watchEvent{event: "signal", object: w.r.Name(), name: s.Name, value: args})
		})
		if err == nil {
			w.cancels = append(w.cancels, cancel)
		}
	}
}

func (w *watcher) unsubscribe() {
	for _, cancel := range w.cancels {
		cancel()
	}
	w.cancels = nil
	for _, child := range w.children {
		child.unsubscribe()
	}
}

// child watches the object in a property. One that is connected is watched already, or is new.
func (w *watcher) child(name string) {
	if old := w.children[name]; old != nil {
		if old.r.State() == core.Valid && old.r.Class() == old.class {
			old.grandchildren()
			return
		}
		old.unsubscribe()
		delete(w.children, name)
	}
	r, err := w.r.Child(name)
	if err != nil || r == nil || r.Class() == nil {
		return
	}
	child := &watcher{r: r, out: w.out, stop: w.stop}
	w.children[name] = child
	child.subscribe()
}

// grandchildren looks after the objects in a child that was replaced.
func (w *watcher) grandchildren() {
	for i := range w.class.Properties {
		if p := &w.class.Properties[i]; holdsObject(p) {
			w.child(p.Name)
		}
	}
}
