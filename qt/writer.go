package qt

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Writer writes what a QDataStream reads. Like [Reader]'s, its first error sticks.
// It is not safe for concurrent use.
type Writer struct {
	buf    []byte
	format Format
	depth  int
	err    error
}

// NewWriter returns a Writer that appends to buf.
func NewWriter(buf []byte, f Format) *Writer { return &Writer{buf: buf, format: f} }

// Reset makes w append to buf, without an error.
func (w *Writer) Reset(buf []byte, f Format) { *w = Writer{buf: buf, format: f} }

// Format returns the stream's version and byte order.
func (w *Writer) Format() Format { return w.format }

// Bytes returns what has been written, with what stood in the buffer before.
func (w *Writer) Bytes() []byte { return w.buf }

// Err returns the first error, or nil.
func (w *Writer) Err() error { return w.err }

// Fail makes err the writer's error unless it has one already.
func (w *Writer) Fail(err error) {
	if w.err == nil {
		w.err = fmt.Errorf("qt: encode: %w", err)
	}
}

// Nested writes a QByteArray whose content fn writes, in the big-endian format of nested streams.
func (w *Writer) Nested(fn func(*Writer)) {
	at, outer := len(w.buf), w.format
	w.Uint32(0)
	w.format = outer.Nested()
	if w.depth++; w.depth > MaxDepth {
		w.Fail(ErrTooDeep)
	} else {
		fn(w)
	}
	w.depth--
	w.format = outer
	w.PutUint32(at, uint32(len(w.buf)-at-4))
}

// PutUint32 overwrites four bytes at offset at, for lengths that are known only afterwards.
func (w *Writer) PutUint32(at int, v uint32) {
	if w.format.LittleEndian {
		binary.LittleEndian.PutUint32(w.buf[at:], v)
	} else {
		binary.BigEndian.PutUint32(w.buf[at:], v)
	}
}

// Raw writes b as it is.
func (w *Writer) Raw(b []byte) { w.buf = append(w.buf, b...) }

// Uint8 writes a quint8.
func (w *Writer) Uint8(v uint8) { w.buf = append(w.buf, v) }

// Uint16 writes a quint16.
func (w *Writer) Uint16(v uint16) {
	if w.format.LittleEndian {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, v)
	} else {
		w.buf = binary.BigEndian.AppendUint16(w.buf, v)
	}
}

// Uint32 writes a quint32.
func (w *Writer) Uint32(v uint32) {
	if w.format.LittleEndian {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
	} else {
		w.buf = binary.BigEndian.AppendUint32(w.buf, v)
	}
}

// Uint64 writes a quint64.
func (w *Writer) Uint64(v uint64) {
	if w.format.LittleEndian {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
	} else {
		w.buf = binary.BigEndian.AppendUint64(w.buf, v)
	}
}

// Int32 writes a qint32.
func (w *Writer) Int32(v int32) { w.Uint32(uint32(v)) }

// Bool writes a bool.
func (w *Writer) Bool(v bool) {
	if v {
		w.Uint8(1)
	} else {
		w.Uint8(0)
	}
}

// Float64 writes a double.
func (w *Writer) Float64(v float64) { w.Uint64(math.Float64bits(v)) }

// ByteArray writes a QByteArray; nil is a null one.
func (w *Writer) ByteArray(b []byte) {
	if b == nil {
		w.Uint32(math.MaxUint32)
		return
	}
	w.Uint32(uint32(len(b)))
	w.Raw(b)
}

// ByteString writes text as a QByteArray; "" is an empty one.
func (w *Writer) ByteString(s string) {
	w.Uint32(uint32(len(s)))
	w.buf = append(w.buf, s...)
}

// CString writes a C string, whose length counts a trailing NUL.
func (w *Writer) CString(s string) {
	w.Uint32(uint32(len(s) + 1))
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, 0)
}

// NullText writes a null QString.
func (w *Writer) NullText() { w.Uint32(math.MaxUint32) }

// Text writes a QString that is not null.
func (w *Writer) Text(s string) {
	at := len(w.buf)
	w.Uint32(uint32(2 * len(s)))
	i := w.ascii(s)
	if i == len(s) {
		return
	}
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			w.Uint16(uint16(c))
			i++
			continue
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == utf8.RuneError && n == 1 && loneSurrogate(s[i:]):
			// Reader.utf8 made these three bytes.
			w.Uint16(uint16(surrogate(s[i:])))
			n = 3
		case c >= 0x10000:
			c -= 0x10000
			w.Uint16(uint16(0xd800 + c>>10))
			w.Uint16(uint16(0xdc00 + c&0x3ff))
		default:
			w.Uint16(uint16(c))
		}
		i += n
	}
	w.PutUint32(at, uint32(len(w.buf)-at-4))
}

// ascii writes the text up to its first character beyond ASCII, which most texts do not have, and returns where that is.
func (w *Writer) ascii(s string) int {
	from := len(w.buf)
	w.buf = slices.Grow(w.buf, 2*len(s))
	out := w.buf[from : from+2*len(s)]
	lo := 1
	if w.format.LittleEndian {
		lo = 0
	}
	i := 0
	for ; i < len(s) && s[i] < utf8.RuneSelf; i++ {
		out[2*i+lo], out[2*i+1-lo] = s[i], 0
	}
	w.buf = w.buf[:from+2*i]
	return i
}

// surrogate returns the surrogate that loneSurrogate has found at the start of s.
func surrogate(s string) rune {
	return rune(s[0]&0x0f)<<12 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f)
}

// loneSurrogate reports whether s starts with the three bytes that stand for a surrogate without its other half.
func loneSurrogate(s string) bool {
	return len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80
}

// textOrNull writes a QString that is null when it is empty.
func (w *Writer) textOrNull(s string) {
	if s == "" {
		w.NullText()
		return
	}
	w.Text(s)
}
