package interop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/overloads"
)

// TestRepOverloads: slots and signals of one name, told apart by how many parameters they have, or by nothing but their types.
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

		// All are listened to at once, so that it would show if another one were told.
		type is = []any
		heard := make(chan any, 16)
		tell := func(signal string, args ...any) { heard <- heardOf{signal, args} }
		for _, cancel := range []func(){
			r.OnNoted(func() { tell("noted()") }),
			r.OnNotedInt32(func(number int32) { tell("noted(int)", number) }),
			r.OnNotedBool(func(flag bool) { tell("noted(bool)", flag) }),
			r.OnNotedString(func(text string) { tell("noted(QString)", text) }),
			r.OnNotedRemark(func(remark overloads.Remark) { tell("noted(Remark)", remark) }),
			r.OnNotedInt32List(func(numbers []int32) { tell("noted(QList<int>)", numbers) }),
			r.OnNotedStringInt32(func(text string, times int32) { tell("noted(QString,int)", text, times) }),
			r.OnNotedInt32String(func(times int32, text string) { tell("noted(int,QString)", times, text) }),
		} {
			defer cancel()
		}
		remark := overloads.Remark{Text: "r", Times: 3}
		for _, e := range []struct {
			signal, args string
			want         is
		}{
			{"noted()", "[]", nil},
			{"noted(int)", "[5]", is{int32(5)}},
			{"noted(bool)", "[true]", is{true}},
			{"noted(QString)", `["5"]`, is{"5"}},
			{"noted(Remark)", `[{"text":"r","times":3}]`, is{remark}},
			{"noted(QList<int>)", "[[1,2]]", is{[]int32{1, 2}}},
			{"noted(QString,int)", `["a",1]`, is{"a", int32(1)}},
			{"noted(int,QString)", `[1,"a"]`, is{int32(1), "a"}},
		} {
			q.Send("emit Overloads.%s %s", e.signal, e.args)
			require.Equal(t, heardOf{e.signal, e.want}, hear(t, heard))
		}
		for signal, call := range map[string]struct {
			call func()
			want is
		}{
			"noted(int)":         {func() { gives(t, "int 5")(r.Note(ctx, 5)) }, is{int32(5)}},
			"noted(bool)":        {func() { gives(t, "bool yes")(r.NoteBool(ctx, true)) }, is{true}},
			"noted(QString)":     {func() { gives[int32](t, 3)(r.NoteString(ctx, "abc")) }, is{"abc"}},
			"noted(Remark)":      {func() { gives(t, overloads.Remark{Text: "r!", Times: 4})(r.NoteRemark(ctx, remark)) }, is{remark}},
			"noted(QList<int>)":  {func() { require.NoError(t, r.NoteInt32List(ctx, []int32{7})) }, is{[]int32{7}}},
			"noted(QString,int)": {func() { gives(t, "a x 2")(r.NoteStringInt32(ctx, "a", 2)) }, is{"a", int32(2)}},
			"noted(int,QString)": {func() { gives(t, "2 x a")(r.NoteInt32String(ctx, 2, "a")) }, is{int32(2), "a"}},
		} {
			call.call()
			require.Equal(t, heardOf{signal, call.want}, hear(t, heard))
		}
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

		q.Forget()
		require.NoError(t, errors.Join(s.EmitNoted(), s.EmitNotedInt32(5), s.EmitNotedBool(true), s.EmitNotedString("5"),
			s.EmitNotedRemark(overloads.Remark{Text: "r", Times: 3}), s.EmitNotedInt32List([]int32{1, 2}), s.EmitNotedStringInt32("a", 1),
			s.EmitNotedInt32String(1, "a")))
		for _, e := range []struct{ signal, args string }{{"noted()", "[]"}, {"noted(int)", "[5]"}, {"noted(bool)", "[true]"}, {"noted(QString)", `["5"]`},
			{"noted(Remark)", `[{"text":"r","times":3}]`}, {"noted(QList<int>)", "[[1,2]]"}, {"noted(QString,int)", `["a",1]`}, {"noted(int,QString)", `[1,"a"]`}} {
			q.signal("Overloads."+e.signal, e.args)
		}
		for _, call := range []struct{ params, args, reply string }{
			{"(int)", "[5]", `"int 5"`},
			{"(bool)", "[true]", `"bool true"`},
			{"(QString)", `["abc"]`, "3"},
			{"(Remark)", `[{"text":"r","times":3}]`, `{"text":"r!","times":4}`},
			{"(QString,int)", `["a",2]`, `"a x 2"`},
			{"(int,QString)", `[2,"a"]`, `"2 x a"`},
		} {
			q.replies("Overloads.note"+call.params, call.args, call.reply)
			q.signal("Overloads.noted"+call.params, call.args)
		}
		q.calls("Overloads.note(QList<int>)", "[[7]]")
		q.signal("Overloads.noted(QList<int>)", "[[7]]")
	})
}

// heardOf is what was heard of one of several overloads.
type heardOf struct {
	signal string
	args   []any
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

func (j *joiner) Note(_ context.Context, number int32) (string, error) {
	return fmt.Sprint("int ", number), j.EmitNotedInt32(number)
}

func (j *joiner) NoteBool(_ context.Context, flag bool) (string, error) {
	return fmt.Sprint("bool ", flag), j.EmitNotedBool(flag)
}

func (j *joiner) NoteString(_ context.Context, text string) (int32, error) {
	return int32(len(text)), j.EmitNotedString(text)
}

func (j *joiner) NoteRemark(_ context.Context, remark overloads.Remark) (overloads.Remark, error) {
	return overloads.Remark{Text: remark.Text + "!", Times: remark.Times + 1}, j.EmitNotedRemark(remark)
}

func (j *joiner) NoteInt32List(_ context.Context, numbers []int32) error {
	return j.EmitNotedInt32List(numbers)
}

func (j *joiner) NoteStringInt32(_ context.Context, text string, times int32) (string, error) {
	return fmt.Sprintf("%s x %d", text, times), j.EmitNotedStringInt32(text, times)
}

func (j *joiner) NoteInt32String(_ context.Context, times int32, text string) (string, error) {
	return fmt.Sprintf("%d x %s", times, text), j.EmitNotedInt32String(times, text)
}

func (j *joiner) told(text string) (string, error) {
	return text, errors.Join(j.SetCalls(j.Calls()+1), j.EmitJoined(text))
}
