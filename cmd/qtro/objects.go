package main

import (
	"errors"
	"fmt"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

type getCmd struct {
	Name     string `arg:"" help:"The object."`
	Property string `arg:"" optional:"" help:"One property; of a child object by its path, such as gauge.label."`
}

// Run prints properties.
func (c *getCmd) Run(g *globals) error {
	n, r, err := g.acquire(c.Name)
	if err != nil {
		return err
	}
	defer n.Close()
	if c.Property != "" {
		owner, name, err := resolve(r, c.Property)
		if err != nil {
			return err
		}
		if propertyOf(owner.Class(), name) == nil {
			return fmt.Errorf("%s has no property %q; %s", owner.Name(), name, available("properties", propertyNames(owner.Class())))
		}
		v, err := property(owner, name)
		if err != nil {
			return err
		}
		g.out.object(v)
		return nil
	}
	all, err := properties(r)
	if err != nil {
		return err
	}
	if g.out.json {
		g.out.object(all)
		return nil
	}
	g.out.table(nil, []string{member}, flatten("", all))
	return nil
}

// flatten lists properties, those of child objects by their paths.
func flatten(prefix string, all members) (rows [][]string) {
	for _, m := range all {
		if child, ok := m.value.(members); ok {
			rows = append(rows, flatten(prefix+m.name+".", child)...)
			continue
		}
		rows = append(rows, []string{prefix + m.name, text(m.value)})
	}
	return rows
}

type setCmd struct {
	Name     string `arg:"" help:"The object."`
	Property string `arg:"" help:"The property; of a child object by its path."`
	Value    string `arg:"" help:"The new value, as JSON."`
}

// Run changes a property and waits until it has changed. One that has the value already is left alone.
func (c *setCmd) Run(g *globals) error {
	n, root, err := g.acquire(c.Name)
	if err != nil {
		return err
	}
	defer n.Close()
	r, name, err := resolve(root, c.Property)
	if err != nil {
		return err
	}
	p := propertyOf(r.Class(), name)
	if p == nil {
		return fmt.Errorf("%s has no property %q; %s", r.Name(), name, available("properties", propertyNames(r.Class())))
	}
	if holdsObject(p) {
		return fmt.Errorf("%s.%s holds an object, which only its host can replace; its own properties can be set, such as %s.%s",
			r.Name(), name, c.Property, "NAME")
	}
	before, err := r.Get(name)
	if err != nil {
		return err
	}
	t, err := propertyType(r, p)
	if err != nil {
		return err
	}
	want, err := parseValue(t, c.Value)
	if err != nil {
		return fmt.Errorf("value of %s.%s: %w", r.Name(), name, err)
	}
	if alike(before, want) {
		return nil
	}
	return g.change(r, name, want)
}

// change sends the new value and waits for it.
func (g *globals) change(r *core.Replica, name string, want qt.Value) error {
	arrived := make(chan struct{}, 1)
	cancel, err := r.OnChange(name, func(v qt.Value) {
		if alike(v, want) {
			select {
			case arrived <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	defer cancel()
	before, err := r.Get(name)
	if err != nil {
		return err
	}
	if err := r.Set(name, want); err != nil {
		return err
	}
	ctx, stop := g.wait()
	defer stop()
	select {
	case <-arrived:
		return nil
	case <-ctx.Done():
	}
	now, err := r.Get(name)
	switch {
	case err != nil:
		return err
	case alike(now, want):
		return nil // a property that tells nobody of its changes
	case g.ctx.Err() != nil:
		return errors.New("interrupted")
	case r.State() != core.Valid:
		return fmt.Errorf("the connection was lost before the new value of %s.%s came back; try again", r.Name(), name)
	case !alike(now, before):
		return fmt.Errorf("%s.%s became %s instead: its host chose another value", r.Name(), name, text(now))
	}
	return fmt.Errorf("%s.%s is still %s after %v: its host refused the new value, or the property is read-only",
		r.Name(), name, text(now), g.Timeout)
}

// alike compares values by what a user sees of them.
func alike(a, b qt.Value) bool { return a.Equal(b) || text(a) == text(b) }

type callCmd struct {
	Name string   `arg:"" help:"The object."`
	Slot string   `arg:"" help:"The slot; of a child object by its path, such as gauge.calibrate."`
	Args []string `arg:"" name:"arg" optional:"" help:"Its arguments, as JSON."`
}

// Run calls a slot and prints its reply.
func (c *callCmd) Run(g *globals) error {
	n, root, err := g.acquire(c.Name)
	if err != nil {
		return err
	}
	defer n.Close()
	r, slot, err := resolve(root, c.Slot)
	if err != nil {
		return err
	}
	types, reply, err := r.SlotTypes(slot, len(c.Args))
	if err != nil {
		return fmt.Errorf("%w; %s", unwrapped(err), available("slots", slotNames(r.Class())))
	}
	args := make([]any, len(types))
	for i, t := range types {
		if args[i], err = parseValue(t, c.Args[i]); err != nil {
			return fmt.Errorf("argument %d of %s.%s: %w", i+1, r.Name(), slot, err)
		}
	}
	ctx, cancel := g.wait()
	defer cancel()
	v, err := r.Call(ctx, slot, args...)
	switch {
	case err != nil && g.ctx.Err() != nil:
		return errors.New("interrupted")
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("no reply of %s.%s within %v; a longer --timeout may help", r.Name(), slot, g.Timeout)
	case err != nil:
		return err
	}
	if reply != nil || g.out.json {
		g.out.object(v)
	}
	return nil
}

// unwrapped is an error without the object that it happened to.
func unwrapped(err error) error {
	var op *core.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
