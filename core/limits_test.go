package core

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// TestSlowReader: a peer that does not read is disconnected at the limit, and holds up nobody.
func TestSlowReader(t *testing.T) {
	h, errs := testHost(t, func(c *Config) { c.QueueLimit = 100 << 10 })
	s, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, "counter"))
	n, nodeErrs := testNode(t)
	connectPipe(t, n, h)
	r := acquired(t, n, "counter", counterClass())
	slow := playNode(t, h, wire.Protocol20)
	slow.send(&wire.Packet{Kind: wire.AddObject, Name: "counter"})
	require.Equal(t, wire.Init, slow.next().Kind)
	seen := make(chan int64, 100000)
	_, err := r.OnSignal("tick", func(a []qt.Value) { seen <- a[0].Int() })
	require.NoError(t, err)
	last := 0
	for len(errs) == 0 {
		require.NoError(t, s.Emit("tick", last))
		for recv(t, seen) != int64(last) { // the other one is served all the time
		}
		last++
		require.Less(t, last, 100000)
	}
	err = recv(t, errs)
	assert.ErrorIs(t, err, ErrSlowPeer)
	assert.ErrorContains(t, err, "102400")
	slow.ended()
	assert.EqualValues(t, 1, h.Stats().SlowPeers)
	require.NoError(t, s.Emit("tick", last))
	assert.EqualValues(t, last, recv(t, seen))
	nothing(t, nodeErrs)
}

// TestKeepLatest: with it, a slow peer gets the latest value of each property, each signal, and a state that is not mixed
// up with older changes.
func TestKeepLatest(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		h, errs := testHost(t, func(c *Config) { c.QueueLimit, c.KeepLatest = 4<<10, true })
		s, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(s, "counter"))
		slow := playNode(t, h, p)
		slow.send(&wire.Packet{Kind: wire.AddObject, Name: "counter"})
		require.Equal(t, wire.Init, slow.next().Kind)
		for i := range 10000 {
			require.NoError(t, s.Set("value", i))
			require.NoError(t, s.Set("step", -i))
			if i%1000 == 0 {
				require.NoError(t, s.Emit("tick", i))
			}
		}
		// A second question, whose answer must come after the changes that are older.
		slow.send(&wire.Packet{Kind: wire.AddObject, Name: "counter"})
		values, ticks := map[int32]int64{}, 0
		for done := false; !done; {
			switch p := slow.next(); p.Kind {
			case wire.PropertyChange:
				values[p.Index] = p.Value.Value.Int()
			case wire.Invoke:
				if p.Property < 0 {
					ticks++
				}
			case wire.Init:
				done = true
			}
		}
		assert.EqualValues(t, 9999, values[0])
		assert.EqualValues(t, -9999, values[1])
		assert.Equal(t, 10, ticks)
		assert.Greater(t, h.Stats().Coalesced, int64(1000))
		require.NoError(t, s.Set("value", 5))
		assert.EqualValues(t, 5, slow.next().Value.Value.Int())
		// A change that alone is past the limit leaves all the same.
		slow.next()
		big := string(make([]byte, 20<<10))
		require.NoError(t, s.Set("any", big))
		got, err := qt.As[string](slow.next().Value.Value)
		require.NoError(t, err)
		assert.Equal(t, big, got)
		nothing(t, errs)
		// Signals are never dropped: past twice the limit the connection ends.
		for len(errs) == 0 {
			require.NoError(t, s.Emit("tick", 1))
		}
		assert.ErrorIs(t, recv(t, errs), ErrSlowPeer)
	})
}

func TestPacketLimit(t *testing.T) {
	h, hostErrs := testHost(t, func(c *Config) { c.PacketLimit = 1000 })
	n, errs := testNode(t, func(c *Config) { c.PacketLimit = 1000 })
	s, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, "counter"))
	connectPipe(t, n, h)
	r := acquired(t, n, "counter", counterClass())
	_, err := r.Call(soon(t), "echo", string(make([]byte, 100)))
	require.NoError(t, err)
	require.NoError(t, r.Send("echo", string(make([]byte, 1000))))
	assert.ErrorIs(t, recv(t, hostErrs), wire.ErrTooLong)
	until(t, "Suspect", func() bool { return r.State() == Suspect })
	connectPipe(t, n, h)
	require.NoError(t, r.Wait(soon(t)))
	require.NoError(t, s.Set("any", make([]byte, 2000)))
	assert.ErrorIs(t, recv(t, errs), wire.ErrTooLong)
	assert.EqualValues(t, 1, h.Stats().Violations)
	assert.EqualValues(t, 1, n.Stats().Violations)
}

// TestManyCalls: calls that wait for their turn are bounded by number and by size; the peer is read no further.
func TestManyCalls(t *testing.T) {
	for what, size := range map[string]int{"number": 1, "size": 4 << 10} {
		t.Run(what, func(t *testing.T) {
			h, errs := testHost(t, func(c *Config) { c.QueueLimit = 1 << 20 })
			s, _ := newCounter(t)
			hold, answered := make(chan struct{}), make(chan struct{}, 100000)
			require.NoError(t, s.Handle("echo", func(v any) any { <-hold; answered <- struct{}{}; return nil }))
			require.NoError(t, h.EnableRemoting(s, "counter"))
			n := playNode(t, h, wire.Protocol20)
			b, err := wire.NewEncoder(wire.Protocol20).Append(nil, &wire.Packet{Kind: wire.Invoke, Name: "counter", Index: 7, // echo
				Args: []qt.Value{qt.Of(make([]byte, size))}, Serial: -1, Property: -1})
			require.NoError(t, err)
			sent := 0
			for ; sent < 5*maxCalls; sent++ {
				_ = n.c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
				if _, err = n.c.Write(b); err != nil {
					break
				}
			}
			var timeout net.Error
			require.ErrorAs(t, err, &timeout, "it was all read")
			assert.True(t, timeout.Timeout())
			assert.LessOrEqual(t, sent, 2*maxCalls+100)
			assert.LessOrEqual(t, sent*size, 2<<20)
			assert.Greater(t, sent, 100)
			close(hold)
			for range sent {
				recv(t, answered)
			}
			nothing(t, errs)
		})
	}
}
