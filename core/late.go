package core

import (
	"errors"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Qt's replicas take some things rightly as changes, but not as a part of an Init or of an object that is put in later. Those
// follow as changes: objects inside such objects, and in QVariant properties what a QVariant does not hold within itself.

// lateValue is a property whose value follows the Init.
type lateValue struct {
	source   *Source
	property int
}

// inPlace are the types whose values QVariants of Qt 5 and of Qt 6 hold within themselves.
var inPlace = map[string]bool{}

func init() {
	for _, name := range []string{"bool", "int", "uint", "qlonglong", "qulonglong", "long", "ulong", "short", "ushort", "char",
		"signed char", "uchar", "float", "double", "QChar", "QString", "QByteArray", "QStringList", "QVariantList", "QVariantMap",
		"QVariantHash", "QByteArrayList", "QDate", "QTime", "QDateTime", "QUrl", "QPoint", "QSize", "QLocale", "QBitArray"} {
		inPlace[qt.MustLookup(name).String()] = true
	}
}

// initial is a plain property's value in an Init. The tree is locked.
func (s *Source) initial(property int, l *listener) wire.Property {
	v, prop := s.values[property], &s.info.props[property]
	if s.shown != nil && l.conn.rights != nil {
		v, _ = s.shown(l.conn, v)
	}
	if prop.notify < 0 || !prop.typ.IsVariant() || !v.IsValid() || inPlace[v.Type().String()] {
		return wire.Property{Value: v}
	}
	l.late = append(l.late, lateValue{s, property})
	return wire.Property{}
}

// sendLate sends what could not go with the Init. The tree is locked.
func (l *listener) sendLate() error {
	for len(l.late) > 0 { // what is sent may leave something for later, too
		v := l.late[0]
		l.late = l.late[1:]
		send := v.source.sendChange
		if v.source.info.props[v.property].kind != plainProp {
			send = v.source.sendObject
		}
		if err := send(v.property, l); err != nil {
			return err
		}
	}
	return nil
}

// part is a CLASS property of an object that is being sent. In what comes at run time, or to a replica that may have been here
// before (which looks like a typed one), it is null at first, and its object is put in as soon as the outer one is there.
func (s *Source) part(property int, l *listener) wire.Property {
	if (l.steps || l.flat && s.parent != nil) && s.children[property] != nil {
		l.late = append(l.late, lateValue{s, property})
		return wire.Property{Object: s.place(property, l)}
	}
	return s.object(property, l)
}

// sendObject sends one listener the object in a CLASS or MODEL property as a change. The tree is locked.
func (s *Source) sendObject(property int, l *listener) error {
	name, notify := s.wireName(l.conn.protocol), s.info.props[property].notify
	err := l.conn.out.put(false, &wire.Packet{Kind: wire.PropertyChange, Name: name, Index: int32(property), Value: s.object(property, l)})
	if err != nil || notify < 0 {
		return err
	}
	return l.conn.out.put(false, &wire.Packet{Kind: wire.Invoke, Name: name, Index: notify, Serial: -1, Property: int32(property)})
}

// sendChange sends one listener a plain property's value as a change. The tree is locked.
func (s *Source) sendChange(property int, l *listener) error {
	proto, v, prop := l.conn.protocol, s.values[property], &s.info.props[property]
	change := wire.Packet{Kind: wire.PropertyChange, Name: s.wireName(proto), Index: int32(property), Value: wire.Property{Value: v}}
	if gadgets := s.undescribed(v.Type(), l, nil); len(gadgets) > 0 {
		change.Value = wire.Property{Object: &wire.Object{Kind: wire.GadgetObject, Gadget: v, Definition: &wire.Definition{Gadgets: gadgets}}}
	}
	if err := l.conn.out.put(false, &change); err != nil || prop.notify < 0 {
		return err
	}
	return l.conn.out.put(false, &wire.Packet{Kind: wire.Invoke, Name: change.Name, Index: prop.notify, Args: []qt.Value{v}, Serial: -1,
		Property: int32(property)})
}

// variantChanged sends each listener a POD in a QVariant, with the POD's definition if that listener needs it.
func (s *Source) variantChanged(t *tree, property int) (failed error) {
	for i := range t.listeners {
		if t.listeners[i].hides(s, property) {
			continue
		}
		if err := s.sendChange(property, &t.listeners[i]); err != nil && !errors.Is(err, ErrClosed) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// mayNeedGadget reports whether a property's value may be a POD that dynamic replicas have not been told about.
func (s *Source) mayNeedGadget(property int) bool {
	t := s.values[property].Type()
	return t != nil && t.IsPOD() && s.info.props[property].typ.IsVariant()
}

// undescribed appends the PODs of a type that a dynamic replica does not know yet, and notes that it does from now on.
func (s *Source) undescribed(t *qt.Type, l *listener, to []wire.Gadget) []wire.Gadget {
	if !l.dynamic || t == nil || !t.IsPOD() {
		return to
	}
	if l.taught == nil {
		l.taught = map[string]bool{}
		root := s
		for root.parent != nil {
			root = root.parent
		}
		for _, g := range root.info.definition(l.conn.protocol).Gadgets {
			l.taught[g.Name] = true
		}
	}
	if l.taught[t.String()] {
		return to
	}
	l.taught[t.String()] = true
	g := wire.Gadget{Name: t.String()}
	for _, f := range t.Fields() {
		name := f.TypeName
		if f.Type() != nil {
			name = f.Type().Name(l.conn.protocol.Format().Version)
			to = s.undescribed(f.Type(), l, to)
		}
		g.Fields = append(g.Fields, qt.Field{Name: f.Name, TypeName: name})
	}
	return append(to, g)
}
