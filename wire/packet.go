package wire

import (
	"errors"
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

// Protocol is a version of the Qt Remote Objects protocol.
type Protocol uint8

// The two protocols that are spoken here.
const (
	Protocol13 Protocol = iota + 1 // Qt 5.12.5 to 5.15
	Protocol20                     // Qt 6.2 and later
)

// String returns the version as the Handshake packet announces it, such as "QtRO 2.0".
func (p Protocol) String() string {
	switch p {
	case Protocol13:
		return "QtRO 1.3"
	case Protocol20:
		return "QtRO 2.0"
	}
	return fmt.Sprintf("Protocol(%d)", uint8(p))
}

// Format returns the format of the protocol's streams, other than the nested ones.
func (p Protocol) Format() qt.Format {
	if p == Protocol13 {
		return qt.Format{Version: qt.Qt5_12}
	}
	return qt.Format{Version: qt.Qt6_2, LittleEndian: true}
}

// ParseProtocol finds the protocol by its version string, with or without "QtRO " before it.
func ParseProtocol(s string) (Protocol, error) {
	for _, p := range []Protocol{Protocol13, Protocol20} {
		if s == p.String() || "QtRO "+s == p.String() {
			return p, nil
		}
	}
	return 0, &MismatchError{Got: s}
}

// MismatchError tells that a peer speaks a version of the protocol that is not known (Qt: ProtocolMismatch).
type MismatchError struct{ Got string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("protocol mismatch: the peer announces %.40q, this side speaks %q and %q", e.Got, Protocol13, Protocol20)
}

// Kind is the type of a packet.
type Kind uint16

// The kinds of packets, with the numbers that they have on the wire.
const (
	Handshake Kind = iota + 1
	Init
	InitDynamic
	AddObject
	RemoveObject
	Invoke
	InvokeReply
	PropertyChange
	ObjectList
	Ping
	Pong
)

var kindNames = [...]string{"", "Handshake", "Init", "InitDynamic", "AddObject", "RemoveObject", "Invoke", "InvokeReply",
	"PropertyChange", "ObjectList", "Ping", "Pong"}

// String returns the packet's name.
func (k Kind) String() string {
	if k >= Handshake && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint16(k))
}

// What an Invoke packet asks for, by the numbers of QMetaObject::Call.
const (
	InvokeMethod  int32 = 0 // call a slot (to the host), emit a signal (to the client)
	WriteProperty int32 = 2 // write a property (to the host)
)

// Packet is one packet of the protocol. Kind says which fields have a meaning; the package comment has the table.
type Packet struct {
	Kind     Kind
	Name     string      // of the object; of a Handshake, the version
	Objects  []ObjectRef // ObjectList
	Dynamic  bool        // AddObject: the class definition is wanted
	Class    *Definition // InitDynamic
	Values   []Property  // Init, InitDynamic: of all properties
	Value    Property    // PropertyChange; InvokeReply has a plain value
	Call     int32       // Invoke: InvokeMethod or WriteProperty
	Index    int32       // Invoke: of the slot, signal or property; PropertyChange: of the property
	Args     []qt.Value  // Invoke
	Serial   int32       // Invoke: -1 if no reply is wanted; InvokeReply
	Property int32       // Invoke: of a notify signal, the property's index, else -1
}

// ObjectRef is an entry of an object list.
type ObjectRef struct {
	Name      string
	TypeName  string // "" (on the wire a null string) for a plain QObject
	Signature string // of the class, "" (on the wire a null byte array) if it has none
}

// Property is the value of a property: a plain value, or an object.
type Property struct {
	Value  qt.Value
	Object *Object // not nil for CLASS and MODEL properties, and for a POD that the peer has no definition of
}

// ObjectKind says what an [Object] is.
type ObjectKind uint8

// The kinds of objects.
const (
	ClassObject  ObjectKind = iota // a CLASS property
	ModelObject                    // a MODEL property
	GadgetObject                   // a POD in a QVariant, with its definition
)

// Object is an object in the place of a property's value (Qt: QRO_).
type Object struct {
	Name       string // by which the object's own packets name it; "" for a gadget
	TypeName   string // of its class; "" for a gadget
	Kind       ObjectKind
	Definition *Definition // nil if the receiver has it already
	Null       bool        // there is no object
	Values     []Property  // of its properties
	Gadget     qt.Value    // the POD
}

// Errors that decoding wraps.
var (
	ErrKind     = errors.New("unknown packet kind")
	ErrTooLong  = errors.New("packet longer than the limit")
	ErrTooShort = errors.New("packet shorter than its header")
	ErrTooMany  = errors.New("too many")
)

// PacketError says which packet could not be decoded or encoded. The error it wraps says why. If the fault is in the
// bytes of a received packet, that is a [qt.DecodeError] with the offset, counted from the packet's length field.
type PacketError struct {
	Op   string // "decode" or "encode"
	Kind Kind
	Name string // of the object, if it was known by then
	Err  error
}

func (e *PacketError) Error() string {
	name := ""
	if e.Name != "" {
		name = fmt.Sprintf(" %.60q", e.Name)
	}
	return fmt.Sprintf("wire: %s %s%s: %v", e.Op, e.Kind, name, e.Err)
}

func (e *PacketError) Unwrap() error { return e.Err }
