package core

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// town is a registry with hosts around it, on a network that knows them.
type town struct {
	t   *testing.T
	lan *lan
	reg *RegistryHost
}

func newTown(t *testing.T, configure ...func(*Config)) *town {
	w := &town{t: t, lan: newLan()}
	c, _ := quiet(t)
	w.lan.trusted("registry").use(&c)
	for _, f := range configure {
		f(&c)
	}
	var err error
	w.reg, err = NewRegistryHost(c)
	require.NoError(t, err)
	_, err = w.reg.Listen(t.Context(), "lan://registry")
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.reg.Close() })
	return w
}

// house is a host of somebody's that remotes a counter "x".
type house struct {
	*Host
	source *Source
	errs   trouble
	plug   *plug
}

func (w *town) house(as Peer, url string) *house {
	c, errs := quiet(w.t)
	p := w.lan.plug(as)
	p.actual = as.Security
	p.use(&c)
	h := &house{Host: NewHost(c), errs: errs, plug: p}
	w.t.Cleanup(func() { _ = h.Close() })
	h.source, _ = newCounter(w.t)
	require.NoError(w.t, h.EnableRemoting(h.source, "x"))
	if url != "" {
		_, err := h.Listen(w.t.Context(), url)
		require.NoError(w.t, err)
	}
	_, err := h.SetRegistry("lan://registry")
	require.NoError(w.t, err)
	return h
}

// told empties what a host has been told of.
func (h *house) told() (out []error) {
	for len(h.errs) > 0 {
		out = append(out, <-h.errs)
	}
	return out
}

// owns reports whether a host believes that it is registered.
func (h *house) owns() bool {
	g := h.Registry()
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.own["x"]
	return ok
}

// TestHostComesBack: a host that starts again has its name, whatever is left of its former self.
func TestHostComesBack(t *testing.T) {
	for what, test := range map[string]struct {
		as  Peer
		url string
		now bool // or when the old connection is missed
	}{
		"proved, same URL":         {ada, "lan://a", true},
		"proved, other URL":        {ada, "lan://a2", true},
		"anonymous, same URL":      {anonymous, "lan://a", true},
		"anonymous, other URL":     {anonymous, "lan://a2", false},
		"uid, same URL":            {uid1, "lan://a", true},
		"without proof, other URL": {fakeAda, "lan://a2", false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t)
				// The former self's connection is still there, though nobody is at its end.
				old := newClerk(t, w.reg, test.as, wire.Protocol20)
				require.True(t, old.registers("x", "lan://a"))
				h := w.house(test.as, test.url)
				time.Sleep(time.Second)
				if test.now {
					assert.Equal(t, []string{"x@" + test.url}, w.reg.list())
					assert.Empty(t, h.told())
				} else {
					assert.Equal(t, []string{"x@lan://a"}, w.reg.list())
					assert.False(t, h.owns())
					errs := h.told()
					if assert.Len(t, errs, 1) {
						assert.ErrorIs(t, errs[0], ErrNameTaken)
						assert.ErrorContains(t, errs[0], "lan://a")
					}
				}
				require.NoError(t, old.c.Close())
				time.Sleep(time.Second)
				assert.Equal(t, []string{"x@" + test.url}, w.reg.list())
				assert.True(t, h.owns())
				assert.Empty(t, h.told())
				all, err := h.Registry().Locations()
				require.NoError(t, err)
				assert.Len(t, all, 1)
				// It knows that the name is its own.
				require.NoError(t, h.DisableRemoting(h.source))
				time.Sleep(time.Second)
				assert.Empty(t, w.reg.list())
				assert.False(t, h.owns())
				require.NoError(t, h.EnableRemoting(h.source, "x"))
				time.Sleep(time.Second)
				assert.Equal(t, []string{"x@" + test.url}, w.reg.list())
			})
		})
	}
}

// TestHostWaitsForKeptName: a host that wants a name which is kept for another has it when that does not come back.
func TestHostWaitsForKeptName(t *testing.T) {
	for _, back := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(t)
			old := newClerk(t, w.reg, ada, wire.Protocol20)
			require.True(t, old.registers("x", "lan://a"))
			b := w.house(bob, "lan://b")
			time.Sleep(time.Second)
			errs := b.told()
			require.Len(t, errs, 1)
			assert.ErrorIs(t, errs[0], ErrNameTaken)
			require.NoError(t, old.c.Close())
			time.Sleep(reservedFor / 2)
			assert.Empty(t, w.reg.list())
			assert.False(t, b.owns())
			assert.LessOrEqual(t, len(b.told()), 1)
			if !back {
				time.Sleep(2 * reservedFor)
				assert.Equal(t, []string{"x@lan://b"}, w.reg.list())
				assert.True(t, b.owns())
				assert.Empty(t, b.told())
				return
			}
			a := w.house(ada, "lan://a2")
			time.Sleep(time.Hour)
			assert.Equal(t, []string{"x@lan://a2"}, w.reg.list())
			assert.Empty(t, a.told())
			assert.LessOrEqual(t, len(b.told()), 1)
			require.NoError(t, a.DisableRemoting(a.source))
			time.Sleep(time.Second)
			assert.Equal(t, []string{"x@lan://b"}, w.reg.list(), "given up, not lost")
		})
	}
}

// TestTwoWithOneIdentity: two hosts that are the same to the registry, and want the same name, do not fight for ever.
func TestTwoWithOneIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		watcher := newClerk(t, w.reg, anonymous, wire.Protocol20)
		a := w.house(ada, "lan://a")
		time.Sleep(time.Second)
		assert.Equal(t, []string{"+x@lan://a"}, watcher.hears())
		b := w.house(ada, "lan://b")
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"+x@lan://b"}, watcher.hears(), "who comes last")
		assert.False(t, a.owns())
		assert.True(t, b.owns())
		errs := a.told()
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], ErrNameTaken)
		assert.ErrorContains(t, errs[0], "lan://b")
		assert.Empty(t, b.told())
		// Connections that come and go.
		for range 5 {
			w.lan.cut("registry")
			time.Sleep(time.Hour)
			assert.Len(t, w.reg.list(), 1)
			assert.NotEqual(t, a.owns(), b.owns())
		}
		assert.LessOrEqual(t, len(watcher.hears()), 5*4, "each of both comes once, and the first goes when it is cut off")
		a.told()
		b.told()
		// One of them gives it up; the other has it.
		first, second := a, b
		if b.owns() {
			first, second = b, a
		}
		require.NoError(t, first.DisableRemoting(first.source))
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"x@" + second.URLs()[0]}, w.reg.list())
		assert.True(t, second.owns())
		assert.Len(t, watcher.hears(), 2)
	})
}

// TestHostIsDenied: a host is told that the registry does not let it in, once, and comes in when it may.
func TestHostIsDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := deny("register x")
		w := newTown(t, r.use)
		h := w.house(ada, "lan://a")
		time.Sleep(time.Hour + time.Second/2)
		assert.Empty(t, w.reg.list())
		assert.False(t, h.owns())
		errs := h.told()
		if assert.Len(t, errs, 1) {
			assert.ErrorContains(t, errs[0], "x")
			assert.ErrorIs(t, errs[0], ErrNameTaken)
		}
		r.change()
		time.Sleep(2 * time.Minute)
		assert.Equal(t, []string{"x@lan://a"}, w.reg.list())
		assert.True(t, h.owns())
		assert.Empty(t, h.told())
	})
}

// TestWithdrawnByAnother: what another connection of the same identity withdraws comes back if this host still has it.
func TestWithdrawnByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		h := w.house(ada, "lan://a")
		time.Sleep(time.Second)
		clerk := newClerk(t, w.reg, ada, wire.Protocol20)
		require.True(t, clerk.withdraws("x", "lan://a"))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"x@lan://a"}, w.reg.list())
		assert.True(t, h.owns())
		require.NoError(t, clerk.c.Close())
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"x@lan://a"}, w.reg.list())
		assert.Empty(t, h.told())
	})
}

// TestRegistryConnectionComesBack: names are registered anew after the connection to the registry was lost, on either side.
func TestRegistryConnectionComesBack(t *testing.T) {
	for _, as := range []Peer{ada, anonymous} {
		t.Run(as.Addr, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t)
				h := w.house(as, "lan://a")
				n, _ := quiet(t)
				w.lan.plug(anonymous).use(&n)
				node := NewNode(n)
				defer node.Close()
				g, err := node.SetRegistry("lan://registry")
				require.NoError(t, err)
				events := make(chan string, 100)
				g.OnAdded(func(l qt.SourceLocation) { events <- "+" + l.Name })
				g.OnRemoved(func(l qt.SourceLocation) { events <- "-" + l.Name })
				require.NoError(t, g.Wait(t.Context()))
				rep, err := node.Acquire("x", counterClass())
				require.NoError(t, err)
				require.NoError(t, rep.Wait(t.Context()))
				for i := range 5 {
					w.lan.cut("registry")
					time.Sleep(time.Minute)
					assert.Equal(t, []string{"x@lan://a"}, w.reg.list(), i)
					assert.True(t, h.owns())
					all, err := g.Locations()
					require.NoError(t, err)
					assert.Len(t, all, 1)
				}
				for len(events) > 1 {
					<-events
				}
				assert.Equal(t, "+x", <-events, "the last word")
				assert.Empty(t, h.told())
			})
		})
	}
}

// TestRefusedHostAsksSeldom: however often a name that it may not have comes and goes, a host asks for it once a time and once a
// minute.
func TestRefusedHostAsksSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := deny("ada: register x")
		w := newTown(t, r.use)
		h := w.house(ada, "lan://a")
		b := newClerk(t, w.reg, bob, wire.Protocol20)
		for range 20 {
			require.True(t, b.registers("x", "lan://b"))
			time.Sleep(time.Second)
			require.True(t, b.withdraws("x", "lan://b"))
			time.Sleep(time.Second)
		}
		r.requests()
		time.Sleep(10*time.Minute + time.Second)
		asked := 0
		for _, q := range r.requests() {
			if q.Action == Register {
				asked++
			}
		}
		assert.InDelta(t, 10, asked, 1)
		assert.LessOrEqual(t, len(h.told()), 21)
		r.change()
		time.Sleep(2 * time.Minute)
		assert.True(t, h.owns())
	})
}
