package rep

import (
	"strings"
)

// Format returns a .rep file in its canonical form, or Parse's error. It changes neither the interface nor any signature, and
// formatting twice is the same as once.
//
// Each declaration is on a line of its own, members are indented by four blanks, and enums and PODs stay on one line if they
// were. Comments are kept; one that is inside of parentheses or before a brace moves above its declaration. Block comments
// begin in the first column, because repc does not take blanks before them.
func Format(src []byte) ([]byte, error) {
	f, err := Parse("", src)
	if err != nil {
		return nil, err
	}
	return f.Format(), nil
}

// Format returns the file in its canonical form.
func (f *File) Format() []byte {
	w := &writer{}
	var list []Node
	for _, d := range f.Decls {
		list = append(list, d)
	}
	w.list("", list)
	return []byte(w.String())
}

const indentation = "    "

// writer writes a file.
type writer struct {
	strings.Builder
}

func (w *writer) put(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
}

// lines returns where a node begins and ends with its comments.
func lines(n Node) (from, to int) {
	from, to = n.Pos().Line, n.End().Line
	if d, ok := n.(documented); ok {
		c := d.comments()
		if c.Doc != nil {
			from = min(from, c.Doc.From.Line)
		}
		if c.Line != nil {
			to = max(to, c.Line.To.Line)
		}
	}
	return from, to
}

// big reports whether a node has blank lines around it outside of classes.
func big(n Node) bool {
	switch n := n.(type) {
	case *Class:
		return true
	case *POD:
		return n.severalLines()
	case *Enum:
		return n.severalLines()
	}
	return false
}

// list writes declarations or members. One blank line between them stays.
func (w *writer) list(indent string, list []Node) {
	last, lastBig := 0, false
	for i, n := range list {
		from, to := lines(n)
		if i > 0 && (from-last > 1 || indent == "" && (lastBig || big(n))) {
			w.put("\n")
		}
		last, lastBig = to, big(n)
		w.node(indent, n)
	}
}

// node writes a node with its comments.
func (w *writer) node(indent string, n Node) {
	if g, ok := n.(*CommentGroup); ok {
		w.group(indent, g)
		return
	}
	d := n.(documented)
	w.group(indent, d.comments().Doc)
	w.put(indent)
	w.declaration(indent, n)
	w.rest(d.comments().Line, false)
}

// group writes comments on lines of their own.
func (w *writer) group(indent string, g *CommentGroup) {
	if g == nil {
		return
	}
	for _, c := range g.List {
		if c.Block() {
			w.put(c.Text, "\n") // without indentation, which repc rejects
		} else {
			w.put(indent, c.Text, "\n")
		}
	}
}

// rest writes comments to the end of the line. Behind a comma repc does not take a blank before a block comment.
func (w *writer) rest(g *CommentGroup, comma bool) {
	if g != nil {
		for _, c := range g.List {
			if !c.Block() || !comma {
				w.put(" ")
			}
			w.put(c.Text)
			comma = true // nor does it between two
		}
	}
	w.put("\n")
}

func (w *writer) declaration(indent string, n Node) {
	switch n := n.(type) {
	case *Directive:
		w.put(n.Text)
	case *UseEnum:
		w.put("USE_ENUM(", n.Name, ")")
	case *Enum:
		w.enum(indent, n)
	case *Flag:
		w.put("FLAG(", n.Name, " ", n.Enum, ")")
	case *POD:
		if n.Braces {
			w.bracePOD(n)
		} else {
			w.pod(n)
		}
	case *Class:
		w.class(n)
	case *Property:
		w.put("PROP(", n.Type.Text, " ", n.Name)
		if n.Default != "" {
			w.put(" = ", n.Default)
		}
		for i, m := range n.Modifiers {
			w.put([]string{" ", ", "}[min(i, 1)], m.Name)
		}
		w.put(")")
	case *Child:
		w.put("CLASS ", n.Name, "(", n.Class, ")")
	case *Model:
		w.put("MODEL ", n.Name, "(", strings.Join(n.Roles, ", "), ")")
	case *Signal:
		w.put("SIGNAL(", n.Name, "(", paramList(n.Params), "))")
	case *Slot:
		w.put("SLOT(")
		if n.Return != nil {
			w.put(n.Return.Text, " ")
		}
		w.put(n.Name, "(", paramList(n.Params), "))")
	}
}

func (w *writer) class(c *Class) {
	w.put("class ")
	for _, a := range c.Attributes {
		w.put(a, " ")
	}
	w.put(c.Name, "\n{")
	w.rest(c.Open, false)
	var list []Node
	for _, m := range c.Members {
		list = append(list, m)
	}
	w.list(indentation, list)
	w.put("};")
}

func paramList(list []*Param) string {
	var all []string
	for _, p := range list {
		all = append(all, p.text())
	}
	return strings.Join(all, ", ")
}

// text returns the parameter as it is written.
func (p *Param) text() string {
	s := p.Type.Text
	if p.Const {
		s = "const " + s
	}
	switch {
	case p.Ref:
		s += " &" + p.Name
	case p.Name != "":
		s += " " + p.Name
	}
	if p.Default != "" {
		s += " = " + p.Default
	}
	if p.Note != "" {
		s += " " + p.Note
	}
	return s
}

// severalLines reports whether the enum is written on several lines.
func (e *Enum) severalLines() bool {
	if e.lines || e.Open != nil || e.Tail != nil {
		return true
	}
	for _, v := range e.Values {
		if v.Doc != nil || v.Line != nil {
			return true
		}
	}
	return false
}

func (v *EnumValue) text() string {
	if v.Text == "" {
		return v.Name
	}
	return v.Name + " = " + v.Text
}

func (w *writer) enum(indent string, e *Enum) {
	w.put("ENUM ")
	if e.Scoped {
		w.put("class ")
	}
	w.put(e.Name)
	if e.Base != "" {
		w.put(" : ", e.Base)
	}
	w.put(" {")
	if !e.severalLines() {
		for i, v := range e.Values {
			w.put([]string{" ", ", "}[min(i, 1)], v.text())
		}
		w.put(" };")
		return
	}
	w.rest(e.Open, false)
	w.items(indent+indentation, len(e.Values), func(i int) (documented, string) { return e.Values[i], e.Values[i].text() })
	w.group(indent+indentation, e.Tail)
	w.put(indent, "};")
}

// items writes what commas separate, one a line.
func (w *writer) items(indent string, n int, item func(i int) (documented, string)) {
	last := 0
	for i := range n {
		d, text := item(i)
		from, to := lines(d)
		if i > 0 && from-last > 1 {
			w.put("\n")
		}
		last = to
		w.group(indent, d.comments().Doc)
		w.put(indent, text)
		if i < n-1 {
			w.put(",")
		}
		w.rest(d.comments().Line, i < n-1)
	}
}

// severalLines reports whether the POD is written on several lines.
func (p *POD) severalLines() bool {
	if p.lines || p.Open != nil || p.Tail != nil {
		return true
	}
	for _, d := range p.order {
		if c := d.comments(); c.Doc != nil || c.Line != nil {
			return true
		}
		if e, ok := d.(*Enum); ok && e.severalLines() {
			return true
		}
	}
	return false
}

func (w *writer) pod(p *POD) {
	w.put("POD ", p.Name, "(")
	if !p.severalLines() || len(p.Fields) == 0 && p.Tail == nil {
		w.put(paramList(p.Fields), ")")
		return
	}
	w.put("\n")
	w.items(indentation, len(p.Fields), func(i int) (documented, string) { return p.Fields[i], p.Fields[i].text() })
	w.group(indentation, p.Tail)
	w.put(")")
}

func (w *writer) bracePOD(p *POD) {
	w.put("POD ", p.Name)
	if !p.severalLines() {
		w.put(" {")
		for i, d := range p.order {
			w.put(" ")
			w.item("", p, i, d)
		}
		w.put(" };")
		return
	}
	w.put("\n{")
	w.rest(p.Open, false)
	last := 0
	for i, d := range p.order {
		from, to := lines(d)
		if i > 0 && from-last > 1 {
			w.put("\n")
		}
		last = to
		w.group(indentation, d.comments().Doc)
		w.put(indentation)
		comma := w.item(indentation, p, i, d)
		w.rest(d.comments().Line, comma)
	}
	w.group(indentation, p.Tail)
	w.put("};")
}

// item writes a field, enum or flag of a POD in braces. It returns whether a comma ends it.
func (w *writer) item(indent string, p *POD, i int, d documented) bool {
	f, ok := d.(*Param)
	if !ok {
		w.declaration(indent, d)
		return false
	}
	w.put(f.text())
	if i == len(p.order)-1 {
		return false
	}
	w.put(",")
	return true
}
