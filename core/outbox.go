package core

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/go-qtro/qtro/wire"
)

// outbox is the queue of what a connection has to send. Packets leave in as few writes as possible: whatever gathers
// while one write is under way goes with the next. It holds at most limit bytes for a peer that does not read.
type outbox struct {
	w      io.Writer
	enc    *wire.Encoder
	limit  int
	latest bool               // past the limit, keep the latest value of each property
	start  func(func())       // starts a goroutine that the node waits for
	fail   func(error)        // ends the connection
	stats  *counters          // of the node
	late   map[lateKey][]byte // property changes that wait for room
	order  []lateKey

	mu      sync.Mutex
	chunks  [][]byte // packets to be written
	size    int      // bytes in chunks and in the write that is under way
	writing bool
	resting bool // between two writes
	closed  bool
}

type lateKey struct {
	object   string
	property int32
}

// chunkSize is how much goes out with one write when much is waiting. Chunks are shared by all connections, so that an idle
// one holds no memory; a packet that is larger has a chunk to itself.
const chunkSize = 64 << 10

var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// hardFactor: where property changes are coalesced, signals and replies may take this many times the limit.
const hardFactor = 2

// send queues whole packets.
func (o *outbox) send(packets []byte) {
	o.mu.Lock()
	if !o.admit(len(packets)) {
		return
	}
	o.add(packets)
	o.flush(false)
}

// add appends whole packets to what is to be written.
func (o *outbox) add(packets []byte) {
	tail := o.tail(len(packets))
	*tail = append(*tail, packets...)
	o.size += len(packets)
}

// tail returns the chunk to append n bytes to.
func (o *outbox) tail(n int) *[]byte {
	last := len(o.chunks) - 1
	if last < 0 || cap(o.chunks[last])-len(o.chunks[last]) < n {
		if n > chunkSize {
			o.chunks = append(o.chunks, make([]byte, 0, n))
		} else {
			o.chunks = append(o.chunks, chunks.Get().(*[chunkSize]byte)[:0])
		}
		last++
	}
	return &o.chunks[last]
}

// put encodes and queues one packet.
func (o *outbox) put(now bool, p *wire.Packet) error {
	if err := o.hold(p); err != nil {
		return err
	}
	o.kick(now)
	return nil
}

// kick sees to it that what is queued gets written. With now it may wait for the peer to read, and must be called without
// any lock that the reader of a connection takes.
func (o *outbox) kick(now bool) {
	o.mu.Lock()
	o.flush(now)
}

// hold encodes and queues one packet, which kick sends on its way.
func (o *outbox) hold(p *wire.Packet) error {
	o.mu.Lock()
	if !o.admit(0) {
		return ErrClosed
	}
	o.settle() // a state, a reply or an object's end must not overtake the changes that came before it
	tail := o.tail(1)
	before := len(*tail)
	buf, err := o.enc.Append(*tail, p) // which makes a larger chunk of it if the packet needs one
	if err == nil {
		o.size += len(buf) - before
		*tail = buf
	}
	if before == 0 && err != nil {
		o.chunks = o.chunks[:len(o.chunks)-1]
	}
	o.mu.Unlock()
	return err
}

// change queues the packets of a property's change, which may take the place of an older change of that property
// if the peer reads too slowly.
func (o *outbox) change(packets []byte, object string, property int32) {
	o.mu.Lock()
	if o.latest && !o.closed && (len(o.order) > 0 || o.size+len(packets) > o.limit) {
		key := lateKey{object, property}
		if _, ok := o.late[key]; ok {
			o.stats.coalesced.Add(1)
		} else {
			o.order = append(o.order, key)
		}
		if o.late == nil {
			o.late = map[lateKey][]byte{}
		}
		o.late[key] = append(o.late[key][:0], packets...)
		o.flush(false) // nothing may be under way if the change alone is past the limit
		return
	}
	if !o.admit(len(packets)) {
		return
	}
	o.add(packets)
	o.flush(false)
}

// admit checks the limit. If it returns false, the lock has been released.
func (o *outbox) admit(n int) bool {
	limit := o.limit
	if o.latest {
		limit *= hardFactor
	}
	full := o.size+n > limit && o.size > 0
	if !o.closed && !full {
		return true
	}
	closed := o.closed
	o.closed = true
	o.mu.Unlock()
	if !closed {
		o.stats.slow.Add(1)
		o.fail(fmt.Errorf("%w: %d bytes are waiting, the limit is %d", ErrSlowPeer, limit, o.limit))
	}
	return false
}

// flush is called with the lock, and releases it.
func (o *outbox) flush(now bool) {
	if o.writing || o.resting && !now {
		o.mu.Unlock()
		return
	}
	o.writing = true
	if !now {
		o.mu.Unlock()
		o.start(o.drain)
		return
	}
	more := o.write() && !o.resting
	if !more {
		o.writing = false // the goroutine that rests will see to what has come meanwhile
	}
	o.mu.Unlock()
	if more {
		o.start(o.drain)
	}
}

// settle queues the changes that wait for room.
func (o *outbox) settle() {
	for _, key := range o.order {
		o.add(o.late[key])
	}
	clear(o.late)
	o.order = o.order[:0]
}

// A stream of small updates would be written as fast as it comes, a few at a time. So a goroutine that has just written and
// finds less than restBelow bytes rests before it writes again. What comes alone, and whatever is sent now, does not wait.
const (
	restBelow = 16 << 10
	restTime  = 50 * time.Microsecond
)

func (o *outbox) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.write() {
		if o.size >= restBelow {
			continue
		}
		o.writing, o.resting = false, true
		o.mu.Unlock()
		time.Sleep(restTime)
		o.mu.Lock()
		o.resting = false
		if o.writing || len(o.chunks) == 0 && len(o.order) == 0 {
			return // somebody else writes, or has written
		}
		o.writing = true
	}
}

// write does one write, and reports whether there is more to do. It is called with the lock, which it gives up meanwhile.
func (o *outbox) write() bool {
	if len(o.chunks) == 0 {
		o.settle()
	}
	if len(o.chunks) == 0 || o.closed {
		o.writing = false
		return false
	}
	out := o.chunks[0]
	o.chunks = slices.Delete(o.chunks, 0, 1)
	o.mu.Unlock()
	_, err := o.w.Write(out)
	o.mu.Lock()
	o.size -= len(out)
	if cap(out) == chunkSize {
		chunks.Put((*[chunkSize]byte)(out[:chunkSize]))
	}
	if err != nil {
		o.closed, o.writing = true, false
		o.mu.Unlock()
		o.fail(fmt.Errorf("write: %w", err))
		o.mu.Lock()
		return false
	}
	if len(o.chunks) == 0 && len(o.order) == 0 {
		o.writing = false
		return false
	}
	return true
}

// close drops what is queued.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.chunks, o.late, o.order = nil, nil, nil
	o.mu.Unlock()
}
