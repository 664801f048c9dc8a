package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

type showCmd struct {
	Name string `arg:"" help:"The object."`
}

// Run prints an object's class.
func (c *showCmd) Run(g *globals) error {
	n, r, err := g.acquire(c.Name)
	if err != nil {
		return err
	}
	defer n.Close()
	class := describe(r)
	if g.out.json {
		g.out.object(class)
		return nil
	}
	for line := range strings.Lines(class.rep()) {
		g.out.line(g.out.paintRep(strings.TrimSuffix(line, "\n")))
	}
	return nil
}

// description is a class as an object shows it, as JSON.
type description struct {
	Name       string         `json:"name"`
	Enums      []enumInfo     `json:"enums,omitempty"`
	PODs       []podInfo      `json:"pods,omitempty"`
	Properties []propertyInfo `json:"properties"`
	Signals    []methodInfo   `json:"signals"`
	Slots      []methodInfo   `json:"slots"`
}

type enumInfo struct {
	Name   string    `json:"name"`
	Flag   bool      `json:"flag,omitempty"`
	Scoped bool      `json:"scoped,omitempty"`
	Size   int       `json:"size"`
	Keys   []keyInfo `json:"keys"`
}

type keyInfo struct {
	Name  string `json:"name"`
	Value int32  `json:"value"`
}

type podInfo struct {
	Name   string      `json:"name"`
	Fields []paramInfo `json:"fields"`
}

type paramInfo struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type propertyInfo struct {
	Name   string       `json:"name"`
	Kind   string       `json:"kind"` // PROP, CLASS or MODEL
	Type   string       `json:"type,omitempty"`
	Access string       `json:"access,omitempty"`
	Class  *description `json:"class,omitempty"`
	Roles  []string     `json:"roles,omitempty"`
}

type methodInfo struct {
	Name   string      `json:"name"`
	Return string      `json:"return,omitempty"`
	Params []paramInfo `json:"params"`
}

func newEnumInfo(e qt.Enum) enumInfo {
	info := enumInfo{Name: e.Name, Flag: e.Flag, Scoped: e.Scoped, Size: e.Size, Keys: []keyInfo{}}
	for _, k := range e.Keys {
		info.Keys = append(info.Keys, keyInfo{k.Name, k.Value})
	}
	return info
}

// describe collects what the definition and the child objects tell.
func describe(r *core.Replica) *description {
	class := r.Class()
	d := &description{Name: class.Name, Properties: []propertyInfo{}, Signals: []methodInfo{}, Slots: []methodInfo{}}
	for _, e := range class.Enums {
		d.Enums = append(d.Enums, newEnumInfo(e))
	}
	for _, p := range class.PODs {
		info := podInfo{Name: p.Name, Fields: []paramInfo{}}
		for _, f := range p.Fields {
			info.Fields = append(info.Fields, paramInfo{f.Name, repType(f.TypeName)})
		}
		d.PODs = append(d.PODs, info)
	}
	for i := range class.Properties {
		d.Properties = append(d.Properties, describeProperty(r, &class.Properties[i]))
	}
	for _, s := range class.Signals {
		d.Signals = append(d.Signals, methodInfo{Name: s.Name, Params: d.params(s.Params)})
	}
	for _, s := range class.Slots {
		info := methodInfo{Name: s.Name, Return: "void", Params: d.params(s.Params)}
		if s.Return != "" {
			info.Return = d.local(s.Return)
		}
		d.Slots = append(d.Slots, info)
	}
	for i := range d.Properties {
		d.Properties[i].Type = d.local(d.Properties[i].Type)
	}
	return d
}

func describeProperty(r *core.Replica, p *core.Property) propertyInfo {
	if !holdsObject(p) {
		info := propertyInfo{Name: p.Name, Kind: "PROP", Type: p.Type, Access: p.Access.String()}
		if t, err := propertyType(r, p); err == nil && t != nil && strings.HasPrefix(p.Type, "QtRO") {
			info.Type = t.Name(qt.Qt6_2)
		}
		return info
	}
	info := propertyInfo{Name: p.Name, Kind: "CLASS"}
	child, err := r.Child(p.Name)
	switch {
	case p.Roles != nil:
		info.Kind, info.Roles = "MODEL", p.Roles
		if err == nil && child != nil {
			info.Roles = modelRoles(child)
		}
	case err == nil && child != nil:
		info.Class = describe(child)
	}
	return info
}

func (d *description) params(params []core.Param) []paramInfo {
	out := make([]paramInfo, 0, len(params))
	for _, p := range params {
		out = append(out, paramInfo{p.Name, d.local(p.Type)})
	}
	return out
}

// local spells a type as inside of its class: a definition names an enum of the class after the class or its source.
func (d *description) local(name string) string {
	for _, e := range d.Enums {
		if strings.Contains(e.Name, "::") {
			continue
		}
		for _, scope := range []string{d.Name + "::", d.Name + "Source::", d.Name + "SimpleSource::"} {
			name = strings.ReplaceAll(name, scope+e.Name, e.Name)
		}
	}
	for _, e := range d.Enums {
		if e.Flag {
			name = strings.ReplaceAll(name, "QFlags<"+strings.TrimSuffix(e.Name, "s")+">", e.Name)
		}
	}
	return repType(name)
}

// repType spells a type as .rep files do.
func repType(name string) string {
	switch name {
	case "qlonglong":
		return "qint64"
	case "qulonglong":
		return "quint64"
	case "signed char":
		return "qint8"
	}
	return name
}

// rep returns the class as .rep text, with the classes of its children before it.
func (d *description) rep() string {
	w := &repWriter{seen: map[string]bool{}}
	w.class(d)
	return w.String()
}

type repWriter struct {
	strings.Builder
	seen map[string]bool
}

func (w *repWriter) printf(format string, args ...any) { fmt.Fprintf(&w.Builder, format, args...) }

func (w *repWriter) once(what string) bool {
	first := !w.seen[what]
	w.seen[what] = true
	return first
}

func (w *repWriter) class(d *description) {
	for _, e := range d.Enums {
		scope, name, outer := strings.Cut(e.Name, "::")
		if !outer || !w.once("enum "+e.Name) {
			continue
		}
		if scope == name+"Enum" { // what repc makes of an enum outside of classes
			w.enum("", name, e)
			w.printf("\n")
		} else {
			w.printf("// %s is declared elsewhere: %s\n\n", e.Name, keys(e))
		}
	}
	for _, p := range d.PODs {
		w.pod(d, p)
	}
	if len(d.PODs) > 0 {
		w.printf("\n")
	}
	for _, p := range d.Properties {
		if p.Class != nil && w.once("class "+p.Class.Name) {
			w.class(p.Class)
			w.printf("\n")
		}
	}
	w.printf("class %s\n{\n", d.Name)
	for _, e := range d.Enums {
		if !strings.Contains(e.Name, "::") {
			w.member(d, e)
		}
	}
	for _, p := range d.Properties {
		w.property(p)
	}
	for _, s := range d.Signals {
		w.printf("    SIGNAL(%s(%s))\n", s.Name, list(s.Params))
	}
	for _, s := range d.Slots {
		w.printf("    SLOT(%s %s(%s))\n", s.Return, s.Name, list(s.Params))
	}
	w.printf("};\n")
}

// pod writes a POD behind those that it has inside: Qt describes them in any order, and repc of Qt 6 has to know them.
func (w *repWriter) pod(d *description, p podInfo) {
	if !w.once("POD " + p.Name) {
		return
	}
	for _, f := range p.Fields {
		for _, other := range d.PODs {
			if slices.Contains(strings.FieldsFunc(f.Type, func(r rune) bool { return strings.ContainsRune("<>, ", r) }), other.Name) {
				w.pod(d, other)
			}
		}
	}
	w.printf("POD %s(%s)\n", p.Name, list(p.Fields))
}

// member writes an enum of the class. Flags have the keys of an enum of their own.
func (w *repWriter) member(d *description, e enumInfo) {
	if !e.Flag {
		w.enum("    ", e.Name, e)
		return
	}
	of := strings.TrimSuffix(e.Name, "s")
	known := false
	for _, other := range d.Enums {
		known = known || other.Name == of && !other.Flag
	}
	if !known {
		if of == e.Name {
			of += "Flag"
		}
		w.enum("    ", of, e)
	}
	w.printf("    FLAG(%s %s)\n", e.Name, of)
}

func (w *repWriter) enum(indent, name string, e enumInfo) {
	class, end := "", ""
	if e.Scoped {
		class = "class "
	}
	if indent != "" {
		end = ";"
	}
	w.printf("%sENUM %s%s { %s }%s\n", indent, class, name, keys(e), end)
}

func keys(e enumInfo) string {
	var all []string
	for _, k := range e.Keys {
		all = append(all, fmt.Sprintf("%s = %d", k.Name, k.Value))
	}
	return strings.Join(all, ", ")
}

func (w *repWriter) property(p propertyInfo) {
	switch {
	case p.Kind == "MODEL":
		w.printf("    MODEL %s(%s)\n", p.Name, strings.Join(p.Roles, ", "))
	case p.Class != nil:
		w.printf("    CLASS %s(%s)\n", p.Name, p.Class.Name)
	case p.Kind == "CLASS":
		w.printf("    // CLASS %s: it holds no object at present, so that its class is not known\n", p.Name)
	default:
		w.printf("    PROP(%s %s %s)\n", p.Type, p.Name, p.Access)
	}
}

func list(params []paramInfo) string {
	var all []string
	for i, p := range params {
		name := p.Name
		if name == "" {
			name = fmt.Sprintf("arg%d", i+1)
		}
		all = append(all, p.Type+" "+name)
	}
	return strings.Join(all, ", ")
}

// paintRep colours the first word of a line of .rep text.
func (p *printer) paintRep(line string) string {
	word := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(word)]
	if strings.HasPrefix(word, "//") {
		return indent + p.paint(dim, word)
	}
	if i := strings.IndexAny(word, " ("); i > 0 {
		return indent + p.paint(member, word[:i]) + word[i:]
	}
	return line
}
