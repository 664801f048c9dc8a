package qt

import (
	"bufio"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the vectors name zones

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

func (v vector) String() string { return v.typeName + " " + v.value }

func encoded(t testing.TB, v Value, f Format) string {
	w := NewWriter(nil, f)
	w.Variant(v)
	require.NoError(t, w.Err())
	return hex.EncodeToString(w.Bytes())
}

func decoded(t testing.TB, data []byte, f Format, types *Types) Value {
	r := NewReader(data, f, types)
	v := r.Variant()
	require.NoError(t, r.Finish("value"))
	return v
}

// lossyAny are the vectors of which a plain Go value does not keep all.
func lossyAny(v vector) string {
	switch {
	case strings.Contains(v.value, "null QString") || strings.Contains(v.value, "null,") || strings.Contains(v.value, ", null") || v.String() == "QString null":
		return "null strings"
	case strings.HasPrefix(v.value, "typed null"):
		return "typed nulls"
	}
	return ""
}

// TestVectors checks every value that real Qt wrote, in both byte orders: what is decoded encodes to the same bytes,
// and so does what its plain Go value becomes as a value of its type.
func TestVectors(t *testing.T) {
	zurich, err := time.LoadLocation("Europe/Zurich")
	require.NoError(t, err)
	defer func(l *time.Location) { time.Local = l }(time.Local)
	time.Local = zurich // as on the machine that wrote the vectors
	files, err := filepath.Glob("testdata/variants*.txt")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		ver := fileVersion(file)
		for _, vec := range vectors(t, file) {
			t.Run(filepath.Base(file)+"/"+vec.String(), func(t *testing.T) {
				for order, data := range map[bool][]byte{true: vec.le, false: vec.be} {
					f := Format{ver, order}
					v := decoded(t, data, f, nil)
					assert.Equal(t, hex.EncodeToString(data), encoded(t, v, f))
					if !v.IsValid() {
						continue
					}
					assert.Equal(t, vec.typeName, v.Type().Name(ver))
					checkAny(t, v, lossyAny(vec))
					checkJSON(t, v, vec)
				}
			})
		}
	}
}

func checkAny(t *testing.T, v Value, lossy string) {
	x := v.Any()
	if x != nil && v.Type().Go().Kind() != reflect.Interface {
		assert.Equal(t, v.Type().Go(), reflect.TypeOf(x), "Go type")
	}
	again, err := v.Type().Value(x)
	require.NoError(t, err)
	if v.Type().IsVariant() {
		v = v.Unwrap()
	}
	if lossy == "" {
		assert.True(t, v.Equal(again), "%#v became %s", x, again)
	}
	var y any
	require.NoError(t, v.To(&y))
	assert.Equal(t, x, y)
}

// checkJSON checks that a value of a known type survives as JSON, except for what JSON does not say.
func checkJSON(t *testing.T, v Value, vec vector) {
	data, err := v.MarshalJSON()
	require.NoError(t, err)
	again, err := v.Type().FromJSON(data)
	require.NoError(t, err, "%s", data)
	switch {
	case strings.Contains(vec.typeName, "Variant") || vec.typeName == "QTextFormat": // types
	case strings.HasPrefix(vec.value, "typed null"):
	case vec.typeName == "QDateTime": // zones
		a, errA := As[time.Time](v)
		b, errB := As[time.Time](again)
		require.NoError(t, errors.Join(errA, errB))
		assert.True(t, a.Equal(b), "%s became %s", a, b)
	default:
		assert.True(t, v.Equal(again), "%s became %s", data, again)
	}
}

// differs says why Qt 5 writes the value of a vector in other bytes than what Qt 6 has written means in Qt 5.
func differs(v vector) string {
	switch {
	case strings.HasPrefix(v.value, "families"):
		return "Qt 5 knows one family only"
	case v.typeName == "QPen":
		return "Qt 5 notes that the width is the default"
	case v.typeName == "QTextFormat" && strings.Contains(v.value, "italic"):
		return "properties have other numbers"
	case slices.Contains([]string{"QImage", "QPixmap", "QIcon", "QColorSpace"}, v.typeName), strings.Contains(v.value, "texture"), strings.Contains(v.value, "pixmap cursor"):
		return "PNG and ICC files name a resolution and a time"
	case v.typeName == "QPalette":
		return "each version makes up other colours"
	}
	return ""
}

// TestVectorsAcrossVersions checks that what Qt 6 wrote, written for Qt 5, is what Qt 5 writes, and the reverse.
func TestVectorsAcrossVersions(t *testing.T) {
	for _, kind := range []string{"variants", "variants_gui"} {
		both := map[string][2]vector{}
		for i, file := range []string{kind + ".qt5_12.txt", kind + ".qt6_2.txt"} {
			for _, vec := range vectors(t, "testdata/"+file) {
				pair := both[vec.String()]
				pair[i] = vec
				both[vec.String()] = pair
			}
		}
		for name, pair := range both {
			if pair[0].le == nil || pair[1].le == nil || differs(pair[0]) != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				for order, data := range map[bool][2][]byte{true: {pair[0].le, pair[1].le}, false: {pair[0].be, pair[1].be}} {
					f5, f6 := Format{Qt5_12, order}, Format{Qt6_2, order}
					assert.Equal(t, hex.EncodeToString(data[0]), encoded(t, decoded(t, data[1], f6, nil), f5), "from Qt 6 to Qt 5")
					if !strings.Contains(name, "radius 1.5") { // which Qt 5 does not send
						assert.Equal(t, hex.EncodeToString(data[1]), encoded(t, decoded(t, data[0], f5, nil), f6), "from Qt 5 to Qt 6")
					}
				}
			})
		}
	}
}

func mustHex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
