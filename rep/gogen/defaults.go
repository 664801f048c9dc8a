package gogen

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

// readDefaults has package rep read the default values: those of a class by its declaration.
func (u *unit) readDefaults() {
	classes, err := u.file.Classes()
	errors.As(err, &u.misread)
	u.described = map[*rep.Class]*core.Class{}
	for i, c := range u.classes {
		if i < len(classes) {
			u.described[c.ast] = classes[i]
		}
	}
}

// defaultOf returns a default value as a Go expression for core.Property.Default; empty, if there is none or it is the type's
// zero value.
func (u *unit) defaultOf(c *class, m *rep.Property, t *qt.Type) (string, error) {
	if m.Default == "" {
		return "", nil
	}
	for _, e := range u.misread {
		if e.Pos == m.NamePos {
			return "", e
		}
	}
	for _, p := range u.described[c.ast].Properties {
		if p.Name != m.Name || p.Default == nil {
			continue
		}
		if _, err := t.Value(p.Default); err != nil {
			return "", u.errorf(m.NamePos, "the default value %s of %s: %s", m.Default, m.Name, err)
		}
		if f, ok := p.Default.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
			return "", u.errorf(m.NamePos, "the default value %s of %s: it has no name in C++", m.Default, m.Name)
		}
		return literal(p.Default, t), nil
	}
	return "", nil
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
