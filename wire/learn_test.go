package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// defining returns a definition of a class with one POD, which has one field.
func defining(class, pod, field string) *Definition {
	return &Definition{TypeName: class, Gadgets: []Gadget{{Name: pod, Fields: []qt.Field{{Name: "f", TypeName: field}}}}}
}

func podOf(t testing.TB, types *qt.Types, name string, x any) qt.Value {
	pod, err := types.Lookup(name)
	require.NoError(t, err)
	v, err := pod.Value(map[string]any{"f": x})
	require.NoError(t, err)
	return v
}

// child returns a change of a property of object to a CLASS object.
func child(object, name string, d *Definition, values ...qt.Value) *Packet {
	o := &Object{Name: name, TypeName: "Child", Definition: d}
	for _, v := range values {
		o.Values = append(o.Values, Property{Value: v})
	}
	return &Packet{Kind: PropertyChange, Name: object, Value: Property{Object: o}}
}

// What one object's definition teaches is for the whole tree that it belongs to, and for no other.
func TestLearning(t *testing.T) {
	for _, p := range protocols {
		t.Run(p.String(), func(t *testing.T) {
			root, inner := defining("Root", "Base", "int"), defining("Inner", "Extra", "Base")
			base := podOf(t, root.Types(), "Base", 1)
			extra := podOf(t, inner.Types(root.Types()), "Extra", map[string]any{"f": 2})
			d := NewDecoder(p)
			var packet Packet
			decode := func(p2 *Packet) error { return d.Decode(encode(t, p, p2), &packet) }

			require.Error(t, decode(&Packet{Kind: PropertyChange, Name: "root", Value: Property{Value: base}}), "before the definition")
			require.NoError(t, decode(&Packet{Kind: InitDynamic, Name: "root", Class: root, Values: []Property{{Value: base}}}))
			require.NoError(t, decode(child("root", "a", nil, base)))
			require.NoError(t, decode(child("root", "b", nil, base)))
			require.NoError(t, decode(&Packet{Kind: PropertyChange, Name: "b", Value: Property{Value: base}}))
			require.Error(t, decode(&Packet{Kind: PropertyChange, Name: "other", Value: Property{Value: base}}))

			// A child of one child teaches its aunt, its grandparent, and itself.
			require.Error(t, decode(&Packet{Kind: PropertyChange, Name: "b", Value: Property{Value: extra}}))
			require.NoError(t, decode(child("a", "a/x", inner, extra)))
			for _, object := range []string{"root", "a", "b", "a/x"} {
				require.NoError(t, decode(&Packet{Kind: PropertyChange, Name: object, Value: Property{Value: extra}}), object)
				assert.Same(t, d.Types("root"), d.Types(object))
			}

			// A new Init with a definition starts anew.
			require.NoError(t, decode(&Packet{Kind: InitDynamic, Name: "root", Class: root}))
			require.Error(t, decode(&Packet{Kind: PropertyChange, Name: "root", Value: Property{Value: extra}}))
			require.NoError(t, decode(&Packet{Kind: PropertyChange, Name: "b", Value: Property{Value: extra}}), "a child of before")
		})
	}
}

// Nothing is learnt from a packet that turns out bad at its end.
func TestBadPacketTeachesNothing(t *testing.T) {
	for _, p := range protocols {
		d := NewDecoder(p)
		var packet Packet
		for _, lesson := range []*Packet{
			{Kind: InitDynamic, Name: "root", Class: defining("Root", "Base", "int")},
			child("root", "a", defining("Root", "Base", "int")),
		} {
			frame := encode(t, p, lesson)
			require.ErrorIs(t, d.Decode(resized(p, frame, 1), &packet), qt.ErrTrailing)
			assert.Nil(t, d.Types("root"))
			assert.Nil(t, d.Types("a"))
			assert.Zero(t, d.learned)
			require.NoError(t, d.Decode(frame, &packet))
			assert.NotNil(t, d.Types("root"))
			d = NewDecoder(p)
		}
	}
}

// A host that goes on defining is stopped.
func TestLearningIsBounded(t *testing.T) {
	until := func(t *testing.T, what string, next func(i int) *Packet) int {
		d := NewDecoder(Protocol20)
		var p Packet
		for i := range 1 << 20 {
			if err := d.Decode(encode(t, Protocol20, next(i)), &p); err != nil {
				require.ErrorIs(t, err, ErrTooMany)
				require.ErrorContains(t, err, what)
				return i
			}
			require.LessOrEqual(t, d.learned, maxLearned)
		}
		t.Fatal("not stopped")
		return 0
	}
	def := defining("Child", "Pod", "int")
	long := defining("Child", strings.Repeat("p", 1<<20), "int")
	assert.Equal(t, maxDefinitions, until(t, "definitions", func(int) *Packet { return child("root", "a", def) }))
	assert.Equal(t, 15, until(t, "definitions", func(int) *Packet { return child("root", "a", long) }))
	assert.Equal(t, 15, until(t, "definitions", func(i int) *Packet {
		return &Packet{Kind: InitDynamic, Name: fmt.Sprint("root", i), Class: long}
	}))
	assert.Less(t, until(t, "objects", func(i int) *Packet {
		p := &Packet{Kind: Init, Name: "root"}
		for j := range 100 {
			p.Values = append(p.Values, Property{Object: &Object{Name: fmt.Sprint(strings.Repeat("c", 10_000), i, "/", j)}})
		}
		p.Values = append(p.Values, Property{Object: &Object{Kind: GadgetObject, Definition: &Definition{}}})
		return p
	}), 17)
}

// Asking again, which clients do after every reconnection of a source, is no growth.
func TestLearningAgain(t *testing.T) {
	d := NewDecoder(Protocol13)
	var p Packet
	init := &Packet{Kind: InitDynamic, Name: "root", Class: defining("Root", strings.Repeat("p", 1<<16), "int"),
		Values: child("", "a", defining("Child", "Pod", "int")).single()}
	frame := encode(t, Protocol13, init)
	require.NoError(t, d.Decode(frame, &p))
	once := d.learned
	for range 1000 {
		require.NoError(t, d.Decode(frame, &p))
		require.Equal(t, once, d.learned)
	}
}

func (p *Packet) single() []Property { return []Property{p.Value} }

// Definitions whose PODs contain themselves, or that redefine what is known, do no harm.
func TestHostileDefinitions(t *testing.T) {
	pod := func(name string, types ...string) Gadget {
		g := Gadget{Name: name}
		for i, typ := range types {
			g.Fields = append(g.Fields, qt.Field{Name: fmt.Sprint("f", i), TypeName: typ})
		}
		return g
	}
	many := &Definition{TypeName: "Many"}
	for i := range 20_000 {
		many.Enums = append(many.Enums, qt.Enum{Name: fmt.Sprint("E", i), Size: 1 << 30, Keys: []qt.EnumKey{{Name: "", Value: -1}}})
	}
	chain := &Definition{}
	for i := range 5_000 {
		chain.Gadgets = append(chain.Gadgets, pod(fmt.Sprint("P", i), fmt.Sprint("P", i+1), fmt.Sprintf("QList<P%d>", i+1)))
	}
	tests := map[string]*Definition{
		"itself":           {Gadgets: []Gadget{pod("A", "A")}},
		"itself in a list": {Gadgets: []Gadget{pod("A", "QList<A>", "QMap<A,A>")}},
		"itself in a pair": {Gadgets: []Gadget{pod("A", "QPair<A,A>", "std::pair<QList<A>,A>")}},
		"each other":       {Gadgets: []Gadget{pod("A", "B", "QList<B>"), pod("B", "C"), pod("C", "A")}},
		"no names":         {Gadgets: []Gadget{pod("", "", "")}, Enums: []qt.Enum{{}}, QtEnums: []string{""}},
		"types of Qt":      {Gadgets: []Gadget{pod("int", "QString"), pod("QString", "int"), pod("QVariant", "QVariant"), pod("QList<int>", "int")}},
		"types of ours":    {Gadgets: []Gadget{pod("QRemoteObjectPackets::QRO_", "int"), pod("QRemoteObjectPackets::QSQ_", "QRemoteObjectPackets::QAS_")}},
		"wrappers":         {Gadgets: []Gadget{pod("A", "QList<QRemoteObjectPackets::QSQ_>", "QMap<QRemoteObjectPackets::QAS_,int>", "QList<std::nullptr_t>")}},
		"bad templates":    {Gadgets: []Gadget{pod("A", "QList<", "QList<>", "QMap<,>", "<int>", "QList<QList<int>", strings.Repeat("QList<", 1000))}},
		"deep template":    {Gadgets: []Gadget{pod("A", strings.Repeat("QList<", 5000)+"int"+strings.Repeat(">", 5000))}},
		"many enums":       many,
		"long chain":       chain,
	}
	for _, p := range protocols {
		for name, def := range tests {
			t.Run(p.String()+"/"+name, func(t *testing.T) {
				frame := encode(t, p, &Packet{Kind: InitDynamic, Name: "x", Class: def})
				before := allocated()
				d := NewDecoder(p)
				var packet Packet
				require.NoError(t, d.Decode(frame, &packet))
				assert.Less(t, allocated()-before, uint64(allocFactor*len(frame)+allocSlack))
				assert.Equal(t, frame, encode(t, p, &packet))

				// A POD in itself, as deep as it goes: an error, not the end of the stack.
				for _, name := range []string{"A", "P0", "int"} {
					w := qt.NewWriter(nil, p.Format())
					for range 10_000 {
						w.Uint32(1 << 20)
						w.Bool(false)
						w.CString(name)
					}
					reply := w.Bytes()
					err := d.Decode(frameOf(p, reply), &packet)
					require.Error(t, err)
					if typ, lookup := d.Types("x").Lookup(name); lookup == nil && typ.IsPOD() {
						_ = typ.Zero()
					}
				}
			})
		}
	}
}

func frameOf(p Protocol, value []byte) []byte {
	return frame(p, InvokeReply, named("x", func(w *qt.Writer) {
		w.Int32(1)
		w.Raw(value)
	}))
}
