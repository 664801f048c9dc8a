package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out))
	url := regexp.MustCompile(`exttcp://127\.0\.0\.1:\d+`).FindString(out.String())
	require.NotEmpty(t, url)
	require.Equal(t, `client: opened URL
client: Valid, 180.5 litres
server: breaks the connection
client: Suspect
client: opened URL again
client: Valid
`, strings.ReplaceAll(out.String(), url, "URL"))
}
