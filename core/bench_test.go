package core_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

var benchClass = &core.Class{
	Name:       "Bench",
	Properties: []core.Property{{Name: "value", Type: "int", Access: core.ReadOnly}},
	Signals:    []core.Signal{{Name: "tick", Params: []core.Param{{Name: "n", Type: "int"}}}},
	Slots:      []core.Slot{{Name: "echo", Return: "QByteArray", Params: []core.Param{{Name: "data", Type: "QByteArray"}}}},
}

// benchPair returns the two ends of a connection.
func benchPair(b *testing.B, network string) (host, client net.Conn) {
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(b.TempDir(), "s")
	}
	ln, err := net.Listen(network, addr)
	require.NoError(b, err)
	defer ln.Close()
	client, err = net.Dial(network, ln.Addr().String())
	require.NoError(b, err)
	host, err = ln.Accept()
	require.NoError(b, err)
	return host, client
}

func benchSource(b *testing.B) (*core.Host, *core.Source) {
	h := core.NewHost(core.Config{})
	b.Cleanup(func() { h.Close() })
	s, err := core.NewSource(benchClass)
	require.NoError(b, err)
	require.NoError(b, s.Handle("echo", func(_ context.Context, args []qt.Value) (qt.Value, error) { return args[0], nil }))
	require.NoError(b, h.EnableRemoting(s, "Bench"))
	return h, s
}

func benchReplica(b *testing.B, h *core.Host, network string) *core.Replica {
	n := core.NewNode(core.Config{})
	b.Cleanup(func() { n.Close() })
	host, client := benchPair(b, network)
	require.NoError(b, h.AddHostSideConnection(host))
	require.NoError(b, n.AddClientSideConnection(client))
	r, err := n.Acquire("Bench", benchClass)
	require.NoError(b, err)
	require.NoError(b, r.Wait(b.Context()))
	return r
}

// callers runs fn b.N times on a number of goroutines.
func callers(b *testing.B, n int, fn func()) {
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime()
	defer func() { b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op") }()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				fn()
			}
		})
	}
	wg.Wait()
}

// BenchmarkCall is the round trip of a slot call with 100 bytes each way. "raw" is an echo of as many bytes as the packets
// have, on a connection a caller, who reads the answer himself. "shared" is the same on one connection for all callers, with a
// goroutine that reads and wakes them: what a protocol must do at least in which calls share a connection with updates.
func BenchmarkCall(b *testing.B) {
	payload := make([]byte, 100)
	request, err := wire.NewEncoder(wire.Protocol20).Append(nil, &wire.Packet{Kind: wire.Invoke, Name: "Bench", Args: []qt.Value{qt.Of(payload)}})
	require.NoError(b, err)
	for _, network := range []string{"tcp", "unix"} {
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d/raw", network, n), func(b *testing.B) {
				conns := make(chan net.Conn, n)
				for range n {
					host, client := benchPair(b, network)
					go func() {
						buf := make([]byte, len(request))
						for {
							if _, err := io.ReadFull(host, buf); err != nil {
								return
							}
							if _, err := host.Write(buf); err != nil {
								return
							}
						}
					}()
					b.Cleanup(func() { client.Close(); host.Close() })
					conns <- client
				}
				bufs := sync.Pool{New: func() any { b := make([]byte, len(request)); return &b }}
				callers(b, n, func() {
					c, buf := <-conns, bufs.Get().(*[]byte)
					if _, err := c.Write(request); err != nil {
						b.Error(err)
					}
					if _, err := io.ReadFull(c, *buf); err != nil {
						b.Error(err)
					}
					bufs.Put(buf)
					conns <- c
				})
			})
			b.Run(fmt.Sprintf("%s/callers=%d/shared", network, n), func(b *testing.B) { sharedEcho(b, network, n, request) })
			b.Run(fmt.Sprintf("%s/callers=%d/qtro", network, n), func(b *testing.B) {
				h, _ := benchSource(b)
				r := benchReplica(b, h, network)
				callers(b, n, func() {
					if _, err := r.Call(b.Context(), "echo", payload); err != nil {
						b.Error(err)
					}
				})
			})
		}
	}
}

func sharedEcho(b *testing.B, network string, n int, request []byte) {
	host, client := benchPair(b, network)
	b.Cleanup(func() { client.Close(); host.Close() })
	go func() { _, _ = io.Copy(onlyWriter{host}, onlyReader{host}) }()
	var mu sync.Mutex
	waiting := make(chan chan struct{}, n)
	go func() {
		buf := make([]byte, len(request))
		for {
			if _, err := io.ReadFull(client, buf); err != nil {
				return
			}
			(<-waiting) <- struct{}{}
		}
	}()
	done := sync.Pool{New: func() any { return make(chan struct{}, 1) }}
	callers(b, n, func() {
		ch := done.Get().(chan struct{})
		mu.Lock()
		waiting <- ch
		_, err := client.Write(request)
		mu.Unlock()
		if err != nil {
			b.Error(err)
		}
		<-ch
		done.Put(ch)
	})
}

// BenchmarkCallLarge is the round trip of a slot call with 1 MiB each way.
func BenchmarkCallLarge(b *testing.B) {
	h, _ := benchSource(b)
	r := benchReplica(b, h, "tcp")
	payload := make([]byte, 1<<20)
	b.SetBytes(2 << 20)
	callers(b, 1, func() {
		if _, err := r.Call(b.Context(), "echo", payload); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkFanOut is the time of one delivery of an update to one replica, over all replicas. "raw" writes the same bytes
// through a queue that coalesces, and counts them at the other end.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("replicas=%d/raw", n), func(b *testing.B) { rawFanOut(b, n) })
		for _, kind := range []string{"property", "signal"} {
			b.Run(fmt.Sprintf("replicas=%d/%s", n, kind), func(b *testing.B) {
				h, s := benchSource(b)
				w := newWindow(b, n)
				for range n {
					r := benchReplica(b, h, "tcp")
					saw := func(v qt.Value) { w.saw(v.Int()) }
					var err error
					if kind == "property" {
						_, err = r.OnChange("value", saw)
					} else {
						_, err = r.OnSignal("tick", func(args []qt.Value) { saw(args[0]) })
					}
					require.NoError(b, err)
				}
				tick, err := s.SignalIndex("tick")
				require.NoError(b, err)
				w.run(func(i int) {
					v := qt.Of(int32(i))
					if kind == "property" {
						err = s.SetValue(0, v)
					} else {
						err = s.EmitValues(tick, v)
					}
					if err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// rawFanOut sends updates of the size of a property's change to n connections: a goroutine a connection writes whatever has
// gathered since its last write.
func rawFanOut(b *testing.B, n int) {
	enc := wire.NewEncoder(wire.Protocol20)
	update, err := enc.Append(nil, &wire.Packet{Kind: wire.PropertyChange, Name: "Bench", Value: wire.Property{Value: qt.Of(int32(1))}})
	require.NoError(b, err)
	update, err = enc.Append(update, &wire.Packet{Kind: wire.Invoke, Name: "Bench", Args: []qt.Value{qt.Of(int32(1))}, Serial: -1})
	require.NoError(b, err)
	type out struct {
		mu   sync.Mutex
		cond *sync.Cond
		buf  []byte
		over bool
	}
	w := newWindow(b, n)
	outs := make([]*out, n)
	for i := range outs {
		host, client := benchPair(b, "tcp")
		b.Cleanup(func() { host.Close(); client.Close() })
		o := &out{}
		o.cond = sync.NewCond(&o.mu)
		outs[i] = o
		go func() {
			var spare []byte
			for {
				o.mu.Lock()
				for len(o.buf) == 0 && !o.over {
					o.cond.Wait()
				}
				if len(o.buf) == 0 {
					o.mu.Unlock()
					return
				}
				buf := o.buf
				o.buf = spare[:0]
				o.mu.Unlock()
				if _, err := host.Write(buf); err != nil {
					return
				}
				spare = buf
			}
		}()
		go func() {
			buf := make([]byte, 64<<10)
			for total, seen := 0, 0; ; {
				k, err := client.Read(buf)
				if err != nil {
					return
				}
				for total += k; seen < total/len(update); {
					seen++
					w.saw(int64(seen))
				}
			}
		}()
	}
	w.run(func(int) {
		for _, o := range outs {
			o.mu.Lock()
			o.buf = append(o.buf, update...)
			o.mu.Unlock()
			o.cond.Signal()
		}
	})
	for _, o := range outs {
		o.mu.Lock()
		o.over = true
		o.mu.Unlock()
		o.cond.Signal()
	}
}

// window lets a sender be ahead of its receivers by a number of updates, so that the queues stay short of their limit
// whatever b.N is.
type window struct {
	b       *testing.B
	clients int
	updates int64
	done    chan struct{} // a receiver has seen the last update of a window
}

const windowSize = 10_000

func newWindow(b *testing.B, clients int) *window {
	return &window{b, clients, int64(max(b.N/clients, 1)), make(chan struct{}, clients)}
}

func (w *window) saw(i int64) {
	if i%windowSize == 0 || i == w.updates {
		w.done <- struct{}{}
	}
}

// run sends updates 1 to b.N divided by the number of clients.
func (w *window) run(send func(i int)) {
	w.b.ReportAllocs()
	w.b.ResetTimer()
	start := cpuTime()
	for i := int64(1); i <= w.updates; i++ {
		send(int(i))
		if i%windowSize == 0 || i == w.updates {
			for range w.clients {
				<-w.done
			}
		}
	}
	w.b.ReportMetric(float64(cpuTime()-start)/float64(w.updates*int64(w.clients)), "cpu-ns/op")
}

// onlyReader and onlyWriter hide that bytes could be spliced from one connection to another without being read.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)
