package qt

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestColor(t *testing.T) {
	grey := uint16(math.MaxUint16)
	for _, c := range []struct {
		c    Color
		want string
	}{
		{Color{}, ""},
		{RGBA8(18, 52, 86, 255), "#123456"},
		{RGBA8(255, 52, 86, 128), "#80ff3456"},
		{Color{ColorHSV, 65535, [4]uint16{12000, 200 * 257, 100 * 257}}, "#156415"},
		{Color{ColorHSV, 65535, [4]uint16{35999, 65535, 65535}}, "#ff0000"},
		{Color{ColorHSV, 65535, [4]uint16{grey, 0, 128 * 257}}, "#808080"},
		{Color{ColorHSL, 65535, [4]uint16{30000, 65535, 32768}}, "#ff00ff"},
		{Color{ColorCMYK, 65535, [4]uint16{65535, 0, 0, 0}}, "#00ffff"},
		{Color{ColorCMYK, 65535, [4]uint16{0, 0, 0, 65535}}, "#000000"},
		{Color{ColorExtendedRGB, 0x3c00, [4]uint16{0x3e00, 0xb400, 0x3800}}, "#ff0080"},
	} {
		assert.Equal(t, c.want, c.c.String())
	}
	for a := range 256 {
		c := RGBA8(9, 99, 199, uint8(a))
		back, err := ParseColor(c.String())
		require.NoError(t, err)
		assert.Equal(t, c, back)
	}
	assert.Equal(t, RGBA8(1, 2, 3, 255), ColorOf(color.RGBA{1, 2, 3, 255}))
	assert.Equal(t, RGBA8(1, 2, 3, 4), ColorOf(RGBA8(1, 2, 3, 4)))
	r, g, b, a := RGBA8(255, 0, 0, 128).RGBA()
	assert.Equal(t, [4]uint32{0x8080, 0, 0, 0x8080}, [4]uint32{r, g, b, a})
	for bits, want := range map[uint16]float64{0: 0, 1: math.Ldexp(1, -24), 0x3c00: 1, 0xbc00: -1, 0x7bff: 65504, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1)} {
		assert.InDelta(t, want, half(bits), 0)
	}
	assert.True(t, math.IsNaN(half(0x7e00)))
	for _, s := range []string{"red", "#12", "#12345", "123456", "#xyzxyz"} {
		_, err := ParseColor(s)
		assert.ErrorIs(t, err, ErrValue, s)
	}
}

func TestFontWeight(t *testing.T) {
	for five, six := range map[uint8]uint16{0: 100, 12: 200, 25: 300, 50: 400, 57: 500, 63: 600, 75: 700, 81: 800, 87: 900, 99: 1000} {
		assert.Equal(t, six, weight6(five))
		assert.Equal(t, five, weight5(six))
	}
	for w := range 256 {
		assert.Equal(t, uint8(w), weight5(weight6(uint8(w))), "%d", w)
	}
	assert.EqualValues(t, 255, weight5(math.MaxUint16))
	assert.EqualValues(t, 0, weight5(1))
}

func TestImage(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	m.Set(1, 1, color.NRGBA{1, 2, 3, 255})
	file, err := ImageOf(m)
	require.NoError(t, err)
	for _, f := range []Format{{Qt5_12, true}, {Qt6_2, false}} {
		// In a list, so that something follows the image.
		v := decoded(t, mustHex(t, encoded(t, Of([]any{file, "after"}), f)), f, nil)
		got, err := As[Image](v.Index(0))
		require.NoError(t, err)
		back, err := got.Decode()
		require.NoError(t, err)
		assert.Equal(t, m.Bounds(), back.Bounds())
		assert.Equal(t, color.NRGBA{1, 2, 3, 255}, color.NRGBAModel.Convert(back.At(1, 1)))
	}
	_, err = Image(nil).Decode()
	assert.Error(t, err)
	_, err = ImageOf(image.NewNRGBA(image.Rectangle{}))
	assert.Error(t, err)
}

// TestGui checks forms that the vectors do not have.
func TestGui(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	file, err := ImageOf(m)
	require.NoError(t, err)
	for _, x := range []any{
		Cursor{Shape: BitmapCursor, Bitmap: Bitmap(file), Mask: Bitmap(file), HotSpot: Point{1, 2}},
		Icon{Engine: pixmapIconEngine, Pixmaps: []IconPixmap{{Pixmap: Pixmap(file), File: "a.png", Size: Size{1, 1}, Mode: 1, State: 1}, {}}},
		Bitmap(file),
		KeySequence{1, 2, 3, 4},
		Font{Family: "A", PointSize: 10, PixelSize: -1, Weight: 400, Families: []string{"A", "B"}},
		Pen{Style: 2, Cap: 0x20, Join: 0x80, Cosmetic: true, Width: 2, Brush: SolidBrush(RGBA8(1, 2, 3, 4)), Dashes: []float64{1, math.NaN()}},
		TextFormat{Type: 5, Properties: map[int32]Value{1: Of(SolidBrush(Color{})), 2: {}, 3: Of([]any{"x"})}},
		PointF{math.NaN(), math.Inf(1)},
		Palette{},
	} {
		v := Of(x)
		for _, f := range []Format{{Qt5_12, true}, {Qt6_2, false}} {
			got := decoded(t, mustHex(t, encoded(t, v, f)), f, nil)
			if font, ok := x.(Font); ok && f.Version == Qt5_12 {
				font.Families = nil // Qt 5 has one
				assert.True(t, Of(font).Equal(got))
				continue
			}
			assert.True(t, v.Equal(got), "%s became %s", v, got)
			data, err := v.MarshalJSON()
			require.NoError(t, err)
			back, err := v.Type().FromJSON(data)
			require.NoError(t, err)
			if v.Type().String() != "QTextFormat" { // a brush becomes a map
				assert.True(t, v.Equal(back), "%s became %s", data, back)
			}
		}
	}
	assert.False(t, Of(PointF{1, 2}).Equal(Of(PointF{1, 3})))
	assert.False(t, Of(Polygon{{1, 2}}).Equal(Of(Polygon{{1, 3}})))
	assert.True(t, Of(Matrix{1}).Equal(Of(Matrix{1})))
	assert.False(t, Of(Matrix{1}).Equal(Of(Matrix{2})))
	assert.False(t, Of(Matrix{math.NaN()}).Equal(Of(Transform{math.NaN()})))
}

func TestStructs(t *testing.T) {
	u, err := URL("https://example.org/a%20b").Parse()
	require.NoError(t, err)
	assert.Equal(t, "/a b", u.Path)
	id, err := ParseUUID("{6f9619ff-8b86-d011-b42d-00c04fc964ff}")
	require.NoError(t, err)
	assert.Equal(t, "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", id.String())
	for _, s := range []string{"", "6f9619ff8b86d011b42d00c04fc964ff", "{6f9619ff-8b86-d011-b42d-00c04fc964f}", "x"} {
		_, err := ParseUUID(s)
		assert.ErrorIs(t, err, ErrValue, s)
	}
	// A registry's URL for Qt 5 takes the other's place there, and where there is no other.
	both := SourceLocation{Name: "a", URL: "tcp://six", URL5: "tcp://five"}
	for _, c := range []struct {
		l    SourceLocation
		ver  Version
		want URL
	}{{both, Qt6_2, "tcp://six"}, {both, Qt5_12, "tcp://five"}, {SourceLocation{URL5: "tcp://five"}, Qt6_2, "tcp://five"}} {
		f := Format{Version: c.ver}
		got, err := As[SourceLocation](decoded(t, mustHex(t, encoded(t, Of(c.l), f)), f, nil))
		require.NoError(t, err)
		assert.Equal(t, c.want, got.URL)
	}
	assert.False(t, Of(both).Equal(Of(SourceLocation{Name: "a", URL: "tcp://six"})))
}
