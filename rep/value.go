package rep

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

// value converts a property's default value. It knows numbers, strings, bool, names of enums, and lists of those in braces.
func (b *classBuilder) value(c *Class, p *Property) (value any, ok bool) {
	text := p.Default
	if p.Type.Name == "QString" || p.Type.Name == "QByteArray" || p.Type.Name == "QUrl" || p.Type.Name == "QVariant" {
		if s, isString := unquote(text); isString {
			if p.Type.Name == "QByteArray" {
				return []byte(s), true
			}
			if p.Type.Name == "QUrl" {
				return nil, false
			}
			return s, true
		}
	}
	e := b.enumOf(c, p.Type)
	if typ, body, braces := strings.Cut(text, "{"); braces && strings.HasSuffix(body, "}") && (typ == "" || lastName(typ) == lastName(p.Type.String())) {
		body = strings.TrimSpace(strings.TrimSuffix(body, "}"))
		if e != nil && body != "" { // one value, or those of flags
			return enumText(e, strings.ReplaceAll(body, ",", "|"))
		}
		return braced(p.Type, body)
	}
	if e != nil {
		return enumText(e, text)
	}
	return scalar(p.Type.String(), text)
}

// enumOf finds the enum that a type names, as seen from a class.
func (b *classBuilder) enumOf(c *Class, t *Type) *qt.Enum {
	for _, name := range []string{c.Name + "::" + t.Name, t.Name} {
		for i := range b.enums {
			if b.enums[i].Name == name || lastName(b.enums[i].Name) == name {
				return &b.enums[i]
			}
		}
	}
	return nil
}

// enumText reads the name of a value of an enum, or several of flags, with or without scopes.
func enumText(e *qt.Enum, text string) (any, bool) {
	sum := int32(0)
	for part := range strings.SplitSeq(text, "|") {
		part = strings.TrimSpace(part)
		n, ok := e.Value(lastName(part))
		if !ok {
			number, err := strconv.ParseInt(part, 0, 32)
			if err != nil {
				return nil, false
			}
			n = int32(number)
		}
		sum |= n
	}
	return sum, true
}

// scalar reads a number, bool or string for a type.
func scalar(typ, text string) (any, bool) {
	t, err := qt.Lookup(typ)
	if err != nil {
		return nil, false
	}
	var x any
	switch digits := strings.TrimRight(text, "uUlL"); {
	case text == "true", text == "false":
		x = text == "true"
	default:
		if s, isString := unquote(text); isString {
			x = s
		} else if n, err := strconv.ParseInt(digits, 0, 64); err == nil {
			x = n
		} else if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
			x = n
		} else if f, err := strconv.ParseFloat(strings.TrimRight(text, "fFlL"), 64); err == nil && !math.IsInf(f, 0) && f == f { // C++ has no such names
			x = f
		} else {
			return nil, false
		}
	}
	if n, isInt := x.(int64); isInt && typ == "bool" {
		x = n != 0
	}
	if _, err := t.Value(x); err != nil {
		return nil, false
	}
	return x, true
}

// braced reads what is in braces: nothing, or the elements of a list, or the numbers of a point, size or rectangle.
func braced(t *Type, body string) (any, bool) {
	if body == "" {
		return nil, true
	}
	elem := ""
	switch {
	case len(t.Args) == 1:
		elem = t.Args[0].String()
	case t.Name == "QStringList":
		elem = "QString"
	case t.Name == "QPoint", t.Name == "QSize", t.Name == "QRect":
		elem = "int"
	case t.Name == "QPointF", t.Name == "QSizeF", t.Name == "QRectF":
		elem = "double"
	default:
		return nil, false
	}
	var list []any
	for part := range strings.SplitSeq(body, ",") {
		x, ok := scalar(elem, strings.TrimSpace(part))
		if !ok {
			return nil, false
		}
		list = append(list, x)
	}
	if elem == "QString" || len(t.Args) == 1 {
		return list, true
	}
	return geometry(t.Name, list)
}

// geometry makes a point, size or rectangle of numbers.
func geometry(name string, list []any) (any, bool) {
	want := 2
	if strings.HasPrefix(name, "QRect") {
		want = 4
	}
	if len(list) != want {
		return nil, false
	}
	var n [4]int32
	var x [4]float64
	for i, v := range list {
		switch v := v.(type) {
		case int64:
			n[i], x[i] = int32(v), float64(v)
		case float64:
			x[i] = v
		}
	}
	switch name {
	case "QPoint":
		return qt.Point{X: n[0], Y: n[1]}, true
	case "QSize":
		return qt.Size{Width: n[0], Height: n[1]}, true
	case "QRect":
		return qt.Rect{X: n[0], Y: n[1], Width: n[2], Height: n[3]}, true
	case "QPointF":
		return qt.PointF{X: x[0], Y: x[1]}, true
	case "QSizeF":
		return qt.SizeF{Width: x[0], Height: x[1]}, true
	}
	return qt.RectF{X: x[0], Y: x[1], Width: x[2], Height: x[3]}, true
}

// unquote reads C++ string literals, also several that follow each other.
func unquote(text string) (string, bool) {
	var out strings.Builder
	text = strings.TrimSpace(text)
	if text == "" {
		return "", false
	}
	for text != "" {
		if text[0] != '"' {
			return "", false
		}
		size := stringEnd(text)
		if size < 0 {
			return "", false
		}
		s, err := strconv.Unquote(text[:size])
		if err != nil {
			return "", false
		}
		out.WriteString(s)
		text = strings.TrimSpace(text[size:])
	}
	return out.String(), true
}
