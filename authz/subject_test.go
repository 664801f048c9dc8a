package authz

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAddressOf(t *testing.T) {
	for addr, want := range map[string]string{
		"10.0.0.5:4711":           "10.0.0.5",
		"10.0.0.5":                "10.0.0.5",
		"[2001:db8::1]:80":        "2001:db8::1",
		"2001:db8::1":             "2001:db8::1",
		"::1":                     "::1",
		"[fe80::1%eth0]:80":       "fe80::1",
		"[::ffff:10.0.0.5]:80":    "10.0.0.5",
		"::ffff:10.0.0.5":         "10.0.0.5",
		"":                        "",
		"pipe":                    "",
		"/run/plant.sock":         "",
		"deadbeef:80":             "",
		"plant.example:80":        "",
		"10.0.0.5:4711/something": "",
	} {
		a := addressOf(addr)
		if want == "" {
			assert.False(t, a.IsValid(), addr)
			continue
		}
		assert.Equal(t, want, a.String(), addr)
	}
}

func TestShortened(t *testing.T) {
	assert.Equal(t, "Boiler", shortened("Boiler"))
	assert.Equal(t, "a\ufffdb\ufffd", shortened("a\x1bb\xff"))
	assert.Equal(t, strings.Repeat("a", nameLimit), shortened(strings.Repeat("a", nameLimit)))
	assert.Equal(t, "a"+strings.Repeat("ä", (nameLimit-1)/2)+"…", shortened("a"+strings.Repeat("ä", nameLimit)))
}

func TestSchema(t *testing.T) {
	s := parsedSchema()
	assert.Len(t, s.Entities, 5)
	for _, a := range actions[1:] {
		assert.NotNil(t, s.Actions[a].AppliesTo, a)
	}
	assert.Contains(t, Schema(), "entity Peer in [Role]")
}
