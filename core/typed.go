package core

import (
	"context"
	"fmt"
	"reflect"

	"github.com/go-qtro/qtro/qt"
)

// What follows is for code that knows the types, such as generated code: nothing passes through an any, and a value that has
// the declared type, or is a number, bool or string of another, is not allocated.

// Set sets a property of a source as [Source.Set] does, to a value of its type or one that can be converted to it
// ([qt.Type.Convert]), such as a number to an enum.
func Set(s *Source, property string, v qt.Value) error {
	i, err := s.info.property(property)
	if err != nil {
		return s.fail("set", property, err)
	}
	prop := &s.info.props[i]
	if prop.kind != plainProp || prop.access == Constant {
		return s.Set(property, v) // which says what is wrong
	}
	return s.fail("set", property, s.SetValue(i, v))
}

// Emit emits a signal as [Source.Emit] does, with values that have the parameters' types or can be converted to them. It may
// change args.
func Emit(s *Source, signal string, args ...qt.Value) error {
	i, err := s.info.signal(signal, len(args))
	if err != nil {
		return s.fail("emit", signal, err)
	}
	for k := range args {
		if args[k], err = s.info.signals[i].params[k].typ.Convert(args[k]); err != nil {
			return s.fail("emit", signal, fmt.Errorf("argument %d: %w", k+1, err))
		}
	}
	return s.fail("emit", signal, s.EmitValues(i, args...))
}

// WriteTo asks the source for a new value of a property as [Replica.Set] does, with a value of its type or one that can be
// converted to it. It does not wait for the source either: nothing is sent if ctx is done, that is all.
func WriteTo(ctx context.Context, p *Replica, property string, v qt.Value) error {
	if ctx.Err() != nil {
		return p.fail("set", property, context.Cause(ctx))
	}
	return p.fail("set", property, p.r.write(property, func(param paramInfo) (qt.Value, error) { return param.take(v) }))
}

// CallSlot calls a slot as [Replica.Call] does, with values that have the parameters' types or can be converted to them. It may
// change args.
func CallSlot(ctx context.Context, p *Replica, slot string, args ...qt.Value) (qt.Value, error) {
	v, err := p.call(ctx, slot, nil, args)
	return v, p.fail("call", slot, err)
}

// SetterOf returns a function that sets a property of a source as [Source.Set] does, from a T. It fails if the class has no
// such property or its type takes no T. For numbers, bools and strings setting allocates nothing.
func SetterOf[T any](s *Source, property string) (func(T) error, error) {
	i, err := s.info.property(property)
	if err == nil && (s.info.props[i].kind != plainProp || s.info.props[i].access == Constant) {
		err = fmt.Errorf("%w: the property is constant or holds an object", ErrClass)
	}
	if err != nil {
		return nil, s.fail("set", property, err)
	}
	typ := s.info.props[i].typ
	if err := takes(typ, reflect.TypeFor[T]()); err != nil {
		return nil, s.fail("set", property, err)
	}
	return func(x T) error {
		v, err := valueFor(typ, x)
		if err == nil {
			err = s.SetValue(i, v)
		}
		return s.fail("set", property, err)
	}, nil
}

// valueFor is t.Value(x) without an allocation for numbers, bools and strings.
func valueFor[T any](t *qt.Type, x T) (qt.Value, error) {
	switch any(&x).(type) {
	case *bool, *int, *int8, *int16, *int32, *int64, *uint8, *uint16, *uint32, *uint64, *float64, *float32, *string, *qt.Value:
		if v, err := t.Convert(qt.Of(x)); err == nil {
			return v, nil
		}
	}
	return t.Value(x) // texts become more than Convert knows
}

// EmitterOf returns a function that emits a signal of a source as [Source.Emit] does. F is its type: a function that takes
// what the signal has as arguments, and returns nothing or an error, such as
//
//	tripped, err := core.EmitterOf[func(threshold float64, why string)](source, "tripped")
//
// It fails if the signal does not take such arguments.
func EmitterOf[F any](s *Source, signal string) (F, error) {
	var emit F
	t := reflect.TypeFor[F]()
	if t.Kind() != reflect.Func || t.IsVariadic() || t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != errorType {
		return emit, s.fail("emit", signal, fmt.Errorf("%w: %s is no function that returns nothing or an error", ErrClass, t))
	}
	i, err := s.info.signal(signal, t.NumIn())
	if err != nil {
		return emit, s.fail("emit", signal, err)
	}
	for k, p := range s.info.signals[i].params {
		if err := takes(p.typ, t.In(k)); err != nil {
			return emit, s.fail("emit", signal, fmt.Errorf("argument %d: %w", k+1, err))
		}
	}
	reflect.ValueOf(&emit).Elem().Set(s.emitter(i, t))
	return emit, nil
}

// takes reports whether values of a Go type can become values of a Qt type. Numbers may still turn out too large.
func takes(t *qt.Type, g reflect.Type) error {
	if g.Kind() == reflect.Pointer || g.Kind() == reflect.Interface {
		return nil // it depends on what they point to
	}
	_, err := t.Value(reflect.Zero(g).Interface())
	return err
}

// emitter returns a function of type t that emits a signal. Without an error to return, a number that is out of range is
// sent as zero: the signal itself must not get lost.
func (s *Source) emitter(signal int, t reflect.Type) reflect.Value {
	m := &s.info.signals[signal]
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		vals := make([]qt.Value, len(args))
		var failed error
		for i, a := range args {
			v, err := m.params[i].typ.Value(a.Interface())
			if err != nil {
				v, failed = m.params[i].typ.Zero(), s.fail("emit", m.name, fmt.Errorf("argument %d: %w", i+1, err))
			}
			vals[i] = v
		}
		if failed == nil || t.NumOut() == 0 {
			failed = s.fail("emit", m.name, s.EmitValues(signal, vals...))
		}
		if t.NumOut() == 0 {
			return nil
		}
		out := reflect.New(errorType).Elem()
		if failed != nil {
			out.Set(reflect.ValueOf(failed))
		}
		return []reflect.Value{out}
	})
}
