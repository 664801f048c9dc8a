package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 15 * time.Second

var quiet = core.Config{Logger: slog.New(slog.DiscardHandler)}

// output is what a program writes, to be looked at while it runs.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	news chan struct{}
}

func newOutput() *output { return &output{news: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.news)
	o.news = make(chan struct{})
	return o.text.Write(b)
}

// forget drops what has been written so far.
func (o *output) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait waits until there is a line that contains a text, and returns it.
func (o *output) wait(t testing.TB, text string) string {
	t.Helper()
	timeout := time.After(soon)
	for {
		o.mu.Lock()
		news, all := o.news, o.text.String()
		o.mu.Unlock()
		for line := range strings.Lines(all) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(line)
			}
		}
		select {
		case <-news:
		case <-timeout:
			t.Fatalf("no %q in\n%s", text, all)
		}
	}
}

// process is a run of the program in the background.
type process struct {
	t        testing.TB
	out, err *output
	cancel   context.CancelFunc
	code     chan int
}

func start(t testing.TB, args ...string) *process {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{t: t, out: newOutput(), err: newOutput(), cancel: cancel, code: make(chan int, 1)}
	go func() { p.code <- run(ctx, args, strings.NewReader(""), p.out, p.err) }()
	t.Cleanup(func() { p.stop() })
	return p
}

// stop interrupts the program and returns its exit status.
func (p *process) stop() int {
	p.cancel()
	return p.exit()
}

func (p *process) exit() int {
	p.t.Helper()
	select {
	case code := <-p.code:
		p.code <- code
		return code
	case <-time.After(soon):
		p.t.Fatalf("the program does not end\n%s\n%s", p.out, p.err)
		return -1
	}
}

// qtro runs the program to its end.
func qtro(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return qtroWith(t, "", args...)
}

func qtroWith(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var out, warn bytes.Buffer
	code = run(ctx, args, strings.NewReader(stdin), &out, &warn)
	return code, out.String(), warn.String()
}

// requireOutput checks that the program does its work and what it prints.
func requireOutput(t testing.TB, want string, args ...string) {
	t.Helper()
	code, out, warn := qtro(t, args...)
	require.Empty(t, warn, "%q", args)
	require.Zero(t, code, "%q", args)
	require.Equal(t, want, out, "%q", args)
}

// requireError checks that the program fails with one line.
func requireError(t testing.TB, code int, want string, args ...string) {
	t.Helper()
	got, out, warn := qtro(t, args...)
	assert.Equal(t, code, got, "%q", args)
	assert.Empty(t, out, "%q", args)
	assert.Equal(t, 1, strings.Count(warn, "\n"), "%q: %s", args, warn)
	assert.True(t, strings.HasPrefix(warn, "qtro: "), warn)
	assert.Contains(t, warn, want, "%q", args)
}

// requireRepError checks that the program fails with what is wrong in .rep files.
func requireRepError(t testing.TB, code int, want string, args ...string) {
	t.Helper()
	got, out, warn := qtro(t, args...)
	assert.Equal(t, code, got, "%q", args)
	assert.Empty(t, out, "%q", args)
	assert.Equal(t, want, warn, "%q", args)
}

var (
	gaugeClass = &core.Class{
		Name:       "Gauge",
		Properties: []core.Property{{Name: "label", Type: "QString", Access: core.ReadWrite}, {Name: "sample", Type: "Reading", Access: core.ReadOnly}},
		PODs:       []qt.POD{readingPOD},
		Signals:    []core.Signal{{Name: "tripped", Params: []core.Param{{Name: "why", Type: "QString"}}}},
		Slots:      []core.Slot{{Name: "calibrate", Return: "double", Params: []core.Param{{Name: "offset", Type: "double"}}}},
	}
	readingPOD   = qt.POD{Name: "Reading", Fields: []qt.Field{{Name: "stamp", TypeName: "qint64"}, {Name: "unit", TypeName: "QString"}}}
	stationClass = &core.Class{
		Name:      "Station",
		Signature: strings.Repeat("6", 40), Signature5: strings.Repeat("5", 40),
		Enums: []qt.Enum{
			{Name: "Mode", Keys: []qt.EnumKey{{Name: "Idle", Value: 0}, {Name: "Busy", Value: 3}}},
			{Name: "Alarm", Keys: []qt.EnumKey{{Name: "Smoke", Value: 1}, {Name: "Heat", Value: 2}}},
			{Name: "Alarms", Flag: true, Keys: []qt.EnumKey{{Name: "Smoke", Value: 1}, {Name: "Heat", Value: 2}}},
			{Name: "SeasonEnum::Season", Keys: []qt.EnumKey{{Name: "Winter", Value: 0}, {Name: "Summer", Value: 5}}},
		},
		PODs: []qt.POD{readingPOD},
		Properties: []core.Property{
			{Name: "level", Type: "int", Access: core.ReadWrite, Default: 5},
			{Name: "title", Type: "QString", Default: "roof"},
			{Name: "mode", Type: "Mode", Access: core.ReadWrite},
			{Name: "alarms", Type: "Alarms", Access: core.ReadWrite, Default: "Smoke|Heat"},
			{Name: "season", Type: "SeasonEnum::Season", Access: core.ReadWrite},
			{Name: "area", Type: "QSize", Access: core.ReadWrite, Default: qt.Size{Width: 3, Height: 4}},
			{Name: "blob", Type: "QByteArray", Access: core.ReadWrite, Default: []byte{1, 2}},
			{Name: "history", Type: "QList<Reading>"},
			{Name: "anything", Type: "QVariant", Access: core.ReadWrite},
			{Name: "limited", Type: "int"},
			{Name: "locked", Type: "int", Access: core.ReadOnly},
			{Name: "vendor", Type: "QString", Access: core.Constant, Default: "Acme"},
			{Name: "gauge", Class: gaugeClass},
			{Name: "rows", Roles: []string{"display", "celsius"}},
		},
		Signals: []core.Signal{{Name: "crossed", Params: []core.Param{{Name: "level", Type: "int"}, {Name: "mode", Type: "Mode"}}}},
		Slots: []core.Slot{
			{Name: "add", Return: "int", Params: []core.Param{{Name: "a", Type: "int"}, {Name: "b", Type: "int"}}},
			{Name: "greet", Return: "QString", Params: []core.Param{{Name: "name", Type: "QString"}}},
			{Name: "cycle", Return: "Mode", Params: []core.Param{{Name: "from", Type: "Mode"}}},
			{Name: "stamp", Return: "Reading", Params: []core.Param{{Name: "r", Type: "Reading"}}},
			{Name: "restart"}, {Name: "fail", Return: "int"}, {Name: "hang", Return: "int"},
		},
	}
)

// station is a Go host with a Station, for Qt 6's protocol and for Qt 5's.
type station struct {
	*core.Host
	source, gauge *core.Source
	url, url5     string
}

func newStation(t testing.TB, registry string) *station {
	s := &station{Host: core.NewHost(quiet)}
	t.Cleanup(func() { s.Close() })
	ctx := context.Background()
	var err error
	s.url, err = s.Listen(ctx, "tcp://127.0.0.1:0")
	require.NoError(t, err)
	s.url5, err = s.Listen(ctx, "tcp://127.0.0.1:0", core.Qt5)
	require.NoError(t, err)
	s.source, s.gauge = newSources(t)
	if registry != "" {
		_, err = s.SetRegistry(registry)
		require.NoError(t, err)
	}
	require.NoError(t, s.EnableRemoting(s.source, "Station"))
	return s
}

func newGauge(t testing.TB, label string) *core.Source {
	gauge, err := core.NewSource(gaugeClass)
	require.NoError(t, err)
	require.NoError(t, gauge.Set("label", label))
	require.NoError(t, gauge.Set("sample", map[string]any{"stamp": 9, "unit": "hPa"}))
	require.NoError(t, gauge.Handle("calibrate", func(offset float64) (float64, error) { return offset * 2, nil }))
	return gauge
}

func newSources(t testing.TB) (source, gauge *core.Source) {
	source, err := core.NewSource(stationClass)
	require.NoError(t, err)
	gauge = newGauge(t, "west")
	require.NoError(t, source.SetChild("gauge", gauge))
	require.NoError(t, source.Set("history", []map[string]any{{"stamp": 1, "unit": "C"}}))
	require.NoError(t, source.OnWrite("limited", func(_ context.Context, v qt.Value) error {
		if v.Int() > 100 {
			return errors.New("too much")
		}
		return nil
	}))
	for slot, fn := range map[string]any{
		"add":     func(a, b int32) (int32, error) { return a + b, nil },
		"greet":   func(name string) (string, error) { return "hello " + name, nil },
		"cycle":   func(m int32) (int32, error) { return 3 - m, nil },
		"stamp":   func(_ context.Context, r map[string]any) (map[string]any, error) { return r, nil },
		"restart": func() error { return nil },
		"fail":    func() (int32, error) { return 0, errors.New("broken") },
		"hang":    func(ctx context.Context) (int32, error) { <-ctx.Done(); return 0, ctx.Err() },
	} {
		require.NoError(t, source.Handle(slot, fn))
	}
	return source, gauge
}

// bothProtocols runs a test with a station that speaks 2.0, and with one that speaks 1.3.
func bothProtocols(t *testing.T, test func(t *testing.T, s *station, url string)) {
	for _, p := range []wire.Protocol{wire.Protocol20, wire.Protocol13} {
		t.Run(p.String(), func(t *testing.T) {
			s := newStation(t, "")
			url := s.url
			if p == wire.Protocol13 {
				url = s.url5
			}
			test(t, s, url)
		})
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "expected one of"},
		{[]string{"ls"}, "--registry URL or --connect URL"},
		{[]string{"get", "Station"}, "--registry URL or --connect URL"},
		{[]string{"--registry", "tcp://h:1", "--connect", "tcp://h:1", "ls"}, "can't be used together"},
		{[]string{"--bogus", "ls"}, "unknown flag --bogus"},
		{[]string{"--timeout", "0s", "--connect", "tcp://h:1", "ls"}, "--timeout"},
		{[]string{"--connect", "nowhere", "ls"}, "no scheme"},
		{[]string{"--connect", "nowhere", "get", "X"}, "no scheme"},
		{[]string{"--connect", "gopher://x", "ls"}, "known are exttcp, local, localabstract, quic, tcp, tls"},
		{[]string{"--connect", "gopher://x", "get", "X"}, "known are exttcp"},
		{[]string{"--connect", "tcp://x", "get", "X"}, "tcp://host:port"},
		{[]string{"--connect", "tcp://h:1", "set", "Station"}, "<property>"},
		{[]string{"--connect", "tcp://h:1", "watch", "X", "--for=-1s"}, "--for"},
		{[]string{"registry"}, "--listen URL"},
		{[]string{"trace", "--listen", "tcp://127.0.0.1:0"}, "--to"},
		{[]string{"trace", "--listen", "tcp://127.0.0.1:0", "--to", "gopher://x"}, "known are"},
		{[]string{"decode", "--protocol", "9"}, "1.3 or 2.0"},
		{[]string{"decode", "--big-endian"}, "--variant"},
	} {
		requireError(t, usage, c.want, c.args...)
	}
	code, out, warn := qtro(t, "--help")
	require.Zero(t, code)
	require.Empty(t, warn)
	require.Contains(t, out, "watch")
}

func TestUnreachable(t *testing.T) {
	dead := deadURL(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--connect", dead, "ls"}, "is it running there?"},
		{[]string{"--connect", dead, "get", "Station"}, "was not reached within 300ms: is it running there?"},
		{[]string{"--registry", dead, "ls"}, "the registry at " + dead + " was not reached"},
		{[]string{"--registry", dead, "get", "Station"}, "the registry at " + dead + " was not reached"},
	} {
		requireError(t, failed, c.want, append([]string{"--timeout", "300ms"}, c.args...)...)
	}
	s := newStation(t, "")
	requireError(t, failed, `no object "Nope" at `+s.url+"; qtro ls shows", "--timeout", "200ms", "--connect", s.url, "get", "Nope")
	requireError(t, usage, "", "registry", "--listen", "tcp://")
	requireError(t, failed, "cannot listen", "registry", "--listen", s.url)
}

// deadURL is one that nobody listens at, and that the system gives to nobody who asks for any port.
func deadURL(t testing.TB) string { return qtpeer.FreeURL(t, "tcp") }

// A host that is none is told from one that is silent.
func TestStrangers(t *testing.T) {
	for _, c := range []struct{ says, want string }{
		{"", "did not answer within 300ms: is it a Qt Remote Objects host?"},
		{"SSH-2.0-OpenSSH_9.2\r\n", "is the peer a Qt Remote Objects host?"},
	} {
		ln, err := new(globals).listen(context.Background(), "tcp://127.0.0.1:0")
		require.NoError(t, err)
		var group sync.WaitGroup
		group.Go(func() {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, c.says)
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		})
		requireError(t, failed, c.want, "--timeout", "300ms", "--connect", ln.URL().String(), "ls")
		require.NoError(t, ln.Close())
		group.Wait()
	}
}

func TestPrinter(t *testing.T) {
	var b strings.Builder
	rows := [][]string{{"a", "größer", "1"}, {"bbb", "x", "22"}}
	p := &printer{w: &b}
	p.table([]string{"NAME", "TYPE", "N"}, []string{strong}, rows)
	require.Equal(t, "a\tgrößer\t1\nbbb\tx\t22\n", b.String())
	b.Reset()
	p.tty = true
	p.table([]string{"NAME", "TYPE", "N"}, []string{strong}, rows)
	require.Equal(t, "NAME  TYPE    N\na     größer  1\nbbb   x       22\n", b.String())
	b.Reset()
	p.color = true
	p.row([]int{4}, []string{strong}, "a", "b")
	require.Equal(t, "\x1b[1ma\x1b[0m     b\n", b.String())
	b.Reset()
	p.json = true
	p.object(map[string]any{"a": "<&>"})
	require.Equal(t, `{"a":"<&>"}`+"\n", b.String())
	full := &printer{w: brokenWriter{}}
	full.line("x")
	require.Error(t, full.failed())
	require.Equal(t, failed, run(context.Background(), []string{"decode"}, strings.NewReader("S>C 160000000100100000005100740052004f00200032002e003000"), brokenWriter{}, io.Discard))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left") }
