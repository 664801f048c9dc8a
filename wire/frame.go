package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sync"
)

// DefaultLimit is the longest packet that a Framer takes unless told otherwise, in bytes.
const DefaultLimit = 64 << 20

// headerSize is the least size of a packet: its length field and its kind.
const headerSize = 4 + 2

// Framer cuts a byte stream into packets. It reads ahead, and it holds memory for what has arrived, never for what a
// length field merely claims. It is not safe for concurrent use.
type Framer struct {
	r     io.Reader
	limit int
	order binary.ByteOrder
	buf   []byte // buf[off:end] has been read and not been handed out
	off   int
	end   int
	err   error // of a Read that brought bytes, too: for when these have been used up
}

// firstBuffer is the size that a Framer starts with: many small packets fit into one read.
const firstBuffer = 4 << 10

// maxBuffer is the size up to which the buffer grows for the sake of fewer reads.
const maxBuffer = 64 << 10

// NewFramer returns a Framer of packets of at most limit bytes, the length field included; 0 means DefaultLimit. The protocol may be 0 if
// Handshake is called first.
func NewFramer(r io.Reader, p Protocol, limit int) *Framer {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Framer{r: r, limit: limit, order: byteOrder(p)}
}

func byteOrder(p Protocol) binary.ByteOrder {
	if p == Protocol20 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// Handshake reads the host's first packet, which tells the protocol, and from then on cuts by that protocol's byte order.
// It returns a [*MismatchError] if the version is not known. It blocks as the stream's Read does.
func (f *Framer) Handshake() (Protocol, error) {
	if err := f.fill(4); err != nil {
		return 0, err
	}
	// The length is small, so that the byte order which makes it so is the sender's.
	head := f.buf[f.off : f.off+4]
	p := Protocol13
	if binary.LittleEndian.Uint32(head) < binary.BigEndian.Uint32(head) {
		p = Protocol20
	}
	f.order = byteOrder(p)
	const longest = 256
	if n := f.order.Uint32(head); n > longest {
		return 0, fmt.Errorf("%w: a packet of %d bytes instead of a Handshake: is the peer a Qt Remote Objects host?", ErrTooLong, n)
	}
	frame, err := f.Next()
	if err != nil {
		return 0, err
	}
	var hello Packet
	if err := NewDecoder(p).Decode(frame, &hello); err != nil {
		return 0, err
	}
	if hello.Kind != Handshake {
		return 0, &MismatchError{Got: hello.Kind.String() + " packet"}
	}
	switch hello.Name {
	case p.String():
		return p, nil
	case Protocol13.String(), Protocol20.String():
		return 0, &MismatchError{Got: hello.Name + " in the other byte order"}
	}
	return 0, &MismatchError{Got: hello.Name}
}

// Next returns the next packet, its length field included. The bytes are valid until the next call. At the end of the
// stream the error is io.EOF; in the middle of a packet it is io.ErrUnexpectedEOF.
func (f *Framer) Next() ([]byte, error) {
	if err := f.fill(4); err != nil {
		return nil, err
	}
	n := uint64(f.order.Uint32(f.buf[f.off:])) + 4
	if n < headerSize {
		return nil, fmt.Errorf("%w: length %d", ErrTooShort, n-4)
	}
	if n > uint64(f.limit) {
		return nil, fmt.Errorf("%w of %d bytes: length %d", ErrTooLong, f.limit, n-4)
	}
	if err := f.fill(int(n)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	frame := f.buf[f.off : f.off+int(n) : f.off+int(n)]
	f.off += int(n)
	return frame, nil
}

// Kind returns the kind of a packet from Next.
func (f *Framer) Kind(packet []byte) Kind { return Kind(f.order.Uint16(packet[4:])) }

// Unread puts the packet that Next returned last back, so that Next returns it again.
func (f *Framer) Unread(packet []byte) { f.off -= len(packet) }

// Buffered reports whether a whole packet has been read already, so that Next will not block.
func (f *Framer) Buffered() bool {
	have := f.end - f.off
	return have >= 4 && uint64(have) >= uint64(f.order.Uint32(f.buf[f.off:]))+4
}

// maxIdle is how many times in a row a Read may bring nothing, without an error.
const maxIdle = 100

// fill reads until n bytes are there.
func (f *Framer) fill(n int) error {
	for idle := 0; f.end-f.off < n; {
		if f.err != nil {
			err := f.err
			f.err = nil // it may have been a deadline
			if errors.Is(err, io.EOF) && f.end > f.off {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		f.room(n)
		var m int
		m, f.err = f.r.Read(f.buf[f.end:])
		f.end += m
		if m > 0 {
			idle = 0
		} else if idle++; idle > maxIdle && f.err == nil {
			return io.ErrNoProgress
		}
	}
	return nil
}

// room makes space to read into, on the way to n bytes: at the end of the buffer, else by moving what is left to its
// start, else in a buffer twice as large. One that a large packet needed is given back when smaller ones follow.
func (f *Framer) room(n int) {
	have := f.end - f.off
	size := len(f.buf)
	switch {
	case size == 0:
		size = firstBuffer
	case have == size, have == 0 && f.end == size && size < maxBuffer: // it was full: more comes than it holds
		size *= 2
	case size > maxBuffer && n <= maxBuffer:
		size = maxBuffer
	case f.end < size:
		return
	}
	if size == len(f.buf) {
		copy(f.buf, f.buf[f.off:f.end])
	} else {
		next := newBuffer(size, n)
		copy(next, f.buf[f.off:f.end])
		freeBuffer(f.buf)
		f.buf = next
	}
	f.off, f.end = 0, have
}

// large are the buffers for large packets, by the power of two that their size is. They are shared, so that a connection
// without large packets holds none, and kept for a while, as one large packet often follows another.
var large [64]sync.Pool

// newBuffer returns a buffer of a size on the way to n bytes, or one for n bytes at once if there is one already.
func newBuffer(size, n int) []byte {
	if full := 1 << bits.Len(uint(n-1)); full > size {
		if b, ok := large[bits.Len(uint(full))].Get().(*[]byte); ok {
			return *b
		}
	}
	if size > maxBuffer {
		if b, ok := large[bits.Len(uint(size))].Get().(*[]byte); ok {
			return *b
		}
	}
	return make([]byte, size)
}

func freeBuffer(b []byte) {
	if len(b) > maxBuffer {
		large[bits.Len(uint(len(b)))].Put(&b)
	}
}
