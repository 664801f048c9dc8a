package gogen

import (
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// overload tells a method apart from those before it that have its name: on the wire all of them by their signatures, in Go the
// later ones by their parameters' types.
func (u *unit) overload(before []*method, m *method, what string, pos rep.Pos) error {
	for _, other := range before {
		if other.name != m.name {
			continue
		}
		if other.signature() == m.signature() {
			return u.errorf(pos, "the %s %s is declared twice", what, m.signature())
		}
		other.wireName, m.wireName, m.suffix = other.signature(), m.signature(), u.suffix(m)
	}
	return nil
}

// signature is what Qt calls the method's normalized signature.
func (m *method) signature() string {
	var types []string
	for _, p := range m.params {
		types = append(types, p.typ.qt.String())
	}
	return m.name + "(" + strings.Join(types, ",") + ")"
}

// nameWire gives the property's notify signal and push slot their signatures where the class has others of these names.
func (p *property) nameWire(c *class) {
	p.pushSlot = "push" + strings.ToUpper(p.name[:1]) + p.name[1:]
	for _, s := range c.signals {
		if s.name == p.name+"Changed" {
			s.wireName = s.signature()
		}
	}
	for _, s := range c.slots {
		if p.access == core.ReadPush && s.name == p.pushSlot {
			s.wireName = s.signature()
			p.pushSlot += "(" + p.typ.qt.String() + ")"
		}
	}
}

// suffix is what the Go name of an overload ends with: its parameters' types.
func (u *unit) suffix(m *method) string {
	if len(m.params) == 0 {
		return "NoArgs"
	}
	var b strings.Builder
	for _, p := range m.params {
		b.WriteString(u.typeWord(p.typ.qt))
	}
	return b.String()
}

// typeWord is a Go type as a part of a name: Int32, String, StationMode, ReadingList, StringToInt32Map.
func (u *unit) typeWord(t *qt.Type) string {
	expr, err := u.expr(t)
	switch {
	case err != nil || t.IsVariant():
		return "Any"
	case expr == "[]byte":
		return "Bytes"
	case expr == "time.Time":
		return "DateTime" // a QTime is a Time
	case isList(t):
		return u.typeWord(t.Elem()) + "List"
	case isMap(t):
		return u.typeWord(t.KeyType()) + "To" + u.typeWord(t.Elem()) + "Map"
	case strings.ContainsAny(expr, "[]{}"):
		return exported(strings.Map(func(r rune) rune {
			if strings.ContainsRune("<>,:", r) {
				return '_'
			}
			return r
		}, t.String()))
	}
	return exported(expr[strings.LastIndexByte(expr, '.')+1:])
}
