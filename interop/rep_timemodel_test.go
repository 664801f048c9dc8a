package interop_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/timemodel"
)

func TestRepTimemodel(t *testing.T) {
	eachRep(t, "timemodel", timemodelOfQt, timemodelOfGo)
}

// Two presets, in Go and as the peers write them.
var (
	tea = timemodel.Preset{Name: "tea", At: timemodel.Moment{Hour: 16, Minute: 5}, Minutes: 4, Daily: true}
	egg = timemodel.Preset{Name: "egg 🥚", Minutes: 6}
)

const (
	teaJSON = `{"name":"tea","at":{"hour":16,"minute":5},"minutes":4,"daily":true}`
	eggJSON = `{"name":"egg 🥚","at":{"hour":0,"minute":0},"minutes":6,"daily":false}`
)

func timemodelOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "DayTime", "PresetStore")
	r, err := timemodel.AcquireDayTime(q.node, "DayTime")
	require.NoError(t, err)
	p, err := timemodel.AcquirePresetStore(q.node, "PresetStore")
	require.NoError(t, err)
	defaults := func() {
		require.Equal(t, []int32{9, 15, 3}, []int32{r.Hour(), r.Minute(), p.Limit()})
		require.True(t, r.Running())
		require.Equal(t, []any{timemodel.Moment{}, timemodel.Preset{}}, []any{r.Now(), p.Last()})
		require.Equal(t, []string{"sundial", "house"}, []string{r.Origin(), p.Owner()})
		require.Empty(t, p.Presets())
		require.Empty(t, p.Lengths())
	}
	defaults()
	q.connect(r, p)
	defaults()

	changes(q, "DayTime.hour", "10", r.Hour, r.OnHourChanged, 10)
	changes(q, "DayTime.minute", "59", r.Minute, r.OnMinuteChanged, 59)
	changes(q, "DayTime.running", "false", r.Running, r.OnRunningChanged, false)
	changes(q, "DayTime.now", `{"hour":1,"minute":2}`, r.Now, r.OnNowChanged, timemodel.Moment{Hour: 1, Minute: 2})
	changes(q, "PresetStore.presets", "["+teaJSON+","+eggJSON+"]", p.Presets, p.OnPresetsChanged, []timemodel.Preset{tea, egg})
	changes(q, "PresetStore.lengths", "[1,-2]", p.Lengths, p.OnLengthsChanged, []int32{1, -2})
	changes(q, "PresetStore.limit", "2", p.Limit, p.OnLimitChanged, 2)
	changes(q, "PresetStore.owner", `"Zoë"`, p.Owner, p.OnOwnerChanged, "Zoë")
	changes(q, "PresetStore.last", teaJSON, p.Last, p.OnLastChanged, tea)

	writes(q, "DayTime.hour", r.SetHour, 11, r.Hour, r.OnHourChanged, "11")
	writes(q, "DayTime.minute", r.SetMinute, 45, r.Minute, r.OnMinuteChanged, "45")
	writes(q, "DayTime.running", r.PushRunning, true, r.Running, r.OnRunningChanged, "true")
	writes(q, "PresetStore.presets", p.PushPresets, []timemodel.Preset{egg}, p.Presets, p.OnPresetsChanged, "["+eggJSON+"]")
	writes(q, "PresetStore.lengths", p.SetLengths, []int32{2147483647}, p.Lengths, p.OnLengthsChanged, "[2147483647]")
	writes(q, "PresetStore.owner", p.SetOwner, "", p.Owner, p.OnOwnerChanged, `""`)

	q.emits("DayTime.midnight", "", func(heard chan any) func() { return r.OnMidnight(func() { heard <- 0 }) }, 0)
	reached := func(heard chan any) func() {
		return r.OnReached(func(at timemodel.Moment, preset timemodel.Preset) { heard <- []any{at, preset} })
	}
	q.emits("DayTime.reached", `[{"hour":16,"minute":5},`+teaJSON+`]`, reached, []any{tea.At, tea})
	refused := func(heard chan any) func() {
		return p.OnRefused(func(preset timemodel.Preset, limit int32) { heard <- []any{preset, limit} })
	}
	q.emits("PresetStore.refused", "["+eggJSON+",1]", refused, []any{egg, int32(1)})
	cleared := func(heard chan any) func() { return p.OnCleared(func(gone []timemodel.Preset) { heard <- gone }) }
	q.emits("PresetStore.cleared", "[["+eggJSON+","+teaJSON+"]]", cleared, []timemodel.Preset{egg, tea})

	gives(t, timemodel.Moment{Hour: 13, Minute: 15})(r.After(soonContext(t), 90))
	hears(t, reached, func() { require.NoError(t, r.Jump(soonContext(t), tea.At)) }, []any{tea.At, timemodel.Preset{Name: "jump", At: tea.At}})
	require.Equal(t, tea.At, r.Now())
	gives(t, true)(p.Add(soonContext(t), tea))
	require.Equal(t, []timemodel.Preset{egg, tea}, p.Presets())
	hears(t, refused, func() { gives(t, false)(p.Add(soonContext(t), tea)) }, []any{tea, int32(2)})
	gives(t, []timemodel.Preset{tea})(p.Daily(soonContext(t)))
	gives(t, int32(6))(p.Longest(soonContext(t), []timemodel.Preset{tea, egg}))
	hears(t, cleared, func() { require.NoError(t, p.Clear(soonContext(t))) }, []timemodel.Preset{egg, tea})
	require.Empty(t, p.Presets())
}

func timemodelOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "DayTime", "PresetStore")
	defaults := func() {
		for property, want := range map[string]string{"DayTime.hour": "9", "DayTime.minute": "15", "DayTime.running": "true",
			"DayTime.now": `{"hour":0,"minute":0}`, "DayTime.origin": `"sundial"`, "PresetStore.presets": "[]", "PresetStore.lengths": "[]",
			"PresetStore.limit": "3", "PresetStore.owner": `"house"`,
			"PresetStore.last": `{"name":null,"at":{"hour":0,"minute":0},"minutes":0,"daily":false}`} {
			q.is(property, want)
		}
	}
	defaults()
	day, store := &goDay{}, &goStore{}
	s, err := timemodel.NewDayTimeSource(day)
	require.NoError(t, err)
	p, err := timemodel.NewPresetStoreSource(store)
	require.NoError(t, err)
	day.DayTimeSource, store.PresetStoreSource = s, p
	refuse(t, s.OnSetHour, 24)
	refuse(t, s.OnSetMinute, 60)
	refuse(t, s.OnPushRunning, false)
	refuse(t, p.OnPushPresets, []timemodel.Preset{tea, tea})
	refuse(t, p.OnSetLengths, []int32{0})
	refuse(t, p.OnSetOwner, "nobody")
	q.serve("DayTime", s.Source())
	q.serve("PresetStore", p.Source())
	defaults()

	sets(q, "DayTime.hour", s.SetHour, 10, s.Hour, "10")
	sets(q, "DayTime.minute", s.SetMinute, 59, s.Minute, "59")
	sets(q, "DayTime.running", s.SetRunning, false, s.Running, "false")
	sets(q, "DayTime.now", s.SetNow, tea.At, s.Now, `{"hour":16,"minute":5}`)
	sets(q, "PresetStore.presets", p.SetPresets, []timemodel.Preset{tea, egg}, p.Presets, "["+teaJSON+","+eggJSON+"]")
	sets(q, "PresetStore.lengths", p.SetLengths, []int32{1, -2}, p.Lengths, "[1,-2]")
	sets(q, "PresetStore.limit", p.SetLimit, 2, p.Limit, "2")
	sets(q, "PresetStore.owner", p.SetOwner, "Zoë", p.Owner, `"Zoë"`)
	sets(q, "PresetStore.last", p.SetLast, egg, p.Last, eggJSON)

	asks(q, "DayTime.hour", "24", "11", s.Hour, 11)
	asks(q, "DayTime.minute", "60", "45", s.Minute, 45)
	asks(q, "DayTime.running", "false", "true", s.Running, true)
	asks(q, "PresetStore.presets", "["+teaJSON+","+teaJSON+"]", "["+eggJSON+"]", p.Presets, []timemodel.Preset{egg})
	asks(q, "PresetStore.lengths", "[0]", "[2147483647]", p.Lengths, []int32{2147483647})
	asks(q, "PresetStore.owner", `"nobody"`, `""`, p.Owner, "")

	require.NoError(t, s.EmitMidnight())
	q.signal("DayTime.midnight", "[]")
	require.NoError(t, s.EmitReached(tea.At, tea))
	q.signal("DayTime.reached", `[{"hour":16,"minute":5},`+teaJSON+`]`)
	require.NoError(t, p.EmitRefused(egg, 1))
	q.signal("PresetStore.refused", "["+eggJSON+",1]")
	require.NoError(t, p.EmitCleared([]timemodel.Preset{egg, tea}))
	q.signal("PresetStore.cleared", "[["+eggJSON+","+teaJSON+"]]")

	q.replies("DayTime.after", "[90]", `{"hour":13,"minute":15}`)
	q.calls("DayTime.jump", `[{"hour":17,"minute":0}]`)
	q.changed("DayTime.now", `{"hour":17,"minute":0}`)
	q.signal("DayTime.reached", `[{"hour":17,"minute":0},{"name":"jump","at":{"hour":17,"minute":0},"minutes":0,"daily":false}]`)
	q.replies("PresetStore.add", "["+teaJSON+"]", "true")
	q.changed("PresetStore.presets", "["+eggJSON+","+teaJSON+"]")
	q.replies("PresetStore.add", "["+teaJSON+"]", "false")
	q.signal("PresetStore.refused", "["+teaJSON+",2]")
	q.repliesPODs("PresetStore.daily", "[]", "["+teaJSON+"]")
	q.replies("PresetStore.longest", "[["+teaJSON+","+eggJSON+"]]", "6")
	q.calls("PresetStore.clear", "[]")
	q.changed("PresetStore.presets", "[]")
	q.signal("PresetStore.cleared", "[["+eggJSON+","+teaJSON+"]]")
}

type goDay struct{ *timemodel.DayTimeSource }

func (d *goDay) After(_ context.Context, minutes int32) (timemodel.Moment, error) {
	sum := d.Hour()*60 + d.Minute() + minutes
	return timemodel.Moment{Hour: sum / 60, Minute: sum % 60}, nil
}

func (d *goDay) Jump(_ context.Context, to timemodel.Moment) error {
	return errors.Join(d.SetHour(to.Hour), d.SetMinute(to.Minute), d.SetNow(to), d.EmitReached(to, timemodel.Preset{Name: "jump", At: to}))
}

type goStore struct{ *timemodel.PresetStoreSource }

func (s *goStore) Add(_ context.Context, preset timemodel.Preset) (bool, error) {
	if len(s.Presets()) >= int(s.Limit()) {
		return false, s.EmitRefused(preset, s.Limit())
	}
	return true, s.SetPresets(append(s.Presets(), preset))
}

func (s *goStore) Daily(context.Context) ([]timemodel.Preset, error) {
	return slices.DeleteFunc(s.Presets(), func(p timemodel.Preset) bool { return !p.Daily }), nil
}

func (s *goStore) Longest(_ context.Context, presets []timemodel.Preset) (int32, error) {
	longest := slices.MaxFunc(presets, func(a, b timemodel.Preset) int { return cmp.Compare(a.Minutes, b.Minutes) })
	return longest.Minutes, nil
}

func (s *goStore) Clear(context.Context) error {
	gone := s.Presets()
	return errors.Join(s.SetPresets(nil), s.EmitCleared(gone))
}
