package core

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// alarms is a type of a header of the captures' Qt 5 peers, which no definition describes to a dynamic replica.
type alarms int32

func init() {
	qt.Register("StationTypes::Alarms", qt.Codec[alarms]{
		Decode: func(r *qt.Reader) alarms { return alarms(r.Int32()) },
		Encode: func(w *qt.Writer, a alarms) { w.Int32(int32(a)) },
	})
}

// capture is a conversation of real Qt peers, with what the replica's side saw.
type capture struct {
	name     string
	protocol wire.Protocol
	lines    []captureLine
	props    map[string]any // by "Station.level", at the end
}

type captureLine struct {
	toClient bool
	frame    []byte
	packet   *wire.Packet
	summary  string
}

// captures reads the captures of one name, or of all, in both versions.
func captures(t testing.TB, name string) []*capture {
	t.Helper()
	files, err := filepath.Glob("../wire/testdata/qt*/" + name + ".txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []*capture
	for _, f := range files {
		out = append(out, readCapture(t, f))
	}
	return out
}

func captureOf(t testing.TB, name string, p wire.Protocol) *capture {
	for _, c := range captures(t, name) {
		if c.protocol == p {
			return c
		}
	}
	require.FailNow(t, "no capture "+name)
	return nil
}

func readCapture(t testing.TB, file string) *capture {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	c := &capture{name: strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "../wire/testdata/"), ".txt"),
		protocol: wire.Protocol20, props: map[string]any{}}
	if strings.Contains(file, "qt5") {
		c.protocol = wire.Protocol13
	}
	types := captureTypes()
	known := func(wire.Kind, string) (*qt.Types, error) { return types, nil }
	toClient, toHost := wire.NewDecoder(c.protocol), wire.NewDecoder(c.protocol)
	toClient.Object, toHost.Object = known, known
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if text, ok := strings.CutPrefix(s.Text(), "# replica saw "); ok {
			c.saw(t, text)
		}
		dir, rest, _ := strings.Cut(s.Text(), " ")
		if dir != "S>C" && dir != "C>S" {
			continue
		}
		text, summary, _ := strings.Cut(rest, "#")
		frame, err := hex.DecodeString(strings.TrimSpace(text))
		require.NoError(t, err)
		l := captureLine{toClient: dir == "S>C", frame: frame, packet: new(wire.Packet), summary: strings.TrimSpace(summary)}
		d := toHost
		if l.toClient {
			d = toClient
		}
		require.NoError(t, d.Decode(frame, l.packet))
		c.lines = append(c.lines, l)
	}
	require.NoError(t, s.Err())
	return c
}

// captureTypes are what the peers know of one another.
func captureTypes() *qt.Types {
	station, _ := stationClasses(wire.Protocol13)
	station6, _ := stationClasses(wire.Protocol20)
	var enums []*qt.Enum
	for _, e := range append(station6.Enums, station.Enums...) {
		e.Size = 4
		enums = append(enums, &e)
	}
	types := qt.NewTypes()
	types.Define(enums, append(station.PODs, qt.POD{Name: "Spare", Fields: []qt.Field{{Name: "id", TypeName: "int"}, {Name: "label", TypeName: "QString"}}}))
	return types
}

func (c *capture) saw(t testing.TB, text string) {
	var e struct {
		Event, Object, Prop string
		Value               any
		Props               map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &e))
	switch e.Event {
	case "init":
		for name, v := range e.Props {
			c.props[e.Object+"."+name] = v
		}
	case "changed":
		name := e.Object + "." + e.Prop
		c.props[name] = e.Value
		if object, ok := e.Value.(map[string]any); ok && object["$object"] != nil {
			for field, v := range object {
				if field[0] != '$' {
					c.props[name+"."+field] = v
				}
			}
		}
	}
}

// plain gives a value the form in which the captures' peers wrote it down.
func plain(v qt.Value) any {
	var x any
	if v.IsNull() {
		return nil
	}
	x = plainGo(v.Any())
	text, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

func plainGo(x any) any {
	switch x := x.(type) {
	case nil:
		return nil
	case []byte:
		return map[string]any{"hex": hex.EncodeToString(x)}
	case time.Time:
		return x.Format("2006-01-02T15:04:05.000Z07:00")
	case qt.Time:
		return x.String()
	case qt.Date:
		return x.String()
	case qt.UUID:
		return "{" + strings.Trim(x.String(), "{}") + "}"
	case qt.URL:
		return string(x)
	case qt.Size:
		return map[string]any{"w": x.Width, "h": x.Height}
	case qt.SizeF:
		return map[string]any{"w": x.Width, "h": x.Height}
	case qt.Rect:
		return map[string]any{"x": x.X, "y": x.Y, "w": x.Width, "h": x.Height}
	case qt.Point:
		return map[string]any{"x": x.X, "y": x.Y}
	}
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plainGo(v.Index(i).Interface())
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, k := range v.MapKeys() {
			out[k.String()] = plainGo(v.MapIndex(k).Interface())
		}
		return out
	}
	return x
}

// alike compares what the peers wrote down with a replica's value: null stands for a null text too.
func alike(want, got any) bool {
	switch w := want.(type) {
	case nil:
		return got == nil || got == ""
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if !alike(w[k], g[k]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !alike(w[i], g[i]) {
				return false
			}
		}
		return true
	}
	return want == got
}
