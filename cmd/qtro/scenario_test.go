package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// testMock is a mock that listens nowhere.
func testMock(t testing.TB) (m *mock, out, warn *output) {
	out, warn = newOutput(), newOutput()
	g := &globals{ctx: context.Background(), out: newPrinter(out, false), warn: warn}
	classes, err := g.readClasses([]string{mockRep})
	require.NoError(t, err)
	m = newMock(g)
	require.NoError(t, m.make(classes, nil))
	return m, out, warn
}

// Steps take the time that they say, and nobody else's.
func TestScenarioTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, warn := testMock(t)
		steps, err := m.parseScenario("day.yaml", []byte(`
- set: {Boiler.target: 1}
- after: 2s
  set: {Boiler.target: 2}
- repeat:
    steps:
    - {after: 1m, set: {Boiler.target: 3}}
    - {after: 1m, set: {Boiler.target: 4}, emit: {Boiler.ready: [4]}}
`))
		require.NoError(t, err)
		require.Len(t, steps, 3)
		require.True(t, steps[0].immediate())
		require.False(t, steps[1].immediate())
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		m.group.Go(func() { (&runner{mock: m, seen: map[string]int{}}).run(ctx, steps) })
		for _, c := range []struct {
			at   time.Duration
			want int64
		}{
			{0, 1}, {2*time.Second - 1, 1}, {2 * time.Second, 2}, {62*time.Second - 1, 2}, {62 * time.Second, 3},
			{122 * time.Second, 4}, {182 * time.Second, 3}, {time.Hour + 2*time.Second, 4},
		} {
			time.Sleep(c.at - time.Since(begun))
			synctest.Wait()
			v, err := m.objects["Boiler"].Get("target")
			require.NoError(t, err)
			require.Equal(t, c.want, v.Int(), c.at)
		}
		cancel()
		m.group.Wait()
		require.Equal(t, 30, strings.Count(out.String(), "Boiler.ready(4)"))
		require.Empty(t, warn.String())
	})
}

// Calls are answered late, and what follows one call ends when the next one comes.
func TestScenarioAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, warn := testMock(t)
		ctx, cancel := context.WithCancel(t.Context())
		m.ctx = ctx
		steps, err := m.parseScenario("answers.yaml", []byte(`
- answer:
    Boiler.boost:
      reply: 7
      delay: 3s
      then:
      - set: {Boiler.celsius: 40}
      - {after: 1h, set: {Boiler.celsius: 60}}
`))
		require.NoError(t, err)
		m.do(&steps[0])
		boiler := m.objects["Boiler"]
		celsius := func() float64 {
			synctest.Wait()
			v, err := boiler.Get("celsius")
			require.NoError(t, err)
			return v.Float()
		}
		types, err := boiler.Class().Types()
		require.NoError(t, err)
		number, err := types.Lookup("int")
		require.NoError(t, err)
		call := func(ctx context.Context) (qt.Value, error) {
			return m.called(ctx, "Boiler", "boost", number, []qt.Value{qt.Of[int32](5)})
		}
		begun := time.Now()
		v, err := call(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, v.Int())
		require.Equal(t, 3*time.Second, time.Since(begun))
		require.EqualValues(t, 40, celsius())
		time.Sleep(50 * time.Minute)
		_, err = call(ctx)
		require.NoError(t, err)
		time.Sleep(time.Hour - time.Minute)
		require.EqualValues(t, 40, celsius(), "what the first call has left was dropped")
		time.Sleep(time.Minute)
		require.EqualValues(t, 60, celsius())

		gone, leave := context.WithCancel(ctx)
		leave()
		_, err = call(gone)
		require.ErrorIs(t, err, context.Canceled)
		cancel()
		m.group.Wait()
		require.Equal(t, 3, strings.Count(out.String(), "call\tBoiler.boost(5) -> 7\t"))
		require.Empty(t, warn.String())
	})
}

// What a step waits for may come before the step does, and counts once.
func TestScenarioAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, _ := testMock(t)
		steps, err := m.parseScenario("await.yaml", []byte(`
- await: acquire Boiler
- repeat:
    times: 2
    steps:
    - {await: call Boiler.boost, after: 1s, emit: {Boiler.ready: [1]}}
- {await: write Boiler.target, set: {Boiler.target: 21}}
- {await: release Boiler, set: {Boiler.pump: null}}
- set: {Boiler.pump.rpm: 3}
`))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		m.tell(mockEvent{event: "acquire", object: "Boiler"})
		m.group.Go(func() { (&runner{mock: m, seen: map[string]int{}}).run(ctx, steps) })
		emitted := func() int { synctest.Wait(); return strings.Count(out.String(), "Boiler.ready(1)") }
		call := mockEvent{event: "call", object: "Boiler", member: "boost"}
		m.tell(call)
		time.Sleep(time.Second)
		require.Equal(t, 1, emitted())
		time.Sleep(time.Hour)
		require.Equal(t, 1, emitted())
		m.tell(call)
		time.Sleep(time.Second)
		require.Equal(t, 2, emitted())

		// The value that was written comes first, then the scenario's.
		boiler := m.objects["Boiler"]
		m.tell(mockEvent{event: "write", object: "Boiler", member: "target", args: []qt.Value{qt.Of[int32](99)}, source: boiler})
		time.Sleep(2 * time.Millisecond)
		require.NoError(t, boiler.Set("target", 99))
		time.Sleep(time.Second)
		synctest.Wait()
		v, err := boiler.Get("target")
		require.NoError(t, err)
		require.EqualValues(t, 21, v.Int())
		m.tell(mockEvent{event: "release", object: "Boiler"})
		m.group.Wait()
		cancel()
		require.Contains(t, m.g.warn.(*output).String(), "await.yaml:9: Boiler.pump holds no object at present")
	})
}

// aliases is a value that doubles so many times.
func aliases(n int) string {
	text := "- set:\n    Boiler.anything:\n    - &x0 [1, 2]\n"
	for i := range n {
		text += fmt.Sprintf("    - &x%d [*x%d, *x%d]\n", i+1, i, i)
	}
	return text
}

func TestScenarioErrors(t *testing.T) {
	m, _, _ := testMock(t)
	for text, want := range map[string]string{
		"set: {}":                                 "1: expected a list of steps",
		"\n- x: [":                                "bad.yaml:3: ", // where it ends
		"- x: 1\n- y: 2: 3":                       "bad.yaml:2: mapping values",
		"- x: 1\n- [}":                            "bad.yaml:2: did not find",
		"- 7":                                     "1: expected a step, with after",
		"- sett: {}":                              `1: "sett" is no part of a step`,
		"- set: {}\n  set: {}":                    "2: ",
		"- set: 7":                                "1: expected a map such as",
		"- set: {Lamp.on: true}":                  `1: no object has "Lamp.on"; there are Boiler, Pump`,
		"-\n  set:\n    Boiler.level: 7":          `3: Boiler has no property "level"; its properties are celsius`,
		"- set: {Boiler.mode: Off}":               `1: value of Boiler.mode: "Off" is not one of Idle, Busy`,
		"- set: {Boiler.last: {x: 1}}":            "1: value of Boiler.last",
		"- set: {Boiler.pump: {x: 1}}":            `1: Pump has no property "x"`,
		"- set: {Boiler.rows: []}":                "1: Boiler.rows is a model, which stays empty",
		"- emit: {Boiler.ready: 66}":              "1: expected a list of the signal's arguments",
		"- emit: {Boiler.ready: []}":              "1: Boiler.ready takes 1 arguments, not 0",
		"- emit: {Boiler.boost: []}":              `1: Boiler has no signal "boost"`,
		"- after: 5":                              `1: "5" is no time`,
		"- after: -5s":                            `1: "-5s" is no time`,
		"- await: Boiler":                         "1: expected something like acquire Boiler",
		"- await: acquire Lamp":                   `1: there is no object "Lamp"`,
		"- await: call Boiler.ready":              `1: Boiler has no slot "ready"`,
		"- await: write Boiler.pump":              `1: Boiler has no property "pump" to write`,
		"- answer: {Boiler.boost: 7}":             "1: expected an answer such as",
		"- answer: {Boiler.boots: {}}":            `1: Boiler has no slot "boots"; its slots are boost`,
		"- answer: {Boiler.boost: {reply: much}}": "1: reply of Boiler.boost",
		"- answer: {Boiler.boost: {reply: 1, fail: true}}":                      "1: Boiler.boost either fails or replies",
		"- answer: {Boiler.boost: {fail: perhaps}}":                             "1: fail is true or false",
		"- answer: {Boiler.boost: {when: now}}":                                 `1: "when" is no part of an answer`,
		"- answer: {Boiler.boost: {delay: long}}":                               `1: "long" is no time`,
		"- answer: {Boiler.reset(): {reply: 1}}":                                "1: Boiler.reset() returns nothing",
		"- answer: {Boiler.reset: {fail: true}}":                                "1: Boiler.reset is overloaded; say which one: reset(), reset(int,bool)",
		"- await: call Boiler.note":                                             "1: Boiler.note is overloaded; say which one: note(int), note(QString), note(QMap<QString,int>)",
		"- await: call Boiler.note(bool)":                                       `1: Boiler has no slot "note(bool)"; its slots are boost`,
		"- emit: {Boiler.noted(bool): [true]}":                                  `1: Boiler has no signal "noted(bool)"; its signals are ready, changed, noted(int), noted(QString)`,
		"- emit: {Boiler.noted(int): [x]}":                                      "1: argument 1 of Boiler.noted(int)",
		"- answer:\n    Boiler.boost:\n      then:\n      - set: {Pump.x: 1}":   `4: Pump has no property "x"`,
		"- repeat: {times: 2}":                                                  "1: repeat needs steps",
		"- repeat: {times: 0, steps: [{after: 1s}]}":                            "1: times is a number of at least 1",
		"- repeat: {steps: [{set: {Pump.rpm: 1}}]}":                             "1: what is repeated for ever has to wait somewhere",
		"- repeat: {every: 2s, steps: []}":                                      `1: "every" is no part of repeat`,
		"- &again\n  repeat: {times: 1, steps: [*again]}":                       "100 deep",
		"- set: {Boiler.anything: &x [*x]}":                                     "100 deep",
		"- &x {repeat: {times: 1, steps: [*x, *x]}}":                            "100 deep",
		"- set: {Boiler.anything: &x [*x, *x]}":                                 "100 deep",
		aliases(30):                                                             "more than 1048576 parts",
		"- set: {Boiler.celsius: " + strings.Repeat("[", 5) + "}":               "1: ",
		fmt.Sprintf("- set: {Boiler.target: %s}", "12345678901234567890123456"): "1: value of Boiler.target",
	} {
		_, err := m.parseScenario("bad.yaml", []byte(text))
		require.ErrorContains(t, err, "bad.yaml:", text)
		require.ErrorContains(t, err, want, text)
	}
	steps, err := m.parseScenario("none.yaml", []byte("# nothing yet\n"))
	require.NoError(t, err)
	require.Empty(t, steps)
}

// YAML says the same as the JSON of other commands.
func TestScenarioValues(t *testing.T) {
	m, _, warn := testMock(t)
	steps, err := m.parseScenario("values.yaml", []byte(`
- set:
    Boiler.title: 12
    Boiler.season: Summer
    Boiler.celsius: 1
    Boiler.history: [{stamp: 9007199254740993, unit: "x\ny"}, &r {stamp: 2, unit: ""}, *r]
    Boiler.anything: {a: [1, two, null, 2.5, yes, true], 2024-02-29: "7"}
    Pump: {}
`))
	require.ErrorContains(t, err, "values.yaml:8: Pump is an object")
	require.Empty(t, steps)
	steps, err = m.parseScenario("values.yaml", []byte(`
- set:
    Boiler.title: 12
    Boiler.season: Summer
    Boiler.celsius: 1
    Boiler.history: [{stamp: 9007199254740993, unit: "x\ny"}, &r {stamp: 2, unit: ""}, *r]
    Boiler.anything: {a: [1, two, null, 2.5, yes, true], 2024-02-29: "7"}
`))
	require.NoError(t, err)
	m.do(&steps[0])
	require.Empty(t, warn.String())
	require.Equal(t, `{"celsius":1,"target":20,"title":"12","mode":"Busy","season":"Summer","last":{"stamp":0,"unit":null},`+
		`"history":[{"stamp":9007199254740993,"unit":"x\u000ay"},{"stamp":2,"unit":""},{"stamp":2,"unit":""}],`+
		`"anything":{"2024-02-29":"7","a":[1,"two",null,2.5,"yes",true]},"vendor":"Acme",`+
		`"pump":{"rpm":600,"label":"north"},"rows":{"roles":["display","celsius"]}}`, text(sourceProperties(m.objects["Boiler"])))
}

// FuzzScenario: whatever a file has in it, it is understood or an error tells where it is not.
func FuzzScenario(f *testing.F) {
	example, err := os.ReadFile("testdata/mock.yaml")
	require.NoError(f, err)
	f.Add(string(example))
	f.Add("- &again\n  repeat: {times: 1, steps: [*again]}")
	f.Add("- answer: {Boiler.boost: {reply: 1, fail: no, then: [after: 1s]}}\n- {await: write Boiler.pump.rpm}")
	m, _, _ := testMock(f)
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := m.parseScenario("fuzz.yaml", []byte(text))
		if err != nil {
			require.ErrorContains(t, err, "fuzz.yaml:")
			return
		}
		for i := range steps {
			if steps[i].immediate() {
				m.do(&steps[i])
			}
		}
	})
}
