package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/wire"
)

// edited writes the mock's .rep file with some of its text replaced.
func edited(t testing.TB, replacements ...string) string {
	t.Helper()
	src, err := os.ReadFile(mockRep)
	require.NoError(t, err)
	for i := 0; i < len(replacements); i += 2 {
		require.Contains(t, string(src), replacements[i])
	}
	path := filepath.Join(t.TempDir(), "b.rep")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(replacements...).Replace(string(src))), 0o600))
	return path
}

func fate(class, signature, typed, dynamic string) string {
	return fmt.Sprintf("%[1]s\tsignature\t%[2]s\n%[1]s\ttyped replicas\t%[3]s\n%[1]s\tdynamic replicas\t%[4]s\n", class, signature, typed, dynamic)
}

func TestDiffFiles(t *testing.T) {
	pump := fate("Pump", "same", "go on", "go on")
	refused := func(misses string) string {
		if misses != "go on" {
			misses = "miss something: " + misses
		}
		return pump + fate("Boiler", "differs", "refused", misses)
	}
	requireOutput(t, pump+fate("Boiler", "same", "go on", "go on"), "diff", mockRep, mockRep)
	for _, c := range []struct {
		edit []string
		want string
	}{
		{[]string{"PROP(int target = 20)", "PROP(double target = 20)"},
			"~\tBoiler.target\tPROP(int target READPUSH) -> PROP(double target READPUSH)\n" + refused("Boiler.target is a double")},
		{[]string{"PROP(int target = 20)", "PROP(int target = 20 READWRITE)"},
			"~\tBoiler.target\tPROP(int target READPUSH) -> PROP(int target READWRITE)\n" + refused("Boiler.target has no push slot")},
		{[]string{"cellar\" READWRITE", "cellar\" READONLY"},
			"~\tBoiler.title\tPROP(QString title READWRITE) -> PROP(QString title READONLY)\n" + refused("Boiler.title cannot be written")},
		{[]string{"celsius = 19.5 READONLY", "celsius = 19.5 CONSTANT"},
			"~\tBoiler.celsius\tPROP(double celsius READONLY) -> PROP(double celsius CONSTANT)\n" + refused("Boiler.celsius does not tell of changes")},
		{[]string{"    SLOT(int boost(int minutes))\n", "", "    SIGNAL(ready(int level))\n", "    SIGNAL(ready(int percent))\n    SIGNAL(cold())\n"},
			"~\tBoiler.ready\tSIGNAL(ready(int level)) -> SIGNAL(ready(int percent))\n+\tBoiler.cold\tSIGNAL(cold())\n" +
				"-\tBoiler.boost\tSLOT(int boost(int minutes))\n" + refused("Boiler.boost is gone")},
		{[]string{"SLOT(int reset(int how, bool hard))", "SLOT(bool reset(int how, int hard))", "cycle(Mode from)", "cycle()"},
			"~\tBoiler.cycle\tSLOT(Mode cycle(Mode from)) -> SLOT(Mode cycle())\n" +
				"~\tBoiler.reset\tSLOT(int reset(int how, bool hard)) -> SLOT(bool reset(int how, int hard))\n" +
				refused("Boiler.cycle takes (); Boiler.reset takes (int how, int hard); Boiler.reset returns bool")},
		{[]string{"    PROP(double celsius = 19.5 READONLY)\n", "", "    CLASS pump(Pump)\n", "    CLASS pump(Pump)\n    PROP(double celsius = 19.5 READONLY)\n"},
			">\tBoiler.celsius\tplace 1 -> place 10\n" + refused("go on")},
		{[]string{"Busy = 3", "Busy = 3, Broken"},
			"~\tBoiler::Mode\tENUM Mode { Idle = 0, Busy = 3 } -> ENUM Mode { Idle = 0, Busy = 3, Broken = 4 }\n" + refused("go on")},
		{[]string{"Busy = 3", "Busy"},
			"~\tBoiler::Mode\tENUM Mode { Idle = 0, Busy = 3 } -> ENUM Mode { Idle = 0, Busy = 1 }\n" + refused("Busy is not 3 in Boiler::Mode any more")},
		{[]string{"QString unit)\n", "int unit, QString more)\n"},
			"~\tReading\tPOD Reading(qint64 stamp, QString unit) -> POD Reading(qint64 stamp, int unit, QString more)\n" + refused("Reading.unit is a int")},
		{[]string{"PROP(SeasonEnum::Season season READWRITE)", "PROP(int season READWRITE)"},
			"-\tSeasonEnum::Season\tENUM SeasonEnum::Season { Winter = 0, Summer = 5 }\n" +
				"~\tBoiler.season\tPROP(SeasonEnum::Season season READWRITE) -> PROP(int season READWRITE)\n" + refused("Boiler.season is a int")},
		{[]string{"CLASS pump(Pump)", "PROP(int pump READONLY)"},
			"~\tBoiler.pump\tCLASS pump(Pump) -> PROP(int pump READONLY)\n" + refused("Boiler.pump is a PROP(int pump READONLY)")},
		// Roles and child objects are no part of Qt 5's signatures.
		{[]string{"MODEL rows(display, celsius)", "MODEL rows(display)"},
			"~\tBoiler.rows\tMODEL rows(display, celsius) -> MODEL rows(display)\n" + pump +
				fate("Boiler", "Qt 6: differs, Qt 5: same", "Qt 6: refused, Qt 5: go on", "miss something: Boiler.rows has no role celsius")},
		{[]string{"PROP(int rpm = 600)", "PROP(double rpm = 600)"},
			"~\tPump.rpm\tPROP(int rpm READPUSH) -> PROP(double rpm READPUSH)\n" +
				fate("Pump", "differs", "refused", "miss something: Pump.rpm is a double") +
				fate("Boiler", "Qt 6: differs, Qt 5: same", "Qt 6: refused, Qt 5: go wrong", "miss something: Boiler.pump.rpm is a double")},
		{[]string{"class Boiler", "class Kettle"},
			"-\tBoiler\tclass Boiler\n+\tKettle\tclass Kettle\n" + pump + fate("Boiler", "removed", "refused", "miss something: the class is gone")},
	} {
		code, out, warn := qtro(t, "diff", mockRep, edited(t, c.edit...))
		require.Empty(t, warn)
		require.Equal(t, c.want, out, c.edit)
		require.Equal(t, failed, code)
	}
	// What only goes to dynamic replicas.
	more := edited(t, "    SLOT(int boost(int minutes))\n", "    SLOT(int boost(int minutes))\n    SLOT(int rest())\n")
	code, _, _ := qtro(t, "diff", "--dynamic", mockRep, more)
	require.Zero(t, code)
	code, _, _ = qtro(t, "diff", "--dynamic", more, mockRep)
	require.Equal(t, failed, code)
	// New classes and default values matter to nobody.
	code, out, warn := qtro(t, "diff", mockRep, edited(t, "class Boiler", "class Lamp\n{\n    PROP(bool on)\n};\n\nclass Boiler", "19.5", "warm"))
	require.Zero(t, code)
	require.Empty(t, warn)
	require.True(t, strings.HasPrefix(out, "+\tLamp\tclass Lamp\n"), out)
}

func TestDiffJSON(t *testing.T) {
	code, out, warn := qtro(t, "--json", "diff", mockRep, edited(t, "PROP(int rpm = 600)", "PROP(double rpm = 600)"))
	require.Equal(t, failed, code)
	require.Empty(t, warn)
	require.Equal(t, `{"change":"changed","kind":"property","name":"Pump.rpm","old":"PROP(int rpm READPUSH)","new":"PROP(double rpm READPUSH)"}
{"class":"Pump","qt6":"differs","qt5":"differs","typed6":"refused","typed5":"refused","wire":"differs","dynamic":"miss","breaks":["Pump.rpm is a double"]}
{"class":"Boiler","qt6":"differs","qt5":"same","typed6":"refused","typed5":"go wrong","wire":"differs","dynamic":"miss","breaks":["Boiler.pump.rpm is a double"]}
`, out)
}

func TestDiffErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"nowhere.rep", mockRep}, "nowhere.rep"},
		{[]string{mockRep, "nowhere.rep"}, "nowhere.rep"},
		{[]string{mockRep, "Boiler"}, "if it is an object, say where it is"},
		{[]string{mockRep, "Boiler", "--connect", deadURL(t), "--timeout", "300ms"}, "is it running there?"},
	} {
		requireError(t, usage, c.want, append([]string{"diff"}, c.args...)...)
	}
	broken := edited(t, "PROP(int rpm = 600)", "PROP(int)")
	requireRepError(t, usage, broken+":7:10: expected a type, a blank and a name in PROP\n    PROP(int)\n         ^\n", "diff", mockRep, broken)
	// A file that no repc takes has no signatures.
	code, out, warn := qtro(t, "diff", mockRep, edited(t, "class Boiler\n", "  class Boiler\n"))
	require.Zero(t, code, "it is the same otherwise")
	require.Contains(t, out, fate("Boiler", "unknown", "unknown", "go on"))
	require.Contains(t, warn, "b.rep:13:")
	require.Equal(t, 2, strings.Count(warn, "blanks before class"), warn)
	// One for Qt 6 only is none of Qt 5's business, unless the other is for Qt 5, too.
	six := edited(t, "ENUM Mode {", "ENUM class Mode {")
	code, out, warn = qtro(t, "diff", six, six)
	require.Zero(t, code)
	require.Empty(t, warn)
	require.Contains(t, out, fate("Boiler", "Qt 6: same, Qt 5: unknown", "Qt 6: go on, Qt 5: unknown", "go on"))
	_, _, warn = qtro(t, "diff", mockRep, six)
	require.Contains(t, warn, "repc of Qt 5 does not take this")
	require.Equal(t, 1, strings.Count(warn, "\n"), warn)
}

// A live object of either protocol is what its file says, and not what another says.
func TestDiffLive(t *testing.T) {
	eachMock(t, func(t *testing.T, flag string, p wire.Protocol) {
		registry := start(t, "registry", strings.Replace(flag, "mock", "", 1), "tcp://127.0.0.1:0")
		at := strings.Fields(registry.out.wait(t, "listening"))[1]
		m := startMock(t, mockRep, flag, "tcp://127.0.0.1:0", "--registry", at, "--object", "cellar=Boiler")
		url := m.url(p)
		registry.out.wait(t, "added\tcellar")
		same := fate("Boiler", "Qt 6: same, Qt 5: unknown", "Qt 6: go on, Qt 5: unknown", "go on")
		if p == wire.Protocol13 {
			same = fate("Boiler", "Qt 6: unknown, Qt 5: same", "Qt 6: unknown, Qt 5: go on", "go on")
		}
		requireOutput(t, same, "--connect", url, "diff", mockRep, "cellar")
		requireOutput(t, same, "--registry", at, "diff", mockRep, "cellar")
		code, out, warn := qtro(t, "--connect", url, "diff", edited(t, "PROP(int target = 20)", "PROP(double target = 20)",
			"    SLOT(void reset())\n", "", "PROP(int rpm = 600)", "PROP(double rpm = 600)", "celsius = 19.5 READONLY", "celsius"), "cellar")
		require.Empty(t, warn)
		require.Equal(t, failed, code)
		require.Equal(t, "~\tBoiler.celsius\tPROP(double celsius READPUSH) -> PROP(double celsius READWRITE)\n"+
			"~\tBoiler.target\tPROP(double target READPUSH) -> PROP(int target READPUSH)\n"+
			"~\tBoiler.pump.rpm\tPROP(double rpm READPUSH) -> PROP(int rpm READPUSH)\n"+
			"+\tBoiler.reset\tSLOT(void reset())\n"+
			fate("Boiler", "differs", "refused",
				"miss something: Boiler.celsius has no push slot; Boiler.target is a int; Boiler.pump.rpm is a int"), out)
		requireError(t, usage, "cellar is a Boiler, which is no class of", "--connect", url, "diff", edited(t, "class Boiler", "class Kettle"), "cellar")
		requireError(t, usage, `no object "attic"`, "--timeout", "300ms", "--connect", url, "diff", mockRep, "attic")
	})
}

// Qt's own sources are what their files say.
func TestDiffQt(t *testing.T) {
	eachQt(t, "Station,Brewery,Types", func(t *testing.T, major int, _ *qtpeer.Peer, url string) {
		for _, name := range []string{"Station", "Brewery", "Types"} {
			code, out, warn := qtro(t, "--connect", url, "diff", peersRep(t, major, strings.ToLower(name)), name)
			assert.Empty(t, warn)
			assert.Zero(t, code, out)
			assert.Equal(t, 3, strings.Count(out, "\n"), out)
			assert.Contains(t, out, fmt.Sprintf("Qt %d: go on", major))
		}
	})
}
