package qt

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReaderErrors(t *testing.T) {
	le := Format{Qt6_2, true}
	var unknown *UnknownTypeError
	deep := strings.Repeat("2900000000", MaxDepth) + "0000000001"
	lists := strings.Repeat("0900000000"+"01000000", MaxDepth) + "0000000001"
	for _, c := range []struct {
		name, hex string
		offset    int
		want      error
		text      string
	}{
		{"nothing", "", 0, ErrShort, "decode quint32 at offset 0: not enough bytes: 0 of 4"},
		{"half an id", "0200", 0, ErrShort, "2 of 4"},
		{"no null byte", "02000000", 4, ErrShort, "quint8"},
		{"half an int", "02000000000100", 5, ErrShort, "2 of 4"},
		{"left over", "020000000001000000ff", 9, ErrTrailing, "decode value at offset 9: bytes left over: 1"},
		{"unknown id", "ff03000000", 5, nil, `unknown type "metatype 1023"`},
		{"Qt 5's QMatrix", "4f00000000", 5, nil, `unknown type "metatype 79"`},
		{"QMatrix by name", "000001000008000000514d617472697800", 17, nil, `unknown type "QMatrix"`},
		{"list of QMatrix", "00000100000f000000514c6973743c514d61747269783e00" + "00000000", 24, nil, `unknown type "QList<QMatrix>"`},
		{"unknown name", "0000010000020000005800", 11, nil, `unknown type "X": no class in use defines it; register a codec with qt.Register`},
		{"wrapper in a list", "0000010000" + "22000000" + hex.EncodeToString([]byte("QList<QRemoteObjectPackets::QSQ_>\x00")), 43, nil, "unknown type"},
		{"half a name", "0000010000ff00000058", 9, ErrShort, "QByteArray"},
		{"string of 4 GiB", "0a00000000feffffff0000", 9, ErrShort, "QString"},
		{"odd string", "0a0000000003000000616263", 9, ErrUTF16, "odd length 3"},
		{"bytes of 4 GiB", "0c00000000feffffff00", 9, ErrShort, "QByteArray"},
		{"4 G items", "0900000000ffffffff00", 9, ErrShort, "4294967295 items in 1 bytes"},
		{"4 G nullptrs", "0000010000" + "16000000" + hex.EncodeToString([]byte("QList<std::nullptr_t>\x00")) + "ffffffff", 35, ErrShort, "4294967295 items"},
		{"4 G bits", "0d00000000ffffffff00000000", 13, ErrShort, "QBitArray"},
		{"deep variants", deep, 5 * MaxDepth, ErrTooDeep, "nested deeper than 64"},
		{"deep lists", lists, 9 * MaxDepth / 2, ErrTooDeep, "nested deeper than 64"},
		{"time spec", "1000000000000000000000000000000000" + "04", 18, ErrValue, "time spec 4"},
		{"JSON", "2e000000000100000078", 10, ErrValue, "not the JSON of a QJsonObject"},
		{"JSON array", "2e00000000020000005b5d", 11, ErrValue, "not the JSON of a QJsonObject"},
		{"JSON kind", "2d0000000009", 6, ErrValue, "kind 9"},
		{"colour spec", "0310000000" + "09ffff0000000000000000", 16, ErrValue, "spec 9"},
		{"no PNG", "0610000000" + "01000000" + "4749463839610000", 17, ErrValue, "no PNG file"},
		{"PNG without end", "0610000000" + "01000000" + "89504e470d0a1a0a", 17, ErrShort, "PNG chunk"},
		{"PNG chunk of 4 GiB", "0610000000" + "01000000" + "89504e470d0a1a0a" + "ffffffff49444154", 25, ErrShort, "PNG chunk"},
		{"icon engine", "0510000000" + "0200000058000000", 11, nil, `unknown type "X"`},
		{"region code", "0810000000" + "08000000" + "0100000000000000", 17, ErrValue, "code 1"},
		{"five keys", "0b10000000" + "05000000" + strings.Repeat("00", 20), 9, ErrValue, "5 keys"},
		{"no POD", "000001000025000000" + hex.EncodeToString([]byte("QRemoteObjectPackets::QSQ_\x00")), 9, ErrShort, ""},
		{"QSQ_ of ints", wrapper("QSQ_", "QList<int>"), 0, ErrValue, "QList<int> is no container of PODs"},
		{"QSQ_ of a map", wrapper("QSQ_", "QMap<int,Inner>"), 0, ErrValue, "QMap<int,Inner> is no container of PODs"},
		{"QSQ_ of unknown", wrapper("QSQ_", "QList<X>"), 0, nil, `unknown type "X"`},
		{"QSQ_ of others", wrapper("QSQ_", "QList<Inner>", "Inner", "Outer"), 0, ErrValue, `item type "Outer" of QList<Inner>`},
		{"QAS_ of others", wrapper("QAS_", "QMap<int,Inner>", "int", "Inner", "int", "Outer"), 0, ErrValue, `item types "int", "Outer" of QMap<int,Inner>`},
		{"POD field", "000001000006000000" + hex.EncodeToString([]byte("Inner\x00")) + "0a00000000ffffffff" + "0a00000000ffffffff", 15, ErrValue, `decode Inner.n at offset 15: value out of range: QString ("") for int`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(mustHex(t, c.hex), le, fuzzTypes())
			r.Variant()
			err := r.Finish("value")
			var de *DecodeError
			require.ErrorAs(t, err, &de)
			if c.offset > 0 {
				assert.Equal(t, c.offset, de.Offset)
			}
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			} else {
				require.ErrorAs(t, err, &unknown)
			}
			assert.ErrorContains(t, err, c.text)
			assert.Equal(t, err, r.Err())
			assert.Zero(t, r.Uint32(), "an error sticks")
		})
	}
}

// wrapper returns a QSQ_ or QAS_ of a container and, after that, its item types outside and inside.
func wrapper(kind, typeName string, inner ...string) string {
	w := NewWriter(nil, Format{Qt6_2, true})
	w.Uint32(65536)
	w.Bool(false)
	w.CString("QRemoteObjectPackets::" + kind)
	w.ByteString(typeName)
	n := len(inner) / 2
	for _, s := range inner[:n] {
		w.ByteString(s)
	}
	w.Nested(func(w *Writer) {
		for _, s := range inner[n:] {
			w.ByteString(s)
		}
		w.Uint32(0)
	})
	return hex.EncodeToString(w.Bytes())
}

func TestReaderPrimitives(t *testing.T) {
	for _, little := range []bool{true, false} {
		w := NewWriter([]byte("head"), Format{Qt6_2, little})
		w.CString("prop")
		w.ByteString("sig()")
		w.Text("name")
		w.Nested(func(w *Writer) { w.Uint16(0x0102) })
		w.Float64(1.5)
		w.Bool(true)
		w.Raw([]byte{9, 8})
		require.NoError(t, w.Err())

		r := NewReader(w.Bytes()[4:], w.Format(), nil)
		assert.Equal(t, "prop", r.CString())
		assert.Equal(t, "sig()", r.ByteString())
		assert.Equal(t, "name", r.Name())
		r.Nested("inner", func(r *Reader) {
			assert.False(t, r.Format().LittleEndian)
			assert.Equal(t, []byte{1, 2}, r.Raw(2))
		})
		assert.InDelta(t, 1.5, r.Float64(), 0)
		assert.True(t, r.Bool())
		assert.Equal(t, 2, r.Remaining())
		assert.Equal(t, []byte{9, 8}, r.Raw(2))
		require.NoError(t, r.Finish("all"))
		assert.Equal(t, len(w.Bytes())-4, r.Offset())
	}
	for name, c := range map[string]struct {
		data string
		read func(*Reader)
		want error
	}{
		"C string":        {"0000000161", func(r *Reader) { r.CString() }, ErrValue},
		"name":            {"00000002d800", func(r *Reader) { r.Name() }, ErrUTF16},
		"nested left":     {"000000020102", func(r *Reader) { r.Nested("n", func(r *Reader) { r.Uint8() }) }, ErrTrailing},
		"nested short":    {"000000020102", func(r *Reader) { r.Nested("n", func(r *Reader) { r.Uint32() }) }, ErrShort},
		"count":           {"0000000200", func(r *Reader) { r.Count(0) }, ErrShort},
		"negative":        {"", func(r *Reader) { r.Raw(-1) }, ErrShort},
		"a user's reason": {"", func(r *Reader) { r.Fail("mine", errors.ErrUnsupported); r.Fail("mine", ErrValue) }, errors.ErrUnsupported},
	} {
		r := NewReader(mustHex(t, c.data), Format{Version: Qt5_12}, nil)
		c.read(r)
		assert.ErrorIs(t, r.Err(), c.want, name)
	}
	r := NewReader(mustHex(t, "00000008"+"00000004"+"01020304"), Format{Version: Qt5_12}, nil)
	r.Nested("outer", func(r *Reader) { r.Nested("inner", func(r *Reader) { r.Uint8(); r.Fail("third byte", ErrValue) }) })
	assert.ErrorContains(t, r.Err(), "third byte at offset 9")
	r = NewReader(nil, Format{Version: Qt5_12}, nil)
	r.SetTypes(fuzzTypes())
	_, err := r.Types().Lookup("Inner")
	assert.NoError(t, err)
}

func TestWriterErrors(t *testing.T) {
	deep := Of("x")
	for range MaxDepth {
		deep = Of([]Value{deep})
	}
	for name, c := range map[string]struct {
		write func(*Writer)
		want  error
		text  string
	}{
		"depth":            {func(w *Writer) { w.Variant(deep) }, ErrTooDeep, "qt: encode: values nested deeper than 64"},
		"no value":         {func(w *Writer) { w.Payload(Value{}) }, ErrValue, "an invalid value has no payload"},
		"Qt 5's":           {func(w *Writer) { w.Variant(Of(Matrix{})) }, nil, `unknown type "QMatrix"`},
		"gradient":         {func(w *Writer) { w.Variant(Of(Brush{Style: LinearGradientPattern})) }, ErrValue, "QBrush of style 15 without a gradient"},
		"icon engine":      {func(w *Writer) { w.Variant(Of(Icon{Engine: "SVGIconEngine"})) }, nil, `unknown type "SVGIconEngine"`},
		"the first sticks": {func(w *Writer) { w.Fail(ErrUTF16); w.Fail(ErrValue) }, ErrUTF16, "qt: encode: not UTF-16"},
	} {
		w := NewWriter(nil, Format{Version: Qt6_2})
		c.write(w)
		if c.want != nil {
			require.ErrorIs(t, w.Err(), c.want, name)
		}
		assert.ErrorContains(t, w.Err(), c.text, name)
		w.Reset(nil, w.Format())
		assert.NoError(t, w.Err())
	}
}

func TestStrings(t *testing.T) {
	for _, little := range []bool{true, false} {
		for s, units := range map[string][]uint16{
			"":                           nil,
			"a\x00b":                     {'a', 0, 'b'},
			"é東🌦":                        {0xe9, 0x6771, 0xd83c, 0xdf26},
			"\xed\xa0\xbc":               {0xd83c},      // a lone high surrogate
			"\xed\xbc\xa6x":              {0xdf26, 'x'}, // a lone low one
			"\xed\xbc\xa6\xed\xa0\xbc":   {0xdf26, 0xd83c},
			"\xed\xa0\xbc\xed\xa0\xbc🌦a": {0xd83c, 0xd83c, 0xd83c, 0xdf26, 'a'},
		} {
			w := NewWriter(nil, Format{Qt6_2, little})
			w.Uint32(uint32(2 * len(units)))
			for _, u := range units {
				w.Uint16(u)
			}
			r := NewReader(w.Bytes(), w.Format(), nil)
			got := r.Text()
			require.NoError(t, r.Finish("string"))
			assert.Equal(t, s, got)
			again := NewWriter(nil, w.Format())
			again.Text(got)
			assert.Equal(t, w.Bytes(), again.Bytes())
		}
	}
	w := NewWriter(nil, Format{Version: Qt6_2})
	w.Text("a\xffb") // no UTF-8, and no surrogate either
	assert.Equal(t, "000000060061fffd0062", hex.EncodeToString(w.Bytes()))
}

func TestKeyOrder(t *testing.T) {
	// By UTF-16 code units: U+1F326 starts with d83c.
	order := []string{"", "A", "a", "aa", "b", "é", "\xed\xa0\xbb", "\xed\xa0\xbc", "🌦", "🌧", "\xed\xa0\xbd", "\ue000", "\ufffd"}
	for i, a := range order {
		for j, b := range order {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			assert.Equal(t, want, compareUTF16(a, b), "%q %q", a, b)
		}
	}
	for _, m := range []any{map[string]int32{"a": 1, "b": 2, "🌦": 3, "\ue000": 4}, map[int32]bool{-1: true, 0: true, 5: true}, map[float64]bool{-1: true, 2: true},
		map[uint8]bool{1: true, 200: true}, map[Date]bool{{-44, 1, 1}: true, {2000, 1, 1}: true}, map[UUID]bool{{1}: true, {2}: true}, map[bool]bool{false: true, true: true}} {
		v := Of(m)
		five, six := Format{Version: Qt5_12}, Format{Version: Qt6_2}
		v5, v6 := decoded(t, mustHex(t, encoded(t, v, five)), five, nil), decoded(t, mustHex(t, encoded(t, v, six)), six, nil)
		assert.Equal(t, v6.Entries(), v5.Entries())
		assert.True(t, v5.Equal(v6))
		assert.Equal(t, m, v5.Any())
	}
	v := mustValue(t, builtin, "QMap<QByteArray,int>", []Entry{{Of([]byte("b")), Of(int32(1))}, {Of([]byte("a")), Of(int32(2))}})
	assert.Contains(t, encoded(t, v, Format{Version: Qt6_2}), "0000000161000000020000000162")
	assert.Contains(t, encoded(t, v, Format{Version: Qt5_12}), "0000000162000000010000000161", "Qt 5 starts with the last key")
	multi := mustValue(t, builtin, "QMultiMap<int,int>", []Entry{{Of(int32(1)), Of(int32(8))}, {Of(int32(1)), Of(int32(9))}})
	assert.Contains(t, encoded(t, multi, Format{Version: Qt5_12}), "00000001000000090000000100000008", "and with the last of its values")
}

func TestWrappedContainers(t *testing.T) {
	types := fuzzTypes()
	le := Format{Qt6_2, true}
	list := mustValue(t, types, "QList<Inner>", []map[string]any{{"n": 1, "text": "a"}})
	maps := mustValue(t, types, "QMap<Mode,Inner>", map[int]any{1: map[string]any{"n": 2}})
	for v, want := range map[*Value]string{
		&list: "0000010000" + "1b000000" + hex.EncodeToString([]byte("QRemoteObjectPackets::QSQ_\x00")) +
			"0c000000" + hex.EncodeToString([]byte("QList<Inner>")) + "05000000" + hex.EncodeToString([]byte("Inner")) +
			"21000000" + "00000005" + hex.EncodeToString([]byte("Inner")) + "00000001" + "000000020000000001" + "0000000a00000000020061",
		&maps: "0000010000" + "1b000000" + hex.EncodeToString([]byte("QRemoteObjectPackets::QAS_\x00")) +
			"13000000" + hex.EncodeToString([]byte("QMap<S::Mode,Inner>")) + "03000000" + hex.EncodeToString([]byte("int")) + "05000000" + hex.EncodeToString([]byte("Inner")) +
			"2a000000" + "00000003" + hex.EncodeToString([]byte("int")) + "00000005" + hex.EncodeToString([]byte("Inner")) + "00000001" + "00000001" + "000000020000000002" + "0000000a00ffffffff",
	} {
		assert.Equal(t, want, encoded(t, *v, le))
		got := decoded(t, mustHex(t, want), le, types)
		assert.True(t, got.Equal(*v))

		w := NewWriter(nil, le)
		w.BareVariant(*v)
		assert.NotContains(t, string(w.Bytes()), "RemoteObject")
		assert.True(t, decoded(t, w.Bytes(), le, types).Equal(*v), "Qt 6 reads it without the wrapping, too")

		five := encoded(t, *v, Format{Qt5_12, true})
		assert.NotContains(t, five, hex.EncodeToString([]byte("RemoteObject")), "Qt 5 does not wrap")
		assert.True(t, decoded(t, mustHex(t, five), Format{Qt5_12, true}, types).Equal(*v))
	}
}
