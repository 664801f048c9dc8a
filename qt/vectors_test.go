package qt

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vec3 is the type of a user: the peer that wrote the vectors registered it under this name.
type vec3 struct {
	X, Y, Z float64
	N       int32
}

func init() {
	Register("probe::Vec3", Codec[vec3]{
		Decode: func(r *Reader) vec3 { return vec3{X: r.Float64(), Y: r.Float64(), N: r.Int32()} },
		Encode: func(w *Writer, v vec3) { w.Float64(v.X); w.Float64(v.Y); w.Int32(v.N) },
	})
}

type vector struct {
	typeName, value string
	le, be          []byte
}

// vectors reads a file of values that Qt wrote: type | value | little-endian hex | big-endian hex.
func vectors(t testing.TB, file string) []vector {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var out []vector
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		parts := strings.Split(s.Text(), " | ")
		if strings.HasPrefix(s.Text(), "#") || len(parts) < 4 {
			continue
		}
		n := len(parts)
		le, err := hex.DecodeString(parts[n-2])
		require.NoError(t, err)
		be, err := hex.DecodeString(parts[n-1])
		require.NoError(t, err)
		out = append(out, vector{parts[0], strings.Join(parts[1:n-2], " | "), le, be})
	}
	require.NoError(t, s.Err())
	require.NotEmpty(t, out)
	return out
}

func fileVersion(file string) Version {
	if strings.Contains(file, "qt5") {
		return Qt5_12
	}
	return Qt6_2
}

// TestVectors checks every value that real Qt wrote, in both byte orders: what is decoded encodes to the same bytes,
// and so does what its plain Go value becomes as a value of its type.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/variants*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		ver := fileVersion(file)
		for _, vec := range vectors(t, file) {
			t.Run(filepath.Base(file)+"/"+vec.typeName+" "+vec.value, func(t *testing.T) {
				for order, data := range map[bool][]byte{true: vec.le, false: vec.be} {
					f := Format{ver, order}
					r := NewReader(data, f, nil)
					v := r.Variant()
					require.NoError(t, r.Finish("vector"))
					w := NewWriter(nil, f)
					w.Variant(v)
					require.NoError(t, w.Err())
					assert.Equal(t, hex.EncodeToString(data), hex.EncodeToString(w.Bytes()))
					if v.IsValid() {
						assert.Equal(t, vec.typeName, v.Type().Name(ver))
					}
				}
			})
		}
	}
}
