package interop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/clock"
	"github.com/go-qtro/qtro/qt"
)

func TestRepClock(t *testing.T) {
	eachRep(t, "clock", clockOfQt, clockOfGo)
}

const halfPastSix = qt.Time((6*60+30)*60_000 + 250)

var leapDay = time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC)

func clockOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "Clock")
	r, err := clock.AcquireClock(q.node, "Clock")
	require.NoError(t, err)
	defaults := func() {
		require.Equal(t, []int32{6, 30, 0}, []int32{r.Hour(), r.Minute(), r.Second()})
		require.Equal(t, "UTC", r.ZoneName())
		require.Equal(t, clock.ClockPrecisionMinutes, r.Precision())
		require.Equal(t, qt.InvalidTime, r.Alarm())
		require.True(t, r.SetAt().IsZero())
		require.Equal(t, "Ticktock", r.Maker())
	}
	defaults()
	q.connect(r)
	defaults()

	changes(q, "Clock.hour", "7", r.Hour, r.OnHourChanged, 7)
	changes(q, "Clock.minute", "-1", r.Minute, r.OnMinuteChanged, -1)
	changes(q, "Clock.second", "59", r.Second, r.OnSecondChanged, 59)
	changes(q, "Clock.zoneName", `"Zürich"`, r.ZoneName, r.OnZoneNameChanged, "Zürich")
	changes(q, "Clock.precision", "10", r.Precision, r.OnPrecisionChanged, clock.ClockPrecisionSeconds)
	changes(q, "Clock.alarm", `"06:30:00.250"`, r.Alarm, r.OnAlarmChanged, halfPastSix)
	changes(q, "Clock.setAt", `"2024-02-29T12:34:56.789Z"`, r.SetAt, r.OnSetAtChanged, leapDay)

	writes(q, "Clock.hour", r.PushHour, 23, r.Hour, r.OnHourChanged, "23")
	writes(q, "Clock.minute", r.PushMinute, 0, r.Minute, r.OnMinuteChanged, "0")
	writes(q, "Clock.precision", r.SetPrecision, clock.ClockPrecisionHours, r.Precision, r.OnPrecisionChanged, "0")
	writes(q, "Clock.alarm", r.PushAlarm, halfPastSix+1000, r.Alarm, r.OnAlarmChanged, `"06:30:01.250"`)
	writes(q, "Clock.setAt", r.SetSetAt, leapDay.Add(time.Millisecond), r.SetAt, r.OnSetAtChanged, `"2024-02-29T12:34:56.790Z"`)

	q.emits("Clock.tick", "[1,2,3]", func(heard chan any) func() {
		return r.OnTick(func(hour, minute, second int32) { heard <- []int32{hour, minute, second} })
	}, []int32{1, 2, 3})
	moved := func(heard chan any) func() {
		return r.OnZoneMoved(func(from, to string, precision clock.ClockPrecision) { heard <- []any{from, to, precision} })
	}
	q.emits("Clock.zoneMoved", `["a","",10]`, moved, []any{"a", "", clock.ClockPrecisionSeconds})
	rang := func(heard chan any) func() { return r.OnRang(func() { heard <- "rang" }) }
	q.emits("Clock.rang", "", rang, "rang")

	hears(t, moved, func() { gives(t, true)(r.SetZone(soonContext(t), "Tokyo")) }, []any{"Zürich", "Tokyo", clock.ClockPrecisionHours})
	require.Equal(t, "Tokyo", r.ZoneName())
	gives(t, false)(r.SetZone(soonContext(t), ""))
	gives(t, clock.ClockPrecisionSeconds)(r.Refine(soonContext(t), clock.ClockPrecisionMinutes))
	require.Equal(t, clock.ClockPrecisionMinutes, r.Precision())
	gives(t, halfPastSix+90*60_000)(r.InZone(soonContext(t), halfPastSix, 1.5))
	hears(t, rang, func() { require.NoError(t, r.Ring(soonContext(t))) }, "rang")
}

func clockOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "Clock")
	defaults := func() {
		for property, want := range map[string]string{"hour": "6", "minute": "30", "second": "0", "zoneName": `"UTC"`, "precision": "1",
			"alarm": `""`, "setAt": `""`, "maker": `"Ticktock"`} {
			q.is("Clock."+property, want)
		}
	}
	defaults()
	impl := &goClock{}
	s, err := clock.NewClockSource(impl)
	require.NoError(t, err)
	impl.ClockSource = s
	refuse(t, s.OnPushHour, 24)
	refuse(t, s.OnPushMinute, 60)
	refuse(t, s.OnSetPrecision, clock.ClockPrecisionMinutes)
	refuse(t, s.OnPushAlarm, qt.Time(0))
	refuse(t, s.OnSetSetAt, leapDay.AddDate(1, 0, 0))
	q.serve("Clock", s.Source())
	defaults()

	sets(q, "Clock.hour", s.SetHour, 7, s.Hour, "7")
	sets(q, "Clock.minute", s.SetMinute, -1, s.Minute, "-1")
	sets(q, "Clock.second", s.SetSecond, 59, s.Second, "59")
	sets(q, "Clock.zoneName", s.SetZoneName, "Zürich", s.ZoneName, `"Zürich"`)
	sets(q, "Clock.precision", s.SetPrecision, clock.ClockPrecisionSeconds, s.Precision, "10")
	sets(q, "Clock.alarm", s.SetAlarm, halfPastSix, s.Alarm, `"06:30:00.250"`)
	sets(q, "Clock.setAt", s.SetSetAt, leapDay, s.SetAt, `"2024-02-29T12:34:56.789Z"`)

	asks(q, "Clock.hour", "24", "23", s.Hour, 23)
	asks(q, "Clock.minute", "60", "0", s.Minute, 0)
	asks(q, "Clock.precision", "1", "0", s.Precision, clock.ClockPrecisionHours)
	asks(q, "Clock.alarm", `"00:00:00.000"`, `"06:30:01.250"`, s.Alarm, halfPastSix+1000)
	asks(q, "Clock.setAt", `"2025-03-01T12:34:56.789Z"`, `"2024-02-29T12:34:56.790Z"`, s.SetAt, leapDay.Add(time.Millisecond))

	require.NoError(t, s.EmitTick(1, 2, 3))
	q.signal("Clock.tick", "[1,2,3]")
	require.NoError(t, s.EmitZoneMoved("a", "", clock.ClockPrecisionSeconds))
	q.signal("Clock.zoneMoved", `["a","",10]`)
	require.NoError(t, s.EmitRang())
	q.signal("Clock.rang", "[]")

	q.replies("Clock.setZone", `["Tokyo"]`, "true")
	q.changed("Clock.zoneName", `"Tokyo"`)
	q.signal("Clock.zoneMoved", `["Zürich","Tokyo",0]`)
	q.replies("Clock.setZone", `[""]`, "false")
	q.replies("Clock.refine", "[1]", "10")
	q.changed("Clock.precision", "1")
	q.replies("Clock.inZone", `["06:30:00.250",1.5]`, `"08:00:00.250"`)
	q.calls("Clock.ring", "[]")
	q.signal("Clock.rang", "[]")
}

type goClock struct{ *clock.ClockSource }

func (c *goClock) SetZone(_ context.Context, zone string) (bool, error) {
	if zone == "" {
		return false, nil
	}
	before := c.ZoneName()
	if err := c.SetZoneName(zone); err != nil {
		return false, err
	}
	return true, c.EmitZoneMoved(before, zone, c.Precision())
}

func (c *goClock) Refine(_ context.Context, precision clock.ClockPrecision) (clock.ClockPrecision, error) {
	if precision == clock.ClockPrecisionHours {
		return clock.ClockPrecisionMinutes, c.SetPrecision(precision)
	}
	return clock.ClockPrecisionSeconds, c.SetPrecision(precision)
}

func (c *goClock) InZone(_ context.Context, at qt.Time, hours float64) (qt.Time, error) {
	return at + qt.Time(hours*3_600_000), nil
}

func (c *goClock) Ring(context.Context) error { return c.EmitRang() }
