package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

const mockRep = "testdata/mock.rep"

// mocking is a qtro mock that runs, to which commands can be typed.
type mocking struct {
	*process
	stdin *io.PipeWriter
}

func startMock(t testing.TB, args ...string) *mocking {
	ctx, cancel := context.WithCancel(context.Background())
	in, stdin := io.Pipe()
	p := &process{t: t, out: newOutput(), err: newOutput(), cancel: cancel, code: make(chan int, 1)}
	go func() { p.code <- run(ctx, append([]string{"mock"}, args...), in, p.out, p.err) }()
	t.Cleanup(func() { p.stop(); stdin.Close() })
	return &mocking{p, stdin}
}

// url waits until the mock listens, with a protocol.
func (m *mocking) url(p wire.Protocol) string {
	m.t.Helper()
	return strings.Fields(m.out.wait(m.t, "listening\t"+"tcp://127.0.0.1:"))[1]
}

func (m *mocking) enter(line string) {
	_, err := io.WriteString(m.stdin, line+"\n")
	require.NoError(m.t, err)
}

// eachMock runs a test with a mock that speaks 2.0, and with one that speaks 1.3.
func eachMock(t *testing.T, test func(t *testing.T, flag string, p wire.Protocol)) {
	for flag, p := range map[string]wire.Protocol{"--listen": wire.Protocol20, "--listen-qt5": wire.Protocol13} {
		t.Run(p.String(), func(t *testing.T) { test(t, flag, p) })
	}
}

func replicaAt(t testing.TB, url, name string) *core.Replica {
	t.Helper()
	node := core.NewNode(quiet)
	t.Cleanup(func() { node.Close() })
	require.NoError(t, node.Connect(url))
	r, err := node.AcquireDynamic(name)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	require.NoError(t, r.Wait(ctx))
	return r
}

// signals collects the arguments of a signal, as JSON.
func signals(t testing.TB, r *core.Replica, name string) <-chan string {
	heard := make(chan string, 10)
	_, err := r.OnSignal(name, func(args []qt.Value) { heard <- text(args) })
	require.NoError(t, err)
	return heard
}

// become waits until a property has a value, as JSON.
func become(t testing.TB, r *core.Replica, name, want string) {
	t.Helper()
	news := make(chan struct{}, 100)
	cancel, err := r.OnChange(name, func(qt.Value) { news <- struct{}{} })
	require.NoError(t, err)
	defer cancel()
	ctx, stop := context.WithTimeout(context.Background(), soon)
	defer stop()
	for {
		v, err := r.Get(name)
		require.NoError(t, err)
		if text(v) == want {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("%s is %s, not %s", name, text(v), want)
		}
	}
}

func TestMock(t *testing.T) {
	eachMock(t, func(t *testing.T, flag string, p wire.Protocol) {
		m := startMock(t, mockRep, flag, "tcp://127.0.0.1:0", "--json")
		line := m.out.wait(t, `{"event":"listening"`)
		url := strings.Split(line, `"`)[7]
		require.Equal(t, fmt.Sprintf(`{"event":"listening","url":%q,"protocol":%q}`, url, p), line)
		requireOutput(t, `{"celsius":19.5,"target":20,"title":"cellar","mode":"Busy","season":"Winter","last":{"stamp":0,"unit":null},"history":[],`+
			`"anything":null,"vendor":"Acme","pump":{"rpm":600,"label":"north"},"rows":{"roles":["display","celsius"]}}`+"\n",
			"--json", "--connect", url, "get", "Boiler")
		m.out.wait(t, `{"event":"acquire","object":"Boiler","peer":"tcp 127.0.0.1:`)
		m.out.wait(t, `{"event":"release","object":"Boiler","peer":"tcp 127.0.0.1:`)
		requireOutput(t, `{"rpm":600,"label":"north"}`+"\n", "--json", "--connect", url, "get", "Pump")

		// What clients do.
		requireOutput(t, "", "--connect", url, "set", "Boiler", "target", "22")
		m.out.wait(t, `{"event":"write","object":"Boiler","member":"target","args":[22],"peer":"tcp 127.0.0.1:`)
		requireOutput(t, "", "--connect", url, "set", "Boiler", "mode", "Idle")
		m.out.wait(t, `"member":"mode","args":["Idle"],"peer"`)
		requireOutput(t, "", "--connect", url, "set", "Boiler", "pump.label", "south")
		m.out.wait(t, `{"event":"write","object":"Boiler","member":"pump.label","args":["south"],"peer"`)
		requireError(t, failed, "read-only", "--timeout", "300ms", "--connect", url, "set", "Boiler", "celsius", "1")
		m.err.wait(t, "qtro: Boiler.celsius: write of a property that replicas may not write")
		requireOutput(t, "0\n", "--connect", url, "call", "Boiler", "boost", "10")
		m.out.wait(t, `{"event":"call","object":"Boiler","member":"boost","args":[10],"reply":0,"peer"`)
		requireOutput(t, `{"stamp":0,"unit":null}`+"\n", "--connect", url, "call", "Boiler", "measure", "bar")
		requireOutput(t, "\"Idle\"\n", "--connect", url, "call", "Boiler", "cycle", "Busy")
		requireOutput(t, "", "--connect", url, "call", "Boiler", "reset")
		m.out.wait(t, `{"event":"call","object":"Boiler","member":"reset()","args":[],"peer"`)
		requireOutput(t, "0\n", "--connect", url, "call", "Boiler", "reset", "3", "true")
		requireOutput(t, "0\n", "--connect", url, "call", "Boiler", "pump.spin", "3")
		m.out.wait(t, `{"event":"call","object":"Boiler","member":"pump.spin","args":[3],"reply":0,"peer"`)

		// What is typed.
		r := replicaAt(t, url, "Boiler")
		ready, changed := signals(t, r, "ready"), signals(t, r, "changed")
		m.enter("set Boiler.celsius 21.5")
		become(t, r, "celsius", "21.5")
		m.enter("set  Boiler.title north wing")
		become(t, r, "title", `"north wing"`)
		m.enter(`set Boiler.history [{"stamp": 4, "unit": "bar"}]`)
		become(t, r, "history", `[{"stamp":4,"unit":"bar"}]`)
		m.enter("emit Boiler.ready 66")
		require.Equal(t, "[66]", <-ready)
		m.enter(`emit Boiler.changed Busy {"stamp": 1, "unit": "a b"}`)
		require.Equal(t, `["Busy",{"stamp":1,"unit":"a b"}]`, <-changed)
		m.out.wait(t, `{"event":"emit","object":"Boiler","member":"changed","args":["Busy",{"stamp":1,"unit":"a b"}]}`)
		m.enter(`answer Boiler.boost {"reply": 12, "delay": "1ms"}`)
		m.enter("get Boiler.celsius")
		m.out.wait(t, "21.5")
		requireOutput(t, "12\n", "--connect", url, "call", "Boiler", "boost", "10")
		m.enter("set Boiler.pump null")
		m.out.wait(t, `{"event":"set","object":"Boiler","member":"pump","args":[null]}`)
		m.enter("set Boiler.pump.rpm 3")
		m.err.wait(t, "qtro: Boiler.pump holds no object at present")
		m.enter("get Boiler")
		m.out.wait(t, `"pump":null`)
		m.enter(`set Boiler.pump {"rpm": 5}`)
		m.out.wait(t, `{"event":"set","object":"Boiler","member":"pump.rpm","args":[5]}`)
		requireOutput(t, "5\n", "--connect", url, "get", "Boiler", "pump.rpm")
		m.enter("help")
		m.err.wait(t, "The objects are Boiler, Pump.")
		require.Zero(t, m.stop())
	})
}

// Lines for people, and other names than those of the classes.
func TestMockText(t *testing.T) {
	m := startMock(t, mockRep, "--listen", "tcp://127.0.0.1:0", "--object", "plant.boiler=Boiler", "--object", "Pump")
	url := m.url(wire.Protocol20)
	r := replicaAt(t, url, "plant.boiler")
	require.Contains(t, m.out.wait(t, "acquire"), "acquire\tplant.boiler\ttcp 127.0.0.1:")
	require.NoError(t, r.Set("target", 3))
	require.Contains(t, m.out.wait(t, "write"), "write\tplant.boiler.target = 3\ttcp 127.0.0.1:")
	_, err := r.Call(context.Background(), "boost", 4)
	require.NoError(t, err)
	require.Contains(t, m.out.wait(t, "call"), "call\tplant.boiler.boost(4) -> 0\ttcp 127.0.0.1:")
	m.enter("set plant.boiler.pump.rpm 4")
	require.Equal(t, "set\tplant.boiler.pump.rpm = 4", m.out.wait(t, "set\t"))
	_, out, _ := qtro(t, "--connect", url, "ls")
	require.Regexp(t, `(?m)^Pump\tPump\t.*\t[0-9a-f]{40}$`, out)
	require.Regexp(t, `(?m)^plant.boiler\tBoiler\t.*\t[0-9a-f]{40}$`, out)
	for line, want := range map[string]string{
		"sing":                           `"sing" is no command; try help`,
		"set":                            "set what? Try help",
		"get":                            "get what? Try help",
		"get Pump.speed":                 `Pump has no property "speed"; its properties are rpm, label`,
		"get Lamp.on":                    `no object has "Lamp.on"; there are Pump, plant.boiler`,
		"set Pump":                       "Pump is an object: name the member, too",
		"set Pump.rpm":                   "set Pump.rpm to what?",
		"set Pump.rpm fast":              `value of Pump.rpm: "fast" is no int`,
		"set plant.boiler.mode Off":      "value of plant.boiler.mode: Off is not one of Idle, Busy",
		"set plant.boiler.vendor Lux":    "plant.boiler.vendor: ",
		"set plant.boiler.rows []":       "is a model, which stays empty",
		"set plant.boiler.pump 7":        "holds a Pump: give a map of its properties, or null",
		"set plant.boiler.title.x 7":     "plant.boiler.title holds no object",
		`emit Pump.jammed "a`:            `"a: unexpected EOF`,
		"emit Pump.jammed":               "Pump.jammed takes 1 arguments, not 0",
		"emit Pump.spin":                 `Pump has no signal "spin"; its signals are jammed`,
		"emit plant.boiler.ready much":   "argument 1 of plant.boiler.ready",
		"answer Pump.spin":               "answer Pump.spin how? Try help",
		"answer Pump.spin {":             "answer:",
		"answer Pump.spin 7":             "expected an answer such as {reply: 10, delay: 100ms}",
		"answer Pump.turn {}":            `Pump has no slot "turn"; its slots are spin`,
		"answer plant.boiler.reset {}":   "plant.boiler.reset is overloaded; say which one: reset(), reset(int,bool)",
		"answer plant.boiler.reset() {}": "",
	} {
		m.err.forget()
		m.enter(line)
		m.enter("help") // when it is answered, so is the line before
		m.err.wait(t, "The objects are")
		require.Contains(t, m.err.String(), want, line)
		if want != "" {
			require.Equal(t, 1, strings.Count(m.err.String(), "qtro: "), m.err)
		}
	}
	require.Zero(t, m.stop())
}

func TestMockScenario(t *testing.T) {
	eachMock(t, func(t *testing.T, flag string, p wire.Protocol) {
		m := startMock(t, mockRep, flag, "tcp://127.0.0.1:0", "--scenario", "testdata/mock.yaml")
		url := m.url(p)
		r := replicaAt(t, url, "Boiler")
		ready := signals(t, r, "ready")
		for name, want := range map[string]string{"target": "25", "vendor": `"Umbra"`, "mode": `"Idle"`, "last": `{"stamp":3,"unit":"K"}`} {
			v, err := r.Get(name)
			require.NoError(t, err)
			require.Equal(t, want, text(v), name)
		}
		m.out.wait(t, `emit	Boiler.changed("Busy", {"stamp":9,"unit":"bar"})`)
		require.NoError(t, r.Set("target", 99))
		m.out.wait(t, "Boiler.target = 99")
		become(t, r, "target", "21")

		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		v, err := r.Call(ctx, "boost", 5)
		require.NoError(t, err)
		require.EqualValues(t, 10, v.Int())
		become(t, r, "celsius", "30")
		require.Equal(t, "[66]", <-ready)
		_, err = r.Call(ctx, "cycle", "Busy")
		require.ErrorIs(t, err, core.ErrCallFailed)
		m.out.wait(t, `Boiler.cycle("Busy") -> failed`)

		pump, err := r.Child("pump")
		require.NoError(t, err)
		v, err = pump.Call(ctx, "spin", 1)
		require.NoError(t, err)
		require.EqualValues(t, 7, v.Int())
		_, err = r.Call(ctx, "measure", "bar")
		require.NoError(t, err)
		m.out.wait(t, `emit	Boiler.pump.jammed("sand")`)
		require.Equal(t, 2, strings.Count(m.out.String(), `Boiler.season = "Summer"`))
		require.Zero(t, m.stop())
		require.Empty(t, m.err.String())
	})
}

// Overloads are answered, awaited, emitted and told of by their signatures, be they alike in all but the types.
func TestMockOverloads(t *testing.T) {
	scenario := filepath.Join(t.TempDir(), "notes.yaml")
	require.NoError(t, os.WriteFile(scenario, []byte(`
- answer:
    Boiler.note(int): {reply: a number, then: [{emit: {Boiler.noted(int): [5]}}]}
    Boiler.note(QString): {reply: a text, then: [{emit: {Boiler.noted(QString): [5]}}]}
    "Boiler.note(QMap<QString, int>)": {fail: true}
    Boiler.boost(int): {reply: 4}
- await: call Boiler.reset(int, bool)
  emit: {Boiler.noted: [some]}
`), 0o600))
	eachMock(t, func(t *testing.T, flag string, p wire.Protocol) {
		m := startMock(t, mockRep, flag, "tcp://127.0.0.1:0", "--scenario", scenario, "--json")
		url := strings.Split(m.out.wait(t, `{"event":"listening"`), `"`)[7]
		r := replicaAt(t, url, "Boiler")
		numbers, texts := signals(t, r, "noted(int)"), signals(t, r, "noted(QString)")
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		call := func(slot string, args ...any) string {
			v, err := r.Call(ctx, slot, args...)
			require.NoError(t, err)
			return text(v)
		}
		require.Equal(t, `"a number"`, call("note(int)", 7))
		require.Equal(t, "[5]", <-numbers)
		require.Equal(t, `"a text"`, call("note(QString)", "7"))
		require.Equal(t, `["5"]`, <-texts)
		_, err := r.Call(ctx, "note(QMap<QString,int>)", map[string]int32{"a": 1})
		require.ErrorIs(t, err, core.ErrCallFailed)
		require.Equal(t, "4", call("boost", 1))
		for _, line := range []string{
			`"member":"note(int)","args":[7],"reply":"a number","peer"`,
			`"event":"emit","object":"Boiler","member":"noted(int)","args":[5]}`,
			`"member":"note(QString)","args":["7"],"reply":"a text","peer"`,
			`"event":"emit","object":"Boiler","member":"noted(QString)","args":["5"]}`,
			`"member":"note(QMap<QString,int>)","args":[{"a":1}],"failed":true,"peer"`,
			`"member":"boost","args":[1],"reply":4,"peer"`,
		} {
			m.out.wait(t, line)
		}

		m.enter(`answer Boiler.note(int) {"reply": "another"}`)
		m.enter("emit Boiler.noted(QString) 6")
		require.Equal(t, `["6"]`, <-texts)
		require.Equal(t, `"another"`, call("note(int)", 7))
		require.Equal(t, `"a text"`, call("note(QString)", "7"))
		require.Equal(t, `["5"]`, <-texts)
		call("reset(int,bool)", 1, true)
		require.Equal(t, `["some"]`, <-texts, "the first that takes the argument")
		require.Zero(t, m.stop())
		require.Empty(t, m.err.String())
	})
}

// A registry leads to a mock, and secure URLs are for those who have certificates.
func TestMockRegistry(t *testing.T) {
	registry := start(t, "registry", "--listen", "tcp://127.0.0.1:0")
	url := strings.Fields(registry.out.wait(t, "QtRO 2.0"))[1]
	m := startMock(t, mockRep, "--registry", url, "--listen", "tcp://127.0.0.1:0", "--listen-qt5", "tcp://127.0.0.1:0")
	registry.out.wait(t, "added\tBoiler\tBoiler")
	requireOutput(t, "19.5\n", "--registry", url, "get", "Boiler", "celsius")
	require.Zero(t, m.stop())
	registry.out.wait(t, "removed\tBoiler\tBoiler")
}

// Behind certificates a mock says who its clients are.
func TestMockSecure(t *testing.T) {
	plant := newCA(t, "plant")
	for _, scheme := range []string{"tls", "quic"} {
		m := startMock(t, and(plant.flags("boiler"), mockRep, "--require-secure", "--listen", scheme+"://127.0.0.1:0")...)
		url := strings.Fields(m.out.wait(t, "listening\t"+scheme))[1]
		requireOutput(t, "0\n", and(plant.flags("panel"), "--connect", url, "call", "Boiler", "boost", "5")...)
		require.Contains(t, m.out.wait(t, "call"), "call\tBoiler.boost(5) -> 0\t"+id("panel")+" ("+scheme)
		m.out.wait(t, "release\tBoiler\t"+id("panel"))
		require.Zero(t, m.stop())
	}
	requireError(t, failed, "--require-secure", and(plant.flags("boiler"), "mock", mockRep, "--require-secure", "--listen", "tcp://127.0.0.1:0")...)
}

// The scenario that the help shows is one.
func TestMockHelp(t *testing.T) {
	code, out, _ := qtro(t, "mock", "--help")
	require.Zero(t, code)
	_, after, _ := strings.Cut(out, "    # What")
	example, _, _ := strings.Cut("    #"+after, "The steps")
	m, _, _ := testMock(t)
	steps, err := m.parseScenario("help", []byte(example))
	require.NoError(t, err, out)
	require.Len(t, steps, 4)
}

func TestMockErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	broken := file("broken.rep", "class Lamp\n{\n    PROP(int)\n};\n")
	strange := file("strange.rep", "class Lamp\n{\n    CLASS bulb(Bulb)\n};\n")
	empty := file("empty.rep", "POD Reading(int a)\n")
	at := []string{"--listen", "tcp://127.0.0.1:0"}
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{usage, []string{mockRep}, "say where to listen"},
		{usage, append([]string{mockRep, "--connect", "tcp://h:1"}, at...), "a mock hosts objects"},
		{failed, append([]string{"nowhere.rep"}, at...), "nowhere.rep"},
		{failed, append([]string{empty}, at...), "no class to host"},
		{usage, append([]string{mockRep, "--object", "Lamp"}, at...), "CLASS is one of Pump, Boiler"},
		{usage, append([]string{mockRep, "--object", "Pump", "--object", "Pump=Boiler"}, at...), `two objects "Pump"`},
		{usage, []string{mockRep, "--listen", "gopher://x"}, "known are"},
		{usage, []string{mockRep, "--listen", "tls://localhost:0"}, "--cert FILE"},
		{failed, append([]string{mockRep, "--scenario", "nowhere.yaml"}, at...), "nowhere.yaml"},
	} {
		requireError(t, c.code, c.want, append([]string{"mock"}, c.args...)...)
	}
	requireRepError(t, failed, broken+":3:10: expected a type, a blank and a name in PROP\n    PROP(int)\n         ^\n",
		"mock", broken, "--listen", "tcp://127.0.0.1:0")
	requireRepError(t, failed, strange+":3:11: the class Bulb of bulb is not declared: give the file that it is in, too\n"+
		"    CLASS bulb(Bulb)\n          ^\n", "mock", strange, "--listen", "tcp://127.0.0.1:0")
	unknown := file("unknown.rep", "class Lamp\n{\n    PROP(Paint::Tint tint)\n};\n")
	requireError(t, failed, "an enum that is declared in C++ takes USE_ENUM(Paint::Tint)", "mock", unknown, "--listen", "tcp://127.0.0.1:0")
	// Nobody reads what is printed.
	require.Equal(t, failed, run(context.Background(), append([]string{"mock", mockRep}, at...), strings.NewReader(""), brokenWriter{}, io.Discard))
	// Values that only a compiler understands are zero.
	odd := file("odd.rep", "class Lamp\n{\n    PROP(QString tint = Tint::warm())\n};\n")
	m := startMock(t, odd, "--listen", "tcp://127.0.0.1:0")
	m.url(wire.Protocol20)
	require.Contains(t, m.err.String(), "odd.rep:3:")
	require.Zero(t, m.stop())
}

// TestMockQt: Qt's typed replicas take a mock of their .rep file for their source.
func TestMockQt(t *testing.T) {
	for _, major := range []int{5, 6} {
		t.Run(fmt.Sprintf("qt%d", major), func(t *testing.T) {
			qtpeer.Require(t, major)
			flag := map[int]string{5: "--listen-qt5", 6: "--listen"}[major]
			args := []string{flag, "tcp://127.0.0.1:0"}
			for _, name := range []string{"station", "brewery", "types"} {
				args = append(args, peersRep(t, major, name))
			}
			m := startMock(t, args...)
			url := m.url(0)
			r := qtpeer.Start(t, major, "replica", "--connect", url, "--typed", "--acquire", "Station", "--acquire", "Brewery", "--acquire", "Types",
				"--acquire", "Gauge:dynamic")
			for _, name := range []string{"Station", "Brewery", "Types", "Gauge"} {
				r.Wait(soon, "notified", qtpeer.Match{"object": name})
				m.out.wait(t, "acquire\t"+name)
			}
			m.enter("set Station.level 7")
			r.Wait(soon, "changed", qtpeer.Match{"object": "Station", "prop": "level", "value": 7})
			m.enter(`emit Station.levelCrossed 66`)
			r.Wait(soon, "signal", qtpeer.Match{"object": "Station", "signal": "levelCrossed(int)"})
			m.enter(`answer Station.add {reply: 42}`)
			m.enter(`get Station.level`)
			m.out.wait(t, "7")
			r.Send("call Station.add [1, 2]")
			m.out.wait(t, "call\tStation.add(1, 2) -> 42")
			r.Wait(soon, "reply", qtpeer.Match{"slot": "Station.add", "value": 42})
			r.Send("set Station.title \"north wing\"")
			m.out.wait(t, "write\tStation.title = \"north wing\"")
			r.Wait(soon, "changed", qtpeer.Match{"object": "Station", "prop": "title", "value": "north wing"})
			r.Send("release Brewery")
			m.out.wait(t, "release\tBrewery")
		})
	}
}

// peersRep is a .rep file of the peers as one version of Qt takes it.
func peersRep(t testing.TB, major int, name string) string {
	src, err := os.ReadFile("../../interop/peers/" + name + ".rep.in")
	require.NoError(t, err)
	var out strings.Builder
	if major == 5 {
		out.WriteString("USE_ENUM(StationTypes::Alarms)\n") // which C++ declares; a part of no signature
	}
	for line := range strings.Lines(string(src)) {
		line = strings.Replace(line, fmt.Sprintf("//%d!", major), "", 1)
		if !strings.HasPrefix(line, "//") {
			out.WriteString(line)
		}
	}
	path := filepath.Join(t.TempDir(), name+".rep")
	require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o600))
	return path
}
