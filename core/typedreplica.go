package core

import (
	"context"

	"github.com/go-qtro/qtro/qt"
)

// As returns v as a T, as [qt.As] does, or the zero T if it does not fit. It is for values that are known to fit, such as
// the arguments of a typed replica's signals. For numbers, bools and strings it allocates nothing.
func As[T any](v qt.Value) T {
	v = v.Unwrap()
	var x T
	switch p := any(&x).(type) { // what qt.As has to go a longer way for
	case *int8:
		*p = int8(inRange(v, -1<<7, 1<<7-1))
	case *int16:
		*p = int16(inRange(v, -1<<15, 1<<15-1))
	case *uint8:
		*p = uint8(inRange(v, 0, 1<<8-1))
	case *uint16:
		*p = uint16(inRange(v, 0, 1<<16-1))
	case *uint32:
		*p = uint32(inRange(v, 0, 1<<32-1))
	case *uint64:
		if v.Type() != uint64Type {
			return otherwise[T](v)
		}
		*p = uint64(v.Int())
	case *float32:
		if v.Type() != float32Type {
			return otherwise[T](v)
		}
		*p = float32(v.Float())
	default:
		return otherwise[T](v)
	}
	return x
}

var (
	uint64Type  = qt.MustLookup("quint64")
	float32Type = qt.MustLookup("float")
)

// inRange returns an integer that a small type holds, else 0.
func inRange(v qt.Value, low, high int64) int64 {
	n, err := qt.As[int64](v)
	if err != nil || n < low || n > high {
		return 0
	}
	return n
}

func otherwise[T any](v qt.Value) T {
	x, err := qt.As[T](v)
	if err != nil {
		var zero T
		return zero
	}
	return x
}

// Current returns a property of a source or replica as a T, as [As] does: the last known value, or before there is one the
// class's default. It is the zero T if there is no such property.
func Current[T any](object interface {
	Get(property string) (qt.Value, error)
}, property string) T {
	v, err := object.Get(property)
	if err != nil {
		var zero T
		return zero
	}
	return As[T](v)
}

// OnChangeOf calls fn as [Replica.OnChange] does, with the new value as [As] returns it. For a property that holds a
// number, a bool or a string it allocates nothing on the way. If there is no such property, cancel does nothing.
func OnChangeOf[T any](p *Replica, property string, fn func(T)) (cancel func(), err error) {
	cancel, err = p.OnChange(property, func(v qt.Value) { fn(As[T](v)) })
	if err != nil {
		cancel = func() {}
	}
	return cancel, err
}

// WriteTo asks the source for a new value of a property as [Replica.Set] does, with a T. It does not wait for the source either:
// nothing is sent if ctx is done, that is all.
func WriteTo[T any](ctx context.Context, p *Replica, property string, x T) error {
	if ctx.Err() != nil {
		return p.fail("set", property, context.Cause(ctx))
	}
	return p.Set(property, x)
}

// CallOf calls a slot as [Replica.Call] does, and returns its reply as a T.
func CallOf[T any](ctx context.Context, p *Replica, slot string, args ...any) (T, error) {
	var zero T
	v, err := p.Call(ctx, slot, args...)
	if err != nil {
		return zero, err
	}
	x, err := qt.As[T](v)
	if err != nil {
		return zero, p.fail("call", slot, err)
	}
	return x, nil
}
