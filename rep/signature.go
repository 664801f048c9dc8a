package rep

import (
	"crypto/sha1" // what repc uses; it protects nothing
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// Version is a version of Qt, whose repc has its own opinion about .rep files.
type Version uint8

// The versions of repc. Qt5 is the one of Qt 5.12 to 5.15, Qt6 that of Qt 6.
const (
	Qt5 Version = 5
	Qt6 Version = 6
)

// String returns "qt5" or "qt6".
func (v Version) String() string { return "qt" + strconv.Itoa(int(v)) }

// Signature is the class signature of a class: what a typed replica and its source compare before they talk.
type Signature struct {
	Class string
	Hex   string
}

// signatures computes the signatures of all classes of a unit.
func (u unit) signatures(v Version) []Signature {
	h := &hasher{v: v, types: map[string]string{}}
	if v == Qt5 { // all of a kind at once; then the classes, in turn
		for _, d := range u {
			if e, ok := d.(unitEnum); ok {
				h.enum("", e)
			}
		}
		for _, d := range u {
			if p, ok := d.(unitPOD); ok {
				h.pod(p)
			}
		}
	}
	var out []Signature
	for _, d := range u {
		if c, ok := d.(*unitClass); ok {
			s := Signature{c.name, h.class(c)}
			if v != Qt5 {
				h.types[c.name] = s.Hex
			}
			out = append(out, s)
		} else if v != Qt5 { // in the order of the file: what comes later is not known yet
			h.declare(d)
		}
	}
	if v != Qt5 { // of two classes of a name, the last one counts
		for i := range out {
			out[i].Hex = h.types[out[i].Class]
		}
	}
	return out
}

// declare enters a declaration that is not a class.
func (h *hasher) declare(d any) {
	switch d := d.(type) {
	case unitEnum:
		h.enum("", d)
	case unitFlag:
		h.flag("", d)
	case unitPOD:
		for _, t := range d.types {
			if e, ok := t.(unitEnum); ok {
				h.enum("", e) // not of the POD's scope, but its flags are
			}
			if f, ok := t.(unitFlag); ok {
				h.flag(d.name+"::", f)
			}
		}
		h.pod(d)
	}
}

// hasher collects what the names of types stand for in class signatures. With Qt 5 that is the text of their declarations,
// with Qt 6 its digest. Numbers are four bytes, the lowest first: repc takes them from memory.
type hasher struct {
	v     Version
	types map[string]string // by name; in Qt 6 those of classes with the scope
	scope string            // the class or POD that is looked at, with ::
}

// define enters what a type stands for.
func (h *hasher) define(name, text string) {
	if h.v != Qt5 {
		text = digest(text)
	}
	h.types[name] = text
}

func (h *hasher) enum(scope string, e unitEnum) {
	var b strings.Builder
	b.WriteString(e.name)
	if e.scoped {
		b.WriteString("class")
	}
	b.WriteString(e.base)
	for _, k := range e.keys {
		b.WriteString(k.name)
		b.WriteString(strconv.Itoa(int(k.value)))
	}
	if h.v == Qt5 {
		scope = ""
	}
	h.define(scope+e.name, b.String())
}

func (h *hasher) flag(scope string, f unitFlag) {
	enum, known := h.types[scope+f.enum]
	if !known {
		enum = h.types[f.enum]
	}
	h.define(scope+f.name, f.name+enum)
}

func (h *hasher) pod(p unitPOD) {
	h.scope = p.name + "::"
	var b strings.Builder
	b.WriteString(p.name)
	for _, f := range p.fields {
		b.WriteString(f.name)
		b.WriteString(h.typeText(f.typ))
	}
	h.define(p.name, b.String())
}

// typeText is what a type counts as.
func (h *hasher) typeText(name string) string {
	if h.v == Qt5 {
		if text, known := h.types[name]; known {
			return text
		}
		if text, known := h.types[lastName(name)]; known {
			return text
		}
		return lastName(name)
	}
	if strings.Contains(name, "<") {
		var b strings.Builder
		for _, piece := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("<>, \t\n\v\f\r", r) }) {
			b.WriteString(h.typeText(piece))
		}
		return b.String()
	}
	for _, n := range []string{h.scope + name, name, h.scope + lastName(name), lastName(name)} {
		if text, known := h.types[n]; known {
			return text
		}
	}
	return lastName(name)
}

// lastName returns what follows the last "::", unless that is the beginning.
func lastName(name string) string {
	if i := strings.LastIndex(name, "::"); i > 0 {
		return name[i+2:]
	}
	return name
}

// class computes the signature of a class.
func (h *hasher) class(c *unitClass) string {
	h.scope = c.name + "::"
	for _, t := range c.types {
		switch t := t.(type) {
		case unitEnum:
			h.enum(h.scope, t)
		case unitFlag:
			h.flag(h.scope, t)
		}
	}
	for _, p := range c.props {
		if p.roles != nil && h.v != Qt5 { // a model's name is that of a type, too
			h.types[h.scope+p.name] = digest(strings.Join(p.roles, "_"))
		}
	}
	var b strings.Builder
	b.WriteString(c.name)
	for _, p := range c.props {
		b.WriteString(p.name)
		switch {
		case p.child && h.v != Qt5:
			b.WriteString(h.types[p.typ])
		case p.roles != nil && h.v != Qt5:
			b.WriteString(h.types[h.scope+p.name])
		default:
			b.WriteString(h.typeText(p.typ))
		}
		access := p.access
		if h.v != Qt5 && access == accessSourceOnlySetter {
			access = accessReadOnly
		}
		number(&b, access)
	}
	for _, list := range [][]unitFunc{c.signals, c.slots} {
		for _, f := range list {
			b.WriteString(f.name)
			for _, p := range f.params {
				b.WriteString(p.name)
				b.WriteString(h.typeText(p.typ))
				number(&b, p.flags)
			}
			b.WriteString(h.typeText(f.ret))
		}
	}
	return digest(b.String())
}

// number writes the four bytes of a number as characters that Latin-1 makes bytes again.
func number(b *strings.Builder, n int32) {
	var buf [4]byte
	binary.LittleEndian.PutUint32(buf[:], uint32(n))
	for _, c := range buf {
		b.WriteRune(rune(c))
	}
}

// digest is the SHA-1 digest of text as Latin-1, in hexadecimal digits.
func digest(text string) string {
	sum := sha1.Sum(latin1(text))
	return hex.EncodeToString(sum[:])
}

// latin1 encodes text as Latin-1, with a question mark for what has no place in it.
func latin1(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}

// Signatures returns the signatures of the file's classes, in their order, as the repc of a version of Qt computes them. If that
// repc does not take the file, the error is an *Error that says where and why.
func (f *File) Signatures(v Version) ([]Signature, error) {
	u, bad := readAsRepc(f.text.src, v)
	if bad != nil {
		return nil, f.text.errorf(bad.pos, "repc of Qt %d does not take this: %s", v, bad.what)
	}
	return u.signatures(v), nil
}
