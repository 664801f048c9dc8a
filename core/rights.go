package core

import (
	"context"
	"log/slog"
	"slices"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// rights are what the peer of a connection may do, by the host's Authorizer. Without one, and for the process itself, they
// are nil: everything.
type rights struct {
	authorizer Authorizer
	peer       *Peer
	log        *slog.Logger
}

func (r *rights) may(a Action, object, class, member string) bool {
	if r == nil {
		return true
	}
	if a == Acquire && !r.may(See, object, class, member) {
		return false // for this peer it is not there
	}
	err := r.authorizer.Authorize(Request{r.peer, a, object, class, member})
	if err != nil {
		level := slog.LevelInfo
		if a == See || a == Read {
			level = slog.LevelDebug // nobody asked for that in particular
		}
		r.log.Log(context.Background(), level, "denied", "action", a, "object", object, "member", member, "reason", err)
	}
	return err == nil
}

// sees reports whether a remoted source exists for the peer. The tree is not locked.
func (r *rights) sees(s *Source, name string) bool { return r.may(See, name, s.info.class.Name, "") }

// may reports whether the peer may do something with a member of a source that it has acquired.
func (c *hostConn) may(a Action, s *Source, member string) bool {
	if c.rights == nil {
		return true
	}
	t := s.lock()
	root, path := s.path(member)
	name, host := root.name, root.host
	t.mu.Unlock()
	if name == "" || host != c.host || c.isRefused(name) {
		return false // while the call was waiting it has gone, and with it the name by which to judge, or the peer has lost it
	}
	return c.rights.may(a, name, root.info.class.Name, path)
}

// reaches returns a part of a tree, or nil if it is in an object that the peer may not read. The tree is locked.
func (c *hostConn) reaches(s *Source) *Source {
	if s == nil || c.rights == nil || !c.rights.covers(s) {
		return s
	}
	return nil
}

// covers reports whether a source is in an object that the peer may not read. The tree is locked.
func (r *rights) covers(s *Source) bool {
	for ; s.parent != nil; s = s.parent {
		if r.hides(s.parent, s.parent.info.props[s.property].name) {
			return true
		}
	}
	return false
}

// hides reports whether the peer may not read a member. The tree is locked.
func (r *rights) hides(s *Source, member string) bool {
	root, path := s.path(member)
	return !r.may(Read, root.name, root.info.class.Name, path)
}

// path returns the root of the tree, and a member's name with the path to it: "gauge.label". The tree is locked.
func (s *Source) path(member string) (*Source, string) {
	for s.parent != nil {
		member = s.parent.info.props[s.property].name + "." + member
		s = s.parent
	}
	return s, member
}

// sight tells what of a source is hidden from a peer; nil hides nothing.
type sight struct{ properties, signals []bool }

// see works out what a peer may read of a source. The tree is locked.
func (r *rights) see(s *Source) *sight {
	v := &sight{make([]bool, len(s.info.props)), make([]bool, len(s.info.signals))}
	covered := r.covers(s)
	hidden := func(member string) bool { return covered || r.hides(s, member) }
	for i := range v.properties {
		v.properties[i] = hidden(s.info.props[i].name)
	}
	for i := range v.signals {
		if p := s.info.signals[i].property; p >= 0 {
			v.signals[i] = v.properties[p] // it tells the value
		} else {
			v.signals[i] = hidden(s.info.signals[i].name)
		}
	}
	if !slices.Contains(v.properties, true) && !slices.Contains(v.signals, true) {
		return nil
	}
	return v
}

func (v *sight) equal(w *sight) bool {
	if v == nil || w == nil {
		return v == w
	}
	return slices.Equal(v.properties, w.properties) && slices.Equal(v.signals, w.signals)
}

// sight returns what of a source is hidden from a listener. It is worked out once. The tree is locked.
func (l *listener) sight(s *Source) *sight {
	v, ok := l.sights[s]
	if !ok {
		v = l.conn.rights.see(s)
		l.sights[s] = v
	}
	return v
}

// forget drops what was worked out for a source that is leaving the tree, with all its parts. The tree is locked.
func (l *listener) forget(s *Source) {
	delete(l.sights, s)
	for _, c := range s.children {
		if c != nil {
			l.forget(c)
		}
	}
}

// hides reports whether a listener may not know a property. The tree is locked.
func (l *listener) hides(s *Source, property int) bool {
	if l.conn.rights == nil {
		return false
	}
	v := l.sight(s)
	return v != nil && v.properties[property]
}

// hears reports whether an update may go to a listener. The tree is locked.
func (l *listener) hears(s *Source, p *wire.Packet) bool {
	if l.conn.rights == nil {
		return true
	}
	if s.shown != nil {
		if _, ok := s.shown(l.conn, p.Args[0]); !ok {
			return false
		}
	}
	v := l.sight(s)
	if v == nil {
		return true
	}
	if p.Kind == wire.Invoke {
		return !v.signals[p.Index]
	}
	return !v.properties[p.Index]
}

// reseen reports whether a peer may read more or less of a tree than it has been told.
func (s *Source) reseen(c *hostConn) bool {
	t := s.lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.listeners, func(l listener) bool { return l.conn == c })
	if i < 0 {
		return false
	}
	for part, old := range t.listeners[i].sights {
		if !old.equal(c.rights.see(part)) {
			return true
		}
	}
	if s.shown == nil {
		return false
	}
	for name, e := range c.entries {
		if e.shown != c.rights.may(See, name, e.class, "") {
			return true
		}
	}
	return false
}

// shownEntry is what a peer has been told of an entry of the registry.
type shownEntry struct {
	class string
	shown bool
}

// show is the part of a registry's content that a peer may see. The registry's tree is locked, which guards entries.
func (c *hostConn) show(v qt.Value) (qt.Value, bool) {
	if c.entries == nil {
		c.entries = map[string]shownEntry{}
	}
	sees := func(l qt.SourceLocation) bool {
		e := shownEntry{l.TypeName, c.rights.may(See, l.Name, l.TypeName, "")}
		c.entries[l.Name] = e
		return e.shown
	}
	switch x := v.Any().(type) {
	case qt.SourceLocation:
		return v, sees(x)
	case qt.SourceLocations:
		clear(c.entries)
		return qt.Of(slices.DeleteFunc(slices.Clone(x), func(l qt.SourceLocation) bool { return !sees(l) })), true
	}
	return v, true
}

// revise takes the decisions about live connections again.
func (h *Host) revise() {
	h.hostMu.Lock()
	var peers []*hostConn
	for c := range h.peers {
		peers = append(peers, c)
	}
	h.hostMu.Unlock()
	for _, c := range peers {
		if c.rights != nil {
			c.revise()
		}
	}
}

// revise takes the decisions about a connection again. A replica for which something has changed loses its source and, if it
// may still have it, gets it back.
func (c *hostConn) revise() {
	c.judging.Lock() // nothing is acquired meanwhile by the old decisions
	defer c.judging.Unlock()
	for name, s := range c.host.Sources() {
		c.reviseSource(name, s)
	}
}

func (c *hostConn) reviseSource(name string, s *Source) {
	sees, acquires := c.rights.sees(s, name), c.rights.may(Acquire, name, s.info.class.Name, "")
	reseen := acquires && s.reseen(c)
	c.host.hostMu.Lock()
	defer c.host.hostMu.Unlock()
	if c.host.sources[name] != s {
		return // it has gone; what has come in its place was decided about then
	}
	c.mu.Lock()
	saw, has, waits := c.seen[name], c.acquired[s], acquires && c.refused[name]
	c.seen[name] = sees
	loses := has && (!acquires || reseen)
	tell := sees && (loses || waits || !saw)
	if tell {
		delete(c.refused, name) // it will ask again
	}
	if has && !acquires {
		c.refuseLocked(name)
	}
	c.mu.Unlock()
	if loses {
		c.withdrawn(s)
		s.unlisten(c)
	}
	if loses || saw && (!sees || waits) {
		_ = c.out.put(false, &wire.Packet{Kind: wire.RemoveObject, Name: name})
	}
	if tell {
		_ = c.out.put(false, &wire.Packet{Kind: wire.ObjectList, Objects: []wire.ObjectRef{s.ref(name, c.protocol)}})
	}
}

// refuse notes that the peer may not acquire a source that it has asked for, so that it is told when it may.
func (c *hostConn) refuse(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuseLocked(name)
}

func (c *hostConn) isRefused(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[name]
}

func (c *hostConn) refuseLocked(name string) {
	if c.refused == nil {
		c.refused = map[string]bool{}
	}
	c.refused[name] = true
}

// forgets drops what was decided about a name that has gone. The host is locked.
func (c *hostConn) forgets(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seen, name)
	delete(c.refused, name)
}
