package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-qtro/qtro/certs"
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
	if _, _, err := g.transportOf(c.To, core.Local); err != nil {
		return err
	}
	ln, err := g.listen(g.ctx, c.Listen)
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
		t := &traced{g: g, number: number}
		group.Go(func() { t.serve(ctx, conn, c.To) })
	}
}

// traced is a connection that passes through the proxy.
type traced struct {
	g      *globals
	number int

	mu   sync.Mutex
	talk *conversation // nil until the host's Handshake
}

func (t *traced) serve(ctx context.Context, client core.Conn, to string) {
	defer client.Close()
	dialing, cancel := context.WithTimeout(ctx, t.g.Timeout)
	defer cancel()
	if c, ok := client.(core.Handshaker); ok {
		if err := c.HandshakeContext(dialing); err != nil {
			t.event("error", client.Peer().String()+": "+explained(err))
			return
		}
	}
	t.event("open", client.Peer().String())
	host, err := t.g.dial(dialing, to, core.Local)
	if err != nil {
		t.event("error", explained(err))
		return
	}
	defer host.Close()
	end := func() { _, _ = client.Close(), host.Close() }
	defer context.AfterFunc(ctx, end)()
	var group sync.WaitGroup
	group.Go(func() { defer end(); t.pass(toClient, client, host) })
	group.Go(func() { defer end(); t.pass(toHost, host, client) })
	group.Wait()
	t.event("close", "")
}

// pass passes on what comes, and prints each packet before its end goes on: so an answer is printed after its question.
func (t *traced) pass(dir direction, to io.Writer, from io.Reader) {
	s := stream{dir: dir}
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if !s.blind {
			if bad := t.look(&s, buf[:n]); bad != nil {
				s = stream{dir: dir, blind: true}
				t.event("undecoded", fmt.Sprintf("%s: %v; the rest is passed on unseen", dir, bad))
			}
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if refused := (*certs.RefusedError)(nil); errors.As(err, &refused) {
				t.event("error", explained(err))
			}
			return
		}
	}
}

// stream is one direction of a connection.
type stream struct {
	dir     direction
	pending []byte // of a packet that is not complete
	blind   bool   // what passes is not understood
}

var errSilent = errors.New("the client spoke before the host's Handshake")

// look prints the packets that are complete. An error says that these are no packets.
func (t *traced) look(s *stream, chunk []byte) error {
	s.pending = append(s.pending, chunk...)
	for len(s.pending) >= 4 {
		t.mu.Lock()
		talk := t.talk
		t.mu.Unlock()
		limit, protocol := wire.DefaultLimit, wire.Protocol(0)
		switch {
		case talk != nil:
			protocol = talk.protocol
		case s.dir == toHost:
			return errSilent
		default:
			limit, protocol = 256, guessProtocol(s.pending[:4])
		}
		var order binary.ByteOrder = binary.BigEndian
		if protocol.Format().LittleEndian {
			order = binary.LittleEndian
		}
		n := uint64(order.Uint32(s.pending)) + 4
		if n > uint64(limit) {
			return fmt.Errorf("%w: %d bytes", wire.ErrTooLong, n)
		}
		if uint64(len(s.pending)) < n {
			return nil
		}
		if err := t.frame(s.dir, talk, s.pending[:n]); err != nil {
			return err
		}
		s.pending = s.pending[n:]
	}
	return nil
}

// frame prints a packet. Without a conversation it must be the Handshake that begins one.
func (t *traced) frame(dir direction, talk *conversation, frame []byte) error {
	if talk == nil {
		p, err := wire.NewFramer(bytes.NewReader(frame), 0, 0).Handshake()
		if err != nil {
			return err
		}
		talk = newConversation(p, qt.NewTypes())
		t.mu.Lock()
		t.talk = talk
		t.mu.Unlock()
	}
	// Both directions share what they know, and their packets must not be printed in another order.
	t.mu.Lock()
	defer t.mu.Unlock()
	p, err := talk.decode(dir, frame)
	if err != nil {
		t.event("undecoded", fmt.Sprintf("%s: %v", dir, err))
		return nil
	}
	t.packet(talk.view(dir, p))
	return nil
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
