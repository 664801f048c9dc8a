package gogen

import (
	"fmt"
	"strings"

	"github.com/go-qtro/qtro/core"
)

// accessNames are the constants of package core.
var accessNames = map[core.Access]string{
	core.ReadOnly: "core.ReadOnly", core.ReadWrite: "core.ReadWrite", core.Constant: "core.Constant", core.SourceOnlySetter: "core.SourceOnlySetter",
}

func (g *generator) class(c *class) {
	g.use(module + "core")
	g.description(c)
	g.slots(c)
	g.source(c)
	g.replica(c)
}

// description writes the core.Class.
func (g *generator) description(c *class) {
	g.line("\n// %s describes the class %s to both sides.", c.varName, c.ast.Name)
	g.line("var %s = &core.Class{", c.varName)
	g.line("Name: %q,", c.ast.Name)
	for _, note := range c.notes {
		g.line("// %s", note)
	}
	for i, field := range []string{"Signature", "Signature5"} {
		switch {
		case c.signature[i] != "":
			g.line("%s: %q,", field, c.signature[i])
		case c.why[i] != "":
			g.line("// %s: none. %s", field, strings.Join(strings.Fields(c.why[i]), " "))
		}
	}
	if len(c.usedEnums) > 0 {
		g.use(module + "qt")
		var names []string
		for _, e := range c.usedEnums {
			names = append(names, e.varName)
		}
		g.line("Enums: []qt.Enum{%s},", strings.Join(names, ", "))
	}
	if len(c.usedPODs) > 0 {
		g.use(module + "qt")
		var names []string
		for _, p := range c.usedPODs {
			names = append(names, p.varName)
		}
		g.line("PODs: []qt.POD{%s},", strings.Join(names, ", "))
		g.line("Scope: %s,", g.typesVar)
	}
	if len(c.props) > 0 {
		g.line("Properties: []core.Property{")
		for _, p := range c.props {
			if p.noDefault != "" {
				g.line("// Without a default: %s.", p.noDefault)
			}
			g.line("{%s},", g.propertyFields(p))
		}
		g.line("},")
	}
	if len(c.signals) > 0 {
		g.line("Signals: []core.Signal{")
		for _, s := range c.signals {
			g.line("{Name: %q%s},", s.name, paramFields(s.params))
		}
		g.line("},")
	}
	if len(c.slots) > 0 {
		g.line("Slots: []core.Slot{")
		for _, s := range c.slots {
			ret := ""
			if s.ret != nil {
				ret = fmt.Sprintf(", Return: %q", s.retText)
			}
			g.line("{Name: %q%s%s},", s.name, ret, paramFields(s.params))
		}
		g.line("},")
	}
	g.line("}")
}

func (g *generator) propertyFields(p *property) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %q", p.name)
	switch {
	case p.child != nil:
		fmt.Fprintf(&b, ", Class: %s", p.child.varName)
	case p.isModel:
		fmt.Fprintf(&b, ", Roles: []string{%s}", strings.Join(quoted(p.roles), ", "))
	default:
		fmt.Fprintf(&b, ", Type: %q", p.typeText)
	}
	if name := accessNames[p.access]; name != "" && p.typ.qt != nil {
		b.WriteString(", Access: " + name)
	}
	if p.def != "" {
		g.imported(p.def)
		b.WriteString(", Default: " + p.def)
	}
	if p.persist {
		b.WriteString(", Persisted: true")
	}
	return b.String()
}

func paramFields(params []param) string {
	if len(params) == 0 {
		return ""
	}
	var all []string
	for _, p := range params {
		all = append(all, fmt.Sprintf("{Name: %q, Type: %q}", p.name, p.typeText))
	}
	return ", Params: []core.Param{" + strings.Join(all, ", ") + "}"
}

func quoted(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return out
}

// slots writes the interface that sources need an implementation of.
func (g *generator) slots(c *class) {
	if len(c.slots) == 0 {
		return
	}
	g.use("context")
	g.line("\n// %sSlots are the slots of the class %s, which a program implements. The context tells who calls ([core.PeerFrom]),", c.goName, c.ast.Name)
	g.line("// and ends with the caller's connection. Calls of one replica come one after another, those of others at the same time.")
	g.line("type %sSlots interface {", c.goName)
	for i, s := range c.slots {
		if i > 0 && s.doc != "" {
			g.line("")
		}
		g.doc(s.goName+" answers the slot "+s.wireName+".", s.doc)
		g.line("%s(%s) %s", s.goName, g.signature(s, "ctx context.Context"), s.results())
	}
	g.line("}")
}

// signature returns a method's parameters.
func (g *generator) signature(m *method, first ...string) string {
	all := first
	for i, p := range m.params {
		g.imported(p.typ.expr)
		if i+1 < len(m.params) && m.params[i+1].typ.expr == p.typ.expr {
			all = append(all, p.goName)
		} else {
			all = append(all, p.goName+" "+p.typ.expr)
		}
	}
	return strings.Join(all, ", ")
}

func (m *method) results() string {
	if m.ret == nil {
		return "error"
	}
	return "(" + m.ret.expr + ", error)"
}

// values returns the parameters as qt.Values, with a comma before each.
func (g *generator) values(m *method) string {
	var b strings.Builder
	for _, p := range m.params {
		g.use(module + "qt")
		b.WriteString(", " + g.pack(p.typ.qt, p.goName, false))
	}
	return b.String()
}

// args returns the parameters as what the qt.Values in args hold.
func (g *generator) args(m *method) []string {
	var out []string
	for i, p := range m.params {
		out = append(out, g.unpack(p.typ.qt, fmt.Sprintf("args[%d]", i)))
	}
	return out
}

// argsName is the name of a parameter that has the arguments.
func argsName(m *method) string {
	if len(m.params) == 0 {
		return "_"
	}
	return "args"
}

// get writes the body of a property's getter.
func (g *generator) get(object string, p *property) {
	g.use(module + "qt")
	g.line("v, _ := %s.Get(%q) // the class has it", object, p.name)
	g.line("return %s\n}", g.unpack(p.typ.qt, "v"))
}
