package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

func TestMain(m *testing.M) {
	crew.Serve(roles)
	m.Run()
}

func TestLoopback(t *testing.T) {
	results, err := run(t.Context(), "0", 1)
	require.NoError(t, err)
	require.Len(t, results, len(kinds))
	for _, r := range results {
		require.Positive(t, r.Dialed, r.Transport)
		require.GreaterOrEqual(t, r.Greeted, r.Dialed, r.Transport)
		require.GreaterOrEqual(t, r.Valid, r.Greeted, r.Transport)
	}
}

// No connection is faster than its round trips allow, and early data saves one.
func TestDelay(t *testing.T) {
	const rtt = 20.0
	results, err := run(t.Context(), "20ms", 1)
	if errors.Is(err, errDelay) {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Len(t, results, len(kinds))
	for _, r := range results {
		require.GreaterOrEqual(t, r.Valid, rtt*float64(r.Expected), r.Transport)
	}
	require.NoError(t, report(results, false))
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := run(ctx, "0", 1_000_000)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
