package qt

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"unsafe"
)

// Value is a value together with its Qt type: what QVariant is to Qt. The zero Value is the invalid variant.
// A Value is small, is passed by value, holds scalars and strings without an allocation of its own, and is
// immutable, so it is safe for concurrent use. Make one with [Of], [ValueOf] or [Type.Value]; read it with its
// methods, with [As], or as a plain Go value with [Value.Any].
type Value struct {
	t   *Type
	num uint64 // scalars, by kind; the length of all that ref points to the first of
	ref any    // see kind
	odd bool   // the stream's is-null byte was not what it usually is for this value
}

// How strings, byte arrays and items stand in Value.ref: a pointer needs no box. A null string or byte array has no ref at all.
type (
	textPtr    *byte
	bytesPtr   *byte
	numsPtr    *uint64
	itemsPtr   *Value
	entriesPtr *Entry
)

// Entry is a key with its value, of a map.
type Entry struct{ Key, Value Value }

// NullString is a null QString, which Qt tells apart from an empty one.
var NullString = Value{t: tText}

// Type returns the value's type, nil for the invalid variant.
func (v Value) Type() *Type { return v.t }

// IsValid reports whether v has a type (Qt: QVariant::isValid).
func (v Value) IsValid() bool { return v.t != nil }

// IsNull reports whether v is invalid, a null string or byte array, a nullptr, or a typed null (Qt: QVariant::isNull).
func (v Value) IsNull() bool {
	switch {
	case v.t == nil || v.t.kind == kindNull:
		return true
	case v.t.kind == kindString || v.t.kind == kindBytes:
		return v.ref == nil || v.odd
	}
	return v.odd
}

func scalarValue(t *Type, num uint64) Value { return Value{t: t, num: num} }

func textValue(t *Type, s string) Value {
	return Value{t: t, num: uint64(len(s)), ref: textPtr(unsafe.StringData(s))}
}

func bytesValue(t *Type, b []byte) Value {
	if b == nil {
		return Value{t: t}
	}
	return Value{t: t, num: uint64(len(b)), ref: bytesPtr(unsafe.SliceData(b))}
}

func numsValue(t *Type, nums []uint64) Value {
	return Value{t: t, num: uint64(len(nums)), ref: numsPtr(unsafe.SliceData(nums))}
}

func itemsValue(t *Type, items []Value) Value {
	return Value{t: t, num: uint64(len(items)), ref: itemsPtr(unsafe.SliceData(items))}
}

func entriesValue(t *Type, entries []Entry) Value {
	return Value{t: t, num: uint64(len(entries)), ref: entriesPtr(unsafe.SliceData(entries))}
}

// nums returns the items of a list of scalars.
func (v Value) nums() (nums []uint64, ok bool) {
	p, ok := v.ref.(numsPtr)
	if !ok {
		return nil, false
	}
	return unsafe.Slice(p, v.num), true
}

// items returns the items of other lists and of pairs, and the fields of a POD.
func (v Value) items() []Value {
	p, ok := v.ref.(itemsPtr)
	if !ok {
		return nil
	}
	return unsafe.Slice(p, v.num)[:v.num:v.num]
}

// Bool returns a bool, or whether a number is not zero.
func (v Value) Bool() bool { return v.t != nil && v.t.kind.scalar() && v.num != 0 }

// Int returns an integer, enum or QChar, or a float's integer part; 0 for other types.
func (v Value) Int() int64 {
	switch {
	case v.t == nil || !v.t.kind.scalar():
		return 0
	case v.t.kind == kindFloat:
		return int64(math.Float64frombits(v.num))
	}
	return int64(v.num)
}

// Float returns a number as a float64; 0 for other types.
func (v Value) Float() float64 {
	switch {
	case v.t == nil || !v.t.kind.scalar():
		return 0
	case v.t.kind == kindFloat:
		return math.Float64frombits(v.num)
	case v.t.kind == kindUint:
		return float64(v.num)
	}
	return float64(int64(v.num))
}

func (v Value) text() (string, bool) {
	if v.t == nil || v.t.kind != kindString {
		return "", false
	}
	p, _ := v.ref.(textPtr)
	return unsafe.String(p, v.num), true
}

// Bytes returns the content of a QByteArray, nil if it is null or v is of another type. The caller must not change it.
func (v Value) Bytes() []byte {
	p, ok := v.ref.(bytesPtr)
	if !ok {
		return nil
	}
	return unsafe.Slice(p, v.num)[:v.num:v.num]
}

// Len returns how many items a list, map, pair or POD has.
func (v Value) Len() int {
	switch v.ref.(type) {
	case numsPtr, itemsPtr, entriesPtr:
		return int(v.num)
	}
	return 0
}

// Index returns item i of a list, pair or POD; it panics if i is out of range.
func (v Value) Index(i int) Value {
	if nums, ok := v.nums(); ok {
		return scalarValue(v.t.elem, nums[i])
	}
	return v.items()[i]
}

// Entries returns the keys and values of a map: of a QMap in the order of its keys, if that is how they came, of a QHash in
// any. The caller must not change them.
func (v Value) Entries() []Entry {
	p, ok := v.ref.(entriesPtr)
	if !ok {
		return nil
	}
	return unsafe.Slice(p, v.num)[:v.num:v.num]
}

// Field returns the field of a POD, or the value of a map with text keys, that has this name.
func (v Value) Field(name string) (Value, bool) {
	if v.t == nil {
		return Value{}, false
	}
	for i, f := range v.t.fields {
		if f.Name == name {
			return v.Index(i), true
		}
	}
	for _, e := range v.Entries() {
		if s, ok := e.Key.text(); ok && s == name {
			return e.Value, true
		}
	}
	return Value{}, false
}

// Unwrap returns the innermost value of variants inside variants, which Qt's dynamic replicas send.
func (v Value) Unwrap() Value {
	for v.t != nil && v.t.kind == kindVariant {
		inner, ok := v.ref.(Value)
		if !ok {
			return Value{}
		}
		v = inner
	}
	return v
}

func (e Entry) equal(f Entry) bool { return e.Key.Equal(f.Key) && e.Value.Equal(f.Value) }

// Equal reports whether v and w have the same type and content. The order of a map does not count.
func (v Value) Equal(w Value) bool {
	if v.t != w.t && !v.t.same(w.t) || v.num != w.num || v.odd != w.odd {
		return false
	}
	if v.t == nil {
		return true
	}
	switch x := v.ref.(type) {
	case nil:
		return w.ref == nil
	case textPtr:
		y, ok := w.ref.(textPtr)
		return ok && unsafe.String(x, v.num) == unsafe.String(y, w.num)
	case bytesPtr:
		_, ok := w.ref.(bytesPtr)
		return ok && bytes.Equal(v.Bytes(), w.Bytes())
	case numsPtr:
		y, ok := w.ref.(numsPtr)
		return ok && slices.Equal(unsafe.Slice(x, v.num), unsafe.Slice(y, v.num))
	case itemsPtr:
		_, ok := w.ref.(itemsPtr)
		return ok && slices.EqualFunc(v.items(), w.items(), Value.Equal)
	case entriesPtr:
		_, ok := w.ref.(entriesPtr)
		return ok && slices.EqualFunc(sorted(v.Entries(), Entry.compare), sorted(w.Entries(), Entry.compare), Entry.equal)
	case Value:
		y, ok := w.ref.(Value)
		return ok && x.Equal(y)
	}
	return v.sameCodec(w)
}

// sameCodec compares values of a codec's type: they are equal if every version that can write them writes the same.
func (v Value) sameCodec(w Value) bool {
	if w.ref == nil || v.t.hashable() && v.ref == w.ref {
		return w.ref != nil
	}
	written := false
	for _, ver := range []Version{Qt5_12, Qt6_2} {
		a, b := Writer{format: Format{Version: ver}}, Writer{format: Format{Version: ver}}
		a.Payload(v)
		b.Payload(w)
		if (a.err == nil) != (b.err == nil) || a.err == nil && !bytes.Equal(a.buf, b.buf) {
			return false
		}
		written = written || a.err == nil
	}
	return written
}

// Any returns the value as a plain Go value; the package comment has the table. A null QString becomes "", the invalid
// variant nil. Lists and maps are converted all the way down, into memory of their own.
func (v Value) Any() any {
	if v.t == nil {
		return nil
	}
	switch v.t.kind {
	case kindBool:
		return v.num != 0
	case kindString:
		s, _ := v.text()
		return s
	case kindBytes:
		return slices.Clone(v.Bytes())
	case kindVariant:
		return v.Unwrap().Any()
	case kindNull:
		return nil
	case kindCodec:
		if v.t.codec.plain != nil {
			return v.t.codec.plain(v.ref)
		}
		return v.ref
	}
	return v.reflect().Interface()
}

// reflect returns the value as t.Go(), for all kinds but those that Any handles itself.
func (v Value) reflect() reflect.Value {
	g := v.t.Go()
	out := reflect.New(g).Elem()
	switch v.t.kind {
	case kindInt, kindEnum:
		out.SetInt(int64(v.num))
	case kindUint, kindChar:
		out.SetUint(v.num)
	case kindFloat:
		out.SetFloat(math.Float64frombits(v.num))
	case kindDate:
		return reflect.ValueOf(dateOf(int64(v.num)))
	case kindTime:
		return reflect.ValueOf(Time(int32(v.num)))
	case kindList:
		out.Set(reflect.MakeSlice(g, v.Len(), v.Len()))
		for i := range v.Len() {
			v.Index(i).store(out.Index(i))
		}
	case kindPair:
		return reflect.ValueOf([2]any{v.Index(0).Any(), v.Index(1).Any()})
	case kindPOD:
		m := make(map[string]any, v.Len())
		for i, f := range v.t.fields {
			m[f.Name] = v.Index(i).Any()
		}
		return reflect.ValueOf(m)
	case kindMap:
		if g.Kind() != reflect.Map {
			return reflect.ValueOf(slices.Clone(v.Entries()))
		}
		out.Set(reflect.MakeMapWithSize(g, v.Len()))
		for _, e := range v.Entries() {
			key, val := reflect.New(g.Key()).Elem(), reflect.New(g.Elem()).Elem()
			e.Key.store(key)
			e.Value.store(val)
			out.SetMapIndex(key, val)
		}
	}
	return out
}

// store sets dst, whose type is v's Go type or any, to v.
func (v Value) store(dst reflect.Value) {
	if x := v.Any(); x != nil {
		dst.Set(reflect.ValueOf(x))
	}
}

// Done is what Qt answers a call of a slot that returns nothing: an invalid variant that says it is not null.
var Done = Value{odd: true}
