package gogen_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep/gogen/internal/boiler"
	"github.com/go-qtro/qtro/rep/gogen/internal/values"
)

// TestAllocations: setters, emitters and getters of numbers, bools, strings and enums allocate nothing, and neither do
// changes on their way to a typed callback, but for the text of a string.
func TestAllocations(t *testing.T) {
	s, err := values.NewValuesSource(valuer{})
	require.NoError(t, err)
	b, err := boiler.NewBoilerSource(&burner{})
	require.NoError(t, err)
	n, texts, sum := 0, [...]string{"one", "other"}, 0
	for name, fn := range map[string]func(){
		"bool":    func() { _ = s.SetFlag(n%2 == 0) },
		"char":    func() { _ = s.SetTiny(int8(n)) },
		"ushort":  func() { _ = s.SetPort(uint16(n)) },
		"int":     func() { _ = s.SetNumber(int32(n)) },
		"quint64": func() { _ = s.SetHuge(uint64(n)) },
		"float":   func() { _ = s.SetRatio(float32(n)) },
		"double":  func() { _ = s.SetPrecise(float64(n)) },
		"string":  func() { _ = s.SetText(texts[n%2]) },
		"enum":    func() { _ = s.SetSeason(values.Season(n % 3)) },
		"signal": func() {
			_ = s.EmitNumbers(true, int8(n), uint8(n), int16(n), uint16(n), uint32(n), uint64(n), float32(n))
		},
		"signal of a double": func() { _ = b.EmitReady(float64(n)) },
		"getters": func() {
			sum += len(s.Text()) + int(s.Tiny()) + int(s.Port()) + int(s.Number()) + int(s.Huge()) + int(s.Ratio()) + int(s.Season())
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { n++; fn() }), name)
	}

	h, node := connected(t)
	require.NoError(t, h.EnableRemoting(s.Source(), "Values"))
	r, err := values.AcquireValues(node, "Values")
	require.NoError(t, err)
	require.NoError(t, r.Wait(soon(t)))
	const burst = 200                      // a batch of events starts a goroutine, which is not for any of them
	texts = [...]string{"first", "second"} // not what it is now: that would be no change
	arrived := make(chan struct{}, 1)
	for name, c := range map[string]struct {
		set  func()
		on   func(fn func()) func()
		most float64
	}{
		"int":    {func() { _ = s.SetNumber(int32(n)) }, func(fn func()) func() { return r.OnNumberChanged(func(int32) { fn() }) }, 0},
		"uint":   {func() { _ = s.SetTicks(uint32(n)) }, func(fn func()) func() { return r.OnTicksChanged(func(uint32) { fn() }) }, 0},
		"float":  {func() { _ = s.SetRatio(float32(n)) }, func(fn func()) func() { return r.OnRatioChanged(func(float32) { fn() }) }, 0},
		"enum":   {func() { _ = s.SetSeason(values.Season(n)) }, func(fn func()) func() { return r.OnSeasonChanged(func(values.Season) { fn() }) }, 0},
		"string": {func() { _ = s.SetText(texts[n%2]) }, func(fn func()) func() { return r.OnTextChanged(func(string) { fn() }) }, 2},
		"signal": {func() { _ = s.EmitNumbers(true, 1, 2, 3, 4, 5, 6, float32(n)) }, func(fn func()) func() {
			return r.OnNumbers(func(bool, int8, uint8, int16, uint16, uint32, uint64, float32) { fn() })
		}, 1}, // several arguments are copied for the callback
	} {
		told := 0
		cancel := c.on(func() {
			if told++; told%burst == 0 {
				arrived <- struct{}{}
			}
		})
		allocs := math.Inf(1)
		for try := 0; try < 5 && allocs >= c.most+0.2; try++ { // on a busy machine batches are small
			allocs = testing.AllocsPerRun(20, func() {
				for range burst {
					n++
					c.set()
				}
				recv(t, arrived)
			}) / burst
		}
		cancel()
		t.Logf("%s: %.2f", name, allocs)
		assert.Less(t, allocs, c.most+0.2, name)
	}
}

// BenchmarkSet is what setting a property costs that a replica listens to, and BenchmarkDeliver what it costs from there to the
// callback, generated and by names and values of any type.
func BenchmarkSet(b *testing.B) {
	s, _ := served(b)
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for n := range b.N {
			_ = s.SetNumber(int32(n))
		}
	})
	b.Run("dynamic", func(b *testing.B) {
		b.ReportAllocs()
		for n := range b.N {
			_ = s.Source().Set("number", n)
		}
	})
}

func BenchmarkDeliver(b *testing.B) {
	s, r := served(b)
	const burst = 100
	arrived := make(chan struct{}, 1)
	told := 0
	tell := func() {
		if told++; told%burst == 0 {
			arrived <- struct{}{}
		}
	}
	run := func(b *testing.B) {
		b.ReportAllocs()
		for n := 1; n <= b.N; n++ {
			_ = s.SetNumber(s.Number() + 1)
			if n%burst == 0 {
				recv(b, arrived)
			}
		}
		for n := b.N; n%burst != 0; n++ { // so that the next run begins with nothing under way
			_ = s.SetNumber(s.Number() + 1)
		}
		if b.N%burst != 0 {
			recv(b, arrived)
		}
	}
	b.Run("generated", func(b *testing.B) {
		var sum int64
		defer r.OnNumberChanged(func(n int32) { sum += int64(n); tell() })()
		run(b)
	})
	b.Run("dynamic", func(b *testing.B) {
		var sum int64
		cancel, err := r.OnChange("number", func(v qt.Value) {
			if n, ok := v.Any().(int32); ok {
				sum += int64(n)
			}
			tell()
		})
		require.NoError(b, err)
		defer cancel()
		run(b)
	})
}

func BenchmarkEmit(b *testing.B) {
	s, _ := served(b)
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for n := range b.N {
			_ = s.EmitNumbers(true, 1, 2, 3, 4, uint32(n), 6, 0.5)
		}
	})
	b.Run("dynamic", func(b *testing.B) {
		b.ReportAllocs()
		for n := range b.N {
			_ = s.Source().Emit("numbers", true, 1, 2, 3, 4, n, 6, 0.5)
		}
	})
}

func served(b *testing.B) (*values.ValuesSource, *values.ValuesReplica) {
	h, node := connected(b)
	s, err := values.NewValuesSource(valuer{})
	require.NoError(b, err)
	require.NoError(b, h.EnableRemoting(s.Source(), "Values"))
	r, err := values.AcquireValues(node, "Values")
	require.NoError(b, err)
	require.NoError(b, r.Wait(soon(b)))
	return s, r
}
