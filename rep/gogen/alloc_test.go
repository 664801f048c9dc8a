package gogen_test

import (
	"context"
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
		"PODs in the getters": func() { sum += len(s.Last().Unit) },
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { n++; fn() }), name)
	}
	assert.InDelta(t, 1, testing.AllocsPerRun(100, func() { n++; _ = s.SetLast(sample(n)) }), 0, "the fields of a POD")
	assert.InDelta(t, 1, testing.AllocsPerRun(100, func() { n++; _ = s.EmitSeen(sample(n), "x", values.SeasonSummer) }), 0, "the fields of a POD")
	assert.InDelta(t, 4, testing.AllocsPerRun(100, func() { n++; _ = s.SetHistory(samples(n)) }), 0, "the items and the fields of each")

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

func sample(n int) values.Sample {
	return values.Sample{Stamp: int64(n), Value: 1.5, Unit: "K", Valid: true}
}

var three [3]values.Sample

// samples returns a list of three, always in the same memory.
func samples(n int) []values.Sample {
	for i := range three {
		three[i] = sample(n + i)
	}
	return three[:]
}

// BenchmarkTyped is what generated code costs, beside what names and values of any type cost.
func BenchmarkTyped(b *testing.B) {
	texts := [...]string{"one", "another"}
	for _, k := range []struct {
		name                 string
		property             string
		value                func(n int) any
		typed                func(s *values.ValuesSource, n int) error
		write, call, anyCall func(ctx context.Context, r *values.ValuesReplica, n int) error
		on                   func(r *values.ValuesReplica, fn func()) func()
	}{
		{name: "int", property: "number", value: func(n int) any { return int32(n) },
			typed: func(s *values.ValuesSource, n int) error { return s.SetNumber(int32(n)) },
			write: func(ctx context.Context, r *values.ValuesReplica, n int) error { return r.SetNumber(ctx, int32(n)) },
			on:    func(r *values.ValuesReplica, fn func()) func() { return r.OnNumberChanged(func(int32) { fn() }) }},
		{name: "string", property: "text", value: func(n int) any { return texts[n%2] },
			typed: func(s *values.ValuesSource, n int) error { return s.SetText(texts[n%2]) },
			write: func(ctx context.Context, r *values.ValuesReplica, n int) error { return r.SetText(ctx, texts[n%2]) },
			on:    func(r *values.ValuesReplica, fn func()) func() { return r.OnTextChanged(func(string) { fn() }) }},
		{name: "enum", property: "season", value: func(n int) any { return int32(n % 2) },
			typed: func(s *values.ValuesSource, n int) error { return s.SetSeason(values.Season(n % 2)) },
			write: func(ctx context.Context, r *values.ValuesReplica, n int) error {
				return r.SetSeason(ctx, values.Season(n%2))
			},
			on: func(r *values.ValuesReplica, fn func()) func() {
				return r.OnSeasonChanged(func(values.Season) { fn() })
			}},
		{name: "POD", property: "last", value: func(n int) any { return sample(n) },
			typed: func(s *values.ValuesSource, n int) error { return s.SetLast(sample(n)) },
			write: func(ctx context.Context, r *values.ValuesReplica, n int) error { return r.SetLast(ctx, sample(n)) },
			call: func(ctx context.Context, r *values.ValuesReplica, n int) error {
				_, err := r.Measure(ctx, "K", float64(n))
				return err
			},
			anyCall: func(ctx context.Context, r *values.ValuesReplica, n int) error {
				v, err := r.Replica.Call(ctx, "measure", "K", float64(n))
				if err == nil {
					_, err = qt.As[values.Sample](v)
				}
				return err
			},
			on: func(r *values.ValuesReplica, fn func()) func() { return r.OnLastChanged(func(values.Sample) { fn() }) }},
		{name: "PODs", property: "history", value: func(n int) any { return samples(n) },
			typed: func(s *values.ValuesSource, n int) error { return s.SetHistory(samples(n)) },
			on: func(r *values.ValuesReplica, fn func()) func() {
				return r.OnHistoryChanged(func([]values.Sample) { fn() })
			}},
	} {
		b.Run(k.name, func(b *testing.B) {
			dynamic := func(s *values.ValuesSource, n int) error { return s.Source().Set(k.property, k.value(n)) }
			alone, err := values.NewValuesSource(valuer{})
			require.NoError(b, err)
			s, r := served(b)
			n := 0
			each := func(name string, fn func(n int) error) {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						n++
						if err := fn(n); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			each("set/typed", func(n int) error { return k.typed(alone, n) })
			each("set/dynamic", func(n int) error { return dynamic(alone, n) })
			each("send/typed", func(n int) error { return k.typed(s, n) })
			each("send/dynamic", func(n int) error { return dynamic(s, n) })
			if k.write != nil {
				each("write/typed", func(n int) error { return k.write(b.Context(), r, n) })
				each("write/dynamic", func(n int) error { return r.Replica.Set(k.property, k.value(n)) })
			}
			if k.call != nil {
				each("call/typed", func(n int) error { return k.call(b.Context(), r, n) })
				each("call/dynamic", func(n int) error { return k.anyCall(b.Context(), r, n) })
			}
			arrived, told := make(chan struct{}, 1), 0
			const burst = 100
			tell := func() {
				if told++; told%burst == 0 {
					arrived <- struct{}{}
				}
			}
			deliver := func(name string, subscribe func() func()) {
				b.Run(name, func(b *testing.B) {
					s, r = served(b)
					told = 0
					defer subscribe()()
					b.ReportAllocs()
					b.ResetTimer()
					for sent := 0; sent < b.N || sent%burst != 0; {
						n++
						if err := k.typed(s, n); err != nil {
							b.Fatal(err)
						}
						if sent++; sent%burst == 0 {
							recv(b, arrived)
						}
					}
				})
			}
			deliver("deliver/typed", func() func() { return k.on(r, tell) })
			deliver("deliver/dynamic", func() func() {
				cancel, err := r.OnChange(k.property, func(v qt.Value) { _ = v.Any(); tell() })
				require.NoError(b, err)
				return cancel
			})
		})
	}
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
