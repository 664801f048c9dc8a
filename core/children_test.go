package core

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// breweryClasses hold one another three levels deep.
func breweryClasses() (brewery, pump, inlet *Class) {
	inlet = &Class{Name: "Inlet", Properties: []Property{{Name: "flow", Type: "int", Access: ReadWrite}},
		Signals: []Signal{{"clogged", []Param{{"n", "int"}}}}, Slots: []Slot{{"flush", "int", nil}}}
	pump = &Class{Name: "Pump", Properties: []Property{{Name: "speed", Type: "int", Default: 1}, {Name: "inlet", Class: inlet}, {Name: "log", Roles: []string{"display"}}}}
	brewery = &Class{Name: "Brewery", Properties: []Property{{Name: "name", Type: "QString"}, {Name: "pump", Class: pump}, {Name: "spare", Class: pump}}}
	return
}

func made(t testing.TB, c *Class) *Source {
	s, err := NewSource(c)
	require.NoError(t, err)
	return s
}

func child(t testing.TB, r *Replica, path ...string) *Replica {
	t.Helper()
	for _, p := range path {
		var c *Replica
		until(t, p, func() (there bool) { // an object's own objects may come after it
			var err error
			c, err = r.Child(p)
			require.NoError(t, err)
			return c != nil
		})
		r = c
	}
	return r
}

func TestChildren(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		for _, dynamic := range []bool{false, true} {
			brewery, pump, inlet := breweryClasses()
			h, hostErrs := testHost(t)
			n, errs := testNode(t)
			b, pu, in := made(t, brewery), made(t, pump), made(t, inlet)
			require.NoError(t, in.Handle("flush", func() int { return 42 }))
			require.NoError(t, pu.SetChild("inlet", in))
			require.NoError(t, b.SetChild("pump", pu))
			require.NoError(t, h.EnableRemoting(b, "brewery"))
			connectPipe(t, n, h, opts...)
			class := brewery
			if dynamic {
				class = nil
			}
			r := acquired(t, n, "brewery", class)
			rin := child(t, r, "pump", "inlet")
			assert.Equal(t, "brewery.pump.inlet", rin.Name())
			assert.Equal(t, Valid, rin.State())
			none, err := r.Child("spare")
			require.NoError(t, err)
			assert.Nil(t, none)
			_, err = r.Child("name")
			assert.ErrorIs(t, err, ErrClass)

			flows := make(chan int64, 100)
			_, err = rin.OnChange("flow", func(v qt.Value) { flows <- v.Int() })
			require.NoError(t, err)
			states := make(chan State, 100)
			rin.OnState(func(_, s State) { states <- s })
			pumps := make(chan bool, 100)
			_, err = r.OnChange("pump", func(v qt.Value) { pumps <- v.IsValid() })
			require.NoError(t, err)
			require.NoError(t, in.Set("flow", 7))
			assert.EqualValues(t, 7, recv(t, flows))
			require.NoError(t, rin.Set("flow", 8))
			assert.EqualValues(t, 8, recv(t, flows))
			v, err := rin.Call(soon(t), "flush")
			require.NoError(t, err)
			assert.EqualValues(t, 42, v.Int())
			ticks := make(chan int64, 1)
			_, err = rin.OnSignal("clogged", func(a []qt.Value) { ticks <- a[0].Int() })
			require.NoError(t, err)
			require.NoError(t, in.Emit("clogged", 3))
			assert.EqualValues(t, 3, recv(t, ticks))
			model := child(t, r, "pump", "log")
			size, err := model.Call(soon(t), "replicaSizeRequest", qt.ModelPath{})
			require.NoError(t, err)
			assert.Equal(t, qt.Size{}, size.Any())

			// The middle is taken away: what hangs on it goes, too.
			require.NoError(t, b.SetChild("pump", nil))
			assert.False(t, recv(t, pumps))
			assert.Equal(t, Suspect, recv(t, states))
			_, err = rin.Call(soon(t), "flush")
			assert.ErrorIs(t, err, ErrNotConnected)
			assert.ErrorIs(t, pu.SetChild("inlet", made(t, pump)), ErrClass)
			require.NoError(t, in.Set("flow", 9)) // unseen
			// It is free, and can be used again, elsewhere.
			require.NoError(t, b.SetChild("spare", pu))
			assert.ErrorIs(t, b.SetChild("pump", pu), ErrNameTaken)
			assert.ErrorIs(t, h.EnableRemoting(pu, "pu"), ErrNameTaken)
			until(t, "spare", func() bool { c, _ := r.Child("spare"); return c != nil })
			flow, err := Get[int](child(t, r, "spare", "inlet"), "flow")
			require.NoError(t, err)
			assert.Equal(t, 9, flow)
			require.NoError(t, in.Set("flow", 10))
			until(t, "the change", func() bool { f, _ := Get[int](child(t, r, "spare", "inlet"), "flow"); return f == 10 })

			// Back to where it was: a replica of a place goes on when the place is filled again.
			require.NoError(t, b.SetChild("spare", nil))
			require.NoError(t, b.SetChild("pump", pu))
			assert.False(t, recv(t, pumps))
			again := child(t, r, "pump", "inlet")
			v, err = again.Call(soon(t), "flush")
			require.NoError(t, err)
			assert.EqualValues(t, 42, v.Int())
			other := made(t, pump)
			require.NoError(t, other.Set("speed", 77))
			require.NoError(t, b.SetChild("pump", other))
			recv(t, pumps)
			speed, err := Get[int](child(t, r, "pump"), "speed")
			require.NoError(t, err)
			assert.Equal(t, 77, speed)
			assert.ErrorContains(t, pu.SetChild("inlet", pu), "for a Inlet")
			nothing(t, errs)
			nothing(t, hostErrs)
			require.NoError(t, r.Close())
			_, err = child(t, r, "pump").Get("speed")
			require.NoError(t, err, "what was seen last")
		}
	})
}

// TestValues sends PODs, containers of them, enums, flags and variants both ways.
func TestValues(t *testing.T) {
	class := func() *Class {
		return &Class{Name: "V",
			Enums: []qt.Enum{{Name: "Color", Keys: []qt.EnumKey{{Name: "Red", Value: 1}, {Name: "Blue", Value: 4}}},
				{Name: "Bits", Flag: true, Keys: []qt.EnumKey{{Name: "A", Value: 1}, {Name: "B", Value: 2}}}},
			PODs: []qt.POD{{Name: "Item", Fields: []qt.Field{{Name: "n", TypeName: "int"}, {Name: "c", TypeName: "Color"}}},
				{Name: "Box", Fields: []qt.Field{{Name: "items", TypeName: "QList<Item>"}, {Name: "top", TypeName: "Item"}}}},
			Properties: []Property{{Name: "item", Type: "Item"}, {Name: "box", Type: "Box"}, {Name: "list", Type: "QList<Item>"},
				{Name: "map", Type: "QMap<QString,Item>"}, {Name: "color", Type: "Color"}, {Name: "bits", Type: "Bits"}, {Name: "any", Type: "QVariant"}},
			Slots: []Slot{{"echo", "QList<Item>", []Param{{"l", "QList<Item>"}}}},
		}
	}
	type item struct{ N, C int32 }
	item1 := map[string]any{"n": int32(1), "c": int32(4)}
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		for _, dynamic := range []bool{false, true} {
			h, _ := testHost(t)
			n, errs := testNode(t)
			c := class()
			s := made(t, c)
			require.NoError(t, s.Handle("echo", func(l []item) []item { return append(l, item{9, 1}) }))
			require.NoError(t, h.EnableRemoting(s, "v"))
			connectPipe(t, n, h, opts...)
			if dynamic {
				c = nil
			}
			r := acquired(t, n, "v", c)
			changed := make(chan qt.Value, 10)
			for _, set := range []struct {
				property   string
				give, want any
			}{
				{"item", item{1, 4}, item1}, {"list", []item{{1, 4}}, []any{item1}}, {"map", map[string]item{"x": {1, 4}}, map[string]any{"x": item1}},
				{"box", map[string]any{"items": []item{{1, 4}}, "top": item{1, 4}}, map[string]any{"items": []any{item1}, "top": item1}},
				{"color", "Blue", int32(4)}, {"bits", "A|B", int32(3)}, {"any", "text", "text"},
			} {
				cancel, err := r.OnChange(set.property, func(v qt.Value) { changed <- v })
				require.NoError(t, err)
				require.NoError(t, s.Set(set.property, set.give), set.property)
				v := recv(t, changed)
				assert.Equal(t, plainGo(set.want), plainGo(v.Any()), set.property)
				cancel()
			}
			v, err := s.Get("item")
			require.NoError(t, err)
			require.NoError(t, s.Set("any", v)) // a POD in a QVariant
			until(t, "any", func() bool { got, _ := r.Get("any"); return got.Type() != nil && got.Type().IsPOD() })
			list, err := r.Get("list") // Qt 6's definitions do not say what a list holds; a value does
			require.NoError(t, err)
			reply, err := r.Call(soon(t), "echo", list)
			require.NoError(t, err)
			assert.Equal(t, 2, reply.Len())
			// And from the replica.
			_, err = r.OnChange("item", func(v qt.Value) { changed <- v })
			require.NoError(t, err)
			require.NoError(t, r.Set("item", item{5, 1}))
			assert.Equal(t, map[string]any{"n": int32(5), "c": int32(1)}, recv(t, changed).Any())
			if !dynamic {
				_, err = r.OnChange("list", func(v qt.Value) { changed <- v })
				require.NoError(t, err)
				require.NoError(t, r.Set("list", []item{{5, 1}, {6, 4}}))
				assert.Equal(t, 2, recv(t, changed).Len())
			}
			nothing(t, errs)
		}
	})
}

// TestBothProtocols has nodes of both worlds at one host, and one in its own process.
func TestBothProtocols(t *testing.T) {
	station, gauge := stationClasses(wire.Protocol20)
	h, hostErrs := testHost(t)
	s := newStation(t, station, gauge)
	require.NoError(t, h.EnableRemoting(s, "Station"))
	changed := make(chan qt.Value, 10)
	nodes := []*Node{h.Node}
	for _, p := range both {
		n, _ := testNode(t)
		connectPipe(t, n, h, speak(p)...)
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		for _, class := range []*Class{station, nil} {
			r := acquired(t, n, "Station", class)
			_, err := r.OnChange("history", func(v qt.Value) { changed <- v })
			require.NoError(t, err)
		}
	}
	require.NoError(t, s.Set("history", []reading{newReading(1, 2, "x", true), newReading(3, 4, "y", true), newReading(5, 6, "z", false)}))
	for range 6 {
		assert.Equal(t, 3, recv(t, changed).Len())
	}
	require.NoError(t, s.SetChild("gauge", newGauge(t, gauge, 5)))
	for _, n := range nodes {
		r := acquired(t, n, "Station", nil)
		until(t, "the new gauge", func() bool { l, _ := Get[string](child(t, r, "gauge"), "label"); return l == "barometer-5" })
	}
	nothing(t, hostErrs)
}

// TestChildrenLogged: the log names what concerns a child object by its path, with either protocol.
func TestChildrenLogged(t *testing.T) {
	eachProtocol(t, func(t *testing.T, _ wire.Protocol, opts ...ListenOption) {
		brewery, pump, inlet := breweryClasses()
		inlet.Properties = append(inlet.Properties, Property{Name: "age", Type: "int", Access: ReadOnly})
		var log strings.Builder
		h, _ := testHost(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		n, _ := testNode(t)
		b, pu, in := made(t, brewery), made(t, pump), made(t, inlet)
		require.NoError(t, in.Handle("flush", func() (int, error) { return 0, errors.New("it is dry") }))
		require.NoError(t, in.OnWrite("flow", func(context.Context, qt.Value) error { return errors.New("it is shut") }))
		require.NoError(t, pu.SetChild("inlet", in))
		require.NoError(t, b.SetChild("pump", pu))
		require.NoError(t, h.EnableRemoting(b, "brewery"))
		connectPipe(t, n, h, opts...)
		r := child(t, acquired(t, n, "brewery", nil), "pump", "inlet")
		require.NoError(t, r.Set("flow", 1))
		require.NoError(t, r.Set("age", 1))
		_, err := r.Call(soon(t), "flush")
		require.ErrorIs(t, err, ErrCallFailed)
		require.NoError(t, h.Close()) // nothing is written to the log any more
		assert.Contains(t, log.String(), `object=brewery property=pump.inlet.flow err="it is shut"`)
		assert.Contains(t, log.String(), `object=brewery property=pump.inlet.age`)
		assert.Contains(t, log.String(), `object=brewery slot=pump.inlet.flush err="it is dry"`)
	})
}
