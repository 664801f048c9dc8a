package authz_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
)

// decides checks a decision: of Authorize, of Authorize again, which then remembers it, and of Explain.
func decides(t *testing.T, p *authz.Policies, want bool, r core.Request) {
	t.Helper()
	for range 2 {
		err := p.Authorize(r)
		if want {
			assert.NoError(t, err)
		} else {
			assert.ErrorIs(t, err, core.ErrDenied)
		}
	}
	d := p.Explain(r)
	assert.Equal(t, want, d.Allowed)
	assert.Empty(t, d.Errors)
}

func TestDecisions(t *testing.T) {
	all := []string{"see Boiler", "acquire Boiler", "register Boiler", "read Boiler.level", "write Boiler.level", "call Boiler.setLevel", "call Boiler.gauge.reset"}
	for _, test := range []struct {
		name, policy string
		peer         *core.Peer
		allowed      []string // of all
	}{
		{"nothing is permitted without a policy", ``, panel, nil},
		{"a policy for all is for strangers as well", `permit(principal, action, resource);`, stranger, all},
		{"forbid beats permit", `permit(principal, action, resource); forbid(principal, action == Action::"call", resource);`, panel, all[:5]},
		{"a peer by its identity", `permit(principal == Peer::"spiffe://plant/panel", action, resource);`, panel, all},
		{"another peer", `permit(principal == Peer::"spiffe://plant/panel", action, resource);`, ada, nil},
		{"peers without identity", `permit(principal == Peer::"", action, resource);`, stranger, all},
		{"with identity", `permit(principal == Peer::"", action, resource);`, panel, nil},
		{"no peer at all", `permit(principal == Peer::"", action, resource) when { principal.security == "plaintext" };`, nil, all},
		{"identities alike", `permit(principal, action, resource) when { principal.identity like "spiffe://plant/*" };`, ada, all},
		{"identities unlike", `permit(principal, action, resource) when { principal.identity like "spiffe://plant/*" };`, local, nil},
		{"scheme", `permit(principal, action, resource) when { principal.scheme == "tls" };`, panel, all},
		{"security", `permit(principal, action, resource) when { principal.security == "encrypted" };`, unproven, all},
		{"better security", `permit(principal, action, resource) when { principal.security == "encrypted" };`, panel, nil},
		{"subject", `permit(principal, action, resource) when { principal.subject like "CN=panel,*" };`, panel, all},
		{"no subject", `permit(principal, action, resource) when { principal.subject == "" };`, stranger, all},
		{"dns", `permit(principal, action, resource) when { principal.dns.contains("panel.plant.example") };`, panel, all},
		{"no dns", `permit(principal, action, resource) when { principal.dns.contains("panel.plant.example") };`, ada, nil},
		{"uris", `permit(principal, action, resource) when { principal.uris.contains("spiffe://plant/ada") };`, ada, all},
		{"uid", `permit(principal, action, resource) when { principal has uid && principal.uid == 1000 };`, local, all},
		{"gid", `permit(principal, action, resource) when { principal has gid && principal.gid == 99 };`, local, nil},
		{"no uid", `permit(principal, action, resource) when { principal has uid };`, panel, nil},
		{"address", `permit(principal, action, resource) when { principal has ip && principal.ip.isInRange(ip("10.0.0.0/16")) };`, stranger, all},
		{"another address", `permit(principal, action, resource) when { principal has ip && principal.ip.isInRange(ip("10.0.0.0/16")) };`, panel, nil},
		{"IPv6", `permit(principal, action, resource) when { principal has ip && principal.ip.isIpv6() };`, ada, all},
		{"no address", `permit(principal, action, resource) unless { principal has ip };`, local, all},
		{"one action", `permit(principal, action == Action::"see", resource);`, panel, all[:1]},
		{"register", `permit(principal, action == Action::"register", resource);`, panel, all[2:3]},
		{"actions", `permit(principal, action in [Action::"see", Action::"call"], resource);`, panel, []string{all[0], all[5], all[6]}},
		{"observe", `permit(principal, action in Action::"observe", resource);`, panel, []string{all[0], all[1], all[3]}},
		{"use", `permit(principal, action in Action::"use", resource);`, panel, []string{all[0], all[1], all[3], all[4], all[5], all[6]}},
		{"observe in a set", `permit(principal, action in [Action::"observe", Action::"register"], resource);`, panel, all[:4]},
		{"an object", `permit(principal, action, resource == Object::"Boiler");`, panel, all[:3]},
		{"an object and its members", `permit(principal, action, resource in Object::"Boiler");`, panel, all},
		{"another object", `permit(principal, action, resource in Object::"Boile");`, panel, nil},
		{"a member", `permit(principal, action, resource == Member::"Boiler.level");`, panel, all[3:5]},
		{"a member of a child", `permit(principal, action, resource == Member::"Boiler.gauge.reset");`, panel, all[6:]},
		{"class", `permit(principal, action, resource) when { resource.class == "Boiler" };`, panel, all},
		{"object's name", `permit(principal, action, resource) when { resource.object like "Boi*" };`, panel, all},
		{"member's name", `permit(principal, action == Action::"call", resource) when { resource.object == "Boiler" && resource.member like "set*" };`, panel, all[5:6]},
		{"type of resource", `permit(principal, action, resource is Member) when { resource.member like "gauge.*" };`, panel, all[6:]},
		{"action in a condition", `permit(principal, action, resource) when { action in Action::"observe" };`, panel, []string{all[0], all[1], all[3]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t, test.policy)
			var allowed []string
			for _, what := range all {
				r := request(test.peer, what)
				d := p.Explain(r)
				if d.Allowed {
					allowed = append(allowed, what)
				}
				assert.Empty(t, d.Errors)
				decides(t, p, d.Allowed, r)
			}
			assert.Equal(t, test.allowed, allowed)
		})
	}
}

func openPlant(t testing.TB) *authz.Policies {
	p, err := authz.Open(authz.Config{Static: true}, filepath.Join("testdata", "plant"))
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestPlant(t *testing.T) {
	p := openPlant(t)
	careless := *ada
	careless.Security, careless.Scheme = core.Local, "local"
	for _, test := range []struct {
		peer *core.Peer
		what string
		want string // of the ids of policies, those that forbid after a minus
	}{
		{panel, "see Boiler", "panels-observe"},
		{panel, "acquire Boiler", "panels-observe"},
		{panel, "read Boiler.level", "panels-observe"},
		{panel, "read Boiler.gauge.label", "panels-observe"},
		{panel, "write Boiler.level", "-"},
		{panel, "call Boiler.setTarget", "panels-operate"},
		{panel, "call Boiler.acknowledge", "panels-operate"},
		{panel, "call Boiler.reset", "-"},
		{panel, "see Pump", "-"},
		{panel, "register Boiler", "-"},
		{ada, "see Pump", "maintenance"},
		{ada, "write Pump.level", "maintenance"},
		{ada, "call Boiler.reset", "maintenance"},
		{ada, "register Boiler", "-"},
		{&careless, "call Boiler.reset", "-no-strangers"},
		{&careless, "see Boiler", "-"},
		{boiler, "register Boiler", "hosts-register"},
		{boiler, "register Boiler2", "hosts-register"},
		{boiler, "register Pump", "-"},
		{boiler, "see Pump", "hosts-see"},
		{boiler, "read Pump.level", "-"},
		{boiler, "call Registry.addSource", "registry"},
		{panel, "read Registry.sourceLocations", "registry"},
		{stranger, "see Registry", "-"},
		{stranger, "see Boiler", "-"},
		{stranger, "call Boiler.reset", "-no-strangers"},
	} {
		d := p.Explain(request(test.peer, test.what))
		var got strings.Builder
		if !d.Allowed {
			got.WriteString("-")
		}
		for _, r := range d.Policies {
			got.WriteString(r.ID)
		}
		assert.Equal(t, test.want, got.String(), "%v: %s", test.peer, test.what)
		decides(t, p, !strings.HasPrefix(test.want, "-"), request(test.peer, test.what))
	}
}

// TestDottedObject has an object in whose name there is a dot: its members are not those of another.
func TestDottedObject(t *testing.T) {
	p := open(t, `permit(principal, action, resource == Member::"a.b.c");`)
	decides(t, p, true, core.Request{Peer: panel, Action: core.Read, Object: "a", Member: "b.c"})
	decides(t, p, false, core.Request{Peer: panel, Action: core.Read, Object: "a.b", Member: "c"})
	p = open(t, `permit(principal, action, resource == Member::"a%2Eb.c");`)
	decides(t, p, true, core.Request{Peer: panel, Action: core.Read, Object: "a.b", Member: "c"})
	decides(t, p, false, core.Request{Peer: panel, Action: core.Read, Object: "a%2Eb", Member: "c"})
}

func TestUnknownAction(t *testing.T) {
	p := open(t, `permit(principal, action, resource);`)
	for _, a := range []core.Action{0, core.Register + 1, 255} {
		require.ErrorIs(t, p.Authorize(core.Request{Peer: panel, Action: a, Object: "Boiler"}), core.ErrDenied)
		require.NotEmpty(t, p.Explain(core.Request{Peer: panel, Action: a}).Errors)
	}
}

// TestPeersApart has peers that differ in one thing only. What is remembered of one must not be the other's.
func TestPeersApart(t *testing.T) {
	another := func(change func(p *core.Peer)) *core.Peer {
		p := *panel
		change(&p)
		return &p
	}
	other := certificate("mallory", nil, "spiffe://plant/panel")
	for name, test := range map[string]struct {
		when string // is so for panel, and not for peer
		peer *core.Peer
	}{
		"identity":       {`principal == Peer::"spiffe://plant/panel"`, another(func(p *core.Peer) { p.Identity = "spiffe://plant/pane" })},
		"scheme":         {`principal.scheme == "tls"`, another(func(p *core.Peer) { p.Scheme = "quic" })},
		"security":       {`principal.security == "authenticated"`, another(func(p *core.Peer) { p.Security = core.Encrypted })},
		"address":        {`principal has ip && principal.ip == ip("10.1.0.7")`, another(func(p *core.Peer) { p.Addr = "10.1.0.6:4712" })},
		"subject":        {`principal.subject like "CN=panel,*"`, another(func(p *core.Peer) { p.Certificates = []*x509.Certificate{other} })},
		"no certificate": {`principal.subject like "CN=panel,*"`, another(func(p *core.Peer) { p.Certificates = nil })},
		"a certificate without bytes": {`principal.subject like "CN=panel,*"`,
			another(func(p *core.Peer) { p.Certificates = []*x509.Certificate{{Subject: other.Subject}} })},
		"credentials": {`!(principal has uid)`, another(func(p *core.Peer) { p.Unix = &core.Credentials{} })},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, "permit(principal, action, resource) when { "+test.when+" };")
			for range 3 {
				decides(t, p, true, request(panel, "see Boiler"))
				decides(t, p, false, request(test.peer, "see Boiler"))
			}
		})
	}
}

// TestRequestsApart has requests that differ in one thing only.
func TestRequestsApart(t *testing.T) {
	p := open(t, `permit(principal, action == Action::"call", resource == Member::"ab.c") when { resource.class == "d" };`)
	good := core.Request{Peer: panel, Action: core.Call, Object: "ab", Class: "d", Member: "c"}
	for _, change := range []func(r *core.Request){
		func(r *core.Request) { r.Action = core.Read },
		func(r *core.Request) { r.Object = "a" },
		func(r *core.Request) { r.Object, r.Member = "a", "bc" },
		func(r *core.Request) { r.Class = "" },
		func(r *core.Request) { r.Member = "cd"; r.Class = "" },
		func(r *core.Request) { r.Peer = nil; r.Object = "" },
	} {
		decides(t, p, true, good)
		other := good
		change(&other)
		decides(t, p, false, other)
	}
}

func TestErrors(t *testing.T) {
	p := openPlant(t)
	plant := func(line int) string {
		return fmt.Sprintf("%s:%d", filepath.Join("testdata", "plant", "plant.cedar"), line)
	}
	for _, test := range []struct {
		r    core.Request
		want string
	}{
		{request(panel, "write Boiler.level"), "not authorized: spiffe://plant/panel (tls, authenticated, 10.1.0.7) may not write Boiler.level: no policy permits it"},
		{request(stranger, "call Boiler.reset"), "not authorized: a peer without identity (tcp, plaintext, 10.0.0.5) may not call Boiler.reset: " +
			"forbidden by no-strangers (" + plant(28) + ")"},
		{request(local, "see Boiler"), "not authorized: uid:1000 (local, local) may not see Boiler: no policy permits it"},
		{request(nil, "register a\nb\x7f"), "not authorized: a peer without identity (plaintext) may not register a\ufffdb\ufffd: no policy permits it"},
	} {
		for range 2 {
			err := p.Authorize(test.r)
			assert.ErrorIs(t, err, core.ErrDenied)
			assert.EqualError(t, err, test.want)
		}
	}
	err := p.Authorize(core.Request{Peer: panel, Action: core.Register, Object: strings.Repeat("ä", 1<<20)})
	require.ErrorIs(t, err, core.ErrDenied)
	require.Less(t, len(err.Error()), 1000)
	require.Contains(t, err.Error(), "ää…")
}

func TestExplain(t *testing.T) {
	p := open(t, `permit(principal, action, resource);

@id("second")
permit(principal, action == Action::"see", resource)
when { true };
forbid(principal == Peer::"spiffe://plant/panel", action == Action::"register", resource);
forbid(principal, action == Action::"call", resource) when { principal has uid && principal.uid + 9223372036854775807 == 0 };
`)
	file := p.Explain(request(panel, "write Boiler.level")).Policies[0].File
	at := func(line int) string { return fmt.Sprintf("%s:%d", file, line) }
	for what, want := range map[string]authz.Decision{
		"write Boiler.level": {Allowed: true, Policies: []authz.Ref{{ID: at(1), File: file, Line: 1}}},
		"see Boiler":         {Allowed: true, Policies: []authz.Ref{{ID: at(1), File: file, Line: 1}, {ID: "second", File: file, Line: 3}}},
		"register Boiler":    {Policies: []authz.Ref{{ID: at(6), File: file, Line: 6}}},
	} {
		assert.Equal(t, want, p.Explain(request(panel, what)), what)
	}
	assert.Equal(t, "permitted by "+at(1)+", second ("+at(3)+")", p.Explain(request(panel, "see Boiler")).String())
	assert.Equal(t, "forbidden by "+at(6), p.Explain(request(panel, "register Boiler")).String())

	d := p.Explain(request(local, "call Boiler.reset"))
	require.True(t, d.Allowed, "a policy that cannot be evaluated has no say")
	require.Len(t, d.Errors, 1)
	require.Contains(t, d.Errors[0], at(7)+": ")
	require.Contains(t, d.String(), "permitted by "+at(1)+"; error in "+at(7)+": ")
}

// TestRemembered has decisions that were made before.
func TestRemembered(t *testing.T) {
	p := openPlant(t)
	for _, peer := range []*core.Peer{stranger, panel, ada, local, nil} {
		for _, what := range []string{"see Boiler", "read Boiler.level", "call Boiler.reset"} {
			r := request(peer, what)
			_ = p.Authorize(r)
			assert.Zero(t, testing.AllocsPerRun(100, func() { _ = p.Authorize(r) }), "%v %s", peer, what)
		}
	}
	r := request(panel, "read Boiler.level")
	again := *panel
	again.Addr = "10.1.0.7:9999"
	again.Certificates = []*x509.Certificate{certificate("panel", []string{"panel.plant.example"}, "spiffe://plant/panel")}
	r.Peer = &again
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = p.Authorize(r) }), "the same peer from another port")
}

func TestConcurrently(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.cedar")
	write(t, name, `permit(principal == Peer::"spiffe://plant/panel", action, resource);`)
	p, err := authz.Open(authz.Config{Static: true, Logger: make(logs, 100).logger()}, dir)
	require.NoError(t, err)
	defer p.Close()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 2000 {
				if p.Authorize(core.Request{Peer: panel, Action: core.Call, Object: "Boiler", Member: fmt.Sprint(i % 700)}) != nil {
					t.Error("panel was denied")
				}
				if p.Authorize(core.Request{Peer: stranger, Action: core.Call, Object: "Boiler", Member: fmt.Sprint(i)}) == nil {
					t.Error("a stranger was not denied")
				}
			}
		})
	}
	group.Go(func() {
		for i := range 50 {
			replace(t, name, fmt.Sprintf(`permit(principal == Peer::"spiffe://plant/panel", action, resource); // %d`, i))
			assert.NoError(t, p.Reload())
		}
	})
	group.Wait()
}

// TestGuide compares the policies of the package comment with those of testdata.
func TestGuide(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	plant, err := os.ReadFile(filepath.Join("testdata", "plant", "plant.cedar"))
	require.NoError(t, err)
	var want strings.Builder
	for line := range strings.Lines(string(plant)) {
		want.WriteString(strings.TrimRight("//\t"+line, "\t\n") + "\n")
	}
	require.Contains(t, string(doc), want.String())
}
