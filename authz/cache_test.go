package authz

import (
	"fmt"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

func TestCache(t *testing.T) {
	const limit = 8
	c := newCache[int, int](limit)
	c.put(-1, -1)
	for i := range 100 * limit {
		c.put(i, 2*i)
		v, ok := c.get(i)
		require.True(t, ok)
		require.Equal(t, 2*i, v)
		require.LessOrEqual(t, len(c.young), limit)
		require.LessOrEqual(t, len(c.old), limit)
		v, ok = c.get(-1) // which is in use and so not dropped
		require.True(t, ok)
		require.Equal(t, -1, v)
	}
	_, ok := c.get(0)
	require.False(t, ok)
	c.put(5, 1)
	c.put(5, 2)
	v, _ := c.get(5)
	require.Equal(t, 2, v)
}

// TestHostilePeer makes up names and identities, also such as are too long to be remembered.
func TestHostilePeer(t *testing.T) {
	e := newEdition(nil, cedar.EntityMap{}, [32]byte{})
	long := string(make([]byte, nameLimit+1))
	for i := range 3*decisionLimit + 7 {
		p := &core.Peer{Scheme: "tcp", Addr: fmt.Sprintf("[2001:db8::%x]:1", i%(3*subjectLimit))}
		require.ErrorIs(t, e.authorize(&core.Request{Peer: p, Action: core.Register, Object: fmt.Sprint(i)}), core.ErrDenied)
	}
	require.LessOrEqual(t, len(e.subjects.young)+len(e.subjects.old), 2*subjectLimit)
	require.LessOrEqual(t, len(e.decisions.young)+len(e.decisions.old), 2*decisionLimit)
	before := len(e.decisions.young)
	for _, r := range []core.Request{
		{Action: core.Register, Object: long}, {Action: core.Register, Class: long}, {Action: core.Call, Member: long},
		{Action: core.Register, Peer: &core.Peer{Identity: long}},
	} {
		require.ErrorIs(t, e.authorize(&r), core.ErrDenied)
	}
	require.Len(t, e.decisions.young, before)
}
