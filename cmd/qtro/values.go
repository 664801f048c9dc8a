package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

// members is a JSON object whose members keep their order.
type members []memberOf

type memberOf struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, x := range m {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := marshal(x.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(x.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

// properties returns an object's properties, child objects nested.
func properties(r *core.Replica) (members, error) {
	class := r.Class()
	m := make(members, 0, len(class.Properties))
	for _, p := range class.Properties {
		v, err := property(r, p.Name)
		if err != nil {
			return nil, err
		}
		m = append(m, memberOf{p.Name, v})
	}
	return m, nil
}

// property returns a property's value, or what is in the object that it holds: nil if there is none.
func property(r *core.Replica, name string) (any, error) {
	p := propertyOf(r.Class(), name)
	if p == nil || !holdsObject(p) {
		return r.Get(name)
	}
	child, err := r.Child(name)
	if err != nil || child == nil {
		return nil, err
	}
	if p.Roles != nil {
		return members{{"roles", modelRoles(child)}}, nil
	}
	return properties(child)
}

func propertyOf(class *core.Class, name string) *core.Property {
	i := slices.IndexFunc(class.Properties, func(p core.Property) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &class.Properties[i]
}

// propertyType returns the type of a property with a plain value. A definition may call a container of PODs just a
// container; then its value says more.
func propertyType(r *core.Replica, p *core.Property) (*qt.Type, error) {
	t, err := r.PropertyType(p.Name)
	if err == nil && t.IsVariant() && strings.HasPrefix(p.Type, "QtRO") {
		if v, err := r.Get(p.Name); err == nil && v.Unwrap().IsValid() {
			return v.Unwrap().Type(), nil
		}
	}
	return t, err
}

// holdsObject tells CLASS and MODEL properties from those with a plain value.
func holdsObject(p *core.Property) bool {
	return p.Class != nil || p.Roles != nil || p.Type == "QObject*"
}

// modelRoles returns the names of a model's roles, in the order of their numbers.
func modelRoles(model *core.Replica) []string {
	v, err := model.Get("roleNames")
	if err != nil {
		return nil
	}
	entries := slices.Clone(v.Entries())
	slices.SortFunc(entries, func(a, b qt.Entry) int { return int(a.Key.Int() - b.Key.Int()) })
	roles := make([]string, 0, len(entries))
	for _, e := range entries {
		roles = append(roles, string(e.Value.Bytes()))
	}
	return roles
}

// resolve follows a path such as gauge.label to the object that has the last member.
func resolve(r *core.Replica, path string) (*core.Replica, string, error) {
	for {
		name, rest, nested := strings.Cut(path, ".")
		if !nested {
			return r, name, nil
		}
		p := propertyOf(r.Class(), name)
		if p == nil || !holdsObject(p) {
			return nil, "", fmt.Errorf("%s has no child object %q; %s", r.Name(), name, available("properties", propertyNames(r.Class())))
		}
		child, err := r.Child(name)
		if err != nil {
			return nil, "", err
		}
		if child == nil {
			return nil, "", fmt.Errorf("%s.%s holds no object at present", r.Name(), name)
		}
		r, path = child, rest
	}
}

func propertyNames(class *core.Class) (names []string) {
	for _, p := range class.Properties {
		names = append(names, p.Name)
	}
	return names
}

func slotNames(class *core.Class) (names []string) {
	for _, s := range class.Slots {
		names = append(names, s.Name)
	}
	return names
}

func available(what string, names []string) string {
	if len(names) == 0 {
		return "it has no " + what
	}
	return "its " + what + " are " + strings.Join(names, ", ")
}

// parseValue makes a value of a type from what was typed: JSON, or a word that stands for a string.
func parseValue(t *qt.Type, text string) (qt.Value, error) {
	text = argument(text)
	v, err := t.FromJSON([]byte(text))
	if err == nil {
		return v, nil
	}
	quoted, quoteErr := json.Marshal(text)
	if quoteErr != nil {
		return qt.Value{}, quoteErr
	}
	v, wordErr := t.FromJSON(quoted)
	if wordErr == nil {
		return v, nil
	}
	if e := t.Enum(); e != nil {
		var names []string
		for _, k := range e.Keys {
			names = append(names, k.Name)
		}
		return qt.Value{}, fmt.Errorf("%s is not one of %s", text, strings.Join(names, ", "))
	}
	if !json.Valid([]byte(text)) {
		return qt.Value{}, fmt.Errorf("%q is no %s, and not JSON: strings inside of JSON need quotes", text, t)
	}
	return qt.Value{}, err
}

// text is a value for people: its JSON.
func text(x any) string {
	b, err := marshal(x)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(b)
}
