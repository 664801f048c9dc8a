package core

import (
	"reflect"
	"strings"
	"sync"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// definitions are a class's descriptions for dynamic replicas, made when one first asks.
type definitions struct {
	mu sync.Mutex
	by map[wire.Protocol]*wire.Definition
}

// definition describes the class to a dynamic replica.
func (ci *classInfo) definition(p wire.Protocol) *wire.Definition {
	ci.defs.mu.Lock()
	defer ci.defs.mu.Unlock()
	if d := ci.defs.by[p]; d != nil {
		return d
	}
	d := ci.describe(p)
	if ci.defs.by == nil {
		ci.defs.by = map[wire.Protocol]*wire.Definition{}
	}
	ci.defs.by[p] = d
	return d
}

func (ci *classInfo) describe(p wire.Protocol) *wire.Definition {
	d := &wire.Definition{TypeName: ci.class.Name}
	for _, e := range ci.class.Enums {
		if !strings.Contains(e.Name, "::") {
			d.Enums = append(d.Enums, sized(e))
		}
	}
	d.Gadgets = ci.gadgets(p, map[string]bool{})
	for i := range ci.signals {
		s := &ci.signals[i]
		d.Signals = append(d.Signals, wire.Method{Signature: ci.methodSignature(s, p), Params: s.paramNames(ci)})
	}
	for i := range ci.slots {
		s := &ci.slots[i]
		ret := "void"
		if s.ret != nil {
			ret = s.ret.Name(p.Format().Version)
		}
		d.Slots = append(d.Slots, wire.Method{Signature: ci.methodSignature(s, p), ReturnType: ret, Params: s.paramNames(ci)})
	}
	for i := range ci.props {
		prop := &ci.props[i]
		def := wire.PropertyDef{Name: prop.name, Type: prop.typeName(p)}
		if prop.notify >= 0 {
			def.Notify = ci.notifySignature(prop, p)
		}
		d.Properties = append(d.Properties, def)
	}
	return d
}

// gadgets lists the PODs and the scopes of foreign enums that the class and the classes of its children use.
func (ci *classInfo) gadgets(p wire.Protocol, seen map[string]bool) []wire.Gadget {
	var out []wire.Gadget
	for _, pod := range ci.class.PODs {
		if seen[pod.Name] {
			continue
		}
		seen[pod.Name] = true
		g := wire.Gadget{Name: pod.Name}
		for _, f := range pod.Fields {
			if t, err := ci.types.Lookup(f.TypeName); err == nil {
				f.TypeName = t.Name(p.Format().Version)
			}
			g.Fields = append(g.Fields, qt.Field{Name: f.Name, TypeName: f.TypeName})
		}
		out = append(out, g)
	}
	for _, e := range ci.class.Enums {
		i := strings.LastIndex(e.Name, "::")
		if i < 0 || seen[e.Name] {
			continue
		}
		seen[e.Name] = true
		scope := e.Name[:i]
		e.Name = e.Name[i+2:]
		at := -1
		for k := range out {
			if out[k].Name == scope {
				at = k
			}
		}
		if at < 0 {
			out = append(out, wire.Gadget{Name: scope})
			at = len(out) - 1
		}
		out[at].Enums = append(out[at].Enums, sized(e))
	}
	for i := range ci.props {
		if c := ci.props[i].class; c != nil && ci.props[i].kind == classProp {
			out = append(out, c.gadgets(p, seen)...)
		}
	}
	return out
}

func (ci *classInfo) methodSignature(m *methodInfo, p wire.Protocol) string {
	var b strings.Builder
	b.WriteString(m.name)
	b.WriteByte('(')
	if m.property >= 0 && len(m.params) == 0 {
		b.WriteString(ci.props[m.property].pointerName())
	}
	for i, param := range m.params {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(definitionType(param.typ, p))
	}
	b.WriteByte(')')
	return b.String()
}

// notifySignature is the signature of a notify signal where the property's entry repeats it: the only place in which
// protocol 2.0 says what a container of PODs holds.
func (ci *classInfo) notifySignature(prop *propInfo, p wire.Protocol) string {
	s := &ci.signals[prop.notify]
	if len(s.params) != 1 {
		return ci.methodSignature(s, p)
	}
	return s.name + "(" + s.params[0].typ.Name(p.Format().Version) + ")"
}

// paramNames names the parameters; the notify signal of an object has one although it is not sent.
func (m *methodInfo) paramNames(ci *classInfo) []string {
	if m.property >= 0 && len(m.params) == 0 {
		return []string{ci.props[m.property].name}
	}
	var out []string
	for _, p := range m.params {
		out = append(out, p.name)
	}
	return out
}

// What stands in definitions for containers of PODs.
const (
	sequential  = "QtROSequentialContainer"
	associative = "QtROAssociativeContainer"
)

// definitionType names a type in a definition. In protocol 2.0 containers of PODs go by what Qt's replicas make of them.
func definitionType(t *qt.Type, p wire.Protocol) string {
	if p == wire.Protocol20 && t.IsContainer() && t.Elem().IsPOD() {
		if t.KeyType() != nil {
			return associative
		}
		return sequential
	}
	return t.Name(p.Format().Version)
}

func (prop *propInfo) typeName(p wire.Protocol) string {
	switch prop.kind {
	case classProp:
		return "QObject*"
	case modelProp:
		return "QAbstractItemModel*"
	}
	return definitionType(prop.typ, p)
}

// pointerName is the parameter type of an object's notify signal.
func (prop *propInfo) pointerName() string {
	if prop.kind == modelProp {
		return "QAbstractItemModel*"
	}
	if prop.class == nil {
		return "QObject*"
	}
	return prop.class.class.Name + "Source*"
}

// className is the class of the object that the property holds, "" if it may be any: a definition does not tell.
func (prop *propInfo) className() string {
	if prop.class == nil {
		return ""
	}
	return prop.class.class.Name
}

// holds reports whether objects of a class may be in the property: those of its class, or of one that is the same to replicas.
func (prop *propInfo) holds(info *classInfo) bool {
	return prop.class == nil || prop.class == info ||
		reflect.DeepEqual(prop.class.definition(wire.Protocol20), info.definition(wire.Protocol20))
}

// classOf makes a class of what a host tells a dynamic replica. Types that nobody defines become QVariant, which takes
// every value.
func classOf(name string, d *wire.Definition, parents ...*qt.Types) *classInfo {
	c := &Class{Name: d.TypeName, Enums: d.Enums}
	for _, g := range d.Gadgets {
		if len(g.Fields) > 0 {
			c.PODs = append(c.PODs, qt.POD{Name: g.Name, Fields: g.Fields})
		}
		for _, e := range g.Enums {
			e.Name = g.Name + "::" + e.Name
			c.Enums = append(c.Enums, e)
		}
	}
	ci := &classInfo{class: c, def: d, types: d.Types(parents...)}
	if c.Name == "" {
		c.Name = name
	}
	for _, m := range d.Signals {
		info, _ := ci.methodOf(m)
		ci.signals = append(ci.signals, info)
	}
	for _, m := range d.Slots {
		info, params := ci.methodOf(m)
		if m.ReturnType != "" && m.ReturnType != "void" {
			info.ret = ci.typeOf(m.ReturnType)
		}
		ci.slots = append(ci.slots, info)
		c.Slots = append(c.Slots, Slot{info.name, m.ReturnType, params})
	}
	for _, p := range d.Properties {
		ci.propertyOf(p)
	}
	// What is left are the signals and slots that belong to no property.
	for i, s := range ci.signals {
		if s.property < 0 {
			_, params := ci.methodOf(d.Signals[i])
			c.Signals = append(c.Signals, Signal{s.name, params})
		}
	}
	slots := c.Slots[:0]
	for i, s := range ci.slots {
		if s.property < 0 {
			slots = append(slots, c.Slots[i])
		}
	}
	c.Slots = slots
	c.info = ci
	return ci
}

func (ci *classInfo) propertyOf(p wire.PropertyDef) {
	index := int32(len(ci.props))
	info := propInfo{name: p.Name, notify: -1, push: -1, access: Constant}
	prop := Property{Name: p.Name, Type: p.Type}
	switch p.Type {
	case "QObject*":
		info.kind = classProp
	case "QAbstractItemModel*":
		info.kind, info.class, prop.Roles = modelProp, modelClass(), []string{}
	default:
		info.typ = ci.typeOf(p.Type)
		info.initial = info.typ.Zero()
		if info.typ == variantType && p.Type != "QVariant" {
			info.opaque = p.Type
		}
	}
	if notify, _, ok := strings.Cut(p.Notify, "("); ok {
		info.access = ReadWrite // a definition does not tell ReadOnly from ReadWrite
		for i := range ci.signals {
			if ci.signals[i].name == notify && ci.signals[i].property < 0 {
				info.notify = int32(i)
				ci.signals[i].property = index
				if info.kind != plainProp {
					ci.signals[i].params = nil
				}
				if info.typ != nil && info.typ.IsVariant() && len(ci.signals[i].params) == 1 {
					// Only the notify signal may tell what a container of PODs holds.
					ci.notifyType(&info, p.Notify)
				}
				break
			}
		}
	}
	for i := range ci.slots {
		if ci.slots[i].name == pushName(p.Name) && len(ci.slots[i].params) == 1 && info.kind == plainProp && ci.slots[i].ret == nil {
			info.push, info.access = int32(i), ReadPush
			ci.slots[i].property = index
			if param := &ci.slots[i].params[0]; param.opaque != "" && info.typ != variantType {
				param.typ, param.opaque = info.typ, ""
			}
		}
	}
	if info.kind != plainProp {
		info.access = SourceOnlySetter
	}
	prop.Access = info.access
	ci.props = append(ci.props, info)
	ci.class.Properties = append(ci.class.Properties, prop)
}

func (ci *classInfo) notifyType(info *propInfo, signature string) {
	_, types := wire.SplitSignature(signature)
	if len(types) != 1 {
		return
	}
	if t := ci.typeOf(types[0]); !t.IsVariant() {
		info.typ, info.initial, info.opaque = t, t.Zero(), ""
	}
}

func (ci *classInfo) methodOf(m wire.Method) (methodInfo, []Param) {
	name, types := wire.SplitSignature(m.Signature)
	info := methodInfo{name: name, property: -1}
	var params []Param
	for i, t := range types {
		var pn string
		if i < len(m.Params) {
			pn = m.Params[i]
		}
		param := paramInfo{name: pn, typ: ci.typeOf(t)}
		if param.typ == variantType && t != "QVariant" {
			param.opaque = t
		}
		info.params = append(info.params, param)
		params = append(params, Param{pn, t})
	}
	return info, params
}

// typeOf resolves a type of a definition. Qt names an enum of the class sometimes after the source's class, sometimes
// after no class at all.
func (ci *classInfo) typeOf(name string) *qt.Type {
	if t, err := ci.types.Lookup(name); err == nil {
		return t
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(name, "QFlags<"), ">")
	if i := strings.LastIndex(inner, "::"); i >= 0 {
		bare := inner[i+2:]
		if inner != name {
			// QFlags<StationSource::Alarm>: the flags that share the enum's keys.
			for _, e := range ci.class.Enums {
				if e.Flag && e.Name == bare+"s" {
					bare = e.Name
				}
			}
		}
		if t, err := ci.types.Lookup(bare); err == nil && t.Enum() != nil {
			return t
		}
	}
	return variantType
}
