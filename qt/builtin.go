package qt

import (
	"fmt"
	"reflect"
)

// Metatype ids that the code has to name.
const (
	idInt        = 2
	idStringList = 11
	idShort      = 33
	idChar       = 34
	idSChar      = 40
)

// codec streams the values of a kindCodec type.
type codec struct {
	decode  func(*Reader) any
	encode  func(*Writer, any)
	convert func(any) (any, bool) // from another Go type, or nil
	plain   func(any) any         // what Value.Any returns, or nil if that is what decode returns
	zero    any                   // what a new variable has in Qt, or nil for the Go type's zero
}

// Codec streams the values of a type that users register. Decode reads exactly one value, reporting errors with
// [Reader.Fail]; it must not keep what aliases the input. Encode writes one, reporting errors with [Writer.Fail].
// Both are called from several goroutines.
type Codec[T any] struct {
	Decode func(*Reader) T
	Encode func(*Writer, T)
}

// Register adds a type under its C++ name, as qRegisterMetaType and the stream operators do in Qt. Values of the type
// are T in Go. It panics on a name that is taken, and is to be called while a program starts.
func Register[T any](name string, c Codec[T]) {
	builtin.add(&Type{kind: kindCodec, name: name, name5: name, goType: reflect.TypeFor[T](), codec: wrap(c)})
}

func wrap[T any](c Codec[T]) *codec {
	return &codec{
		decode: func(r *Reader) any { return c.Decode(r) },
		encode: func(w *Writer, x any) { c.Encode(w, x.(T)) },
	}
}

// add puts t and its other names into the scope.
func (s *Types) add(t *Type, aliases ...string) *Type {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range append(aliases, t.name, t.name5) {
		if known := s.names[name]; known != nil && known != t {
			panic(fmt.Sprintf("qt: type %q registered twice", name))
		}
		s.names[name] = t
	}
	if t.id5 != 0 {
		byID5[t.id5] = t
	}
	if t.id != 0 {
		byID6[t.id] = t
		if t.id < uint32(len(coreTypes)) {
			coreTypes[t.id] = t
		}
	}
	if t.goType != nil && byGo[t.goType] == nil {
		byGo[t.goType] = t
	}
	return t
}

var (
	byID5 = map[uint32]*Type{} // Qt's own types; complete after init
	byID6 = map[uint32]*Type{}

	coreTypes [64]*Type                  // by id
	byGo      = map[reflect.Type]*Type{} // the type that a plain Go value has; complete after init but for Register
)

// basic adds a type of Qt's own whose Go type is T.
func basic[T any](k kind, size uint8, id uint32, name string, aliases ...string) *Type {
	return builtin.add(&Type{kind: k, size: size, id: id, id5: id, name: name, name5: name, goType: reflect.TypeFor[T]()}, aliases...)
}

// fixed adds a type of Qt's own that a codec streams.
func fixed[T any](id uint32, name string, decode func(*Reader) T, encode func(*Writer, T)) *Type {
	t := &Type{kind: kindCodec, id: id, id5: id, name: name, name5: name, goType: reflect.TypeFor[T](), codec: wrap(Codec[T]{decode, encode})}
	return builtin.add(t)
}

// Qt's own types that need no codec. The order matters where several share a Go type: the first is what that
// Go type becomes.
var (
	tBool      = basic[bool](kindBool, 1, 1, "bool")
	tInt       = basic[int32](kindInt, 4, idInt, "int", "qint32", "signed int", "signed", "int32_t", "std::int32_t")
	tUInt      = basic[uint32](kindUint, 4, 3, "uint", "quint32", "unsigned int", "unsigned", "uint32_t", "std::uint32_t")
	tLongLong  = basic[int64](kindInt, 8, 4, "qlonglong", "qint64", "long long", "int64_t", "std::int64_t", "qsizetype", "qptrdiff", "qintptr")
	tULongLong = basic[uint64](kindUint, 8, 5, "qulonglong", "quint64", "unsigned long long", "uint64_t", "std::uint64_t", "quintptr")
	tDouble    = basic[float64](kindFloat, 8, 6, "double", "qreal")
	tQChar     = basic[Char](kindChar, 2, 7, "QChar")
	_          = basic[int64](kindInt, 8, 32, "long")
	tShort     = basic[int16](kindInt, 2, idShort, "short", "qint16", "int16_t", "std::int16_t")
	tChar      = basic[int8](kindInt, 1, idChar, "char")
	_          = basic[uint64](kindUint, 8, 35, "ulong", "unsigned long", "size_t", "std::size_t")
	tUShort    = basic[uint16](kindUint, 2, 36, "ushort", "quint16", "unsigned short", "uint16_t", "std::uint16_t")
	tUChar     = basic[uint8](kindUint, 1, 37, "uchar", "quint8", "unsigned char", "uint8_t", "std::uint8_t")
	tFloat     = basic[float32](kindFloat, 4, 38, "float")
	tSChar     = basic[int8](kindInt, 1, idSChar, "signed char", "qint8", "schar", "int8_t", "std::int8_t")
	tText      = basic[string](kindString, 0, 10, "QString")
	tByteArray = basic[[]byte](kindBytes, 0, 12, "QByteArray")
	tDate      = basic[Date](kindDate, 8, 14, "QDate")
	tTime      = basic[Time](kindTime, 4, 15, "QTime")
	tVariant   = basic[any](kindVariant, 0, 41, "QVariant")
	_          = basic[struct{}](kindNull, 0, 51, "std::nullptr_t")
	_          = container("QStringList", idStringList, &Type{kind: kindList, elem: tText})
	tList      = container("QVariantList", 9, &Type{kind: kindList, elem: tVariant}, "QList<QVariant>")
	tMap       = container("QVariantMap", 8, &Type{kind: kindMap, key: tText, elem: tVariant, keyed: true}, "QMap<QString,QVariant>")
	_          = container("QVariantHash", 28, &Type{kind: kindMap, key: tText, elem: tVariant}, "QHash<QString,QVariant>")
	_          = container("QByteArrayList", 49, &Type{kind: kindList, elem: tByteArray}, "QList<QByteArray>")
	_          = container("QHash<int,QByteArray>", 0, &Type{kind: kindMap, key: tInt, elem: tByteArray, name5: "QIntHash"})
)

// The wrappers of containers of PODs in protocol 2.0. Their values become those of the container, and nobody can look
// them up.
var (
	tSequence    = &Type{name: "QRemoteObjectPackets::QSQ_"}
	tAssociative = &Type{name: "QRemoteObjectPackets::QAS_"}
)

func typeByID(id uint32, v Version) *Type {
	if id < uint32(len(coreTypes)) {
		// QtCore's own types, whose ids are the same in both versions unless one does not have them.
		if t := coreTypes[id]; t != nil && t.id5 == t.id {
			return t
		}
	}
	if v == Qt5_12 {
		return byID5[id]
	}
	return byID6[id]
}

// container adds a container type that has an id, or a name, of its own.
func container(name string, id uint32, t *Type, aliases ...string) *Type {
	t.name, t.id, t.id5 = name, id, id
	if t.name5 == "" {
		t.name5 = name
	}
	if t.kind == kindList {
		t.goType = reflect.SliceOf(t.elem.goType)
	} else {
		t.goType = reflect.MapOf(t.key.goType, t.elem.goType)
	}
	return builtin.add(t, aliases...)
}
