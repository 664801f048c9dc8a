package main

import (
	"strings"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// nameEnums gives values that are enums or flags by the definitions seen, and numbers on the wire, their own types.
func (c *conversation) nameEnums(dir direction, p *wire.Packet) {
	switch p.Kind {
	case wire.Init, wire.InitDynamic:
		c.nameValues(p.Name, p.Values)
	case wire.PropertyChange:
		c.nameValue(p.Name, int(p.Index), &p.Value)
	case wire.InvokeReply:
		if slot, ok := c.calls[call{p.Name, p.Serial}]; ok {
			p.Value.Value = c.enum(p.Name, p.Value.Value, slot.reply)
		}
	case wire.Invoke:
		d := c.objects[p.Name]
		switch {
		case d == nil:
		case p.Call == wire.WriteProperty:
			for i := range p.Args {
				p.Args[i] = c.enum(p.Name, p.Args[i], propertyTypes(d, int(p.Index))...)
			}
		default:
			if m := method(d, dir, p.Index); m != nil {
				_, params := wire.SplitSignature(m.Signature)
				for i, t := range params {
					if i < len(p.Args) {
						p.Args[i] = c.enum(p.Name, p.Args[i], t)
					}
				}
			}
		}
	}
}

func (c *conversation) nameValues(object string, values []wire.Property) {
	for i := range values {
		c.nameValue(object, i, &values[i])
	}
}

func (c *conversation) nameValue(object string, i int, p *wire.Property) {
	if o := p.Object; o != nil {
		c.nameValues(o.Name, o.Values)
	} else if d := c.objects[object]; d != nil {
		p.Value = c.enum(object, p.Value, propertyTypes(d, i)...)
	}
}

// propertyTypes are the names that a definition gives a property's type: its own, and that of its notify signal.
func propertyTypes(d *wire.Definition, i int) []string {
	if i < 0 || i >= len(d.Properties) {
		return nil
	}
	p := d.Properties[i]
	_, notify := wire.SplitSignature(p.Notify)
	return append([]string{p.Type}, notify...)
}

// enum converts a number to the first of the types that is an enum.
func (c *conversation) enum(object string, v qt.Value, names ...string) qt.Value {
	types := c.client.Types(object)
	if types == nil || !v.IsValid() || v.Type().Enum() != nil {
		return v
	}
	for _, name := range names {
		bare := name[strings.LastIndex(name, ":")+1:]
		for _, n := range []string{name, bare} {
			if t, err := types.Lookup(n); err == nil && t.Enum() != nil {
				if e, err := t.Convert(v); err == nil {
					return e
				}
			}
		}
	}
	return v
}
