package interop_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/measures"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// two values of a property of Measures, in Go and as Qt's programs have them in JSON.
type two[T any] struct {
	property   string
	first      T
	firstJSON  string
	second     T
	secondJSON string
}

// measured has a property of a Qt source changed by it, and by the replica.
func measured[T any](q *repSource, v two[T], get func() T, on func(func(T)) (cancel func()), write func(context.Context, T) error) {
	q.t.Helper()
	changes(q, "Measures."+v.property, v.firstJSON, get, on, v.first)
	writes(q, "Measures."+v.property, write, v.second, get, on, v.secondJSON)
}

// measuring has a property of a Go source changed by it, and by the Qt replica.
func measuring[T any](q *repReplica, v two[T], set func(T) error, get func() T) {
	q.t.Helper()
	sets(q, "Measures."+v.property, set, v.first, get, v.firstJSON)
	asks(q, "Measures."+v.property, "", v.secondJSON, get, v.second)
}

// TestRepMeasures: every type of value there is for measuring, at its extremes.
func TestRepMeasures(t *testing.T) {
	var (
		trim     = two[int8]{"trim", -128, "-128", 127, "127"}
		offset   = two[int8]{"offset", 127, "127", -1, "-1"}
		octet    = two[uint8]{"octet", 0, "0", 254, "254"}
		depth    = two[int16]{"depth", math.MaxInt16, "32767", math.MinInt16, "-32768"}
		port     = two[uint16]{"port", 0, "0", math.MaxUint16, "65535"}
		count    = two[int32]{"count", math.MinInt32, "-2147483648", math.MaxInt32, "2147483647"}
		ticks    = two[uint32]{"ticks", 0, "0", math.MaxUint32, "4294967295"}
		drift    = two[int64]{"drift", math.MinInt64, `"-9223372036854775808"`, math.MaxInt64, `"9223372036854775807"`}
		total    = two[uint64]{"total", 1<<63 + 1, `"9223372036854775809"`, math.MaxUint64, `"18446744073709551615"`}
		ratio    = two[float32]{"ratio", math.MaxFloat32, "3.4028234663852886e+38", -math.SmallestNonzeroFloat32, "-1.401298464324817e-45"}
		precise  = two[float64]{"precise", -math.MaxFloat64, "-1.7976931348623157e+308", math.SmallestNonzeroFloat64, "5e-324"}
		symbol   = two[qt.Char]{"symbol", 'µ', `"µ"`, '€', `"€"`}
		unit     = two[string]{"unit", "", `""`, "°C \" \\ 🌦", `"°C \" \\ 🌦"`}
		raw      = two[[]byte]{"raw", []byte{0, 255}, `{"hex":"00ff"}`, []byte("x"), `{"hex":"78"}`}
		labels   = two[[]string]{"labels", []string{"", "é"}, `["","é"]`, []string{}, "[]"}
		taken    = two[time.Time]{"taken", time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC), `"0001-01-01T00:00:00.001Z"`, time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), `"9999-12-31T23:59:59.999Z"`}
		day      = two[qt.Date]{"day", qt.Date{Year: 1, Month: 1, Day: 1}, `"0001-01-01"`, qt.Date{Year: 9999, Month: 12, Day: 31}, `"9999-12-31"`}
		hour     = two[qt.Time]{"hour", 0, `"00:00:00.000"`, 86399999, `"23:59:59.999"`}
		manual   = two[qt.URL]{"manual", "https://example.org/a%20b?q=1#f", `"https://example.org/a%20b?q=1#f"`, "", `""`}
		device   = two[qt.UUID]{"device", qt.UUID{15: 1}, `"{00000000-0000-0000-0000-000000000001}"`, qt.UUID{0x6f, 0x96}, `"{6f960000-0000-0000-0000-000000000000}"`}
		dot      = two[qt.Point]{"dot", qt.Point{X: math.MinInt32, Y: math.MaxInt32}, `{"x":-2147483648,"y":2147483647}`, qt.Point{X: 1}, `{"x":1,"y":0}`}
		spot     = two[qt.PointF]{"spot", qt.PointF{X: -0.5, Y: 1e300}, `{"x":-0.5,"y":1e+300}`, qt.PointF{X: 1}, `{"x":1,"y":0}`}
		area     = two[qt.Size]{"area", qt.Size{Width: 3, Height: -4}, `{"w":3,"h":-4}`, qt.Size{}, `{"w":0,"h":0}`}
		extent   = two[qt.SizeF]{"extent", qt.SizeF{Width: 0.25, Height: -4}, `{"w":0.25,"h":-4}`, qt.SizeF{}, `{"w":0,"h":0}`}
		frame    = two[qt.Rect]{"frame", qt.Rect{X: -1, Y: 2, Width: 3, Height: 4}, `{"x":-1,"y":2,"w":3,"h":4}`, qt.Rect{Width: 1}, `{"x":0,"y":0,"w":1,"h":0}`}
		bounds   = two[qt.RectF]{"bounds", qt.RectF{X: -1.5, Y: 2, Width: 3, Height: 0.5}, `{"x":-1.5,"y":2,"w":3,"h":0.5}`, qt.RectF{Width: 1}, `{"x":0,"y":0,"w":1,"h":0}`}
		edge     = two[qt.Line]{"edge", qt.Line{X1: 1, Y1: -2, X2: 3, Y2: 4}, `{"x1":1,"y1":-2,"x2":3,"y2":4}`, qt.Line{X1: 1}, `{"x1":1,"y1":0,"x2":0,"y2":0}`}
		ray      = two[qt.LineF]{"ray", qt.LineF{X1: 0.5, Y1: -2, X2: 3, Y2: 4}, `{"x1":0.5,"y1":-2,"x2":3,"y2":4}`, qt.LineF{X1: 1}, `{"x1":1,"y1":0,"x2":0,"y2":0}`}
		anything = two[any]{"anything", map[string]any{"k": []any{int32(1), nil}}, `{"k":[1,null]}`, "text", `"text"`}
		series   = two[[]any]{"series", []any{int32(1), "two", nil, []byte{1}}, `[1,"two",null,{"hex":"01"}]`, []any{}, "[]"}
		details  = two[map[string]any]{"details", map[string]any{"": true, "n": []any{int32(-1)}}, `{"":true,"n":[-1]}`, map[string]any{}, "{}"}
		samples  = two[[]int32]{"samples", []int32{math.MinInt32, 0, math.MaxInt32}, "[-2147483648,0,2147483647]", []int32{}, "[]"}
		sums     = two[map[string]int32]{"sums", map[string]int32{"a": -1, "": 7}, `{"a":-1,"":7}`, map[string]int32{}, "{}"}
	)
	whole := []any{int8(-128), int8(127), uint8(255), int16(-32768), uint16(65535), int32(math.MinInt32), uint32(math.MaxUint32), int64(math.MinInt64), uint64(math.MaxUint64)}
	const (
		wholeJSON  = `[-128,127,255,-32768,65535,-2147483648,4294967295,"-9223372036854775808","18446744073709551615"]`
		timedJSON  = `["2024-02-29T12:34:56.789Z","2024-02-29","12:34:56.789"]`
		placedJSON = `[{"x":1,"y":-2},{"x":0.5,"y":-2},{"w":3,"h":4},{"w":0.5,"h":4},{"x":1,"y":2,"w":3,"h":4},{"x":0.5,"y":2,"w":3,"h":4},
		{"x1":1,"y1":2,"x2":3,"y2":4},{"x1":0.5,"y1":2,"x2":3,"y2":4}]`
		otherJSON = `[{"hex":"00ff"},"https://example.org/","{00000000-0000-0000-0000-000000000001}",-5,{"k":"v"},["","b"],"µ"]`
	)

	eachRep(t, "measures", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Measures")
		r, err := measures.AcquireMeasures(q.node, "Measures")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, []any{true, int8(65), int8(-128), uint8(255), int16(-32768), uint16(65535), int32(-2147483647), uint32(4294967295),
				int64(-9007199254740993), uint64(18446744073709551615), float32(0.25), 1e-300, `"mm"`}, []any{r.Ready(), r.Trim(), r.Offset(), r.Octet(),
				r.Depth(), r.Port(), r.Count(), r.Ticks(), r.Drift(), r.Total(), r.Ratio(), r.Precise(), r.Unit()})
		}
		defaults()
		q.connect(r)
		defaults()
		changes(q, "Measures.ready", "false", r.Ready, r.OnReadyChanged, false)
		writes(q, "Measures.ready", r.SetReady, true, r.Ready, r.OnReadyChanged, "true")
		measured(q, trim, r.Trim, r.OnTrimChanged, r.SetTrim)
		measured(q, offset, r.Offset, r.OnOffsetChanged, r.SetOffset)
		measured(q, octet, r.Octet, r.OnOctetChanged, r.SetOctet)
		measured(q, depth, r.Depth, r.OnDepthChanged, r.SetDepth)
		measured(q, port, r.Port, r.OnPortChanged, r.SetPort)
		measured(q, count, r.Count, r.OnCountChanged, r.SetCount)
		measured(q, ticks, r.Ticks, r.OnTicksChanged, r.SetTicks)
		measured(q, drift, r.Drift, r.OnDriftChanged, r.SetDrift)
		measured(q, total, r.Total, r.OnTotalChanged, r.SetTotal)
		measured(q, ratio, r.Ratio, r.OnRatioChanged, r.SetRatio)
		measured(q, precise, r.Precise, r.OnPreciseChanged, r.SetPrecise)
		measured(q, symbol, r.Symbol, r.OnSymbolChanged, r.SetSymbol)
		measured(q, unit, r.Unit, r.OnUnitChanged, r.SetUnit)
		measured(q, raw, r.Raw, r.OnRawChanged, r.SetRaw)
		measured(q, labels, r.Labels, r.OnLabelsChanged, r.SetLabels)
		measured(q, taken, r.Taken, r.OnTakenChanged, r.SetTaken)
		measured(q, day, r.Day, r.OnDayChanged, r.SetDay)
		measured(q, hour, r.Hour, r.OnHourChanged, r.SetHour)
		measured(q, manual, r.Manual, r.OnManualChanged, r.SetManual)
		measured(q, device, r.Device, r.OnDeviceChanged, r.SetDevice)
		measured(q, dot, r.Dot, r.OnDotChanged, r.SetDot)
		measured(q, spot, r.Spot, r.OnSpotChanged, r.SetSpot)
		measured(q, area, r.Area, r.OnAreaChanged, r.SetArea)
		measured(q, extent, r.Extent, r.OnExtentChanged, r.SetExtent)
		measured(q, frame, r.Frame, r.OnFrameChanged, r.SetFrame)
		measured(q, bounds, r.Bounds, r.OnBoundsChanged, r.SetBounds)
		measured(q, edge, r.Edge, r.OnEdgeChanged, r.SetEdge)
		measured(q, ray, r.Ray, r.OnRayChanged, r.SetRay)
		measured(q, anything, r.Anything, r.OnAnythingChanged, r.SetAnything)
		measured(q, series, r.Series, r.OnSeriesChanged, r.SetSeries)
		measured(q, details, r.Details, r.OnDetailsChanged, r.SetDetails)
		measured(q, samples, r.Samples, r.OnSamplesChanged, r.SetSamples)
		measured(q, sums, r.Sums, r.OnSumsChanged, r.SetSums)

		q.emits("Measures.whole", wholeJSON, told(r.OnWhole), whole)
		q.emits("Measures.broken", "[0.5,-1e300,true]", told(r.OnBroken), []any{float32(0.5), -1e300, true})
		q.emits("Measures.timed", timedJSON, told(r.OnTimed),
			[]any{time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC), qt.Date{Year: 2024, Month: 2, Day: 29}, qt.Time(45296789)})
		q.emits("Measures.placed", "[[1,-2],[0.5,-2],[3,4],[0.5,4],[1,2,3,4],[0.5,2,3,4],[1,2,3,4],[0.5,2,3,4]]", told(r.OnPlaced),
			[]any{qt.Point{X: 1, Y: -2}, qt.PointF{X: 0.5, Y: -2}, qt.Size{Width: 3, Height: 4}, qt.SizeF{Width: 0.5, Height: 4}, qt.Rect{X: 1, Y: 2, Width: 3, Height: 4},
				qt.RectF{X: 0.5, Y: 2, Width: 3, Height: 4}, qt.Line{X1: 1, Y1: 2, X2: 3, Y2: 4}, qt.LineF{X1: 0.5, Y1: 2, X2: 3, Y2: 4}})
		q.emits("Measures.other", otherJSON, told(r.OnOther),
			[]any{[]byte{0, 255}, qt.URL("https://example.org/"), qt.UUID{15: 1}, int32(-5), map[string]any{"k": "v"}, []string{"", "b"}, qt.Char('µ')})

		ctx := soonContext(t)
		gives[int64](t, -128+127+255-32768+65535-2147483648+4294967295)(
			r.Add(ctx, -128, 127, 255, -32768, 65535, math.MinInt32, math.MaxUint32))
		gives[uint64](t, math.MaxUint64)(r.Largest(ctx, math.MaxInt64, math.MaxUint64))
		gives[uint64](t, math.MaxInt64)(r.Largest(ctx, math.MaxInt64, 1))
		gives(t, -0.125)(r.Scale(ctx, 0.5, 0.25, true))
		gives[int8](t, -1)(r.Sign(ctx, math.MinInt64))
		gives(t, time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC))(r.Join(ctx, qt.Date{Year: 2024, Month: 2, Day: 29}, 45296789))
		gives(t, qt.RectF{X: 1.5, Y: -4, Width: 3.5, Height: 8})(
			r.Around(ctx, qt.Point{X: 1, Y: -2}, qt.PointF{X: 0.5, Y: -2}, qt.Size{Width: 3, Height: 4}, qt.SizeF{Width: 0.5, Height: 4}))
		gives(t, []byte{3, 2, 0})(r.Reversed(ctx, []byte{0, 2, 3}))
		gives(t, qt.UUID{0: 9, 15: 1})(r.Same(ctx, qt.UUID{0: 9, 15: 1}))
		gives(t, qt.URL("https://example.org/a/b%20c?q#f"))(r.Child(ctx, "https://example.org/a?q#f", "b c"))
		for _, v := range []any{nil, true, int32(-1), uint64(math.MaxUint64), "x", []byte{1}, qt.Point{X: 1, Y: 2}, map[string]any{"a": []any{nil}}} {
			gives(t, v)(r.Echo(ctx, v))
		}
		gives(t, map[string]any{"": int32(0), "abc": int32(3)})(r.Lengths(ctx, []string{"abc", ""}))
		gives(t, []int32{-1, 0, 1})(r.Range(ctx, -1, 2))
		gives(t, []int32{})(r.Range(ctx, 2, 2))
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Measures")
		defaults := func() {
			t.Helper()
			q.Forget()
			q.Send("dump")
			q.Wait(soon, "init", qtpeer.Match{"props": qtpeer.Match{"ready": true, "trim": 65, "offset": -128, "octet": 255, "depth": -32768, "port": 65535,
				"count": -2147483647, "ticks": 4294967295, "drift": int64(-9007199254740993), "total": uint64(18446744073709551615), "ratio": 0.25,
				"precise": 1e-300, "unit": `"mm"`, "labels": []any{}, "sums": qtpeer.Match{}}})
		}
		defaults()
		s, err := measures.NewMeasuresSource(meter{})
		require.NoError(t, err)
		q.serve("Measures", s.Source())
		defaults()
		sets(q, "Measures.ready", s.SetReady, false, s.Ready, "false")
		asks(q, "Measures.ready", "", "true", s.Ready, true)
		measuring(q, trim, s.SetTrim, s.Trim)
		measuring(q, offset, s.SetOffset, s.Offset)
		measuring(q, octet, s.SetOctet, s.Octet)
		measuring(q, depth, s.SetDepth, s.Depth)
		measuring(q, port, s.SetPort, s.Port)
		measuring(q, count, s.SetCount, s.Count)
		measuring(q, ticks, s.SetTicks, s.Ticks)
		measuring(q, drift, s.SetDrift, s.Drift)
		measuring(q, total, s.SetTotal, s.Total)
		measuring(q, ratio, s.SetRatio, s.Ratio)
		measuring(q, precise, s.SetPrecise, s.Precise)
		measuring(q, symbol, s.SetSymbol, s.Symbol)
		measuring(q, unit, s.SetUnit, s.Unit)
		measuring(q, raw, s.SetRaw, s.Raw)
		measuring(q, labels, s.SetLabels, s.Labels)
		measuring(q, taken, s.SetTaken, s.Taken)
		measuring(q, day, s.SetDay, s.Day)
		measuring(q, hour, s.SetHour, s.Hour)
		measuring(q, manual, s.SetManual, s.Manual)
		measuring(q, device, s.SetDevice, s.Device)
		measuring(q, dot, s.SetDot, s.Dot)
		measuring(q, spot, s.SetSpot, s.Spot)
		measuring(q, area, s.SetArea, s.Area)
		measuring(q, extent, s.SetExtent, s.Extent)
		measuring(q, frame, s.SetFrame, s.Frame)
		measuring(q, bounds, s.SetBounds, s.Bounds)
		measuring(q, edge, s.SetEdge, s.Edge)
		measuring(q, ray, s.SetRay, s.Ray)
		measuring(q, anything, s.SetAnything, s.Anything)
		measuring(q, series, s.SetSeries, s.Series)
		measuring(q, details, s.SetDetails, s.Details)
		measuring(q, samples, s.SetSamples, s.Samples)
		measuring(q, sums, s.SetSums, s.Sums)

		require.NoError(t, s.EmitWhole(-128, 127, 255, -32768, 65535, math.MinInt32, math.MaxUint32, math.MinInt64, math.MaxUint64))
		q.signal("Measures.whole", wholeJSON)
		require.NoError(t, s.EmitBroken(0.5, -1e300, true))
		q.signal("Measures.broken", "[0.5,-1e300,true]")
		require.NoError(t, s.EmitTimed(time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC), qt.Date{Year: 2024, Month: 2, Day: 29}, 45296789))
		q.signal("Measures.timed", timedJSON)
		require.NoError(t, s.EmitPlaced(qt.Point{X: 1, Y: -2}, qt.PointF{X: 0.5, Y: -2}, qt.Size{Width: 3, Height: 4}, qt.SizeF{Width: 0.5, Height: 4},
			qt.Rect{X: 1, Y: 2, Width: 3, Height: 4}, qt.RectF{X: 0.5, Y: 2, Width: 3, Height: 4}, qt.Line{X1: 1, Y1: 2, X2: 3, Y2: 4}, qt.LineF{X1: 0.5, Y1: 2, X2: 3, Y2: 4}))
		q.signal("Measures.placed", placedJSON)
		require.NoError(t, s.EmitOther([]byte{0, 255}, "https://example.org/", qt.UUID{15: 1}, -5, map[string]any{"k": "v"}, []string{"", "b"}, 'µ'))
		q.signal("Measures.other", otherJSON)

		q.replies("Measures.add", "[-128,127,255,-32768,65535,-2147483648,4294967295]", "2147516668")
		q.replies("Measures.largest", `["9223372036854775807","18446744073709551615"]`, "18446744073709551615")
		q.replies("Measures.scale", "[0.5,0.25,true]", "-0.125")
		q.replies("Measures.sign", `["-9223372036854775808"]`, "-1")
		q.replies("Measures.join", `["2024-02-29","12:34:56.789"]`, `"2024-02-29T12:34:56.789Z"`)
		q.replies("Measures.around", "[[1,-2],[0.5,-2],[3,4],[0.5,4]]", `{"x":1.5,"y":-4,"w":3.5,"h":8}`)
		q.replies("Measures.reversed", `[{"hex":"000203"}]`, `{"hex":"030200"}`)
		q.replies("Measures.same", `["{00000000-0000-0000-0000-000000000001}"]`, `"{00000000-0000-0000-0000-000000000001}"`)
		q.replies("Measures.child", `["https://example.org/a","b"]`, `"https://example.org/a/b"`)
		for _, v := range []string{"null", "true", "-1", `"x"`, `{"hex":"01"}`, `{"a":[null]}`} {
			q.replies("Measures.echo", "["+v+"]", v)
		}
		q.replies("Measures.lengths", `[["abc",""]]`, `{"":0,"abc":3}`)
		q.replies("Measures.range", "[-1,2]", "[-1,0,1]")
		q.replies("Measures.range", "[2,2]", "[]")
	})
}

type meter struct{}

func (meter) Add(_ context.Context, a, b int8, c uint8, d int16, e uint16, f int32, g uint32) (int64, error) {
	return int64(a) + int64(b) + int64(c) + int64(d) + int64(e) + int64(f) + int64(g), nil
}

func (meter) Largest(_ context.Context, a int64, b uint64) (uint64, error) {
	if a < 0 {
		return b, nil
	}
	return max(uint64(a), b), nil
}

func (meter) Scale(_ context.Context, a float32, b float64, negate bool) (float64, error) {
	if negate {
		b = -b
	}
	return float64(a) * b, nil
}

func (meter) Sign(_ context.Context, of int64) (int8, error) {
	if of < 0 {
		return -1, nil
	}
	return 1, nil
}

func (meter) Join(_ context.Context, day qt.Date, hour qt.Time) (time.Time, error) {
	return time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Millisecond), nil
}

func (meter) Around(_ context.Context, a qt.Point, b qt.PointF, c qt.Size, d qt.SizeF) (qt.RectF, error) {
	return qt.RectF{X: float64(a.X) + b.X, Y: float64(a.Y) + b.Y, Width: float64(c.Width) + d.Width, Height: float64(c.Height) + d.Height}, nil
}

func (meter) Reversed(_ context.Context, data []byte) ([]byte, error) {
	slices.Reverse(data)
	return data, nil
}

func (meter) Same(_ context.Context, id qt.UUID) (qt.UUID, error) { return id, nil }

func (meter) Child(_ context.Context, of qt.URL, name string) (qt.URL, error) {
	u, err := of.Parse()
	if err != nil {
		return "", err
	}
	return qt.URL(u.JoinPath(name).String()), nil
}

func (meter) Echo(_ context.Context, value any) (any, error) { return value, nil }

func (meter) Lengths(_ context.Context, words []string) (map[string]any, error) {
	out := map[string]any{}
	for _, w := range words {
		out[w] = int32(len(w))
	}
	return out, nil
}

func (meter) Range(_ context.Context, from, to int32) ([]int32, error) {
	out := []int32{}
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out, nil
}
