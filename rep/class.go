package rep

import (
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// Classes returns the file's classes for core.NewSource and Node.Acquire, in the order of the file, with the signatures of both
// versions of Qt. A version whose repc does not take the file has no signature.
//
// An enum that is declared in C++ (USE_ENUM) is an int without names. If the error is an ErrorList, the classes are there all
// the same, without what it names: default values that only a C++ compiler understands, and objects of classes that are not
// known.
func (f *File) Classes() ([]*core.Class, error) { return Classes(f) }

// Classes returns the classes of several files, which know each other's classes, PODs and enums, as C++ does by including what
// repc makes of them. It is like [File.Classes] otherwise; the classes are in the order of the files.
func Classes(files ...*File) ([]*core.Class, error) {
	b := &classBuilder{classes: map[string]*core.Class{}}
	var out []*core.Class
	for _, f := range files {
		b.declare(f)
		for _, d := range f.Decls {
			if c, ok := d.(*Class); ok {
				made := &core.Class{Name: c.Name}
				b.classes[c.Name] = made
				out = append(out, made)
			}
		}
	}
	rest := out
	var errs ErrorList
	for _, f := range files {
		b.file, b.errs = f, nil
		n := 0
		for _, d := range f.Decls {
			if c, ok := d.(*Class); ok {
				b.build(rest[n], c)
				n++
			}
		}
		f.sign(rest[:n])
		rest = rest[n:]
		errs = append(errs, b.errs.sorted()...)
	}
	if len(errs) > 0 {
		return out, errs
	}
	return out, nil
}

// sign enters the signatures of the file's classes.
func (f *File) sign(classes []*core.Class) {
	for _, v := range []Version{Qt5, Qt6} {
		sigs, err := f.Signatures(v)
		if err != nil {
			continue
		}
		for i, s := range sigs {
			if v == Qt5 {
				classes[i].Signature5 = s.Hex
			} else {
				classes[i].Signature = s.Hex
			}
		}
	}
}

// classBuilder makes core's classes.
type classBuilder struct {
	file    *File // whose classes are built
	classes map[string]*core.Class
	enums   []qt.Enum // of all scopes, by full names
	pods    []qt.POD
	errs    ErrorList // of the file
}

// declare collects the enums, flags and PODs of a file.
func (b *classBuilder) declare(f *File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *UseEnum:
			if strings.Contains(d.Name, "::") {
				b.enums = append(b.enums, qt.Enum{Name: d.Name, Size: 4})
			}
		case *Enum:
			b.enum(d.Name+"Enum::", d)
		case *Flag:
			b.flag(d.Enum+"Enum::", d)
		case *POD:
			pod := qt.POD{Name: d.Name}
			for _, e := range d.Enums {
				b.enum(d.Name+"::", e)
			}
			for _, f := range d.Flags {
				b.flag(d.Name+"::", f)
			}
			for _, f := range d.Fields {
				pod.Fields = append(pod.Fields, qt.Field{Name: f.Name, TypeName: b.qualified(d.Name+"::", f.WireType())})
			}
			b.pods = append(b.pods, pod)
		case *Class:
			for _, m := range d.Members {
				switch m := m.(type) {
				case *Enum:
					b.enum(d.Name+"::", m)
				case *Flag:
					b.flag(d.Name+"::", m)
				}
			}
		}
	}
}

func (b *classBuilder) enum(scope string, e *Enum) {
	out := qt.Enum{Name: scope + e.Name, Scoped: e.Scoped, Size: enumSize(e.Base)}
	for _, v := range e.Values {
		out.Keys = append(out.Keys, qt.EnumKey{Name: v.Name, Value: v.Value})
	}
	b.enums = append(b.enums, out)
}

func (b *classBuilder) flag(scope string, f *Flag) {
	for _, e := range b.enums {
		if e.Name == scope+f.Enum {
			e.Name, e.Flag = scope+f.Name, true
			b.enums = append(b.enums, e)
			return
		}
	}
}

// enumSize returns the bytes of an underlying type, 4 if it is not known.
func enumSize(base string) int {
	switch strings.TrimPrefix(strings.Join(strings.Fields(base), " "), "std::") {
	case "qint8", "quint8", "int8_t", "uint8_t", "char", "signed char", "unsigned char", "uchar", "bool":
		return 1
	case "qint16", "quint16", "int16_t", "uint16_t", "short", "ushort", "unsigned short", "short int":
		return 2
	}
	return 4
}

// qualified spells a type with the scope of the enums that are declared where it is used.
func (b *classBuilder) qualified(scope string, t *Type) string {
	if len(t.Args) > 0 {
		var args []string
		for _, a := range t.Args {
			args = append(args, b.qualified(scope, a))
		}
		return t.Name + "<" + strings.Join(args, ",") + ">"
	}
	for _, e := range b.enums {
		if e.Name == scope+t.Name {
			return e.Name
		}
	}
	return t.Name
}

func (b *classBuilder) build(out *core.Class, c *Class) {
	var used []*Type
	for _, m := range c.Members {
		switch m := m.(type) {
		case *Property:
			used = append(used, m.Type)
			p := core.Property{Name: m.Name, Type: m.Type.String(), Access: m.access(), Persisted: m.Has("PERSISTED")}
			if m.Default != "" {
				value, ok := b.value(c, m)
				if !ok {
					b.errs = append(b.errs, b.file.text.errorf(m.NamePos.Offset, "only C++ understands the default value %s of %s", m.Default, m.Name))
				}
				p.Default = value
			}
			out.Properties = append(out.Properties, p)
		case *Child:
			class := b.classes[m.Class]
			if class == nil {
				b.errs = append(b.errs, b.file.text.errorf(m.NamePos.Offset, "the class %s of %s is not declared: give the file that it is in, too", m.Class, m.Name))
				continue
			}
			out.Properties = append(out.Properties, core.Property{Name: m.Name, Class: class, Access: core.SourceOnlySetter})
		case *Model:
			out.Properties = append(out.Properties, core.Property{Name: m.Name, Roles: m.Roles, Access: core.SourceOnlySetter})
		case *Signal:
			out.Signals = append(out.Signals, core.Signal{Name: m.Name, Params: b.params(m.Params, &used)})
		case *Slot:
			s := core.Slot{Name: m.Name, Params: b.params(m.Params, &used)}
			if m.Return != nil {
				used = append(used, m.Return)
				s.Return = m.Return.String()
			}
			out.Slots = append(out.Slots, s)
		}
	}
	b.uses(out, used)
}

func (b *classBuilder) params(list []*Param, used *[]*Type) []core.Param {
	var out []core.Param
	for _, p := range list {
		*used = append(*used, p.Type)
		out = append(out, core.Param{Name: p.Name, Type: p.WireType().String()})
	}
	return out
}

// WireType is the parameter's type for repc, and so for the C++ compiler and on the wire: of several words, as in "unsigned int x",
// only the first one, which repc takes to be followed by the name.
func (p *Param) WireType() *Type {
	first, _, several := strings.Cut(p.Type.Name, " ")
	if !several || len(p.Type.Args) > 0 {
		return p.Type
	}
	return &Type{Span: p.Type.Span, Text: first, Name: first}
}

// access is core's word for the modifiers.
func (p *Property) access() core.Access {
	switch {
	case p.Has("CONSTANT"):
		return core.Constant
	case p.Has("READONLY"):
		return core.ReadOnly
	case p.Has("READWRITE"):
		return core.ReadWrite
	case p.Has("SOURCEONLYSETTER"):
		return core.SourceOnlySetter
	}
	return core.ReadPush
}

// uses adds the PODs and enums that the types are made of, those of the class last: a bare name is the class's own.
func (b *classBuilder) uses(out *core.Class, types []*Type) {
	names := map[string]bool{}
	for _, t := range types {
		t.names(names)
	}
	pods := map[string]bool{}
	for again := true; again; {
		again = false
		for _, p := range b.pods {
			if !names[p.Name] || pods[p.Name] {
				continue
			}
			pods[p.Name], again = true, true
			for _, f := range p.Fields {
				for _, n := range strings.FieldsFunc(f.TypeName, func(r rune) bool { return strings.ContainsRune("<>, ", r) }) {
					names[n] = true
				}
			}
		}
	}
	for _, p := range b.pods {
		if pods[p.Name] && !slices.ContainsFunc(out.PODs, func(q qt.POD) bool { return q.Name == p.Name }) {
			out.PODs = append(out.PODs, p)
		}
	}
	var own []qt.Enum
	for _, e := range b.enums {
		switch bare, mine := strings.CutPrefix(e.Name, out.Name+"::"); {
		case mine:
			e.Name = bare
			own = append(own, e)
		case names[e.Name], names[lastName(e.Name)]:
			out.Enums = append(out.Enums, e)
		}
	}
	out.Enums = append(out.Enums, own...)
}

// names collects the names in a type.
func (t *Type) names(all map[string]bool) {
	all[t.Name] = true
	for _, a := range t.Args {
		a.names(all)
	}
}
