package rep

import (
	"sort"
	"strings"
)

// Here a file is read as repc reads it, with repc's grammar and its oddities, because a class signature is made of what repc
// understood and not of what was meant. The parser of the package, which is for people, is in parse.go.

// unit is what repc knows of a file: its unitClasses, unitEnums, unitFlags and unitPODs, in their order.
type unit []any

type unitClass struct {
	name    string
	pos     int
	types   []any // unitEnums and unitFlags
	props   []repcProp
	signals []unitFunc
	slots   []unitFunc
}

type unitFunc struct {
	name, ret string
	params    []repcParam
}

type unitEnum struct {
	name, base string
	scoped     bool
	keys       []unitKey
}

type unitKey struct {
	name  string
	value int32
}

type unitFlag struct{ name, enum string }

type unitPOD struct {
	name   string
	fields []repcParam
	types  []any
}

// rejection says where and why repc rejects a file.
type rejection struct {
	pos  int
	what string
}

// repcReader is repc's parser.
type repcReader struct {
	src string
	v   Version
	tok token
	out unit
}

// readAsRepc returns what the repc of a version makes of a file.
func readAsRepc(src string, v Version) (u unit, bad *rejection) {
	src = strings.TrimPrefix(src, "\ufeff")
	r := &repcReader{src: src, v: v}
	defer func() {
		if e := recover(); e != nil {
			rej, ours := e.(*rejection)
			if !ours {
				panic(e)
			}
			u, bad = nil, rej
		}
	}()
	r.next()
	r.newlines()
	r.types()
	return r.out, nil
}

func (r *repcReader) reject(pos int, what string) {
	panic(&rejection{pos, what})
}

func (r *repcReader) next() {
	t, ok := nextToken(r.src, r.tok.end, r.v)
	if !ok {
		r.reject(r.tok.end, explain(r.src, r.tok.end, r.v, "it reads no further here"))
	}
	r.tok = t
}

// take returns the present token and goes on to the next.
func (r *repcReader) take() token {
	t := r.tok
	r.next()
	return t
}

func (r *repcReader) expect(kind tokenKind, what string) token {
	if r.tok.kind != kind {
		r.unexpected("expected " + what)
	}
	return r.take()
}

func (r *repcReader) unexpected(wanted string) {
	r.reject(r.tok.pos, explain(r.src, r.tok.pos, r.v, wanted))
}

// newlines skips newlines and reports whether there were any.
func (r *repcReader) newlines() bool {
	any := false
	for r.tok.kind == tokNewline {
		r.next()
		any = true
	}
	return any
}

// comments skips comments and reports whether there were any.
func (r *repcReader) comments() bool {
	any := false
	for r.tok.kind == tokComment {
		r.next()
		r.newlines()
		any = true
	}
	return any
}

func (r *repcReader) types() {
	for first := true; first || r.tok.kind != tokEOF; first = false {
		switch t := r.tok; t.kind {
		case tokPreprocessor:
			r.next()
			r.newlines()
		case tokComment:
			r.comments()
		case tokPOD:
			if r.v != Qt5 && strings.Contains(t.args, "ENUM") {
				r.reject(t.pos, "only a POD in braces can have an ENUM")
			}
			r.next()
			r.newlines()
			if fields := repcParams(t.args); len(fields) > 0 { // repc leaves it out, and says so
				r.out = append(r.out, unitPOD{name: t.name, fields: fields})
			}
		case tokPODStart:
			r.bracePOD()
		case tokClass:
			r.class()
		case tokUseEnum:
			r.next()
			r.newlines()
		case tokEnum:
			r.out = append(r.out, r.enum())
		case tokFlag:
			r.out = append(r.out, r.flag(r.out))
		case tokProp, tokSignal, tokSlot, tokModel, tokChild:
			r.reject(t.pos, "this can only be inside of a class")
		default:
			r.unexpected("expected class, POD, ENUM, USE_ENUM or a line with #")
		}
	}
}

func (r *repcReader) flag(scope []any) unitFlag {
	t := r.take()
	r.newlines()
	for _, d := range scope {
		if e, ok := d.(unitEnum); ok && e.name == t.args {
			return unitFlag{t.name, t.args}
		}
	}
	panic(&rejection{t.pos, "the flags' enum " + t.args + " is not declared before it in the same scope"})
}

// start reads a brace, and before it what may be before it.
func (r *repcReader) start(named string) {
	if pos := r.tok.pos; r.comments() && named != "" {
		r.reject(pos, "a comment between "+named+" and its brace makes it forget the name")
	}
	r.expect(tokStart, "{")
	r.newlines()
}

func (r *repcReader) stop() {
	r.expect(tokStop, "}")
	r.newlines()
}

func (r *repcReader) class() {
	t := r.take()
	c := &unitClass{name: t.name, pos: t.pos}
	if !r.newlines() && (r.tok.kind == tokSymbol || r.tok.kind == tokEnumParam) {
		r.reject(t.pos, "an attribute before the class's name is known to late versions of Qt 6 only, whose signatures were not looked at")
	}
	r.start("class " + t.name)
	for r.tok.kind != tokStop {
		r.member(c)
	}
	r.stop()
	r.out = append(r.out, c)
}

func (r *repcReader) member(c *unitClass) {
	switch t := r.tok; t.kind {
	case tokComment:
		r.comments()
		return
	case tokEnum:
		c.types = append(c.types, r.enum())
		return
	case tokFlag:
		c.types = append(c.types, r.flag(c.types))
		return
	case tokProp:
		p, wrong := repcProperty(t.args)
		if wrong != "" {
			r.reject(t.pos, wrong)
		}
		c.props = append(c.props, p)
	case tokModel:
		p := repcProp{name: t.name, typ: "QAbstractItemModel", access: accessSourceOnlySetter, roles: []string{}}
		for role := range strings.SplitSeq(t.args, ",") {
			p.roles = append(p.roles, strings.TrimSpace(role))
		}
		sort.Strings(p.roles)
		c.props = append(c.props, p)
	case tokChild:
		c.props = append(c.props, repcProp{name: t.name, typ: strings.TrimSpace(t.args), access: accessSourceOnlySetter, child: true})
	case tokSignal:
		c.signals = append(c.signals, unitFunc{name: t.name, ret: "void", params: repcParams(t.args)})
	case tokSlot:
		c.slots = append(c.slots, slotOf(t))
	case tokClass:
		r.reject(t.pos, "a class cannot be inside of a class")
	case tokPOD, tokUseEnum:
		r.reject(t.pos, "this can only be outside of classes")
	default:
		r.unexpected("expected PROP, CLASS, MODEL, SIGNAL, SLOT, ENUM or }")
	}
	r.next()
	r.newlines()
}

// slotOf splits a slot's return type from its name, at the last space.
func slotOf(t token) unitFunc {
	f := unitFunc{name: strings.TrimSpace(t.name), ret: "void", params: repcParams(t.args)}
	if i := strings.LastIndexByte(f.name, ' '); i >= 0 {
		f.ret, f.name = f.name[:i], f.name[i+1:]
	}
	return f
}

func (r *repcReader) enum() unitEnum {
	t := r.take()
	e := unitEnum{name: t.name, base: t.base, scoped: t.scoped}
	if r.tok.kind == tokEnumParam && t.name == "class" {
		r.reject(t.pos, "ENUM class is known to Qt 6 only")
	}
	r.start("")
	next := int32(0)
	for first := true; ; first = false {
		if !first {
			if r.tok.kind != tokComma {
				break
			}
			r.next()
			r.newlines()
		}
		r.comments()
		k := unitKey{value: next}
		var value string
		if r.v == Qt5 {
			p := r.expect(tokEnumParam, "a name of the enum")
			k.name, value = p.name, p.args
		} else {
			k.name = r.expect(tokSymbol, "a name of the enum").name
			if r.tok.kind == tokEquals {
				r.next()
				value = r.expect(tokValue, "a number").args
			}
		}
		if value != "" {
			k.value = enumValue(value)
		}
		next = k.value + 1
		e.keys = append(e.keys, k)
		r.newlines()
	}
	r.comments()
	r.stop()
	return e
}

// bracePOD reads a POD in braces. repc makes the text of its fields anew from the words, without what is between them.
func (r *repcReader) bracePOD() {
	t := r.take()
	p := unitPOD{name: t.name}
	r.newlines()
	r.start("POD " + t.name)
	var fields strings.Builder
	for r.tok.kind != tokStop {
		switch r.tok.kind {
		case tokComment:
			r.comments()
		case tokEnum:
			p.types = append(p.types, r.enum())
		case tokFlag:
			p.types = append(p.types, r.flag(p.types))
		default:
			r.fieldType(&fields)
			fields.WriteString(" " + r.expect(tokSymbol, "a field's name").name)
			r.newlines()
			if r.tok.kind == tokComma && r.src[r.tok.pos-1] == '\n' {
				r.unexpected("a comma cannot be at the beginning of a line")
			}
		}
		if r.tok.kind == tokComma {
			fields.WriteString(",")
			r.next()
			if r.newlines(); r.tok.kind == tokStop {
				r.unexpected("expected another field behind the comma")
			}
		}
	}
	r.stop()
	p.fields = repcParams(fields.String())
	r.out = append(r.out, p)
}

func (r *repcReader) fieldType(out *strings.Builder) {
	if r.tok.kind == tokQualifier {
		out.WriteString(r.take().name + " ")
	}
	out.WriteString(r.expect(tokSymbol, "a type").name)
	if r.tok.kind == tokLess {
		r.next()
		out.WriteString("<")
		for {
			r.fieldType(out)
			if r.tok.kind != tokComma {
				break
			}
			r.next()
			r.newlines()
			out.WriteString(",")
		}
		r.expect(tokGreater, ">")
		out.WriteString(">")
	}
	if r.tok.kind == tokReference {
		r.next()
		out.WriteString(" &")
	}
}

// enumValue is the number that repc takes a value of an enum for: one that is too large counts as 0.
func enumValue(s string) int32 {
	n, ok := enumNumber(s)
	if !ok || int64(int32(n)) != n {
		return 0
	}
	return int32(n)
}
