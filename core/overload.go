package core

import (
	"fmt"
	"strings"

	"github.com/go-qtro/qtro/wire"
)

func (ci *classInfo) slot(name string, args int) (int, error) {
	return ci.method("slot", ci.slots, name, args)
}

func (ci *classInfo) signal(name string, args int) (int, error) {
	return ci.method("signal", ci.signals, name, args)
}

// method finds a signal or slot by its signature, such as "note(QString,int)", or by its name and, where that is overloaded,
// the number of arguments. With args < 0 any number will do.
func (ci *classInfo) method(what string, list []methodInfo, name string, args int) (int, error) {
	bare, _, signed := strings.Cut(name, "(")
	found, other := -1, -1
	for i := range list {
		m := &list[i]
		if m.name != bare || signed && !m.signed(name) && !ci.spells(m, name) {
			continue
		}
		other = len(m.params)
		switch {
		case args >= 0 && other != args:
		case found < 0:
			found = i
		case m.signature() != list[found].signature():
			return -1, fmt.Errorf("%w %s: %s %s is overloaded; say which one: %s", ErrClass, ci.class.Name, what, name, overloads(list, name))
		}
	}
	switch {
	case found >= 0:
		return found, nil
	case other >= 0:
		return -1, fmt.Errorf("%w %s: %s %s takes %d arguments, not %d", ErrClass, ci.class.Name, what, name, other, args)
	case signed:
		if all := overloads(list, bare); all != "" {
			return -1, fmt.Errorf("%w %s has no %s %q, but %s", ErrClass, ci.class.Name, what, name, all)
		}
	}
	return -1, fmt.Errorf("%w %s has no %s %q", ErrClass, ci.class.Name, what, name)
}

// overloads lists the signatures of what has a name.
func overloads(list []methodInfo, name string) string {
	var all []string
	for i := range list {
		if list[i].name == name {
			all = append(all, list[i].signature())
		}
	}
	return strings.Join(all, ", ")
}

// signature is what Qt 6 calls the method's normalized signature.
func (m *methodInfo) signature() string {
	var b strings.Builder
	b.WriteString(m.name)
	for i := range m.params {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteString(m.params[i].typeName())
	}
	if len(m.params) == 0 {
		b.WriteByte('(')
	}
	b.WriteByte(')')
	return b.String()
}

func (p *paramInfo) typeName() string {
	switch {
	case p.opaque != "":
		return p.opaque
	case p.typ == nil:
		return ""
	}
	return p.typ.String()
}

// signed reports whether the method has a signature, exactly so. It is signature() == s without making it.
func (m *methodInfo) signed(s string) bool {
	s, ok := strings.CutPrefix(s, m.name)
	for i := range m.params {
		if !ok || s == "" || s[0] != "(,"[min(i, 1)] {
			return false
		}
		s, ok = strings.CutPrefix(s[1:], m.params[i].typeName())
	}
	return ok && (s == ")" || len(m.params) == 0 && s == "()")
}

// spells reports whether the method has a signature in any spelling of its types that Qt 5 or Qt 6 uses.
func (ci *classInfo) spells(m *methodInfo, s string) bool {
	_, types := wire.SplitSignature(s)
	if !strings.HasSuffix(s, ")") || len(types) != len(m.params) {
		return false
	}
	for i, name := range types {
		p := &m.params[i]
		if name == p.opaque {
			continue
		}
		t, err := ci.types.Lookup(name)
		if err != nil {
			if t = ci.typeOf(name); t == variantType { // it is not known
				return false
			}
		}
		if t != p.typ && t.String() != p.typeName() {
			return false
		}
	}
	return true
}
