package interop_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// typesInitial are the values that the Qt peers' Types starts with, by kind.
var typesInitial = map[string]any{
	"Bool": true, "Char": 99, "Int8": -8, "UInt8": 200, "Short": -16000, "UShort": 65535, "Int": math.MinInt32,
	"UInt": uint32(math.MaxUint32), "Long": -5, "LongLong": int64(-9007199254740995), "ULongLong": uint64(math.MaxUint64),
	"Float": 0.5, "Double": 2.718281828459045, "QChar": '€', "String": "Zürich 🌦", "Bytes": []byte{0, 1, 0xfe, 0xff},
	"StringList": []any{"a", "", qt.NullString}, "BytesList": []any{[]byte{1}, qt.Of([]byte(nil))},
	"List": []any{int32(1), "two", 3.5, nil, []any{true}}, "Map": map[string]any{"k": map[string]any{"n": int32(1)}},
	"Hash": map[string]any{"only": int32(7)}, "Any": "any",
	"Date": qt.Date{Year: 1999, Month: 12, Day: 31}, "Time": qt.Time(86399999),
	"DateTime": time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC), "Url": "https://example.org/a%20b?q=1#f",
	"Uuid":  qt.UUID{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0x00, 0xc0, 0x4f, 0xc9, 0x64, 0xff},
	"Point": qt.Point{X: -3, Y: 7}, "PointF": qt.PointF{X: 0.5, Y: -2.25},
	"Size": qt.Size{Width: 640, Height: 480}, "SizeF": qt.SizeF{Width: 1.5, Height: -0.25},
	"Rect": qt.Rect{X: 10, Y: 20, Width: 300, Height: 400}, "RectF": qt.RectF{X: 0.5, Y: 1, Width: 2.5, Height: 3},
	"Line": qt.Line{X1: 1, Y1: 2, X2: 3, Y2: 4}, "LineF": qt.LineF{X1: 0.5, Y1: 1, X2: 2, Y2: -3},
	"Locale": qt.Locale("de_CH"), "Regex": qt.Regexp{Pattern: "^a+b$", Options: 1}, "Bits": bits("10000000010"),
	"JsonValue": "text", "JsonObject": map[string]any{"a": 1, "b": []any{true, nil}}, "JsonArray": []any{1.5, "x"},
	"JsonDoc": map[string]any{"d": 2}, "Ints": []int32{1, -2, 3}, "Doubles": []float64{0.5, -1},
	"Points": []qt.Point{{X: 1, Y: 2}, {X: -3, Y: 4}}, "IntMap": map[string]int32{"a": 1, "z": -1},
	"NameHash": map[int32]string{5: "five"}, "Dot": dot{1, 0.5, "dot"},
	"Segment": segment{dot{1, 1.5, "from"}, dot{2, 2.5, "to"}}, "Tagged": tagged{7, []int32{4, 5}, "extra"},
	"Dots": []dot{{1, 1.5, "one"}, {2, 2.5, "two"}}, "DotMap": map[string]dot{"p": {3, 3.5, "three"}},
	"Color": 40000, "Hop": 300, "Level": 200, "Traits": 18,
}

// typesMore are values at the edges, by kind. Neighbours differ also by Qt's ideas of equality (to which a null string is an
// empty one, 0 is -0, and time zones are all the same), as a source tells no change that is none.
var typesMore = map[string][]any{
	"Bool": {false}, "Char": {-128, 127, 0}, "Int8": {-128, 127}, "UInt8": {0, 255}, "Short": {math.MinInt16, math.MaxInt16},
	"UShort": {0}, "Int": {math.MaxInt32, 0}, "UInt": {0}, "Long": {math.MinInt64, math.MaxInt64},
	"LongLong": {math.MinInt64, math.MaxInt64}, "ULongLong": {0, uint64(1) << 63},
	"Float":  {math.MaxFloat32, math.Copysign(0, -1), math.Inf(-1), math.NaN(), math.SmallestNonzeroFloat32},
	"Double": {math.MaxFloat64, math.Copysign(0, -1), math.Inf(1), math.NaN(), math.SmallestNonzeroFloat64},
	"QChar":  {0, 0xffff, 0xd800}, "String": {qt.NullString, "x", "", "a\x00b\n\"", "\ufffd𝄞e\u0301"},
	"Bytes": {[]byte(nil), []byte{9}, []byte{}}, "StringList": {[]string{}, []string{""}},
	"BytesList": {[][]byte{}, [][]byte{{}, {0, 255}}},
	"List":      {[]any{}, []any{nil, []any{[]any{}}, map[string]any{"": nil}, qt.Rect{}, uint64(math.MaxUint64), []byte(nil), qt.NullString}},
	"Map":       {map[string]any{}, map[string]any{"": nil, "b": "", "a": []any{map[string]any{"x": -0.5}}, "é": qt.Time(5)}},
	"Hash":      {map[string]any{}, map[string]any{"n": nil}},
	"Any": {nil, int64(math.MinInt64), []byte{}, map[string]any{"a": []any{int32(1)}}, qt.Date{Year: 2000, Month: 1, Day: 1},
		time.Date(2024, 7, 1, 12, 0, 0, 0, time.FixedZone("", 3600)), []int32{1, 2}, 1.5, float32(0.1), qt.UUID{1}, qt.NullString},
	"Date": {qt.Date{}, qt.Date{Year: 1, Month: 1, Day: 1}, qt.Date{Year: -4712, Month: 1, Day: 1}, qt.Date{Year: 9999, Month: 12, Day: 31}},
	"Time": {qt.InvalidTime, qt.Time(0)},
	"DateTime": {time.Time{}, time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC), time.Date(2024, 7, 1, 1, 2, 3, 4e6, time.Local),
		time.Date(2024, 7, 1, 12, 0, 0, 0, time.FixedZone("", -(3*3600+1800))), time.Date(2024, 12, 1, 12, 0, 0, 1e6, zone("Europe/Zurich")),
		time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	"Url": {"", "file:///tmp/%C3%A9", "mailto:a@b.example"}, "Uuid": {qt.UUID{}},
	"Point": {qt.Point{X: math.MinInt32, Y: math.MaxInt32}, qt.Point{}}, "PointF": {qt.PointF{X: math.MaxFloat64, Y: math.Inf(1)}, qt.PointF{}},
	"Size": {qt.Size{Width: -1, Height: -1}}, "SizeF": {qt.SizeF{Width: -1, Height: -1}},
	"Rect": {qt.Rect{}, qt.Rect{X: -5, Y: -6, Width: -7, Height: 8}}, "RectF": {qt.RectF{}, qt.RectF{X: -1e300, Y: 1, Width: -2, Height: 0.1}},
	"Line": {qt.Line{}, qt.Line{X1: math.MinInt32, Y2: math.MaxInt32}}, "LineF": {qt.LineF{}},
	"Locale": {qt.Locale("C"), qt.Locale("ja_JP")}, "Regex": {qt.Regexp{}, qt.Regexp{Pattern: "ä|\\d", Options: 0x7}},
	"Bits":       {bits(""), bits("1"), bits("11111111"), bits("000000001")},
	"JsonValue":  {nil, true, -0.5, []any{nil, "x"}, map[string]any{"k": map[string]any{}}, ""},
	"JsonObject": {map[string]any{}, map[string]any{"é": "\u00e9\t", "n": 1e300}}, "JsonArray": {[]any{}, []any{nil, []any{}}},
	"JsonDoc": {[]any{1, "x"}, map[string]any{}},
	"Ints":    {[]int32{}, []int32{math.MinInt32, math.MaxInt32}}, "Doubles": {[]float64{}, []float64{math.Inf(-1), math.NaN()}},
	"Points": {[]qt.Point{}}, "IntMap": {map[string]int32{}, map[string]int32{"": 0, "b": 2, "a": 1, "B": 3}},
	"NameHash": {map[int32]string{}, map[int32]string{-1: "", math.MaxInt32: "x"}},
	"Dot":      {nullDot(math.MinInt32, math.Inf(1)), nullDot(0, math.NaN())},
	"Segment":  {map[string]any{"from": nullDot(0, 0), "to": nullDot(0, 0)}},
	"Tagged":   {tagged{300, []int32{}, nil}, tagged{0, []int32{-1}, map[string]any{"deep": []any{int32(1), nil}}}},
	"Dots":     {[]dot{}, []any{nullDot(0, 0)}}, "DotMap": {map[string]dot{}, map[string]dot{"": {0, 1, "-"}, "b": {2, 2, "b"}, "a": {1, 1, "a"}}},
	"Color": {1}, "Hop": {0, 7}, "Level": {0, 1}, "Traits": {0, 3},
}

// The PODs of types.rep as a Go program has them.
type (
	dot struct {
		X     int32
		Y     float64
		Label string
	}
	segment struct{ From, To dot }
	tagged  struct {
		Hop   int32
		Marks []int32
		Extra any
	}
)

// nullDot has a null label: an empty one is null after it went through Qt, whose PODs take no value that equals what they
// have.
func nullDot(x, y any) map[string]any { return map[string]any{"x": x, "y": y, "label": qt.NullString} }

func bits(text string) qt.BitArray {
	out := qt.BitArray{}
	for _, c := range text {
		out = append(out, c == '1')
	}
	return out
}

func zone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return l
}

// kinds are the value types that class Types has.
func kinds(class *core.Class) []string {
	var out []string
	for _, p := range class.Properties {
		out = append(out, p.Name[1:])
	}
	return out
}

// newTypes is what the Qt peers' Types is, in Go.
func newTypes(t *testing.T, major int) *object {
	t.Helper()
	class := classesOf(t, major)["Types"]
	values := map[string]any{}
	for _, k := range kinds(class) {
		values["v"+k] = typesInitial[k]
	}
	o := newObject(t, class, values)
	for _, k := range kinds(class) {
		o.handle("echo"+k, func(_ context.Context, args []qt.Value) (qt.Value, error) {
			o.log.add("slot", "echo"+k, args...)
			return args[0], nil
		})
	}
	return o
}
