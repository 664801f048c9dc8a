package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Values that must not get out.
const (
	secretWord = "topSecret"
	secretInt  = 0x5EC2E7
)

// TestUnread: what a peer may not read has its default, and changes of it are not told. Nothing of it is sent.
func TestUnread(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		r := deny("read plant.level", "read plant.key", "read plant.any", "read plant.serial", "read plant.alarm", "read plant.spare",
			"read plant.rows", "read plant.gauge.label", "read plant.gauge.tripped", "read plant.gauge.dial.needle")
		h, errs := testHost(t, r.use)
		plant := newPlant(t)
		spareDial := made(t, plant.dial.Class())
		set := func(word string, n int) {
			require.NoError(t, plant.Set("level", n))
			require.NoError(t, plant.Set("key", word))
			require.NoError(t, plant.Set("any", word))
			require.NoError(t, plant.Set("any", qt.UUID{0: 0x5E, 1: 0xC2, 2: 0xE7})) // which comes late
			require.NoError(t, plant.Emit("alarm", n))
			for _, g := range []*Source{plant.gauge, plant.spare} {
				require.NoError(t, g.Set("label", word))
				require.NoError(t, g.Emit("tripped", n))
			}
			require.NoError(t, plant.dial.Set("needle", n))
			require.NoError(t, spareDial.Set("needle", n))
		}
		set(secretWord, secretInt)
		require.NoError(t, plant.SetConstant("serial", secretWord))
		rows, err := plant.Child("rows")
		require.NoError(t, err)
		require.NoError(t, rows.Set("availableRoles", []int32{secretInt}))
		require.NoError(t, plant.spare.SetChild("dial", spareDial))
		require.NoError(t, plant.SetChild("spare", plant.spare))
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))

		s, _ := newSpy(t, h, p, guest("guest"))
		n, nodeErrs := testNode(t)
		visit(t, n, h, guest("guest"), opts...)
		class, _, _ := plantClass()
		var replicas []*Replica
		heard := make(chan string, 100)
		for _, dynamic := range []bool{false, true} {
			sent := s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant", Dynamic: dynamic})
			require.NotEmpty(t, sent)
			c := class
			if dynamic {
				c, n = nil, nil
				n, _ = testNode(t)
				visit(t, n, h, guest("guest"), opts...)
			}
			rep := acquired(t, n, "plant", c)
			for _, member := range []string{"level", "key", "any", "spare"} {
				_, err := rep.OnChange(member, func(qt.Value) { heard <- member })
				require.NoError(t, err)
			}
			_, err := rep.OnSignal("alarm", func([]qt.Value) { heard <- "alarm" })
			require.NoError(t, err)
			replicas = append(replicas, rep)
		}
		set(secretWord+"2", secretInt)
		require.NoError(t, plant.Emit("alarm", secretInt))
		// Objects are replaced while it looks on.
		require.NoError(t, plant.SetChild("gauge", nil))
		require.NoError(t, plant.SetChild("gauge", plant.gauge))
		require.NoError(t, plant.SetChild("spare", nil))
		require.NoError(t, plant.SetChild("spare", plant.spare))
		require.NoError(t, plant.gauge.SetChild("dial", nil))
		require.NoError(t, plant.spare.SetChild("dial", nil))
		require.NoError(t, plant.gauge.SetChild("dial", spareDial)) // out of what is hidden into what is not
		set(secretWord+"3", secretInt)
		require.NoError(t, plant.gauge.Set("pressure", 77))
		require.NoError(t, plant.Set("mode", 78))
		s.settle()
		assert.False(t, s.saw(secretWord))
		assert.False(t, s.sawInt(secretInt))
		assert.False(t, s.sawInt(secretInt<<8), "of the UUID")
		assert.True(t, s.sawInt(77) && s.sawInt(78), "or the spy is blind")
		for i, rep := range replicas {
			until(t, "the changes that are told", func() bool { v, _ := Get[int](rep, "mode"); return v == 78 })
			for property, want := range map[string]any{"level": int32(7), "key": "none", "any": nil, "serial": "S"} {
				v, err := rep.Get(property)
				require.NoError(t, err)
				if i > 0 && want == nil { // dynamic or not
					assert.False(t, v.IsValid(), property)
					continue
				}
				assert.Equal(t, want, v.Any(), "%s %d", property, i)
			}
			for _, property := range []string{"spare", "rows"} {
				c, err := rep.Child(property)
				require.NoError(t, err)
				assert.Nil(t, c, property)
			}
			label, err := Get[string](child(t, rep, "gauge"), "label")
			require.NoError(t, err)
			assert.Equal(t, "gauge", label)
			needle, err := Get[int](child(t, rep, "gauge", "dial"), "needle")
			require.NoError(t, err)
			assert.Equal(t, 1, needle)
			pressure, err := Get[int](child(t, rep, "gauge"), "pressure")
			require.NoError(t, err)
			assert.Equal(t, 77, pressure)
		}
		nothing(t, heard)
		nothing(t, errs)
		nothing(t, nodeErrs)
	})
}

// TestHiddenObjectHidesAll: what is in an object that a peer may not read is hidden with it, though no rule says so.
func TestHiddenObjectHidesAll(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, _ ...ListenOption) {
		h, _ := testHost(t, deny("read plant.gauge", "read plant.rows").use)
		plant := newPlant(t)
		rows, err := plant.Child("rows")
		require.NoError(t, err)
		require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
		s, _ := newSpy(t, h, p, guest("guest"))
		s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
		plant.lock().mu.Unlock()
		require.NoError(t, plant.gauge.Set("label", secretWord))
		require.NoError(t, plant.gauge.Emit("tripped", secretInt))
		require.NoError(t, plant.dial.Set("needle", secretInt))
		require.NoError(t, plant.gauge.SetChild("dial", nil))
		require.NoError(t, plant.gauge.SetChild("dial", plant.dial))
		require.NoError(t, rows.Set("availableRoles", []int32{secretInt}))
		require.NoError(t, rows.Emit("modelReset"))
		assert.Empty(t, s.settle())
		// It cannot be used either, and does not tell that it is there.
		for _, part := range []*Source{plant.gauge, plant.dial, rows} {
			name := part.wireName(p)
			for slot := range part.info.slots {
				var args []qt.Value
				for _, param := range part.info.slots[slot].params {
					args = append(args, param.typ.Zero())
				}
				assert.Empty(t, s.ask(&wire.Packet{Kind: wire.Invoke, Name: name, Index: int32(slot), Args: args, Serial: 1, Property: -1}), "%s %d", name, slot)
			}
			assert.Empty(t, s.ask(&wire.Packet{Kind: wire.Invoke, Name: name, Call: wire.WriteProperty, Args: []qt.Value{qt.Of("x")}, Serial: -1, Property: -1}), name)
		}
		h.Close() // no call is under way any more
		nothing(t, plant.calls)
		assert.False(t, s.saw(secretWord) || s.sawInt(secretInt))
	})
}

// TestLostObjectIsNotAnother: a call that waits while its object goes is not judged by a name that the object no longer has.
func TestLostObjectIsNotAnother(t *testing.T) {
	for what, leave := range map[string]func(h *Host, p *plantSource) error{
		"withdrawn": func(h *Host, p *plantSource) error { return h.DisableRemoting(p.Source) },
		"taken out": func(_ *Host, p *plantSource) error { return p.SetChild("gauge", nil) },
	} {
		t.Run(what, func(t *testing.T) {
			h, _ := testHost(t, deny("call plant.fire", "call plant.gauge.calibrate", "write plant.gauge.label", "write plant.level").use)
			plant := newPlant(t)
			began, release := make(chan bool), make(chan bool)
			block := func() int { began <- true; <-release; return 0 }
			require.NoError(t, plant.Handle("open", block))
			require.NoError(t, plant.dial.Handle("reset", block))
			require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
			s, _ := newSpy(t, h, wire.Protocol20, guest("guest"))
			s.ask(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
			c := s.conn(h)
			for _, part := range []*Source{plant.Source, plant.gauge} {
				name := part.wireName(wire.Protocol20)
				slot, member := "fire", "level"
				if part == plant.gauge {
					slot, member = "calibrate", "label"
				}
				assert.False(t, c.may(Call, part, slot), name)
				assert.False(t, c.may(Write, part, member), name)
			}
			require.NoError(t, leave(h, plant))
			part, slot, member := plant.gauge, "calibrate", "label"
			assert.False(t, c.may(Call, part, slot))
			assert.False(t, c.may(Write, part, member))
			if what == "withdrawn" {
				assert.False(t, c.may(Call, plant.Source, "fire"))
			}
			// Nor by another host's rules, to which it has been moved.
			if what == "withdrawn" {
				other, _ := testHost(t)
				require.NoError(t, other.EnableRemoting(plant.Source, "elsewhere"))
				assert.False(t, c.may(Call, plant.Source, "fire"))
			}
		})
	}
}

// conn returns the host's side of the only connection.
func (s *spy) conn(h *Host) *hostConn {
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	for c := range h.peers {
		return c
	}
	return nil
}
