package qtpeer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
)

// Event is one line that a peer printed. Numbers are json.Number, so that 64-bit integers stay exact.
type Event map[string]any

// Match says what an event has to look like: each value in it must be in the event. Objects match if what is named
// matches; lists and plain values must be equal; numbers are compared as numbers.
type Match map[string]any

// Name returns what kind of event it is.
func (e Event) Name() string {
	name, _ := e["event"].(string)
	return name
}

// Text returns the string under key, or "" if there is none.
func (e Event) Text(key string) string {
	s, _ := e[key].(string)
	return s
}

// JSON returns the value under key as compact JSON, with object keys sorted; null if there is none.
func (e Event) JSON(key string) string { return toJSON(e[key]) }

func parseEvent(line []byte) (Event, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var e Event
	err := d.Decode(&e)
	return e, err
}

func toJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("<%v>", err)
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// plain turns a Match, with whatever Go values are in it, into what parsing its JSON gives.
func plain(m Match) (map[string]any, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return parseEvent(text)
}

func matches(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		for key, w := range want {
			g, present := got[key]
			ok = ok && present && matches(w, g)
		}
		return ok
	case []any:
		got, ok := got.([]any)
		ok = ok && len(want) == len(got)
		for i := 0; ok && i < len(want); i++ {
			ok = matches(want[i], got[i])
		}
		return ok
	case json.Number:
		got, ok := got.(json.Number)
		if !ok {
			return false
		}
		w, wok := new(big.Rat).SetString(want.String())
		g, gok := new(big.Rat).SetString(got.String())
		return wok && gok && w.Cmp(g) == 0
	}
	return want == got
}
