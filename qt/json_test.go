package qt

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustValue(t testing.TB, types *Types, name string, x any) Value {
	typ, err := types.Lookup(name)
	require.NoError(t, err)
	v, err := typ.Value(x)
	require.NoError(t, err)
	return v
}

func TestMarshalJSON(t *testing.T) {
	types := fuzzTypes()
	east := time.FixedZone("", 5*3600+30*60)
	for _, c := range []struct {
		typeName string
		x        any
		want     string
	}{
		{"bool", true, `true`},
		{"int", -1, `-1`},
		{"qlonglong", int64(math.MinInt64), `-9223372036854775808`},
		{"qulonglong", uint64(math.MaxUint64), `18446744073709551615`},
		{"double", 0.1, `0.1`},
		{"double", 1e300, `1e+300`},
		{"double", math.NaN(), `"NaN"`},
		{"double", math.Inf(-1), `"-Inf"`},
		{"float", 0.1, `0.1`},
		{"QChar", 'A', `"A"`},
		{"QChar", 0xd800, `55296`},
		{"QString", "a\"\\\n\u2028é🌦\xed\xa0\x80", `"a\"\\\u000a\u2028é🌦\ud800"`},
		{"QString", (*string)(nil), `null`},
		{"QString", "", `""`},
		{"QByteArray", []byte{0, 1, 254, 255}, `"AAH+/w=="`},
		{"QByteArray", []byte{}, `""`},
		{"QByteArray", []byte(nil), `null`},
		{"QStringList", []string{"a", ""}, `["a",""]`},
		{"QVariantList", []any{int32(1), nil, "x", []any{}}, `[1,null,"x",[]]`},
		{"QVariantMap", map[string]any{"b": int32(1), "a": Of(Point{1, 2})}, `{"a":{"x":1,"y":2},"b":1}`},
		{"QMap<int,QString>", map[int]string{10: "ten", -1: "m"}, `{"-1":"m","10":"ten"}`},
		{"QMap<Mode,bool>", map[int]bool{1: true}, `{"On":true}`},
		{"QMap<QUuid,int>", map[UUID]int{{}: 1}, `{"{00000000-0000-0000-0000-000000000000}":1}`},
		{"QMap<double,int>", map[float64]int{math.Inf(1): 1}, `{"+Inf":1}`},
		{"QMultiMap<int,int>", []Entry{{Of(int32(1)), Of(int32(2))}, {Of(int32(1)), Of(int32(3))}}, `[{"key":1,"value":2},{"key":1,"value":3}]`},
		{"QPair<int,QString>", [2]any{1, "x"}, `[1,"x"]`},
		{"QList<uchar>", []uint8{1, 2}, `[1,2]`},
		{"QDate", Date{2024, 2, 29}, `"2024-02-29"`},
		{"QDate", Date{-44, 3, 15}, `"-0044-03-15"`},
		{"QDate", Date{}, `null`},
		{"QTime", Time(45296789), `"12:34:56.789"`},
		{"QTime", InvalidTime, `null`},
		{"QDateTime", time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC), `"2024-02-29T12:34:56Z"`},
		{"QDateTime", time.Date(2024, 2, 29, 12, 34, 56, 789e6, east), `"2024-02-29T12:34:56.789+05:30"`},
		{"QDateTime", time.Date(12024, 2, 29, 0, 0, 0, 0, time.UTC), `"12024-02-29T00:00:00Z"`},
		{"QDateTime", time.Date(1890, 1, 1, 0, 0, 0, 0, time.FixedZone("", 1786)), `"1890-01-01T00:00:00+00:29:46"`},
		{"QDateTime", time.Time{}, `null`},
		{"QUrl", URL("https://example.org/a%20b"), `"https://example.org/a%20b"`},
		{"QUuid", UUID{0x6f, 0x96, 0x19, 0xff, 15: 1}, `"{6f9619ff-0000-0000-0000-000000000001}"`},
		{"QLocale", Locale("de_CH"), `"de_CH"`},
		{"QRegularExpression", Regexp{"^a+$", 1}, `{"pattern":"^a+$","options":1}`},
		{"QBitArray", BitArray{true, false}, `[true,false]`},
		{"QPoint", Point{-3, 7}, `{"x":-3,"y":7}`},
		{"QPointF", PointF{0.5, math.NaN()}, `{"x":0.5,"y":"NaN"}`},
		{"QSize", Size{640, 480}, `{"width":640,"height":480}`},
		{"QSizeF", SizeF{1.5, 2}, `{"width":1.5,"height":2}`},
		{"QRect", Rect{1, 2, 3, 4}, `{"x":1,"y":2,"width":3,"height":4}`},
		{"QRectF", RectF{0.5, 2, 3, 4}, `{"x":0.5,"y":2,"width":3,"height":4}`},
		{"QLine", Line{1, 2, 3, 4}, `{"x1":1,"y1":2,"x2":3,"y2":4}`},
		{"QLineF", LineF{1, 2, 3, 4.5}, `{"x1":1,"y1":2,"x2":3,"y2":4.5}`},
		{"std::nullptr_t", nil, `null`},
		{"Mode", "On", `"On"`},
		{"Mode", 7, `7`},
		{"Alarms", 3, `"Fire|Water"`},
		{"Alarms", 8, `8`},
		{"Inner", map[string]any{"n": 1, "text": "a"}, `{"n":1,"text":"a"}`},
		{"QList<Inner>", []map[string]any{{"n": 1, "text": "a"}}, `[{"n":1,"text":"a"}]`},
		{"QJsonValue", "t", `"t"`},
		{"QJsonValue", nil, `null`},
		{"QJsonObject", map[string]any{"b": []any{1.5, nil}, "a": "<"}, `{"a":"<","b":[1.5,null]}`},
		{"QJsonArray", []any{true}, `[true]`},
		{"QJsonDocument", nil, `null`},
		{"QColor", RGBA8(18, 52, 86, 255), `"#123456"`},
		{"QColor", RGBA8(18, 52, 86, 128), `"#80123456"`},
		{"QColor", Color{Spec: ColorHSV, Alpha: 65535, Components: [4]uint16{12000, 1, 2}}, `{"spec":2,"alpha":65535,"components":[12000,1,2,0]}`},
		{"QColor", Color{Alpha: 65535}, `""`},
		{"QImage", Image(nil), `null`},
		{"QImage", Image("PNG"), `"UE5H"`},
		{"QPolygon", Polygon{{1, 2}}, `[{"x":1,"y":2}]`},
		{"QTextFormat", TextFormat{2, map[int32]Value{7: Of("x")}}, `{"type":2,"properties":{"7":"x"}}`},
		{"SourceLocation", SourceLocation{Name: "a", TypeName: "A", URL: "tcp://h"}, `{"name":"a","type":"A","url":"tcp://h"}`},
	} {
		t.Run(c.typeName+" "+c.want, func(t *testing.T) {
			if c.typeName == "SourceLocation" {
				c.typeName = "QRemoteObjectSourceLocation"
			}
			v := mustValue(t, types, c.typeName, c.x)
			got, err := v.MarshalJSON()
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
			again, err := v.Type().FromJSON(got)
			require.NoError(t, err)
			switch c.typeName {
			case "QVariantMap": // the point becomes a map
			case "QString":
				if c.want[len(c.want)-2] != '0' { // a lone surrogate becomes U+FFFD
					assert.True(t, v.Equal(again), "%v", again)
				}
			default:
				assert.True(t, v.Equal(again), "%s became %s", v, again)
			}
		})
	}
	for want, x := range map[string]any{`"2024-02-29"`: Date{2024, 2, 29}, `"00:00:01.000"`: Time(1000), `"{00000000-0000-0000-0000-000000000000}"`: UUID{},
		`{"x":1,"y":2}`: Point{1, 2}, `"#010203"`: RGBA8(1, 2, 3, 255), `[1,"a"]`: Of([]any{1, "a"})} {
		data, err := json.Marshal(x) // what Any returns is written alike
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
	for _, x := range []any{true, 1.5, "s", []any{1.5}, map[string]any{}, nil} {
		v := mustValue(t, types, "QJsonValue", x)
		for _, f := range []Format{{Qt5_12, true}, {Qt6_2, false}} {
			assert.True(t, decoded(t, mustHex(t, encoded(t, v, f)), f, nil).Equal(v))
		}
		assert.Equal(t, x, v.Any())
	}
	v, err := Value{}.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, "null", string(v))
}

func TestFromJSON(t *testing.T) {
	types := fuzzTypes()
	for _, c := range []struct {
		typeName, data string
		want           any // a Value's plain Go value, or an error's text
	}{
		{"QVariant", `2147483647`, int32(math.MaxInt32)},
		{"QVariant", `2147483648`, int64(1 << 31)},
		{"QVariant", `18446744073709551615`, uint64(math.MaxUint64)},
		{"QVariant", `18446744073709551616`, float64(1 << 64)},
		{"QVariant", `1.0`, 1.0},
		{"QVariant", `1e2`, 100.0},
		{"QVariant", `"x"`, "x"},
		{"QVariant", `true`, true},
		{"QVariant", `null`, nil},
		{"QVariant", `[1,"a",null]`, []any{int32(1), "a", nil}},
		{"QVariant", `{"a":{"b":[]}}`, map[string]any{"a": map[string]any{"b": []any{}}}},
		{"int", `5.0`, int32(5)},
		{"int", `2147483648`, "the number 2147483648 for int"},
		{"int", `1.5`, "the number 1.5 for int"},
		{"int", `"5"`, `the string "5" for int`},
		{"int", `1 2`, "bytes left over"},
		{"int", `{`, "JSON for int: unexpected EOF"},
		{"int", ``, "JSON for int: EOF"},
		{"uchar", `-1`, "the number -1 for uchar"},
		{"double", `1`, 1.0},
		{"double", `"NaN!"`, `the string "NaN!" for double`},
		{"double", `1e999`, "the number 1e999 for double"},
		{"float", `1e39`, "the number 1e39 for float"},
		{"bool", `1`, "the number 1 for bool"},
		{"QChar", `"é"`, Char('é')},
		{"QChar", `"ab"`, `the string "ab" for QChar`},
		{"QChar", `"🌦"`, `for QChar`},
		{"QString", `null`, ""},
		{"QString", `[]`, "an array of 0 for QString"},
		{"QByteArray", `"%"`, `the string "%" for QByteArray`},
		{"QByteArray", `"AP8="`, []byte{0, 255}},
		{"QDate", `""`, Date{}},
		{"QDate", `"2023-02-29"`, `the string "2023-02-29" for QDate`},
		{"QDate", `"0000-01-01"`, "for QDate"},
		{"QTime", `"12:34:56"`, Time(45296000)},
		{"QTime", `"25:00:00"`, "for QTime"},
		{"QDateTime", `""`, time.Time{}},
		{"QDateTime", `"2024-02-29T12:34:56.789Z"`, time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)},
		{"QDateTime", `"2024-02-29 12:34"`, "for QDateTime"},
		{"QDateTime", `5`, "the number 5 for QDateTime"},
		{"QUuid", `"6F9619FF-8B86-D011-B42D-00C04FC964FF"`, UUID{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0, 0xc0, 0x4f, 0xc9, 0x64, 0xff}},
		{"QUuid", `"6f96"`, `"6f96" is no UUID`},
		{"QPoint", `{"x":1}`, Point{1, 0}},
		{"QPoint", `{"x":1,"z":2}`, `QPoint: value out of range: no field "z"`},
		{"QPoint", `{"x":1.5}`, "QPoint: x: value out of range: the number 1.5 for Go type int32"},
		{"QPoint", `[1,2]`, "QPoint: value out of range: an array of 2 for Go type qt.Point"},
		{"QPointF", `{"x":"+Inf","y":2}`, PointF{math.Inf(1), 2}},
		{"QColor", `"#12345"`, "no #rrggbb"},
		{"QColor", `"#123456"`, RGBA8(0x12, 0x34, 0x56, 255)},
		{"Mode", `"On"`, int32(1)},
		{"Mode", `1`, int32(1)},
		{"Mode", `"Sideways"`, `"Sideways" is no value of S::Mode`},
		{"Alarms", `"Fire | Water"`, int32(3)},
		{"Small", `200`, "the number 200 for S::Small"},
		{"Inner", `{"n":1}`, map[string]any{"n": int32(1), "text": ""}},
		{"Inner", `{"m":1}`, `the POD Inner has no field "m"`},
		{"Inner", `{"n":"x"}`, `Inner.n: value out of range: the string "x" for int`},
		{"QList<Inner>", `[{"n":1},{"n":true}]`, "item 1: Inner.n: value out of range: true for int"},
		{"QList<int>", `{}`, "an object of 0 for QList<int>"},
		{"QMap<int,bool>", `{"5":true}`, map[int32]bool{5: true}},
		{"QMap<int,bool>", `{"x":true}`, `the string "x" for int`},
		{"QMap<int,bool>", `{"5":1}`, "value of 5: value out of range: the number 1 for bool"},
		{"QMultiMap<int,bool>", `[{"key":1}]`, `item 0: value out of range: an object of 1 for {"key","value"} of QMultiMap<int,bool>`},
		{"QPair<int,int>", `[1]`, "an array of 1 for std::pair<int,int>"},
		{"QJsonObject", `{"a":1}`, map[string]any{"a": 1.0}},
		{"QJsonObject", `[]`, "an array of 0 for QJsonObject"},
		{"QJsonArray", `[1,null]`, []any{1.0, nil}},
		{"QJsonDocument", `5`, "the number 5 for QJsonDocument"},
		{"QJsonValue", `5`, 5.0},
		{"QKeySequence", `[1,2,3]`, "an array of 3 for Go type qt.KeySequence"},
		{"QTextFormat", `{"type":1,"properties":{"8":"a"}}`, TextFormat{1, map[int32]Value{8: Of("a")}}},
		{"std::nullptr_t", `1`, "the number 1 for std::nullptr_t"},
	} {
		t.Run(c.typeName+" "+c.data, func(t *testing.T) {
			typ, err := types.Lookup(c.typeName)
			require.NoError(t, err)
			v, err := typ.FromJSON([]byte(c.data))
			if want, isText := c.want.(string); isText && (err != nil || want != "x" && want != "") {
				require.ErrorContains(t, err, want)
				return
			}
			require.NoError(t, err)
			if tf, ok := c.want.(TextFormat); ok {
				c.want = mustValue(t, types, c.typeName, tf).Any()
				assert.True(t, mustValue(t, types, c.typeName, tf).Equal(v))
				return
			}
			assert.Equal(t, c.want, v.Any())
		})
	}
	deep := make([]byte, 0, 400)
	for range 100 {
		deep = append(deep, '[')
	}
	for range 100 {
		deep = append(deep, ']')
	}
	_, err := tVariant.FromJSON(deep)
	assert.ErrorIs(t, err, ErrTooDeep)
}
