package gogen_test

import (
	"context"
	"log/slog"
	"math"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep/gogen/internal/boiler"
)

// TestPersisted: a generated replica starts with the PERSISTED properties that it last had, and keeping them costs no
// allocations.
func TestPersisted(t *testing.T) {
	h := core.NewHost(core.Config{Logger: slog.New(slog.DiscardHandler)})
	defer func() { require.NoError(t, h.Close()) }()
	s, err := boiler.NewBoilerSource(&burner{})
	require.NoError(t, err)
	require.NoError(t, s.OnSetVisits(func(_ context.Context, visits int32) error { return s.SetVisits(visits) }))
	require.NoError(t, h.EnableRemoting(s.Source(), "Boiler"))
	store, err := core.NewFileStore(t.TempDir())
	require.NoError(t, err)
	for _, want := range []int32{7, 300} {
		n := core.NewNode(core.Config{PersistedStore: store, Logger: slog.New(slog.DiscardHandler)})
		r, err := boiler.AcquireBoiler(n, "Boiler")
		require.NoError(t, err)
		assert.Equal(t, want, r.Visits())
		assert.EqualValues(t, -42, r.Level(), "it is not PERSISTED")
		near, far := net.Pipe()
		require.NoError(t, h.AddHostSideConnection(far))
		require.NoError(t, n.AddClientSideConnection(near))
		require.NoError(t, r.Wait(soon(t)))
		require.NoError(t, s.SetLevel(1))

		const burst = 200
		told, arrived := 0, make(chan struct{}, 1)
		r.OnVisitsChanged(func(int32) {
			if told++; told%burst == 0 {
				arrived <- struct{}{}
			}
		})
		allocs := math.Inf(1)
		for try := 0; try < 5 && allocs >= 0.2; try++ { // on a busy machine batches are small
			allocs = testing.AllocsPerRun(20, func() {
				for i := range burst {
					_ = s.SetVisits(int32(1000 + i))
				}
				recv(t, arrived)
			}) / burst
		}
		assert.Less(t, allocs, 0.2)
		told = burst - 1
		require.NoError(t, r.SetVisits(soon(t), 300))
		recv(t, arrived)
		require.NoError(t, n.Close())
	}
}
