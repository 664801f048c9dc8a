package gogen

import (
	"fmt"
	"strconv"
	"strings"
)

// enum writes an enum or flags: the type, its values, how it prints, and what the wire knows of it.
func (g *generator) enum(e *enum) {
	g.use(module+"qt", "strconv")
	g.line("")
	switch {
	case e.of != nil:
		g.doc(fmt.Sprintf("%s is a set of %s values.", e.goName, e.of.goName), e.doc)
	case len(e.values) == 0:
		g.doc(fmt.Sprintf("%s is the enum %s, which is declared in C++ only.", e.goName, e.qt.Name), e.doc)
	default:
		g.doc(fmt.Sprintf("%s is the enum %s.", e.goName, e.qt.Name), e.doc)
	}
	g.line("type %s int32", e.goName)
	if len(e.values) > 0 {
		g.line("\n// The values of %s.\nconst (", e.goName)
		for _, v := range e.values {
			comment := ""
			if lines := strings.Split(v.doc, "\n"); v.doc != "" && len(lines) == 1 {
				comment = " // " + v.doc
			} else if v.doc != "" {
				for _, l := range lines {
					g.line("// %s", l)
				}
			}
			g.line("%s %s = %d%s", v.goName, e.goName, v.value, comment)
		}
		g.line(")")
	}
	if e.of != nil {
		g.flags(e)
	} else {
		g.enumString(e)
	}
	g.line("\nvar %s = qt.Enum{Name: %q%s}", e.varName, e.qt.Name, g.enumRest(e))
}

func (g *generator) enumRest(e *enum) string {
	var b strings.Builder
	if e.qt.Flag {
		b.WriteString(", Flag: true")
	}
	if e.qt.Scoped {
		b.WriteString(", Scoped: true")
	}
	if e.qt.Size != 4 {
		fmt.Fprintf(&b, ", Size: %d", e.qt.Size)
	}
	if e.of != nil {
		fmt.Fprintf(&b, ", Keys: %s.Keys", e.of.varName)
		return b.String()
	}
	if len(e.qt.Keys) == 0 {
		return b.String()
	}
	b.WriteString(", Keys: []qt.EnumKey{\n")
	for _, k := range e.qt.Keys {
		fmt.Fprintf(&b, "{Name: %q, Value: %d},\n", k.Name, k.Value)
	}
	b.WriteString("}")
	return b.String()
}

// enumString writes String with a switch. Of values that are the same number the first one gives the name.
func (g *generator) enumString(e *enum) {
	recv := receiver(e.goName)
	g.line("\n// String returns the name that the value has in the .rep file, or its number.")
	g.line("func (%s %s) String() string {", recv, e.goName)
	if len(e.values) > 0 {
		g.line("switch %s {", recv)
		seen := map[int32]bool{}
		for _, v := range e.values {
			if !seen[v.value] {
				g.line("case %s:\nreturn %s", v.goName, strconv.Quote(v.name))
			}
			seen[v.value] = true
		}
		g.line("}")
	}
	g.line("return \"%s(\" + strconv.Itoa(int(%s)) + \")\"", e.goName, recv)
	g.line("}")
}

// flags writes the methods of a set.
func (g *generator) flags(e *enum) {
	recv := receiver(e.goName)
	one := paramNames([]string{e.of.qt.Name[strings.LastIndexByte(e.of.qt.Name, ':')+1:]}, recv)[0]
	g.line("\n// Has reports whether all bits of a value are in the set.")
	g.line("func (%s %s) Has(%s %s) bool { return %s&%s(%s) == %s(%s) }", recv, e.goName, one, e.of.goName, recv, e.goName, one, e.goName, one)
	g.line("\n// With returns the set with values put in.")
	g.line("func (%s %s) With(values ...%s) %s {", recv, e.goName, e.of.goName, e.goName)
	g.line("for _, v := range values {\n%s |= %s(v)\n}", recv, e.goName)
	g.line("return %s\n}", recv)
	g.line("\n// String returns the names of the values in the set, joined by |.")
	g.line("func (%s %s) String() string {", recv, e.goName)
	g.line("if names, ok := %s.Key(int32(%s)); ok {\nreturn names\n}", e.varName, recv)
	g.line("return \"%s(\" + strconv.Itoa(int(%s)) + \")\"", e.goName, recv)
	g.line("}")
}

// receiver is the name of a type's receiver: its first letter.
func receiver(goName string) string { return strings.ToLower(goName[:1]) }

// pod writes a POD as a struct. A field that qt.Value.To could not find by its name in Go has a tag with its name in Qt.
func (g *generator) pod(p *pod) {
	g.use(module + "qt")
	g.line("")
	g.doc(fmt.Sprintf("%s is the POD %s.", p.goName, p.ast.Name), documentation(&p.ast.Comments))
	g.line("type %s struct {", p.goName)
	for _, f := range p.fields {
		g.imported(f.typ.expr)
		tag, comment := "", ""
		if !strings.EqualFold(f.goName, f.name) {
			tag = fmt.Sprintf(" `qtro:%q`", f.name)
		}
		if f.doc != "" {
			comment = " // " + strings.ReplaceAll(f.doc, "\n", " ")
		}
		g.line("%s %s%s%s", f.goName, f.typ.expr, tag, comment)
	}
	g.line("}")
	g.line("\nvar %s = qt.POD{Name: %q, Fields: []qt.Field{", p.varName, p.ast.Name)
	for _, f := range p.qt.Fields {
		g.line("{Name: %q, TypeName: %q},", f.Name, f.TypeName)
	}
	g.line("}}")
	g.codec(p)
}

// codec writes how a POD becomes a qt.Value and the reverse.
func (g *generator) codec(p *pod) {
	recv := receiver(p.goName)
	g.line("\n// pack returns the POD as Qt has it.")
	g.line("func (%s %s) pack() qt.Value {", recv, p.goName)
	if len(p.fields) == 0 {
		g.line("return %s.Pack()\n}", p.typeVar)
		g.line("\nfunc %s(qt.Value) %s { return %s{} }", p.unpack, p.goName, p.goName)
		return
	}
	var packed []string
	for _, f := range p.fields {
		packed = append(packed, g.pack(f.typ.qt, recv+"."+f.goName, true))
	}
	g.line("return %s.Pack(%s)\n}", p.typeVar, list(packed))
	g.line("\n// %s returns what a value of the POD %s holds, the zero %s if it is none.", p.unpack, p.ast.Name, p.goName)
	g.line("func %s(v qt.Value) %s {", p.unpack, p.goName)
	g.line("f := %s.Unpack(v)\nreturn %s{", p.typeVar, p.goName)
	for i, f := range p.fields {
		g.line("%s: %s,", f.goName, g.unpack(f.typ.qt, fmt.Sprintf("f[%d]", i)))
	}
	g.line("}\n}")
}

// list joins arguments, each on a line of its own if they would make a very long one.
func list(args []string) string {
	if line := strings.Join(args, ", "); len(line) < 100 {
		return line
	}
	return "\n" + strings.Join(args, ",\n") + ",\n"
}

// imported notes the packages that a type needs.
func (g *generator) imported(expr string) {
	if strings.Contains(expr, "qt.") {
		g.use(module + "qt")
	}
	if strings.Contains(expr, "time.") {
		g.use("time")
	}
}
