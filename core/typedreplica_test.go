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
	require.NoError(t, core.OnWriteOf(s, "level", func(_ context.Context, level int32) error {
		if level > 100 {
			return errors.New("too much")
		}
		return nil
	}))
	require.ErrorIs(t, core.OnWriteOf(s, "depth", func(context.Context, int32) error { return nil }), core.ErrClass)
	h := core.NewHost(core.Config{})
	defer func() { assert.NoError(t, h.Close()) }()
	require.NoError(t, h.EnableRemoting(s, "Gauge"))
	r, err := h.Acquire("Gauge", gaugeClass)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, r.Wait(ctx))

	changes := make(chan any, 10)
	for _, subscribe := range []func() (func(), error){
		func() (func(), error) { return core.OnChangeOf(r, "level", func(v int32) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "ticks", func(v uint32) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "small", func(v int16) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "mode", func(v int32) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "title", func(v string) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "home", func(v qt.URL) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "ratio", func(v float32) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "big", func(v uint64) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "any", func(v any) { changes <- v }) },
		func() (func(), error) { return core.OnChangeOf(r, "names", func(v []string) { changes <- v }) },
	} {
		_, err := subscribe()
		require.NoError(t, err)
	}
	none, err := core.OnChangeOf(r, "depth", func(int32) {})
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
		{core.Set(s, "level", int32(7)), int32(7)},
		{core.Set(s, "ticks", uint32(4e9)), uint32(4e9)},
		{core.Set(s, "small", int16(-300)), int16(-300)},
		{core.Set(s, "small", 300), int16(300)},
		{core.Set(s, "mode", int32(2)), int32(2)},
		{core.Set(s, "mode", "Idle"), int32(0)},
		{core.Set(s, "title", "a"), "a"},
		{core.Set(s, "home", "http://a.example"), qt.URL("http://a.example")},
		{core.Set(s, "ratio", float32(0.5)), float32(0.5)},
		{core.Set(s, "big", uint64(1)<<63), uint64(1) << 63},
		{core.Set(s, "any", 2.5), 2.5},
		{core.Set[any](s, "any", "x"), "x"},
		{core.Set(s, "names", []string{"a"}), []string{"a"}},
	} {
		require.NoError(t, c.err)
		assert.Equal(t, c.want, next())
	}
	require.ErrorIs(t, core.Set(s, "small", 1<<15), qt.ErrValue)
	require.ErrorIs(t, core.Set(s, "level", "x"), qt.ErrValue)
	require.ErrorIs(t, core.Set(s, "depth", 1), core.ErrClass)
	require.ErrorIs(t, core.Set(s, "serial", 1), core.ErrClass)

	assert.EqualValues(t, 7, core.Current[int32](r, "level"))
	assert.EqualValues(t, 7, core.Current[int8](s, "level"))
	assert.EqualValues(t, 7, core.Current[uint8](s, "level"))
	assert.EqualValues(t, 7, core.Current[uint16](s, "level"))
	assert.EqualValues(t, 7, core.Current[uint64](s, "level"))
	assert.Equal(t, float32(7), core.Current[float32](s, "level"))
	assert.Equal(t, uint32(4e9), core.Current[uint32](r, "ticks"))
	assert.Zero(t, core.Current[uint8](r, "ticks"), "too large")
	assert.Zero(t, core.Current[int32](r, "title"))
	assert.Zero(t, core.Current[int32](r, "depth"))

	moved := make(chan []any, 1)
	_, err = r.OnSignal("moved", func(args []qt.Value) { moved <- []any{core.As[int32](args[0]), core.As[string](args[1])} })
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

	n, err := core.CallOf[int32](ctx, r, "twice", 21)
	require.NoError(t, err)
	assert.EqualValues(t, 42, n)
	_, err = core.CallOf[int32](ctx, r, "twice", -1)
	require.ErrorIs(t, err, core.ErrCallFailed)
	_, err = core.CallOf[string](ctx, r, "twice", 1)
	require.ErrorIs(t, err, qt.ErrValue)
	_, err = r.Call(ctx, "pushLevel", 101)
	require.ErrorIs(t, err, core.ErrCallFailed)
	_, err = r.Call(ctx, "pushLevel", 99)
	require.NoError(t, err)
	assert.EqualValues(t, 99, core.Current[int32](r, "level"), "the change comes before the reply")
}

// TestTypedAllocations: what is typed does not allocate where it need not.
func TestTypedAllocations(t *testing.T) {
	s, err := core.NewSource(gaugeClass)
	require.NoError(t, err)
	n := 0
	text := [...]string{"one", "another"}
	for name, fn := range map[string]func(){
		"int":     func() { _ = core.Set(s, "level", int32(n)) },
		"uint":    func() { _ = core.Set(s, "ticks", uint32(n)) },
		"short":   func() { _ = core.Set(s, "small", int16(n)) },
		"enum":    func() { _ = core.Set(s, "mode", int32(n)) },
		"float":   func() { _ = core.Set(s, "ratio", float32(n)) },
		"quint64": func() { _ = core.Set(s, "big", uint64(n)) },
		"string":  func() { _ = core.Set(s, "title", text[n%2]) },
		"signal":  func() { _ = core.Emit(s, "moved", qt.Of(int32(n)), qt.Of(text[n%2])) },
		"get": func() {
			_, _, _ = core.Current[int32](s, "level"), core.Current[uint32](s, "ticks"), core.Current[string](s, "title")
			_, _, _ = core.Current[int16](s, "small"), core.Current[float32](s, "ratio"), core.Current[uint64](s, "big")
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { n++; fn() }), name)
	}
}
