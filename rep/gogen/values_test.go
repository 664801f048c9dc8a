package gogen_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep/gogen/internal/values"
)

// valuer answers the slots of Values.
type valuer struct{}

func (valuer) Measure(_ context.Context, unit string, value float64) (values.Sample, error) {
	return values.Sample{Stamp: 42, Value: value, Unit: unit, Valid: true}, nil
}

func (valuer) Recent(_ context.Context, n int32) ([]values.Sample, error) {
	return make([]values.Sample, n), nil
}

func (valuer) Index(_ context.Context, samples []values.Sample) (map[string]values.Sample, error) {
	m := map[string]values.Sample{}
	for _, s := range samples {
		m[s.Unit] = s
	}
	return m, nil
}

func (valuer) Next(_ context.Context, season values.Season) (values.Season, error) {
	return season + 1, nil
}

func (valuer) Echo(_ context.Context, value any) (any, error) { return value, nil }

func (valuer) Reverse(_ context.Context, data []byte) ([]byte, error) {
	slices.Reverse(data)
	return data, nil
}

func (valuer) Later(_ context.Context, at time.Time, seconds int32) (time.Time, error) {
	return at.Add(time.Duration(seconds) * time.Second), nil
}

// each sends a value from the source and then from the replica, and says that the other side has it.
func each[T any](t *testing.T, heard chan any, on func(func(T)) func(), set func(T) error, ask func(context.Context, T) error, atSource, atReplica func() T, x, y T) {
	t.Helper()
	defer on(into[T](heard))()
	for i, change := range []func(T) error{set, func(v T) error { return ask(soon(t), v) }} {
		want := []T{x, y}[i]
		require.NoError(t, change(want))
		require.Equal(t, any(want), recv(t, heard))
		require.Equal(t, want, atSource())
		require.Equal(t, want, atReplica())
	}
}

func TestValues(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		s, err := values.NewValuesSource(valuer{})
		require.NoError(t, err)
		r, err := values.AcquireValues(n, "Values")
		require.NoError(t, err)
		require.NoError(t, h.EnableRemoting(s.Source(), "Values"))
		for range 2 { // the defaults are the same before and after they meet
			assert.True(t, r.Flag())
			assert.Equal(t, []any{int8(7), uint8(255), int16(-300), uint16(5000), int32(-1), uint32(4e9), int64(-9007199254740993), uint64(math.MaxUint64)},
				[]any{r.Tiny(), r.Octet(), r.Small(), r.Port(), r.Number(), r.Ticks(), r.Big(), r.Huge()})
			assert.Equal(t, []any{float32(0.5), math.E, "a \"b\"\n", []byte("raw"), qt.Point{X: 3, Y: -4}, []int32{1, 2}, values.SeasonSummer, values.QtDayOfWeek(3)},
				[]any{r.Ratio(), r.Precise(), r.Text(), r.Blob(), r.Grid(), r.Counts(), r.Season(), r.Weekday()})
			require.NoError(t, r.Wait(soon(t)))
		}
		c := make(chan any, 1)
		each(t, c, r.OnFlagChanged, s.SetFlag, r.SetFlag, s.Flag, r.Flag, false, true)
		each(t, c, r.OnTinyChanged, s.SetTiny, r.SetTiny, s.Tiny, r.Tiny, -128, 127)
		each(t, c, r.OnOctetChanged, s.SetOctet, r.SetOctet, s.Octet, r.Octet, 0, 200)
		each(t, c, r.OnSmallChanged, s.SetSmall, r.SetSmall, s.Small, r.Small, math.MinInt16, math.MaxInt16)
		each(t, c, r.OnPortChanged, s.SetPort, r.SetPort, s.Port, r.Port, 0, math.MaxUint16)
		each(t, c, r.OnNumberChanged, s.SetNumber, r.SetNumber, s.Number, r.Number, math.MinInt32, math.MaxInt32)
		each(t, c, r.OnTicksChanged, s.SetTicks, r.SetTicks, s.Ticks, r.Ticks, 0, math.MaxUint32)
		each(t, c, r.OnBigChanged, s.SetBig, r.SetBig, s.Big, r.Big, math.MinInt64, math.MaxInt64)
		each(t, c, r.OnHugeChanged, s.SetHuge, r.SetHuge, s.Huge, r.Huge, 0, math.MaxUint64-1)
		each(t, c, r.OnRatioChanged, s.SetRatio, r.SetRatio, s.Ratio, r.Ratio, 0.25, float32(math.Inf(1)))
		each(t, c, r.OnPreciseChanged, s.SetPrecise, r.SetPrecise, s.Precise, r.Precise, 0.1, -1e300)
		each(t, c, r.OnLetterChanged, s.SetLetter, r.SetLetter, s.Letter, r.Letter, '€', 'x')
		each(t, c, r.OnTextChanged, s.SetText, r.SetText, s.Text, r.Text, "Zürich", "")
		each(t, c, r.OnBlobChanged, s.SetBlob, r.SetBlob, s.Blob, r.Blob, []byte{0, 255}, []byte{})
		each(t, c, r.OnHomeChanged, s.SetHome, r.SetHome, s.Home, r.Home, "file:///a", "")
		each(t, c, r.OnSerialIDChanged, s.SetSerialID, r.SetSerialID, s.SerialID, r.SerialID, qt.UUID{1}, qt.UUID{2})
		at := time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)
		each(t, c, r.OnStartedAtChanged, s.SetStartedAt, r.SetStartedAt, s.StartedAt, r.StartedAt, at, at.Add(time.Hour))
		each(t, c, r.OnDayChanged, s.SetDay, r.SetDay, s.Day, r.Day, qt.DateOf(at), qt.Date{})
		each(t, c, r.OnWakeUpChanged, s.SetWakeUp, r.SetWakeUp, s.WakeUp, r.WakeUp, 1000, qt.InvalidTime)
		each(t, c, r.OnGridChanged, s.SetGrid, r.SetGrid, s.Grid, r.Grid, qt.Point{X: 1, Y: -2}, qt.Point{})
		each(t, c, r.OnAreaChanged, s.SetArea, r.SetArea, s.Area, r.Area, qt.SizeF{Width: 1.5}, qt.SizeF{Height: 2})
		each(t, c, r.OnPaintChanged, s.SetPaint, r.SetPaint, s.Paint, r.Paint, qt.RGBA8(1, 2, 3, 255), qt.RGBA8(9, 8, 7, 255))
		each(t, c, r.OnAnythingChanged, s.SetAnything, r.SetAnything, s.Anything, r.Anything, any(int32(5)), any("x"))
		each(t, c, r.OnTagsChanged, s.SetTags, r.SetTags, s.Tags, r.Tags, []string{"a", ""}, []string{})
		each(t, c, r.OnMixedChanged, s.SetMixed, r.SetMixed, s.Mixed, r.Mixed, []any{int32(1), "b"}, []any{})
		each(t, c, r.OnAttrsChanged, s.SetAttrs, r.SetAttrs, s.Attrs, r.Attrs, map[string]any{"a": 1.5}, map[string]any{})
		each(t, c, r.OnCountsChanged, s.SetCounts, r.SetCounts, s.Counts, r.Counts, []int32{1, 2, 3}, []int32{4})
		each(t, c, r.OnTotalsChanged, s.SetTotals, r.SetTotals, s.Totals, r.Totals, map[string]int32{"a": 1}, map[string]int32{})
		each(t, c, r.OnNamesChanged, s.SetNames, r.SetNames, s.Names, r.Names, map[int32]string{1: "a"}, map[int32]string{2: "b"})
		each(t, c, r.OnSeasonChanged, s.SetSeason, r.SetSeason, s.Season, r.Season, values.SeasonAutumn, values.SeasonWinter)
		each(t, c, r.OnWeekdayChanged, s.SetWeekday, r.SetWeekday, s.Weekday, r.Weekday, 1, 7)
		one, two := values.Sample{Stamp: 1, Value: 2.5, Unit: "K", Valid: true}, values.Sample{Unit: "Pa"}
		each(t, c, r.OnLastChanged, s.SetLast, r.SetLast, s.Last, r.Last, one, two)
		all := values.Series{HomeURL: "http://a", Samples: []values.Sample{one, two}, ByName: map[string]values.Sample{"one": one}, First: two, Season: values.SeasonSpring}
		none := values.Series{Samples: []values.Sample{}, ByName: map[string]values.Sample{}}
		each(t, c, r.OnSeriesChanged, s.SetSeries, r.SetSeries, s.Series, r.Series, all, none)
		each(t, c, r.OnHistoryChanged, s.SetHistory, r.PushHistory, s.History, r.History, []values.Sample{one}, []values.Sample{two, one})
		each(t, c, r.OnLatestChanged, s.SetLatest, r.PushLatest, s.Latest, r.Latest, map[string]values.Sample{"a": one}, map[string]values.Sample{"b": two})

		r.OnSeen(func(sample values.Sample, by string, season values.Season) { c <- []any{sample, by, season} })
		require.NoError(t, s.EmitSeen(one, "me", values.SeasonSummer))
		assert.Equal(t, []any{one, "me", values.SeasonSummer}, recv(t, c))
		r.OnNumbers(func(a bool, b int8, c2 uint8, d int16, e uint16, f uint32, g uint64, h float32) {
			c <- []any{a, b, c2, d, e, f, g, h}
		})
		require.NoError(t, s.EmitNumbers(true, -1, 255, -300, 65535, 4e9, math.MaxUint64, 0.5))
		assert.Equal(t, []any{true, int8(-1), uint8(255), int16(-300), uint16(65535), uint32(4e9), uint64(math.MaxUint64), float32(0.5)}, recv(t, c))
		r.OnBatch(func(samples []values.Sample, extra any) { c <- []any{samples, extra} })
		require.NoError(t, s.EmitBatch([]values.Sample{one, two}, int32(3)))
		assert.Equal(t, []any{[]values.Sample{one, two}, int32(3)}, recv(t, c))

		sample, err := r.Measure(soon(t), "Pa", 2)
		require.NoError(t, err)
		assert.Equal(t, values.Sample{Stamp: 42, Value: 2, Unit: "Pa", Valid: true}, sample)
		recent, err := r.Recent(soon(t), 2)
		require.NoError(t, err)
		assert.Equal(t, make([]values.Sample, 2), recent)
		index, err := r.Index(soon(t), []values.Sample{one, two})
		require.NoError(t, err)
		assert.Equal(t, map[string]values.Sample{"K": one, "Pa": two}, index)
		season, err := r.Next(soon(t), values.SeasonSummer)
		require.NoError(t, err)
		assert.Equal(t, values.SeasonAutumn, season)
		x, err := r.Echo(soon(t), []any{"a", int32(1)})
		require.NoError(t, err)
		assert.Equal(t, []any{"a", int32(1)}, x)
		data, err := r.Reverse(soon(t), []byte{1, 2, 3})
		require.NoError(t, err)
		assert.Equal(t, []byte{3, 2, 1}, data)
		later, err := r.Later(soon(t), at, 60)
		require.NoError(t, err)
		assert.True(t, at.Add(time.Minute).Equal(later))
	})
}
