package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

func TestTypedSettersAndEmitters(t *testing.T) {
	class := &core.Class{
		Name:  "Tank",
		PODs:  []qt.POD{{Name: "Mark", Fields: []qt.Field{{Name: "at", TypeName: "int"}}}},
		Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Idle"}, {Name: "Busy", Value: 2}}}},
		Properties: []core.Property{{Name: "level", Type: "int"}, {Name: "mode", Type: "Mode"}, {Name: "mark", Type: "Mark"},
			{Name: "data", Type: "QByteArray"}, {Name: "serial", Type: "QString", Access: core.Constant}},
		Signals: []core.Signal{{Name: "spilled", Params: []core.Param{{Name: "litres", Type: "double"}, {Name: "where", Type: "QString"}}}},
	}
	s, err := core.NewSource(class)
	require.NoError(t, err)
	h := core.NewHost(core.Config{})
	defer func() { assert.NoError(t, h.Close()) }()
	require.NoError(t, h.EnableRemoting(s, "Tank"))
	r, err := h.Acquire("Tank", class)
	require.NoError(t, err)
	require.NoError(t, r.Wait(t.Context()))
	spilled := make(chan []any, 1)
	_, err = r.OnSignal("spilled", func(args []qt.Value) { spilled <- []any{args[0].Any(), args[1].Any()} })
	require.NoError(t, err)

	level, err := core.SetterOf[int32](s, "level")
	require.NoError(t, err)
	require.NoError(t, level(7))
	wide, err := core.SetterOf[int64](s, "level")
	require.NoError(t, err)
	require.ErrorIs(t, wide(1<<40), qt.ErrValue)
	mode, err := core.SetterOf[int32](s, "mode")
	require.NoError(t, err)
	require.NoError(t, mode(2))
	type mark struct{ At int32 }
	setMark, err := core.SetterOf[mark](s, "mark")
	require.NoError(t, err)
	require.NoError(t, setMark(mark{3}))
	data, err := core.SetterOf[[]byte](s, "data")
	require.NoError(t, err)
	bytes := []byte{1}
	require.NoError(t, data(bytes))
	bytes[0] = 2 // the source has its own
	v, err := s.Get("data")
	require.NoError(t, err)
	assert.Equal(t, []byte{1}, v.Bytes())
	v, err = s.Get("mark")
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"at": int32(3)}, v.Any())

	spill, err := core.EmitterOf[func(float64, string) error](s, "spilled")
	require.NoError(t, err)
	require.NoError(t, spill(1.5, "floor"))
	select {
	case args := <-spilled:
		assert.Equal(t, []any{1.5, "floor"}, args)
	case <-time.After(10 * time.Second):
		t.Fatal("the signal does not come")
	}

	for name, err := range map[string]error{
		"no such property": second(core.SetterOf[int32](s, "depth")),
		"other type":       second(core.SetterOf[string](s, "level")),
		"constant":         second(core.SetterOf[string](s, "serial")),
		"no function":      second(core.EmitterOf[int](s, "spilled")),
		"no such signal":   second(core.EmitterOf[func()](s, "leaked")),
		"arguments":        second(core.EmitterOf[func(string, string)](s, "spilled")),
		"number":           second(core.EmitterOf[func(float64)](s, "spilled")),
	} {
		assert.Error(t, err, name)
	}
	n := int32(0)
	assert.Zero(t, testing.AllocsPerRun(100, func() { n++; _ = level(n) }))
}

func second[T any](_ T, err error) error { return err }
