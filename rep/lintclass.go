package rep

import (
	"fmt"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

// maxArguments is how many arguments Qt's invokeMethod takes.
const maxArguments = 10

func (l *linter) class(c *Class) {
	l.class0 = c
	l.identifier(c.NamePos, c.Name, "class", false)
	for _, m := range c.Members {
		switch m := m.(type) {
		case *Enum:
			l.enums[m.Name] = c.Name + "::" + m.Name
			l.enum(m)
		case *Flag:
			l.enums[m.Name] = c.Name + "::" + m.Name
		}
	}
	names := memberNames{l: l, seen: map[string]string{}}
	for _, m := range c.Members {
		switch m := m.(type) {
		case *Property:
			names.property(m.NamePos, m.Name, m.access().String())
			l.property(m)
			l.typeUse(m.Type, c.Name+"::", c.Pos().Offset, true)
		case *Child:
			names.property(m.NamePos, m.Name, "READONLY")
			if end, known := l.declared[m.Class]; !known && !l.includes {
				l.add(m.NamePos, "type", "the class "+m.Class+" is not declared", "declare it before this class, or include what declares it")
			} else if known && end > m.Pos().Offset && m.Class != c.Name {
				l.add(m.NamePos, "order", "the class "+m.Class+" is declared later: C++ does not know it here, and Qt 6 leaves it out of the signature", "declare it before this class")
			}
		case *Model:
			names.property(m.NamePos, m.Name, "READONLY")
			l.roles(m)
		case *Signal:
			names.method(m.NamePos, m.Name, "signal", m.Params)
			l.params(c, m.NamePos, m.Params)
		case *Slot:
			names.method(m.NamePos, m.Name, "slot", m.Params)
			l.params(c, m.NamePos, m.Params)
			l.returned(c, m)
		}
	}
}

// memberNames finds members whose names clash, also those that repc makes: notify signals, push slots and setters.
type memberNames struct {
	l    *linter
	seen map[string]string
}

func (n *memberNames) add(pos Pos, key, what string) {
	if before, again := n.seen[key]; again {
		n.l.add(pos, "duplicate", what+" clashes with "+before, "rename one of them")
		return
	}
	n.seen[key] = what
}

func (n *memberNames) property(pos Pos, name, access string) {
	n.l.identifier(pos, name, "property", true)
	upper := strings.ToUpper(name[:1]) + name[1:]
	n.add(pos, name, "property "+name)
	n.add(pos, name+"()", "the getter of "+name)
	if access != "CONSTANT" {
		n.add(pos, name+"Changed", "the notify signal of "+name)
	}
	switch access {
	case "READPUSH":
		n.add(pos, "push"+upper, "the push slot of "+name)
		n.add(pos, "set"+upper, "the setter of "+name)
	case "READWRITE", "SOURCEONLYSETTER":
		n.add(pos, "set"+upper, "the setter of "+name)
	}
}

// method finds overloads, too, which repc takes, and C++ does for replicas alone.
func (n *memberNames) method(pos Pos, name, what string, params []*Param) {
	n.l.identifier(pos, name, what, true)
	if before, again := n.seen[name]; again && !strings.HasPrefix(before, "overloads") {
		n.l.add(pos, "duplicate", what+" "+name+" clashes with "+before, "rename one of them")
		return
	}
	var types []string
	for _, p := range params {
		types = append(types, p.WireType().String())
	}
	key := name + "(" + strings.Join(types, ",") + ")"
	_, overloaded := n.seen[name]
	_, same := n.seen[key]
	if overloaded && !same {
		n.l.add(pos, "overload", what+" "+name+" is overloaded: C++ does not compile what repc makes for sources of the class",
			"rename one of them, or remote the source by enableRemoting(object, name)")
	}
	n.seen[name] = "overloads of " + name
	n.add(pos, key, what+" "+name)
}

func (l *linter) property(p *Property) {
	switch {
	case p.Has("CONSTANT") && p.Has("PERSISTED"):
		l.add(p.NamePos, "modifier", "a CONSTANT property that is PERSISTED: what was saved replaces what the source says", "leave one of the modifiers out")
	case p.Has("CONSTANT") && p.Default == "":
		l.add(p.NamePos, "modifier", "a CONSTANT property has no notify signal: who reads it before the replica is valid never learns the value",
			"give it a default value, or make it READONLY")
	}
	if strings.Contains(p.Default, "//") {
		l.add(p.NamePos, "repc", "repc takes // in a default value for the beginning of a comment", "set the value in the program")
	}
	if p.Has("READWRITE") && l.holdsPODs(p.Type) {
		l.add(p.NamePos, "container", "sources of Qt 6 do not understand writes of containers of PODs", "make it READPUSH: push slots take them")
	}
}

func (l *linter) holdsPODs(t *Type) bool {
	if len(t.Args) == 0 {
		return false
	}
	return l.isPOD(t.Args[len(t.Args)-1].Name)
}

func (l *linter) isPOD(name string) bool {
	for _, d := range l.file.Decls {
		if p, ok := d.(*POD); ok && p.Name == name {
			return true
		}
	}
	return false
}

func (l *linter) roles(m *Model) {
	seen := map[string]bool{}
	for _, r := range m.Roles {
		if seen[r] {
			l.add(m.NamePos, "duplicate", "the model has the role "+r+" twice", "leave one out")
		}
		seen[r] = true
	}
}

func (l *linter) params(c *Class, pos Pos, params []*Param) {
	if len(params) > maxArguments {
		l.add(pos, "arguments", fmt.Sprintf("%d parameters: invokeMethod takes %d at most", len(params), maxArguments), "put them into a POD")
	}
	seen := map[string]bool{}
	for _, p := range params {
		if seen[p.Name] && p.Name != "" {
			l.add(p.Pos(), "duplicate", "two parameters are called "+p.Name, "rename one of them")
		}
		seen[p.Name] = true
		if p.Name != "" {
			l.identifier(p.Pos(), p.Name, "parameter", false)
		}
		if p.Default != "" {
			l.add(p.Pos(), "parameter", fmt.Sprintf("repc takes %s=%s for the name: the replica sends %s whatever it is called with", p.Name, p.Default, p.Default),
				"leave the default value out")
		}
		if p.Ref && !p.Const {
			l.add(p.Pos(), "parameter", "nothing comes back through a reference", "make it const, or return a value")
		}
		l.words(p, "parameter")
		l.typeUse(p.Type, c.Name+"::", c.Pos().Offset, false)
	}
}

// words finds types of several words, of which only the first is the type to repc, and comments that are part of the name to it.
func (l *linter) words(p *Param, what string) {
	if p.Note != "" {
		l.add(p.Pos(), "parameter", fmt.Sprintf("repc takes %s for a part of the %s's name: it counts in the signature", p.Note, what), "put the comment on a line of its own")
	}
	if len(p.Type.Args) > 0 || !strings.Contains(p.Type.Name, " ") {
		return
	}
	first, rest, _ := strings.Cut(p.Type.Name, " ")
	l.add(p.Pos(), "parameter", fmt.Sprintf("repc takes this for a %s %s of type %s", what, strings.ReplaceAll(rest, " ", "")+p.Name, first),
		"use a type of one word, such as uint, qint64 or qulonglong")
}

func (l *linter) returned(c *Class, s *Slot) {
	if s.Return == nil {
		l.add(s.NamePos, "parameter", "the slot "+s.Name+" has no return type", "write void")
		return
	}
	if s.Return.Text != strings.TrimSpace(s.Return.Text) || strings.Contains(s.Return.Text, "  ") && len(s.Return.Args) == 0 {
		l.add(s.NamePos, "blank", "each blank before the name "+s.Name+" but one belongs to the type and counts in the signature", "leave one blank, on both sides of the network")
	}
	if s.Return.Name == "void" {
		return
	}
	if strings.HasPrefix(s.Return.Name, "const ") {
		l.add(s.NamePos, "type", "const in a return type is a part of its name", "leave it out")
		return
	}
	if l.holdsPODs(s.Return) {
		l.add(s.NamePos, "container", "typed replicas of Qt 6 do not decode replies that are containers of PODs", "return a POD that has the container as a field, or a property")
	}
	l.typeUse(s.Return, c.Name+"::", c.Pos().Offset, false)
}

// typeUse checks a type that is used in a scope. With strict it has to be declared before the place.
func (l *linter) typeUse(t *Type, scope string, at int, strict bool) {
	for _, a := range t.Args {
		l.typeUse(a, scope, at, strict)
	}
	name := t.Name
	switch {
	case strings.HasSuffix(name, "*"):
		l.add(t.Pos(), "type", "a pointer cannot be sent", "use CLASS or MODEL for objects, and a POD for values")
		return
	case len(t.Args) > 0:
		if !l.container(t) {
			l.add(t.Pos(), "type", name+" is no container that Qt can send", "use QList, QVector, QMap, QHash, QSet or QPair")
		}
		return
	case name == "std::string" || strings.HasPrefix(name, "std::") && strings.HasSuffix(name, "string_view"), name == "QStringView", name == "QLatin1String":
		l.add(t.Pos(), "type", name+" cannot be sent", "use QString or QByteArray")
		return
	case name == "void":
		l.add(t.Pos(), "type", "void is no type of a value", "leave it out")
		return
	}
	full, isEnum := l.enums[lastName(name)]
	if end, known := l.declared[name]; known && (!isEnum || !strings.Contains(full, "::")) {
		if strict && end > at && scope != name+"::" {
			l.add(t.Pos(), "order", name+" is declared later: repc's signatures and C++ do not know it here", "declare it before it is used")
		}
		return
	}
	if isEnum {
		l.scope(t, full, scope)
		return
	}
	if _, err := qt.Lookup(strings.Fields(name)[0]); err == nil || l.includes || strings.HasPrefix(name, "Qt::") {
		return
	}
	l.add(t.Pos(), "type", "nothing in the file declares the type "+name, "declare a POD or ENUM, or include the header that declares and registers it")
}

func (l *linter) container(t *Type) bool {
	switch t.Name {
	case "QFlags", "QPair", "std::pair", "QList", "QVector", "QQueue", "QStack", "QSet", "QLinkedList", "QMap", "QHash", "QMultiMap", "QMultiHash":
		return true
	}
	return l.includes && !strings.HasPrefix(t.Name, "std::")
}

// scope checks how an enum is named: its class has another name in the generated code.
func (l *linter) scope(t *Type, full, scope string) {
	name := t.Name
	owner := strings.TrimSuffix(full, lastName(full))
	bare := lastName(full)
	global := owner == bare+"Enum::" || strings.HasSuffix(owner, "Enum::")
	switch {
	case owner == scope:
		if name == bare {
			return
		}
		if strings.HasPrefix(name, scope) && l.class0 != nil && scope == l.class0.Name+"::" {
			l.add(t.Pos(), "scope", "C++ does not know "+name+": repc makes other names of the class's", "write "+bare)
		}
	case global && name == bare:
		l.add(t.Pos(), "scope", "C++ knows "+bare+" as "+full, "write "+full)
	case name == bare && l.isClass(strings.TrimSuffix(owner, "::")):
		l.add(t.Pos(), "scope", bare+" is declared in the class "+strings.TrimSuffix(owner, "::")+" only", "declare the enum outside of classes, and write "+bare+"Enum::"+bare)
	case name == bare && owner != "":
		l.add(t.Pos(), "scope", "C++ knows "+bare+" as "+full, "write "+full)
	case !global && name == full && l.isClass(strings.TrimSuffix(owner, "::")):
		l.add(t.Pos(), "scope", "C++ does not know "+name+": repc makes other names of the class's", "declare the enum outside of classes, and write "+bare+"Enum::"+bare)
	}
}

func (l *linter) isClass(name string) bool {
	for _, d := range l.file.Decls {
		if c, ok := d.(*Class); ok && c.Name == name {
			return true
		}
	}
	return false
}
