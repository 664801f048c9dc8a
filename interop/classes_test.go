package interop_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/peers"
	"github.com/go-qtro/qtro/qt"
)

// classesOf makes classes of the peers' .rep files, as Qt major has them, with the signatures of both versions. It knows
// as much of the language as these files use.
func classesOf(t testing.TB, major int) map[string]*core.Class {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "signatures.json"))
	require.NoError(t, err)
	var signatures map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &signatures))
	all := map[string]*core.Class{}
	for _, name := range peers.RepNames {
		text, err := peers.Rep(name, major)
		require.NoError(t, err)
		f := repFile{t: t, classes: all}
		// In no .rep file, but in a header that one includes.
		f.enums = append(f.enums, qt.Enum{Name: "StationTypes::Alarms", Flag: true, Size: 4, Keys: []qt.EnumKey{
			{Name: "NoAlarm", Value: 0}, {Name: "Smoke", Value: 1}, {Name: "Heat", Value: 2}, {Name: "Flood", Value: 4}}})
		for line := range strings.Lines(text) {
			f.line(strings.TrimSpace(line))
		}
	}
	for name, c := range all {
		c.Signature, c.Signature5 = signatures["qt6"][name], signatures["qt5"][name]
	}
	return all
}

type repFile struct {
	t       testing.TB
	classes map[string]*core.Class
	class   *core.Class // that is being read
	enums   []qt.Enum
	pods    []qt.POD
	used    string // the types that the class mentions
}

var (
	repEnum  = regexp.MustCompile(`^ENUM (class )?(\w+)(?: : (\w+))? \{(.*)\};?$`)
	repFlag  = regexp.MustCompile(`^FLAG\((\w+) (\w+)\)$`)
	repPOD   = regexp.MustCompile(`^POD (\w+)\((.*)\)$`)
	repProp  = regexp.MustCompile(`^PROP\((.*?)((?:,? ?\b(?:READWRITE|READPUSH|READONLY|CONSTANT|SOURCEONLYSETTER|PERSISTED))*)\)$`)
	repChild = regexp.MustCompile(`^(CLASS|MODEL) (\w+)\((.*)\)$`)
	repCall  = regexp.MustCompile(`^(SIGNAL|SLOT)\((?:(\S.*) )?(\w+)\((.*)\)\)$`)
)

func (f *repFile) line(line string) {
	switch {
	case line == "" || line == "{" || line[0] == '#' || strings.HasPrefix(line, "//"):
	case strings.HasPrefix(line, "class "):
		f.class, f.used = &core.Class{Name: line[6:]}, ""
	case line == "};":
		f.finish()
	case strings.HasPrefix(line, "ENUM"):
		f.enum(repEnum.FindStringSubmatch(line))
	case strings.HasPrefix(line, "FLAG"):
		m := repFlag.FindStringSubmatch(line)
		i := slices.IndexFunc(f.class.Enums, func(e qt.Enum) bool { return e.Name == m[2] })
		e := f.class.Enums[i]
		e.Name, e.Flag = m[1], true
		f.class.Enums = append(f.class.Enums, e)
	case strings.HasPrefix(line, "POD"):
		m := repPOD.FindStringSubmatch(line)
		pod := qt.POD{Name: m[1]}
		for _, p := range params(m[2]) {
			pod.Fields = append(pod.Fields, qt.Field{Name: p.Name, TypeName: p.Type})
		}
		f.pods = append(f.pods, pod)
	case strings.HasPrefix(line, "PROP"):
		m := repProp.FindStringSubmatch(line)
		f.prop(m[1], m[2])
	case strings.HasPrefix(line, "CLASS"), strings.HasPrefix(line, "MODEL"):
		m := repChild.FindStringSubmatch(line)
		p := core.Property{Name: m[2], Class: f.classes[m[3]]}
		if m[1] == "MODEL" {
			p.Roles = strings.Split(m[3], ", ")
		}
		f.class.Properties = append(f.class.Properties, p)
	default:
		m := repCall.FindStringSubmatch(line)
		require.NotNil(f.t, m, line)
		f.used += " " + m[2] + " " + m[4]
		if m[1] == "SIGNAL" {
			f.class.Signals = append(f.class.Signals, core.Signal{Name: m[3], Params: params(m[4])})
		} else {
			f.class.Slots = append(f.class.Slots, core.Slot{Name: m[3], Return: m[2], Params: params(m[4])})
		}
	}
}

func (f *repFile) enum(m []string) {
	e := qt.Enum{Name: m[2], Scoped: m[1] != "", Size: 4}
	if m[3] == "quint8" {
		e.Size = 1
	}
	next := 0
	for _, key := range strings.Split(m[4], ",") {
		name, value, given := strings.Cut(key, "=")
		if given {
			next, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		e.Keys = append(e.Keys, qt.EnumKey{Name: strings.TrimSpace(name), Value: int32(next)})
		next++
	}
	if f.class != nil {
		f.class.Enums = append(f.class.Enums, e)
		return
	}
	e.Name = e.Name + "Enum::" + e.Name
	f.enums = append(f.enums, e)
}

func (f *repFile) prop(text, modifiers string) {
	text, value, given := strings.Cut(text, "=")
	text = strings.TrimSpace(text)
	i := strings.LastIndexByte(text, ' ')
	p := core.Property{Name: text[i+1:], Type: text[:i]}
	for _, a := range []core.Access{core.ReadOnly, core.ReadWrite, core.Constant, core.SourceOnlySetter} {
		if strings.Contains(modifiers, a.String()) {
			p.Access = a
		}
	}
	if given {
		p.Default = defaultOf(strings.TrimSpace(value))
	}
	f.used += " " + p.Type
	f.class.Properties = append(f.class.Properties, p)
}

func defaultOf(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return x
	}
	if s, err := strconv.Unquote(text); err == nil {
		return s
	}
	if b, err := strconv.ParseBool(text); err == nil {
		return b
	}
	return text // an enum's key
}

// params splits "const Reading &reading, int n".
func params(text string) (out []core.Param) {
	depth := 0
	for _, p := range strings.FieldsFunc(text, func(r rune) bool {
		depth += strings.Count("<", string(r)) - strings.Count(">", string(r))
		return r == ',' && depth == 0
	}) {
		p = strings.TrimSpace(p)
		i := strings.LastIndexAny(p, " &")
		name := p[i+1:]
		p = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(p[:i+1], "const "), "&"))
		out = append(out, core.Param{Name: name, Type: p})
	}
	return out
}

// finish adds the global PODs and enums that the class uses.
func (f *repFile) finish() {
	c := f.class
	for _, pod := range slices.Backward(f.pods) { // a POD comes after those that it uses
		if mentions(f.used, pod.Name) {
			for _, field := range pod.Fields {
				f.used += " " + field.TypeName
			}
			c.PODs = append(c.PODs, pod)
		}
	}
	slices.Reverse(c.PODs)
	for _, e := range f.enums {
		if mentions(f.used, e.Name) {
			c.Enums = append(c.Enums, e)
		}
	}
	f.classes[c.Name], f.class = c, nil
}

func mentions(text, name string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(text)
}

// TestClasses checks what the others rely on: that the classes are read rightly from the .rep files.
func TestClasses(t *testing.T) {
	for _, major := range majors {
		all := classesOf(t, major)
		require.Len(t, all, 7)
		for name, c := range all {
			_, err := core.NewSource(c)
			require.NoError(t, err, name)
			text, err := peers.Rep(map[string]string{"Station": "station", "Gauge": "station", "Types": "types"}[name], major)
			if err != nil {
				text, err = peers.Rep("brewery", major)
				require.NoError(t, err)
			}
			_, text, _ = strings.Cut(text, "class "+name+"\n")
			text, _, _ = strings.Cut(text, "\n};")
			require.Len(t, c.Properties, strings.Count(text, "PROP(")+strings.Count(text, "CLASS ")+strings.Count(text, "MODEL "), name)
			require.Len(t, c.Signals, strings.Count(text, "SIGNAL("), name)
			require.Len(t, c.Slots, strings.Count(text, "SLOT("), name)
		}
		station := all["Station"]
		require.Equal(t, "Reading Place", station.PODs[0].Name+" "+station.PODs[1].Name)
		require.Equal(t, []core.Param{{Name: "reading", Type: "Reading"}, {Name: "by", Type: "QString"}, {Name: "mode", Type: "Mode"}},
			station.Signals[2].Params)
		require.Equal(t, "QMap<QString,Reading>", station.Slots[8].Return, fmt.Sprint(major))
	}
}
