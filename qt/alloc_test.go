package qt

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAllocations checks what costs no memory, or as little as it can.
func TestAllocations(t *testing.T) {
	var (
		r    Reader
		w    Writer
		kept Value
		text = "some text, é"
		f    = Format{Qt6_2, true}
		buf  = make([]byte, 0, 1<<12)
	)
	count := func(name string, want float64, fn func()) {
		t.Helper()
		fn() // makes the scratch memory
		assert.InDelta(t, want, testing.AllocsPerRun(100, fn), 0, name)
	}
	count("Of", 0, func() {
		kept = Of(int32(1 << 30))
		kept = Of(int64(1 << 40))
		kept = Of(1 << 30)
		kept = Of(uint32(1 << 30))
		kept = Of(uint64(1 << 40))
		kept = Of(1.5)
		kept = Of(float32(1.5))
		kept = Of(true)
		kept = Of(text)
	})
	var n int
	count("As", 0, func() {
		i, _ := As[int32](Of(int32(1 << 30)))
		j, _ := As[int64](Of(int32(1 << 30)))
		d, _ := As[float64](Of(1.5))
		b, _ := As[bool](Of(true))
		s, _ := As[string](Of(text))
		n += int(i) + int(j) + int(d) + len(s)
		if b {
			n++
		}
	})
	small := []Value{Of(int32(5)), Of(true), Of(1.5), Of(float32(1.5)), Of(uint64(7)), mustValue(t, builtin, "QTime", Time(5)), mustValue(t, builtin, "QDate", Date{2024, 1, 1}), {}}
	for _, v := range append(small, Of(text), Of([]byte("bytes")), NullString) {
		count("Writer.Variant "+v.String(), 0, func() {
			w.Reset(buf, f)
			w.Variant(v)
		})
		data := append([]byte(nil), w.Bytes()...)
		want := 0.0
		if v.ref != nil {
			want = 1
		}
		count("Reader.Variant "+v.String(), want, func() {
			r.Reset(data, f, nil)
			kept = r.Variant()
		})
	}
	list := Of([]int32{1, 2, 3})
	count("Writer.Variant QList<int>", 0, func() {
		w.Reset(buf, f)
		w.Variant(list)
	})
	data := append([]byte(nil), w.Bytes()...)
	count("Reader.Variant QList<int>", 1, func() { // the numbers
		r.Reset(data, f, nil)
		kept = r.Variant()
	})
	assert.True(t, kept.Equal(list))
	assert.NotZero(t, n)
}

func BenchmarkVariant(b *testing.B) {
	m := map[string]any{}
	ints := make([]int32, 100)
	for i := range 10 {
		m["key"+strconv.Itoa(i)] = int32(i)
	}
	for name, v := range map[string]Value{"int": Of(int32(5)), "string100": Of(string(make([]byte, 100))), "QVariantMap10": Of(m), "QListInt100": Of(ints)} {
		for _, ver := range []Version{Qt5_12, Qt6_2} {
			f := Format{ver, ver == Qt6_2}
			var w Writer
			w.Reset(nil, f)
			w.Variant(v)
			data := append([]byte(nil), w.Bytes()...)
			b.Run(name+"/"+ver.String()+"/encode", func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					w.Reset(w.Bytes()[:0], f)
					w.Variant(v)
				}
			})
			b.Run(name+"/"+ver.String()+"/decode", func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(data)))
				var r Reader
				for b.Loop() {
					r.Reset(data, f, nil)
					r.Variant()
				}
			})
		}
	}
}
