package qt

import "fmt"

// Generated code turns structs, slices and maps into Values and back with these, without reflection.

// Carry returns v or, if err is not nil, an invalid value that carries err: to convert it to any type, to set a property to it
// or to send it fails with err. So what makes a value of several parts need not stop at each of them:
//
//	qt.Carry(qt.ValueOf(x))
func Carry(v Value, err error) Value {
	if err != nil {
		return Value{ref: carried{err}}
	}
	return v
}

// carried stands in the ref of an invalid value.
type carried struct{ err error }

// carries returns the error that an invalid value carries.
func (v Value) carries() error {
	if v.t != nil {
		return nil
	}
	c, _ := v.ref.(carried)
	return c.err
}

// Pack returns a POD of its fields, in order, which are converted to their types as by [Type.Convert]. It keeps the slice and
// may change it. If they do not fit, the value carries the error, as [Carry] says.
func (t *Type) Pack(fields ...Value) Value {
	if t.kind != kindPOD || len(fields) != len(t.fields) {
		return Carry(Value{}, fmt.Errorf("%w: %d fields for %s, which has %d", ErrValue, len(fields), t, len(t.fields)))
	}
	for i := range fields {
		want := t.fields[i].typ
		if want == nil {
			want = tVariant
		}
		v, err := want.Convert(fields[i])
		if err != nil {
			return Carry(Value{}, fmt.Errorf("%s.%s: %w", t, t.fields[i].Name, err))
		}
		fields[i] = v
	}
	return itemsValue(t, fields)
}

// Unpack returns the fields of a POD, converted to t first if it is of another class's type of that name. There are as many as
// t has; if v is nothing of the kind, they are all invalid. The caller must not change them.
func (t *Type) Unpack(v Value) []Value {
	if v.t != t {
		v, _ = t.Convert(v) // the invalid value if it fails
	}
	if fields := v.items(); len(fields) == len(t.fields) {
		return fields
	}
	return make([]Value, len(t.fields))
}

// PackList returns a list of type t, whose items pack makes values of; they are converted as by [Type.Convert]. If one does not
// fit, the value carries the error, as [Carry] says.
func PackList[T any](t *Type, items []T, pack func(T) Value) Value {
	if t.kind != kindList {
		return Carry(Value{}, fmt.Errorf("%w: a list for %s", ErrValue, t))
	}
	b := listBuilder{t: t, n: len(items)}
	for i, x := range items {
		v, err := t.elem.Convert(pack(x))
		if err != nil {
			return Carry(Value{}, fmt.Errorf("item %d: %w", i, err))
		}
		b.add(v)
	}
	return b.value()
}

// UnpackList returns what unpack makes of the items of a list; nil if v is none.
func UnpackList[T any](v Value, unpack func(Value) T) []T {
	v = v.Unwrap()
	if v.t == nil || v.t.kind != kindList {
		return nil
	}
	out := make([]T, v.Len())
	for i := range out {
		out[i] = unpack(v.Index(i))
	}
	return out
}

// PackMap returns a map of type t, whose keys and values the functions make values of; they are converted as by
// [Type.Convert]. If one does not fit, the value carries the error, as [Carry] says.
func PackMap[K comparable, V any](t *Type, m map[K]V, packKey func(K) Value, pack func(V) Value) Value {
	if t.kind != kindMap {
		return Carry(Value{}, fmt.Errorf("%w: a map for %s", ErrValue, t))
	}
	out := make([]Entry, 0, len(m))
	for k, x := range m {
		key, err := t.key.Convert(packKey(k))
		if err != nil {
			return Carry(Value{}, fmt.Errorf("key: %w", err))
		}
		v, err := t.elem.Convert(pack(x))
		if err != nil {
			return Carry(Value{}, fmt.Errorf("value of %s: %w", key.brief(), err))
		}
		out = append(out, Entry{key, v})
	}
	sortEntries(out)
	return entriesValue(t, out)
}

// UnpackMap returns what the functions make of the keys and values of a map; nil if v is none.
func UnpackMap[K comparable, V any](v Value, unpackKey func(Value) K, unpack func(Value) V) map[K]V {
	v = v.Unwrap()
	if v.t == nil || v.t.kind != kindMap {
		return nil
	}
	out := make(map[K]V, v.Len())
	for _, e := range v.Entries() {
		out[unpackKey(e.Key)] = unpack(e.Value)
	}
	return out
}
