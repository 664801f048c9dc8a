package core

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// The fuzzers read their input as a conversation: what one peer sends, packet by packet, and what the sources or replicas of
// the other do meanwhile. Whatever comes, nothing panics, a node closes in time, and another connection is not disturbed.

// script is how bytes become a conversation.
type script struct {
	data   []byte
	frames [][]byte // of the captures
	order  binary.ByteOrder
	conn   net.Conn
	act    func(n byte) // something that the side under test does
}

func (s *script) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

// run plays the script; it stops when the other side has closed the connection.
func (s *script) run() {
	for len(s.data) > 0 {
		var out []byte
		switch op := s.byte(); op % 8 {
		default: // a packet of the captures
			out = s.frame()
		case 4: // with some bytes changed
			out = append([]byte(nil), s.frame()...)
			for range int(s.byte()%4) + 1 {
				at := int(s.byte())<<8 | int(s.byte())
				out[at%len(out)] = s.byte()
			}
		case 5: // cut off or with bytes too many, with the length that it claims or its own
			out = append([]byte(nil), s.frame()...)
			n := int(s.byte())
			if n < 128 {
				out = append(out, make([]byte, n)...)
			} else {
				out = out[:max(6, len(out)-n+128)]
			}
			if s.byte()%2 == 0 {
				s.order.PutUint32(out, uint32(len(out)-4))
			}
		case 6: // bytes as they come
			n := min(int(s.byte()), len(s.data))
			out, s.data = s.data[:n], s.data[n:]
		case 7:
			s.act(s.byte())
			continue
		}
		_ = s.conn.SetWriteDeadline(time.Now().Add(patience))
		if _, err := s.conn.Write(out); err != nil {
			return
		}
	}
}

func (s *script) frame() []byte {
	i := int(s.byte())<<8 | int(s.byte())
	return s.frames[i%len(s.frames)]
}

// frames returns the packets of the captures in one direction, and for each capture the script that plays it.
func frames(f *testing.F, p wire.Protocol, toClient bool) (all [][]byte) {
	for _, c := range captures(f, "*") {
		if c.protocol != p {
			continue
		}
		var seed []byte
		for _, l := range c.lines {
			if l.toClient != toClient {
				continue
			}
			if l.packet.Kind != wire.Handshake {
				seed = append(seed, 0, byte(len(all)>>8), byte(len(all)))
			}
			all = append(all, l.frame)
			if len(seed)%15 == 0 {
				seed = append(seed, 7, byte(len(seed)))
			}
		}
		f.Add(seed)
	}
	for _, op := range []byte{4, 5, 6} {
		f.Add([]byte{0, 0, 1, op, 0, 2, 200, 1, 7, 3, op, 0, 3, 100, 0, 7, 5})
	}
	return all
}

func FuzzHost13(f *testing.F)   { fuzzHost(f, wire.Protocol13) }
func FuzzHost20(f *testing.F)   { fuzzHost(f, wire.Protocol20) }
func FuzzClient13(f *testing.F) { fuzzClient(f, wire.Protocol13) }
func FuzzClient20(f *testing.F) { fuzzClient(f, wire.Protocol20) }

func fuzzHost(f *testing.F, p wire.Protocol) {
	all := frames(f, p, false)
	station, gauge := stationClasses(p)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _ := testHost(t, func(c *Config) { c.OnError = nil })
		s, g := newStation(t, station, gauge), newGauge(t, gauge, 0)
		require.NoError(t, h.EnableRemoting(s, "Station"))
		require.NoError(t, h.EnableRemoting(g, "Gauge"))
		reg, err := NewSource(registryClass)
		require.NoError(t, err)
		require.NoError(t, h.EnableRemoting(reg, registryName))
		near, far := net.Pipe()
		require.NoError(t, h.AddHostSideConnection(far, speak(p)...))
		drained := make(chan struct{})
		go func() { defer close(drained); _, _ = io.Copy(io.Discard, near) }()
		script := script{data: data, frames: all, order: order(p), conn: near, act: func(n byte) {
			switch n % 8 {
			case 0:
				_ = s.Set("level", int32(n))
			case 1:
				_ = s.Emit("levelCrossed", int32(n))
			case 2:
				_ = s.SetChild("gauge", nil)
			case 3:
				_ = s.SetChild("gauge", newGauge(t, gauge, int(n%9)))
			case 4:
				_ = h.DisableRemoting(g)
			case 5:
				_ = h.EnableRemoting(g, "Gauge")
			case 6:
				_ = s.Set("history", []reading{newReading(1, 2, "x", true)})
			case 7:
				if c, _ := s.Child("gauge"); c != nil {
					_ = c.Set("label", string(rune(n)))
				}
			}
		}}
		script.run()
		// Somebody else is served as before.
		other := acquired(t, h.Node, "Station", station)
		_, err = other.Get("level")
		require.NoError(t, err)
		_ = near.Close()
		<-drained
	})
}

func order(p wire.Protocol) binary.ByteOrder {
	if p == wire.Protocol20 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

func fuzzClient(f *testing.F, p wire.Protocol) {
	all := frames(f, p, true)
	station, gauge := stationClasses(p)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, _ := testNode(t, func(c *Config) { c.OnError = nil })
		var replicas []*Replica
		for name, class := range map[string]*Class{"Station": station, "Gauge": gauge, registryName: registryClass, "Thermostat": nil, "Rows": nil} {
			if len(data) > 0 && data[0]%2 == 0 && name == "Station" {
				class = nil
			}
			var r *Replica
			var err error
			if class == nil {
				r, err = n.AcquireDynamic(name)
			} else {
				r, err = n.Acquire(name, class)
			}
			require.NoError(t, err)
			for _, prop := range []string{"level", "gauge", "label"} {
				_, _ = r.OnChange(prop, func(v qt.Value) { _ = v.String() })
			}
			_, _ = r.OnSignal("levelCrossed", func(a []qt.Value) { _ = len(a) })
			replicas = append(replicas, r)
		}
		near, far := net.Pipe()
		require.NoError(t, n.AddClientSideConnection(near))
		drained := make(chan struct{})
		go func() { defer close(drained); _, _ = io.Copy(io.Discard, far) }()
		var calls sync.WaitGroup
		ctx, cancel := context.WithCancel(context.Background())
		script := script{data: data, frames: all, order: order(p), conn: far, act: func(k byte) {
			r := replicas[int(k/8)%len(replicas)]
			switch k % 8 {
			case 0:
				_ = r.Set("level", int32(k))
			case 1:
				calls.Go(func() { _, _ = r.Call(ctx, "add", 1, 2) })
			case 2:
				if c, err := r.Child("gauge"); err == nil && c != nil {
					_ = c.Set("label", "x")
					calls.Go(func() { _, _ = c.Call(ctx, "calibrate", 1.5) })
				}
			case 3:
				_ = r.Close()
			case 4:
				if other, err := n.AcquireDynamic(r.Name()); err == nil {
					replicas[int(k/8)%len(replicas)] = other
				}
			case 5:
				_ = r.State()
				if c := r.Class(); c != nil {
					for _, prop := range c.Properties {
						v, _ := r.Get(prop.Name)
						_ = v.String()
					}
				}
			case 6:
				if s, err := NewSource(classOrAny(r.Class())); err == nil {
					_ = s.info.describe(wire.Protocol13)
				}
			case 7:
				_ = r.Send("restart")
			}
		}}
		b, err := wire.NewEncoder(p).Append(nil, &wire.Packet{Kind: wire.Handshake, Name: p.String()})
		require.NoError(t, err)
		if _, err := far.Write(b); err == nil {
			script.run()
		}
		_ = far.Close()
		cancel()
		calls.Wait()
		<-drained
	})
}

func classOrAny(c *Class) *Class {
	if c == nil {
		return counterClass()
	}
	return c
}
