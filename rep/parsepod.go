package rep

import "strings"

func (p *parser) pod(from int, doc *CommentGroup) *POD {
	pod := &POD{Comments: Comments{Doc: doc}}
	p.blanks()
	pod.Name, _ = p.ident("the name of the POD")
	p.blanks()
	if p.peek() == '(' {
		open := p.cursor.pos
		in := p.parens("POD")
		pod.Fields = p.params(in, "POD")
		p.assign(pod)
		for _, f := range pod.Fields {
			pod.order = append(pod.order, f)
		}
		pod.lines = p.lineOf(p.cursor.pos) > p.lineOf(open)
	} else {
		pod.Braces = true
		p.brace(&pod.Doc, " or ( behind the POD's name")
		pod.Open = p.opening()
		p.bracePOD(pod)
		pod.lines = p.lineOf(p.cursor.pos) > p.lineOf(from)
		p.expect("}", " behind the POD's fields")
		p.literal(";")
	}
	pod.Span = p.span(from, p.cursor.pos)
	for _, f := range pod.Fields {
		if f.Name == "" {
			p.report(f.From.Offset, "expected a type and a name for the field of the POD")
		}
		if f.Default != "" {
			p.report(f.From.Offset, "a field of a POD cannot have a default value")
		}
	}
	return pod
}

// assign gives the pending comments to the fields that they are next to.
func (p *parser) assign(pod *POD) {
	comments := p.pending
	p.pending = nil
	for _, c := range comments {
		next := 0
		for next < len(pod.Fields) && pod.Fields[next].From.Offset < c.From.Offset {
			next++
		}
		switch {
		case next > 0 && pod.Fields[next-1].To.Line == c.From.Line:
			f := pod.Fields[next-1]
			f.addLine(newGroup(c))
		case next < len(pod.Fields):
			f := pod.Fields[next]
			f.Doc = join(f.Doc, newGroup(c))
		default:
			pod.Tail = join(pod.Tail, newGroup(c))
		}
	}
}

func (p *parser) bracePOD(pod *POD) {
	for {
		p.space()
		if p.peek() == '}' {
			pod.Tail = p.all()
			return
		}
		doc := p.all()
		from := p.cursor.pos
		var n documented
		switch {
		case p.word("ENUM"):
			e := p.enum(from, doc)
			pod.Enums = append(pod.Enums, e)
			n = e
		case p.word("FLAG"):
			f := p.flag(from, doc)
			p.blanks()
			p.literal(";")
			pod.Flags = append(pod.Flags, f)
			n = f
		default:
			f := p.param(p.fieldText(), "POD")
			f.Doc = doc
			pod.Fields = append(pod.Fields, f)
			n = f
		}
		pod.order = append(pod.order, n)
		n.comments().Line = p.trailing()
		_, field := n.(*Param)
		p.space()
		comma := p.cursor.pos
		switch {
		case p.literal(","):
			if !field {
				p.report(comma, "expected no comma behind an ENUM or FLAG")
			}
			c := n.comments()
			c.addLine(p.all())
			c.addLine(p.opening())
			at := p.cursor.pos
			if p.space(); p.peek() == '}' {
				p.report(comma, "expected no comma behind the last field")
			}
			p.cursor.pos, p.pending = at, nil
		case field && p.peek() != '}':
			p.fail(p.cursor.pos, "expected , or } behind a field of the POD, found %s", p.found())
		}
	}
}

// fieldText reads a field of a POD in braces.
func (p *parser) fieldText() inner {
	var in inner
	var b strings.Builder
	for depth := 0; p.cursor.pos < len(p.src()); p.cursor.pos++ {
		rest := p.src()[p.cursor.pos:]
		switch rest[0] {
		case '<':
			depth++
		case '>':
			depth--
		}
		if depth <= 0 && strings.ContainsRune(",{};\n", rune(rest[0])) || rest[0] == '/' || strings.ContainsRune("{}", rune(rest[0])) {
			break
		}
		if rest[0] != '\n' && rest[0] != '\r' {
			p.visible()
			b.WriteByte(rest[0])
			in.offsets = append(in.offsets, p.cursor.pos)
		}
	}
	in.str = b.String()
	in.offsets = append(in.offsets, p.cursor.pos)
	in = in.slice(0, len(in.str))
	if in.str == "" {
		p.fail(p.cursor.pos, "expected a field of the POD, found %s", p.found())
	}
	p.cursor.pos = in.end()
	return in
}
