package core

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// sink is a connection that asks for one object, and takes whatever comes or nothing at all.
type sink struct {
	net.Conn
	full bool
	ask  chan []byte
	done chan struct{}
	once sync.Once
}

func newSink(t testing.TB, object string, full bool) *sink {
	s := &sink{full: full, ask: make(chan []byte, 1), done: make(chan struct{})}
	b, err := wire.NewEncoder(wire.Protocol20).Append(nil, &wire.Packet{Kind: wire.AddObject, Name: object})
	require.NoError(t, err)
	s.ask <- b
	return s
}

func (s *sink) Read(b []byte) (int, error) {
	select {
	case ask := <-s.ask:
		return copy(b, ask), nil
	case <-s.done:
		return 0, io.EOF
	}
}

func (s *sink) Write(b []byte) (int, error) {
	if s.full {
		<-s.done
	}
	return len(b), nil
}

func (s *sink) Close() error {
	s.once.Do(func() { close(s.done) })
	return nil
}

// costly returns what an update of a source with so many listeners does.
func costly(t testing.TB, listeners int, full bool, configure func(*Config)) (update func()) {
	h, _ := testHost(t, configure)
	plant := newPlant(t)
	require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
	for range listeners {
		require.NoError(t, h.AddHostSideConnection(lanConn{newSink(t, "plant", full), guest("guest")}))
	}
	until(t, "all listen", func() bool {
		tree := plant.lock()
		defer tree.mu.Unlock()
		return len(tree.listeners) == listeners
	})
	level, err := plant.PropertyIndex("level")
	require.NoError(t, err)
	mode, err := plant.PropertyIndex("mode")
	require.NoError(t, err)
	tick, err := plant.SignalIndex("tick")
	require.NoError(t, err)
	pressure, err := plant.gauge.PropertyIndex("pressure")
	require.NoError(t, err)
	needle, err := plant.dial.PropertyIndex("needle")
	require.NoError(t, err)
	n := int32(100)
	return func() {
		n++
		v := qt.Of(n)
		_ = plant.SetValue(level, v)
		_ = plant.SetValue(mode, v)
		_ = plant.gauge.SetValue(pressure, v)
		_ = plant.dial.SetValue(needle, v)
		_ = plant.EmitValues(tick, v)
	}
}

// TestRightsAllocateNothing: to give an update to those who may have it takes no memory but that of the queues.
func TestRightsAllocateNothing(t *testing.T) {
	for what, configure := range map[string]func(*Config){
		"none": func(*Config) {}, "authorizer": deny().use, "authorizer that hides": deny("read plant.level", "read plant.gauge.label").use,
	} {
		update := costly(t, 10, true, configure)
		for range 1000 {
			update()
		}
		assert.Zero(t, testing.AllocsPerRun(1000, update), what)
	}
}

// BenchmarkRights measures what an authorizer costs an update to 100 peers.
func BenchmarkRights(b *testing.B) {
	for name, configure := range map[string]func(*Config){
		"none": func(*Config) {}, "authorizer": deny().use, "authorizer that hides": deny("read plant.key").use,
	} {
		b.Run(name, func(b *testing.B) {
			update := costly(b, 100, false, configure)
			b.ReportAllocs()
			for b.Loop() {
				update()
			}
		})
	}
}
