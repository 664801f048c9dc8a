package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/authz"
)

const plant = "../../authz/testdata/plant"

// check is the command line of a question about the policies of the plant.
func check(args ...string) []string {
	return append([]string{"authz", "check", "--policy", plant}, args...)
}

func TestAuthzCheck(t *testing.T) {
	at := filepath.Join(plant, "plant.cedar") + ":"
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{check("--identity", "spiffe://plant/panel", "call", "Boiler.setTarget"), done, "allowed\tpermitted by\tpanels-operate\t" + at + "5\n"},
		{check("--identity", "spiffe://plant/panel", "read", "Boiler.gauge.label"), done, "allowed\tpermitted by\tpanels-observe\t" + at + "2\n"},
		{check("--identity", "spiffe://plant/panel", "see", "Boiler.spare"), done, "allowed\tpermitted by\tpanels-observe\t" + at + "2\n"},
		{check("--identity", "spiffe://plant/panel", "call", "Boiler.reset"), failed, "denied\tno policy permits it\n"},
		{check("--identity", "spiffe://plant/ada", "call", "Boiler.reset"), done, "allowed\tpermitted by\tmaintenance\t" + at + "10\n"},
		{check("--identity", "spiffe://plant/ada", "--scheme", "tcp", "call", "Boiler.reset"), failed, "denied\tforbidden by\tno-strangers\t" + at + "28\n"},
		{check("--identity", "spiffe://plant/ada", "--security", "encrypted", "see", "Boiler"), failed, "denied\tno policy permits it\n"},
		{check("see", "Boiler"), failed, "denied\tno policy permits it\n"},
		{check("--identity", "spiffe://plant/boiler", "register", "Boiler"), done, "allowed\tpermitted by\thosts-register\t" + at + "20\n"},
		{append([]string{"--json"}, check("--identity", "spiffe://plant/panel", "see", "Boiler")...), done,
			`{"allowed":true,"policies":[{"id":"panels-observe","file":"` + plant + `/plant.cedar","line":2}],"errors":[]}` + "\n"},
		{append([]string{"--json"}, check("see", "Boiler")...), failed, `{"allowed":false,"policies":[],"errors":[]}` + "\n"},
	} {
		code, out, warn := qtro(t, test.args...)
		assert.Equal(t, test.code, code, "%q", test.args)
		assert.Empty(t, warn, "%q", test.args)
		assert.Equal(t, test.want, out, "%q", test.args)
	}
}

// TestAuthzPeer has flags that describe the peer, with conditions that are true of it.
func TestAuthzPeer(t *testing.T) {
	for _, test := range []struct{ flags, when string }{
		{"", `principal.scheme == "tls" && principal.security == "encrypted" && principal.identity == ""`},
		{"--identity a", `principal == Peer::"a" && principal.security == "authenticated"`},
		{"--identity a --scheme tcp", `principal.scheme == "tcp" && principal.security == "plaintext"`},
		{"--scheme quic --security local", `principal.scheme == "quic" && principal.security == "local"`},
		{"--uid 7 --gid 8", `principal.scheme == "local" && principal.security == "local" && principal has uid && principal.uid == 7 && principal has gid && principal.gid == 8`},
		{"--ip 10.0.0.1", `principal has ip && principal.ip == ip("10.0.0.1")`},
		{"--ip 2001:db8::1", `principal has ip && principal.ip == ip("2001:db8::1")`},
		{"--dns a --dns b,c --uri spiffe://x/y", `principal.dns == ["a", "b,c"] && principal.uris == ["spiffe://x/y"] && principal.subject == ""`},
		{`--subject O=Plant\,Inc,CN=panel`, `principal.subject == "CN=panel,O=Plant\\,Inc"`},
		{"--class C", `resource.class == "C"`},
	} {
		name := filepath.Join(t.TempDir(), "a.cedar")
		require.NoError(t, os.WriteFile(name, []byte("permit(principal, action, resource) when { "+test.when+" };"), 0o600))
		args := append([]string{"authz", "check", "--policy", name, "see", "Boiler"}, strings.Fields(test.flags)...)
		requireOutput(t, "allowed\tpermitted by\t"+name+":1\n", args...)
	}
}

func TestAuthzEntities(t *testing.T) {
	dir := t.TempDir()
	policy, entities := filepath.Join(dir, "a.cedar"), filepath.Join(dir, "who.json")
	require.NoError(t, os.WriteFile(policy, []byte(`permit(principal in Role::"r", action, resource);`), 0o600))
	require.NoError(t, os.WriteFile(entities, []byte(`[{"uid": {"type": "Peer", "id": "a"}, "attrs": {}, "parents": [{"type": "Role", "id": "r"}]}]`), 0o600))
	requireOutput(t, "allowed\tpermitted by\t"+policy+":1\n", "authz", "check", "--policy", policy, "--entities", entities, "--identity", "a", "see", "Boiler")
	code, out, warn := qtro(t, "authz", "check", "--policy", policy, "--identity", "a", "see", "Boiler")
	require.Equal(t, failed, code)
	require.Equal(t, "denied\tno policy permits it\n", out)
	require.Equal(t, "qtro: "+policy+":1: nothing is in Role::\"r\", by the entities that were loaded\n", warn)
}

func TestAuthzErrors(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.cedar")
	require.NoError(t, os.WriteFile(broken, []byte("\npermit(principal, action == Action::\"sea\", resource);"), 0o600))
	requireError(t, failed, "; "+broken+":2: unrecognized action", "authz", "check", "--policy", broken, "see", "Boiler")
	requireError(t, failed, "/nowhere: ", "authz", "check", "--policy", "/nowhere", "see", "Boiler")
	requireError(t, usage, "--policy", "authz", "check", "see", "Boiler")
	requireError(t, usage, `"look" is no action`, check("look", "Boiler")...)
	requireError(t, usage, "call what?", check("call", "Boiler")...)
	requireError(t, usage, "call what?", check("call", "Boiler.")...)
	requireError(t, usage, "--security is", check("--security", "good", "see", "Boiler")...)
	requireError(t, usage, "--ip", check("--ip", "here", "see", "Boiler")...)
	requireError(t, usage, "--uid and --gid", check("--uid", "7", "see", "Boiler")...)
	requireError(t, usage, "--subject", check("--subject", "panel", "see", "Boiler")...)
	requireError(t, usage, "--uri", check("--uri", ":", "see", "Boiler")...)
}

func TestVerdictOnTerminal(t *testing.T) {
	var b strings.Builder
	p := &printer{w: &b, tty: true, color: true}
	p.verdict(verdict{Allowed: true, Policies: []authz.Ref{{ID: "panels", File: "a.cedar", Line: 3}, {ID: "a.cedar:9", File: "a.cedar", Line: 9}}, Errors: []string{"a.cedar:12: overflow"}})
	p.verdict(verdict{Policies: []authz.Ref{{ID: "nobody", File: "a.cedar", Line: 1}}})
	p.verdict(verdict{})
	require.Equal(t, "\x1b[32mallowed\x1b[0m  \x1b[2mpermitted by\x1b[0m  \x1b[1mpanels\x1b[0m  a.cedar:3\n"+
		"\x1b[32mallowed\x1b[0m  \x1b[2mpermitted by\x1b[0m  \x1b[1ma.cedar:9\x1b[0m\n"+
		"\x1b[33merror\x1b[0m    a.cedar:12: overflow\n"+
		"\x1b[31mdenied\x1b[0m  \x1b[2mforbidden by\x1b[0m  \x1b[1mnobody\x1b[0m  a.cedar:1\n"+
		"\x1b[31mdenied\x1b[0m  \x1b[2mno policy permits it\x1b[0m\n", b.String())
}
