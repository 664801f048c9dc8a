package gogen

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// goType is a type in Go.
type goType struct {
	expr string   // such as []Reading
	qt   *qt.Type // what it is in Qt
}

// resolve finds the Go type of a type.
func (u *unit) resolve(types *qt.Types, t *rep.Type) (goType, error) {
	found, err := types.Lookup(t.String())
	if err != nil {
		return goType{}, u.errorf(t.Pos(), "the type %s is not known: declare it with POD, ENUM or USE_ENUM, or give the file that it is in, too", t)
	}
	expr, err := u.expr(found)
	if err != nil {
		return goType{}, u.errorf(t.Pos(), "%s", err)
	}
	return goType{expr: expr, qt: found}, nil
}

// plainTypes are the Go types that several types of Qt's have.
var plainTypes = map[string]bool{
	"bool": true, "int8": true, "int16": true, "int32": true, "int64": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true,
	"float32": true, "float64": true, "string": true,
}

func (u *unit) expr(t *qt.Type) (string, error) {
	switch {
	case t == nil:
		return "", fmt.Errorf("a type that is not known")
	case t.Enum() != nil:
		for _, e := range u.enums {
			if e.qt.Name == t.Enum().Name {
				return e.goName, nil
			}
		}
	case t.IsPOD():
		if p := u.podOf(t); p != nil {
			return p.goName, nil
		}
	case t.IsVariant():
		return "any", nil
	case t.IsContainer() && t.KeyType() == nil:
		elem, err := u.expr(t.Elem())
		return "[]" + elem, err
	case t.IsContainer() && t.Go().Kind() == reflect.Map:
		key, err := u.expr(t.KeyType())
		if err != nil {
			return "", err
		}
		elem, err := u.expr(t.Elem())
		return "map[" + key + "]" + elem, err
	}
	if t.Go() == nil {
		return "", fmt.Errorf("nothing in Go stands for the type %s", t)
	}
	return strings.NewReplacer("interface {}", "any", "[]uint8", "[]byte").Replace(t.Go().String()), nil
}

// podOf returns the declaration of a POD, nil if there is none.
func (u *unit) podOf(t *qt.Type) *pod {
	for _, p := range u.pods {
		if p.qt.Name == t.String() {
			return p
		}
	}
	return nil
}

func (u *unit) resolvePOD(p *pod) {
	types := u.scope(p.ast.Name)
	names := nameSet{}
	for i, f := range p.ast.Fields {
		t, err := u.resolve(types, f.WireType())
		if u.note(err) {
			continue
		}
		p.fields = append(p.fields, field{names.add(exported(f.Name)), f.Name, documentation(&f.Comments), t})
		if strings.Contains(t.qt.String(), "::") { // of enums with one name this is the one
			p.qt.Fields[i].TypeName = t.qt.String()
		}
	}
	if u.contains(p, p, nil) {
		u.note(u.errorf(p.ast.Pos(), "POD %s contains itself", p.ast.Name))
	}
}

// contains reports whether a value of p has one of another inside.
func (u *unit) contains(p, other *pod, seen []*pod) bool {
	if slices.Contains(seen, p) {
		return false
	}
	seen = append(seen, p)
	for _, f := range p.ast.Fields {
		for _, q := range u.pods {
			if f.Type.Name == q.ast.Name && (q == other || u.contains(q, other, seen)) {
				return true
			}
		}
	}
	return false
}

func (u *unit) resolveClass(c *class) {
	c.types = u.scope(c.ast.Name)
	// What a type's methods are called; a property has its names before signals and slots.
	onSource, onReplica, slots := nameSet{"Source": true}, nameSet{"Replica": true}, nameSet{}
	for _, m := range c.ast.Members {
		var err error
		switch m := m.(type) {
		case *rep.Property:
			err = u.property(c, m)
		case *rep.Child:
			err = u.child(c, m)
		case *rep.Model:
			c.props = append(c.props, &property{name: m.Name, doc: documentation(&m.Comments), access: core.SourceOnlySetter, roles: m.Roles, isModel: true})
		case *rep.Signal:
			var s *method
			if s, err = u.method(c, m.Name, &m.Comments, m.Params, nil, "fn", "s", "r", "args"); err == nil {
				err = u.overload(c.signals, s, "signal", m.NamePos)
				c.signals = append(c.signals, s)
			}
		case *rep.Slot:
			var s *method
			if s, err = u.method(c, m.Name, &m.Comments, m.Params, m.Return, "ctx", "r", "v", "err"); err == nil {
				err = u.overload(c.slots, s, "slot", m.NamePos)
				c.slots = append(c.slots, s)
			}
		}
		u.note(err)
	}
	for _, p := range c.props {
		p.name2go(onSource, onReplica)
		p.nameWire(c)
	}
	for _, s := range c.signals {
		s.goName = exported(s.name) + s.suffix
		if !onSource.free("Emit"+s.goName) || !onReplica.free("On"+s.goName) {
			s.goName += "Signal"
		}
		for base, i := s.goName, 2; !onSource.free("Emit"+s.goName) || !onReplica.free("On"+s.goName); i++ {
			s.goName = fmt.Sprintf("%s%d", base, i)
		}
		onSource.take("Emit" + s.goName)
		onReplica.take("On" + s.goName)
	}
	for _, s := range c.slots {
		s.goName = slots.add(exported(s.name) + s.suffix)
		s.onReplica = s.goName
		if !onReplica.free(s.onReplica) {
			s.onReplica = "Call" + s.goName
		}
		s.onReplica = onReplica.add(s.onReplica)
	}
	u.used(c)
}

// name2go finds a name for a property whose methods are all free.
func (p *property) name2go(onSource, onReplica nameSet) {
	base := exported(p.name)
	for i := 1; ; i++ {
		p.goName = base
		if i > 1 {
			p.goName = base + "Property"
		}
		if i > 2 {
			p.goName += fmt.Sprint(i)
		}
		s, r := []string{p.goName, "Set" + p.goName}, []string{p.goName}
		if p.access != core.Constant {
			r = append(r, "On"+p.goName+"Changed")
		}
		if verb := p.verb(); verb != "" {
			s, r = append(s, "On"+verb+p.goName), append(r, verb+p.goName)
		}
		if onSource.free(s...) && onReplica.free(r...) {
			onSource.take(s...)
			onReplica.take(r...)
			return
		}
	}
}

// verb is how replicas ask for a change.
func (p *property) verb() string {
	switch p.access {
	case core.ReadPush:
		return "Push"
	case core.ReadWrite:
		return "Set"
	}
	return ""
}

func (u *unit) property(c *class, m *rep.Property) error {
	t, err := u.resolve(c.types, m.Type)
	if err != nil {
		return err
	}
	p := &property{name: m.Name, doc: documentation(&m.Comments), typ: t, typeText: m.Type.String(), persist: m.Has("PERSISTED")}
	for access := core.ReadPush; access <= core.SourceOnlySetter; access++ {
		if m.Has(access.String()) {
			p.access = access
		}
	}
	u.defaultOf(c, m, p)
	c.props = append(c.props, p)
	return nil
}

func (u *unit) child(c *class, m *rep.Child) error {
	for _, other := range u.classes {
		if other.ast.Name == m.Class {
			c.props = append(c.props, &property{name: m.Name, doc: documentation(&m.Comments), access: core.SourceOnlySetter, child: other})
			return nil
		}
	}
	return u.errorf(m.NamePos, "the class %s is not declared: give the file that it is in, too", m.Class)
}

func (u *unit) method(c *class, name string, comments *rep.Comments, params []*rep.Param, ret *rep.Type, inUse ...string) (*method, error) {
	m := &method{name: name, wireName: name, doc: documentation(comments)}
	var names []string
	for _, p := range params {
		names = append(names, p.Name)
	}
	goNames := paramNames(names, inUse...)
	for i, p := range params {
		wire := p.WireType()
		t, err := u.resolve(c.types, wire)
		if err != nil {
			return nil, err
		}
		m.params = append(m.params, param{goNames[i], p.Name, wire.String(), t})
	}
	if ret != nil && ret.String() != "void" {
		t, err := u.resolve(c.types, ret)
		if err != nil {
			return nil, err
		}
		m.ret, m.retText = &t, ret.String()
	}
	return m, nil
}

// uses are the enums and PODs that something mentions, by their names in Qt.
type uses struct {
	seen        map[*qt.Type]bool
	enums, pods map[string]bool
}

func newUses() uses {
	return uses{seen: map[*qt.Type]bool{}, enums: map[string]bool{}, pods: map[string]bool{}}
}

// of returns them in the order of the files.
func (s uses) of(u *unit) (pods []*pod, enums []*enum) {
	for _, p := range u.pods {
		if s.pods[p.qt.Name] {
			pods = append(pods, p)
		}
	}
	for _, e := range u.enums {
		if s.enums[e.qt.Name] {
			enums = append(enums, e)
		}
	}
	return pods, enums
}

func (s uses) look(t *qt.Type) {
	if t == nil || s.seen[t] {
		return
	}
	s.seen[t] = true
	if t.Enum() != nil {
		s.enums[t.Enum().Name] = true
	}
	if t.IsPOD() {
		s.pods[t.String()] = true
	}
	for _, f := range t.Fields() {
		s.look(f.Type())
	}
	s.look(t.Elem())
	s.look(t.KeyType())
}

func (s uses) pod(p *pod) {
	s.pods[p.qt.Name] = true
	for _, f := range p.fields {
		s.look(f.typ.qt)
	}
}

func (s uses) class(c *class) {
	for _, p := range c.props {
		s.look(p.typ.qt)
	}
	for _, m := range slices.Concat(c.signals, c.slots) {
		for _, p := range m.params {
			s.look(p.typ.qt)
		}
		if m.ret != nil {
			s.look(m.ret.qt)
		}
	}
}

// used finds the enums and PODs that a class has or mentions, in the order of the files.
func (u *unit) used(c *class) {
	used := newUses()
	used.class(c)
	for _, e := range u.enums {
		if e.owner == c.ast.Name {
			used.enums[e.qt.Name] = true
		}
	}
	c.usedPODs, c.usedEnums = used.of(u)
}
