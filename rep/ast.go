package rep

import "strings"

// File is a .rep file.
type File struct {
	Name  string
	Decls []Decl
	text  *text
}

// Node is a part of a file.
type Node interface {
	// Pos is where the node begins, without the comments before it.
	Pos() Pos
	// End is where the node ends.
	End() Pos
}

// Decl is a declaration outside of classes: a *Directive, *UseEnum, *Enum, *Flag, *POD, *Class, or a *CommentGroup that
// belongs to none.
type Decl interface {
	Node
	decl()
}

// Member is a part of a class: a *Property, *Child, *Model, *Signal, *Slot, *Enum, *Flag, or a *CommentGroup that belongs to
// none.
type Member interface {
	Node
	member()
}

// Span is where a node is.
type Span struct{ From, To Pos }

// Pos is where the node begins.
func (s *Span) Pos() Pos { return s.From }

// End is where the node ends.
func (s *Span) End() Pos { return s.To }

// Comment is a comment of either kind. Text has the // or /* and */.
type Comment struct {
	Span
	Text string
}

// Block reports whether it is a comment with /* and */.
func (c *Comment) Block() bool { return strings.HasPrefix(c.Text, "/*") }

// CommentGroup is one or more comments without a blank line between them.
type CommentGroup struct {
	Span
	List []*Comment
}

func (*CommentGroup) decl()   {}
func (*CommentGroup) member() {}

// Text returns the comments' text without the marks.
func (g *CommentGroup) Text() string {
	if g == nil {
		return ""
	}
	var lines []string
	for _, c := range g.List {
		if !c.Block() {
			lines = append(lines, strings.TrimSpace(strings.TrimLeft(c.Text, "/!<")))
			continue
		}
		body := strings.TrimSuffix(strings.TrimPrefix(c.Text, "/*"), "*/")
		for line := range strings.SplitSeq(strings.TrimLeft(body, "*!<"), "\n") {
			lines = append(lines, strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*")))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Comments are the comments of a declaration.
type Comments struct {
	Doc  *CommentGroup // above it, or nil
	Line *CommentGroup // behind it on its last line, or nil
}

func (c *Comments) comments() *Comments { return c }

// documented is a node with comments.
type documented interface {
	Node
	comments() *Comments
}

// Directive is a line that begins with #. Text is all of it.
type Directive struct {
	Span
	Comments
	Text string
}

func (*Directive) decl() {}

// UseEnum is USE_ENUM: an enum that is declared in C++, outside of the file.
type UseEnum struct {
	Span
	Comments
	Name string
}

func (*UseEnum) decl() {}

// Enum is an ENUM, in a class, in a POD in braces, or outside of them.
type Enum struct {
	Span
	Comments
	Name   string
	Scoped bool   // ENUM class; Qt 6
	Base   string // its underlying type, or empty; Qt 6
	Values []*EnumValue
	Open   *CommentGroup // behind the brace, on its line
	Tail   *CommentGroup // behind the last value, on lines of their own
	lines  bool          // whether it is written on several lines
}

func (*Enum) decl()   {}
func (*Enum) member() {}

// EnumValue is one value of an enum.
type EnumValue struct {
	Span
	Comments
	Name  string
	Text  string // the number as it is written, or empty
	Value int32  // also if it is not written; one that an int cannot hold is 0 to repc
}

// Flag is a FLAG: the type of sets of an enum's values. Qt 6.
type Flag struct {
	Span
	Comments
	Name, Enum string
}

func (*Flag) decl()   {}
func (*Flag) member() {}

// POD is a value class.
type POD struct {
	Span
	Comments
	Name   string
	Braces bool // written with braces; Qt 6
	Fields []*Param
	Enums  []*Enum // with braces only
	Flags  []*Flag
	Open   *CommentGroup
	Tail   *CommentGroup
	lines  bool
	order  []documented // Fields, Enums and Flags as they come
}

func (*POD) decl() {}

// Class is a class.
type Class struct {
	Span
	Comments
	Name       string
	NamePos    Pos
	Attributes []string // between "class" and the name, such as an export macro
	Members    []Member
	Open       *CommentGroup
}

func (*Class) decl() {}

// Property is a PROP.
type Property struct {
	Span
	Comments
	Type      *Type
	Name      string
	NamePos   Pos
	Default   string // as it is written, or empty
	Modifiers []Modifier
}

func (*Property) member() {}

// Modifier is a modifier of a property, such as READONLY.
type Modifier struct {
	Name string
	Pos  Pos
}

// Has reports whether the property has a modifier.
func (p *Property) Has(modifier string) bool {
	for _, m := range p.Modifiers {
		if m.Name == modifier {
			return true
		}
	}
	return false
}

// Child is CLASS: a property that holds an object.
type Child struct {
	Span
	Comments
	Name    string
	NamePos Pos
	Class   string
}

func (*Child) member() {}

// Model is MODEL: a property that holds an item model.
type Model struct {
	Span
	Comments
	Name    string
	NamePos Pos
	Roles   []string
}

func (*Model) member() {}

// Signal is a SIGNAL.
type Signal struct {
	Span
	Comments
	Name    string
	NamePos Pos
	Params  []*Param
}

func (*Signal) member() {}

// Slot is a SLOT. Return is nil if no type is written, which means void.
type Slot struct {
	Span
	Comments
	Return  *Type
	Name    string
	NamePos Pos
	Params  []*Param
}

func (*Slot) member() {}

// Param is a parameter of a signal or slot, or a field of a POD.
type Param struct {
	Span
	Comments
	Const   bool
	Ref     bool
	Type    *Type
	Name    string // empty if it has none
	Default string // accepted by repc, but not understood
	Note    string // a block comment behind the name; repc takes it for a part of the name, and so it counts in signatures
}

// Type is a type as it is written. Text keeps white space in angle brackets, because it counts in signatures.
type Type struct {
	Span
	Text string
	Name string  // without arguments
	Args []*Type // of a template
}

// String returns the type in its shortest spelling.
func (t *Type) String() string {
	if t == nil {
		return "void"
	}
	if len(t.Args) == 0 {
		return t.Name
	}
	var args []string
	for _, a := range t.Args {
		args = append(args, a.String())
	}
	return t.Name + "<" + strings.Join(args, ",") + ">"
}
