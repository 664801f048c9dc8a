package main

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// TestTurns has callers read their replies themselves over each kind of link, while changes come and some handlers are slow, so
// that a deadline interrupts callers who are reading. No byte may get lost by that.
func TestTurns(t *testing.T) {
	for _, link := range links {
		t.Run(link, func(t *testing.T) {
			var interrupted atomic.Int64
			s, r := remoted(t, link, func(t core.Transport) core.Transport { return interruptible{t, &interrupted} })
			var seen atomic.Int64
			gap := make(chan int64, 1)
			_, err := r.OnChange("value", func(v qt.Value) {
				if !seen.CompareAndSwap(v.Int()-1, v.Int()) {
					select {
					case gap <- v.Int():
					default:
					}
				}
			})
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			over := time.Now().Add(700 * time.Millisecond)
			changes := int64(0)
			for round := 0; time.Now().Before(over) || interrupted.Load() == 0; round++ {
				require.NoError(t, ctx.Err(), "nobody was interrupted")
				var wg sync.WaitGroup
				for caller := range round%3 + 1 {
					wg.Go(func() {
						for i := range 20 {
							sent := bytes.Repeat([]byte{byte(i + caller)}, 1<<(i%16))
							v, err := r.Call(ctx, "echo", sent)
							var got []byte
							if err == nil {
								err = v.To(&got)
							}
							if err != nil || !bytes.Equal(got, sent) {
								t.Errorf("caller %d: echo %d: %d bytes of %d, %v", caller, i, len(got), len(sent), err)
								return
							}
						}
						v, err := r.Call(ctx, "sleep", 1000) // longer than anybody may read
						if err != nil || v.Int() != 1000 {
							t.Errorf("caller %d: sleep: %v, %v", caller, v, err)
						}
					})
				}
				for range 50 {
					changes++
					if err := s.SetValue(0, qt.Of(int32(changes))); err != nil {
						t.Error(err)
					}
				}
				wg.Wait()
			}
			require.Eventually(t, func() bool { return seen.Load() == changes }, 10*time.Second, time.Millisecond)
			select {
			case v := <-gap:
				t.Errorf("change %d came out of turn", v)
			default:
			}
			t.Logf("%d changes, %d interrupts", changes, interrupted.Load())
		})
	}
}

// interruptible counts how often a deadline has interrupted a Read.
type interruptible struct {
	core.Transport
	count *atomic.Int64
}

func (i interruptible) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	c, err := i.Transport.Dial(ctx, u)
	if err != nil {
		return nil, err
	}
	return interruptibleConn{c, i.count}, nil
}

type interruptibleConn struct {
	core.Conn
	count *atomic.Int64
}

func (c interruptibleConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.count.Add(1)
	}
	return n, err
}
