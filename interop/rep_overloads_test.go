package interop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/overloads"
)

// TestRepOverloads: slots of one name, told apart by their parameters.
func TestRepOverloads(t *testing.T) {
	eachRep(t, "overloads", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Overloads")
		r, err := overloads.AcquireOverloads(q.node, "Overloads")
		require.NoError(t, err)
		require.Zero(t, r.Calls())
		q.connect(r)
		require.Zero(t, r.Calls())
		changes(q, "Overloads.calls", "5", r.Calls, r.OnCallsChanged, 5)
		q.emits("Overloads.joined", `["x"]`, told(r.OnJoined), []any{"x"})

		ctx := soonContext(t)
		hears(t, told(r.OnJoined), func() { gives(t, "-")(r.Join(ctx)) }, []any{"-"})
		hears(t, told(r.OnJoined), func() { gives(t, "a")(r.JoinString(ctx, "a")) }, []any{"a"})
		hears(t, told(r.OnJoined), func() { gives(t, "a/-2")(r.JoinStringInt32(ctx, "a", -2)) }, []any{"a/-2"})
		hears(t, told(r.OnJoined), func() { gives(t, "a/7!")(r.JoinStringInt32Bool(ctx, "a", 7, true)) }, []any{"a/7!"})
		gives[int32](t, 9)(r.ResetInt32(ctx, 40))
		require.EqualValues(t, 40, r.Calls())
		hears(t, told(r.OnCallsChanged), func() { require.NoError(t, r.Reset(ctx)) }, []any{int32(0)})
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Overloads")
		q.is("Overloads.calls", "0")
		impl := &joiner{}
		s, err := overloads.NewOverloadsSource(impl)
		require.NoError(t, err)
		impl.OverloadsSource = s
		q.serve("Overloads", s.Source())
		q.is("Overloads.calls", "0")
		sets(q, "Overloads.calls", s.SetCalls, 5, s.Calls, "5")
		require.NoError(t, s.EmitJoined("x"))
		q.signal("Overloads.joined", `["x"]`)

		for _, call := range []struct{ args, reply string }{{"[]", "-"}, {`["a"]`, "a"}, {`["a",-2]`, "a/-2"}, {`["a",7,true]`, "a/7 true"}} {
			q.replies("Overloads.join", call.args, fmt.Sprintf("%q", call.reply))
			q.signal("Overloads.joined", fmt.Sprintf("[%q]", call.reply))
		}
		q.replies("Overloads.reset", "[40]", "9")
		q.is("Overloads.calls", "40")
		q.calls("Overloads.reset", "[]")
		for want := 6; want < 10; want++ {
			q.changed("Overloads.calls", fmt.Sprint(want))
		}
		q.changed("Overloads.calls", "40")
		q.changed("Overloads.calls", "0")
	})
}

type joiner struct{ *overloads.OverloadsSource }

func (j *joiner) Join(context.Context) (string, error)                   { return j.told("-") }
func (j *joiner) JoinString(_ context.Context, a string) (string, error) { return j.told(a) }
func (j *joiner) JoinStringInt32(_ context.Context, a string, b int32) (string, error) {
	return j.told(fmt.Sprintf("%s/%d", a, b))
}

func (j *joiner) JoinStringInt32Bool(_ context.Context, a string, b int32, c bool) (string, error) {
	return j.told(fmt.Sprintf("%s/%d %t", a, b, c))
}
func (j *joiner) Reset(context.Context) error { return j.SetCalls(0) }
func (j *joiner) ResetInt32(_ context.Context, to int32) (int32, error) {
	before := j.Calls()
	return before, j.SetCalls(to)
}

func (j *joiner) told(text string) (string, error) {
	return text, errors.Join(j.SetCalls(j.Calls()+1), j.EmitJoined(text))
}
