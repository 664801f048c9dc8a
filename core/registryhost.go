package core

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// RegistryHost is a host that is the network's registry (Qt: QRemoteObjectRegistryHost). Listeners of both protocols show
// both worlds the same objects. An entry goes when the connection that made it goes.
//
// A name belongs to the peer that registered it. If a secure transport vouches for the peer's identity, no other identity can
// take, move or withdraw the name, and when the connection goes, the name is kept for that identity for a minute; a host that
// comes back, on whatever connection and URL, has it at once. Without that a host that comes back is known by its
// URL, as in Qt, and must come the same way. What the registry's own process remotes is nobody else's.
type RegistryHost struct {
	*Host
	source *Source

	mu       sync.Mutex
	entries  map[string]entry
	reserved map[string]reservation
}

// entry is a registered object and who registered it.
type entry struct {
	qt.SourceLocation
	owner *hostConn
}

// reservation keeps a name for a host whose connection was lost.
type reservation struct {
	identity string
	until    time.Time
}

// reservedFor is how long a name is kept for a host that has to start again.
const reservedFor = time.Minute

// provenIdentity is the identity of a peer for which a secure transport vouches, else "".
func (c *hostConn) provenIdentity() string {
	if c.peer.Security != Authenticated {
		return ""
	}
	return c.peer.Identity
}

// mayReplace reports whether a connection may register again what another has registered.
func (e entry) mayReplace(by *hostConn, l qt.SourceLocation) bool {
	if e.owner == by {
		return true
	}
	if id := e.owner.provenIdentity(); id != "" || by.provenIdentity() != "" {
		return id == by.provenIdentity()
	}
	was, is := e.owner.peer, by.peer
	return e.SourceLocation == l && was.Scheme != "" && // this process has its names for good
		was.Scheme == is.Scheme && was.Security == is.Security && was.Identity == is.Identity // a host that came back before its old connection was missed
}

// NewRegistryHost returns a registry that listens nowhere yet.
func NewRegistryHost(c Config) (*RegistryHost, error) {
	s, err := NewSource(registryClass)
	if err != nil {
		return nil, err
	}
	g := &RegistryHost{Host: NewHost(c), source: s, entries: map[string]entry{}, reserved: map[string]reservation{}}
	s.shown = (*hostConn).show
	g.gone = g.connectionGone
	for slot, fn := range map[string]func(context.Context, []qt.Value) (qt.Value, error){"addSource": g.addSource, "removeSource": g.removeSource} {
		if err := s.Handle(slot, fn); err != nil {
			return nil, err
		}
	}
	if err := g.EnableRemoting(s, registryName); err != nil {
		return nil, err
	}
	// It is its own client, like any other host.
	if _, err := g.setRegistry(""); err != nil {
		return nil, err
	}
	return g, nil
}

// Registrant returns the peer that has registered a name; false if nobody has at present.
func (g *RegistryHost) Registrant(name string) (Peer, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.entries[name]
	if !ok {
		return Peer{}, false
	}
	return e.owner.peer, true
}

func (g *RegistryHost) addSource(ctx context.Context, args []qt.Value) (qt.Value, error) {
	owner := ctx.Value(connKey{}).(*hostConn)
	l := args[0].Any().(qt.SourceLocation)
	if l.Name == "" || l.Name == registryName { // nobody is led to another registry
		return qt.Value{}, fmt.Errorf("register %q: %w", l.Name, ErrNameTaken)
	}
	if owner.protocol == wire.Protocol13 {
		l.URL, l.URL5 = "", l.URL
	}
	if len(args) > 1 {
		if other, err := urlType.Convert(args[1]); err == nil {
			if u := other.Any().(qt.URL); owner.protocol == wire.Protocol13 {
				l.URL = u
			} else {
				l.URL5 = u
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() != nil {
		return qt.Value{}, ErrConnectionLost // what it had has been dropped, or is about to be
	}
	if !owner.rights.may(Register, l.Name, l.TypeName, "") {
		return qt.Value{}, ErrDenied
	}
	old, taken := g.entries[l.Name]
	if taken && !old.mayReplace(owner, l) {
		return qt.Value{}, fmt.Errorf("register %q: %w by %s", l.Name, ErrNameTaken, old.owner.peer)
	}
	if kept, ok := g.reserved[l.Name]; ok && kept.identity != owner.provenIdentity() && time.Now().Before(kept.until) {
		return qt.Value{}, fmt.Errorf("register %q: %w by %s, which has just gone", l.Name, ErrNameTaken, kept.identity)
	}
	delete(g.reserved, l.Name)
	if taken && old.TypeName != l.TypeName { // who may know the one need not know the other
		if err := g.remove(old.SourceLocation); err != nil {
			return qt.Value{}, err
		}
	}
	g.entries[l.Name] = entry{l, owner}
	if taken && old.SourceLocation == l {
		return qt.Value{}, nil
	}
	g.update()
	return qt.Value{}, g.source.Emit("remoteObjectAdded", l)
}

func (g *RegistryHost) removeSource(ctx context.Context, args []qt.Value) (qt.Value, error) {
	owner := ctx.Value(connKey{}).(*hostConn)
	name := args[0].Any().(qt.SourceLocation).Name
	g.mu.Lock()
	defer g.mu.Unlock()
	old, ok := g.entries[name]
	if !ok || old.owner != owner && (owner.provenIdentity() == "" || old.owner.provenIdentity() != owner.provenIdentity()) {
		return qt.Value{}, fmt.Errorf("withdraw %q: %w by this peer", name, ErrSourceNotRegistered)
	}
	return qt.Value{}, g.remove(old.SourceLocation)
}

// remove drops an entry. The registry is locked.
func (g *RegistryHost) remove(l qt.SourceLocation) error {
	delete(g.entries, l.Name)
	g.update()
	err := g.source.Emit("remoteObjectRemoved", l)
	t := g.source.lock()
	defer t.mu.Unlock()
	for _, on := range t.listeners {
		delete(on.conn.entries, l.Name)
	}
	return err
}

// connectionGone drops what a connection had registered.
func (g *RegistryHost) connectionGone(c *hostConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(g.reserved, func(_ string, kept reservation) bool { return !now.Before(kept.until) })
	for name, e := range g.entries {
		if e.owner != c {
			continue
		}
		if id := c.provenIdentity(); id != "" {
			g.reserved[name] = reservation{id, now.Add(reservedFor)}
		}
		if err := g.remove(e.SourceLocation); err != nil {
			g.log.Warn("registry", "err", err)
		}
	}
}

// update gives the property its value. It has no notify signal: clients keep their copy up to date by the two signals.
func (g *RegistryHost) update() {
	all := make(qt.SourceLocations, 0, len(g.entries))
	for _, e := range g.entries {
		all = append(all, e.SourceLocation)
	}
	slices.SortFunc(all, byName)
	t := g.source.lock()
	defer t.mu.Unlock()
	g.source.values[0] = qt.Of(all)
}
