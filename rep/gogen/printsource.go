package gogen

import (
	"fmt"
	"strings"

	"github.com/go-qtro/qtro/core"
)

// source writes the type for those who host objects of the class.
func (g *generator) source(c *class) {
	name := c.goName + "Source"
	g.line("")
	g.doc(fmt.Sprintf("%s is an object of the class %s that a host remotes. Its methods are safe for concurrent use.", name, c.ast.Name), documentation(&c.ast.Comments))
	g.line("type %s struct{ source *core.Source }", name)
	g.constructor(c)
	g.line("\n// Source returns what a host remotes ([core.Host.EnableRemoting]).")
	g.line("func (s *%s) Source() *core.Source { return s.source }", name)
	for _, p := range c.props {
		switch {
		case p.child != nil:
			g.childSetter(name, p)
		case p.isModel:
			g.modelSetter(name, p)
		default:
			g.setter(name, p)
		}
	}
	for _, s := range c.signals {
		g.emitter(name, s)
	}
}

func (g *generator) constructor(c *class) {
	name := c.goName + "Source"
	if len(c.slots) == 0 {
		g.line("\n// New%s returns a source with its properties at their defaults.", name)
		g.line("func New%s() (*%s, error) {", name, name)
		g.line("source, err := core.NewSource(%s)\nif err != nil {\nreturn nil, err\n}", c.varName)
		g.line("return &%s{source}, nil\n}", name)
		return
	}
	g.line("\n// New%s returns a source with its properties at their defaults, whose slots impl answers.", name)
	g.line("func New%s(impl %sSlots) (*%s, error) {", name, c.goName, name)
	g.line("source, err := core.NewSource(%s)\nif err != nil {\nreturn nil, err\n}", c.varName)
	if len(c.slots) == 1 {
		g.buf.WriteString("err = ")
		g.handler(c.slots[0])
		g.line("")
	} else {
		g.use("errors")
		g.line("err = errors.Join(")
		for _, s := range c.slots {
			g.handler(s)
			g.line(",")
		}
		g.line(")")
	}
	g.line("if err != nil {\nreturn nil, err\n}")
	g.line("return &%s{source}, nil\n}", name)
}

// handler writes a call that has the implementation answer a slot.
func (g *generator) handler(s *method) {
	g.use(module + "qt")
	call := fmt.Sprintf("impl.%s(%s)", s.goName, strings.Join(append([]string{"ctx"}, g.args(s)...), ", "))
	fmt.Fprintf(&g.buf, "source.Handle(%q, func(ctx context.Context, %s []qt.Value) (qt.Value, error) {\n", s.wireName, argsName(s))
	if s.ret == nil {
		g.line("return qt.Value{}, %s", call)
	} else {
		g.line("x, err := %s\nreturn %s, err", call, g.pack(s.ret.qt, "x", false))
	}
	g.buf.WriteString("})")
}

// setter writes the getter, the setter, and the hook for what replicas ask for.
func (g *generator) setter(name string, p *property) {
	g.imported(p.typ.expr)
	g.line("")
	g.doc(fmt.Sprintf("%s returns the property %s.", p.goName, p.name), p.doc)
	g.line("func (s *%s) %s() %s {", name, p.goName, p.typ.expr)
	g.get("s.source", p)
	param := paramNames([]string{p.name}, "s", "fn", "ctx")[0]
	value := g.pack(p.typ.qt, param, true)
	body := fmt.Sprintf("core.Set(s.source, %q, %s)", p.name, value)
	if p.access == core.Constant {
		body = fmt.Sprintf("s.source.SetConstant(%q, %s)", p.name, value)
		g.line("\n// Set%s gives the constant property %s its value, before the source is remoted.", p.goName, p.name)
	} else {
		g.line("\n// Set%s sets the property %s, and tells all replicas if that is another value.", p.goName, p.name)
	}
	g.line("func (s *%s) Set%s(%s %s) error { return %s }", name, p.goName, param, p.typ.expr, body)
	verb := p.verb()
	if verb == "" {
		return
	}
	g.use("context")
	g.line("\n// On%s%s sets what is asked when a replica %s the property %s: an error refuses the value, else it becomes the", verb, p.goName, map[string]string{"Push": "pushes", "Set": "writes"}[verb], p.name)
	g.line("// property's. fn may set the property itself, to another value, and return an error. It must be called before the source")
	g.line("// is remoted.")
	g.line("func (s *%s) On%s%s(fn func(ctx context.Context, %s %s) error) error {", name, verb, p.goName, param, p.typ.expr)
	g.line("return s.source.OnWrite(%q, func(ctx context.Context, v qt.Value) error { return fn(ctx, %s) })", p.name, g.unpack(p.typ.qt, "v"))
	g.line("}")
}

func (g *generator) childSetter(name string, p *property) {
	param := paramNames([]string{p.name}, "s")[0]
	g.line("")
	g.doc(fmt.Sprintf("Set%s puts an object, or nil, into the property %s, and tells all replicas.", p.goName, p.name), p.doc)
	g.line("func (s *%s) Set%s(%s *%sSource) error {", name, p.goName, param, p.child.goName)
	g.line("if %s == nil {\nreturn s.source.SetChild(%q, nil)\n}", param, p.name)
	g.line("return s.source.SetChild(%q, %s.source)\n}", p.name, param)
}

func (g *generator) modelSetter(name string, p *property) {
	param := paramNames([]string{p.name}, "s")[0]
	g.line("")
	g.doc(fmt.Sprintf("%s returns the item model of the property %s%s: an empty one until it is set.", p.goName, p.name, p.roleList()), p.doc)
	g.line("func (s *%s) %s() *core.Source {", name, p.goName)
	g.line("model, err := s.source.Child(%q)\nif err != nil {\nreturn nil\n}\nreturn model\n}", p.name)
	g.line("\n// Set%s puts an item model into the property %s, and tells all replicas.", p.goName, p.name)
	g.line("func (s *%s) Set%s(%s *core.Source) error { return s.source.SetChild(%q, %s) }", name, p.goName, param, p.name, param)
}

// roleList returns the roles of a model, for comments.
func (p *property) roleList() string {
	if len(p.roles) == 0 {
		return ""
	}
	return ", with the roles " + strings.Join(p.roles, ", ")
}

func (g *generator) emitter(name string, s *method) {
	g.line("")
	g.doc(fmt.Sprintf("Emit%s emits the signal %s to all replicas.", s.goName, s.wireName), s.doc)
	g.line("func (s *%s) Emit%s(%s) error {", name, s.goName, g.signature(s))
	g.line("return core.Emit(s.source, %q%s)\n}", s.wireName, g.values(s))
}
