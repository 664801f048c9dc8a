package qt

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"testing"
)

// What decoding may allocate: so many bytes for each byte of the input, and so many at least.
const (
	allocPerByte = 256
	allocBase    = 64 << 10
)

// fuzzTypes are PODs and enums as a class would define them.
func fuzzTypes() *Types {
	types := NewTypes()
	types.Define([]*Enum{
		{Name: "S::Mode", Size: 4, Keys: []EnumKey{{"Off", 0}, {"On", 1}}},
		{Name: "S::Small", Size: 1, Keys: []EnumKey{{"Low", -1}, {"High", 100}}},
		{Name: "S::Alarms", Size: 4, Flag: true, Keys: []EnumKey{{"Fire", 1}, {"Water", 2}}},
	}, []POD{
		{"Inner", []Field{{Name: "n", TypeName: "int"}, {Name: "text", TypeName: "QString"}}},
		{"Outer", []Field{{Name: "inner", TypeName: "Inner"}, {Name: "mode", TypeName: "Mode"}, {Name: "small", TypeName: "Small"},
			{Name: "alarms", TypeName: "Alarms"}, {Name: "any", TypeName: "QVariant"}, {Name: "list", TypeName: "QList<Inner>"}, {Name: "odd", TypeName: "Unheard"}}},
		{"Nothing", nil},
		{"Loop", []Field{{Name: "loop", TypeName: "Loop"}}},
	})
	return types
}

func fuzzSeeds(f *testing.F, ver Version) {
	kinds, err := filepath.Glob("testdata/variants*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range kinds {
		if fileVersion(file) != ver {
			continue
		}
		for _, vec := range vectors(f, file) {
			f.Add(vec.le, true)
			f.Add(vec.be, false)
		}
	}
	types := fuzzTypes()
	for name, x := range map[string]any{
		"Outer":                         map[string]any{"inner": map[string]any{"n": 1, "text": "a"}, "mode": "On", "small": -1, "alarms": "Fire|Water", "any": []any{1, nil}, "odd": 7},
		"QList<Inner>":                  []any{map[string]any{"n": 1}, map[string]any{"text": "b"}},
		"QMap<Mode,Inner>":              map[int]any{1: map[string]any{"n": 1}},
		"QMap<QString,Outer>":           map[string]any{"k": map[string]any{}},
		"Alarms":                        3,
		"QList<Mode>":                   []int{0, 1},
		"QVariantList":                  []any{Of(int32(1)), []any{[]any{}}},
		"QList<std::nullptr_t>":         []any{},
		"QMultiMap<QVariant,QPoint>":    []Entry{{Of("a"), Of(Point{})}, {Of("a"), Of(Point{})}},
		"QHash<QUuid,QList<QDateTime>>": map[UUID]any{},
		"std::pair<QJsonValue,QSet<QList<uchar>>>": [2]any{map[string]any{"a": 1.5}, [][]byte{{1}}},
		"Loop": map[string]any{},
	} {
		t, err := types.Lookup(name)
		if err != nil {
			f.Fatal(err)
		}
		v, err := t.Value(x)
		if err != nil {
			f.Fatal(err)
		}
		for _, little := range []bool{true, false} {
			w := NewWriter(nil, Format{ver, little})
			w.Variant(v)
			if w.Err() != nil {
				f.Fatal(name, w.Err())
			}
			f.Add(w.Bytes(), little)
		}
	}
}

func FuzzVariantQt5(f *testing.F) { fuzzVariant(f, Qt5_12) }
func FuzzVariantQt6(f *testing.F) { fuzzVariant(f, Qt6_2) }

// fuzzVariant checks that no input makes the decoder panic or allocate much, and that what decodes encodes to what
// decodes to the same value.
func fuzzVariant(f *testing.F, ver Version) {
	fuzzSeeds(f, ver)
	defined := fuzzTypes()
	f.Fuzz(func(t *testing.T, data []byte, little bool) {
		types, format := NewTypes(defined), Format{ver, little}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := NewReader(data, format, types)
		v := r.Variant()
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(allocPerByte*len(data)+allocBase); got > most {
			t.Fatalf("decoding %d bytes allocated %d, more than %d", len(data), got, most)
		}
		if r.Finish("fuzz") != nil {
			return
		}
		w := NewWriter(nil, format)
		w.Variant(v)
		if w.Err() != nil {
			t.Fatalf("%s decodes, but: %v", v, w.Err())
		}
		r = NewReader(w.Bytes(), format, types)
		again := r.Variant()
		if err := r.Finish("fuzz"); err != nil {
			t.Fatalf("%s encodes to %x, but: %v", v, w.Bytes(), err)
		}
		if !v.Equal(again) {
			t.Fatalf("%s becomes %s", v, again)
		}
		out, err := v.MarshalJSON()
		if err != nil || !json.Valid(out) {
			t.Fatalf("%s as JSON: %s, %v", v, out, err)
		}
		if v.IsValid() {
			// These may fail, but not panic.
			_, _ = v.Type().Value(v.Any())
			_, _ = v.Type().FromJSON(out)
		}
	})
}
