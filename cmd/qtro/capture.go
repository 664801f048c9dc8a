package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/go-qtro/qtro/qt"
)

// direction is which way a packet goes.
type direction string

const (
	toClient direction = "S>C"
	toHost   direction = "C>S"
)

// maxLine is the longest line of a capture: a packet of the default limit in hex, and a comment.
const maxLine = 160 << 20

// captureReader reads a capture: a packet, or a value, on each line.
type captureReader struct {
	lines  *bufio.Scanner
	values bool // the lines have no direction
	number int
	schema func(enums []*qt.Enum, pods []qt.POD)
}

// record is a line of a capture.
type record struct {
	number int
	dir    direction
	data   []byte
}

func newCaptureReader(r io.Reader, values bool, schema func([]*qt.Enum, []qt.POD)) *captureReader {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	return &captureReader{lines: lines, values: values, schema: schema}
}

// next returns the next record; the error is io.EOF at the end.
func (c *captureReader) next() (record, error) {
	for c.lines.Scan() {
		c.number++
		line := strings.TrimSpace(c.lines.Text())
		if c.number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if comment, ok := strings.CutPrefix(line, "# schema "); ok {
			enums, pods, err := parseSchema(comment)
			if err != nil {
				return record{}, c.fail("schema comment: %v", err)
			}
			c.schema(enums, pods)
			continue
		}
		text, _, _ := strings.Cut(line, "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		return c.parse(text)
	}
	if err := c.lines.Err(); err != nil {
		c.number++
		return record{}, c.fail("%v", err)
	}
	return record{}, io.EOF
}

func (c *captureReader) parse(text string) (record, error) {
	r := record{number: c.number}
	if !c.values {
		dir, rest, _ := strings.Cut(text, " ")
		if r.dir = direction(dir); r.dir != toClient && r.dir != toHost {
			return r, c.fail("expected %s HEX or %s HEX, got %.20q", toClient, toHost, text)
		}
		text = rest
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return r, c.fail("not hex: %v", err)
	}
	r.data = data
	return r, nil
}

func (c *captureReader) fail(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", c.number, fmt.Sprintf(format, args...))
}

// parseSchema reads what the bytes of a capture do not say: {"pods": {NAME: number or names of fields}, "enums": {NAME: size}}.
func parseSchema(text string) (enums []*qt.Enum, pods []qt.POD, err error) {
	var schema struct {
		Pods  map[string]json.RawMessage
		Enums map[string]int
	}
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return nil, nil, err
	}
	for name, raw := range schema.Pods {
		var n int
		var fields []string
		if json.Unmarshal(raw, &n) == nil {
			if n < 0 || n > 1000 {
				return nil, nil, fmt.Errorf("POD %s with %d fields", name, n)
			}
			for i := range n {
				fields = append(fields, fmt.Sprint(i))
			}
		} else if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, nil, fmt.Errorf("POD %s: expected the number or the names of its fields", name)
		}
		pod := qt.POD{Name: name}
		for _, f := range fields {
			pod.Fields = append(pod.Fields, qt.Field{Name: f})
		}
		pods = append(pods, pod)
	}
	for name, size := range schema.Enums {
		if size != 1 && size != 2 && size != 4 {
			return nil, nil, fmt.Errorf("enum %s of %d bytes", name, size)
		}
		enums = append(enums, &qt.Enum{Name: name, Flag: true, Size: size})
	}
	return enums, pods, nil
}
