package core

import (
	"sync"
	"sync/atomic"
)

// queue hands items to a function, in batches and in order, on a goroutine that is there only while there are any. So an
// idle object costs no goroutine.
type queue[T any] struct {
	run   func([]T) // is given a batch, which is used again after it returns
	start func(func())
	limit int // push waits while there are more items than this
	bytes int // or while they weigh more than this

	mu      sync.Mutex
	room    sync.Cond
	items   []T
	weight  int
	spare   []T
	running bool
	closed  bool
	slow    int // how many items are still to be pushed before one may be entered; see setSlow
}

// newQueue returns a queue. start starts a goroutine that the owner waits for.
func newQueue[T any](limit, bytes int, start func(func()), run func([]T)) *queue[T] {
	q := &queue[T]{run: run, start: start, limit: limit, bytes: bytes}
	q.room.L = &q.mu
	return q
}

// Past its limits a queue takes more while somebody is in a hurry, up to these.
const (
	hurryItems  = 128 << 10
	hurryFactor = 8 // times the limit in bytes
)

// hurry tells a queue that it should rather grow than keep its user waiting.
type hurry[T any] struct {
	users   atomic.Int32             // who are in a hurry
	blocked atomic.Pointer[queue[T]] // that keeps somebody waiting
}

// begin counts one more who is in a hurry; end takes it back.
func (h *hurry[T]) begin() {
	h.users.Add(1)
	if q := h.blocked.Load(); q != nil {
		q.mu.Lock()
		q.room.Broadcast()
		q.mu.Unlock()
	}
}

func (h *hurry[T]) end() { h.users.Add(-1) }

// push adds items that hold about so many bytes. While the queue is full it blocks, until there is room or the queue is
// closed; it takes more while somebody is in a hurry (h may be nil), and any number if it must not wait. Nothing is run before the queue is full or kicked: it
// is cheaper to hand over many items than one at a time.
func (q *queue[T]) push(items []T, bytes int, h *hurry[T], now bool) {
	q.mu.Lock()
	for !now && !q.closed && (len(q.items) >= q.limit || q.weight > q.bytes) {
		if h != nil {
			h.blocked.Store(q) // before looking: whoever is in a hurry from now on will wake us
			if h.users.Load() != 0 && len(q.items) < hurryItems && q.weight <= q.bytes*hurryFactor {
				break
			}
		}
		q.work()
		q.room.Wait()
	}
	if h != nil && h.blocked.Load() != nil {
		h.blocked.Store(nil)
	}
	if !q.closed {
		q.weight += bytes
		q.items = append(q.items, items...)
	}
	q.mu.Unlock()
}

// kick sees to it that what has been pushed is run.
func (q *queue[T]) kick() {
	q.mu.Lock()
	q.work()
	q.mu.Unlock()
}

// tell adds an item however full the queue is, for the few that must not wait, and kicks it.
func (q *queue[T]) tell(item T) {
	q.mu.Lock()
	if !q.closed {
		q.items = append(q.items, item)
		q.work()
	}
	q.mu.Unlock()
}

// work starts the goroutine if there is something to do and none. It is called with the lock.
func (q *queue[T]) work() {
	if !q.running && len(q.items) > 0 {
		q.running = true
		q.start(q.drain)
	}
}

func (q *queue[T]) drain() {
	q.mu.Lock()
	for len(q.items) > 0 {
		batch := q.items
		q.items, q.weight = q.spare[:0], 0
		q.spare = nil
		q.room.Broadcast()
		q.mu.Unlock()
		q.run(batch)
		clear(batch)
		q.mu.Lock()
		if cap(batch) <= 4*q.limit { // else there was a hurry
			q.spare = batch[:0]
		}
	}
	q.running = false
	q.mu.Unlock()
}

// enter makes the caller run an item himself instead of pushing it, if the queue is empty and its items are not slow. He
// must call leave then, before which no other item is run.
func (q *queue[T]) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.slow > 0 {
		q.slow--
		return false
	}
	if q.closed || q.running || len(q.items) > 0 {
		return false
	}
	q.running = true
	return true
}

func (q *queue[T]) leave() {
	q.mu.Lock()
	q.running = false
	q.work()
	q.mu.Unlock()
}

// setSlow tells the queue that running an item has taken so long that the next ones should not be run by who pushes them.
// It is tried again now and then: the machine may just have been busy.
func (q *queue[T]) setSlow() {
	q.mu.Lock()
	q.slow = 100
	q.mu.Unlock()
}

// close drops what is waiting and lets push return.
func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.items = nil
	q.room.Broadcast()
	q.mu.Unlock()
}
