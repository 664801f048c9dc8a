package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	_ "github.com/go-qtro/qtro/transports/tcp"
)

func TestSmoke(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	child := &core.Class{Name: "Gauge", Properties: []core.Property{{Name: "label", Type: "QString"}}}
	class := &core.Class{Name: "Station",
		Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Idle", Value: 0}, {Name: "Busy", Value: 3}}}},
		PODs:  []qt.POD{{Name: "Reading", Fields: []qt.Field{{Name: "stamp", TypeName: "qint64"}, {Name: "mode", TypeName: "Mode"}}}},
		Properties: []core.Property{{Name: "level", Type: "int", Access: core.ReadWrite, Default: 5}, {Name: "mode", Type: "Mode"}, {Name: "history", Type: "QList<Reading>"},
			{Name: "gauge", Class: child}, {Name: "rows", Roles: []string{"display"}}},
		Signals: []core.Signal{{Name: "crossed", Params: []core.Param{{Name: "l", Type: "int"}}}},
		Slots:   []core.Slot{{Name: "add", Return: "int", Params: []core.Param{{Name: "a", Type: "int"}, {Name: "b", Type: "int"}}}},
	}
	for _, opts := range [][]core.ListenOption{nil, {core.Qt5}} {
		reg, err := core.NewRegistryHost(core.Config{})
		require.NoError(t, err)
		defer reg.Close()
		regURL, err := reg.Listen(ctx, "tcp://127.0.0.1:0", opts...)
		require.NoError(t, err)
		h := core.NewHost(core.Config{})
		defer h.Close()
		_, err = h.Listen(ctx, "tcp://127.0.0.1:0", opts...)
		require.NoError(t, err)
		_, err = h.SetRegistry(regURL)
		require.NoError(t, err)
		s, err := core.NewSource(class)
		require.NoError(t, err)
		g, err := core.NewSource(child)
		require.NoError(t, err)
		require.NoError(t, g.Set("label", "west"))
		require.NoError(t, s.SetChild("gauge", g))
		require.NoError(t, s.Handle("add", func(ctx context.Context, a, b int32) (int32, error) { return a + b, nil }))
		require.NoError(t, h.EnableRemoting(s, "Station"))
		n := core.NewNode(core.Config{})
		defer n.Close()
		_, err = n.SetRegistry(regURL)
		require.NoError(t, err)
		for _, acquire := range []func() (*core.Replica, error){
			func() (*core.Replica, error) { return n.AcquireDynamic("Station") },
			func() (*core.Replica, error) { return n.Acquire("Station", class) },
			func() (*core.Replica, error) { return h.Acquire("Station", class) },
		} {
			r, err := acquire()
			require.NoError(t, err)
			require.NoError(t, r.Wait(ctx))
			lvl, err := core.Get[int](r, "level")
			require.NoError(t, err)
			v, err := r.Call(ctx, "add", 1, 2)
			require.NoError(t, err)
			require.EqualValues(t, 3, v.Int())
			c, err := r.Child("gauge")
			require.NoError(t, err)
			label, err := core.Get[string](c, "label")
			require.NoError(t, err)
			require.Equal(t, "west", label)
			ch := make(chan qt.Value, 10)
			_, err = r.OnChange("level", func(v qt.Value) { ch <- v })
			require.NoError(t, err)
			require.NoError(t, r.Set("level", lvl+1))
			require.EqualValues(t, lvl+1, (<-ch).Int())
			_, err = r.OnSignal("crossed", func(a []qt.Value) { ch <- a[0] })
			require.NoError(t, err)
			require.NoError(t, s.Emit("crossed", 77))
			require.EqualValues(t, 77, (<-ch).Int())
			require.NoError(t, r.Close())
		}
	}
}
