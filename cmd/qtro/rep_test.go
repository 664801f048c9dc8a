package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep"
)

const (
	repText = "ENUM Season { Winter, Summer = 5 }\nclass Alpha {\n\tPROP(int value=3 READWRITE);\n\n\n  /* of Qt 6 */\n  SLOT( int twice( int x ))\n}\n"
	repTidy = "ENUM Season { Winter, Summer = 5 };\n\nclass Alpha\n{\n    PROP(int value = 3 READWRITE)\n\n/* of Qt 6 */\n    SLOT(int twice(int x))\n};\n"
)

// repFile writes a .rep file and returns its name.
func repFile(t testing.TB, name, text string) string {
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestRepSignature(t *testing.T) {
	plain := repFile(t, "plain.rep", "class Alpha\n{\n    PROP(int value)\n};\nclass Beta\n{\n};\n")
	const alpha = "f199c32eaa8ebf9c3c3ea3fdaa333da5d42a891a"
	code, out, warn := qtro(t, "rep", "signature", plain)
	require.Zero(t, code, warn)
	lines := strings.Split(out, "\n")
	require.Len(t, lines, 5)
	require.Equal(t, []string{"qt5 Alpha " + alpha, "qt6 Alpha " + alpha}, []string{lines[0], lines[2]})
	require.True(t, strings.HasPrefix(lines[1], "qt5 Beta "))

	six := repFile(t, "six.rep", "class Alpha\n{\n/* x */\n    PROP(int value)\n};\n")
	requireOutput(t, "qt5 error "+six+":3:1: repc of Qt 5 does not take this: block comments are known to Qt 6 only\nqt6 Alpha "+alpha+"\n",
		"rep", "signature", six)
	requireOutput(t, `{"file":"`+six+`","qt":5,"error":"`+six+`:3:1: repc of Qt 5 does not take this: block comments are known to Qt 6 only"}`+"\n"+
		`{"file":"`+six+`","qt":6,"class":"Alpha","signature":"`+alpha+`"}`+"\n", "--json", "rep", "signature", six)
	code, out, _ = qtro(t, "rep", "signature", six, plain)
	require.Zero(t, code)
	require.Contains(t, out, six+":qt6 Alpha "+alpha+"\n"+plain+":qt5 Alpha "+alpha+"\n")

	code, out, warn = qtroWith(t, repText, "rep", "signature")
	require.Equal(t, failed, code, "neither repc takes it")
	require.Equal(t, 2, strings.Count(out, " error <standard input>:6:1: "), out)
	require.Empty(t, warn)
}

func TestRepFmt(t *testing.T) {
	code, out, warn := qtroWith(t, repText, "rep", "fmt")
	require.Zero(t, code, warn)
	require.Equal(t, repTidy, out)

	file, tidy := repFile(t, "untidy.rep", repText), repFile(t, "tidy.rep", repTidy)
	requireOutput(t, file+"\n", "rep", "fmt", "-l", file, tidy)
	requireOutput(t, strings.ReplaceAll(`--- FILE
+++ FILE (formatted)
@@ -1,8 +1,9 @@
-ENUM Season { Winter, Summer = 5 }
-class Alpha {
-	PROP(int value=3 READWRITE);
+ENUM Season { Winter, Summer = 5 };
 
+class Alpha
+{
+    PROP(int value = 3 READWRITE)
 
-  /* of Qt 6 */
-  SLOT( int twice( int x ))
-}
+/* of Qt 6 */
+    SLOT(int twice(int x))
+};
`, "FILE", file), "rep", "fmt", "-d", file, tidy)
	requireOutput(t, "", "rep", "fmt", "-w", file, tidy)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, repTidy, string(text))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	requireOutput(t, "", "rep", "fmt", "-d", tidy)
}

func TestRepLint(t *testing.T) {
	bad := repFile(t, "bad.rep", "class Alpha\n{\n    SLOT(void set(unsigned int x))\n};\n")
	code, out, warn := qtro(t, "rep", "lint", bad)
	require.Equal(t, failed, code)
	require.Empty(t, warn)
	require.Equal(t, bad+":3:19: repc takes this for a parameter intx of type unsigned; use a type of one word, such as uint, qint64 or qulonglong (parameter)\n", out)
	code, out, _ = qtro(t, "--json", "rep", "lint", bad)
	require.Equal(t, failed, code)
	require.JSONEq(t, `{"file":"`+bad+`","line":3,"column":19,"rule":"parameter","message":"repc takes this for a parameter intx of type unsigned",
		"advice":"use a type of one word, such as uint, qint64 or qulonglong"}`, out)
	requireOutput(t, "", "rep", "lint", repFile(t, "good.rep", repTidy))
}

// TestRepErrors has files that are none. The others are dealt with all the same.
func TestRepErrors(t *testing.T) {
	bad := repFile(t, "bad.rep", "class Alpha\n{\n\tPROP(int)\n    SLOT(void)\n};\n")
	for _, command := range []string{"signature", "fmt", "lint"} {
		code, out, warn := qtro(t, "rep", command, bad)
		require.Equal(t, failed, code)
		require.Empty(t, out)
		require.Equal(t, bad+":3:7: expected a type, a blank and a name in PROP\n\tPROP(int)\n\t     ^\n"+
			bad+":4:14: expected ( and ) behind the name, also without parameters\n    SLOT(void)\n             ^\n", warn)
	}
	code, out, warn := qtro(t, "rep", "fmt", bad, "missing.rep", repFile(t, "tidy.rep", repTidy))
	require.Equal(t, failed, code)
	require.Equal(t, repTidy, out)
	require.Contains(t, warn, "qtro: open missing.rep: ")
	requireError(t, usage, "-w needs a file", "rep", "fmt", "-w")
	requireError(t, usage, "", "rep", "fmt", "-w", "-d", bad)
}

func TestDiff(t *testing.T) {
	lines := func(s string) string { return strings.Join(strings.Split(s, ""), "\n") + "\n" }
	for _, test := range []struct{ a, b, want string }{
		{"abc", "abc", ""},
		{"abcdefghijklmnop", "abcXefghijklmnoY", "@@ -1,7 +1,7 @@| a| b| c|-d|+X| e| f| g|@@ -13,4 +13,4 @@| m| n| o|-p|+Y"},
		{"ab", "aXYb", "@@ -1,2 +1,4 @@| a|+X|+Y| b"},
		{"abcdefghijklmn", "acdefghijklmXn", "@@ -1,5 +1,4 @@| a|-b| c| d| e|@@ -11,4 +10,5 @@| k| l| m|+X| n"},
	} {
		require.Equal(t, test.want, strings.Join(diff("x", lines(test.a), lines(test.b))[2:], "|"), "%s %s", test.a, test.b)
	}
}

// shownRep is a file of which a host's definition tells everything: no property that is READONLY or READWRITE, which look the
// same, and no const reference.
const shownRep = `ENUM Season { Winter, Summer = 5 };

POD Reading(qint64 stamp, double value, QString unit)

class Gauge
{
    PROP(double pressure)
    SIGNAL(tripped(double threshold))
    SLOT(double calibrate(double offset))
};

class Plant
{
    ENUM Mode { Idle, Fault = -1 };
    PROP(int level)
    PROP(QString title CONSTANT)
    PROP(Mode mode)
    PROP(SeasonEnum::Season season)
    PROP(Reading last)
    PROP(QMap<QString,int> totals)
    CLASS gauge(Gauge)
    MODEL rows(display, edit)
    SIGNAL(crossed(int level, Mode mode))
    SLOT(void reset())
    SLOT(Reading measure(QString unit, SeasonEnum::Season season))
};
`

// TestShowParses checks that what show prints is a .rep file again, with the same signature where a definition tells enough.
func TestShowParses(t *testing.T) {
	f, err := rep.Parse("plant.rep", []byte(shownRep))
	require.NoError(t, err)
	classes, err := f.Classes()
	require.NoError(t, err)
	gauge, err := core.NewSource(classes[0])
	require.NoError(t, err)
	plant, err := core.NewSource(classes[1])
	require.NoError(t, err)
	require.NoError(t, plant.SetChild("gauge", gauge))
	host := core.NewHost(quiet)
	defer host.Close()
	require.NoError(t, host.EnableRemoting(plant, "Plant"))
	url, err := host.Listen(context.Background(), "tcp://127.0.0.1:0")
	require.NoError(t, err)
	code, out, warn := qtro(t, "--connect", url, "show", "Plant")
	require.Zero(t, code, warn)
	g, err := rep.Parse("shown.rep", []byte(out))
	require.NoError(t, err, out)
	for _, v := range []rep.Version{rep.Qt5, rep.Qt6} {
		want, err := f.Signatures(v)
		require.NoError(t, err)
		got, err := g.Signatures(v)
		require.NoError(t, err)
		require.Equal(t, want, got, "%s\n%s", v, out)
	}
	station, err := rep.Parse("station.rep", []byte(stationRep))
	require.NoError(t, err)
	require.Equal(t, strings.Replace(stationRep, "5 }", "5 };", 1), string(station.Format()))
}
