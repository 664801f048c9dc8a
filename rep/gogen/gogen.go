// Package gogen writes Go code for the classes of a .rep file: what Qt's repc is to C++.
//
//	file, err := rep.Parse("boiler.rep", text)
//	code, err := gogen.Generate(file, gogen.Options{Package: "boiler"})
//
// The command is qtro gen, which also works as //go:generate. Several files whose code is in one package may use each other's
// classes, PODs and enums: [GenerateAll].
//
// # What is generated
//
// For class Boiler: the interface BoilerSlots with its slots, which a program implements; BoilerSource, made by
// NewBoilerSource, with setters, emitters and hooks for what replicas ask for; and BoilerReplica, had from AcquireBoiler, with
// getters, subscriptions and calls. Enums, flags and PODs are Go types, child objects are sources and replicas of their own
// classes, and item models are plain ones of package core. The code serves peers of Qt 5 and Qt 6 alike.
//
//	PROP(int level)                  s.SetLevel(v)     r.Level(), r.OnLevelChanged(fn), r.PushLevel(ctx, v) and s.OnPushLevel(fn)
//	PROP(int level READWRITE)        the same, but for r.SetLevel(ctx, v) and s.OnSetLevel(fn)
//	PROP(int level READONLY)         the same without either
//	PROP(int level CONSTANT)         s.SetLevel(v), before the source is remoted; r.Level()
//	CLASS gauge(Gauge)               s.SetGauge(*GaugeSource), r.Gauge(), r.OnGaugeChanged(fn)
//	MODEL rows(display)              s.SetRows(*core.Source), r.Rows(), r.OnRowsChanged(fn)
//	SIGNAL(ready(double celsius))    s.EmitReady(celsius)     r.OnReady(func(celsius float64))
//	SLOT(bool boost(int minutes))    BoilerSlots.Boost(ctx, minutes) (bool, error)     r.Boost(ctx, minutes) (bool, error)
//
// PushLevel waits for the source's answer, and fails if it refuses; the replica's SetLevel only sends, as Qt's do. A source has
// Level(), too.
//
// # Names
//
// Names are Go's: homeUrl is HomeURL. Enums have their class's name before their own, and values that of their enum:
// Boiler::Mode is BoilerMode, and its Off BoilerModeOff. An enum outside of classes is just Season. Where two things would
// have the same name, the later one is told apart by what it is (StateSignal, CallReset), or by a number. On the wire
// everything goes by the names of the .rep file.
//
// Of overloaded signals or slots the first keeps its name. To those of the others the types of their parameters in Go are added:
// note(QString), note(int), note(const QList<Entry> &entries, QMap<QString,int>) and note() are Note, NoteInt32,
// NoteEntryListStringToInt32Map and NoteNoArgs. To add another at the end of a class changes none of these.
//
// # Types
//
// Numbers, bools, strings, enums, PODs, and lists and maps of such become the protocol's values, and the reverse, without
// reflection or an any, which only a QVariant, a QVariantList or a QVariantMap is. What a peer sends that does not fit, such as a
// null for a POD, is the zero value.
package gogen

import (
	"bytes"
	"fmt"
	"go/format"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/rep"
)

// Options say how code is generated.
type Options struct {
	// Package is the name of the package. The default is the .rep file's name in small letters, without what is not a letter or
	// digit.
	Package string
	// Prefix is put before the names of types, so that files that use the same names can be in one package, such as Old.
	Prefix string
	// Warn is told of what the code leaves out, an *[rep.Error]: default values that only a C++ compiler understands. The code has
	// a comment there, and the property begins with its type's zero value. It may be nil.
	Warn func(error)
	// Announced is the signature of the live object that a file's text was made from, if it was.
	Announced *Announced
}

// Announced is the class signature that a host announces of an object. If the text that was made of what the object tells computes
// to another one, because an object does not tell all that counts, the code has this one, and none for what cannot be known.
type Announced struct {
	Object    string // its name, for comments
	Class     string
	Version   rep.Version // of the Qt whose signature it is
	Signature string      // empty if the host announces none
}

// Generate returns the code for a file that has been parsed without an error. An error in the file itself, such as a type that
// nobody knows, is an [rep.ErrorList] of all such.
func Generate(f *rep.File, o Options) ([]byte, error) {
	all, err := GenerateAll([]*rep.File{f}, o)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// GenerateAll returns the code for several files of one package, each in a file of its own. They may use each other's classes,
// PODs and enums, as files do in C++ that include what repc makes of the others. It is like [Generate] otherwise; the package's
// default name is that of the first file.
func GenerateAll(files []*rep.File, o Options) ([][]byte, error) {
	u, err := newUnit(files, o)
	if err != nil {
		return nil, err
	}
	if o.Package == "" {
		o.Package = PackageName(files[0].Name)
	}
	var all [][]byte
	for _, f := range files {
		code, err := u.generate(f, o)
		if err != nil {
			return nil, err
		}
		all = append(all, code)
	}
	return all, nil
}

// generate returns the code for what a file declares.
func (u *unit) generate(f *rep.File, o Options) ([]byte, error) {
	u.file = f
	g := &generator{unit: u, imports: map[string]bool{}, stem: unexported(o.Prefix + exported(PackageName(f.Name)))}
	g.typesVar = u.names.add(g.stem + "Types")
	g.declarations(f)
	body := g.buf.String()
	g.buf.Reset()
	from := filepath.Base(f.Name)
	if o.Announced != nil {
		from = "the live object " + o.Announced.Object
	}
	g.line("// Code generated by qtro gen from %s. DO NOT EDIT.", from)
	g.line("")
	g.line("package %s", o.Package)
	g.importDecl()
	g.buf.WriteString(body)
	code, err := format.Source(g.buf.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the code for %s is not Go: %w", f.Name, err) // never, it is to be hoped
	}
	return code, nil
}

// PackageName returns the package name that a .rep file's name suggests.
func PackageName(file string) string {
	base := filepath.Base(file)
	base = strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, base)
	if name == "" || name[0] >= '0' && name[0] <= '9' || token.IsKeyword(name) {
		name = "rep" + name
	}
	return name
}

// generator writes the code of a unit.
type generator struct {
	*unit
	buf      bytes.Buffer
	imports  map[string]bool
	stem     string // what the variables begin with that are the file's own
	typesVar string // the one for its PODs and enums
	typeVars []typeVar
}

func (g *generator) line(format string, args ...any) {
	fmt.Fprintf(&g.buf, format+"\n", args...)
}

// doc writes a comment: a sentence, and below it what the .rep file says.
func (g *generator) doc(sentence, text string) {
	g.line("// %s", sentence)
	if text == "" {
		return
	}
	g.line("//")
	for line := range strings.SplitSeq(text, "\n") {
		g.line("%s", strings.TrimRight("// "+line, " "))
	}
}

func (g *generator) use(imports ...string) {
	for _, i := range imports {
		g.imports[i] = true
	}
}

const module = "github.com/go-qtro/qtro/"

func (g *generator) importDecl() {
	var std, own []string
	for i := range g.imports {
		if strings.HasPrefix(i, module) {
			own = append(own, i)
		} else {
			std = append(std, i)
		}
	}
	slices.Sort(std)
	slices.Sort(own)
	if len(std)+len(own) == 0 {
		return
	}
	g.line("\nimport (")
	for _, i := range std {
		g.line("%q", i)
	}
	if len(std) > 0 && len(own) > 0 {
		g.line("")
	}
	for _, i := range own {
		g.line("%q", i)
	}
	g.line(")")
}

func (g *generator) declarations(f *rep.File) {
	for _, e := range g.enums {
		if e.file == f {
			g.enum(e)
		}
	}
	for _, p := range g.pods {
		if p.file == f {
			g.pod(p)
		}
	}
	for _, c := range g.classes {
		if c.file == f {
			g.class(c)
		}
	}
	g.types()
}
