package qt

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
)

// Of returns v with the Qt type that its Go type stands for. It panics if there is none; use it where the type is known
// to be one of the package comment's table. Numbers, bools, strings, dates, times of day and byte slices cost no allocation.
// A byte slice must not change afterwards.
func Of[T any](v T) Value {
	switch p := any(&v).(type) {
	case *bool:
		if *p {
			return Value{t: tBool, num: 1}
		}
		return Value{t: tBool}
	case *int32:
		return scalarValue(tInt, uint64(int64(*p)))
	case *int:
		return scalarValue(tLongLong, uint64(*p))
	case *uint32:
		return scalarValue(tUInt, uint64(*p))
	case *int64:
		return scalarValue(tLongLong, uint64(*p))
	case *uint64:
		return scalarValue(tULongLong, *p)
	case *float64:
		return scalarValue(tDouble, math.Float64bits(*p))
	case *float32:
		return scalarValue(tFloat, math.Float64bits(float64(*p)))
	case *string:
		return textValue(tText, *p)
	case *[]byte:
		return bytesValue(tByteArray, *p)
	case *int8:
		return scalarValue(tChar, uint64(int64(*p)))
	case *uint8:
		return scalarValue(tUChar, uint64(*p))
	case *int16:
		return scalarValue(tShort, uint64(int64(*p)))
	case *uint16:
		return scalarValue(tUShort, uint64(*p))
	case *Char:
		return scalarValue(tQChar, uint64(*p))
	case *Date:
		return scalarValue(tDate, p.julian())
	case *Time:
		return scalarValue(tTime, uint64(int64(*p)))
	case *time.Time:
		return Value{t: tDateTime, ref: dateTimeOf(*p)}
	case *Value:
		return *p
	}
	x, err := ValueOf(v)
	if err != nil {
		panic(err)
	}
	return x
}

// ValueOf returns x with the Qt type that its Go type stands for, by the package comment's table: among others an int is
// a qlonglong, a []T a QList, a map a QMap, nil the invalid variant. A Value is returned as it is.
func ValueOf(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return x, nil
	case int32:
		return Of(x), nil
	case int:
		return Of(int64(x)), nil
	case uint:
		return Of(uint64(x)), nil
	case string:
		return Of(x), nil
	case []byte:
		return Of(slices.Clone(x)), nil
	case time.Time:
		return tDateTime.Value(x)
	}
	t, err := typeOfGo(reflect.TypeOf(x), 0)
	if err != nil {
		return Value{}, err
	}
	return t.Value(x)
}

// TypeOf returns the Qt type that a Go type stands for, as in [ValueOf].
func TypeOf(t reflect.Type) (*Type, error) { return typeOfGo(t, 0) }

func typeOfGo(g reflect.Type, depth int) (*Type, error) {
	if depth > MaxDepth {
		return nil, ErrTooDeep
	}
	builtin.mu.RLock()
	t := byGo[g]
	builtin.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	if g == reflect.TypeFor[Value]() {
		return tVariant, nil
	}
	switch g.Kind() {
	case reflect.Int:
		return tLongLong, nil
	case reflect.Uint:
		return tULongLong, nil
	case reflect.Interface:
		return tVariant, nil
	case reflect.String:
		return tText, nil
	case reflect.Pointer:
		return typeOfGo(g.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		elem, err := typeOfGo(g.Elem(), depth+1)
		if err != nil {
			return nil, err
		}
		return Lookup("QList<" + elem.name + ">")
	case reflect.Map:
		key, err := typeOfGo(g.Key(), depth+1)
		if err != nil {
			return nil, err
		}
		elem, err := typeOfGo(g.Elem(), depth+1)
		if err != nil {
			return nil, err
		}
		return Lookup("QMap<" + key.name + "," + elem.name + ">")
	}
	return nil, fmt.Errorf("%w: no Qt type for Go type %s", ErrValue, g)
}

func sortEntries(e []Entry) {
	slices.SortFunc(e, Entry.compare)
}

// As returns v as a T: whatever [Value.To] can store. For numbers, bools, strings, dates and times it allocates nothing.
func As[T any](v Value) (T, error) {
	v = v.Unwrap()
	var x T
	if v.quick(&x) {
		return x, nil
	}
	if v.t != nil && v.t.kind == kindCodec && v.t.codec.plain == nil {
		if x, ok := v.ref.(T); ok {
			return x, nil
		}
	}
	y := new(T) // another, so that x need not be on the heap
	err := v.To(y)
	return *y, err
}

// OrZero is As for values that are known to fit, such as those of a class's own properties: it returns the zero T for others.
func OrZero[T any](v Value) T {
	x, err := As[T](v)
	if err != nil {
		var zero T
		return zero
	}
	return x
}

// To stores v in the variable that ptr points to: of the Go type that v.Any has, of any that holds the number, of a
// slice, map or struct (for PODs) whose items can be stored, of type any or Value. A null QString makes a *string nil, the
// invalid variant makes any variable zero. It returns an error that names both types if v does not fit.
func (v Value) To(ptr any) error {
	dst := reflect.ValueOf(ptr)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return fmt.Errorf("qt: To needs a pointer, not %T", ptr)
	}
	if v = v.Unwrap(); v.quick(ptr) {
		return nil
	}
	return v.assign(dst.Elem())
}

// quick is To for the most usual types. It reports whether it was one of them and the value fits.
func (v Value) quick(ptr any) bool {
	switch p := ptr.(type) {
	case *Value:
		*p = v
		return true
	case *bool:
		if v.t != nil && v.t.kind == kindBool {
			*p = v.num != 0
			return true
		}
	case *int32:
		if n, ok := v.integer(); ok && n == int64(int32(n)) {
			*p = int32(n)
			return true
		}
	case *int64:
		if n, ok := v.integer(); ok {
			*p = n
			return true
		}
	case *int:
		if n, ok := v.integer(); ok && n == int64(int(n)) {
			*p = int(n)
			return true
		}
	case *float64:
		if v.t != nil && v.t.kind == kindFloat {
			*p = v.Float()
			return true
		}
	case *string:
		if s, ok := v.text(); ok {
			*p = s
			return true
		}
	case *int8:
		if n, ok := v.integer(); ok && n == int64(int8(n)) {
			*p = int8(n)
			return true
		}
	case *int16:
		if n, ok := v.integer(); ok && n == int64(int16(n)) {
			*p = int16(n)
			return true
		}
	case *uint8:
		if n, ok := v.integer(); ok && n == int64(uint8(n)) {
			*p = uint8(n)
			return true
		}
	case *uint16:
		if n, ok := v.integer(); ok && n == int64(uint16(n)) {
			*p = uint16(n)
			return true
		}
	case *uint32:
		if n, ok := v.integer(); ok && n == int64(uint32(n)) {
			*p = uint32(n)
			return true
		}
	default:
		return v.quickOther(ptr)
	}
	return false
}

// quickOther is quick for what is not a number as integers and doubles are.
func (v Value) quickOther(ptr any) bool {
	if v.t == nil {
		return false
	}
	switch p := ptr.(type) {
	case *uint64:
		if v.t.kind == kindUint {
			*p = v.num
			return true
		}
	case *float32:
		if v.t.kind == kindFloat && v.t.size == 4 {
			*p = float32(v.Float())
			return true
		}
	case *Char:
		if v.t.kind == kindChar {
			*p = Char(v.num)
			return true
		}
	case *Date:
		if v.t.kind == kindDate {
			*p = dateOf(int64(v.num))
			return true
		}
	case *Time:
		if v.t.kind == kindTime {
			*p = Time(int32(v.num))
			return true
		}
	case *time.Time:
		if d, ok := v.ref.(dateTime); ok {
			*p = d.time()
			return true
		}
	case *[]byte:
		if v.t.kind == kindBytes {
			*p = slices.Clone(v.Bytes())
			return true
		}
	}
	return false
}

func (v Value) integer() (int64, bool) {
	if v.t == nil {
		return 0, false
	}
	switch v.t.kind {
	case kindInt, kindEnum, kindChar:
		return int64(v.num), true
	case kindUint:
		return int64(v.num), v.num <= math.MaxInt64
	}
	return 0, false
}

func (v Value) assign(dst reflect.Value) error {
	v = v.Unwrap()
	if dst.Type() == reflect.TypeFor[Value]() {
		dst.Set(reflect.ValueOf(v))
		return nil
	}
	if v.t == nil {
		dst.SetZero()
		return nil
	}
	if dst.Kind() == reflect.Pointer && (v.t.kind != kindCodec || dst.Type() != v.t.goType) {
		if v.t.kind == kindString && v.ref == nil {
			dst.SetZero()
			return nil
		}
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return v.assign(dst.Elem())
	}
	if v.t.kind == kindList && dst.Kind() == reflect.Slice {
		out := reflect.MakeSlice(dst.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			if err := v.Index(i).assign(out.Index(i)); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	}
	if v.t.kind == kindMap && dst.Kind() == reflect.Map {
		out := reflect.MakeMapWithSize(dst.Type(), v.Len())
		for _, e := range v.Entries() {
			key, val := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
			if err := e.Key.assign(key); err != nil {
				return err
			}
			if err := e.Value.assign(val); err != nil {
				return err
			}
			out.SetMapIndex(key, val)
		}
		dst.Set(out)
		return nil
	}
	if v.t.kind == kindPOD && dst.Kind() == reflect.Struct {
		for i, f := range v.t.fields {
			if field := structField(dst, f.Name); field.IsValid() {
				if err := v.Index(i).assign(field); err != nil {
					return fmt.Errorf("%s.%s: %w", v.t, f.Name, err)
				}
			}
		}
		return nil
	}
	x := reflect.ValueOf(v.Any())
	switch {
	case !x.IsValid():
		dst.SetZero()
	case x.Type().AssignableTo(dst.Type()):
		dst.Set(x)
	case v.t.kind.scalar() && setNumber(dst, v):
	case x.Kind() == dst.Kind() && x.CanConvert(dst.Type()) && x.Kind() != reflect.Slice:
		dst.Set(x.Convert(dst.Type()))
	default:
		return fmt.Errorf("%w: %s (%s) for Go type %s", ErrValue, v.t, v.brief(), dst.Type())
	}
	return nil
}

// setNumber stores a number in a variable of any numeric type that holds it exactly.
func setNumber(dst reflect.Value, v Value) bool {
	t := byKind(dst)
	if t == nil {
		return false
	}
	num, ok := t.number(v)
	if !ok {
		return false
	}
	switch {
	case dst.CanInt():
		dst.SetInt(int64(num))
	case dst.CanUint():
		dst.SetUint(num)
	default:
		dst.SetFloat(math.Float64frombits(num))
	}
	return true
}

func byKind(dst reflect.Value) *Type {
	size := uint8(dst.Type().Size())
	switch {
	case dst.CanInt():
		return &Type{kind: kindInt, size: size}
	case dst.CanUint():
		return &Type{kind: kindUint, size: size}
	case dst.CanFloat():
		return &Type{kind: kindFloat, size: size}
	}
	return nil
}
