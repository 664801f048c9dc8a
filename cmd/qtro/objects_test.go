package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const stationJSON = `{"level":5,"title":"roof","mode":"Idle","alarms":"Smoke|Heat","season":"Winter","area":{"width":3,"height":4},` +
	`"blob":"AQI=","history":[{"stamp":1,"unit":"C"}],"anything":null,"limited":0,"locked":0,"vendor":"Acme",` +
	`"gauge":{"label":"west","sample":{"stamp":9,"unit":"hPa"}},"rows":{"roles":["display","celsius"]}}`

func TestLs(t *testing.T) {
	s := newStation(t, "")
	requireOutput(t, "Station\tStation\t"+s.url+"\t"+strings.Repeat("6", 40)+"\n", "--connect", s.url, "ls")
	requireOutput(t, `{"name":"Station","type":"Station","url":"`+s.url5+`","signature":"`+strings.Repeat("5", 40)+`"}`+"\n",
		"--connect", s.url5, "--json", "ls")
}

func TestGet(t *testing.T) {
	bothProtocols(t, func(t *testing.T, _ *station, url string) {
		requireOutput(t, stationJSON+"\n", "--connect", url, "--json", "get", "Station")
		_, out, _ := qtro(t, "--connect", url, "get", "Station")
		require.Contains(t, out, "level\t5\n")
		require.Contains(t, out, "gauge.label\t\"west\"\n")
		for path, want := range map[string]string{
			"level": "5", "mode": `"Idle"`, "gauge.label": `"west"`, "gauge": `{"label":"west","sample":{"stamp":9,"unit":"hPa"}}`,
			"gauge.sample": `{"stamp":9,"unit":"hPa"}`, "rows": `{"roles":["display","celsius"]}`,
		} {
			requireOutput(t, want+"\n", "--connect", url, "get", "Station", path)
		}
		requireError(t, failed, `Station has no property "nope"; its properties are level, title`, "--connect", url, "get", "Station", "nope")
		requireError(t, failed, `Station.gauge has no property "nope"; its properties are label, sample`, "--connect", url, "get", "Station", "gauge.nope")
		requireError(t, failed, `Station has no child object "level"`, "--connect", url, "get", "Station", "level.x")
	})
}

func TestSet(t *testing.T) {
	bothProtocols(t, func(t *testing.T, _ *station, url string) {
		for _, c := range []struct{ path, value, want string }{
			{"level", "-7", "-7"},
			{"level", "-7", "-7"}, // has it already
			{"title", "north wing", `"north wing"`},
			{"title", "42", `"42"`},
			{"title", `"quoted"`, `"quoted"`},
			{"title", "-5", `"-5"`},
			{"mode", "Busy", `"Busy"`},
			{"mode", "0", `"Idle"`},
			{"alarms", "Heat", `"Heat"`},
			{"alarms", "Smoke|Heat", `"Smoke|Heat"`},
			{"season", "Summer", `"Summer"`},
			{"area", `{"width":8,"height":9}`, `{"width":8,"height":9}`},
			{"blob", "AP8=", `"AP8="`},
			{"history", `[{"stamp":3,"unit":"m"},{"stamp":4,"unit":"s"}]`, `[{"stamp":3,"unit":"m"},{"stamp":4,"unit":"s"}]`},
			{"anything", `{"a":[1,"x",2.5]}`, `{"a":[1,"x",2.5]}`},
			{"anything", "word", `"word"`},
			{"limited", "99", "99"},
			{"gauge.label", "east", `"east"`},
		} {
			requireOutput(t, "", "--connect", url, "set", "Station", c.path, c.value)
			requireOutput(t, c.want+"\n", "--connect", url, "get", "Station", c.path)
		}
		for _, c := range []struct{ path, value, want string }{
			{"limited", "101", "Station.limited is still 99 after 300ms: its host refused the new value, or the property is read-only"},
			{"locked", "1", "or the property is read-only"},
			{"vendor", "Other", "CONSTANT"},
			{"level", "many", `"many" is no int, and not JSON`},
			{"level", "4000000000", "int"},
			{"mode", "Idel", "Idel is not one of Idle, Busy"},
			{"gauge", "{}", "holds an object"},
			{"nope", "1", "no property"},
		} {
			requireError(t, failed, c.want, "--timeout", "300ms", "--connect", url, "set", "Station", c.path, c.value)
		}
	})
}

func TestCall(t *testing.T) {
	bothProtocols(t, func(t *testing.T, _ *station, url string) {
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"add", "40", "-2"}, "38\n"},
			{[]string{"greet", "Bob"}, "\"hello Bob\"\n"},
			{[]string{"greet", `"Bob"`}, "\"hello Bob\"\n"},
			{[]string{"greet", "7"}, "\"hello 7\"\n"},
			{[]string{"cycle", "Busy"}, "\"Idle\"\n"},
			{[]string{"cycle", "0"}, "\"Busy\"\n"},
			{[]string{"stamp", `{"stamp":12345678901234,"unit":"°C"}`}, "{\"stamp\":12345678901234,\"unit\":\"°C\"}\n"},
			{[]string{"gauge.calibrate", "1.25"}, "2.5\n"},
			{[]string{"restart"}, ""},
		} {
			requireOutput(t, c.want, append([]string{"--connect", url, "call", "Station"}, c.args...)...)
		}
		requireOutput(t, "null\n", "--connect", url, "--json", "call", "Station", "restart")
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"ad", "1"}, `no slot "ad"; its slots are add, greet`},
			{[]string{"add", "1"}, "takes 2 arguments, not 1"},
			{[]string{"add", "1", "two"}, `argument 2 of Station.add: "two" is no int`},
			{[]string{"cycle", "Idel"}, "argument 1 of Station.cycle: Idel is not one of Idle, Busy"},
			{[]string{"fail"}, "the host reports that the call failed"},
			{[]string{"hang"}, "no reply of Station.hang within 400ms; a longer --timeout may help"},
			{[]string{"gauge.nope"}, `no slot "nope"; its slots are calibrate`},
			{[]string{"vendor.nope"}, `no child object "vendor"`},
		} {
			requireError(t, failed, c.want, append([]string{"--timeout", "400ms", "--connect", url, "call", "Station"}, c.args...)...)
		}
	})
}

const stationRep = `ENUM Season { Winter = 0, Summer = 5 }

POD Reading(qint64 stamp, QString unit)

class Gauge
{
    PROP(QString label READWRITE)
    PROP(Reading sample READWRITE)
    SIGNAL(tripped(QString why))
    SLOT(double calibrate(double offset))
};

class Station
{
    ENUM Mode { Idle = 0, Busy = 3 };
    ENUM Alarm { Smoke = 1, Heat = 2 };
    FLAG(Alarms Alarm)
    PROP(int level READWRITE)
    PROP(QString title READPUSH)
    PROP(Mode mode READWRITE)
    PROP(Alarms alarms READWRITE)
    PROP(SeasonEnum::Season season READWRITE)
    PROP(QSize area READWRITE)
    PROP(QByteArray blob READWRITE)
    PROP(QList<Reading> history READPUSH)
    PROP(QVariant anything READWRITE)
    PROP(int limited READPUSH)
    PROP(int locked READWRITE)
    PROP(QString vendor CONSTANT)
    CLASS gauge(Gauge)
    MODEL rows(display, celsius)
    SIGNAL(crossed(int level, Mode mode))
    SLOT(int add(int a, int b))
    SLOT(QString greet(QString name))
    SLOT(Mode cycle(Mode from))
    SLOT(Reading stamp(Reading r))
    SLOT(void restart())
    SLOT(int fail())
    SLOT(int hang())
};
`

func TestShow(t *testing.T) {
	bothProtocols(t, func(t *testing.T, s *station, url string) {
		requireOutput(t, stationRep, "--connect", url, "show", "Station")
		code, out, _ := qtro(t, "--connect", url, "--json", "show", "Station")
		require.Zero(t, code)
		require.Equal(t, 1, strings.Count(out, "\n"))
		for _, part := range []string{
			`{"name":"Station","enums":[{"name":"Mode","size":4,"keys":[{"name":"Idle","value":0},{"name":"Busy","value":3}]}`,
			`{"name":"Alarms","flag":true,`,
			`"pods":[{"name":"Reading","fields":[{"name":"stamp","type":"qint64"},{"name":"unit","type":"QString"}]}]`,
			`{"name":"title","kind":"PROP","type":"QString","access":"READPUSH"}`,
			`{"name":"gauge","kind":"CLASS","class":{"name":"Gauge",`,
			`{"name":"rows","kind":"MODEL","roles":["display","celsius"]}`,
			`"signals":[{"name":"crossed","params":[{"name":"level","type":"int"},{"name":"mode","type":"Mode"}]}]`,
			`{"name":"restart","return":"void","params":[]}`,
		} {
			require.Contains(t, out, part)
		}
		require.NoError(t, s.source.SetChild("gauge", nil))
		_, out, _ = qtro(t, "--connect", url, "show", "Station")
		require.Contains(t, out, "// CLASS gauge: it holds no object at present")
		requireOutput(t, "null\n", "--connect", url, "get", "Station", "gauge")
		requireError(t, failed, "Station.gauge holds no object at present", "--connect", url, "get", "Station", "gauge.label")
	})
}
