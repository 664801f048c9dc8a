package qt

import (
	"fmt"
	"image/color"
	"maps"
	"reflect"
	"slices"
)

// Polygon is a QPolygon.
type Polygon []Point

// PolygonF is a QPolygonF.
type PolygonF []PointF

// Region is a QRegion: rectangles that do not overlap.
type Region []Rect

// KeySequence is a QKeySequence: up to four keys with their modifiers, such as Qt::CTRL|Qt::Key_S; the rest are 0.
type KeySequence [4]int32

// Matrix is a QMatrix, which Qt 6 does not have: m11, m12, m21, m22, dx, dy.
type Matrix [6]float64

// Matrix4x4 is a QMatrix4x4, row by row.
type Matrix4x4 [16]float32

// Vector2D is a QVector2D.
type Vector2D struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
}

// Vector3D is a QVector3D.
type Vector3D struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
	Z float32 `json:"z"`
}

// Vector4D is a QVector4D.
type Vector4D struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
	Z float32 `json:"z"`
	W float32 `json:"w"`
}

// Quaternion is a QQuaternion.
type Quaternion struct {
	Scalar float32 `json:"scalar"`
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Z      float32 `json:"z"`
}

// TextLength is a QTextLength.
type TextLength struct {
	Type  int32   `json:"type"` // QTextLength::Type: 0 variable, 1 fixed, 2 percentage
	Value float64 `json:"value"`
}

// TextFormat is a QTextFormat: properties by QTextFormat::Property. Some properties have other numbers in Qt 5 than in Qt 6;
// they are not translated.
type TextFormat struct {
	Type       int32           `json:"type"` // QTextFormat::FormatType; -1 for an invalid one
	Properties map[int32]Value `json:"properties"`
}

// PaletteRoles is how many brushes each group of a [Palette] has.
const PaletteRoles = 21

// Palette is a QPalette: a brush for every QPalette::ColorRole, in each of the three groups.
type Palette struct {
	Active   [PaletteRoles]Brush `json:"active"`
	Disabled [PaletteRoles]Brush `json:"disabled"`
	Inactive [PaletteRoles]Brush `json:"inactive"`
}

// ColorSpace is a QColorSpace by its ICC profile; nil is the invalid one.
type ColorSpace []byte

// gui adds a type of QtGui. Qt 6 counts them from another number than Qt 5; 0 is the id of a type that a version lacks.
func gui[T any](id5, id uint32, name string, zero T, decode func(*Reader) T, encode func(*Writer, T)) *Type {
	t := &Type{kind: kindCodec, id: id, id5: id5, name: name, name5: name, goType: reflect.TypeFor[T](), codec: wrap(Codec[T]{decode, encode})}
	t.codec.zero = zero
	if id == 0 {
		t.only = Qt5_12
	}
	return builtin.add(t)
}

// floats returns the codec of an array or struct of numbers that are streamed as doubles.
func floats[T any](parts func(*T) []*float32) (decode func(*Reader) T, encode func(*Writer, T)) {
	decode = func(r *Reader) (v T) {
		for _, p := range parts(&v) {
			*p = float32(r.Float64())
		}
		return v
	}
	encode = func(w *Writer, v T) {
		for _, p := range parts(&v) {
			w.Float64(float64(*p))
		}
	}
	return decode, encode
}

func init() {
	gui(64, 0x1000, "QFont", defaultFont, decodeFont, encodeFont)
	gui(65, 0x1001, "QPixmap", nil, func(r *Reader) Pixmap { return decodePNG(r) }, func(w *Writer, p Pixmap) { encodePNG(w, p) })
	gui(66, 0x1002, "QBrush", defaultBrush, decodeBrush, encodeBrush)
	gui(67, 0x1003, "QColor", Color{Alpha: 0xffff}, decodeColor, encodeColor).codec.convert = func(x any) (any, bool) {
		c, ok := x.(color.Color)
		if !ok {
			return nil, false
		}
		return ColorOf(c), true
	}
	gui(68, 0x1004, "QPalette", defaultPalette(), decodePalette, encodePalette)
	gui(69, 0x1005, "QIcon", Icon{}, decodeIcon, encodeIcon)
	gui(70, 0x1006, "QImage", nil, func(r *Reader) Image { return decodePNG(r) }, func(w *Writer, m Image) { encodePNG(w, m) })
	gui(71, 0x1007, "QPolygon", nil, decodePolygon, encodePolygon)
	gui(72, 0x1008, "QRegion", nil, decodeRegion, encodeRegion)
	gui(73, 0x1009, "QBitmap", nil, func(r *Reader) Bitmap { return decodePNG(r) }, func(w *Writer, b Bitmap) { encodePNG(w, b) })
	gui(74, 0x100a, "QCursor", Cursor{}, decodeCursor, encodeCursor)
	gui(75, 0x100b, "QKeySequence", KeySequence{}, decodeKeys, encodeKeys)
	gui(76, 0x100c, "QPen", defaultPen, decodePen, encodePen)
	gui(77, 0x100d, "QTextLength", TextLength{}, func(r *Reader) TextLength { return TextLength{r.Int32(), r.Float64()} },
		func(w *Writer, l TextLength) { w.Int32(l.Type); w.Float64(l.Value) })
	gui(78, 0x100e, "QTextFormat", TextFormat{Type: -1}, decodeTextFormat, encodeTextFormat)
	gui(79, 0, "QMatrix", Matrix{0: 1, 3: 1}, func(r *Reader) (m Matrix) {
		for i := range m {
			m[i] = r.Float64()
		}
		return m
	}, func(w *Writer, m Matrix) { putFloat64s(w, m[:]...) })
	gui(80, 0x1010, "QTransform", identity, decodeTransform, encodeTransform)
	decodeMatrix, encodeMatrix := floats(func(m *Matrix4x4) []*float32 {
		all := make([]*float32, len(m))
		for i := range m {
			all[i] = &m[i]
		}
		return all
	})
	gui(81, 0x1011, "QMatrix4x4", Matrix4x4{0: 1, 5: 1, 10: 1, 15: 1}, decodeMatrix, encodeMatrix)
	decode2, encode2 := floats(func(v *Vector2D) []*float32 { return []*float32{&v.X, &v.Y} })
	gui(82, 0x1012, "QVector2D", Vector2D{}, decode2, encode2)
	decode3, encode3 := floats(func(v *Vector3D) []*float32 { return []*float32{&v.X, &v.Y, &v.Z} })
	gui(83, 0x1013, "QVector3D", Vector3D{}, decode3, encode3)
	decode4, encode4 := floats(func(v *Vector4D) []*float32 { return []*float32{&v.X, &v.Y, &v.Z, &v.W} })
	gui(84, 0x1014, "QVector4D", Vector4D{}, decode4, encode4)
	decodeQ, encodeQ := floats(func(q *Quaternion) []*float32 { return []*float32{&q.Scalar, &q.X, &q.Y, &q.Z} })
	gui(85, 0x1015, "QQuaternion", Quaternion{Scalar: 1}, decodeQ, encodeQ)
	gui(86, 0x1016, "QPolygonF", nil, decodePolygonF, encodePolygonF)
	gui(87, 0x1017, "QColorSpace", nil, func(r *Reader) ColorSpace { return r.Bytes() }, func(w *Writer, c ColorSpace) { w.ByteArray(c) })
}

func decodePolygon(r *Reader) Polygon {
	p := make(Polygon, r.Count(8))
	for i := range p {
		p[i] = Point{r.Int32(), r.Int32()}
	}
	return p
}

func encodePolygon(w *Writer, p Polygon) {
	w.Uint32(uint32(len(p)))
	for _, q := range p {
		putInt32s(w, q.X, q.Y)
	}
}

func decodePolygonF(r *Reader) PolygonF {
	p := make(PolygonF, r.Count(16))
	for i := range p {
		p[i] = pointF(r)
	}
	return p
}

func encodePolygonF(w *Writer, p PolygonF) {
	w.Uint32(uint32(len(p)))
	for _, q := range p {
		putFloat64s(w, q.X, q.Y)
	}
}

// regionRects is the code before a region's rectangles. (Older versions of Qt had others.)
const regionRects = 10

func decodeRegion(r *Reader) Region {
	size := r.Uint32()
	if size == 0 {
		return nil
	}
	code := r.Int32()
	rects := make(Region, r.Count(16))
	if r.err == nil && (code != regionRects || int(size) != 8+16*len(rects)) {
		r.Fail("QRegion", fmt.Errorf("%w: code %d, %d rectangles in %d bytes", ErrValue, code, len(rects), size))
		return nil
	}
	for i := range rects {
		rects[i] = decodeRect(r)
	}
	return rects
}

func encodeRegion(w *Writer, rects Region) {
	if len(rects) == 0 {
		w.Uint32(0)
		return
	}
	putInt32s(w, int32(8+16*len(rects)), regionRects, int32(len(rects)))
	for _, v := range rects {
		encodeRect(w, v)
	}
}

func decodeKeys(r *Reader) (keys KeySequence) {
	n := r.Count(4)
	if n > len(keys) {
		r.Fail("QKeySequence", fmt.Errorf("%w: %d keys", ErrValue, n))
		return keys
	}
	for i := range n {
		keys[i] = r.Int32()
	}
	return keys
}

func encodeKeys(w *Writer, keys KeySequence) {
	all := keys[:]
	if keys == (KeySequence{keys[0]}) {
		all = keys[:1]
	}
	w.Uint32(uint32(len(all)))
	putInt32s(w, all...)
}

func decodeTextFormat(r *Reader) TextFormat {
	f := TextFormat{Type: r.Int32()}
	n := r.Count(9)
	f.Properties = make(map[int32]Value, n)
	for range n {
		if r.err != nil {
			break
		}
		key := r.Int32()
		f.Properties[key] = r.Variant()
	}
	return f
}

func encodeTextFormat(w *Writer, f TextFormat) {
	w.Int32(f.Type)
	keys := slices.Sorted(maps.Keys(f.Properties))
	if w.format.Version == Qt5_12 {
		slices.Reverse(keys)
	}
	w.Uint32(uint32(len(keys)))
	for _, k := range keys {
		w.Int32(k)
		w.Variant(f.Properties[k])
	}
}

func (p *Palette) groups() [3]*[PaletteRoles]Brush {
	return [...]*[PaletteRoles]Brush{&p.Active, &p.Disabled, &p.Inactive}
}

func defaultPalette() (p Palette) {
	for _, g := range p.groups() {
		for i := range g {
			g[i] = defaultBrush
		}
	}
	return p
}

func decodePalette(r *Reader) (p Palette) {
	for _, g := range p.groups() {
		for i := range g {
			if r.err != nil {
				return p
			}
			g[i] = decodeBrush(r)
		}
	}
	return p
}

func encodePalette(w *Writer, p Palette) {
	for _, g := range p.groups() {
		for _, b := range g {
			encodeBrush(w, b)
		}
	}
}
