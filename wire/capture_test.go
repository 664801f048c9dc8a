package wire

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// capture is a conversation of real Qt peers.
type capture struct {
	name     string
	protocol Protocol
	types    *qt.Types // what the bytes do not say
	lines    []captured
}

type captured struct {
	toClient bool
	frame    []byte
	summary  string
}

func captures(t testing.TB) []capture {
	files, err := filepath.Glob("testdata/qt*/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []capture
	for _, file := range files {
		out = append(out, readCapture(t, file))
	}
	return out
}

func readCapture(t testing.TB, file string) capture {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	c := capture{name: strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txt"), protocol: Protocol20, types: qt.NewTypes()}
	if strings.Contains(file, "qt5") {
		c.protocol = Protocol13
	}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		if text, ok := strings.CutPrefix(line, "# schema "); ok {
			c.define(t, text)
		}
		dir, rest, _ := strings.Cut(line, " ")
		if dir != "S>C" && dir != "C>S" {
			continue
		}
		text, summary, _ := strings.Cut(rest, "#")
		frame, err := hex.DecodeString(strings.TrimSpace(text))
		require.NoError(t, err)
		c.lines = append(c.lines, captured{dir == "S>C", frame, strings.TrimSpace(summary)})
	}
	require.NoError(t, s.Err())
	require.NotEmpty(t, c.lines, file)
	return c
}

func (c *capture) define(t testing.TB, text string) {
	var schema struct {
		Pods, Enums map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(text), &schema))
	var pods []qt.POD
	for name, n := range schema.Pods {
		pods = append(pods, qt.POD{Name: name, Fields: make([]qt.Field, n)})
	}
	var enums []*qt.Enum
	for name, size := range schema.Enums {
		enums = append(enums, &qt.Enum{Name: name, Flag: true, Size: size})
	}
	c.types.Define(enums, pods)
}

// decoders returns one for each direction; the two share what they know but for the definitions, which only the
// client sees.
func (c *capture) decoders() (toClient, toHost *Decoder) {
	toClient, toHost = NewDecoder(c.protocol), NewDecoder(c.protocol)
	known := func(Kind, string) (*qt.Types, error) { return c.types, nil }
	toClient.Object, toHost.Object = known, known
	return toClient, toHost
}

// TestCaptures decodes every packet that real Qt sent, completely, and encodes it to the same bytes.
func TestCaptures(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			toClient, toHost := c.decoders()
			enc := NewEncoder(c.protocol)
			var p Packet
			for i, l := range c.lines {
				d := toHost
				if l.toClient {
					d = toClient
				}
				require.NoError(t, d.Decode(l.frame, &p), "packet %d: %s", i, l.summary)
				kind, _, _ := strings.Cut(l.summary, ",")
				assert.Equal(t, strings.TrimSuffix(kind, "Packet"), p.Kind.String())
				got, err := enc.Append(nil, &p)
				require.NoError(t, err, "packet %d: %s", i, l.summary)
				require.Equal(t, hex.EncodeToString(l.frame), hex.EncodeToString(got), "packet %d: %s", i, l.summary)
			}
		})
	}
}
