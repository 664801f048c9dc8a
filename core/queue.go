package core

import (
	"sync"
	"sync/atomic"
)

// queue hands items to a function, one after another and in order, on a goroutine that exists only while there are any.
// So an idle object costs no goroutine.
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
}

// newQueue returns a queue. start starts a goroutine that the owner waits for.
func newQueue[T any](limit, bytes int, start func(func()), run func([]T)) *queue[T] {
	q := &queue[T]{run: run, start: start, limit: limit, bytes: bytes}
	q.room.L = &q.mu
	return q
}

// hurryFactor is how many times its limits a queue may hold while somebody is in a hurry.
const hurryFactor = 8

// push adds an item that holds about so many bytes. While the queue is full it blocks, until there is room or the queue is
// closed. While hurry is set and not zero it takes more.
func (q *queue[T]) push(item T, bytes int, hurry *atomic.Int32) {
	q.mu.Lock()
	for !q.closed && q.full(1) && (hurry == nil || hurry.Load() == 0 || q.full(hurryFactor)) {
		q.room.Wait()
	}
	q.weight += bytes
	q.add(item)
	q.mu.Unlock()
}

func (q *queue[T]) full(factor int) bool {
	return len(q.items) >= q.limit*factor || q.weight > q.bytes*factor
}

// nudge makes push look again at who is in a hurry.
func (q *queue[T]) nudge() {
	q.mu.Lock()
	q.room.Broadcast()
	q.mu.Unlock()
}

// tell adds an item however full the queue is: for the few that must not wait.
func (q *queue[T]) tell(item T) {
	q.mu.Lock()
	q.add(item)
	q.mu.Unlock()
}

func (q *queue[T]) add(item T) {
	if q.closed {
		return
	}
	q.items = append(q.items, item)
	if !q.running {
		q.running = true
		q.start(q.drain)
	}
}

func (q *queue[T]) drain() {
	q.mu.Lock()
	for len(q.items) > 0 {
		batch := q.items
		q.items, q.weight = q.spare[:0], 0
		q.room.Broadcast()
		q.mu.Unlock()
		q.run(batch)
		clear(batch)
		q.mu.Lock()
		q.spare = batch[:0]
	}
	q.running = false
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
