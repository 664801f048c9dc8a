package core_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

type reading struct {
	Stamp time.Time
	Value float64
	Tags  []string
}

type Fan struct {
	Speed int32
}

func (f *Fan) Spin(by int32) int32 { f.Speed += by; return f.Speed }

type Boiler struct {
	Target   float64 `qtro:"setPoint,readwrite"`
	Zone     string
	Serial   string `qtro:",constant"`
	Last     reading
	History  []reading `qtro:",readonly"`
	Limits   map[string]int32
	Anything any
	Fan      *Fan
	Boosted  func(minutes int32, by string)
	Ignored  int `qtro:"-"`
	hidden   int
}

func (b *Boiler) Boost(ctx context.Context, minutes int32) (bool, error) {
	if minutes < 0 {
		return false, errors.New("time runs forward")
	}
	peer, _ := core.PeerFrom(ctx)
	b.hidden++
	b.Target += float64(minutes)
	b.History = append(b.History, reading{Value: b.Target})
	b.Boosted(minutes, peer.String())
	return true, nil
}

func (b *Boiler) Replace()           { b.Fan = &Fan{Speed: 100} }
func (b *Boiler) Watch(ch chan bool) {} // no Qt type for it
func (b *Boiler) String() string     { return "boiler" }

func TestSourceOf(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	b := &Boiler{Target: 20.5, Zone: "attic", Serial: "A-1", Fan: &Fan{Speed: 3}, Limits: map[string]int32{"max": 90}, Anything: int32(7)}
	s, err := core.SourceOf(b)
	require.NoError(t, err)
	h := core.NewHost(core.Config{})
	defer func() { assert.NoError(t, h.Close()) }()
	require.NoError(t, h.EnableRemoting(s, "Boiler"))
	r, err := h.AcquireDynamic("Boiler")
	require.NoError(t, err)
	require.NoError(t, r.Wait(ctx))

	var slots []string
	for _, slot := range r.Class().Slots {
		slots = append(slots, slot.Name)
	}
	assert.Equal(t, []string{"boost", "replace"}, slots)
	assert.Equal(t, "Boiler", r.Class().Name)

	changes := make(chan qt.Value, 10)
	on := func(r *core.Replica, name string) {
		_, err := r.OnChange(name, func(v qt.Value) { changes <- v })
		require.NoError(t, err)
	}
	on(r, "setPoint")
	on(r, "history")
	boosted := make(chan []qt.Value, 1)
	_, err = r.OnSignal("boosted", func(args []qt.Value) { boosted <- args })
	require.NoError(t, err)

	ok, err := r.Call(ctx, "boost", 10)
	require.NoError(t, err)
	assert.True(t, ok.Bool())
	args := <-boosted
	assert.EqualValues(t, 10, args[0].Int())
	assert.Equal(t, "this process", args[1].String())
	assert.InDelta(t, 30.5, (<-changes).Float(), 0)
	assert.Equal(t, 1, (<-changes).Len())
	history, err := core.Get[[]reading](r, "history")
	require.NoError(t, err)
	assert.Equal(t, []reading{{Value: 30.5, Tags: []string{}}}, history)
	_, err = r.Call(ctx, "boost", -1)
	require.ErrorIs(t, err, core.ErrCallFailed)

	require.NoError(t, r.Set("setPoint", 18))
	assert.InDelta(t, 18, (<-changes).Float(), 0)
	require.NoError(t, s.Update(func() { b.Target++ }))
	assert.InDelta(t, 19, (<-changes).Float(), 0)
	require.Error(t, r.Set("serial", "A-2"))

	fan, err := r.Child("fan")
	require.NoError(t, err)
	on(fan, "speed")
	v, err := fan.Call(ctx, "spin", 4)
	require.NoError(t, err)
	assert.EqualValues(t, 7, v.Int())
	assert.EqualValues(t, 7, (<-changes).Int())
	_, err = r.Call(ctx, "replace")
	require.NoError(t, err)
	assert.EqualValues(t, 100, (<-changes).Int(), "the replica goes on with the new object")
	require.NoError(t, s.Update(func() { b.Fan = nil }))
	_, err = r.Call(ctx, "boost", 0) // so that the change has arrived
	require.NoError(t, err)
	fan, err = r.Child("fan")
	require.NoError(t, err)
	assert.Nil(t, fan)
}

func TestSourceOfRefuses(t *testing.T) {
	type loop struct{ Next *struct{ Ch chan int } }
	type bad struct {
		X int32 `qtro:",sometimes"`
	}
	for name, x := range map[string]any{"no pointer": Boiler{}, "nil": (*Boiler)(nil), "no struct": new(int), "no Qt type": &loop{}, "modifier": &bad{}} {
		_, err := core.SourceOf(x)
		assert.ErrorIs(t, err, core.ErrClass, name)
	}
}
