package qt

import "fmt"

// Transform is a QTransform: the rows of a 3 by 3 matrix.
type Transform [9]float64

// identity is the transform that changes nothing.
var identity = Transform{0: 1, 4: 1, 8: 1}

// Styles of a [Brush] that need more than a colour (Qt: Qt::BrushStyle).
const (
	NoBrush                = 0
	SolidPattern           = 1
	LinearGradientPattern  = 15
	RadialGradientPattern  = 16
	ConicalGradientPattern = 17
	TexturePattern         = 24
)

// Brush is a QBrush.
type Brush struct {
	Style     uint8     `json:"style"` // Qt::BrushStyle
	Color     Color     `json:"color"`
	Gradient  *Gradient `json:"gradient,omitempty"` // of the three gradient styles, else nil
	Texture   Pixmap    `json:"texture,omitempty"`  // of TexturePattern
	Transform Transform `json:"transform"`
}

// SolidBrush returns a brush that paints a plain colour.
func SolidBrush(c Color) Brush { return Brush{Style: SolidPattern, Color: c, Transform: identity} }

// Gradient is a QGradient. Which points it has depends on the style of its brush.
type Gradient struct {
	Type           int32          `json:"type"`           // QGradient::Type
	Spread         int32          `json:"spread"`         // QGradient::Spread
	CoordinateMode int32          `json:"coordinateMode"` // QGradient::CoordinateMode
	Interpolation  int32          `json:"interpolation"`  // QGradient::InterpolationMode
	Stops          []GradientStop `json:"stops"`
	Start          PointF         `json:"start"`       // linear
	End            PointF         `json:"end"`         // linear
	Center         PointF         `json:"center"`      // radial, conical
	Focus          PointF         `json:"focus"`       // radial
	Radius         float64        `json:"radius"`      // radial
	FocalRadius    float64        `json:"focalRadius"` // radial; Qt 6 only
	Angle          float64        `json:"angle"`       // conical, in degrees
}

// GradientStop is a colour of a [Gradient] and where it is, from 0 to 1.
type GradientStop struct {
	Position float64 `json:"position"`
	Color    Color   `json:"color"`
}

// Pen is a QPen.
type Pen struct {
	Style        uint16    `json:"style"` // Qt::PenStyle
	Cap          uint16    `json:"cap"`   // Qt::PenCapStyle
	Join         uint16    `json:"join"`  // Qt::PenJoinStyle
	Cosmetic     bool      `json:"cosmetic"`
	Width        float64   `json:"width"`
	Brush        Brush     `json:"brush"`
	MiterLimit   float64   `json:"miterLimit"`
	Dashes       []float64 `json:"dashes"`
	DashOffset   float64   `json:"dashOffset"`
	DefaultWidth bool      `json:"defaultWidth"` // Qt 5: nobody has set the width
}

// The bits of a pen's style, and of its cap; those of its join are the rest.
const (
	penStyleMask = 0x0f
	penCapMask   = 0x30
)

var (
	defaultBrush = Brush{Color: RGBA8(0, 0, 0, 255), Transform: identity}
	defaultPen   = Pen{Style: 1, Cap: 0x10, Join: 0x40, Width: 1, Brush: SolidBrush(RGBA8(0, 0, 0, 255)), MiterLimit: 2}
)

func decodeTransform(r *Reader) (t Transform) {
	for i := range t {
		t[i] = r.Float64()
	}
	return t
}

func encodeTransform(w *Writer, t Transform) { putFloat64s(w, t[:]...) }

func pointF(r *Reader) PointF { return PointF{r.Float64(), r.Float64()} }

func decodeBrush(r *Reader) Brush {
	b := Brush{Style: r.Uint8(), Color: decodeColor(r)}
	switch b.Style {
	case LinearGradientPattern, RadialGradientPattern, ConicalGradientPattern:
		b.Gradient = decodeGradient(r, b.Style)
	case TexturePattern:
		b.Texture = decodePNG(r)
	}
	b.Transform = decodeTransform(r)
	return b
}

func encodeBrush(w *Writer, b Brush) {
	w.Uint8(b.Style)
	encodeColor(w, b.Color)
	switch b.Style {
	case LinearGradientPattern, RadialGradientPattern, ConicalGradientPattern:
		if b.Gradient == nil {
			w.Fail(fmt.Errorf("%w: QBrush of style %d without a gradient", ErrValue, b.Style))
			return
		}
		encodeGradient(w, b.Gradient, b.Style)
	case TexturePattern:
		encodePNG(w, b.Texture)
	}
	encodeTransform(w, b.Transform)
}

func decodeGradient(r *Reader, style uint8) *Gradient {
	g := &Gradient{Type: r.Int32(), Spread: r.Int32(), CoordinateMode: r.Int32(), Interpolation: r.Int32()}
	n := r.Count(19)
	g.Stops = make([]GradientStop, 0, n)
	for len(g.Stops) < n && r.err == nil {
		g.Stops = append(g.Stops, GradientStop{r.Float64(), decodeColor(r)})
	}
	switch style {
	case LinearGradientPattern:
		g.Start, g.End = pointF(r), pointF(r)
	case RadialGradientPattern:
		g.Center, g.Focus, g.Radius = pointF(r), pointF(r), r.Float64()
		if r.format.Version == Qt6_2 {
			g.FocalRadius = r.Float64()
		}
	case ConicalGradientPattern:
		g.Center, g.Angle = pointF(r), r.Float64()
	}
	return g
}

func encodeGradient(w *Writer, g *Gradient, style uint8) {
	putInt32s(w, g.Type, g.Spread, g.CoordinateMode, g.Interpolation)
	w.Uint32(uint32(len(g.Stops)))
	for _, s := range g.Stops {
		w.Float64(s.Position)
		encodeColor(w, s.Color)
	}
	switch style {
	case LinearGradientPattern:
		putFloat64s(w, g.Start.X, g.Start.Y, g.End.X, g.End.Y)
	case RadialGradientPattern:
		putFloat64s(w, g.Center.X, g.Center.Y, g.Focus.X, g.Focus.Y, g.Radius)
		if w.format.Version == Qt6_2 {
			w.Float64(g.FocalRadius)
		}
	case ConicalGradientPattern:
		putFloat64s(w, g.Center.X, g.Center.Y, g.Angle)
	}
}

func decodePen(r *Reader) Pen {
	style := r.Uint16()
	p := Pen{Style: style & penStyleMask, Cap: style & penCapMask, Join: style &^ (penStyleMask | penCapMask),
		Cosmetic: r.Bool(), Width: r.Float64(), Brush: decodeBrush(r), MiterLimit: r.Float64()}
	n := r.Count(8)
	p.Dashes = make([]float64, n)
	for i := range p.Dashes {
		p.Dashes[i] = r.Float64()
	}
	p.DashOffset, p.DefaultWidth = r.Float64(), r.Bool()
	return p
}

func encodePen(w *Writer, p Pen) {
	w.Uint16(p.Style | p.Cap | p.Join)
	w.Bool(p.Cosmetic)
	w.Float64(p.Width)
	encodeBrush(w, p.Brush)
	w.Float64(p.MiterLimit)
	w.Uint32(uint32(len(p.Dashes)))
	putFloat64s(w, p.Dashes...)
	w.Float64(p.DashOffset)
	w.Bool(p.DefaultWidth)
}
