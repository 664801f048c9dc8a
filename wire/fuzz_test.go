package wire

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// allocFactor is the bound that the package comment names: how many bytes decoding allocates for each byte it is given.
const allocFactor = 256

// allocSlack is for what is not decoding: the decoder itself, the framer's buffer, the runtime.
const allocSlack = 256 << 10

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// stationTypes returns what the captures' peers know without being told.
func stationTypes() *qt.Types {
	types := qt.NewTypes()
	types.Define([]*qt.Enum{{Name: "StationTypes::Alarms", Flag: true, Size: 4}}, []qt.POD{
		{Name: "Reading", Fields: []qt.Field{{Name: "stamp", TypeName: "qlonglong"}, {Name: "value", TypeName: "double"},
			{Name: "unit", TypeName: "QString"}, {Name: "valid", TypeName: "bool"}}},
		{Name: "Place", Fields: []qt.Field{{Name: "name", TypeName: "QString"}, {Name: "grid", TypeName: "QPoint"}, {Name: "last", TypeName: "Reading"}}},
		{Name: "Spare", Fields: []qt.Field{{Name: "id", TypeName: "int"}, {Name: "label", TypeName: "QString"}}},
	})
	return types
}

func FuzzDecoder13(f *testing.F) { fuzzDecoder(f, Protocol13) }
func FuzzDecoder20(f *testing.F) { fuzzDecoder(f, Protocol20) }

// fuzzDecoder feeds a stream of packets to one decoder, then what it makes of them, encoded, to another.
func fuzzDecoder(f *testing.F, protocol Protocol) {
	for _, c := range captures(f) {
		if c.protocol != protocol {
			continue
		}
		for _, toClient := range []bool{true, false} {
			var all []byte
			for _, l := range c.lines {
				if l.toClient != toClient {
					continue
				}
				if len(l.frame) > 200 { // the others repeat themselves
					f.Add(l.frame)
				}
				all = append(all, l.frame...)
			}
			f.Add(all[:min(len(all), 8<<10)])
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		known := func(Kind, string) (*qt.Types, error) { return stationTypes(), nil }
		packets := decodeAll(t, protocol, stream, known)
		again := NewDecoder(protocol)
		again.Object = known
		enc := NewEncoder(protocol)
		for _, p := range packets {
			frame, err := enc.Append(nil, p)
			require.NoError(t, err)
			var q Packet
			require.NoError(t, again.Decode(frame, &q), "%+v", p)
			require.True(t, equalPackets(p, &q), "%+v\n%+v", p, q)
		}
	})
}

func decodeAll(t *testing.T, protocol Protocol, stream []byte, object func(Kind, string) (*qt.Types, error)) (all []*Packet) {
	types, err := object(Init, "")
	require.NoError(t, err)
	before := allocated()
	d := NewDecoder(protocol)
	d.Object = func(Kind, string) (*qt.Types, error) { return types, nil }
	framer := NewFramer(bytes.NewReader(stream), protocol, 0)
	for {
		frame, err := framer.Next()
		if err != nil {
			break
		}
		p := new(Packet)
		if d.Decode(frame, p) != nil {
			break
		}
		all = append(all, p)
	}
	n := allocated() - before
	require.LessOrEqual(t, n, uint64(allocFactor*len(stream)+allocSlack), "for %d bytes", len(stream))
	return all
}

// FuzzFramer cuts the same stream twice, in reads of different sizes: what a packet is must not depend on them.
func FuzzFramer(f *testing.F) {
	for _, c := range captures(f) {
		var all []byte
		for _, l := range c.lines {
			if l.toClient {
				all = append(all, l.frame...)
			}
		}
		f.Add(all[:min(len(all), 4<<10)], uint16(7), uint16(0), true)
	}
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), uint16(1), uint16(100), true)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1, 2}, uint16(3), uint16(0), false)
	f.Fuzz(func(t *testing.T, stream []byte, step, limit uint16, greet bool) {
		before := allocated()
		whole, end := cut(bytes.NewReader(stream), int(limit), greet)
		require.LessOrEqual(t, allocated()-before, uint64(8*len(stream)+allocSlack))
		steps, stepEnd := cut(&stepReader{stream, int(step%512) + 1}, int(limit), greet)
		require.Equal(t, whole, steps)
		require.Equal(t, end, stepEnd)
		require.True(t, bytes.HasPrefix(stream, bytes.Join(whole, nil)) || greet)
	})
}

func cut(r io.Reader, limit int, greet bool) (frames [][]byte, end error) {
	f := NewFramer(r, Protocol13, limit)
	if greet {
		if _, err := f.Handshake(); err != nil {
			return nil, err
		}
	}
	for {
		ready := f.Buffered()
		frame, err := f.Next()
		if err != nil {
			return frames, err
		}
		if ready && len(frame) < headerSize {
			panic("a frame without a header")
		}
		frames = append(frames, bytes.Clone(frame))
	}
}

// stepReader reads at most so many bytes at a time.
type stepReader struct {
	data []byte
	step int
}

func (r *stepReader) Read(b []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.data[:min(r.step, len(r.data))])
	r.data = r.data[n:]
	return n, nil
}
