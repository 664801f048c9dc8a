// Package wire turns the packets of the Qt Remote Objects protocol into Go values and back. It does no I/O beyond
// reading from the stream that a [Framer] is given and starts no goroutines.
//
// Both versions of the protocol are spoken, 1.3 (Qt 5.12.5 to 5.15, big-endian) and 2.0 (Qt 6.2 and later,
// little-endian), from both sides. A packet is
//
//	quint32 size of what follows · quint16 kind · QString object name (not in an ObjectList) · body
//
// and these are the kinds, with the fields of [Packet] that stand for the body:
//
//	 1  Handshake       host → client  Name is the version string; there is no body
//	 2  Init            host → client  Values
//	 3  InitDynamic     host → client  Class, Values
//	 4  AddObject       client → host  Dynamic
//	 5  RemoveObject    both
//	 6  Invoke          both           Call, Index, Args, Serial, Property
//	 7  InvokeReply     host → client  Serial, Value.Value
//	 8  PropertyChange  host → client  Index, Value
//	 9  ObjectList      host → client  Objects
//	10  Ping            client → host
//	11  Pong            host → client
//
// Two byte orders occur in protocol 2.0: what stands in a byte array (the definition and the values of an [Object], the items
// of a container of PODs) is a stream of its own, which is big-endian in both versions.
//
// Nothing that comes from a peer is trusted: lengths and counts are checked against the bytes that are there before
// memory is taken, nesting is bounded, and every byte must be accounted for. The errors say which packet, what in it, and
// at which offset. Decoding a packet allocates less than 256 bytes for each byte of it, and what a [Decoder] remembers of
// earlier packets is bounded, too.
package wire
