package core

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// TestReplayNodes lets a host talk to the recorded nodes: it is sent what Qt's nodes sent, its sources do what Qt's sources
// did, and it must answer with the same bytes.
func TestReplayNodes(t *testing.T) {
	for _, name := range []string{"typed_acquire", "dynamic_acquire", "properties", "signals", "calls", "calls_dynamic", "nested_typed",
		"nested_dynamic", "nested_null_at_start", "nested_null_at_start_dynamic", "pod_containers", "two_replicas", "disable_enable", "heartbeat"} {
		for _, c := range captures(t, name) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				newHostReplay(t, c).run()
			})
		}
	}
}

type hostReplay struct {
	*capture
	t       *testing.T
	host    *Host
	errs    trouble
	node    *peer
	sources map[string]*Source
	gauge   *Class
	answers chan qt.Value
}

func newHostReplay(t *testing.T, c *capture) *hostReplay {
	h, errs := testHost(t)
	r := &hostReplay{capture: c, t: t, host: h, errs: errs, sources: map[string]*Source{}, answers: make(chan qt.Value)}
	station, gauge := stationClasses(c.protocol)
	r.gauge = gauge
	for _, o := range r.first(wire.ObjectList, "").Objects {
		var s *Source
		switch o.TypeName {
		case "Station":
			s = newStation(t, station, gauge)
			if strings.Contains(c.name, "null_at_start") {
				require.NoError(t, s.SetChild("gauge", nil))
			}
		case "Gauge":
			s = newGauge(t, gauge, 0)
		default:
			continue // a plain QObject
		}
		r.answer(s)
		r.sources[o.Name] = s
		require.NoError(t, h.EnableRemoting(s, o.Name))
	}
	near, far := newPipe()
	require.NoError(t, h.AddHostSideConnection(far, speak(c.protocol)...))
	r.node = newPeer(t, near, c.protocol)
	types := captureTypes()
	r.node.dec.Object = func(wire.Kind, string) (*qt.Types, error) { return types, nil }
	return r
}

// first finds a packet of the host's.
func (r *hostReplay) first(k wire.Kind, name string) *wire.Packet {
	for _, l := range r.lines {
		if l.toClient && l.packet.Kind == k && l.packet.Name == name {
			return l.packet
		}
	}
	require.FailNow(r.t, "no such packet")
	return nil
}

// answer makes slots that return a value answer what the recorded source did, when it did.
func (r *hostReplay) answer(s *Source) {
	for i, m := range s.info.slots {
		if m.property >= 0 {
			continue
		}
		s.slots[i] = func(ctx context.Context, _ []qt.Value) (qt.Value, error) {
			if m.ret == nil {
				return qt.Value{}, nil
			}
			select {
			case v := <-r.answers:
				return v, nil
			case <-ctx.Done():
				return qt.Value{}, ctx.Err()
			}
		}
	}
	for _, c := range s.children {
		if c != nil && c.info.class.Name == "Gauge" {
			r.answer(c)
		}
	}
}

// skip leaves out what a Go source of the test does not have: rows in its models, plain QObjects.
func skip(p *wire.Packet) bool {
	return strings.HasPrefix(p.Name, "Model::") || p.Name == "Thermostat" || p.Kind == wire.ObjectList && len(p.Objects) == 1 && p.Objects[0].Name == "Thermostat"
}

func (r *hostReplay) run() {
	for i, l := range r.lines {
		if skip(l.packet) {
			continue
		}
		if !l.toClient {
			if s := r.sources[l.packet.Name]; l.packet.Kind == wire.AddObject && s != nil && s.info.class.Name == "Gauge" {
				r.prepare(i, s)
			}
			if p := l.packet; p.Call == wire.WriteProperty && len(p.Args) == 1 && p.Args[0].IsNull() && r.empty(p) {
				continue // Qt takes null and empty texts for equal, and says nothing
			}
			require.NoError(r.t, r.node.write(l.frame))
			continue
		}
		want := *l.packet
		r.act(i, &want)
		r.expect(&want, l)
	}
	nothing(r.t, r.errs)
}

func (r *hostReplay) empty(p *wire.Packet) bool {
	s := r.find(p.Name)
	v, err := s.Get(s.info.props[p.Index].name)
	require.NoError(r.t, err)
	return v.String() == ""
}

// prepare gives a gauge the values of its next Init.
func (r *hostReplay) prepare(from int, s *Source) {
	for _, l := range r.lines[from:] {
		if l.packet.Kind == wire.Init && r.sources[l.packet.Name] == s {
			for i, v := range l.packet.Values {
				require.NoError(r.t, s.SetValue(i, v.Value))
			}
			return
		}
	}
}

func (r *hostReplay) find(name string) *Source {
	if s := r.sources[name]; s != nil {
		return s
	}
	require.True(r.t, strings.HasPrefix(name, "Class::"), name)
	g, err := r.sources["Station"].Child("gauge")
	require.NoError(r.t, err)
	require.NotNil(r.t, g)
	return g
}

// act makes the source do what the packet tells of. A change that the client has asked for comes by itself, too.
func (r *hostReplay) act(i int, p *wire.Packet) {
	switch p.Kind {
	case wire.PropertyChange:
		s := r.find(p.Name)
		o := p.Value.Object
		switch {
		case o == nil || o.Kind == wire.GadgetObject:
			if o != nil {
				p.Value = wire.Property{Value: o.Gadget} // our hosts define PODs in the class
			}
			require.NoError(r.t, s.SetValue(int(p.Index), p.Value.Value))
		case o.Null:
			require.NoError(r.t, s.SetChild("gauge", nil))
		default:
			g := newGauge(r.t, r.gauge, 0)
			for k, v := range o.Values {
				require.NoError(r.t, g.SetValue(k, v.Value))
			}
			r.answer(g)
			require.NoError(r.t, s.SetChild("gauge", g))
		}
	case wire.Invoke:
		s := r.find(p.Name)
		p.Args = p.Args[:len(s.info.signals[p.Index].params)] // without Qt's surplus
		if p.Property < 0 {
			args := slices.Clone(p.Args)
			for k := range args {
				if !s.info.signals[p.Index].params[k].typ.IsVariant() {
					v, err := s.info.signals[p.Index].params[k].typ.Convert(args[k])
					require.NoError(r.t, err)
					args[k] = v
				}
			}
			require.NoError(r.t, s.EmitValues(int(p.Index), args...))
		}
	case wire.InvokeReply:
		p.Value.Value = p.Value.Value.Unwrap() // Qt echoes the QVariant in a QVariant that its dynamic replica sent
		select {
		case r.answers <- p.Value.Value:
		case <-soon(r.t).Done():
			require.FailNow(r.t, "no call waits for this reply", r.lines[i].summary)
		}
	case wire.RemoveObject:
		require.NoError(r.t, r.host.DisableRemoting(r.sources[p.Name]))
	case wire.ObjectList:
		p.Objects = slices.DeleteFunc(slices.Clone(p.Objects), func(o wire.ObjectRef) bool { return o.Name == "Thermostat" })
		if i > 1 {
			require.NoError(r.t, r.host.EnableRemoting(r.sources[p.Objects[0].Name], p.Objects[0].Name))
		}
	}
}

// expect reads the next packet but a model's, and compares it.
func (r *hostReplay) expect(want *wire.Packet, l captureLine) {
	got := r.node.next()
	for skip(got) {
		got = r.node.next()
	}
	strip := func(p *wire.Packet) []byte {
		q := *p
		q.Class, q.Values, q.Value = nil, withoutObjects(q.Values), withoutDefinition(q.Value)
		if q.Kind == wire.InitDynamic {
			q.Kind = wire.Init // TestDefinition compares the definitions
		}
		b, err := r.node.enc.Append(nil, &q)
		require.NoError(r.t, err)
		return b
	}
	require.Equal(r.t, strip(want), strip(got), "want %s\n got %+v", l.summary, got)
	if want.Kind != wire.InitDynamic && want.Kind != wire.Init && want.Value.Object == nil && len(want.Args) == len(l.packet.Args) &&
		len(want.Objects) == len(l.packet.Objects) && l.packet.Value.Object == nil && want.Value.Value.Equal(l.packet.Value.Value) {
		require.Equal(r.t, l.frame, r.node.raw, l.summary)
	}
}

func withoutObjects(values []wire.Property) []wire.Property {
	out := slices.Clone(values)
	for i := range out {
		if o := out[i].Object; o != nil && o.Kind == wire.ModelObject {
			out[i].Object = &wire.Object{Name: o.Name, TypeName: o.TypeName, Kind: o.Kind, Values: o.Values}
			// Roles of a hash come in any order.
			out[i].Object.Values = []wire.Property{}
		} else {
			out[i] = withoutDefinition(out[i])
		}
	}
	return out
}

func withoutDefinition(p wire.Property) wire.Property {
	if o := p.Object; o != nil && o.Definition != nil {
		c := *o
		c.Definition = nil
		p.Object = &c
	}
	return p
}

// TestReplayRegistry sends a registry what a Qt host sent to Qt's.
func TestReplayRegistry(t *testing.T) {
	for _, c := range captures(t, "registry_host") {
		t.Run(c.name, func(t *testing.T) {
			cfg, _ := quiet(t)
			g, err := NewRegistryHost(cfg)
			require.NoError(t, err)
			t.Cleanup(func() { closeInTime(t, g) })
			near, far := newPipe()
			require.NoError(t, g.AddHostSideConnection(far, speak(c.protocol)...))
			n := newPeer(t, near, c.protocol)
			for i, l := range c.lines {
				if !l.toClient {
					require.NoError(t, n.write(l.frame))
					continue
				}
				n.next()
				require.Equal(t, l.frame, n.raw, "packet %d: %s", i, l.summary)
			}
		})
	}
}
