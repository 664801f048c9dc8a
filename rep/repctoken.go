package rep

import "strings"

// The words that repc reads. It does not look at where it is: at each place the longest word that fits is the next one, which
// is why a blank too many makes it fail. A word has its own rules for the blanks around it.
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokNewline
	tokComment      // of both kinds
	tokPreprocessor // a line that begins with #
	tokClass        // class NAME
	tokPOD          // POD NAME(FIELDS)
	tokPODStart     // POD NAME, Qt 6
	tokUseEnum
	tokFlag // Qt 6
	tokEnum // ENUM NAME
	tokProp
	tokSignal
	tokSlot
	tokModel
	tokChild // CLASS NAME(TYPE)
	tokStart // {
	tokStop  // }
	tokComma
	tokEnumParam // NAME = VALUE, Qt 5
	tokSymbol    // the rest: Qt 6
	tokValue
	tokEquals
	tokQualifier
	tokReference
	tokLess
	tokGreater
)

// token is a word with what it is made of.
type token struct {
	kind     tokenKind
	pos, end int
	name     string // the first part
	args     string // the second
	base     string // of an enum, its underlying type
	scoped   bool   // of an enum
}

// cursor steps through a text. Its methods report whether they found what they look for.
type cursor struct {
	src string
	pos int
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (c *cursor) peek() byte {
	if c.pos < len(c.src) {
		return c.src[c.pos]
	}
	return 0
}

// blanks skips spaces and tabs and returns how many there are.
func (c *cursor) blanks() int {
	n := 0
	for c.peek() == ' ' || c.peek() == '\t' {
		c.pos++
		n++
	}
	return n
}

func (c *cursor) literal(s string) bool {
	if !strings.HasPrefix(c.src[c.pos:], s) {
		return false
	}
	c.pos += len(s)
	return true
}

func (c *cursor) optional(s string) bool {
	c.literal(s)
	return true
}

// name reads an identifier of at least min characters.
func (c *cursor) name(out *string, min int) bool {
	start := c.pos
	for isLetter(c.peek()) || c.pos > start && isDigit(c.peek()) {
		c.pos++
	}
	*out = c.src[start:c.pos]
	return len(*out) >= min
}

// until reads everything before the next end, which has to be there; it may be on a later line.
func (c *cursor) until(end byte, out *string, min int) bool {
	i := strings.IndexByte(c.src[c.pos:], end)
	if i < min {
		return false
	}
	*out = c.src[c.pos : c.pos+i]
	c.pos += i
	return true
}

// keyword reads a word behind blanks.
func (c *cursor) keyword(word string) bool {
	c.blanks()
	return c.literal(word)
}

// close reads the end of a declaration in parentheses.
func (c *cursor) close() bool {
	if !c.literal(")") || !c.optional(";") {
		return false
	}
	c.blanks()
	return true
}

// matcher reads one kind of word at the cursor.
type matcher struct {
	kind  tokenKind
	match func(c *cursor, t *token) bool
}

// The words of both versions, those of Qt 5 only, and those of Qt 6 only.
var commonMatchers = []matcher{
	{tokNewline, func(c *cursor, _ *token) bool { return c.literal("\n") || c.literal("\r\n") }},
	{tokComment, func(c *cursor, t *token) bool {
		return c.keyword("//") && c.until('\n', &t.name, 0) && c.literal("\n")
	}},
	{tokPreprocessor, func(c *cursor, t *token) bool {
		return c.literal("#") && c.until('\n', &t.name, 0) && c.literal("\n")
	}},
	{tokClass, func(c *cursor, t *token) bool {
		ok := c.literal("class") && c.blanks() > 0 && c.name(&t.name, 2)
		c.blanks()
		return ok
	}},
	{tokPOD, func(c *cursor, t *token) bool {
		if !c.literal("POD") {
			return false
		}
		c.blanks()
		ok := c.name(&t.name, 2)
		c.blanks()
		return ok && c.literal("(") && c.until(')', &t.args, 0) && c.close()
	}},
	{tokUseEnum, func(c *cursor, t *token) bool {
		if !c.literal("USE_ENUM") {
			return false
		}
		c.blanks()
		return c.literal("(") && c.until(')', &t.name, 0) && c.close()
	}},
	{tokProp, func(c *cursor, t *token) bool {
		if !c.keyword("PROP") {
			return false
		}
		c.blanks()
		return c.literal("(") && c.until(')', &t.args, 1) && c.close()
	}},
	{tokSignal, matchSignal},
	{tokSlot, func(c *cursor, t *token) bool {
		if !c.keyword("SLOT") {
			return false
		}
		c.blanks()
		return c.literal("(") && c.until('(', &t.name, 0) && c.arguments(t)
	}},
	{tokModel, func(c *cursor, t *token) bool { return c.object("MODEL", t) }},
	{tokChild, func(c *cursor, t *token) bool { return c.object("CLASS", t) }},
	{tokStart, func(c *cursor, _ *token) bool {
		ok := c.keyword("{")
		c.blanks()
		return ok
	}},
	{tokStop, func(c *cursor, _ *token) bool {
		ok := c.keyword("}") && c.optional(";")
		c.blanks()
		return ok
	}},
	{tokComma, func(c *cursor, _ *token) bool { return c.literal(",") }},
}

var matchers5 = append([]matcher{
	{tokEnum, func(c *cursor, t *token) bool {
		ok := c.keyword("ENUM") && c.blanks() > 0 && c.name(&t.name, 1)
		c.blanks()
		return ok
	}},
	{tokEnumParam, func(c *cursor, t *token) bool {
		c.blanks()
		if !c.name(&t.name, 1) {
			return false
		}
		c.blanks()
		before := c.pos
		if c.literal("=") {
			if c.blanks(); !c.number(&t.args) {
				c.pos, t.args = before, ""
			}
		}
		c.blanks()
		return true
	}},
}, commonMatchers...)

var matchers6 = append([]matcher{
	{tokComment, func(c *cursor, t *token) bool {
		i := -1
		if c.literal("/*") {
			i = strings.Index(c.src[c.pos:], "*/")
		}
		if i < 0 {
			return false
		}
		t.name = c.src[c.pos : c.pos+i]
		c.pos += i + 2
		return true
	}},
	{tokEnum, matchEnum6},
	{tokPODStart, func(c *cursor, t *token) bool {
		if !c.literal("POD") {
			return false
		}
		c.blanks()
		ok := c.name(&t.name, 2)
		c.blanks()
		return ok
	}},
	{tokFlag, func(c *cursor, t *token) bool {
		if !c.keyword("FLAG") {
			return false
		}
		c.blanks()
		if !c.literal("(") {
			return false
		}
		c.blanks()
		ok := c.name(&t.name, 1) && c.blanks() > 0 && c.name(&t.args, 1)
		c.blanks()
		ok = ok && c.literal(")")
		c.blanks()
		return ok
	}},
	{tokQualifier, func(c *cursor, t *token) bool {
		c.blanks()
		for _, word := range []string{"const", "unsigned", "signed"} {
			if c.literal(word) {
				t.name = word
				c.blanks()
				return true
			}
		}
		return false
	}},
	{tokSymbol, func(c *cursor, t *token) bool {
		c.blanks()
		ok := c.name(&t.name, 1)
		c.blanks()
		return ok
	}},
	{tokValue, func(c *cursor, t *token) bool {
		c.blanks()
		ok := c.number(&t.args)
		c.blanks()
		return ok
	}},
	{tokEquals, func(c *cursor, _ *token) bool { return c.literal("=") }},
	{tokReference, func(c *cursor, _ *token) bool {
		ok := c.keyword("&")
		c.blanks()
		return ok
	}},
	{tokLess, func(c *cursor, _ *token) bool { return c.literal("<") }},
	{tokGreater, func(c *cursor, _ *token) bool {
		ok := c.literal(">")
		c.blanks()
		return ok
	}},
}, commonMatchers...)

// arguments reads the arguments and the end of a signal or slot.
func (c *cursor) arguments(t *token) bool {
	if !c.literal("(") || !c.until(')', &t.args, 0) || !c.literal(")") {
		return false
	}
	c.blanks()
	return c.close()
}

// object reads a MODEL or CLASS.
func (c *cursor) object(word string, t *token) bool {
	if !c.keyword(word) || c.blanks() == 0 || !c.name(&t.name, 2) || !c.literal("(") || !c.until(')', &t.args, 1) || !c.literal(")") {
		return false
	}
	c.blanks()
	c.literal(";")
	c.blanks()
	return true
}

// matchSignal reads a signal. Its name is as long as it can be without white space, so that of two signals that nothing
// separates the first one is the name of the second.
func matchSignal(c *cursor, t *token) bool {
	if !c.keyword("SIGNAL") {
		return false
	}
	c.blanks()
	if !c.literal("(") {
		return false
	}
	c.blanks()
	start := c.pos
	end := start
	for end < len(c.src) && !isSpace(c.src[end]) {
		end++
	}
	for ; end > start; end-- {
		c.pos = end
		c.blanks()
		if c.arguments(t) {
			t.name = c.src[start:end]
			return true
		}
	}
	return false
}

// matchEnum6 reads the beginning of an enum, which may have "class" and an underlying type.
func matchEnum6(c *cursor, t *token) bool {
	if !c.keyword("ENUM") || c.blanks() == 0 {
		return false
	}
	start := c.pos
	if c.literal("class") && c.blanks() > 0 && c.name(&t.name, 1) {
		t.scoped = true
	} else {
		c.pos = start
		if !c.name(&t.name, 1) {
			return false
		}
	}
	c.blanks()
	before := c.pos
	if c.literal(":") {
		c.blanks()
		start, end := c.pos, c.pos
		for isLetter(c.peek()) || isDigit(c.peek()) || c.peek() == ' ' || c.peek() == ':' {
			c.pos++
			if last := c.src[c.pos-1]; last != ' ' && last != ':' {
				end = c.pos
			}
		}
		if end == start {
			c.pos = before
			return true
		}
		t.base = c.src[start:end]
		c.pos = end
		c.blanks()
	}
	return true
}

// number reads a value of an enum: decimal, also negative, or hexadecimal.
func (c *cursor) number(out *string) bool {
	start := c.pos
	c.literal("-")
	negative := c.pos > start
	digits := c.pos
	for isDigit(c.peek()) {
		c.pos++
	}
	if !negative && c.pos == digits+1 && c.src[digits] == '0' && (c.peek() == 'x' || c.peek() == 'X') {
		end := c.pos
		c.pos++
		for isDigit(c.peek()) || c.peek()|0x20 >= 'a' && c.peek()|0x20 <= 'f' {
			c.pos++
		}
		if c.pos == end+1 {
			c.pos = end
		}
	}
	*out = c.src[start:c.pos]
	return c.pos > digits
}

// next returns the longest word at pos; of equally long ones, the first.
func nextToken(src string, pos int, v Version) (token, bool) {
	if pos >= len(src) {
		return token{kind: tokEOF, pos: pos, end: pos}, true
	}
	list := matchers6
	if v == Qt5 {
		list = matchers5
	}
	best := token{end: pos}
	for _, m := range list {
		c := cursor{src: src, pos: pos}
		t := token{kind: m.kind, pos: pos}
		if m.match(&c, &t) && c.pos > best.end {
			t.end = c.pos
			best = t
		}
	}
	return best, best.end > pos
}
