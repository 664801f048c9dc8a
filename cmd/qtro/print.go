package main

import (
	"fmt"
	"strings"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// packetView is a packet with the names it leaves out, ready to be printed.
type packetView struct {
	dir     direction
	kind    wire.Kind
	object  string
	rest    string   // what comes after the object on its line
	details []string // lines below it
	members members  // as JSON, after the object
}

// view describes a decoded packet, which it changes. It is called once for each packet, in order.
func (c *conversation) view(dir direction, p *wire.Packet) packetView {
	c.nameEnums(dir, p)
	v := packetView{dir: dir, kind: p.Kind, object: p.Name}
	switch p.Kind {
	case wire.Handshake:
		v.object, v.rest, v.members = "", p.Name, members{{"version", p.Name}}
	case wire.ObjectList:
		viewObjects(&v, p)
	case wire.Init, wire.InitDynamic:
		c.viewInit(&v, p)
	case wire.AddObject:
		if p.Dynamic {
			v.rest = " (dynamic)"
		}
		v.members = members{{"dynamic", p.Dynamic}}
	case wire.Invoke:
		c.viewInvoke(&v, p)
	case wire.InvokeReply:
		slot := c.answered(p.Name, p.Serial)
		v.rest = fmt.Sprintf("%s -> %s  #%d", dot(slot), text(p.Value.Value), p.Serial)
		v.members = append(memberName("slot", slot), memberOf{"serial", p.Serial})
		v.members = append(v.members, typed(p.Value.Value, c.protocol)...)
	case wire.PropertyChange:
		name := c.property(p.Name, int(p.Index))
		v.rest = dot(indexed(name, p.Index)) + " = " + c.brief(p.Value)
		v.details = c.nested("  ", p.Value)
		v.members = append(append(members{{"index", p.Index}}, memberName("property", name)...), c.value(p.Value)...)
	}
	return v
}

func plural(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func viewObjects(v *packetView, p *wire.Packet) {
	v.rest = plural(len(p.Objects), "object", "objects")
	list := []members{}
	for _, o := range p.Objects {
		list = append(list, members{{"name", o.Name}, {"type", o.TypeName}, {"signature", o.Signature}})
		v.details = append(v.details, strings.TrimSpace(o.Name+" "+o.TypeName+" "+o.Signature))
	}
	v.members = members{{"objects", list}}
}

func (c *conversation) viewInit(v *packetView, p *wire.Packet) {
	v.rest = " " + plural(len(p.Values), "property", "properties")
	if p.Class != nil {
		v.rest = fmt.Sprintf(": class %s,%s", p.Class.TypeName, v.rest)
		v.details = append(v.details, definitionLines(p.Class)...)
		v.members = members{{"class", definitionJSON(p.Class)}}
	}
	v.details = append(v.details, c.valueLines("", p.Name, p.Values)...)
	v.members = append(v.members, memberOf{"values", c.values(p.Name, p.Values)})
}

func (c *conversation) viewInvoke(v *packetView, p *wire.Packet) {
	var args []string
	argsJSON := []members{}
	for _, a := range p.Args {
		args = append(args, text(a))
		argsJSON = append(argsJSON, typed(a, c.protocol))
	}
	role, name := "slot", ""
	switch {
	case p.Call == wire.WriteProperty:
		role, name = "property", c.property(p.Name, int(p.Index))
		v.rest = fmt.Sprintf("%s := %s", dot(indexed(name, p.Index)), strings.Join(args, ", "))
	default:
		if v.dir == toClient {
			role = "signal"
		}
		name = c.method(v.dir, p.Name, p.Index)
		v.rest = fmt.Sprintf("%s(%s)", dot(indexed(name, p.Index)), strings.Join(args, ", "))
		if p.Call != wire.InvokeMethod {
			v.rest += fmt.Sprintf(" call %d", p.Call)
		}
	}
	if p.Serial != -1 {
		v.rest += fmt.Sprintf("  #%d", p.Serial)
		c.called(p, indexed(name, p.Index))
	}
	v.members = append(members{{"call", p.Call}, {"index", p.Index}}, memberName(role, name)...)
	v.members = append(v.members, memberOf{"args", argsJSON}, memberOf{"serial", p.Serial}, memberOf{"propertyIndex", p.Property})
}

func memberName(role, name string) members {
	if name == "" {
		return nil
	}
	return members{{role, name}}
}

// indexed is a member's name, or its number where the name is not known.
func indexed(name string, i int32) string {
	if name == "" {
		return fmt.Sprintf("[%d]", i)
	}
	return name
}

// dot joins a member to its object.
func dot(name string) string {
	if name == "" || strings.HasPrefix(name, "[") {
		return name
	}
	return "." + name
}

// typed is a value with its type, as JSON; the invalid variant has no type.
func typed(v qt.Value, p wire.Protocol) members {
	m := members{{"type", typeName(v, p)}, {"value", v}}
	if !v.IsValid() {
		m[0].value = nil
	}
	return m
}

func typeName(v qt.Value, p wire.Protocol) string {
	if !v.IsValid() {
		return "invalid"
	}
	return v.Type().Name(p.Format().Version)
}

// value is a property's value as JSON: a plain one or an object.
func (c *conversation) value(p wire.Property) members {
	o := p.Object
	if o == nil {
		return typed(p.Value, c.protocol)
	}
	if o.Kind == wire.GadgetObject {
		return typed(o.Gadget, c.protocol)
	}
	m := members{{"object", o.Name}, {"class", o.TypeName}}
	if o.Definition != nil {
		m = append(m, memberOf{"definition", definitionJSON(o.Definition)})
	}
	if o.Null {
		return append(m, memberOf{"null", true})
	}
	return append(m, memberOf{"values", c.values(o.Name, o.Values)})
}

func (c *conversation) values(object string, all []wire.Property) []members {
	out := []members{}
	for i, p := range all {
		out = append(out, append(memberName("property", c.property(object, i)), c.value(p)...))
	}
	return out
}

// brief is a property's value on one line.
func (c *conversation) brief(p wire.Property) string {
	o := p.Object
	switch {
	case o == nil:
		return text(p.Value)
	case o.Kind == wire.GadgetObject:
		return text(o.Gadget)
	case o.Null:
		return o.TypeName + " null"
	}
	return fmt.Sprintf("%s %s", o.TypeName, o.Name)
}

// nested are the lines below a property that holds an object.
func (c *conversation) nested(indent string, p wire.Property) []string {
	o := p.Object
	if o == nil || o.Kind == wire.GadgetObject || o.Null {
		return nil
	}
	var lines []string
	if o.Definition != nil {
		for _, l := range definitionLines(o.Definition) {
			lines = append(lines, indent+l)
		}
	}
	return append(lines, c.valueLines(indent, o.Name, o.Values)...)
}

func (c *conversation) valueLines(indent, object string, all []wire.Property) (lines []string) {
	for i, p := range all {
		lines = append(lines, indent+indexed(c.property(object, i), int32(i))+" = "+c.brief(p))
		lines = append(lines, c.nested(indent+"  ", p)...)
	}
	return lines
}

func definitionLines(d *wire.Definition) (lines []string) {
	for _, e := range d.Enums {
		lines = append(lines, "enum "+enumText(e))
	}
	for _, g := range d.Gadgets {
		var fields []string
		for _, f := range g.Fields {
			fields = append(fields, f.TypeName+" "+f.Name)
		}
		if len(fields) > 0 {
			lines = append(lines, fmt.Sprintf("POD %s(%s)", g.Name, strings.Join(fields, ", ")))
		}
		for _, e := range g.Enums {
			lines = append(lines, "enum "+g.Name+"::"+enumText(e))
		}
	}
	for _, s := range d.Signals {
		lines = append(lines, "signal "+s.Signature)
	}
	for _, s := range d.Slots {
		lines = append(lines, "slot "+strings.TrimSpace(s.ReturnType+" "+s.Signature))
	}
	for _, p := range d.Properties {
		lines = append(lines, strings.TrimSpace("property "+p.Type+" "+p.Name+" "+p.Notify))
	}
	return lines
}

func enumText(e qt.Enum) string {
	var all []string
	for _, k := range e.Keys {
		all = append(all, fmt.Sprintf("%s=%d", k.Name, k.Value))
	}
	return e.Name + " {" + strings.Join(all, ", ") + "}"
}

func definitionJSON(d *wire.Definition) members {
	enums := func(list []qt.Enum) []enumInfo {
		out := []enumInfo{}
		for _, e := range list {
			out = append(out, newEnumInfo(e))
		}
		return out
	}
	gadgets, properties := []members{}, []members{}
	for _, g := range d.Gadgets {
		fields := []paramInfo{}
		for _, f := range g.Fields {
			fields = append(fields, paramInfo{f.Name, f.TypeName})
		}
		gadgets = append(gadgets, members{{"name", g.Name}, {"fields", fields}, {"enums", enums(g.Enums)}})
	}
	methods := func(list []wire.Method) []members {
		out := []members{}
		for _, m := range list {
			out = append(out, members{{"signature", m.Signature}, {"return", m.ReturnType}, {"params", append([]string{}, m.Params...)}})
		}
		return out
	}
	for _, p := range d.Properties {
		properties = append(properties, members{{"name", p.Name}, {"type", p.Type}, {"notify", p.Notify}})
	}
	return members{{"name", d.TypeName}, {"enums", enums(d.Enums)}, {"gadgets", gadgets}, {"signals", methods(d.Signals)},
		{"slots", methods(d.Slots)}, {"properties", properties}}
}

// packet prints a packet. first are the members of its JSON that say where it was met, prefix says so in text.
func (p *printer) packet(first members, prefix string, v packetView) {
	if p.json {
		m := append(first, memberOf{"dir", v.dir}, memberOf{"kind", v.kind.String()})
		if v.object != "" {
			m = append(m, memberOf{"object", v.object})
		}
		p.object(append(m, v.members...))
		return
	}
	style := good
	if v.dir == toHost {
		style = alert
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s %s %s%s", prefix, p.paint(style, string(v.dir)), p.paint(dim, fmt.Sprintf("%-14s", v.kind)), p.paint(strong, v.object), v.rest)
	for _, d := range v.details {
		b.WriteString("\n        " + d)
	}
	p.line(b.String())
}
