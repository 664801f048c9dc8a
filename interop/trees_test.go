package interop_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// A Go host puts objects inside objects in one by one, so that trees can change and come back under Qt's replicas.

// newPump returns a pump with an inlet with a filter.
func newPump(t *testing.T, classes map[string]*core.Class, rpm int, mesh string) *core.Source {
	t.Helper()
	pump := newObject(t, classes["Pump"], map[string]any{"rpm": rpm, "maker": "Acme"})
	inlet := newObject(t, classes["Inlet"], nil)
	require.NoError(t, inlet.SetChild("filter", newFilter(t, classes, mesh)))
	require.NoError(t, pump.SetChild("inlet", inlet.Source))
	return pump.Source
}

// TestTreesReplaced puts objects with objects in them into CLASS properties under Qt's replicas.
func TestTreesReplaced(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		classes := classesOf(t, major)
		b := newBrewery(t, major)
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, b.Source, "Brewery")
		qtr := startReplica(t, major, how, at, "Brewery")
		qtr.Wait(soon, "notified", nil)
		for i, change := range []func() error{
			func() error { return b.SetChild("pump", newPump(t, classes, 1, "in place of one")) },
			func() error { return b.SetChild("pump", nil) },
			func() error { return b.SetChild("pump", newPump(t, classes, 2, "in place of nothing")) },
			func() error {
				require.NoError(t, b.SetChild("pump", nil))
				return b.SetChild("pump", newPump(t, classes, 3, "at once"))
			},
			func() error {
				return descend(t, b.Source, "pump").SetChild("inlet", nil)
			},
			func() error {
				inlet := newObject(t, classes["Inlet"], map[string]any{"flow": 9})
				require.NoError(t, inlet.SetChild("filter", newFilter(t, classes, "inlet's")))
				return descend(t, b.Source, "pump").SetChild("inlet", inlet.Source)
			},
		} {
			require.NoError(t, change())
			pumpIs(t, qtr, b, fmt.Sprint(i))
		}
		filter := descend(t, b.Source, "pump", "inlet", "filter")
		require.NoError(t, filter.Set("age", 88))
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "prop": "age", "value": 88})
		qtr.Send("call Brewery.pump.inlet.filter.clean [8]")
		qtr.Wait(soon, "reply", qtpeer.Match{"value": 80})
		qtr.Stop()
	})
}

// pumpIs checks that the Qt replica has the pump that the source has.
func pumpIs(t *testing.T, qtr *qtpeer.Peer, b *object, mark string) {
	t.Helper()
	b.set("title", mark)
	qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery", "prop": "title", "value": mark})
	var want any
	if pump, err := b.Child("pump"); pump != nil {
		require.NoError(t, err)
		rpm, _ := pump.Get("rpm")
		pumpWant := qtpeer.Match{"rpm": rpm.Int(), "inlet": nil}
		if inlet, _ := pump.Child("inlet"); inlet != nil {
			flow, _ := inlet.Get("flow")
			mesh, _ := descend(t, inlet, "filter").Get("mesh")
			pumpWant["inlet"] = qtpeer.Match{"flow": flow.Float(), "filter": qtpeer.Match{"mesh": mesh.Any()}}
		}
		want = pumpWant
	}
	qtr.Forget()
	qtr.Send("get Brewery.pump")
	qtr.Wait(soon, "value", qtpeer.Match{"value": want})
}

// TestTreeComesBack withdraws a tree and remotes it again, and has its host begin anew, under Qt's replicas.
func TestTreeComesBack(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		b := newBrewery(t, major)
		host, at := newHost(t, major, qtpeer.FreeURL(t, "tcp"))
		remote(t, host, b.Source, "Brewery")
		qtr := startReplica(t, major, how, at, "Brewery")
		qtr.Wait(soon, "notified", nil)
		for i := range 3 {
			require.NoError(t, host.DisableRemoting(b.Source))
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Suspect"})
			require.NoError(t, descend(t, b.Source, "pump").Set("rpm", i))
			remote(t, host, b.Source, "Brewery")
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid", "old": "Suspect"})
			pumpIs(t, qtr, b, fmt.Sprint(i))
		}
		for i := range 2 {
			require.NoError(t, host.Close())
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Suspect"})
			b = newBrewery(t, major)
			require.NoError(t, descend(t, b.Source, "pump", "inlet").Set("flow", 100+i))
			host, _ = newHost(t, major, at)
			remote(t, host, b.Source, "Brewery")
			qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid", "old": "Suspect"})
			pumpIs(t, qtr, b, fmt.Sprint("anew", i))
		}
		require.NoError(t, descend(t, b.Source, "pump", "inlet", "filter").Set("age", 5))
		qtr.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump.inlet.filter", "prop": "age", "value": 5})
		qtr.Stop()
	})
}
