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
			var at rep.ErrorList
			assert.ErrorAs(t, err, &at, src.String())
		}
	}
	assert.Greater(t, made, 50)
}

// TestErrors: all that is wrong with the files is said at once, in their order, with the lines.
func TestErrors(t *testing.T) {
	one, err := rep.Parse("one.rep", []byte("POD Point(Foo x, int y)\nclass One\n{\n    PROP(Point at)\n    FLAG(Colours Colour)\n"+
		"    SLOT(Bar turn(QList<Baz> by))\n\tCLASS sun(Star)\n};\nclass One\n{\n};\n"))
	require.NoError(t, err)
	two, err := rep.Parse("two.rep", []byte("class Two\n{\n    CLASS other(Two)\n    SIGNAL(gone(Nowhere to))\n};\n"))
	require.NoError(t, err)
	_, err = gogen.GenerateAll([]*rep.File{one, two}, gogen.Options{})
	var all rep.ErrorList
	require.ErrorAs(t, err, &all)
	assert.Equal(t, `one.rep:1:11: the type Foo is not known: declare it with POD, ENUM or USE_ENUM, or give the file that it is in, too
one.rep:5:5: no enum Colour is declared before the flags Colours
one.rep:6:19: the type QList<Baz> is not known: declare it with POD, ENUM or USE_ENUM, or give the file that it is in, too
one.rep:7:8: the class Star is not declared: give the file that it is in, too
one.rep:9:7: class One is declared twice, or a name that it has in Go is taken
two.rep:4:17: the type Nowhere is not known: declare it with POD, ENUM or USE_ENUM, or give the file that it is in, too`, err.Error())
	assert.Contains(t, all.Detail(), "\tCLASS sun(Star)\n\t      ^\n")
}
