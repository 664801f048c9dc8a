package thermostat_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/examples/thermostat"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
	"github.com/go-qtro/qtro/transports/tls"
)

var bin string // where the programs are built

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "thermostat-"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(bin)
		os.Exit(code)
	}))
}

var buildOnce = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./host", "./client").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// build builds the programs in Go.
func build(t *testing.T) (host, client string) {
	t.Helper()
	require.NoError(t, buildOnce())
	return filepath.Join(bin, "host"), filepath.Join(bin, "client")
}

func TestGeneratedCodeIsThatOfTheFile(t *testing.T) {
	src, err := os.ReadFile("thermostat.rep")
	require.NoError(t, err)
	file, err := rep.Parse("thermostat.rep", src)
	require.NoError(t, err)
	assert.Empty(t, rep.Lint(file))
	code, err := gogen.Generate(file, gogen.Options{})
	require.NoError(t, err)
	committed, err := os.ReadFile("thermostat.rep.go")
	require.NoError(t, err)
	assert.Equal(t, string(committed), string(code), "go generate ./examples/thermostat writes it anew")
}

// makeCerts makes the files that README.md has made by scripts/gen-certs and qtro cert.
func makeCerts(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	authority, err := certs.NewAuthority("plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	require.NoError(t, authority.Save(dir))
	for name, template := range map[string]certs.Template{
		"host":   {IPs: []string{"127.0.0.1"}, URIs: []string{"spiffe://qtro.example/host"}},
		"client": {Client: true, URIs: []string{"spiffe://qtro.example/client"}},
		"panel":  {Client: true, URIs: []string{"spiffe://qtro.example/panel"}},
		"guest":  {Client: true, URIs: []string{"spiffe://elsewhere.example/guest"}},
	} {
		c, err := authority.Issue(template)
		require.NoError(t, err)
		require.NoError(t, certs.WritePEM(c, filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")))
	}
	return dir
}

// program is a process of one of the commands.
type program struct {
	t    *testing.T
	name string
	out  *bufio.Scanner // what it prints and logs
}

// start runs a program until the test ends, or stop is called, but not for longer than two minutes.
func start(t *testing.T, path string, args ...string) (p *program, stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, path, args...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		cancel()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // it was killed
	})
	t.Cleanup(stop)
	return &program{t: t, name: filepath.Base(path), out: bufio.NewScanner(out)}, stop
}

// wait returns what follows text in the next line that has it.
func (p *program) wait(text string) string {
	p.t.Helper()
	seen := ""
	for p.out.Scan() {
		if _, rest, ok := strings.Cut(p.out.Text(), text); ok {
			return rest
		}
		seen += p.out.Text() + "\n"
	}
	require.Fail(p.t, p.name+" ended", "without %q:\n%s", text, seen)
	return ""
}

// node returns a node with the certificates of that name, none if it is "", and the errors that it reports.
func node(t *testing.T, dir, name string) (*core.Node, <-chan error) {
	t.Helper()
	files := certs.Files{Roots: []string{filepath.Join(dir, "ca.pem")}}
	if name != "" {
		files.Certificate, files.Key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	}
	store, err := certs.Open(files)
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	failed := make(chan error, 10)
	n := core.NewNode(core.Config{
		Transports:    map[string]core.Transport{"tls": tls.New(store.Config())},
		RequireSecure: true,
		OnError: func(err error) {
			select {
			case failed <- err:
			default:
			}
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { n.Close() })
	return n, failed
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// recv waits for a value that is wanted, and passes over others.
func recv[T comparable](t *testing.T, from <-chan T, want T) {
	t.Helper()
	for ctx := soon(t); ; {
		select {
		case v := <-from:
			if v == want {
				return
			}
		case <-ctx.Done():
			require.Fail(t, "it did not come", "%v", want)
		}
	}
}

func into[T any](to chan<- T) func(T) { return func(v T) { to <- v } }

func TestHostAndReplica(t *testing.T) {
	host, _ := build(t)
	dir := makeCerts(t)
	h, _ := start(t, host, "-certs", dir, "-listen", "tls://127.0.0.1:0", "-minute", "10ms")
	url := h.wait("Thermostat at ")

	n, _ := node(t, dir, "client")
	require.NoError(t, n.Connect(url))
	r, err := thermostat.AcquireThermostat(n, "Thermostat")
	require.NoError(t, err)
	assert.InDelta(t, 21, r.Target(), 0, "the default of the file")
	require.NoError(t, r.Wait(soon(t)))
	peer, _ := r.Peer()
	assert.Equal(t, "spiffe://qtro.example/host", peer.Identity)
	assert.Equal(t, "Living room", r.Room())
	assert.Equal(t, thermostat.ThermostatModeComfort, r.Mode())
	assert.Len(t, r.History(), 48)

	targets, modes, boosts := make(chan float64, 100), make(chan thermostat.ThermostatMode, 100), make(chan bool, 1000)
	histories, alarms := make(chan int, 1000), make(chan string, 10)
	r.OnTargetChanged(into(targets))
	r.OnModeChanged(into(modes))
	r.OnBoostLeftChanged(func(left int32) { boosts <- left > 0 })
	r.OnHistoryChanged(func(all []thermostat.Reading) { histories <- len(all) })
	r.OnAlarm(into(alarms))

	require.NoError(t, r.PushTarget(soon(t), 23.5))
	recv(t, targets, 23.5)
	require.ErrorIs(t, r.PushTarget(soon(t), 31), core.ErrCallFailed)
	assert.InDelta(t, 23.5, r.Target(), 0)
	h.wait("spiffe://qtro.example/client wants 23.5 °C")
	h.wait("must be from 5 to 30 °C, not 31")
	recv(t, histories, 48)

	ok, err := r.Boost(soon(t), 60)
	require.NoError(t, err)
	assert.True(t, ok)
	recv(t, boosts, true)
	require.NoError(t, r.CancelBoost(soon(t)))
	recv(t, boosts, false)
	_, err = r.Boost(soon(t), 0)
	require.ErrorIs(t, err, core.ErrCallFailed)

	require.NoError(t, r.SetMode(soon(t), 7)) // which has no answer; the host refuses
	require.NoError(t, r.SetMode(soon(t), thermostat.ThermostatModeOff))
	require.Equal(t, thermostat.ThermostatModeOff, <-modes)
	ok, err = r.Boost(soon(t), 10)
	require.NoError(t, err)
	assert.False(t, ok, "it is off")
	recv(t, alarms, "Living room: it is below 12 °C")

	for name, why := range map[string]string{
		"":      "it wants a certificate and has got none",
		"guest": "refused by the peer",
	} {
		n, failed := node(t, dir, name)
		require.NoError(t, n.Connect(url))
		select {
		case err := <-failed:
			assert.ErrorContains(t, err, why)
		case <-soon(t).Done():
			assert.Fail(t, "nobody refuses", name)
		}
	}
	h.wait("peer refused: ")
}

func TestClient(t *testing.T) {
	host, client := build(t)
	dir := makeCerts(t)
	run := func(args ...string) (string, error) {
		out, err := exec.CommandContext(soon(t), client, args...).CombinedOutput()
		return string(out), err
	}
	h, stop := start(t, host, "-certs", dir, "-listen", "tls://127.0.0.1:0", "-minute", "1h") // time stands still
	url := h.wait("Thermostat at ")
	c, _ := start(t, client, "-certs", dir, "-connect", url)
	c.wait("connected to spiffe://qtro.example/host")
	c.wait("target 21 °C, Comfort")
	for _, step := range []struct{ command, host, client string }{
		{"set 22.5", "wants 22.5 °C", "target 22.5 °C, Comfort"},
		{"boost 10", "boosts for 10 minutes", "heating, 10 minutes of boost left"},
		{"cancel", "ends the boost", "heating"},
		{"mode off", "switches to Off", "target 22.5 °C, Off"},
	} {
		out, err := run(append([]string{"-certs", dir, "-connect", url}, strings.Fields(step.command)...)...)
		require.NoError(t, err, out)
		h.wait("spiffe://qtro.example/client " + step.host)
		c.wait(step.client)
	}
	for command, says := range map[string]string{
		"set 31":   "pushTarget",
		"set warm": `not "warm"`,
		"mode hot": `off, eco or comfort, not "hot"`,
		"boost 5":  "the thermostat is off",
		"dance":    "client -h",
	} {
		out, err := run(append([]string{"-certs", dir, "-connect", url}, strings.Fields(command)...)...)
		require.Error(t, err, command)
		require.Contains(t, out, says)
	}
	stop()
	c.wait("not connected; the replica is Suspect")
}

func TestNoCertificates(t *testing.T) {
	host, client := build(t)
	dir := filepath.Join(t.TempDir(), "none")
	for _, path := range []string{host, client} {
		out, err := exec.CommandContext(t.Context(), path, "-certs", dir).CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(out), "./scripts/gen-certs "+dir+" makes them")
	}
}
