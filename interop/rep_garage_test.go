package interop_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/garage"
	"github.com/go-qtro/qtro/qt"
)

func TestRepGarage(t *testing.T) {
	eachRep(t, "garage", garageOfQt, garageOfGo)
}

// A job, an identity, and ten arguments of the signal and the slot, in Go and as the peers write them.
var (
	job = garage.Job{ID: 7, Type: "oil", URL: "https://example.org/a%20b?c#d", Range: []string{"from", "", "to"}}
	id  = qt.UUID{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0x00, 0xc0, 0x4f, 0xc9, 0x64, 0xff}
	ten = tenArgs{1, 2.5, "three", true, 1 << 50, "tcp://six", []string{"seven"}, garage.GarageKindID, job, "ten"}
)

const (
	jobJSON = `{"id":7,"type":"oil","url":"https://example.org/a%20b?c#d","range":["from","","to"]}`
	idJSON  = `"{6f9619ff-8b86-d011-b42d-00c04fc964ff}"`
	tenJSON = `[1,2.5,"three",true,1125899906842624,"tcp://six",["seven"],5,` + jobJSON + `,"ten"]`
)

// tenArgs are what the signal select and the slot package take.
type tenArgs struct {
	A int32
	B float64
	C string
	D bool
	E int64
	F qt.URL
	G []string
	H garage.GarageKind
	I garage.Job
	J any
}

// changed returns what the slot package makes of its arguments for the signal select.
func (x tenArgs) changed() tenArgs {
	return tenArgs{x.A + 1, -x.B, "THREE", !x.D, x.E - 1, x.F, append(x.G, x.G...), garage.GarageKindCar, x.I, x.J}
}

func garageOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "Garage")
	r, err := garage.AcquireGarage(q.node, "Garage")
	require.NoError(t, err)
	defaults := func() {
		require.Equal(t, []string{"workshop", "", ""}, []string{r.Type(), r.Func(), r.HomeURL()})
		require.Equal(t, []int32{3, 0}, []int32{r.Range(), r.Len()})
		require.Equal(t, garage.GarageKindHTTP, r.Kind())
		require.Zero(t, r.URL())
		require.Zero(t, r.ID())
		require.Empty(t, r.Map())
		require.Equal(t, garage.Job{Range: []string{}}, r.Error())
	}
	defaults()
	q.connect(r.Replica) // Wait is a slot of the garage
	defaults()

	changes(q, "Garage.type", `"barn"`, r.Type, r.OnTypeChanged, "barn")
	changes(q, "Garage.range", "4", r.Range, r.OnRangeChanged, 4)
	changes(q, "Garage.url", `"tcp://x:1/"`, r.URL, r.OnURLChanged, "tcp://x:1/")
	changes(q, "Garage.id", idJSON, r.ID, r.OnIDChanged, id)
	changes(q, "Garage.func", `"f"`, r.Func, r.OnFuncChanged, "f")
	changes(q, "Garage.map", `{"a":1,"b":{"c":[true,null]}}`, r.Map, r.OnMapChanged,
		map[string]any{"a": int32(1), "b": map[string]any{"c": []any{true, nil}}})
	changes(q, "Garage.kind", "5", r.Kind, r.OnKindChanged, garage.GarageKindID)
	changes(q, "Garage.homeUrl", `"h"`, r.HomeURL, r.OnHomeURLChanged, "h")
	changes(q, "Garage.len", "-5", r.Len, r.OnLenChanged, -5)
	changes(q, "Garage.error", jobJSON, r.Error, r.OnErrorChanged, job)

	writes(q, "Garage.type", r.SetType, "shed", r.Type, r.OnTypeChanged, `"shed"`)
	writes(q, "Garage.range", r.PushRange, 9, r.Range, r.OnRangeChanged, "9")
	writes(q, "Garage.url", r.SetURL, "http://a/%25", r.URL, r.OnURLChanged, `"http://a/%25"`)
	writes(q, "Garage.func", r.SetFunc, "g", r.Func, r.OnFuncChanged, `"g"`)
	writes(q, "Garage.map", r.SetMap, map[string]any{"k": "v"}, r.Map, r.OnMapChanged, `{"k":"v"}`)
	writes(q, "Garage.kind", r.SetKind, garage.GarageKindCar, r.Kind, r.OnKindChanged, "0")
	writes(q, "Garage.homeUrl", r.SetHomeURL, "i", r.HomeURL, r.OnHomeURLChanged, `"i"`)
	writes(q, "Garage.len", r.SetLen, 12, r.Len, r.OnLenChanged, "12")
	writes(q, "Garage.error", r.PushError, garage.Job{Type: "none", Range: []string{}}, r.Error, r.OnErrorChanged, `{"id":0,"type":"none","url":"","range":[]}`)

	selected := func(heard chan any) func() {
		return r.OnSelect(func(a int32, b float64, c string, d bool, e int64, f qt.URL, g []string, h garage.GarageKind, i garage.Job, j any) {
			heard <- tenArgs{a, b, c, d, e, f, g, h, i, j}
		})
	}
	q.emits("Garage.select", tenJSON, selected, ten)
	closed := func(heard chan any) func() { return r.OnClosed(func(err int32) { heard <- err }) }
	q.emits("Garage.closed", "[3]", closed, int32(3))

	hears(t, selected, func() {
		gives(t, "three tcp://six oil")(r.Package(soonContext(t), ten.A, ten.B, ten.C, ten.D, ten.E, ten.F, ten.G, ten.H, ten.I, ten.J))
	}, ten.changed())
	hears(t, closed, func() { gives(t, int32(6))(r.Close(soonContext(t), 5)) }, int32(5))
	gives(t, "abab")(r.String(soonContext(t), "ab"))
	gives(t, garage.Job{ID: 5, Type: job.Type, URL: job.URL, Range: job.Range})(r.Wait(soonContext(t), job, 2, 3))
	hears(t, func(heard chan any) func() { return r.OnURLChanged(func(u qt.URL) { heard <- u }) },
		func() { require.NoError(t, r.Fallthrough(soonContext(t), "tcp://last")) }, qt.URL("tcp://last"))
	require.NoError(t, r.Replica.Close())
}

func garageOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "Garage")
	defaults := func() {
		for property, want := range map[string]string{"type": `"workshop"`, "range": "3", "func": "null", "homeUrl": "null", "url": `""`, "id": `"{00000000-0000-0000-0000-000000000000}"`,
			"map": "{}", "kind": "4", "len": "0", "error": `{"id":0,"type":null,"url":"","range":[]}`} {
			q.is("Garage."+property, want)
		}
	}
	defaults()
	impl := &goGarage{}
	s, err := garage.NewGarageSource(impl)
	require.NoError(t, err)
	impl.GarageSource = s
	refuse(t, s.OnSetType, "ruin")
	refuse(t, s.OnPushRange, -1)
	refuse(t, s.OnSetURL, "bad:")
	refuse(t, s.OnSetFunc, "no")
	refuse(t, s.OnSetMap, map[string]any{"no": true})
	refuse(t, s.OnSetKind, garage.GarageKindHTTP)
	refuse(t, s.OnSetHomeURL, "no")
	refuse(t, s.OnSetLen, 1000)
	refuse(t, s.OnPushError, job)
	q.serve("Garage", s.Source())
	defaults()

	sets(q, "Garage.type", s.SetType, "barn", s.Type, `"barn"`)
	sets(q, "Garage.range", s.SetRange, 4, s.Range, "4")
	sets(q, "Garage.url", s.SetURL, "tcp://x:1/", s.URL, `"tcp://x:1/"`)
	sets(q, "Garage.id", s.SetID, id, s.ID, idJSON)
	sets(q, "Garage.func", s.SetFunc, "f", s.Func, `"f"`)
	sets(q, "Garage.map", s.SetMap, map[string]any{"a": int32(1), "b": map[string]any{"c": []any{true, nil}}}, s.Map, `{"a":1,"b":{"c":[true,null]}}`)
	sets(q, "Garage.kind", s.SetKind, garage.GarageKindID, s.Kind, "5")
	sets(q, "Garage.homeUrl", s.SetHomeURL, "h", s.HomeURL, `"h"`)
	sets(q, "Garage.len", s.SetLen, -5, s.Len, "-5")
	sets(q, "Garage.error", s.SetError, garage.Job{ID: 1, Type: "x", Range: []string{}}, s.Error, `{"id":1,"type":"x","url":"","range":[]}`)

	asks(q, "Garage.type", `"ruin"`, `"shed"`, s.Type, "shed")
	asks(q, "Garage.range", "-1", "9", s.Range, 9)
	asks(q, "Garage.url", `"bad:"`, `"http://a/%25"`, s.URL, "http://a/%25")
	asks(q, "Garage.func", `"no"`, `"g"`, s.Func, "g")
	asks(q, "Garage.map", `{"no":true}`, `{"k":"v"}`, s.Map, map[string]any{"k": "v"})
	asks(q, "Garage.kind", "4", "0", s.Kind, garage.GarageKindCar)
	asks(q, "Garage.homeUrl", `"no"`, `"i"`, s.HomeURL, "i")
	asks(q, "Garage.len", "1000", "12", s.Len, 12)
	asks(q, "Garage.error", jobJSON, `{"id":2,"type":"y","url":"q:","range":["r"]}`, s.Error, garage.Job{ID: 2, Type: "y", URL: "q:", Range: []string{"r"}})

	require.NoError(t, s.EmitSelect(ten.A, ten.B, ten.C, ten.D, ten.E, ten.F, ten.G, ten.H, ten.I, ten.J))
	q.signal("Garage.select", tenJSON)
	require.NoError(t, s.EmitClosed(3))
	q.signal("Garage.closed", "[3]")

	q.replies("Garage.package", tenJSON, `"three tcp://six oil"`)
	q.signal("Garage.select", `[2,-2.5,"THREE",false,1125899906842623,"tcp://six",["seven","seven"],0,`+jobJSON+`,"ten"]`)
	q.replies("Garage.close", "[5]", "6")
	q.signal("Garage.closed", "[5]")
	q.replies("Garage.string", `["ab"]`, `"abab"`)
	q.replies("Garage.wait", "["+jobJSON+",2,3]", `{"id":5,"type":"oil","url":"https://example.org/a%20b?c#d","range":["from","","to"]}`)
	q.calls("Garage.fallthrough", `["tcp://last"]`)
	q.changed("Garage.url", `"tcp://last"`)
}

type goGarage struct{ *garage.GarageSource }

func (g *goGarage) Package(_ context.Context, a int32, b float64, c string, d bool, e int64, f qt.URL, x []string, h garage.GarageKind, i garage.Job, j any) (string, error) {
	n := tenArgs{a, b, c, d, e, f, x, h, i, j}.changed()
	return c + " " + string(f) + " " + i.Type, g.EmitSelect(n.A, n.B, n.C, n.D, n.E, n.F, n.G, n.H, n.I, n.J)
}

func (g *goGarage) Close(_ context.Context, ctx int32) (int32, error) {
	return ctx + 1, g.EmitClosed(ctx)
}

func (g *goGarage) String(_ context.Context, s string) (string, error) { return s + s, nil }

func (g *goGarage) Wait(_ context.Context, r garage.Job, err, s int32) (garage.Job, error) {
	r.ID = err + s
	return r, nil
}

func (g *goGarage) Fallthrough(_ context.Context, url qt.URL) error {
	if url == "" {
		return errors.New("no URL")
	}
	return g.SetURL(url)
}
