package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out))
	require.Equal(t, `connected by hand
replica: Valid
host: Ada rings, by a connection of scheme "external"
replica: the reply is Come in, Ada
replica: open is now true
`, out.String())
}
