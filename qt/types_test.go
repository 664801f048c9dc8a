package qt

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	types := fuzzTypes()
	for _, c := range []struct{ name, six, five string }{
		{"int", "int", "int"},
		{"qint32", "int", "int"},
		{"unsigned int", "uint", "uint"},
		{"const QString &", "QString", "QString"},
		{"QList<int>", "QList<int>", "QList<int>"},
		{"QVector<int>", "QList<int>", "QVector<int>"},
		{"QVector< int >", "QList<int>", "QVector<int>"},
		{"QList<QString>", "QStringList", "QList<QString>"},
		{"QVector<QString>", "QStringList", "QVector<QString>"},
		{"QStringList", "QStringList", "QStringList"},
		{"QList<QVariant>", "QVariantList", "QVariantList"},
		{"QList<QByteArray>", "QByteArrayList", "QByteArrayList"},
		{"QMap<QString, QVariant>", "QVariantMap", "QVariantMap"},
		{"QHash<QString,QVariant>", "QVariantHash", "QVariantHash"},
		{"QList<QVariantMap>", "QList<QMap<QString,QVariant>>", "QList<QVariantMap>"},
		{"QList<QMap<QString,QVariant> >", "QList<QMap<QString,QVariant>>", "QList<QVariantMap>"},
		{"QMap<QString,QStringList>", "QMap<QString,QList<QString>>", "QMap<QString,QStringList>"},
		{"QMap<int,QVariantList>", "QMap<int,QList<QVariant>>", "QMap<int,QVariantList>"},
		{"QMap<int,QVariantHash>", "QMap<int,QHash<QString,QVariant>>", "QMap<int,QVariantHash>"},
		{"QSet<QByteArrayList>", "QSet<QList<QByteArray>>", "QSet<QByteArrayList>"},
		{"QIntHash", "QHash<int,QByteArray>", "QIntHash"},
		{"QPair<int, QString>", "std::pair<int,QString>", "QPair<int,QString>"},
		{"std::pair<int,QString>", "std::pair<int,QString>", "QPair<int,QString>"},
		{"QMultiMap<int,int>", "QMultiMap<int,int>", "QMultiMap<int,int>"},
		{"QList<Inner>", "QList<Inner>", "QList<Inner>"},
		{"S::Mode", "S::Mode", "S::Mode"},
		{"Mode", "S::Mode", "S::Mode"},
		{"QFlags<S::Mode>", "QFlags<S::Mode>", "QFlags<S::Mode>"},
		{"QList<Mode>", "QList<S::Mode>", "QList<S::Mode>"},
		{"QRemoteObjectSourceLocation", "std::pair<QString,QRemoteObjectSourceLocationInfo>", "QRemoteObjectSourceLocation"},
	} {
		typ, err := types.Lookup(c.name)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.six, typ.Name(Qt6_2), c.name)
		assert.Equal(t, c.five, typ.Name(Qt5_12), c.name)
		again, err := types.Lookup(c.five)
		require.NoError(t, err, c.name)
		assert.True(t, typ.same(again), c.name)
	}
	var unknown *UnknownTypeError
	for _, name := range []string{"", "X", "QList", "QList<", "QList<>", "QList<int", "QList<int>>", "QList<int,int>", "QMap<int>", "QMap<int,>", "<int>", "QList<X>", "QSet<QMap<int,X>>",
		"QRemoteObjectPackets::QSQ_", "QList<QRemoteObjectPackets::QAS_>", "QFlags<int>", "QList<>>int<", strings.Repeat("QList<", 200) + "int" + strings.Repeat(">", 200)} {
		_, err := types.Lookup(name)
		assert.ErrorAs(t, err, &unknown, name)
		assert.Less(t, len(err.Error()), 400)
	}
	_, err := Lookup(strings.Repeat("QList<", 100) + "int" + strings.Repeat(">", 100))
	assert.ErrorIs(t, err, ErrTooDeep)
	assert.Panics(t, func() { MustLookup("X") })
	assert.Equal(t, "int", MustLookup("int").String())
}

func TestTypeMethods(t *testing.T) {
	types := fuzzTypes()
	outer, err := types.Lookup("Outer")
	require.NoError(t, err)
	assert.True(t, outer.IsPOD())
	require.Len(t, outer.Fields(), 7)
	assert.Equal(t, "S::Mode", outer.Fields()[1].Type().String())
	assert.Nil(t, outer.Fields()[6].Type(), "nobody defines it")
	assert.Equal(t, "S::Mode", outer.Fields()[1].Type().Enum().Name)
	m, err := types.Lookup("QMap<int,Inner>")
	require.NoError(t, err)
	assert.True(t, m.IsContainer())
	assert.Equal(t, "int", m.KeyType().String())
	assert.Equal(t, "Inner", m.Elem().String())
	assert.Equal(t, "map[int32]map[string]interface {}", m.Go().String())
	assert.True(t, tVariant.IsVariant())
	assert.Equal(t, "(invalid)", (*Type)(nil).String())
	for name, want := range map[string]string{"QMap<QVariant,int>": "[]qt.Entry", "QMap<QPair<int,int>,int>": "[]qt.Entry", "QMap<QByteArray,int>": "[]qt.Entry",
		"QMultiMap<int,int>": "[]qt.Entry", "QHash<QUrl,QList<QDateTime>>": "map[qt.URL][]time.Time", "QList<QVariant>": "[]interface {}", "QPair<int,int>": "[2]interface {}"} {
		assert.Equal(t, want, MustLookup(name).Go().String(), name)
	}
}

func TestDefine(t *testing.T) {
	types := fuzzTypes()
	outer := mustValue(t, types, "Outer", map[string]any{"inner": map[string]any{"n": 1, "text": "a"}, "mode": "On", "small": "Low", "alarms": "Fire|Water",
		"any": []any{int32(1)}, "list": []any{map[string]any{"n": 2}}, "odd": int32(7)})
	for _, f := range []Format{{Qt5_12, true}, {Qt5_12, false}, {Qt6_2, true}, {Qt6_2, false}} {
		v := decoded(t, mustHex(t, encoded(t, outer, f)), f, types)
		assert.True(t, v.Equal(outer), "%s", v)
	}
	// Qt 5 names an enum inside a POD, and packs it.
	assert.Contains(t, encoded(t, outer, Format{Version: Qt5_12}), "00000400"+"00"+"00000008"+"533a3a4d6f646500"+"01"+"00000400"+"00"+"00000009"+"533a3a536d616c6c00"+"ff")
	assert.Contains(t, encoded(t, outer, Format{Version: Qt6_2}), "00000002"+"00"+"00000001"+"00000028"+"00"+"ff")
	// By itself it is an integer, but for Qt 5's flags.
	assert.Equal(t, "000000020000000001", encoded(t, mustValue(t, types, "Mode", 1), Format{Version: Qt5_12}))
	assert.Equal(t, "0000002200ff", encoded(t, mustValue(t, types, "Small", -1), Format{Version: Qt5_12}))
	assert.Equal(t, "0000002800ff", encoded(t, mustValue(t, types, "Small", -1), Format{Version: Qt6_2}))
	assert.Equal(t, "00000400000000000a533a3a416c61726d730000000003", encoded(t, mustValue(t, types, "Alarms", 3), Format{Version: Qt5_12}))
	assert.Equal(t, "000000020000000003", encoded(t, mustValue(t, types, "Alarms", 3), Format{Version: Qt6_2}))

	child := NewTypes(types)
	child.Alias("Station::Inner", MustLookup("int"))
	typ, err := child.Lookup("QList<Station::Inner>")
	require.NoError(t, err)
	assert.Equal(t, "QList<int>", typ.String())
	_, err = child.Lookup("Inner")
	assert.NoError(t, err, "of the parent")
	_, err = Lookup("Inner")
	assert.Error(t, err)
}

func TestPackedSize(t *testing.T) {
	for _, c := range []struct {
		flag bool
		keys []int32
		want int
	}{
		{false, nil, 4}, {true, []int32{1}, 4}, {false, []int32{0, 0xfe}, 1}, {false, []int32{0, 0xff}, 2}, {false, []int32{0xfffe}, 2}, {false, []int32{0xffff}, 4},
		{false, []int32{-1, 0x7e}, 1}, {false, []int32{-1, 0x7f}, 2}, {false, []int32{-1, 0x7ffe}, 2}, {false, []int32{-1, 0x7fff}, 4},
	} {
		e := &Enum{Name: "E", Size: 4, Flag: c.flag}
		for i, v := range c.keys {
			e.Keys = append(e.Keys, EnumKey{fmt.Sprint("K", i), v})
		}
		assert.Equal(t, c.want, e.packedSize(), "%v", c.keys)
		types := NewTypes()
		types.Define([]*Enum{e}, []POD{{"P", []Field{{Name: "e", TypeName: "E"}}}})
		for _, n := range c.keys {
			v := mustValue(t, types, "P", map[string]any{"e": n})
			f := Format{Version: Qt5_12}
			assert.True(t, decoded(t, mustHex(t, encoded(t, v, f)), f, types).Equal(v), "%d", n)
		}
	}
}

func TestEnum(t *testing.T) {
	e := &Enum{Name: "Alarms", Flag: true, Keys: []EnumKey{{"None", 0}, {"Fire", 1}, {"Water", 2}, {"Both", 3}, {"Smoke", 4}}}
	for value, want := range map[int32]string{0: "None", 1: "Fire", 3: "Both", 5: "Fire|Smoke", 7: "Fire|Water|Both|Smoke"} {
		name, ok := e.Key(value)
		assert.True(t, ok)
		assert.Equal(t, want, name)
		back, ok := e.Value(name)
		assert.True(t, ok)
		assert.Equal(t, value, back)
	}
	_, ok := e.Key(8)
	assert.False(t, ok)
	_, ok = e.Key(9)
	assert.False(t, ok)
	_, ok = e.Value("Fire|Ice")
	assert.False(t, ok)
	plain := &Enum{Keys: []EnumKey{{"A", 1}, {"B", 2}}}
	_, ok = plain.Value("A|B")
	assert.False(t, ok)
	_, ok = plain.Key(3)
	assert.False(t, ok)
}

// TestTypesBounded checks that names that a peer makes up are not remembered without end.
func TestTypesBounded(t *testing.T) {
	types := NewTypes()
	name := func(i int) string {
		s := "int"
		for ; i > 0; i /= 2 {
			s = []string{"QList<", "QSet<"}[i%2] + s + ">"
		}
		return s
	}
	var wg sync.WaitGroup
	for from := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := from * 500; i < from*500+1000; i++ {
				_, err := types.Lookup(name(i))
				assert.NoError(t, err)
			}
		}()
	}
	wg.Wait()
	assert.LessOrEqual(t, len(types.names), maxMade)
}

func TestRegister(t *testing.T) {
	assert.Panics(t, func() { Register("QString", Codec[string]{}) })
	v := Of([]vec3{{X: 1, N: 2}})
	assert.Equal(t, "QList<probe::Vec3>", v.Type().String())
	f := Format{Version: Qt5_12}
	again := decoded(t, mustHex(t, encoded(t, v, f)), f, nil)
	assert.True(t, v.Equal(again))
	assert.False(t, v.Equal(Of([]vec3{{X: 1, N: 3}})))
	got, err := As[[]vec3](again)
	require.NoError(t, err)
	assert.Equal(t, []vec3{{X: 1, N: 2}}, got)
}

func TestVersion(t *testing.T) {
	assert.Equal(t, "Qt_5_12", Qt5_12.String())
	assert.Equal(t, "Qt_6_2", Qt6_2.String())
	assert.Equal(t, "Version(7)", Version(7).String())
	assert.Equal(t, Format{Version: Qt6_2}, Format{Qt6_2, true}.Nested())
}

func TestTypeOf(t *testing.T) {
	for want, g := range map[string]reflect.Type{"QList<QMap<QString,int>>": reflect.TypeFor[[]map[string]int32](), "qlonglong": reflect.TypeFor[int](),
		"qulonglong": reflect.TypeFor[*uint](), "QVariantList": reflect.TypeFor[[]Value](), "QString": reflect.TypeFor[named]()} {
		typ, err := TypeOf(g)
		require.NoError(t, err)
		assert.Equal(t, want, typ.String())
	}
	for _, g := range []reflect.Type{reflect.TypeFor[chan int](), reflect.TypeFor[map[string]chan int](), reflect.TypeFor[map[chan int]string](), reflect.TypeFor[struct{ A int }]()} {
		_, err := TypeOf(g)
		assert.ErrorIs(t, err, ErrValue)
	}
}

type named string

// TestSmallEnumKeys checks maps of PODs whose keys are enums of less than four bytes.
func TestSmallEnumKeys(t *testing.T) {
	types := fuzzTypes()
	types.Define([]*Enum{{Name: "S::Short", Size: 2, Keys: []EnumKey{{"A", 0}, {"B", 40000}}}}, nil)
	for name, key := range map[string]struct {
		value any
		wire  string
	}{"Small": {-1, "signed char"}, "Short": {"B", "short"}} {
		k := mustValue(t, types, name, key.value)
		v := mustValue(t, types, "QMap<"+name+",Inner>", []Entry{{k, mustValue(t, types, "Inner", map[string]any{"n": 1})}})
		f := Format{Version: Qt6_2}
		data := mustHex(t, encoded(t, v, f))
		assert.Contains(t, string(data), key.wire)
		assert.True(t, decoded(t, data, f, types).Equal(v))
	}
}

func TestModelTypes(t *testing.T) {
	path := ModelPath{{1, 0}, {2, 3}}
	entries := ModelEntries{{Path: path, Values: []Value{Of("a"), {}}, HasChildren: true, Flags: 33, Children: []ModelEntry{{Path: ModelPath{}, Values: []Value{}, Size: Size{-1, -1}}}, Size: Size{1, 2}}}
	for name, x := range map[string]any{"IndexList": path, "DataEntries": entries, "MetaAndDataEntries": ModelCache{entries, []int32{0, 1}, Size{2, 1}}} {
		v := mustValue(t, builtin, name, x)
		for _, f := range []Format{{Qt5_12, true}, {Qt6_2, false}} {
			assert.True(t, decoded(t, mustHex(t, encoded(t, v, f)), f, nil).Equal(v), name)
		}
		data, err := v.MarshalJSON()
		require.NoError(t, err)
		back, err := v.Type().FromJSON(data)
		require.NoError(t, err)
		assert.True(t, back.Equal(v), "%s", data)
	}
}
