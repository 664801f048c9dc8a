package gogen

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// pack returns an expression that makes a qt.Value of x, a variable or field of the type's Go type. One that is kept must not
// share memory with x.
func (g *generator) pack(t *qt.Type, x string, kept bool) string {
	expr := g.exprOf(t)
	switch {
	case t.Enum() != nil:
		return "qt.Of(int32(" + x + "))"
	case t.IsPOD():
		return x + ".pack()"
	case expr == "[]byte" && kept:
		g.use("bytes")
		return "qt.Of(bytes.Clone(" + x + "))"
	case plainOf(t):
		return "qt.Of(" + x + ")"
	case isList(t) && !t.Elem().IsVariant():
		return fmt.Sprintf("qt.PackList(%s, %s, %s)", g.typeVar(t), x, g.packFunc(t.Elem(), kept))
	case isMap(t) && !t.Elem().IsVariant():
		return fmt.Sprintf("qt.PackMap(%s, %s, %s, %s)", g.typeVar(t), x, g.packFunc(t.KeyType(), kept), g.packFunc(t.Elem(), kept))
	case t.IsVariant():
		return "qt.Carry(qt.ValueOf(" + x + "))"
	}
	return fmt.Sprintf("qt.Carry(%s.Value(%s))", g.typeVar(t), x)
}

// packFunc returns a function that does what pack's expression does.
func (g *generator) packFunc(t *qt.Type, kept bool) string {
	expr := g.exprOf(t)
	g.imported(expr)
	switch {
	case t.IsPOD():
		return expr + ".pack"
	case plainOf(t) && t.Enum() == nil && !(expr == "[]byte" && kept):
		return "qt.Of[" + expr + "]"
	}
	return fmt.Sprintf("func(x %s) qt.Value { return %s }", expr, g.pack(t, "x", kept))
}

// unpack returns an expression that makes the type's Go type of the qt.Value v.
func (g *generator) unpack(t *qt.Type, v string) string {
	expr := g.exprOf(t)
	switch {
	case t.Enum() != nil:
		return expr + "(qt.OrZero[int32](" + v + "))"
	case t.IsPOD():
		return g.podOf(t).unpack + "(" + v + ")"
	case t.IsVariant():
		return v + ".Any()"
	case isList(t) && !t.Elem().IsVariant():
		return fmt.Sprintf("qt.UnpackList(%s, %s)", v, g.unpackFunc(t.Elem()))
	case isMap(t) && !t.Elem().IsVariant():
		return fmt.Sprintf("qt.UnpackMap(%s, %s, %s)", v, g.unpackFunc(t.KeyType()), g.unpackFunc(t.Elem()))
	}
	g.imported(expr)
	return "qt.OrZero[" + expr + "](" + v + ")"
}

// unpackFunc returns a function that does what unpack's expression does.
func (g *generator) unpackFunc(t *qt.Type) string {
	expr := g.exprOf(t)
	g.imported(expr)
	switch {
	case t.IsPOD():
		return g.podOf(t).unpack
	case t.IsVariant():
		return "qt.Value.Any"
	case t.Enum() == nil && !isList(t) && !isMap(t):
		return "qt.OrZero[" + expr + "]"
	}
	return fmt.Sprintf("func(v qt.Value) %s { return %s }", expr, g.unpack(t, "v"))
}

// isList and isMap report whether a type is []T or map[K]V in Go.
func isList(t *qt.Type) bool { return t.IsContainer() && t.KeyType() == nil }

func isMap(t *qt.Type) bool {
	return t.IsContainer() && t.KeyType() != nil && t.Go().Kind() == reflect.Map
}

// plainOf reports whether qt.Of makes a value of a type, or one of another number's, and cannot fail.
func plainOf(t *qt.Type) bool {
	if t.IsVariant() || t.IsContainer() || t.IsPOD() {
		return false
	}
	of, err := qt.TypeOf(t.Go())
	return err == nil && (of == t || of.Go() == t.Go() && plainTypes[t.Go().String()])
}

// exprOf returns a type in Go, which is known to have one.
func (g *generator) exprOf(t *qt.Type) string {
	expr, err := g.expr(t)
	if err != nil {
		panic(err) // resolve has found it
	}
	return expr
}

// typeVar returns the variable that holds a type, and notes that the file needs it.
func (g *generator) typeVar(t *qt.Type) string {
	for _, v := range g.typeVars {
		if v.qtName == t.String() {
			return v.name
		}
	}
	var name strings.Builder
	name.WriteString(g.stem)
	for _, part := range strings.FieldsFunc(t.String(), func(r rune) bool { return strings.ContainsRune("<>, :", r) }) {
		if len(part) > 1 && part[0] == 'Q' && unicode.IsUpper(rune(part[1])) {
			part = part[1:]
		}
		name.WriteString(exported(part))
	}
	v := typeVar{g.names.add(name.String() + "Type"), t.String(), mentions(t)}
	g.typeVars = append(g.typeVars, v)
	return v.name
}

// typeVar is a variable for a type that is neither an enum nor a POD.
type typeVar struct {
	name, qtName string
	own          bool // it is made of types that .rep files declare
}

// mentions reports whether a type is made of enums or PODs.
func mentions(t *qt.Type) bool {
	return t != nil && (t.Enum() != nil || t.IsPOD() || mentions(t.Elem()) || mentions(t.KeyType()))
}

// types writes the variables for types that the code above needs.
func (g *generator) types() {
	pods, enums := g.scopeOf(g.file)
	var vars []string
	for _, p := range pods {
		if p.file == g.file {
			vars = append(vars, fmt.Sprintf("%s = %s.MustLookup(%q)", p.typeVar, g.typesVar, p.qt.Name))
		}
	}
	for _, v := range g.typeVars {
		if v.own {
			vars = append(vars, fmt.Sprintf("%s = %s.MustLookup(%q)", v.name, g.typesVar, v.qtName))
		} else {
			vars = append(vars, fmt.Sprintf("%s = qt.MustLookup(%q)", v.name, v.qtName))
		}
	}
	if len(pods) > 0 || slices.ContainsFunc(g.typeVars, func(v typeVar) bool { return v.own }) {
		vars = append([]string{g.typesVar + " = " + scopeLiteral(pods, enums)}, vars...)
	}
	if len(vars) == 0 {
		return
	}
	g.use(module + "qt")
	g.line("\n// The types that values are made with.\nvar (\n%s\n)", strings.Join(vars, "\n"))
}

func scopeLiteral(pods []*pod, enums []*enum) string {
	enumList, podList := "nil", "nil"
	if len(enums) > 0 {
		var all []string
		for _, e := range enums {
			all = append(all, "&"+e.varName)
		}
		enumList = "[]*qt.Enum{" + strings.Join(all, ", ") + "}"
	}
	if len(pods) > 0 {
		var all []string
		for _, p := range pods {
			all = append(all, p.varName)
		}
		podList = "[]qt.POD{" + strings.Join(all, ", ") + "}"
	}
	return fmt.Sprintf("qt.NewTypes().Define(%s, %s)", enumList, podList)
}

// scopeOf returns the PODs that a file declares or uses, and the enums that it declares or that these use.
func (u *unit) scopeOf(f *rep.File) (pods []*pod, enums []*enum) {
	used := newUses()
	for _, p := range u.pods {
		if p.file == f {
			used.pod(p)
		}
	}
	for _, c := range u.classes {
		if c.file == f {
			used.class(c)
		}
	}
	return used.of(u)
}
