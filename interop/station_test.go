package interop_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// The PODs of station.rep as a Go program has them.
type (
	reading struct {
		Stamp int64
		Value float64
		Unit  string
		Valid bool
	}
	place struct {
		Name string
		Grid qt.Point
		Last reading
	}
)

// object is a source that notes the calls and writes it gets.
type object struct {
	*core.Source
	t   *testing.T
	log journal
}

func newObject(t *testing.T, class *core.Class, values map[string]any) *object {
	t.Helper()
	s, err := core.NewSource(class)
	require.NoError(t, err)
	o := &object{Source: s, t: t}
	for name, v := range values {
		if name == "vendor" || name == "maker" {
			require.NoError(t, s.SetConstant(name, v), name)
		} else {
			require.NoError(t, s.Set(name, v), name)
		}
	}
	for _, p := range class.Properties {
		require.NoError(t, s.OnWrite(p.Name, func(_ context.Context, v qt.Value) error {
			o.log.add("write", p.Name, v)
			return nil
		}))
	}
	return o
}

func (o *object) set(property string, v any) {
	o.t.Helper()
	require.NoError(o.t, o.Set(property, v), property)
}

func (o *object) emit(signal string, args ...any) {
	o.t.Helper()
	require.NoError(o.t, o.Emit(signal, args...), signal)
}

func (o *object) get(property string) qt.Value {
	o.t.Helper()
	v, err := o.Get(property)
	require.NoError(o.t, err)
	return v
}

// handle sets the handler of a slot. The peer's arguments are noted by the handlers themselves, as Go values.
func (o *object) handle(slot string, fn any) {
	o.t.Helper()
	require.NoError(o.t, o.Handle(slot, fn), slot)
}

func (o *object) called(slot string, args ...any) {
	vals := make([]qt.Value, len(args))
	for i, a := range args {
		v, err := qt.ValueOf(a)
		if err != nil {
			v = qt.Of(fmt.Sprintf("%+v", a)) // PODs
		}
		vals[i] = v
	}
	o.log.add("slot", slot, vals...)
}

// station is what the Qt peers' Station is, in Go.
type station struct {
	*object
	gauges int
	gauge  *core.Class
}

func stationValues() map[string]any {
	return map[string]any{
		"bigSigned": int64(-9007199254740995), "bigUnsigned": uint64(math.MaxUint64),
		"title": "Zürich 東京 🌦", "emptyText": "", "nullText": qt.NullString,
		"blob": []byte{0, 1, 0xfe, 0xff}, "tags": []string{"north", "größe", ""},
		"mixed":    []any{int32(1), "two", 3.5, true, nil, []any{"nested", int32(7)}},
		"attrs":    map[string]any{"alt": int32(408), "name": "roof", "nested": map[string]any{"k": []byte("v")}},
		"anything": qt.Point{X: 3, Y: -4}, "startedAt": time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC),
		"day": qt.Date{Year: 1999, Month: 12, Day: 31}, "wakeUp": qt.Time(((6*60+30)*60)*1000 + 250),
		"home":   qt.URL("https://example.org/wx%20station?id=1#top"),
		"serial": qt.UUID{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0x00, 0xc0, 0x4f, 0xc9, 0x64, 0xff},
		"grid":   qt.Point{X: -3, Y: 7}, "area": qt.Size{Width: 640, Height: 480},
		"zone": qt.Rect{X: 10, Y: 20, Width: 300, Height: 400}, "scale": qt.SizeF{Width: 1.5, Height: -0.25},
		"counts": []int32{1, -2, math.MaxInt32}, "names": []string{"alpha", "beta"},
		"totals": map[string]int32{"rain": 12, "sun": -3}, "mode": "Sampling", "season": "Autumn", "alarms": 5,
		"lastReading": reading{1700000000123, 21.5, "°C", true},
		"history":     []reading{{1, 1.25, "m/s", false}, {2, math.Copysign(0, -1), "", true}},
		"latest":      map[string]reading{"in": {10, 20, "C", true}, "out": {11, -5, "C", true}},
		"secret":      "s3cret",
	}
}

func newStation(t *testing.T, major int) *station {
	t.Helper()
	classes := classesOf(t, major)
	s := &station{object: newObject(t, classes["Station"], stationValues()), gauge: classes["Gauge"]}
	require.NoError(t, s.SetChild("gauge", s.newGauge()))
	s.handle("restart", func() { s.called("restart"); s.emit("started") })
	s.handle("note", func(text string, priority int32) { s.called("note", text, priority) })
	s.handle("add", func(a, b int32) int32 { s.called("add", a, b); return a + b })
	s.handle("describe", func(prefix string, loud bool) string {
		s.called("describe", prefix, loud)
		title, _ := qt.As[string](s.get("title"))
		return prefix + title + map[bool]string{true: "!", false: "."}[loud]
	})
	s.handle("info", func(keys []string) map[string]any {
		s.called("info", keys)
		m := map[string]any{"mode": int32(s.get("mode").Int())}
		for _, k := range keys {
			m[k] = int32(len(k))
		}
		return m
	})
	s.handle("measure", func(unit string, value float64) reading {
		s.called("measure", unit, value)
		return reading{42, value, unit, value > 0}
	})
	s.handle("locate", func(p place) place {
		s.called("locate", p)
		return place{p.Name + "!", qt.Point{X: p.Grid.X + 1, Y: p.Grid.Y + 1}, p.Last}
	})
	s.handle("recent", func(n int32) []reading {
		s.called("recent", n)
		out := []reading{}
		for i := range n {
			out = append(out, reading{int64(i), float64(i) / 2, "u", i%2 == 1})
		}
		return out
	})
	s.handle("index", func(readings []reading) map[string]reading {
		s.called("index", readings)
		m := map[string]reading{}
		for _, r := range readings {
			m[r.Unit] = r
		}
		return m
	})
	s.handle("cycle", func(from int32) int32 {
		s.called("cycle", from)
		return map[int32]int32{0: 3, 3: -1, -1: 0}[from]
	})
	s.handle("mask", func(a, season int32) int32 { s.called("mask", a, season); return a & 6 })
	s.handle("echo", func(_ context.Context, args []qt.Value) (qt.Value, error) {
		s.log.add("slot", "echo", args...)
		return args[0], nil
	})
	s.handle("swapGauge", func(present bool) error {
		s.called("swapGauge", present)
		if !present {
			return s.SetChild("gauge", nil)
		}
		return s.SetChild("gauge", s.newGauge())
	})
	return s
}

// newGauge returns a gauge with the values that the Qt peers' next one has.
func (s *station) newGauge() *core.Source {
	s.gauges++
	n := s.gauges
	g := newObject(s.t, s.gauge, map[string]any{"label": fmt.Sprintf("barometer-%d", n), "pressure": float64(1000 + n),
		"sample": reading{int64(100 + n), 0.5 * float64(n), "hPa", true}})
	g.handle("calibrate", func(offset float64) (float64, error) {
		s.called("calibrate", offset)
		p := g.get("pressure").Float() + offset
		return p, g.Set("pressure", p)
	})
	return g.Source
}

// newBrewery is what the Qt peers' Brewery is, in Go.
func newBrewery(t *testing.T, major int) *object {
	t.Helper()
	classes := classesOf(t, major)
	b := newObject(t, classes["Brewery"], nil)
	pump := newObject(t, classes["Pump"], map[string]any{"maker": "Acme"})
	inlet := newObject(t, classes["Inlet"], nil)
	require.NoError(t, inlet.SetChild("filter", newFilter(t, classes, "coarse")))
	require.NoError(t, pump.SetChild("inlet", inlet.Source))
	require.NoError(t, b.SetChild("pump", pump.Source))
	require.NoError(t, b.SetChild("drain", newFilter(t, classes, "drain")))
	pump.handle("spin", func(more int32) (int32, error) {
		b.called("spin", more)
		rpm := int32(pump.get("rpm").Int()) + more
		if rpm <= 0 {
			pump.emit("stalled")
		}
		return rpm, pump.Set("rpm", rpm)
	})
	inlet.handle("adjust", func(by float64) (float64, error) {
		b.called("adjust", by)
		flow := inlet.get("flow").Float() + by
		return flow, inlet.Set("flow", flow)
	})
	b.handle("brew", func() (int32, error) {
		n := int32(b.get("batches").Int()) + 1
		b.set("batches", n)
		return n, b.Emit("brewed", n)
	})
	b.handle("swap", func(part string) error { return b.SetChild(part, newFilter(t, classes, "swapped")) })
	return b
}

func newFilter(t *testing.T, classes map[string]*core.Class, mesh string) *core.Source {
	t.Helper()
	f := newObject(t, classes["Filter"], map[string]any{"mesh": mesh})
	f.handle("clean", func(strokes int32) (int32, error) {
		age := int32(f.get("age").Int()) - strokes
		f.set("age", age)
		return age, f.Emit("clogged", mesh+" is clean")
	})
	return f.Source
}
