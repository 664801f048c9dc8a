package qt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// Causes of a [DecodeError].
var (
	ErrShort    = errors.New("not enough bytes")
	ErrTrailing = errors.New("bytes left over")
	ErrTooDeep  = fmt.Errorf("values nested deeper than %d", MaxDepth)
	ErrUTF16    = errors.New("not UTF-16")
	ErrValue    = errors.New("value out of range")
)

// Reader reads what a QDataStream wrote. Its first error sticks: from then on every method returns
// zero values and Err says what was wrong, so a codec reads all its fields and leaves the rest to the caller.
// A Reader never allocates more than a small multiple of the bytes it was given. It is not safe for concurrent use.
type Reader struct {
	buf    []byte
	off    int
	base   int // offset of buf within the whole input, for errors
	format Format
	types  *Types
	depth  int
	budget int // how many more items containers may have, all together
	err    error
	text   []byte // scratch of UTF-16 conversions
}

// NewReader returns a Reader of data. Names of user types are looked up in types; nil means the registered ones.
func NewReader(data []byte, f Format, types *Types) *Reader {
	r := new(Reader)
	r.Reset(data, f, types)
	return r
}

// Reset makes r read data from its start, keeping its scratch memory.
func (r *Reader) Reset(data []byte, f Format, types *Types) {
	if types == nil {
		types = builtin
	}
	if cap(r.text) > maxScratch {
		r.text = nil
	}
	r.buf, r.off, r.base, r.format, r.types = data, 0, 0, f, types
	r.depth, r.budget, r.err = 0, len(data), nil
}

// maxScratch is the largest scratch memory that a Reader keeps for its next input.
const maxScratch = 64 << 10

// Release lets go of the input, which may be large, until the next Reset.
func (r *Reader) Release() { r.buf = nil }

// nested returns a reader of a stream that lies inside this one.
func (r *Reader) nested(data []byte, at int) *Reader {
	return &Reader{buf: data, base: at, format: r.format.Nested(), types: r.types, depth: r.depth, budget: r.budget}
}

// Nested reads a QByteArray and hands fn a reader of its content: big-endian, of the same types and depth.
// Bytes that fn leaves are an error. A null or empty byte array is passed over: fn is not called.
func (r *Reader) Nested(what string, fn func(*Reader)) {
	data := r.RawBytes()
	if r.err != nil || len(data) == 0 {
		return
	}
	n := r.nested(data, r.base+r.off-len(data))
	if n.enter(what); n.err == nil {
		fn(n)
	}
	n.Finish(what)
	r.err, r.budget = n.err, n.budget
}

// SetTypes changes where the names of user types are looked up from here on.
func (r *Reader) SetTypes(t *Types) { r.types = t }

// Types returns where the names of user types are looked up.
func (r *Reader) Types() *Types { return r.types }

// Format returns the stream's version and byte order.
func (r *Reader) Format() Format { return r.format }

// Err returns the first error, a [*DecodeError], or nil.
func (r *Reader) Err() error { return r.err }

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.base + r.off }

// Remaining returns how many bytes have not been read.
func (r *Reader) Remaining() int { return len(r.buf) - r.off }

// Fail makes err the reader's error unless it has one already.
func (r *Reader) Fail(what string, err error) {
	if r.err == nil {
		r.err = &DecodeError{Offset: r.Offset(), What: what, Err: err}
	}
}

// Finish fails with [ErrTrailing] if bytes are left, and returns Err.
func (r *Reader) Finish(what string) error {
	if r.err == nil && r.off != len(r.buf) {
		r.Fail(what, fmt.Errorf("%w: %d", ErrTrailing, r.Remaining()))
	}
	return r.err
}

func (r *Reader) enter(what string) {
	if r.depth++; r.depth > MaxDepth {
		r.Fail(what, ErrTooDeep)
	}
}

// take returns the next n bytes, or nil and an error. The result is valid as long as the input is.
func (r *Reader) take(n int, what string) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.buf)-r.off {
		r.Fail(what, fmt.Errorf("%w: %d of %d", ErrShort, r.Remaining(), n))
		return nil
	}
	b := r.buf[r.off : r.off+n]
	r.off += n
	return b
}

// takeLong is take for a length from the stream, which an int of 32 bits may not hold.
func (r *Reader) takeLong(n uint32, what string) []byte {
	return r.take(int(min(n, math.MaxInt32)), what)
}

// Raw returns the next n bytes as they are. They alias the input.
func (r *Reader) Raw(n int) []byte { return r.take(n, "raw data") }

func (r *Reader) order() binary.ByteOrder {
	if r.format.LittleEndian {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// The readers of integers look at the bytes themselves instead of calling take: they are most of what decoding does.

// Uint8 reads a quint8.
func (r *Reader) Uint8() uint8 {
	if off := r.off; off < len(r.buf) && r.err == nil {
		r.off = off + 1
		return r.buf[off]
	}
	r.take(1, "quint8") // to fail
	return 0
}

// Uint16 reads a quint16.
func (r *Reader) Uint16() uint16 {
	if off := r.off; len(r.buf)-off >= 2 && r.err == nil {
		r.off = off + 2
		if r.format.LittleEndian {
			return binary.LittleEndian.Uint16(r.buf[off:])
		}
		return binary.BigEndian.Uint16(r.buf[off:])
	}
	r.take(2, "quint16")
	return 0
}

// Uint32 reads a quint32.
func (r *Reader) Uint32() uint32 {
	if off := r.off; len(r.buf)-off >= 4 && r.err == nil {
		r.off = off + 4
		if r.format.LittleEndian {
			return binary.LittleEndian.Uint32(r.buf[off:])
		}
		return binary.BigEndian.Uint32(r.buf[off:])
	}
	r.take(4, "quint32")
	return 0
}

// Uint64 reads a quint64.
func (r *Reader) Uint64() uint64 {
	if off := r.off; len(r.buf)-off >= 8 && r.err == nil {
		r.off = off + 8
		if r.format.LittleEndian {
			return binary.LittleEndian.Uint64(r.buf[off:])
		}
		return binary.BigEndian.Uint64(r.buf[off:])
	}
	r.take(8, "quint64")
	return 0
}

// Int32 reads a qint32.
func (r *Reader) Int32() int32 { return int32(r.Uint32()) }

// Bool reads a bool; a byte other than 0 and 1 counts as true, as in Qt.
func (r *Reader) Bool() bool { return r.Uint8() != 0 }

// Float64 reads a double.
func (r *Reader) Float64() float64 { return math.Float64frombits(r.Uint64()) }

// Count reads the quint32 that stands before the items of a container and checks it against the bytes that are
// left, each item taking at least size (but never less than one) of them.
func (r *Reader) Count(size int) int { return r.count(max(size, 1)) }

// count is Count for items that may have no bytes at all. Since every other item has at least a byte that is its own,
// containers never have more items together than the input has bytes; that keeps containers of items without bytes,
// one inside the other, from growing beyond it.
func (r *Reader) count(size int) int {
	n := int64(r.Uint32())
	if r.err == nil && (size > 0 && n > int64(r.Remaining()/size) || n > int64(r.budget)) {
		r.Fail("count", fmt.Errorf("%w: %d items in %d bytes", ErrShort, n, r.Remaining()))
	}
	if r.err != nil {
		return 0
	}
	r.budget -= int(n)
	return int(n)
}

// RawBytes reads a QByteArray without copying it: the result aliases the input. A null one is nil.
func (r *Reader) RawBytes() []byte {
	n := r.Uint32()
	if n == math.MaxUint32 || r.err != nil {
		return nil
	}
	return r.takeLong(n, "QByteArray")
}

// Bytes reads a QByteArray. A null one is nil, an empty one is not.
func (r *Reader) Bytes() []byte {
	b := r.RawBytes()
	if b == nil {
		return nil
	}
	return append([]byte{}, b...) // which, unlike make, does not zero what is copied over
}

// ByteString reads a QByteArray that holds text, such as a signature.
func (r *Reader) ByteString() string { return string(r.RawBytes()) }

// CString reads a C string, whose length counts a trailing NUL.
func (r *Reader) CString() string {
	b := r.RawBytes()
	if len(b) == 0 {
		return ""
	}
	if b[len(b)-1] != 0 {
		r.Fail("C string", fmt.Errorf("%w: no NUL at its end", ErrValue))
		return ""
	}
	return string(b[:len(b)-1])
}

// RawString reads a QString without converting it: the result is UTF-16 in the stream's byte order and
// aliases the input. A null one is nil.
func (r *Reader) RawString() []byte {
	n := r.Uint32()
	if n == math.MaxUint32 || r.err != nil {
		return nil
	}
	if n%2 != 0 {
		r.Fail("QString", fmt.Errorf("%w: odd length %d", ErrUTF16, n))
		return nil
	}
	return r.takeLong(n, "QString")
}

// Text reads a QString; null and empty are both "".
func (r *Reader) Text() string { return string(r.utf8(r.RawString())) }

// Name reads a QString that names something, and so must be UTF-16 without lone surrogates.
func (r *Reader) Name() string { return r.NameOf(r.RawString()) }

// NameOf converts the result of [Reader.RawString] as [Reader.Name] does.
func (r *Reader) NameOf(raw []byte) string {
	s := string(r.utf8(raw))
	if !utf8.ValidString(s) {
		r.Fail("name", ErrUTF16)
		return ""
	}
	return s
}

// utf8 converts UTF-16. A lone surrogate, which a QString may hold, becomes the three bytes that UTF-8 would give
// it if it were a character, so that writing the string again restores it.
func (r *Reader) utf8(b []byte) []byte {
	out := r.text[:0]
	hi, lo := 0, 1
	if r.format.LittleEndian {
		hi, lo = 1, 0
	}
	for i := 0; i+1 < len(b); i += 2 {
		u := rune(b[i+hi])<<8 | rune(b[i+lo])
		switch {
		case u < utf8.RuneSelf:
			out = append(out, byte(u))
		case !utf16.IsSurrogate(u):
			out = utf8.AppendRune(out, u)
		default:
			if i+3 < len(b) {
				if c := utf16.DecodeRune(u, rune(b[i+2+hi])<<8|rune(b[i+2+lo])); c != utf8.RuneError {
					out = utf8.AppendRune(out, c)
					i += 2
					continue
				}
			}
			out = append(out, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
		}
	}
	r.text = out
	return out
}
