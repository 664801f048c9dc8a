package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// iface is a class to be compared with another: one of a file, or what a live object tells of its own.
type iface struct {
	name    string
	live    bool
	enums   []qt.Enum
	pods    []ipod
	props   []iprop
	signals []imethod
	slots   []imethod

	signature5, signature6   string
	unsignable5, unsignable6 error // why there is none
}

// itype is a type as it is written, and what it means; nil if that is not known.
type itype struct {
	text string
	typ  *qt.Type
}

type iparam struct {
	name string
	typ  itype
}

type ipod struct {
	name   string
	fields []iparam
}

type iprop struct {
	name   string
	typ    itype
	access core.Access
	object bool
	class  string // of the object that it holds; "" if it is not known
	child  *iface // or nil
	roles  []string
}

type imethod struct {
	name   string
	ret    itype
	params []iparam
}

// newIface collects what a class says, and of a live object what its child objects say.
func newIface(class *core.Class, r *core.Replica) (*iface, error) {
	types, err := class.Types()
	if err != nil {
		return nil, err
	}
	f := &iface{name: class.Name, live: r != nil, enums: class.Enums, signature5: class.Signature5, signature6: class.Signature}
	spelled := repType
	if r != nil {
		spelled = describe(r).local
	}
	typ := func(name string) itype {
		t, err := types.Lookup(spelled(name))
		if err != nil {
			t, _ = types.Lookup(name) // nil if nobody knows it
		}
		return itype{spelled(name), t}
	}
	params := func(list []core.Param) (out []iparam) {
		for _, p := range list {
			out = append(out, iparam{p.Name, typ(p.Type)})
		}
		return out
	}
	for _, p := range class.PODs {
		pod := ipod{name: p.Name}
		for _, field := range p.Fields {
			pod.fields = append(pod.fields, iparam{field.Name, typ(field.TypeName)})
		}
		f.pods = append(f.pods, pod)
	}
	for i := range class.Properties {
		p, err := newIprop(&class.Properties[i], r, typ)
		if err != nil {
			return nil, err
		}
		f.props = append(f.props, p)
	}
	for _, s := range class.Signals {
		f.signals = append(f.signals, imethod{s.Name, itype{}, params(s.Params)})
	}
	for _, s := range class.Slots {
		m := imethod{s.Name, itype{text: "void"}, params(s.Params)}
		if s.Return != "" && s.Return != "void" {
			m.ret = typ(s.Return)
		}
		f.slots = append(f.slots, m)
	}
	return f, nil
}

func newIprop(p *core.Property, r *core.Replica, typ func(string) itype) (iprop, error) {
	out := iprop{name: p.Name, access: p.Access, object: holdsObject(p), roles: p.Roles}
	if !out.object {
		out.typ = typ(p.Type)
		if r != nil {
			if t, err := propertyType(r, p); err == nil && t != nil && strings.HasPrefix(p.Type, "QtRO") {
				out.typ = itype{t.Name(qt.Qt6_2), t}
			}
		}
		return out, nil
	}
	class := p.Class
	var child *core.Replica
	if r != nil {
		var err error
		if child, err = r.Child(p.Name); err != nil || child == nil {
			return out, nil // it holds none at present
		}
		class = child.Class()
		if p.Roles != nil {
			out.roles = modelRoles(child)
		}
	}
	if p.Roles != nil || class == nil {
		return out, nil
	}
	out.class = class.Name
	var err error
	out.child, err = newIface(class, child)
	return out, err
}

// name is what a type is called on both sides of a comparison.
func (t itype) name() string {
	if t.typ == nil {
		return lastName(t.text)
	}
	return renderType(t.typ, func(t *qt.Type) string {
		if e := t.Enum(); e != nil {
			return lastName(e.Name)
		}
		return lastName(t.Name(qt.Qt6_2))
	})
}

// renderType renders a type; own renders what is made of no others.
func renderType(t *qt.Type, own func(*qt.Type) string) string {
	if !t.IsContainer() || t.Elem() == nil {
		return own(t)
	}
	outer, _, _ := strings.Cut(t.Name(qt.Qt6_2), "<")
	if k := t.KeyType(); k != nil {
		return outer + "<" + renderType(k, own) + "," + renderType(t.Elem(), own) + ">"
	}
	return outer + "<" + renderType(t.Elem(), own) + ">"
}

func lastName(name string) string {
	if i := strings.LastIndex(name, "::"); i >= 0 && !strings.Contains(name, "<") {
		return name[i+2:]
	}
	return name
}

// layout is what a value of a type is on the wire.
func (t itype) layout() string {
	if t.typ == nil {
		return lastName(t.text)
	}
	return renderType(t.typ, typeLayout)
}

func typeLayout(t *qt.Type) string {
	switch {
	case t.Enum() != nil:
		var keys []string
		for _, k := range t.Enum().Keys {
			keys = append(keys, fmt.Sprintf("%s=%d", k.Name, k.Value))
		}
		return fmt.Sprintf("enum%d{%s}", t.Enum().Size, strings.Join(keys, ","))
	case t.IsPOD():
		var fields []string
		for _, f := range t.Fields() {
			if f.Type() == nil {
				fields = append(fields, f.TypeName)
			} else {
				fields = append(fields, renderType(f.Type(), typeLayout))
			}
		}
		return "pod{" + strings.Join(fields, ",") + "}"
	}
	return t.Name(qt.Qt6_2)
}

// layout is all that a typed replica and its source have to agree on without being told: what is at which index, whatever it
// is called.
func (f *iface) layout() string {
	var b strings.Builder
	for _, p := range f.props {
		switch {
		case p.roles != nil:
			b.WriteString("model")
		case p.child != nil:
			b.WriteString("object{" + p.child.layout() + "}")
		default:
			b.WriteString(p.typ.layout())
		}
		if p.access == core.Constant { // which has no notify signal
			b.WriteString(" constant")
		}
		if p.access == core.ReadPush && !p.object {
			b.WriteString(" push")
		}
		b.WriteString(";")
	}
	for _, list := range [][]imethod{f.signals, f.slots} {
		b.WriteString("|")
		for _, m := range list {
			b.WriteString(m.ret.layout() + "(")
			for _, p := range m.params {
				b.WriteString(p.typ.layout() + ",")
			}
			b.WriteString(");")
		}
	}
	return b.String()
}

// same compares types: of files as they are written, because that counts in signatures, and else by what they mean.
func same(a, b itype, live bool) bool {
	if live {
		return means(a, b)
	}
	return a.text == b.text
}

// means reports whether b is the same type as a, as far as can be told: Qt 6 calls a list or map of PODs a container.
func means(a, b itype) bool {
	if strings.HasPrefix(b.text, "QtRO") && a.typ != nil && a.typ.IsContainer() {
		return strings.Contains(b.text, "Associative") == (a.typ.KeyType() != nil)
	}
	return a.name() == b.name()
}

// The parts of classes as .rep text.

func (p *iprop) rep() string {
	switch {
	case p.roles != nil:
		return fmt.Sprintf("MODEL %s(%s)", p.name, strings.Join(p.roles, ", "))
	case p.object:
		return fmt.Sprintf("CLASS %s(%s)", p.name, p.class)
	}
	return fmt.Sprintf("PROP(%s %s %s)", p.typ.text, p.name, p.access)
}

func (p *ipod) rep() string { return "POD " + p.name + "(" + parameters(p.fields) + ")" }

func (m *imethod) rep(kind string) string {
	text := m.name + "(" + parameters(m.params) + ")"
	if kind == "slot" {
		return "SLOT(" + m.ret.text + " " + text + ")"
	}
	return "SIGNAL(" + text + ")"
}

func parameters(list []iparam) string {
	var all []string
	for _, p := range list {
		all = append(all, strings.TrimSpace(p.typ.text+" "+p.name))
	}
	return strings.Join(all, ", ")
}

func enumRep(e *qt.Enum) string {
	class := ""
	if e.Scoped {
		class = "class "
	}
	return "ENUM " + class + e.Name + " { " + keys(newEnumInfo(*e)) + " }"
}

// moved are the names of which a list has kept the order least: without them the rest is in the order of the other.
func moved(from, to []string) []string {
	var common []int // of from, in the order of to
	for _, name := range to {
		if i := slices.Index(from, name); i >= 0 {
			common = append(common, i)
		}
	}
	// The longest rising part stays.
	length, before := make([]int, len(common)), make([]int, len(common))
	best := -1
	for i := range common {
		length[i], before[i] = 1, -1
		for j := range i {
			if common[j] < common[i] && length[j] >= length[i] {
				length[i], before[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	stays := map[int]bool{}
	for ; best >= 0; best = before[best] {
		stays[common[best]] = true
	}
	var out []string
	for _, i := range common {
		if !stays[i] {
			out = append(out, from[i])
		}
	}
	return out
}
