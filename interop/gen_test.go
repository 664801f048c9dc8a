package interop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

// TestGenerated generates the code for station.rep that the tests below use, as each version of Qt has the file, and compares.
func TestGenerated(t *testing.T) {
	for _, major := range majors {
		text, err := peers.Rep("station", major)
		require.NoError(t, err)
		if major == 5 { // in a header there, and in the file in Qt 6
			text += "\nUSE_ENUM(StationTypes::Alarms)\n"
		}
		file, err := rep.Parse("station.rep", []byte(text))
		require.NoError(t, err)
		code, err := gogen.Generate(file, gogen.Options{Package: "interop_test", Prefix: fmt.Sprintf("Qt%d", major)})
		require.NoError(t, err)
		target := fmt.Sprintf("gen_qt%d_test.go", major)
		if *update {
			require.NoError(t, os.WriteFile(target, code, 0o666))
		}
		want, err := os.ReadFile(target)
		require.NoError(t, err)
		require.Equal(t, string(want), string(code), "go test ./interop -run TestGenerated$ -update writes it anew")
	}
}

// stationReplica is what the generated replicas for both versions have in common: what needs none of their own types.
type stationReplica interface {
	Wait(ctx context.Context) error
	Level() int32
	Vendor() string
	Title() string
	OnLevelChanged(fn func(level int32)) (cancel func())
	OnTitleChanged(fn func(title string)) (cancel func())
	OnLevelCrossed(fn func(level int32)) (cancel func())
	SetTitle(ctx context.Context, title string) error
	PushTicks(ctx context.Context, ticks uint32) error
	Ticks() uint32
	Add(ctx context.Context, a, b int32) (int32, error)
	Describe(ctx context.Context, prefix string, loud bool) (string, error)
	Restart(ctx context.Context) error
	OnStarted(fn func()) (cancel func())
}

// generatedReplica returns a replica, and what uses the PODs and enums of its version.
func generatedReplica(t *testing.T, major int, n *core.Node) (stationReplica, func(heard chan any, source *qtpeer.Peer)) {
	if major == 5 {
		r, err := AcquireQt5Station(n, "Station")
		require.NoError(t, err)
		return r, func(heard chan any, source *qtpeer.Peer) {
			r.OnLastReadingChanged(func(x Qt5Reading) { heard <- x })
			source.Send(`set Station.lastReading [5,2.5,"K",true]`)
			require.Equal(t, Qt5Reading{5, 2.5, "K", true}, hear(t, heard))
			r.OnBatch(func(x []Qt5Reading) { heard <- x })
			source.Send(`emit Station.batch [[[1,2,"m",true]]]`)
			require.Equal(t, []Qt5Reading{{1, 2, "m", true}}, hear(t, heard))
			require.NoError(t, r.PushHistory(soonContext(t), []Qt5Reading{{7, 8, "W", true}}))
			require.Equal(t, []Qt5Reading{{7, 8, "W", true}}, r.History())
			got, err := r.Measure(soonContext(t), "Pa", 2)
			require.NoError(t, err)
			require.Equal(t, Qt5Reading{42, 2, "Pa", true}, got)
			index, err := r.Index(soonContext(t), []Qt5Reading{got})
			require.NoError(t, err)
			require.Equal(t, map[string]Qt5Reading{"Pa": got}, index)
			require.EqualValues(t, 5, r.Alarms())
			require.Equal(t, Qt5SeasonAutumn, r.Season())
			mode, err := r.Cycle(soonContext(t), Qt5StationModeIdle)
			require.NoError(t, err)
			require.Equal(t, Qt5StationModeSampling, mode)
			require.InDelta(t, 1001, r.Gauge().Pressure(), 0)
			require.NotNil(t, r.Rows())
		}
	}
	r, err := AcquireQt6Station(n, "Station")
	require.NoError(t, err)
	return r, func(heard chan any, source *qtpeer.Peer) {
		r.OnLastReadingChanged(func(x Qt6Reading) { heard <- x })
		source.Send(`set Station.lastReading [5,2.5,"K",true]`)
		require.Equal(t, Qt6Reading{5, 2.5, "K", true}, hear(t, heard))
		r.OnBatch(func(x []Qt6Reading) { heard <- x })
		source.Send(`emit Station.batch [[[1,2,"m",true]]]`)
		require.Equal(t, []Qt6Reading{{1, 2, "m", true}}, hear(t, heard))
		require.NoError(t, r.PushHistory(soonContext(t), []Qt6Reading{{7, 8, "W", true}}))
		require.Equal(t, []Qt6Reading{{7, 8, "W", true}}, r.History())
		got, err := r.Measure(soonContext(t), "Pa", 2)
		require.NoError(t, err)
		require.Equal(t, Qt6Reading{42, 2, "Pa", true}, got)
		index, err := r.Index(soonContext(t), []Qt6Reading{got})
		require.NoError(t, err)
		require.Equal(t, map[string]Qt6Reading{"Pa": got}, index)
		require.Equal(t, Qt6StationAlarms(0).With(Qt6StationAlarmSmoke, Qt6StationAlarmFlood), r.Alarms())
		require.Equal(t, Qt6SeasonAutumn, r.Season())
		mode, err := r.Cycle(soonContext(t), Qt6StationModeIdle)
		require.NoError(t, err)
		require.Equal(t, Qt6StationModeSampling, mode)
		require.InDelta(t, 1001, r.Gauge().Pressure(), 0)
		require.NotNil(t, r.Rows())
	}
}

func hear(t *testing.T, heard chan any) any {
	t.Helper()
	select {
	case x := <-heard:
		return x
	case <-soonContext(t).Done():
		require.FailNow(t, "nothing is heard")
		return nil
	}
}

// TestGeneratedReplica has generated replicas use Qt's typed sources.
func TestGeneratedReplica(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station")
		n := newNode(t, core.Config{})
		r, useTypes := generatedReplica(t, major, n)
		require.EqualValues(t, -42, r.Level(), "the default")
		require.Equal(t, "Acme", r.Vendor())
		require.NoError(t, n.Connect(url))
		require.NoError(t, r.Wait(soonContext(t)))
		require.Equal(t, "Zürich 東京 🌦", r.Title())
		heard := make(chan any, 8)
		r.OnLevelChanged(func(x int32) { heard <- x })
		source.Send(`set Station.level 7`)
		require.Equal(t, int32(7), hear(t, heard))
		r.OnTitleChanged(func(x string) { heard <- x })
		require.NoError(t, r.SetTitle(soonContext(t), "from Go"))
		require.Equal(t, "from Go", hear(t, heard))
		require.NoError(t, r.PushTicks(soonContext(t), 9))
		require.EqualValues(t, 9, r.Ticks())
		r.OnLevelCrossed(func(x int32) { heard <- x })
		source.Send(`emit Station.levelCrossed [3]`)
		require.Equal(t, int32(3), hear(t, heard))
		sum, err := r.Add(soonContext(t), 2, 40)
		require.NoError(t, err)
		require.EqualValues(t, 42, sum)
		text, err := r.Describe(soonContext(t), "a ", true)
		require.NoError(t, err)
		require.Equal(t, "a from Go!", text)
		useTypes(heard, source)
		r.OnStarted(func() { heard <- "started" })
		require.NoError(t, r.Restart(soonContext(t)))
		require.Equal(t, "started", hear(t, heard))
	})
}

// stationSource is what the generated sources have in common.
type stationSource interface {
	Source() *core.Source
	SetLevel(level int32) error
	SetTitle(title string) error
	Title() string
	OnSetTitle(fn func(ctx context.Context, title string) error) error
	OnPushTicks(fn func(ctx context.Context, ticks uint32) error) error
	EmitLevelCrossed(level int32) error
}

// The slots that the test calls; the others are not there.
type (
	slots5 struct{ Qt5StationSlots }
	slots6 struct{ Qt6StationSlots }
	gauge  struct{}
)

func (slots5) Add(_ context.Context, a, b int32) (int32, error) { return a + b, nil }
func (slots6) Add(_ context.Context, a, b int32) (int32, error) { return a + b, nil }
func (slots5) Measure(_ context.Context, unit string, value float64) (Qt5Reading, error) {
	return Qt5Reading{42, value, unit, value > 0}, nil
}
func (slots6) Measure(_ context.Context, unit string, value float64) (Qt6Reading, error) {
	return Qt6Reading{42, value, unit, value > 0}, nil
}
func (gauge) Calibrate(_ context.Context, offset float64) (float64, error) { return 1000 + offset, nil }

// generatedSource returns a source with a gauge, and what changes values of the types of its version.
func generatedSource(t *testing.T, major int) (stationSource, func() error) {
	if major == 5 {
		s, err := NewQt5StationSource(slots5{})
		require.NoError(t, err)
		g, err := NewQt5GaugeSource(gauge{})
		require.NoError(t, err)
		require.NoError(t, s.SetGauge(g))
		return s, func() error {
			x := Qt5Reading{5, 2.5, "K", true}
			return errors.Join(s.SetLastReading(x), s.SetHistory([]Qt5Reading{x}), s.SetSeason(Qt5SeasonSummer), s.SetAlarms(4), g.SetPressure(1001),
				s.EmitObserved(x, "by", Qt5StationModeFault))
		}
	}
	s, err := NewQt6StationSource(slots6{})
	require.NoError(t, err)
	g, err := NewQt6GaugeSource(gauge{})
	require.NoError(t, err)
	require.NoError(t, s.SetGauge(g))
	return s, func() error {
		x := Qt6Reading{5, 2.5, "K", true}
		return errors.Join(s.SetLastReading(x), s.SetHistory([]Qt6Reading{x}), s.SetSeason(Qt6SeasonSummer),
			s.SetAlarms(Qt6StationAlarms(0).With(Qt6StationAlarmHeat, Qt6StationAlarmFlood)), g.SetPressure(1001), s.EmitObserved(x, "by", Qt6StationModeFault))
	}
}

// TestGeneratedSource has Qt's typed replicas use generated sources.
func TestGeneratedSource(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		s, change := generatedSource(t, major)
		like := classesOf(t, major)["Station"]
		if major == 5 {
			require.Equal(t, like.Signature5, s.Source().Class().Signature5)
		} else {
			require.Equal(t, like.Signature, s.Source().Class().Signature)
		}
		asked := make(chan any, 4)
		require.NoError(t, s.OnSetTitle(func(_ context.Context, title string) error { asked <- title; return nil }))
		require.NoError(t, s.OnPushTicks(func(_ context.Context, ticks uint32) error { asked <- ticks; return nil }))
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, s.Source(), "Station")
		qtr := startReplica(t, major, "typed", at, "Station")
		qtr.Wait(soon, "init", qtpeer.Match{"object": "Station", "props": qtpeer.Match{"level": -42, "ticks": 4000000000, "vendor": "Acme"}})
		qtr.Wait(soon, "notified", nil)
		require.NoError(t, s.SetLevel(7))
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "level", "value": 7})
		qtr.Send(`set Station.title "from Qt"`)
		require.Equal(t, "from Qt", hear(t, asked))
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "title", "value": "from Qt"})
		require.Equal(t, "from Qt", s.Title())
		qtr.Send(`set Station.ticks 9`)
		require.Equal(t, uint32(9), hear(t, asked))
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "ticks", "value": 9})
		require.NoError(t, s.EmitLevelCrossed(3))
		qtr.Wait(soon, "signal", qtpeer.Match{"signal": "levelCrossed(int)", "args": []any{3}})
		require.NoError(t, change())
		reading := qtpeer.Match{"stamp": 5, "value": 2.5, "unit": "K", "valid": true}
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "lastReading", "value": reading})
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "history", "value": []any{reading}})
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "season"})
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "alarms"})
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Station.gauge", "prop": "pressure", "value": 1001})
		qtr.Wait(soon, "signal", qtpeer.Match{"args": []any{reading, "by", -1}})
		qtr.Send("call Station.add [2,40]")
		qtr.Wait(soon, "reply", qtpeer.Match{"slot": "Station.add", "error": 0, "value": 42})
		qtr.Send(`call Station.measure ["Pa",-1]`)
		qtr.Wait(soon, "reply", qtpeer.Match{"slot": "Station.measure", "error": 0, "value": qtpeer.Match{"stamp": 42, "value": -1, "unit": "Pa", "valid": false}})
	})
}
