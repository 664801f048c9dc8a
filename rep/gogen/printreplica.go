package gogen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
)

// replica writes the type for those who use objects of the class.
func (g *generator) replica(c *class) {
	name := c.goName + "Replica"
	g.line("")
	before := "\n// [core.Replica]. Before it is Valid its properties have the class's defaults. Its methods are safe for concurrent use."
	if slices.ContainsFunc(c.props, func(p *property) bool { return p.persist }) {
		before = "\n// [core.Replica]. Before it is Valid its properties have the class's defaults; those that are PERSISTED have the values that were" +
			"\n// saved, if the node has a store ([core.Config].PersistedStore). Its methods are safe for concurrent use."
	}
	g.doc(fmt.Sprintf("%s is an object of the class %s elsewhere. What it can do besides, such as Wait and Close, is said of", name, c.ast.Name)+
		before, documentation(&c.ast.Comments))
	g.line("type %s struct{ *core.Replica }", name)
	g.line("\n// Acquire%s returns a replica of the object with a name. It does not wait for it: see [core.Node.Acquire].", c.goName)
	g.line("func Acquire%s(node *core.Node, name string) (*%s, error) {", c.goName, name)
	g.line("replica, err := node.Acquire(name, %s)\nif err != nil {\nreturn nil, err\n}", c.varName)
	g.line("return &%s{replica}, nil\n}", name)
	for _, p := range c.props {
		switch {
		case p.child != nil:
			g.object(name, p, p.child.goName+"Replica")
		case p.isModel:
			g.object(name, p, "core.Replica")
		default:
			g.getter(name, p)
		}
	}
	for _, s := range c.signals {
		g.subscriber(name, s)
	}
	for _, s := range c.slots {
		g.caller(name, s)
	}
}

func (g *generator) getter(name string, p *property) {
	g.imported(p.typ.expr)
	g.line("")
	seen := "as last seen"
	if p.persist {
		seen += ", be it before the program was started: it is PERSISTED"
	}
	g.doc(fmt.Sprintf("%s returns the property %s %s.", p.goName, p.name, seen), p.doc)
	g.line("func (r *%s) %s() %s {", name, p.goName, p.typ.expr)
	g.get("r.Replica", p)
	if p.access == core.Constant {
		return
	}
	param := paramNames([]string{p.name}, "r", "fn", "ctx", "cancel", "err")[0]
	g.line("\n// On%sChanged calls fn with the new value whenever the property %s has changed, until it is cancelled.", p.goName, p.name)
	g.line("func (r *%s) On%sChanged(fn func(%s %s)) (cancel func()) {", name, p.goName, param, p.typ.expr)
	g.line("cancel, _ = r.Replica.OnChange(%q, func(v qt.Value) { fn(%s) }) // the class has it", p.name, g.unpack(p.typ.qt, "v"))
	g.line("return cancel\n}")
	switch p.verb() {
	case "Push":
		g.use("context")
		g.line("\n// Push%s asks the source for a new value of the property %s and waits for its answer: an error, if it refuses.", p.goName, p.name)
		g.line("func (r *%s) Push%s(ctx context.Context, %s %s) error {", name, p.goName, param, p.typ.expr)
		g.line("_, err := core.CallSlot(ctx, r.Replica, %q, %s)\nreturn err\n}", p.pushSlot, g.pack(p.typ.qt, param, false))
	case "Set":
		g.use("context")
		g.line("\n// Set%s asks the source for a new value of the property %s. It does not wait: the property changes when the", p.goName, p.name)
		g.line("// source's does, which may refuse. Nothing is sent if ctx is done.")
		g.line("func (r *%s) Set%s(ctx context.Context, %s %s) error {", name, p.goName, param, p.typ.expr)
		g.line("return core.WriteTo(ctx, r.Replica, %q, %s)\n}", p.name, g.pack(p.typ.qt, param, false))
	}
}

// object writes the getter of a child object or model.
func (g *generator) object(name string, p *property, typ string) {
	wrap := "object"
	if p.child != nil {
		wrap = fmt.Sprintf("&%s{object}", typ)
	}
	g.line("")
	what := "object"
	if p.isModel {
		what = "item model"
	}
	g.doc(fmt.Sprintf("%s returns the %s in the property %s%s, nil if there is none. It needs no closing.", p.goName, what, p.name, p.roleList()), p.doc)
	g.line("func (r *%s) %s() *%s {", name, p.goName, typ)
	g.line("object, err := r.Replica.Child(%q)\nif err != nil || object == nil {\nreturn nil\n}", p.name)
	g.line("return %s\n}", wrap)
	g.line("\n// On%sChanged calls fn whenever there is another %s, or none, in the property %s, until it is cancelled.", p.goName, what, p.name)
	g.line("func (r *%s) On%sChanged(fn func(*%s)) (cancel func()) {", name, p.goName, typ)
	g.use(module + "qt")
	g.line("cancel, _ = r.Replica.OnChange(%q, func(qt.Value) { fn(r.%s()) }) // the class has it", p.name, p.goName)
	g.line("return cancel\n}")
}

// subscriber writes the subscription to a signal.
func (g *generator) subscriber(name string, s *method) {
	var types []string
	for _, p := range s.params {
		g.imported(p.typ.expr)
		types = append(types, p.goName+" "+p.typ.expr)
	}
	g.use(module + "qt")
	g.line("")
	g.doc(fmt.Sprintf("On%s calls fn whenever the source emits the signal %s, until it is cancelled.", s.goName, s.wireName), s.doc)
	g.line("func (r *%s) On%s(fn func(%s)) (cancel func()) {", name, s.goName, strings.Join(types, ", "))
	g.line("cancel, _ = r.Replica.OnSignal(%q, func(%s []qt.Value) { fn(%s) }) // the class has it", s.wireName, argsName(s), list(g.args(s)))
	g.line("return cancel\n}")
}

func (g *generator) caller(name string, s *method) {
	g.line("")
	g.doc(fmt.Sprintf("%s calls the slot %s and waits for its reply.", s.onReplica, s.wireName), s.doc)
	g.line("func (r *%s) %s(%s) %s {", name, s.onReplica, g.signature(s, "ctx context.Context"), s.results())
	call := fmt.Sprintf("core.CallSlot(ctx, r.Replica, %q%s)", s.wireName, g.values(s))
	if s.ret == nil {
		g.line("_, err := %s\nreturn err\n}", call)
		return
	}
	g.imported(s.ret.expr)
	g.use(module + "qt")
	g.line("v, err := %s\nreturn %s, err\n}", call, g.unpack(s.ret.qt, "v"))
}
