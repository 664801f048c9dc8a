package transporttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

var hostileChecks = []check{
	{name: "garbage from a client", run: (*suite).garbageClients},
	{name: "garbage below the transport", run: (*suite).garbageBelow, needs: func(s *suite) bool { return s.RawDial != nil }},
	{name: "silent client", run: (*suite).silentClient},
	{name: "client that never reads", run: (*suite).deafClient},
	{name: "garbage from a host", run: (*suite).garbageHosts},
	{name: "silent host", run: (*suite).silentHost},
}

// pollTime is how often conditions are looked at that nothing tells of.
const pollTime = 5 * time.Millisecond

func packet(t testing.TB, p wire.Packet) []byte {
	t.Helper()
	b, err := wire.NewEncoder(wire.Protocol20).Append(nil, &p)
	require.NoError(t, err)
	return b
}

// garbage is what no peer that means well sends.
func garbage(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"random bytes":    data(7, 64<<10),
		"another's":       []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"length of 4 GiB": {0xff, 0xff, 0xff, 0xff, 1, 0},
		"length of 0":     {0, 0, 0, 0},
		"no such packet":  {2, 0, 0, 0, 0x77, 0x77},
		"own side's":      packet(t, wire.Packet{Kind: wire.Handshake, Name: "QtRO 9.9"}),
	}
}

// small is a config with small limits.
func (s *suite) small(t core.Transport) core.Config {
	c := s.config(t)
	c.PacketLimit = 1 << 20
	c.QueueLimit = 256 << 10
	c.HandshakeTimeout = 300 * time.Millisecond
	return c
}

// witness checks that a well-behaved connection goes on.
type witness struct {
	*desk
	replica *core.Replica
}

func (s *suite) witness(t testing.TB) *witness {
	return s.witnessOf(t, s.desk(t, s.small(s.Transport), s.ListenURL(t)))
}

// witnessOf connects a well-behaved node to a host.
func (s *suite) witnessOf(t testing.TB, h *desk) *witness {
	n := s.node(t, s.config(s.Dialer))
	require.NoError(t, n.Connect(h.url))
	return s.observe(t, h, n)
}

// observe watches over a good connection between a host and a node.
func (s *suite) observe(t testing.TB, h *desk, n *core.Node) *witness {
	r := s.acquire(t, n, true)
	r.OnState(func(_, to core.State) {
		if to == core.Suspect {
			t.Errorf("the replica that does nothing wrong became %s", to)
		}
	})
	s.atEnd(t, "Close of a replica", r.Close) // before the nodes are closed
	return &witness{h, r}
}

func (s *suite) undisturbed(t testing.TB, w *witness, after string) {
	t.Helper()
	v, err := w.replica.Call(s.context(t), "add", 40, 2)
	require.NoError(t, err, "after %s", after)
	require.EqualValues(t, 42, v.Int())
}

// intruder connects to a host.
func (s *suite) intruder(t testing.TB, rawURL string) core.Conn {
	t.Helper()
	ctx := s.context(t)
	c, err := await(s, t, "Dial", start(func() (core.Conn, error) { return s.Dialer.Dial(ctx, parse(t, rawURL)) }))
	require.NoError(t, err)
	s.atEnd(t, "Close of a connection", c.Close)
	return c
}

// thrown waits until the other side has ended a connection.
func (s *suite) thrown(t testing.TB, c net.Conn, after string) {
	t.Helper()
	_, err := await(s, t, "the host's end of a connection after "+after, do(func() error {
		_, err := io.Copy(io.Discard, struct{ io.Reader }{c})
		return err
	}))
	require.NotErrorIs(t, err, net.ErrClosed)
}

func (s *suite) garbageClients(t testing.TB) {
	w := s.witness(t)
	for what, b := range garbage(t) {
		c := s.intruder(t, w.url)
		_, _ = await(s, t, "Write", do(func() error { _, err := c.Write(b); return err })) // the host may be gone already
		s.thrown(t, c, what)
		s.undisturbed(t, w, what)
	}
	n := int64(len(garbage(t)))
	require.Eventually(t, func() bool { return w.Stats().Violations == n }, s.Timeout, pollTime, "each counts")

	half := packet(t, wire.Packet{Kind: wire.AddObject, Name: "Desk"})
	for i := range half {
		c := s.intruder(t, w.url)
		_, err := await(s, t, "Write and Close", do(func() error {
			_, err := c.Write(half[:i])
			return errors.Join(err, c.Close())
		}))
		require.NoError(t, err)
	}
	s.undisturbed(t, w, "truncated packets")
}

// garbageBelow sends what is not even the transport's.
func (s *suite) garbageBelow(t testing.TB) {
	w := s.witness(t)
	for what, b := range garbage(t) {
		c, err := s.RawDial(s.context(t), parse(t, w.url))
		require.NoError(t, err)
		_, _ = c.Write(b)
		s.undisturbed(t, w, what)
		require.NoError(t, c.Close())
	}
}

func (s *suite) silentClient(t testing.TB) {
	w := s.witness(t)
	for range 5 {
		s.intruder(t, w.url)
	}
	s.undisturbed(t, w, "connections that say nothing")
	w.replica.Close()
	_, err := await(s, t, "Close of a host with silent clients", do(w.Close))
	require.NoError(t, err)
}

// deafClient checks that who does not read is given up, and what it was sent does not hold up others.
func (s *suite) deafClient(t testing.TB) {
	w := s.witness(t)
	c := s.intruder(t, w.url)
	_, err := c.Write(packet(t, wire.Packet{Kind: wire.AddObject, Name: "Desk", Dynamic: true}))
	require.NoError(t, err)
	got := make(chan []byte, 1)
	_, err = w.replica.OnSignal("blob", func(args []qt.Value) {
		b, _ := qt.As[[]byte](args[0])
		got <- b
	})
	require.NoError(t, err)
	blob := data(9, 64<<10)
	for began := time.Now(); w.Stats().SlowPeers == 0; {
		require.NoError(t, w.source.Emit("blob", blob))
		require.True(t, bytes.Equal(blob, receive(s, t, "the signal for the one who reads", got)))
		require.Less(t, time.Since(began), s.Timeout, "a client that never reads is still connected")
	}
	s.undisturbed(t, w, "a client that does not read")
	s.thrown(t, c, "not reading") // what was on its way still arrives
}

// impostor listens and treats each connection with fn.
func (s *suite) impostor(t testing.TB, fn func(core.Conn)) string {
	l := s.listen(t)
	s.serve(t, l, func(c core.Conn) {
		defer c.Close()
		fn(c)
	})
	return l.URL().String()
}

// victim is a node that is connected to an impostor, and the errors it reports.
func (s *suite) victim(t testing.TB, config core.Config, rawURL string) <-chan error {
	errs := make(chan error, 100)
	config.OnError = queueOf(errs)
	h := s.desk(t, s.config(s.Transport), s.ListenURL(t))
	n := s.node(t, config)
	require.NoError(t, n.Connect(rawURL))
	require.NoError(t, n.Connect(h.url))
	r := s.acquire(t, n, true)
	t.Cleanup(func() { s.undisturbed(t, &witness{h, r}, "a host that misbehaves") })
	return errs
}

func (s *suite) garbageHosts(t testing.TB) {
	hello := packet(t, wire.Packet{Kind: wire.Handshake, Name: wire.Protocol20.String()})
	config := s.small(s.Dialer)
	config.HandshakeTimeout = 0 // nothing of this takes time to find out
	for what, b := range garbage(t) {
		for _, first := range [][]byte{nil, hello} {
			at := s.impostor(t, func(c core.Conn) {
				_, _ = c.Write(append(bytes.Clone(first), b...))
				_, _ = io.Copy(io.Discard, struct{ io.Reader }{c})
			})
			err := receive(s, t, "the node's report of "+what, s.victim(t, config, at))
			var op *core.OpError
			require.ErrorAs(t, err, &op)
			require.NotErrorIs(t, err, context.DeadlineExceeded, what)
		}
	}
}

func (s *suite) silentHost(t testing.TB) {
	at := s.impostor(t, func(c core.Conn) {
		if s.RawDial == nil { // else what is below has said enough
			_, _ = io.Copy(io.Discard, struct{ io.Reader }{c})
		}
	})
	err := receive(s, t, "the node's report of a host that says nothing", s.victim(t, s.small(s.Dialer), at))
	var op *core.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, at, op.Object)
}
