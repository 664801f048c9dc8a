package interop_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/interop/qtpeer"
)

// TestQtTypes sends every value type between Qt and Qt in every way: property, write, signal, argument and reply.
func TestQtTypes(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Types")
		replica := qtpeer.Start(t, major, "replica", "--connect", url, "--acquire", "Types")
		props := replica.Wait(soon, "init", nil)["props"].(map[string]any)
		rep, err := peers.Rep("types", major)
		require.NoError(t, err)
		require.Len(t, props, strings.Count(rep, "PROP("))
		for _, prop := range slices.Sorted(maps.Keys(props)) {
			kind, value := strings.TrimPrefix(prop, "v"), any(props[prop])
			text := qtpeer.Event(props).JSON(prop)
			if kind == "LongLong" || kind == "ULongLong" {
				text = `"` + text + `"` // Qt 5 reads JSON numbers as doubles
			}
			source.Send(`emit Types.got%s [%s]`, kind, text)
			replica.Wait(soon, "signal", qtpeer.Match{"args": []any{value}})

			replica.Send(`call Types.echo%s [%s]`, kind, text)
			source.Wait(soon, "slot", qtpeer.Match{"slot": "echo" + kind, "args": []any{value}})
			reply := qtpeer.Match{"slot": "Types.echo" + kind, "error": 0, "value": value}
			if major == 6 && (kind == "Dots" || kind == "DotMap") {
				delete(reply, "value") // Qt 6 does not decode these replies
			}
			replica.Wait(soon, "reply", reply)

			replica.Send(`set Types.%s %s`, prop, text)
			source.Wait(soon, "write", qtpeer.Match{"prop": prop, "value": value, "origin": "remote"})
		}
	})
}
