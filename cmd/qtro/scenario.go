package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// step is a step of a scenario: what it waits for, and then what it does.
type step struct {
	place  string // "file:line", for errors
	await  string // an event's key
	after  time.Duration
	do     []any // *assignment, *emission and *answer, as they come
	repeat *repeat
}

// repeat does steps again and again.
type repeat struct {
	times int // 0 is for ever
	steps []step
}

// immediate reports whether a step is over at once.
func (s *step) immediate() bool { return s.await == "" && s.after == 0 && s.repeat == nil }

// waits reports whether there is a step that waits.
func waits(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool {
		return s.await != "" || s.after > 0 || s.repeat != nil && waits(s.repeat.steps)
	})
}

// scenarioReader makes steps of YAML.
type scenarioReader struct {
	*mock
	file  string
	depth int
	nodes int // that have been looked at
}

// A scenario has limits: an alias may lead back to where it is, and aliases of aliases are more than anybody can write.
const (
	maxYAMLDepth = 100
	maxYAMLNodes = 1 << 20
)

// readScenario reads a file of steps.
func (m *mock) readScenario(file string) ([]step, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return m.parseScenario(file, src)
}

func (m *mock) parseScenario(file string, src []byte) (steps []step, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, yamlError(file, err)
	}
	if doc.Kind == 0 { // nothing but comments
		return nil, nil
	}
	r := &scenarioReader{mock: m, file: file}
	return r.steps(doc.Content[0])
}

var yamlLine = regexp.MustCompile(`^line (\d+): (.*)`)

// yamlError puts the line of an error in front, as in other errors about files. The YAML parser, unlike its scanner, counts
// lines from 0 and leaves out 0.
func yamlError(file string, err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits
		text = m[2]
	}
	if line == 0 || strings.HasPrefix(text, "did not find expected") {
		line++
	}
	return fmt.Errorf("%s:%d: %s", file, line, text)
}

func (r *scenarioReader) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s: %w", r.place(n), fmt.Errorf(format, args...))
}

// place is where a node is. One that was typed has none.
func (r *scenarioReader) place(n *yaml.Node) string {
	if n.Line == 0 || r.file == "" {
		return r.file
	}
	return fmt.Sprintf("%s:%d", r.file, n.Line)
}

// node follows an alias.
func node(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// entries are the keys and values of a map, in their order.
func (r *scenarioReader) entries(n *yaml.Node, what string) ([][2]*yaml.Node, error) {
	m := node(n)
	if m.Kind != yaml.MappingNode {
		return nil, r.errorf(n, "expected %s", what)
	}
	var all [][2]*yaml.Node
	seen := map[string]bool{}
	for i := 0; i < len(m.Content); i += 2 {
		key := m.Content[i]
		if key.Kind != yaml.ScalarNode || seen[key.Value] {
			return nil, r.errorf(key, "%q is no key, or is there twice; expected %s", key.Value, what)
		}
		seen[key.Value] = true
		all = append(all, [2]*yaml.Node{key, m.Content[i+1]})
	}
	return all, nil
}

func (r *scenarioReader) count(n *yaml.Node) error {
	if r.nodes++; r.nodes > maxYAMLNodes {
		return r.errorf(n, "with its aliases the scenario has more than %d parts", maxYAMLNodes)
	}
	return nil
}

func (r *scenarioReader) steps(n *yaml.Node) (steps []step, err error) {
	list := node(n)
	if list.Kind != yaml.SequenceNode {
		return nil, r.errorf(n, "expected a list of steps, such as - set: {Boiler.level: 7}")
	}
	if r.depth++; r.depth > maxYAMLDepth {
		return nil, r.errorf(n, "steps in steps, %d deep", maxYAMLDepth)
	}
	if err := r.count(n); err != nil {
		return nil, err
	}
	defer func() { r.depth-- }()
	for _, item := range list.Content {
		s, err := r.step(item)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (r *scenarioReader) step(n *yaml.Node) (step, error) {
	const keys = "after, await, set, emit, answer and repeat"
	s := step{place: r.place(n)}
	entries, err := r.entries(n, "a step, with "+keys)
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		key, value := e[0], e[1]
		switch key.Value {
		case "after":
			s.after, err = r.duration(value)
		case "await":
			err = r.awaited(&s, value)
		case "set", "emit", "answer":
			err = r.deeds(&s, key.Value, value)
		case "repeat":
			s.repeat, err = r.repeated(value)
		default:
			err = r.errorf(key, "%q is no part of a step: they are %s", key.Value, keys)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

func (r *scenarioReader) duration(n *yaml.Node) (time.Duration, error) {
	d, err := time.ParseDuration(node(n).Value)
	if err != nil || d < 0 {
		return 0, r.errorf(n, "%q is no time: write it like 2s, 100ms or 1m30s", node(n).Value)
	}
	return d, nil
}

// awaited reads what a step waits for.
func (r *scenarioReader) awaited(s *step, n *yaml.Node) error {
	event, what, _ := strings.Cut(node(n).Value, " ")
	what = strings.TrimSpace(what)
	var t target
	var err error
	switch event {
	case "acquire", "release":
		if r.objects[what] == nil {
			err = fmt.Errorf("there is no object %q", what)
		}
	case "call":
		if t, _, err = r.slotTarget(what); err == nil {
			what = t.String()
		}
	case "write":
		if t, err = r.target(what); err == nil {
			if p := propertyOf(t.class, t.name); p == nil || holdsObject(p) {
				err = fmt.Errorf("%s has no property %q to write; %s", t.class.Name, t.name, available("properties", propertyNames(t.class)))
			}
		}
	default:
		err = fmt.Errorf("expected something like acquire Boiler, release Boiler, write Boiler.level or call Boiler.boost, found %q", node(n).Value)
	}
	if err != nil {
		return r.errorf(n, "%w", err)
	}
	s.await = event + " " + what
	return nil
}

// deeds reads what a step sets, emits or answers.
func (r *scenarioReader) deeds(s *step, verb string, n *yaml.Node) error {
	entries, err := r.entries(n, "a map such as {Boiler.level: 7}")
	if err != nil {
		return err
	}
	for _, e := range entries {
		path, value := e[0], e[1]
		t, err := r.target(path.Value)
		if err != nil {
			return r.errorf(path, "%w", err)
		}
		switch verb {
		case "set":
			text, err := r.json(value, 0)
			if err != nil {
				return err
			}
			all, err := r.assign(t, text)
			if err != nil {
				return r.errorf(path, "%w", err)
			}
			for i := range all {
				s.do = append(s.do, &all[i])
			}
		case "emit":
			list := node(value)
			if list.Kind != yaml.SequenceNode {
				return r.errorf(value, "expected a list of the signal's arguments, such as [66]")
			}
			args := make([]string, len(list.Content))
			for i, a := range list.Content {
				if args[i], err = r.json(a, 0); err != nil {
					return err
				}
			}
			m, err := r.emission(t, args)
			if err != nil {
				return r.errorf(path, "%w", err)
			}
			s.do = append(s.do, m)
		case "answer":
			a, err := r.answer(path, value)
			if err != nil {
				return err
			}
			s.do = append(s.do, a)
		}
	}
	return nil
}

func (r *scenarioReader) answer(path, n *yaml.Node) (*answer, error) {
	const keys = "reply, delay, fail and then"
	t, slot, err := r.slotTarget(path.Value)
	if err != nil {
		return nil, r.errorf(path, "%w", err)
	}
	entries, err := r.entries(n, "an answer such as {reply: 10, delay: 100ms}; its parts are "+keys)
	if err != nil {
		return nil, err
	}
	a := &answer{target: t, slot: slot}
	for _, e := range entries {
		key, value := e[0], e[1]
		switch key.Value {
		case "reply":
			var text string
			if text, err = r.json(value, 0); err == nil {
				if err = r.readReply(a, text); err != nil {
					err = r.errorf(value, "%w", err)
				}
			}
		case "delay":
			a.delay, err = r.duration(value)
		case "fail":
			if err = node(value).Decode(&a.fail); err != nil {
				err = r.errorf(value, "fail is true or false")
			}
		case "then":
			a.then, err = r.steps(value)
		default:
			err = r.errorf(key, "%q is no part of an answer: they are %s", key.Value, keys)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.fail && a.reply != nil {
		return nil, r.errorf(n, "%s either fails or replies", t)
	}
	return a, nil
}

func (r *scenarioReader) repeated(n *yaml.Node) (*repeat, error) {
	entries, err := r.entries(n, "a map such as {times: 3, steps: [...]}")
	if err != nil {
		return nil, err
	}
	rep := &repeat{}
	for _, e := range entries {
		key, value := e[0], e[1]
		switch key.Value {
		case "times":
			if err = node(value).Decode(&rep.times); err != nil || rep.times < 1 {
				err = r.errorf(value, "times is a number of at least 1, not %q", node(value).Value)
			}
		case "steps":
			rep.steps, err = r.steps(value)
		default:
			err = r.errorf(key, "%q is no part of repeat: they are times and steps", key.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(rep.steps) == 0:
		return nil, r.errorf(n, "repeat needs steps")
	case rep.times == 0 && !waits(rep.steps):
		return nil, r.errorf(n, "what is repeated for ever has to wait somewhere, with after or await")
	}
	return rep, nil
}

// json writes a value as JSON, from which the properties' types read it.
func (r *scenarioReader) json(n *yaml.Node, depth int) (string, error) {
	if depth > maxYAMLDepth {
		return "", r.errorf(n, "a value in values, %d deep", maxYAMLDepth)
	}
	if err := r.count(n); err != nil {
		return "", err
	}
	v := node(n)
	switch v.Kind {
	case yaml.ScalarNode:
		return scalar(v), nil
	case yaml.SequenceNode:
		all := make([]string, len(v.Content))
		for i, item := range v.Content {
			var err error
			if all[i], err = r.json(item, depth+1); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(all, ",") + "]", nil
	}
	entries, err := r.entries(v, "a value")
	if err != nil {
		return "", err
	}
	all := make([]string, len(entries))
	for i, e := range entries {
		value, err := r.json(e[1], depth+1)
		if err != nil {
			return "", err
		}
		all[i] = quoted(e[0].Value) + ":" + value
	}
	return "{" + strings.Join(all, ",") + "}", nil
}

// scalar writes a number, a bool or null as it is, and all else as a string.
func scalar(n *yaml.Node) string {
	switch n.Tag {
	case "!!int", "!!float", "!!bool", "!!null":
		var x any
		if n.Decode(&x) == nil {
			if b, err := json.Marshal(x); err == nil {
				return string(b)
			}
		}
	}
	return quoted(n.Value)
}

func quoted(s string) string {
	b, err := marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
