package interop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers/reps/access"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// TestPersisted: what a Qt source said last is what a Go program shows when it is started again, with a host or without one.
func TestPersisted(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		dir := t.TempDir()
		start := func() (*core.Node, *access.AccessReplica) {
			store, err := core.NewFileStore(dir)
			require.NoError(t, err)
			n := newNode(t, core.Config{PersistedStore: store})
			r, err := access.AcquireAccess(n, "Access")
			require.NoError(t, err)
			return n, r
		}
		connect := func(n *core.Node, r *access.AccessReplica, kept int32) (heard chan any) {
			heard = make(chan any, 8)
			r.OnKeptSharedChanged(func(kept int32) { heard <- kept })
			r.OnSharedChanged(func(shared int32) { heard <- shared })
			r.OnNotified(func() { heard <- "notified" })
			require.NoError(t, n.Connect(url))
			require.NoError(t, r.Wait(soonContext(t)))
			for x := hear(t, heard); x != "notified"; x = hear(t, heard) {
				require.EqualValues(t, kept, x)
			}
			return heard
		}

		serve := func() *qtpeer.Peer {
			p := qtpeer.Start(t, major, "repsource", "--url", url, "--only", "Access")
			p.Wait(soon, "ready", nil)
			return p
		}
		source := serve()
		n, r := start()
		require.EqualValues(t, 10, r.KeptShared(), "nothing was saved")
		heard := connect(n, r, 10) // the default, and the value of the source: there is no change
		source.Send(`set Access.keptShared 41`)
		require.Equal(t, int32(41), hear(t, heard))
		source.Send(`set Access.shared 5`) // which is not PERSISTED
		require.Equal(t, int32(5), hear(t, heard))
		require.NoError(t, n.Close())

		n, r = start()
		require.EqualValues(t, 41, r.KeptShared())
		require.EqualValues(t, 4, r.Shared())
		require.Equal(t, core.Default, r.State())
		heard = connect(n, r, 5) // only shared is another than it was
		require.Equal(t, core.Valid, r.State())
		require.EqualValues(t, 41, r.KeptShared())
		require.NoError(t, r.SetKeptShared(soonContext(t), 42))
		require.Equal(t, int32(42), hear(t, heard))
		source.Kill()
		require.NoError(t, r.Close())

		r, err := access.AcquireAccess(n, "Access")
		require.NoError(t, err)
		require.EqualValues(t, 42, r.KeptShared(), "in the same node")
		require.NoError(t, n.Close())

		// There is no host, and then one that begins anew.
		n, r = start()
		require.EqualValues(t, 42, r.KeptShared())
		serve()
		connect(n, r, 10)
		require.EqualValues(t, 10, r.KeptShared())
	})
}
