package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var protocols = []Protocol{Protocol13, Protocol20}

// encode returns packets as they stand on the wire.
func encode(t testing.TB, p Protocol, packets ...*Packet) []byte {
	var out []byte
	for _, packet := range packets {
		var err error
		out, err = NewEncoder(p).Append(out, packet)
		require.NoError(t, err)
	}
	return out
}

// header returns a length field and four bytes more.
func header(p Protocol, length uint32) []byte {
	b := make([]byte, 8)
	byteOrder(p).PutUint32(b, length)
	return b
}

func TestFramer(t *testing.T) {
	// Deliveries of the same bytes.
	deliveries := map[string]func([]byte) io.Reader{
		"at once":       func(b []byte) io.Reader { return bytes.NewReader(b) },
		"byte-wise":     func(b []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(b)) },
		"halves":        func(b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) },
		"last with EOF": func(b []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(b)) },
		"in sevens":     func(b []byte) io.Reader { return &stepReader{b, 7} },
	}
	for _, c := range captures(t) {
		var stream []byte
		var want [][]byte
		for _, l := range c.lines {
			if l.toClient {
				stream = append(stream, l.frame...)
				want = append(want, l.frame)
			}
		}
		for name, deliver := range deliveries {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				f := NewFramer(deliver(stream), c.protocol, 0)
				for i, frame := range want {
					got, err := f.Next()
					require.NoError(t, err, "packet %d", i)
					require.Equal(t, frame, got, "packet %d", i)
				}
				assert.False(t, f.Buffered())
				_, err := f.Next()
				assert.Equal(t, io.EOF, err)
			})
		}
	}
}

func TestFramerErrors(t *testing.T) {
	ping := encode(t, Protocol20, &Packet{Kind: Ping, Name: "Station"})
	broken := errors.New("broken cable")
	tests := []struct {
		name   string
		reader io.Reader
		limit  int
		frames int
		err    error
	}{
		{"nothing", strings.NewReader(""), 0, 0, io.EOF},
		{"one packet", bytes.NewReader(ping), 0, 1, io.EOF},
		{"length cut off", bytes.NewReader(ping[:3]), 0, 0, io.ErrUnexpectedEOF},
		{"body missing", bytes.NewReader(ping[:4]), 0, 0, io.ErrUnexpectedEOF},
		{"body cut off", bytes.NewReader(ping[:len(ping)-1]), 0, 0, io.ErrUnexpectedEOF},
		{"second cut off", bytes.NewReader(append(slices.Clone(ping), ping[:9]...)), 0, 1, io.ErrUnexpectedEOF},
		{"length 0", bytes.NewReader(header(Protocol20, 0)), 0, 0, ErrTooShort},
		{"length 1", bytes.NewReader(header(Protocol20, 1)), 0, 0, ErrTooShort},
		{"length 2", bytes.NewReader(header(Protocol20, 2)), 0, 1, io.ErrUnexpectedEOF},
		{"at the limit", bytes.NewReader(ping), len(ping), 1, io.EOF},
		{"over the limit", bytes.NewReader(ping), len(ping) - 1, 0, ErrTooLong},
		{"over the default limit", bytes.NewReader(header(Protocol20, DefaultLimit)), 0, 0, ErrTooLong},
		{"4 GiB", bytes.NewReader(header(Protocol20, 0xffffffff)), 0, 0, ErrTooLong},
		{"almost 4 GiB", bytes.NewReader(header(Protocol20, 0xfffffffb)), 0, 0, ErrTooLong},
		{"fails at the start", iotest.ErrReader(broken), 0, 0, broken},
		{"fails after a packet", io.MultiReader(bytes.NewReader(ping), iotest.ErrReader(broken)), 0, 1, broken},
		{"fails in a packet", io.MultiReader(bytes.NewReader(ping[:8]), iotest.ErrReader(broken)), 0, 0, broken},
		{"fails with the packet", &failingReader{ping, broken}, 0, 1, broken},
		{"never brings anything", iotest.ErrReader(nil), 0, 0, io.ErrNoProgress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFramer(tt.reader, Protocol20, tt.limit)
			for range tt.frames {
				_, err := f.Next()
				require.NoError(t, err)
			}
			_, err := f.Next()
			assert.ErrorIs(t, err, tt.err)
		})
	}
}

// failingReader brings its bytes and its error in the same call, once.
type failingReader struct {
	data []byte
	err  error
}

func (r *failingReader) Read(b []byte) (int, error) {
	n := copy(b, r.data)
	r.data = r.data[n:]
	err := r.err
	r.err = nil
	return n, err
}

// A deadline ends one Next, not the stream.
func TestFramerGoesOnAfterTimeout(t *testing.T) {
	ping := encode(t, Protocol13, &Packet{Kind: Ping, Name: "Station"})
	f := NewFramer(io.MultiReader(bytes.NewReader(ping[:5]), &onceReader{err: os.ErrDeadlineExceeded}, bytes.NewReader(ping[5:])), Protocol13, 0)
	_, err := f.Next()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	frame, err := f.Next()
	require.NoError(t, err)
	assert.Equal(t, ping, frame)
}

// onceReader fails once and is empty then.
type onceReader struct{ err error }

func (r *onceReader) Read([]byte) (int, error) {
	if err := r.err; err != nil {
		r.err = nil
		return 0, err
	}
	return 0, io.EOF
}

// A length is only a claim: no memory is taken for what has not arrived, whatever the limit.
func TestFramerMemory(t *testing.T) {
	for _, p := range protocols {
		stream := append(header(p, 0x7ffffff0), make([]byte, 1000)...)
		before := allocated()
		_, err := NewFramer(bytes.NewReader(stream), p, 0x7fffffff).Next()
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Less(t, allocated()-before, uint64(64<<10))
	}
}

// The buffer is never twice as large as a packet needs, and is small again once smaller ones follow.
func TestFramerBuffer(t *testing.T) {
	large := make([]byte, 3<<20)
	binary.BigEndian.PutUint32(large, uint32(len(large)-4))
	small := encode(t, Protocol13, &Packet{Kind: Ping, Name: "Station"})
	stream := slices.Concat(small, large, bytes.Repeat(small, 10_000))
	f := NewFramer(&stepReader{stream, 1 << 30}, Protocol13, 0)
	next := func(want []byte) {
		t.Helper()
		got, err := f.Next()
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	next(small)
	assert.Len(t, f.buf, firstBuffer)
	next(large)
	assert.LessOrEqual(t, len(f.buf), 2*len(large)-1)
	for range 10_000 {
		next(small)
		require.LessOrEqual(t, len(f.buf), 2*len(large)-1)
	}
	_, err := f.Next()
	require.Equal(t, io.EOF, err)
	assert.Equal(t, maxBuffer, len(f.buf))
}

// Many packets that come in one read are handed out without another one.
func TestFramerBuffered(t *testing.T) {
	for _, p := range protocols {
		one := encode(t, p, &Packet{Kind: Pong, Name: "Station"})
		reads := 0
		f := NewFramer(readerFunc(func(b []byte) (int, error) {
			if reads++; reads > 1 {
				return 0, io.EOF
			}
			return copy(b, bytes.Repeat(one, 20)[:20*len(one)-3]), nil
		}), p, 0)
		assert.False(t, f.Buffered(), "nothing was read yet")
		for i := range 19 {
			frame, err := f.Next()
			require.NoError(t, err)
			assert.Equal(t, one, frame)
			assert.Equal(t, i < 18, f.Buffered(), "after %d", i)
		}
		assert.Equal(t, 1, reads)
		_, err := f.Next()
		assert.Equal(t, io.ErrUnexpectedEOF, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestHandshake(t *testing.T) {
	hello := func(p Protocol, version string) []byte {
		return encode(t, p, &Packet{Kind: Handshake, Name: version})
	}
	mismatch := func(got string) error { return &MismatchError{Got: got} }
	tests := []struct {
		name   string
		stream []byte
		want   Protocol
		err    error // by Is, or equal
	}{
		{"1.3", hello(Protocol13, "QtRO 1.3"), Protocol13, nil},
		{"2.0", hello(Protocol20, "QtRO 2.0"), Protocol20, nil},
		{"1.2", hello(Protocol13, "QtRO 1.2"), 0, mismatch("QtRO 1.2")},
		{"3.0", hello(Protocol20, "QtRO 3.0"), 0, mismatch("QtRO 3.0")},
		{"without its name", hello(Protocol20, "2.0"), 0, mismatch("2.0")},
		{"2.0 in the byte order of 1.3", hello(Protocol13, "QtRO 2.0"), 0, mismatch("QtRO 2.0 in the other byte order")},
		{"1.3 in the byte order of 2.0", hello(Protocol20, "QtRO 1.3"), 0, mismatch("QtRO 1.3 in the other byte order")},
		{"another packet", encode(t, Protocol20, &Packet{Kind: ObjectList}), 0, mismatch("ObjectList packet")},
		{"trailing byte", append([]byte{0, 0, 0, 23}, append(hello(Protocol13, "QtRO 1.3")[4:], 0)...), 0, nil},
		{"unknown kind", []byte{2, 0, 0, 0, 99, 0}, 0, ErrKind},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, ErrTooLong},
		{"SSH", []byte("SSH-2.0-OpenSSH_9.2p1\r\n"), 0, ErrTooLong},
		{"TLS alert", []byte{0x15, 3, 1, 0, 2, 2, 70}, 0, ErrTooLong},
		{"TLS hello", []byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc}, 0, ErrTooLong},
		{"zeros", make([]byte, 100), 0, ErrTooShort},
		{"length 1", []byte{0, 0, 0, 1, 0, 1}, 0, ErrTooShort},
		{"nothing", nil, 0, io.EOF},
		{"cut off in the length", hello(Protocol20, "QtRO 2.0")[:2], 0, io.ErrUnexpectedEOF},
		{"cut off", hello(Protocol20, "QtRO 2.0")[:20], 0, io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFramer(iotest.OneByteReader(bytes.NewReader(tt.stream)), 0, 0)
			got, err := f.Handshake()
			assert.Equal(t, tt.want, got)
			var wrong *MismatchError
			switch {
			case tt.want != 0:
				require.NoError(t, err)
			case tt.err == nil:
				require.Error(t, err)
			case errors.As(tt.err, &wrong):
				assert.Equal(t, tt.err, err)
			default:
				assert.ErrorIs(t, err, tt.err)
			}
		})
	}
}

// What follows the Handshake is cut in the byte order that it told.
func TestHandshakeSetsByteOrder(t *testing.T) {
	for _, p := range protocols {
		list := &Packet{Kind: ObjectList, Objects: []ObjectRef{{Name: "Station", TypeName: "Station", Signature: "4f6cb7"}}}
		f := NewFramer(bytes.NewReader(encode(t, p, &Packet{Kind: Handshake, Name: p.String()}, list)), 0, 0)
		got, err := f.Handshake()
		require.NoError(t, err)
		require.Equal(t, p, got)
		assert.True(t, f.Buffered())
		frame, err := f.Next()
		require.NoError(t, err)
		assert.Equal(t, encode(t, p, list), frame)
	}
}

func TestParseProtocol(t *testing.T) {
	for s, want := range map[string]Protocol{"QtRO 1.3": Protocol13, "1.3": Protocol13, "QtRO 2.0": Protocol20, "2.0": Protocol20} {
		got, err := ParseProtocol(s)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, s := range []string{"", "QtRO 1.2", "QtRO", "2", "QtRO QtRO 2.0", strings.Repeat("x", 1000)} {
		_, err := ParseProtocol(s)
		var wrong *MismatchError
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, s, wrong.Got)
		assert.Less(t, len(err.Error()), 200)
	}
	assert.Equal(t, "Protocol(7)", Protocol(7).String())
}
