package gogen

import (
	"fmt"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms are the words that Go writes with one case.
var initialisms = map[string]bool{
	"ACL": true, "API": true, "ASCII": true, "CPU": true, "CSS": true, "DNS": true, "EOF": true, "GUID": true, "HTML": true,
	"HTTP": true, "HTTPS": true, "ID": true, "IP": true, "JSON": true, "QPS": true, "RAM": true, "RPC": true, "SLA": true,
	"SMTP": true, "SQL": true, "SSH": true, "TCP": true, "TLS": true, "TTL": true, "UDP": true, "UI": true, "UID": true,
	"UUID": true, "URI": true, "URL": true, "UTF8": true, "VM": true, "XML": true,
}

// words splits a name where its case changes and at underscores: "homeUrl_2" is home, Url and 2.
func words(name string) []string {
	var out []string
	runes := []rune(name)
	from := 0
	cut := func(to int) {
		if to > from {
			out = append(out, string(runes[from:to]))
		}
		from = to
	}
	for i, r := range runes {
		switch {
		case r == '_':
			cut(i)
			from = i + 1
		case i == from || !unicode.IsUpper(r):
		case !unicode.IsUpper(runes[i-1]), i+1 < len(runes) && unicode.IsLower(runes[i+1]):
			cut(i)
		}
	}
	cut(len(runes))
	return out
}

// exported returns the name as an exported Go name: "homeUrl" is HomeURL.
func exported(name string) string {
	var b strings.Builder
	for _, w := range words(name) {
		if upper := strings.ToUpper(w); initialisms[upper] {
			w = upper
		}
		r, size := utf8.DecodeRuneInString(w)
		if b.Len() > 0 && unicode.IsDigit(r) && unicode.IsDigit(rune(b.String()[b.Len()-1])) {
			b.WriteByte('_') // else "v1_2" and "v12" are one
		}
		b.WriteRune(unicode.ToUpper(r))
		b.WriteString(w[size:])
	}
	out := b.String()
	if r, _ := utf8.DecodeRuneInString(out); !unicode.IsUpper(r) {
		return "X" + out
	}
	return out
}

// unexported returns the name as a Go name that begins with a small letter: "URLPrefix" is urlPrefix.
func unexported(name string) string {
	all := words(exported(name))
	if len(all) == 0 {
		return "x"
	}
	return strings.ToLower(all[0]) + strings.TrimPrefix(exported(name), all[0])
}

// paramNames returns the names of parameters in Go, where others, such as a receiver's, are in use. One without a name is arg1.
func paramNames(names []string, inUse ...string) []string {
	taken := nameSet{}
	for _, n := range inUse {
		taken[n] = true
	}
	out := make([]string, len(names))
	for i, n := range names {
		if n == "" {
			out[i] = taken.add(fmt.Sprintf("arg%d", i+1))
			continue
		}
		name := unexported(n)
		if token.IsKeyword(name) || predeclared[name] || taken[name] {
			name += "Value"
		}
		out[i] = taken.add(name)
	}
	return out
}

// predeclared are the names that generated code itself needs.
var predeclared = map[string]bool{
	"any": true, "bool": true, "byte": true, "error": true, "float32": true, "float64": true, "int8": true, "int16": true, "int32": true,
	"int64": true, "string": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true, "nil": true, "true": true, "false": true,
	"bytes": true, "context": true, "core": true, "qt": true, "time": true, "errors": true, "strconv": true, "strings": true,
}

// nameSet are the names in use.
type nameSet map[string]bool

// add takes a name, or the first of its kind with a number behind it that is free.
func (s nameSet) add(name string) string {
	free := name
	for i := 2; s[free]; i++ {
		free = fmt.Sprintf("%s%d", name, i)
	}
	s[free] = true
	return free
}

// free reports whether none of the names is in use.
func (s nameSet) free(names ...string) bool {
	for _, n := range names {
		if s[n] {
			return false
		}
	}
	return true
}

func (s nameSet) take(names ...string) {
	for _, n := range names {
		s[n] = true
	}
}
