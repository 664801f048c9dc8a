package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/interop/peers/reps/mixed"
)

// TestRepMixed: three classes in a file with CRLF line ends, comments and preprocessor lines.
func TestRepMixed(t *testing.T) {
	text, err := peers.Source.ReadFile("reps/mixed/mixed.rep")
	require.NoError(t, err)
	require.Contains(t, string(text), "\r\n", "something has mended the file's line ends")
	const name = "St. Mary, by the river"
	mark := mixed.Mark{Text: "x", Stage: mixed.StageSecond}
	eachRep(t, "mixed", func(t *testing.T, major int) {
		q := startRepSource(t, major, "Tower", "Bell", "Clapper")
		r, err := mixed.AcquireTower(q.node, "Tower")
		require.NoError(t, err)
		bell, err := mixed.AcquireBell(q.node, "Bell")
		require.NoError(t, err)
		clapper, err := mixed.AcquireClapper(q.node, "Clapper")
		require.NoError(t, err)
		defaults := func() {
			t.Helper()
			require.Equal(t, name, r.Name())
			require.Zero(t, r.Mark())
			require.EqualValues(t, 3, bell.Volume())
			require.InDelta(t, 12.5, clapper.Weight(), 0)
		}
		defaults()
		require.Nil(t, r.Bell())
		q.connect(r, bell, clapper)
		defaults()
		changes(q, "Tower.name", `"St. Anne"`, r.Name, r.OnNameChanged, "St. Anne")
		writes(q, "Tower.name", r.SetName, "St. John", r.Name, r.OnNameChanged, `"St. John"`)
		changes(q, "Tower.mark", `["x",2]`, r.Mark, r.OnMarkChanged, mark)
		writes(q, "Tower.mark", r.PushMark, mixed.Mark{Text: "y", Stage: mixed.StageLast}, r.Mark, r.OnMarkChanged, `{"text":"y","stage":-1}`)
		q.emits("Tower.passed", `[["x",2],1]`, told(r.OnPassed), []any{mark, mixed.StageFirst})
		gives(t, mixed.Mark{Text: "x+", Stage: mixed.StageLast})(r.After(soonContext(t), mark))
		for path, b := range map[string]*mixed.BellReplica{"Tower.bell": r.Bell(), "Bell": bell} {
			changes(q, path+".volume", "9", b.Volume, b.OnVolumeChanged, 9)
			writes(q, path+".volume", b.SetVolume, 4, b.Volume, b.OnVolumeChanged, "4")
			q.emits(path+".rang", "[7]", told(b.OnRang), []any{int32(7)})
			hears(t, told(b.OnRang), func() { gives[int32](t, 8)(b.Ring(soonContext(t), 2)) }, []any{int32(2)})
		}
		changes(q, "Clapper.weight", "0.125", clapper.Weight, clapper.OnWeightChanged, 0.125)
		writes(q, "Clapper.weight", clapper.SetWeight, -1e300, clapper.Weight, clapper.OnWeightChanged, "-1e300")
	}, func(t *testing.T, major int) {
		q := startRepReplica(t, major, "Tower", "Bell", "Clapper")
		q.is("Tower.name", `"`+name+`"`)
		q.is("Bell.volume", "3")
		q.is("Clapper.weight", "12.5")
		newBell := func() *mixed.BellSource {
			impl := &bell{}
			b, err := mixed.NewBellSource(impl)
			require.NoError(t, err)
			impl.BellSource = b
			return b
		}
		inTower, alone := newBell(), newBell()
		s, err := mixed.NewTowerSource(tower{})
		require.NoError(t, err)
		require.NoError(t, s.SetBell(inTower))
		clapper, err := mixed.NewClapperSource()
		require.NoError(t, err)
		refuse(t, s.OnSetName, "")
		refuse(t, inTower.OnSetVolume, 11)
		q.serve("Tower", s.Source())
		q.serve("Bell", alone.Source())
		q.serve("Clapper", clapper.Source())
		q.is("Tower.name", `"`+name+`"`)
		sets(q, "Tower.name", s.SetName, "St. Anne", s.Name, `"St. Anne"`)
		asks(q, "Tower.name", `""`, `"St. John"`, s.Name, "St. John")
		sets(q, "Tower.mark", s.SetMark, mark, s.Mark, `{"text":"x","stage":2}`)
		asks(q, "Tower.mark", "", `{"text":"y","stage":-1}`, s.Mark, mixed.Mark{Text: "y", Stage: mixed.StageLast})
		require.NoError(t, s.EmitPassed(mark, mixed.StageFirst))
		q.signal("Tower.passed", `[{"text":"x","stage":2},1]`)
		q.replies("Tower.after", `[["x",1]]`, `{"text":"x+","stage":2}`)
		for path, b := range map[string]*mixed.BellSource{"Tower.bell": inTower, "Bell": alone} {
			q.is(path+".volume", "3")
			sets(q, path+".volume", b.SetVolume, 9, b.Volume, "9")
			asks(q, path+".volume", "", "4", b.Volume, 4)
			require.NoError(t, b.EmitRang(7))
			q.signal(path+".rang", "[7]")
			q.replies(path+".ring", "[2]", "8")
			q.signal(path+".rang", "[2]")
		}
		asks(q, "Tower.bell.volume", "11", "10", inTower.Volume, 10)
		sets(q, "Clapper.weight", clapper.SetWeight, 0.125, clapper.Weight, "0.125")
		asks(q, "Clapper.weight", "", "-1e300", clapper.Weight, -1e300)
	})
}

type tower struct{}

func (tower) After(_ context.Context, mark mixed.Mark) (mixed.Mark, error) {
	return mixed.Mark{Text: mark.Text + "+", Stage: mark.Stage + 1}, nil
}

type bell struct{ *mixed.BellSource }

func (b *bell) Ring(_ context.Context, times int32) (int32, error) {
	return times * b.Volume(), b.EmitRang(times)
}
