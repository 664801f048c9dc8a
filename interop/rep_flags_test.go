package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/flags"
)

// TestRepFlags: flags of a class's enums and of one of the file, also of an enum class.
func TestRepFlags(t *testing.T) {
	faults := func(all ...flags.DoorFault) flags.DoorFaults { return flags.DoorFaults(0).With(all...) }
	lockAndRing := flags.Abilities(0).With(flags.AbilityLock, flags.AbilityRing)
	both := flags.DoorZones(0).With(flags.DoorZoneInside, flags.DoorZoneOutside)
	eachRep(t, "flags", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Door")
		r, err := flags.AcquireDoor(q.node, "Door")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, faults(flags.DoorFaultLoose), r.Faults())
			require.True(t, r.Abilities().Has(flags.AbilityLock))
			require.Zero(t, r.Zones())
		}
		defaults()
		q.connect(r)
		defaults()
		changes(q, "Door.faults", "5", r.Faults, r.OnFaultsChanged, faults(flags.DoorFaultJammed, flags.DoorFaultBroken))
		writes(q, "Door.faults", r.SetFaults, 0, r.Faults, r.OnFaultsChanged, "0")
		changes(q, "Door.abilities", "66", r.Abilities, r.OnAbilitiesChanged, lockAndRing)
		writes(q, "Door.abilities", r.SetAbilities, flags.Abilities(flags.AbilityOpen), r.Abilities, r.OnAbilitiesChanged, "1")
		changes(q, "Door.zones", "3", r.Zones, r.OnZonesChanged, both)
		writes(q, "Door.zones", r.SetZones, flags.DoorZones(flags.DoorZoneOutside), r.Zones, r.OnZonesChanged, "2")
		changes(q, "Door.repaired", "7", r.Repaired, r.OnRepairedChanged, 7)
		changes(q, "Door.expected", "3", r.Expected, r.OnExpectedChanged, 3)
		writes(q, "Door.expected", r.PushExpected, 6, r.Expected, r.OnExpectedChanged, "6")

		q.emits("Door.failed", "[6,4]", told(r.OnFailed), []any{flags.DoorFaults(6), flags.DoorFaultBroken})
		q.emits("Door.enabled", "[66,3]", told(r.OnEnabled), []any{lockAndRing, both})

		ctx := soonContext(t)
		gives(t, faults(flags.DoorFaultJammed))(r.Without(ctx, 5, flags.DoorFaultBroken))
		gives(t, lockAndRing)(r.Allow(ctx, flags.Abilities(flags.AbilityLock), flags.AbilityRing))
		gives(t, flags.DoorZones(flags.DoorZoneInside))(r.Opposite(ctx, flags.DoorZones(flags.DoorZoneOutside)))
		require.NoError(t, r.Slam(ctx, 5))
		same(t, "[5]", q.Wait(soon, "slot", nil)["args"])
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Door")
		q.is("Door.faults", "2")
		q.is("Door.abilities", "2")
		slammed := make(door, 1)
		s, err := flags.NewDoorSource(slammed)
		require.NoError(t, err)
		refuse(t, s.OnSetFaults, 7)
		refuse(t, s.OnPushExpected, 7)
		q.serve("Door", s.Source())
		q.is("Door.faults", "2")
		q.is("Door.abilities", "2")
		q.is("Door.zones", "0")
		sets(q, "Door.faults", s.SetFaults, 5, s.Faults, "5")
		asks(q, "Door.faults", "7", "4", s.Faults, faults(flags.DoorFaultBroken))
		sets(q, "Door.abilities", s.SetAbilities, lockAndRing, s.Abilities, "66")
		asks(q, "Door.abilities", "", "1", s.Abilities, flags.Abilities(flags.AbilityOpen))
		sets(q, "Door.zones", s.SetZones, both, s.Zones, "3")
		asks(q, "Door.zones", "", "1", s.Zones, flags.DoorZones(flags.DoorZoneInside))
		sets(q, "Door.repaired", s.SetRepaired, 7, s.Repaired, "7")
		sets(q, "Door.expected", s.SetExpected, 3, s.Expected, "3")
		asks(q, "Door.expected", "7", "6", s.Expected, 6)

		require.NoError(t, s.EmitFailed(6, flags.DoorFaultBroken))
		q.signal("Door.failed", "[6,4]")
		require.NoError(t, s.EmitEnabled(lockAndRing, both))
		q.signal("Door.enabled", "[66,3]")

		q.replies("Door.without", "[5,4]", "1")
		q.replies("Door.allow", "[2,64]", "66")
		q.calls("Door.slam", "[5]")
		q.replies("Door.opposite", "[2]", "1")
		require.Equal(t, flags.DoorFaults(5), hear(t, slammed))
	})
}

type door chan any // what slams

func (door) Without(_ context.Context, faults flags.DoorFaults, fault flags.DoorFault) (flags.DoorFaults, error) {
	return faults &^ flags.DoorFaults(fault), nil
}

func (door) Allow(_ context.Context, abilities flags.Abilities, more flags.Ability) (flags.Abilities, error) {
	return abilities.With(more), nil
}

func (door) Opposite(_ context.Context, zones flags.DoorZones) (flags.DoorZones, error) {
	return zones ^ flags.DoorZones(0).With(flags.DoorZoneInside, flags.DoorZoneOutside), nil
}

func (d door) Slam(_ context.Context, faults flags.DoorFaults) error {
	d <- faults
	return nil
}
