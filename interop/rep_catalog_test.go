package interop_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers/reps/catalog"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// TestRepCatalog: MODEL properties beside ordinary ones. Models are no more than their roles in Go for now.
func TestRepCatalog(t *testing.T) {
	eachRep(t, "catalog", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Catalog")
		r, err := catalog.AcquireCatalog(q.node, "Catalog")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, "Harbour", r.Library())
			require.EqualValues(t, 3, r.Loans())
			require.False(t, r.Open())
		}
		defaults()
		require.Nil(t, r.Books())
		q.connect(r)
		defaults()
		require.Equal(t, map[int32][]byte{0: []byte("display"), 258: []byte("shelf"), 259: []byte("available")},
			roleNames(t, r.Books()))
		require.Equal(t, map[int32][]byte{0: []byte("display")}, roleNames(t, r.Readers()))
		changes(q, "Catalog.library", `"Hill"`, r.Library, r.OnLibraryChanged, "Hill")
		writes(q, "Catalog.library", r.SetLibrary, "Market", r.Library, r.OnLibraryChanged, `"Market"`)
		changes(q, "Catalog.loans", "7", r.Loans, r.OnLoansChanged, 7)
		changes(q, "Catalog.open", "true", r.Open, r.OnOpenChanged, true)
		writes(q, "Catalog.open", r.PushOpen, false, r.Open, r.OnOpenChanged, "false")
		q.emits("Catalog.lent", `[2,"ann"]`, told(r.OnLent), []any{int32(2), "ann"})
		hears(t, told(r.OnLent), func() { gives[int32](t, 8)(r.Lend(soonContext(t), 0, "éva")) }, []any{int32(0), "éva"})
		require.EqualValues(t, 8, r.Loans())
		writes(q, "Catalog.open", r.PushOpen, true, r.Open, r.OnOpenChanged, "true")
		hears(t, told(r.OnOpenChanged), func() { require.NoError(t, r.Close(soonContext(t))) }, []any{false})
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Catalog")
		q.is("Catalog.library", `"Harbour"`)
		q.is("Catalog.loans", "3")
		impl := &library{}
		s, err := catalog.NewCatalogSource(impl)
		require.NoError(t, err)
		impl.CatalogSource = s
		refuse(t, s.OnSetLibrary, "")
		remote(t, q.host, s.Source(), "Catalog")
		q.Wait(soon, "modelinit", qtpeer.Match{"model": "Catalog.books", "rows": 0,
			"roleNames": qtpeer.Match{"0": "display", "258": "shelf", "259": "available"}, "availableRoles": []int{0, 258, 259}})
		q.Wait(soon, "modelinit", qtpeer.Match{"model": "Catalog.readers", "rows": 0, "roleNames": qtpeer.Match{"0": "display"}, "availableRoles": []int{0}})
		q.Wait(soon, "notified", nil)
		q.Forget()
		q.is("Catalog.library", `"Harbour"`)
		q.is("Catalog.loans", "3")
		q.is("Catalog.open", "false")
		sets(q, "Catalog.library", s.SetLibrary, "Hill", s.Library, `"Hill"`)
		asks(q, "Catalog.library", `""`, `"Market"`, s.Library, "Market")
		sets(q, "Catalog.loans", s.SetLoans, 7, s.Loans, "7")
		asks(q, "Catalog.open", "", "true", s.Open, true)
		sets(q, "Catalog.open", s.SetOpen, false, s.Open, "false")
		asks(q, "Catalog.open", "", "true", s.Open, true)
		require.NoError(t, s.EmitLent(2, "ann"))
		q.signal("Catalog.lent", `[2,"ann"]`)
		q.replies("Catalog.lend", `[0,"éva"]`, "8")
		q.signal("Catalog.lent", `[0,"éva"]`)
		q.changed("Catalog.loans", "8")
		q.calls("Catalog.close", "[]")
		q.changed("Catalog.open", "false")
		q.Send("modelget Catalog.books [0,258]")
		q.Wait(soon, "contents", qtpeer.Match{"rows": 0})
	})
}

type library struct{ *catalog.CatalogSource }

func (l *library) Lend(_ context.Context, row int32, reader string) (int32, error) {
	loans := l.Loans() + 1
	return loans, errors.Join(l.EmitLent(row, reader), l.SetLoans(loans))
}

func (l *library) Close(context.Context) error { return l.SetOpen(false) }

// roleNames returns the roles that a model has.
func roleNames(t *testing.T, model *core.Replica) map[int32][]byte {
	t.Helper()
	roles, err := core.Get[map[int32][]byte](model, "roleNames")
	require.NoError(t, err)
	return roles
}
