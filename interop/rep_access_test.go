package interop_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/access"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// TestRepAccess: every modifier of a property. What a replica may change it can change, and what it may not it cannot.
func TestRepAccess(t *testing.T) {
	only := []string{"shown", "fixed", "inner", "keptShown", "keptInner"} // the source's to change, if anybody's
	eachRep(t, "access", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Access")
		r, err := access.AcquireAccess(q.node, "Access")
		require.NoError(t, err)
		defaults := func(fixed int32) {
			t.Helper()
			require.Equal(t, []int32{1, 2, 3, 4, fixed, 6, 7, 8, 9, 10, 11}, []int32{r.Plain(), r.Pushed(), r.Shown(), r.Shared(), r.Fixed(), r.Inner(),
				r.KeptPlain(), r.KeptPushed(), r.KeptShown(), r.KeptShared(), r.KeptInner()})
			require.Equal(t, []string{"", "none"}, []string{r.Bare(), r.Secret()})
		}
		defaults(5)
		q.connect(r)
		defaults(55)
		changes(q, "Access.plain", "101", r.Plain, r.OnPlainChanged, 101)
		changes(q, "Access.pushed", "102", r.Pushed, r.OnPushedChanged, 102)
		changes(q, "Access.shown", "103", r.Shown, r.OnShownChanged, 103)
		changes(q, "Access.shared", "104", r.Shared, r.OnSharedChanged, 104)
		changes(q, "Access.inner", "106", r.Inner, r.OnInnerChanged, 106)
		changes(q, "Access.keptPlain", "107", r.KeptPlain, r.OnKeptPlainChanged, 107)
		changes(q, "Access.keptPushed", "108", r.KeptPushed, r.OnKeptPushedChanged, 108)
		changes(q, "Access.keptShown", "109", r.KeptShown, r.OnKeptShownChanged, 109)
		changes(q, "Access.keptShared", "110", r.KeptShared, r.OnKeptSharedChanged, 110)
		changes(q, "Access.keptInner", "111", r.KeptInner, r.OnKeptInnerChanged, 111)
		changes(q, "Access.bare", `"dressed"`, r.Bare, r.OnBareChanged, "dressed")
		changes(q, "Access.secret", `"known"`, r.Secret, r.OnSecretChanged, "known")
		writes(q, "Access.plain", r.PushPlain, 201, r.Plain, r.OnPlainChanged, "201")
		writes(q, "Access.pushed", r.PushPushed, 202, r.Pushed, r.OnPushedChanged, "202")
		writes(q, "Access.shared", r.SetShared, 204, r.Shared, r.OnSharedChanged, "204")
		writes(q, "Access.keptPlain", r.PushKeptPlain, 207, r.KeptPlain, r.OnKeptPlainChanged, "207")
		writes(q, "Access.keptPushed", r.PushKeptPushed, 208, r.KeptPushed, r.OnKeptPushedChanged, "208")
		writes(q, "Access.keptShared", r.SetKeptShared, 210, r.KeptShared, r.OnKeptSharedChanged, "210")
		for _, name := range only {
			require.Error(t, r.Replica.Set(name, 1), name)
			for _, verb := range []string{"Set", "Push"} {
				_, has := reflect.TypeOf(r).MethodByName(verb + string(name[0]-32) + name[1:])
				require.False(t, has, "%s %s", verb, name)
			}
		}
		q.Send("set Access.fixed 1")
		q.Wait(soon, "error", nil)
		require.EqualValues(t, 55, r.Fixed())
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Access")
		const props = `"plain":1,"pushed":2,"shown":3,"shared":4,"inner":6,"keptPlain":7,"keptPushed":8,"keptShown":9,"keptShared":10,
			"keptInner":11,"bare":null,"secret":"none"`
		dumps := func(want string) {
			t.Helper()
			q.Forget()
			q.Send("dump")
			same(t, want, q.Wait(soon, "init", nil)["props"])
		}
		dumps(`{"fixed":5,` + props + `}`)
		s, err := access.NewAccessSource()
		require.NoError(t, err)
		require.NoError(t, s.SetFixed(55))
		refuse(t, s.OnPushPlain, 0)
		refuse(t, s.OnPushPushed, 0)
		refuse(t, s.OnSetShared, 0)
		refuse(t, s.OnPushKeptPlain, 0)
		refuse(t, s.OnPushKeptPushed, 0)
		refuse(t, s.OnSetKeptShared, 0)
		q.serve("Access", s.Source())
		require.Error(t, s.SetFixed(56), "it is constant once it is remoted")
		dumps(`{"fixed":55,` + props + `}`)
		for _, p := range []struct {
			name string
			set  func(int32) error
			get  func() int32
			asks bool
		}{
			{"plain", s.SetPlain, s.Plain, true}, {"pushed", s.SetPushed, s.Pushed, true}, {"shown", s.SetShown, s.Shown, false},
			{"shared", s.SetShared, s.Shared, true}, {"inner", s.SetInner, s.Inner, false}, {"keptPlain", s.SetKeptPlain, s.KeptPlain, true},
			{"keptPushed", s.SetKeptPushed, s.KeptPushed, true}, {"keptShown", s.SetKeptShown, s.KeptShown, false},
			{"keptShared", s.SetKeptShared, s.KeptShared, true}, {"keptInner", s.SetKeptInner, s.KeptInner, false},
		} {
			sets(q, "Access."+p.name, p.set, 100, p.get, "100")
			if p.asks {
				asks(q, "Access."+p.name, "0", "200", p.get, 200)
			}
		}
		sets(q, "Access.bare", s.SetBare, "dressed", s.Bare, `"dressed"`)
		sets(q, "Access.secret", s.SetSecret, "known", s.Secret, `"known"`)
		for _, name := range only {
			q.Send("set Access.%s 1", name)
			q.Wait(soon, "error", qtpeer.Match{"what": "Access." + name + " is not writable"})
		}
		require.Equal(t, []int32{100, 55, 100, 100, 100}, []int32{s.Shown(), s.Fixed(), s.Inner(), s.KeptShown(), s.KeptInner()})
	})
}
