package qt

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Convert returns v as a value of type t. Numbers are converted where nothing is lost, integers become enums, variants
// inside variants are unwrapped; QVariant takes everything. Anything else is an error that names both types.
func (t *Type) Convert(v Value) (Value, error) {
	if v.t == t && t.kind != kindVariant {
		return v, nil
	}
	if err := v.carries(); err != nil {
		return Value{}, err
	}
	v = v.Unwrap()
	if t.kind == kindVariant {
		return v, nil // what Qt wraps once more is not to be passed on like that
	}
	return t.convertExact(v)
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
	case t.kind == kindPOD && v.t.kind == kindPOD && t.name == v.t.name && len(t.fields) == len(v.t.fields):
		return t.convertFields(v)
	}
	return Value{}, fmt.Errorf("%w: %s (%s) for %s", ErrValue, v.t, v.brief(), t)
}

// convertFields makes a POD of one that another class defines under the same name.
func (t *Type) convertFields(v Value) (Value, error) {
	vals := make([]Value, len(t.fields))
	for i, f := range t.fields {
		x, ok := v.Field(f.Name)
		if !ok {
			return Value{}, fmt.Errorf("%w: %s without the field %s", ErrValue, t, f.Name)
		}
		if f.typ != nil {
			c, err := f.typ.Convert(x)
			if err != nil {
				return Value{}, fmt.Errorf("%s.%s: %w", t, f.Name, err)
			}
			x = c
		}
		vals[i] = x
	}
	out := itemsValue(t, vals)
	out.odd = v.odd
	return out, nil
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
			return t.float(f)
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
	case kindEnum: // the integer of an unsigned enum may have got a sign on its way
		num := t.canonical(v.num)
		signed := int64(v.num) == int64(v.num)<<(64-bits)>>(64-bits)
		return num, num == v.num || signed || bits == 32 && !neg && v.num>>bits == 0
	case kindUint:
		if !neg && (bits == 64 || v.num>>bits == 0) {
			return v.num, true
		}
	case kindFloat:
		f := float64(int64(v.num))
		if from == kindUint {
			f = float64(v.num)
		}
		exact := math.Abs(f) <= 1<<53 && (t.size == 8 || float64(float32(f)) == f)
		return math.Float64bits(f), exact
	}
	return 0, false
}

// float returns f as the float or double t holds it; a float is the nearest one.
func (t *Type) float(f float64) (uint64, bool) {
	if t.size == 8 {
		return math.Float64bits(f), true
	}
	g := float64(float32(f))
	return math.Float64bits(g), !math.IsInf(g, 0) || math.IsInf(f, 0)
}

func (t *Type) convertItems(v Value) (Value, error) {
	key := t.elem
	if t.key != nil {
		key = t.key
	}
	if t.kind == kindMap {
		entries := make([]Entry, v.Len())
		for i, e := range v.Entries() {
			k, err := key.Convert(e.Key)
			if err != nil {
				return Value{}, fmt.Errorf("key %d: %w", i, err)
			}
			val, err := t.elem.Convert(e.Value)
			if err != nil {
				return Value{}, fmt.Errorf("value of %s: %w", k.brief(), err)
			}
			entries[i] = Entry{k, val}
		}
		out := entriesValue(t, entries)
		out.odd = v.odd
		return out, nil
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
	switch {
	case b.nums != nil:
		return numsValue(b.t, b.nums)
	case b.vals == nil && b.t.kind == kindList && b.t.elem.kind.scalar():
		return numsValue(b.t, nil)
	}
	return itemsValue(b.t, b.vals)
}

// Zero returns the value that a new variable of type t has in Qt: 0, a null string, an empty list, PODs of such.
// For QVariant that is the invalid variant. A peer may define PODs that contain themselves or very many others: of those
// the inner ones are invalid too.
func (t *Type) Zero() Value {
	budget := maxZeroFields
	return t.zero(&budget, 0)
}

// Zero goes so deep into PODs and pairs, and makes so many fields.
const (
	maxZeroDepth  = 16
	maxZeroFields = 4096
)

func (t *Type) zero(budget *int, depth int) Value {
	if depth > maxZeroDepth {
		return Value{}
	}
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
		return entriesValue(t, nil)
	case kindPair:
		return itemsValue(t, []Value{t.key.zero(budget, depth+1), t.elem.zero(budget, depth+1)})
	case kindPOD:
		vals := make([]Value, len(t.fields))
		*budget -= len(vals)
		for i, f := range t.fields {
			if f.typ != nil && (f.typ.kind != kindPOD && f.typ.kind != kindPair || *budget > 0) {
				vals[i] = f.typ.zero(budget, depth+1)
			}
		}
		return itemsValue(t, vals)
	case kindCodec:
		if t.codec.zero != nil {
			return Value{t: t, ref: t.codec.zero}
		}
		return Value{t: t, ref: reflect.Zero(t.goType).Interface()}
	}
	return Value{t: t}
}

// Value returns the Go value x as a value of type t. It takes what [Value.Any] returns for t and more: any number that
// fits, an enum's name, a struct or map for a POD, any slice or map for a container, []Entry for a map, a time.Time for
// QDateTime, QDate and QTime, a *url.URL for QUrl, a color.Color for QColor, what encoding/json can write for the QJson
// types, a nil *string for a null QString, and a Value. A slice or map inside a struct of this package is not copied and must
// not change afterwards.
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
			return bytesValue(t, slices.Clone(x)), nil
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
	if t.kind == kindCodec && t.codec.plain == nil && reflect.TypeOf(x) == t.goType {
		return Value{t: t, ref: x}, nil
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
		if e, ok := x.Interface().([]Entry); ok {
			return t.convertItems(entriesValue(t, e))
		}
	case kindPOD:
		return t.fromStruct(x)
	case kindBytes:
		if x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.Uint8 {
			return bytesValue(t, slices.Clone(x.Bytes())), nil
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
			return Value{}, fmt.Errorf("value of %s: %w", k.brief(), err)
		}
		out = append(out, Entry{k, v})
	}
	sortEntries(out)
	return entriesValue(t, out), nil
}

// fromStruct makes a POD of a struct with exported fields or of a map, by name; what is missing is zero.
func (t *Type) fromStruct(x reflect.Value) (Value, error) {
	v := t.Zero()
	vals := v.items()
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

// compare orders the keys of a QMap as Qt does. Small values of codecs' types have some order, and containers none: to find
// one would take exponential time if they are keys of keys.
func (v Value) compare(w Value) int {
	if v.t == nil || w.t == nil || v.t.kind != w.t.kind {
		return 0
	}
	switch v.t.kind {
	case kindString:
		a, _ := v.text()
		b, _ := w.text()
		return compareUTF16(a, b)
	case kindBytes:
		return bytes.Compare(v.Bytes(), w.Bytes())
	case kindFloat:
		return cmp.Compare(v.Float(), w.Float())
	case kindUint, kindChar, kindBool:
		return cmp.Compare(v.num, w.num)
	case kindInt, kindEnum, kindDate, kindTime:
		return cmp.Compare(int64(v.num), int64(w.num))
	case kindPair:
		return cmp.Or(v.Index(0).compare(w.Index(0)), v.Index(1).compare(w.Index(1)))
	}
	if !v.t.hashable() {
		return 0
	}
	a, b := Writer{format: Format{Version: Qt6_2}}, Writer{format: Format{Version: Qt6_2}}
	a.Payload(v)
	b.Payload(w)
	return bytes.Compare(a.buf, b.buf)
}

// compareUTF16 compares strings by UTF-16 code units, as QString's operator< does: characters beyond the
// basic plane, whose first unit is a surrogate, come before U+E000.
func compareUTF16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && (i < len(a) && !utf8.RuneStart(a[i]) || i < len(b) && !utf8.RuneStart(b[i])) {
		i--
	}
	unit := func(s string) rune {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case n == 0:
			return -1
		case n == 1 && loneSurrogate(s):
			r = surrogate(s)
		case r >= 0x10000:
			r, _ = utf16.EncodeRune(r)
		}
		return r
	}
	return cmp.Or(cmp.Compare(unit(a[i:]), unit(b[i:])), cmp.Compare(a[i:], b[i:]))
}
