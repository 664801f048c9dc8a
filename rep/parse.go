package rep

import (
	"strings"
)

// parser makes a File of a text.
type parser struct {
	scanner
	file *File
}

// maxErrors is how many errors are reported of a file.
const maxErrors = 50

// Parse reads a .rep file. The name is for errors. If something is wrong with the file, the error is an ErrorList, and the
// File has what could be understood.
func Parse(name string, src []byte) (*File, error) {
	t := newText(name, strings.TrimPrefix(string(src), "\ufeff"))
	p := &parser{scanner: scanner{text: t, cursor: cursor{src: t.src}}, file: &File{Name: name, text: t}}
	p.decls()
	if len(p.errs) == 0 {
		return p.file, nil
	}
	errs := p.errs.sorted()
	return p.file, errs[:min(len(errs), maxErrors)]
}

// safely parses something. If it fails, it goes on at the next line that looks like a beginning.
func (p *parser) safely(parse func()) {
	from := p.cursor.pos
	defer func() {
		if e := recover(); e != nil {
			if _, ours := e.(bailout); !ours {
				panic(e)
			}
			p.recoverFrom(from)
		}
	}()
	parse()
}

var beginnings = []string{"class ", "class\t", "POD ", "ENUM ", "USE_ENUM", "FLAG", "PROP", "SIGNAL", "SLOT", "MODEL ", "CLASS ", "#", "}"}

func (p *parser) recoverFrom(from int) {
	p.cursor.pos = max(from, min(p.cursor.pos, len(p.src())))
	p.pending = nil
	for p.cursor.pos < len(p.src()) {
		i := strings.IndexByte(p.src()[p.cursor.pos:], '\n')
		if i < 0 {
			p.cursor.pos = len(p.src())
			return
		}
		p.cursor.pos += i + 1
		at := p.cursor.pos
		p.blanks()
		for _, word := range beginnings {
			if strings.HasPrefix(p.src()[p.cursor.pos:], word) {
				p.cursor.pos = at
				return
			}
		}
	}
}

func (p *parser) decls() {
	for {
		var end bool
		p.safely(func() {
			p.space()
			for p.literal(";") {
				p.space()
			}
			free, doc := p.groups()
			for _, g := range free {
				p.file.Decls = append(p.file.Decls, g)
			}
			if end = p.cursor.pos >= len(p.src()); end {
				return
			}
			d := p.decl(doc)
			p.finish(d)
			p.file.Decls = append(p.file.Decls, d.(Decl))
		})
		if end {
			return
		}
	}
}

// finish reads what may follow a declaration on its line.
func (p *parser) finish(d documented) {
	p.blanks()
	p.literal(";")
	d.comments().Line = p.trailing()
}

// word reports whether a keyword is at the cursor, and reads it.
func (p *parser) word(w string) bool {
	if !strings.HasPrefix(p.src()[p.cursor.pos:], w) {
		return false
	}
	if end := p.cursor.pos + len(w); end < len(p.src()) && (isLetter(p.src()[end]) || isDigit(p.src()[end])) {
		return false
	}
	p.cursor.pos += len(w)
	return true
}

func (p *parser) decl(doc *CommentGroup) documented {
	from := p.cursor.pos
	switch {
	case p.peek() == '#':
		return p.directive(doc)
	case p.word("class"):
		return p.class(from, doc)
	case p.word("POD"):
		return p.pod(from, doc)
	case p.word("ENUM"):
		return p.enum(from, doc)
	case p.word("FLAG"):
		return p.flag(from, doc)
	case p.word("USE_ENUM"):
		p.blanks()
		in := p.parens("USE_ENUM")
		u := &UseEnum{Name: in.slice(0, len(in.str)).str, Comments: Comments{Doc: join(doc, p.all())}}
		u.Span = p.span(from, p.cursor.pos)
		if !isTypeName(u.Name) {
			p.report(in.at(0), "expected the name of an enum, such as Qt::DayOfWeek")
		}
		return u
	}
	for _, w := range []string{"PROP", "SIGNAL", "SLOT", "MODEL", "CLASS"} {
		if p.word(w) {
			p.fail(from, "%s can only be inside of a class", w)
		}
	}
	p.fail(from, "expected class, POD, ENUM, FLAG, USE_ENUM or a line with #, found %s", p.found())
	return nil
}

// directive reads a line that begins with #, with those that continue it.
func (p *parser) directive(doc *CommentGroup) *Directive {
	from := p.cursor.pos
	for {
		i := strings.IndexByte(p.src()[p.cursor.pos:], '\n')
		if i < 0 {
			p.cursor.pos = len(p.src())
			break
		}
		p.cursor.pos += i
		if !strings.HasSuffix(strings.TrimSuffix(p.src()[from:p.cursor.pos], "\r"), "\\") {
			break
		}
		p.cursor.pos++
	}
	text := strings.ReplaceAll(p.src()[from:p.cursor.pos], "\r\n", "\n")
	return &Directive{Span: p.span(from, p.cursor.pos), Comments: Comments{Doc: doc}, Text: strings.TrimRight(text, " \t\r\n")}
}

func (p *parser) flag(from int, doc *CommentGroup) *Flag {
	p.blanks()
	in := p.parens("FLAG")
	f := &Flag{Comments: Comments{Doc: join(doc, p.all())}}
	f.Span = p.span(from, p.cursor.pos)
	words := strings.Fields(in.str)
	if len(words) != 2 || !isIdent(words[0]) || !isIdent(words[1]) {
		p.report(in.at(0), "expected the names of the flags and of their enum, as in FLAG(Modes Mode)")
	} else {
		f.Name, f.Enum = words[0], words[1]
	}
	return f
}

func isIdent(s string) bool {
	c := cursor{src: s}
	var name string
	return c.name(&name, 1) && c.pos == len(s)
}

// isTypeName reports whether s is an identifier, possibly with scopes.
func isTypeName(s string) bool {
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "::"), "::") {
		if !isIdent(part) {
			return false
		}
	}
	return true
}

// brace reads the brace that begins a body. Comments before it join the doc.
func (p *parser) brace(doc **CommentGroup, why string) {
	p.space()
	*doc = join(*doc, p.all())
	p.expect("{", why)
}

func (p *parser) enum(from int, doc *CommentGroup) *Enum {
	e := &Enum{Comments: Comments{Doc: doc}}
	p.blanks()
	at := p.cursor.pos
	if p.word("class") {
		p.blanks()
		if e.Scoped = isLetter(p.peek()); !e.Scoped {
			p.cursor.pos = at
		}
	}
	e.Name, _ = p.ident("the name of the enum")
	p.blanks()
	if p.literal(":") {
		start := p.cursor.pos
		i := strings.IndexAny(p.src()[start:], "{/\n")
		if i < 0 {
			i = 0
		}
		p.cursor.pos += i
		e.Base = strings.TrimSpace(p.src()[start:p.cursor.pos])
		for word := range strings.FieldsSeq(e.Base) {
			if !isTypeName(word) {
				e.Base = ""
			}
		}
		if e.Base == "" {
			p.fail(start, "expected the enum's underlying type, such as quint8")
		}
	}
	p.brace(&e.Doc, " behind the enum's name")
	e.Open = p.opening()
	p.values(e)
	e.lines = p.lineOf(p.cursor.pos) > p.lineOf(from)
	p.expect("}", " behind the enum's values")
	p.literal(";")
	e.Span = p.span(from, p.cursor.pos)
	return e
}

func (p *parser) values(e *Enum) {
	next := int32(0)
	for {
		p.space()
		if p.peek() == '}' {
			if len(e.Values) == 0 {
				p.report(p.cursor.pos, "expected a name: an enum cannot be empty")
			}
			e.Tail = p.all()
			return
		}
		v := &EnumValue{Value: next, Comments: Comments{Doc: p.all()}}
		from := p.cursor.pos
		v.Name, _ = p.ident("a name or } in the enum")
		end := p.cursor.pos
		p.blanks()
		if p.literal("=") {
			p.blanks()
			at := p.cursor.pos
			if !p.number(&v.Text) || isLetter(p.peek()) || isDigit(p.peek()) {
				p.cursor.pos = at
				p.fail(at, "expected a decimal or hexadecimal number, found %s: repc knows no other values", p.found())
			}
			v.Value, end = enumValue(v.Text), p.cursor.pos
		}
		next = v.Value + 1
		v.Span = p.span(from, end)
		e.Values = append(e.Values, v)
		v.Line = p.trailing()
		p.space()
		comma := p.cursor.pos
		switch {
		case p.literal(","):
			v.addLine(p.all())
			v.addLine(p.opening())
			at := p.cursor.pos
			if p.space(); p.peek() == '}' {
				p.report(comma, "expected no comma behind the last value")
			}
			p.cursor.pos, p.pending = at, nil
		case p.peek() != '}':
			p.fail(p.cursor.pos, "expected , or } behind a value of the enum, found %s", p.found())
		}
	}
}
