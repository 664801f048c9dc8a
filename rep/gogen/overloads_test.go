package gogen_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep/gogen/internal/overloads"
)

// journal answers the slots of Journal.
type journal struct{ heard chan any }

func (journal) Note(_ context.Context, text string) (int32, error)     { return int32(len(text)), nil }
func (journal) NoteInt32(_ context.Context, code int32) (int32, error) { return code, nil }
func (journal) NoteEntry(_ context.Context, entry overloads.Entry) (string, error) {
	return fmt.Sprint(entry), nil
}

func (journal) NoteStringToInt32Map(_ context.Context, counts map[string]int32) (int32, error) {
	return counts["a"], nil
}

func (j journal) NoteJournalLevelString(_ context.Context, level overloads.JournalLevel, text string) error {
	j.heard <- []any{level, text}
	return nil
}

func (j journal) NoteStringJournalLevel(_ context.Context, text string, level overloads.JournalLevel) error {
	j.heard <- []any{text, level}
	return nil
}
func (journal) NoteNoArgs(context.Context) (int32, error) { return -1, nil }
func (j journal) PushLast(_ context.Context, number int32) error {
	j.heard <- number
	return nil
}

// TestOverloads: signals and slots of one name reach each other by their parameters.
func TestOverloads(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		c := make(chan any, 4)
		s, err := overloads.NewJournalSource(journal{c})
		require.NoError(t, err)
		require.NoError(t, h.EnableRemoting(s.Source(), "Journal"))
		r, err := overloads.AcquireJournal(n, "Journal")
		require.NoError(t, err)
		require.NoError(t, r.Wait(soon(t)))

		length, err := r.Note(soon(t), "four")
		require.NoError(t, err)
		code, err := r.NoteInt32(soon(t), 5)
		require.NoError(t, err)
		entry, err := r.NoteEntry(soon(t), overloads.Entry{Text: "x", Priority: 6})
		require.NoError(t, err)
		count, err := r.NoteStringToInt32Map(soon(t), map[string]int32{"a": 7})
		require.NoError(t, err)
		none, err := r.NoteNoArgs(soon(t))
		require.NoError(t, err)
		assert.Equal(t, []any{int32(4), int32(5), "{x 6}", int32(7), int32(-1)}, []any{length, code, entry, count, none})
		require.NoError(t, r.NoteJournalLevelString(soon(t), overloads.JournalLevelWarning, "a"))
		assert.Equal(t, []any{overloads.JournalLevelWarning, "a"}, recv(t, c))
		require.NoError(t, r.NoteStringJournalLevel(soon(t), "b", overloads.JournalLevelInfo))
		assert.Equal(t, []any{"b", overloads.JournalLevelInfo}, recv(t, c))
		require.NoError(t, r.CallPushLast(soon(t), 8))
		assert.Equal(t, int32(8), recv(t, c))

		r.OnLastChanged(func(last string) { c <- last })
		r.OnLastChangedSignal(func(before, after string) { c <- before + ">" + after })
		r.OnNoted(into[string](c))
		r.OnNotedStringInt32(func(text string, priority int32) { c <- []any{text, priority} })
		r.OnNotedInt32String(func(priority int32, text string) { c <- []any{priority, text} })
		r.OnNotedEntryList(into[[]overloads.Entry](c))
		r.OnNotedNoArgs(func() { c <- "nothing" })
		require.NoError(t, r.PushLast(soon(t), "pushed"))
		assert.Equal(t, "pushed", recv(t, c))
		for _, e := range []struct {
			err  error
			want any
		}{
			{s.EmitNoted("a"), "a"},
			{s.EmitNotedStringInt32("b", 2), []any{"b", int32(2)}},
			{s.EmitNotedInt32String(3, "c"), []any{int32(3), "c"}},
			{s.EmitNotedEntryList([]overloads.Entry{{Text: "d", Priority: 4}}), []overloads.Entry{{Text: "d", Priority: 4}}},
			{s.EmitNotedNoArgs(), "nothing"},
			{s.EmitLastChangedSignal("e", "f"), "e>f"},
		} {
			require.NoError(t, e.err)
			assert.Equal(t, e.want, recv(t, c))
		}
	})
}
