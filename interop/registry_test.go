package interop_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// newRegistry returns the URL of a Go registry that Qt major can reach.
func newRegistry(t *testing.T, major int) (*core.RegistryHost, string) {
	t.Helper()
	g, err := core.NewRegistryHost(quiet(core.Config{}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	at, err := g.Listen(soonContext(t), "tcp://127.0.0.1:0", as(major)...)
	require.NoError(t, err)
	return g, at
}

func join(t *testing.T, n *core.Node, registry string) *core.Registry {
	t.Helper()
	g, err := n.SetRegistry(registry)
	require.NoError(t, err)
	return g
}

// TestRegistries has Go and Qt hosts registered, and their objects found by Go and by Qt, with the registry in Go and in Qt,
// also under an external URL.
func TestRegistries(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		for _, where := range []string{"go", "qt"} {
			t.Run("registry in "+where, func(t *testing.T) {
				var registry string
				if where == "go" {
					_, registry = newRegistry(t, major)
				} else {
					registry = qtpeer.FreeURL(t, "tcp")
					qtpeer.Start(t, major, "registry", "--url", registry).Wait(soon, "ready", nil)
				}
				find(t, major, registry)
			})
		}
	})
}

func find(t *testing.T, major int, registry string) {
	// A Go host with an ordinary URL and one that only announces an external one.
	classes := classesOf(t, major)
	host, at := newHost(t, major, "tcp://127.0.0.1:0")
	join(t, host.Node, registry)
	gauge := newObject(t, classes["Gauge"], map[string]any{"label": "Go's"})
	remote(t, host, gauge.Source, "GoGauge")
	external, extURL := newExternalHost(t, major)
	join(t, external.Node, registry)
	filter := newFilter(t, classes, "external Go's")
	remote(t, external, filter, "GoFilter")
	// Qt hosts likewise.
	qtURL, qtExt := qtpeer.FreeURL(t, "tcp"), qtpeer.FreeURL(t, "exttcp")
	gaugeSource := startSource(t, major, "--url", qtURL, "--registry", registry, "--only", "Gauge")
	startSource(t, major, "--url", qtExt, "--registry", registry, "--only", "Brewery")

	// Go looks for all of them.
	node := newNode(t, core.Config{})
	node.RegisterExternalSchema("exttcp", func(ctx context.Context, u *url.URL) (io.ReadWriteCloser, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	})
	var seen journal
	g := join(t, node, registry)
	g.OnAdded(func(l qt.SourceLocation) { seen.add("added", l.Name, qt.Of(l.TypeName), qt.Of(string(l.URL))) })
	g.OnRemoved(func(l qt.SourceLocation) { seen.add("removed", l.Name) })
	for _, want := range []struct{ name, class, member, value, url string }{
		{"GoGauge", "Gauge", "label", "Go's", at}, {"GoFilter", "Filter", "mesh", "external Go's", extURL},
		{"Gauge", "Gauge", "label", "gauge", qtURL}, {"Brewery", "Brewery", "title", "brewery", qtExt},
	} {
		r, err := node.Acquire(want.name, classes[want.class])
		require.NoError(t, err)
		require.NoError(t, r.Wait(soonContext(t)), want.name)
		equal(t, qt.Of(want.value), get(t, r, want.member), want.name)
		all, err := g.Locations() // it may have been there before OnAdded was called
		require.NoError(t, err)
		require.Contains(t, all, qt.SourceLocation{Name: want.name, TypeName: want.class, URL: qt.URL(want.url)})
	}
	seen.forget()
	names, err := node.Instances("Gauge")
	require.NoError(t, err)
	require.Equal(t, []string{"Gauge", "GoGauge"}, names)

	// So does Qt.
	qtr := qtpeer.Start(t, major, "replica", "--registry", registry, "--acquire", "GoGauge:as=Gauge", "--acquire", "GoFilter:as=Filter",
		"--acquire", "Gauge", "--acquire", "Brewery:dynamic", "--dynamic")
	for name, props := range map[string]qtpeer.Match{"GoGauge": {"label": "Go's"}, "GoFilter": {"mesh": "external Go's"},
		"Gauge": {"label": "gauge"}, "Brewery": {"title": "brewery"}} {
		qtr.Wait(soon, "init", qtpeer.Match{"object": name, "props": props})
	}
	gauge.set("label", "changed")
	qtr.Wait(soon, "changed", qtpeer.Match{"object": "GoGauge", "prop": "label", "value": "changed"})

	// What is withdrawn leaves the registry, and comes back.
	require.NoError(t, host.DisableRemoting(gauge.Source))
	seen.wait(t, "removed", "GoGauge")
	qtr.Wait(soon, "state", qtpeer.Match{"object": "GoGauge", "state": "Suspect"})
	qtr.Wait(soon, "remoteObjectRemoved", qtpeer.Match{"name": "GoGauge"})
	remote(t, host, gauge.Source, "GoGauge")
	seen.wait(t, "added", "GoGauge")
	qtr.Wait(soon, "remoteObjectAdded", qtpeer.Match{"name": "GoGauge", "type": "Gauge", "url": at})
	qtr.Wait(soon, "state", qtpeer.Match{"object": "GoGauge", "state": "Valid", "old": "Suspect"})
	gaugeSource.Send("disable Gauge")
	seen.wait(t, "removed", "Gauge")
	qtr.Stop()
}

// TestBothWorlds has one Go host and one Go registry serve Qt 5 and Qt 6 at the same time.
func TestBothWorlds(t *testing.T) {
	for _, major := range majors {
		qtpeer.Require(t, major)
	}
	t.Parallel()
	registry, at6 := newRegistry(t, 6)
	at5, err := registry.Listen(soonContext(t), "tcp://127.0.0.1:0", core.Qt5)
	require.NoError(t, err)
	host, _ := newHost(t, 6, "tcp://127.0.0.1:0")
	_, err = host.Listen(soonContext(t), "tcp://127.0.0.1:0", core.Qt5)
	require.NoError(t, err)
	join(t, host.Node, at6)
	b := newBrewery(t, 6) // Brewery is the same class in both
	remote(t, host, b.Source, "Brewery")

	peers := map[int]*qtpeer.Peer{}
	for major, at := range map[int]string{5: at5, 6: at6} {
		peers[major] = qtpeer.Start(t, major, "replica", "--registry", at, "--acquire", "Brewery")
		peers[major].Wait(soon, "init", qtpeer.Match{"object": "Brewery", "props": qtpeer.Match{"pump": qtpeer.Match{"maker": "Acme"}}})
		peers[major].Wait(soon, "notified", nil)
	}
	for major, peer := range peers {
		text := fmt.Sprintf("from Qt %d", major)
		peer.Send("set Brewery.title %q", text)
		for _, p := range peers {
			p.Wait(soon, "changed", qtpeer.Match{"prop": "title", "value": text})
		}
		peer.Send("call Brewery.pump.spin [%d]", major)
		peer.Wait(soon, "reply", nil)
	}
	for _, p := range peers {
		p.Wait(soon, "changed", qtpeer.Match{"object": "Brewery.pump", "prop": "rpm", "value": 1211})
	}
}
