package interop_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/garden"
)

func TestRepGarden(t *testing.T) {
	eachRep(t, "garden", gardenOfQt, gardenOfGo)
}

func gardenOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "Garden")
	r, err := garden.AcquireGarden(q.node, "Garden")
	require.NoError(t, err)
	require.Equal(t, "garden", r.Title())
	require.Nil(t, r.Sunny(), "nothing is known of it yet")
	require.Nil(t, r.Well())
	q.connect(r)
	require.Equal(t, "garden", r.Title())
	changes(q, "Garden.title", `"yard"`, r.Title, r.OnTitleChanged, "yard")
	writes(q, "Garden.title", r.SetTitle, "park", r.Title, r.OnTitleChanged, `"park"`)
	q.emits("Garden.rained", "[12.5]", func(heard chan any) func() { return r.OnRained(func(mm float64) { heard <- mm }) }, 12.5)

	sunny, shady := r.Sunny(), r.Shady()
	require.Equal(t, []any{"tomatoes", int32(40), 4.5, int32(0)}, []any{sunny.Crop(), sunny.Moisture(), sunny.Size(), sunny.Harvests()})
	require.Equal(t, []any{"ferns", int32(40), 1.25, int32(0)}, []any{shady.Crop(), shady.Moisture(), shady.Size(), shady.Harvests()})
	bedOfQt(q, "Garden.sunny", sunny)
	require.Equal(t, "ferns", shady.Crop(), "what happens to one bed does not happen to the other")
	bedOfQt(q, "Garden.shady", shady)

	// Another bed takes a place.
	hears(t, func(heard chan any) func() {
		return r.OnShadyChanged(func(b *garden.BedReplica) {
			if b != nil {
				heard <- b.Crop()
			}
		})
	}, func() { require.NoError(t, r.Replant(soonContext(t), "moss")) }, "moss")
	require.InDelta(t, 2.5, r.Shady().Size(), 0)
	bedOfQt(q, "Garden.shady", r.Shady())

	// The well is filled in and another dug.
	wells := func(heard chan any) func() {
		return r.OnWellChanged(func(w *garden.WellReplica) {
			if w == nil {
				heard <- "none"
			} else {
				heard <- w.Depth()
			}
		})
	}
	wellOfQt(q, r.Well())
	hears(t, wells, func() { q.Send("set Garden.well null") }, "none")
	require.Nil(t, r.Well())
	hears(t, wells, func() { gives(t, true)(r.Dig(soonContext(t), true)) }, 20.5)
	wellOfQt(q, r.Well())
}

// wellOfQt uses all of a well.
func wellOfQt(q *repSource, w *garden.WellReplica) {
	q.t.Helper()
	changes(q, "Garden.well.depth", "10.25", w.Depth, w.OnDepthChanged, 10.25)
	changes(q, "Garden.well.covered", "true", w.Covered, w.OnCoveredChanged, true)
	writes(q, "Garden.well.covered", w.SetCovered, false, w.Covered, w.OnCoveredChanged, "false")
	drained := func(heard chan any) func() { return w.OnDrained(func() { heard <- "drained" }) }
	q.emits("Garden.well.drained", "", drained, "drained")
	hears(q.t, drained, func() { gives(q.t, -0.75)(w.Draw(soonContext(q.t), 11)) }, "drained")
	require.InDelta(q.t, -0.75, w.Depth(), 0)
}

// bedOfQt uses all of a bed, whatever it was used for before.
func bedOfQt(q *repSource, name string, b *garden.BedReplica) {
	q.t.Helper()
	changes(q, name+".crop", `"beans"`, b.Crop, b.OnCropChanged, "beans")
	changes(q, name+".moisture", "70", b.Moisture, b.OnMoistureChanged, 70)
	changes(q, name+".harvests", "4", b.Harvests, b.OnHarvestsChanged, 4)
	writes(q, name+".crop", b.SetCrop, "peas", b.Crop, b.OnCropChanged, `"peas"`)
	writes(q, name+".moisture", b.PushMoisture, 20, b.Moisture, b.OnMoistureChanged, "20")
	dried := func(heard chan any) func() {
		return b.OnDried(func(moisture int32, crop string) { heard <- []any{moisture, crop} })
	}
	q.emits(name+".dried", `[1,"x"]`, dried, []any{int32(1), "x"})
	gives(q.t, int32(25))(b.Water(soonContext(q.t), 5))
	hears(q.t, dried, func() { require.NoError(q.t, b.Harvest(soonContext(q.t))) }, []any{int32(25), "peas"})
	require.EqualValues(q.t, 5, b.Harvests())
}

func gardenOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "Garden")
	q.is("Garden.title", `"garden"`)
	w := &goWell{}
	well, err := garden.NewWellSource(w)
	require.NoError(t, err)
	w.WellSource = well
	impl := &goGarden{moss: newBed(t, ""), well: w}
	s, err := garden.NewGardenSource(impl)
	require.NoError(t, err)
	impl.GardenSource = s
	refuse(t, s.OnSetTitle, "desert")
	sunny, shady := newBed(t, "tomatoes"), newBed(t, "ferns")
	require.NoError(t, errors.Join(s.SetSunny(sunny.BedSource), s.SetShady(shady.BedSource)))
	q.serve("Garden", s.Source())
	q.is("Garden.title", `"garden"`)
	q.is("Garden.well", "null")
	sets(q, "Garden.title", s.SetTitle, "yard", s.Title, `"yard"`)
	asks(q, "Garden.title", `"desert"`, `"park"`, s.Title, "park")
	require.NoError(t, s.EmitRained(12.5))
	q.signal("Garden.rained", "[12.5]")

	for name, want := range map[string]string{"sunny.crop": `"tomatoes"`, "shady.crop": `"ferns"`, "sunny.moisture": "40", "shady.size": "2.5", "shady.harvests": "0"} {
		q.is("Garden."+name, want)
	}
	bedOfGo(q, "Garden.sunny", sunny)
	q.is("Garden.shady.crop", `"ferns"`)
	bedOfGo(q, "Garden.shady", shady)

	// Another bed takes a place.
	q.calls("Garden.replant", `["moss"]`)
	q.Wait(soon, "changed", map[string]any{"object": "Garden", "prop": "shady", "value": map[string]any{"crop": "moss"}})
	bedOfGo(q, "Garden.shady", impl.moss)

	// A well is dug when all is running.
	q.replies("Garden.dig", "[true]", "true")
	q.Wait(soon, "changed", map[string]any{"object": "Garden", "prop": "well", "value": map[string]any{"depth": 20.5, "covered": false}})
	sets(q, "Garden.well.depth", w.SetDepth, 10.25, w.Depth, "10.25")
	sets(q, "Garden.well.covered", w.SetCovered, true, w.Covered, "true")
	asks(q, "Garden.well.covered", "", "false", w.Covered, false)
	require.NoError(t, w.EmitDrained())
	q.signal("Garden.well.drained", "[]")
	q.replies("Garden.well.draw", "[11]", "-0.75")
	q.changed("Garden.well.depth", "-0.75")
	q.signal("Garden.well.drained", "[]")

	// And filled in again.
	require.NoError(t, s.SetWell(nil))
	q.changed("Garden.well", "null")
}

// bedOfGo uses all of a bed.
func bedOfGo(q *repReplica, name string, b *goBed) {
	q.t.Helper()
	sets(q, name+".crop", b.SetCrop, "beans", b.Crop, `"beans"`)
	sets(q, name+".moisture", b.SetMoisture, 70, b.Moisture, "70")
	sets(q, name+".harvests", b.SetHarvests, 4, b.Harvests, "4")
	asks(q, name+".crop", `"weeds"`, `"peas"`, b.Crop, "peas")
	asks(q, name+".moisture", "101", "20", b.Moisture, 20)
	require.NoError(q.t, b.EmitDried(1, "x"))
	q.signal(name+".dried", `[1,"x"]`)
	q.replies(name+".water", "[5]", "25")
	q.changed(name+".moisture", "25")
	q.calls(name+".harvest", "[]")
	q.signal(name+".dried", `[25,"peas"]`)
	q.changed(name+".harvests", "5")
}

type goBed struct{ *garden.BedSource }

func newBed(t *testing.T, crop string) *goBed {
	b := &goBed{}
	s, err := garden.NewBedSource(b)
	require.NoError(t, err)
	b.BedSource = s
	require.NoError(t, s.SetCrop(crop))
	refuse(t, s.OnSetCrop, "weeds")
	refuse(t, s.OnPushMoisture, 101)
	return b
}

func (b *goBed) Water(_ context.Context, litres int32) (int32, error) {
	return b.Moisture() + litres, b.SetMoisture(b.Moisture() + litres)
}

func (b *goBed) Harvest(context.Context) error {
	return errors.Join(b.SetHarvests(b.Harvests()+1), b.EmitDried(b.Moisture(), b.Crop()))
}

type goWell struct{ *garden.WellSource }

func (w *goWell) Draw(_ context.Context, litres float64) (float64, error) {
	depth := w.Depth() - litres
	err := w.SetDepth(depth)
	if depth <= 0 {
		err = errors.Join(err, w.EmitDrained())
	}
	return depth, err
}

// A goGarden has a spare bed with moss, and puts in a well when one is asked for.
type goGarden struct {
	*garden.GardenSource
	moss *goBed
	well *goWell
}

func (g *goGarden) Replant(_ context.Context, crop string) error {
	return errors.Join(g.moss.SetCrop(crop), g.SetShady(g.moss.BedSource))
}

func (g *goGarden) Dig(_ context.Context, deep bool) (bool, error) {
	if deep {
		if err := g.well.SetDepth(20.5); err != nil {
			return false, err
		}
	}
	return deep, errors.Join(g.SetWell(g.well.WellSource), g.EmitRained(0.5))
}
