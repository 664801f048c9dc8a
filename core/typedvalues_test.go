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

var gaugeClass = &core.Class{
	Name:  "Gauge",
	Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Idle"}, {Name: "Busy", Value: 2}}}},
	Properties: []core.Property{{Name: "level", Type: "int"}, {Name: "ticks", Type: "uint"}, {Name: "small", Type: "short"}, {Name: "mode", Type: "Mode"},
		{Name: "title", Type: "QString"}, {Name: "home", Type: "QUrl"}, {Name: "ratio", Type: "float"}, {Name: "any", Type: "QVariant"},
		{Name: "big", Type: "quint64"}, {Name: "serial", Type: "int", Access: core.Constant, Default: 4}, {Name: "names", Type: "QStringList"}},
	Signals: []core.Signal{{Name: "moved", Params: []core.Param{{Name: "to", Type: "Mode"}, {Name: "by", Type: "QString"}}}},
	Slots:   []core.Slot{{Name: "twice", Return: "int", Params: []core.Param{{Name: "n", Type: "int"}}}},
}

func TestTypedReplica(t *testing.T) {
	s, err := core.NewSource(gaugeClass)
	require.NoError(t, err)
	require.NoError(t, s.Handle("twice", func(n int32) (int32, error) {
		if n < 0 {
			return 0, errors.New("too small")
		}
		return 2 * n, nil
	}))
	require.NoError(t, s.OnWrite("level", func(_ context.Context, level qt.Value) error {
		if level.Int() > 100 {
			return errors.New("too much")
		}
		return nil
	}))
	h := core.NewHost(core.Config{})
	defer func() { assert.NoError(t, h.Close()) }()
	require.NoError(t, h.EnableRemoting(s, "Gauge"))
	r, err := h.Acquire("Gauge", gaugeClass)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, r.Wait(ctx))

	changes := make(chan any, 10)
	for _, p := range gaugeClass.Properties {
		_, err := r.OnChange(p.Name, func(v qt.Value) { changes <- v.Any() })
		require.NoError(t, err)
	}
	none, err := r.OnChange("depth", func(qt.Value) {})
	require.ErrorIs(t, err, core.ErrClass)
	none()
	next := func() any {
		select {
		case v := <-changes:
			return v
		case <-ctx.Done():
			require.FailNow(t, "nothing comes")
			return nil
		}
	}
	for _, c := range []struct {
		err  error
		want any
	}{
		{core.Set(s, "level", qt.Of(int32(7))), int32(7)},
		{core.Set(s, "level", qt.Of(uint8(8))), int32(8)},
		{core.Set(s, "ticks", qt.Of(uint32(4e9))), uint32(4e9)},
		{core.Set(s, "small", qt.Of(int16(-300))), int16(-300)},
		{core.Set(s, "mode", qt.Of(int32(2))), int32(2)},
		{core.Set(s, "title", qt.Of("a")), "a"},
		{core.Set(s, "home", qt.Of(qt.URL("http://a.example"))), qt.URL("http://a.example")},
		{core.Set(s, "ratio", qt.Of(0.5)), float32(0.5)},
		{core.Set(s, "big", qt.Of(uint64(1)<<63)), uint64(1) << 63},
		{core.Set(s, "any", qt.Of("x")), "x"},
		{core.Set(s, "names", qt.Of([]string{"a"})), []string{"a"}},
		{core.WriteTo(ctx, r, "names", qt.Of([]string{"b"})), []string{"b"}},
		{core.WriteTo(ctx, r, "mode", qt.Of(int32(0))), int32(0)},
	} {
		require.NoError(t, c.err)
		assert.Equal(t, c.want, next())
	}
	done, end := context.WithCancel(ctx)
	end()
	for name, err := range map[string]error{
		"range":    core.Set(s, "small", qt.Of(1<<15)),
		"type":     core.Set(s, "level", qt.Of("x")),
		"property": core.Set(s, "depth", qt.Of(1)),
		"constant": core.Set(s, "serial", qt.Of(1)),
		"carried":  core.Set(s, "any", qt.Carry(qt.ValueOf(struct{}{}))),
		"written":  core.WriteTo(ctx, r, "any", qt.Carry(qt.ValueOf(struct{}{}))),
		"ended":    core.WriteTo(done, r, "level", qt.Of(1)),
		"fixed":    core.WriteTo(ctx, r, "serial", qt.Of(1)),
	} {
		var failed *core.OpError
		require.ErrorAs(t, err, &failed, name)
		assert.Equal(t, "set", failed.Op, name)
	}

	moved := make(chan []any, 1)
	_, err = r.OnSignal("moved", func(args []qt.Value) { moved <- []any{qt.OrZero[int32](args[0]), qt.OrZero[string](args[1])} })
	require.NoError(t, err)
	require.NoError(t, core.Emit(s, "moved", qt.Of(int32(2)), qt.Of("hand")))
	select {
	case args := <-moved:
		assert.Equal(t, []any{int32(2), "hand"}, args)
	case <-ctx.Done():
		require.FailNow(t, "the signal does not come")
	}
	require.Error(t, core.Emit(s, "moved", qt.Of("x"), qt.Of("hand")))
	require.ErrorIs(t, core.Emit(s, "moved"), core.ErrClass)

	v, err := core.CallSlot(ctx, r, "twice", qt.Of(21))
	require.NoError(t, err)
	assert.Equal(t, int32(42), v.Any())
	_, err = core.CallSlot(ctx, r, "twice", qt.Of(-1))
	require.ErrorIs(t, err, core.ErrCallFailed)
	_, err = core.CallSlot(ctx, r, "twice", qt.Of("x"))
	require.ErrorIs(t, err, qt.ErrValue)
	_, err = core.CallSlot(ctx, r, "twice")
	require.ErrorIs(t, err, core.ErrClass)
	_, err = core.CallSlot(ctx, r, "pushLevel", qt.Of(101))
	require.ErrorIs(t, err, core.ErrCallFailed)
	_, err = core.CallSlot(ctx, r, "pushLevel", qt.Of(99))
	require.NoError(t, err)
	level, err := r.Get("level")
	require.NoError(t, err)
	assert.Equal(t, int32(99), level.Any(), "the change comes before the reply")
}

// TestTypedAllocations: what is typed does not allocate where it need not.
func TestTypedAllocations(t *testing.T) {
	s, err := core.NewSource(gaugeClass)
	require.NoError(t, err)
	n := 0
	text := [...]string{"one", "another"}
	for name, fn := range map[string]func(){
		"int":     func() { _ = core.Set(s, "level", qt.Of(int32(n))) },
		"short":   func() { _ = core.Set(s, "small", qt.Of(int16(n))) },
		"enum":    func() { _ = core.Set(s, "mode", qt.Of(int32(n))) },
		"float":   func() { _ = core.Set(s, "ratio", qt.Of(float32(n))) },
		"quint64": func() { _ = core.Set(s, "big", qt.Of(uint64(n))) },
		"string":  func() { _ = core.Set(s, "title", qt.Of(text[n%2])) },
		"signal":  func() { _ = core.Emit(s, "moved", qt.Of(int32(n)), qt.Of(text[n%2])) },
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { n++; fn() }), name)
	}
}
