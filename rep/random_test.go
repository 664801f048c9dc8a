package rep_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// generator writes .rep files by chance, the same for the same seed. How odd a file is differs from file to file: most are what
// people write, some have comments, blanks and forms of declarations where only a parser would look for them.
type generator struct {
	*rand.Rand
	strings.Builder
	oddity  float64 // how likely it is that something is odd
	six     bool    // whether the file has what only Qt 6 knows
	block   bool    // whether comments may be block comments
	foreign bool    // whether there are types and classes that the file does not declare
	names   int     // used up
	notes   int
	types   []string // names of PODs and enums so far
	classes []string
	enums   []string // of the class
	keys    []string // of the enums of the class
}

// randomFile returns the file of a seed. Every fourth one is spoilt: words or lines are missing, doubled, moved or replaced.
func randomFile(seed uint64) string {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	g.oddity = []float64{0, 0, 0.002, 0.005, 0.005, 0.01, 0.03}[g.IntN(7)]
	g.six = g.one(2)
	g.block, g.foreign = g.six && g.one(2), g.one(3)
	g.file()
	src := g.String()
	if g.IntN(4) == 0 {
		for range 1 + g.IntN(3) {
			src = g.spoil(src)
		}
	}
	if g.IntN(10) == 0 {
		src = strings.ReplaceAll(src, "\n", "\r\n")
	}
	if g.IntN(50) == 0 {
		src = "\ufeff" + src
	}
	return src
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) odd() bool { return g.Float64() < g.oddity }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

// put writes the words of a declaration with what may be between them: nothing for "", else at least a blank for " ". What is
// usual is written as it is, and something odd is added now and then.
func (g *generator) put(words ...string) {
	for _, w := range words {
		g.WriteString(w)
		if g.odd() {
			g.gap()
		}
	}
}

// gap writes white space and comments.
func (g *generator) gap() {
	g.WriteString(g.pick(" ", " ", "  ", "\t", "\n", "\n\n", " \n", "\n    ", "", g.pick("\v", "\r", "\f", "\u00a0"), g.comment(), g.comment(), " "+g.comment()+" "))
}

// comment returns a comment with a mark that no other one has.
func (g *generator) comment() string {
	g.notes++
	text := fmt.Sprintf("note%d", g.notes)
	if g.one(4) {
		text = g.pick("* ", "! ", "@ ", "é ", `"`, "PROP(int ", "{ ", "} ", "(", ")", ";", "// ", "/ ", "< ", "''") + text
	}
	if !g.block || g.one(2) {
		return "// " + text + "\n"
	}
	return g.pick("/* "+text+" */", "/*"+text+"*/", "/** "+text+"\n * more\n */", "/* "+text+" */\n", "/* "+text+" */ // and "+text+"\n")
}

// end writes the end of a declaration's line.
func (g *generator) end() {
	g.put(g.pick("", "", "", ";"))
	if g.odd() {
		g.WriteString(g.pick(" ", ";", ";;", " ;", ",", "}"))
	}
	switch {
	case g.odd():
		g.WriteString(g.pick("", " ", "\t", "\n\n\n", "\n \n", "\n\t", "\r\n", "\n;\n"))
	case g.one(12):
		g.WriteString(g.pick(" ", "  ", "\t") + strings.TrimSuffix(g.comment(), "\n"))
		g.WriteString("\n")
	default:
		g.WriteString(g.pick("\n", "\n", "\n", "\n\n"))
	}
}

// name returns a new name.
func (g *generator) name(base string) string {
	g.names++
	if g.odd() {
		return g.pick("a", "_", "__x", "x1", "int", "const", "class", "unsigned", "signal", "PROPERTY", "PODs", "ENUMs", "SIGNALs", "SLOTs", "MODELs", "CLASSes", "READONLY",
			"enum", "type", "void", "Größe", "x-y", "9x", "x::y", "constant", "FLAGs", "x.y", "", "USE_ENUM", "signedValue", "unsigned_", "constValue", "classy")
	}
	return fmt.Sprintf("%s%d", base, g.names)
}

var plainTypes = []string{"int", "bool", "double", "QString", "QString", "uint", "qint64", "quint8", "float", "QByteArray", "QVariant", "QVariantMap", "QStringList", "QDateTime", "QUrl",
	"QPoint", "QRectF", "QUuid", "char", "short", "long", "ushort", "QVariantList", "QTime", "QSize", "qint32", "qulonglong"}

var foreignTypes = []string{"Unknown", "std::string", "Qt::DayOfWeek", "::Global", "std::vector<int>", "My::List<int>", "std::pair<int, QString>"}

// typ returns a type, of up to so many levels.
func (g *generator) typ(depth int) string {
	blank := func() string {
		switch {
		case g.odd():
			return g.pick("\n", "\r", "\n  ", "\t ")
		case g.oddity > 0 && g.one(6):
			return g.pick(" ", "  ", "\t")
		}
		return ""
	}
	if depth > 0 && g.one(4) {
		switch g.IntN(3) {
		case 0:
			return g.pick("QMap", "QHash", "QMap") + "<" + blank() + g.pick("QString", "int", "quint8", "QString", g.typ(depth-1)) + blank() + "," + g.pick("", " ") + blank() + g.typ(depth-1) + blank() + ">"
		case 1:
			return g.pick("QList", "QVector", "QList", "QSet", "QList") + "<" + g.typ(depth-1) + ">"
		}
		return g.pick("QList", "QVector") + "<" + blank() + g.typ(depth-1) + blank() + ">"
	}
	if g.odd() {
		return g.pick("unsigned int", "long long", "unsigned", "const QString", "QString&", "QString *", "QObject*", "QList <int>", "QList<int", "QList<int>>", "QMap<int,>", "<int>", "QList<>",
			"unsigned long long", "QString const", "int[3]", "enum Mode", "QList<unsigned int>", "QList<const int>", "QList<int*>", "QList<QList<int>>::iterator", "void", "Größe", "", "QList<a,b<c> >",
			"QPair<int,QString >", "QPair<int ,QString>", "std::array<int,3>", "decltype(x)", "struct Foo", "const int", "signed char", "QMap<QString,QList<int> >")
	}
	switch known := append(slices.Clone(g.types), g.enums...); {
	case len(known) > 0 && g.one(3):
		return g.pick(known...)
	case g.foreign && g.one(5):
		return g.pick(append(foreignTypes, g.classes...)...)
	}
	return g.pick(plainTypes...)
}

func (g *generator) value() string {
	if len(g.keys) > 0 && g.one(4) {
		return g.pick(g.keys...)
	}
	if g.odd() {
		return g.pick("QPoint(1, 2)", "QString(\"a b\")", "a b", "1 + 2", "", "=", "==", "1 READONLY", "'\"'", "\"", "\"a\\\"b\"", "\"a, b\" READONLY", "{1, 2 }", "{ \"a\", \"b\" }", "A | B", "A|B", "a<b", "a>b",
			"\"a\" \"b\"", "\"//x\"", "{", "}", "1,", ",", "\"a)b\"", "\"a(b\"", "'a'", "{{1,2},{3,4}}", "[]{}", "\n3", "\"é\"", "\"a\tb\"", "\"a  b\"", "READONLY", "1READONLY")
	}
	return g.pick("3", "-1", "0", "3.5", "-1e3", "true", "false", `"text"`, `"two words"`, `""`, "0xff", "{}", "{1,2}", "Foo::Bar", "Foo{}", "nullptr", "1.5f", "10u", `"a, b"`, `{"a","b"}`, "QPoint{1,2}", "A|B")
}

func (g *generator) file() {
	for range g.IntN(3) {
		g.directive()
	}
	classes := 0
	for n := 1 + g.IntN(6); classes == 0 || n > 0; n-- {
		if g.one(6) {
			g.WriteString(strings.TrimSuffix(g.comment(), "\n") + "\n")
		}
		switch k := g.IntN(12); {
		case k < 5 || n <= 0:
			g.class()
			classes++
		case k < 8:
			g.pod()
		case k < 10:
			g.enum("", "SeasonEnum")
		case k == 10:
			g.put("USE_ENUM", "(", g.pick("Qt::DayOfWeek", "My::Enum", "Bare"), ")")
			g.end()
		default:
			g.directive()
		}
	}
	if g.odd() {
		g.WriteString(g.pick("// end", "#endif", " ", "\n\n", "};", "/* end */", "#FOOTER\nint x;\n#END_FOOTER\n"))
	}
}

func (g *generator) directive() {
	g.put(g.pick("#include <QtCore>", "#include \"x.h\"", "#pragma once", "#HEADER", "#FOOTER", "#if 1", "#endif", "#define X(a) \\\n#  a", "# define Y // no comment", "#"))
	g.WriteString("\n")
}

func (g *generator) class() {
	name := g.name(g.pick("Alpha", "Beta", "Gamma"))
	g.enums, g.keys = nil, nil
	g.put("class", " ")
	if g.odd() {
		g.put("MY_EXPORT", " ")
	}
	g.put(name, g.pick("\n", " ", ""), "{", g.pick("\n", "\n", "\n", " ", ""))
	for range g.IntN(g.pickN(4, 8, 8, 30)) {
		g.member(name)
	}
	if g.odd() {
		g.WriteString(g.pick(g.comment(), "class Inner {\n};\n", "public:\n", "#pragma x\n", "POD Inner(int a)\n", "USE_ENUM(X)\n", "PROP(int)\n", "PROP()\n", "SIGNAL()\n", "SLOT(void)\n", "{\n}\n"))
	}
	g.put("}", g.pick(";", ";", ";", ""), g.pick("\n", "\n", "\n\n", ""))
	g.classes = append(g.classes, name)
}

func (g *generator) pickN(of ...int) int { return of[g.IntN(len(of))] }

func (g *generator) member(class string) {
	if !g.odd() {
		g.WriteString(g.pick("    ", "    ", "  ", "\t", ""))
	}
	if g.one(10) {
		g.WriteString("// above\n    ")
	}
	switch g.IntN(9) {
	case 0, 1, 2:
		g.prop()
	case 3, 4:
		g.put("SIGNAL", g.pick("", "", " "), "(", g.name("sig"), "(")
		g.params()
		g.put(")", ")")
		g.end()
	case 5, 6:
		g.put("SLOT", g.pick("", "", " "), "(")
		switch ret := g.pick("void", "", g.typ(2), g.typ(2)); {
		case ret != "":
			g.put(ret, " ")
		case g.odd():
			g.put(" ")
		}
		g.put(g.name("slot"), "(")
		g.params()
		g.put(")")
		if g.odd() {
			g.put(g.pick(" const", ")", "()", " = 0"))
		}
		g.put(")")
		g.end()
	case 7:
		if g.one(2) {
			g.put("MODEL", " ", g.name("model"), "(", g.pick("display", "display, edit", "name,size, type", "b,a", " x , y ", "Qt::UserRole"), ")")
		} else {
			g.put("CLASS", " ", g.name("child"), "(", g.pick(append(g.classes, g.pick(append(g.classes, "Other")...))...), ")")
		}
		g.end()
	default:
		g.enum(class+"::", class)
	}
}

func (g *generator) prop() {
	if g.odd() {
		g.WriteString(g.pick("PROP(int x READONLY PERSISTED)\n", "PROP (int x)\n", "PROP(int x y)\n", "PROP(int  x)\n", "PROP(int\tx)\n", "PROP(int x READONLY,)\n", "PROP(int x readonly)\n", "PROP(int x=READONLY)\n"))
	}
	g.put("PROP", g.pick("", "", " "), "(", g.pick("", "", "", " "), g.typ(3), g.pick(" ", " ", "  ", "\t"), g.name("prop"))
	if g.one(3) {
		g.put(g.pick("=", " = ", " =", "= "), g.value())
	}
	if g.one(2) {
		g.put(g.pick(" ", " ", "  ", "\t"), g.pick("READPUSH", "READONLY", "READWRITE", "CONSTANT", "SOURCEONLYSETTER", "PERSISTED", "READONLY,CONSTANT", "CONSTANT, READONLY", "PERSISTED,READWRITE"))
		if g.one(5) {
			g.put(g.pick(",", ", ", " , "), "PERSISTED")
		}
		if g.odd() {
			g.put(g.pick(",", ", ", " , ", " ", "|"), g.pick("READONLY", "PERSISTED", "CONSTANT", "READWRITE", "READPUSH", "SOURCEONLYSETTER", "readonly", "", "NOTIFY"))
		}
	}
	g.put(g.pick("", "", " "), ")")
	g.end()
}

func (g *generator) params() {
	for i := range g.IntN(g.pickN(1, 2, 4, 4, 8)) {
		if i > 0 {
			g.put(g.pick(", ", ",", " , ", ",\n        "))
		}
		typ := g.typ(2)
		name := g.pick(g.name("x"), g.name("y"), "value", "")
		switch g.IntN(8) {
		case 0:
			g.put("const ", typ, g.pick(" &", "& ", " & "))
			if g.odd() {
				g.put("&")
			}
		case 1:
			g.put(typ, g.pick(" &", "& "))
		case 2:
			g.put("const ", typ, " ")
		case 3:
			g.put(typ)
			if name != "" || g.odd() {
				g.put(" ")
			}
		default:
			g.put(typ, " ")
		}
		g.put(name)
		if g.one(50) && name != "" || g.odd() {
			g.put(g.pick("=", " = "), g.pick("1", "0.5", "true", g.value()))
		}
		if g.block && g.one(12) {
			g.notes++
			g.put(fmt.Sprintf(g.pick(" /* note%d */", " /*note%d*/", "/* note%d \n x */", " /* (note%d) */"), g.notes))
		}
	}
}

// enum writes an enum, with a FLAG behind it now and then.
func (g *generator) enum(scope, from string) {
	name := g.name(g.pick("Mode", "Level"))
	g.put("ENUM", " ")
	if g.six && g.one(4) {
		g.put("class", " ")
	}
	g.put(name)
	if g.six && g.one(4) {
		g.put(g.pick(" : ", ":", ": "), g.pick("quint8", "int", "unsigned int", "std::uint16_t", "qint64", "signed char"))
	}
	g.put(g.pick(" ", ""), "{")
	line := g.pick(" ", "", "\n    ", "\n")
	for i := range 1 + g.IntN(g.pickN(1, 3, 5, 20)) {
		if i > 0 {
			g.put(",")
			if g.one(15) {
				g.WriteString(" " + g.comment())
			}
		}
		key := g.name("Key")
		g.put(line, key)
		g.keys = append(g.keys, key, name+"::"+key)
		if g.one(3) {
			g.put(g.pick(" = ", "=", " =", "= "), g.pick("0", "1", "-1", "-5", "0x1F", "0Xff", "40000", "2147483647", "-2147483648", "007"))
		}
		if g.odd() {
			g.put(g.pick(" = 1 << 2", " = A", " = 4294967295", " = 0xffffffff", " = 0x80000000", " = 1u", " = +1", " = -0x1", " = 99999999999", " = 'a'", " = ", "=0x", " = 3000000000", "(1)"))
		}
	}
	if g.odd() {
		g.put(",")
	}
	g.put(g.pick(" ", "", "\n"), "}", g.pick(";", ";", ""))
	g.WriteString("\n")
	if scope == "" {
		g.types = append(g.types, name, name+"Enum::"+name)
	} else {
		g.enums = append(g.enums, name, scope+name)
		g.types = append(g.types, scope+name)
	}
	if g.six && g.one(2) {
		flag := name + "s"
		g.put("FLAG", g.pick("", " "), "(", flag, " ", name, ")")
		if g.odd() {
			g.WriteString(";")
		}
		g.WriteString("\n")
		if scope != "" {
			g.enums = append(g.enums, flag)
			g.types = append(g.types, scope+flag)
		} else {
			g.types = append(g.types, flag)
		}
	}
}

func (g *generator) pod() {
	name := g.name(g.pick("Pod", "Dot"))
	g.put("POD", " ", name)
	if g.six && g.one(2) {
		g.put(g.pick(" ", "\n", ""), "{", g.pick("\n", " "))
		if g.one(3) {
			g.enums, g.keys = nil, nil
			g.enum(name+"::", name)
		}
		n := 1 + g.IntN(5)
		for i := range n {
			g.put("    ", g.typ(2), " ", g.name("f"))
			if i < n-1 || g.odd() {
				g.put(",")
			}
			g.put(g.pick("\n", "\n", " "))
		}
		g.put("}", g.pick(";", ""))
	} else {
		g.put(g.pick("", "", " "), "(")
		for i := range 1 + g.IntN(5) {
			if i > 0 {
				g.put(g.pick(", ", ",", ",\n    ", " , "))
			}
			g.put(g.typ(2), " ", g.name("f"))
		}
		g.put(")", g.pick("", "", ";"))
	}
	g.WriteString("\n")
	g.types = append(g.types, name)
}

var words = regexp.MustCompile(`\w+|\s|//.*\n|.`)

// spoil makes one mistake in a file.
func (g *generator) spoil(src string) string {
	parts := words.FindAllString(src, -1)
	if g.one(3) {
		parts = strings.SplitAfter(src, "\n")
	}
	if len(parts) < 2 {
		return src
	}
	i, j := g.IntN(len(parts)), g.IntN(len(parts))
	switch g.IntN(6) {
	case 0, 1:
		parts = slices.Delete(parts, i, i+1)
	case 2:
		parts = slices.Insert(parts, i, parts[i])
	case 3:
		parts[i], parts[j] = parts[j], parts[i]
	case 4:
		parts = slices.Insert(parts, i, parts[j])
	default:
		parts[i] = g.pick("(", ")", "{", "}", ";", ",", " ", "\n", "\t", "<", ">", "&", "=", "const", "class", "ENUM", "PROP", "POD", "SLOT", ":", "*", "/", "\"", "'", "#", "\r", "\x00", "\u00e9", "\u20ac", "x", "1", "-")
	}
	return strings.Join(parts, "")
}
