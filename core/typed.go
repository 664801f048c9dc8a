package core

import (
	"fmt"
	"reflect"

	"github.com/go-qtro/qtro/qt"
)

// SetterOf returns a function that sets a property of a source as [Source.Set] does, from a T. It fails if the class has no
// such property or its type takes no T. For numbers, bools and strings of the property's own type, setting allocates nothing.
func SetterOf[T any](s *Source, property string) (func(T) error, error) {
	i, err := s.info.property(property)
	if err == nil && (s.info.props[i].kind != plainProp || s.info.props[i].access == Constant) {
		err = fmt.Errorf("%w: the property is constant or holds an object", ErrClass)
	}
	if err != nil {
		return nil, s.fail("set", property, err)
	}
	goType, typ := reflect.TypeFor[T](), s.info.props[i].typ
	if err := takes(typ, goType); err != nil {
		return nil, s.fail("set", property, err)
	}
	own, err := qt.TypeOf(goType)
	direct := err == nil && own == typ && goType.Kind() != reflect.Slice // a slice has to be copied
	return func(x T) error {
		if direct {
			return s.SetValue(i, qt.Of(x))
		}
		return s.Set(property, x)
	}, nil
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
