package rep

import (
	"strings"
)

func (p *parser) class(from int, doc *CommentGroup) *Class {
	c := &Class{Comments: Comments{Doc: doc}}
	for {
		p.blanks()
		name, pos := p.ident("the name of the class")
		if c.Name != "" {
			c.Attributes = append(c.Attributes, c.Name)
		}
		c.Name, c.NamePos = name, pos
		if p.blanks(); !isLetter(p.peek()) {
			break
		}
	}
	if p.peek() == ':' {
		p.fail(p.cursor.pos, "expected { behind the class's name: a class cannot have a base class")
	}
	p.brace(&c.Doc, " behind the class's name")
	open := p.cursor.pos - 1
	c.Open = p.opening()
	for {
		var end bool
		p.safely(func() {
			p.space()
			for p.literal(";") {
				p.space()
			}
			free, doc := p.groups()
			if p.cursor.pos >= len(p.src()) {
				end = true
				p.fail(open, "expected } for this class, found the end of the file")
			}
			if end = p.peek() == '}'; end && doc != nil {
				free = append(free, doc)
			}
			for _, g := range free {
				c.Members = append(c.Members, g)
			}
			if end {
				p.literal("}")
				return
			}
			m := p.member(doc)
			p.finish(m)
			c.Members = append(c.Members, m.(Member))
		})
		if end {
			break
		}
	}
	p.literal(";")
	c.Span = p.span(from, p.cursor.pos)
	return c
}

func (p *parser) member(doc *CommentGroup) documented {
	from := p.cursor.pos
	switch {
	case p.word("ENUM"):
		return p.enum(from, doc)
	case p.word("FLAG"):
		return p.flag(from, doc)
	case p.word("PROP"):
		return p.property(from, doc)
	case p.word("SIGNAL"):
		return p.signal(from, doc)
	case p.word("SLOT"):
		return p.slot(from, doc)
	case p.word("CLASS"):
		c := &Child{}
		var in inner
		c.Name, c.NamePos, in = p.object("CLASS")
		c.Doc, c.Span = join(doc, p.all()), p.span(from, p.cursor.pos)
		if c.Class = strings.TrimSpace(in.str); !isIdent(c.Class) {
			p.report(in.at(0), "expected the name of the object's class")
		}
		return c
	case p.word("MODEL"):
		m := &Model{}
		var in inner
		m.Name, m.NamePos, in = p.object("MODEL")
		m.Doc, m.Span = join(doc, p.all()), p.span(from, p.cursor.pos)
		for role := range strings.SplitSeq(in.str, ",") {
			if role = strings.TrimSpace(role); !isTypeName(role) {
				p.report(in.at(0), "expected the names of the model's roles, separated by commas")
				break
			}
			m.Roles = append(m.Roles, role)
		}
		return m
	}
	for _, w := range []string{"class", "POD", "USE_ENUM"} {
		if p.word(w) {
			p.fail(from, "%s can only be outside of classes; is a } missing?", w)
		}
	}
	if p.peek() == '#' {
		p.fail(from, "a line with # can only be outside of classes")
	}
	p.fail(from, "expected PROP, CLASS, MODEL, SIGNAL, SLOT, ENUM, FLAG or }, found %s", p.found())
	return nil
}

// object reads the name of a CLASS or MODEL and what is in its parentheses.
func (p *parser) object(what string) (string, Pos, inner) {
	p.blanks()
	name, pos := p.ident("the name of the property")
	p.blanks()
	open, comments := p.cursor.pos, len(p.pending)
	in := p.parens(what + " " + name)
	if len(p.pending) > comments {
		p.fail(open, "a comment cannot be in the parentheses of %s: repc takes it for a part of what is there", what)
	}
	in.str = p.src()[open+1 : p.cursor.pos-1] // repc does not join its lines
	return name, pos, in
}

func (p *parser) property(from int, doc *CommentGroup) *Property {
	p.blanks()
	in := p.parens("PROP")
	pr := &Property{Comments: Comments{Doc: join(doc, p.all())}}
	pr.Span = p.span(from, p.cursor.pos)
	in = in.slice(0, len(in.str))
	end := typeEnd(in.str)
	if end < 0 {
		p.fail(in.at(0), "expected a type, a blank and a name in PROP")
	}
	pr.Type = p.typeOf(in.slice(0, end))
	rest := in.slice(end, len(in.str))
	c := cursor{src: rest.str}
	if !c.name(&pr.Name, 1) {
		p.fail(rest.at(0), "expected the name of the property behind its type%s", hintForType(in.str))
	}
	pr.NamePos = p.text.pos(rest.at(0))
	at := c.pos
	c.blanks()
	switch {
	case c.literal("="):
		c.blanks()
		size := defaultEnd(c.src[c.pos:])
		if size <= 0 {
			p.fail(rest.at(c.pos), "expected a default value behind =")
		}
		pr.Default = strings.TrimSpace(c.src[c.pos : c.pos+size])
		c.pos += size
		if c.pos < len(c.src) && c.blanks() == 0 && !isSpace(c.src[c.pos-1]) {
			p.fail(rest.at(c.pos), "expected a blank behind the default value")
		}
	case c.pos == at && at < len(c.src):
		p.fail(rest.at(c.pos), "expected =, a modifier or ) behind the name of the property")
	}
	p.modifiers(pr, rest.slice(c.pos, len(c.src)))
	return pr
}

// hintForType says what is often wrong with a type that is more than one word.
func hintForType(s string) string {
	first, rest, _ := strings.Cut(s, " ")
	switch {
	case strings.HasPrefix(strings.TrimSpace(rest), "<"):
		return ": no blank can be before <"
	case first == "unsigned", first == "long", first == "signed", first == "const":
		return ": a type is one word, such as uint"
	}
	return ""
}

// defaultEnd returns where a default value ends: at the first blank outside of strings and brackets, unless another string
// follows, as in "a" "b", or it is next to a |, which joins flags.
func defaultEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			size := stringEnd(s[i:])
			if size < 0 {
				return len(s)
			}
			i += size - 1
			if rest := s[i+1:]; depth <= 0 && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
				return i + 1
			}
		case '\'':
			if j := strings.IndexByte(s[i+1:], '\''); j > 0 {
				i += j + 1
			}
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		case ' ', '\t':
			next := strings.TrimLeft(s[i:], " \t")
			if depth <= 0 && (next == "" || next[0] != '"' && next[0] != '|' && s[i-1] != '|') {
				return i
			}
			i = len(s) - len(next) - 1
		case ',':
			if depth <= 0 {
				return i
			}
		}
	}
	return len(s)
}

func (p *parser) modifiers(pr *Property, in inner) {
	if in.str == "" {
		return
	}
	from := 0
	for i := 0; i <= len(in.str); i++ {
		if i < len(in.str) && in.str[i] != ',' {
			continue
		}
		m := in.slice(from, i)
		from = i + 1
		switch first, rest, _ := strings.Cut(m.str, " "); {
		case m.str == "":
			p.fail(m.at(0), "expected a modifier")
		case isModifier(m.str):
			pr.Modifiers = append(pr.Modifiers, Modifier{m.str, p.text.pos(m.at(0))})
		case isModifier(first) && isModifier(strings.TrimSpace(rest)):
			p.fail(m.at(len(first)), "expected a comma between modifiers")
		case strings.EqualFold(m.str, "readonly") || isModifier(strings.ToUpper(m.str)):
			p.fail(m.at(0), "expected a modifier, found %s: modifiers are in capitals", m.str)
		default:
			p.fail(m.at(0), "expected a modifier (READPUSH, READONLY, READWRITE, CONSTANT, SOURCEONLYSETTER or PERSISTED), found %s", m.str)
		}
	}
	var names []string
	for _, m := range pr.Modifiers {
		names = append(names, m.Name)
	}
	if _, wrong := repcAccess(strings.Join(names, ",")); wrong != "" {
		p.report(p.offset(pr.Modifiers[0].Pos), "%s", wrong)
	}
}

func (p *parser) offset(pos Pos) int { return pos.Offset }

func isModifier(s string) bool {
	_, known := accessNumbers[s]
	return known || s == "PERSISTED"
}

func (p *parser) signal(from int, doc *CommentGroup) *Signal {
	p.blanks()
	in := p.parens("SIGNAL")
	s := &Signal{Comments: Comments{Doc: join(doc, p.all())}}
	s.Span = p.span(from, p.cursor.pos)
	head, params := p.function(in)
	if strings.ContainsAny(head.str, " \t") {
		p.fail(head.at(0), "expected the signal's name alone: a signal has no return type")
	}
	if !isIdent(head.str) {
		p.fail(head.at(0), "expected the name of the signal")
	}
	s.Name, s.NamePos, s.Params = head.str, p.text.pos(head.at(0)), p.params(params, "signal")
	var t token
	if repc := (cursor{src: p.src(), pos: from}); matchSignal(&repc, &t) && t.name != s.Name {
		p.fail(p.cursor.pos, "expected a blank or the end of the line behind SIGNAL: repc takes %s for its name", t.name)
	}
	return s
}

// function splits a signal or slot into what is before its parentheses and what is in them.
func (p *parser) function(in inner) (head, params inner) {
	in = in.slice(0, len(in.str))
	open := strings.IndexByte(in.str, '(')
	if open < 0 {
		p.fail(in.at(len(in.str)), "expected ( and ) behind the name, also without parameters")
	}
	if end := len(in.str) - 1; in.str[end] != ')' || strings.IndexByte(in.str[open:], ')') != end-open {
		i := open + strings.IndexByte(in.str[open:], ')')
		p.fail(in.at(min(i+1, len(in.str))), "expected ) behind the parameters: nothing can follow them, and parentheses cannot be in them")
	}
	if i := strings.Index(in.str[:open], "/*"); i >= 0 {
		p.fail(in.at(i), blockComment)
	}
	return in.slice(0, open), in.slice(open+1, len(in.str)-1)
}

func (p *parser) slot(from int, doc *CommentGroup) *Slot {
	p.blanks()
	start := p.cursor.pos + 1
	in := p.parens("SLOT")
	s := &Slot{Comments: Comments{Doc: join(doc, p.all())}}
	s.Span = p.span(from, p.cursor.pos)
	head, params := p.function(in)
	raw := strings.TrimSpace(p.src()[start:in.at(strings.IndexByte(in.str, '('))])
	if behind := raw[strings.LastIndexByte(raw, '>')+1:]; strings.ContainsAny(behind, "\t\r\n") || strings.Contains(raw, "//") {
		p.fail(head.at(0), "expected a slot's type and name on one line, with a blank between them")
	}
	name := head
	if i := strings.LastIndexByte(head.str, ' '); i >= 0 {
		name = head.slice(i+1, len(head.str))
		ret := head.slice(0, i)
		s.Return = p.typeOf(ret)
		s.Return.Text = raw[:strings.LastIndexByte(raw, ' ')] // with the white space that counts
	}
	if !isIdent(name.str) {
		p.fail(head.at(0), "expected the slot's return type and name")
	}
	s.Name, s.NamePos, s.Params = name.str, p.text.pos(name.at(0)), p.params(params, "slot")
	return s
}
