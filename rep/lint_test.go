package rep

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLint(t *testing.T) {
	src, err := os.ReadFile("testdata/lint.rep.txt")
	require.NoError(t, err)
	f, err := Parse("lint.rep", src)
	require.NoError(t, err)
	found := map[int][]string{}
	used := map[string]bool{}
	for _, x := range Lint(f) {
		found[x.Pos.Line] = append(found[x.Pos.Line], x.Rule)
		used[x.Rule] = true
		require.Contains(t, Rules, x.Rule)
		require.Equal(t, f.text.line(x.Pos.Line), x.Source)
	}
	n := 0
	for line := range strings.SplitSeq(string(src), "\n") {
		n++
		if n == 1 {
			continue
		}
		_, comment, _ := strings.Cut(strings.ReplaceAll(line, `"a//b"`, ""), "// ")
		want := strings.Fields(comment)
		got := found[n]
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, append([]string{}, got...), "line %d: %s\n%v", n, line, Lint(f))
	}
	require.Len(t, used, len(Rules))
}

func TestLintFindings(t *testing.T) {
	for src, want := range map[string]string{
		"class Ab\n{\n\tSLOT(void set(int x = 3))\n};\n": "x.rep:3:16: repc takes x=3 for the name: the replica sends 3 whatever it is called with; " +
			"leave the default value out (parameter)\n\tSLOT(void set(int x = 3))\n\t              ^\n",
		"class Ab\n{\n    /* x */\n    PROP(int v)\n};\n": "x.rep:3:1: blanks before a block comment; " +
			"repc of Qt 6 rejects the file; if it is for blanks or comments, qtro rep fmt mends it (repc)\n    /* x */\n^\n",
		"class EXPORT Ab\n{\n};\n": "x.rep:1:1: an attribute before the class's name is known to late versions of Qt 6 only, whose signatures were not looked at; " +
			"repc of Qt 6 rejects the file; if it is for blanks or comments, qtro rep fmt mends it (repc)\nclass EXPORT Ab\n^\n",
		"class Ab\n{\n    PROP(int v)\n};\n":                                                   "",
		"#include \"x.h\"\nclass Ab\n{\n    PROP(Unknown v)\n    CLASS other(Elsewhere)\n};\n": "",
	} {
		f, err := Parse("x.rep", []byte(src))
		require.NoError(t, err)
		got := ""
		for _, x := range Lint(f) {
			got += x.Detail()
		}
		require.Equal(t, want, got, src)
	}
}

func TestLintCases(t *testing.T) {
	for _, file := range caseFiles {
		_, cases := readCases(t, file)
		for _, c := range cases {
			if f, err := Parse("x.rep", []byte(c.src)); err == nil {
				Lint(f)
			}
		}
	}
}
