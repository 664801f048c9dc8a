package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/go-qtro/qtro/core"
)

// runner does steps, one after another.
type runner struct {
	*mock
	seen map[string]int // how often each event had been heard when a step has waited for it last
}

// times is how often each event has been heard. The mock is locked.
func (m *mock) times() map[string]int {
	all := map[string]int{}
	for key, h := range m.heard {
		all[key] = h.times
	}
	return all
}

func (r *runner) run(ctx context.Context, steps []step) {
	for i := range steps {
		s := &steps[i]
		if s.await != "" && !r.wait(ctx, s.await) || !pause(ctx, s.after) {
			return
		}
		r.do(s)
		if s.repeat == nil {
			continue
		}
		for n := 0; (s.repeat.times == 0 || n < s.repeat.times) && ctx.Err() == nil; n++ {
			r.run(ctx, s.repeat.steps)
		}
	}
}

// wait waits for an event that has not been waited for yet.
func (r *runner) wait(ctx context.Context, key string) bool {
	for {
		r.mu.Lock()
		h, news := r.heard[key], r.news
		r.mu.Unlock()
		if h.times > r.seen[key] {
			r.seen[key] = h.times
			return settled(ctx, h.last)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return false
		}
	}
}

// settled waits until a write that was told of has taken effect, which it does just after, so that what comes next is not
// undone by it.
func settled(ctx context.Context, e mockEvent) bool {
	if e.source == nil {
		return ctx.Err() == nil
	}
	_, name, ok := strings.Cut(e.member[max(0, strings.LastIndex(e.member, ".")):], ".")
	if !ok {
		name = e.member
	}
	for range 50 {
		if v, err := e.source.Get(name); err != nil || v.Equal(e.args[0]) {
			break
		}
		if !pause(ctx, time.Millisecond) {
			return false
		}
	}
	return ctx.Err() == nil
}

// do does what a step says, at once.
func (m *mock) do(s *step) {
	for _, d := range s.do {
		var err error
		switch d := d.(type) {
		case *assignment:
			err = m.set(d)
		case *emission:
			err = m.emit(d)
		case *answer:
			m.setAnswer(d)
		}
		if err != nil {
			complain(m.g.warn, fmt.Errorf("%s: %w", s.place, err))
		}
	}
}

const mockHelp = `set OBJECT.PROPERTY JSON      change a property; of a child object by its path; null takes a child object away
emit OBJECT.SIGNAL JSON...    emit a signal
answer OBJECT.SLOT ANSWER     what a slot answers from now on, such as {"reply": 10, "delay": "100ms"} or {"fail": true}
get OBJECT                    print all properties of an object; get OBJECT.PROPERTY prints one
help                          print this`

// commands carries out what is typed.
func (m *mock) commands(ctx context.Context, in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && ctx.Err() == nil {
		if err := m.command(lines.Text()); err != nil {
			complain(m.g.warn, err)
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		complain(m.g.warn, fmt.Errorf("standard input: %w", err))
	}
}

func (m *mock) command(line string) error {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	path, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "":
		return nil
	case "help":
		for text := range strings.Lines(mockHelp) {
			_, _ = io.WriteString(m.g.warn, strings.TrimSuffix(text, "\n")+"\n") // there is nowhere to say that it failed
		}
		_, _ = io.WriteString(m.g.warn, "The objects are "+strings.Join(slices.Sorted(maps.Keys(m.objects)), ", ")+".\n")
		return nil
	case "get":
		return m.get(path)
	case "set", "emit", "answer":
		if path == "" {
			return fmt.Errorf("%s what? Try help", verb)
		}
	default:
		return fmt.Errorf("%q is no command; try help", verb)
	}
	t, err := m.target(path)
	if err != nil {
		return err
	}
	switch verb {
	case "set":
		if rest == "" {
			return fmt.Errorf("set %s to what? Strings may be empty: \"\"", path)
		}
		all, err := m.assign(t, rest)
		for i := range all {
			if err == nil {
				err = m.set(&all[i])
			}
		}
		return err
	case "emit":
		args, err := words(rest)
		if err != nil {
			return err
		}
		e, err := m.emission(t, args)
		if err != nil {
			return err
		}
		return m.emit(e)
	}
	return m.answerTyped(path, rest)
}

// answerTyped sets an answer that is written as in scenarios.
func (m *mock) answerTyped(path, text string) error {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return yamlError("answer", err)
	}
	if doc.Kind == 0 {
		return fmt.Errorf("answer %s how? Try help", path)
	}
	r := &scenarioReader{mock: m, file: "answer"}
	a, err := r.answer(&yaml.Node{Kind: yaml.ScalarNode, Value: path}, doc.Content[0])
	if err == nil {
		m.setAnswer(a)
	}
	return err
}

// words splits arguments: JSON values, and words that stand for strings.
func words(text string) (all []string, err error) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		end := strings.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		if strings.ContainsAny(text[:1], `{["`) {
			d := json.NewDecoder(strings.NewReader(text))
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return nil, fmt.Errorf("%s: %w", text, err)
			}
			end = int(d.InputOffset())
		}
		all, text = append(all, text[:end]), text[end:]
	}
	return all, nil
}

// get prints an object or a property.
func (m *mock) get(path string) error {
	if s := m.objects[path]; s != nil {
		m.g.out.object(sourceProperties(s))
		return nil
	}
	if path == "" {
		return errors.New("get what? Try help")
	}
	t, err := m.target(path)
	if err != nil {
		return err
	}
	s, err := m.source(t)
	if err != nil {
		return err
	}
	p := propertyOf(t.class, t.name)
	if p == nil {
		return fmt.Errorf("%s has no property %q; %s", t.class.Name, t.name, available("properties", propertyNames(t.class)))
	}
	m.g.out.object(sourceProperty(s, p))
	return nil
}

func sourceProperties(s *core.Source) members {
	var all members
	for i := range s.Class().Properties {
		p := &s.Class().Properties[i]
		all = append(all, memberOf{p.Name, sourceProperty(s, p)})
	}
	return all
}

// sourceProperty is a property's value, or what is in the object that it holds: nil if there is none.
func sourceProperty(s *core.Source, p *core.Property) any {
	if p.Roles != nil {
		return members{{"roles", p.Roles}}
	}
	if p.Class == nil {
		v, _ := s.Get(p.Name) // there is such a property
		return v
	}
	child, _ := s.Child(p.Name)
	if child == nil {
		return nil
	}
	return sourceProperties(child)
}
