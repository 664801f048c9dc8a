package qt

import (
	"encoding/binary"
	"encoding/hex"
	"net/url"
)

// Char is a UTF-16 code unit (Qt: QChar).
type Char uint16

// Point is a QPoint.
type Point struct {
	X int32 `json:"x"`
	Y int32 `json:"y"`
}

// PointF is a QPointF.
type PointF struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Size is a QSize. Qt's invalid size is -1 by -1.
type Size struct {
	Width  int32 `json:"width"`
	Height int32 `json:"height"`
}

// SizeF is a QSizeF.
type SizeF struct {
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Rect is a QRect: its top left corner and its size.
type Rect struct {
	X      int32 `json:"x"`
	Y      int32 `json:"y"`
	Width  int32 `json:"width"`
	Height int32 `json:"height"`
}

// RectF is a QRectF: its top left corner and its size.
type RectF struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Line is a QLine from (X1, Y1) to (X2, Y2).
type Line struct {
	X1 int32 `json:"x1"`
	Y1 int32 `json:"y1"`
	X2 int32 `json:"x2"`
	Y2 int32 `json:"y2"`
}

// LineF is a QLineF from (X1, Y1) to (X2, Y2).
type LineF struct {
	X1 float64 `json:"x1"`
	Y1 float64 `json:"y1"`
	X2 float64 `json:"x2"`
	Y2 float64 `json:"y2"`
}

// URL is a QUrl in its encoded form; "" is the empty one.
type URL string

// Parse parses the URL by Go's rules.
func (u URL) Parse() (*url.URL, error) { return url.Parse(string(u)) }

// UUID is a QUuid, its bytes in the order in which they are printed.
type UUID [16]byte

// String returns the UUID in Qt's form, such as {6f9619ff-8b86-d011-b42d-00c04fc964ff}.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return "{" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:] + "}"
}

// Locale is a QLocale by its name, such as "de_CH".
type Locale string

// Regexp is a QRegularExpression.
type Regexp struct {
	Pattern string `json:"pattern"`
	Options uint32 `json:"options"` // QRegularExpression::PatternOptions
}

// BitArray is a QBitArray.
type BitArray []bool

// ModelIndex is a QModelIndex, which travels as an invalid one whatever it was.
type ModelIndex struct{}

func int32s(r *Reader) [4]int32 {
	return [4]int32{r.Int32(), r.Int32(), r.Int32(), r.Int32()}
}

func putInt32s(w *Writer, v ...int32) {
	for _, x := range v {
		w.Int32(x)
	}
}

func float64s(r *Reader) [4]float64 {
	return [4]float64{r.Float64(), r.Float64(), r.Float64(), r.Float64()}
}

func putFloat64s(w *Writer, v ...float64) {
	for _, x := range v {
		w.Float64(x)
	}
}

func init() {
	fixed(19, "QRect", decodeRect, encodeRect)
	fixed(20, "QRectF", func(r *Reader) RectF { return rectF(float64s(r)) },
		func(w *Writer, v RectF) { putFloat64s(w, v.X, v.Y, v.Width, v.Height) })
	fixed(21, "QSize", func(r *Reader) Size { return Size{r.Int32(), r.Int32()} },
		func(w *Writer, v Size) { putInt32s(w, v.Width, v.Height) }).codec.zero = Size{-1, -1}
	fixed(22, "QSizeF", func(r *Reader) SizeF { return SizeF{r.Float64(), r.Float64()} },
		func(w *Writer, v SizeF) { putFloat64s(w, v.Width, v.Height) }).codec.zero = SizeF{-1, -1}
	fixed(23, "QLine", func(r *Reader) Line { v := int32s(r); return Line{v[0], v[1], v[2], v[3]} },
		func(w *Writer, v Line) { putInt32s(w, v.X1, v.Y1, v.X2, v.Y2) })
	fixed(24, "QLineF", func(r *Reader) LineF { v := float64s(r); return LineF{v[0], v[1], v[2], v[3]} },
		func(w *Writer, v LineF) { putFloat64s(w, v.X1, v.Y1, v.X2, v.Y2) })
	fixed(25, "QPoint", func(r *Reader) Point { return Point{r.Int32(), r.Int32()} },
		func(w *Writer, v Point) { putInt32s(w, v.X, v.Y) })
	fixed(26, "QPointF", func(r *Reader) PointF { return PointF{r.Float64(), r.Float64()} },
		func(w *Writer, v PointF) { putFloat64s(w, v.X, v.Y) })

	u := fixed(17, "QUrl", func(r *Reader) URL { return URL(r.ByteString()) }, func(w *Writer, u URL) {
		if u == "" {
			w.ByteArray(nil)
			return
		}
		w.ByteString(string(u))
	})
	u.codec.convert = func(x any) (any, bool) {
		switch x := x.(type) {
		case url.URL:
			return URL(x.String()), true
		case string:
			return URL(x), true
		}
		return nil, false
	}
	fixed(30, "QUuid", decodeUUID, encodeUUID)
	fixed(18, "QLocale", func(r *Reader) Locale { return Locale(r.Text()) }, func(w *Writer, l Locale) { w.Text(string(l)) }).codec.zero = Locale("C")
	fixed(44, "QRegularExpression", func(r *Reader) Regexp { return Regexp{r.Text(), r.Uint32()} },
		func(w *Writer, v Regexp) { w.textOrNull(v.Pattern); w.Uint32(v.Options) })
	fixed(13, "QBitArray", decodeBits, encodeBits)
	fixed(42, "QModelIndex", func(*Reader) ModelIndex { return ModelIndex{} }, func(*Writer, ModelIndex) {})
}

// decodeRect reads left, top, right, bottom; the right column and the bottom row belong to the rectangle.
func decodeRect(r *Reader) Rect {
	v := int32s(r)
	return Rect{v[0], v[1], v[2] - v[0] + 1, v[3] - v[1] + 1}
}

func encodeRect(w *Writer, v Rect) { putInt32s(w, v.X, v.Y, v.X+v.Width-1, v.Y+v.Height-1) }

func decodeUUID(r *Reader) UUID {
	var u UUID
	binary.BigEndian.PutUint32(u[0:], r.Uint32())
	binary.BigEndian.PutUint16(u[4:], r.Uint16())
	binary.BigEndian.PutUint16(u[6:], r.Uint16())
	copy(u[8:], r.Raw(8))
	return u
}

func encodeUUID(w *Writer, u UUID) {
	w.Uint32(binary.BigEndian.Uint32(u[0:]))
	w.Uint16(binary.BigEndian.Uint16(u[4:]))
	w.Uint16(binary.BigEndian.Uint16(u[6:]))
	w.Raw(u[8:])
}

// decodeBits reads a QBitArray, whose count of bits has eight bytes since Qt 6.
func decodeBits(r *Reader) BitArray {
	n := uint64(0)
	if r.Format().Version == Qt5_12 {
		n = uint64(r.Uint32())
	} else {
		n = r.Uint64()
	}
	if n > uint64(r.Remaining())*8 {
		r.Fail("QBitArray", ErrShort)
		return nil
	}
	raw := r.Raw(int(n+7) / 8)
	bits := make(BitArray, n)
	for i := range bits {
		bits[i] = raw[i/8]>>(i%8)&1 == 1
	}
	return bits
}

func encodeBits(w *Writer, bits BitArray) {
	if w.Format().Version == Qt5_12 {
		w.Uint32(uint32(len(bits)))
	} else {
		w.Uint64(uint64(len(bits)))
	}
	raw := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		if b {
			raw[i/8] |= 1 << (i % 8)
		}
	}
	w.Raw(raw)
}

func rectF(v [4]float64) RectF { return RectF{v[0], v[1], v[2], v[3]} }
