package transporttest

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

var handshakeChecks = []check{
	{name: "client stalls", run: (*suite).stalledClients, needs: func(s *suite) bool { return s.RawDial != nil }},
	{name: "host stalls", run: (*suite).stalledHost, needs: func(s *suite) bool { return s.StalledURL != nil }},
	{name: "a thousand stall", run: (*suite).flood, needs: func(s *suite) bool { return s.RawDial != nil }},
}

// beginnings are what peers send before they stall.
func (s *suite) beginnings(t testing.TB) [][]byte {
	if s.Hello == nil {
		return [][]byte{nil}
	}
	hello := s.Hello(t)
	return [][]byte{nil, hello[:len(hello)/2]}
}

// stalled begins a connection to a host and leaves it there.
func (s *suite) stalled(t testing.TB, at string, beginning []byte) net.Conn {
	t.Helper()
	c, err := s.RawDial(s.context(t), parse(t, at))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = c.Write(beginning)
	require.NoError(t, err)
	return c
}

// stalledClients checks that a host does not wait for peers for longer than it is told to, and says so.
func (s *suite) stalledClients(t testing.TB) {
	errs := make(chan error, 100)
	config := s.small(s.Transport)
	config.OnError = queueOf(errs)
	w := s.witnessOf(t, s.desk(t, config, s.ListenURL(t)))
	for _, beginning := range s.beginnings(t) {
		c := s.stalled(t, w.url, beginning)
		s.undisturbed(t, w, "a client that stalls")
		s.stalls(t, receive(s, t, "the host's report of a client that stalls", errs))
		s.thrown(t, c, "stalling")
	}
}

func (s *suite) stalls(t testing.TB, err error) {
	t.Helper()
	var op *core.OpError
	require.ErrorAs(t, err, &op)
	if s.CheckStalled != nil {
		s.CheckStalled(t, err)
	}
}

// stalledHost checks that a node says that a host does not answer, and goes on trying: it may only be overloaded.
func (s *suite) stalledHost(t testing.TB) {
	errs := make(chan error, 100)
	a := &attempts{Transport: s.Dialer, url: s.StalledURL(t)}
	config := s.small(a)
	config.OnError = queueOf(errs)
	n := s.node(t, config)
	require.NoError(t, n.Connect(a.url))
	s.stalls(t, receive(s, t, "the node's report of a host that stalls", errs))
	require.Eventually(t, func() bool { return a.count() >= 3 }, s.Timeout, pollTime, "the node must go on trying")
}

// flood checks that whoever opens connections and leaves them there keeps nobody else away, and leaves nothing behind.
func (s *suite) flood(t testing.TB) {
	const connections = 1000
	w := s.witnessOf(t, s.desk(t, s.config(s.Transport), s.ListenURL(t)))
	goroutines, memory := runtime.NumGoroutine(), inUse()
	beginnings := s.beginnings(t)
	open := make([]net.Conn, connections)
	for i := range open {
		open[i] = s.stalled(t, w.url, beginnings[i%len(beginnings)])
	}
	s.undisturbed(t, w, "a thousand clients that stall")
	began := time.Now()
	n := s.node(t, s.config(s.Dialer))
	require.NoError(t, n.Connect(w.url))
	r := s.acquire(t, n, true)
	_, err := r.Call(s.context(t), "add", 1, 2)
	require.NoError(t, err)
	require.Less(t, time.Since(began), quick, "clients that stall delay others")
	require.NoError(t, r.Close())
	require.NoError(t, n.Close())
	for _, c := range open {
		_ = c.Close()
	}
	clear(open)
	const some = 20 // that nodes keep for what comes next
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+some }, s.Timeout, pollTime,
		"goroutines are left, where there were %d", goroutines)
	const slack = 4 << 20
	require.Eventually(t, func() bool { return inUse() <= memory+slack }, s.Timeout, 20*pollTime,
		"memory is left, where there were %d KiB", memory>>10)
	s.undisturbed(t, w, "a thousand clients that are gone")
}

// inUse is how much memory is in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
