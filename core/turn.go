package core

import (
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/wire"
)

// One goroutine reads a connection. But to hand what has come to another one, which may have to be woken on another processor,
// takes longer than most calls. So where call follows call, fewer goroutines take part. On the client's side the reader
// leaves the connection to the caller, who reads his reply himself. On the host's side the reader calls the handler
// himself. Should the caller or the handler take longer than a moment, somebody else reads on.

// moment is how long a connection may be left unread, and how long a caller may be in reading before he is relieved.
const moment = 300 * time.Microsecond

// reader is what whoever reads a connection uses. On the client's side the holder of the turn reads; on the host's side
// there is one reader at any time.
type reader struct {
	framer   *wire.Framer
	decoder  *wire.Decoder
	handle   func(*wire.Packet) error
	in       wire.Packet
	size     int    // of the packet that is being handled
	pushed   kicker // that something was pushed into, and that was not kicked yet
	borrowed bool   // a caller reads
}

var (
	errNoObject = errors.New("no such object")
	errNotMine  = errors.New("a packet for the connection's own reader")
	errRelieved = errors.New("another goroutine reads now")
)

// step reads and handles one packet. A packet for an object that is not there (any more) is passed over.
func (c *conn) step() error {
	if c.pushed != nil && !c.framer.Buffered() {
		c.later(nil)
	}
	frame, err := c.framer.Next()
	if err != nil {
		return err
	}
	if c.borrowed && !light[c.framer.Kind(frame)] {
		c.framer.Unread(frame)
		return errNotMine
	}
	c.size = len(frame)
	if err = c.decoder.Decode(frame, &c.in); err == nil {
		return c.handle(&c.in)
	}
	if errors.Is(err, errNoObject) {
		c.log.Debug("packet for an object that is not there", "kind", c.in.Kind, "object", c.in.Name)
		return nil
	}
	return err
}

// later notes that the reader has pushed something into a queue, which is kicked before the reader turns to another
// queue or has to wait for the peer.
func (c *conn) later(q kicker) {
	if c.pushed != nil && c.pushed != q {
		c.pushed.kick()
	}
	c.pushed = q
}

// kicker is a queue of anything.
type kicker interface{ kick() }

// light are the packets that a caller may handle: what comes of them is queued. The others change what there is, of which the
// program may be told at once, and it need not be ready for that in the middle of a call.
var light = map[wire.Kind]bool{wire.Invoke: true, wire.InvokeReply: true, wire.PropertyChange: true, wire.Pong: true}

// turn is the right to read a connection to a host.
type turn struct {
	sync.Mutex
	taken atomic.Int64  // how often a caller has taken or given up the turn
	back  chan struct{} // a caller who gives it up leaves something to do
	// interrupt lets a caller's Read end; it is nil if the stream cannot do that, and then no caller reads.
	interrupt func(time.Time) error
}

func (t *turn) init(stream any) {
	t.back = make(chan struct{}, 1)
	switch s := stream.(type) {
	case Conn:
		t.interrupt = s.SetReadDeadline
	case *net.TCPConn:
		t.interrupt = s.SetReadDeadline
	case *net.UnixConn:
		t.interrupt = s.SetReadDeadline
	} // of others, a Read that has run into a deadline may be the last
}

// read reads the connection until it ends.
func (c *clientConn) read() {
	c.turn.Lock()
	defer c.turn.Unlock()
	for {
		err := c.step()
		if err == nil && c.in.Kind == wire.InvokeReply && c.turn.interrupt != nil && !c.framer.Buffered() && c.replies.users.Load() == 0 {
			c.later(nil)
			c.lend()
			err = c.ctx.Err() // a caller may have found the end
		}
		if err != nil {
			c.later(nil)
			c.fail(err)
			return
		}
	}
}

// lend leaves the connection to callers until there are none, or one of them is in reading for too long.
func (c *clientConn) lend() {
	t := &c.turn
	seen := t.taken.Load()
	t.Unlock()
	if c.replies.users.Load() == 0 { // else somebody has come who does not know that the turn is free
		pause := time.NewTimer(moment)
		defer pause.Stop()
		for waiting := true; waiting; {
			select {
			case <-t.back:
				waiting = false
			case <-c.ctx.Done():
				waiting = false
			case <-pause.C:
				now := t.taken.Load()
				waiting = now != seen
				seen = now
				pause.Reset(moment)
			}
		}
	}
	if t.TryLock() {
		return
	}
	_ = t.interrupt(time.Unix(1, 0)) // it fails if the connection has ended, which ends the Read as well
	t.Lock()
	_ = t.interrupt(time.Time{})
}

// lendMost is how many packets a caller reads at most, and lendBytes about how many bytes: what comes of them is queued beyond
// the limits, since the caller may be who should make room.
const (
	lendMost  = 64
	lendBytes = 1 << 20
)

// borrow lets a caller whose request is on its way read until his reply is there, if nobody else reads.
func (c *clientConn) borrow(ch chan reply) {
	t := &c.turn
	if t.interrupt == nil || !t.TryLock() {
		return
	}
	t.taken.Add(1)
	c.borrowed = true
	var err error
	for n, bytes := 0, 0; err == nil && n < lendMost && bytes < lendBytes && (len(ch) == 0 || c.framer.Buffered()); n++ {
		err = c.step()
		bytes += c.size
	}
	c.later(nil)
	more := c.framer.Buffered()
	c.borrowed = false
	t.taken.Add(1)
	t.Unlock()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, errNotMine) {
		c.fail(err)
	}
	if err != nil || more || c.replies.users.Load() != 0 {
		select {
		case t.back <- struct{}{}:
		default:
		}
	}
}

// shift is what the goroutines share that read a host's connection one after another.
type shift struct {
	mu     sync.Mutex
	number int          // of the reader; those before it have been relieved
	called int          // handlers that readers have called
	busy   *queue[call] // whose handler the reader is calling; nil while it reads
	guard  bool         // somebody watches over it
}

// read reads the connection until it ends, as a rule. A reader who has been relieved just leaves.
func (c *hostConn) read() {
	for {
		err := c.step()
		if errors.Is(err, errRelieved) {
			return
		}
		if err != nil {
			c.later(nil)
			c.fail(err)
			c.finish()
			return
		}
	}
}

// callNow carries out a call on the reader's goroutine, unless others wait for their turn or are likely to.
func (c *hostConn) callNow(q *queue[call], k *call) (done bool, err error) {
	if k.serial < 0 || c.framer.Buffered() || !q.enter() {
		return false, nil
	}
	c.later(nil)
	s := &c.shift
	s.mu.Lock()
	s.busy = q
	s.called++
	number := s.number
	if !s.guard {
		s.guard = true
		c.host.group.start(c.guard)
	}
	s.mu.Unlock()
	c.answer(k)
	s.mu.Lock()
	relieved := s.number != number
	if !relieved {
		s.busy = nil
	}
	s.mu.Unlock()
	q.leave()
	if relieved {
		return true, errRelieved
	}
	return true, nil
}

// guard relieves a reader whose handler takes long. It leaves when no handler has been called for a while.
func (c *hostConn) guard() {
	const patience = 10 // moments
	s := &c.shift
	pause := time.NewTicker(moment)
	defer pause.Stop()
	for called, idle := math.MinInt, 0; idle < patience; {
		<-pause.C
		s.mu.Lock()
		switch {
		case s.called != called:
			called, idle = s.called, 0
		case s.busy != nil:
			s.busy.setSlow()
			s.busy = nil
			s.number++
			s.guard = false
			s.mu.Unlock()
			c.read()
			return
		default:
			if idle++; idle == patience {
				s.guard = false
			}
		}
		s.mu.Unlock()
	}
}
