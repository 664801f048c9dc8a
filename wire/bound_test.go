package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// TestAllocationBound decodes packets that are made to cost more memory than they look.
func TestAllocationBound(t *testing.T) {
	const n = 500
	list := func(item func(w *qt.Writer, i int)) func(w *qt.Writer) {
		return func(w *qt.Writer) {
			w.Uint32(9) // QVariantList
			w.Bool(false)
			w.Uint32(n)
			for i := range n {
				item(w, i)
			}
		}
	}
	user := func(w *qt.Writer, name string) {
		w.Uint32(1 << 20)
		w.Bool(false)
		w.CString(name)
	}
	values := map[string]func(w *qt.Writer){
		"invalid":     list(func(w *qt.Writer, _ int) { w.Variant(qt.Value{}) }),
		"empty lists": list(func(w *qt.Writer, _ int) { w.Uint32(9); w.Bool(false); w.Uint32(0) }),
		"empty maps":  list(func(w *qt.Writer, _ int) { w.Uint32(8); w.Bool(false); w.Uint32(0) }),
		"templates":   list(func(w *qt.Writer, i int) { user(w, templateName(i, 11)); w.Uint32(0) }),
		"deep templates": list(func(w *qt.Writer, i int) {
			user(w, strings.Repeat("QSet<", 50)+templateName(i, 11)+strings.Repeat(">", 50))
			w.Uint32(0)
		}),
		"no bytes":   list(func(w *qt.Writer, _ int) { user(w, "QList<std::nullptr_t>"); w.Uint32(n) }),
		"no fields":  list(func(w *qt.Writer, _ int) { user(w, "QList<Empty>"); w.Uint32(n) }),
		"QRO_":       list(func(w *qt.Writer, _ int) { writeObjectHeader(w, "", 0) }),
		"unknown":    list(func(w *qt.Writer, _ int) { user(w, "Bogus") }),
		"codecs":     list(func(w *qt.Writer, _ int) { w.Uint32(21); w.Bool(false); w.Uint64(0) }),
		"references": list(func(w *qt.Writer, _ int) { user(w, "const int &"); w.Int32(0) }),
	}
	enums, pods := &Definition{}, &Definition{}
	for i := range n {
		enums.Enums = append(enums.Enums, qt.Enum{Name: fmt.Sprint(i)})
		pods.Gadgets = append(pods.Gadgets, Gadget{Name: fmt.Sprint(i), Fields: []qt.Field{{TypeName: templateName(i, 11)}}})
	}
	for _, p := range protocols {
		check := func(name string, frame []byte) {
			types := stationTypes()
			types.Define(nil, []qt.POD{{Name: "Empty"}})
			var packet Packet
			before := allocated()
			d := NewDecoder(p)
			d.Object = func(Kind, string) (*qt.Types, error) { return types, nil }
			_ = d.Decode(frame, &packet)
			used := allocated() - before
			require.LessOrEqual(t, used, uint64(allocFactor*len(frame)+allocSlack), "%s: %d times %d bytes", name, int(used)/len(frame), len(frame))
			t.Logf("%v %s: %d times %d bytes", p, name, int(used)/len(frame), len(frame))
		}
		for name, body := range values {
			check(name, frame(p, InvokeReply, named("x", func(w *qt.Writer) { w.Int32(1); body(w) })))
		}
		check("enums", encode(t, p, &Packet{Kind: InitDynamic, Name: "x", Class: enums}))
		check("PODs", encode(t, p, &Packet{Kind: InitDynamic, Name: "x", Class: pods}))
	}
}

// templateName returns the i-th of the names of containers in containers of int.
func templateName(i, depth int) string {
	name := "int"
	for k := range depth {
		if i>>k&1 == 0 {
			name = "QList<" + name + ">"
		} else {
			name = "QSet<" + name + ">"
		}
	}
	return name
}
