package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	repswitch "github.com/go-qtro/qtro/interop/peers/reps/switch"
)

func TestRepSwitch(t *testing.T) {
	eachRep(t, "switch", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Switch")
		r, err := repswitch.AcquireSwitch(q.node, "Switch")
		require.NoError(t, err)
		require.False(t, r.On())
		q.connect(r)
		require.False(t, r.On())
		changes(q, "Switch.on", "true", r.On, r.OnOnChanged, true)
		turned := func(heard chan any) func() { return r.OnTurned(func(on bool) { heard <- on }) }
		q.emits("Switch.turned", "[true]", turned, true)
		hears(t, turned, func() { require.NoError(t, r.Request(soonContext(t), false)) }, false)
		require.False(t, r.On(), "the source set it before it emitted the signal")
		q.is("Switch.on", "false")
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Switch")
		q.is("Switch.on", "false")
		lamp := &lamp{}
		s, err := repswitch.NewSwitchSource(lamp)
		require.NoError(t, err)
		lamp.SwitchSource = s
		q.serve("Switch", s.Source())
		q.is("Switch.on", "false")
		sets(q, "Switch.on", s.SetOn, true, s.On, "true")
		require.NoError(t, s.EmitTurned(true))
		q.signal("Switch.turned", "[true]")
		q.calls("Switch.request", "[false]")
		q.changed("Switch.on", "false")
		q.signal("Switch.turned", "[false]")
		require.False(t, s.On())
	})
}

type lamp struct{ *repswitch.SwitchSource }

func (l *lamp) Request(_ context.Context, on bool) error {
	if err := l.SetOn(on); err != nil {
		return err
	}
	return l.EmitTurned(on)
}
