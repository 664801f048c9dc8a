package qt

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// FromJSON returns JSON as a value of type t, in the form that [Value.MarshalJSON] writes. It also takes an enum's
// number, and "" for an invalid QDate, QTime or QDateTime. Where any type will do (QVariant), a number without fraction and exponent becomes an
// int, a qlonglong or a qulonglong, whichever is the first to hold it, any other a double, a string a QString,
// an array a QVariantList, an object a QVariantMap, and null the invalid variant.
func (t *Type) FromJSON(data []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var x any
	err := d.Decode(&x)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return t.fromTree(x, 0)
		}
		err = fmt.Errorf("%w after the first JSON value", ErrTrailing)
	}
	return Value{}, fmt.Errorf("JSON for %s: %w", t, err)
}

// describe says what a piece of JSON is, for errors.
func describe(x any) string {
	switch x := x.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %.80q", x)
	case json.Number:
		return fmt.Sprintf("the number %.80s", string(x))
	case []any:
		return fmt.Sprintf("an array of %d", len(x))
	case map[string]any:
		return fmt.Sprintf("an object of %d", len(x))
	}
	return fmt.Sprint(x)
}

func (t *Type) fromTree(x any, depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, fmt.Errorf("JSON for %s: %w", t, ErrTooDeep)
	}
	v, ok, err := t.tree(x, depth)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s for %s", ErrValue, describe(x), t)
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// tree converts a piece of JSON and reports whether it is of the right kind.
func (t *Type) tree(x any, depth int) (v Value, ok bool, err error) {
	s, isText := x.(string)
	switch t.kind {
	case kindVariant:
		v, err = anyTree(x, depth)
		return v, true, err
	case kindBool:
		b, ok := x.(bool)
		return Of(b), ok, nil
	case kindInt, kindUint, kindFloat:
		v, ok = t.parseNumber(x)
	case kindChar:
		if v, ok = tUShort.parseNumber(x); !ok && isText {
			if u := utf16.Encode([]rune(s)); len(u) == 1 {
				v, ok = scalarValue(t, uint64(u[0])), true
			}
		}
		v.t = t
	case kindDate:
		d, err := parseDate(s)
		return scalarValue(t, d.julian()), (isText || x == nil) && err == nil, nil
	case kindTime:
		c, err := parseTime(s)
		return scalarValue(t, uint64(int64(c))), (isText || x == nil) && err == nil, nil
	case kindEnum:
		if isText {
			v, err = t.Value(s)
			return v, true, err
		}
		v, ok = t.parseNumber(x)
	case kindString:
		if x == nil {
			return Value{t: t}, true, nil
		}
		return textValue(t, s), isText, nil
	case kindBytes:
		if x == nil {
			return Value{t: t}, true, nil
		}
		b, err := base64.StdEncoding.DecodeString(s)
		return bytesValue(t, b), isText && err == nil, nil
	case kindNull:
		return Value{t: t}, x == nil, nil
	case kindList, kindPair:
		if items, isArray := x.([]any); isArray && (t.kind == kindList || len(items) == 2) {
			v, err = t.treeItems(items, depth)
			return v, true, err
		}
	case kindMap:
		v, ok, err = t.treeEntries(x, depth)
	case kindPOD:
		if members, isObject := x.(map[string]any); isObject {
			v, err = t.treeFields(members, depth)
			return v, true, err
		}
	case kindCodec:
		return t.treeCodec(x)
	}
	return v, ok, err
}

// anyTree makes of JSON a value of the type that it suggests.
func anyTree(x any, depth int) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return Of(x), nil
	case string:
		return Of(x), nil
	case []any:
		return tList.fromTree(x, depth)
	case map[string]any:
		return tMap.fromTree(x, depth)
	}
	for _, t := range []*Type{tInt, tLongLong, tULongLong} {
		if n, ok := x.(json.Number); ok && !strings.ContainsAny(string(n), ".eE") && n != "-0" {
			if v, ok := t.parseNumber(n); ok {
				return v, nil
			}
		}
	}
	return tDouble.fromTree(x, depth)
}

// parseNumber returns a JSON number, or the name of one that JSON does not have, as t holds it.
func (t *Type) parseNumber(x any) (Value, bool) {
	s, isText := x.(string)
	if n, ok := x.(json.Number); ok {
		s = string(n)
	} else if !isText || t.kind != kindFloat {
		return Value{}, false
	}
	var v Value
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && t.kind != kindFloat {
		v = Of(i)
	} else if u, err := strconv.ParseUint(s, 10, 64); err == nil && t.kind != kindFloat {
		v = Of(u)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && (!isText || math.IsNaN(f) || math.IsInf(f, 0)) {
		v = Of(f)
	} else {
		return Value{}, false
	}
	num, ok := t.number(v)
	return scalarValue(t, num), ok
}

func (t *Type) treeItems(items []any, depth int) (Value, error) {
	b := listBuilder{t: t, n: len(items)}
	for i, x := range items {
		want := t.elem
		if t.kind == kindPair && i == 0 {
			want = t.key
		}
		v, err := want.fromTree(x, depth+1)
		if err != nil {
			return Value{}, fmt.Errorf("item %d: %w", i, err)
		}
		b.add(v)
	}
	return b.value(), nil
}

func (t *Type) treeEntries(x any, depth int) (v Value, ok bool, err error) {
	var out []Entry
	add := func(key Value, x any) error {
		val, err := t.elem.fromTree(x, depth+1)
		if err != nil {
			return fmt.Errorf("value of %s: %w", key.brief(), err)
		}
		out = append(out, Entry{key, val})
		return nil
	}
	switch x := x.(type) {
	case map[string]any:
		out = make([]Entry, 0, len(x))
		for name, y := range x {
			key, err := t.key.parseKey(name)
			if err != nil {
				return Value{}, true, err
			}
			if err := add(key, y); err != nil {
				return Value{}, true, err
			}
		}
	case []any: // of {"key","value"}
		out = make([]Entry, 0, len(x))
		for i, y := range x {
			m, isObject := y.(map[string]any)
			name, hasKey := m["key"]
			val, hasValue := m["value"]
			if !isObject || !hasKey || !hasValue || len(m) != 2 {
				return Value{}, true, fmt.Errorf(`item %d: %w: %s for {"key","value"} of %s`, i, ErrValue, describe(y), t)
			}
			key, err := t.key.fromTree(name, depth+1)
			if err != nil {
				return Value{}, true, fmt.Errorf("item %d: %w", i, err)
			}
			if err := add(key, val); err != nil {
				return Value{}, true, err
			}
		}
	default:
		return Value{}, false, nil
	}
	sortEntries(out)
	return entriesValue(t, out), true, nil
}

// parseKey is the inverse of keyText.
func (t *Type) parseKey(s string) (Value, error) {
	v, err := t.fromTree(s, MaxDepth)
	if err != nil {
		if w, err2 := t.FromJSON([]byte(s)); err2 == nil {
			return w, nil
		}
	}
	return v, err
}

func (t *Type) treeFields(members map[string]any, depth int) (Value, error) {
	v := t.Zero()
	vals := v.items()
	used := 0
	for i, f := range t.fields {
		x, ok := members[f.Name]
		if !ok {
			continue
		}
		used++
		ft := f.typ
		if ft == nil {
			ft = tVariant
		}
		y, err := ft.fromTree(x, depth+1)
		if err != nil {
			return Value{}, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		vals[i] = y
	}
	if used < len(members) {
		for name := range members {
			if _, ok := v.Field(name); !ok {
				return Value{}, fmt.Errorf("%w: the POD %s has no field %q", ErrValue, t, name)
			}
		}
	}
	return v, nil
}

func (t *Type) treeCodec(x any) (v Value, ok bool, err error) {
	switch t {
	case tDateTime:
		s, isText := x.(string)
		if s == "" {
			return t.Zero(), isText || x == nil, nil
		}
		tm, err := parseDateTime(s)
		return Value{t: t, ref: dateTimeOf(tm)}, err == nil, nil
	case tJSONValue, tJSONObject, tJSONArray, tJSONDocument:
		if x == nil && t != tJSONValue {
			return Value{t: t, ref: jsonText(nil)}, true, nil
		}
		y, ok := t.codec.convert(x)
		return Value{t: t, ref: y}, ok, nil
	}
	dst := reflect.New(t.goType).Elem()
	if t.codec.zero != nil {
		dst.Set(reflect.ValueOf(t.codec.zero))
	}
	err = setGo(dst, x)
	if err != nil {
		err = fmt.Errorf("%s: %w", t, err)
	}
	return Value{t: t, ref: dst.Interface()}, true, err
}

// setGo stores JSON in a Go variable; it is the inverse of appendGo. A struct's fields that are missing stay as they are.
func setGo(dst reflect.Value, x any) error {
	mismatch := func() error { return fmt.Errorf("%w: %s for Go type %s", ErrValue, describe(x), dst.Type()) }
	if x == nil && (dst.Kind() == reflect.Slice || dst.Kind() == reflect.Pointer || dst.Kind() == reflect.Map) {
		dst.SetZero()
		return nil
	}
	s, isText := x.(string)
	switch p := dst.Addr().Interface().(type) {
	case *Value:
		v, err := anyTree(x, 0)
		*p = v
		return err
	case json.Unmarshaler:
		raw, err := json.Marshal(x)
		if err != nil {
			return err
		}
		return p.UnmarshalJSON(raw)
	case encoding.TextUnmarshaler:
		if !isText {
			return mismatch()
		}
		return p.UnmarshalText([]byte(s))
	}
	switch dst.Kind() {
	case reflect.String:
		if isText {
			dst.SetString(s)
			return nil
		}
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return setGo(dst.Elem(), x)
	case reflect.Float32, reflect.Float64, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v, ok := byKind(dst).parseNumber(x); ok && setNumber(dst, v) {
			return nil
		}
	case reflect.Slice:
		if isText && dst.Type().Elem().Kind() == reflect.Uint8 {
			b, err := base64.StdEncoding.DecodeString(s)
			if err == nil {
				dst.SetBytes(b)
			}
			return err
		}
		if items, ok := x.([]any); ok {
			dst.Set(reflect.MakeSlice(dst.Type(), len(items), len(items)))
			return setItems(dst, items)
		}
	case reflect.Array:
		if items, ok := x.([]any); ok && len(items) == dst.Len() {
			return setItems(dst, items)
		}
	case reflect.Struct:
		if members, ok := x.(map[string]any); ok {
			return setMembers(dst, members)
		}
	case reflect.Map:
		if members, ok := x.(map[string]any); ok {
			return setEntries(dst, members)
		}
	case reflect.Bool:
		if b, ok := x.(bool); ok {
			dst.SetBool(b)
			return nil
		}
	case reflect.Interface:
		if dst.NumMethod() == 0 && x != nil {
			dst.Set(reflect.ValueOf(x))
			return nil
		}
	}
	return mismatch()
}

func setEntries(dst reflect.Value, members map[string]any) error {
	dst.Set(reflect.MakeMapWithSize(dst.Type(), len(members)))
	for name, x := range members {
		key, val := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
		if setGo(key, name) != nil {
			if err := setGo(key, json.Number(name)); err != nil {
				return fmt.Errorf("key %q: %w", name, err)
			}
		}
		if err := setGo(val, x); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		dst.SetMapIndex(key, val)
	}
	return nil
}

func setItems(dst reflect.Value, items []any) error {
	for i, x := range items {
		if err := setGo(dst.Index(i), x); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

func setMembers(dst reflect.Value, members map[string]any) error {
	fields := jsonFields(dst.Type())
	for name, x := range members {
		known := false
		for _, f := range fields {
			if known = f.name == name; known {
				if err := setGo(dst.Field(f.index), x); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				break
			}
		}
		if !known {
			return fmt.Errorf("%w: no field %q", ErrValue, name)
		}
	}
	return nil
}

var (
	datePattern     = regexp.MustCompile(`^(-?\d{4,9})-(\d\d)-(\d\d)$`)
	dateTimePattern = regexp.MustCompile(`^(-?\d{4,9}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d(?::\d\d)?)$`)
)

// parseDate is the inverse of Date.String. There is no year 0.
func parseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	if m := datePattern.FindStringSubmatch(s); m != nil {
		year, _ := strconv.Atoi(m[1])
		month, _ := strconv.Atoi(m[2])
		day, _ := strconv.Atoi(m[3])
		d := Date{year, time.Month(month), day}
		if year != 0 && d == civil(d.In(time.UTC)) {
			return d, nil
		}
	}
	return Date{}, fmt.Errorf("%w: %.40q is no date", ErrValue, s)
}

// parseTime is the inverse of Time.String; the seconds may have any number of decimals, or none.
func parseTime(s string) (Time, error) {
	if s == "" {
		return InvalidTime, nil
	}
	t, err := time.Parse("15:04:05", s) // takes decimals too
	if err != nil {
		return InvalidTime, fmt.Errorf("%w: %.40q is no time of day", ErrValue, s)
	}
	return TimeOf(t), nil
}

// parseDateTime is the inverse of formatDateTime: RFC 3339, but for any year.
func parseDateTime(s string) (time.Time, error) {
	m := dateTimePattern.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, fmt.Errorf("%w: %.40q is no date and time", ErrValue, s)
	}
	date, err := parseDate(m[1])
	if err != nil {
		return time.Time{}, err
	}
	clock, err := parseTime(m[2])
	if err != nil {
		return time.Time{}, err
	}
	loc := time.UTC
	if m[3] != "Z" {
		layout := "-07:00:00"
		zone, err := time.Parse(layout[:len(m[3])], m[3])
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: %.40q is no offset", ErrValue, m[3])
		}
		_, offset := zone.Zone()
		loc = time.FixedZone("", offset)
	}
	return date.In(loc).Add(clock.Duration()), nil
}

// UnmarshalText parses YYYY-MM-DD; "" is the invalid date.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = parseDate(string(text))
	return err
}

// UnmarshalText parses HH:MM:SS with or without decimals; "" is the invalid time.
func (t *Time) UnmarshalText(text []byte) (err error) {
	*t, err = parseTime(string(text))
	return err
}

// UnmarshalText parses a UUID with or without braces.
func (u *UUID) UnmarshalText(text []byte) error {
	v, err := ParseUUID(string(text))
	if err == nil {
		*u = v
	}
	return err
}

// ParseUUID parses a UUID with or without braces.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	t := strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	b, err := hex.DecodeString(strings.ReplaceAll(t, "-", ""))
	if err == nil && len(b) == len(u) {
		copy(u[:], b)
		if t == strings.Trim(u.String(), "{}") || strings.ToLower(t) == strings.Trim(u.String(), "{}") {
			return u, nil
		}
	}
	return UUID{}, fmt.Errorf("%w: %.60q is no UUID", ErrValue, s)
}

// ParseColor parses #rrggbb and #aarrggbb; "" is the invalid colour.
func ParseColor(s string) (Color, error) {
	if s == "" {
		return Color{Alpha: math.MaxUint16}, nil
	}
	b, err := hex.DecodeString(strings.TrimPrefix(s, "#"))
	if err != nil || s[0] != '#' || len(b) != 3 && len(b) != 4 || !utf8.ValidString(s) {
		return Color{}, fmt.Errorf("%w: %.40q is no #rrggbb or #aarrggbb", ErrValue, s)
	}
	if len(b) == 3 {
		return RGBA8(b[0], b[1], b[2], math.MaxUint8), nil
	}
	return RGBA8(b[1], b[2], b[3], b[0]), nil
}

// UnmarshalJSON takes what [Color.MarshalJSON] writes.
func (c *Color) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		d, err := ParseColor(s)
		if err == nil {
			*c = d
		}
		return err
	}
	type fields Color
	return json.Unmarshal(data, (*fields)(c))
}
