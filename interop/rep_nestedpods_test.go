package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/nestedpods"
)

// TestRepNestedPODs: PODs in PODs in PODs, with enums, lists and maps of PODs in them, some of them empty.
func TestRepNestedPODs(t *testing.T) {
	screw := nestedpods.Screw{Thread: "M4", Length: 12.5}
	joint := nestedpods.Joint{Screw: screw, Count: 4, Finish: nestedpods.FinishPolished}
	wheel := nestedpods.Part{Name: "wheel", Joint: joint, Spares: []nestedpods.Screw{screw, {Thread: "M5", Length: 0.25}},
		Variants: map[string]nestedpods.Joint{"raw": {Screw: screw, Count: -1, Finish: nestedpods.FinishRaw}, "none": {}}}
	plain := nestedpods.Part{Name: "plain", Spares: []nestedpods.Screw{}, Variants: map[string]nestedpods.Joint{}}
	cart := nestedpods.Machine{Serial: 7, Body: wheel, Parts: []nestedpods.Part{plain, wheel}, Note: "noted"}
	bare := nestedpods.Machine{Serial: -7, Body: plain, Parts: []nestedpods.Part{}, Note: int32(5)}
	const (
		screwJSON = `{"thread":"M4","length":12.5}`
		jointJSON = `{"screw":` + screwJSON + `,"count":4,"finish":4}`
		wheelJSON = `{"name":"wheel","joint":` + jointJSON + `,"spares":[` + screwJSON + `,{"thread":"M5","length":0.25}],"variants":{"raw":{"screw":` +
			screwJSON + `,"count":-1,"finish":-1},"none":{"screw":{"thread":null,"length":0},"count":0,"finish":0}}}`
		plainJSON = `{"name":"plain","joint":{"screw":{"thread":null,"length":0},"count":0,"finish":0},"spares":[],"variants":{}}`
		cartJSON  = `{"serial":7,"body":` + wheelJSON + `,"parts":[` + plainJSON + `,` + wheelJSON + `],"note":"noted"}`
		bareJSON  = `{"serial":-7,"body":` + plainJSON + `,"parts":[],"note":5}`
	)
	eachRep(t, "nestedpods", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Workshop")
		r, err := nestedpods.AcquireWorkshop(q.node, "Workshop")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, nestedpods.Machine{Body: nestedpods.Part{Spares: []nestedpods.Screw{}, Variants: map[string]nestedpods.Joint{}},
				Parts: []nestedpods.Part{}}, r.Machine())
			require.Zero(t, r.Joint())
			require.Empty(t, r.Stock())
			require.Empty(t, r.Built())
		}
		defaults()
		q.connect(r)
		defaults()
		changes(q, "Workshop.machine", cartJSON, r.Machine, r.OnMachineChanged, cart)
		writes(q, "Workshop.machine", r.SetMachine, bare, r.Machine, r.OnMachineChanged, bareJSON)
		changes(q, "Workshop.joint", jointJSON, r.Joint, r.OnJointChanged, joint)
		changes(q, "Workshop.stock", "["+plainJSON+","+wheelJSON+"]", r.Stock, r.OnStockChanged, []nestedpods.Part{plain, wheel})
		writes(q, "Workshop.stock", r.PushStock, []nestedpods.Part{wheel}, r.Stock, r.OnStockChanged, "["+wheelJSON+"]")
		writes(q, "Workshop.stock", r.PushStock, []nestedpods.Part{}, r.Stock, r.OnStockChanged, "[]")
		changes(q, "Workshop.built", `{"a":`+cartJSON+`}`, r.Built, r.OnBuiltChanged, map[string]nestedpods.Machine{"a": cart})
		writes(q, "Workshop.built", r.PushBuilt, map[string]nestedpods.Machine{"": bare, "b": cart}, r.Built, r.OnBuiltChanged,
			`{"":`+bareJSON+`,"b":`+cartJSON+`}`)

		q.emits("Workshop.finished", "["+cartJSON+",90]", told(r.OnFinished), []any{cart, int32(90)})
		q.emits("Workshop.delivered", "[["+wheelJSON+`],{"j":`+jointJSON+"}]", told(r.OnDelivered),
			[]any{[]nestedpods.Part{wheel}, map[string]nestedpods.Joint{"j": joint}})
		q.emits("Workshop.delivered", "[[],{}]", told(r.OnDelivered), []any{[]nestedpods.Part{}, map[string]nestedpods.Joint{}})

		ctx := soonContext(t)
		gives(t, nestedpods.Machine{Serial: 2, Body: wheel, Parts: []nestedpods.Part{plain, wheel}, Note: "wheel"})(
			r.Assemble(ctx, wheel, []nestedpods.Part{plain, wheel}))
		renamed := wheel
		renamed.Name = "tyre"
		gives(t, renamed)(r.Renamed(ctx, wheel, "tyre"))
		gives[int32](t, 6)(r.Screws(ctx, map[string]nestedpods.Part{"a": wheel, "b": plain}))
		gives(t, []nestedpods.Part{wheel, wheel})(r.Copies(ctx, wheel, 2))
		gives(t, []nestedpods.Part{})(r.Copies(ctx, wheel, 0))
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Workshop")
		q.is("Workshop.stock", "[]")
		s, err := nestedpods.NewWorkshopSource(workshop{})
		require.NoError(t, err)
		refuse(t, s.OnSetMachine, bare)
		refuse(t, s.OnPushStock, []nestedpods.Part{})
		q.serve("Workshop", s.Source())
		q.is("Workshop.joint", `{"screw":{"thread":null,"length":0},"count":0,"finish":0}`)
		q.is("Workshop.stock", "[]")
		q.is("Workshop.built", "{}")
		sets(q, "Workshop.machine", s.SetMachine, cart, s.Machine, cartJSON)
		other := cart
		other.Serial, other.Parts = 8, []nestedpods.Part{plain}
		asks(q, "Workshop.machine", bareJSON, `{"serial":8,"body":`+wheelJSON+`,"parts":[`+plainJSON+`],"note":"noted"}`, s.Machine, other)
		sets(q, "Workshop.joint", s.SetJoint, joint, s.Joint, jointJSON)
		sets(q, "Workshop.stock", s.SetStock, []nestedpods.Part{wheel, plain}, s.Stock, "["+wheelJSON+","+plainJSON+"]")
		asks(q, "Workshop.stock", "[]", "["+plainJSON+"]", s.Stock, []nestedpods.Part{plain})
		sets(q, "Workshop.built", s.SetBuilt, map[string]nestedpods.Machine{"a": bare}, s.Built, `{"a":`+bareJSON+`}`)
		asks(q, "Workshop.built", "", `{"":`+bareJSON+`,"b":`+cartJSON+`}`, s.Built, map[string]nestedpods.Machine{"": bare, "b": cart})
		asks(q, "Workshop.built", "", "{}", s.Built, map[string]nestedpods.Machine{})

		require.NoError(t, s.EmitFinished(cart, 90))
		q.signal("Workshop.finished", "["+cartJSON+",90]")
		require.NoError(t, s.EmitDelivered([]nestedpods.Part{wheel}, map[string]nestedpods.Joint{"j": joint}))
		q.signal("Workshop.delivered", "[["+wheelJSON+`],{"j":`+jointJSON+"}]")
		require.NoError(t, s.EmitDelivered(nil, nil))
		q.signal("Workshop.delivered", "[[],{}]")

		q.replies("Workshop.assemble", "["+wheelJSON+",["+plainJSON+"]]", `{"serial":1,"body":`+wheelJSON+`,"parts":[`+plainJSON+`],"note":"wheel"}`)
		q.replies("Workshop.renamed", "["+plainJSON+`,"clean"]`, `{"name":"clean"`+plainJSON[len(`{"name":"plain"`):])
		q.replies("Workshop.screws", `[{"a":`+wheelJSON+`,"b":`+plainJSON+`}]`, "6")
		q.repliesPODs("Workshop.copies", "["+wheelJSON+",2]", "["+wheelJSON+","+wheelJSON+"]")
	})
}

type workshop struct{}

func (workshop) Assemble(_ context.Context, body nestedpods.Part, parts []nestedpods.Part) (nestedpods.Machine, error) {
	return nestedpods.Machine{Serial: int32(len(parts)), Body: body, Parts: parts, Note: body.Name}, nil
}

func (workshop) Renamed(_ context.Context, part nestedpods.Part, name string) (nestedpods.Part, error) {
	part.Name = name
	return part, nil
}

func (workshop) Screws(_ context.Context, parts map[string]nestedpods.Part) (n int32, _ error) {
	for _, p := range parts {
		n += p.Joint.Count + int32(len(p.Spares))
	}
	return n, nil
}

func (workshop) Copies(_ context.Context, of nestedpods.Part, n int32) ([]nestedpods.Part, error) {
	out := make([]nestedpods.Part, n)
	for i := range out {
		out[i] = of
	}
	return out, nil
}
