package qt

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// MarshalJSON returns the value as JSON for people and programs that know nothing of Qt; [Type.FromJSON] is its inverse.
//
//   - Numbers are exact, 64-bit ones too; NaN and the infinities are "NaN", "+Inf" and "-Inf".
//   - QByteArray, QImage, QPixmap, QBitmap and QColorSpace are base64.
//   - QDateTime is RFC 3339, with milliseconds if it has any; QDate is YYYY-MM-DD, QTime HH:MM:SS.mmm.
//   - Enums and flags are their names, or a number that has none.
//   - Maps are objects in the order of their keys, those of another type than QString in their text form; QMultiMap, QMultiHash
//     and maps whose keys are no short text are arrays of {"key","value"}. PODs are objects in the order of their fields.
//   - QSize, QPoint, QRect, QLine, their floating-point kin and the types of QtGui are objects by field, QColor its name where
//     that says all, QUuid and QUrl strings, the QJson types what they contain.
//   - Null are the invalid variant, nullptr, a null QString or QByteArray, and an invalid QDate, QTime or QDateTime.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil) }

func (v Value) appendJSON(b []byte) ([]byte, error) {
	if v = v.Unwrap(); v.t == nil {
		return append(b, "null"...), nil
	}
	switch v.t.kind {
	case kindBool:
		return strconv.AppendBool(b, v.num != 0), nil
	case kindInt:
		return strconv.AppendInt(b, int64(v.num), 10), nil
	case kindUint:
		return strconv.AppendUint(b, v.num, 10), nil
	case kindFloat:
		return appendFloat(b, v.Float(), int(v.t.size)*8), nil
	case kindChar:
		if utf16.IsSurrogate(rune(v.num)) {
			return strconv.AppendUint(b, v.num, 10), nil
		}
		return appendQuoted(b, string(rune(v.num))), nil
	case kindDate:
		return appendString(b, dateOf(int64(v.num)).String()), nil
	case kindTime:
		return appendString(b, Time(int32(v.num)).String()), nil
	case kindEnum:
		if name, ok := v.t.enum.Key(int32(v.num)); ok {
			return appendQuoted(b, name), nil
		}
		return strconv.AppendInt(b, int64(v.num), 10), nil
	case kindString:
		if s, _ := v.text(); v.ref != nil {
			return appendQuoted(b, s), nil
		}
	case kindBytes:
		if v.ref != nil {
			return appendBase64(b, v.Bytes()), nil
		}
	case kindList, kindPair:
		return appendItems(b, v.Len(), func(b []byte, i int) ([]byte, error) { return v.Index(i).appendJSON(b) })
	case kindMap:
		return v.appendEntries(b)
	case kindPOD:
		return appendMembers(b, v.Len(), func(i int) string { return v.t.fields[i].Name },
			func(b []byte, i int) ([]byte, error) { return v.Index(i).appendJSON(b) })
	case kindCodec:
		switch x := v.ref.(type) {
		case dateTime:
			return appendString(b, formatDateTime(x.time())), nil
		case jsonText:
			if len(x) > 0 {
				return append(b, x...), nil
			}
		case jsonValue:
			return x.v.appendJSON(b)
		default:
			return appendGo(b, reflect.ValueOf(v.ref))
		}
	}
	return append(b, "null"...), nil
}

func (v Value) appendEntries(b []byte) ([]byte, error) {
	entries := sorted(v.Entries(), Entry.compare)
	value := func(b []byte, i int) ([]byte, error) { return entries[i].Value.appendJSON(b) }
	if !v.t.multi && v.t.key.hashable() {
		return appendMembers(b, len(entries), func(i int) string { return entries[i].Key.keyText() }, value)
	}
	return appendItems(b, len(entries), func(b []byte, i int) ([]byte, error) {
		b, err := entries[i].Key.appendJSON(append(b, `{"key":`...))
		if err != nil {
			return nil, err
		}
		b, err = value(append(b, `,"value":`...), i)
		return append(b, '}'), err
	})
}

// keyText returns the text that stands for a map's key: the content of its JSON string, or other JSON as it is.
func (v Value) keyText() string {
	if s, ok := v.text(); ok {
		return s
	}
	b, err := v.appendJSON(nil)
	if err != nil {
		return v.String()
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(b)
}

func appendItems(b []byte, n int, item func([]byte, int) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = item(b, i); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMembers(b []byte, n int, name func(int) string, value func([]byte, int) ([]byte, error)) ([]byte, error) {
	b = append(b, '{')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = value(append(appendQuoted(b, name(i)), ':'), i); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, bits), '"')
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

// appendString appends a string, or null for the empty one.
func appendString(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendQuoted(b, s)
}

func appendBase64(b, data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"')
}

// appendQuoted appends a JSON string. A lone surrogate is escaped.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	escape := func(b []byte, c rune) []byte {
		return append(b, '\\', 'u', hex[c>>12&15], hex[c>>8&15], hex[c>>4&15], hex[c&15])
	}
	b = append(b, '"')
	for i := 0; i < len(s); {
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c < ' ' || c == 0x2028 || c == 0x2029:
			b = escape(b, c)
		case n == 1 && loneSurrogate(s[i:]):
			b, n = escape(b, surrogate(s[i:])), 3
		default:
			b = utf8.AppendRune(b, c)
		}
		i += n
	}
	return append(b, '"')
}

// formatDateTime is RFC 3339 with the milliseconds if there are any, "" for the zero time.
func formatDateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	layout := "15:04:05Z07:00"
	if t.Nanosecond() != 0 {
		layout = "15:04:05.000Z07:00"
	}
	if _, offset := t.Zone(); offset%60 != 0 {
		layout += ":00" // Europe/Zurich until 1894
	}
	return civil(t).String() + "T" + t.Format(layout)
}

// appendGo appends the Go value of a codec's type: what the value itself offers, else structs by their fields' json tags.
func appendGo(b []byte, x reflect.Value) ([]byte, error) {
	switch y := x.Interface().(type) {
	case Value:
		return y.appendJSON(b)
	case json.Marshaler:
		out, err := y.MarshalJSON()
		return append(b, out...), err
	case encoding.TextMarshaler:
		out, err := y.MarshalText()
		return appendQuoted(b, string(out)), err
	}
	switch x.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, x.Bool()), nil
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, x.Float(), x.Type().Bits()), nil
	case reflect.String:
		return appendQuoted(b, x.String()), nil
	case reflect.Pointer, reflect.Interface:
		if x.IsNil() {
			return append(b, "null"...), nil
		}
		return appendGo(b, x.Elem())
	case reflect.Slice:
		if x.Type().Elem().Kind() == reflect.Uint8 {
			if x.IsNil() {
				return append(b, "null"...), nil
			}
			return appendBase64(b, x.Bytes()), nil
		}
		fallthrough
	case reflect.Array:
		return appendItems(b, x.Len(), func(b []byte, i int) ([]byte, error) { return appendGo(b, x.Index(i)) })
	case reflect.Map:
		keys := x.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return appendMembers(b, len(keys), func(i int) string { return fmt.Sprint(keys[i]) },
			func(b []byte, i int) ([]byte, error) { return appendGo(b, x.MapIndex(keys[i])) })
	case reflect.Struct:
		fields := slices.DeleteFunc(jsonFields(x.Type()), func(f jsonField) bool { return f.omit && x.Field(f.index).IsZero() })
		return appendMembers(b, len(fields), func(i int) string { return fields[i].name },
			func(b []byte, i int) ([]byte, error) { return appendGo(b, x.Field(fields[i].index)) })
	}
	out, err := json.Marshal(x.Interface())
	return append(b, out...), err
}

type jsonField struct {
	name  string
	index int
	omit  bool // a zero value
}

// jsonFields returns the exported fields of a struct with the names that their json tags give them.
func jsonFields(t reflect.Type) []jsonField {
	var all []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, jsonField{name, i, options == "omitempty"})
	}
	return all
}

// MarshalText returns the date as [Date.String] does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalText returns the time as [Time.String] does.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalText returns the UUID in Qt's form.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalJSON returns the colour's name if that says all, else an object of its fields.
func (c Color) MarshalJSON() ([]byte, error) {
	if d, err := ParseColor(c.String()); err == nil && d == c {
		return appendQuoted(nil, c.String()), nil
	}
	type fields Color
	return json.Marshal(fields(c))
}
