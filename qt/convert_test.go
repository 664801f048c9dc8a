package qt

import (
	"image/color"
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNull(t *testing.T) {
	for _, f := range []Format{{Qt5_12, true}, {Qt5_12, false}, {Qt6_2, true}, {Qt6_2, false}} {
		for _, c := range []struct {
			v    Value
			null bool
			hex  string // of the payload
		}{
			{Of(""), false, "00000000"},
			{NullString, true, "ffffffff"},
			{Of([]byte{}), false, "00000000"},
			{Of([]byte(nil)), true, "ffffffff"},
		} {
			v := decoded(t, mustHex(t, encoded(t, c.v, f)), f, nil)
			assert.True(t, v.Equal(c.v))
			assert.Equal(t, c.null, v.IsNull())
			assert.Equal(t, c.hex, encoded(t, v, f)[10:])
		}
	}
	assert.False(t, Of("").Equal(NullString))
	assert.False(t, Of([]byte{}).Equal(Of([]byte(nil))))
	assert.True(t, Value{}.IsNull())
	assert.False(t, Value{}.IsValid())
	assert.True(t, mustValue(t, builtin, "std::nullptr_t", nil).IsNull())
	assert.Empty(t, NullString.String())
	assert.Nil(t, Of("text").Bytes())

	s, err := As[*string](Of("x"))
	require.NoError(t, err)
	assert.Equal(t, "x", *s)
	v, err := tText.Value((*string)(nil))
	require.NoError(t, err)
	assert.True(t, v.IsNull())
}

func TestConvert(t *testing.T) {
	types := fuzzTypes()
	other := NewTypes()
	other.Define(nil, []POD{{"Inner", []Field{{Name: "n", TypeName: "qlonglong"}, {Name: "text", TypeName: "QString"}}}})
	far := NewTypes()
	far.Define(nil, []POD{{"Inner", []Field{{Name: "n", TypeName: "int"}, {Name: "label", TypeName: "QString"}}}})
	for _, c := range []struct {
		v    Value
		to   string
		want any // a plain Go value, or an error's text
	}{
		{Of(int32(5)), "qlonglong", int64(5)},
		{Of(int64(5)), "int", int32(5)},
		{Of(int64(1 << 31)), "int", "value out of range: qlonglong (2147483648) for int"},
		{Of(int32(-1)), "uint", "int (-1) for uint"},
		{Of(uint64(math.MaxUint64)), "qlonglong", "qulonglong (18446744073709551615) for qlonglong"},
		{Of(uint64(math.MaxUint64)), "double", "for double"},
		{Of(uint64(255)), "uchar", uint8(255)},
		{Of(5.0), "int", int32(5)},
		{Of(5.5), "int", "double (5.5) for int"},
		{Of(int32(5)), "double", 5.0},
		{Of(int32(1<<24 + 1)), "float", "for float"},
		{Of(0.1), "float", float32(0.1)},
		{Of(1e300), "float", "double (1e+300) for float"},
		{Of(math.Inf(1)), "float", float32(math.Inf(1))},
		{Of(true), "int", "bool (true) for int"},
		{Of("5"), "int", `QString ("5") for int`},
		{Value{}, "int", "no value for int"},
		{Of(int32(1)), "Mode", int32(1)},
		{mustValue(t, types, "Mode", "On"), "int", int32(1)},
		{mustValue(t, types, "signed char", -1), "Small", int32(-1)},
		{Of([]int32{1, 2}), "QList<qlonglong>", []int64{1, 2}},
		{Of([]int32{1, -2}), "QList<uint>", "item 1: value out of range: int (-2) for uint"},
		{Of([]string{"a"}), "QVariantList", []any{"a"}},
		{Of([]any{"a"}), "QStringList", []string{"a"}},
		{Of(map[string]int32{"a": 1}), "QVariantMap", map[string]any{"a": int32(1)}},
		{Of(map[string]any{"a": "x"}), "QMap<QString,int>", `value of "a": value out of range: QString ("x") for int`},
		{Of(map[string]any{"a": "x"}), "QMap<int,QVariant>", `key 0: value out of range: QString ("a") for int`},
		{mustValue(t, types, "QPair<int,int>", [2]int{1, 2}), "QPair<double,int>", [2]any{1.0, int32(2)}},
		{Value{t: tVariant, ref: Value{t: tVariant, ref: Of(int32(5))}}, "int", int32(5)},
		{Of(int32(5)), "QVariant", int32(5)},
		{mustValue(t, other, "Inner", map[string]any{"n": 5}), "Inner", map[string]any{"n": int32(5), "text": ""}},
		{mustValue(t, other, "Inner", map[string]any{"n": int64(1 << 40)}), "Inner", "Inner.n: value out of range: qlonglong (1099511627776) for int"},
		{mustValue(t, far, "Inner", map[string]any{"n": 5}), "Inner", "Inner without the field text"},
		{Of(Point{1, 2}), "QPoint", Point{1, 2}},
		{Of(Point{1, 2}), "QPointF", "QPoint (QPoint{…}) for QPointF"},
	} {
		t.Run(c.v.Type().String()+" "+c.v.brief()+" to "+c.to, func(t *testing.T) {
			typ, err := types.Lookup(c.to)
			require.NoError(t, err)
			got, err := typ.Convert(c.v)
			if want, isError := c.want.(string); isError {
				require.ErrorIs(t, err, ErrValue)
				assert.ErrorContains(t, err, want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Any())
		})
	}
}

func TestConvertUnsignedEnum(t *testing.T) {
	types := NewTypes()
	types.Define([]*Enum{{Name: "E", Size: 1, Keys: []EnumKey{{"Low", 0}, {"High", 200}}}}, nil)
	want := mustValue(t, types, "E", "High")
	// Qt sends it as a signed char.
	got, err := want.Type().Convert(decoded(t, mustHex(t, encoded(t, want, Format{Version: Qt6_2})), Format{Version: Qt6_2}, nil))
	require.NoError(t, err)
	assert.True(t, got.Equal(want))
	assert.Equal(t, "High", got.String())
	_, err = want.Type().Value(300)
	assert.ErrorIs(t, err, ErrValue)
}

func TestTypeValue(t *testing.T) {
	types := fuzzTypes()
	type inner struct {
		N     int8
		Label string `qtro:"text"`
	}
	type name string
	type blob []byte
	link, err := url.Parse("https://example.org/a b")
	require.NoError(t, err)
	day := time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)
	five := 5
	for _, c := range []struct {
		to   string
		x    any
		want any // a plain Go value, or an error's text
	}{
		{"int", &five, int32(5)},
		{"int", uint8(5), int32(5)},
		{"int", int64(1 << 31), "for int"},
		{"int", "5", "Go type string for int"},
		{"int", nil, "nil for int"},
		{"int", (*int)(nil), "nil *int for int"},
		{"int", Of(int64(5)), int32(5)},
		{"bool", 1, "qlonglong (1) for bool"},
		{"QString", name("x"), "x"},
		{"QString", 5, "Go type int for QString"},
		{"QByteArray", blob("x"), []byte("x")},
		{"QByteArray", blob{}, []byte{}},
		{"QByteArray", "x", "Go type string for QByteArray"},
		{"QChar", 'x', Char('x')},
		{"QChar", 1 << 16, "for QChar"},
		{"QDate", day, Date{2024, 2, 29}},
		{"QTime", day, Time(45296789)},
		{"QDateTime", day, day},
		{"QDateTime", 5, "Go type int for QDateTime"},
		{"QUrl", link, URL("https://example.org/a%20b")},
		{"QUrl", "tcp://h", URL("tcp://h")},
		{"QColor", color.NRGBA{1, 2, 3, 255}, RGBA8(1, 2, 3, 255)},
		{"QColor", 5, "Go type int for QColor"},
		{"Mode", "On", int32(1)},
		{"Mode", "Sideways", `"Sideways" is no value of S::Mode`},
		{"Mode", 1, int32(1)},
		{"Inner", inner{5, "a"}, map[string]any{"n": int32(5), "text": "a"}},
		{"Inner", &inner{5, "a"}, map[string]any{"n": int32(5), "text": "a"}},
		{"Inner", map[string]int{"n": 5}, map[string]any{"n": int32(5), "text": ""}},
		{"Inner", map[string]int{"m": 5}, "the POD Inner has no field for some of the keys [m]"},
		{"Inner", struct{ N string }{"x"}, "Inner.n: value out of range: Go type string for int"},
		{"Inner", 5, "Go type int for the POD Inner"},
		{"QList<Inner>", []inner{{N: 1}, {N: 2}}, []map[string]any{{"n": int32(1), "text": ""}, {"n": int32(2), "text": ""}}},
		{"QList<int>", [2]int{1, 2}, []int32{1, 2}},
		{"QList<int>", []any{1, "x"}, "item 1: value out of range: Go type string for int"},
		{"QList<int>", 5, "Go type int for QList<int>"},
		{"QMap<QString,int>", map[name]int{"a": 1}, map[string]int32{"a": 1}},
		{"QMap<QString,int>", map[int]int{1: 1}, "key: value out of range: Go type int for QString"},
		{"QMap<QString,int>", []Entry{{Of("a"), Of(int64(1))}}, map[string]int32{"a": 1}},
		{"QMap<QString,int>", map[string]string{"a": "x"}, `value of "a": value out of range: Go type string for int`},
		{"QMap<QVariant,int>", []Entry{{Of([]any{}), Of(int32(1))}}, []Entry{{Of([]any{}), Of(int32(1))}}},
		{"QPair<int,QString>", [2]any{1, "a"}, [2]any{int32(1), "a"}},
		{"QPair<int,QString>", []any{1, "a"}, "Go type []interface {} for std::pair<int,QString>"},
		{"QVariant", nil, nil},
		{"QVariant", int8(5), int8(5)},
		{"QVariant", make(chan int), "no Qt type for Go type chan int"},
		{"QJsonObject", struct{ A int }{1}, map[string]any{"A": 1.0}},
		{"QJsonObject", []int{}, "Go type []int for QJsonObject"},
		{"QJsonObject", nil, "nil for QJsonObject"},
		{"QJsonArray", math.NaN(), "Go type float64 for QJsonArray"},
		{"QJsonDocument", []int{1}, []any{1.0}},
	} {
		t.Run(c.to, func(t *testing.T) {
			typ, err := types.Lookup(c.to)
			require.NoError(t, err)
			got, err := typ.Value(c.x)
			if want, isText := c.want.(string); isText && (err != nil || want != "x") {
				require.ErrorIs(t, err, ErrValue)
				assert.ErrorContains(t, err, want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Any())
		})
	}
}

func TestOf(t *testing.T) {
	five := "five"
	for want, v := range map[string]Value{
		"bool": Of(true), "int": Of(int32(1)), "uint": Of(uint32(1)), "qlonglong": Of(1), "qulonglong": Of(uint(1)),
		"double": Of(1.5), "float": Of(float32(1.5)), "QString": Of(&five), "QByteArray": Of([]byte("x")), "short": Of(int16(1)), "ushort": Of(uint16(1)),
		"char": Of(int8(1)), "uchar": Of(uint8(1)), "QChar": Of(Char('x')), "QDate": Of(Date{2024, 1, 1}), "QTime": Of(Time(1)), "QDateTime": Of(time.Now()),
		"QUrl": Of(URL("x")), "QUuid": Of(UUID{}), "QVariantMap": Of(map[string]any{}), "QVariantList": Of([]any{}), "QStringList": Of([]string{}),
		"QByteArrayList": Of([][]byte{}), "QList<QList<int>>": Of([][]int32{}), "QMap<int,QMap<QString,QVariant>>": Of(map[int32]map[string]any{}),
		"QPoint": Of(Point{}), "(invalid)": Of[any](nil), "QColor": Of(Color{}), "QPixmap": Of(Pixmap(nil)),
	} {
		assert.Equal(t, want, v.Type().String())
	}
	assert.Panics(t, func() { Of(make(chan int)) })
	type loop []loop
	assert.Panics(t, func() { Of(loop{}) })
}

func TestTo(t *testing.T) {
	types := fuzzTypes()
	outer := mustValue(t, types, "Outer", map[string]any{"inner": map[string]any{"n": 5, "text": "a"}, "mode": "On", "alarms": 3, "any": "x", "list": []any{map[string]any{"n": 1}}})
	type mode int32
	var got struct {
		Inner struct {
			N    int16
			Text *string
		}
		Mode   mode
		Alarms uint8
		Any    any
		List   []struct{ N int }
		Other  string
	}
	require.NoError(t, outer.To(&got))
	assert.Equal(t, int16(5), got.Inner.N)
	assert.Equal(t, "a", *got.Inner.Text)
	assert.Equal(t, mode(1), got.Mode)
	assert.Equal(t, uint8(3), got.Alarms)
	assert.Equal(t, "x", got.Any)
	require.Len(t, got.List, 1)
	assert.Equal(t, 1, got.List[0].N)

	var bad struct{ Inner struct{ N string } }
	assert.ErrorContains(t, outer.To(&bad), "Outer.inner: Inner.n: value out of range: int (5) for Go type string")

	m, err := As[map[string]float32](Of(map[string]any{"a": 1.5, "b": int32(2)}))
	require.NoError(t, err)
	assert.Equal(t, map[string]float32{"a": 1.5, "b": 2}, m)
	_, err = As[map[string]int](Of(map[string]any{"a": 1.5}))
	assert.ErrorIs(t, err, ErrValue)
	_, err = As[map[int]int](Of(map[string]any{"a": 1}))
	assert.ErrorIs(t, err, ErrValue)
	_, err = As[[]int](Of([]string{"a"}))
	assert.ErrorIs(t, err, ErrValue)
	_, err = As[uint](Of(int32(-1)))
	assert.ErrorContains(t, err, "int (-1) for Go type uint")
	_, err = As[int32](Of("5"))
	assert.ErrorContains(t, err, `QString ("5") for Go type int32`)
	_, err = As[bool](Of(int32(1)))
	assert.ErrorIs(t, err, ErrValue)
	n, err := As[int32](Value{})
	require.NoError(t, err)
	assert.Zero(t, n)
	assert.ErrorContains(t, Of(5).To(5), "To needs a pointer, not int")
	var p *int
	assert.ErrorContains(t, Of(5).To(p), "To needs a pointer")

	var v Value
	require.NoError(t, Of(5).To(&v))
	assert.True(t, v.Equal(Of(5)))
	vals, err := As[[]Value](Of([]any{"a", nil}))
	require.NoError(t, err)
	assert.Len(t, vals, 2)
	b, err := As[[]byte](Of([]byte("x")))
	require.NoError(t, err)
	assert.Equal(t, []byte("x"), b)
	f, err := As[float64](Of(int32(5)))
	require.NoError(t, err)
	assert.InDelta(t, 5.0, f, 0)
	when, err := As[time.Time](Of(time.Unix(5, 0).UTC()))
	require.NoError(t, err)
	assert.Equal(t, int64(5), when.Unix())
	pt, err := As[struct{ X, Y int32 }](Of(Point{1, 2}))
	require.NoError(t, err)
	assert.Equal(t, int32(2), pt.Y)
}

func TestValueMethods(t *testing.T) {
	types := fuzzTypes()
	list := Of([]int32{1, 2})
	assert.Equal(t, 2, list.Len())
	assert.Equal(t, int64(2), list.Index(1).Int())
	assert.Panics(t, func() { list.Index(2) })
	pair := mustValue(t, types, "QPair<int,QString>", [2]any{1, "a"})
	assert.Equal(t, "a", pair.Index(1).String())
	inner := mustValue(t, types, "Inner", map[string]any{"n": 5, "text": "a\n"})
	n, ok := inner.Field("n")
	assert.True(t, ok)
	assert.Equal(t, int64(5), n.Int())
	_, ok = inner.Field("m")
	assert.False(t, ok)
	m, ok := Of(map[string]any{"a": 1.5}).Field("a")
	assert.True(t, ok)
	assert.InDelta(t, 1.5, m.Float(), 0)
	_, ok = Value{}.Field("a")
	assert.False(t, ok)

	assert.Equal(t, int64(-1), Of(-1.5).Int())
	assert.InDelta(t, float64(math.MaxUint64), Of(uint64(math.MaxUint64)).Float(), 0)
	assert.InDelta(t, -1, Of(-1).Float(), 0)
	assert.Zero(t, Of("5").Int())
	assert.Zero(t, Of("5").Float())
	assert.True(t, Of(int32(2)).Bool())
	assert.False(t, Of("true").Bool())

	for want, v := range map[string]Value{
		"(invalid)": {}, "true": Of(true), "1.5": Of(1.5), `Inner{n: 5, text: "a\n"}`: inner, `(1, "a")`: pair, "[1, 2]": list,
		`"x\x00"`: Of([]byte("x\x00")), "On": mustValue(t, types, "Mode", 1), "9": mustValue(t, types, "Mode", 9), "Fire|Water": mustValue(t, types, "Alarms", 3),
		`{"a": [1, "x", (invalid)]}`: Of(map[string]any{"a": []any{1, "x", nil}}), "nullptr": mustValue(t, types, "std::nullptr_t", nil),
		"2024-02-29": Of(Date{2024, 2, 29}), "tcp://h": Of(URL("tcp://h")), "#010203": Of(RGBA8(1, 2, 3, 255)), "{1 2}": Of(Point{1, 2}),
		"5": {t: tVariant, ref: Of(5)},
	} {
		assert.Equal(t, want, v.String())
	}
	long := Of(make([]int32, 1<<16))
	assert.Less(t, len(long.brief()), 100)
}

func TestZero(t *testing.T) {
	types := fuzzTypes()
	types.Define(nil, []POD{
		{"A", []Field{{Name: "b1", TypeName: "B"}, {Name: "b2", TypeName: "B"}}},
		{"B", []Field{{Name: "a1", TypeName: "A"}, {Name: "a2", TypeName: "std::pair<A,A>"}}},
	})
	for name, want := range map[string]any{
		"int": int32(0), "QString": "", "QDate": Date{}, "QTime": InvalidTime, "QDateTime": time.Time{}, "QSize": Size{-1, -1}, "QVariant": nil,
		"QList<int>": []int32{}, "QVariantMap": map[string]any{}, "QPair<int,QString>": [2]any{int32(0), ""}, "QUrl": URL(""),
		"Inner": map[string]any{"n": int32(0), "text": ""}, "QJsonObject": map[string]any{}, "QJsonValue": nil, "QColor": Color{Alpha: 65535},
	} {
		typ, err := types.Lookup(name)
		require.NoError(t, err)
		v := typ.Zero()
		assert.Equal(t, want, v.Any(), name)
		assert.Equal(t, name == "QString", v.IsValid() && v.IsNull(), name)
	}
	// Every type's zero value can be written, if the version has the type.
	for id, typ := range byID6 {
		if typ.kind != kindVariant {
			w := NewWriter(nil, Format{Version: Qt6_2})
			w.Variant(typ.Zero())
			require.NoError(t, w.Err(), "%s", typ)
			again := decoded(t, w.Bytes(), w.Format(), nil)
			assert.True(t, typ.Zero().Equal(again), "%d %s", id, typ)
		}
	}
	a, err := types.Lookup("A")
	require.NoError(t, err)
	assert.Equal(t, 2, a.Zero().Len(), "PODs that contain each other end somewhere")
}
