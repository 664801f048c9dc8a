package qt

import (
	"fmt"
	"image/color"
	"math"
)

// ColorSpec says how a [Color] is described (Qt: QColor::Spec).
type ColorSpec uint8

// The ways of describing a colour.
const (
	ColorInvalid ColorSpec = iota
	ColorRGB
	ColorHSV
	ColorCMYK
	ColorHSL
	ColorExtendedRGB // its alpha and components are half-precision floats
)

// Color is a QColor. Components are red, green, blue; hue, saturation, value; cyan, magenta, yellow, black; or hue,
// saturation, lightness. Each goes from 0 to 65535, but a hue is hundredths of a degree, and 65535 for grey.
// It is a color.Color too.
type Color struct {
	Spec       ColorSpec `json:"spec"`
	Alpha      uint16    `json:"alpha"`
	Components [4]uint16 `json:"components"`
}

// RGBA8 returns the colour with these 8-bit components, which are not premultiplied by alpha.
func RGBA8(r, g, b, a uint8) Color {
	return Color{ColorRGB, uint16(a) * 0x101, [4]uint16{uint16(r) * 0x101, uint16(g) * 0x101, uint16(b) * 0x101}}
}

// ColorOf returns a colour of Go's as a Color.
func ColorOf(c color.Color) Color {
	if q, ok := c.(Color); ok {
		return q
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return Color{ColorRGB, n.A, [4]uint16{n.R, n.G, n.B}}
}

// RGBA returns the components premultiplied by alpha, as color.Color wants them. An invalid colour is transparent.
func (c Color) RGBA() (r, g, b, a uint32) {
	rgb, alpha := c.rgb()
	alpha = min(max(alpha, 0), 1)
	return wide(rgb[0] * alpha), wide(rgb[1] * alpha), wide(rgb[2] * alpha), wide(alpha)
}

// wide returns a component from 0 to 1 as one of 16 bits.
func wide(f float64) uint32 { return uint32(math.Round(min(max(f, 0), 1) * math.MaxUint16)) }

// rgb returns the colour's red, green and blue, and its alpha, each from 0 to 1.
func (c Color) rgb() (rgb [3]float64, alpha float64) {
	var x [4]float64
	for i, v := range c.Components {
		x[i] = float64(v) / math.MaxUint16
	}
	alpha = float64(c.Alpha) / math.MaxUint16
	hue := float64(c.Components[0]) / 6000 // sixths of the circle
	if c.Components[0] == math.MaxUint16 {
		hue = 0
	}
	switch c.Spec {
	case ColorRGB:
		return [3]float64{x[0], x[1], x[2]}, alpha
	case ColorHSV:
		return hueRGB(hue, x[1]*x[2], x[2]-x[1]*x[2]), alpha
	case ColorHSL:
		chroma := (1 - math.Abs(2*x[2]-1)) * x[1]
		return hueRGB(hue, chroma, x[2]-chroma/2), alpha
	case ColorCMYK:
		return [3]float64{(1 - x[0]) * (1 - x[3]), (1 - x[1]) * (1 - x[3]), (1 - x[2]) * (1 - x[3])}, alpha
	case ColorExtendedRGB:
		return [3]float64{half(c.Components[0]), half(c.Components[1]), half(c.Components[2])}, half(c.Alpha)
	}
	return rgb, 0
}

// hueRGB returns the colour of a hue, in sixths of the circle, whose strongest and weakest component differ by chroma
// and whose weakest is low.
func hueRGB(hue, chroma, low float64) [3]float64 {
	mid := chroma * (1 - math.Abs(math.Mod(hue, 2)-1))
	rgb := [...][3]float64{{chroma, mid, 0}, {mid, chroma, 0}, {0, chroma, mid}, {0, mid, chroma}, {mid, 0, chroma}, {chroma, 0, mid}}[int(hue)%6]
	for i := range rgb {
		rgb[i] += low
	}
	return rgb
}

// half returns the value of a half-precision float.
func half(bits uint16) float64 {
	exp, frac := int(bits>>10)&0x1f, float64(bits&0x3ff)
	f := math.Ldexp(frac+1024, exp-25)
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 0x1f:
		f = math.Inf(1)
		if frac != 0 {
			f = math.NaN()
		}
	}
	if bits>>15 != 0 {
		f = -f
	}
	return f
}

// String returns #rrggbb, or #aarrggbb for a colour that is not opaque, as Qt prints a colour; "" if it is invalid.
func (c Color) String() string {
	if c.Spec == ColorInvalid {
		return ""
	}
	rgb, alpha := c.rgb()
	r, g, b, a := wide(rgb[0])>>8, wide(rgb[1])>>8, wide(rgb[2])>>8, wide(alpha)>>8
	if a == math.MaxUint8 {
		return fmt.Sprintf("#%02x%02x%02x", r, g, b)
	}
	return fmt.Sprintf("#%02x%02x%02x%02x", a, r, g, b)
}

func decodeColor(r *Reader) Color {
	c := Color{Spec: ColorSpec(r.Uint8()), Alpha: r.Uint16()}
	for i := range c.Components {
		c.Components[i] = r.Uint16()
	}
	if c.Spec > ColorExtendedRGB {
		r.Fail("QColor", fmt.Errorf("%w: spec %d", ErrValue, c.Spec))
	}
	return c
}

func encodeColor(w *Writer, c Color) {
	w.Uint8(uint8(c.Spec))
	w.Uint16(c.Alpha)
	for _, v := range c.Components {
		w.Uint16(v)
	}
}
