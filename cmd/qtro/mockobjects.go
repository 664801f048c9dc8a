package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// target is a member of a mocked object, or of one of its child objects.
type target struct {
	object string
	path   []string    // the properties that lead from the object to the child
	name   string      // of the member
	class  *core.Class // that has the member
}

// member is the member with the path to it.
func (t target) member() string { return strings.Join(append(slices.Clone(t.path), t.name), ".") }

func (t target) String() string { return t.object + "." + t.member() }

// child is a member of the object that a target holds.
func (t target) child(class *core.Class, name string) target {
	return target{t.object, append(slices.Clone(t.path), t.name), name, class}
}

// target finds what is meant by a path such as Boiler.pump.rpm. Whether there is such a member is for the caller to see.
func (m *mock) target(text string) (target, error) {
	object := ""
	for name := range m.objects { // a name may have dots
		if strings.HasPrefix(text, name+".") && len(name) > len(object) {
			object = name
		}
	}
	if object == "" {
		names := slices.Sorted(maps.Keys(m.objects))
		if m.objects[text] != nil {
			return target{}, fmt.Errorf("%s is an object: name the member, too, as in %s.NAME", text, text)
		}
		return target{}, fmt.Errorf("no object has %q; there are %s", text, strings.Join(names, ", "))
	}
	t := target{object: object, class: m.objects[object].Class()}
	names := strings.Split(text[len(object)+1:], ".")
	for _, name := range names[:len(names)-1] {
		p := propertyOf(t.class, name)
		if p == nil || p.Class == nil {
			t.name = name
			return t, fmt.Errorf("%s holds no object", t)
		}
		t.path, t.class = append(t.path, name), p.Class
	}
	t.name = names[len(names)-1]
	return t, nil
}

// source is the object that has a target at present.
func (m *mock) source(t target) (*core.Source, error) {
	s := m.objects[t.object]
	for i, name := range t.path {
		child, err := s.Child(name)
		if err != nil {
			return nil, err
		}
		if child == nil {
			return nil, fmt.Errorf("%s.%s holds no object at present", t.object, strings.Join(t.path[:i+1], "."))
		}
		s = child
	}
	return s, nil
}

// assignment is a new value of a property.
type assignment struct {
	target
	property *core.Property
	value    qt.Value // of a plain one
	empty    bool     // whether one that holds an object is to hold none
}

// assign reads the new value of a property from JSON. A map for an object is what its properties become.
func (m *mock) assign(t target, text string) ([]assignment, error) {
	p := propertyOf(t.class, t.name)
	switch {
	case p == nil:
		return nil, fmt.Errorf("%s has no property %q; %s", t.class.Name, t.name, available("properties", propertyNames(t.class)))
	case p.Roles != nil:
		return nil, fmt.Errorf("%s is a model, which stays empty", t)
	case p.Class == nil:
		typ, err := m.typeOf(t.class, p.Type)
		if err != nil {
			return nil, err
		}
		v, err := parseValue(typ, text)
		if err != nil {
			return nil, fmt.Errorf("value of %s: %w", t, err)
		}
		return []assignment{{target: t, property: p, value: v}}, nil
	}
	if strings.TrimSpace(text) == "null" {
		return []assignment{{target: t, property: p, empty: true}}, nil
	}
	var inner map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &inner); err != nil {
		return nil, fmt.Errorf("%s holds a %s: give a map of its properties, or null", t, p.Class.Name)
	}
	all := []assignment{{target: t, property: p}}
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		more, err := m.assign(t.child(p.Class, name), string(inner[name]))
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (m *mock) typeOf(class *core.Class, name string) (*qt.Type, error) {
	types, err := class.Types()
	if err != nil {
		return nil, err
	}
	return types.Lookup(name)
}

// set carries out an assignment.
func (m *mock) set(a *assignment) error {
	s, err := m.source(a.target)
	if err != nil {
		return err
	}
	switch {
	case a.property.Class == nil && a.property.Access == core.Constant:
		err = s.SetConstant(a.name, a.value)
	case a.property.Class == nil:
		err = s.Set(a.name, a.value)
	case a.empty:
		err = s.SetChild(a.name, nil)
	default:
		old, err := s.Child(a.name)
		if err != nil || old != nil {
			return err
		}
		child, err := m.newSource(a.property.Class, a.object, a.member()+".")
		if err != nil {
			return err
		}
		return unwrapped(s.SetChild(a.name, child))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.target, unwrapped(err))
	}
	m.tell(mockEvent{event: "set", object: a.object, member: a.member(), args: []qt.Value{a.value}})
	return nil
}

// emission is a signal with its arguments.
type emission struct {
	target
	signature string
	args      []qt.Value
}

// emission reads the arguments of a signal from JSON. Of overloads that are named without their parameters it is the first that takes
// such arguments.
func (m *mock) emission(t target, args []string) (*emission, error) {
	names := methodNames(t.class.Signals)
	wanted := t.name
	var counts []string
	var misfit error
	for i, s := range t.class.Signals {
		if s.Name != wanted && !isCalled(wanted, names[i], s) {
			continue
		}
		t.name = names[i]
		if len(s.Params) != len(args) {
			counts = append(counts, fmt.Sprint(len(s.Params)))
			continue
		}
		vals, err := m.arguments(t, s.Params, args)
		if err == nil {
			return &emission{t, s.Signature(), vals}, nil
		}
		if misfit == nil { // else it is an overload's
			misfit = err
		}
	}
	t.name = wanted
	if misfit != nil {
		return nil, misfit
	}
	if len(counts) > 0 {
		return nil, fmt.Errorf("%s takes %s arguments, not %d", t, strings.Join(counts, " or "), len(args))
	}
	return nil, fmt.Errorf("%s has no signal %q; %s", t.class.Name, t.name, available("signals", names))
}

// signed is a core.Signal or core.Slot.
type signed interface{ Signature() string }

// methodNames are what scenarios and events call signals or slots: their names or, of overloads, their signatures.
func methodNames[M signed](all []M) []string {
	times := map[string]int{}
	for _, m := range all {
		times[bareName(m.Signature())]++
	}
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = bareName(m.Signature())
		if times[names[i]] > 1 {
			names[i] = dense(m.Signature())
		}
	}
	return names
}

// isCalled reports whether something is a method's name, or its signature, which does for one that is not overloaded, too.
func isCalled(what, name string, m signed) bool {
	return what == name || dense(what) == dense(m.Signature())
}

func bareName(signature string) string {
	name, _, _ := strings.Cut(signature, "(")
	return name
}

// dense is a signature without spaces, as it is typed as one word.
func dense(signature string) string { return strings.ReplaceAll(signature, " ", "") }

// arguments reads arguments from JSON.
func (m *mock) arguments(t target, params []core.Param, args []string) ([]qt.Value, error) {
	vals := make([]qt.Value, len(args))
	for i, p := range params {
		typ, err := m.typeOf(t.class, p.Type)
		if err != nil {
			return nil, err
		}
		if vals[i], err = parseValue(typ, args[i]); err != nil {
			return nil, fmt.Errorf("argument %d of %s: %w", i+1, t, err)
		}
	}
	return vals, nil
}

func (m *mock) emit(e *emission) error {
	s, err := m.source(e.target)
	if err != nil {
		return err
	}
	m.tell(mockEvent{event: "emit", object: e.object, member: e.member(), args: e.args})
	return core.Emit(s, e.signature, slices.Clone(e.args)...)
}

// answer is what happens when a slot is called.
type answer struct {
	target
	slot  *core.Slot
	reply *qt.Value // nil for the default of its type
	fail  bool
	delay time.Duration
	then  []step
}

// readReply reads what a slot replies from JSON.
func (m *mock) readReply(a *answer, text string) error {
	typ, err := m.replyType(a.class, a.slot)
	if err != nil {
		return err
	}
	if typ == nil {
		return fmt.Errorf("%s returns nothing", a.target)
	}
	v, err := parseValue(typ, text)
	if err != nil {
		return fmt.Errorf("reply of %s: %w", a.target, err)
	}
	a.reply = &v
	return nil
}

// replyType is the type that a slot returns, nil if it returns nothing.
func (m *mock) replyType(class *core.Class, slot *core.Slot) (*qt.Type, error) {
	if slot.Return == "" || slot.Return == "void" {
		return nil, nil
	}
	return m.typeOf(class, slot.Return)
}

// slotTarget finds a slot by its path, which ends with the slot's name or signature.
func (m *mock) slotTarget(path string) (target, *core.Slot, error) {
	t, err := m.target(path)
	if err != nil {
		return t, nil, err
	}
	names := methodNames(t.class.Slots)
	var overloads []string
	for i := range names {
		s := &t.class.Slots[i]
		if isCalled(t.name, names[i], s) {
			t.name = names[i]
			return t, s, nil
		}
		if s.Name == t.name {
			overloads = append(overloads, names[i])
		}
	}
	if len(overloads) > 0 {
		return t, nil, fmt.Errorf("%s is overloaded; say which one: %s", t, strings.Join(overloads, ", "))
	}
	return t, nil, fmt.Errorf("%s has no slot %q; %s", t.class.Name, t.name, available("slots", names))
}

// setAnswer makes a an answer from now on.
func (m *mock) setAnswer(a *answer) {
	m.mu.Lock()
	m.answers[a.String()] = a
	m.mu.Unlock()
}

// answerSlots has the slots of a source answered.
func (m *mock) answerSlots(s *core.Source, object, path string) error {
	class := s.Class()
	names := methodNames(class.Slots)
	for i := range class.Slots {
		slot := &class.Slots[i]
		ret, err := m.replyType(class, slot)
		if err != nil {
			return err
		}
		answer := func(ctx context.Context, args []qt.Value) (qt.Value, error) {
			return m.called(ctx, object, path+names[i], ret, args)
		}
		if err := s.Handle(slot.Signature(), answer); err != nil {
			return err
		}
	}
	return nil
}

// called answers a call.
func (m *mock) called(ctx context.Context, object, member string, ret *qt.Type, args []qt.Value) (qt.Value, error) {
	key := object + "." + member
	m.mu.Lock()
	a := m.answers[key]
	m.mu.Unlock()
	if a == nil {
		a = &answer{}
	}
	e := mockEvent{event: "call", object: object, member: member, args: args, peer: peerOf(ctx), failed: a.fail}
	var v qt.Value
	if ret != nil && !a.fail {
		v = ret.Zero()
		if a.reply != nil {
			v = *a.reply
		}
		e.reply = &v
	}
	m.tell(e)
	if !pause(ctx, a.delay) {
		return qt.Value{}, ctx.Err()
	}
	m.follow(key, a.then)
	if a.fail {
		return qt.Value{}, fmt.Errorf("%s fails as it is told to", key)
	}
	return v, nil
}

// follow does the steps that follow a call, in the place of those of the call before.
func (m *mock) follow(key string, steps []step) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end := m.follows[key]; end != nil {
		end()
		delete(m.follows, key)
	}
	if len(steps) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.follows[key] = cancel
	r := runner{mock: m, seen: m.times()}
	m.group.Go(func() { r.run(ctx, steps); cancel() })
}

// pause waits, and reports whether the context is still good.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
