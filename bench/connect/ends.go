package main

import (
	"context"
	stdtls "crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-qtro/qtro/bench/internal/crew"
	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tcp"
	"github.com/go-qtro/qtro/transports/tls"
)

// setup is what both processes are told first.
type setup struct {
	Trust string            // the authority's directory
	IP    string            // of the host
	RTT   time.Duration     // the round trip
	URLs  map[string]string // of the host, by scheme
}

var class = &core.Class{Name: "Bench", Properties: []core.Property{{Name: "value", Type: "int", Access: core.ReadOnly}}}

// hostProcess is the host.
func hostProcess(p *crew.Program) error {
	var s setup
	if err := p.Hear(&s); err != nil {
		return err
	}
	c, err := crew.Host(s.Trust, s.IP)
	if err != nil {
		return err
	}
	h := core.NewHost(core.Config{Logger: slog.New(slog.DiscardHandler), Transports: map[string]core.Transport{
		"tcp": tcp.Transport{}, "tls": tls.New(c), "quic": quic.New(c, quic.EarlyData),
	}})
	source, err := core.NewSource(class)
	if err != nil {
		return err
	}
	if err := h.EnableRemoting(source, "Bench"); err != nil {
		return err
	}
	urls := map[string]string{}
	for _, scheme := range []string{"tcp", "tls", "quic"} {
		if urls[scheme], err = h.Listen(context.Background(), scheme+"://"+s.IP+":0"); err != nil {
			return err
		}
	}
	if err := p.Tell(urls); err != nil {
		return err
	}
	select {} // it ends with the program
}

// clientProcess is the client: it connects in the way that it is told, each time anew.
func clientProcess(p *crew.Program) error {
	c := client{been: map[string]core.Transport{}}
	if err := p.Hear(&c.setup); err != nil {
		return err
	}
	own, err := crew.Clients(c.Trust, 1)
	if err != nil {
		return err
	}
	c.certs = own[0]
	if err := p.Tell(nil); err != nil {
		return err
	}
	for {
		var name string
		if err := p.Hear(&name); err != nil {
			return err
		}
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		s, err := c.connect(kinds[i])
		if err != nil {
			return err
		}
		if err := p.Tell(s); err != nil {
			return err
		}
	}
}

type client struct {
	setup
	certs certs.Config
	been  map[string]core.Transport // those that have been there before, by kind
	last  string                    // the local address of the last connection
}

// patience is how long a connection may take.
const patience = 20 * time.Second

// connect measures one connection.
func (c *client) connect(k kind) (sample, error) {
	t := c.been[k.name]
	if t == nil {
		switch {
		case k.scheme == "tcp":
			t = tcp.Transport{}
		case k.scheme == "tls":
			t = tls.New(c.certs)
		case k.early:
			t = quic.New(c.certs, quic.EarlyData)
		default:
			t = quic.New(c.certs)
		}
	}
	first := c.been[k.name] == nil
	if k.again {
		c.been[k.name] = t
	}
	watch := &stopwatch{Transport: t}
	n := core.NewNode(core.Config{Logger: slog.New(slog.DiscardHandler), Transports: map[string]core.Transport{k.scheme: watch}})
	r, err := n.Acquire("Bench", class)
	if err != nil {
		return sample{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	watch.start = time.Now()
	if err = n.Connect(c.URLs[k.scheme]); err == nil {
		err = r.Wait(ctx)
	}
	valid := time.Since(watch.start)
	_ = n.Close()
	if err != nil {
		return sample{}, err
	}
	if err := c.check(k, watch, first); err != nil {
		return sample{}, err
	}
	switch q, ok := t.(*quic.Transport); {
	case ok && k.again:
		time.Sleep(goodbye + 3*c.RTT) // else the next connection would share this one, which is still saying goodbye
	case ok:
		_ = q.Close()
	}
	return sample{watch.dialed.ms(), watch.greeted.ms(), valid.Seconds() * 1e3}, nil
}

// goodbye is how long a QUIC transport keeps the socket of its last connection, and some more.
const goodbye = 300 * time.Millisecond

// check makes sure that the connection was what it should be.
func (c *client) check(k kind, w *stopwatch, first bool) error {
	conn := w.conn
	if conn == nil {
		return errors.New("valid without a connection")
	}
	local := conn.LocalAddr().String()
	if local == c.last {
		return fmt.Errorf("%s is the connection from before", local)
	}
	c.last = local
	if s, ok := conn.Conn.(interface{ ConnectionState() stdtls.ConnectionState }); ok && k.again && !first && !s.ConnectionState().DidResume {
		return errors.New("the session was not resumed")
	}
	return nil
}

// elapsed is a time since the start, in nanoseconds; 0 before it has come.
type elapsed struct{ atomic.Int64 }

func (e *elapsed) note(start time.Time) { e.CompareAndSwap(0, int64(time.Since(start))) }
func (e *elapsed) ms() float64          { return float64(e.Load()) / 1e6 }

// stopwatch is a transport that notes when its first connection gets on.
type stopwatch struct {
	core.Transport
	start           time.Time
	dialed, greeted elapsed
	conn            *watched
}

// watched is the connection.
type watched struct {
	core.Conn
	w *stopwatch
}

func (w *stopwatch) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	c, err := w.Transport.Dial(ctx, u)
	if err != nil {
		return nil, err
	}
	w.dialed.note(w.start)
	w.conn = &watched{c, w}
	return w.conn, nil
}

func (c *watched) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.w.greeted.note(c.w.start)
	}
	return n, err
}
