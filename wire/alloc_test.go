package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// hotPackets are those that a running system sends all the time. Neither decoding nor encoding them allocates.
var hotPackets = map[string]*Packet{
	"change": {Kind: PropertyChange, Name: "Station", Index: 3, Value: Property{Value: qt.Of(int32(42))}},
	"invoke": {Kind: Invoke, Name: "Class::Station::gauge", Call: InvokeMethod, Index: 6, Args: []qt.Value{qt.Of(int32(40))}, Serial: 7, Property: -1},
	"reply":  {Kind: InvokeReply, Name: "Station", Serial: 7, Value: Property{Value: qt.Of(2.5)}},
	"ping":   {Kind: Ping, Name: "Station"},
	"pong":   {Kind: Pong, Name: "Station"},
}

func TestAllocs(t *testing.T) {
	for _, protocol := range protocols {
		for name, packet := range hotPackets {
			t.Run(protocol.String()+"/"+name, func(t *testing.T) {
				frame := encode(t, protocol, packet)
				d, enc := NewDecoder(protocol), NewEncoder(protocol)
				d.Object = func(Kind, string) (*qt.Types, error) { return nil, nil }
				var p Packet
				require.NoError(t, d.Decode(frame, &p))
				require.True(t, equalPackets(packet, &p))
				require.Zero(t, testing.AllocsPerRun(100, func() {
					if err := d.Decode(frame, &p); err != nil {
						panic(err)
					}
				}), "decode")
				buf := make([]byte, 0, len(frame))
				require.Zero(t, testing.AllocsPerRun(100, func() {
					if _, err := enc.Append(buf, packet); err != nil {
						panic(err)
					}
				}), "encode")
			})
		}
	}
}

// benchPackets are the hot packets and the first values of a class with 38 properties.
func benchPackets(b *testing.B) map[string]*Packet {
	all := map[string]*Packet{"init": play(b, "qt6.4.2/typed_acquire").of(Init, true)[0]}
	for name, p := range hotPackets {
		all[name] = p
	}
	return all
}

func BenchmarkDecode(b *testing.B) {
	types := stationTypes()
	for name, packet := range benchPackets(b) {
		for _, protocol := range protocols {
			frame := encode(b, protocol, packet)
			b.Run(name+"/"+protocol.String(), func(b *testing.B) {
				d := NewDecoder(protocol)
				d.Object = func(Kind, string) (*qt.Types, error) { return types, nil }
				var p Packet
				b.SetBytes(int64(len(frame)))
				b.ReportAllocs()
				for b.Loop() {
					if err := d.Decode(frame, &p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, packet := range benchPackets(b) {
		for _, protocol := range protocols {
			b.Run(name+"/"+protocol.String(), func(b *testing.B) {
				enc := NewEncoder(protocol)
				buf := encode(b, protocol, packet)
				b.SetBytes(int64(len(buf)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := enc.Append(buf[:0], packet); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// endless repeats its bytes.
type endless struct {
	data []byte
	off  int
}

func (r *endless) Read(b []byte) (n int, _ error) {
	for n < len(b) {
		m := copy(b[n:], r.data[r.off:])
		n += m
		r.off = (r.off + m) % len(r.data)
	}
	return n, nil
}

func BenchmarkFramer(b *testing.B) {
	frame := encode(b, Protocol20, hotPackets["change"])
	f := NewFramer(&endless{data: frame}, Protocol20, 0)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
