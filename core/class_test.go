package core

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

func TestClassErrors(t *testing.T) {
	a, b := &Class{Name: "A"}, &Class{Name: "B"}
	a.Properties = []Property{{Name: "b", Class: b}}
	b.Properties = []Property{{Name: "a", Class: a}}
	self := &Class{Name: "Self"}
	self.Properties = []Property{{Name: "me", Class: self}}
	for _, c := range []struct {
		name  string
		class *Class
		want  string
	}{
		{"no name", &Class{}, "no name"},
		{"unknown type", &Class{Name: "C", Properties: []Property{{Name: "p", Type: "Nonsense"}}}, `"Nonsense"`},
		{"no type", &Class{Name: "C", Properties: []Property{{Name: "p"}}}, "property p"},
		{"nameless property", &Class{Name: "C", Properties: []Property{{Type: "int"}}}, "missing or used twice"},
		{"twice", &Class{Name: "C", Properties: []Property{{Name: "p", Type: "int"}, {Name: "p", Type: "int"}}}, `"p" is missing or used twice`},
		{"default", &Class{Name: "C", Properties: []Property{{Name: "p", Type: "int", Default: "x"}}}, "default"},
		{"parameter", &Class{Name: "C", Signals: []Signal{{"s", []Param{{"a", "Nonsense"}}}}}, "signal s: parameter 1"},
		{"return", &Class{Name: "C", Slots: []Slot{{"s", "Nonsense", nil}}}, "slot s: return type"},
		{"child", &Class{Name: "C", Properties: []Property{{Name: "p", Class: &Class{}}}}, "property p"},
		{"itself", self, "holds itself"},
		{"circle", a, "holds itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewSource(c.class)
			require.ErrorIs(t, err, ErrClass)
			assert.ErrorContains(t, err, c.want)
			n, _ := testNode(t)
			_, err = n.Acquire("x", c.class)
			assert.ErrorIs(t, err, ErrClass)
			_, again := NewSource(c.class)
			assert.Equal(t, again != nil, err != nil, "the error is the same each time")
		})
	}
}

func TestIndices(t *testing.T) {
	station, _ := stationClasses(wire.Protocol20)
	ci, err := station.compile()
	require.NoError(t, err)
	for name, want := range map[string]int{"online": 0, "vendor": 35, "gauge": 36, "rows": 37} {
		got, err := ci.property(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	for name, want := range map[string]int{"onlineChanged": 0, "gaugeChanged": 35, "rowsChanged": 36, "started": 37, "batch": 42} {
		got, err := ci.signal(name, -1)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	for name, want := range map[string]int{"pushOnline": 0, "pushTicks": 1, "pushHistory": 2, "pushLatest": 3, "restart": 4, "swapGauge": 16} {
		got, err := ci.slot(name, -1)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	_, err = ci.signal("vendorChanged", -1)
	assert.ErrorContains(t, err, `no signal "vendorChanged"`)
	_, err = ci.slot("add", 3)
	assert.ErrorContains(t, err, "takes 2 arguments, not 3")
	assert.Equal(t, "READPUSH READONLY READWRITE CONSTANT SOURCEONLYSETTER Access(9)",
		strings.Join([]string{ReadPush.String(), ReadOnly.String(), ReadWrite.String(), Constant.String(), SourceOnlySetter.String(), Access(9).String()}, " "))
}

// TestDefinition describes a class to dynamic replicas as Qt does.
func TestDefinition(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		station, _ := stationClasses(p)
		ci, err := station.compile()
		require.NoError(t, err)
		got := ci.definition(p)
		var want *wire.Definition
		var child *wire.Definition
		for _, l := range captureOf(t, "dynamic_acquire", p).lines {
			if l.packet.Kind == wire.InitDynamic {
				want, child = l.packet.Class, l.packet.Values[36].Object.Definition
			}
		}
		canon := canonical(ci)
		assert.Equal(t, want.TypeName, got.TypeName)
		assert.Equal(t, want.Enums, got.Enums)
		// Qt says nothing of an enum of a C++ header; we do, as nobody could read its values.
		assert.ElementsMatch(t, want.Gadgets, slices.DeleteFunc(slices.Clone(got.Gadgets), func(g wire.Gadget) bool { return g.Name == "StationTypes" }))
		compareMethods(t, want.Signals, got.Signals, canon)
		compareMethods(t, want.Slots, got.Slots, canon)
		compareProperties(t, want.Properties, got.Properties, canon)

		gauge := ci.props[36].class.definition(p)
		assert.Equal(t, child.TypeName, gauge.TypeName)
		compareMethods(t, child.Signals, gauge.Signals, canon)
		compareMethods(t, child.Slots, gauge.Slots, canon)
		compareProperties(t, child.Properties, gauge.Properties, canon)
	})
}

// canonical gives each type one spelling: Qt writes a qint64 sometimes so and sometimes as a qlonglong, and an enum of the
// class in three ways.
func canonical(ci *classInfo) func(string) string {
	return func(name string) string {
		if t := ci.typeOf(name); t != variantType {
			return t.String()
		}
		return name
	}
}

func canonicalSignature(s string, canon func(string) string) string {
	name, types := wire.SplitSignature(s)
	for i := range types {
		types[i] = canon(types[i])
	}
	return name + "(" + strings.Join(types, ",") + ")"
}

func compareMethods(t *testing.T, want, got []wire.Method, canon func(string) string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		w, g := want[i], got[i]
		w.Signature, g.Signature = canonicalSignature(w.Signature, canon), canonicalSignature(g.Signature, canon)
		w.ReturnType, g.ReturnType = canon(w.ReturnType), canon(g.ReturnType)
		if len(w.Params) == 0 {
			w.Params, g.Params = nil, g.Params[:0:0]
		}
		assert.Equal(t, w.Signature, g.Signature)
		assert.Equal(t, w.ReturnType, g.ReturnType, w.Signature)
		assert.ElementsMatch(t, w.Params, g.Params, w.Signature)
	}
}

func compareProperties(t *testing.T, want, got []wire.PropertyDef, canon func(string) string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		w, g := want[i], got[i]
		assert.Equal(t, w.Name, g.Name)
		assert.Equal(t, canon(w.Type), canon(g.Type), w.Name)
		wn, _ := wire.SplitSignature(w.Notify)
		gn, _ := wire.SplitSignature(g.Notify)
		assert.Equal(t, wn, gn, w.Name)
	}
}

// TestClassOf makes of a definition, Qt's or ours, a class with the same members and types.
func TestClassOf(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		station, _ := stationClasses(p)
		ci, err := station.compile()
		require.NoError(t, err)
		var qts *wire.Definition
		for _, l := range captureOf(t, "dynamic_acquire", p).lines {
			if l.packet.Kind == wire.InitDynamic {
				qts = l.packet.Class
			}
		}
		for who, d := range map[string]*wire.Definition{"Qt": qts, "Go": ci.definition(p)} {
			got := classOf("Station", d)
			require.Len(t, got.props, len(ci.props))
			for i, w := range ci.props {
				g := got.props[i]
				assert.Equal(t, w.name, g.name)
				assert.Equal(t, w.kind, g.kind, w.name)
				if w.kind == plainProp && !g.typ.IsVariant() { // which containers of PODs may be
					assert.Equal(t, w.typ.String(), g.typ.String(), "%s %s", who, w.name)
				}
				if w.kind == plainProp && !strings.Contains(" history latest anything alarms ", w.name) {
					assert.False(t, g.typ.IsVariant(), "%s %s", who, w.name)
				}
				switch w.access {
				case ReadOnly:
					assert.Equal(t, ReadWrite, g.access, w.name) // a definition does not tell
				case SourceOnlySetter:
				default:
					assert.Equal(t, w.access, g.access, "%s %s", who, w.name)
				}
				assert.Equal(t, w.push, g.push, w.name)
				if who == "Go" || !strings.Contains(" bigSigned bigUnsigned names history latest ", w.name) {
					assert.Equal(t, w.notify, g.notify, "%s %s", who, w.name)
				}
			}
			require.Len(t, got.class.Signals, len(station.Signals))
			require.Len(t, got.class.Slots, len(station.Slots))
			for i, s := range station.Slots {
				assert.Equal(t, s.Name, got.class.Slots[i].Name)
				assert.Len(t, got.class.Slots[i].Params, len(s.Params))
			}
			assert.NotNil(t, got.props[27].typ.Enum(), "%s: mode is %s", who, got.props[27].typ)
		}
	})
}

func TestClassOfHostileDefinition(t *testing.T) {
	d := &wire.Definition{
		Signals:    []wire.Method{{}, {Signature: "(("}, {Signature: "x(,,<"}, {Signature: "aChanged(int)"}, {Signature: "aChanged(int)"}},
		Slots:      []wire.Method{{Signature: "push(int)", ReturnType: "?"}, {Signature: "pushA()", Params: []string{"p", "q"}}, {Signature: "pushA(int)"}},
		Properties: []wire.PropertyDef{{}, {Name: "a", Type: "int", Notify: "aChanged(int)"}, {Name: "a", Type: "QObject*", Notify: "aChanged(int)"}, {Name: "m", Type: "QAbstractItemModel*"}, {Name: "z", Type: "QList<QList<", Notify: ")("}},
		Gadgets:    []wire.Gadget{{}, {Name: "G", Fields: []qt.Field{{Name: "f", TypeName: "G"}}}},
		Enums:      []qt.Enum{{}, {Name: "::"}},
	}
	ci := classOf("x", d)
	assert.Equal(t, "x", ci.class.Name)
	assert.Len(t, ci.props, 5)
	s, err := NewSource(ci.class)
	require.NoError(t, err)
	for _, p := range both {
		assert.NotNil(t, s.info.describe(p))
	}
}

func TestSplitSignature(t *testing.T) {
	for s, want := range map[string][]string{
		"f": nil, "f()": nil, "f(int)": {"int"}, "f(QMap<QString,int>,bool)": {"QMap<QString,int>", "bool"}, "f(,)": {"", ""},
	} {
		name, types := wire.SplitSignature(s)
		assert.Equal(t, "f", name, s)
		assert.Equal(t, want, types, s)
	}
}

// TestLearntClass remotes a class that a replica has learnt, objects and all, as a mock or a bridge does.
func TestLearntClass(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		brewery, pump, _ := breweryClasses()
		h, _ := testHost(t)
		n, errs := testNode(t)
		b := made(t, brewery)
		require.NoError(t, b.SetChild("pump", made(t, pump)))
		require.NoError(t, h.EnableRemoting(b, "brewery"))
		connectPipe(t, n, h, opts...)
		r := acquired(t, n, "brewery", nil)
		copied := made(t, r.Class())
		require.NoError(t, copied.SetChild("pump", made(t, child(t, r, "pump").Class())))
		require.NoError(t, copied.Set("name", "copy"))
		require.NoError(t, h.EnableRemoting(copied, "copy"))
		_, err := n.Acquire("copy", r.Class())
		assert.ErrorIs(t, err, ErrClass)
		assert.ErrorContains(t, err, "use AcquireDynamic")
		for _, class := range []*Class{nil, brewery} {
			other, _ := testNode(t)
			connectPipe(t, other, h, opts...)
			c := acquired(t, other, "copy", class)
			name, err := Get[string](c, "name")
			require.NoError(t, err)
			assert.Equal(t, "copy", name)
			speed, err := Get[int](child(t, c, "pump"), "speed")
			require.NoError(t, err)
			assert.Zero(t, speed, "a definition has no defaults")
		}
		nothing(t, errs)
	})
}

// TestClassTypes: programs that take values as text find the types of a class by the names that its members give them.
func TestClassTypes(t *testing.T) {
	c := &Class{
		Name:       "Lamp",
		Enums:      []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Off", Value: 0}, {Name: "Dim", Value: 2}}}},
		Properties: []Property{{Name: "mode", Type: "Mode"}, {Name: "levels", Type: "QList<int>"}},
	}
	types, err := c.Types()
	require.NoError(t, err)
	mode, err := types.Lookup("Mode")
	require.NoError(t, err)
	v, err := mode.FromJSON([]byte(`"Dim"`))
	require.NoError(t, err)
	require.EqualValues(t, 2, v.Int())
	_, err = (&Class{Name: "Lamp", Properties: []Property{{Name: "mode", Type: "Mode"}}}).Types()
	require.ErrorIs(t, err, ErrClass)
}
