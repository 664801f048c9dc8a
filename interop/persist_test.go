package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// persistedReplica is what the generated replicas for both versions have in common about the property
// visits = 7 READWRITE, PERSISTED.
type persistedReplica interface {
	stationReplica
	State() core.State
	OnNotified(fn func()) (cancel func())
	Visits() int32
	SetVisits(ctx context.Context, visits int32) error
	OnVisitsChanged(fn func(visits int32)) (cancel func())
	Close() error
}

// TestPersisted: what a Qt source said last is what a Go program shows when it is started again, with a host or without one.
func TestPersisted(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		dir := t.TempDir()
		start := func() (*core.Node, persistedReplica) {
			store, err := core.NewFileStore(dir)
			require.NoError(t, err)
			n := newNode(t, core.Config{PersistedStore: store})
			r, _ := generatedReplica(t, major, n)
			return n, r.(persistedReplica)
		}
		connect := func(n *core.Node, r persistedReplica, visits int32) (heard chan any) {
			heard = make(chan any, 8)
			r.OnVisitsChanged(func(visits int32) { heard <- visits })
			r.OnLevelChanged(func(level int32) { heard <- level })
			r.OnNotified(func() { heard <- "notified" })
			require.NoError(t, n.Connect(url))
			require.NoError(t, r.Wait(soonContext(t)))
			for x := hear(t, heard); x != "notified"; x = hear(t, heard) {
				require.EqualValues(t, visits, x)
			}
			return heard
		}

		source := startSource(t, major, "--url", url, "--only", "Station")
		n, r := start()
		require.EqualValues(t, 7, r.Visits(), "nothing was saved")
		heard := connect(n, r, 7) // the default, and the value of the source: there is no change
		source.Send(`set Station.visits 41`)
		require.Equal(t, int32(41), hear(t, heard))
		source.Send(`set Station.level 5`) // which is not PERSISTED
		require.Equal(t, int32(5), hear(t, heard))
		require.NoError(t, n.Close())

		n, r = start()
		require.EqualValues(t, 41, r.Visits())
		require.EqualValues(t, -42, r.Level())
		require.Equal(t, core.Default, r.State())
		heard = connect(n, r, 5) // only the level is another than it was
		require.Equal(t, core.Valid, r.State())
		require.EqualValues(t, 41, r.Visits())
		require.NoError(t, r.SetVisits(soonContext(t), 42))
		require.Equal(t, int32(42), hear(t, heard))
		source.Kill()
		require.NoError(t, r.Close())

		again, _ := generatedReplica(t, major, n)
		require.EqualValues(t, 42, again.(persistedReplica).Visits(), "in the same node")
		require.NoError(t, n.Close())

		// There is no host, and then one that begins anew.
		n, r = start()
		require.EqualValues(t, 42, r.Visits())
		startSource(t, major, "--url", url, "--only", "Station")
		connect(n, r, 7)
		require.EqualValues(t, 7, r.Visits())
	})
}
