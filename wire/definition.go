package wire

import (
	"slices"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

// Definition describes a class to a dynamic replica: what QMetaObject is to Qt.
type Definition struct {
	TypeName   string // "" for a plain QObject
	Enums      []qt.Enum
	QtEnums    []string // enums of the Qt namespace that the class uses
	Gadgets    []Gadget
	Signals    []Method
	Slots      []Method
	Properties []PropertyDef
}

// Gadget describes a POD, or a scope with nothing but enums.
type Gadget struct {
	Name   string
	Fields []qt.Field
	Enums  []qt.Enum
}

// Method describes a signal or slot.
type Method struct {
	Signature  string // normalized, such as "levelCrossed(int)"
	ReturnType string // of a slot; "void" or "" if it returns nothing
	Params     []string
}

// PropertyDef describes a property.
type PropertyDef struct {
	Name   string
	Type   string
	Notify string // the notify signal's signature, "" (on the wire a null byte array) if there is none
}

// Types returns a scope with the PODs and enums of the definition, which falls back to parents. An enum of the
// class is found with and without the class's name before it.
func (d *Definition) Types(parents ...*qt.Types) *qt.Types {
	types := qt.NewTypes(parents...)
	enums := make([]*qt.Enum, 0, len(d.Enums))
	for _, e := range d.Enums {
		if d.TypeName != "" {
			e.Name = d.TypeName + "::" + e.Name
		}
		enums = append(enums, &e)
	}
	pods := make([]qt.POD, 0, len(d.Gadgets))
	for _, g := range d.Gadgets {
		for _, e := range g.Enums {
			e.Name = g.Name + "::" + e.Name
			enums = append(enums, &e)
		}
		if len(g.Fields) > 0 {
			pods = append(pods, qt.POD{Name: g.Name, Fields: g.Fields})
		}
	}
	types.Define(enums, pods)
	types.Define(d.foreignFlags(types), nil)
	return types
}

// foreignFlags finds the flags that come from a C++ header: Qt 5 sends them under their name, which the definition
// uses without describing it. A scoped name that is no other type is taken for such.
func (d *Definition) foreignFlags(types *qt.Types) []*qt.Enum {
	var flags []*qt.Enum
	add := func(names ...string) {
		for _, name := range names {
			i := strings.LastIndex(name, "::")
			if i <= 0 || strings.ContainsAny(name, "<>*") {
				continue
			}
			_, full := types.Lookup(name)
			_, bare := types.Lookup(name[i+2:]) // an enum of the class, by the name of the source's class
			if full != nil && bare != nil {
				flags = append(flags, &qt.Enum{Name: name, Flag: true, Size: 4})
			}
		}
	}
	for _, p := range d.Properties {
		add(p.Type)
	}
	for _, m := range slices.Concat(d.Signals, d.Slots) {
		add(m.ReturnType)
		_, params := SplitSignature(m.Signature)
		add(params...)
	}
	return flags
}

// minCount is the least size of the items in a definition: a QByteArray's length.
const minCount = 4

func readDefinition(r *qt.Reader) *Definition {
	d := &Definition{TypeName: r.Name()}
	d.Enums = readEnums(r)
	for range r.Count(minCount) {
		d.QtEnums = append(d.QtEnums, r.ByteString())
	}
	d.Gadgets = readGadgets(r, true)
	d.Signals = readMethods(r, false)
	d.Slots = readMethods(r, true)
	for range r.Count(3 * minCount) {
		if r.Err() != nil {
			break
		}
		d.Properties = append(d.Properties, PropertyDef{Name: r.CString(), Type: r.CString(), Notify: r.ByteString()})
	}
	return d
}

func readEnums(r *qt.Reader) []qt.Enum {
	var out []qt.Enum
	for range r.Count(minCount + 1 + 1 + 4 + 4) {
		if r.Err() != nil {
			break
		}
		e := qt.Enum{Name: r.ByteString(), Flag: r.Bool(), Scoped: r.Bool(), Size: int(r.Uint32())}
		for range r.Count(minCount + 4) {
			e.Keys = append(e.Keys, qt.EnumKey{Name: r.ByteString(), Value: r.Int32()})
		}
		out = append(out, e)
	}
	return out
}

func readGadgets(r *qt.Reader, enums bool) []Gadget {
	var out []Gadget
	for range r.Count(2 * minCount) {
		if r.Err() != nil {
			break
		}
		g := Gadget{Name: r.ByteString()}
		for range r.Count(2 * minCount) {
			g.Fields = append(g.Fields, qt.Field{Name: r.ByteString(), TypeName: r.ByteString()})
		}
		if enums {
			g.Enums = readEnums(r)
		}
		out = append(out, g)
	}
	return out
}

func readMethods(r *qt.Reader, slots bool) []Method {
	var out []Method
	for range r.Count(2 * minCount) {
		if r.Err() != nil {
			break
		}
		m := Method{Signature: r.ByteString()}
		if slots {
			m.ReturnType = r.ByteString()
		}
		for range r.Count(minCount) {
			m.Params = append(m.Params, r.ByteString())
		}
		out = append(out, m)
	}
	return out
}

func writeName(w *qt.Writer, s string) {
	if s == "" {
		w.NullText()
		return
	}
	w.Text(s)
}

func writeOptional(w *qt.Writer, s string) {
	if s == "" {
		w.ByteArray(nil)
		return
	}
	w.ByteString(s)
}

func writeDefinition(w *qt.Writer, d *Definition) {
	writeName(w, d.TypeName)
	writeEnums(w, d.Enums)
	w.Uint32(uint32(len(d.QtEnums)))
	for _, e := range d.QtEnums {
		w.ByteString(e)
	}
	writeGadgets(w, d.Gadgets, true)
	writeMethods(w, d.Signals, false)
	writeMethods(w, d.Slots, true)
	w.Uint32(uint32(len(d.Properties)))
	for _, p := range d.Properties {
		w.CString(p.Name)
		w.CString(p.Type)
		writeOptional(w, p.Notify)
	}
}

func writeEnums(w *qt.Writer, enums []qt.Enum) {
	w.Uint32(uint32(len(enums)))
	for _, e := range enums {
		w.ByteString(e.Name)
		w.Bool(e.Flag)
		w.Bool(e.Scoped)
		w.Uint32(uint32(e.Size))
		w.Uint32(uint32(len(e.Keys)))
		for _, k := range e.Keys {
			w.ByteString(k.Name)
			w.Int32(k.Value)
		}
	}
}

func writeGadgets(w *qt.Writer, gadgets []Gadget, enums bool) {
	w.Uint32(uint32(len(gadgets)))
	for _, g := range gadgets {
		w.ByteString(g.Name)
		w.Uint32(uint32(len(g.Fields)))
		for _, f := range g.Fields {
			w.ByteString(f.Name)
			w.ByteString(f.TypeName)
		}
		if enums {
			writeEnums(w, g.Enums)
		}
	}
}

func writeMethods(w *qt.Writer, methods []Method, slots bool) {
	w.Uint32(uint32(len(methods)))
	for _, m := range methods {
		w.ByteString(m.Signature)
		if slots {
			w.ByteString(m.ReturnType)
		}
		w.Uint32(uint32(len(m.Params)))
		for _, p := range m.Params {
			w.ByteString(p)
		}
	}
}

// The definition of a gadget has no class around it, and no enums in protocol 1.3.
func readGadgetDefinition(r *qt.Reader) *Definition {
	d := &Definition{}
	for range r.Count(minCount) {
		d.QtEnums = append(d.QtEnums, r.ByteString())
	}
	d.Gadgets = readGadgets(r, r.Format().Version != qt.Qt5_12)
	return d
}

func writeGadgetDefinition(w *qt.Writer, d *Definition) {
	w.Uint32(uint32(len(d.QtEnums)))
	for _, e := range d.QtEnums {
		w.ByteString(e)
	}
	writeGadgets(w, d.Gadgets, w.Format().Version != qt.Qt5_12)
}

// SplitSignature splits "observed(Reading,QMap<QString,int>)" into the name and the
// parameters' types.
func SplitSignature(s string) (name string, types []string) {
	name, rest, ok := strings.Cut(s, "(")
	rest = strings.TrimSuffix(rest, ")")
	if !ok || rest == "" {
		return name, nil
	}
	depth, from := 0, 0
	for i := range len(rest) {
		switch rest[i] {
		case '<':
			depth++
		case '>':
			depth--
		case ',':
			if depth == 0 {
				types = append(types, rest[from:i])
				from = i + 1
			}
		}
	}
	return name, append(types, rest[from:])
}
