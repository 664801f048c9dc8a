package core

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Class describes an interface: what a .rep file says of a class. Sources are made from a Class, and typed replicas are
// given one. Types are named as in C++, in any spelling that Qt 5 or Qt 6 uses. A Class must not be changed or copied
// after its first use; then it is safe for concurrent use.
type Class struct {
	// Name is the class's name, which a host announces as the type of the object.
	Name string
	// Signature and Signature5 are the class signatures that Qt 6's and Qt 5's repc compute from the .rep file. A typed
	// replica and a source go together if theirs are equal, or one has none.
	Signature, Signature5 string
	// Enums are the class's own enums and flags, by their bare names ("Mode"), and those of other scopes that it uses, by
	// their full names ("SeasonEnum::Season").
	Enums []qt.Enum
	// PODs are the value classes that the class uses, also those used by other PODs.
	PODs []qt.POD
	// Scope, if it is not nil, has the PODs defined already. Classes with one scope have their types in common, so that values
	// that are made with these need no conversion. It must not be changed afterwards.
	Scope      *qt.Types
	Properties []Property
	Signals    []Signal
	Slots      []Slot

	once sync.Once
	info *classInfo
	err  error
}

// Property is a property of a class. Its notify signal and, with ReadPush, its push slot are not listed among the
// class's signals and slots.
type Property struct {
	Name    string
	Type    string // of a plain value; empty with Class or Roles
	Access  Access
	Default any      // the value before it is set or known; nil means the type's zero value
	Class   *Class   // of the child object that the property holds (CLASS in a .rep file)
	Roles   []string // of the model that the property holds (MODEL in a .rep file)
	// Persisted makes typed replicas start with the value that the property last had instead of the default, if their node has a
	// store ([Config].PersistedStore). It goes for plain values of objects that are acquired by name: the child objects that
	// another one holds come with their values, and a dynamic replica is not told what is persisted.
	Persisted bool
}

// Access says who may change a property, in the words of .rep files.
type Access uint8

// The ways to change a property. All but Constant have a notify signal.
const (
	ReadPush         Access = iota // replicas ask for a change through a push slot; .rep's default
	ReadOnly                       // only the source changes it
	ReadWrite                      // replicas write it
	Constant                       // never changes
	SourceOnlySetter               // like ReadOnly, to a replica
)

var accessNames = [...]string{"READPUSH", "READONLY", "READWRITE", "CONSTANT", "SOURCEONLYSETTER"}

// String returns the modifier of .rep files.
func (a Access) String() string {
	if int(a) < len(accessNames) {
		return accessNames[a]
	}
	return fmt.Sprintf("Access(%d)", uint8(a))
}

// Signal is a signal of a class.
type Signal struct {
	Name   string
	Params []Param
}

// Signature returns the signal's name with the types of its parameters, which tells overloads apart: "moved(int,QString)".
func (s Signal) Signature() string { return signatureOf(s.Name, s.Params) }

// Slot is a slot of a class. Return is the type of its reply, "" or "void" if it has none.
type Slot struct {
	Name   string
	Return string
	Params []Param
}

// Signature returns the slot's name with the types of its parameters, which tells overloads apart: "note(QString,int)".
func (s Slot) Signature() string { return signatureOf(s.Name, s.Params) }

func signatureOf(name string, params []Param) string {
	types := make([]string, len(params))
	for i, p := range params {
		types[i] = p.Type
	}
	return name + "(" + strings.Join(types, ",") + ")"
}

// Param is a parameter of a signal or slot.
type Param struct{ Name, Type string }

// classInfo is a Class with its types resolved and everything addressed by its index on the wire.
type classInfo struct {
	class   *Class
	types   *qt.Types
	props   []propInfo
	signals []methodInfo
	slots   []methodInfo
	persist bool             // some of the properties are PERSISTED
	def     *wire.Definition // that the class was made from, or nil
	defs    definitions
}

type propKind uint8

const (
	plainProp propKind = iota
	classProp
	modelProp
)

type propInfo struct {
	name    string
	kind    propKind
	typ     *qt.Type   // of plain ones
	class   *classInfo // of CLASS and MODEL ones; nil if it comes with the object
	access  Access
	notify  int32 // index of the notify signal, -1 if there is none
	push    int32 // index of the push slot, -1 if there is none
	initial qt.Value
	roles   []string
	opaque  string // the type's name, if the host's definition does not describe it

	persisted bool
}

type methodInfo struct {
	name     string
	params   []paramInfo
	ret      *qt.Type // nil if nothing is returned
	property int32    // whose notify signal or push slot this is, else -1
}

type paramInfo struct {
	name   string
	typ    *qt.Type
	opaque string // the type's name, if the host's definition does not describe it
}

var (
	variantType   = qt.MustLookup("QVariant")
	byteArrayType = qt.MustLookup("QByteArray")
)

// compile resolves the class once.
func (c *Class) compile() (*classInfo, error) {
	if c.holds(c, map[*Class]bool{}) {
		return nil, fmt.Errorf("%w %s: it holds itself", ErrClass, c.Name)
	}
	c.once.Do(func() {
		if c.info == nil { // else a definition has made it
			c.info, c.err = newClassInfo(c)
		}
		if c.err != nil {
			c.err = fmt.Errorf("%w %s: %w", ErrClass, c.Name, c.err)
		}
	})
	return c.info, c.err
}

// Types finds the types that the members of the class name, with the class's enums and PODs. It fails if the class is
// described wrongly.
func (c *Class) Types() (*qt.Types, error) {
	info, err := c.compile()
	if err != nil {
		return nil, err
	}
	return info.types, nil
}

// complete checks that typed replicas can be of the class: one that a dynamic replica has learnt does not say of which
// classes its objects are.
func (ci *classInfo) complete() error {
	for i := range ci.props {
		if p := &ci.props[i]; p.kind == classProp && p.class == nil {
			return fmt.Errorf("%w %s: the class of property %s is not known; use AcquireDynamic", ErrClass, ci.class.Name, p.name)
		}
	}
	return nil
}

// holds reports whether an object of the class has one of another below it.
func (c *Class) holds(other *Class, seen map[*Class]bool) bool {
	for i := range c.Properties {
		child := c.Properties[i].Class
		if child == nil || seen[child] {
			continue
		}
		seen[child] = true
		if child == other || child.holds(other, seen) {
			return true
		}
	}
	return false
}

func newClassInfo(c *Class) (*classInfo, error) {
	ci := &classInfo{class: c}
	if c.Name == "" {
		return nil, ErrMissingObjectName
	}
	var children []*qt.Types
	for i := range c.Properties {
		p := &c.Properties[i]
		if p.Class != nil {
			child, err := p.Class.compile()
			if err != nil {
				return nil, fmt.Errorf("property %s: %w", p.Name, err)
			}
			children = append(children, child.types)
		}
	}
	pods := c.PODs
	if c.Scope != nil {
		children = append([]*qt.Types{c.Scope}, children...)
		pods = slices.DeleteFunc(slices.Clone(pods), func(p qt.POD) bool {
			t, err := c.Scope.Lookup(p.Name)
			return err == nil && t.IsPOD()
		})
	}
	ci.types = qt.NewTypes(children...)
	var enums []*qt.Enum
	for _, e := range c.Enums {
		if !strings.Contains(e.Name, "::") {
			e.Name = c.Name + "::" + e.Name
		}
		e = sized(e)
		enums = append(enums, &e)
	}
	ci.types.Define(enums, pods)
	for _, p := range c.Properties {
		if err := ci.addProperty(p); err != nil {
			return nil, fmt.Errorf("property %s: %w", p.Name, err)
		}
	}
	for _, s := range c.Signals {
		if err := ci.addMethod(&ci.signals, s.Name, s.Params, ""); err != nil {
			return nil, fmt.Errorf("signal %s: %w", s.Name, err)
		}
	}
	for _, s := range c.Slots {
		if err := ci.addMethod(&ci.slots, s.Name, s.Params, s.Return); err != nil {
			return nil, fmt.Errorf("slot %s: %w", s.Name, err)
		}
	}
	return ci, ci.checkNames()
}

// sized gives an enum without a size that of an int, as C++ does.
func sized(e qt.Enum) qt.Enum {
	if e.Size == 0 {
		e.Size = 4
	}
	return e
}

func (ci *classInfo) addProperty(p Property) error {
	info := propInfo{name: p.Name, access: p.Access, notify: -1, push: -1, roles: p.Roles}
	index := int32(len(ci.props))
	param := paramInfo{name: p.Name}
	switch {
	case p.Class != nil:
		info.kind, info.class = classProp, p.Class.info
	case p.Roles != nil:
		info.kind, info.class = modelProp, modelClass()
	default:
		t, err := ci.types.Lookup(p.Type)
		if err != nil {
			return err
		}
		info.typ, param.typ, info.initial = t, t, t.Zero()
		if p.Default != nil {
			if info.initial, err = t.Value(p.Default); err != nil {
				return fmt.Errorf("default: %w", err)
			}
		}
	}
	if p.Persisted {
		if info.kind != plainProp {
			return fmt.Errorf("%w: an object cannot be PERSISTED", ErrClass)
		}
		info.persisted, ci.persist = true, true
	}
	if info.kind != plainProp && p.Access == ReadPush {
		info.access = SourceOnlySetter // Qt has no other for objects
	}
	if info.access != Constant {
		info.notify = int32(len(ci.signals))
		n := methodInfo{name: p.Name + "Changed", property: index}
		if info.kind == plainProp { // pointers are not sent
			n.params = []paramInfo{param}
		}
		ci.signals = append(ci.signals, n)
	}
	if info.access == ReadPush {
		info.push = int32(len(ci.slots))
		ci.slots = append(ci.slots, methodInfo{name: pushName(p.Name), params: []paramInfo{param}, property: index})
	}
	ci.props = append(ci.props, info)
	return nil
}

func pushName(property string) string {
	if property == "" {
		return "push"
	}
	return "push" + strings.ToUpper(property[:1]) + property[1:]
}

func (ci *classInfo) addMethod(list *[]methodInfo, name string, params []Param, ret string) error {
	m := methodInfo{name: name, property: -1}
	for i, p := range params {
		t, err := ci.types.Lookup(p.Type)
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
		m.params = append(m.params, paramInfo{name: p.Name, typ: t})
	}
	if ret != "" && ret != "void" {
		t, err := ci.types.Lookup(ret)
		if err != nil {
			return fmt.Errorf("return type: %w", err)
		}
		m.ret = t
	}
	*list = append(*list, m)
	return nil
}

func (ci *classInfo) checkNames() error {
	seen := map[string]bool{}
	for _, p := range ci.props {
		if p.name == "" || seen[p.name] {
			return fmt.Errorf("property name %q is missing or used twice", p.name)
		}
		seen[p.name] = true
	}
	return nil
}

func (ci *classInfo) property(name string) (int, error) {
	for i := range ci.props {
		if ci.props[i].name == name {
			return i, nil
		}
	}
	return -1, fmt.Errorf("%w %s has no property %q", ErrClass, ci.class.Name, name)
}

// arguments converts Go values to the types of a method's parameters.
func (m *methodInfo) arguments(args []any) ([]qt.Value, error) {
	if len(args) != len(m.params) {
		return nil, fmt.Errorf("%s takes %d arguments, not %d", m.name, len(m.params), len(args))
	}
	out := make([]qt.Value, len(args))
	for i, a := range args {
		v, err := m.params[i].value(a)
		if err != nil {
			return nil, fmt.Errorf("argument %d (%s): %w", i+1, m.params[i].name, err)
		}
		out[i] = v
	}
	return out, nil
}

// take converts values to the types of a method's parameters, in place.
func (m *methodInfo) take(args []qt.Value) (err error) {
	if len(args) != len(m.params) {
		return fmt.Errorf("%s takes %d arguments, not %d", m.name, len(m.params), len(args))
	}
	for i := range args {
		if args[i], err = m.params[i].take(args[i]); err != nil {
			return fmt.Errorf("argument %d (%s): %w", i+1, m.params[i].name, err)
		}
	}
	return nil
}

// emits checks that what is to be sent is what replicas expect of the signal.
func (ci *classInfo) emits(signal int, args []qt.Value) error {
	if signal < 0 || signal >= len(ci.signals) {
		return fmt.Errorf("%w %s has no signal %d", ErrClass, ci.class.Name, signal)
	}
	m := &ci.signals[signal]
	if len(args) != len(m.params) {
		return fmt.Errorf("%s takes %d arguments, not %d", m.name, len(m.params), len(args))
	}
	for i := range args {
		if t := m.params[i].typ; args[i].Type() != t && !t.IsVariant() {
			return fmt.Errorf("argument %d (%s) of %s: got %s, want %s", i+1, m.params[i].name, m.name, args[i].Type(), t)
		}
	}
	return nil
}

// value converts a Go value to the parameter's type. A peer may not survive a value of another type than it declares, so
// where that is not known, only a Value will do, whose type the caller has chosen.
func (p *paramInfo) value(x any) (qt.Value, error) {
	if b, ok := x.([]byte); ok && p.typ == byteArrayType {
		return qt.Of(b), nil // without copying it: it is encoded before the caller can change it
	}
	if v, ok := x.(qt.Value); ok {
		return p.take(v)
	}
	if p.opaque == "" {
		return p.typ.Value(x)
	}
	return qt.Value{}, fmt.Errorf("%w: the host does not describe the type %s: pass a qt.Value of the right type", ErrClass, p.opaque)
}

// take converts a value to the parameter's type.
func (p *paramInfo) take(v qt.Value) (qt.Value, error) {
	if p.opaque == "" {
		return p.typ.Convert(v)
	}
	if list := p.opaque == sequential; list || p.opaque == associative {
		t := v.Type()
		if t == nil || !t.IsContainer() || !t.Elem().IsPOD() || list != (t.KeyType() == nil) {
			return qt.Value{}, fmt.Errorf("%w: the host takes a list or map of PODs (%s), not %v", ErrClass, p.opaque, t)
		}
	}
	return v, nil
}

// received checks what a peer sent against a method's parameters, in place. Surplus arguments, which Qt sends, are cut off.
func (m *methodInfo) received(args []qt.Value) ([]qt.Value, error) {
	if len(args) < len(m.params) {
		return nil, fmt.Errorf("%s needs %d arguments, got %d", m.name, len(m.params), len(args))
	}
	for i := range m.params {
		if args[i].Type() == m.params[i].typ {
			continue
		}
		v, err := m.params[i].typ.Convert(args[i])
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s: %w", i+1, m.name, err)
		}
		args[i] = v
	}
	return args[:len(m.params)], nil
}

// signature returns the class signature that replicas of a protocol compare.
func (c *Class) signature(p wire.Protocol) string {
	if p == wire.Protocol13 {
		return c.Signature5
	}
	return c.Signature
}
