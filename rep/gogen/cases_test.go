package gogen_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

// TestCases has code made of all that package rep is tested with: it is Go, or the error says where in the file it is.
func TestCases(t *testing.T) {
	made := 0
	for _, name := range []string{"cases", "random"} {
		text, err := os.ReadFile("../testdata/" + name + ".txt")
		require.NoError(t, err)
		for block := range strings.SplitSeq(string(text), "\n\n") {
			var src strings.Builder
			for line := range strings.Lines(block) {
				if rest, ok := strings.CutPrefix(line, "|"); ok {
					src.WriteString(strings.TrimPrefix(rest, " "))
				}
			}
			file, err := rep.Parse("case.rep", []byte(src.String()))
			if err != nil || src.Len() == 0 {
				continue
			}
			code, err := gogen.Generate(file, gogen.Options{})
			if err == nil {
				made++
				assert.Contains(t, string(code), "DO NOT EDIT")
				continue
			}
			var at *rep.Error
			assert.ErrorAs(t, err, &at, src.String())
		}
	}
	assert.Greater(t, made, 50)
}
