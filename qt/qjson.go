package qt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// jsonText is the content of a QJsonObject, QJsonArray or QJsonDocument as it is streamed: compact JSON. nil is a null document.
type jsonText []byte

// jsonValue is a QJsonValue: its kind and, if that has one, its content.
type jsonValue struct {
	kind uint8
	v    Value
}

// QJsonValue::Type, which stands before the content.
const (
	jsonNull      = 0
	jsonBool      = 1
	jsonDouble    = 2
	jsonString    = 3
	jsonArray     = 4
	jsonObject    = 5
	jsonUndefined = 0x80
)

var (
	tJSONObject   = jsonTextType[map[string]any](46, "QJsonObject", '{')
	tJSONArray    = jsonTextType[[]any](47, "QJsonArray", '[')
	tJSONDocument = jsonTextType[any](48, "QJsonDocument", 0)
	tJSONValue    = jsonValueType()
)

// jsonTextType makes the type whose texts start with the given character; 0 takes objects, arrays and null.
func jsonTextType[T any](id uint32, name string, open byte) *Type {
	check := func(b []byte) bool {
		return len(b) == 0 || json.Valid(b) && (b[0] == open || open == 0 && (b[0] == '{' || b[0] == '['))
	}
	t := &Type{kind: kindCodec, id: id, id5: id, name: name, name5: name, goType: reflect.TypeFor[T]()}
	t.codec = wrap(Codec[jsonText]{
		Decode: func(r *Reader) jsonText {
			b := r.Bytes()
			if !check(b) {
				r.Fail(name, fmt.Errorf("%w: not the JSON of a %s", ErrValue, name))
			}
			return b
		},
		Encode: func(w *Writer, b jsonText) { w.ByteArray(b) },
	})
	t.codec.zero = map[byte]jsonText{'{': jsonText("{}"), '[': jsonText("[]")}[open]
	t.codec.plain = func(x any) any {
		if b := x.(jsonText); len(b) > 0 {
			return parseJSON(b)
		}
		return reflect.Zero(t.goType).Interface()
	}
	t.codec.convert = func(x any) (any, bool) {
		if x == nil {
			return jsonText(nil), open == 0
		}
		b, ok := compactJSON(x)
		return b, ok && check(b)
	}
	return builtin.add(t)
}

func jsonValueType() *Type {
	t := &Type{kind: kindCodec, id: 45, id5: 45, name: "QJsonValue", name5: "QJsonValue", goType: reflect.TypeFor[any]()}
	t.codec = wrap(Codec[jsonValue]{decodeJSONValue, encodeJSONValue})
	t.codec.zero = jsonValue{}
	t.codec.plain = func(x any) any { return x.(jsonValue).v.Any() }
	t.codec.convert = func(x any) (any, bool) {
		b, ok := compactJSON(x)
		if !ok {
			return nil, false
		}
		switch b[0] {
		case '{':
			return jsonValue{jsonObject, Value{t: tJSONObject, ref: b}}, true
		case '[':
			return jsonValue{jsonArray, Value{t: tJSONArray, ref: b}}, true
		}
		switch y := parseJSON(b).(type) {
		case bool:
			return jsonValue{jsonBool, Of(y)}, true
		case float64:
			return jsonValue{jsonDouble, Of(y)}, true
		case string:
			return jsonValue{jsonString, Of(y)}, true
		}
		return jsonValue{}, true
	}
	return builtin.add(t)
}

func decodeJSONValue(r *Reader) jsonValue {
	v := jsonValue{kind: r.Uint8()}
	switch v.kind {
	case jsonNull, jsonUndefined:
	case jsonBool:
		v.v = r.Payload(tBool)
	case jsonDouble:
		v.v = r.Payload(tDouble)
	case jsonString:
		v.v = r.Payload(tText)
	case jsonArray:
		v.v = r.Payload(tJSONArray)
	case jsonObject:
		v.v = r.Payload(tJSONObject)
	default:
		r.Fail("QJsonValue", fmt.Errorf("%w: kind %d", ErrValue, v.kind))
	}
	return v
}

func encodeJSONValue(w *Writer, v jsonValue) {
	w.Uint8(v.kind)
	if v.v.IsValid() {
		w.Payload(v.v)
	}
}

func parseJSON(b []byte) any {
	var x any
	if json.Unmarshal(b, &x) != nil {
		return nil // cannot be: only valid JSON is held
	}
	return x
}

// compactJSON returns x as JSON in the form in which Qt streams it.
func compactJSON(x any) (jsonText, bool) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(x) != nil {
		return nil, false
	}
	return slices.Clip(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), true
}
