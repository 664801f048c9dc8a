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
		{"class C\n{\n    CLASS d(D)\n};\n", "m.rep:3:11: the class D is not declared: give the file that it is in, too"},
		{"class C\n{\n    CLASS d(D)\n};\nclass D\n{\n    CLASS c(C)\n};\n", "m.rep:1:7: an object of the class C holds itself"},
		{"class C\n{\n    SIGNAL(a(int x))\n    SIGNAL(a(qint32 y))\n};\n", "m.rep:4:12: the signal a(int) is declared twice"},
		{"class C\n{\n    SLOT(a(int x))\n    SLOT(a(const int &x))\n};\n", "m.rep:4:10: the slot a(int) is declared twice"},
	} {
		file, err := rep.Parse("m.rep", []byte(c.src))
		if !assert.NoError(t, err, c.src) {
			continue
		}
		_, err = gogen.Generate(file, gogen.Options{})
		assert.ErrorContains(t, err, c.want, c.src)
	}
}

// TestNoDefault are default values that only C++ understands, which do not keep a file from being used.
func TestNoDefault(t *testing.T) {
	for prop, value := range map[string]string{
		"int a = x": "x", "char a = 300": "300", "bool a = 1.5": "1.5", "Mode a = Dim": "Dim", "Qt::DayOfWeek a = Qt::Monday": "Qt::Monday", "double a = nan": "nan",
		`int a = "x"`: `"x"`, `QUrl a = QUrl("http://a, b")`: `QUrl("http://a, b")`,
	} {
		file, err := rep.Parse("m.rep", []byte("USE_ENUM(Qt::DayOfWeek)\nclass Lamp\n{\n    ENUM Mode { Off, On }\n    PROP("+prop+" READWRITE)\n};\n"))
		require.NoError(t, err, prop)
		var warned []error
		code, err := gogen.Generate(file, gogen.Options{Warn: func(err error) { warned = append(warned, err) }})
		require.NoError(t, err, prop)
		message := "only C++ understands the default value " + value + " of a"
		require.Len(t, warned, 1, prop)
		assert.ErrorContains(t, warned[0], message)
		assert.Contains(t, string(code), "// Without a default: "+message+".\n")
	}
}

// TestGenerateAll: files of one package use each other's classes, PODs and enums, in any order.
func TestGenerateAll(t *testing.T) {
	var files []*rep.File
	for _, f := range []struct{ name, src string }{
		{"house.rep", "#include \"rep_lamp_source.h\"\nUSE_ENUM(Qt::DayOfWeek)\nclass House\n{\n    CLASS lamp(Lamp)\n    PROP(Mark mark)\n    PROP(HueEnum::Hue hue = HueEnum::Blue)\n    PROP(Lamp::Mode mode = Lamp::On)\n};\n"},
		{"lamp.rep", "USE_ENUM(Qt::DayOfWeek)\nENUM Hue { Red, Blue }\nPOD Mark(int at)\nclass Lamp\n{\n    ENUM Mode { Off, On }\n    PROP(int level)\n};\n"},
	} {
		file, err := rep.Parse(f.name, []byte(f.src))
		require.NoError(t, err)
		files = append(files, file)
	}
	code, err := gogen.GenerateAll(files, gogen.Options{})
	require.NoError(t, err)
	require.Len(t, code, 2)
	house, lamp := string(code[0]), string(code[1])
	for _, want := range []string{"package house\n", "from house.rep. DO NOT EDIT.", `{Name: "lamp", Class: lampClass}`, "Default: \"Blue\"", "Default: \"On\"", "Lamp() *LampReplica",
		"Enums:      []qt.Enum{hueEnum, lampModeEnum}", "PODs:       []qt.POD{markPOD}", "type QtDayOfWeek int32"} {
		assert.Contains(t, house, want)
	}
	for _, want := range []string{"package house\n", "from lamp.rep. DO NOT EDIT.", "type LampSource struct", "type Mark struct", "type Hue int32"} {
		assert.Contains(t, lamp, want)
		if want != "package house\n" {
			assert.NotContains(t, house, want)
		}
	}
	assert.NotContains(t, lamp, "QtDayOfWeek", "declared by both, and once in Go")
	for _, v := range []rep.Version{rep.Qt5, rep.Qt6} { // repc does not see the other file
		alone, err := files[0].Signatures(v)
		require.NoError(t, err)
		assert.Contains(t, house, `"`+alone[0].Hex+`"`)
	}
	_, err = gogen.GenerateAll(files[:1], gogen.Options{})
	require.ErrorContains(t, err, "house.rep:5:11: the class Lamp is not declared: give the file that it is in, too")
	_, err = gogen.GenerateAll([]*rep.File{files[1], files[1]}, gogen.Options{})
	require.ErrorContains(t, err, "lamp.rep:3:1: Mark is declared twice")
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
