package core

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// The peers of these tests.
var (
	anonymous = Peer{Scheme: "lan", Addr: "anonymous"}
	nameless  = Peer{Scheme: "lan", Addr: "nameless", Security: Encrypted}
	uncertain = Peer{Scheme: "lan", Addr: "uncertain", Security: Authenticated} // a transport's oddity: proved, but whom?
	uid1      = Peer{Scheme: "local", Addr: "uid1", Security: Local, Identity: "uid:1"}
	uid2      = Peer{Scheme: "local", Addr: "uid2", Security: Local, Identity: "uid:2"}
	ada       = Peer{Scheme: "lan", Addr: "ada", Security: Authenticated, Identity: "ada"}
	bob       = Peer{Scheme: "lan", Addr: "bob", Security: Authenticated, Identity: "bob"}
	fakeUID1  = Peer{Scheme: "lan", Addr: "fakeUID1", Security: Authenticated, Identity: "uid:1"} // by a certificate with that URI
	fakeAda   = Peer{Scheme: "lan", Addr: "fakeAda", Security: Encrypted, Identity: "ada"}        // whom nobody vouches for
	plainAda  = Peer{Scheme: "lan", Addr: "plainAda", Identity: "ada"}
	localAda  = Peer{Scheme: "local", Addr: "localAda", Security: Local, Identity: "ada"}
)

// clerk is a peer of a registry that the test plays.
type clerk struct {
	*spy
	serial int32
}

func newClerk(t testing.TB, g *RegistryHost, as Peer, p wire.Protocol) *clerk {
	s, _ := newSpy(t, g.Host, p, as)
	s.send(&wire.Packet{Kind: wire.AddObject, Name: registryName})
	require.Equal(t, wire.Init, s.next().Kind)
	return &clerk{spy: s}
}

func (c *clerk) call(slot int32, name, url string) bool {
	c.t.Helper()
	c.serial++
	c.send(&wire.Packet{Kind: wire.Invoke, Name: registryName, Index: slot, Serial: c.serial, Property: -1,
		Args: []qt.Value{qt.Of(qt.SourceLocation{Name: name, TypeName: "Counter", URL: qt.URL(url)})}})
	for {
		p := c.next()
		if p.Kind == wire.InvokeReply {
			require.Equal(c.t, c.serial, p.Serial)
			return p.Value.Value.Equal(qt.Done)
		}
	}
}

func (c *clerk) registers(name, url string) bool { c.t.Helper(); return c.call(0, name, url) }
func (c *clerk) withdraws(name, url string) bool { c.t.Helper(); return c.call(1, name, url) }

// hears returns the changes that the clerk has been told of.
func (c *clerk) hears() (out []string) {
	c.t.Helper()
	for _, p := range c.settle() {
		require.Equal(c.t, wire.Invoke, p.Kind)
		l := p.Args[0].Any().(qt.SourceLocation)
		out = append(out, fmt.Sprintf("%c%s@%s", "+-"[p.Index], l.Name, l.URL))
	}
	return out
}

func (g *RegistryHost) list() (out []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, _ := g.source.Get("sourceLocations")
	all, _ := v.Any().(qt.SourceLocations)
	for _, l := range all {
		out = append(out, l.Name+"@"+string(l.URL))
	}
	return out
}

func testRegistry(t testing.TB, configure ...func(*Config)) *RegistryHost {
	c, _ := quiet(t)
	for _, f := range configure {
		f(&c)
	}
	g, err := NewRegistryHost(c)
	require.NoError(t, err)
	t.Cleanup(func() { closeInTime(t, g) })
	return g
}

// TestNamesBelongToIdentities: who may do what with a name that another has registered.
func TestNamesBelongToIdentities(t *testing.T) {
	peers := []Peer{anonymous, nameless, uncertain, uid1, uid2, ada, bob, fakeUID1, fakeAda, plainAda, localAda}
	for _, owner := range peers {
		for _, other := range peers {
			t.Run(owner.Addr+", "+other.Addr, func(t *testing.T) {
				g := testRegistry(t)
				first := newClerk(t, g, owner, wire.Protocol20)
				require.True(t, first.registers("x", "lan://first"))
				second := newClerk(t, g, other, wire.Protocol20)
				proved := owner.Security == Authenticated && owner.Identity != ""
				same := owner.Security == other.Security && owner.Identity == other.Identity && owner.Scheme == other.Scheme
				mine := proved && same
				assert.Equal(t, mine, second.registers("x", "lan://second"), "at another URL")
				if mine {
					assert.Equal(t, []string{"x@lan://second"}, g.list())
					assert.True(t, first.registers("x", "lan://first"))
				}
				assert.Equal(t, []string{"x@lan://first"}, g.list())
				assert.Equal(t, mine, second.withdraws("x", "lan://first"))
				if mine {
					assert.Empty(t, g.list())
					require.True(t, first.registers("x", "lan://first"))
				}
				// At the same URL it may be the same host, which has come back, if nobody proves who he is.
				assert.Equal(t, mine || !proved && same, second.registers("x", "lan://first"), "at the same URL")
				assert.Equal(t, []string{"x@lan://first"}, g.list())
				require.NoError(t, second.c.Close())
				until(t, "the other has gone", func() bool { g.hostMu.Lock(); defer g.hostMu.Unlock(); return len(g.peers) <= 2 })
				if !(mine || !proved && same) {
					assert.Equal(t, []string{"x@lan://first"}, g.list())
					require.NoError(t, first.c.Close())
				}
				until(t, "it goes", func() bool { return len(g.list()) == 0 })
			})
		}
	}
}

// TestOwnNamesOfRegistry: what the registry's own process remotes is nobody else's.
func TestOwnNamesOfRegistry(t *testing.T) {
	l := newLan()
	g := testRegistry(t, l.trusted("registry").use)
	_, err := g.Listen(soon(t), "lan://registry")
	require.NoError(t, err)
	s, _ := newCounter(t)
	require.NoError(t, g.EnableRemoting(s, "own"))
	until(t, "own", func() bool { return len(g.list()) == 1 })
	for _, as := range []Peer{{}, {Security: Local}, anonymous, nameless, uncertain, uid1, ada} {
		c := newClerk(t, g, as, wire.Protocol20)
		assert.False(t, c.registers("own", "lan://registry"), as)
		assert.False(t, c.registers("own", "lan://elsewhere"), as)
		assert.False(t, c.withdraws("own", "lan://registry"), as)
		require.NoError(t, c.c.Close())
	}
	until(t, "they go", func() bool { g.hostMu.Lock(); defer g.hostMu.Unlock(); return len(g.peers) == 1 })
	assert.Equal(t, []string{"own@lan://registry"}, g.list())
}

// TestSameIdentityMoves: a host that has come back has its names at once, and its old connection takes nothing away.
func TestSameIdentityMoves(t *testing.T) {
	for _, p := range both {
		g := testRegistry(t)
		watcher := newClerk(t, g, anonymous, wire.Protocol20)
		old := newClerk(t, g, ada, p)
		require.True(t, old.registers("x", "lan://old"))
		require.True(t, old.registers("y", "lan://old"))
		moved := newClerk(t, g, ada, p)
		require.True(t, moved.registers("x", "lan://new"))
		require.True(t, moved.registers("x", "lan://new"), "twice is once")
		require.NoError(t, old.c.Close())
		until(t, "only y goes", func() bool { return len(g.list()) == 1 })
		if p == wire.Protocol20 {
			assert.Equal(t, []string{"x@lan://new"}, g.list())
			assert.Equal(t, []string{"+x@lan://old", "+y@lan://old", "+x@lan://new", "-y@lan://old"}, watcher.hears())
		}
		require.True(t, moved.registers("y", "lan://new"), "it was kept for it")
		who, ok := g.Registrant("y")
		assert.True(t, ok)
		assert.Equal(t, ada, who)
		require.True(t, moved.withdraws("x", "lan://new"))
		_, ok = g.Registrant("x")
		assert.False(t, ok)
	}
}

// TestNameIsKept: a name waits a minute for the identity whose connection was lost.
func TestNameIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet(t)
		g, err := NewRegistryHost(c)
		require.NoError(t, err)
		defer g.Close()
		lose := func(c *clerk) {
			require.NoError(t, c.c.Close())
			synctest.Wait()
		}
		in := func(as Peer) *clerk { return newClerk(t, g, as, wire.Protocol20) }
		a, b, n, u, f := in(ada), in(bob), in(anonymous), in(uid1), in(fakeAda)
		require.True(t, a.registers("x", "lan://a"))
		require.True(t, a.registers("y", "lan://a"))
		require.True(t, a.withdraws("y", "lan://a"))
		assert.True(t, b.registers("y", "lan://b"), "what was withdrawn is free")
		require.True(t, b.withdraws("y", "lan://b"))
		lose(a)
		time.Sleep(reservedFor - time.Second)
		for _, other := range []*clerk{b, n, u, f} {
			assert.False(t, other.registers("x", "lan://a"))
			assert.False(t, other.registers("x", "lan://b"))
			assert.False(t, other.withdraws("x", "lan://a"))
		}
		time.Sleep(time.Second)
		assert.True(t, b.registers("x", "lan://b"), "the minute is over")
		a = in(ada)
		assert.False(t, a.registers("x", "lan://a"))
		// It comes back in time, elsewhere, and what it gives up then is free.
		require.True(t, a.registers("z", "lan://a"))
		lose(a)
		time.Sleep(reservedFor / 2)
		a = in(ada)
		assert.True(t, a.registers("z", "lan://a2"))
		assert.True(t, a.withdraws("z", "lan://a2"))
		assert.True(t, b.registers("z", "lan://b"))
		require.True(t, b.withdraws("z", "lan://b"))
		// Lost twice: the minute begins anew.
		require.True(t, a.registers("w", "lan://a"))
		lose(a)
		time.Sleep(reservedFor / 2)
		a = in(ada)
		require.True(t, a.registers("w", "lan://a"))
		lose(a)
		time.Sleep(reservedFor * 3 / 4)
		assert.False(t, b.registers("w", "lan://b"))
		// What is over is not kept in mind.
		time.Sleep(time.Hour)
		require.True(t, n.registers("n", "lan://n"))
		lose(n)
		assert.Empty(t, g.reserved, "nothing is kept for who has not proved who he is")
		assert.True(t, b.registers("n", "lan://b"))
	})
}

// TestDeniedRegistration: an authorizer decides who may enter which name.
func TestDeniedRegistration(t *testing.T) {
	r := deny("register x", "bob: register y")
	g := testRegistry(t, r.use)
	a, b := newClerk(t, g, ada, wire.Protocol20), newClerk(t, g, bob, wire.Protocol13)
	r.requests()
	assert.False(t, a.registers("x", "lan://a"))
	assert.Empty(t, g.list())
	asked := r.requests()
	require.Len(t, asked, 2)
	assert.Equal(t, "call Registry.addSource", phrase(asked[0]))
	assert.Equal(t, Request{Peer: asked[1].Peer, Action: Register, Object: "x", Class: "Counter"}, asked[1])
	assert.Equal(t, ada, *asked[1].Peer)
	assert.False(t, b.registers("y", "lan://b"))
	assert.True(t, a.registers("y", "lan://a"))
	assert.False(t, b.registers("y", "lan://b"), "and it is taken")
	r.change("register y")
	assert.False(t, a.registers("y", "lan://a"), "a denial is at once")
	assert.True(t, a.withdraws("y", "lan://a"), "who has it may give it up")
	r.change("call Registry.addSource")
	assert.False(t, a.registers("z", "lan://a"))
	r.change()
	assert.True(t, a.registers("z", "lan://a"))
	// Nobody but the peer itself is asked about what the registry's own process enters.
	r.requests()
	_, err := g.Listen(soon(t), "lan://own", AllowExternalRegistration)
	require.NoError(t, err)
	r.set("register own")
	s, _ := newCounter(t)
	require.NoError(t, g.EnableRemoting(s, "own"))
	until(t, "own", func() bool { return len(g.list()) == 2 })
}

// TestHiddenEntries: a registry shows a peer the names that it may see.
func TestHiddenEntries(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		r := deny("guest: see secret", "guest: see secret2")
		g := testRegistry(t, r.use)
		host := newClerk(t, g, ada, p)
		require.True(t, host.registers("open", "lan://open"))
		require.True(t, host.registers("secret", "lan://cellar"))
		s := newClerk(t, g, guest("guest"), p)
		assert.False(t, s.saw("secret") || s.saw("cellar"))
		assert.True(t, s.saw("open"))
		require.True(t, host.registers("secret2", "lan://cellar"))
		require.True(t, host.registers("open2", "lan://open2"))
		require.True(t, host.registers("secret", "lan://cellar2"))
		require.True(t, host.withdraws("secret2", "lan://cellar"))
		require.True(t, host.withdraws("open", "lan://open"))
		assert.Equal(t, []string{"+open2@lan://open2", "-open@lan://open"}, s.hears())
		assert.False(t, s.saw("secret") || s.saw("cellar"))

		// It may see more: its replica starts anew. Others are left alone.
		other := newClerk(t, g, guest("other"), p)
		r.change("guest: see secret2")
		assert.Equal(t, wire.RemoveObject, s.next().Kind)
		assert.Equal(t, wire.ObjectList, s.next().Kind)
		s.send(&wire.Packet{Kind: wire.AddObject, Name: registryName})
		list := s.next()
		require.Equal(t, wire.Init, list.Kind)
		all := list.Values[0].Value.Any().(qt.SourceLocations)
		require.Len(t, all, 2)
		assert.Equal(t, "secret", all[1].Name)
		assert.Empty(t, other.hears())
		g.revise()
		assert.Empty(t, s.hears())
		assert.Empty(t, other.hears())
		// And less: what it has been told of goes.
		r.change("guest: see open2")
		assert.Equal(t, wire.RemoveObject, s.next().Kind)
		assert.Equal(t, wire.ObjectList, s.next().Kind)
		require.True(t, host.registers("more", "lan://more"))
		assert.Empty(t, s.hears(), "it listens no more")
		require.NoError(t, host.c.Close())
		until(t, "all go", func() bool { return len(g.list()) == 0 })
		g.revise()
		assert.Empty(t, s.hears())
	})
}

// TestEntryOfAnotherClass: an entry that becomes one of another class is another to those who may see the one or the other.
func TestEntryOfAnotherClass(t *testing.T) {
	r := &byClass{hidden: "Hidden"}
	g := testRegistry(t, func(c *Config) { c.Authorizer = r })
	host := newClerk(t, g, ada, wire.Protocol20)
	s := newClerk(t, g, guest("guest"), wire.Protocol20)
	enter := func(class string) {
		host.ask(&wire.Packet{Kind: wire.Invoke, Name: registryName, Index: 0, Serial: -1, Property: -1,
			Args: []qt.Value{qt.Of(qt.SourceLocation{Name: "x", TypeName: class, URL: "lan://" + qt.URL(class)})}})
		until(t, class, func() bool { all := g.list(); return len(all) == 1 && all[0] == "x@lan://"+class })
	}
	for _, step := range []struct {
		class string
		told  []string
	}{
		{"Open", []string{"+x@lan://Open"}}, {"Hidden", []string{"-x@lan://Open"}}, {"Open", []string{"+x@lan://Open"}},
		{"Other", []string{"-x@lan://Open", "+x@lan://Other"}}, {"Hidden", []string{"-x@lan://Other"}},
	} {
		enter(step.class)
		assert.Equal(t, step.told, s.hears(), step.class)
	}
	require.NoError(t, host.c.Close())
	until(t, "it goes", func() bool { return len(g.list()) == 0 })
	assert.Empty(t, s.hears())
	assert.False(t, s.saw("Hidden"))
}

// byClass hides the entries of a class from guests.
type byClass struct{ hidden string }

func (b *byClass) Authorize(q Request) error {
	if q.Action == See && q.Class == b.hidden && q.Peer.Addr == "guest" {
		return ErrDenied
	}
	return nil
}
