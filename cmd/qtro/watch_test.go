package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

func TestWatch(t *testing.T) {
	bothProtocols(t, func(t *testing.T, s *station, url string) {
		p := start(t, "--json", "--connect", url, "watch", "Station")
		p.out.wait(t, `"property":"rows"`)
		lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
		require.Equal(t, `{"event":"state","object":"Station","state":"Uninitialized"}`, lines[0])
		require.Equal(t, `{"event":"state","object":"Station","state":"Valid"}`, lines[1])
		require.Equal(t, `{"event":"property","object":"Station","property":"level","value":5}`, lines[2])
		require.Len(t, lines, 2+len(stationClass.Properties))
		require.Contains(t, p.out.String(), `"property":"gauge","value":{"label":"west","sample":{"stamp":9,"unit":"hPa"}}}`)

		require.NoError(t, s.source.Set("mode", "Busy"))
		p.out.wait(t, `{"event":"property","object":"Station","property":"mode","value":"Busy"}`)
		require.NoError(t, s.source.Emit("crossed", 7, "Idle"))
		p.out.wait(t, `{"event":"signal","object":"Station","signal":"crossed","args":[7,"Idle"]}`)
		require.NoError(t, s.gauge.Set("label", "east"))
		p.out.wait(t, `{"event":"property","object":"Station.gauge","property":"label","value":"east"}`)
		require.NoError(t, s.gauge.Emit("tripped", "heat"))
		p.out.wait(t, `{"event":"signal","object":"Station.gauge","signal":"tripped","args":["heat"]}`)

		// A child that is replaced, taken away and given again is followed.
		other := newGauge(t, "south")
		require.NoError(t, s.source.SetChild("gauge", other))
		p.out.wait(t, `"property":"gauge","value":{"label":"south"`)
		require.NoError(t, other.Emit("tripped", "cold"))
		p.out.wait(t, `{"event":"signal","object":"Station.gauge","signal":"tripped","args":["cold"]}`)
		require.NoError(t, s.source.SetChild("gauge", nil))
		p.out.wait(t, `{"event":"property","object":"Station","property":"gauge","value":null}`)
		third := newGauge(t, "north")
		require.NoError(t, s.source.SetChild("gauge", third))
		p.out.wait(t, `"property":"gauge","value":{"label":"north"`)
		require.NoError(t, third.Set("label", "norther"))
		p.out.wait(t, `{"event":"property","object":"Station.gauge","property":"label","value":"norther"}`)
		require.NoError(t, third.Emit("tripped", "frost"))
		p.out.wait(t, `"args":["frost"]}`)
		require.Equal(t, 1, strings.Count(p.out.String(), `"frost"`))
		require.Zero(t, p.stop())
		require.NotContains(t, p.out.String(), "Suspect")
		require.Empty(t, p.err.String())
	})
}

// A host that goes and comes back goes on being watched, and one that was never there is no error.
func TestWatchLoss(t *testing.T) {
	s := newStation(t, "")
	p := start(t, "--json", "--connect", s.url, "watch", "Station")
	p.out.wait(t, `"property":"rows"`)
	require.NoError(t, s.Close())
	p.out.wait(t, `"state":"Suspect"`)

	h := core.NewHost(quiet)
	defer h.Close()
	_, err := h.Listen(context.Background(), s.url)
	require.NoError(t, err)
	source, gauge := newSources(t)
	require.NoError(t, source.Set("level", 77))
	require.NoError(t, h.EnableRemoting(source, "Station"))
	p.out.wait(t, `{"event":"property","object":"Station","property":"level","value":77}`)
	require.Equal(t, 2, strings.Count(p.out.String(), `"state":"Valid"`))
	require.NoError(t, source.Emit("crossed", 1, 0))
	p.out.wait(t, `"signal":"crossed"`)
	require.NoError(t, gauge.Set("label", "back"))
	p.out.wait(t, `{"event":"property","object":"Station.gauge","property":"label","value":"back"}`)
	require.Zero(t, p.stop())

	code, out, warn := qtro(t, "--connect", deadURL(t), "watch", "Station", "Other", "Station", "--for", "300ms")
	require.Zero(t, code)
	require.Equal(t, "Station is Uninitialized\nOther is Uninitialized\n", out)
	require.Contains(t, warn, "refused")
}

func TestWatchText(t *testing.T) {
	s := newStation(t, "")
	p := start(t, "--connect", s.url, "watch", "Station")
	p.out.wait(t, "Station.rows = ")
	require.NoError(t, s.source.Set("level", 6))
	p.out.wait(t, "Station.level = 6")
	require.NoError(t, s.source.Emit("crossed", 6, "Busy"))
	p.out.wait(t, `Station.crossed(6, "Busy")`)
	require.NoError(t, s.DisableRemoting(s.source))
	p.out.wait(t, "Station is Suspect")
	require.Zero(t, p.stop())
	// Nobody reads any more.
	require.Equal(t, failed, run(context.Background(), []string{"--connect", s.url, "watch", "Station"}, nil, brokenWriter{}, brokenWriter{}))
}

func TestRegistry(t *testing.T) {
	p := start(t, "registry", "--listen", "tcp://127.0.0.1:0", "--listen-qt5", "tcp://127.0.0.1:0")
	line := p.out.wait(t, "QtRO 2.0")
	url := strings.Fields(line)[1]
	url5 := strings.Fields(p.out.wait(t, "QtRO 1.3"))[1]
	j := start(t, "--json", "registry", "--listen", "tcp://127.0.0.1:0")
	require.Contains(t, j.out.wait(t, "listening"), `{"event":"listening","url":"tcp://127.0.0.1:`)
	require.Zero(t, j.stop())

	requireOutput(t, "", "--registry", url, "ls")
	requireError(t, failed, `no object "Station" in the registry at `+url, "--timeout", "300ms", "--registry", url, "get", "Station")
	watching := start(t, "--json", "--registry", url5, "watch", "Station")
	s := newStation(t, url)
	require.Equal(t, "added\tStation\tStation\t"+s.url, p.out.wait(t, "added"))
	requireOutput(t, `{"name":"Station","type":"Station","url":"`+s.url+`","signature":"`+strings.Repeat("6", 40)+`"}`+"\n",
		"--registry", url, "--json", "ls")
	requireOutput(t, `{"name":"Station","type":"Station","url":"`+s.url5+`","signature":"`+strings.Repeat("5", 40)+`"}`+"\n",
		"--registry", url5, "--json", "ls")
	requireOutput(t, "5\n", "--registry", url, "get", "Station", "level")
	requireOutput(t, "42\n", "--registry", url5, "call", "Station", "add", "2", "40")
	watching.out.wait(t, `"state":"Valid"`)
	require.NoError(t, s.Close())
	require.Equal(t, "removed\tStation\tStation\t"+s.url, p.out.wait(t, "removed"))
	watching.out.wait(t, `"state":"Suspect"`)
	require.Zero(t, watching.stop())
	require.Zero(t, p.stop())
	require.Empty(t, p.err.String())
}

// An object whose host does not answer is listed all the same.
func TestLsDeadHost(t *testing.T) {
	p := start(t, "registry", "--listen", "tcp://127.0.0.1:0")
	url := strings.Fields(p.out.wait(t, "QtRO 2.0"))[1]
	dead := deadURL(t)
	h := core.NewHost(quiet)
	defer h.Close()
	_, err := h.Listen(context.Background(), dead, core.AllowExternalRegistration)
	require.NoError(t, err)
	_, err = h.SetRegistry(url)
	require.NoError(t, err)
	source, _ := newSources(t)
	require.NoError(t, h.EnableRemoting(source, "Station"))
	p.out.wait(t, "added")
	code, out, warn := qtro(t, "--registry", url, "ls")
	require.Zero(t, code)
	require.Equal(t, "Station\tStation\t"+dead+"\t\n", out)
	require.Contains(t, warn, "listed without signatures")
	requireError(t, failed, "the host of Station at "+dead+" was not reached", "--timeout", "300ms", "--registry", url, "get", "Station")
}
