package rep

import (
	"strings"
)

// typeOf reads a type. Its text is kept as it is.
func (p *parser) typeOf(in inner) *Type {
	t := &Type{Span: p.span(in.at(0), in.end()), Text: in.str}
	if in.str == "" {
		p.fail(in.at(0), "expected a type")
	}
	i := strings.IndexByte(in.str, '<')
	if i < 0 {
		t.Name = strings.Join(strings.Fields(in.str), " ")
		for word := range strings.FieldsSeq(in.str) {
			if !isTypeName(strings.TrimRight(word, "*")) {
				p.fail(in.at(0), "expected a type, found %s%s", in.str, hintForPointer(in.str))
			}
		}
		return t
	}
	t.Name = strings.TrimSpace(in.str[:i])
	if !isTypeName(t.Name) || i > 0 && isSpace(in.str[i-1]) {
		p.fail(in.at(0), "expected the name of a template right before <")
	}
	depth, from := 0, i+1
	for j := i; j < len(in.str); j++ {
		switch in.str[j] {
		case '<':
			depth++
		case '>':
			depth--
		}
		if depth == 0 || depth == 1 && in.str[j] == ',' {
			t.Args = append(t.Args, p.typeOf(in.slice(from, j)))
			from = j + 1
		}
		if depth == 0 {
			if j != len(in.str)-1 {
				p.fail(in.at(j+1), "expected a blank behind >")
			}
			return t
		}
	}
	p.fail(in.at(i), "expected > for this <")
	return nil
}

func hintForPointer(s string) string {
	switch {
	case strings.Contains(s, "*"):
		return ": pointers cannot be sent"
	case strings.Contains(s, "&"):
		return ": only parameters can be references"
	}
	return ""
}

// words of types that are no names of parameters.
var typeWords = map[string]bool{
	"unsigned": true, "signed": true, "int": true, "long": true, "short": true, "char": true, "double": true, "float": true, "bool": true,
}

// params reads parameters, or the fields of a POD in parentheses.
func (p *parser) params(in inner, what string) []*Param {
	in = in.slice(0, len(in.str))
	if in.str == "" {
		return nil
	}
	var out []*Param
	depth, from := 0, 0
	for i := 0; i <= len(in.str); i++ {
		if i < len(in.str) {
			switch in.str[i] {
			case '<':
				depth++
			case '>':
				depth--
			case '"':
				if size := stringEnd(in.str[i:]); size > 0 {
					i += size - 1
				}
			}
		}
		if i == len(in.str) || in.str[i] == ',' && depth <= 0 {
			out = append(out, p.param(in.slice(from, i), what))
			from = i + 1
		}
	}
	return out
}

func (p *parser) param(in inner, what string) *Param {
	pa := &Param{Span: p.span(in.at(0), in.end())}
	if in.str == "" {
		p.fail(in.at(0), "expected a type: a %s is missing before or behind a comma", map[bool]string{true: "field", false: "parameter"}[what == "POD"])
	}
	spaced := true
	if i := strings.Index(in.str, "/*"); i >= 0 {
		if pa.Note = in.str[i:]; i == 0 || strings.Index(pa.Note, "*/") != len(pa.Note)-len("*/") {
			p.fail(in.at(i), blockComment)
		}
		spaced = isSpace(in.str[i-1])
		in = in.slice(0, i)
	}
	if head, value, found := strings.Cut(in.str, "="); found {
		if pa.Default = strings.TrimSpace(value); pa.Default == "" || strings.ContainsAny(pa.Default, "<>,&") {
			p.fail(in.at(len(head)), "expected no such default value: repc would take it for something else")
		}
		in = in.slice(0, len(head))
	}
	for {
		rest := strings.TrimLeft(strings.TrimPrefix(in.str, "const"), " \t")
		if !strings.HasPrefix(in.str, "const") || len(rest) == len(in.str)-len("const") {
			break
		}
		pa.Const = true
		in = in.slice(len(in.str)-len(rest), len(in.str))
	}
	behind := "" // the const of "QString const &x"
	typ, rest := in, in.slice(len(in.str), len(in.str))
	if i := strings.IndexByte(in.str, '&'); i >= 0 {
		pa.Ref = true
		typ, rest = in.slice(0, i), in.slice(i+1, len(in.str))
		if name, ok := strings.CutSuffix(typ.str, "const"); ok && name != "" && isSpace(name[len(name)-1]) {
			behind, typ = " const", typ.slice(0, len(name))
		}
		switch {
		case typ.str == "", typeEnd(typ.str) >= 0, strings.Count(typ.str, "<") != strings.Count(typ.str, ">"), strings.Contains(rest.str, "&"):
			p.fail(in.at(i), "expected one & at most, right behind a type of one word")
		case rest.str != "" && !isSpace(in.str[i-1]) && !isSpace(in.str[i+1]):
			p.fail(in.at(i), "expected a blank before or behind &: repc would take the name for a part of the type")
		}
	} else if end := typeEnd(in.str); end >= 0 {
		typ, rest = in.slice(0, end), in.slice(end, len(in.str))
		if name, ok := strings.CutPrefix(rest.str, "const"); ok && name != "" && isSpace(name[0]) {
			behind, rest = " const", rest.slice(len("const"), len(rest.str))
		}
	}
	p.nameOf(pa, typ, rest)
	if !spaced && pa.Name == "" {
		p.fail(in.end(), "expected a blank before the comment: repc would take it for a part of the type")
	}
	pa.Type.Text += behind
	return pa
}

// nameOf splits what follows the first word of a parameter into more words of the type and the name.
func (p *parser) nameOf(pa *Param, typ, rest inner) {
	pa.Type = p.typeOf(typ)
	words := strings.Fields(rest.str)
	for i, word := range words {
		switch {
		case strings.HasPrefix(word, "<"):
			p.fail(rest.at(0), "expected no blank before <")
		case word == "const":
			p.fail(rest.at(0), "expected const before the type: here repc takes it for a part of the name")
		case !isIdent(word):
			p.fail(rest.at(0), "expected the name of a parameter or field, found %s%s", word, hintForPointer(word))
		case i == len(words)-1 && !typeWords[word]:
			pa.Name = word
		case !typeWords[word] || !typeWords[strings.Fields(pa.Type.Name)[0]] || pa.Ref:
			p.fail(rest.at(0), "expected one name behind the type, found %s", rest.str)
		default:
			pa.Type.Text += " " + word
			pa.Type.Name = pa.Type.Text
		}
	}
	if pa.Default != "" && pa.Name == "" {
		p.fail(typ.at(0), "expected a name before the default value")
	}
}
