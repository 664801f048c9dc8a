package core

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// plantClass has a member of every kind that can be denied, three levels deep.
func plantClass() (plant, gauge, dial *Class) {
	dial = &Class{Name: "Dial", Properties: []Property{{Name: "needle", Type: "int", Access: ReadWrite, Default: 1}},
		Slots: []Slot{{"reset", "int", nil}}}
	gauge = &Class{Name: "Gauge", Properties: []Property{{Name: "label", Type: "QString", Access: ReadWrite, Default: "gauge"},
		{Name: "pressure", Type: "int", Access: ReadPush, Default: 3}, {Name: "dial", Class: dial}},
		Signals: []Signal{{"tripped", []Param{{"n", "int"}}}}, Slots: []Slot{{"calibrate", "int", []Param{{"n", "int"}}}}}
	plant = &Class{Name: "Plant", Properties: []Property{{Name: "level", Type: "int", Access: ReadWrite, Default: 7},
		{Name: "key", Type: "QString", Access: ReadWrite, Default: "none"}, {Name: "any", Type: "QVariant", Access: ReadWrite},
		{Name: "mode", Type: "int", Access: ReadPush, Default: 2}, {Name: "gauge", Class: gauge}, {Name: "spare", Class: gauge},
		{Name: "rows", Roles: []string{"display"}}, {Name: "serial", Type: "QString", Access: Constant, Default: "S"}},
		Signals: []Signal{{"alarm", []Param{{"n", "int"}}}, {"tick", []Param{{"n", "int"}}}},
		Slots:   []Slot{{"open", "int", nil}, {"fire", "", []Param{{"n", "int"}}}}}
	return
}

// plantSource is a source of a plant, and what its handlers were asked.
type plantSource struct {
	*Source
	gauge, spare, dial *Source
	calls              chan string
	peers              chan Peer
}

func newPlant(t testing.TB) *plantSource {
	plant, gauge, dial := plantClass()
	p := &plantSource{made(t, plant), made(t, gauge), made(t, gauge), made(t, dial), make(chan string, 100), make(chan Peer, 100)}
	note := func(ctx context.Context, what string) {
		peer, _ := PeerFrom(ctx)
		p.calls <- what
		p.peers <- peer
	}
	require.NoError(t, p.Handle("open", func(ctx context.Context) int { note(ctx, "open"); return 1 }))
	require.NoError(t, p.Handle("fire", func(ctx context.Context, n int) { note(ctx, "fire "+strconv.Itoa(n)) }))
	for _, g := range []*Source{p.gauge, p.spare} {
		require.NoError(t, g.Handle("calibrate", func(ctx context.Context, n int) int { note(ctx, "calibrate "+strconv.Itoa(n)); return n }))
	}
	require.NoError(t, p.dial.Handle("reset", func(ctx context.Context) int { note(ctx, "reset"); return 5 }))
	for s, names := range map[*Source][]string{p.Source: {"level", "mode"}, p.gauge: {"label", "pressure"}, p.dial: {"needle"}} {
		for _, name := range names {
			require.NoError(t, s.OnWrite(name, func(ctx context.Context, v qt.Value) error {
				note(ctx, fmt.Sprintf("%s=%v", name, v.Any()))
				return nil
			}))
		}
	}
	require.NoError(t, p.gauge.SetChild("dial", p.dial))
	require.NoError(t, p.SetChild("gauge", p.gauge))
	return p
}

func TestActionNames(t *testing.T) {
	for a, want := range map[Action]string{See: "see", Acquire: "acquire", Read: "read", Write: "write", Call: "call", Register: "register",
		0: "Action(0)", 7: "Action(7)"} {
		assert.Equal(t, want, a.String())
	}
}

// TestUnseen: what a peer may not see is never told of, and does not answer.
func TestUnseen(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		r := deny("see hidden", "see later", "guest: see half")
		h, errs := testHost(t, r.use)
		hidden := newPlant(t)
		require.NoError(t, hidden.Set("key", "topSecret"))
		open, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(hidden.Source, "hidden"))
		require.NoError(t, h.EnableRemoting(open, "open"))
		half, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(half, "half"))
		s, list := newSpy(t, h, p, guest("guest"))
		require.Len(t, list, 1)
		assert.Equal(t, "open", list[0].Name)
		other, list := newSpy(t, h, p, guest("other"))
		assert.Len(t, list, 2, "another peer has other rights")
		later, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(later, "later"))
		assert.Empty(t, s.settle())
		assert.Empty(t, other.settle())
		invoke := func(index int32) *wire.Packet {
			return &wire.Packet{Kind: wire.Invoke, Name: "hidden", Index: index, Serial: 1, Property: -1}
		}
		write := &wire.Packet{Kind: wire.Invoke, Name: "hidden", Call: wire.WriteProperty, Args: []qt.Value{qt.Of(int32(3))}, Serial: -1, Property: -1}
		for _, dynamic := range []bool{true, false} {
			assert.Empty(t, s.ask(&wire.Packet{Kind: wire.AddObject, Name: "hidden", Dynamic: dynamic}), "dynamic: %t", dynamic)
			assert.Empty(t, s.ask(invoke(0), write), "it was not acquired")
		}
		assert.Empty(t, s.ask(&wire.Packet{Kind: wire.RemoveObject, Name: "hidden"}, &wire.Packet{Kind: wire.AddObject, Name: "nonsense"}))
		require.NoError(t, hidden.Set("key", "topSecret2"))
		require.NoError(t, hidden.Emit("tick", 1))
		require.NoError(t, h.DisableRemoting(hidden.Source))
		require.NoError(t, h.DisableRemoting(later))
		assert.Empty(t, s.settle())
		for _, word := range []string{"hidden", "later", "half", "Plant", "topSecret"} {
			assert.False(t, s.saw(word), word)
		}
		assert.True(t, s.saw("open"), "or the spy is blind")
		nothing(t, hidden.calls)
		// The name is free for another object, which has rights of its own.
		r.set()
		require.NoError(t, h.EnableRemoting(later, "hidden"))
		assert.Equal(t, []wire.Kind{wire.ObjectList}, kinds(s.settle()))
		assert.Equal(t, []wire.Kind{wire.Init}, kinds(s.ask(&wire.Packet{Kind: wire.AddObject, Name: "hidden"})))
		nothing(t, errs)
	})
}

// TestUnacquired: what a peer may see, but not acquire.
func TestUnacquired(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		r := deny("acquire plant")
		h, _ := testHost(t, r.use)
		plant := newPlant(t)
		require.NoError(t, plant.Set("key", "topSecret"))
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		s, list := newSpy(t, h, p, guest("guest"))
		require.Len(t, list, 1)
		for _, dynamic := range []bool{true, false} {
			assert.Empty(t, s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant", Dynamic: dynamic}))
		}
		for _, name := range []string{"plant", "Class::gauge", "Class::plant::gauge", "Model::rows", "Model::plant::rows"} {
			assert.Empty(t, s.ask(&wire.Packet{Kind: wire.Invoke, Name: name, Serial: 1, Property: -1}), name)
		}
		require.NoError(t, plant.Set("level", 0x5EC2E7))
		require.NoError(t, plant.gauge.Set("label", "topSecret"))
		assert.Empty(t, s.settle())
		assert.False(t, s.saw("topSecret") || s.sawInt(0x5EC2E7))
		nothing(t, plant.calls)
		// A replica waits, and has it as soon as it may.
		n, errs := testNode(t)
		visit(t, n, h, guest("guest"), opts...)
		class, _, _ := plantClass()
		replica, err := n.Acquire("plant", class)
		require.NoError(t, err)
		until(t, "it has asked", func() bool {
			for _, q := range r.requests() {
				if q.Action == Acquire && q.Peer.Addr == "guest" {
					return true
				}
			}
			return false
		})
		assert.Equal(t, Default, replica.State())
		nothing(t, errs)
	})
}

// TestUnwritten: properties that a peer may not write keep their values, by whichever way it tries.
func TestUnwritten(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		h, errs := testHost(t, deny("write plant.level", "write plant.mode", "write plant.gauge.label", "write plant.gauge.dial.needle").use)
		plant := newPlant(t)
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		n, nodeErrs := testNode(t)
		visit(t, n, h, guest("guest"), opts...)
		class, _, _ := plantClass()
		for _, class := range []*Class{class, nil} {
			r := acquired(t, n, "plant", class)
			g := child(t, r, "gauge")
			d := child(t, g, "dial")
			require.NoError(t, r.Set("level", 99))
			require.NoError(t, r.Set("mode", 99))
			require.NoError(t, g.Set("label", "mine"))
			require.NoError(t, d.Set("needle", 99))
			_, err := r.Call(soon(t), "pushMode", 98)
			assert.ErrorIs(t, err, ErrCallFailed)
			require.NoError(t, g.Set("pressure", 4))
			assert.Equal(t, "pressure=4", recv(t, plant.calls), "which is allowed")
			_, err = g.Call(soon(t), "pushPressure", 5)
			require.NoError(t, err)
			assert.Equal(t, "pressure=5", recv(t, plant.calls))
			_, err = r.Call(soon(t), "open")
			require.NoError(t, err)
			_, err = d.Call(soon(t), "reset")
			require.NoError(t, err)
			assert.Equal(t, "open", recv(t, plant.calls))
			assert.Equal(t, "reset", recv(t, plant.calls))
			nothing(t, plant.calls)
			for property, want := range map[string]any{"level": int32(7), "mode": int32(2)} {
				v, err := plant.Get(property)
				require.NoError(t, err)
				assert.Equal(t, want, v.Any(), property)
			}
			v, err := plant.gauge.Get("label")
			require.NoError(t, err)
			assert.Equal(t, "gauge", v.Any())
			require.NoError(t, r.Close())
		}
		nothing(t, errs)
		nothing(t, nodeErrs)
	})
}

// TestUncalled: a call that is denied fails, and its handler does not run.
func TestUncalled(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		h, _ := testHost(t, deny("call plant.open", "call plant.gauge.calibrate").use)
		plant := newPlant(t)
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		n, errs := testNode(t)
		as := Peer{Scheme: "lan", Addr: "guest", Security: Authenticated, Identity: "ada"}
		visit(t, n, h, as, opts...)
		for range 2 {
			r := acquired(t, n, "plant", nil)
			_, err := r.Call(soon(t), "open")
			assert.ErrorIs(t, err, ErrCallFailed)
			_, err = child(t, r, "gauge").Call(soon(t), "calibrate", 1)
			assert.ErrorIs(t, err, ErrCallFailed)
			require.NoError(t, r.Send("open"))
			require.NoError(t, child(t, r, "gauge").Send("calibrate", 2))
			_, err = r.Call(soon(t), "fire", 3)
			require.NoError(t, err)
			assert.Equal(t, "fire 3", recv(t, plant.calls))
			assert.Equal(t, as, recv(t, plant.peers))
			v, err := child(t, r, "gauge", "dial").Call(soon(t), "reset")
			require.NoError(t, err)
			assert.EqualValues(t, 5, v.Int())
			assert.Equal(t, "reset", recv(t, plant.calls))
			nothing(t, plant.calls)
			require.NoError(t, r.Close())
		}
		// A failed call of somebody who plays by no rules looks the same as any other.
		s, _ := newSpy(t, h, p, as)
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
		slot, err := plant.info.slot("open", 0)
		require.NoError(t, err)
		s.send(&wire.Packet{Kind: wire.Invoke, Name: "plant", Index: int32(slot), Serial: 9, Property: -1})
		reply := s.next()
		assert.Equal(t, wire.Packet{Kind: wire.InvokeReply, Name: "plant", Serial: 9}, *reply)
		nothing(t, errs)
	})
}

// TestOwnProcessIsNotAsked: a host may do everything with what it remotes itself.
func TestOwnProcessIsNotAsked(t *testing.T) {
	r := deny("see plant", "acquire plant", "read plant.level", "write plant.level", "call plant.open")
	h, _ := testHost(t, r.use)
	plant := newPlant(t)
	require.NoError(t, plant.Set("level", 55))
	require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
	replica := acquired(t, h.Node, "plant", nil)
	level, err := Get[int](replica, "level")
	require.NoError(t, err)
	assert.Equal(t, 55, level)
	_, err = replica.Call(soon(t), "open")
	require.NoError(t, err)
	require.NoError(t, replica.Set("level", 56))
	until(t, "written", func() bool { v, _ := plant.Get("level"); return v.Int() == 56 })
	assert.Empty(t, r.requests())
	// It cannot be played from outside.
	s, list := newSpy(t, h, wire.Protocol20, Peer{Security: Local})
	assert.Empty(t, list)
	assert.NotEmpty(t, r.requests())
	assert.Empty(t, s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"}))
}

// TestRequests: an authorizer is asked what the documentation says.
func TestRequests(t *testing.T) {
	r := deny()
	h, _ := testHost(t, r.use)
	plant := newPlant(t)
	require.NoError(t, h.EnableRemoting(plant.Source, "boiler"))
	as := Peer{Scheme: "lan", Addr: "guest", Security: Authenticated, Identity: "ada", Unix: &Credentials{1, 2, 3}}
	n, _ := testNode(t)
	visit(t, n, h, as)
	replica := acquired(t, n, "boiler", nil)
	asked := func() map[string]int {
		out := map[string]int{}
		for _, q := range r.requests() {
			assert.Equal(t, as, *q.Peer)
			assert.Equal(t, "Plant", q.Class, "the root's")
			assert.Equal(t, "boiler", q.Object)
			out[q.Action.String()+" "+q.Member]++
		}
		return out
	}
	first := asked()
	for _, member := range []string{"see ", "acquire ", "read level", "read key", "read any", "read mode", "read gauge", "read spare", "read rows",
		"read serial", "read alarm", "read tick", "read gauge.label", "read gauge.pressure", "read gauge.dial", "read gauge.tripped",
		"read gauge.dial.needle", "read rows.availableRoles", "read rows.modelReset"} {
		assert.Positive(t, first[member], member)
	}
	assert.Zero(t, first["read spare.label"], "there is none")
	assert.Zero(t, first["read levelChanged"], "it tells the value")
	for member, do := range map[string]func() error{
		"write level":             func() error { return replica.Set("level", 8) },
		"write mode":              func() error { return replica.Set("mode", 8) },
		"call open":               func() error { _, err := replica.Call(soon(t), "open"); return err },
		"write gauge.dial.needle": func() error { return child(t, replica, "gauge", "dial").Set("needle", 8) },
		"write gauge.pressure":    func() error { return child(t, replica, "gauge").Set("pressure", 8) },
		"call gauge.calibrate":    func() error { _, err := child(t, replica, "gauge").Call(soon(t), "calibrate", 8); return err },
		"call rows.replicaSizeRequest": func() error {
			_, err := child(t, replica, "rows").Call(soon(t), "replicaSizeRequest", qt.ModelPath{})
			return err
		},
	} {
		require.NoError(t, do())
		if member != "call rows.replicaSizeRequest" {
			recv(t, plant.calls)
		}
		got := asked()
		for _, object := range []string{"read gauge", "read gauge.dial", "read rows"} {
			delete(got, object) // whether it is there for the peer
		}
		assert.Equal(t, map[string]int{member: 1}, got)
	}
	require.NoError(t, plant.SetChild("gauge", plant.spare))
	until(t, "the other gauge", func() bool { d, _ := child(t, replica, "gauge").Child("dial"); return d == nil })
	again := asked()
	assert.Positive(t, again["read gauge.label"], "it is another object")
	assert.Zero(t, again["read gauge.dial.needle"])
}

// TestUpdatesAreNotJudged: what a peer may read is decided once; an update costs an authorizer nothing.
func TestUpdatesAreNotJudged(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		r := deny("read plant.key", "read plant.alarm", "read plant.gauge.label")
		h, _ := testHost(t, r.use)
		plant := newPlant(t)
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		s, _ := newSpy(t, h, p, guest("guest"))
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
		r.requests()
		n := 100
		index := func(src *Source, name string) int {
			i, err := src.PropertyIndex(name)
			require.NoError(t, err)
			return i
		}
		level, key, label, pressure := index(plant.Source, "level"), index(plant.Source, "key"), index(plant.gauge, "label"), index(plant.gauge, "pressure")
		tick, err := plant.SignalIndex("tick")
		require.NoError(t, err)
		alarm, err := plant.SignalIndex("alarm")
		require.NoError(t, err)
		words := []qt.Value{qt.Of("a"), qt.Of("b")}
		deliver := func() {
			n++
			v := qt.Of(int32(n))
			_ = plant.SetValue(level, v)
			_ = plant.SetValue(key, words[n%2])
			_ = plant.gauge.SetValue(label, words[n%2])
			_ = plant.gauge.SetValue(pressure, v)
			_ = plant.EmitValues(tick, v)
			_ = plant.EmitValues(alarm, v)
		}
		for range 10 {
			deliver()
		}
		s.settle()
		sight := func() { // what an update asks about rights, which must not allocate
			t := plant.lock()
			l := &t.listeners[0]
			packet := &t.packets[0]
			*packet = wire.Packet{Kind: wire.PropertyChange, Index: int32(level)}
			l.hears(plant.Source, packet)
			l.hides(plant.gauge, label)
			t.mu.Unlock()
		}
		assert.Zero(t, testing.AllocsPerRun(100, sight))
		got := s.settle()
		assert.Empty(t, got)
		deliver()
		var seen []string
		for _, p := range s.settle() {
			seen = append(seen, fmt.Sprintf("%s %s %d", p.Kind, p.Name, p.Index))
		}
		assert.Len(t, seen, 5, "level and pressure with their signals, and tick: %v", seen)
		assert.Empty(t, r.requests())
	})
}

func TestSecurityNames(t *testing.T) {
	for s, want := range map[Security]string{Plaintext: "plaintext", Local: "local", Encrypted: "encrypted", Authenticated: "authenticated", 9: "Security(9)"} {
		assert.Equal(t, want, s.String())
	}
	for want, p := range map[string]Peer{"this process": {}, "lan 10.1": {Scheme: "lan", Addr: "10.1"}, "ada (lan 10.1)": {Scheme: "lan", Addr: "10.1", Identity: "ada"},
		"uid:1 (local)": {Scheme: "local", Identity: "uid:1"}} {
		assert.Equal(t, want, p.String())
	}
}
