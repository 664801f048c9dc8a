package core

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// TestReplayHosts lets a node talk to the recorded hosts: it gets what Qt's hosts sent, does what Qt's replicas did, must
// send the same packets, and sees the same properties in the end.
func TestReplayHosts(t *testing.T) {
	for _, c := range captures(t, "*") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newReplay(t, c)
			r.run()
			r.compare()
			nothing(t, r.errs)
			assert.Zero(t, r.node.Stats().Violations)
		})
	}
}

type replay struct {
	*capture
	t        *testing.T
	node     *Node
	errs     trouble
	host     *peer
	station  *Class
	gauge    *Class
	replicas map[string]*Replica
	asked    chan *wire.Packet // AddObject and other packets that the node has sent
	raw      chan []byte
	added    map[string]int
	calls    chan error
	running  int
	defs     map[string]*wire.Definition
}

func newReplay(t *testing.T, c *capture) *replay {
	n, errs := testNode(t)
	r := &replay{capture: c, t: t, node: n, errs: errs, replicas: map[string]*Replica{}, added: map[string]int{},
		asked: make(chan *wire.Packet, 1000), raw: make(chan []byte, 1000), calls: make(chan error, 1000), defs: map[string]*wire.Definition{}}
	r.station, r.gauge = stationClasses(c.protocol)
	near, far := newPipe()
	require.NoError(t, n.AddClientSideConnection(near))
	r.host = newPeer(t, far, c.protocol)
	types := captureTypes()
	r.host.dec.Object = func(wire.Kind, string) (*qt.Types, error) { return types, nil }
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			frame, err := r.host.f.Next()
			if err != nil {
				return
			}
			p := new(wire.Packet)
			if err := r.host.dec.Decode(frame, p); err != nil {
				t.Error(err)
				return
			}
			r.asked <- p
			r.raw <- slices.Clone(frame)
		}
	}()
	t.Cleanup(func() { _ = far.Close(); <-done })
	return r
}

// class returns the class by which the recorded replica was acquired, nil for a dynamic one.
func (r *replay) class(add *wire.Packet) *Class {
	if add.Dynamic {
		return nil
	}
	for _, l := range r.lines {
		for _, o := range l.packet.Objects {
			if o.Name == add.Name {
				switch o.TypeName {
				case "Station":
					return r.station
				case "Gauge":
					return r.gauge
				case registryName:
					return registryClass
				case "QAbstractItemModelAdapter":
					return modelClass().class
				}
			}
		}
	}
	require.FailNow(r.t, "no class for "+add.Name)
	return nil
}

func (r *replay) run() {
	for _, l := range r.lines {
		if add := l.packet; add.Kind == wire.AddObject && r.replicas[add.Name] == nil {
			var err error
			if class := r.class(add); class == nil {
				r.replicas[add.Name], err = r.node.AcquireDynamic(add.Name)
			} else {
				r.replicas[add.Name], err = r.node.Acquire(add.Name, class)
			}
			require.NoError(r.t, err)
		}
	}
	wrong := strings.HasSuffix(r.name, "/mismatch")
	if wrong {
		var err error
		r.replicas["Station"], err = r.node.Acquire("Station", r.gauge)
		require.NoError(r.t, err)
	}
	for i, l := range r.lines {
		if l.toClient {
			frame := l.frame
			if def := r.defs[l.packet.Name]; l.packet.Kind == wire.Init && def != nil {
				// Qt's dynamic replica asks for the definition but once, ours again.
				p := *l.packet
				p.Kind, p.Class = wire.InitDynamic, def
				var err error
				frame, err = r.host.enc.Append(nil, &p)
				require.NoError(r.t, err)
			}
			if l.packet.Kind == wire.InitDynamic {
				r.defs[l.packet.Name] = l.packet.Class
			}
			require.NoError(r.t, r.host.write(frame), "packet %d: %s", i, l.summary)
			continue
		}
		r.client(i, l)
	}
	for range r.running {
		require.NoError(r.t, recv(r.t, r.calls))
	}
	if wrong {
		err := r.replicas["Station"].Wait(soon(r.t))
		require.ErrorIs(r.t, err, ErrSignatureMismatch)
		require.ErrorContains(r.t, err, r.gauge.signature(r.protocol))
		require.ErrorContains(r.t, err, r.station.signature(r.protocol))
	}
}

// client does what the recorded replica did.
func (r *replay) client(i int, l captureLine) {
	p := l.packet
	switch p.Kind {
	case wire.AddObject:
		r.added[p.Name]++
		for n := 0; n < r.added[p.Name]; {
			q := recv(r.t, r.asked)
			if <-r.raw; q.Kind == wire.AddObject {
				if q.Name == p.Name {
					n = r.added[p.Name]
				} else {
					r.added[q.Name] = 0 // it comes later in the capture
					n = r.added[p.Name]
					if !slices.ContainsFunc(r.lines, func(l captureLine) bool { return l.packet.Kind == wire.AddObject && l.packet.Name == q.Name }) {
						require.FailNow(r.t, "unexpected AddObject", q.Name)
					}
				}
			}
		}
	case wire.Invoke:
		remote := r.find(p.Name)
		r.invoke(remote, p)
		q := recv(r.t, r.asked)
		raw := recv(r.t, r.raw)
		for q.Kind != wire.Invoke {
			q, raw = recv(r.t, r.asked), recv(r.t, r.raw)
		}
		if strings.Contains(r.name, "dynamic") {
			// A dynamic replica of Qt's packs arguments for a QVariant into one more QVariant.
			require.Equal(r.t, [4]any{p.Name, p.Call, p.Index, p.Serial}, [4]any{q.Name, q.Call, q.Index, q.Serial}, "packet %d: %s", i, l.summary)
			for k := range p.Args {
				require.Equal(r.t, p.Args[k].Unwrap().String(), q.Args[k].Unwrap().String(), "packet %d: %s: %v", i, l.summary, q.Args[k])
			}
			return
		}
		require.Equal(r.t, l.frame, raw, "packet %d: %s: %+v", i, l.summary, q)
	}
}

// find returns a root or child by its name in packets.
func (r *replay) find(name string) *remote {
	var found *remote
	until(r.t, "object "+name, func() bool {
		nothing(r.t, r.errs)
		r.node.mu.Lock()
		defer r.node.mu.Unlock()
		for _, c := range r.node.clients {
			c.mu.Lock()
			found = c.remotes[name]
			c.mu.Unlock()
		}
		return found != nil
	})
	require.NoError(r.t, (&Replica{r: found}).Wait(soon(r.t)))
	return found
}

func (r *replay) invoke(to *remote, p *wire.Packet) {
	replica := &Replica{r: to}
	args := make([]any, len(p.Args))
	for i := range p.Args {
		args[i] = p.Args[i]
	}
	to.mu.Lock()
	info := to.info
	to.mu.Unlock()
	if p.Call == wire.WriteProperty {
		require.NoError(r.t, replica.Set(info.props[p.Index].name, args[0]))
		return
	}
	m := &info.slots[p.Index]
	switch {
	case m.property >= 0:
		require.NoError(r.t, replica.Set(info.props[m.property].name, args[0]))
	case p.Serial < 0:
		require.NoError(r.t, replica.Send(m.name, args...))
	default:
		r.running++
		answered := slices.ContainsFunc(r.lines, func(l captureLine) bool {
			return l.packet.Kind == wire.InvokeReply && l.packet.Name == p.Name && l.packet.Serial == p.Serial
		})
		if !answered {
			r.running--
		}
		go func() {
			_, err := replica.Call(soon(r.t), m.name, args...)
			if answered {
				if errors.Is(err, ErrCallFailed) && m.name == "mask" {
					err = nil // the recorded source could not
				}
				r.calls <- err
			}
		}()
	}
}

// compare looks at the properties.
func (r *replay) compare() {
	if len(r.props) == 0 {
		return
	}
	for name, want := range r.props {
		object, prop, _ := strings.Cut(name, ".")
		replica := r.replicas[object]
		if child, rest, ok := strings.Cut(prop, "."); ok {
			c, err := replica.Child(child)
			require.NoError(r.t, err, name)
			if c == nil {
				continue
			}
			replica, prop = c, rest
		}
		if replica == nil || strings.Contains(prop, ".") {
			continue
		}
		if object, ok := want.(map[string]any); ok && (object["$object"] != nil || object["$model"] != nil) {
			continue
		}
		if want == nil && prop == "alarms" || strings.HasSuffix(r.name, "pod_containers_dynamic") && (prop == "history" || prop == "latest") {
			continue // Qt's dynamic replica cannot read it, or is not told of changes
		}
		_, err := replica.Get(prop)
		require.NoError(r.t, err, name)
		if replica.isObject(prop) {
			continue
		}
		var got any
		for range 200 { // the last packets are on their way
			v, _ := replica.Get(prop)
			if got = plain(v); alike(want, got) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		assert.True(r.t, alike(want, got), "%s: want %v, got %v", name, want, got)
	}
}

func (p *Replica) isObject(prop string) bool {
	_, err := p.Child(prop)
	return err == nil
}
