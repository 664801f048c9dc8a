package qt

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDecodeBound checks the memory that inputs take which were made to take much.
func TestDecodeBound(t *testing.T) {
	f := Format{Version: Qt6_2}
	list := func(n int, item func(w *Writer, i int)) []byte {
		w := NewWriter(nil, f)
		w.Uint32(9)
		w.Bool(false)
		w.Uint32(uint32(n))
		for i := range n {
			item(w, i)
		}
		return w.Bytes()
	}
	user := func(w *Writer, name string) {
		w.Uint32(65536)
		w.Bool(false)
		w.CString(name)
	}
	made := NewTypes()
	const n = 4000
	for name, data := range map[string][]byte{
		"invalid variants": list(n, func(w *Writer, _ int) { w.Variant(Value{}) }),
		"made-up names": list(n, func(w *Writer, i int) {
			s := "int"
			for ; i > 0; i /= 3 {
				s = []string{"QList<", "QSet<", "QQueue<"}[i%3] + s + ">"
			}
			user(w, s)
			w.Uint32(0)
		}),
		"pairs of pairs": list(n/4, func(w *Writer, i int) {
			s := "bool"
			for ; i > 0; i /= 2 {
				s = "QPair<" + s + []string{",int>", ",QVariant>"}[i%2]
			}
			pair, err := made.Lookup(s)
			assert.NoError(t, err)
			w.Variant(pair.Zero())
		}),
		"lists of nothing": list(n, func(w *Writer, i int) {
			user(w, "QList<QList<std::nullptr_t>>")
			w.Uint32(1)
			w.Uint32(uint32(n - i))
		}),
		"lists of empty PODs": list(n, func(w *Writer, i int) {
			user(w, "QList<Nothing>")
			w.Uint32(uint32(30 * (n - i)))
		}),
		"more and more items": list(30, func(w *Writer, _ int) {
			w.Uint32(9)
			w.Bool(false)
			w.Uint32(1000)
			w.Raw(make([]byte, 5000))
		}),
		"bits":         list(10, func(w *Writer, _ int) { w.Variant(Of(make(BitArray, 8*n))) }),
		"bools":        list(10, func(w *Writer, _ int) { w.Variant(mustValue(t, builtin, "QList<bool>", make([]bool, n))) }),
		"text formats": list(n, func(w *Writer, _ int) { w.Variant(Of(TextFormat{Properties: map[int32]Value{1: {}}})) }),
		"JSON":         list(n, func(w *Writer, _ int) { w.Variant(mustValue(t, builtin, "QJsonValue", map[string]any{})) }),
		"palettes":     list(10, func(w *Writer, _ int) { w.Variant(Of(Palette{})) }),
	} {
		types := NewTypes(fuzzTypes())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := NewReader(data, f, types)
		r.Variant()
		runtime.ReadMemStats(&after)
		got, most := after.TotalAlloc-before.TotalAlloc, uint64(allocPerByte*len(data)+allocBase)
		assert.LessOrEqual(t, got, most, "%s: %d bytes, %v", name, len(data), r.Err())
		t.Logf("%s: %.1f bytes for each of %d, %v", name, float64(got)/float64(len(data)), len(data), r.Err())
	}
}
