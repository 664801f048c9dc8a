package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/bench/internal/crew"
	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tcp"
	"github.com/go-qtro/qtro/transports/tls"
)

// setup is what a process is told first.
type setup struct {
	Trust       string // the authority's directory
	Scheme      string
	Connections int      // of this process
	IPs         []string // of the host
	URL         string   // where the clients of this process connect to
	Parallel    int      // how many of them do so at the same time
	Quiet       time.Duration
}

// state is what a process uses, and how many processors while nothing happens.
type state struct {
	Usage usage
	CPU   float64
}

// reached says when a change was seen by the last and by half of a process's clients, in nanoseconds since 1970.
type reached struct{ Last, Half int64 }

var class = &core.Class{Name: "Bench", Properties: []core.Property{{Name: "value", Type: "int", Access: core.ReadOnly}}}

// now measures what the process uses without what is garbage.
func now() usage {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{RSS: resident(), Heap: float64(m.HeapAlloc), Stack: float64(m.StackInuse), Goroutines: float64(runtime.NumGoroutine())}
}

// rest waits and measures then.
func rest(quiet time.Duration) state {
	const settling = 3 // of which the first part is not measured
	time.Sleep(quiet / settling)
	cpu, start := crew.CPUTime(), time.Now()
	time.Sleep(quiet - quiet/settling)
	s := state{CPU: (crew.CPUTime() - cpu).Seconds() / time.Since(start).Seconds()}
	s.Usage = now()
	return s
}

func transport(scheme string, c certs.Config) (core.Transport, error) {
	switch scheme {
	case "tcp":
		return tcp.Transport{}, nil
	case "tls":
		return tls.New(c), nil
	case "quic":
		return quic.New(c), nil
	}
	return nil, fmt.Errorf("no transport %q", scheme)
}

func config(t core.Transport, scheme string) core.Config {
	return core.Config{Logger: slog.New(slog.DiscardHandler), Transports: map[string]core.Transport{scheme: t}}
}

// hostProcess is the host.
func hostProcess(p *crew.Program) error {
	var s setup
	if err := p.Hear(&s); err != nil {
		return err
	}
	if err := allowFiles(s.Connections); err != nil {
		return err
	}
	c, err := crew.Host(s.Trust, s.IPs...)
	if err != nil {
		return err
	}
	t, err := transport(s.Scheme, c)
	if err != nil {
		return err
	}
	h := core.NewHost(config(t, s.Scheme))
	source, err := core.NewSource(class)
	if err != nil {
		return err
	}
	if err := h.EnableRemoting(source, "Bench"); err != nil {
		return err
	}
	var at struct {
		URLs []string
		Now  usage
	}
	for _, ip := range s.IPs {
		url, err := h.Listen(context.Background(), s.Scheme+"://"+ip+":0")
		if err != nil {
			return err
		}
		at.URLs = append(at.URLs, url)
	}
	at.Now = now()
	if err := p.Tell(at); err != nil {
		return err
	}
	for value := int32(1); ; {
		var what string
		if err := p.Hear(&what); err != nil {
			return err
		}
		var answer any
		switch what {
		case "measure":
			answer = rest(s.Quiet)
		case "change":
			answer = time.Now().UnixNano()
			if err := source.SetValue(0, qt.Of(value)); err != nil {
				return err
			}
			value++
		}
		if err := p.Tell(answer); err != nil {
			return err
		}
	}
}

// clientsProcess is a number of clients.
func clientsProcess(p *crew.Program) error {
	var c crowd
	if err := p.Hear(&c.setup); err != nil {
		return err
	}
	if err := allowFiles(c.Connections); err != nil {
		return err
	}
	own, err := crew.Clients(c.Trust, c.Connections)
	if err != nil {
		return err
	}
	c.seen, c.complete = make([]int64, c.Connections), make(chan struct{}, 1)
	if err := p.Tell(now()); err != nil {
		return err
	}
	for {
		var what string
		if err := p.Hear(&what); err != nil {
			return err
		}
		var answer any
		switch what {
		case "connect":
			if err := c.connect(own); err != nil {
				return err
			}
		case "measure":
			answer = rest(c.Quiet)
		case "reached":
			<-c.complete
			slices.Sort(c.seen)
			answer = reached{c.seen[len(c.seen)-1], c.seen[len(c.seen)/2]}
			c.count.Store(0)
		}
		if err := p.Tell(answer); err != nil {
			return err
		}
	}
}

// crowd are the clients of one process.
type crowd struct {
	setup
	count    atomic.Int64 // clients that have seen the change
	seen     []int64      // when
	complete chan struct{}
	nodes    []*core.Node // so that none is garbage
}

// patience is how long one client may take to connect.
const patience = time.Minute

// connect connects all clients.
func (c *crowd) connect(own []certs.Config) error {
	c.nodes = make([]*core.Node, len(own))
	next, failed := atomic.Int64{}, make(chan error, c.Parallel)
	var wg sync.WaitGroup
	for range c.Parallel {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(own)); i = next.Add(1) - 1 {
				var err error
				if c.nodes[i], err = c.client(own[i]); err != nil {
					failed <- fmt.Errorf("client %d: %w", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (c *crowd) client(own certs.Config) (*core.Node, error) {
	t, err := transport(c.Scheme, own)
	if err != nil {
		return nil, err
	}
	n := core.NewNode(config(t, c.Scheme))
	r, err := n.Acquire("Bench", class)
	if err != nil {
		return nil, err
	}
	if _, err := r.OnChange("value", c.saw); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Connect(c.URL); err != nil {
		return nil, err
	}
	return n, r.Wait(ctx)
}

// saw is called when a client has seen the change.
func (c *crowd) saw(qt.Value) {
	now := time.Now().UnixNano()
	i := c.count.Add(1)
	c.seen[i-1] = now
	if i == int64(c.Connections) {
		c.complete <- struct{}{}
	}
}

// clients are all processes with clients.
type clients struct {
	members []*crew.Member
	before  []usage // without connections
}

// underWay is how many connections are set up at the same time, which must be less than the handshakes that a host bears.
const underWay = 64

func startClients(ctx context.Context, s setup, urls []string, o options) (*clients, error) {
	c := &clients{before: make([]usage, o.processes)}
	all := s.Connections
	s.Parallel = max(underWay/o.processes, 1)
	var each []setup
	for i, url := range urls {
		s.URL, s.Connections = url, all*(i+1)/o.processes-all*i/o.processes
		m, err := crew.Start("clients")
		if err != nil {
			return c, err
		}
		c.members, each = append(c.members, m), append(each, s)
	}
	return c, c.all(func(i int) error { return c.members[i].Ask(ctx, each[i], &c.before[i]) })
}

// each asks all processes at the same time.
func (c *clients) each(ctx context.Context, question string, answer func(i int) any) error {
	return c.all(func(i int) error {
		var to any
		if answer != nil {
			to = answer(i)
		}
		return c.members[i].Ask(ctx, question, to)
	})
}

func (c *clients) all(do func(i int) error) error {
	failed := make(chan error, len(c.members))
	for i := range c.members {
		go func() { failed <- do(i) }()
	}
	var first error
	for range c.members {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (c *clients) stop() {
	_ = c.all(func(i int) error {
		c.members[i].Stop()
		return nil
	})
}
