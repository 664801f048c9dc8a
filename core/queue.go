package core

import "sync"

// queue hands items to a function, one after another and in order, on a goroutine that exists only while there are any.
// So an idle object costs no goroutine.
type queue[T any] struct {
	run   func([]T) // is given a batch, which is used again after it returns
	start func(func())
	limit int // push waits while there are more items than this

	mu      sync.Mutex
	room    sync.Cond
	items   []T
	spare   []T
	running bool
	closed  bool
}

// newQueue returns a queue. start starts a goroutine that the owner waits for.
func newQueue[T any](limit int, start func(func()), run func([]T)) *queue[T] {
	q := &queue[T]{run: run, start: start, limit: limit}
	q.room.L = &q.mu
	return q
}

// push adds an item. While the queue is full it blocks, until there is room or the queue is closed.
func (q *queue[T]) push(item T) {
	q.mu.Lock()
	for len(q.items) >= q.limit && !q.closed {
		q.room.Wait()
	}
	q.add(item)
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
		q.items = q.spare[:0]
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
