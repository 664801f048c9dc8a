// Package readme has the programs that README.md shows.
package readme

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every program in README.md is one of those here, and the lines in between are some of one's, so that they compile.
func TestProgramsAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	readme := strings.ReplaceAll(string(text), "\r\n", "\n")
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(readme, -1)
	files, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.Len(t, blocks, len(files)+1, "one block for each program, and one of lines")
	secured, err := os.ReadFile("secured/secured.go")
	require.NoError(t, err)
	assert.Contains(t, strings.ReplaceAll(string(secured), "\n\t", "\n"), blocks[len(blocks)-1][1])
	for _, file := range files {
		program, err := os.ReadFile(file)
		require.NoError(t, err)
		found := false
		for _, b := range blocks {
			found = found || b[1] == strings.ReplaceAll(string(program), "\r\n", "\n")
		}
		assert.True(t, found, "README.md has no block that is %s", file)
	}
}

func TestProgramsWorkTogether(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	bin := t.TempDir() + string(filepath.Separator)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "./host", "./replica").CombinedOutput()
	require.NoError(t, err, string(out))

	host := exec.CommandContext(ctx, bin+"host", "-url", "tcp://127.0.0.1:0")
	printed, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	defer func() {
		_ = host.Process.Kill()
		_ = host.Wait()
	}()
	lines := bufio.NewScanner(printed)
	require.True(t, lines.Scan(), "the host ended")
	url, ok := strings.CutPrefix(lines.Text(), "Thermostat at ")
	require.True(t, ok, lines.Text())

	out, err = exec.CommandContext(ctx, bin+"replica", "-url", url).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "it has 19.5 degrees\nits target is now 21.5\nboosted to 26.5\n", string(out))
	require.True(t, lines.Scan())
	require.Regexp(t, `^tcp 127\.0\.0\.1:\d+ boosts for 10 minutes$`, lines.Text())
}
