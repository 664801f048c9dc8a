package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

func TestMain(m *testing.M) {
	crew.Serve(roles)
	m.Run()
}

func TestIdle(t *testing.T) {
	for _, scheme := range []string{"tcp", "tls", "quic"} {
		t.Run(scheme, func(t *testing.T) {
			r, err := run(t.Context(), scheme, options{connections: 9, processes: 2, quiet: 150 * time.Millisecond})
			require.NoError(t, err)
			require.Equal(t, 9, r.Connections)
			require.Positive(t, r.Host.Goroutines)
			require.Positive(t, r.Client.Heap)
			require.Positive(t, r.Setup)
			require.GreaterOrEqual(t, r.Change, r.MedianReach)
			require.Positive(t, r.Again)
			require.NoError(t, report([]result{r}, false))
		})
	}
}

func TestUnknownTransport(t *testing.T) {
	_, err := run(t.Context(), "pigeon", options{connections: 1, processes: 1})
	require.ErrorContains(t, err, `no transport "pigeon"`)
}
