package qt

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKeysOfKeys checks that maps whose keys are maps, again and again, take no exponential time.
func TestKeysOfKeys(t *testing.T) {
	const depth = 30
	name, v := "int", Of(int32(1))
	for range depth {
		name = "QMap<" + name + ",int>"
		typ, err := Lookup(name)
		require.NoError(t, err)
		v = entriesValue(typ, []Entry{{v, Of(int32(1))}, {typ.key.Zero(), Of(int32(2))}})
	}
	start := time.Now()
	for _, ver := range []Version{Qt5_12, Qt6_2} {
		w := NewWriter(nil, Format{Version: ver})
		w.Variant(v)
		require.NoError(t, w.Err())
		again := decoded(t, w.Bytes(), w.Format(), nil)
		assert.True(t, again.Equal(v))
		out, err := again.MarshalJSON()
		require.NoError(t, err)
		assert.Less(t, len(out), 4096)
		back, err := v.Type().FromJSON(out)
		require.NoError(t, err)
		assert.True(t, back.Equal(v))
		back, err = v.Type().Value(v.Any())
		require.NoError(t, err)
		assert.True(t, back.Equal(v))
		assert.Less(t, strings.Count(v.String(), "{"), 100)
	}
	assert.Less(t, time.Since(start), 5*time.Second)
}
