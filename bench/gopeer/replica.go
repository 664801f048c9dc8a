package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// expectation is what the replicas are waiting for.
type expectation struct {
	kind  string
	clock clock
	count int64
	left  atomic.Int64 // replicas that have not got there
	total atomic.Int64 // notifications, added up as each replica gets there
	gaps  atomic.Int64
	first atomic.Int64 // wall clock
}

// counter counts the notifications of one replica. Its callbacks never run at the same time.
type counter struct {
	expect *atomic.Pointer[expectation]
	last   [2]int64 // property, signal
	base   int64    // last, when the expectation was first met
	seen   int64
	gaps   int64
	client *expectation
}

func (c *counter) notified(which int, kind string, v int64) {
	e := c.expect.Load()
	if e == nil || e.kind != kind {
		c.last[which] = v
		return
	}
	if c.client != e {
		c.client, c.seen, c.gaps = e, 0, 0
		if c.base = c.last[which]; kind == "signal" {
			c.base = 0
		}
		c.last[which] = c.base
		e.first.CompareAndSwap(0, time.Now().UnixNano())
	}
	c.seen++
	if v != c.last[which]+1 {
		c.gaps++
	}
	c.last[which] = v
	if v != c.base+e.count {
		return
	}
	e.total.Add(c.seen)
	e.gaps.Add(c.gaps)
	if e.left.Add(-1) == 0 {
		fields := e.clock.times(map[string]any{"kind": kind, "count": e.total.Load(), "gaps": e.gaps.Load(), "first_ns": e.first.Load()})
		fields["elapsed_us"] = float64(fields["end_ns"].(int64)-e.first.Load()) / 1e3
		emit("seen", fields)
	}
}

// replica acquires the object on a number of nodes and returns the commands that drive them.
func replica(ctx context.Context, url string, n int) (map[string]func([]string) error, error) {
	c := start()
	var expect atomic.Pointer[expectation]
	replicas := make([]*core.Replica, n)
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range replicas {
		node := core.NewNode(core.Config{})
		if err := node.Connect(url); err != nil {
			return nil, err
		}
		r, err := node.Acquire("Bench", benchClass)
		if err != nil {
			return nil, err
		}
		replicas[i] = r
		wg.Go(func() {
			if err := r.Wait(ctx); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	for _, r := range replicas {
		v, err := core.Get[int64](r, "value")
		if err != nil {
			return nil, err
		}
		k := &counter{expect: &expect, last: [2]int64{v, 0}}
		if _, err := r.OnChange("value", func(v qt.Value) { k.notified(0, "property", v.Int()) }); err != nil {
			return nil, err
		}
		if _, err := r.OnSignal("tick", func(args []qt.Value) { k.notified(1, "signal", args[0].Int()) }); err != nil {
			return nil, err
		}
	}
	emit("ready", c.times(map[string]any{"replicas": n, "pid": os.Getpid()}))
	return map[string]func([]string) error{
		"expect": func(words []string) error {
			if len(words) != 2 || words[0] != "property" && words[0] != "signal" {
				return fmt.Errorf("expect property|signal N")
			}
			k, err := numbers(words[1:], 1)
			if err != nil {
				return err
			}
			e := &expectation{kind: words[0], clock: start(), count: int64(k[0])}
			e.left.Store(int64(n))
			expect.Store(e)
			emit("armed", map[string]any{"kind": words[0], "count": k[0]})
			return nil
		},
		"calls": func(words []string) error { return call(ctx, replicas[0], "calls", words, 0, 1) },
		"echo":  func(words []string) error { return call(ctx, replicas[0], "echo", words, 1, 0) },
		"pokes": func(words []string) error {
			k, err := numbers(words, 1)
			if err != nil {
				return err
			}
			c := start()
			for i := range k[0] {
				if err := replicas[0].Send("poke", int32(i)); err != nil {
					return err
				}
			}
			if _, err := replicas[0].Call(ctx, "echo", []byte{}); err != nil {
				return err
			}
			called(c, "pokes", k[0], 0)
			return nil
		},
	}, nil
}

// call makes sequential calls; which argument is the count and which the size depends on the command.
func call(ctx context.Context, r *core.Replica, kind string, words []string, count, size int) error {
	k, err := numbers(words, 2)
	if err != nil {
		return err
	}
	payload := make([]byte, k[size])
	c := start()
	for range k[count] {
		v, err := r.Call(ctx, "echo", payload)
		if err != nil {
			return err
		}
		if len(v.Bytes()) != len(payload) {
			return fmt.Errorf("a reply of %d bytes", len(v.Bytes()))
		}
	}
	called(c, kind, k[count], k[size])
	return nil
}

func called(c clock, kind string, count, size int) {
	f := c.times(map[string]any{"kind": kind, "count": count, "size": size})
	us := f["elapsed_us"].(float64)
	f["us_per_call"] = us / float64(max(count, 1))
	f["mb_per_s"] = float64(count) * float64(size) / us
	emit("called", f)
}
