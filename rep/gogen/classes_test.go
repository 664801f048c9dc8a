package gogen_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep/gogen/internal/modes"
	"github.com/go-qtro/qtro/rep/gogen/internal/names"
	"github.com/go-qtro/qtro/rep/gogen/internal/plant"
	"github.com/go-qtro/qtro/rep/gogen/internal/station"
)

// alarms answers the slots of Alarms.
type alarms struct{}

func (alarms) Mask(_ context.Context, kinds modes.AlarmsKinds, without modes.AlarmsKind) (modes.AlarmsKinds, error) {
	return kinds &^ modes.AlarmsKinds(without), nil
}

func (alarms) Raise(_ context.Context, level modes.AlarmsLevel) (modes.AlarmsLevel, error) {
	if level == modes.AlarmsLevelHigh {
		return 0, errors.New("it is as high as can be")
	}
	return modes.AlarmsLevelHigh, nil
}

func TestModes(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		s, err := modes.NewAlarmsSource(alarms{})
		require.NoError(t, err)
		require.NoError(t, s.OnSetActive(func(_ context.Context, active modes.AlarmsKinds) error {
			if active.Has(modes.AlarmsKindFlood) {
				return errors.New("there is no water")
			}
			return nil
		}))
		require.NoError(t, s.OnPushLevel(func(_ context.Context, level modes.AlarmsLevel) error {
			if level == modes.AlarmsLevelLow {
				return errors.New("never")
			}
			return nil
		}))
		require.NoError(t, h.EnableRemoting(s.Source(), "Alarms"))
		r, err := modes.AcquireAlarms(n, "Alarms")
		require.NoError(t, err)
		assert.Equal(t, modes.AlarmsKinds(0).With(modes.AlarmsKindSmoke), r.Active())
		assert.Equal(t, modes.AlarmsLevelHigh, r.Level())
		require.NoError(t, r.Wait(soon(t)))

		c := make(chan any, 4)
		r.OnActiveChanged(into[modes.AlarmsKinds](c))
		r.OnLogChanged(into[[]modes.AlarmsLevel](c))
		both := r.Active().With(modes.AlarmsKindHeat)
		assert.Equal(t, "Smoke|Heat", both.String())
		assert.Equal(t, "None", modes.AlarmsKinds(0).String())
		assert.Equal(t, "AlarmsKinds(8)", modes.AlarmsKinds(8).String())
		assert.False(t, both.Has(modes.AlarmsKindFlood))
		require.NoError(t, r.SetActive(soon(t), both.With(modes.AlarmsKindFlood))) // refused
		require.NoError(t, r.SetActive(soon(t), both))
		assert.Equal(t, both, recv(t, c))
		assert.Equal(t, both, s.Active())
		require.NoError(t, s.SetLog([]modes.AlarmsLevel{modes.AlarmsLevelHigh, modes.AlarmsLevelLow}))
		assert.Equal(t, []modes.AlarmsLevel{modes.AlarmsLevelHigh, modes.AlarmsLevelLow}, recv(t, c))
		require.NoError(t, r.PushLevel(soon(t), modes.AlarmsLevelHigh))
		require.ErrorIs(t, r.PushLevel(soon(t), modes.AlarmsLevelLow), core.ErrCallFailed)
		r.OnRaised(func(kinds modes.AlarmsKinds, level modes.AlarmsLevel) { c <- []any{kinds, level} })
		require.NoError(t, s.EmitRaised(both, modes.AlarmsLevelHigh))
		assert.Equal(t, []any{both, modes.AlarmsLevelHigh}, recv(t, c))
		kinds, err := r.Mask(soon(t), both, modes.AlarmsKindSmoke)
		require.NoError(t, err)
		assert.Equal(t, "Heat", kinds.String())
		level, err := r.Raise(soon(t), modes.AlarmsLevelLow)
		require.NoError(t, err)
		assert.Equal(t, modes.AlarmsLevelHigh, level)
	})
}

// valve answers the slot of a Valve.
type valve struct{ source *plant.ValveSource }

func (v *valve) Turn(_ context.Context, by int32) (int32, error) {
	to := v.source.Opening() + by
	return to, v.source.SetOpening(to)
}

func newValve(t *testing.T) *plant.ValveSource {
	v := &valve{}
	var err error
	v.source, err = plant.NewValveSource(v)
	require.NoError(t, err)
	return v.source
}

// TestPlant goes two levels down, and replaces objects at each.
func TestPlant(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		s, err := plant.NewPlantSource()
		require.NoError(t, err)
		pump, err := plant.NewPumpSource()
		require.NoError(t, err)
		inlet := newValve(t)
		require.NoError(t, inlet.SetOpening(5))
		require.NoError(t, pump.SetInlet(inlet))
		require.NoError(t, s.SetPump(pump))
		r, err := plant.AcquirePlant(n, "Plant")
		require.NoError(t, err)
		assert.Nil(t, r.Pump())
		assert.Nil(t, r.Rows())
		require.NoError(t, h.EnableRemoting(s.Source(), "Plant")) // not before, as they are there soon afterwards
		require.NoError(t, r.Wait(soon(t)))
		require.Eventually(t, func() bool { return r.Pump() != nil && r.Pump().Inlet() != nil && r.Pump().Journal() != nil }, 20e9, 1e6, "its objects come after it")
		assert.Nil(t, r.Spare())

		rp, ri := r.Pump(), r.Pump().Inlet()
		assert.EqualValues(t, 5, ri.Opening())
		assert.InDelta(t, 1.5, rp.Speed(), 0)
		c := make(chan any, 4)
		ri.OnOpeningChanged(into[int32](c))
		ri.OnStuck(into[string](c))
		rp.OnSpeedChanged(into[float64](c))
		to, err := ri.Turn(soon(t), 2)
		require.NoError(t, err)
		assert.EqualValues(t, 7, to)
		assert.EqualValues(t, 7, recv(t, c))
		require.NoError(t, ri.SetOpening(soon(t), 8))
		assert.EqualValues(t, 8, recv(t, c))
		require.NoError(t, inlet.EmitStuck("rust"))
		assert.Equal(t, "rust", recv(t, c))
		require.NoError(t, rp.PushSpeed(soon(t), 2.5))
		assert.InDelta(t, 2.5, recv(t, c), 0)

		// Models are handles, with the calls that a model package needs.
		size, err := r.Rows().Call(soon(t), "replicaSizeRequest", qt.ModelPath{})
		require.NoError(t, err)
		assert.Equal(t, qt.Size{}, qt.OrZero[qt.Size](size))
		roles, err := pump.Journal().Get("roleNames")
		require.NoError(t, err)
		assert.Equal(t, 2, roles.Len())
		models := make(chan *core.Replica, 4)
		r.OnRowsChanged(func(m *core.Replica) { models <- m })
		require.NoError(t, s.SetRows(nil))
		assert.Nil(t, recv(t, models))
		assert.Nil(t, s.Rows())

		// Objects come and go.
		pumps := make(chan *plant.PumpReplica, 4)
		r.OnPumpChanged(func(p *plant.PumpReplica) { pumps <- p })
		spares := make(chan *plant.PumpReplica, 4)
		r.OnSpareChanged(func(p *plant.PumpReplica) { spares <- p })
		require.NoError(t, s.SetPump(nil))
		assert.Nil(t, recv(t, pumps))
		_, err = ri.Turn(soon(t), 1)
		require.ErrorIs(t, err, core.ErrNotConnected)
		require.NoError(t, s.SetSpare(pump))
		spare := recv(t, spares)
		require.NotNil(t, spare)
		assert.InDelta(t, 2.5, spare.Speed(), 0)
		require.NoError(t, pump.SetInlet(nil))
		require.NoError(t, pump.SetInlet(newValve(t)))
		require.ErrorIs(t, s.SetPump(pump), core.ErrNameTaken)
	})
}

// odd answers the slots of Odd.
type odd struct{ heard chan any }

func (o odd) SetState(_ context.Context, state names.OddState) error {
	o.heard <- state
	return nil
}
func (odd) State(context.Context) (int32, error)                       { return 7, nil }
func (o odd) Add(_ context.Context, a int32) error                     { o.heard <- a; return nil }
func (odd) AddInt32Int32(_ context.Context, a, b int32) (int32, error) { return a + b, nil }
func (o odd) Close(context.Context) error                              { o.heard <- "closed"; return nil }
func (odd) Wait(_ context.Context, a, b, c, d, e int32) (int32, error) { return a + b + c + d + e, nil }
func (o odd) Call(_ context.Context, context string, core int32) error {
	o.heard <- context
	return nil
}

// TestNames has every name of a class whose names are hard.
func TestNames(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		c := make(chan any, 4)
		s, err := names.NewOddSource(odd{c})
		require.NoError(t, err)
		require.NoError(t, h.EnableRemoting(s.Source(), "Odd"))
		r, err := names.AcquireOdd(n, "Odd")
		require.NoError(t, err)
		require.NoError(t, r.Replica.Wait(soon(t)))
		require.NoError(t, s.SetSourceProperty(1))
		require.NoError(t, s.SetReplicaProperty(2))
		require.NoError(t, s.SetHomeURLProperty(3))
		require.NoError(t, s.SetKind(names.TypeTypeB))
		require.NoError(t, r.PushRange(soon(t), 9))
		require.NoError(t, r.PushItem(soon(t), names.Item2{Type: 1, HomeURL: "a", ID: 2, ID2: 3}))
		assert.Equal(t, names.Item2{Type: 1, HomeURL: "a", ID: 2, ID2: 3}, s.Item())
		assert.EqualValues(t, 9, s.Range())
		assert.Equal(t, []any{int32(1), int32(2), int32(3), names.TypeTypeB}, []any{r.SourceProperty(), r.ReplicaProperty(), r.HomeURLProperty(), r.Kind()})
		require.NoError(t, r.SetName(soon(t), "odd"))
		require.NoError(t, r.CallSetState(soon(t), names.OddStateGO2))
		assert.Equal(t, names.OddStateGO2, recv(t, c))
		assert.Equal(t, "odd", s.Name())
		state, err := r.CallState(soon(t))
		require.NoError(t, err)
		assert.EqualValues(t, 7, state)
		require.NoError(t, r.Add(soon(t), 4))
		assert.EqualValues(t, 4, recv(t, c))
		sum, err := r.AddInt32Int32(soon(t), 4, 5)
		require.NoError(t, err)
		assert.EqualValues(t, 9, sum)
		sum, err = r.Wait(soon(t), 1, 2, 3, 4, 5)
		require.NoError(t, err)
		assert.EqualValues(t, 15, sum)
		require.NoError(t, r.Call(soon(t), "x", 1))
		assert.Equal(t, "x", recv(t, c))
		require.NoError(t, r.Close(soon(t)))
		assert.Equal(t, "closed", recv(t, c))
		r.OnState(func() { c <- "state" })
		require.NoError(t, s.EmitState())
		assert.Equal(t, "state", recv(t, c))
		r.OnStateChanged2(func(a, b int32) { c <- a - b })
		require.NoError(t, s.EmitStateChanged2(5, 3))
		assert.EqualValues(t, 2, recv(t, c))
	})
}

// TestMismatch: a class of the same name with another signature.
func TestMismatch(t *testing.T) {
	h, n := connected(t)
	other, err := core.NewSource(&core.Class{Name: "Gauge", Signature: "0123"})
	require.NoError(t, err)
	require.NoError(t, h.EnableRemoting(other, "Gauge"))
	r, err := station.AcquireGauge(n, "Gauge")
	require.NoError(t, err)
	require.ErrorIs(t, r.Wait(soon(t)), core.ErrSignatureMismatch)
	assert.Equal(t, "gauge", r.Label())
}
