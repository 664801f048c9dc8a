package rep

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner is what the parser reads a file with: places, comments, names, and text in parentheses.
type scanner struct {
	*text
	cursor
	errs    ErrorList
	pending []*Comment // read and not yet given to anybody
}

// bailout ends the parsing of a declaration; its error has been reported.
type bailout struct{}

func (s *scanner) report(offset int, format string, args ...any) {
	s.errs = append(s.errs, s.errorf(offset, format, args...))
}

// fail reports an error and gives up the declaration.
func (s *scanner) fail(offset int, format string, args ...any) {
	s.report(offset, format, args...)
	panic(bailout{})
}

func (s *scanner) span(from, to int) Span { return Span{s.text.pos(from), s.text.pos(to)} }

func (s *scanner) lineOf(offset int) int { return s.text.pos(offset).Line }

// comment reads a comment at the cursor, or returns nil.
func (s *scanner) comment() *Comment {
	rest := s.src()[s.cursor.pos:]
	size := -1
	switch {
	case strings.HasPrefix(rest, "//"):
		if size = strings.IndexByte(rest, '\n'); size < 0 {
			size = len(rest)
		}
	case strings.HasPrefix(rest, "/*"):
		if size = strings.Index(rest[2:], "*/"); size < 0 {
			s.fail(s.cursor.pos, "this comment has no end: expected */")
		}
		size += len("/**/")
	default:
		return nil
	}
	from := s.cursor.pos
	s.cursor.pos += size
	return &Comment{Span: s.span(from, from+size), Text: strings.TrimRight(strings.ReplaceAll(rest[:size], "\r\n", "\n"), " \t\r")}
}

func (s *scanner) src() string { return s.text.src }

// space skips white space and comments, which become pending.
func (s *scanner) space() {
	for {
		for s.cursor.pos < len(s.src()) && isSpace(s.peek()) {
			s.cursor.pos++
		}
		c := s.comment()
		if c == nil {
			return
		}
		s.pending = append(s.pending, c)
	}
}

// groups takes the pending comments, in groups without blank lines. The last group is the doc of what is at the cursor if it
// ends on the line above it, or on its line.
func (s *scanner) groups() (free []*CommentGroup, doc *CommentGroup) {
	for _, c := range s.pending {
		n := len(free)
		if n > 0 && c.From.Line-free[n-1].To.Line <= 1 {
			free[n-1].add(c)
		} else {
			free = append(free, newGroup(c))
		}
	}
	s.pending = nil
	if n := len(free); n > 0 && s.cursor.pos < len(s.src()) && s.lineOf(s.cursor.pos)-free[n-1].To.Line <= 1 {
		return free[:n-1], free[n-1]
	}
	return free, nil
}

// all takes the pending comments as one group, or nil.
func (s *scanner) all() (g *CommentGroup) {
	for _, c := range s.pending {
		if g == nil {
			g = newGroup(c)
		} else {
			g.add(c)
		}
	}
	s.pending = nil
	return g
}

func newGroup(c *Comment) *CommentGroup {
	return &CommentGroup{Span: c.Span, List: []*Comment{c}}
}

func (g *CommentGroup) add(c *Comment) {
	g.List = append(g.List, c)
	g.To = c.To
}

// join appends a group to another; both may be nil.
func join(a, b *CommentGroup) *CommentGroup {
	if a == nil {
		return b
	}
	if b != nil {
		for _, c := range b.List {
			a.add(c)
		}
	}
	return a
}

// addLine gives comments to the end of a node's line, or above it if there is no more room.
func (c *Comments) addLine(g *CommentGroup) {
	if g == nil {
		return
	}
	for _, one := range g.List {
		room := true
		if c.Line != nil {
			for _, before := range c.Line.List {
				room = room && before.Block() && !strings.Contains(before.Text, "\n")
			}
		}
		if room {
			c.Line = join(c.Line, newGroup(one))
		} else {
			c.Doc = join(c.Doc, newGroup(one))
		}
	}
}

// trailing reads the comments on the rest of the line.
func (s *scanner) trailing() *CommentGroup {
	kept := s.pending
	s.pending = nil
	line := s.lineOf(s.cursor.pos)
	for {
		from := s.cursor.pos
		s.blanks()
		c := s.comment()
		if c == nil {
			s.cursor.pos = from
			break
		}
		s.pending = append(s.pending, c)
		if !c.Block() || c.To.Line != line {
			break
		}
	}
	g := s.all()
	s.pending = kept
	return g
}

// opening reads comments behind a brace, if nothing else is on its line.
func (s *scanner) opening() *CommentGroup {
	from := s.cursor.pos
	g := s.trailing()
	at := s.cursor.pos
	s.blanks()
	if s.cursor.pos < len(s.src()) && s.peek() != '\n' && s.peek() != '\r' {
		s.cursor.pos = from // they belong to what follows
		return nil
	}
	s.cursor.pos = at
	return g
}

// ident reads an identifier.
func (s *scanner) ident(what string) (string, Pos) {
	from := s.cursor.pos
	var name string
	if !s.name(&name, 1) {
		s.fail(from, "expected %s, found %s", what, s.found())
	}
	return name, s.text.pos(from)
}

// found describes what is at the cursor.
func (s *scanner) found() string {
	rest := s.src()[s.cursor.pos:]
	switch {
	case rest == "":
		return "the end of the file"
	case rest[0] == '\n' || rest[0] == '\r':
		return "the end of the line"
	case isLetter(rest[0]) || isDigit(rest[0]):
		end := 1
		for end < len(rest) && (isLetter(rest[end]) || isDigit(rest[end])) {
			end++
		}
		return rest[:end]
	}
	for _, r := range rest {
		return string(r)
	}
	return ""
}

func (s *scanner) expect(mark, why string) {
	if !s.literal(mark) {
		s.fail(s.cursor.pos, "expected %s%s, found %s", mark, why, s.found())
	}
}

// inner is the text in parentheses as repc takes it, without comments and ends of lines, and where its bytes come from.
type inner struct {
	str     string
	offsets []int // one more than bytes
}

func (in inner) at(i int) int { return in.offsets[i] }

// end is where the text ends, which may be lines before what comes next.
func (in inner) end() int {
	if len(in.str) == 0 {
		return in.at(0)
	}
	return in.at(len(in.str)-1) + 1
}

// slice returns a part of the text without the white space around it.
func (in inner) slice(from, to int) inner {
	for from < to && isSpace(in.str[from]) {
		from++
	}
	for to > from && isSpace(in.str[to-1]) {
		to--
	}
	return inner{in.str[from:to], in.offsets[from : to+1]}
}

// blockComment is what is wrong with one in parentheses that is not behind a parameter or has signs in it that repc reads.
const blockComment = "a block comment cannot be at this place in parentheses: repc takes it for a part of what is there"

// parens reads from the opening parenthesis at the cursor to the one that closes it, over comments, strings and parentheses.
// The comments in it become pending, but for block comments that may be behind a parameter.
func (s *scanner) parens(what string) inner {
	open := s.cursor.pos
	s.expect("(", " behind "+what)
	var in inner
	var b strings.Builder
	put := func() {
		b.WriteByte(s.peek())
		in.offsets = append(in.offsets, s.cursor.pos)
		s.cursor.pos++
	}
	for depth := 0; ; {
		if s.cursor.pos >= len(s.src()) {
			s.cursor.pos = open
			s.fail(open, "expected ) for this (, found the end of the file")
		}
		rest := s.src()[s.cursor.pos:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "//"):
			s.pending = append(s.pending, s.comment())
			continue
		case strings.HasPrefix(rest, "/*"):
			from := s.cursor.pos
			c := s.comment()
			if what != "SIGNAL" && what != "SLOT" && what != "POD" || strings.ContainsAny(c.Text, "()<>,&=\"") || strings.Contains(c.Text, "//") {
				s.report(from, blockComment)
				continue
			}
			for s.cursor.pos = from; s.cursor.pos < c.To.Offset; {
				if put(); s.peek() == '\n' || s.peek() == '\r' {
					s.cursor.pos++
				}
			}
			continue
		case c == '\n':
			s.cursor.pos++
			continue
		case c == '\r' && strings.HasPrefix(rest, "\r\n"):
			s.cursor.pos += 2
			continue
		case c == '"':
			size := stringEnd(rest)
			if size < 0 {
				s.fail(s.cursor.pos, "this string has no end on its line")
			}
			for range size {
				put()
			}
			continue
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ')':
			in.str = b.String()
			in.offsets = append(in.offsets, s.cursor.pos)
			s.cursor.pos++
			return in
		}
		s.visible()
		put()
	}
}

// visible fails if the character at the cursor is one that people cannot see and repc takes for white space at some places only, such
// as a no-break space.
func (s *scanner) visible() {
	r, _ := utf8.DecodeRuneInString(s.src()[s.cursor.pos:])
	if r != ' ' && r != '\t' && (unicode.IsSpace(r) || unicode.IsControl(r)) {
		s.fail(s.cursor.pos, "expected no white space but blanks, tabs and ends of lines, found %q", r)
	}
}

// stringEnd returns the size of the string literal at the beginning of a text, or -1.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return -1
		case '"':
			return i + 1
		}
	}
	return -1
}
