package qt

import "fmt"

// Version is a QDataStream version: it decides type ids, type names and a few encodings.
type Version uint8

// The two stream versions of Qt Remote Objects.
const (
	Qt5_12 Version = 18 // QDataStream::Qt_5_12, used by protocol 1.3
	Qt6_2  Version = 20 // QDataStream::Qt_6_2, used by protocol 2.0
)

// String returns Qt's name of the version, such as "Qt_5_12".
func (v Version) String() string {
	switch v {
	case Qt5_12:
		return "Qt_5_12"
	case Qt6_2:
		return "Qt_6_2"
	}
	return fmt.Sprintf("Version(%d)", uint8(v))
}

// firstUserType is QMetaType::User: the id that stands before every type that goes by its name.
func (v Version) firstUserType() uint32 {
	if v == Qt5_12 {
		return 1024
	}
	return 65536
}

// Format says how a stream is written: QDataStream's version and byte order.
type Format struct {
	Version      Version
	LittleEndian bool
}

// Nested returns the format of the streams inside byte arrays, which are big-endian in both protocols.
func (f Format) Nested() Format { return Format{Version: f.Version} }

// MaxDepth is how deep values may be nested in one another before a stream is refused.
const MaxDepth = 64

// DecodeError says what was wrong with a stream and where.
type DecodeError struct {
	Offset int    // bytes from the start of the stream
	What   string // what was being read, such as "QString"
	Err    error  // the cause
}

// Error names what was read, where, and what was wrong.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("qt: decode %s at offset %d: %v", e.What, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// UnknownTypeError names a type that a stream or a class uses and that nobody has registered.
type UnknownTypeError struct{ Name string }

// Error names the type.
func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("unknown type %.200q: no class in use defines it; register a codec with qt.Register", e.Name)
}
