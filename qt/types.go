package qt

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Types finds types by name: those that a class defines (PODs, enums), those made of others by a template
// such as QList<int>, and those that are built in or registered. It is safe for concurrent use.
type Types struct {
	parents []*Types
	mu      sync.RWMutex
	names   map[string]*Type
	made    int // of names, how many are instances of templates
}

// A peer invents names: maxMade bounds how many template instances one scope remembers, maxName how long a name is.
const (
	maxMade = 1024
	maxName = 1024
)

// builtin holds Qt's own types and the registered ones. It is the last scope that is searched.
var builtin = &Types{names: map[string]*Type{}}

// NewTypes returns an empty scope that falls back to parents, in order, and then to the registered types.
func NewTypes(parents ...*Types) *Types {
	return &Types{parents: parents, names: map[string]*Type{}}
}

// Lookup finds a built-in or registered type, or a container of such.
// It returns an [*UnknownTypeError] if there is none.
func Lookup(name string) (*Type, error) { return builtin.Lookup(name) }

// MustLookup is [Lookup] for names that are known to exist; it panics otherwise.
func MustLookup(name string) *Type { return builtin.MustLookup(name) }

// Lookup finds a type by its name in any spelling of Qt 5 or Qt 6.
// It returns an [*UnknownTypeError] if there is none.
func (s *Types) Lookup(name string) (*Type, error) {
	if t := s.find(name); t != nil {
		return t, nil
	}
	if len(name) > maxName {
		return nil, &UnknownTypeError{name}
	}
	return s.make(name, 0)
}

func (s *Types) lookupBytes(name []byte) (*Type, error) {
	s.mu.RLock()
	t := s.names[string(name)] // no allocation
	s.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	return s.Lookup(string(name))
}

func (s *Types) find(name string) *Type {
	s.mu.RLock()
	t := s.names[name]
	s.mu.RUnlock()
	if t != nil {
		return t
	}
	for _, p := range s.parents {
		if t := p.find(name); t != nil {
			return t
		}
	}
	if s != builtin {
		return builtin.find(name)
	}
	return nil
}

func (s *Types) make(name string, depth int) (*Type, error) {
	if t := s.find(name); t != nil {
		return t, nil
	}
	if clean := normalize(name); clean != name {
		return s.make(clean, depth)
	}
	base, args, ok := splitTemplate(name)
	if !ok {
		return nil, &UnknownTypeError{name}
	}
	if depth >= MaxDepth {
		return nil, fmt.Errorf("type %.40q…: %w", name, ErrTooDeep)
	}
	inner := make([]*Type, len(args))
	for i, a := range args {
		t, err := s.make(a, depth+1)
		if err != nil {
			return nil, err
		}
		inner[i] = t
	}
	t := instantiate(base, inner)
	if t == nil {
		return nil, &UnknownTypeError{name}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.names[name]; known != nil {
		return known, nil
	}
	if s.made < maxMade {
		s.made++
		s.names[name] = t
	}
	return t, nil
}

// instantiate makes the container type base<args...>, or nil if base is no template that is known.
func instantiate(base string, args []*Type) *Type {
	switch {
	case len(args) == 1 && slices.Contains([]string{"QList", "QVector", "QQueue", "QStack", "QLinkedList"}, base):
		t := listOf(base, args[0])
		if base == "QVector" {
			t.name = templateName("QList", Qt6_2, args)
		}
		if args[0].kind == kindString {
			t.name, t.id = "QStringList", idStringList
		}
		return t
	case len(args) == 1 && base == "QSet":
		return listOf(base, args[0])
	case len(args) == 1 && base == "QFlags" && args[0].kind == kindEnum:
		e := *args[0].enum
		e.Flag = true
		t := enumType(&e)
		t.name, t.name5 = templateName(base, Qt6_2, args), templateName(base, Qt5_12, args)
		return t
	case len(args) == 2 && (base == "QMap" || base == "QHash" || base == "QMultiMap" || base == "QMultiHash"):
		t := &Type{kind: kindMap, key: args[0], elem: args[1], keyed: strings.HasSuffix(base, "Map"),
			multi: strings.HasPrefix(base, "QMulti"), only: max(args[0].only, args[1].only),
			name: templateName(base, Qt6_2, args), name5: templateName(base, Qt5_12, args)}
		return t
	case len(args) == 2 && (base == "QPair" || base == "std::pair"):
		return &Type{kind: kindPair, key: args[0], elem: args[1], only: max(args[0].only, args[1].only), goType: reflect.TypeFor[[2]any](),
			name: templateName("std::pair", Qt6_2, args), name5: templateName("QPair", Qt5_12, args)}
	}
	return nil
}

func listOf(base string, elem *Type) *Type {
	args := []*Type{elem}
	return &Type{kind: kindList, elem: elem, only: elem.only,
		name: templateName(base, Qt6_2, args), name5: templateName(base, Qt5_12, args)}
}

func enumType(e *Enum) *Type {
	size := e.Size
	if size != 1 && size != 2 {
		size = 4
	}
	return &Type{kind: kindEnum, size: uint8(size), enum: e, name: e.Name, name5: e.Name, goType: reflect.TypeFor[int32]()}
}

func templateName(base string, v Version, args []*Type) string {
	var b strings.Builder
	b.WriteString(base)
	for i, a := range args {
		b.WriteByte("<,"[min(i, 1)])
		b.WriteString(a.argName(v))
	}
	b.WriteByte('>')
	return b.String()
}

// argName is the type's name inside a template, where Qt 6 names what a type alias stands for.
func (t *Type) argName(v Version) string {
	if v == Qt6_2 {
		switch t.name {
		case "QVariantMap":
			return "QMap<QString,QVariant>"
		case "QVariantHash":
			return "QHash<QString,QVariant>"
		case "QVariantList":
			return "QList<QVariant>"
		case "QStringList":
			return "QList<QString>"
		case "QByteArrayList":
			return "QList<QByteArray>"
		}
	}
	return t.Name(v)
}

// normalize removes what Qt removes from a type's name: blanks, const, and references.
func normalize(name string) string {
	name = strings.TrimSpace(name)
	name = strings.TrimPrefix(name, "const ")
	name = strings.TrimRight(name, "& ")
	return strings.TrimSpace(blanks.Replace(name))
}

var blanks = strings.NewReplacer(" <", "<", "< ", "<", " >", ">", ", ", ",", " ,", ",")

// splitTemplate splits "QMap<QString,QList<int>>" into "QMap" and its arguments.
func splitTemplate(name string) (base string, args []string, ok bool) {
	open := strings.IndexByte(name, '<')
	if open <= 0 || !strings.HasSuffix(name, ">") {
		return "", nil, false
	}
	body, depth, from := name[open+1:len(name)-1], 0, 0
	for i := range len(body) {
		switch body[i] {
		case '<':
			depth++
		case '>':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, strings.TrimSpace(body[from:i]))
				from = i + 1
			}
		}
		if depth < 0 {
			return "", nil, false
		}
	}
	args = append(args, strings.TrimSpace(body[from:]))
	return name[:open], args, depth == 0 && !slices.Contains(args, "")
}

// POD is the definition of a POD: a struct that travels as its fields, in order.
type POD struct {
	Name   string
	Fields []Field // Name and TypeName
}

// Define adds enums and PODs to the scope. PODs may use each other in any order; a field whose type is not known
// takes any value. Each enum is found by its full name and by what follows the last "::". It returns s.
func (s *Types) Define(enums []*Enum, pods []POD) *Types {
	s.mu.Lock()
	for _, e := range enums {
		t := enumType(e)
		s.names[e.Name] = t
		if i := strings.LastIndex(e.Name, "::"); i >= 0 {
			s.names[e.Name[i+2:]] = t
		}
	}
	made := make([]*Type, len(pods))
	for i, p := range pods {
		made[i] = &Type{kind: kindPOD, name: p.Name, name5: p.Name, fields: slices.Clone(p.Fields), goType: reflect.TypeFor[map[string]any]()}
		s.names[p.Name] = made[i]
	}
	s.mu.Unlock()
	for _, t := range made {
		for i := range t.fields {
			t.fields[i].typ, _ = s.Lookup(t.fields[i].TypeName)
		}
	}
	return s
}

// MustLookup is Lookup for names that are known to exist; it panics otherwise.
func (s *Types) MustLookup(name string) *Type {
	t, err := s.Lookup(name)
	if err != nil {
		panic(err)
	}
	return t
}

// Alias makes name another name of t in this scope.
func (s *Types) Alias(name string, t *Type) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[name] = t
}
