package interop_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/enums"
)

// TestRepEnums: enums of the file, of a class and of Qt, with negative, hexadecimal and the extreme values, also in PODs.
func TestRepEnums(t *testing.T) {
	leg := enums.Leg{To: enums.HeadingWest, Meters: 70}
	home := enums.Leg{To: enums.HeadingSouth, Meters: -1}
	eachRep(t, "enums", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Crossing")
		r, err := enums.AcquireCrossing(q.node, "Crossing")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, enums.CrossingLightRed, r.Light())
			require.Equal(t, enums.CrossingModeDay, r.Mode())
			require.Equal(t, enums.HeadingWest, r.Heading())
			require.Zero(t, r.Checked())
		}
		defaults()
		q.connect(r)
		defaults()
		changes(q, "Crossing.light", "-2147483648", r.Light, r.OnLightChanged, enums.CrossingLightDark)
		writes(q, "Crossing.light", r.SetLight, enums.CrossingLightGreen, r.Light, r.OnLightChanged, "2147483647")
		changes(q, "Crossing.mode", "7", r.Mode, r.OnModeChanged, enums.CrossingModeNight)
		writes(q, "Crossing.mode", r.PushMode, enums.CrossingModeDay, r.Mode, r.OnModeChanged, "31")
		changes(q, "Crossing.heading", "17", r.Heading, r.OnHeadingChanged, enums.HeadingSouth)
		writes(q, "Crossing.heading", r.SetHeading, enums.HeadingEast, r.Heading, r.OnHeadingChanged, "16")
		changes(q, "Crossing.checked", "5", r.Checked, r.OnCheckedChanged, enums.QtDayOfWeek(5))
		writes(q, "Crossing.checked", r.SetChecked, 7, r.Checked, r.OnCheckedChanged, "7")
		changes(q, "Crossing.last", "-1", r.Last, r.OnLastChanged, enums.CrossingLightRed)
		changes(q, "Crossing.leg", "[-1,70]", r.Leg, r.OnLegChanged, leg)
		writes(q, "Crossing.leg", r.SetLeg, home, r.Leg, r.OnLegChanged, `{"to":17,"meters":-1}`)
		changes(q, "Crossing.junction", `["a",[-1,70],[17,-1]]`, r.Junction, r.OnJunctionChanged, enums.Junction{Name: "a", In: leg, Out: home})
		writes(q, "Crossing.junction", r.SetJunction, enums.Junction{Name: "b", In: home, Out: leg}, r.Junction, r.OnJunctionChanged,
			`{"name":"b","in":{"to":17,"meters":-1},"out":{"to":-1,"meters":70}}`)
		changes(q, "Crossing.route", "[[-1,70],[17,-1]]", r.Route, r.OnRouteChanged, []enums.Leg{leg, home})
		writes(q, "Crossing.route", r.PushRoute, []enums.Leg{home}, r.Route, r.OnRouteChanged, `[{"to":17,"meters":-1}]`)

		q.emits("Crossing.switched", "[-2147483648,2147483647]", told(r.OnSwitched), []any{enums.CrossingLightDark, enums.CrossingLightGreen})
		q.emits("Crossing.turned", "[16,[-1,70],7]", told(r.OnTurned), []any{enums.HeadingEast, leg, enums.CrossingModeNight})
		q.emits("Crossing.due", "[1]", told(r.OnDue), []any{enums.QtDayOfWeek(1)})

		ctx := soonContext(t)
		gives(t, enums.CrossingLightAmber)(r.Next(ctx, enums.CrossingLightGreen))
		gives(t, enums.CrossingLightRed)(r.Next(ctx, enums.CrossingLightAmber))
		gives(t, enums.HeadingWest)(r.Back(ctx, enums.HeadingEast))
		gives(t, enums.QtDayOfWeek(1))(r.Following(ctx, 7))
		gives(t, enums.Junction{Name: "joined", In: leg, Out: home})(r.Join(ctx, leg, home))
		require.NoError(t, r.Blink(ctx, enums.CrossingLightDark, enums.CrossingModeNight, 3))
		same(t, "[-2147483648,7,3]", q.Wait(soon, "slot", nil)["args"])
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Crossing")
		q.is("Crossing.light", "-1")
		q.is("Crossing.mode", "31")
		q.is("Crossing.heading", "-1")
		blinks := make(crossing, 1)
		s, err := enums.NewCrossingSource(blinks)
		require.NoError(t, err)
		refuse(t, s.OnSetLight, enums.CrossingLightDark)
		refuse(t, s.OnPushMode, 9)
		refuse(t, s.OnSetLeg, leg)
		q.serve("Crossing", s.Source())
		q.is("Crossing.light", "-1")
		q.is("Crossing.mode", "31")
		q.is("Crossing.heading", "-1")
		q.is("Crossing.checked", "0")
		sets(q, "Crossing.light", s.SetLight, enums.CrossingLightDark, s.Light, "-2147483648")
		asks(q, "Crossing.light", "-2147483648", "2147483647", s.Light, enums.CrossingLightGreen)
		sets(q, "Crossing.mode", s.SetMode, enums.CrossingModeNight, s.Mode, "7")
		asks(q, "Crossing.mode", "9", "31", s.Mode, enums.CrossingModeDay)
		sets(q, "Crossing.heading", s.SetHeading, enums.HeadingSouth, s.Heading, "17")
		asks(q, "Crossing.heading", "", "16", s.Heading, enums.HeadingEast)
		sets(q, "Crossing.checked", s.SetChecked, 5, s.Checked, "5")
		asks(q, "Crossing.checked", "", "7", s.Checked, 7)
		sets(q, "Crossing.last", s.SetLast, enums.CrossingLightRed, s.Last, "-1")
		sets(q, "Crossing.leg", s.SetLeg, home, s.Leg, `{"to":17,"meters":-1}`)
		asks(q, "Crossing.leg", "[-1,70]", `{"to":16,"meters":5}`, s.Leg, enums.Leg{To: enums.HeadingEast, Meters: 5})
		sets(q, "Crossing.junction", s.SetJunction, enums.Junction{Name: "a", In: leg, Out: home}, s.Junction,
			`{"name":"a","in":{"to":-1,"meters":70},"out":{"to":17,"meters":-1}}`)
		asks(q, "Crossing.junction", "", `{"name":"b","in":{"to":0,"meters":0},"out":{"to":-1,"meters":70}}`, s.Junction, enums.Junction{Name: "b", Out: leg})
		sets(q, "Crossing.route", s.SetRoute, []enums.Leg{leg, home}, s.Route, `[{"to":-1,"meters":70},{"to":17,"meters":-1}]`)
		asks(q, "Crossing.route", "", `[{"to":17,"meters":-1}]`, s.Route, []enums.Leg{home})

		require.NoError(t, s.EmitSwitched(enums.CrossingLightDark, enums.CrossingLightGreen))
		q.signal("Crossing.switched", "[-2147483648,2147483647]")
		require.NoError(t, s.EmitTurned(enums.HeadingEast, leg, enums.CrossingModeNight))
		q.signal("Crossing.turned", `[16,{"to":-1,"meters":70},7]`)
		require.NoError(t, s.EmitDue(1))
		q.signal("Crossing.due", "[1]")

		q.replies("Crossing.next", "[2147483647]", "0")
		q.replies("Crossing.next", "[0]", "-2147483648")
		q.replies("Crossing.back", "[16]", "-1")
		q.replies("Crossing.following", "[7]", "1")
		q.replies("Crossing.join", "[[-1,70],[17,-1]]", `{"name":"joined","in":{"to":-1,"meters":70},"out":{"to":17,"meters":-1}}`)
		q.calls("Crossing.blink", "[-1,7,3]")
		require.Equal(t, []any{enums.CrossingLightRed, enums.CrossingModeNight, int32(3)}, hear(t, blinks))
	})
}

type crossing chan any // what blinks

func (crossing) Next(_ context.Context, now enums.CrossingLight) (enums.CrossingLight, error) {
	if now == enums.CrossingLightGreen {
		return enums.CrossingLightAmber, nil
	}
	return math.MinInt32, nil
}

func (crossing) Back(_ context.Context, from enums.Heading) (enums.Heading, error) {
	return map[enums.Heading]enums.Heading{enums.HeadingEast: enums.HeadingWest, enums.HeadingNorth: enums.HeadingSouth}[from], nil
}

func (crossing) Following(_ context.Context, day enums.QtDayOfWeek) (enums.QtDayOfWeek, error) {
	return day%7 + 1, nil
}

func (crossing) Join(_ context.Context, in, out enums.Leg) (enums.Junction, error) {
	return enums.Junction{Name: "joined", In: in, Out: out}, nil
}

func (c crossing) Blink(_ context.Context, light enums.CrossingLight, mode enums.CrossingMode, times int32) error {
	c <- []any{light, mode, times}
	return nil
}
