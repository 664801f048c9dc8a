package rep

import (
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Lines and columns count from 1, columns in bytes.
type Pos struct {
	Offset, Line, Column int
}

// String returns "line:column".
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Error is something that is wrong at a place in a file.
type Error struct {
	File string
	Pos  Pos
	Msg  string
	// Source is the line of the file, without its end.
	Source string
}

// Error returns "file:line:column: message".
func (e *Error) Error() string { return fmt.Sprintf("%s:%s: %s", e.File, e.Pos, e.Msg) }

// Detail returns what Error returns, and below it the line and a caret under the place.
func (e *Error) Detail() string { return e.Error() + "\n" + caret(e.Source, e.Pos.Column) }

// caret returns a line with a caret under a column. Tabs stay tabs, so that the caret is right with any width of them.
func caret(line string, column int) string {
	var under strings.Builder
	for _, r := range line[:min(max(column-1, 0), len(line))] {
		if r == '\t' {
			under.WriteByte('\t')
		} else {
			under.WriteByte(' ')
		}
	}
	return line + "\n" + under.String() + "^\n"
}

// ErrorList is all that is wrong with a file, in its order.
type ErrorList []*Error

// Error returns the errors, one a line.
func (l ErrorList) Error() string {
	var all []string
	for _, e := range l {
		all = append(all, e.Error())
	}
	return strings.Join(all, "\n")
}

// Detail returns the errors with their lines and carets.
func (l ErrorList) Detail() string {
	var all strings.Builder
	for _, e := range l {
		all.WriteString(e.Detail())
	}
	return all.String()
}

// Unwrap returns the errors.
func (l ErrorList) Unwrap() []error {
	all := make([]error, len(l))
	for i, e := range l {
		all[i] = e
	}
	return all
}

func (l ErrorList) sorted() ErrorList {
	slices.SortStableFunc(l, func(a, b *Error) int { return a.Pos.Offset - b.Pos.Offset })
	return l
}

// Errorf returns an error at a place in the file.
func (f *File) Errorf(pos Pos, format string, args ...any) *Error {
	return f.text.errorf(pos.Offset, format, args...)
}

// text is a file's text and where its lines begin.
type text struct {
	file  string
	src   string
	lines []int
}

func newText(name, src string) *text {
	t := &text{file: name, src: src, lines: []int{0}}
	for i := range len(src) {
		if src[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

func (t *text) pos(offset int) Pos {
	line, found := slices.BinarySearch(t.lines, offset)
	if !found {
		line--
	}
	return Pos{Offset: offset, Line: line + 1, Column: offset - t.lines[line] + 1}
}

func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	line, _, _ := strings.Cut(t.src[t.lines[n-1]:], "\n")
	return strings.TrimSuffix(line, "\r")
}

func (t *text) errorf(offset int, format string, args ...any) *Error {
	pos := t.pos(offset)
	return &Error{File: t.file, Pos: pos, Msg: fmt.Sprintf(format, args...), Source: t.line(pos.Line)}
}
