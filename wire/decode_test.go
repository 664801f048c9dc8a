package wire

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// frame returns a packet whose body, after its kind, body writes.
func frame(p Protocol, kind Kind, body func(w *qt.Writer)) []byte {
	w := qt.NewWriter(nil, p.Format())
	w.Uint32(0)
	w.Uint16(uint16(kind))
	body(w)
	w.PutUint32(0, uint32(len(w.Bytes())-4))
	return w.Bytes()
}

func named(name string, body func(w *qt.Writer)) func(w *qt.Writer) {
	return func(w *qt.Writer) {
		w.Text(name)
		body(w)
	}
}

// resized returns a copy of a frame with n bytes more or less, and a length field that fits.
func resized(p Protocol, frame []byte, n int) []byte {
	out := append(slices.Clone(frame), make([]byte, max(n, 0))...)[:len(frame)+n]
	if len(out) >= 4 {
		byteOrder(p).PutUint32(out, uint32(len(out)-4))
	}
	return out
}

// Wherever a packet is cut off, with or without a length field that tells so, it is an error; so is a byte too many.
func TestTruncated(t *testing.T) {
	seen, seed := map[uint64]bool{}, maphash.MakeSeed() // many captures begin alike, and so do their packets
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			toClient, toHost := c.decoders()
			for i, l := range c.lines {
				d := toHost
				if l.toClient {
					d = toClient
				}
				var p Packet
				check := func(what string, frame []byte, cause error) {
					err := d.Decode(frame, &p)
					var packet *PacketError
					var decode *qt.DecodeError
					if !errors.As(err, &packet) || !errors.As(err, &decode) || decode.Offset > len(frame) || !errors.Is(err, cause) {
						t.Fatalf("packet %d, %s: %v", i, what, err)
					}
				}
				for n := range l.frame {
					cut := resized(c.protocol, l.frame, n-len(l.frame))
					hash := maphash.Bytes(seed, cut)
					if seen[hash] {
						continue
					}
					seen[hash] = true
					err := d.Decode(cut, &p)
					var packet *PacketError
					var decode *qt.DecodeError
					if !errors.As(err, &packet) || !errors.As(err, &decode) || decode.Offset > n {
						t.Fatalf("packet %d, cut to %d bytes: %v", i, n, err)
					}
				}
				check("shorter than its length field", l.frame[:len(l.frame)-1], qt.ErrShort)
				check("longer than its length field", append(slices.Clone(l.frame), 0), qt.ErrTrailing)
				check("trailing byte", resized(c.protocol, l.frame, 1), qt.ErrTrailing)
				require.NoError(t, d.Decode(l.frame, &p), "packet %d, after all that", i)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	const huge = 0xfffffffe
	nothing := func(*qt.Writer) {}
	object := func(name string, kind uint8, body func(w *qt.Writer)) func(w *qt.Writer) {
		return func(w *qt.Writer) {
			writeObjectHeader(w, name, kind)
			body(w)
		}
	}
	refused := errors.New("not subscribed")
	tests := []struct {
		name   string
		kind   Kind // of the packet in the error
		object string
		frame  func(p Protocol) []byte
		offset int // of the DecodeError; -1 if there is none
		cause  error
		text   string
	}{
		{"empty", 0, "", func(Protocol) []byte { return nil }, 0, ErrTooShort, ""},
		{"no kind", 0, "", func(p Protocol) []byte { return resized(p, make([]byte, 4), 0) }, 4, ErrTooShort, ""},
		{"half a kind", 0, "", func(p Protocol) []byte { return resized(p, make([]byte, 5), 0) }, 4, ErrTooShort, ""},
		{"length too large", Ping, "", func(p Protocol) []byte { return lengthened(p, 1) }, 0, qt.ErrShort, "21 of 22"},
		{"length too small", Ping, "", func(p Protocol) []byte { return lengthened(p, -1) }, 0, qt.ErrTrailing, ": 1"},
		{"length of 4 GiB", Ping, "", func(p Protocol) []byte { return lengthened(p, -22) }, 0, qt.ErrShort, ""},
		{"kind 0", 0, "", func(p Protocol) []byte { return frame(p, 0, named("Station", nothing)) }, 4, ErrKind, "kind: 0"},
		{"kind 12", 12, "", func(p Protocol) []byte { return frame(p, 12, named("Station", nothing)) }, 4, ErrKind, "kind: 12"},
		{"kind 65535", 65535, "", func(p Protocol) []byte { return frame(p, 65535, nothing) }, 4, ErrKind, ""},
		{"no name", Ping, "", func(p Protocol) []byte { return frame(p, Ping, nothing) }, 6, qt.ErrShort, ""},
		{"lone surrogate", Ping, "", func(p Protocol) []byte {
			return frame(p, Ping, func(w *qt.Writer) { w.Uint32(2); w.Uint16(0xd800) })
		}, 12, qt.ErrUTF16, ""},
		{"swapped surrogates", Ping, "", func(p Protocol) []byte {
			return frame(p, Ping, func(w *qt.Writer) { w.Uint32(4); w.Uint16(0xdc00); w.Uint16(0xd800) })
		}, 14, qt.ErrUTF16, ""},
		{"name of odd length", Ping, "", func(p Protocol) []byte {
			return frame(p, Ping, func(w *qt.Writer) { w.Uint32(3); w.Raw(make([]byte, 3)) })
		}, 10, qt.ErrUTF16, ""},
		{"long name", Ping, "", func(p Protocol) []byte { return frame(p, Ping, func(w *qt.Writer) { w.Uint32(huge) }) }, 10, qt.ErrShort, ""},
		{"bad name in a list", ObjectList, "", func(p Protocol) []byte {
			return frame(p, ObjectList, func(w *qt.Writer) { w.Uint32(1); w.Uint32(2); w.Uint16(0xdfff); w.NullText(); w.ByteArray(nil) })
		}, 16, qt.ErrUTF16, ""},
		{"long list", ObjectList, "", func(p Protocol) []byte { return frame(p, ObjectList, func(w *qt.Writer) { w.Uint32(huge) }) }, 10, qt.ErrShort, "items"},
		{"many values", Init, "x", func(p Protocol) []byte { return frame(p, Init, named("x", func(w *qt.Writer) { w.Uint32(huge) })) }, 16, qt.ErrShort, "items"},
		{"many arguments", Invoke, "x", func(p Protocol) []byte { return invocation(p, huge, 0) }, 24, qt.ErrShort, "items"},
		{"more arguments than allowed", Invoke, "x", func(p Protocol) []byte { return invocation(p, MaxArgs+1, MaxArgs+1) }, 24, ErrTooMany, "arguments"},
		{"an argument too few", Invoke, "x", func(p Protocol) []byte { return invocation(p, 3, 2) }, -2, nil, ""},
		{"unknown type", InvokeReply, "x", func(p Protocol) []byte {
			return frame(p, InvokeReply, named("x", func(w *qt.Writer) { w.Int32(1); w.Uint32(0x20000); w.Bool(false); w.CString("Bogus") }))
		}, 31, nil, "Bogus"},
		{"many enums", InitDynamic, "x", func(p Protocol) []byte {
			return frame(p, InitDynamic, named("x", func(w *qt.Writer) { w.Text("X"); w.Uint32(huge) }))
		}, 22, qt.ErrShort, ""},
		{"object of kind 3", PropertyChange, "x", func(p Protocol) []byte {
			return frame(p, PropertyChange, named("x", func(w *qt.Writer) { w.Int32(0); object("y", 3, nothing)(w) }))
		}, -2, qt.ErrValue, "object kind 3"},
		{"objects nested too deep", PropertyChange, "x", func(p Protocol) []byte { return nested(p, qt.MaxDepth+1) }, -2, qt.ErrTooDeep, ""},
		{"not wanted", AddObject, "refused", func(p Protocol) []byte {
			return frame(p, AddObject, named("refused", func(w *qt.Writer) { w.Bool(true) }))
		}, -1, refused, ""},
	}
	for _, p := range protocols {
		for _, tt := range tests {
			t.Run(p.String()+"/"+tt.name, func(t *testing.T) {
				d := NewDecoder(p)
				d.Object = func(_ Kind, name string) (*qt.Types, error) {
					if name == "refused" {
						return nil, refused
					}
					return nil, nil
				}
				var packet Packet
				err := d.Decode(tt.frame(p), &packet)
				var perr *PacketError
				require.ErrorAs(t, err, &perr)
				assert.Equal(t, "decode", perr.Op)
				assert.Equal(t, tt.kind, perr.Kind)
				assert.Equal(t, tt.object, perr.Name)
				if tt.cause != nil {
					assert.ErrorIs(t, err, tt.cause)
				}
				assert.Contains(t, err.Error(), tt.text)
				var derr *qt.DecodeError
				if tt.offset == -1 {
					assert.False(t, errors.As(err, &derr), "%v", err)
					return
				}
				require.ErrorAs(t, err, &derr)
				if tt.offset >= 0 {
					assert.Equal(t, tt.offset, derr.Offset, "%v", err)
				}
				// The decoder is as good as new.
				require.NoError(t, d.Decode(encode(t, p, &Packet{Kind: Pong, Name: "x"}), &packet))
			})
		}
	}
}

// lengthened returns a Ping with 21 bytes after a length field that says n more.
func lengthened(p Protocol, n int) []byte {
	b := frame(p, Ping, named("Station", func(w *qt.Writer) { w.Uint8(0) }))
	byteOrder(p).PutUint32(b, uint32(len(b)-4+n))
	return b
}

func invocation(p Protocol, claimed uint32, n int) []byte {
	return frame(p, Invoke, named("x", func(w *qt.Writer) {
		w.Int32(InvokeMethod)
		w.Int32(0)
		w.Uint32(claimed)
		for range n {
			w.Variant(qt.Of(int32(1)))
		}
		w.Int32(-1)
		w.Int32(-1)
	}))
}

func writeObjectHeader(w *qt.Writer, name string, kind uint8) {
	w.Uint32(0x20000)
	w.Bool(false)
	w.CString("QRemoteObjectPackets::QRO_")
	w.Text(name)
	w.Text("X")
	w.Uint8(kind)
	w.ByteArray(nil)
	w.Bool(false)
}

// nested returns a change of a property to an object in an object, and so on.
func nested(p Protocol, depth int) []byte {
	var child func(w *qt.Writer, depth int)
	child = func(w *qt.Writer, depth int) {
		writeObjectHeader(w, "x", 0)
		if depth == 0 {
			w.ByteArray(nil)
			return
		}
		inner := qt.NewWriter(nil, w.Format().Nested())
		inner.Uint32(1)
		child(inner, depth-1)
		w.ByteArray(inner.Bytes())
	}
	return frame(p, PropertyChange, named("x", func(w *qt.Writer) {
		w.Int32(0)
		child(w, depth)
	}))
}

func TestNestedObjects(t *testing.T) {
	for _, p := range protocols {
		var packet Packet
		require.NoError(t, NewDecoder(p).Decode(nested(p, 50), &packet))
		depth, o := 0, packet.Value.Object
		for ; len(o.Values) > 0; o = o.Values[0].Object {
			depth++
		}
		assert.Equal(t, 50, depth)
		_, err := NewEncoder(p).Append(nil, &packet)
		require.NoError(t, err)
	}
}

// Null and empty names are the same to a Packet; both can be read, and what is written is what Qt writes.
func TestNullNames(t *testing.T) {
	for _, p := range protocols {
		want := Packet{Kind: ObjectList, Objects: []ObjectRef{{Name: "a"}}}
		for _, empty := range []bool{false, true} {
			b := frame(p, ObjectList, func(w *qt.Writer) {
				w.Uint32(1)
				w.Text("a")
				if empty {
					w.Text("")
					w.ByteString("")
				} else {
					w.NullText()
					w.ByteArray(nil)
				}
			})
			var got, again Packet
			d := NewDecoder(p)
			require.NoError(t, d.Decode(b, &got))
			assert.True(t, equalPackets(&want, &got))
			out := encode(t, p, &got)
			assert.Equal(t, encode(t, p, &want), out)
			require.NoError(t, d.Decode(out, &again))
			assert.True(t, equalPackets(&got, &again))
		}
	}
}

// What a packet holds must survive the frame, and what is kept of it the next packet.
func TestDecodeDoesNotAlias(t *testing.T) {
	for _, c := range captures(t) {
		toClient, toHost := c.decoders()
		var reused Packet
		for _, l := range c.lines {
			d := toHost
			if l.toClient {
				d = toClient
			}
			buf := slices.Clone(l.frame)
			require.NoError(t, d.Decode(buf, &reused))
			kept := reused
			kept.Args = slices.Clone(reused.Args)
			clear(buf)
			require.NoError(t, d.Decode(l.frame, &reused))
			require.True(t, equalPackets(&kept, &reused), c.name+": "+l.summary)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	deep := &Object{}
	for range 2 * qt.MaxDepth {
		deep = &Object{Values: []Property{{Object: deep}}}
	}
	tests := []struct {
		name   string
		packet Packet
		cause  error
		text   string
	}{
		{"no kind", Packet{}, ErrKind, "Kind(0)"},
		{"unknown kind", Packet{Kind: 12, Name: "x"}, ErrKind, `Kind(12) "x"`},
		{"no definition", Packet{Kind: InitDynamic, Name: "x"}, nil, "no class definition"},
		{"object kind", Packet{Kind: PropertyChange, Value: Property{Object: &Object{Kind: 3}}}, qt.ErrValue, "object kind 3"},
		{"too many arguments", Packet{Kind: Invoke, Args: make([]qt.Value, MaxArgs+1)}, ErrTooMany, "1025"},
		{"too deep", Packet{Kind: PropertyChange, Value: Property{Object: deep}}, qt.ErrTooDeep, ""},
	}
	for _, p := range protocols {
		for _, tt := range tests {
			t.Run(p.String()+"/"+tt.name, func(t *testing.T) {
				out, err := NewEncoder(p).Append([]byte("before"), &tt.packet)
				assert.Equal(t, "before", string(out))
				var perr *PacketError
				require.ErrorAs(t, err, &perr)
				assert.Equal(t, PacketError{"encode", tt.packet.Kind, tt.packet.Name, perr.Err}, *perr)
				if tt.cause != nil {
					assert.ErrorIs(t, err, tt.cause)
				}
				assert.Contains(t, err.Error(), tt.text)
			})
		}
	}
}

// Names are remembered, but only so many.
func TestNamesAreBounded(t *testing.T) {
	d := NewDecoder(Protocol20)
	var p Packet
	for i := range 200 {
		name := strings.Repeat("n", 10_000) + fmt.Sprint(i)
		require.NoError(t, d.Decode(encode(t, Protocol20, &Packet{Kind: Ping, Name: name}), &p))
		require.Equal(t, name, p.Name)
		require.LessOrEqual(t, d.nameBytes, maxNames)
		require.LessOrEqual(t, len(d.names), maxNames/10_000)
	}
	require.NoError(t, d.Decode(encode(t, Protocol20, &Packet{Kind: Ping, Name: strings.Repeat("n", maxNames)}), &p))
	assert.Len(t, p.Name, maxNames)
	assert.LessOrEqual(t, d.nameBytes, maxNames)
}
