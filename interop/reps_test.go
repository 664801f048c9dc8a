package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// eachRep runs both tests of a .rep file with each Qt that takes it: the generated replicas against Qt's typed sources, and
// Qt's typed replicas against the generated sources.
func eachRep(t *testing.T, file string, goReplica, goSource func(t *testing.T, major int)) {
	text, err := peers.Source.ReadFile("reps/" + file + "/" + file + ".rep")
	require.NoError(t, err)
	eachQt(t, func(t *testing.T, major int) {
		if major == 5 && strings.HasPrefix(string(text), "// Qt 6 only") {
			_, err := qtpeer.RequireRepc(t, major).Signatures(string(text))
			require.ErrorIs(t, err, qtpeer.ErrRefused)
			return
		}
		t.Run("qt source, go replica", func(t *testing.T) { goReplica(t, major) })
		t.Run("go source, qt replica", func(t *testing.T) { goSource(t, major) })
	})
}

// hear returns the next thing that a callback has noted.
func hear(t *testing.T, heard chan any) any {
	t.Helper()
	select {
	case x := <-heard:
		return x
	case <-soonContext(t).Done():
		require.FailNow(t, "nothing is heard")
		return nil
	}
}

// same says whether a peer's value is what the JSON says.
func same(t *testing.T, want string, got any) {
	t.Helper()
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, exact(t, want), exact(t, string(text)))
}

// exact parses JSON with its numbers as texts that stand for all of their digits: 1e1 is 10, and an integer of 64 bits is
// equal to the text that it has to be on its way into the programs.
func exact(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), text)
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			r, ok := new(big.Rat).SetString(v.String())
			require.True(t, ok, v)
			return r.RatString()
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	return walk(v)
}

// gives compares what a slot answers with what it should: gives(t, true)(r.Add(ctx, x)).
func gives[T any](t *testing.T, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// hears has something that makes a noise do so, and compares what is heard with what should be.
func hears(t *testing.T, listen func(heard chan any) (cancel func()), noise func(), want any) {
	t.Helper()
	heard := make(chan any, 8)
	cancel := listen(heard)
	defer cancel()
	noise()
	require.Equal(t, want, hear(t, heard))
}

// told listens by a generated OnXxx of any signal: what is heard is its arguments as a list.
func told(on any) func(heard chan any) (cancel func()) {
	return func(heard chan any) func() {
		v := reflect.ValueOf(on)
		fn := reflect.MakeFunc(v.Type().In(0), func(args []reflect.Value) []reflect.Value {
			all := []any{}
			for _, a := range args {
				all = append(all, a.Interface())
			}
			heard <- all
			return nil
		})
		return v.Call([]reflect.Value{fn})[0].Interface().(func())
	}
}

// ---- a Qt source and generated replicas

// A repSource is a Qt program that hosts objects of the .rep files, and a Go node that is to be connected to it.
type repSource struct {
	*qtpeer.Peer
	t    *testing.T
	url  string
	node *core.Node
}

// startRepSource starts a program with those objects alone. Replicas that are acquired now have the defaults of their
// class until connect is called.
func startRepSource(t *testing.T, major int, objects ...string) *repSource {
	t.Helper()
	url := qtpeer.FreeURL(t, "tcp")
	p := qtpeer.Start(t, major, "repsource", "--url", url, "--only", strings.Join(objects, ","))
	p.Wait(soon, "ready", nil)
	return &repSource{p, t, url, newNode(t, core.Config{})}
}

// connect returns when the replicas are Valid.
func (q *repSource) connect(replicas ...interface{ Wait(context.Context) error }) {
	q.t.Helper()
	require.NoError(q.t, q.node.Connect(q.url))
	for _, r := range replicas {
		require.NoError(q.t, r.Wait(soonContext(q.t)))
	}
}

// is asks the source for the value of a property, such as "Clock.hour".
func (q *repSource) is(property, want string) {
	q.t.Helper()
	q.Send("get %s", property)
	same(q.t, want, q.Wait(soon, "value", qtpeer.Match{"prop": property})["value"])
}

// changes sets a property at the source, and has the replica tell of it.
func changes[T any](q *repSource, property, json string, get func() T, on func(func(T)) (cancel func()), want T) {
	q.t.Helper()
	hears(q.t, func(heard chan any) func() { return on(func(v T) { heard <- v }) }, func() { q.Send("set %s %s", property, json) }, any(want))
	require.Equal(q.t, want, get())
}

// writes has the replica change a property: by its PushXxx or SetXxx.
func writes[T any](q *repSource, property string, write func(context.Context, T) error, value T, get func() T, on func(func(T)) (cancel func()), json string) {
	q.t.Helper()
	hears(q.t, func(heard chan any) func() { return on(func(v T) { heard <- v }) },
		func() { require.NoError(q.t, write(soonContext(q.t), value)) }, any(value))
	require.Equal(q.t, value, get())
	q.is(property, json)
}

// emits has the source emit a signal, such as "Clock.tick", that the replica is to tell of as want.
func (q *repSource) emits(signal, args string, listen func(heard chan any) (cancel func()), want any) {
	q.t.Helper()
	hears(q.t, listen, func() { q.Send("emit %s %s", signal, args) }, want)
}

// ---- a generated source and Qt replicas

// A repReplica is a Qt program that has acquired objects of the .rep files, and a Go host that is to remote them.
type repReplica struct {
	*qtpeer.Peer
	t     *testing.T
	major int
	host  *core.Host
}

// startRepReplica starts a program with replicas of those objects, which have the defaults of their class until serve is
// called. An object is named as its class is, or NAME:as=CLASS.
func startRepReplica(t *testing.T, major int, objects ...string) *repReplica {
	t.Helper()
	host, at := newHost(t, major, "tcp://127.0.0.1:0")
	args := []string{"--connect", at}
	for _, o := range objects {
		args = append(args, "--acquire", o)
	}
	p := qtpeer.Start(t, major, "repreplica", args...)
	p.Wait(soon, "ready", nil)
	return &repReplica{p, t, major, host}
}

// serve remotes a source and returns when the replica is Valid; what changed by that is no news.
func (q *repReplica) serve(object string, s *core.Source) {
	q.t.Helper()
	remote(q.t, q.host, s, object)
	q.Wait(soon, "notified", qtpeer.Match{"object": object})
	q.Forget()
}

// is asks the replica for the value of a property, such as "Clock.hour".
func (q *repReplica) is(property, want string) {
	q.t.Helper()
	q.Send("get %s", property)
	same(q.t, want, q.Wait(soon, "value", qtpeer.Match{"prop": property})["value"])
}

// changed waits until the replica has told of a property's new value.
func (q *repReplica) changed(property, want string) {
	q.t.Helper()
	dot := strings.LastIndexByte(property, '.')
	e := q.Wait(soon, "changed", qtpeer.Match{"object": property[:dot], "prop": property[dot+1:]})
	same(q.t, want, e["value"])
}

// sets changes a property at the source, and has the replica tell of it.
func sets[T any](q *repReplica, property string, set func(T) error, value T, get func() T, json string) {
	q.t.Helper()
	require.NoError(q.t, set(value))
	require.Equal(q.t, value, get())
	q.changed(property, json)
}

// refuse has a source refuse one value of a property: by its OnPushXxx or OnSetXxx.
func refuse[T any](t *testing.T, on func(func(context.Context, T) error) error, value T) {
	t.Helper()
	require.NoError(t, on(func(_ context.Context, v T) error {
		if reflect.DeepEqual(v, value) {
			return errors.New("not this one")
		}
		return nil
	}))
}

// asks has the replica change a property, by a push slot or by writing it: first to a value that the source refuses, if there
// is one, which must not have come back when the other has.
func asks[T any](q *repReplica, property, refused, json string, get func() T, want T) {
	q.t.Helper()
	if refused != "" {
		q.Send("set %s %s", property, refused)
	}
	q.Send("set %s %s", property, json)
	q.changed(property, json)
	require.Equal(q.t, want, get())
	q.is(property, json)
}

// signal waits until the replica has told of a signal, such as "Clock.tick" or, of overloads, "Overloads.noted(int)".
func (q *repReplica) signal(signal, args string) {
	q.t.Helper()
	dot := strings.LastIndexByte(signal, '.')
	for {
		e := q.Wait(soon, "signal", qtpeer.Match{"object": signal[:dot]})
		name, _, _ := strings.Cut(e.Text("signal"), "(")
		if want := signal[dot+1:]; want == name || want == e.Text("signal") {
			same(q.t, args, e["args"])
			return
		}
	}
}

// replies has the replica call a slot that returns something, such as "Clock.setZone".
func (q *repReplica) replies(slot, args, want string) {
	q.t.Helper()
	e := q.calls(slot, args)
	require.False(q.t, e["void"].(bool), slot)
	reply := q.Wait(soon, "reply", qtpeer.Match{"id": e["id"]})
	same(q.t, "0", reply["error"])
	same(q.t, want, reply["value"])
}

// repliesPODs is replies for a slot that returns a list or map of PODs, which Qt 6 hands to a typed replica undecoded.
func (q *repReplica) repliesPODs(slot, args, want string) {
	q.t.Helper()
	if q.major == 6 {
		want = map[byte]string{'[': `{"$type":"QRemoteObjectPackets::QSQ_"}`, '{': `{"$type":"QRemoteObjectPackets::QAS_"}`}[want[0]]
	}
	q.replies(slot, args, want)
}

// calls has the replica call a slot, and does not wait for a reply: there is none of a slot that returns nothing.
func (q *repReplica) calls(slot, args string) qtpeer.Event {
	q.t.Helper()
	q.Send("call %s %s", slot, args)
	return q.Wait(soon, "calling", qtpeer.Match{"slot": slot})
}
