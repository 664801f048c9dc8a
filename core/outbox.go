package core

import (
	"fmt"
	"io"
	"sync"

	"github.com/go-qtro/qtro/wire"
)

// outbox is the queue of what a connection has to send. Packets leave in as few writes as possible: whatever gathers
// while one write is under way goes with the next. It holds at most limit bytes for a peer that does not read.
type outbox struct {
	w      io.Writer
	enc    *wire.Encoder
	limit  int
	latest bool                // past the limit, keep the latest value of each property
	start  func(func())        // starts a goroutine that the node waits for
	fail   func(error)         // ends the connection
	stats  *counters           // of the node
	late   map[lateKey]latePut // property changes that wait for room
	order  []lateKey

	mu      sync.Mutex
	buf     []byte // packets to be written
	spare   []byte
	flying  int // bytes in the write that is under way
	writing bool
	closed  bool
}

type lateKey struct {
	object   string
	property int32
}

type latePut []byte

// keepBuffer is how large a buffer an outbox holds on to when it is empty.
const keepBuffer = 256 << 10

// hardFactor: where property changes are coalesced, signals and replies may take this many times the limit.
const hardFactor = 2

// send queues whole packets. With now, they are written before it returns, unless a write is under way already.
func (o *outbox) send(packets []byte, now bool) {
	o.mu.Lock()
	if !o.admit(len(packets)) {
		return
	}
	o.buf = append(o.buf, packets...)
	o.flush(now)
}

// put encodes and queues one packet.
func (o *outbox) put(now bool, p *wire.Packet) error {
	o.mu.Lock()
	if !o.admit(0) {
		return ErrClosed
	}
	buf, err := o.enc.Append(o.buf, p)
	if err != nil {
		o.mu.Unlock()
		return err
	}
	o.buf = buf
	o.flush(now)
	return nil
}

// change queues the packets of a property's change, which may take the place of an older change of that property
// if the peer reads too slowly.
func (o *outbox) change(packets []byte, object string, property int32) {
	o.mu.Lock()
	if o.latest && !o.closed && (len(o.order) > 0 || len(o.buf)+o.flying+len(packets) > o.limit) {
		key := lateKey{object, property}
		if _, ok := o.late[key]; ok {
			o.stats.coalesced.Add(1)
		} else {
			o.order = append(o.order, key)
		}
		if o.late == nil {
			o.late = map[lateKey]latePut{}
		}
		o.late[key] = append(o.late[key][:0], packets...)
		o.mu.Unlock()
		return
	}
	if !o.admit(len(packets)) {
		return
	}
	o.buf = append(o.buf, packets...)
	o.flush(false)
}

// admit checks the limit. If it returns false, the lock has been released.
func (o *outbox) admit(n int) bool {
	limit := o.limit
	if o.latest {
		limit *= hardFactor
	}
	full := len(o.buf)+o.flying+n > limit && len(o.buf)+o.flying > 0
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
	if o.writing {
		o.mu.Unlock()
		return
	}
	o.writing = true
	if !now {
		o.mu.Unlock()
		o.start(o.drain)
		return
	}
	more := o.write()
	o.mu.Unlock()
	if more {
		o.start(o.drain)
	}
}

func (o *outbox) drain() {
	o.mu.Lock()
	for o.write() {
	}
	o.mu.Unlock()
}

// write does one write, and reports whether there is more to do. It is called with the lock, which it gives up meanwhile.
func (o *outbox) write() bool {
	if len(o.buf) == 0 {
		for _, key := range o.order {
			o.buf = append(o.buf, o.late[key]...)
		}
		clear(o.late)
		o.order = o.order[:0]
	}
	if len(o.buf) == 0 || o.closed {
		o.writing = false
		return false
	}
	out := o.buf
	o.buf, o.flying = o.spare[:0], len(out)
	o.spare = nil
	o.mu.Unlock()
	_, err := o.w.Write(out)
	o.mu.Lock()
	o.flying = 0
	if cap(out) <= keepBuffer {
		o.spare = out
	}
	if err != nil {
		o.closed, o.writing = true, false
		o.mu.Unlock()
		o.fail(fmt.Errorf("write: %w", err))
		o.mu.Lock()
		return false
	}
	if len(o.buf) == 0 && len(o.order) == 0 {
		o.writing = false
		return false
	}
	return true
}

// close drops what is queued.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.buf, o.late, o.order = nil, nil, nil
	o.mu.Unlock()
}
