package core

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// pair is a host with a Counter and a node that is connected to it.
type pair struct {
	host           *Host
	node           *Node
	source         *Source
	release        chan struct{}
	hostErrs, errs trouble
}

func newPair(t testing.TB, opts ...ListenOption) *pair {
	p := &pair{}
	p.host, p.hostErrs = testHost(t)
	p.node, p.errs = testNode(t)
	p.source, p.release = newCounter(t)
	require.NoError(t, p.host.EnableRemoting(p.source, "counter"))
	connectPipe(t, p.node, p.host, opts...)
	return p
}

func TestSetters(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		pair := newPair(t, opts...)
		n := playNode(t, pair.host, p)
		n.send(&wire.Packet{Kind: wire.AddObject, Name: "counter"})
		require.Equal(t, wire.Init, n.next().Kind)
		s := pair.source
		require.NoError(t, s.Set("value", 5), "the same")
		require.NoError(t, s.Set("value", 6))
		c := n.next()
		assert.Equal(t, wire.PropertyChange, c.Kind)
		assert.EqualValues(t, 6, c.Value.Value.Int())
		i := n.next()
		assert.Equal(t, wire.Invoke, i.Kind)
		assert.EqualValues(t, 0, i.Property)
		assert.EqualValues(t, 6, i.Args[0].Int())
		require.NoError(t, s.Set("mode", "Down"))
		assert.EqualValues(t, 4, n.next().Index)
		assert.EqualValues(t, 3, n.next().Args[0].Int())

		for what, err := range map[string]error{
			"constant": s.Set("label", "x"), "late constant": s.SetConstant("label", "x"), "unknown": s.Set("nothing", 1),
			"wrong type": s.Set("value", "x"), "index": s.SetValue(99, qt.Of(int32(1))), "signal index": s.EmitValues(99),
			"arity": s.Emit("tick"), "argument": s.Emit("tick", "x"), "value type": s.EmitValues(5, qt.Of("x")), "no signal": s.Emit("none"),
			"plain child": s.SetChild("value", nil), "no child": s.SetChild("none", nil),
		} {
			assert.Error(t, err, what)
		}
		require.NoError(t, s.Emit("reset"))
		reset := n.next()
		assert.EqualValues(t, -1, reset.Property)
		assert.Empty(t, reset.Args, "and nothing of what failed was sent")
	})
}

func TestStatesAndNotifications(t *testing.T) {
	for _, dynamic := range []bool{false, true} {
		class := counterClass()
		if dynamic {
			class = nil
		}
		p := newPair(t)
		n, _ := testNode(t)
		var r *Replica
		var err error
		if dynamic {
			r, err = n.AcquireDynamic("counter")
		} else {
			r, err = n.Acquire("counter", class)
		}
		require.NoError(t, err)
		if dynamic {
			assert.Equal(t, Uninitialized, r.State())
			assert.Nil(t, r.Class())
			_, err = r.Get("value")
			assert.ErrorIs(t, err, ErrNotConnected)
		} else {
			assert.Equal(t, Default, r.State())
			v, err := Get[int](r, "value")
			require.NoError(t, err)
			assert.Equal(t, 5, v)
			assert.ErrorIs(t, r.Set("value", 1), ErrNotConnected)
			_, err = r.Call(soon(t), "add", 1, 2)
			assert.ErrorIs(t, err, ErrNotConnected)
		}
		seen := make(chan string, 100)
		r.OnInitialized(func() { seen <- "initialized" })
		r.OnState(func(old, s State) { seen <- old.String() + ">" + s.String() })
		r.OnNotified(func() { seen <- "notified" })
		for _, prop := range []string{"value", "step", "label"} {
			_, err := r.OnChange(prop, func(v qt.Value) { seen <- prop + "=" + v.String() })
			require.NoError(t, err)
		}
		_, err = r.OnSignal("valueChanged", func(a []qt.Value) { seen <- "valueChanged " + a[0].String() })
		require.NoError(t, err)
		require.NoError(t, p.source.Set("value", 9))
		near, _ := connectPipe(t, n, p.host)
		require.NoError(t, r.Wait(soon(t)))
		expect := func(want ...string) {
			t.Helper()
			for _, w := range want {
				require.Equal(t, w, recv(t, seen))
			}
			nothing(t, seen)
		}
		first := "Default>Valid"
		want := []string{"initialized", first, "value=9", "valueChanged 9", "notified"}
		if dynamic { // it had no values before
			want = []string{"initialized", "Uninitialized>Valid", "value=9", "valueChanged 9", "step=1", "notified"}
		}
		expect(want...)
		_ = near.Close()
		require.Equal(t, "Valid>Suspect", recv(t, seen))
		v, err := Get[int](r, "value")
		require.NoError(t, err)
		assert.Equal(t, 9, v, "what was seen last")
		require.NoError(t, p.source.Set("step", 4))
		connectPipe(t, n, p.host)
		require.NoError(t, r.Wait(soon(t)))
		expect("initialized", "Suspect>Valid", "step=4", "notified")
		require.NoError(t, r.Close())
		require.NoError(t, r.Close())
		require.NoError(t, p.source.Set("step", 5))
		assert.ErrorIs(t, r.Wait(soon(t)), ErrClosed)
		nothing(t, seen)
	}
}

func TestWait(t *testing.T) {
	n, _ := testNode(t)
	r, err := n.Acquire("counter", counterClass())
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("had enough"))
	err = r.Wait(ctx)
	assert.ErrorContains(t, err, "had enough")
	assert.ErrorContains(t, err, "Default")
	other := counterClass()
	other.Signature = "aaaa"
	h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: "odd", TypeName: "Counter", Signature: "bbbb"})
	odd, err := n.Acquire("odd", other)
	require.NoError(t, err)
	err = odd.Wait(soon(t))
	assert.ErrorIs(t, err, ErrSignatureMismatch)
	assert.ErrorContains(t, err, "aaaa")
	assert.ErrorContains(t, err, "bbbb")
	assert.Equal(t, SignatureMismatch, odd.State())
	h.send(&wire.Packet{Kind: wire.Ping}) // a violation
	h.ended()

	done := make(chan error)
	go func() { done <- r.Wait(context.Background()) }()
	require.NoError(t, n.Close())
	assert.ErrorIs(t, recv(t, done), ErrClosed)
	_, err = n.Acquire("counter", counterClass())
	assert.ErrorIs(t, err, ErrClosed)
	assert.ErrorIs(t, n.Connect("mem://x"), ErrClosed)
	_, err = n.Acquire("", counterClass())
	assert.ErrorIs(t, err, ErrMissingObjectName)
}

// TestMismatchByShape: without signatures, the number of properties tells; the connection goes on.
func TestMismatchByShape(t *testing.T) {
	n, errs := testNode(t)
	h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: "a"}, wire.ObjectRef{Name: "b"})
	a, err := n.Acquire("a", counterClass())
	require.NoError(t, err)
	b, err := n.Acquire("b", &Class{Name: "B"})
	require.NoError(t, err)
	for range 2 {
		name := h.next().Name
		h.send(&wire.Packet{Kind: wire.Init, Name: name})
	}
	require.NoError(t, b.Wait(soon(t)))
	assert.ErrorIs(t, a.Wait(soon(t)), ErrSignatureMismatch)
	p := h.next()
	assert.Equal(t, wire.RemoveObject, p.Kind)
	assert.Equal(t, "a", p.Name)
	h.send(&wire.Packet{Kind: wire.Invoke, Name: "a", Serial: -1, Property: -1}, &wire.Packet{Kind: wire.Pong})
	assert.Equal(t, Valid, b.State())
	nothing(t, errs)
}

// TestMismatchOfChild: class signatures of Qt 5 leave out the classes of objects in properties. What does not suit them concerns the
// replica, not the connection, and is mended by the right source.
func TestMismatchOfChild(t *testing.T) {
	parent := &Class{Name: "P", Signature: "same", Signature5: "same", Properties: []Property{{Name: "child", Class: &Class{Name: "C",
		Properties: []Property{{Name: "x", Type: "int"}}, Signals: []Signal{{"s", []Param{{"a", "int"}}}}}}}}
	object := func(values ...any) wire.Property {
		o := &wire.Object{Name: "Class::p::child", TypeName: "C"}
		for _, v := range values {
			o.Values = append(o.Values, wire.Property{Value: qt.Of(v)})
		}
		return wire.Property{Object: o}
	}
	right := object(int32(1))
	change := func(name string, index int32, v wire.Property) *wire.Packet {
		return &wire.Packet{Kind: wire.PropertyChange, Name: name, Index: index, Value: v}
	}
	for what, c := range map[string]struct {
		init   wire.Property
		packet *wire.Packet
		want   string
	}{
		"more properties":     {init: object(int32(1), int32(2)), want: "has 2 properties, its class C has 1"},
		"fewer properties":    {init: object(), want: "has 0 properties"},
		"another type":        {init: object("text"), want: "property x of p.child"},
		"another object":      {init: right, packet: change("p", 0, object()), want: "has 0 properties"},
		"more properties yet": {init: right, packet: change("Class::p::child", 1, wire.Property{Value: qt.Of(true)}), want: "property 1 of 1"},
		"a change's type":     {init: right, packet: change("Class::p::child", 0, wire.Property{Value: qt.Of("text")}), want: "property x"},
		"more signals":        {init: right, packet: &wire.Packet{Kind: wire.Invoke, Name: "Class::p::child", Index: 2, Serial: -1}, want: "it has 2 signals"},
		"a signal's type": {init: right, want: "argument 1 of s", packet: &wire.Packet{Kind: wire.Invoke, Name: "Class::p::child", Index: 1, Serial: -1,
			Args: []qt.Value{qt.Of("text")}}},
	} {
		t.Run(what, func(t *testing.T) {
			n, errs := testNode(t)
			listed := wire.ObjectRef{Name: "p", TypeName: "P", Signature: "same"}
			h := playHost(t, n, wire.Protocol20, listed)
			p, err := n.Acquire("p", parent)
			require.NoError(t, err)
			require.Equal(t, wire.AddObject, h.next().Kind)
			h.send(&wire.Packet{Kind: wire.Init, Name: "p", Values: []wire.Property{c.init}})
			if c.packet != nil {
				require.NoError(t, p.Wait(soon(t)))
				h.send(c.packet)
			}
			require.Equal(t, wire.RemoveObject, h.next().Kind)
			until(t, "SignatureMismatch", func() bool { return p.State() == SignatureMismatch })
			err = p.Wait(soon(t))
			assert.ErrorIs(t, err, ErrSignatureMismatch)
			assert.ErrorContains(t, err, c.want)

			h.send(&wire.Packet{Kind: wire.ObjectList, Objects: []wire.ObjectRef{listed}})
			require.Equal(t, wire.AddObject, h.next().Kind)
			h.send(&wire.Packet{Kind: wire.Init, Name: "p", Values: []wire.Property{right}})
			until(t, "Valid", func() bool { return p.State() == Valid })
			nothing(t, errs)
			assert.Zero(t, n.Stats().Violations)
		})
	}
}

func TestSharedSubscription(t *testing.T) {
	n, errs := testNode(t)
	h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: "o"})
	class := &Class{Name: "O", Properties: []Property{{Name: "p", Type: "int"}}}
	a, err := n.Acquire("o", class)
	require.NoError(t, err)
	require.Equal(t, wire.AddObject, h.next().Kind)
	h.send(&wire.Packet{Kind: wire.Init, Name: "o", Values: []wire.Property{{Value: qt.Of(int32(7))}}})
	require.NoError(t, a.Wait(soon(t)))
	b := acquired(t, n, "o", class)
	c := acquired(t, n, "o", nil)
	_, err = n.Acquire("o", counterClass())
	assert.ErrorIs(t, err, ErrSignatureMismatch)
	count := make(chan int, 10)
	for _, r := range []*Replica{a, b, c} {
		_, err := r.OnChange("p", func(v qt.Value) { count <- int(v.Int()) })
		require.NoError(t, err)
	}
	change := func(v int32) {
		h.send(&wire.Packet{Kind: wire.PropertyChange, Name: "o", Value: wire.Property{Value: qt.Of(v)}},
			&wire.Packet{Kind: wire.Invoke, Name: "o", Serial: -1})
	}
	change(8)
	for range 3 {
		assert.Equal(t, 8, recv(t, count))
	}
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())
	change(9)
	assert.Equal(t, 9, recv(t, count))
	require.NoError(t, c.Close())
	p := h.next()
	assert.Equal(t, wire.RemoveObject, p.Kind, "and no second AddObject before")
	change(10) // on its way
	// Acquired again at once, before the host has answered.
	again, err := n.AcquireDynamic("o")
	require.NoError(t, err)
	require.Equal(t, wire.AddObject, h.next().Kind)
	require.NoError(t, again.Close())
	require.Equal(t, wire.RemoveObject, h.next().Kind)
	typed, err := n.Acquire("o", class)
	require.NoError(t, err)
	require.Equal(t, wire.AddObject, h.next().Kind)
	def, err := class.compile()
	require.NoError(t, err)
	values := []wire.Property{{Value: qt.Of(int32(1))}}
	h.send(&wire.Packet{Kind: wire.InitDynamic, Name: "o", Class: def.definition(wire.Protocol20), Values: values},
		&wire.Packet{Kind: wire.Init, Name: "o", Values: values})
	require.NoError(t, typed.Wait(soon(t)))
	nothing(t, count)
	nothing(t, errs)
}

func TestCallbacks(t *testing.T) {
	p := newPair(t)
	r := acquired(t, p.node, "counter", counterClass())
	var mu sync.Mutex
	got, busy := []int64{}, false
	done := make(chan struct{})
	enter := func() { mu.Lock(); assert.False(t, busy, "two callbacks at once"); busy = true; mu.Unlock() }
	leave := func() { mu.Lock(); busy = false; mu.Unlock() }
	cancelOwn := func() {}
	cancelled := 0
	cancelOwn, err := r.OnSignal("tick", func([]qt.Value) { cancelled++; cancelOwn() })
	require.NoError(t, err)
	_, err = r.OnSignal("tick", func(a []qt.Value) {
		enter()
		defer leave()
		got = append(got, a[0].Int())
		if a[0].Int()%100 == 0 { // a callback may use the replica in any way
			v, err := r.Call(soon(t), "add", a[0].Int(), 1)
			assert.NoError(t, err)
			assert.Equal(t, a[0].Int()+1, v.Int())
			assert.NoError(t, r.Wait(soon(t)))
		}
		if a[0].Int() == 999 {
			close(done)
		}
	})
	require.NoError(t, err)
	_, err = r.OnChange("value", func(qt.Value) { enter(); leave() })
	require.NoError(t, err)
	_, err = r.OnChange("nothing", func(qt.Value) {})
	assert.ErrorIs(t, err, ErrClass)
	_, err = r.OnSignal("nothing", func([]qt.Value) {})
	assert.ErrorIs(t, err, ErrClass)
	for i := range 1000 {
		require.NoError(t, p.source.Emit("tick", i))
		require.NoError(t, p.source.Set("value", i))
	}
	recv(t, done)
	require.Len(t, got, 1000)
	for i, n := range got {
		require.EqualValues(t, i, n)
	}
	assert.Equal(t, 1, cancelled)
}

// TestOrder: what one source emits arrives in order, at every replica, whoever emits it.
func TestOrder(t *testing.T) {
	eachProtocol(t, func(t *testing.T, _ wire.Protocol, opts ...ListenOption) {
		p := newPair(t, opts...)
		local := acquired(t, p.host.Node, "counter", counterClass())
		far := acquired(t, p.node, "counter", nil)
		var lists [2][]int64
		var wg sync.WaitGroup
		for i, r := range []*Replica{local, far} {
			wg.Add(1)
			_, err := r.OnSignal("tick", func(a []qt.Value) {
				if lists[i] = append(lists[i], a[0].Int()); len(lists[i]) == 4000 {
					wg.Done()
				}
			})
			require.NoError(t, err)
		}
		for g := range 4 {
			go func() {
				for i := range 1000 {
					_ = p.source.Emit("tick", g*1000+i)
				}
			}()
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		recv(t, done)
		assert.Equal(t, lists[0], lists[1], "the same order for all")
		last := [4]int64{-1, -1, -1, -1}
		for _, n := range lists[0] {
			require.Equal(t, last[n/1000]+1, n%1000)
			last[n/1000] = n % 1000
		}
	})
}

// TestSlowCallback holds up the source, whose queue is bounded, and a callback that waits for a reply gets it all the same.
func TestSlowCallback(t *testing.T) {
	h, _ := testHost(t)
	s, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, "counter"))
	n, errs := testNode(t, func(c *Config) { c.Heartbeat = 20 * time.Millisecond })
	connectPipe(t, n, h)
	r := acquired(t, n, "counter", counterClass())
	const total = 3 * maxEvents
	hold, done := make(chan struct{}), make(chan struct{})
	count, value := 0, int64(0)
	_, err := r.OnSignal("tick", func([]qt.Value) {
		if count++; count == 1 {
			<-hold
			v, err := r.Call(soon(t), "add", 1, 2)
			assert.NoError(t, err)
			value = v.Int()
		}
		if count == total {
			close(done)
		}
	})
	require.NoError(t, err)
	for i := range total {
		require.NoError(t, s.Emit("tick", i))
	}
	until(t, "the reader waits", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.clients) == 1 && n.clients[0].replies.blocked.Load() != nil
	})
	time.Sleep(100 * time.Millisecond) // several heartbeats, which must not end a connection that we do not read
	r.r.events.mu.Lock()
	waiting := len(r.r.events.items)
	r.r.events.mu.Unlock()
	assert.LessOrEqual(t, waiting, maxEvents+maxBatch)
	close(hold)
	recv(t, done)
	assert.EqualValues(t, 3, value)
	nothing(t, errs)
}
