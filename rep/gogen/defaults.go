package gogen

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// readDefaults has package rep read the default values: those of a class by its declaration.
func (u *unit) readDefaults() {
	classes, err := rep.Classes(u.files...)
	errors.As(err, &u.misread)
	u.described = map[*rep.Class]*core.Class{}
	for i, c := range u.classes {
		if i < len(classes) {
			u.described[c.ast] = classes[i]
		}
	}
}

// defaultOf enters a property's default value as a Go expression for core.Property.Default, or why there is none.
func (u *unit) defaultOf(c *class, m *rep.Property, p *property) {
	if m.Default == "" {
		return
	}
	for _, e := range u.misread {
		if e.File != u.file.Name || e.Pos != m.NamePos {
			continue
		}
		p.noDefault = e.Msg
		if u.warn != nil {
			u.warn(e)
		}
		return
	}
	for _, d := range u.described[c.ast].Properties {
		if d.Name == m.Name && d.Default != nil {
			p.def = literal(d.Default, p.typ.qt)
		}
	}
}

// literal writes a value as Go code. An int has to fit on every platform.
func literal(x any, t *qt.Type) string {
	switch x := x.(type) {
	case int32:
		if name, ok := enumName(t, x); ok {
			return strconv.Quote(name)
		}
		return strconv.Itoa(int(x))
	case int64:
		if x == int64(int32(x)) {
			return strconv.FormatInt(x, 10)
		}
		return fmt.Sprintf("int64(%d)", x)
	case uint64:
		return fmt.Sprintf("uint64(%d)", x)
	case float64:
		if s := strconv.FormatFloat(x, 'g', -1, 64); strings.ContainsAny(s, ".e") {
			return s
		}
		return strconv.FormatFloat(x, 'f', 1, 64)
	case []byte:
		return fmt.Sprintf("[]byte(%q)", x)
	case []any:
		all := make([]string, len(x))
		for i, e := range x {
			all[i] = literal(e, t.Elem())
		}
		return "[]any{" + strings.Join(all, ", ") + "}"
	}
	return fmt.Sprintf("%#v", x)
}

func enumName(t *qt.Type, x int32) (string, bool) {
	if t == nil || t.Enum() == nil {
		return "", false
	}
	return t.Enum().Key(x)
}
