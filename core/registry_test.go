package core

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// network is a registry with hosts and nodes around it, on one transport within the process.
type network struct {
	t testing.TB
	m *mem
}

func newNetwork(t testing.TB) *network { return &network{t, newMem()} }

func (w *network) registry() (*RegistryHost, trouble) {
	c, errs := quiet(w.t)
	w.m.use(&c)
	g, err := NewRegistryHost(c)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { closeInTime(w.t, g) })
	_, err = g.Listen(soon(w.t), "mem://registry")
	require.NoError(w.t, err)
	return g, errs
}

// host returns a host that remotes a counter under a name.
func (w *network) host(url, name string, opts ...ListenOption) (*Host, *Source, trouble) {
	h, errs := testHost(w.t, w.m.use)
	_, err := h.Listen(soon(w.t), url, opts...)
	require.NoError(w.t, err)
	s, _ := newCounter(w.t)
	require.NoError(w.t, h.EnableRemoting(s, name))
	_, err = h.SetRegistry("mem://registry")
	require.NoError(w.t, err)
	return h, s, errs
}

func (w *network) node() (*Node, *Registry, trouble) {
	n, errs := testNode(w.t, w.m.use)
	g, err := n.SetRegistry("mem://registry")
	require.NoError(w.t, err)
	return n, g, errs
}

func names(g *Registry) string {
	all, err := g.Locations()
	if err != nil {
		return err.Error()
	}
	s := ""
	for _, l := range all {
		s += l.Name + "@" + string(l.URL) + " "
	}
	return s
}

func TestRegistry(t *testing.T) {
	w := newNetwork(t)
	reg, _ := w.registry()
	n, g, errs := w.node()
	require.NoError(t, g.Wait(soon(t)))
	assert.Equal(t, Valid, g.State())
	_, err := n.SetRegistry("mem://registry")
	assert.ErrorIs(t, err, ErrRegistryAlreadyHosted)
	_, err = reg.SetRegistry("mem://registry")
	assert.ErrorIs(t, err, ErrRegistryAlreadyHosted)
	seen := make(chan string, 100)
	g.OnAdded(func(l qt.SourceLocation) { seen <- "+" + l.Name + " " + l.TypeName + " " + string(l.URL) })
	cancel := g.OnRemoved(func(l qt.SourceLocation) { seen <- "-" + l.Name })
	r, err := n.Acquire("a", counterClass())
	require.NoError(t, err)
	ha, sa, _ := w.host("mem://a", "a")
	assert.Equal(t, "+a Counter mem://a", recv(t, seen))
	require.NoError(t, r.Wait(soon(t)))
	w.host("mem://b", "b", Advertise("mem://outside"))
	assert.Equal(t, "+b Counter mem://outside", recv(t, seen))
	instances, err := n.Instances("Counter")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, instances)
	instances, err = n.Instances("Nothing")
	require.NoError(t, err)
	assert.Empty(t, instances)
	require.NoError(t, ha.DisableRemoting(sa))
	assert.Equal(t, "-a", recv(t, seen))
	require.NoError(t, ha.EnableRemoting(sa, "a2"))
	assert.Equal(t, "+a2 Counter mem://a", recv(t, seen))
	require.NoError(t, ha.Close())
	assert.Equal(t, "-a2", recv(t, seen), "it goes with its host")
	cancel()
	// The registry host itself is a host like others, and acquires like others.
	s, _ := newCounter(t)
	require.NoError(t, reg.EnableRemoting(s, "own"))
	assert.Equal(t, "+own Counter mem://registry", recv(t, seen))
	acquired(t, n, "own", nil)
	acquired(t, reg.Node, "own", nil)
	require.NoError(t, reg.DisableRemoting(s))
	until(t, "removed", func() bool { return names(g) == "b@mem://outside " })
	nothing(t, seen)
	_ = errs
	lone, _ := testNode(t)
	_, err = lone.Instances("Counter")
	assert.ErrorIs(t, err, ErrRegistryNotAcquired)
}

// TestRegistryLater: hosts and nodes that start before their registry, and outlive it.
func TestRegistryRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMem()
		config := func() (Config, trouble) { c, errs := quiet(t); m.use(&c); return c, errs }
		c, _ := config()
		h := NewHost(c)
		defer h.Close()
		_, err := h.Listen(t.Context(), "mem://a")
		require.NoError(t, err)
		s, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(s, "a"))
		_, err = h.SetRegistry("mem://registry")
		require.NoError(t, err)
		c, _ = config()
		n := NewNode(c)
		defer n.Close()
		g, err := n.SetRegistry("mem://registry")
		require.NoError(t, err)
		r, err := n.Acquire("a", counterClass())
		require.NoError(t, err)
		time.Sleep(30 * time.Second)
		_, err = g.Locations()
		assert.ErrorIs(t, err, ErrRegistryNotAcquired)
		_, err = n.Instances("Counter")
		assert.ErrorIs(t, err, ErrRegistryNotAcquired)
		seen := make(chan string, 100)
		g.OnAdded(func(l qt.SourceLocation) { seen <- "+" + l.Name })
		g.OnRemoved(func(l qt.SourceLocation) { seen <- "-" + l.Name })
		for i := range 3 {
			rc, _ := config()
			reg, err := NewRegistryHost(rc)
			require.NoError(t, err)
			_, err = reg.Listen(t.Context(), "mem://registry")
			require.NoError(t, err)
			require.NoError(t, g.Wait(t.Context()))
			time.Sleep(20 * time.Second)
			assert.Equal(t, "a@mem://a ", names(g))
			require.NoError(t, r.Wait(t.Context()))
			if i == 0 {
				assert.Equal(t, "+a", <-seen)
			}
			require.NoError(t, reg.Close())
			time.Sleep(20 * time.Second)
			assert.Equal(t, Valid, r.State(), "an object's connection is not the registry's")
			_, err = g.Locations()
			assert.ErrorIs(t, err, ErrRegistryNotAcquired)
		}
	})
}

func TestNameTakenTwice(t *testing.T) {
	w := newNetwork(t)
	w.registry()
	_, g, _ := w.node()
	require.NoError(t, g.Wait(soon(t)))
	first, _, errs1 := w.host("mem://first", "name")
	until(t, "the first", func() bool { return names(g) == "name@mem://first " })
	_, _, errs2 := w.host("mem://second", "name")
	err := recv(t, errs2)
	assert.ErrorIs(t, err, ErrNameTaken)
	assert.ErrorContains(t, err, "mem://first")
	assert.Equal(t, "name@mem://first ", names(g))
	require.NoError(t, first.Close())
	until(t, "the second", func() bool { return names(g) == "name@mem://second " })
	nothing(t, errs1)
	nothing(t, errs2)
}

// TestNameRace: of hosts that want a name at the same moment one gets it, the others are told.
func TestNameRace(t *testing.T) {
	w := newNetwork(t)
	w.registry()
	_, g, _ := w.node()
	require.NoError(t, g.Wait(soon(t)))
	var hosts []*Host
	var errs []trouble
	for _, u := range []string{"mem://h0", "mem://h1", "mem://h2"} {
		h, e := testHost(t, w.m.use)
		_, err := h.Listen(soon(t), u)
		require.NoError(t, err)
		hg, err := h.SetRegistry("mem://registry")
		require.NoError(t, err)
		require.NoError(t, hg.Wait(soon(t)))
		_, err = hg.Locations()
		require.NoError(t, err)
		hosts, errs = append(hosts, h), append(errs, e)
	}
	for _, h := range hosts {
		s, _ := newCounter(t)
		go func() { _ = h.EnableRemoting(s, "name") }()
	}
	told := func() (n int) {
		for _, e := range errs {
			n += len(e)
		}
		return n
	}
	until(t, "two are told", func() bool { return told() == 2 && names(g) != "" })
	for range 2 { // whoever is left takes over
		owner := -1
		for i := range hosts {
			if hosts[i] != nil && names(g) == "name@mem://h"+string(rune('0'+i))+" " {
				owner = i
			}
		}
		require.GreaterOrEqual(t, owner, 0, names(g))
		before := names(g)
		require.NoError(t, hosts[owner].Close())
		hosts[owner] = nil
		until(t, "another has it", func() bool { return names(g) != before && names(g) != "" })
	}
	for _, e := range errs {
		for len(e) > 0 {
			assert.ErrorIs(t, <-e, ErrNameTaken)
		}
	}
}

// TestRegistryOfBothWorlds shows each node the URL that it can use.
func TestRegistryOfBothWorlds(t *testing.T) {
	w := newNetwork(t)
	reg, _ := w.registry()
	_, err := reg.Listen(soon(t), "mem://registry5", Qt5)
	require.NoError(t, err)
	_, _, _ = w.host("mem://only6", "only6")
	dual, s, _ := w.host("mem://dual6", "dual")
	_, err = dual.Listen(soon(t), "mem://dual5", Qt5)
	require.NoError(t, err)
	for url, want := range map[string]string{
		"mem://registry": "dual@mem://dual6 only6@mem://only6 ", "mem://registry5": "dual@mem://dual5 only6@mem://only6 ",
	} {
		n, _ := testNode(t, w.m.use)
		g, err := n.SetRegistry(url)
		require.NoError(t, err)
		require.NoError(t, g.Wait(soon(t)))
		until(t, want, func() bool { return names(g) == want })
		r := acquired(t, n, "dual", counterClass())
		require.NoError(t, s.Emit("tick", 1))
		assert.Equal(t, Valid, r.State())
	}
	// A host that reaches the registry by its old side.
	h, _ := testHost(t, w.m.use)
	_, err = h.Listen(soon(t), "mem://old", Qt5)
	require.NoError(t, err)
	s5, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s5, "old"))
	_, err = h.SetRegistry("mem://registry5")
	require.NoError(t, err)
	_, g, _ := w.node()
	until(t, "old", func() bool { return names(g) == "dual@mem://dual6 old@mem://old only6@mem://only6 " })
}

// TestRegistryIsNotMisled: entries belong to the connection that made them.
func TestRegistryIsNotMisled(t *testing.T) {
	w := newNetwork(t)
	reg, regErrs := w.registry()
	_, _, _ = w.host("mem://a", "a")
	_, g, _ := w.node()
	until(t, "a", func() bool { return names(g) == "a@mem://a " })
	thief := playNode(t, reg.Host, wire.Protocol20)
	entry := qt.Of(qt.SourceLocation{Name: "a", TypeName: "Counter", URL: "mem://thief"})
	call := func(slot int32, arg qt.Value) wire.Kind {
		thief.send(&wire.Packet{Kind: wire.Invoke, Name: registryName, Index: slot, Args: []qt.Value{arg}, Serial: 1, Property: -1})
		p := thief.next()
		assert.False(t, p.Value.Value.IsValid())
		return p.Kind
	}
	assert.Equal(t, wire.InvokeReply, call(0, entry))
	assert.Equal(t, wire.InvokeReply, call(1, entry))
	assert.Equal(t, "a@mem://a ", names(g))
	assert.Equal(t, wire.InvokeReply, call(0, qt.Of(qt.SourceLocation{Name: "x", URL: "mem://x"})))
	until(t, "x", func() bool { return names(g) == "a@mem://a x@mem://x " })
	require.NoError(t, thief.c.Close())
	until(t, "x goes", func() bool { return names(g) == "a@mem://a " })
	for _, name := range []string{"Registry", ""} {
		_, err := g.replica.Call(soon(t), "addSource", qt.SourceLocation{Name: name, URL: "mem://evil"})
		assert.ErrorIs(t, err, ErrCallFailed, "%q", name)
	}
	assert.Equal(t, "a@mem://a ", names(g))
	nothing(t, regErrs)
}

// TestAnnouncedNonsense: a URL that a registry announces may be anything.
func TestAnnouncedNonsense(t *testing.T) {
	n, errs := testNode(t)
	h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: registryName, TypeName: registryName})
	n.RegisterExternalSchema("never", nil)
	g, err := n.setRegistry("")
	require.NoError(t, err)
	require.Equal(t, registryName, h.next().Name)
	h.send(&wire.Packet{Kind: wire.Init, Name: registryName, Values: []wire.Property{{Value: qt.Of(qt.SourceLocations{
		{Name: "a", URL: "gopher://x"}, {Name: "b", URL: "::"}, {Name: "c"}})}}})
	require.NoError(t, g.Wait(soon(t)))
	for name, check := range map[string]func(error){
		"a": func(err error) { var u *UnknownSchemeError; assert.True(t, errors.As(err, &u)) },
		"b": func(err error) { assert.ErrorIs(t, err, ErrHostURLInvalid) },
		"c": func(err error) { assert.ErrorIs(t, err, ErrHostURLInvalid) },
	} {
		_, err := g.Locations()
		require.NoError(t, err)
		_, err = n.Acquire(name, counterClass())
		require.NoError(t, err)
		check(recv(t, errs))
	}
}
