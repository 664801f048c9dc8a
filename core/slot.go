package core

import (
	"context"
	"fmt"
	"reflect"

	"github.com/go-qtro/qtro/qt"
)

// Handle sets what answers a slot: a function whose parameters take the slot's arguments as [qt.Value.To] stores them,
// with a context.Context before them if it wants one, and which returns the slot's value, an error, both or nothing:
//
//	func(ctx context.Context, a, b int32) (int32, error)
//
// The context tells the calling peer ([PeerFrom]) and ends with its connection. Calls of one replica come one after
// another in the order they were made, those of others at the same time. A slot whose function returns an error, or that
// has none, is answered as failed. Handle must be called before the source is remoted; it fails if the function does not
// fit the slot.
func (s *Source) Handle(slot string, fn any) error {
	i, err := s.handler(slot, fn)
	if err != nil {
		return s.fail("handle", slot, err)
	}
	m := &s.info.slots[i]
	call, err := newCaller(fn, m)
	if err != nil {
		return s.fail("handle", slot, err)
	}
	s.slots[i] = call
	return nil
}

// handler finds the slot that fn is for, by name and, where it is overloaded, by the number of its parameters.
func (s *Source) handler(slot string, fn any) (int, error) {
	t := reflect.TypeOf(fn)
	if t == nil || t.Kind() != reflect.Func {
		return 0, fmt.Errorf("%w: a %T is no function", ErrClass, fn)
	}
	if _, raw := fn.(func(context.Context, []qt.Value) (qt.Value, error)); raw {
		return s.info.slot(slot, -1)
	}
	n := t.NumIn()
	if n > 0 && t.In(0) == contextType {
		n--
	}
	return s.info.slot(slot, n)
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// newCaller wraps a function of the user's. One that takes and returns qt.Values is called without reflection.
func newCaller(fn any, m *methodInfo) (slotFunc, error) {
	if raw, ok := fn.(func(context.Context, []qt.Value) (qt.Value, error)); ok {
		return raw, nil
	}
	f := reflect.ValueOf(fn)
	t := f.Type()
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		first = 1
	}
	if t.IsVariadic() || t.NumIn()-first != len(m.params) {
		return nil, fmt.Errorf("%w: %s does not take the slot's %d arguments", ErrClass, t, len(m.params))
	}
	value, failure := -1, -1
	for i := range t.NumOut() {
		switch {
		case t.Out(i) == errorType && failure < 0:
			failure = i
		case value < 0:
			value = i
		default:
			return nil, fmt.Errorf("%w: %s returns more than a value and an error", ErrClass, t)
		}
	}
	if m.ret != nil && value < 0 {
		return nil, fmt.Errorf("%w: %s returns no %s", ErrClass, t, m.ret)
	}
	return func(ctx context.Context, args []qt.Value) (qt.Value, error) {
		in := make([]reflect.Value, t.NumIn())
		if first == 1 {
			in[0] = reflect.ValueOf(ctx)
		}
		for i := range m.params {
			p := reflect.New(t.In(first + i))
			if err := args[i].To(p.Interface()); err != nil {
				return qt.Value{}, fmt.Errorf("argument %d: %w", i+1, err)
			}
			in[first+i] = p.Elem()
		}
		out := f.Call(in)
		if failure >= 0 && !out[failure].IsNil() {
			return qt.Value{}, out[failure].Interface().(error)
		}
		if m.ret == nil {
			return qt.Value{}, nil
		}
		return m.ret.Value(out[value].Interface())
	}, nil
}

// OnWrite sets what is asked when a replica pushes or writes a property: whether the value becomes the property's. The
// function may set the property itself, to another value, and return an error. Without one, pushes and writes take effect
// as the class allows. It must be called before the source is remoted.
func (s *Source) OnWrite(property string, fn func(ctx context.Context, v qt.Value) error) error {
	i, err := s.info.property(property)
	if err != nil {
		return s.fail("handle", property, err)
	}
	s.onWrite[i] = fn
	return nil
}

// written carries out what a replica has asked for, through a push slot or by writing the property.
func (s *Source) written(ctx context.Context, property int, v qt.Value) error {
	if fn := s.onWrite[property]; fn != nil {
		if err := fn(ctx, v); err != nil {
			return err
		}
	}
	if s.mirror != nil {
		return s.mirror.write(property, v)
	}
	return s.SetValue(property, v)
}

// invoke calls the slot. A handler that panics fails the call, not the process: the arguments came from outside.
func (s *Source) invoke(ctx context.Context, slot int, args []qt.Value) (v qt.Value, err error) {
	fn := s.slots[slot]
	if fn == nil {
		return qt.Value{}, fmt.Errorf("%w: no handler is set; see Source.Handle", ErrClass)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler panicked: %v", r)
		}
	}()
	v, err = fn(ctx, args)
	if ret := s.info.slots[slot].ret; err == nil && ret != nil {
		v, err = ret.Convert(v)
	}
	return v, err
}
