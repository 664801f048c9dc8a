package qtpeer

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatches(t *testing.T) {
	event, err := parseEvent([]byte(`{"event":"init","n":18446744073709551615,"f":2.0,"o":{"a":1,"b":[1,{"c":null}]}}`))
	require.NoError(t, err)
	for _, c := range []struct {
		match Match
		want  bool
	}{
		{nil, true},
		{Match{"n": uint64(18446744073709551615)}, true},
		{Match{"n": uint64(18446744073709551614)}, false},
		{Match{"f": 2}, true},
		{Match{"f": "2"}, false},
		{Match{"o": Match{"a": 1.0}}, true},
		{Match{"o": Match{"z": nil}}, false},
		{Match{"o": Match{"b": []any{1, Match{"c": nil}}}}, true},
		{Match{"o": Match{"b": []any{1}}}, false},
		{Match{"n": Match{}}, false},
		{Match{"o": []any{}}, false},
	} {
		want, err := plain(c.match)
		require.NoError(t, err)
		require.Equal(t, c.want, matches(want, map[string]any(event)), "%v", c.match)
	}
	require.Equal(t, "init", event.Name())
	require.Equal(t, `{"a":1,"b":[1,{"c":null}]}`, event.JSON("o"))
	require.Equal(t, "", event.Text("n"))
}

// A peer that is killed is no failure, and what it printed before can still be had.
func TestKill(t *testing.T) {
	for _, major := range []int{5, 6} {
		t.Run(fmt.Sprintf("qt%d", major), func(t *testing.T) {
			p := Start(t, major, "registry", "--url", FreeURL(t, "tcp"))
			p.Wait(stopTime, "ready", nil)
			p.Send("sync %d", 1)
			p.Send("list")
			p.Wait(stopTime, "locations", nil)
			p.Kill()
			<-p.Ended()
			require.Equal(t, "1", p.Wait(stopTime, "sync", nil).Text("tag"))
			require.Len(t, p.Events(), 3)
		})
	}
}
