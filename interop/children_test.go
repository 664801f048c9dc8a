package interop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// TestChildrenOfGo has Qt replicas follow a tree of Go objects.
func TestChildrenOfGo(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		b := newBrewery(t, major)
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, b.Source, "Brewery")
		qtr := startReplica(t, major, how, at, "Brewery")
		qtr.Wait(soon, "notified", nil)
		whole(qtr, how)
		qtr.Wait(soon, "init", qtpeer.Match{"props": qtpeer.Match{
			"pump":  qtpeer.Match{"rpm": 1200, "maker": "Acme", "inlet": qtpeer.Match{"flow": 1.5, "filter": qtpeer.Match{"mesh": "coarse"}}},
			"drain": qtpeer.Match{"mesh": "drain"}}})
		qtr.Forget()

		filter := descend(t, b.Source, "pump", "inlet", "filter")
		require.NoError(t, filter.Set("age", 9))
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "prop": "age", "value": 9})
		require.NoError(t, filter.Emit("clogged", "sand"))
		qtr.Wait(soon, "signal", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "args": []any{"sand"}})
		qtr.Send(`call Brewery.pump.inlet.filter.clean [2]`)
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "prop": "age", "value": 7})
		qtr.Wait(soon, "reply", qtpeer.Match{"value": 7})
		qtr.Send(`set Brewery.pump.inlet.filter.mesh "from Qt"`)
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "prop": "mesh", "value": "from Qt"})
		mesh, err := filter.Get("mesh")
		require.NoError(t, err)
		equal(t, qt.Of("from Qt"), mesh)
		qtr.Send(`set Brewery.pump.rpm 5`) // READPUSH of a child
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump", "prop": "rpm", "value": 5})
		qtr.Send(`call Brewery.pump.spin [-5]`)
		qtr.Wait(soon, "signal", qtpeer.Match{"object": "Brewery.pump", "signal": "stalled()"})
		qtr.Wait(soon, "reply", qtpeer.Match{"value": 0})
		qtr.Send(`call Brewery.brew`)
		qtr.Wait(soon, "signal", qtpeer.Match{"object": "Brewery", "args": []any{1}})

		// Leaves come and go, at the top and deep down.
		classes := classesOf(t, major)
		for _, place := range []struct {
			parent *core.Source
			prop   string
			name   string
		}{{b.Source, "drain", "Brewery"}, {descend(t, b.Source, "pump", "inlet"), "filter", "Brewery.pump.inlet"}} {
			path := place.name + "." + place.prop
			replaced := newFilter(t, classes, "replaced")
			require.NoError(t, place.parent.SetChild(place.prop, replaced))
			qtr.Wait(soon, "changed", qtpeer.Match{"object": place.name, "prop": place.prop, "value": qtpeer.Match{"mesh": "replaced"}})
			require.NoError(t, replaced.Set("age", 4))
			qtr.Wait(soon, "changed", qtpeer.Match{"object": path, "prop": "age", "value": 4})
			require.NoError(t, place.parent.SetChild(place.prop, nil))
			qtr.Wait(soon, "changed", qtpeer.Match{"object": place.name, "prop": place.prop, "value": nil})
			require.NoError(t, place.parent.SetChild(place.prop, newFilter(t, classes, "back")))
			qtr.Wait(soon, "changed", qtpeer.Match{"object": place.name, "prop": place.prop, "value": qtpeer.Match{"mesh": "back"}})
			qtr.Send(`call %s.clean [1]`, path)
			qtr.Wait(soon, "reply", qtpeer.Match{"slot": path + ".clean", "value": -1})
		}
		qtr.Stop()
	})
}

// whole has a Qt replica of a Go Brewery print it when all of it is there: what is below the first level comes after the
// rest for typed replicas.
func whole(qtr *qtpeer.Peer, how string) {
	if how == "typed" {
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet", "prop": "filter"})
	}
	qtr.Forget()
	qtr.Send("dump")
}

func descend(t *testing.T, s *core.Source, path ...string) *core.Source {
	t.Helper()
	for _, p := range path {
		var err error
		s, err = s.Child(p)
		require.NoError(t, err)
		require.NotNil(t, s, p)
	}
	return s
}

// TestChildrenOfQt has Go replicas follow a tree of Qt objects. Unlike Qt's own they survive whatever happens to it.
func TestChildrenOfQt(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Brewery")
		r, j := reach(t, url, "Brewery", how, classesOf(t, major)["Brewery"])
		pump := child(t, r, "pump")
		inlet := child(t, pump, "inlet")
		filter := child(t, inlet, "filter")
		require.Equal(t, "Brewery.pump.inlet.filter", filter.Name())
		equal(t, qt.Of("coarse"), get(t, filter, "mesh"))
		equal(t, qt.Of("Acme"), get(t, pump, "maker"))
		equal(t, qt.Of(1.5), get(t, inlet, "flow"))
		equal(t, qt.Of("drain"), get(t, child(t, r, "drain"), "mesh"))
		var deep journal
		deep.follow(t, filter, classesOf(t, major)["Filter"])

		require.EqualValues(t, -2, call(t, filter, "clean", 2).Int())
		equal(t, qt.Of(int32(-2)), deep.wait(t, "changed", "age")[0])
		equal(t, qt.Of("coarse is clean"), deep.wait(t, "signal", "clogged")[0])
		require.NoError(t, filter.Set("mesh", "from Go"))
		source.Wait(soon, "write", qtpeer.Match{"object": "Filter", "prop": "mesh", "value": "from Go", "origin": "remote"})
		equal(t, qt.Of("from Go"), deep.wait(t, "changed", "mesh")[0])
		equal(t, qt.Of(2.0), call(t, inlet, "adjust", 0.5))
		require.NoError(t, pump.Set("rpm", 7))
		source.Wait(soon, "write", qtpeer.Match{"prop": "rpm", "value": 7, "origin": "remote"})

		// A filter, then whole trees are replaced, taken away and put back.
		for _, step := range []struct{ prop, text, mesh string }{
			{"pump.inlet.filter", `"new"`, "new"}, {"pump.inlet.filter", "null", ""}, {"pump.inlet.filter", `"again"`, "again"},
			{"pump.inlet", `"new"`, "coarse"}, {"pump.inlet", "null", ""}, {"pump.inlet", `"new"`, "coarse"},
			{"pump", `"Other"`, "coarse"}, {"pump", "null", ""}, {"pump", `"Third"`, "coarse"},
			{"drain", `"new"`, "coarse"}, {"drain", "null", "coarse"}, {"drain", `"again"`, "coarse"},
		} {
			source.Send("set Brewery.%s %s", step.prop, step.text)
			source.Wait(soon, "set", nil)
			require.True(t, call(t, r, "brew").IsValid()) // what was sent before its reply has been taken in
			at := r
			for _, p := range []string{"pump", "inlet", "filter"} {
				if at != nil {
					at = child(t, at, p)
				}
			}
			if step.mesh == "" {
				require.Nil(t, at, step)
				continue
			}
			require.NotNil(t, at, step)
			require.Equal(t, core.Valid, at.State())
			equal(t, qt.Of(step.mesh), get(t, at, "mesh"))
			call(t, at, "clean", 1)
		}
		j.wait(t, "changed", "pump")
		j.wait(t, "changed", "drain")
		equal(t, qt.Of("again"), get(t, child(t, r, "drain"), "mesh"))
		require.NotEqual(t, core.Valid, filter.State(), "what was taken away stays away, also if another takes its place")
	})
}

// TestVariantAtStart gives a QVariant property values of all kinds before a replica comes.
func TestVariantAtStart(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		station := newStation(t, major)
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, station.Source, "Station")
		for _, c := range []struct{ value, want any }{
			{qt.RectF{X: 1, Y: 2, Width: 3, Height: 4}, qtpeer.Match{"x": 1, "y": 2, "w": 3, "h": 4}},
			{qt.LineF{X1: 1, Y1: 2, X2: 3, Y2: 4}, qtpeer.Match{"x1": 1, "y1": 2, "x2": 3, "y2": 4}},
			{qt.UUID{0xab}, "{ab000000-0000-0000-0000-000000000000}"}, {[]int32{7}, []int{7}}, {"text", "text"},
			{map[string]any{"k": qt.UUID{}}, qtpeer.Match{"k": "{00000000-0000-0000-0000-000000000000}"}},
			{station.get("lastReading"), qtpeer.Match{"stamp": 1700000000123, "value": 21.5, "unit": "°C", "valid": true}},
		} {
			station.set("anything", c.value)
			qtr := startReplica(t, major, how, at, "Station")
			qtr.Wait(soon, "changed", qtpeer.Match{"prop": "anything", "value": c.want})
			qtr.Stop()
		}
	})
}

// TestGadgetInVariant puts a POD that the class does not mention into a QVariant.
func TestGadgetInVariant(t *testing.T) {
	types := qt.NewTypes()
	types.Define(nil, []qt.POD{{Name: "Spare", Fields: []qt.Field{{Name: "id", TypeName: "int"}, {Name: "label", TypeName: "QString"}}}})
	spare, err := types.Lookup("Spare")
	require.NoError(t, err)
	value, err := spare.Value(map[string]any{"id": 4, "label": "wheel"})
	require.NoError(t, err)
	eachWay(t, func(t *testing.T, major int, how string) {
		station := newStation(t, major)
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, station.Source, "Station")
		qtr := startReplica(t, major, how, at, "Station")
		qtr.Wait(soon, "notified", nil)
		station.set("anything", value)
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "anything", "value": qtpeer.Match{"id": 4, "label": "wheel"}})
		later, err := spare.Value(map[string]any{"id": 5, "label": "tyre"})
		require.NoError(t, err)
		station.set("anything", later)
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "anything", "value": qtpeer.Match{"id": 5, "label": "tyre"}})

		// For a replica that comes now, and from Qt to Go.
		second := startReplica(t, major, how, at, "Station")
		second.Wait(soon, "notified", nil)
		second.Wait(soon, "changed", qtpeer.Match{"prop": "anything", "value": qtpeer.Match{"id": 5, "label": "tyre"}})
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station")
		class := classesOf(t, major)["Station"]
		if how == "typed" {
			class.PODs = append(class.PODs, qt.POD{Name: "Spare", Fields: spare.Fields()})
		}
		r, j := reach(t, url, "Station", how, class)
		j.forget()
		source.Send(`set Station.anything {"$t":"Spare","v":[6,"rope"]}`)
		got := j.wait(t, "changed", "anything")[0]
		require.Equal(t, map[string]any{"id": int32(6), "label": "rope"}, got.Any())
		if how == "typed" {
			equal(t, got, call(t, r, "echo", got))
		}
	})
}
