package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// playback is a capture, decoded.
type playback struct {
	capture
	toClientDecoder *Decoder
	packets         []*Packet
}

func play(t testing.TB, name string) *playback {
	p := &playback{capture: readCapture(t, "testdata/"+name+".txt")}
	p.types = stationTypes() // with the names of the fields
	toClient, toHost := p.decoders()
	p.toClientDecoder = toClient
	for _, l := range p.lines {
		d := toHost
		if l.toClient {
			d = toClient
		}
		packet := new(Packet)
		require.NoError(t, d.Decode(l.frame, packet), l.summary)
		p.packets = append(p.packets, packet)
	}
	return p
}

// of returns the packets of a kind that go one way.
func (p *playback) of(kind Kind, toClient bool) (out []*Packet) {
	for i, packet := range p.packets {
		if packet.Kind == kind && p.lines[i].toClient == toClient {
			out = append(out, packet)
		}
	}
	return out
}

var versions = []string{"qt5.15.8", "qt6.4.2"}

// both runs a test for each version of Qt.
func both(t *testing.T, test func(t *testing.T, version string)) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) { test(t, version) })
	}
}

func reading(stamp int64, value float64, unit string, valid bool) map[string]any {
	return map[string]any{"stamp": stamp, "value": value, "unit": unit, "valid": valid}
}

// TestStation checks the first values of the big class against what the Qt replica saw.
func TestStation(t *testing.T) {
	want := map[int]any{
		0: true, 1: int32(-42), 2: uint32(4000000000), 3: int64(-9007199254740995), 4: uint64(18446744073709551615),
		5: float32(0.5), 6: 2.718281828459045, 7: "Zürich 東京 🌦", 8: "", 10: []byte{0, 1, 0xfe, 0xff},
		11: []string{"north", "größe", ""}, 12: []any{int32(1), "two", 3.5, true, nil, []any{"nested", int32(7)}},
		13: map[string]any{"alt": int32(408), "name": "roof", "nested": map[string]any{"k": []byte("v")}},
		14: qt.Point{X: 3, Y: -4}, 18: qt.URL("https://example.org/wx%20station?id=1#top"), 20: qt.Point{X: -3, Y: 7},
		21: qt.Size{Width: 640, Height: 480}, 22: qt.Rect{X: 10, Y: 20, Width: 300, Height: 400}, 23: qt.SizeF{Width: 1.5, Height: -0.25},
		24: []int32{1, -2, 2147483647}, 25: []string{"alpha", "beta"}, 26: map[string]int32{"rain": 12, "sun": -3},
		27: int32(3), 28: int32(6), 29: int32(5), 30: reading(1700000000123, 21.5, "°C", true), 33: "s3cret", 34: int32(7), 35: "Acme",
	}
	both(t, func(t *testing.T, version string) {
		p := play(t, version+"/typed_acquire")
		init := p.of(Init, true)[0]
		assert.Equal(t, "Station", init.Name)
		require.Len(t, init.Values, 38)
		for i, w := range want {
			assert.Equal(t, w, init.Values[i].Value.Any(), "property %d", i)
		}
		text := func(i int) string { return init.Values[i].Value.String() }
		assert.True(t, init.Values[9].Value.IsNull())
		assert.False(t, init.Values[8].Value.IsNull())
		assert.Contains(t, text(15), "2024-02-29 12:34:56.789")
		assert.Equal(t, "1999-12-31", text(16))
		assert.Equal(t, "06:30:00.250", text(17))
		assert.Equal(t, "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", text(19))

		gauge, rows := init.Values[36].Object, init.Values[37].Object
		prefix := ""
		if p.protocol == Protocol20 {
			prefix = "Station::"
		}
		assert.Equal(t, Object{Name: "Class::" + prefix + "gauge", TypeName: "Gauge", Kind: ClassObject, Values: gauge.Values}, *gauge)
		require.Len(t, gauge.Values, 3)
		assert.Equal(t, "barometer-1", gauge.Values[0].Value.Any())
		assert.Equal(t, 1001.0, gauge.Values[1].Value.Any())
		assert.Equal(t, reading(101, 0.5, "hPa", true), gauge.Values[2].Value.Any())
		assert.Equal(t, Object{Name: "Model::" + prefix + "rows", TypeName: "QAbstractItemModelAdapter", Kind: ModelObject, Values: rows.Values}, *rows)
		assert.Equal(t, []int32{0, 257}, rows.Values[0].Value.Any())
		assert.Equal(t, map[int32][]byte{0: []byte("display"), 257: []byte("celsius")}, rows.Values[1].Value.Any())

		var station ObjectRef
		for _, o := range p.of(ObjectList, true)[0].Objects {
			if o.Name == "Station" {
				station = o
			}
		}
		assert.Equal(t, "Station", station.TypeName)
		assert.Len(t, station.Signature, 40)
		assert.False(t, p.of(AddObject, false)[0].Dynamic)
		released := p.of(RemoveObject, false)
		require.Len(t, released, 3)
		assert.Equal(t, []string{"Station", gauge.Name, rows.Name}, []string{released[0].Name, released[1].Name, released[2].Name})
	})
}

func TestRegistry(t *testing.T) {
	both(t, func(t *testing.T, version string) {
		p := play(t, version+"/registry_host")
		assert.Equal(t, []ObjectRef{{Name: "Registry", TypeName: "Registry"}}, p.of(ObjectList, true)[0].Objects)
		assert.Equal(t, qt.SourceLocations{}, p.of(Init, true)[0].Values[0].Value.Any())
		var got []string
		for _, call := range p.of(Invoke, false) {
			require.Len(t, call.Args, 1)
			l, err := qt.As[qt.SourceLocation](call.Args[0])
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(string(l.URL), "tcp://127.0.0.1:"), l.URL)
			assert.Equal(t, int32(-1), call.Serial)
			got = append(got, []string{"addSource ", "removeSource "}[call.Index]+l.Name+":"+l.TypeName)
		}
		assert.Equal(t, []string{"addSource Thermostat:", "addSource Gauge:Gauge", "addSource Station:Station", "removeSource Gauge:Gauge",
			"addSource Gauge:Gauge"}, got)
		assert.Len(t, p.of(Invoke, true), 5)
	})
}

func TestContainersOfPODs(t *testing.T) {
	history := []map[string]any{reading(7, -0.5, "µ", false), reading(8, 1e10, "", true)}
	both(t, func(t *testing.T, version string) {
		p := play(t, version+"/pod_containers")
		changes := p.of(PropertyChange, true)
		want := []struct {
			index int32
			typ   string
			value any
		}{
			{31, "QList<Reading>", history},
			{31, "QList<Reading>", []map[string]any{}},
			{32, "QMap<QString,Reading>", map[string]map[string]any{"b": history[0], "a": history[1]}},
			{32, "QMap<QString,Reading>", map[string]map[string]any{}},
		}
		require.GreaterOrEqual(t, len(changes), len(want))
		for i, w := range want {
			assert.Equal(t, w.index, changes[i].Index)
			assert.Equal(t, w.typ, changes[i].Value.Value.Type().String())
			assert.Equal(t, w.value, changes[i].Value.Value.Any())
		}
	})
}

func TestCalls(t *testing.T) {
	both(t, func(t *testing.T, version string) {
		p := play(t, version+"/calls")
		byCall := map[int32]*Packet{} // by serial, of Station
		next := int32(1)
		for _, call := range p.of(Invoke, false) {
			assert.Equal(t, InvokeMethod, call.Call)
			assert.Equal(t, int32(-1), call.Property)
			if call.Name != "Station" {
				continue
			}
			if call.Serial == -1 {
				assert.Contains(t, []int32{0, 4, 5}, call.Index, "a slot without a result")
				continue
			}
			assert.Equal(t, next, call.Serial)
			byCall[next] = call
			next++
		}
		replies := 0
		for _, reply := range p.of(InvokeReply, true) {
			call := byCall[reply.Serial]
			switch {
			case reply.Name != "Station":
			case call.Index == 6:
				assert.Equal(t, []any{int32(40), int32(2)}, []any{call.Args[0].Any(), call.Args[1].Any()})
				assert.Equal(t, int32(42), reply.Value.Value.Any())
			case call.Index == 9:
				assert.Equal(t, reading(42, -0.125, "hPa", false), reply.Value.Value.Any())
			case call.Index == 15: // echo
				assert.True(t, call.Args[0].Unwrap().Equal(reply.Value.Value.Unwrap()), "%v, %v", call.Args[0], reply.Value.Value)
			}
			if reply.Name == "Station" {
				replies++
			}
		}
		assert.Equal(t, len(byCall), replies)
	})
}

func TestDefinition(t *testing.T) {
	both(t, func(t *testing.T, version string) {
		p := play(t, version+"/nested_dynamic")
		init := p.of(InitDynamic, true)[0]
		c := init.Class
		assert.Equal(t, "Station", c.TypeName)
		require.NotEmpty(t, c.Enums)
		names := map[string]qt.Enum{}
		for _, e := range c.Enums {
			names[e.Name] = e
		}
		assert.Equal(t, []qt.EnumKey{{Name: "Idle", Value: 0}, {Name: "Sampling", Value: 3}, {Name: "Fault", Value: -1}}, names["Mode"].Keys)
		gadgets := map[string]Gadget{}
		for _, g := range c.Gadgets {
			gadgets[g.Name] = g
		}
		assert.Equal(t, []qt.Field{{Name: "name", TypeName: "QString"}, {Name: "grid", TypeName: "QPoint"}, {Name: "last", TypeName: "Reading"}},
			gadgets["Place"].Fields)
		assert.Equal(t, "Season", gadgets["SeasonEnum"].Enums[0].Name)
		assert.Equal(t, 4, gadgets["SeasonEnum"].Enums[0].Size)
		assert.Equal(t, Method{Signature: "onlineChanged(bool)", Params: []string{"online"}}, c.Signals[0])
		assert.Equal(t, "pushOnline(bool)", c.Slots[0].Signature)
		assert.Equal(t, PropertyDef{"online", "bool", "onlineChanged(bool)"}, c.Properties[0])
		assert.Equal(t, PropertyDef{"vendor", "QString", ""}, c.Properties[35])
		assert.Equal(t, PropertyDef{"gauge", "QObject*", "gaugeChanged(GaugeSource*)"}, c.Properties[36])
		require.Len(t, c.Properties, len(init.Values))

		gauge := init.Values[36].Object
		require.NotNil(t, gauge.Definition)
		assert.Equal(t, "Gauge", gauge.Definition.TypeName)
		assert.Len(t, gauge.Definition.Properties, 3)

		// The child knows what its parent knows, and calls on it can be decoded.
		for _, object := range []string{"Station", gauge.Name} {
			pod, err := p.toClientDecoder.Types(object).Lookup("Reading")
			require.NoError(t, err)
			assert.True(t, pod.IsPOD())
			mode, err := p.toClientDecoder.Types(object).Lookup("Station::Mode")
			require.NoError(t, err)
			assert.Len(t, mode.Enum().Keys, 3)
		}
		assert.Nil(t, p.toClientDecoder.Types("Gauge"))

		null := p.of(PropertyChange, true)[0]
		assert.Equal(t, Object{Name: gauge.Name, TypeName: "Gauge", Null: true}, *null.Value.Object)
	})
}

// Which protocol a value came by makes no difference: a capture of either Qt, sent on in the other protocol, says the same.
func TestAcrossProtocols(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			c.types = stationTypes()
			other := Protocol20
			if c.protocol == other {
				other = Protocol13
			}
			toClient, toHost := c.decoders()
			otherClient, otherHost := NewDecoder(other), NewDecoder(other)
			otherClient.Object, otherHost.Object = toClient.Object, toClient.Object
			enc := NewEncoder(other)
			for i, l := range c.lines {
				d, o := toHost, otherHost
				if l.toClient {
					d, o = toClient, otherClient
				}
				var p, q Packet
				require.NoError(t, d.Decode(l.frame, &p))
				frame, err := enc.Append(nil, &p)
				require.NoError(t, err, "packet %d: %s", i, l.summary)
				require.NoError(t, o.Decode(frame, &q), "packet %d: %s", i, l.summary)
				dropGadgetEnums(&p)
				dropGadgetEnums(&q)
				require.True(t, equalPackets(&p, &q), "packet %d: %s", i, l.summary)
			}
		})
	}
}

// dropGadgetEnums removes what protocol 1.3 does not say of a POD in a QVariant.
func dropGadgetEnums(p *Packet) {
	for _, v := range append(p.Values, p.Value) {
		if o := v.Object; o != nil && o.Kind == GadgetObject && o.Definition != nil {
			for i := range o.Definition.Gadgets {
				o.Definition.Gadgets[i].Enums = nil
			}
		}
	}
}

// The first values of the same class, seen by typed replicas of Qt 5 and Qt 6, are the same values.
func TestInitAcrossVersions(t *testing.T) {
	five, six := play(t, "qt5.15.8/typed_acquire"), play(t, "qt6.4.2/typed_acquire")
	var p Packet
	d := NewDecoder(Protocol20)
	d.Object = func(Kind, string) (*qt.Types, error) { return five.types, nil }
	require.NoError(t, d.Decode(encode(t, Protocol20, five.of(Init, true)[0]), &p))
	q := six.of(Init, true)[0]
	require.Len(t, p.Values, len(q.Values))
	var differ []int
	for i := range p.Values {
		if !equalProperties(p.Values[i], q.Values[i]) {
			differ = append(differ, i)
		}
	}
	assert.Equal(t, []int{36, 37}, differ)
	for _, i := range differ { // their names have the parent's in protocol 2.0
		a, b := p.Values[i].Object, q.Values[i].Object
		assert.Equal(t, strings.Replace(a.Name, "::", "::Station::", 1), b.Name)
		a.Name = b.Name
		assert.True(t, equalProperties(p.Values[i], q.Values[i]))
	}
}
