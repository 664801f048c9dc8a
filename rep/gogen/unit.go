package gogen

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// unit is one or more .rep files with all their types resolved and everything named.
type unit struct {
	files   []*rep.File
	file    *rep.File // the one that is looked at
	enums   []*enum
	pods    []*pod
	classes []*class
	names   nameSet // of the package
	prefix  string  // of the names of exported types
	warn    func(error)

	described map[*rep.Class]*core.Class // what package rep makes of the classes
	misread   rep.ErrorList
	errs      rep.ErrorList // that were found on the way
}

type enum struct {
	file            *rep.File
	goName, varName string
	owner           string // the class or POD it is of, or empty
	doc             string
	qt              qt.Enum
	values          []enumValue
	of              *enum // of flags
}

type enumValue struct {
	goName, name, doc string
	value             int32
}

type pod struct {
	file            *rep.File
	goName, varName string
	typeVar         string // of its *qt.Type
	unpack          string // the function that makes it of a qt.Value
	ast             *rep.POD
	qt              qt.POD
	fields          []field
}

type field struct {
	goName, name, doc string
	typ               goType
}

type class struct {
	file            *rep.File
	goName, varName string
	ast             *rep.Class
	signature       [2]string // of Qt 6 and Qt 5
	why             [2]string // there is none
	notes           []string  // on the signatures
	types           *qt.Types
	usedEnums       []*enum
	usedPODs        []*pod
	props           []*property
	signals         []*method
	slots           []*method
}

type property struct {
	goName string
	name   string
	doc    string
	access core.Access
	typ    goType // of plain ones
	def    string // the default as a Go expression, or empty
	// noDefault says why a default that is there is not in the code, or is empty.
	noDefault string
	persist   bool // it is PERSISTED
	child     *class
	roles     []string
	isModel   bool
	typeText  string
	pushSlot  string // the name of the slot by which replicas push it
}

type method struct {
	goName    string // of the interface's method
	onReplica string
	name, doc string
	wireName  string // its name in Qt, with the parameters' types if it is overloaded
	suffix    string // of the Go name of a later overload
	params    []param
	ret       *goType // nil if nothing is returned
	retText   string
}

type param struct {
	goName, name, typeText string
	typ                    goType
}

func (u *unit) errorf(pos rep.Pos, format string, args ...any) error {
	return u.file.Errorf(pos, format, args...)
}

// note keeps an error in a file, so that others are found, too, and reports whether there was one.
func (u *unit) note(err error) bool {
	var at *rep.Error
	if errors.As(err, &at) {
		u.errs = append(u.errs, at)
	}
	return err != nil
}

// failed returns what has been noted, in the order of the files, or nil.
func (u *unit) failed() error {
	if len(u.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(u.errs, func(a, b *rep.Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Pos.Offset-b.Pos.Offset)
	})
	return u.errs
}

// newUnit resolves files in passes: what there is, and its names; PODs; classes.
func newUnit(files []*rep.File, o Options) (*unit, error) {
	u := &unit{files: files, names: nameSet{}, prefix: o.Prefix, warn: o.Warn}
	u.declare()
	if o.Announced != nil {
		u.announce(o.Announced)
	}
	u.readDefaults()
	for _, p := range u.pods {
		for _, f := range p.ast.Fields {
			p.qt.Fields = append(p.qt.Fields, qt.Field{Name: f.Name, TypeName: f.WireType().String()})
		}
	}
	for _, p := range u.pods {
		u.file = p.file
		u.resolvePOD(p)
	}
	for _, c := range u.classes {
		u.file = c.file
		u.resolveClass(c)
	}
	if err := u.failed(); err != nil {
		return nil, err
	}
	for _, c := range u.classes {
		u.file = c.file
		if c.holds(c, nil) {
			u.note(u.errorf(c.ast.NamePos, "an object of the class %s holds itself", c.ast.Name))
		}
	}
	return u, u.failed()
}

// declare notes what the files declare, the enums last, whose names give way to others.
func (u *unit) declare() {
	for _, u.file = range u.files {
		from := len(u.classes)
		for _, d := range u.file.Decls {
			switch d := d.(type) {
			case *rep.Class:
				u.note(u.declareClass(d))
			case *rep.POD:
				u.note(u.declarePOD(d))
			}
		}
		u.sign(u.classes[from:], rep.Qt6, 0)
		u.sign(u.classes[from:], rep.Qt5, 1)
	}
	for _, u.file = range u.files {
		for _, d := range u.file.Decls {
			u.declareEnums(d)
		}
	}
}

// holds reports whether objects of the class have one of another below them.
func (c *class) holds(other *class, seen []*class) bool {
	if slices.Contains(seen, c) {
		return false
	}
	for _, p := range c.props {
		if p.child != nil && (p.child == other || p.child.holds(other, append(seen, c))) {
			return true
		}
	}
	return false
}

func (u *unit) declarePOD(d *rep.POD) error {
	p := &pod{file: u.file, goName: u.prefix + exported(d.Name), ast: d, qt: qt.POD{Name: d.Name}}
	p.varName, p.typeVar, p.unpack = unexported(p.goName)+"POD", unexported(p.goName)+"Type", "unpack"+p.goName
	names := []string{p.goName, p.varName, p.typeVar, p.unpack}
	if !u.names.free(names...) {
		return u.errorf(d.Pos(), "%s is declared twice, or its name in Go, %s, is taken", d.Name, p.goName)
	}
	u.names.take(names...)
	u.pods = append(u.pods, p)
	return nil
}

func (u *unit) declareClass(d *rep.Class) error {
	c := &class{file: u.file, goName: u.prefix + exported(d.Name), ast: d}
	c.varName = unexported(c.goName) + "Class"
	names := []string{c.goName + "Slots", c.goName + "Source", c.goName + "Replica", "New" + c.goName + "Source", "Acquire" + c.goName, c.varName}
	if !u.names.free(names...) {
		return u.errorf(d.NamePos, "class %s is declared twice, or a name that it has in Go is taken", d.Name)
	}
	u.names.take(names...)
	u.classes = append(u.classes, c)
	return nil
}

// declareEnums notes the enums and flags of a declaration.
func (u *unit) declareEnums(d rep.Decl) {
	switch d := d.(type) {
	case *rep.UseEnum:
		if slices.ContainsFunc(u.enums, func(e *enum) bool { return e.qt.Name == d.Name && e.owner == "" }) {
			return // several files may say so
		}
		u.addEnum("", d.Name, d.Name, documentation(&d.Comments), qt.Enum{Size: 4})
	case *rep.Enum:
		u.declareEnum("", d.Name+"Enum::", d)
	case *rep.Flag:
		u.note(u.declareFlag("", d.Enum+"Enum::", d))
	case *rep.POD:
		for _, e := range d.Enums {
			u.declareEnum(d.Name, d.Name+"::", e)
		}
		for _, f := range d.Flags {
			u.note(u.declareFlag(d.Name, d.Name+"::", f))
		}
	case *rep.Class:
		for _, m := range d.Members {
			switch m := m.(type) {
			case *rep.Enum:
				u.declareEnum(d.Name, d.Name+"::", m)
			case *rep.Flag:
				u.note(u.declareFlag(d.Name, d.Name+"::", m))
			}
		}
	}
}

func (u *unit) addEnum(owner, full, name, doc string, q qt.Enum) *enum {
	q.Name = full
	base := owner + "_" + name
	if owner == "" {
		base = strings.ReplaceAll(name, "::", "_")
	}
	e := &enum{file: u.file, owner: owner, doc: doc, qt: q, goName: u.names.add(u.prefix + exported(base))}
	e.varName = u.names.add(unexported(e.goName) + "Enum")
	u.enums = append(u.enums, e)
	return e
}

func (u *unit) declareEnum(owner, scope string, d *rep.Enum) {
	q := qt.Enum{Scoped: d.Scoped, Size: enumSize(d.Base)}
	for _, v := range d.Values {
		q.Keys = append(q.Keys, qt.EnumKey{Name: v.Name, Value: v.Value})
	}
	e := u.addEnum(owner, scope+d.Name, d.Name, documentation(&d.Comments), q)
	for _, v := range d.Values {
		e.values = append(e.values, enumValue{u.names.add(e.goName + exported(v.Name)), v.Name, documentation(&v.Comments), v.Value})
	}
}

func enumSize(base string) int {
	switch base {
	case "quint8", "qint8", "uchar", "char", "signed char", "unsigned char", "uint8_t", "int8_t":
		return 1
	case "quint16", "qint16", "ushort", "short", "unsigned short", "uint16_t", "int16_t":
		return 2
	}
	return 4
}

func (u *unit) declareFlag(owner, scope string, d *rep.Flag) error {
	for _, of := range u.enums {
		if of.owner == owner && of.qt.Name == scope+d.Enum {
			e := u.addEnum(owner, scope+d.Name, d.Name, documentation(&d.Comments), of.qt)
			e.qt.Flag, e.qt.Scoped, e.qt.Size, e.of = true, false, 4, of
			return nil
		}
	}
	return u.errorf(d.Pos(), "no enum %s is declared before the flags %s", d.Enum, d.Name)
}

// documentation is what the .rep file says of something.
func documentation(c *rep.Comments) string {
	if text := c.Doc.Text(); text != "" {
		return text
	}
	return c.Line.Text()
}

// sign enters the class signatures, if repc takes the file.
func (u *unit) sign(classes []*class, v rep.Version, at int) {
	all, err := u.file.Signatures(v)
	for i, c := range classes {
		if err != nil {
			c.why[at] = err.Error()
			var bad *rep.Error
			if errors.As(err, &bad) {
				c.why[at] = fmt.Sprintf("Line %d: %s", bad.Pos.Line, bad.Msg)
			}
		} else if i < len(all) && all[i].Class == c.ast.Name {
			c.signature[at] = all[i].Hex
		}
	}
}

// announce enters the signature of a live object. If the text computes to the same, the other signatures are right, too.
func (u *unit) announce(a *Announced) {
	at := 0
	if a.Version == rep.Qt5 {
		at = 1
	}
	for _, c := range u.classes {
		if c.ast.Name == a.Class && c.signature[at] == a.Signature {
			c.notes = append(c.notes, "Made of what an object tells, which is not its default values.")
			return
		}
	}
	for _, c := range u.classes {
		computed := c.signature[at]
		c.signature = [2]string{}
		c.why = [2]string{"An object does not tell all that it is made of.", "An object does not tell all that it is made of."}
		switch {
		case c.ast.Name != a.Class:
		case a.Signature == "":
			c.why[at] = "The host announces none."
		default:
			c.signature[at] = a.Signature
			c.notes = append(c.notes, "The signature is the one that the host announces. What the object tells computes to",
				computed+": it tells neither READONLY, READWRITE and SOURCEONLYSETTER apart, nor",
				"const and references of parameters, nor all names, nor default values.")
		}
	}
}

// scope returns the types as a class or POD sees them: its own enums come before others of the same name.
func (u *unit) scope(owner string) *qt.Types {
	types := qt.NewTypes()
	var others, own []*qt.Enum
	for _, e := range u.enums {
		if e.owner == owner {
			own = append(own, &e.qt)
		} else {
			others = append(others, &e.qt)
		}
	}
	var pods []qt.POD
	for _, p := range u.pods {
		pods = append(pods, p.qt)
	}
	types.Define(append(others, own...), pods)
	return types
}
