package interop_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/chat"
)

// TestRepChat: a class without properties, of signals and slots alone.
func TestRepChat(t *testing.T) {
	extra := map[string]any{"tone": "loud", "times": int32(3), "to": []any{"ann", nil}}
	const extraJSON = `{"tone":"loud","times":3,"to":["ann",null]}`
	eachRep(t, "chat", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Chat")
		r, err := chat.AcquireChat(q.node, "Chat")
		require.NoError(t, err)
		q.connect(r)
		q.emits("Chat.entered", `["éva"]`, told(r.OnEntered), []any{"éva"})
		q.emits("Chat.said", `["ann","hello",`+extraJSON+`]`, told(r.OnSaid), []any{"ann", "hello", extra})
		q.emits("Chat.present", `[["ann",""],2]`, told(r.OnPresent), []any{[]string{"ann", ""}, int32(2)})
		q.emits("Chat.cleared", "[]", told(r.OnCleared), []any{})

		ctx := soonContext(t)
		gives(t, []string{})(r.Names(ctx))
		gives(t, false)(r.Say(ctx, "ann", "let me in", nil))
		hears(t, told(r.OnEntered), func() { require.NoError(t, r.Enter(ctx, "ann")) }, []any{"ann"})
		hears(t, told(r.OnPresent), func() { require.NoError(t, r.Enter(ctx, "éva")) }, []any{[]string{"ann", "éva"}, int32(0)})
		hears(t, told(r.OnSaid), func() { gives(t, true)(r.Say(ctx, "ann", "hello", extra)) }, []any{"ann", "hello", extra})
		gives(t, []string{"ann", "éva"})(r.Names(ctx))
		gives(t, map[string]any{"éva": map[string]any{"here": true, "letters": int32(3)}, "": map[string]any{"here": false, "letters": int32(0)}})(
			r.Describe(ctx, []string{"éva", ""}))
		hears(t, told(r.OnCleared), func() { require.NoError(t, r.Clear(ctx)) }, []any{})
		gives(t, []string{})(r.Names(ctx))
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Chat")
		impl := &room{}
		s, err := chat.NewChatSource(impl)
		require.NoError(t, err)
		impl.ChatSource = s
		q.serve("Chat", s.Source())
		require.NoError(t, s.EmitEntered("éva"))
		q.signal("Chat.entered", `["éva"]`)
		require.NoError(t, s.EmitSaid("ann", "hello", extra))
		q.signal("Chat.said", `["ann","hello",`+extraJSON+`]`)
		require.NoError(t, s.EmitPresent([]string{"ann", ""}, 2))
		q.signal("Chat.present", `[["ann",""],2]`)
		require.NoError(t, s.EmitCleared())
		q.signal("Chat.cleared", "[]")

		q.replies("Chat.names", "[]", "[]")
		q.replies("Chat.say", `["ann","let me in",{}]`, "false")
		q.calls("Chat.enter", `["ann"]`)
		q.signal("Chat.entered", `["ann"]`)
		q.signal("Chat.present", `[["ann"],0]`)
		q.replies("Chat.say", `["ann","hello",`+extraJSON+`]`, "true")
		q.signal("Chat.said", `["ann","hello",`+extraJSON+`]`)
		q.replies("Chat.names", "[]", `["ann"]`)
		q.replies("Chat.describe", `[["ann","éva"]]`, `{"ann":{"here":true},"éva":{"here":false}}`)
		q.calls("Chat.clear", "[]")
		q.signal("Chat.cleared", "[]")
	})
}

type room struct {
	*chat.ChatSource
	mu    sync.Mutex
	names []string
}

func (r *room) Enter(_ context.Context, who string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, who)
	return errors.Join(r.EmitEntered(who), r.EmitPresent(r.names, 0))
}

func (r *room) Say(_ context.Context, who, text string, extra map[string]any) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.names, who) {
		return false, nil
	}
	return true, r.EmitSaid(who, text, extra)
}

func (r *room) Names(context.Context) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names), nil
}

func (r *room) Describe(_ context.Context, names []string) (map[string]any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]any{}
	for _, n := range names {
		out[n] = map[string]any{"here": slices.Contains(r.names, n)}
	}
	return out, nil
}

func (r *room) Clear(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = nil
	return r.EmitCleared()
}
