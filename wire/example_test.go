package wire_test

import (
	"bytes"
	"fmt"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

func ExampleEncoder() {
	enc := wire.NewEncoder(wire.Protocol20)
	// A property change is two packets: the value, and the signal that tells of it.
	change := &wire.Packet{Kind: wire.PropertyChange, Name: "Counter", Index: 0, Value: wire.Property{Value: qt.Of(int32(5))}}
	notify := &wire.Packet{Kind: wire.Invoke, Name: "Counter", Call: wire.InvokeMethod, Index: 0,
		Args: []qt.Value{qt.Of(int32(5))}, Serial: -1, Property: 0}
	out, err := enc.Append(nil, change)
	if err == nil {
		out, err = enc.Append(out, notify)
	}
	fmt.Println(len(out), err)
	fmt.Printf("%x\n", out[:6])
	// Output:
	// 90 <nil>
	// 210000000800
}

// A client reads what a host says first.
func ExampleDecoder() {
	conversation := bytes.NewReader([]byte(
		"\x00\x00\x00\x16\x00\x01\x00\x00\x00\x10\x00Q\x00t\x00R\x00O\x00 \x001\x00.\x003" +
			"\x00\x00\x00\x17\x00\x09\x00\x00\x00\x01\x00\x00\x00\x02\x00C\x00\x00\x00\x02\x00C\x00\x00\x00\x01s"))

	framer := wire.NewFramer(conversation, 0, wire.DefaultLimit)
	protocol, err := framer.Handshake()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(protocol)

	decoder := wire.NewDecoder(protocol)
	var p wire.Packet
	for {
		frame, err := framer.Next()
		if err == nil {
			err = decoder.Decode(frame, &p)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %+v\n", p.Kind, p.Objects)
	}
	// Output:
	// QtRO 1.3
	// ObjectList [{Name:C TypeName:C Signature:s}]
	// EOF
}
