package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

// eachQt runs a test against a source of Qt 5 and of Qt 6.
func eachQt(t *testing.T, objects string, test func(t *testing.T, major int, source *qtpeer.Peer, url string)) {
	for _, major := range []int{5, 6} {
		t.Run(fmt.Sprintf("qt%d", major), func(t *testing.T) {
			qtpeer.Require(t, major)
			url := qtpeer.FreeURL(t, "tcp")
			source := qtpeer.Start(t, major, "source", "--url", url, "--only", objects)
			source.Wait(soon, "ready", nil)
			test(t, major, source, url)
		})
	}
}

func TestLive(t *testing.T) {
	eachQt(t, "Brewery,Gauge,Table,Thermostat,Types", func(t *testing.T, major int, source *qtpeer.Peer, url string) {
		signatures, err := qtpeer.Signatures(major)
		require.NoError(t, err)
		_, out, warn := qtro(t, "--json", "--connect", url, "ls")
		require.Empty(t, warn)
		for _, name := range []string{"Brewery", "Gauge", "Types"} {
			require.Contains(t, out, fmt.Sprintf(`{"name":%q,"type":%q,"url":%q,"signature":%q}`+"\n", name, name, url, signatures[name]))
		}
		require.Contains(t, out, fmt.Sprintf(`{"name":"Thermostat","type":"","url":%q,"signature":""}`, url))

		requireOutput(t, `{"label":"gauge","pressure":1013.25,"sample":{"stamp":0,"value":0,"unit":null,"valid":false}}`+"\n",
			"--json", "--connect", url, "get", "Gauge")
		_, out, _ = qtro(t, "--connect", url, "get", "Thermostat")
		require.Contains(t, out, "target\t20.5\n")
		require.Contains(t, out, "fan\t\"Low\"\n")
		requireOutput(t, "1.5\n", "--connect", url, "get", "Brewery", "pump.inlet.flow")
		_, out, _ = qtro(t, "--connect", url, "show", "Brewery")
		require.Contains(t, out, "class Filter\n{\n    PROP(QString mesh READWRITE)\n")
		require.Contains(t, out, "    CLASS pump(Pump)\n")
		require.Contains(t, out, "    SLOT(int brew())\n")
		_, out, warn = qtro(t, "--json", "--connect", url, "get", "Types")
		require.Empty(t, warn)
		require.Contains(t, out, `"vULongLong":18446744073709551615`)

		requireOutput(t, "", "--connect", url, "set", "Brewery", "title", "north wing")
		source.Wait(soon, "write", qtpeer.Match{"object": "Brewery", "prop": "title", "value": "north wing", "origin": "remote"})
		requireOutput(t, "", "--connect", url, "set", "Brewery", "pump.inlet.flow", "-2.25")
		requireOutput(t, "-2.25\n", "--connect", url, "get", "Brewery", "pump.inlet.flow")
		requireOutput(t, "", "--connect", url, "set", "Brewery", "pump.rpm", "900") // through its push slot
		requireError(t, failed, "refused the new value, or the property is read-only", "--timeout", "500ms", "--connect", url, "set", "Brewery", "batches", "3")
		requireOutput(t, "1\n", "--connect", url, "call", "Brewery", "brew")
		requireOutput(t, "903\n", "--connect", url, "call", "Brewery", "pump.spin", "3")
		requireOutput(t, "", "--connect", url, "call", "Brewery", "swap", "drain")
	})
}

// The station has all kinds of types. Qt 5 does not describe its flags, which come from a C++ header: they are numbers.
func TestLiveStation(t *testing.T) {
	eachQt(t, "Station", func(t *testing.T, major int, source *qtpeer.Peer, url string) {
		flags := map[string]string{"get": "alarms\t\"Smoke|Flood\"\n", "show": "    FLAG(Alarms Alarm)\n", "type": "Alarms",
			"value": "Heat|Flood", "json": "\"Heat|Flood\"\n"}
		if major == 5 {
			flags = map[string]string{"get": "alarms\t5\n", "type": "StationTypes::Alarms", "value": "6", "json": "6\n"}
		}
		_, out, warn := qtro(t, "--connect", url, "get", "Station")
		require.Empty(t, warn)
		for _, want := range []string{
			"bigSigned\t-9007199254740995\n", "bigUnsigned\t18446744073709551615\n", "blob\t\"AAH+/w==\"\n", "mode\t\"Sampling\"\n",
			"season\t\"Autumn\"\n", flags["get"], "startedAt\t\"2024-02-29T12:34:56.789Z\"\n",
			"zone\t{\"x\":10,\"y\":20,\"width\":300,\"height\":400}\n", "gauge.label\t\"barometer-1\"\n", "rows.roles\t[\"display\",\"celsius\"]\n",
		} {
			require.Contains(t, out, want)
		}
		_, out, _ = qtro(t, "--connect", url, "show", "Station")
		for _, want := range []string{
			"ENUM Season { Winter = 0, Spring = 1, Summer = 5, Autumn = 6 }\n", "    ENUM Mode { Idle = 0, Sampling = 3, Fault = -1 };\n",
			flags["show"], "    PROP(QList<Reading> history READPUSH)\n", "    PROP(" + flags["type"] + " alarms READWRITE)\n",
			"    CLASS gauge(Gauge)\n", "    MODEL rows(display, celsius)\n", "    SLOT(Mode cycle(Mode from))\n",
		} {
			require.Contains(t, out, want)
		}
		requireOutput(t, "", "--connect", url, "set", "Station", "mode", "Fault")
		requireOutput(t, "", "--connect", url, "set", "Station", "alarms", flags["value"])
		requireOutput(t, flags["json"], "--connect", url, "get", "Station", "alarms")
		requireOutput(t, "", "--connect", url, "set", "Station", "history", `[{"stamp":5,"value":2.5,"unit":"m","valid":true}]`)
		requireOutput(t, "\"Sampling\"\n", "--connect", url, "call", "Station", "cycle", "Idle")
		requireOutput(t, `{"stamp":42,"value":2.5,"unit":"C","valid":true}`+"\n", "--connect", url, "call", "Station", "measure", "C", "2.5")
		requireOutput(t, "1002\n", "--connect", url, "call", "Station", "gauge.calibrate", "1")
	})
}

func TestLiveWatch(t *testing.T) {
	eachQt(t, "Brewery", func(t *testing.T, major int, source *qtpeer.Peer, url string) {
		p := start(t, "--json", "--connect", url, "watch", "Brewery")
		p.out.wait(t, `{"event":"state","object":"Brewery","state":"Valid"}`)
		p.out.wait(t, `"property":"drain"`)
		source.Send(`set Brewery.batches 12`)
		p.out.wait(t, `{"event":"property","object":"Brewery","property":"batches","value":12}`)
		source.Send(`emit Brewery.brewed [13]`)
		p.out.wait(t, `{"event":"signal","object":"Brewery","signal":"brewed","args":[13]}`)
		source.Send(`set Brewery.pump.inlet.flow 9.5`)
		p.out.wait(t, `{"event":"property","object":"Brewery.pump.inlet","property":"flow","value":9.5}`)
		source.Send(`emit Brewery.pump.inlet.filter.clogged ["mud"]`)
		p.out.wait(t, `{"event":"signal","object":"Brewery.pump.inlet.filter","signal":"clogged","args":["mud"]}`)
		source.Send(`set Brewery.drain "new"`)
		p.out.wait(t, `{"event":"property","object":"Brewery","property":"drain","value":{"mesh":"new"`)
		source.Send(`emit Brewery.drain.clogged ["hops"]`)
		p.out.wait(t, `"object":"Brewery.drain","signal":"clogged","args":["hops"]}`)

		source.Kill()
		p.out.wait(t, `"state":"Suspect"`)
		p.out.forget()
		again := qtpeer.Start(t, major, "source", "--url", url, "--only", "Brewery")
		again.Wait(soon, "ready", nil)
		p.out.wait(t, `{"event":"property","object":"Brewery","property":"batches","value":0}`)
		again.Send(`emit Brewery.pump.inlet.filter.clogged ["again"]`)
		p.out.wait(t, `"object":"Brewery.pump.inlet.filter","signal":"clogged","args":["again"]}`)
		require.Zero(t, p.stop())
	})
}

// A registry of ours serves a Qt host, and one of Qt's is read.
func TestLiveRegistry(t *testing.T) {
	for _, major := range []int{5, 6} {
		t.Run(fmt.Sprintf("qt%d", major), func(t *testing.T) {
			qtpeer.Require(t, major)
			flag := map[int]string{5: "--listen-qt5", 6: "--listen"}[major]
			ours := start(t, "registry", flag, "tcp://127.0.0.1:0")
			url := strings.Fields(ours.out.wait(t, "listening"))[1]
			at := qtpeer.FreeURL(t, "tcp")
			source := qtpeer.Start(t, major, "source", "--url", at, "--registry", url, "--only", "Gauge")
			source.Wait(soon, "ready", nil)
			require.Equal(t, "added\tGauge\tGauge\t"+at, ours.out.wait(t, "added"))
			requireOutput(t, "1013.25\n", "--registry", url, "get", "Gauge", "pressure")
			source.Send("disable Gauge")
			ours.out.wait(t, "removed\tGauge")

			theirs := qtpeer.FreeURL(t, "tcp")
			registry := qtpeer.Start(t, major, "registry", "--url", theirs)
			registry.Wait(soon, "ready", nil)
			second := qtpeer.Start(t, major, "source", "--url", qtpeer.FreeURL(t, "tcp"), "--registry", theirs, "--only", "Gauge,Brewery")
			second.Wait(soon, "ready", nil)
			registry.Wait(soon, "added", qtpeer.Match{"name": "Gauge"})
			registry.Wait(soon, "added", qtpeer.Match{"name": "Brewery"})
			_, out, warn := qtro(t, "--registry", theirs, "ls")
			require.Empty(t, warn)
			require.Equal(t, 2, strings.Count(out, "\n"), out)
			requireOutput(t, "\"brewery\"\n", "--registry", theirs, "get", "Brewery", "title")
		})
	}
}
