package qt

import (
	"math"
	"slices"
)

// FontFlags are the properties of a [Font] that are on or off.
type FontFlags uint16

// The bits of FontFlags.
const (
	FontItalic                FontFlags = 0x01
	FontUnderline             FontFlags = 0x02
	FontStrikeOut             FontFlags = 0x04
	FontFixedPitch            FontFlags = 0x08
	FontKerning               FontFlags = 0x10
	FontOverline              FontFlags = 0x40
	FontOblique               FontFlags = 0x80
	FontIgnorePitch           FontFlags = 0x100
	FontAbsoluteLetterSpacing FontFlags = 0x200 // LetterSpacing is in pixels, not percent
)

// Font is a QFont. Sizes that do not apply are -1: a font has either a point size or a pixel size.
type Font struct {
	Family         string    `json:"family"`
	Families       []string  `json:"families,omitempty"` // Qt 6 only; nil means just Family
	StyleName      string    `json:"styleName"`          // "" for none
	PointSize      float64   `json:"pointSize"`
	PixelSize      int32     `json:"pixelSize"`
	StyleHint      uint8     `json:"styleHint"`     // QFont::StyleHint
	StyleStrategy  uint16    `json:"styleStrategy"` // QFont::StyleStrategy
	Weight         uint16    `json:"weight"`        // Qt 6's scale, from 100 to 900; Qt 5's is converted
	Flags          FontFlags `json:"flags"`
	Stretch        uint16    `json:"stretch"`        // percent; 0 for any
	LetterSpacing  float64   `json:"letterSpacing"`  // percent or pixels, a multiple of 1/64
	WordSpacing    float64   `json:"wordSpacing"`    // pixels, a multiple of 1/64
	Hinting        uint8     `json:"hinting"`        // QFont::HintingPreference
	Capitalization uint8     `json:"capitalization"` // QFont::Capitalization
}

// defaultFont is a QFont of no family in particular.
var defaultFont = Font{PointSize: 12, PixelSize: -1, StyleHint: 5, StyleStrategy: 1, Weight: 400, Flags: FontKerning | FontIgnorePitch}

func decodeFont(r *Reader) Font {
	f := Font{Family: r.Text(), StyleName: r.Text(), PointSize: r.Float64(), PixelSize: r.Int32(), StyleHint: r.Uint8(), StyleStrategy: r.Uint16()}
	qt5 := r.format.Version == Qt5_12
	if qt5 {
		r.Uint8() // a character set once
		f.Weight = weight6(r.Uint8())
	} else {
		f.Weight = r.Uint16()
	}
	f.Flags = FontFlags(r.Uint8())
	f.Stretch = r.Uint16()
	f.Flags |= FontFlags(r.Uint8()) << 8
	f.LetterSpacing, f.WordSpacing = float64(r.Int32())/64, float64(r.Int32())/64
	f.Hinting, f.Capitalization = r.Uint8(), r.Uint8()
	if !qt5 {
		n := r.Count(4)
		f.Families = make([]string, 0, n)
		for len(f.Families) < n && r.err == nil {
			f.Families = append(f.Families, r.Text())
		}
	}
	return f
}

func encodeFont(w *Writer, f Font) {
	w.textOrNull(f.Family)
	w.textOrNull(f.StyleName)
	w.Float64(f.PointSize)
	w.Int32(f.PixelSize)
	w.Uint8(f.StyleHint)
	w.Uint16(f.StyleStrategy)
	qt5 := w.format.Version == Qt5_12
	if qt5 {
		w.Uint8(0)
		w.Uint8(weight5(f.Weight))
	} else {
		w.Uint16(f.Weight)
	}
	w.Uint8(uint8(f.Flags))
	w.Uint16(f.Stretch)
	w.Uint8(uint8(f.Flags >> 8))
	putInt32s(w, int32(math.Round(f.LetterSpacing*64)), int32(math.Round(f.WordSpacing*64)))
	w.Uint8(f.Hinting)
	w.Uint8(f.Capitalization)
	if qt5 {
		return
	}
	families := f.Families
	if families == nil && f.Family != "" {
		families = []string{f.Family}
	}
	w.Uint32(uint32(len(families)))
	for _, s := range families {
		w.Text(s)
	}
}

// The weights that have a name, from Thin to Black, and the ends of the scales, in Qt 5 and in Qt 6.
var (
	weights5 = []float64{0, 12, 25, 50, 57, 63, 75, 81, 87, 99, 255}
	weights6 = []float64{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1000 + 8*156}
)

// weight6 returns a weight of Qt 5 in Qt 6's scale, in between proportionally.
func weight6(w uint8) uint16 { return uint16(scale(float64(w), weights5, weights6)) }

// weight5 is the inverse of weight6; it gives the nearest that Qt 5 has.
func weight5(w uint16) uint8 { return uint8(scale(float64(w), weights6, weights5)) }

func scale(x float64, from, to []float64) float64 {
	x = min(max(x, from[0]), from[len(from)-1])
	i := min(max(slices.IndexFunc(from, func(f float64) bool { return x < f })-1, 0), len(from)-2)
	if x == from[len(from)-1] {
		i = len(from) - 2
	}
	return math.Round(to[i] + (x-from[i])*(to[i+1]-to[i])/(from[i+1]-from[i]))
}
