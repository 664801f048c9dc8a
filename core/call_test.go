package core

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

func TestHandlers(t *testing.T) {
	class := &Class{Name: "Shapes",
		PODs: []qt.POD{{Name: "Pair", Fields: []qt.Field{{Name: "a", TypeName: "int"}, {Name: "b", TypeName: "QString"}}}},
		Slots: []Slot{{"sum", "int", []Param{{"a", "int"}, {"b", "int"}}}, {"none", "", nil}, {"pair", "Pair", []Param{{"p", "Pair"}}},
			{"any", "QVariant", []Param{{"v", "QVariant"}}}, {"over", "int", []Param{{"a", "int"}}}, {"over", "int", []Param{{"a", "int"}, {"b", "int"}}}}}
	type pod struct {
		A int32
		B string
	}
	eachProtocol(t, func(t *testing.T, _ wire.Protocol, opts ...ListenOption) {
		for _, c := range []struct {
			slot string
			fn   any
			args []any
			want any
			err  error
		}{
			{"sum", func(a, b int32) int32 { return a + b }, []any{1, 2}, int32(3), nil},
			{"sum", func(_ context.Context, a, b int) (int, error) { return a - b, nil }, []any{1, 2}, int32(-1), nil},
			{"sum", func(a, b int64) (int64, error) { return a, errors.New("no") }, []any{1, 2}, nil, ErrCallFailed},
			{"sum", func(_ context.Context, a []qt.Value) (qt.Value, error) { return a[1], nil }, []any{1, 2}, int32(2), nil},
			{"sum", func(_ context.Context, a []qt.Value) (qt.Value, error) { return qt.Of("x"), nil }, []any{1, 2}, nil, ErrCallFailed},
			{"sum", func(a, b int8) int { panic("boom") }, []any{1, 2}, nil, ErrCallFailed},
			{"sum", func(a, b int8) int { return 1 }, []any{1000, 2}, nil, ErrCallFailed},
			{"sum", func(a, b int) int { return math.MaxInt }, []any{1, 2}, nil, ErrCallFailed},
			{"sum", nil, []any{1, 2}, nil, ErrCallFailed},
			{"none", func() {}, nil, nil, nil},
			{"none", func(context.Context) error { return nil }, nil, nil, nil},
			{"none", func() error { return errors.New("no") }, nil, nil, ErrCallFailed},
			{"none", func() int { return 1 }, nil, nil, nil},
			{"pair", func(p pod) pod { return pod{p.A + 1, p.B + "!"} }, []any{pod{1, "x"}}, map[string]any{"a": int32(2), "b": "x!"}, nil},
			{"pair", func(p map[string]any) (map[string]any, error) { return p, nil }, []any{map[string]any{"a": 1, "b": "y"}}, map[string]any{"a": int32(1), "b": "y"}, nil},
			{"any", func(v any) any { return v }, []any{"text"}, "text", nil},
			{"any", func(v qt.Value) qt.Value { return v }, []any{[]byte{1}}, []byte{1}, nil},
			{"any", func(v any) any { return nil }, []any{1}, nil, nil},
			{"over", func(a int) int { return 1 }, []any{5}, int32(1), nil},
			{"over", func(a, b int) int { return 2 }, []any{5, 6}, int32(2), nil},
		} {
			name := fmt.Sprintf("%s %T %v", c.slot, c.fn, c.args)
			h, _ := testHost(t)
			n, errs := testNode(t)
			s, err := NewSource(class)
			require.NoError(t, err)
			if c.fn != nil {
				require.NoError(t, s.Handle(c.slot, c.fn), name)
			}
			require.NoError(t, h.EnableRemoting(s, "s"))
			connectPipe(t, n, h, opts...)
			for _, typed := range []*Class{class, nil} {
				r := acquired(t, n, "s", typed)
				v, err := r.Call(soon(t), c.slot, c.args...)
				require.ErrorIs(t, err, c.err, name)
				if c.err == nil {
					require.Equal(t, c.want, v.Any(), name)
				}
				require.NoError(t, r.Close())
			}
			nothing(t, errs)
		}
	})
}

func TestHandleErrors(t *testing.T) {
	s, _ := newCounter(t)
	for what, c := range map[string]struct {
		slot string
		fn   any
	}{
		"no slot": {"none", func() {}}, "nil": {"add", nil}, "no function": {"add", 5}, "too few": {"add", func(int) int { return 0 }},
		"variadic": {"add", func(a int, b ...int) int { return 0 }}, "no value": {"add", func(a, b int) {}}, "only an error": {"add", func(a, b int) error { return nil }},
		"two values": {"add", func(a, b int) (int, int, error) { return 0, 0, nil }},
	} {
		assert.ErrorIs(t, s.Handle(c.slot, c.fn), ErrClass, what)
	}
	assert.ErrorIs(t, s.OnWrite("none", nil), ErrClass)
}

func TestCallErrors(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		pair := newPair(t, opts...)
		r := acquired(t, pair.node, "counter", counterClass())
		for _, slot := range []string{"fail", "unset"} {
			_, err := r.Call(soon(t), slot)
			require.ErrorIs(t, err, ErrCallFailed, slot)
			var op *OpError
			require.ErrorAs(t, err, &op)
			assert.Equal(t, "counter."+slot, op.Object)
		}
		_, err := r.Call(soon(t), "none")
		assert.ErrorIs(t, err, ErrClass)
		_, err = r.Call(soon(t), "add", 1)
		assert.ErrorIs(t, err, ErrClass)
		_, err = r.Call(soon(t), "add", 1, "x")
		assert.ErrorContains(t, err, "argument 2 (b)")
		assert.Error(t, r.Send("add", 1))
		require.NoError(t, r.Send("add", 1, 2))
		v, err := r.Call(soon(t), "clear")
		require.NoError(t, err)
		assert.False(t, v.IsValid())

		// A call that is given up, and its late reply.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = r.Call(ctx, "wait")
		require.ErrorIs(t, err, context.Canceled)
		close(pair.release)
		v, err = r.Call(soon(t), "add", 40, 2)
		require.NoError(t, err)
		assert.EqualValues(t, 42, v.Int())
		r.r.mu.Lock()
		assert.Empty(t, r.r.pending)
		r.r.serial = math.MaxInt32 - 1
		r.r.mu.Unlock()
		for range 3 { // the serials start anew
			_, err = r.Call(soon(t), "add", 40, 2)
			require.NoError(t, err)
		}
		nothing(t, pair.errs)
	})
}

func TestCallsInFlight(t *testing.T) {
	for what, end := range map[string]func(p *pair){
		"host closed": func(p *pair) { _ = p.host.Close() },
		"node closed": func(p *pair) { _ = p.node.Close() },
		"withdrawn":   func(p *pair) { _ = p.host.DisableRemoting(p.source) },
	} {
		t.Run(what, func(t *testing.T) {
			p := newPair(t)
			r := acquired(t, p.node, "counter", counterClass())
			const n = 50
			failed := make(chan error, n)
			for range n {
				go func() {
					_, err := r.Call(context.Background(), "wait")
					failed <- err
				}()
			}
			until(t, "calls wait", func() bool { r.r.mu.Lock(); defer r.r.mu.Unlock(); return len(r.r.pending) == n })
			end(p)
			for range n {
				require.ErrorIs(t, recv(t, failed), ErrConnectionLost)
			}
			until(t, "Suspect", func() bool { return r.State() == Suspect })
		})
	}
}

func TestManyCallers(t *testing.T) {
	p := newPair(t)
	r := acquired(t, p.node, "counter", counterClass())
	const callers = 2*maxCalls + 500
	done := make(chan error, callers)
	for i := range callers {
		go func() {
			v, err := r.Call(soon(t), "add", i, 1)
			if err == nil && v.Int() != int64(i+1) {
				err = errors.New("another's reply")
			}
			done <- err
		}()
	}
	for range callers {
		require.NoError(t, recv(t, done))
	}
}

func TestCallingPeer(t *testing.T) {
	m := newMem()
	h, _ := testHost(t, m.use)
	n, _ := testNode(t, m.use)
	s, _ := newCounter(t)
	peers := make(chan Peer, 2)
	require.NoError(t, s.Handle("clear", func(ctx context.Context) {
		p, ok := PeerFrom(ctx)
		assert.True(t, ok)
		peers <- p
	}))
	require.NoError(t, s.OnWrite("value", func(ctx context.Context, v qt.Value) error {
		p, _ := PeerFrom(ctx)
		peers <- p
		if v.Int() < 0 {
			return errors.New("too low")
		}
		return nil
	}))
	require.NoError(t, h.EnableRemoting(s, "counter"))
	_, err := h.Listen(soon(t), "mem://h")
	require.NoError(t, err)
	require.NoError(t, n.Connect("mem://h"))
	r := acquired(t, n, "counter", counterClass())
	_, err = r.Call(soon(t), "clear")
	require.NoError(t, err)
	assert.Equal(t, Peer{Scheme: "mem", Addr: "client"}, recv(t, peers))
	at, ok := r.Peer()
	assert.True(t, ok)
	assert.Equal(t, "mem h", at.String())
	changed := make(chan int64, 10)
	_, err = r.OnChange("value", func(v qt.Value) { changed <- v.Int() })
	require.NoError(t, err)
	require.NoError(t, r.Set("value", -1)) // refused
	require.NoError(t, r.Set("value", 11))
	recv(t, peers)
	recv(t, peers)
	assert.EqualValues(t, 11, recv(t, changed))
	local := acquired(t, h.Node, "counter", counterClass())
	_, err = local.Call(soon(t), "clear")
	require.NoError(t, err)
	assert.Equal(t, "this process", recv(t, peers).String())
}

// TestWriting goes through the ways to change a property.
func TestWriting(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		for _, class := range []*Class{counterClass(), nil} {
			pair := newPair(t, opts...)
			r := acquired(t, pair.node, "counter", class)
			changed := make(chan qt.Value, 10)
			for _, prop := range []string{"value", "step", "mode", "any"} {
				_, err := r.OnChange(prop, func(v qt.Value) { changed <- v })
				require.NoError(t, err)
			}
			require.NoError(t, r.Set("value", 6))
			assert.EqualValues(t, 6, recv(t, changed).Int())
			require.NoError(t, r.Set("step", 6))
			assert.EqualValues(t, 6, recv(t, changed).Int())
			require.NoError(t, r.Set("mode", "Down"))
			assert.EqualValues(t, 3, recv(t, changed).Int())
			require.NoError(t, r.Set("any", []any{int32(1), "x"}))
			assert.Equal(t, []any{int32(1), "x"}, recv(t, changed).Any())
			assert.Error(t, r.Set("value", "x"))
			assert.ErrorIs(t, r.Set("label", "x"), ErrClass)
			if class != nil {
				assert.ErrorIs(t, r.Set("total", 1), ErrClass)
			} else {
				require.NoError(t, r.Set("total", 1)) // the definition does not tell; the source passes over it
			}
			_, err := r.Call(soon(t), "add", 1, 1)
			require.NoError(t, err)
			v, err := pair.source.Get("total")
			require.NoError(t, err)
			assert.Zero(t, v.Int())
			nothing(t, pair.errs)
			nothing(t, pair.hostErrs)
		}
	})
}
