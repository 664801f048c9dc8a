package thermostat_test

import (
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

const patience = 30 * time.Second // for whatever the panel does

// panelCommand is the panel without a screen, painted by the processor.
func panelCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(qtpeer.BuildProject(t, "panel"), "panel"), args...)
	private := filepath.Join(t.TempDir(), "run")
	require.NoError(t, os.Mkdir(private, 0o700))
	cmd.Env = append(os.Environ(), "QT_QPA_PLATFORM=offscreen", "QT_QUICK_BACKEND=software", "QML_DISABLE_DISK_CACHE=1",
		"XDG_RUNTIME_DIR="+private)
	return cmd
}

// colours counts those of a picture that has to be the window's.
func colours(t *testing.T, name string) int {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	size := picture.Bounds()
	require.Equal(t, []int{800, 480}, []int{size.Dx(), size.Dy()})
	seen := map[[3]uint32]bool{}
	for y := range size.Dy() {
		for x := range size.Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}

func TestPanel(t *testing.T) {
	host, client := build(t)
	dir, url := makeCerts(t), qtpeer.FreeURL(t, "tls")
	panel := qtpeer.Run(t, "the panel", panelCommand(t, "--certs", dir, "--connect", url, "--stdio"))
	shows := func(name string, what qtpeer.Match) {
		t.Helper()
		what["name"] = name
		panel.Wait(patience, "shows", what)
	}
	shows("modeEco", qtpeer.Match{"enabled": false}) // there is no host yet
	panel.Send("click modeEco")
	panel.Wait(patience, "error", qtpeer.Match{"what": "cannot click modeEco"})

	h, stop := start(t, host, "-certs", dir, "-listen", url, "-minute", "1h") // time stands still
	h.wait("Thermostat at ")
	c, _ := start(t, client, "-certs", dir, "-connect", url)
	c.wait("target 21 °C, Comfort")
	shows("status", qtpeer.Match{"text": "TLS 1.3, mutual  ·  spiffe://qtro.example/host"})
	shows("room", qtpeer.Match{"text": "Living room"})
	shows("modeComfort", qtpeer.Match{"checked": true, "enabled": true})
	shows("chart", qtpeer.Match{"points": 48})

	// From the panel to the host, and on to the panel and the client.
	for _, step := range []struct {
		click, host string
		item        string
		shows       qtpeer.Match
		client      string
	}{
		{"modeEco", "switches to Eco", "modeEco", qtpeer.Match{"checked": true}, "target 21 °C, Eco"},
		{"warmer", "wants 21.5 °C", "target", qtpeer.Match{"text": "set to 21.5 °C"}, "target 21.5 °C, Eco"},
		{"dial 0.5 0.08", "wants 17.5 °C", "dial", qtpeer.Match{"value": 17.5}, "target 17.5 °C, Eco"},
		{"boost", "boosts for 10 minutes", "boost", qtpeer.Match{"text": "Stop, 10 min left"}, "10 minutes of boost left"},
		{"boost", "ends the boost", "boost", qtpeer.Match{"text": "Heat for 10 min"}, "target 17.5 °C, Eco"},
	} {
		panel.Send("click %s", step.click)
		h.wait("spiffe://qtro.example/panel " + step.host)
		shows(step.item, step.shows)
		c.wait(step.client)
	}

	// From a client.
	out, err := exec.CommandContext(t.Context(), client, "-certs", dir, "-connect", url, "mode", "off").CombinedOutput()
	require.NoError(t, err, string(out))
	shows("modeOff", qtpeer.Match{"checked": true})
	panel.Send("click boost")
	shows("alarmText", qtpeer.Match{"text": "The thermostat refuses to boost."})
	panel.Send("click dismiss")
	shows("alarm", qtpeer.Match{"visible": false})
	picture := filepath.Join(t.TempDir(), "panel.png")
	panel.Send("grab %s", picture)
	panel.Wait(patience, "grabbed", nil)
	assert.Greater(t, colours(t, picture), 300)

	// The host is lost, and comes back with a room in which time flies.
	stop()
	shows("modeOff", qtpeer.Match{"enabled": false})
	h, _ = start(t, host, "-certs", dir, "-listen", url, "-minute", "10ms", "-room", "Attic")
	h.wait("Thermostat at ")
	shows("room", qtpeer.Match{"text": "Attic"})
	shows("modeOff", qtpeer.Match{"checked": false, "enabled": true})
	panel.Send("click modeOff")
	shows("alarmText", qtpeer.Match{"text": "Attic: it is below 12 °C"})
	panel.Stop()
	assert.Empty(t, panel.Stderr(), "QML has nothing to complain about")
}

func TestPanelScreenshot(t *testing.T) {
	host, _ := build(t)
	dir := makeCerts(t)
	picture := filepath.Join(t.TempDir(), "panel.png")
	take := panelCommand(t, "--certs", dir, "--screenshot", picture)
	h, _ := start(t, host, "-certs", dir, "-listen", "tls://127.0.0.1:0")
	take.Args = append(take.Args, "--connect", h.wait("Thermostat at "))
	out, err := take.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Empty(t, string(out))
	assert.Greater(t, colours(t, picture), 300)
}

func TestPanelIsRefused(t *testing.T) {
	host, _ := build(t)
	dir := makeCerts(t)
	none := panelCommand(t, "--certs", filepath.Join(dir, "none"))
	out, err := none.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "go run ./cmd/qtro cert client --dir "+filepath.Join(dir, "none"))

	h, _ := start(t, host, "-certs", dir, "-listen", "tls://127.0.0.1:0")
	url := h.wait("Thermostat at ")
	for _, file := range []string{"panel.pem", "panel.key"} {
		require.NoError(t, os.Rename(filepath.Join(dir, "guest"+filepath.Ext(file)), filepath.Join(dir, file)))
	}
	panel := qtpeer.Run(t, "the panel of a guest", panelCommand(t, "--certs", dir, "--connect", url, "--stdio"))
	h.wait("peer refused: ")
	for status := ""; !strings.Contains(status, "refused by the peer: "); { // it may say before that it is connecting
		status = panel.Wait(patience, "shows", qtpeer.Match{"name": "status"}).Text("text")
	}
}
