package gogen_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

var update = flag.Bool("update", false, "write the generated packages anew")

// TestGolden generates the packages below internal, which the other tests use, and compares.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("internal/*/*.rep")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 6)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			require.NoError(t, err)
			code := generated(t, name, string(src), gogen.Options{})
			target := name + ".go"
			if *update {
				require.NoError(t, os.WriteFile(target, code, 0o666))
			}
			want, err := os.ReadFile(target)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(code), "go test ./rep/gogen -update writes it anew")
		})
	}
}

func generated(t *testing.T, name, src string, o gogen.Options) []byte {
	t.Helper()
	file, err := rep.Parse(name, []byte(src))
	require.NoError(t, err)
	code, err := gogen.Generate(file, o)
	require.NoError(t, err)
	return code
}

func TestOptions(t *testing.T) {
	src := "ENUM Season { Winter }\nPOD Mark(int at)\nclass Boiler\n{\n    PROP(Mark mark)\n};\n"
	code := string(generated(t, "some/Old-plant.rep", src, gogen.Options{}))
	assert.Contains(t, code, "from Old-plant.rep. DO NOT EDIT.\n\npackage oldplant\n")
	code = string(generated(t, "some/old.rep", src, gogen.Options{Package: "x", Prefix: "Old"}))
	for _, want := range []string{"package x\n", "type OldSeason int32", "OldSeasonWinter", "type OldMark struct", "type OldBoilerSource struct", "func NewOldBoilerSource(",
		"func AcquireOldBoiler(", "var oldBoilerClass", `Name:       "Boiler"`, "var oldMarkPOD = qt.POD{Name: \"Mark\""} {
		assert.Contains(t, code, want)
	}
	for file, want := range map[string]string{"boiler.rep": "boiler", "9lives.rep": "rep9lives", "Ä.rep": "rep", "switch.rep": "repswitch", "a_b.v2.rep": "abv2"} {
		assert.Equal(t, want, gogen.PackageName(file))
	}
}

// TestMistakes are files that rep understands and that no code can be made of.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"class C\n{\n    PROP(Nothing a)\n};\n", "m.rep:3:10: the type Nothing is not known"},
		{"class C\n{\n    PROP(QList<Nothing> a)\n};\n", "the type QList<Nothing> is not known"},
		{"POD P(Nothing a)\n", "m.rep:1:7: the type Nothing is not known"},
		{"POD P(int a, Q q)\nPOD Q(P p)\n", "POD P contains itself"},
		{"class C\n{\n    CLASS d(D)\n};\n", "m.rep:3:5: there is no class D in this file"},
		{"class C\n{\n    CLASS d(D)\n};\nclass D\n{\n    CLASS c(C)\n};\n", "m.rep:1:7: an object of the class C holds itself"},
		{"class C\n{\n    SIGNAL(a(int x))\n    SIGNAL(a(bool x))\n};\n", "the signal a is declared twice"},
		{"class C\n{\n    SLOT(a(int x))\n    SLOT(a(bool x))\n};\n", "the slot a is declared twice with 1 parameters"},
		{"class C\n{\n    PROP(int a = x)\n};\n", "m.rep:3:14: only C++ understands the default value x of a"},
		{"class C\n{\n    PROP(char a = 300)\n};\n", "only C++ understands the default value 300 of a"},
		{"class C\n{\n    PROP(bool a = 1.5)\n};\n", "only C++ understands the default value 1.5 of a"},
		{"class C\n{\n    ENUM E { A }\n    PROP(E a = B)\n};\n", "only C++ understands the default value B of a"},
		{"USE_ENUM(Qt::DayOfWeek)\nclass C\n{\n    PROP(Qt::DayOfWeek a = Qt::Monday)\n};\n", "only C++ understands the default value Qt::Monday of a"},
		{"class C\n{\n    PROP(double a = nan)\n};\n", "the default value nan of a: it has no name in C++"},
		{"class C\n{\n    PROP(int a = \"x\")\n};\n", `only C++ understands the default value "x" of a`},
	} {
		file, err := rep.Parse("m.rep", []byte(c.src))
		if !assert.NoError(t, err, c.src) {
			continue
		}
		_, err = gogen.Generate(file, gogen.Options{})
		assert.ErrorContains(t, err, c.want, c.src)
	}
}

func TestDefaults(t *testing.T) {
	for _, c := range []struct{ prop, want string }{
		{"int a = 0x10", "Default: 16"}, {"int a = -0", "Default: 0"}, {"uint a = 7u", "Default: 7"}, {"qint64 a = 5000000000LL", "Default: int64(5000000000)"},
		{"float a = 2.f", "Default: 2.0"}, {"double a = 1e300", "Default: 1e+300"}, {"double a = 3", "Default: 3"}, {"bool a = 1", "Default: true"},
		{`QString a = "x"`, `Default: "x"`}, {`QByteArray a = "x"`, `Default: []byte("x")`},
		{`QVariant a = "x"`, `Default: "x"`}, {"QPoint a = {1, -2}", "Default: qt.Point{X: 1, Y: -2}"},
		{"QSizeF a = {1.5, 2}", "Default: qt.SizeF{Width: 1.5, Height: 2}"}, {"int a = {}", ""}, {"QStringList a = {\"x\", \"y\"}", `Default: []any{"x", "y"}`},
	} {
		file, err := rep.Parse("d.rep", []byte("class C\n{\n    PROP("+c.prop+")\n};\n"))
		require.NoError(t, err, c.prop)
		code, err := gogen.Generate(file, gogen.Options{})
		if assert.NoError(t, err, c.prop) {
			_, rest, _ := strings.Cut(string(code), `{Name: "a", Type: "`)
			line, _, _ := strings.Cut(rest, "\n")
			_, def, _ := strings.Cut(line, `", `)
			assert.Equal(t, c.want, strings.TrimSuffix(def, "},"), c.prop)
		}
	}
}
