package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/bench/internal/crew"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// callers runs fn b.N times on a number of goroutines, which have numbers.
func callers(b *testing.B, n int, fn func(caller int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	defer measureCPU(b)()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

// measureCPU returns a function that reports how much processor time has gone since, for both ends: what a busy machine upsets less
// than the time that has passed.
func measureCPU(b *testing.B) func() {
	start := crew.CPUTime()
	return func() { b.ReportMetric(float64(crew.CPUTime()-start)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkCall is the round trip of a slot call with 100 bytes each way, over each kind of link, with mutual TLS 1.3 where it
// is secure. "raw" is an echo of as many bytes as the packets have, without anything of qtro's: each caller has a connection, or
// a QUIC stream, of his own and reads the answer himself. All qtro callers share one connection.
func BenchmarkCall(b *testing.B) {
	for _, link := range links {
		for _, n := range []int{1, 64} {
			name := fmt.Sprintf("%s/callers=%d", link, n)
			b.Run(name+"/raw", func(b *testing.B) { rawCalls(b, link, n, 100) })
			b.Run(name+"/qtro", func(b *testing.B) { calls(b, link, n, 100) })
		}
	}
}

// BenchmarkCallLarge is the round trip of a slot call with 1 MiB each way.
func BenchmarkCallLarge(b *testing.B) {
	for _, link := range links {
		b.Run(link+"/raw", func(b *testing.B) { rawCalls(b, link, 1, 1<<20) })
		b.Run(link+"/qtro", func(b *testing.B) { calls(b, link, 1, 1<<20) })
	}
}

func calls(b *testing.B, link string, n, size int) {
	payload := make([]byte, size)
	_, r := remoted(b, link)
	callers(b, n, func(int) error {
		_, err := r.Call(b.Context(), "echo", payload)
		return err
	})
}

func rawCalls(b *testing.B, link string, n, size int) {
	args := []qt.Value{qt.Of(make([]byte, size))}
	request, err := wire.NewEncoder(wire.Protocol20).Append(nil, &wire.Packet{Kind: wire.Invoke, Name: "Bench", Args: args})
	require.NoError(b, err)
	hosts, clients := raw(b, link, n)
	bufs := make([][]byte, n)
	for i := range n {
		go echo(hosts[i], len(request))
		bufs[i] = make([]byte, len(request))
	}
	callers(b, n, func(i int) error {
		if _, err := clients[i].Write(request); err != nil {
			return err
		}
		_, err := io.ReadFull(clients[i], bufs[i])
		return err
	})
}

// echo writes back what it reads, until the connection ends.
func echo(s stream, size int) {
	buf := make([]byte, size)
	for {
		if _, err := io.ReadFull(s, buf); err != nil {
			return
		}
		if _, err := s.Write(buf); err != nil {
			return
		}
	}
}

// BenchmarkStream is the time of one property change, from a burst of them, to one replica whose callback counts them. "raw"
// writes the same bytes through a queue that coalesces, and counts them at the other end.
func BenchmarkStream(b *testing.B) {
	for _, link := range links {
		b.Run(link+"/raw", func(b *testing.B) { rawStream(b, link) })
		b.Run(link+"/qtro", func(b *testing.B) {
			s, r := remoted(b, link)
			w := newWindow(b)
			_, err := r.OnChange("value", func(v qt.Value) { w.saw(v.Int()) })
			require.NoError(b, err)
			w.run(func(i int) {
				if err := s.SetValue(0, qt.Of(int32(i))); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// update is what a host sends for a property's change: the change and its notify signal.
func update(tb testing.TB) []byte {
	enc := wire.NewEncoder(wire.Protocol20)
	bytes, err := enc.Append(nil, &wire.Packet{Kind: wire.PropertyChange, Name: "Bench", Value: wire.Property{Value: qt.Of(int32(1))}})
	require.NoError(tb, err)
	bytes, err = enc.Append(bytes, &wire.Packet{Kind: wire.Invoke, Name: "Bench", Args: []qt.Value{qt.Of(int32(1))}, Serial: -1})
	require.NoError(tb, err)
	return bytes
}

func rawStream(b *testing.B, link string) {
	update := update(b)
	hosts, clients := raw(b, link, 1)
	out := newCoalescer(hosts[0])
	b.Cleanup(out.stop)
	w := newWindow(b)
	go func() {
		buf := make([]byte, 64<<10)
		for total, seen := 0, 0; ; {
			n, err := clients[0].Read(buf)
			if err != nil {
				return
			}
			for total += n; seen < total/len(update); {
				seen++
				w.saw(int64(seen))
			}
		}
	}()
	w.run(func(int) { out.send(update) })
}

// coalescer writes whatever has gathered since its last write.
type coalescer struct {
	mu   sync.Mutex
	more sync.Cond
	buf  []byte
	over bool
}

func newCoalescer(w io.Writer) *coalescer {
	o := &coalescer{}
	o.more.L = &o.mu
	go func() {
		var spare []byte
		for {
			o.mu.Lock()
			for len(o.buf) == 0 && !o.over {
				o.more.Wait()
			}
			buf := o.buf
			o.buf = spare[:0]
			o.mu.Unlock()
			if len(buf) == 0 {
				return
			}
			if _, err := w.Write(buf); err != nil {
				return
			}
			spare = buf
		}
	}()
	return o
}

func (o *coalescer) send(update []byte) {
	o.mu.Lock()
	o.buf = append(o.buf, update...)
	o.mu.Unlock()
	o.more.Signal()
}

func (o *coalescer) stop() {
	o.mu.Lock()
	o.over = true
	o.mu.Unlock()
	o.more.Signal()
}

// window lets a sender be ahead of its receiver by a number of updates, so that the queues stay short of their limit.
type window struct {
	b    *testing.B
	done chan struct{} // the receiver has seen the last update of a window
}

const windowSize = 10_000

func newWindow(b *testing.B) *window { return &window{b, make(chan struct{}, 1)} }

func (w *window) saw(i int64) {
	if i%windowSize == 0 || i == int64(w.b.N) {
		w.done <- struct{}{}
	}
}

// run sends updates 1 to b.N.
func (w *window) run(send func(i int)) {
	w.b.ReportAllocs()
	w.b.ResetTimer()
	defer measureCPU(w.b)()
	for i := 1; i <= w.b.N; i++ {
		send(i)
		if i%windowSize == 0 || i == w.b.N {
			<-w.done
		}
	}
	w.b.StopTimer()
}
