package qt

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// kind says how a type's values are held in a [Value] and streamed.
type kind uint8

const (
	_ kind = iota // no kind: only the wrappers of containers of PODs
	// Scalars: the value is Value.num.
	kindBool
	kindInt
	kindUint
	kindFloat
	kindChar
	kindDate
	kindTime
	kindEnum
	// The others: the value is Value.ref (and num, for strings and byte arrays).
	kindString
	kindBytes
	kindVariant
	kindNull
	kindList  // numbers if the element is a scalar, else Values
	kindMap   // entries
	kindPair  // two Values
	kindPOD   // Values, one a field
	kindCodec // whatever the codec makes
)

func (k kind) scalar() bool { return k >= kindBool && k <= kindEnum }

// Type is one of Qt's value types: what QMetaType is to Qt. Types come from [Lookup] or [Types.Lookup];
// they are immutable and safe for concurrent use.
type Type struct {
	kind   kind
	size   uint8   // of a scalar, in bytes
	keyed  bool    // QMap: streamed in the order of its keys
	multi  bool    // QMultiMap, QMultiHash: a key may stand there more than once
	only   Version // the one version that has the type, 0 if both do
	id     uint32
	id5    uint32 // 0 = a user type in Qt 5
	name   string // as Qt 6 spells it
	name5  string // as Qt 5 spells it
	elem   *Type  // of lists, values of maps, second of pairs
	key    *Type  // of maps, first of pairs
	enum   *Enum
	fields []Field
	codec  *codec
	goOnce sync.Once
	goType reflect.Type // of containers, made when it is first asked for: see Go
}

// Field is a property of a POD.
type Field struct {
	Name     string
	TypeName string // as the definition spells it
	typ      *Type  // nil if nobody defines it: then any value is taken
}

// Type returns the field's type, or nil if it is not known.
func (f Field) Type() *Type { return f.typ }

// Enum describes an enumeration or, with Flag, a set of flags (Qt: QMetaEnum).
type Enum struct {
	Name   string // with its scope, such as "SeasonEnum::Season"
	Flag   bool
	Scoped bool
	Size   int // in bytes: 1, 2 or 4
	Keys   []EnumKey
}

// EnumKey is an enumerator.
type EnumKey struct {
	Name  string
	Value int32
}

// Key returns the name of value; of a set of flags, the names of its bits joined by "|".
// It returns false if value has no name.
func (e *Enum) Key(value int32) (string, bool) {
	for _, k := range e.Keys {
		if k.Value == value {
			return k.Name, true
		}
	}
	if !e.Flag || value == 0 {
		return "", false
	}
	var names []string
	rest := value
	for _, k := range e.Keys {
		if k.Value != 0 && value&k.Value == k.Value {
			names = append(names, k.Name)
			rest &^= k.Value
		}
	}
	return strings.Join(names, "|"), rest == 0
}

// Value returns the value of an enumerator; of a set of flags, also of several joined by "|".
func (e *Enum) Value(name string) (int32, bool) {
	if e.Flag && strings.Contains(name, "|") {
		var all int32
		for part := range strings.SplitSeq(name, "|") {
			v, ok := e.Value(strings.TrimSpace(part))
			if !ok {
				return 0, false
			}
			all |= v
		}
		return all, true
	}
	for _, k := range e.Keys {
		if k.Name == name {
			return k.Value, true
		}
	}
	return 0, false
}

// packedSize is how many bytes Qt 5's generated stream operators use for the enum inside a POD.
func (e *Enum) packedSize() int {
	if e.Flag || len(e.Keys) == 0 {
		return 4
	}
	lo, hi := e.Keys[0].Value, e.Keys[0].Value
	for _, k := range e.Keys {
		lo, hi = min(lo, k.Value), max(hi, k.Value)
	}
	limit1, limit2 := int32(0xff), int32(0xffff)
	if lo < 0 {
		limit1, limit2 = 0x7f, 0x7fff
	}
	switch {
	case hi < limit1:
		return 1
	case hi < limit2:
		return 2
	}
	return 4
}

// Name returns the type's name as the given version spells it.
func (t *Type) Name(v Version) string {
	if v == Qt5_12 {
		return t.name5
	}
	return t.name
}

// String returns the type's name as Qt 6 spells it; a nil type is the invalid one.
func (t *Type) String() string {
	if t == nil {
		return "(invalid)"
	}
	return t.name
}

// Elem returns the type of a list's items, a map's values or a pair's second part, else nil.
func (t *Type) Elem() *Type { return t.elem }

// KeyType returns the type of a map's keys or a pair's first part, else nil.
func (t *Type) KeyType() *Type { return t.key }

// Enum returns the description of an enum type, else nil.
func (t *Type) Enum() *Enum { return t.enum }

// Fields returns the fields of a POD, else nil. The caller must not change them.
func (t *Type) Fields() []Field { return t.fields }

// IsPOD reports whether t is a POD (Qt: a gadget).
func (t *Type) IsPOD() bool { return t.kind == kindPOD }

// IsVariant reports whether t is QVariant, which takes values of every type.
func (t *Type) IsVariant() bool { return t.kind == kindVariant }

// IsContainer reports whether t is a list, set or map with items of one declared type.
func (t *Type) IsContainer() bool { return t.kind == kindList || t.kind == kindMap }

// Go returns the Go type of [Value.Any] for values of t.
func (t *Type) Go() reflect.Type {
	t.goOnce.Do(func() {
		switch {
		case t.goType != nil: // known from the start
		case t.kind == kindList:
			t.goType = reflect.SliceOf(t.elem.Go())
		case t.kind == kindMap && !t.multi && t.key.hashable():
			t.goType = reflect.MapOf(t.key.Go(), t.elem.Go())
		case t.kind == kindMap:
			t.goType = reflect.TypeFor[[]Entry]()
		}
	})
	return t.goType
}

// hashable reports whether any value of t can be a key of a Go map.
func (t *Type) hashable() bool {
	return t.kind.scalar() || t.kind == kindString || t.kind == kindCodec && hashable(t.goType)
}

func hashable(g reflect.Type) bool {
	switch g.Kind() {
	case reflect.Interface:
		return false
	case reflect.Array:
		return hashable(g.Elem())
	case reflect.Struct:
		for i := range g.NumField() {
			if !hashable(g.Field(i).Type) {
				return false
			}
		}
	}
	return g.Comparable()
}

// ident returns the metatype id that stands before a value of t in a QVariant, and whether the name follows it.
func (t *Type) ident(v Version) (id uint32, named bool) {
	id = t.id
	if v == Qt5_12 {
		id = t.id5
	}
	if t.kind == kindEnum {
		// An enum travels as the integer of its size; only Qt 5's flags go by their name.
		if v == Qt5_12 && t.enum.Flag {
			return v.firstUserType(), true
		}
		switch {
		case t.size == 1 && v == Qt5_12:
			return idChar, false
		case t.size == 1:
			return idSChar, false
		case t.size == 2:
			return idShort, false
		}
		return idInt, false
	}
	if id == 0 {
		return v.firstUserType(), true
	}
	return id, false
}

// in reports whether the version has the type.
func (t *Type) in(v Version) bool { return t.only == 0 || t.only == v }

// minSize is the least number of bytes of a payload of t, for checks of counts.
func (t *Type) minSize(v Version) int {
	switch t.kind {
	case kindBool:
		return 1
	case kindInt, kindUint, kindChar:
		return int(t.size)
	case kindEnum:
		return t.enumSize(v)
	case kindFloat, kindDate:
		return 8
	case kindTime, kindString, kindBytes, kindList, kindMap:
		return 4
	case kindVariant:
		return 5
	case kindNull:
		return 0
	case kindPair:
		return t.key.minSize(v) + t.elem.minSize(v)
	case kindPOD:
		return 5 * len(t.fields)
	}
	return 1
}

// enumSize is the number of bytes of an enum that stands in a container or POD.
func (t *Type) enumSize(v Version) int {
	if v == Qt5_12 {
		return t.enum.packedSize()
	}
	return int(t.size)
}

// canonical returns the number that stands for an enumerator whose low bits num has: an enum of less than four bytes has
// a sign only if one of its enumerators has.
func (t *Type) canonical(num uint64) uint64 {
	bits := 64 - uint(t.size)*8
	if t.size < 4 && !slices.ContainsFunc(t.enum.Keys, func(k EnumKey) bool { return k.Value < 0 }) {
		return num << bits >> bits
	}
	return uint64(int64(num<<bits) >> bits)
}

// same reports whether two types hold their values alike, so that one's value can be taken as the other's.
func (t *Type) same(u *Type) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.kind != u.kind || t.size != u.size {
		return false
	}
	switch t.kind {
	case kindEnum:
		return t.name == u.name
	case kindList, kindMap, kindPair:
		return t.elem.same(u.elem) && (t.key == u.key || t.key.same(u.key))
	case kindPOD:
		return t.name == u.name && slices.EqualFunc(t.fields, u.fields, func(f, g Field) bool { return f.Name == g.Name && f.typ == g.typ })
	case kindCodec:
		return t.codec == u.codec
	}
	return true
}
