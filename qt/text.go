package qt

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// String returns the text of a QString, the name of an enumerator, and of other types a form for people to read, such as
// Reading{name: "a", values: [1, 2]}.
func (v Value) String() string {
	if s, ok := v.text(); ok {
		return s
	}
	return string(v.appendText(nil, math.MaxInt))
}

// brief is String for error messages: strings are quoted, and what is long is cut off.
func (v Value) brief() string {
	const limit = 80
	b := v.appendText(nil, limit)
	if len(b) > limit {
		b = append(b[:limit], "…"...)
	}
	return string(b)
}

// appendText appends the value's text, little more than limit bytes of it.
func (v Value) appendText(b []byte, limit int) []byte {
	if v.t == nil {
		return append(b, "(invalid)"...)
	}
	switch v.t.kind {
	case kindString:
		s, _ := v.text()
		return strconv.AppendQuote(b, s[:min(len(s), limit)])
	case kindBytes:
		s := v.Bytes()
		return strconv.AppendQuote(b, string(s[:min(len(s), limit)]))
	case kindEnum:
		if name, ok := v.t.enum.Key(int32(v.num)); ok {
			return append(b, name...)
		}
		return strconv.AppendInt(b, int64(v.num), 10)
	case kindVariant:
		return v.Unwrap().appendText(b, limit)
	case kindNull:
		return append(b, "nullptr"...)
	case kindList, kindPair:
		open, end := byte('['), byte(']')
		if v.t.kind == kindPair {
			open, end = '(', ')'
		}
		return v.appendParts(append(b, open), end, limit, v.Len(), func(b []byte, i int) []byte { return b }, v.Index)
	case kindMap:
		e := v.Entries()
		return v.appendParts(append(b, '{'), '}', limit, len(e),
			func(b []byte, i int) []byte { return append(e[i].Key.appendText(b, limit), ": "...) },
			func(i int) Value { return e[i].Value })
	case kindPOD:
		return v.appendParts(append(append(b, v.t.name...), '{'), '}', limit, v.Len(),
			func(b []byte, i int) []byte { return append(append(b, v.t.fields[i].Name...), ": "...) }, v.Index)
	case kindCodec:
		x := v.Any()
		if _, ok := x.(fmt.Stringer); !ok && limit < math.MaxInt && reflect.ValueOf(x).Kind() != reflect.String {
			return append(append(b, v.t.name...), "{…}"...)
		}
		return fmt.Append(b, x)
	}
	return fmt.Append(b, v.Any())
}

func (v Value) appendParts(b []byte, end byte, limit, n int, label func([]byte, int) []byte, item func(int) Value) []byte {
	for i := range n {
		if len(b) > limit {
			return b
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		b = item(i).appendText(label(b, i), limit)
	}
	return append(b, end)
}
