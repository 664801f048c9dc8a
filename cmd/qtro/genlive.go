package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

// fromLive makes a file of what an object tells. Where that leaves open what a signature is made of, the announced one decides.
func (g *globals) fromLive(name string) (*rep.File, *gogen.Announced, error) {
	n, r, err := g.acquire(name)
	if err != nil {
		return nil, nil, err
	}
	defer n.Close()
	a := &gogen.Announced{Object: name, Class: r.Class().Name}
	if a.Signature, a.Version, err = g.signatureOf(name); err != nil {
		return nil, nil, err
	}
	d, computed := describe(r).guess(a)
	assumed := ""
	if lists, dicts := d.containers(); computed != a.Signature && len(lists) <= 1 && len(dicts) <= 1 {
		before := d
		d = d.spelled(spelling{types: map[string]string{sequential: strings.Join(lists, ""), associative: strings.Join(dicts, "")}})
		if d.rep() != before.rep() {
			assumed = ", and a list or map that the host does not describe is taken for the one that it has elsewhere"
		}
	}
	if err := d.whole(name); err != nil {
		return nil, nil, err
	}
	file, err := rep.Parse(name, []byte(d.declared()))
	switch {
	case err != nil:
		err = fmt.Errorf("what %s tells cannot be made a .rep file of: %w", name, firstOf(err))
	case a.Signature == "":
		complain(g.warn, fmt.Errorf("the host of %s announces no signature, so that the code has none: replicas of any class are let in", name))
	case computed != a.Signature:
		complain(g.warn, fmt.Errorf("the host of %s announces %s, and what it tells computes to %s: it does not tell all that counts. "+
			"The code has the announced one; a PROP may be READONLY where it has READWRITE%s", name, a.Signature, cmp.Or(computed, "none"), assumed))
	}
	return file, a, err
}

// whole reports what no code can be made without.
func (d *description) whole(path string) error {
	for _, p := range d.Properties {
		switch {
		case p.Class != nil:
			if err := p.Class.whole(path + "." + p.Name); err != nil {
				return err
			}
		case p.Kind == "CLASS":
			return fmt.Errorf("%s.%s holds no object at present, so that its class is not known", path, p.Name)
		case strings.HasPrefix(p.Type, "QtRO"):
			return fmt.Errorf("the host does not tell the type of %s.%s while it is empty", path, p.Name)
		}
	}
	for _, m := range slices.Concat(d.Signals, d.Slots) {
		for _, p := range append(slices.Clone(m.Params), paramInfo{Type: m.Return}) {
			if strings.HasPrefix(p.Type, "QtRO") {
				return fmt.Errorf("the host does not tell of what the list or map is that %s.%s has", path, m.Name)
			}
		}
	}
	return nil
}

// declared returns the .rep text, with the enums that are declared in C++ only.
func (d *description) declared() string {
	var b strings.Builder
	known := map[string]bool{"void": true} // wherever it is used, as the host tells of a type once
	told := map[string]string{}
	var collect func(d *description)
	collect = func(d *description) {
		for _, e := range d.Enums {
			switch {
			case elsewhere(e):
				told[e.Name] = keys(e)
			case strings.Contains(e.Name, "::"):
				known[e.Name] = true
			default:
				known[d.Name+"::"+e.Name] = true
			}
		}
		for _, p := range d.PODs {
			known[p.Name] = true
		}
		for _, p := range d.Properties {
			if p.Class != nil {
				collect(p.Class)
			}
		}
	}
	collect(d)
	var look func(d *description)
	look = func(d *description) {
		own := map[string]bool{}
		for _, e := range d.Enums {
			own[e.Name] = !elsewhere(e)
		}
		for _, name := range d.typeNames() {
			if _, err := qt.Lookup(name); err == nil || known[name] || own[name] {
				continue
			}
			known[name] = true
			if told[name] != "" {
				fmt.Fprintf(&b, "// %s\n", told[name])
			}
			fmt.Fprintf(&b, "USE_ENUM(%s)\n", name)
		}
		for _, p := range d.Properties {
			if p.Class != nil {
				look(p.Class)
			}
		}
	}
	look(d)
	return b.String() + d.rep()
}

// elsewhere reports whether an enum is of no .rep file.
func elsewhere(e enumInfo) bool {
	scope, name, outer := strings.Cut(e.Name, "::")
	return outer && scope != name+"Enum"
}

// typeNames returns the names in the types of a class, without those of templates.
func (d *description) typeNames() (names []string) {
	add := func(typ string) {
		typ = strings.TrimPrefix(typ, "const ")
		pieces := strings.FieldsFunc(typ, func(r rune) bool { return strings.ContainsRune("<>,& ", r) })
		for i, piece := range pieces {
			if piece != "const" && (i > 0 || len(pieces) == 1 || !strings.Contains(typ, "<")) {
				names = append(names, piece)
			}
		}
	}
	for _, p := range d.PODs {
		for _, f := range p.Fields {
			add(f.Type)
		}
	}
	for _, p := range d.Properties {
		if p.Kind == "PROP" {
			add(p.Type)
		}
	}
	for _, m := range slices.Concat(d.Signals, d.Slots) {
		for _, p := range m.Params {
			add(p.Type)
		}
		add(cmp.Or(m.Return, "void"))
	}
	return names
}

// maxGuesses is how many texts are tried, of each of which the signature is computed.
const maxGuesses = 1 << 10

// guess fills in what a live object does not tell, and what its signature is made of: which properties are READONLY, whether
// parameters are const references, how numbers are spelled, and what the containers of PODs are of that Qt 6 does not describe.
// It returns the first that has the announced signature. If none does, it returns what is told, with its signature.
func (d *description) guess(a *gogen.Announced) (likely *description, signature string) {
	if signature = d.signature(a); signature == a.Signature || a.Signature == "" {
		return d, signature
	}
	left := maxGuesses
	variants := d.variants()
	for _, v := range variants { // enums of elsewhere are many, and do not count
		v.Enums = slices.DeleteFunc(slices.Clone(v.Enums), elsewhere)
	}
	most := 0
	for _, v := range variants {
		most = max(most, len(v.open(a.Version)))
	}
	for few := 0; few <= most && left > 0; few++ { // those that are not READWRITE, or else not READONLY
		for _, v := range variants {
			if found := v.unlike(few, a, &left); found {
				v.Enums = d.Enums
				return v, a.Signature
			}
		}
	}
	return d, signature
}

// unlike tries all texts in which so many of the modifiers that are not told are unlike the others.
func (d *description) unlike(few int, a *gogen.Announced, left *int) bool {
	open := d.open(a.Version)
	readWrite, readOnly, sourceOnly := core.ReadWrite.String(), core.ReadOnly.String(), core.SourceOnlySetter.String()
	others := []string{readOnly}
	if a.Version == rep.Qt5 { // with Qt 6 it counts as READONLY
		others = append(others, sourceOnly)
	}
	var try func(from, few int, options []string) bool
	try = func(from, few int, options []string) bool {
		if few == 0 {
			*left--
			return *left < 0 || d.signature(a) == a.Signature
		}
		for i := from; i <= len(open)-few; i++ {
			usual := *open[i]
			for _, other := range options {
				*open[i] = other
				if try(i+1, few-1, options) {
					return true
				}
			}
			*open[i] = usual
		}
		return false
	}
	for _, o := range []struct {
		usual   string
		options []string
	}{{readWrite, others}, {readOnly, []string{readWrite}}} {
		for _, access := range open {
			*access = o.usual
		}
		if try(0, few, o.options) {
			return *left >= 0
		}
	}
	return false
}

// open returns the modifiers that are not told and count in a version's signature. With Qt 5 those of child objects do not.
func (d *description) open(v rep.Version) (all []*string) {
	seen := map[string]bool{}
	var look func(d *description)
	look = func(d *description) {
		if seen[d.Name] {
			return // the text has the class once
		}
		seen[d.Name] = true
		for i := range d.Properties {
			switch p := &d.Properties[i]; {
			case p.Class != nil && v != rep.Qt5:
				look(p.Class)
			case p.Kind == "PROP" && p.Access != core.ReadPush.String() && p.Access != core.Constant.String():
				all = append(all, &p.Access)
			}
		}
	}
	look(d)
	return all
}

// spelling is how types may have been written that a live object tells otherwise.
type spelling struct {
	references bool              // parameters of all types but the simple ones are const references
	types      map[string]string // of properties and parameters
}

// What Qt 6 calls lists and maps of PODs in parameters.
const (
	sequential  = "QtROSequentialContainer"
	associative = "QtROAssociativeContainer"
)

// variants returns the description in all spellings that make a difference.
func (d *description) variants() (all []*description) {
	seen := map[string]bool{}
	lists, dicts := d.containers()
	for _, list := range append(lists, sequential) {
		for _, dict := range append(dicts, associative) {
			for numbers := range 3 {
				types := map[string]string{sequential: list, associative: dict}
				if numbers > 0 {
					types["uchar"] = "quint8"
				}
				if numbers > 1 {
					types["ushort"], types["short"], types["uint"] = "quint16", "qint16", "quint32"
				}
				for _, references := range []bool{true, false} {
					v := d.spelled(spelling{references, types})
					if text := v.rep(); !seen[text] {
						seen[text] = true
						all = append(all, v)
					}
				}
			}
		}
	}
	return all
}

// containers returns the lists and maps of PODs that the object tells of at other places.
func (d *description) containers() (lists, dicts []string) {
	d.each(func(typ string, _ bool) string {
		for _, p := range d.PODs {
			switch {
			case !strings.HasSuffix(typ, p.Name+">") || slices.Contains(lists, typ) || slices.Contains(dicts, typ):
			case strings.Contains(typ, ","):
				dicts = append(dicts, typ)
			default:
				lists = append(lists, typ)
			}
		}
		return typ
	})
	return lists, dicts
}

// spelled returns a copy with types spelled otherwise.
func (d *description) spelled(s spelling) *description {
	return d.each(func(typ string, param bool) string {
		typ = cmp.Or(s.types[typ], typ)
		if param && s.references && !d.simple(typ) {
			return "const " + typ + " &"
		}
		return typ
	})
}

// each returns a copy in which a function has been over the types of properties, parameters and replies.
func (d *description) each(change func(typ string, param bool) string) *description {
	c := *d
	c.Properties = slices.Clone(d.Properties)
	for i := range c.Properties {
		p := &c.Properties[i]
		if p.Class != nil {
			p.Class = p.Class.each(change)
		} else if p.Kind == "PROP" {
			p.Type = change(p.Type, false)
		}
	}
	methods := func(list []methodInfo) []methodInfo {
		list = slices.Clone(list)
		for i := range list {
			m := &list[i]
			if m.Return != "" {
				m.Return = change(m.Return, false)
			}
			m.Params = slices.Clone(m.Params)
			for j := range m.Params {
				m.Params[j].Type = change(m.Params[j].Type, true)
			}
		}
		return list
	}
	c.Signals, c.Slots = methods(d.Signals), methods(d.Slots)
	return &c
}

// simple reports whether a type is a number, a bool or an enum.
func (d *description) simple(name string) bool {
	if slices.ContainsFunc(d.Enums, func(e enumInfo) bool { return e.Name == name }) {
		return true
	}
	t, err := qt.Lookup(name)
	if err != nil || t.Go() == nil {
		return false
	}
	kind := t.Go().Kind()
	return kind >= reflect.Bool && kind <= reflect.Float64
}

// signature computes the signature of the text, "" if it has none.
func (d *description) signature(a *gogen.Announced) string {
	file, err := rep.Parse("", []byte(d.rep()))
	if err != nil {
		return ""
	}
	all, err := file.Signatures(a.Version)
	if err != nil {
		return ""
	}
	for _, s := range all {
		if s.Class == a.Class {
			return s.Hex
		}
	}
	return ""
}
