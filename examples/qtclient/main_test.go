package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

func TestPanel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	panel := filepath.Join(qtpeer.BuildProject(t, "panel"), "panel")

	serving, stop := context.WithCancel(ctx)
	printed, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(serving, "tls://127.0.0.1:0", w)
		w.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(printed)
	var url, dir string
	for dir == "" && lines.Scan() {
		if command, ok := strings.CutPrefix(lines.Text(), "    out/panel/panel "); ok {
			url, dir, _ = strings.Cut(command, " ")
		}
	}
	require.NotEmpty(t, dir)
	rest := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(printed)
		rest <- string(all)
	}()

	out, err := exec.CommandContext(ctx, panel, url, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, line := range []string{
		"it has 21 degrees and should have 21", "the target is now 22", "boosted for 10 minutes", "boost: 27",
		"the target is now 27", "it has 21.5 degrees", "it has 22 degrees", "it has 22.5 degrees", "it has 23 degrees",
	} {
		require.Contains(t, string(out), line+"\n")
	}

	// The same panel with a certificate that says somebody else.
	authority, err := certs.LoadAuthority(dir)
	require.NoError(t, err)
	other, err := authority.Issue(certs.Template{URIs: []string{"spiffe://plant.example/other"}, Client: true})
	require.NoError(t, err)
	require.NoError(t, certs.WritePEM(other, filepath.Join(dir, "panel.pem"), filepath.Join(dir, "panel.key")))
	out, err = exec.CommandContext(ctx, panel, url, dir).CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "%v", err)
	require.Equal(t, 1, exit.ExitCode(), string(out))
	require.Contains(t, string(out), "refused by the peer: ")

	stop()
	require.NoError(t, <-ended)
	require.Contains(t, <-rest, "spiffe://plant.example/panel boosts for 10 minutes\n")
	require.NoDirExists(t, dir)
}
