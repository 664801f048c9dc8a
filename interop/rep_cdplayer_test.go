package interop_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers/reps/cdplayer"
)

func TestRepCdplayer(t *testing.T) {
	eachRep(t, "cdplayer", playerOfQt, playerOfGo)
}

// A disc and its tracks, in Go and as the peers write them.
var (
	disc   = cdplayer.Disc{ID: []byte{0, 0xff, 7}, Title: "Goldberg", Year: 1981, Rating: 4.75}
	aria   = cdplayer.Track{Number: 1, Title: "Aria", Artist: "Glenn", Millis: 185_000}
	canon  = cdplayer.Track{Number: 4, Title: "Canone all’Unisono", Artist: "André", Millis: 1 << 40}
	tracks = []cdplayer.Track{aria, canon}
)

const (
	discJSON   = `{"id":{"hex":"00ff07"},"title":"Goldberg","year":1981,"rating":4.75}`
	ariaJSON   = `{"number":1,"title":"Aria","artist":"Glenn","millis":185000}`
	canonJSON  = `{"number":4,"title":"Canone all’Unisono","artist":"André","millis":1099511627776}`
	tracksJSON = "[" + ariaJSON + "," + canonJSON + "]"
)

func playerOfQt(t *testing.T, major int) {
	q := startRepSource(t, major, "Player")
	r, err := cdplayer.AcquirePlayer(q.node, "Player")
	require.NoError(t, err)
	defaults := func() {
		require.Equal(t, cdplayer.PlayerModeEmpty, r.Mode())
		require.Equal(t, cdplayer.RepeatNever, r.Repeat())
		require.InDelta(t, 0.5, r.Volume(), 0)
		require.True(t, r.Shuffle())
		require.Zero(t, r.Disc())
		require.Empty(t, r.Tracks())
		require.Zero(t, r.Current())
		require.Zero(t, r.Position())
		require.InDelta(t, 1.5, r.Speed(), 0)
	}
	defaults()
	q.connect(r)
	defaults()

	changes(q, "Player.mode", "2", r.Mode, r.OnModeChanged, cdplayer.PlayerModePaused)
	changes(q, "Player.repeat", "8", r.Repeat, r.OnRepeatChanged, cdplayer.RepeatWhole)
	changes(q, "Player.volume", "0.25", r.Volume, r.OnVolumeChanged, 0.25)
	changes(q, "Player.shuffle", "false", r.Shuffle, r.OnShuffleChanged, false)
	changes(q, "Player.disc", discJSON, r.Disc, r.OnDiscChanged, disc)
	changes(q, "Player.tracks", tracksJSON, r.Tracks, r.OnTracksChanged, tracks)
	changes(q, "Player.current", canonJSON, r.Current, r.OnCurrentChanged, canon)
	changes(q, "Player.position", "-1099511627776", r.Position, r.OnPositionChanged, -1<<40)
	changes(q, "Player.speed", "0.1", r.Speed, r.OnSpeedChanged, 0.1)

	writes(q, "Player.repeat", r.SetRepeat, cdplayer.RepeatOne, r.Repeat, r.OnRepeatChanged, "1")
	writes(q, "Player.volume", r.PushVolume, 1e-9, r.Volume, r.OnVolumeChanged, "1e-09")
	writes(q, "Player.shuffle", r.SetShuffle, true, r.Shuffle, r.OnShuffleChanged, "true")
	writes(q, "Player.tracks", r.PushTracks, []cdplayer.Track{canon}, r.Tracks, r.OnTracksChanged, "["+canonJSON+"]")
	writes(q, "Player.speed", r.SetSpeed, -2.5, r.Speed, r.OnSpeedChanged, "-2.5")

	progress := func(heard chan any) func() {
		return r.OnProgress(func(millis int64, part float64) { heard <- []any{millis, part} })
	}
	q.emits("Player.progress", "[1099511627776,0.75]", progress, []any{int64(1 << 40), 0.75})
	started := func(heard chan any) func() {
		return r.OnStarted(func(track cdplayer.Track, mode cdplayer.PlayerMode) { heard <- []any{track, mode} })
	}
	q.emits("Player.started", "["+ariaJSON+",-1]", started, []any{aria, cdplayer.PlayerModeEmpty})
	ejected := func(heard chan any) func() {
		return r.OnEjected(func(disc cdplayer.Disc, repeat cdplayer.Repeat) { heard <- []any{disc, repeat} })
	}
	q.emits("Player.ejected", "["+discJSON+",8]", ejected, []any{disc, cdplayer.RepeatWhole})
	queued := func(heard chan any) func() { return r.OnQueued(func(tracks []cdplayer.Track) { heard <- tracks }) }
	q.emits("Player.queued", "["+tracksJSON+"]", queued, tracks)

	hears(t, queued, func() { gives(t, aria)(r.Insert(soonContext(t), disc, tracks)) }, tracks)
	require.Equal(t, []any{disc, tracks, cdplayer.PlayerModeStopped}, []any{r.Disc(), r.Tracks(), r.Mode()})
	hears(t, started, func() { gives(t, cdplayer.PlayerModePlaying)(r.Play(soonContext(t), 4)) }, []any{canon, cdplayer.PlayerModePlaying})
	hears(t, progress, func() { gives(t, int64(1<<39))(r.Seek(soonContext(t), 1<<39)) }, []any{int64(1 << 39), 0.5})
	gives(t, cdplayer.PlayerModePaused)(r.Pause(soonContext(t)))
	gives(t, []cdplayer.Track{canon})(r.By(soonContext(t), "André"))
	gives(t, cdplayer.RepeatWhole)(r.Next(soonContext(t), cdplayer.RepeatOne))
	hears(t, ejected, func() { require.NoError(t, r.Eject(soonContext(t))) }, []any{disc, cdplayer.RepeatOne})
	require.Zero(t, r.Disc())
	require.Equal(t, cdplayer.PlayerModeEmpty, r.Mode())
}

func playerOfGo(t *testing.T, major int) {
	q := startRepReplica(t, major, "Player")
	none := `{"number":0,"title":null,"artist":null,"millis":0}`
	defaults := func() {
		for property, want := range map[string]string{"mode": "-1", "repeat": "0", "volume": "0.5", "shuffle": "true", "speed": "1.5",
			"disc": `{"id":null,"title":null,"year":0,"rating":0}`, "tracks": "[]", "current": none, "position": "0"} {
			q.is("Player."+property, want)
		}
	}
	defaults()
	impl := &goPlayer{}
	s, err := cdplayer.NewPlayerSource(impl)
	require.NoError(t, err)
	impl.PlayerSource = s
	refuse(t, s.OnSetRepeat, cdplayer.RepeatNever)
	refuse(t, s.OnPushVolume, 11)
	refuse(t, s.OnSetShuffle, false)
	refuse(t, s.OnPushTracks, []cdplayer.Track{aria})
	refuse(t, s.OnSetSpeed, 100)
	q.serve("Player", s.Source())
	defaults()

	sets(q, "Player.mode", s.SetMode, cdplayer.PlayerModePaused, s.Mode, "2")
	sets(q, "Player.repeat", s.SetRepeat, cdplayer.RepeatWhole, s.Repeat, "8")
	sets(q, "Player.volume", s.SetVolume, 0.25, s.Volume, "0.25")
	sets(q, "Player.shuffle", s.SetShuffle, false, s.Shuffle, "false")
	sets(q, "Player.disc", s.SetDisc, disc, s.Disc, discJSON)
	sets(q, "Player.tracks", s.SetTracks, tracks, s.Tracks, tracksJSON)
	sets(q, "Player.current", s.SetCurrent, canon, s.Current, canonJSON)
	sets(q, "Player.position", s.SetPosition, -1<<40, s.Position, "-1099511627776")
	sets(q, "Player.speed", s.SetSpeed, 0.5, s.Speed, "0.5")

	asks(q, "Player.repeat", "0", "1", s.Repeat, cdplayer.RepeatOne)
	asks(q, "Player.volume", "11", "1e-09", s.Volume, 1e-9)
	asks(q, "Player.shuffle", "false", "true", s.Shuffle, true)
	asks(q, "Player.tracks", "["+ariaJSON+"]", "["+canonJSON+"]", s.Tracks, []cdplayer.Track{canon})
	asks(q, "Player.speed", "100", "-2.5", s.Speed, -2.5)

	require.NoError(t, s.EmitProgress(1<<40, 0.75))
	q.signal("Player.progress", "[1099511627776,0.75]")
	require.NoError(t, s.EmitStarted(aria, cdplayer.PlayerModeEmpty))
	q.signal("Player.started", "["+ariaJSON+",-1]")
	require.NoError(t, s.EmitEjected(disc, cdplayer.RepeatWhole))
	q.signal("Player.ejected", "["+discJSON+",8]")
	require.NoError(t, s.EmitQueued(tracks))
	q.signal("Player.queued", "["+tracksJSON+"]")

	q.replies("Player.insert", "["+discJSON+","+tracksJSON+"]", ariaJSON)
	q.changed("Player.tracks", tracksJSON)
	q.signal("Player.queued", "["+tracksJSON+"]")
	q.replies("Player.play", "[4]", "1")
	q.signal("Player.started", "["+canonJSON+",1]")
	q.replies("Player.seek", "[549755813888]", "549755813888")
	q.signal("Player.progress", "[549755813888,0.5]")
	q.replies("Player.pause", "[]", "2")
	q.repliesPODs("Player.by", `["André"]`, "["+canonJSON+"]")
	q.replies("Player.next", "[1]", "8")
	q.calls("Player.eject", "[]")
	q.signal("Player.ejected", "["+discJSON+",1]")
	q.is("Player.mode", "-1")
}

type goPlayer struct{ *cdplayer.PlayerSource }

func (p *goPlayer) Insert(_ context.Context, disc cdplayer.Disc, tracks []cdplayer.Track) (cdplayer.Track, error) {
	return tracks[0], errors.Join(p.SetDisc(disc), p.SetTracks(tracks), p.SetMode(cdplayer.PlayerModeStopped), p.EmitQueued(tracks))
}

func (p *goPlayer) Play(_ context.Context, number int32) (cdplayer.PlayerMode, error) {
	for _, t := range p.Tracks() {
		if t.Number == number {
			return cdplayer.PlayerModePlaying, errors.Join(p.SetCurrent(t), p.SetMode(cdplayer.PlayerModePlaying), p.EmitStarted(t, cdplayer.PlayerModePlaying))
		}
	}
	return p.Mode(), nil
}

func (p *goPlayer) Pause(context.Context) (cdplayer.PlayerMode, error) {
	err := p.SetMode(cdplayer.PlayerModePaused)
	return p.Mode(), err
}

func (p *goPlayer) Seek(_ context.Context, millis int64) (int64, error) {
	err := p.SetPosition(min(millis, p.Current().Millis))
	return p.Position(), errors.Join(err, p.EmitProgress(p.Position(), float64(p.Position())/float64(p.Current().Millis)))
}

func (p *goPlayer) By(_ context.Context, artist string) ([]cdplayer.Track, error) {
	return slices.DeleteFunc(p.Tracks(), func(t cdplayer.Track) bool { return t.Artist != artist }), nil
}

func (p *goPlayer) Next(_ context.Context, repeat cdplayer.Repeat) (cdplayer.Repeat, error) {
	return map[cdplayer.Repeat]cdplayer.Repeat{cdplayer.RepeatNever: cdplayer.RepeatOne, cdplayer.RepeatOne: cdplayer.RepeatWhole}[repeat], nil
}

func (p *goPlayer) Eject(context.Context) error {
	before := p.Disc()
	return errors.Join(p.SetDisc(cdplayer.Disc{}), p.SetMode(cdplayer.PlayerModeEmpty), p.EmitEjected(before, p.Repeat()))
}
