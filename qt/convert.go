package qt

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
)

// Convert returns v as a value of type t. Numbers are converted where nothing is lost, integers become enums, variants
// inside variants are unwrapped; QVariant takes everything. Anything else is an error that names both types.
func (t *Type) Convert(v Value) (Value, error) {
	if v.t == t || t.kind == kindVariant {
		return v, nil
	}
	return t.convertExact(v.Unwrap())
}

func (t *Type) convertExact(v Value) (Value, error) {
	switch {
	case v.t == t || t.kind == kindVariant:
		return v, nil
	case v.t == nil:
		return Value{}, fmt.Errorf("%w: no value for %s", ErrValue, t)
	case t.same(v.t):
		v.t = t
		return v, nil
	case t.kind.scalar() && v.t.kind.scalar():
		if num, ok := t.number(v); ok {
			return Value{t: t, num: num, odd: v.odd}, nil
		}
	case t.kind == v.t.kind && (t.kind == kindList || t.kind == kindMap || t.kind == kindPair):
		return t.convertItems(v)
	}
	return Value{}, fmt.Errorf("%w: %s (%.80s) for %s", ErrValue, v.t, v, t)
}

// number converts between numeric scalars, and reports whether that lost nothing.
func (t *Type) number(v Value) (uint64, bool) {
	from, to := v.t.kind, t.kind
	if from == kindEnum {
		from = kindInt
	}
	if from == kindChar || from == kindDate || from == kindTime || from == kindBool {
		return 0, false
	}
	if from == kindFloat {
		f := math.Float64frombits(v.num)
		if to == kindFloat {
			return v.num, true
		}
		if f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
			return 0, false
		}
		v.num, from = uint64(int64(f)), kindInt
	}
	neg := from == kindInt && int64(v.num) < 0
	bits := uint(t.size) * 8
	switch to {
	case kindInt:
		if from == kindUint && v.num > math.MaxInt64 || int64(v.num) != int64(v.num)<<(64-bits)>>(64-bits) {
			return 0, false
		}
		return v.num, true
	case kindEnum: // an unsigned enum's integer has lost its sign
		if u := v.num & (1<<bits - 1); !neg && u == v.num || int64(v.num) == int64(v.num)<<(64-bits)>>(64-bits) {
			return uint64(int64(v.num) << (64 - bits) >> (64 - bits)), true
		}
	case kindUint:
		if !neg && (bits == 64 || v.num>>bits == 0) {
			return v.num, true
		}
	case kindFloat:
		f := float64(int64(v.num))
		if from == kindUint {
			f = float64(v.num)
		}
		return math.Float64bits(f), math.Abs(f) < 1<<53
	}
	return 0, false
}

func (t *Type) convertItems(v Value) (Value, error) {
	key := t.elem
	if t.key != nil {
		key = t.key
	}
	switch x := v.ref.(type) {
	case []Entry:
		out := make([]Entry, len(x))
		for i, e := range x {
			k, err := key.Convert(e.Key)
			if err != nil {
				return Value{}, fmt.Errorf("key %d: %w", i, err)
			}
			val, err := t.elem.Convert(e.Value)
			if err != nil {
				return Value{}, fmt.Errorf("value of %s: %w", k, err)
			}
			out[i] = Entry{k, val}
		}
		return Value{t: t, ref: out, odd: v.odd}, nil
	}
	b := listBuilder{t: t, n: v.Len()}
	for i := range v.Len() {
		want := t.elem
		if t.kind == kindPair && i == 0 {
			want = t.key
		}
		x, err := want.Convert(v.Index(i))
		if err != nil {
			return Value{}, fmt.Errorf("item %d: %w", i, err)
		}
		b.add(x)
	}
	return b.value(), nil
}

// listBuilder collects items in the form that a list of type t holds them.
type listBuilder struct {
	t    *Type
	n    int
	nums []uint64
	vals []Value
}

func (b *listBuilder) add(v Value) {
	if b.t.kind == kindList && b.t.elem.kind.scalar() {
		if b.nums == nil {
			b.nums = make([]uint64, 0, b.n)
		}
		b.nums = append(b.nums, v.num)
		return
	}
	if b.vals == nil {
		b.vals = make([]Value, 0, b.n)
	}
	b.vals = append(b.vals, v)
}

func (b *listBuilder) value() Value {
	if b.t.kind == kindList && b.t.elem.kind.scalar() {
		return Value{t: b.t, ref: append([]uint64{}, b.nums...)}
	}
	return Value{t: b.t, ref: append([]Value{}, b.vals...)}
}

// Zero returns the value that a new variable of type t has in Qt: 0, a null string, an empty list, PODs of such.
// For QVariant that is the invalid variant.
func (t *Type) Zero() Value {
	switch t.kind {
	case kindVariant:
		return Value{}
	case kindTime:
		return scalarValue(t, math.MaxUint64)
	case kindDate:
		return scalarValue(t, invalidDay)
	case kindList:
		b := listBuilder{t: t}
		return b.value()
	case kindMap:
		return Value{t: t, ref: []Entry{}}
	case kindPair:
		return Value{t: t, ref: []Value{t.key.Zero(), t.elem.Zero()}}
	case kindPOD:
		vals := make([]Value, len(t.fields))
		for i, f := range t.fields {
			if f.typ != nil && f.typ != t {
				vals[i] = f.typ.Zero()
			}
		}
		return Value{t: t, ref: vals}
	case kindCodec:
		if t.codec.zero != nil {
			return Value{t: t, ref: t.codec.zero}
		}
		return Value{t: t, ref: reflect.Zero(t.goType).Interface()}
	}
	return Value{t: t}
}

// Value returns the Go value x as a value of type t. It takes what [Value.Any] returns for t and more: any number that
// fits, an enum's name, a struct or map for a POD, any slice or map for a container, a time.Time for QDateTime, QDate and
// QTime, a *url.URL for QUrl, a nil *string for a null QString, and a Value.
func (t *Type) Value(x any) (Value, error) {
	switch x := x.(type) {
	case Value:
		return t.Convert(x)
	case string:
		switch t.kind {
		case kindString:
			return textValue(t, x), nil
		case kindEnum:
			if n, ok := t.enum.Value(x); ok {
				return scalarValue(t, uint64(int64(n))), nil
			}
			return Value{}, fmt.Errorf("%w: %q is no value of %s", ErrValue, x, t)
		}
	case []byte:
		if t.kind == kindBytes {
			return bytesValue(t, append(x[:0:0], x...)), nil
		}
	case nil:
		if t.kind == kindVariant || t.kind == kindNull {
			return t.Zero(), nil
		}
		if t.kind == kindCodec && t.codec.convert != nil {
			if y, ok := t.codec.convert(nil); ok {
				return Value{t: t, ref: y}, nil
			}
		}
		return Value{}, fmt.Errorf("%w: nil for %s", ErrValue, t)
	case time.Time:
		switch t.kind {
		case kindDate:
			return t.Value(DateOf(x))
		case kindTime:
			return t.Value(TimeOf(x))
		}
	}
	if t.kind == kindVariant {
		return ValueOf(x)
	}
	return t.fromReflect(reflect.ValueOf(x))
}

func (t *Type) fromReflect(x reflect.Value) (Value, error) {
	for x.Kind() == reflect.Pointer || x.Kind() == reflect.Interface {
		if x.IsNil() {
			if t.kind == kindString {
				return NullString, nil
			}
			return Value{}, fmt.Errorf("%w: nil %s for %s", ErrValue, x.Type(), t)
		}
		if t.kind == kindCodec && x.Type() == t.goType {
			break
		}
		x = x.Elem()
	}
	switch t.kind {
	case kindCodec:
		if x.Type() == t.goType && t.codec.plain == nil {
			return Value{t: t, ref: x.Interface()}, nil
		}
		if c := t.codec.convert; c != nil {
			if y, ok := c(x.Interface()); ok {
				return Value{t: t, ref: y}, nil
			}
		}
	case kindDate:
		if d, ok := x.Interface().(Date); ok {
			return scalarValue(t, d.julian()), nil
		}
	case kindTime:
		if c, ok := x.Interface().(Time); ok {
			return scalarValue(t, uint64(int64(c))), nil
		}
	case kindList:
		if x.Kind() == reflect.Slice || x.Kind() == reflect.Array {
			return t.fromSlice(x)
		}
	case kindPair:
		if x.Kind() == reflect.Array && x.Len() == 2 {
			return t.fromSlice(x)
		}
	case kindMap:
		if x.Kind() == reflect.Map {
			return t.fromMap(x)
		}
	case kindPOD:
		return t.fromStruct(x)
	case kindBytes:
		if x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.Uint8 {
			return bytesValue(t, append([]byte(nil), x.Bytes()...)), nil
		}
	case kindString:
		if x.Kind() == reflect.String {
			return textValue(t, x.String()), nil
		}
	default:
		if v, ok := plainScalar(x); ok && t.kind.scalar() {
			if t.kind == kindChar && (v.t.kind == kindInt || v.t.kind == kindUint) && v.num <= math.MaxUint16 {
				return scalarValue(t, v.num), nil
			}
			return t.convertExact(v)
		}
	}
	if v, ok := x.Interface().(Value); ok {
		return t.Convert(v)
	}
	return Value{}, fmt.Errorf("%w: Go type %s for %s", ErrValue, x.Type(), t)
}

// plainScalar returns a number or bool of any Go type as the widest value that holds it.
func plainScalar(x reflect.Value) (Value, bool) {
	switch {
	case x.Kind() == reflect.Bool:
		return Of(x.Bool()), true
	case x.CanInt():
		return scalarValue(tLongLong, uint64(x.Int())), true
	case x.CanUint():
		return scalarValue(tULongLong, x.Uint()), true
	case x.CanFloat():
		return scalarValue(tDouble, math.Float64bits(x.Float())), true
	}
	return Value{}, false
}

func (t *Type) fromSlice(x reflect.Value) (Value, error) {
	b := listBuilder{t: t, n: x.Len()}
	for i := range x.Len() {
		want := t.elem
		if t.kind == kindPair && i == 0 {
			want = t.key
		}
		v, err := want.Value(x.Index(i).Interface())
		if err != nil {
			return Value{}, fmt.Errorf("item %d: %w", i, err)
		}
		b.add(v)
	}
	return b.value(), nil
}

func (t *Type) fromMap(x reflect.Value) (Value, error) {
	out := make([]Entry, 0, x.Len())
	for it := x.MapRange(); it.Next(); {
		k, err := t.key.Value(it.Key().Interface())
		if err != nil {
			return Value{}, fmt.Errorf("key: %w", err)
		}
		v, err := t.elem.Value(it.Value().Interface())
		if err != nil {
			return Value{}, fmt.Errorf("value of %s: %w", k, err)
		}
		out = append(out, Entry{k, v})
	}
	sortEntries(out)
	return Value{t: t, ref: out}, nil
}

// fromStruct makes a POD of a struct with exported fields or of a map, by name; what is missing is zero.
func (t *Type) fromStruct(x reflect.Value) (Value, error) {
	v := t.Zero()
	vals := v.ref.([]Value)
	used := 0
	for i, f := range t.fields {
		var field reflect.Value
		switch {
		case x.Kind() == reflect.Struct:
			field = structField(x, f.Name)
		case x.Kind() == reflect.Map && x.Type().Key().Kind() == reflect.String:
			field = x.MapIndex(reflect.ValueOf(f.Name).Convert(x.Type().Key()))
		default:
			return Value{}, fmt.Errorf("%w: Go type %s for the POD %s", ErrValue, x.Type(), t)
		}
		if !field.IsValid() {
			continue
		}
		used++
		ft := f.typ
		if ft == nil {
			ft = tVariant
		}
		c, err := ft.Value(field.Interface())
		if err != nil {
			return Value{}, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		vals[i] = c
	}
	if n := x.Kind(); n == reflect.Map && used < x.Len() {
		return Value{}, fmt.Errorf("%w: the POD %s has no field for some of the keys %v", ErrValue, t, x.MapKeys())
	}
	return v, nil
}

// structField finds the field of a struct for a Qt name: by its tag qtro:"name", else by its name with a capital.
func structField(x reflect.Value, name string) reflect.Value {
	for i := range x.NumField() {
		f := x.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("qtro"), ",")
		if f.IsExported() && (tag == name || tag == "" && strings.EqualFold(f.Name, name)) {
			return x.Field(i)
		}
	}
	return reflect.Value{}
}

// compare orders the keys of a QMap as Qt does.
func (v Value) compare(w Value) int {
	if a, ok := v.text(); ok {
		b, _ := w.text()
		return compareUTF16(a, b)
	}
	switch v.t.kind {
	case kindBytes:
		return cmp.Compare(string(v.Bytes()), string(w.Bytes()))
	case kindFloat:
		return cmp.Compare(v.Float(), w.Float())
	case kindUint, kindChar, kindBool:
		return cmp.Compare(v.num, w.num)
	}
	return cmp.Compare(int64(v.num), int64(w.num))
}

// compareUTF16 compares strings by UTF-16 code units, as QString's operator< does: characters beyond the
// basic plane, whose first unit is a surrogate, come before U+E000.
func compareUTF16(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	for i := range min(len(ra), len(rb)) {
		if ra[i] == rb[i] {
			continue
		}
		unit := func(r rune) rune {
			if r >= 0x10000 {
				return 0xd800
			}
			return r
		}
		if c := cmp.Compare(unit(ra[i]), unit(rb[i])); c != 0 {
			return c
		}
		return cmp.Compare(ra[i], rb[i])
	}
	return cmp.Compare(len(ra), len(rb))
}
