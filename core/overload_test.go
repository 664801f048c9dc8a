package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

func params(types ...string) (all []core.Param) {
	for i, t := range types {
		all = append(all, core.Param{Name: fmt.Sprintf("p%d", i), Type: t})
	}
	return all
}

var journalClass = &core.Class{
	Name:       "Journal",
	Enums:      []qt.Enum{{Name: "Level", Keys: []qt.EnumKey{{Name: "Info"}, {Name: "Warning", Value: 3}}}},
	PODs:       []qt.POD{{Name: "Entry", Fields: []qt.Field{{Name: "text", TypeName: "QString"}, {Name: "level", TypeName: "Level"}}}},
	Properties: []core.Property{{Name: "last", Type: "QString"}},
	Signals: []core.Signal{{Name: "noted", Params: params("QString")}, {Name: "noted", Params: params("qint64")}, {Name: "noted", Params: params("QMap<QString,Entry>")},
		{Name: "closed"}, {Name: "closed", Params: params("QString", "int")}},
	Slots: []core.Slot{{Name: "note", Return: "QString", Params: params("QString")}, {Name: "note", Return: "QString", Params: params("int")},
		{Name: "note", Return: "QString", Params: params("QList<Entry>")}, {Name: "note", Return: "QString", Params: params("Level", "int")},
		{Name: "note", Return: "QString"}},
}

// TestOverloads: signals and slots of one name are told apart by their signatures, in typed replicas and in dynamic ones.
func TestOverloads(t *testing.T) {
	s, err := core.NewSource(journalClass)
	require.NoError(t, err)
	for _, slot := range journalClass.Slots {
		require.NoError(t, s.Handle(slot.Signature(), func(_ context.Context, args []qt.Value) (qt.Value, error) {
			return qt.Of(slot.Signature()), nil
		}))
	}
	h := core.NewHost(core.Config{})
	defer func() { assert.NoError(t, h.Close()) }()
	require.NoError(t, h.EnableRemoting(s, "Journal"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	dynamic, err := h.AcquireDynamic("Journal")
	require.NoError(t, err)
	typed, err := h.Acquire("Journal", journalClass)
	require.NoError(t, err)
	for name, r := range map[string]*core.Replica{"typed": typed, "dynamic": dynamic} {
		require.NoError(t, r.Wait(ctx))
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				slot string
				args []any
				want string
			}{
				{"note(QString)", []any{"x"}, "note(QString)"},
				{"note( const QString & )", []any{"x"}, "note(QString)"},
				{"note(int)", []any{1}, "note(int)"},
				{"note(qint32)", []any{1}, "note(int)"},
				{"note(Journal::Level,int)", []any{3, 1}, "note(Level,int)"},
				{"note(Level, int)", []any{3, 1}, "note(Level,int)"},
				{"note", []any{3, 1}, "note(Level,int)"}, // the only one with two
				{"note()", nil, "note()"},
				{"note", nil, "note()"},
			} {
				v, err := r.Call(ctx, c.slot, c.args...)
				if assert.NoError(t, err, c.slot) {
					assert.Equal(t, c.want, v.Any(), c.slot)
				}
			}
			_, err := r.Call(ctx, "note", "x")
			require.ErrorContains(t, err, "slot note is overloaded; say which one: note(QString), note(int), ")
			_, err = r.Call(ctx, "note(double)", 1.5)
			require.ErrorContains(t, err, `has no slot "note(double)", but note(QString), note(int), `)
			_, err = r.Call(ctx, "note(int", 1)
			require.ErrorIs(t, err, core.ErrClass)
			_, err = r.Call(ctx, "note(int)", 1, 2)
			require.ErrorContains(t, err, "takes 1 arguments, not 2")
			_, err = r.OnSignal("noted", func([]qt.Value) {})
			require.ErrorContains(t, err, "signal noted is overloaded; say which one: noted(QString), noted(qlonglong), ")

			heard := make(chan string, 8)
			for _, sig := range []string{"noted(QString)", "noted(qint64)", "closed()", "closed(QString,int)", "lastChanged"} {
				cancel, err := r.OnSignal(sig, func(args []qt.Value) { heard <- fmt.Sprint(sig, args) })
				require.NoError(t, err, sig)
				defer cancel()
			}
			for _, c := range []struct {
				err  error
				want string
			}{
				{s.Emit("noted(QString)", "a"), "noted(QString)[a]"},
				{s.Emit("noted(qint64)", 5), "noted(qint64)[5]"},
				{core.Emit(s, "noted(qlonglong)", qt.Of(6)), "noted(qint64)[6]"},
				{s.Emit("closed"), "closed()[]"},
				{s.Emit("closed", "b", 7), `closed(QString,int)[b 7]`},
				{s.Set("last", name), "lastChanged[" + name + "]"},
			} {
				require.NoError(t, c.err, c.want)
				select {
				case got := <-heard:
					assert.Equal(t, c.want, got)
				case <-ctx.Done():
					require.FailNow(t, "nothing comes", c.want)
				}
			}
		})
	}
	require.ErrorContains(t, s.Emit("noted", "a"), "signal noted is overloaded")
	require.ErrorContains(t, s.Handle("note", func(context.Context, []qt.Value) (qt.Value, error) { return qt.Value{}, nil }), "slot note is overloaded")
	require.ErrorContains(t, s.Handle("note", func(string) string { return "" }), "slot note is overloaded")
	require.NoError(t, s.Handle("note(QString)", func(text string) string { return text }))
	require.NoError(t, s.Handle("note", func(level, n int32) string { return "" }))
	require.ErrorIs(t, s.Handle("note(QString)", func(a, b int32) string { return "" }), core.ErrClass)
	_, err = s.SignalIndex("noted")
	require.ErrorIs(t, err, core.ErrClass)
	_, err = s.SignalIndex("noted(QMap<QString,Entry>)")
	require.NoError(t, err)
}
