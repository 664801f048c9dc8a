package core

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

const registryName = "Registry"

// registryClass is the class of every registry. It has no signature.
var registryClass = &Class{
	Name:       registryName,
	Properties: []Property{{Name: "sourceLocations", Type: "QRemoteObjectSourceLocations", Access: Constant}},
	Signals: []Signal{
		{"remoteObjectAdded", []Param{{"entry", "QRemoteObjectSourceLocation"}}},
		{"remoteObjectRemoved", []Param{{"entry", "QRemoteObjectSourceLocation"}}},
	},
	Slots: []Slot{
		{"addSource", "", []Param{{"entry", "QRemoteObjectSourceLocation"}}},
		{"removeSource", "", []Param{{"entry", "QRemoteObjectSourceLocation"}}},
	},
}

var urlType = qt.MustLookup("QUrl")

// Registry is what a node knows of its registry: which objects there are and where (Qt: QRemoteObjectRegistry). Objects that
// the node acquires are looked up in it, and their hosts connected to, without further ado; what the node's host remotes is
// entered into it. Its methods are safe for concurrent use.
type Registry struct {
	node    *Node
	replica *Replica

	mu        sync.Mutex
	known     bool // the locations are the registry's
	locations map[string]qt.SourceLocation
	own       map[string]qt.SourceLocation // that our host has entered, or asks for
	denied    map[string]bool              // names of our host that the registry has refused, which was told
	waiting   map[string]*clientConn       // where a refused name will be asked for again
	listeners []*registryListener
}

type registryListener struct {
	added bool
	fn    func(qt.SourceLocation)
}

// SetRegistry makes the node use the registry at a URL (Qt: setRegistryUrl). It does not wait for the registry, which may
// start later, and come and go. A node has one registry.
func (n *Node) SetRegistry(rawURL string) (*Registry, error) {
	_, err := parseURL(rawURL) // "" is the registry's own way to itself
	var g *Registry
	if err == nil {
		g, err = n.setRegistry(rawURL)
	}
	if err != nil {
		return nil, &OpError{Op: "use the registry", Object: rawURL, Err: err}
	}
	return g, nil
}

func (n *Node) setRegistry(rawURL string) (*Registry, error) {
	if n.Registry() != nil {
		return nil, ErrRegistryAlreadyHosted
	}
	if rawURL != "" {
		if err := n.connect(rawURL, nil); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	n.registryURL = &rawURL
	n.mu.Unlock()
	r, err := n.Acquire(registryName, registryClass)
	if err != nil {
		return nil, err
	}
	g := &Registry{node: n, replica: r, locations: map[string]qt.SourceLocation{}, own: map[string]qt.SourceLocation{}, denied: map[string]bool{}, waiting: map[string]*clientConn{}}
	r.OnState(func(_, s State) {
		if s != Valid {
			g.mu.Lock()
			g.known = false
			g.mu.Unlock()
		}
	})
	r.OnInitialized(g.refresh)
	for signal, added := range map[string]bool{"remoteObjectAdded": true, "remoteObjectRemoved": false} {
		if _, err := r.OnSignal(signal, func(args []qt.Value) { g.event(args[0].Any().(qt.SourceLocation), added) }); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	n.registry = g
	n.mu.Unlock()
	if r.State() == Valid {
		g.refresh()
	}
	return g, nil
}

// Registry returns the node's registry, nil if it has none.
func (n *Node) Registry() *Registry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.registry
}

// Instances returns the names of the registered objects whose class has this name, sorted (Qt: instances). It fails with
// [ErrRegistryNotAcquired].
func (n *Node) Instances(typeName string) ([]string, error) {
	g := n.Registry()
	if g == nil {
		return nil, &OpError{Op: "look up instances of", Object: typeName, Err: ErrRegistryNotAcquired}
	}
	all, err := g.Locations()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range all {
		if l.TypeName == typeName {
			names = append(names, l.Name)
		}
	}
	return names, nil
}

// Wait blocks until the registry has been reached; its errors are those of [Replica.Wait].
func (g *Registry) Wait(ctx context.Context) error { return g.replica.Wait(ctx) }

// State returns whether the registry is reached at present (Valid).
func (g *Registry) State() State { return g.replica.State() }

// Locations returns what is registered, sorted by name (Qt: sourceLocations). It fails with [ErrRegistryNotAcquired]
// while the registry is not reached.
func (g *Registry) Locations() ([]qt.SourceLocation, error) {
	g.mu.Lock()
	known, all := g.known, slices.Collect(maps.Values(g.locations))
	g.mu.Unlock()
	if !known && g.replica.State() == Valid {
		g.refresh() // its callback is still to come
		return g.Locations()
	}
	if !known {
		return nil, &OpError{Op: "read", Object: registryName, Err: ErrRegistryNotAcquired}
	}
	slices.SortFunc(all, byName)
	return all, nil
}

func byName(a, b qt.SourceLocation) int { return strings.Compare(a.Name, b.Name) }

// OnAdded calls fn for each object that is registered from now on (Qt: remoteObjectAdded), also when the registry is
// reached again and has more than before. cancel ends that.
func (g *Registry) OnAdded(fn func(qt.SourceLocation)) (cancel func()) { return g.on(true, fn) }

// OnRemoved calls fn for each object that leaves the registry (Qt: remoteObjectRemoved).
func (g *Registry) OnRemoved(fn func(qt.SourceLocation)) (cancel func()) { return g.on(false, fn) }

func (g *Registry) on(added bool, fn func(qt.SourceLocation)) func() {
	l := &registryListener{added, fn}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listeners = append(slices.Clone(g.listeners), l)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.listeners = slices.DeleteFunc(slices.Clone(g.listeners), func(other *registryListener) bool { return other == l })
	}
}

// refresh takes in the registry's whole content: it has just been reached.
func (g *Registry) refresh() {
	v, err := g.replica.Get("sourceLocations")
	if err != nil {
		return
	}
	all, _ := v.Any().(qt.SourceLocations)
	g.mu.Lock()
	if g.known { // Locations was quicker; what has happened since counts
		g.mu.Unlock()
		return
	}
	before := g.locations
	g.locations = make(map[string]qt.SourceLocation, len(all))
	for _, l := range all {
		g.locations[l.Name] = l
	}
	g.known = true
	now := maps.Clone(g.locations)
	clear(g.own) // a registry that comes back knows nothing of us
	g.mu.Unlock()
	for name, l := range before {
		if _, ok := now[name]; !ok {
			g.tell(l, false)
		}
	}
	for _, l := range all {
		if before[l.Name] != l {
			g.tell(l, true)
		}
		g.resolve(l.Name)
	}
	if h := g.node.host; h != nil {
		for name := range h.Sources() {
			g.publish(name)
		}
	}
}

// event takes in one change.
func (g *Registry) event(l qt.SourceLocation, added bool) {
	g.mu.Lock()
	if h := g.node.host; added && h != nil {
		if ours, ok := h.location(l.Name); ok && (ours.URL == l.URL || ours.URL5 == l.URL) {
			g.own[l.Name] = ours
			delete(g.denied, l.Name)
		}
	}
	own, lost := g.own[l.Name]
	if lost = lost && own.URL != l.URL && own.URL5 != l.URL; lost {
		delete(g.own, l.Name) // another host was quicker
	}
	if added {
		g.locations[l.Name] = l
	} else {
		delete(g.locations, l.Name)
		delete(g.own, l.Name) // whoever has removed it: what our host still remotes is entered again
	}
	g.mu.Unlock()
	g.tell(l, added)
	if added && lost {
		g.node.report(&OpError{Op: "register", Object: l.Name, Err: fmt.Errorf("%w by %s", ErrNameTaken, l.URL)})
	}
	if added {
		g.resolve(l.Name)
	} else if h := g.node.host; h != nil {
		g.publish(l.Name)
	}
}

func (g *Registry) tell(l qt.SourceLocation, added bool) {
	g.mu.Lock()
	listeners := g.listeners
	g.mu.Unlock()
	for _, on := range listeners {
		if on.added == added {
			on.fn(l)
		}
	}
}

// resolve connects to the host of an object that the node has acquired.
func (g *Registry) resolve(name string) {
	g.mu.Lock()
	l, ok := g.locations[name]
	g.mu.Unlock()
	if !ok || name == registryName || !g.node.wants(name) || g.node.host != nil && slices.Contains(g.node.host.URLs(), string(l.URL)) {
		return
	}
	url := string(l.URL)
	if err := g.node.connect(url, func() bool { return g.lists(url) }); err != nil {
		g.node.report(&OpError{Op: "connect to the host of", Object: name, Peer: url, Err: err})
	}
}

// wants reports whether a replica is looking for this source.
func (n *Node) wants(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.remotes[name] != nil
}

// lists reports whether the registry has an object at this URL. While the registry is away, what it said last counts.
func (g *Registry) lists(url string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.locations {
		if string(l.URL) == url {
			return true
		}
	}
	return false
}

// publish makes the registry agree with what our host remotes under a name.
func (g *Registry) publish(name string) {
	if name == registryName {
		return
	}
	if err := g.agree(name); err != nil {
		g.node.report(&OpError{Op: "register", Object: name, Err: err})
	}
}

// agree tells the registry what it does not know of a name. It fails if the name is another host's; it is tried again when
// the name is free.
func (g *Registry) agree(name string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, remoted := g.node.host.location(name) // with the lock, so that what is told last is how things stand
	if !g.known {
		return nil // refresh will come
	}
	old, entered := g.own[name]
	if entered && remoted && old == l {
		return nil
	}
	if entered {
		delete(g.own, name)
		g.send("removeSource", old, nil)
	}
	if !remoted {
		return nil
	}
	if other, taken := g.locations[name]; taken && !entered && other.URL != l.URL && other.URL != l.URL5 {
		if peer, ok := g.replica.Peer(); !ok || peer.Security != Authenticated {
			return takenBy(other)
		} // else it may be ours, from before this process started: the registry knows whose it is
	}
	g.enter(l)
	return nil
}

func takenBy(l qt.SourceLocation) error { return fmt.Errorf("%w by %s", ErrNameTaken, l.URL) }

// enter asks the registry for a name. The registry is locked.
func (g *Registry) enter(l qt.SourceLocation) {
	g.own[l.Name] = l
	ch := make(chan reply, 1)
	c, serial := g.send("addSource", l, ch)
	if c == nil {
		return // refresh will come
	}
	g.node.group.start(func() {
		var answer reply
		select {
		case answer = <-ch:
		case <-c.ctx.Done():
			answer = g.replica.r.giveUp(c, serial, ch, ErrConnectionLost)
		}
		if v := answer.value.Unwrap(); answer.err == nil && !v.IsValid() && !v.Equal(qt.Done) {
			g.refused(c, l)
		}
	})
}

// refused handles that the registry did not enter our host's source. If another has the name, we are told when it goes. A
// registry that keeps the name for another, or does not let us see it, tells nothing, so that it is asked again after a while.
func (g *Registry) refused(c *clientConn, l qt.SourceLocation) {
	g.mu.Lock()
	mine, told := g.own[l.Name] == l, g.denied[l.Name]
	if mine {
		delete(g.own, l.Name)
		g.denied[l.Name] = true
	}
	other, taken := g.locations[l.Name]
	waits := mine && !taken && g.waiting[l.Name] != c
	if waits {
		g.waiting[l.Name] = c
	}
	g.mu.Unlock()
	if !mine {
		return // its going was told already, or it is not wanted any more
	}
	err := fmt.Errorf("%w, or not for this host: the registry refuses it", ErrNameTaken)
	if taken {
		err = takenBy(other)
	}
	if !told {
		g.node.report(&OpError{Op: "register", Object: l.Name, Peer: c.peer.String(), Err: err})
	}
	if !waits {
		return
	}
	wait := time.NewTimer(reservedFor)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-c.ctx.Done():
		return
	}
	g.mu.Lock()
	if g.waiting[l.Name] == c {
		delete(g.waiting, l.Name)
	}
	g.mu.Unlock()
	g.publish(l.Name)
}

// send calls a slot of the registry with a location. A host that speaks both protocols adds its other URL as one argument
// more than Qt knows: Qt's registry passes over it, ours shows each peer the URL that it can use. With a channel it asks for a
// reply there.
func (g *Registry) send(slot string, l qt.SourceLocation, ch chan reply) (*clientConn, int32) {
	r := g.replica.r
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.conn.Load()
	if c == nil {
		return nil, 0
	}
	i, err := r.info.slot(slot, 1)
	if err != nil {
		return nil, 0
	}
	args := []qt.Value{qt.Of(l)}
	other := l.URL5
	if c.protocol == wire.Protocol13 {
		other = l.URL
	}
	if other != "" && l.URL != "" && l.URL5 != "" {
		args = append(args, qt.Of(other))
	}
	p := wire.Packet{Kind: wire.Invoke, Index: int32(i), Args: args, Serial: -1, Property: -1}
	if c, err = r.ask(&p, ch); err != nil {
		g.node.log.Debug("registry not told", "slot", slot, "object", l.Name, "err", err)
		return nil, 0
	}
	c.out.kick(false)
	return c, p.Serial
}
