package core

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-qtro/qtro/qt"
)

// mirror is a Go struct behind a source, whose properties follow its fields.
type mirror struct {
	mu     *sync.Mutex // of the whole tree of structs
	ptr    reflect.Value
	source *Source
	fields []int // of the struct, by property
}

// SourceOf returns a source for a struct, given by a pointer to it. Its class has the struct's type's name and no signature,
// so that typed and dynamic replicas of any class with the same members go with it.
//
// Exported fields are properties, named after the field with a small first letter. A tag gives another name, a modifier
// of .rep files, or both; "-" leaves the field out:
//
//	Target float64 `qtro:"setPoint,readwrite"`
//
// Without a modifier a property is READPUSH. Structs are PODs, pointers to structs are child objects, slices and maps are QList
// and QMap, an any is a QVariant. Fields of a function type are signals: SourceOf sets them to functions that emit. Exported
// methods are slots, if all they take (after a context.Context) and return (before an error) has a Qt type; String, Lock
// and Unlock are not.
//
// One mutex guards the struct and its children: it is held while a method is called for a replica and while a replica's write
// is stored. Outside of methods change fields only inside [Source.Update]. After either, the properties whose fields have
// changed are sent.
func SourceOf(ptr any) (*Source, error) {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("qtro: %w: SourceOf needs a pointer to a struct, not %T", ErrClass, ptr)
	}
	s, err := sourceOf(v, new(sync.Mutex))
	if err != nil {
		return nil, fmt.Errorf("qtro: source of %T: %w", ptr, err)
	}
	return s, nil
}

func sourceOf(ptr reflect.Value, mu *sync.Mutex) (*Source, error) {
	sc, err := classOfStruct(ptr.Type().Elem(), nil)
	if err != nil {
		return nil, err
	}
	s, err := NewSource(sc.class)
	if err != nil {
		return nil, err
	}
	o := &mirror{mu: mu, ptr: ptr, source: s, fields: sc.fields}
	s.mirror = o
	for _, sig := range sc.signals {
		o.bindSignal(sig)
	}
	for name, method := range sc.slots {
		if err := s.Handle(name, o.call(ptr.Method(method))); err != nil {
			return nil, err
		}
	}
	return s, o.sync(true)
}

// Update runs fn, which changes fields of the struct that the source was made from, and sends what has changed. It must not be
// called from the struct's methods, after which that happens anyway. A source that is not from [SourceOf] has nothing to update.
func (s *Source) Update(fn func()) error {
	if s.mirror == nil {
		return s.fail("update", "*", fmt.Errorf("%w: the source was not made from a struct; use Source.Set", ErrClass))
	}
	s.mirror.mu.Lock()
	defer s.mirror.mu.Unlock()
	fn()
	return s.mirror.root().sync(false)
}

// root returns the topmost struct, as a child's method may have changed its siblings.
func (o *mirror) root() *mirror {
	s := o.source
	for s.parent != nil && s.parent.mirror != nil {
		s = s.parent
	}
	return s.mirror
}

// sync makes the properties equal to the fields; the constant ones only the first time.
func (o *mirror) sync(first bool) error {
	for i, f := range o.fields {
		field := o.ptr.Elem().Field(f)
		prop := &o.source.info.props[i]
		if prop.access == Constant && !first {
			continue
		}
		if prop.kind == classProp {
			if err := o.syncChild(i, field); err != nil {
				return err
			}
			continue
		}
		v, err := prop.typ.Value(field.Interface())
		if err != nil {
			return fmt.Errorf("field %s: %w", o.ptr.Elem().Type().Field(f).Name, err)
		}
		if err := o.source.SetValue(i, v); err != nil {
			return err
		}
	}
	return nil
}

func (o *mirror) syncChild(i int, field reflect.Value) error {
	s := o.source
	t := s.lock()
	child := s.children[i]
	t.mu.Unlock()
	if child != nil && child.mirror.ptr.Pointer() == field.Pointer() {
		return child.mirror.sync(false)
	}
	child = nil
	if !field.IsNil() {
		var err error
		// Through an interface, as field itself follows what stands in the struct.
		if child, err = sourceOf(reflect.ValueOf(field.Interface()), o.mu); err != nil {
			return err
		}
	}
	return s.setChild(s.info.props[i].name, child)
}

// write stores what a replica has written.
func (o *mirror) write(property int, v qt.Value) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	field := o.ptr.Elem().Field(o.fields[property])
	next := reflect.New(field.Type())
	if err := v.To(next.Interface()); err != nil {
		return err
	}
	field.Set(next.Elem())
	return o.root().sync(false)
}

// call wraps a method so that the mutex is held and changes are sent.
func (o *mirror) call(method reflect.Value) any {
	wrapped := reflect.MakeFunc(method.Type(), func(args []reflect.Value) []reflect.Value {
		o.mu.Lock()
		defer o.mu.Unlock()
		out := method.Call(args)
		if err := o.root().sync(false); err != nil && o.source.host != nil {
			o.source.host.log.Warn("a struct's fields cannot be sent", "class", o.source.info.class.Name, "err", err)
		}
		return out
	})
	return wrapped.Interface()
}

func (o *mirror) bindSignal(sig structSignal) {
	if index, err := o.source.SignalIndex(sig.name); err == nil {
		field := o.ptr.Elem().Field(sig.field)
		field.Set(o.source.emitter(index, field.Type()))
	}
}

// structClass is what SourceOf makes of a struct type.
type structClass struct {
	class   *Class
	fields  []int          // by property
	slots   map[string]int // method by slot
	signals []structSignal
}

type structSignal struct {
	name  string
	field int
}

var structClasses sync.Map // reflect.Type to *structClass

func classOfStruct(t reflect.Type, outer []reflect.Type) (*structClass, error) {
	if c, ok := structClasses.Load(t); ok {
		return c.(*structClass), nil
	}
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%w: %s contains itself", ErrClass, t)
	}
	b := classBuilder{outer: append(slices.Clone(outer), t), sc: &structClass{class: &Class{Name: t.Name()}, slots: map[string]int{}}}
	if err := b.build(t); err != nil {
		return nil, err
	}
	c, _ := structClasses.LoadOrStore(t, b.sc)
	return c.(*structClass), nil
}

type classBuilder struct {
	sc    *structClass
	outer []reflect.Type
}

func (b *classBuilder) build(t reflect.Type) error {
	for i := range t.NumField() {
		f := t.Field(i)
		name, modifier, ok := fieldName(f)
		if !ok {
			continue
		}
		if err := b.field(i, f, name, modifier); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	ptr := reflect.PointerTo(t)
	for i := range ptr.NumMethod() {
		m := ptr.Method(i)
		if m.Name == "String" || m.Name == "Lock" || m.Name == "Unlock" {
			continue
		}
		if slot, ok := b.slot(m); ok {
			b.sc.class.Slots = append(b.sc.class.Slots, slot)
			b.sc.slots[slot.Name] = i
		}
	}
	return nil
}

var modifiers = map[string]Access{"": ReadPush, "readpush": ReadPush, "readonly": ReadOnly, "readwrite": ReadWrite,
	"constant": Constant, "sourceonlysetter": SourceOnlySetter}

func (b *classBuilder) field(i int, f reflect.StructField, name, modifier string) error {
	c := b.sc.class
	if f.Type.Kind() == reflect.Func {
		s := Signal{Name: name}
		for k := range f.Type.NumIn() {
			typ, err := b.typeName(f.Type.In(k))
			if err != nil {
				return err
			}
			s.Params = append(s.Params, Param{fmt.Sprintf("arg%d", k+1), typ})
		}
		if f.Type.NumOut() > 0 || f.Type.IsVariadic() {
			return fmt.Errorf("%w: a signal's function is not variadic and returns nothing", ErrClass)
		}
		c.Signals = append(c.Signals, s)
		b.sc.signals = append(b.sc.signals, structSignal{name, i})
		return nil
	}
	access, ok := modifiers[strings.ToLower(modifier)]
	if !ok {
		return fmt.Errorf("%w: %q is no modifier", ErrClass, modifier)
	}
	p := Property{Name: name, Access: access}
	if f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct {
		child, err := classOfStruct(f.Type.Elem(), b.outer)
		if err != nil {
			return err
		}
		p.Class = child.class
	} else {
		typ, err := b.typeName(f.Type)
		if err != nil {
			return err
		}
		p.Type = typ
	}
	c.Properties = append(c.Properties, p)
	b.sc.fields = append(b.sc.fields, i)
	return nil
}

func (b *classBuilder) slot(m reflect.Method) (Slot, bool) {
	s := Slot{Name: lowerFirst(m.Name)}
	for k := 1; k < m.Type.NumIn(); k++ {
		in := m.Type.In(k)
		if k == 1 && in == reflect.TypeFor[context.Context]() {
			continue
		}
		typ, err := b.typeName(in)
		if err != nil || m.Type.IsVariadic() {
			return s, false
		}
		s.Params = append(s.Params, Param{fmt.Sprintf("arg%d", len(s.Params)+1), typ})
	}
	outs := m.Type.NumOut()
	if outs > 0 && m.Type.Out(outs-1) == errorType {
		outs--
	}
	if outs > 1 {
		return s, false
	}
	if outs == 1 {
		typ, err := b.typeName(m.Type.Out(0))
		if err != nil {
			return s, false
		}
		s.Return = typ
	}
	return s, true
}

var kindTypes = map[reflect.Kind]reflect.Type{
	reflect.Bool: reflect.TypeFor[bool](), reflect.String: reflect.TypeFor[string](),
	reflect.Int8: reflect.TypeFor[int8](), reflect.Int16: reflect.TypeFor[int16](), reflect.Int32: reflect.TypeFor[int32](),
	reflect.Int64: reflect.TypeFor[int64](), reflect.Uint8: reflect.TypeFor[uint8](), reflect.Uint16: reflect.TypeFor[uint16](),
	reflect.Uint32: reflect.TypeFor[uint32](), reflect.Uint64: reflect.TypeFor[uint64](),
	reflect.Float32: reflect.TypeFor[float32](), reflect.Float64: reflect.TypeFor[float64](),
}

// typeName returns the Qt type for a Go type, and adds the PODs that it needs to the class.
func (b *classBuilder) typeName(t reflect.Type) (string, error) {
	if q, err := qt.TypeOf(t); err == nil {
		return q.String(), nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		elem, err := b.typeName(t.Elem())
		return "QList<" + elem + ">", err
	case reflect.Map:
		key, err := b.typeName(t.Key())
		if err != nil {
			return "", err
		}
		elem, err := b.typeName(t.Elem())
		return "QMap<" + key + "," + elem + ">", err
	case reflect.Struct:
		return t.Name(), b.pod(t)
	}
	if plain := kindTypes[t.Kind()]; plain != nil && plain != t {
		return b.typeName(plain) // a named number or string
	}
	return "", fmt.Errorf("%w: no Qt type for Go type %s", ErrClass, t)
}

func (b *classBuilder) pod(t reflect.Type) error {
	c := b.sc.class
	if slices.ContainsFunc(c.PODs, func(p qt.POD) bool { return p.Name == t.Name() }) {
		return nil
	}
	at := len(c.PODs)
	c.PODs = append(c.PODs, qt.POD{Name: t.Name()})
	var fields []qt.Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, ok := fieldName(f)
		if !ok {
			continue
		}
		typ, err := b.typeName(f.Type)
		if err != nil {
			return fmt.Errorf("POD %s: field %s: %w", t.Name(), f.Name, err)
		}
		fields = append(fields, qt.Field{Name: name, TypeName: typ})
	}
	if len(fields) == 0 {
		return fmt.Errorf("%w: struct %s has no exported fields", ErrClass, t)
	}
	c.PODs[at].Fields = fields
	return nil
}

// fieldName returns the Qt name of a field and the modifier in its tag; false if the field is left out.
func fieldName(f reflect.StructField) (name, modifier string, ok bool) {
	name, modifier, _ = strings.Cut(f.Tag.Get("qtro"), ",")
	if name == "" {
		name = lowerFirst(f.Name)
	}
	return name, modifier, f.IsExported() && name != "-"
}

// lowerFirst turns Go's name into Qt's: Target to target, ID to id, HTTPPort to httpPort.
func lowerFirst(s string) string {
	r := []rune(s)
	for i := range r {
		if !unicode.IsUpper(r[i]) || i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}
