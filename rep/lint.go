package rep

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is something that repc takes, or that one of its versions does not take, and that makes trouble later.
type Finding struct {
	File   string
	Pos    Pos
	Rule   string // which check it is from; see Rules
	Msg    string // what is the matter
	Advice string // what to do about it
	Source string // the line of the file
}

// String returns "file:line:column: message; advice (rule)".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%s: %s; %s (%s)", f.File, f.Pos, f.Msg, f.Advice, f.Rule)
}

// Detail returns what String returns, and below it the line and a caret under the place.
func (f Finding) Detail() string { return f.String() + "\n" + caret(f.Source, f.Pos.Column) }

// Rules are the checks of Lint, by name, with what each is about.
var Rules = map[string]string{
	"repc":      "repc of Qt 6 does not take the file, or makes something else of it than was meant",
	"type":      "a type that cannot be sent, or that nothing declares",
	"scope":     "an enum by a name that the C++ code does not know",
	"order":     "something is used before it is declared",
	"duplicate": "two of a name",
	"name":      "a name that C++, QObject or QRemoteObjectReplica use",
	"enum":      "values that do not fit",
	"arguments": "more arguments than Qt can call with",
	"overload":  "slots or signals of one name, whose typed sources C++ does not compile",
	"parameter": "parameters of which repc makes something else",
	"modifier":  "modifiers that do not do what they seem to",
	"container": "containers of PODs where Qt 6 does not decode them",
	"recursion": "a POD or class that holds itself",
	"blank":     "white space that counts",
}

// Lint looks for what repc takes and Qt or the C++ compiler trips over, and for what repc misunderstands. The findings are in
// the order of the file.
func Lint(f *File) []Finding {
	l := &linter{file: f, declared: map[string]int{}, enums: map[string]string{}}
	l.repc()
	l.collect()
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *Enum:
			l.enum(d)
		case *POD:
			l.pod(d)
		case *Class:
			l.class(d)
		}
	}
	l.recursion()
	slices.SortStableFunc(l.found, func(a, b Finding) int { return a.Pos.Offset - b.Pos.Offset })
	return l.found
}

// linter collects findings.
type linter struct {
	file     *File
	found    []Finding
	declared map[string]int    // where PODs, classes and global enums end, by name
	enums    map[string]string // the full name of each enum and flag, by its last part
	includes bool              // whether the file includes headers other than Qt's
	class0   *Class
}

func (l *linter) add(pos Pos, rule, msg, advice string) {
	l.found = append(l.found, Finding{File: l.file.Name, Pos: pos, Rule: rule, Msg: msg, Advice: advice, Source: l.file.text.line(pos.Line)})
}

func (l *linter) repc() {
	if _, err := l.file.Signatures(Qt6); err != nil {
		e := err.(*Error)
		l.add(e.Pos, "repc", strings.TrimPrefix(e.Msg, "repc of Qt 6 does not take this: "), "repc of Qt 6 rejects the file; if it is for blanks or comments, qtro rep fmt mends it")
	}
}

// collect notes what the file declares, and finds second declarations.
func (l *linter) collect() {
	declare := func(name string, n Node) {
		if _, again := l.declared[name]; again {
			l.add(n.Pos(), "duplicate", name+" is declared twice", "rename one of them")
			return
		}
		l.declared[name] = n.End().Offset
	}
	scoped := func(scope string, enums []*Enum, flags []*Flag) {
		for _, e := range enums {
			l.enums[e.Name] = scope + e.Name
		}
		for _, f := range flags {
			l.enums[f.Name] = scope + f.Name
		}
	}
	for _, d := range l.file.Decls {
		switch d := d.(type) {
		case *Directive:
			l.includes = l.includes || strings.Contains(d.Text, "include") && strings.Contains(d.Text, `"`)
		case *Enum:
			declare(d.Name, d)
			scoped(d.Name+"Enum::", []*Enum{d}, nil)
		case *Flag:
			scoped(d.Enum+"Enum::", nil, []*Flag{d})
		case *POD:
			declare(d.Name, d)
			scoped(d.Name+"::", d.Enums, d.Flags)
		case *UseEnum:
			l.enums[lastName(d.Name)] = d.Name
		case *Class:
			declare(d.Name, d)
		}
	}
}

func (l *linter) enum(e *Enum) {
	seen := map[string]bool{}
	for _, v := range e.Values {
		if seen[v.Name] {
			l.add(v.Pos(), "duplicate", "the enum has two values "+v.Name, "rename one of them")
		}
		seen[v.Name] = true
		l.identifier(v.Pos(), v.Name, "value of the enum", false)
		l.value(e, v)
	}
	l.identifier(e.Pos(), e.Name, "enum", false)
}

func (l *linter) value(e *Enum, v *EnumValue) {
	digits := strings.TrimPrefix(v.Text, "-")
	low, high := int64(-1<<31), int64(1<<31-1)
	n, fits := enumNumber(v.Text)
	switch {
	case v.Text != "" && (!fits || n < low || n > high):
		l.add(v.Pos(), "enum", v.Text+" does not fit into an int: repc takes 0 for it", "values travel as int: choose a smaller one")
		return
	case len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]):
		l.add(v.Pos(), "enum", fmt.Sprintf("%s is decimal to repc and octal to C++", v.Text), "write it without leading zeros")
	}
	size := enumSize(e.Base)
	if size == 4 {
		return
	}
	bits := uint(8 * size)
	signed := !strings.Contains(e.Base, "u") || strings.HasPrefix(e.Base, "short")
	low, high = 0, int64(1)<<bits-1
	if signed {
		low, high = -(int64(1) << (bits - 1)), int64(1)<<(bits-1)-1
	}
	switch value := int64(v.Value); {
	case value < low || value > high:
		l.add(v.Pos(), "enum", fmt.Sprintf("%d does not fit into %s", value, e.Base), "choose another underlying type")
	case !signed && value >= int64(1)<<(bits-1):
		l.add(v.Pos(), "enum", fmt.Sprintf("%d arrives as %d: enums travel with a sign", value, value-int64(1)<<bits), "choose a larger underlying type")
	}
}

func (l *linter) pod(p *POD) {
	if len(p.Fields) == 0 {
		l.add(p.Pos(), "repc", "the POD "+p.Name+" has no fields", "repc ignores it: leave it out")
	}
	l.identifier(p.Pos(), p.Name, "POD", false)
	for _, e := range p.Enums {
		l.enum(e)
	}
	seen := map[string]bool{}
	for _, f := range p.Fields {
		if seen[f.Name] {
			l.add(f.Pos(), "duplicate", "the POD has two fields "+f.Name, "rename one of them")
		}
		seen[f.Name] = true
		l.identifier(f.Pos(), f.Name, "field", false)
		l.words(f, "field")
		l.typeUse(f.Type, p.Name+"::", p.Pos().Offset, true)
	}
}

// recursion finds classes and PODs that hold themselves.
func (l *linter) recursion() {
	holds := map[string][]string{}
	at := map[string]Pos{}
	for _, d := range l.file.Decls {
		switch d := d.(type) {
		case *Class:
			at[d.Name] = d.Pos()
			for _, m := range d.Members {
				if c, ok := m.(*Child); ok {
					holds[d.Name] = append(holds[d.Name], c.Class)
				}
			}
		case *POD:
			at[d.Name] = d.Pos()
			for _, f := range d.Fields {
				if len(f.Type.Args) == 0 {
					holds[d.Name] = append(holds[d.Name], f.Type.Name)
				}
			}
		}
	}
	for name, pos := range at {
		if reaches(holds, name, name, map[string]bool{}) {
			l.add(pos, "recursion", name+" holds itself", "it would be of endless size: use a list, or a reference by name")
		}
	}
}

func reaches(holds map[string][]string, from, to string, seen map[string]bool) bool {
	for _, next := range holds[from] {
		if next == to {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if reaches(holds, next, to, seen) {
				return true
			}
		}
	}
	return false
}
