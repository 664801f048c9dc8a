package core

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// TestRevise: a change of policy reaches live connections.
func TestRevise(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		r := deny("see plant", "read open.value")
		h, errs := testHost(t, r.use)
		plant := newPlant(t)
		require.NoError(t, plant.Set("level", 50))
		open, _ := newCounter(t)
		require.NoError(t, open.Set("value", 60))
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		require.NoError(t, h.EnableRemoting(open, "open"))
		s, list := newSpy(t, h, p, guest("guest"))
		require.Len(t, list, 1)
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "open"})
		other, _ := newSpy(t, h, p, guest("other"))
		other.ask(&wire.Packet{Kind: wire.AddObject, Name: "open"})
		n, nodeErrs := testNode(t)
		visit(t, n, h, guest("node"), opts...)
		counter := acquired(t, n, "open", counterClass())
		states := make(chan State, 100)
		counter.OnState(func(_, s State) { states <- s })
		value, err := Get[int](counter, "value")
		require.NoError(t, err)
		assert.Equal(t, 5, value, "the default")

		// It may be read from now on, but not by everybody; the other one is not disturbed.
		r.change("see plant", "guest: read open.value", "other: read open.value")
		assert.Equal(t, Suspect, recv(t, states))
		assert.Equal(t, Valid, recv(t, states))
		value, err = Get[int](counter, "value")
		require.NoError(t, err)
		assert.Equal(t, 60, value)
		assert.Empty(t, s.settle())
		assert.Empty(t, other.settle())

		// A name appears and disappears.
		r.change("guest: read open.value", "other: read open.value", "other: see plant")
		appeared := s.next()
		require.Equal(t, wire.ObjectList, appeared.Kind)
		require.Len(t, appeared.Objects, 1)
		assert.Equal(t, "plant", appeared.Objects[0].Name)
		class, _, _ := plantClass()
		rep := acquired(t, n, "plant", class)
		plantStates := make(chan State, 100)
		rep.OnState(func(_, s State) { plantStates <- s })
		assert.Empty(t, other.settle())
		r.change("guest: read open.value", "other: read open.value", "see plant")
		gone := s.next()
		assert.Equal(t, wire.RemoveObject, gone.Kind)
		assert.Equal(t, "plant", gone.Name)
		assert.Equal(t, Suspect, recv(t, plantStates))
		assert.Empty(t, other.settle())
		assert.Empty(t, s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"}))
		nothing(t, plantStates)

		// Back, but not to be acquired; then with some parts only.
		same := []string{"guest: read open.value", "other: read open.value", "other: see plant"}
		r.change(append(same, "acquire plant")...)
		assert.Equal(t, wire.ObjectList, s.next().Kind)
		until(t, "asked again", func() bool {
			for _, q := range r.requests() {
				if q.Action == Acquire && q.Peer.Addr == "node" {
					return true
				}
			}
			return false
		})
		h.revise()
		assert.Equal(t, Suspect, rep.State())
		r.change(append(same, "read plant.level")...)
		assert.Equal(t, Valid, recv(t, plantStates), "it has waited for that")
		level, err := Get[int](rep, "level")
		require.NoError(t, err)
		assert.Equal(t, 7, level)
		h.revise()
		assert.Empty(t, s.settle(), "it did not ask")
		r.change(same...)
		assert.Equal(t, Suspect, recv(t, plantStates))
		assert.Equal(t, Valid, recv(t, plantStates))
		level, err = Get[int](rep, "level")
		require.NoError(t, err)
		assert.Equal(t, 50, level)
		r.change(append(same, "node: acquire plant")...)
		assert.Equal(t, Suspect, recv(t, plantStates))
		h.revise()
		assert.Empty(t, s.settle())
		assert.Empty(t, other.settle())

		nothing(t, errs)
		nothing(t, nodeErrs)
	})
}

// TestReviseCalls: what a peer may call and write changes at once, and without disturbing its replicas.
func TestReviseCalls(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		r := deny()
		h, _ := testHost(t, r.use)
		plant := newPlant(t)
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		n, errs := testNode(t)
		visit(t, n, h, guest("node"), opts...)
		rep := acquired(t, n, "plant", nil)
		states := make(chan State, 10)
		rep.OnState(func(_, s State) { states <- s })
		for i := range 3 {
			r.change()
			_, err := rep.Call(soon(t), "open")
			require.NoError(t, err)
			require.NoError(t, rep.Set("level", 100+i))
			assert.Equal(t, "open", recv(t, plant.calls))
			assert.Equal(t, fmt.Sprintf("level=%d", 100+i), recv(t, plant.calls))
			r.change("call plant.open", "write plant.level")
			_, err = rep.Call(soon(t), "open")
			assert.ErrorIs(t, err, ErrCallFailed)
			require.NoError(t, rep.Set("level", 99))
			_, err = child(t, rep, "gauge").Call(soon(t), "calibrate", 1) // each object's calls are in order
			require.NoError(t, err)
			_, err = rep.Call(soon(t), "fire", i)
			require.NoError(t, err)
			assert.Equal(t, "calibrate 1", recv(t, plant.calls))
			assert.Equal(t, fmt.Sprintf("fire %d", i), recv(t, plant.calls))
		}
		nothing(t, states)
		nothing(t, errs)
	})
}

// TestReviseMeetsReplacedObject: an object that is replaced between a change of policy and its revision takes nothing of what
// the peer has to be told anew.
func TestReviseMeetsReplacedObject(t *testing.T) {
	for _, first := range []bool{true, false} {
		r := deny()
		if first {
			r.set("read plant.key", "read plant.gauge.label")
		}
		h, _ := testHost(t, r.use)
		plant := newPlant(t)
		require.NoError(t, plant.Set("key", "x"))
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		s, _ := newSpy(t, h, wire.Protocol20, guest("guest"))
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
		want := []string{"read plant.key"}
		if first {
			want = nil
		}
		r.set(want...)
		require.NoError(t, plant.SetChild("gauge", plant.spare))
		require.NoError(t, plant.Set("level", 70))
		s.settle()
		r.change(want...)
		assert.Equal(t, wire.RemoveObject, s.next().Kind)
		assert.Equal(t, wire.ObjectList, s.next().Kind)
	}
}

// TestReviseWhileAllMoves: whatever happens at the same time, in the end each peer has what it may.
func TestReviseWhileAllMoves(t *testing.T) {
	plant := newPlant(t)
	done := make(chan bool)
	t.Cleanup(func() { close(done) }) // after the host
	go func() {
		for {
			select {
			case <-plant.calls:
			case <-plant.peers:
			case <-done:
				return
			}
		}
	}()
	r := deny()
	h, errs := testHost(t, r.use)
	require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
	coming, _ := newCounter(t)
	class, _, _ := plantClass()
	var nodes []*Node
	for i := range 8 {
		n, _ := testNode(t)
		visit(t, n, h, guest(fmt.Sprint("n", i)), speak(both[i%2])...)
		nodes = append(nodes, n)
	}
	const rounds = 50
	var all sync.WaitGroup
	run := func(f func(i int)) {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range rounds {
				f(i)
			}
		}()
	}
	policies := [][]string{nil, {"see plant"}, {"acquire plant"}, {"read plant.level"}, {"read plant.gauge", "n1: see plant"}, {"see coming", "read plant.gauge.label"}}
	for range 2 {
		run(func(i int) { r.change(policies[i%len(policies)]...) })
	}
	for i, n := range nodes {
		run(func(j int) {
			var rep *Replica
			var err error
			if i < 4 {
				rep, err = n.Acquire("plant", class)
			} else {
				rep, err = n.AcquireDynamic("plant")
			}
			if !assert.NoError(t, err) {
				return
			}
			if j%3 == 0 && rep.State() == Valid {
				_ = rep.Set("mode", j)
				_ = rep.Send("open")
			}
			assert.NoError(t, rep.Close())
		})
	}
	run(func(i int) { _ = plant.Set("level", i); _ = plant.Emit("tick", i) })
	run(func(i int) { _ = plant.gauge.Set("label", fmt.Sprint(i)) })
	run(func(i int) { _ = plant.SetChild("gauge", []*Source{nil, plant.gauge, plant.spare}[i%3]) })
	run(func(int) { _ = h.EnableRemoting(coming, "coming"); _ = h.DisableRemoting(coming) })
	run(func(int) {
		n, _ := testNode(t)
		visit(t, n, h, guest("passing"))
		_, _ = n.AcquireDynamic("plant")
		_ = n.Close()
	})
	all.Wait()
	require.NoError(t, plant.SetChild("gauge", plant.gauge))
	require.NoError(t, plant.Set("level", 4711))
	require.NoError(t, plant.gauge.Set("label", "final"))
	_ = h.EnableRemoting(coming, "coming")
	for _, policy := range policies {
		r.change(policy...)
		denied := func(n int, what string) bool {
			for _, d := range policy {
				if d == what || d == fmt.Sprintf("n%d: %s", n, what) {
					return true
				}
			}
			return false
		}
		for i, n := range nodes {
			rep, err := n.AcquireDynamic("plant")
			if i < 4 {
				rep, err = n.Acquire("plant", class)
			}
			require.NoError(t, err)
			if denied(i, "see plant") || denied(i, "acquire plant") {
				until(t, "it is hidden", func() bool { return rep.State() != Valid })
				require.NoError(t, rep.Close())
				continue
			}
			level, label := 4711, "final"
			if denied(i, "read plant.level") {
				level = 7
			}
			if denied(i, "read plant.gauge.label") {
				label = "gauge"
			}
			until(t, fmt.Sprint(i, policy), func() bool {
				got, err := Get[int](rep, "level")
				if err != nil || rep.State() != Valid || got != level {
					return false
				}
				g, err := rep.Child("gauge")
				if err != nil || denied(i, "read plant.gauge") != (g == nil) {
					return false
				}
				if g == nil {
					return true
				}
				l, err := Get[string](g, "label")
				return err == nil && l == label
			})
			require.NoError(t, rep.Close())
		}
	}
	nothing(t, errs)
	assert.Zero(t, h.Stats().Violations)
}

// TestReviseMeetsAnotherSource: a name that passes to another object while it is judged.
func TestReviseMeetsAnotherSource(t *testing.T) {
	r := &swapping{}
	h, _ := testHost(t, func(c *Config) { c.Authorizer = r })
	a := newPlant(t)
	b, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(a.Source, "name"))
	s, _ := newSpy(t, h, wire.Protocol20, guest("guest"))
	c := s.conn(h)
	r.swap = func() {
		assert.NoError(t, h.DisableRemoting(a.Source))
		assert.NoError(t, h.EnableRemoting(b, "name"))
	}
	c.revise() // by which the first object would be hidden
	packets := s.settle()
	require.Equal(t, []wire.Kind{wire.ObjectList}, kinds(packets))
	assert.Equal(t, "Counter", packets[0].Objects[0].TypeName)
	assert.True(t, c.seen["name"])
}

// swapping hides plants as soon as it has a swap, which it makes then.
type swapping struct{ swap func() }

func (s *swapping) Authorize(q Request) error {
	if s.swap == nil || q.Class != "Plant" {
		return nil
	}
	swap := s.swap
	s.swap = func() {}
	swap()
	return ErrDenied
}

// TestReviseEnds: a host that is closed does not listen to its authorizer any more.
func TestReviseEnds(t *testing.T) {
	r := deny()
	h, _ := testHost(t, r.use)
	assert.Len(t, r.watched, 1)
	require.NoError(t, h.Close())
	assert.Empty(t, r.watched)
	r.change("see plant")
	require.NoError(t, h.Close())
	g, err := NewRegistryHost(Config{Authorizer: r})
	require.NoError(t, err)
	assert.Len(t, r.watched, 1)
	require.NoError(t, g.Close())
	assert.Empty(t, r.watched)
}

// TestCancelOnce: a host's authorizer is told once that the host has gone.
func TestCancelOnce(t *testing.T) {
	n := 0
	h, _ := testHost(t, func(c *Config) { c.Authorizer = counting{&n} })
	require.NoError(t, h.Close())
	require.NoError(t, h.Close())
	assert.Equal(t, 1, n)
}

type counting struct{ cancelled *int }

func (counting) Authorize(Request) error              { return nil }
func (c counting) OnChange(fn func()) (cancel func()) { fn(); return func() { *c.cancelled++ } }

// TestSeenIsForgotten: names that have gone are not kept.
func TestSeenIsForgotten(t *testing.T) {
	h, _ := testHost(t, deny().use)
	s, _ := newSpy(t, h, wire.Protocol20, guest("guest"))
	c := s.conn(h)
	src, _ := newCounter(t)
	for i := range 10 {
		require.NoError(t, h.EnableRemoting(src, fmt.Sprint(i)))
		require.NoError(t, h.DisableRemoting(src))
	}
	s.settle()
	assert.Empty(t, c.seen)
}

// TestHiddenNameIsElsewhere: a node that is told that a name has gone, though it did not use it, finds it at another host.
func TestHiddenNameIsElsewhere(t *testing.T) {
	eachProtocol(t, func(t *testing.T, _ wire.Protocol, opts ...ListenOption) {
		r := deny()
		first, _ := testHost(t, r.use)
		second, _ := testHost(t)
		n, errs := testNode(t)
		for i, h := range []*Host{first, second} {
			s, _ := newCounter(t)
			require.NoError(t, s.Set("value", 10+i))
			require.NoError(t, h.EnableRemoting(s, "counter"))
			mark, _ := newCounter(t)
			require.NoError(t, h.EnableRemoting(mark, fmt.Sprint("mark", i)))
			visit(t, n, h, guest("node"), opts...)
			require.NoError(t, acquired(t, n, fmt.Sprint("mark", i), nil).Close())
		}
		r.change("see counter")
		first.revise()
		acquired(t, n, "mark0", nil) // it has read what came before that
		replica := acquired(t, n, "counter", counterClass())
		v, err := Get[int](replica, "value")
		require.NoError(t, err)
		assert.Equal(t, 11, v)
		nothing(t, errs)
	})
}

// TestLostCallsAreNotMade: calls that wait when their peer loses the object are not made.
func TestLostCallsAreNotMade(t *testing.T) {
	for _, policy := range []string{"see plant", "acquire plant"} {
		r := deny()
		h, _ := testHost(t, r.use)
		plant := newPlant(t)
		began, release := make(chan bool), make(chan bool)
		require.NoError(t, plant.Handle("open", func() int { began <- true; <-release; return 0 }))
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		s, _ := newSpy(t, h, wire.Protocol20, guest("guest"))
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
		slot := func(name string) int32 { i, err := plant.info.slot(name, -1); require.NoError(t, err); return int32(i) }
		s.send(&wire.Packet{Kind: wire.Invoke, Name: "plant", Index: slot("open"), Serial: -1, Property: -1})
		recv(t, began)
		for range 5 {
			s.ask(&wire.Packet{Kind: wire.Invoke, Name: "plant", Index: slot("fire"), Args: []qt.Value{qt.Of(int32(1))}, Serial: -1, Property: -1},
				&wire.Packet{Kind: wire.Invoke, Name: "plant", Call: wire.WriteProperty, Args: []qt.Value{qt.Of(int32(1))}, Serial: -1, Property: -1})
		}
		r.change(policy)
		h.revise()
		release <- true
		c := s.conn(h)
		c.mu.Lock()
		q := c.calls["plant"]
		c.mu.Unlock()
		until(t, "all calls are done", func() bool { q.mu.Lock(); defer q.mu.Unlock(); return len(q.items) == 0 && !q.running })
		nothing(t, plant.calls)
	}
}
