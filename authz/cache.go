package authz

import "sync"

// cache remembers the entries that were used last: at least limit of them, at most twice as many. It is safe for concurrent
// use.
type cache[K comparable, V any] struct {
	limit int

	mu         sync.RWMutex
	young, old map[K]V // an entry of old that is used moves to young; when young is full, old is dropped and young becomes old
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit, young: map[K]V{}}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.RLock()
	v, ok := c.young[k]
	aged := false
	if !ok {
		v, aged = c.old[k]
	}
	c.mu.RUnlock()
	if aged {
		c.put(k, v)
	}
	return v, ok || aged
}

func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.young[k]; !ok && len(c.young) >= c.limit {
		c.young, c.old = make(map[K]V), c.young
	}
	c.young[k] = v
}
