package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
)

type diffCmd struct {
	Old     string `arg:"" name:"A.rep" help:"The file that replicas were made from."`
	New     string `arg:"" name:"B.rep" help:"The file, or the name of the live object, that they are to go with."`
	Dynamic bool   `help:"Let the exit status say whether dynamic replicas go on; without it, typed ones."`
}

// Help explains what is printed, and the exit status.
func (c *diffCmd) Help() string {
	return `Lines with + - ~ > are members that are added, removed, changed and moved. Then there is a line for each class:

  signature         which typed replicas and sources compare: same or differs, for each version of Qt
  typed replicas    of A with a source of B: "go on"; "refused", because the signatures differ; or "go wrong", if the signatures
                    do not tell although the wire differs
  dynamic replicas  that use all of A: "go on", or what they miss

With --registry URL or --connect URL, B is a live object, which does not tell READONLY, READWRITE and SOURCEONLYSETTER apart,
and whose signature is known for the Qt version it speaks only.

The exit status is 0 if the replicas of A go with B, 1 if not, 2 if they cannot be compared.`
}

// Run compares.
func (c *diffCmd) Run(g *globals) error {
	old, err := g.interfaces(c.Old)
	if err != nil {
		return usageError{err}
	}
	d := &differ{told: map[string]bool{}}
	d.unsignable(old)
	if g.Registry != "" || len(g.Connect) > 0 {
		err = c.live(g, d, old)
	} else {
		err = c.files(g, d, old)
	}
	if err != nil {
		return usageError{err}
	}
	d.explain(g)
	d.print(g.out)
	if err := g.out.failed(); err != nil {
		return usageError{err}
	}
	for _, v := range d.verdicts {
		if c.Dynamic && len(v.Breaks) > 0 || !c.Dynamic && !v.typedFine() {
			panic(exitCode(failed)) // without a message: a difference is no error
		}
	}
	return nil
}

// interfaces reads the classes of a file.
func (g *globals) interfaces(name string) (all []*iface, err error) {
	file, _, err := g.parseRep(name)
	if err != nil {
		return nil, err
	}
	quiet := *g // about default values, which replicas do not depend on
	quiet.warn = io.Discard
	classes, err := quiet.readClasses([]string{name})
	if err != nil {
		return nil, err
	}
	_, not5 := file.Signatures(rep.Qt5)
	_, not6 := file.Signatures(rep.Qt6)
	for _, class := range classes {
		f, err := newIface(class, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f.unsignable5, f.unsignable6 = not5, not6
		all = append(all, f)
	}
	return all, nil
}

func (c *diffCmd) files(g *globals, d *differ, old []*iface) error {
	if _, err := os.Stat(c.New); err != nil && !strings.HasSuffix(c.New, ".rep") {
		return fmt.Errorf("%w; if it is an object, say where it is, with --registry URL or --connect URL", err)
	}
	fresh, err := g.interfaces(c.New)
	if err != nil {
		return err
	}
	d.unsignable(fresh)
	byName := func(list []*iface, name string) *iface {
		if i := slices.IndexFunc(list, func(f *iface) bool { return f.name == name }); i >= 0 {
			return list[i]
		}
		return nil
	}
	for _, f := range old {
		other := byName(fresh, f.name)
		if other == nil {
			d.note("-", "class", f.name, "class "+f.name, "")
			d.verdicts = append(d.verdicts, classVerdict{Class: f.name, Qt6: "removed", Qt5: "removed", Typed6: "refused", Typed5: "refused",
				Wire: "removed", Breaks: []string{"the class is gone"}})
			continue
		}
		d.class(f, other)
	}
	for _, f := range fresh {
		if byName(old, f.name) == nil {
			d.note("+", "class", f.name, "", "class "+f.name)
		}
	}
	return nil
}

func (c *diffCmd) live(g *globals, d *differ, old []*iface) error {
	n, r, err := g.acquire(c.New)
	if err != nil {
		return err
	}
	defer n.Close()
	class := r.Class()
	var names []string
	for _, f := range old {
		names = append(names, f.name)
	}
	i := slices.Index(names, class.Name)
	if i < 0 {
		return fmt.Errorf("%s is a %s, which is no class of %s; there %s", c.New, class.Name, c.Old, cmp.Or(strings.Join(names, ", "), "is none"))
	}
	fresh, err := newIface(class, r)
	if err != nil {
		return err
	}
	signature, _, err := g.signatureOf(c.New)
	if err != nil {
		return err
	}
	fresh.signature5, fresh.signature6 = signature, signature
	switch signature { // which of the two it is shows only if it is one that is known
	case "":
	case old[i].signature6:
		fresh.signature5 = ""
	case old[i].signature5:
		fresh.signature6 = ""
	}
	d.unsigned = signature == ""
	d.class(old[i], fresh)
	return nil
}

// difference is a line that diff prints.
type difference struct {
	Change string `json:"change"` // added, removed, changed or moved
	Kind   string `json:"kind"`   // class, property, signal, slot, enum or pod
	Name   string `json:"name"`
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
}

// classVerdict is what the differences mean for replicas of a class.
type classVerdict struct {
	Class   string   `json:"class"`
	Qt6     string   `json:"qt6"` // the signature: same, differs, unknown, removed
	Qt5     string   `json:"qt5"`
	Typed6  string   `json:"typed6"` // go on, refused, go wrong
	Typed5  string   `json:"typed5"`
	Wire    string   `json:"wire"`    // same, differs, removed
	Dynamic string   `json:"dynamic"` // go on, miss
	Breaks  []string `json:"breaks,omitempty"`
}

// typedFine reports whether typed replicas go on. Where no signature is known, the wire decides.
func (v *classVerdict) typedFine() bool {
	goes := func(typed string) bool { return typed == "go on" || typed == "unknown" }
	return goes(v.Typed6) && goes(v.Typed5) && v.Wire == "same"
}

// differ collects differences.
type differ struct {
	all      []difference
	told     map[string]bool
	verdicts []classVerdict
	unsigned bool       // the live object has no signature, so that none is compared
	breaks   []string   // of the class at hand
	refusals [][2]error // why repc takes a file not, by file: of Qt 5 and of Qt 6
}

// unsignable notes why the classes of a file have no signatures.
func (d *differ) unsignable(file []*iface) {
	var why [2]error
	if len(file) > 0 {
		why = [2]error{file[0].unsignable5, file[0].unsignable6}
	}
	d.refusals = append(d.refusals, why)
}

// explain says why signatures are not known, unless all files are for the other version of Qt.
func (d *differ) explain(g *globals) {
	for v := range 2 {
		for i, why := range d.refusals {
			other := d.refusals[len(d.refusals)-1-i]
			if why[v] != nil && (why[1-v] != nil || other[v] == nil) {
				complain(g.warn, why[v])
			}
		}
	}
}

var marks = map[string]string{"+": "added", "-": "removed", "~": "changed", ">": "moved"}

// note notes a difference once: what several classes use comes with each of them.
func (d *differ) note(mark, kind, name, old, fresh string) {
	n := difference{marks[mark], kind, name, old, fresh}
	if key := fmt.Sprint(n); !d.told[key] {
		d.told[key] = true
		d.all = append(d.all, n)
	}
}

func (d *differ) miss(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.breaks, text) {
		d.breaks = append(d.breaks, text)
	}
}

func (d *differ) class(a, b *iface) {
	d.breaks = nil
	d.compare(a, b, a.name)
	v := classVerdict{Class: a.name, Wire: "same", Dynamic: "go on", Breaks: d.breaks}
	if a.layout() != b.layoutLike(a) {
		v.Wire = "differs"
	}
	if len(d.breaks) > 0 {
		v.Dynamic = "miss"
	}
	v.Qt6, v.Typed6 = d.typed(a.signature6, b.signature6, v.Wire)
	v.Qt5, v.Typed5 = d.typed(a.signature5, b.signature5, v.Wire)
	d.verdicts = append(d.verdicts, v)
}

// typed compares signatures, and tells what typed replicas do.
func (d *differ) typed(a, b, wire string) (signature, typed string) {
	fate := map[string]string{"same": "go on", "differs": "go wrong"}[wire]
	switch {
	case d.unsigned:
		return "unknown", fate
	case a == "" || b == "":
		return "unknown", "unknown"
	case a == b:
		return "same", fate
	}
	return "differs", "refused"
}

// layoutLike is the layout, but for a live object only that it differs where the comparison by name has found something: a
// definition says less than a file.
func (f *iface) layoutLike(a *iface) string {
	if !f.live || !a.alike(f) {
		return f.layout()
	}
	return a.layout()
}

// alike reports whether a live object is all that a file says, in that order.
func (f *iface) alike(live *iface) bool {
	d := &differ{told: map[string]bool{}}
	d.compare(f, live, f.name)
	return len(d.all) == 0
}

func (d *differ) compare(a, b *iface, path string) {
	d.enums(a, b)
	d.pods(a, b)
	d.properties(a, b, path)
	d.methods("signal", a.signals, b.signals, path, b.live)
	d.methods("slot", a.slots, b.slots, path, b.live)
}

// find returns the index of the element that has a name.
func find[T any](list []T, name string, of func(*T) string) int {
	return slices.IndexFunc(list, func(x T) bool { return of(&x) == name })
}

func (d *differ) enums(a, b *iface) {
	name := func(e *qt.Enum) string { return e.Name }
	spelled := func(f *iface, e *qt.Enum) string {
		if strings.Contains(e.Name, "::") {
			return e.Name
		}
		return f.name + "::" + e.Name
	}
	for i := range a.enums {
		e := &a.enums[i]
		k := find(b.enums, e.Name, name)
		switch {
		case k < 0 && b.live: // it does not tell of all
		case k < 0:
			d.note("-", "enum", spelled(a, e), enumRep(e), "")
		case enumRep(e) != enumRep(&b.enums[k]) && (!b.live || len(e.Keys) > 0 && len(b.enums[k].Keys) > 0 && !slices.Equal(e.Keys, b.enums[k].Keys)):
			d.note("~", "enum", spelled(a, e), enumRep(e), enumRep(&b.enums[k]))
			for _, key := range e.Keys {
				if !slices.Contains(b.enums[k].Keys, key) {
					d.miss("%s is not %d in %s any more", key.Name, key.Value, spelled(a, e))
				}
			}
		}
	}
	for i := range b.enums {
		if e := &b.enums[i]; !b.live && find(a.enums, e.Name, name) < 0 {
			d.note("+", "enum", spelled(b, e), "", enumRep(e))
		}
	}
}

func (d *differ) pods(a, b *iface) {
	name := func(p *ipod) string { return p.name }
	for i := range a.pods {
		p := &a.pods[i]
		k := find(b.pods, p.name, name)
		if k < 0 {
			if !b.live {
				d.note("-", "pod", p.name, p.rep(), "")
			}
			continue
		}
		q := &b.pods[k]
		if slices.EqualFunc(p.fields, q.fields, func(x, y iparam) bool { return x.name == y.name && same(x.typ, y.typ, b.live) }) {
			continue
		}
		d.note("~", "pod", p.name, p.rep(), q.rep())
		for _, f := range p.fields {
			switch j := find(q.fields, f.name, func(f *iparam) string { return f.name }); {
			case j < 0:
				d.miss("%s.%s is gone", p.name, f.name)
			case !means(f.typ, q.fields[j].typ):
				d.miss("%s.%s is a %s", p.name, f.name, q.fields[j].typ.text)
			}
		}
	}
	for i := range b.pods {
		if q := &b.pods[i]; !b.live && find(a.pods, q.name, name) < 0 {
			d.note("+", "pod", q.name, "", q.rep())
		}
	}
}

func (d *differ) properties(a, b *iface, path string) {
	name := func(p *iprop) string { return p.name }
	var from, to []string
	for i := range a.props {
		p := &a.props[i]
		from = append(from, p.name)
		k := find(b.props, p.name, name)
		if k < 0 {
			d.note("-", "property", path+"."+p.name, p.rep(), "")
			d.miss("%s.%s is gone", path, p.name)
			continue
		}
		d.property(p, &b.props[k], path+"."+p.name, b.live)
	}
	for i := range b.props {
		q := &b.props[i]
		to = append(to, q.name)
		if find(a.props, q.name, name) < 0 {
			d.note("+", "property", path+"."+q.name, "", q.rep())
		}
	}
	d.moved("property", path, from, to)
}

func (d *differ) moved(kind, path string, from, to []string) {
	for _, name := range moved(from, to) {
		bare, _, _ := strings.Cut(name, "#")
		d.note(">", kind, path+"."+bare, fmt.Sprintf("place %d", slices.Index(from, name)+1), fmt.Sprintf("place %d", slices.Index(to, name)+1))
	}
}

func (d *differ) property(p, q *iprop, path string, live bool) {
	if p.object && q.object && (p.roles != nil) == (q.roles != nil) {
		d.object(p, q, path, live)
		return
	}
	access := p.access == q.access || live && told(p.access) == told(q.access)
	if p.object == q.object && access && same(p.typ, q.typ, live) && (p.roles != nil) == (q.roles != nil) {
		return
	}
	d.note("~", "property", path, p.rep(), q.rep())
	if p.object != q.object || (p.roles != nil) != (q.roles != nil) {
		d.miss("%s is a %s", path, q.rep())
		return
	}
	if !means(p.typ, q.typ) {
		d.miss("%s is a %s", path, q.typ.text)
	}
	switch {
	case access:
	case p.access == core.ReadPush:
		d.miss("%s has no push slot", path)
	case p.access == core.ReadWrite:
		d.miss("%s cannot be written", path)
	case q.access == core.Constant:
		d.miss("%s does not tell of changes", path)
	}
}

// told is what a live object tells of a property: whether it is constant, and whether it has a push slot.
func told(a core.Access) core.Access {
	switch a {
	case core.ReadOnly, core.SourceOnlySetter:
		return core.ReadWrite
	}
	return a
}

// object compares properties that hold objects.
func (d *differ) object(p, q *iprop, path string, live bool) {
	if p.roles != nil {
		x, y := p.roles, q.roles
		if live { // whose roles come in the order of their numbers
			x, y = slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y))
		}
		if !slices.Equal(x, y) {
			d.note("~", "property", path, p.rep(), q.rep())
		}
		for _, role := range x {
			if !slices.Contains(y, role) {
				d.miss("%s has no role %s", path, role)
			}
		}
		return
	}
	if p.class != q.class && q.class != "" {
		d.note("~", "property", path, p.rep(), q.rep())
	}
	if p.child == nil || q.child == nil {
		return
	}
	// The classes of a file are compared anyway; here it matters what of them is missed.
	if live || p.class != q.class {
		d.compare(p.child, q.child, path)
		return
	}
	inner := &differ{told: map[string]bool{}}
	inner.compare(p.child, q.child, path)
	for _, text := range inner.breaks {
		d.miss("%s", text)
	}
}

func (d *differ) methods(kind string, a, b []imethod, path string, live bool) {
	from, to := numbered(a, b), numbered(b, a)
	for i := range a {
		m := &a[i]
		k := slices.Index(to, from[i])
		if k < 0 {
			d.note("-", kind, path+"."+m.name, m.rep(kind), "")
			d.miss("%s.%s is gone", path, m.name)
			continue
		}
		n := &b[k]
		names := slices.EqualFunc(m.params, n.params, func(x, y iparam) bool { return x.name == y.name || live && (x.name == "" || y.name == "") })
		types := slices.EqualFunc(m.params, n.params, func(x, y iparam) bool { return same(x.typ, y.typ, live) })
		if !names || !types || !same(m.ret, n.ret, live) {
			d.note("~", kind, path+"."+m.name, m.rep(kind), n.rep(kind))
		}
		if !slices.EqualFunc(m.params, n.params, func(x, y iparam) bool { return means(x.typ, y.typ) }) {
			d.miss("%s.%s takes (%s)", path, m.name, parameters(n.params))
		}
		if !means(m.ret, n.ret) {
			d.miss("%s.%s returns %s", path, m.name, n.ret.text)
		}
	}
	for i := range b {
		if n := &b[i]; !slices.Contains(from, to[i]) {
			d.note("+", kind, path+"."+n.name, "", n.rep(kind))
		}
	}
	d.moved(kind, path, from, to)
}

// numbered are the names of methods. Where several have one name, in either class, they are told apart by the number of their
// parameters, or else by their place.
func numbered(list, other []imethod) (names []string) {
	several := func(name string) bool {
		has := func(list []imethod) (n int) {
			for _, m := range list {
				if m.name == name {
					n++
				}
			}
			return n
		}
		return has(list) > 1 || has(other) > 1
	}
	for _, m := range list {
		name := m.name
		if several(name) {
			name = fmt.Sprintf("%s#%d", m.name, len(m.params))
		}
		for slices.Contains(names, name) {
			name += "'"
		}
		names = append(names, name)
	}
	return names
}

// print prints the differences, and what they mean.
func (d *differ) print(out *printer) {
	for _, n := range d.all {
		if out.json {
			out.object(n)
			continue
		}
		mark, style := "~", alert
		switch n.Change {
		case "added":
			mark, style = "+", good
		case "removed":
			mark, style = "-", bad
		case "moved":
			mark = ">"
		}
		cells := []string{mark, n.Name, n.Old + n.New}
		if n.Old != "" && n.New != "" {
			cells[2] = n.Old + " -> " + n.New
		}
		out.row([]int{1, 24}, []string{style, strong}, cells...)
	}
	for _, v := range d.verdicts {
		if out.json {
			out.object(v)
			continue
		}
		dynamic := v.Dynamic
		if len(v.Breaks) > 0 {
			dynamic = "miss something: " + strings.Join(v.Breaks, "; ")
		}
		row := func(what, text string) { out.row([]int{16, 16}, []string{strong, dim}, v.Class, what, text) }
		row("signature", both(v.Qt6, v.Qt5))
		row("typed replicas", both(v.Typed6, v.Typed5))
		row("dynamic replicas", dynamic)
	}
}

// both says something of both versions of Qt.
func both(qt6, qt5 string) string {
	if qt6 == qt5 {
		return qt6
	}
	return "Qt 6: " + qt6 + ", Qt 5: " + qt5
}
