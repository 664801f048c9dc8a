package qt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
)

// Image is a QImage as the PNG file in which it travels; nil is the null image.
type Image []byte

// Pixmap is a QPixmap as the PNG file in which it travels; nil is the null pixmap.
type Pixmap []byte

// Bitmap is a QBitmap as the PNG file in which it travels; nil is the null bitmap.
type Bitmap []byte

// ImageOf returns a picture of Go's as an Image.
func ImageOf(m image.Image) (Image, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("qt: image: %w", err)
	}
	return b.Bytes(), nil
}

// Decode returns the picture; the null image is an error.
func (m Image) Decode() (image.Image, error) { return png.Decode(bytes.NewReader(m)) }

// Icon is a QIcon made of pixmaps; the zero Icon is the null one.
type Icon struct {
	Engine  string       `json:"engine"` // "" for the null icon, else "QPixmapIconEngine"
	Pixmaps []IconPixmap `json:"pixmaps"`
}

// IconPixmap is one picture of an [Icon].
type IconPixmap struct {
	Pixmap Pixmap `json:"pixmap"`
	File   string `json:"file"` // "" if the pixmap does not come from a file
	Size   Size   `json:"size"`
	Mode   uint32 `json:"mode"`  // QIcon::Mode: 0 normal, 1 disabled, 2 active, 3 selected
	State  uint32 `json:"state"` // QIcon::State: 0 on, 1 off
}

// pixmapIconEngine is the only engine whose stream has a known form.
const pixmapIconEngine = "QPixmapIconEngine"

// Cursor is a QCursor: a shape, or with BitmapCursor a picture.
type Cursor struct {
	Shape   uint16 `json:"shape"` // Qt::CursorShape
	Pixmap  Pixmap `json:"pixmap"`
	Bitmap  Bitmap `json:"bitmap"` // of two-colour cursors, instead of Pixmap
	Mask    Bitmap `json:"mask"`
	HotSpot Point  `json:"hotSpot"`
}

// BitmapCursor is the shape of a [Cursor] that has a picture (Qt: Qt::BitmapCursor).
const BitmapCursor = 24

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// decodePNG reads a marker that says whether there is a picture, and a PNG file, which ends with its chunk IEND.
func decodePNG(r *Reader) []byte {
	if r.Int32() == 0 || r.err != nil {
		return nil
	}
	from := r.off
	if !bytes.Equal(r.Raw(len(pngSignature)), pngSignature) {
		r.Fail("PNG", fmt.Errorf("%w: no PNG file", ErrValue))
	}
	for end := false; !end && r.err == nil; {
		head := r.take(8, "PNG chunk")
		if head == nil {
			break
		}
		end = string(head[4:]) == "IEND"
		n := binary.BigEndian.Uint32(head)
		if int64(n)+4 > int64(r.Remaining()) {
			r.Fail("PNG chunk", fmt.Errorf("%w: %d of %d", ErrShort, r.Remaining(), n))
			break
		}
		r.off += int(n) + 4 // the data and their checksum
	}
	if r.err != nil {
		return nil
	}
	return bytes.Clone(r.buf[from:r.off])
}

func encodePNG(w *Writer, file []byte) {
	if len(file) == 0 {
		w.Int32(0)
		return
	}
	w.Int32(1)
	w.Raw(file)
}

func decodeIcon(r *Reader) Icon {
	icon := Icon{Engine: r.Text()}
	switch icon.Engine {
	case "":
		return icon
	case pixmapIconEngine:
	default:
		r.Fail("QIcon", &UnknownTypeError{icon.Engine})
		return icon
	}
	for range r.Count(24) {
		if r.err != nil {
			break
		}
		p := IconPixmap{Pixmap: decodePNG(r), File: r.Text(), Size: Size{r.Int32(), r.Int32()}}
		p.Mode, p.State = r.Uint32(), r.Uint32()
		icon.Pixmaps = append(icon.Pixmaps, p)
	}
	return icon
}

func encodeIcon(w *Writer, icon Icon) {
	if icon.Engine == "" {
		w.NullText()
		return
	}
	if icon.Engine != pixmapIconEngine {
		w.Fail(&UnknownTypeError{icon.Engine})
		return
	}
	w.Text(icon.Engine)
	w.Uint32(uint32(len(icon.Pixmaps)))
	for _, p := range icon.Pixmaps {
		encodePNG(w, p.Pixmap)
		w.textOrNull(p.File)
		putInt32s(w, p.Size.Width, p.Size.Height, int32(p.Mode), int32(p.State))
	}
}

func decodeCursor(r *Reader) Cursor {
	c := Cursor{Shape: r.Uint16()}
	if c.Shape != BitmapCursor {
		return c
	}
	if r.Bool() {
		c.Pixmap = decodePNG(r)
	} else {
		c.Bitmap, c.Mask = decodePNG(r), decodePNG(r)
	}
	c.HotSpot = Point{r.Int32(), r.Int32()}
	return c
}

func encodeCursor(w *Writer, c Cursor) {
	w.Uint16(c.Shape)
	if c.Shape != BitmapCursor {
		return
	}
	if c.Bitmap == nil && c.Mask == nil {
		w.Bool(true)
		encodePNG(w, c.Pixmap)
	} else {
		w.Bool(false)
		encodePNG(w, c.Bitmap)
		encodePNG(w, c.Mask)
	}
	putInt32s(w, c.HotSpot.X, c.HotSpot.Y)
}
