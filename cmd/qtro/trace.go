package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

type traceCmd struct {
	Listen string `required:"" placeholder:"URL" help:"Where replicas connect to instead of to the host."`
	To     string `required:"" placeholder:"URL" help:"Where the host is."`
}

// Run is a proxy until it is interrupted.
func (c *traceCmd) Run(g *globals) error {
	if _, _, err := transportOf(c.To); err != nil {
		return err
	}
	ln, err := listen(g.ctx, c.Listen)
	if err != nil {
		return err
	}
	defer context.AfterFunc(g.ctx, func() { _ = ln.Close() })()
	defer ln.Close()
	if g.out.json {
		g.out.object(members{{"event", "listening"}, {"url", ln.URL().String()}, {"to", c.To}})
	} else {
		g.out.line(fmt.Sprintf("listening at %s for %s", ln.URL(), c.To))
	}
	ctx, cancel := context.WithCancel(g.ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for number := 1; ; number++ {
		conn, err := ln.Accept()
		if g.ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen at %s: %w", c.Listen, err)
		}
		t := &traced{g: g, number: number, known: make(chan struct{})}
		group.Go(func() { t.serve(ctx, conn, c.To) })
	}
}

// traced is a connection that passes through the proxy.
type traced struct {
	g      *globals
	number int
	known  chan struct{} // closed when talk is set, or will never be
	once   sync.Once

	mu   sync.Mutex
	talk *conversation // nil while the protocol is not known
}

func (t *traced) serve(ctx context.Context, client core.Conn, to string) {
	defer client.Close()
	t.event("open", client.Peer().String())
	dialing, cancel := context.WithTimeout(ctx, t.g.Timeout)
	host, err := dial(dialing, to)
	cancel()
	if err != nil {
		t.event("error", err.Error())
		return
	}
	defer host.Close()
	end := func() { _, _ = client.Close(), host.Close() }
	defer context.AfterFunc(ctx, end)()
	var group sync.WaitGroup
	group.Go(func() { defer end(); t.fromHost(client, host) })
	group.Go(func() { defer end(); t.fromClient(host, client) })
	group.Wait()
	t.event("close", "")
}

// fromHost passes on what the host sends. It speaks first, and so tells the protocol.
func (t *traced) fromHost(client io.Writer, host io.Reader) {
	passing := io.TeeReader(host, client)
	f := wire.NewFramer(passing, 0, 0)
	p, err := f.Handshake()
	if err == nil {
		t.mu.Lock()
		t.talk = newConversation(p, qt.NewTypes())
		hello := t.talk.view(toClient, &wire.Packet{Kind: wire.Handshake, Name: p.String()})
		t.mu.Unlock()
		t.packet(hello)
	}
	t.settled()
	if err == nil {
		err = t.packets(toClient, f)
	}
	t.passOn(toClient, passing, err)
}

// patience is how long the client's first bytes wait for the host to have told the protocol.
const patience = time.Second

func (t *traced) fromClient(host io.Writer, client io.Reader) {
	first := make([]byte, 4<<10)
	n, err := client.Read(first)
	if n > 0 {
		_, err = host.Write(first[:n])
	}
	if err != nil {
		return
	}
	select {
	case <-t.known:
	case <-time.After(patience):
	}
	t.mu.Lock()
	talk := t.talk
	t.mu.Unlock()
	passing := io.TeeReader(client, host)
	if talk == nil {
		err = errSilent
	} else {
		err = t.packets(toHost, wire.NewFramer(io.MultiReader(bytes.NewReader(first[:n]), passing), talk.protocol, 0))
	}
	t.passOn(toHost, passing, err)
}

var errSilent = errors.New("the client spoke before the host's Handshake")

// settled lets the client's side go on.
func (t *traced) settled() { t.once.Do(func() { close(t.known) }) }

// packets prints packets until the stream ends or is none of packets any more.
func (t *traced) packets(dir direction, f *wire.Framer) error {
	for {
		frame, err := f.Next()
		if err != nil {
			return err
		}
		t.mu.Lock()
		p, err := t.talk.decode(dir, frame)
		var v packetView
		if err == nil {
			v = t.talk.view(dir, p)
		}
		t.mu.Unlock()
		if err != nil {
			t.event("undecoded", fmt.Sprintf("%s: %v", dir, err))
			continue
		}
		t.packet(v)
	}
}

// passOn passes on without looking what comes after something that is not understood.
func (t *traced) passOn(dir direction, passing io.Reader, err error) {
	var mismatch *wire.MismatchError
	var packet *wire.PacketError
	if !errors.As(err, &mismatch) && !errors.As(err, &packet) && !errors.Is(err, wire.ErrTooLong) && !errors.Is(err, wire.ErrTooShort) &&
		!errors.Is(err, errSilent) {
		return // the stream has ended
	}
	t.event("undecoded", fmt.Sprintf("%s: %v; the rest is passed on unseen", dir, err))
	_, _ = io.Copy(io.Discard, passing) // its end is the connection's
}

func (t *traced) packet(v packetView) {
	now := time.Now()
	t.g.out.packet(members{{"connection", t.number}, {"time", now.Format(time.RFC3339Nano)}},
		fmt.Sprintf("%s %d ", t.g.out.paint(dim, now.Format("15:04:05.000")), t.number), v)
}

func (t *traced) event(what, detail string) {
	now := time.Now()
	if t.g.out.json {
		m := members{{"connection", t.number}, {"time", now.Format(time.RFC3339Nano)}, {"event", what}}
		if detail != "" {
			m = append(m, memberOf{"detail", detail})
		}
		t.g.out.object(m)
		return
	}
	if detail != "" {
		detail = " " + detail
	}
	t.g.out.line(fmt.Sprintf("%s %d %s%s", t.g.out.paint(dim, now.Format("15:04:05.000")), t.number, t.g.out.paint(bad, what), detail))
}
