package core

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// turnNodes returns a host and a node on a TCP connection, which is one that callers read from.
func turnNodes(t testing.TB) (h *Host, n *Node, hostEnd net.Conn) {
	h, _ = testHost(t)
	n, _ = testNode(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	hostEnd, err = ln.Accept()
	require.NoError(t, err)
	require.NoError(t, h.AddHostSideConnection(hostEnd))
	require.NoError(t, n.AddClientSideConnection(client))
	return h, n, hostEnd
}

func turnCounter(t testing.TB, h *Host, n *Node, name string) (*Source, *Replica, chan struct{}) {
	s, release := newCounter(t)
	require.NoError(t, h.EnableRemoting(s, name))
	return s, acquired(t, n, name, counterClass()), release
}

// quickCalls makes calls until callers read by themselves and handlers are called by the reader.
func quickCalls(t testing.TB, r *Replica) {
	for i := range 20 {
		v, err := r.Call(soon(t), "add", i, 1)
		require.NoError(t, err)
		require.EqualValues(t, i+1, v.Int())
	}
}

func TestSlowHandlerDelaysNobody(t *testing.T) {
	h, n, _ := turnNodes(t)
	_, a, release := turnCounter(t, h, n, "A")
	_, other, _ := turnCounter(t, h, n, "B")
	for range 3 {
		quickCalls(t, a)
		slow := make(chan error, 1)
		go func() {
			_, err := a.Call(soon(t), "wait")
			slow <- err
		}()
		quickCalls(t, other) // while a handler that the reader may have called is busy
		queued := make(chan error, 1)
		go func() {
			_, err := a.Call(soon(t), "add", 1, 2)
			queued <- err
		}()
		nothing(t, queued) // calls of one object wait for each other
		nothing(t, slow)
		release <- struct{}{}
		require.NoError(t, recv(t, slow))
		require.NoError(t, recv(t, queued))
	}
}

func TestCallerWhoReadsGivesUp(t *testing.T) {
	h, n, _ := turnNodes(t)
	s, r, release := turnCounter(t, h, n, "A")
	changes := make(chan int64, 100)
	_, err := r.OnChange("value", func(v qt.Value) { changes <- v.Int() })
	require.NoError(t, err)
	for i := range 3 {
		quickCalls(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err = r.Call(ctx, "wait")
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		release <- struct{}{}
		require.NoError(t, s.Set("value", 100+i))
		require.EqualValues(t, 100+i, recv(t, changes), "somebody reads on")
	}
}

func TestUpdatesAfterCalls(t *testing.T) {
	h, n, _ := turnNodes(t)
	s, r, _ := turnCounter(t, h, n, "A")
	changes := make(chan int64, 100)
	_, err := r.OnChange("value", func(v qt.Value) { changes <- v.Int() })
	require.NoError(t, err)
	for i := 1; i < 20; i++ {
		quickCalls(t, r)
		require.NoError(t, s.Set("value", i))
		require.EqualValues(t, i, recv(t, changes))
		_, err := r.Call(soon(t), "clear")
		require.NoError(t, err)
		require.EqualValues(t, 0, recv(t, changes))
	}
}

func TestConnectionLostWhileACallerReads(t *testing.T) {
	h, n, hostEnd := turnNodes(t)
	_, r, _ := turnCounter(t, h, n, "A")
	suspect := make(chan struct{})
	r.OnState(func(_, s State) {
		if s == Suspect {
			close(suspect)
		}
	})
	quickCalls(t, r)
	lost := make(chan error, 1)
	go func() {
		_, err := r.Call(soon(t), "wait")
		lost <- err
	}()
	time.Sleep(moment / 2) // it is in reading, more likely than not; neither way may fail
	require.NoError(t, hostEnd.Close())
	require.ErrorIs(t, recv(t, lost), ErrConnectionLost)
	recv(t, suspect)
}

// What changes the objects is left to the connection's own reader.
func TestCallerWhoReadsLeavesTheRest(t *testing.T) {
	h, n, _ := turnNodes(t)
	_, r, release := turnCounter(t, h, n, "A")
	for i := range 10 {
		quickCalls(t, r)
		slow := make(chan error, 1)
		go func() {
			_, err := r.Call(soon(t), "wait")
			slow <- err
		}()
		name := fmt.Sprintf("new%d", i)
		s, fresh, _ := turnCounter(t, h, n, name) // an ObjectList and an Init
		require.NoError(t, h.DisableRemoting(s))
		until(t, "a RemoveObject", func() bool { return fresh.State() == Suspect })
		release <- struct{}{}
		require.NoError(t, recv(t, slow))
		require.NoError(t, fresh.Close())
	}
}

// Nonsense from a host ends the connection, whoever reads it.
func TestNonsenseWhileACallerReads(t *testing.T) {
	n, errs := testNode(t)
	host := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: "A", TypeName: "Counter"})
	r, err := n.AcquireDynamic("A")
	require.NoError(t, err)
	require.Equal(t, wire.AddObject, host.next().Kind)
	class, err := counterClass().compile()
	require.NoError(t, err)
	values := make([]wire.Property, len(class.props))
	for i := range values {
		values[i].Value = class.props[i].initial
	}
	host.send(&wire.Packet{Kind: wire.InitDynamic, Name: "A", Class: class.definition(wire.Protocol20), Values: values})
	require.NoError(t, r.Wait(soon(t)))
	answer := func(serial int32) {
		host.send(&wire.Packet{Kind: wire.InvokeReply, Name: "A", Serial: serial, Value: wire.Property{Value: qt.Of(int32(3))}})
	}
	call := func() chan error {
		ch := make(chan error, 1)
		go func() {
			_, err := r.Call(soon(t), "add", 1, 2)
			ch <- err
		}()
		return ch
	}
	for range 5 {
		done := call()
		answer(host.next().Serial)
		require.NoError(t, recv(t, done))
	}
	done := call()
	host.next()
	answer(4711)
	require.ErrorIs(t, recv(t, done), ErrConnectionLost)
	host.ended()
	require.ErrorContains(t, recv(t, errs), "4711")
}

func TestManyReaders(t *testing.T) {
	h, n, _ := turnNodes(t)
	s, r, _ := turnCounter(t, h, n, "A")
	_, other, _ := turnCounter(t, h, n, "B")
	var ticks atomic.Int64
	_, err := r.OnSignal("tick", func([]qt.Value) { ticks.Add(1) })
	require.NoError(t, err)
	const rounds = 300
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for g := range 6 {
		wg.Go(func() {
			on := []*Replica{r, other}[g%2]
			for i := range rounds {
				v, err := on.Call(soon(t), "add", g, i)
				if err == nil && v.Int() != int64(g+i) {
					err = errors.New("another's reply")
				}
				if err != nil {
					failed.Store(&err)
				}
				if i%50 == g {
					time.Sleep(moment) // so that it is quiet at times
				}
			}
		})
	}
	for i := range rounds {
		require.NoError(t, s.Emit("tick", i))
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		t.Fatal(*err)
	}
	until(t, "all signals", func() bool { return ticks.Load() == rounds })
}
