package interop_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
	_ "github.com/go-qtro/qtro/transports/all"
)

func init() {
	// A type of a header that a .rep file includes: Qt 5's definitions do not describe it.
	qt.Register("StationTypes::Alarms", qt.Codec[alarms]{
		Decode: func(r *qt.Reader) alarms { return alarms(r.Int32()) },
		Encode: func(w *qt.Writer, a alarms) { w.Int32(int32(a)) },
	})
}

type alarms int32

// schemes are those that a Qt version has.
func schemes(major int) []string {
	out := []string{"tcp", "local"}
	if major == 6 && runtime.GOOS == "linux" {
		out = append(out, "localabstract")
	}
	return out
}

// freeURL returns a URL of a scheme that nobody uses.
func freeURL(t *testing.T, scheme string) string {
	t.Helper()
	if scheme == "local" || scheme == "localabstract" {
		return fmt.Sprintf("%s:qtro-test-%d", scheme, qtpeer.FreePort(t))
	}
	return qtpeer.FreeURL(t, scheme)
}

func soonContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	t.Cleanup(cancel)
	return ctx
}

// as returns the options of a listener or connection that Qt major understands.
func as(major int, more ...core.ListenOption) []core.ListenOption {
	if major == 5 {
		more = append(more, core.Qt5)
	}
	return more
}

func quiet(c core.Config) core.Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.RetryMax == 0 {
		c.RetryMax = 200 * time.Millisecond
	}
	return c
}

// newHost returns a host that Qt major can reach at the URL.
func newHost(t *testing.T, major int, url string, options ...core.ListenOption) (*core.Host, string) {
	t.Helper()
	h := core.NewHost(quiet(core.Config{}))
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	at, err := h.Listen(soonContext(t), url, as(major, options...)...)
	require.NoError(t, err)
	return h, at
}

func newNode(t *testing.T, c core.Config) *core.Node {
	t.Helper()
	if c.OnError == nil {
		c.OnError = func(err error) { t.Log(err) }
	}
	n := core.NewNode(quiet(c))
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

// reach returns a Valid replica of a node of its own, with a log of all that it has told.
func reach(t *testing.T, url, name, how string, class *core.Class) (*core.Replica, *journal) {
	t.Helper()
	n := newNode(t, core.Config{})
	r, j := acquire(t, n, name, how, class)
	require.NoError(t, n.Connect(url)) // not before, lest the log begins too late
	require.NoError(t, r.Wait(soonContext(t)))
	j.wait(t, "notified", "")
	return r, j
}

func remote(t *testing.T, h *core.Host, s *core.Source, name string) {
	t.Helper()
	require.NoError(t, h.EnableRemoting(s, name))
}

// acquire returns a replica, typed or dynamic, with a log of what it has told; it does not wait.
func acquire(t *testing.T, n *core.Node, name, how string, class *core.Class) (*core.Replica, *journal) {
	t.Helper()
	var r *core.Replica
	var err error
	if how == "typed" {
		r, err = n.Acquire(name, class)
	} else {
		r, err = n.AcquireDynamic(name)
	}
	require.NoError(t, err)
	j := &journal{}
	j.follow(t, r, class)
	return r, j
}

// journal is what happened on the Go side, in its order.
type journal struct {
	mu      sync.Mutex
	entries []entry
	news    chan struct{}
}

type entry struct {
	what, name string
	args       []qt.Value
	taken      bool
}

func (e entry) String() string {
	var args []string
	for _, v := range e.args {
		text, err := v.MarshalJSON()
		if err != nil {
			text = []byte(err.Error())
		}
		args = append(args, string(text))
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.what, e.name, strings.Join(args, " ")))
}

func (j *journal) add(what, name string, args ...qt.Value) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry{what: what, name: name, args: slices.Clone(args)})
	if j.news != nil {
		close(j.news)
		j.news = nil
	}
}

// wait returns the arguments of the first such entry that no wait has returned yet, whether it has come already or comes
// within the time.
func (j *journal) wait(t *testing.T, what, name string) []qt.Value {
	t.Helper()
	deadline := time.After(soon)
	for {
		j.mu.Lock()
		for i := range j.entries {
			if e := &j.entries[i]; !e.taken && e.what == what && e.name == name {
				e.taken = true
				j.mu.Unlock()
				return e.args
			}
		}
		if j.news == nil {
			j.news = make(chan struct{})
		}
		news := j.news
		j.mu.Unlock()
		select {
		case <-news:
		case <-deadline:
			require.FailNow(t, fmt.Sprintf("no %s %s within %v", what, name, soon), strings.Join(j.all(), "\n"))
		}
	}
}

// all returns what there is so far, as text.
func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, e := range j.entries {
		out = append(out, e.String())
	}
	return out
}

// forget makes later waits look only at what comes from now on.
func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = nil
}

// follow notes states, changes and signals of a replica of the class. Not noted: the notify signals.
func (j *journal) follow(t *testing.T, r *core.Replica, class *core.Class) {
	t.Helper()
	r.OnState(func(_, s core.State) { j.add("state", s.String()) })
	r.OnInitialized(func() { j.add("initialized", "") })
	r.OnNotified(func() { j.add("notified", "") })
	for _, p := range class.Properties {
		_, err := r.OnChange(p.Name, func(v qt.Value) { j.add("changed", p.Name, v) })
		require.NoError(t, err)
	}
	for _, s := range class.Signals {
		_, err := r.OnSignal(s.Name, func(args []qt.Value) { j.add("signal", s.Name, args...) })
		require.NoError(t, err)
	}
}

func get(t *testing.T, r *core.Replica, property string) qt.Value {
	t.Helper()
	v, err := r.Get(property)
	require.NoError(t, err)
	return v
}

func child(t *testing.T, r *core.Replica, property string) *core.Replica {
	t.Helper()
	c, err := r.Child(property)
	require.NoError(t, err)
	return c
}

func call(t *testing.T, r *core.Replica, slot string, args ...any) qt.Value {
	t.Helper()
	v, err := r.Call(soonContext(t), slot, args...)
	require.NoError(t, err)
	return v
}

// equal compares exactly: null and empty, NaN, time zones.
func equal(t *testing.T, want, got qt.Value, what ...any) {
	t.Helper()
	if want.Type() != nil { // PODs of a dynamic replica are defined by another class
		if v, err := want.Type().Convert(got); err == nil {
			got = v
		}
	}
	if !got.Equal(want) {
		require.FailNow(t, "values differ", "want %s\ngot  %s\n%s", describe(want), describe(got), fmt.Sprint(what...))
	}
}

func describe(v qt.Value) string {
	text, err := v.MarshalJSON()
	return fmt.Sprintf("%v %s null=%t %v %#v", v.Type(), text, v.IsNull(), err, v)
}
