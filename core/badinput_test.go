package core

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// bad is what a hostile or broken peer sends.
type bad struct {
	what   string
	packet *wire.Packet
	raw    []byte
	change func(b []byte) []byte
	want   string // in the error; "" if it is passed over
}

func (b *bad) bytes(t testing.TB, p wire.Protocol) []byte {
	out := b.raw
	if b.packet != nil {
		var err error
		out, err = wire.NewEncoder(p).Append(nil, b.packet)
		require.NoError(t, err)
	}
	if b.change != nil {
		out = b.change(out)
	}
	return out
}

func invoke(index int32, args ...qt.Value) *wire.Packet {
	return &wire.Packet{Kind: wire.Invoke, Name: "counter", Index: index, Args: args, Serial: 1, Property: -1}
}

// claims changes the length of a packet to what it is not.
func claims(p wire.Protocol, n uint32) func([]byte) []byte {
	return func(b []byte) []byte { order(p).PutUint32(b, n); return b }
}

func TestBadInputToHost(t *testing.T) {
	one := qt.Of(int32(1))
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		write := func(index int32, args ...qt.Value) *wire.Packet {
			k := invoke(index, args...)
			k.Call, k.Serial = wire.WriteProperty, -1
			return k
		}
		odd := invoke(2, one, one)
		odd.Call = 1
		for _, b := range []bad{
			{what: "random bytes", raw: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), want: "longer than the limit"},
			{what: "4 GiB", raw: []byte{0xff, 0xff, 0xff, 0xff, 0, 1}, want: "longer than the limit"},
			{what: "no length", raw: make([]byte, 8), want: "shorter than its header"},
			{what: "unknown kind", packet: &wire.Packet{Kind: wire.Ping, Name: "x"}, change: func(b []byte) []byte { b[4], b[5] = 77, 77; return b }, want: "unknown packet kind"},
			{what: "truncated", packet: invoke(2, one, one), change: func(b []byte) []byte { return claims(p, uint32(len(b)-4-5))(b[:len(b)-5]) }, want: "not enough bytes"},
			{what: "trailing", packet: invoke(2, one, one), change: func(b []byte) []byte { return claims(p, uint32(len(b)-4+1))(append(b, 0)) }, want: "left over"},
			{what: "name is no UTF-16", packet: &wire.Packet{Kind: wire.Ping, Name: "xx"}, change: func(b []byte) []byte {
				binary.LittleEndian.PutUint16(b[len(b)-4:], 0xdcdc)
				return b
			}, want: "UTF-16"},
			{what: "name of odd length", packet: &wire.Packet{Kind: wire.Ping, Name: "xx"}, change: func(b []byte) []byte { order(p).PutUint32(b[6:], 3); return b }, want: "QString"},
			{what: "slot out of range", packet: invoke(999), want: "slot 999 of"},
			{what: "negative slot", packet: invoke(-1), want: "slot -1 of"},
			{what: "too few arguments", packet: invoke(2, one), want: "needs 2 arguments, got 1"},
			{what: "wrong type", packet: invoke(2, one, qt.Of("x")), want: "argument 2 of add"},
			{what: "property out of range", packet: write(99, one), want: "property 99 of"},
			{what: "written without value", packet: write(0), want: "without a value"},
			{what: "written with another type", packet: write(0, qt.Of("x")), want: "property value"},
			{what: "kind of call", packet: odd, want: "call of kind 1"},
			{what: "second Handshake", packet: &wire.Packet{Kind: wire.Handshake, Name: p.String()}, want: "a client does not send Handshake"},
			{what: "Init", packet: &wire.Packet{Kind: wire.Init, Name: "counter"}, want: "a client does not send Init"},
			{what: "reply", packet: &wire.Packet{Kind: wire.InvokeReply, Name: "counter"}, want: "a client does not send InvokeReply"},
			{what: "object list", packet: &wire.Packet{Kind: wire.ObjectList}, want: "a client does not send ObjectList"},
			{what: "surplus arguments", packet: invoke(2, one, one, qt.Of("surplus"))},
			{what: "unknown object", packet: &wire.Packet{Kind: wire.Invoke, Name: "nobody", Serial: 1}},
			{what: "unknown child", packet: &wire.Packet{Kind: wire.Invoke, Name: "Class::counter::x", Serial: 1}},
			{what: "AddObject of nothing", packet: &wire.Packet{Kind: wire.AddObject, Name: "nobody"}},
			{what: "RemoveObject of nothing", packet: &wire.Packet{Kind: wire.RemoveObject, Name: "Class::counter::x"}},
			{what: "written although constant", packet: write(3, qt.Of("x"))},
		} {
			t.Run(b.what, func(t *testing.T) {
				pair := newPair(t, opts...)
				r := acquired(t, pair.node, "counter", counterClass())
				n := playNode(t, pair.host, p)
				require.NoError(t, n.write(b.bytes(t, p)))
				if b.want != "" {
					n.ended()
					assert.ErrorContains(t, recv(t, pair.hostErrs), b.want)
					assert.EqualValues(t, 1, pair.host.Stats().Violations)
				} else {
					n.send(&wire.Packet{Kind: wire.Ping, Name: "still there"})
					for n.next().Kind != wire.Pong {
					}
				}
				_, err := r.Call(soon(t), "add", 1, 2)
				require.NoError(t, err, "another connection goes on")
				nothing(t, pair.hostErrs)
			})
		}
	})
}

func TestBadInputToNode(t *testing.T) {
	class := &Class{Name: "O", Properties: []Property{{Name: "n", Type: "int"}, {Name: "child", Class: &Class{Name: "C", Properties: []Property{{Name: "x", Type: "int"}}}}},
		Signals: []Signal{{"s", []Param{{"a", "int"}}}}}
	one := qt.Of(int32(1))
	void := wire.Property{Object: &wire.Object{Name: "Class::o::child", TypeName: "C", Null: true}}
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		change := func(name string, index int32, v wire.Property) *wire.Packet {
			return &wire.Packet{Kind: wire.PropertyChange, Name: name, Index: index, Value: v}
		}
		signal := func(index int32, args ...qt.Value) *wire.Packet {
			return &wire.Packet{Kind: wire.Invoke, Name: "o", Index: index, Args: args, Serial: -1, Property: -1}
		}
		object := func(name string, values ...wire.Property) wire.Property {
			return wire.Property{Object: &wire.Object{Name: name, TypeName: "C", Values: values}}
		}
		for _, b := range []bad{
			{what: "4 GiB", raw: []byte{0xff, 0xff, 0xff, 0xff, 0, 1}, want: "longer than the limit"},
			{what: "second Handshake", packet: &wire.Packet{Kind: wire.Handshake, Name: p.String()}, want: "does not send Handshake"},
			{what: "AddObject", packet: &wire.Packet{Kind: wire.AddObject, Name: "o"}, want: "does not send AddObject"},
			{what: "Ping", packet: &wire.Packet{Kind: wire.Ping, Name: "o"}, want: "does not send Ping"},
			{what: "Init again", packet: &wire.Packet{Kind: wire.Init, Name: "o", Values: []wire.Property{{Value: one}, void}}, want: "not asked for"},
			{what: "Init of another", packet: &wire.Packet{Kind: wire.Init, Name: "other"}, want: "not asked for"},
			{what: "reply to nobody", packet: &wire.Packet{Kind: wire.InvokeReply, Name: "o", Serial: 5}, want: "nobody waits for"},
			{what: "property out of range", packet: change("o", 2, wire.Property{Value: one}), want: "property 2 of 2"},
			{what: "negative property", packet: change("o", -1, wire.Property{Value: one}), want: "property -1 of 2"},
			{what: "wrong type", packet: change("o", 0, wire.Property{Value: qt.Of("x")}), want: "property n"},
			{what: "object for a number", packet: change("o", 0, object("x", wire.Property{Value: one})), want: "got an object"},
			{what: "number for an object", packet: change("o", 1, wire.Property{Value: one}), want: "holds an object"},
			{what: "object by the root's name", packet: change("o", 1, object("o", wire.Property{Value: one})), want: `the name "o" of a root`},
			{what: "signal out of range", packet: signal(77), want: "it has 3 signals"},
			{what: "negative signal", packet: signal(-1), want: "it has 3 signals"},
			{what: "too few arguments", packet: signal(2), want: "needs 1 arguments, got 0"},
			{what: "wrong argument", packet: signal(2, qt.Of("x")), want: "argument 1 of s"},
			{what: "surplus arguments", packet: signal(2, one, qt.Of("x"))},
			{what: "unknown object", packet: change("nobody", 0, wire.Property{Value: one})},
			{what: "unknown object removed", packet: &wire.Packet{Kind: wire.RemoveObject, Name: "nobody"}},
			{what: "stray pong", packet: &wire.Packet{Kind: wire.Pong, Name: "nobody"}},
			{what: "a child's names", packet: change("o", 1, object("Class::o::child2", wire.Property{Value: one}))},
		} {
			t.Run(b.what, func(t *testing.T) {
				pair := newPair(t, opts...)
				good := acquired(t, pair.node, "counter", counterClass())
				h := playHost(t, pair.node, p, wire.ObjectRef{Name: "o"})
				r, err := pair.node.Acquire("o", class)
				require.NoError(t, err)
				require.Equal(t, wire.AddObject, h.next().Kind)
				h.send(&wire.Packet{Kind: wire.Init, Name: "o", Values: []wire.Property{{Value: one}, void}})
				require.NoError(t, r.Wait(soon(t)))
				require.NoError(t, h.write(b.bytes(t, p)))
				if b.want != "" {
					h.ended()
					assert.ErrorContains(t, recv(t, pair.errs), b.want)
					until(t, "Suspect", func() bool { return r.State() == Suspect })
					assert.EqualValues(t, 1, pair.node.Stats().Violations)
				} else {
					h.send(change("o", 0, wire.Property{Value: qt.Of(int32(77))}))
					until(t, "the next change", func() bool { n, _ := Get[int](r, "n"); return n == 77 })
				}
				_, err = good.Call(soon(t), "add", 1, 2)
				require.NoError(t, err, "another connection goes on")
				nothing(t, pair.errs)
			})
		}
	})
}

// TestBeforeInit: what comes for an object before its state.
func TestBeforeInit(t *testing.T) {
	for what, packet := range map[string]*wire.Packet{
		"change": {Kind: wire.PropertyChange, Name: "o", Value: wire.Property{Value: qt.Of(int32(1))}},
		"signal": {Kind: wire.Invoke, Name: "o", Serial: -1, Property: -1},
	} {
		n, errs := testNode(t)
		h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: "o"})
		_, err := n.Acquire("o", counterClass())
		require.NoError(t, err)
		require.Equal(t, wire.AddObject, h.next().Kind)
		h.send(packet)
		assert.ErrorContains(t, recv(t, errs), "before its Init", what)
	}
}

// TestEndlessLists: what a host lists and teaches is bounded.
func TestEndlessLists(t *testing.T) {
	n, errs := testNode(t)
	h := playHost(t, n, wire.Protocol20)
	long := string(make([]byte, 1<<20))
	for i := range 100 {
		b, err := h.enc.Append(nil, &wire.Packet{Kind: wire.ObjectList, Objects: []wire.ObjectRef{{Name: string(rune('a'+i)) + long}}})
		require.NoError(t, err)
		if h.write(b) != nil {
			break
		}
	}
	assert.ErrorContains(t, recv(t, errs), "too many objects")
}
