package main

import (
	"maps"
	"sync"
	"time"

	"github.com/go-qtro/qtro/core"
)

// registrars lets peers register what the policy, if there is one, lets them, and remembers who they were.
type registrars struct {
	policy core.Authorizer // nil: everything

	mu sync.Mutex
	by map[string]*registrar // by the name that was registered
}

// registrar is who registered a name.
type registrar struct {
	identity string // "" if nobody is known, or if several peers tried and it cannot be told who got it
	removed  time.Time
}

// keptFor is how long a name that was removed stays its peer's: longer than a registry keeps it for the peer.
const keptFor = 2 * time.Minute

func (g *registrar) expired(now time.Time) bool {
	return !g.removed.IsZero() && now.Sub(g.removed) > keptFor
}

// Authorize answers as the policy does.
func (r *registrars) Authorize(q core.Request) error {
	if r.policy != nil {
		if err := r.policy.Authorize(q); err != nil {
			return err
		}
	}
	if q.Action != core.Register {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.by[q.Object]
	switch {
	case known == nil || known.expired(time.Now()):
		r.by[q.Object] = &registrar{identity: q.Peer.Identity}
	case known.identity != q.Peer.Identity:
		known.identity = ""
	}
	return nil
}

// OnChange tells when the policy has changed.
func (r *registrars) OnChange(fn func()) (cancel func()) {
	if policy, ok := r.policy.(core.Revisable); ok {
		return policy.OnChange(fn)
	}
	return func() {}
}

// added returns who has registered a name.
func (r *registrars) added(name string) (identity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.by[name]; known != nil {
		known.removed = time.Time{}
		identity = known.identity
	}
	return identity
}

// removed returns who had registered a name that is gone.
func (r *registrars) removed(name string) (identity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(r.by, func(_ string, g *registrar) bool { return g.expired(now) })
	if known := r.by[name]; known != nil {
		known.removed = now
		identity = known.identity
	}
	return identity
}
