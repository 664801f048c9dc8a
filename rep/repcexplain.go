package rep

import "strings"

// explain says why repc does not get on at a place, if that can be seen from what is there; else it returns otherwise.
func explain(src string, pos int, v Version, otherwise string) string {
	rest := src[pos:]
	word := strings.TrimLeft(rest, " \t")
	blanks := len(rest) - len(word)
	line, _, ended := strings.Cut(word, "\n")
	line = strings.TrimRight(line, "\r")
	switch {
	case rest == "":
		return otherwise + ", found the end of the file"
	case line == "" && blanks == 0:
		return otherwise + ", found the end of the line"
	case line == "":
		return "blanks at the end of the line or on an empty line"
	case strings.HasPrefix(word, "/*") && v == Qt5:
		return "block comments are known to Qt 6 only"
	case strings.HasPrefix(word, "/*") && blanks > 0:
		return "blanks before a block comment"
	case strings.HasPrefix(word, "/*"):
		return "a block comment at this place"
	case strings.HasPrefix(word, "//") && !ended:
		return "a comment on the last line, which needs a line behind it"
	case strings.HasPrefix(word, "//"):
		return "a comment at this place: " + otherwise
	case strings.HasPrefix(word, "#") && !ended:
		return "a # on the last line, which needs a line behind it"
	case strings.HasPrefix(word, "#") && blanks > 0:
		return "blanks before #"
	case strings.HasPrefix(word, "#"):
		return "a line with # in a class"
	case strings.HasPrefix(word, "\r"):
		return "a carriage return that does not end a line"
	case strings.HasPrefix(word, ")"):
		return "parentheses in parentheses: for it the first ) is the end"
	case strings.HasPrefix(word, ":") && v == Qt5:
		return "underlying types of enums are known to Qt 6 only"
	case strings.HasPrefix(word, ";"):
		return "a semicolon at this place"
	}
	if why := explainWord(word, line, blanks, v); why != "" {
		return why
	}
	if len(line) > 20 {
		line = line[:20] + "…"
	}
	return otherwise + ", found " + line
}

// explainWord explains declarations that repc does not take for any.
func explainWord(word, line string, blanks int, v Version) string {
	c := cursor{src: word}
	var key, name string
	c.name(&key, 1)
	c.blanks()
	c.name(&name, 1)
	one := len(name) == 1
	c.blanks()
	switch key {
	case "FLAG":
		if v == Qt5 {
			return "FLAG is known to Qt 6 only"
		}
	case "class", "POD", "USE_ENUM":
		switch {
		case blanks > 0:
			return "blanks before " + key
		case one:
			return "a name of one character"
		case key == "POD" && c.peek() != '(' && v == Qt5:
			return "a POD in braces is known to Qt 6 only"
		case key == "POD" && strings.HasPrefix(strings.TrimSpace(word[c.pos:]), "("):
			return "the parenthesis of a POD has to be on the line of its name"
		}
	case "MODEL", "CLASS":
		switch {
		case one:
			return "a name of one character"
		case c.pos > 0 && c.peek() == '(' && isSpace(word[c.pos-1]):
			return "a blank before ("
		}
		return key + " in which it finds no name and parentheses"
	case "PROP":
		return "PROP with nothing in it or with parentheses in it"
	case "SIGNAL", "SLOT":
		return key + " with other parentheses than those of its parameters"
	}
	return ""
}
