package interop_test

import (
	"fmt"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// TestGoReplica has Go replicas use a Station of a Qt host, over every transport.
func TestGoReplica(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		for _, scheme := range append(schemes(major), "external") {
			for _, how := range []string{"typed", "dynamic"} {
				t.Run(scheme+"/"+how, func(t *testing.T) {
					like := newStation(t, major)
					if scheme != "external" {
						url := freeURL(t, scheme)
						source := startSource(t, major, "--url", url, "--only", "Station")
						r, j := reach(t, url, "Station", how, like.Class())
						useStation(t, like, r, j, source)
						return
					}
					url := freeURL(t, "exttcp")
					source := startSource(t, major, "--url", url, "--only", "Station")
					node := newNode(t, core.Config{})
					r, j := acquire(t, node, "Station", how, like.Class())
					c, err := net.Dial("tcp", strings.TrimPrefix(url, "exttcp://"))
					require.NoError(t, err)
					require.NoError(t, node.AddClientSideConnection(c))
					require.NoError(t, r.Wait(soonContext(t)))
					j.wait(t, "notified", "")
					useStation(t, like, r, j, source)
				})
			}
		}
	})
}

// useStation goes through what a Station does. like has the values that the source has at its start.
func useStation(t *testing.T, like *station, r *core.Replica, j *journal, source *qtpeer.Peer) {
	for _, p := range like.Class().Properties {
		if p.Class == nil && p.Roles == nil {
			if v := get(t, r, p.Name); p.Name == "alarms" && v.Type().Enum() == nil { // see alarms
				require.Equal(t, alarms(5), v.Any())
			} else {
				equal(t, like.get(p.Name), v, p.Name)
			}
		}
	}
	j.forget()

	source.Send(`set Station.level 7`)
	equal(t, qt.Of(int32(7)), j.wait(t, "changed", "level")[0])
	source.Send(`set Station.title null`)
	equal(t, qt.NullString, j.wait(t, "changed", "title")[0])
	source.Send(`set Station.lastReading [5,2.5,"K",true]`)
	want, err := like.get("lastReading").Type().Value(reading{5, 2.5, "K", true})
	require.NoError(t, err)
	equal(t, want, j.wait(t, "changed", "lastReading")[0])

	// Writes and pushes, which the source tells of afterwards.
	require.NoError(t, r.Set("title", "from Go"))
	source.Wait(soon, "write", qtpeer.Match{"prop": "title", "value": "from Go", "origin": "remote"})
	equal(t, qt.Of("from Go"), j.wait(t, "changed", "title")[0])
	require.NoError(t, r.Set("ticks", 9)) // READPUSH
	source.Wait(soon, "write", qtpeer.Match{"prop": "ticks", "value": 9, "origin": "remote"})
	equal(t, qt.Of(uint32(9)), j.wait(t, "changed", "ticks")[0])
	require.NoError(t, r.Set("mode", "Fault"))
	source.Wait(soon, "write", qtpeer.Match{"prop": "mode", "value": -1})
	require.EqualValues(t, -1, j.wait(t, "changed", "mode")[0].Int())
	require.NoError(t, r.Set("history", []reading{{7, 8, "W", true}}))
	source.Wait(soon, "write", qtpeer.Match{"prop": "history", "value": []any{qtpeer.Match{"stamp": 7, "unit": "W"}}})
	j.wait(t, "changed", "history")

	// Signals.
	source.Send(`emit Station.started`)
	require.Empty(t, j.wait(t, "signal", "started"))
	source.Send(`emit Station.bulk [true,-5,0.25,{"k":1},["x"],"any"]`)
	require.Equal(t, `signal bulk true -5 0.25 {"k":1} ["x"] "any"`, entry{what: "signal", name: "bulk", args: j.wait(t, "signal", "bulk")}.String())
	source.Send(`emit Station.levelCrossed [3]`) // with arguments of the one before left over
	require.Equal(t, []qt.Value{qt.Of(int32(3))}, j.wait(t, "signal", "levelCrossed"))
	source.Send(`emit Station.batch [[[1,2,"m",true],[3,4,"s",false]]]`)
	require.Equal(t, []any{map[string]any{"stamp": int64(1), "value": 2.0, "unit": "m", "valid": true},
		map[string]any{"stamp": int64(3), "value": 4.0, "unit": "s", "valid": false}}, plainItems(j.wait(t, "signal", "batch")[0]))

	// Slots.
	require.EqualValues(t, 42, call(t, r, "add", 2, 40).Int())
	source.Wait(soon, "slot", qtpeer.Match{"slot": "add", "args": []int{2, 40}})
	equal(t, qt.Of("a from Go!"), call(t, r, "describe", "a ", true))
	info, err := qt.As[map[string]int](call(t, r, "info", []string{"ab", ""}))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"ab": 2, "": 0, "mode": -1}, info)
	got, err := qt.As[reading](call(t, r, "measure", "Pa", math.Inf(-1)))
	require.NoError(t, err)
	require.Equal(t, reading{42, math.Inf(-1), "Pa", false}, got)
	at, err := qt.As[place](call(t, r, "locate", place{"here", qt.Point{X: 1, Y: -2}, reading{1, 2, "x", true}}))
	require.NoError(t, err)
	require.Equal(t, place{"here!", qt.Point{X: 2, Y: -1}, reading{1, 2, "x", true}}, at)
	recent, err := qt.As[[]reading](call(t, r, "recent", 2))
	require.NoError(t, err)
	require.Equal(t, []reading{{0, 0, "u", false}, {1, 0.5, "u", true}}, recent)
	// A dynamic replica of a Qt 6 source is not told which PODs a parameter's list holds: then Go wants a Value.
	if _, err := r.Call(soonContext(t), "index", recent[1:]); err != nil {
		require.ErrorIs(t, err, core.ErrClass)
	}
	list, err := like.get("history").Type().Value(recent[1:])
	require.NoError(t, err)
	index, err := qt.As[map[string]reading](call(t, r, "index", list))
	require.NoError(t, err)
	require.Equal(t, map[string]reading{"u": {1, 0.5, "u", true}}, index)
	require.EqualValues(t, 3, call(t, r, "cycle", "Idle").Int())
	if get(t, r, "alarms").Type().Enum() == nil {
		require.Equal(t, alarms(4), call(t, r, "mask", alarms(5), "Summer").Any())
	} else {
		require.EqualValues(t, 4, call(t, r, "mask", "Smoke|Flood", "Summer").Int())
	}
	equal(t, qt.Of([]byte{0, 255}), call(t, r, "echo", []byte{0, 255}))
	require.False(t, call(t, r, "restart").IsValid()) // void, but Go asks for a reply, to know when it is done
	j.wait(t, "signal", "started")
	require.NoError(t, r.Send("note", "text", 3))
	source.Wait(soon, "slot", qtpeer.Match{"slot": "note", "args": []any{"text", 3}})

	require.NoError(t, r.Close())
}

func plainItems(v qt.Value) (out []any) {
	for i := range v.Len() {
		out = append(out, v.Index(i).Any())
	}
	return out
}

// TestOrderAtGoReplica checks in what order a Go replica of a Qt source hears of things.
func TestOrderAtGoReplica(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station")
		for _, how := range []string{"typed", "dynamic"} {
			t.Run(how, func(t *testing.T) {
				class := classesOf(t, major)["Station"]
				r, j := reach(t, url, "Station", how, class)
				var order []string
				for _, e := range j.all() {
					if !strings.HasPrefix(e, "changed") {
						order = append(order, e)
					}
				}
				require.Equal(t, []string{"initialized", "state Valid", "notified"}, order)
				j.forget()

				var want []string
				const n = 100
				for i := range n {
					source.Send("set Station.level %d", 1000+i)
					source.Send("emit Station.levelCrossed [%d]", i)
					want = append(want, fmt.Sprintf("changed level %d", 1000+i), fmt.Sprintf("signal levelCrossed %d", i))
				}
				source.Wait(soon, "emitted", nil)
				source.Send("sync done")
				source.Wait(soon, "sync", nil)
				call(t, r, "swapGauge", true) // its change comes before the reply
				j.wait(t, "changed", "gauge")
				all := j.all()
				require.Equal(t, want, all[:len(all)-1])
				source.Send("set Station.level 0")
			})
		}
	})
}
