package rep

import (
	"strconv"
	"strings"
	"unicode"
)

// What repc makes of the text in parentheses. It has no types: it looks for blanks and angle brackets.

// repcParam is a parameter of a function or a field of a POD as repc takes it.
type repcParam struct {
	typ, name string
	flags     int32 // 1 const, 2 reference
}

// repcProp is a property, model or child object.
type repcProp struct {
	typ, name string
	access    int32
	roles     []string // of a model
	child     bool
}

// withoutComments removes comments to the end of the line.
func withoutComments(s string) string {
	if !strings.Contains(s, "//") {
		return s
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "//")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			return out.String()
		}
		s = rest[i:]
	}
}

// repcParams splits parameters as repc does: commas outside of angle brackets separate them, the first blank outside of them
// ends the type, and all further text without its blanks is the name.
func repcParams(text string) []repcParam {
	var out []repcParam
	var typ, name strings.Builder
	var flags int32
	depth, unnamed := 0, 0
	inName := false
	add := func() {
		p := repcParam{typ: typ.String(), name: name.String(), flags: flags}
		if p.name == "" {
			unnamed++
			p.name = "__repc_variable_" + strconv.Itoa(unnamed)
		}
		out = append(out, p)
		typ.Reset()
		name.Reset()
		flags, inName = 0, false
	}
	put := func(c rune) {
		if inName {
			name.WriteRune(c)
		} else {
			typ.WriteRune(c)
		}
	}
	text = strings.TrimSpace(oneLine(text))
	if text == "" {
		return nil
	}
	for _, c := range text {
		switch {
		case c == '<':
			typ.WriteRune(c)
			depth++
		case c == '>':
			typ.WriteRune(c)
			depth = max(0, depth-1)
		case c == '&':
			flags |= 2
		case c == ',':
			if depth > 0 {
				typ.WriteRune(c)
			} else {
				add()
			}
		case unicode.IsSpace(c):
			switch {
			case depth > 0:
				typ.WriteRune(c)
			case typ.String() == "const":
				flags |= 1
				typ.Reset()
			case typ.Len() > 0:
				inName = true
			}
		default:
			put(c)
		}
	}
	if typ.Len() > 0 || name.Len() > 0 {
		add()
	}
	return out
}

// The numbers of the modifiers that count.
const (
	accessConstant int32 = iota
	accessReadOnly
	accessReadPush
	accessReadWrite
	accessSourceOnlySetter
)

var accessNumbers = map[string]int32{
	"CONSTANT": accessConstant, "READONLY": accessReadOnly, "READPUSH": accessReadPush, "READWRITE": accessReadWrite,
	"SOURCEONLYSETTER": accessSourceOnlySetter,
}

// repcProperty reads the inside of PROP. It returns what is wrong with it, if anything is.
func repcProperty(text string) (p repcProp, wrong string) {
	text = strings.TrimSpace(oneLine(text))
	end := typeEnd(text)
	if end < 0 {
		return p, "a property needs a type, a blank and a name"
	}
	p.typ = text[:end]
	rest := strings.TrimSpace(text[end:])
	var mods string
	if name, value, found := strings.Cut(rest, "="); found {
		p.name = strings.TrimSpace(name)
		value = strings.TrimSpace(value)
		from := max(0, strings.LastIndexByte(value, '"'))
		if i := strings.IndexAny(value[from:], " \t"); i >= 0 {
			mods = value[from+i:]
		}
	} else {
		p.name = rest
		if i := strings.IndexAny(rest, " \t"); i >= 0 {
			p.name, mods = rest[:i], rest[i:]
		}
	}
	p.access, wrong = repcAccess(mods)
	return p, wrong
}

// oneLine removes comments and the ends of lines.
func oneLine(s string) string {
	return strings.NewReplacer("\r", "", "\n", "").Replace(withoutComments(s))
}

// typeEnd returns where the blank is that ends a property's type, or -1: the first one, or if there are angle brackets before
// that, the first one behind their end.
func typeEnd(s string) int {
	end := strings.IndexAny(s, " \t")
	if less := strings.IndexByte(s, '<'); less < 0 || end < less {
		return end
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			depth++
		case '>':
			if depth--; depth == 0 {
				if end = strings.IndexAny(s[i:], " \t"); end >= 0 {
					end += i
				}
				return end
			}
		}
	}
	return -1
}

// repcAccess reads modifiers.
func repcAccess(text string) (access int32, wrong string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return accessReadPush, ""
	}
	var mods []string
	for m := range strings.SplitSeq(text, ",") {
		if m = strings.TrimSpace(m); m != "PERSISTED" {
			mods = append(mods, m)
		}
	}
	switch len(mods) {
	case 0:
		return accessReadPush, ""
	case 1:
		access, known := accessNumbers[mods[0]]
		if !known {
			return 0, "unknown modifier " + strconv.Quote(mods[0])
		}
		return access, ""
	case 2:
		if mods[0] == "READONLY" && mods[1] == "CONSTANT" || mods[0] == "CONSTANT" && mods[1] == "READONLY" {
			return accessConstant, ""
		}
	}
	return 0, "modifiers that do not go together: " + text
}
