package interop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// TestSignatureMismatch has replicas of one class meet a source of another.
func TestSignatureMismatch(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		// Qt's replica, Go's source.
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, newStation(t, major).Source, "Station")
		qtr := startReplica(t, major, "typed", at, "Station:as=Gauge")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "SignatureMismatch"})
		qtr.Send("acquire Station:dynamic") // it is the object that it does not fit, not the connection
		qtr.Wait(soon, "acquired", nil)

		// Go's replica, Qt's source.
		url := qtpeer.FreeURL(t, "tcp")
		startSource(t, major, "--url", url)
		n := newNode(t, core.Config{})
		wrong, j := acquire(t, n, "Station", "typed", classesOf(t, major)["Gauge"])
		right, err := n.Acquire("Gauge", classesOf(t, major)["Gauge"])
		require.NoError(t, err)
		require.NoError(t, n.Connect(url))
		require.ErrorIs(t, wrong.Wait(soonContext(t)), core.ErrSignatureMismatch)
		j.wait(t, "state", "SignatureMismatch")
		require.NoError(t, right.Wait(soonContext(t)))
	})
}

// TestProtocolMismatch has Qt nodes meet Go listeners of the other version. They take the length of its first packet, which
// has the other byte order, for a huge one, and wait; nobody else notices, and the host may listen for them elsewhere.
func TestProtocolMismatch(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		other := 11 - major
		host, wrong := newHost(t, other, "tcp://127.0.0.1:0")
		b := newBrewery(t, 6)
		remote(t, host, b.Source, "Brewery")
		undisturbed, _ := reach(t, wrong, "Brewery", "typed", classesOf(t, 6)["Brewery"])
		lost := startReplica(t, major, "typed", wrong, "Brewery")
		lost.Wait(soon, "ready", nil)
		lost.Send("wait 200")
		lost.Send("sync waited")
		lost.Wait(soon, "sync", nil)
		for _, e := range lost.Events() {
			require.NotEqual(t, "state", e.Name(), e)
		}
		require.EqualValues(t, 1, call(t, undisturbed, "brew").Int())

		right, err := host.Listen(soonContext(t), "tcp://127.0.0.1:0", as(major)...)
		require.NoError(t, err)
		found := startReplica(t, major, "typed", right, "Brewery")
		found.Wait(soon, "init", qtpeer.Match{"props": qtpeer.Match{"batches": 1}})
	})
}

// TestRemotingOfGo withdraws a Go source and remotes it again, under Qt's replicas.
func TestRemotingOfGo(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		station := newStation(t, major)
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, station.Source, "Station")
		qtr := startReplica(t, major, how, at, "Station")
		qtr.Wait(soon, "notified", nil)
		for i := range 3 {
			qtr.Forget()
			require.NoError(t, host.DisableRemoting(station.Source))
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Suspect", "old": "Valid"})
			station.set("level", i)
			remote(t, host, station.Source, "Station")
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid", "old": "Suspect"})
			qtr.Wait(soon, "changed", qtpeer.Match{"prop": "level", "value": i})
			if how == "dynamic" { // it is there a moment later
				qtr.Wait(soon, "changed", qtpeer.Match{"prop": "gauge", "value": qtpeer.Match{"$object": "Gauge"}})
			}
			qtr.Send("call Station.gauge.calibrate [0]")
			qtr.Wait(soon, "reply", qtpeer.Match{"error": 0, "value": 1001})
		}
		qtr.Stop()
	})
}

// TestRemotingOfQt withdraws a Qt source and remotes it again, under Go's replicas.
func TestRemotingOfQt(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station,Brewery")
		classes := classesOf(t, major)
		n := newNode(t, core.Config{})
		r, j := acquire(t, n, "Station", how, classes["Station"])
		tree, err := n.AcquireDynamic("Brewery")
		require.NoError(t, err)
		require.NoError(t, n.Connect(url))
		require.NoError(t, r.Wait(soonContext(t)))
		require.NoError(t, tree.Wait(soonContext(t)))
		for _, level := range []int32{1, 2} {
			source.Send("disable Station")
			source.Send("disable Brewery")
			j.wait(t, "state", "Suspect")
			_, err = r.Call(soonContext(t), "add", 1, 2)
			require.ErrorIs(t, err, core.ErrNotConnected)
			source.Send("set Station.level %d", level)
			source.Send("enable Station")
			source.Send("enable Brewery")
			require.NoError(t, r.Wait(soonContext(t)))
			require.NoError(t, tree.Wait(soonContext(t)))
			equal(t, qt.Of(level), get(t, r, "level"))
			require.EqualValues(t, 3, call(t, r, "add", 1, 2).Int())
			equal(t, qt.Of("coarse"), get(t, child(t, child(t, child(t, tree, "pump"), "inlet"), "filter"), "mesh"))
		}
	})
}
