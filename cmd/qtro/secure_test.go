package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// ca is an authority with files of certificates that it has issued.
type ca struct {
	*certs.Authority
	t   testing.TB
	dir string
}

func newCA(t testing.TB, name string) *ca {
	a, err := certs.NewAuthority(name, certs.AuthorityOptions{})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, a.Save(dir))
	return &ca{a, t, dir}
}

// file is the name of a file in the authority's directory.
func (c *ca) file(name string) string { return filepath.Join(c.dir, name) }

// flags issues a certificate for spiffe://plant.example/NAME and returns the flags to use it.
func (c *ca) flags(name string) []string {
	own, err := c.Issue(certs.Template{IPs: []string{"127.0.0.1"}, URIs: []string{id(name)}})
	require.NoError(c.t, err)
	require.NoError(c.t, certs.WritePEM(own, c.file(name+".pem"), c.file(name+".key")))
	return []string{"--ca", c.file(certs.RootFile), "--cert", c.file(name + ".pem"), "--key", c.file(name + ".key")}
}

func id(name string) string { return "spiffe://plant.example/" + name }

// config returns what a node of the test needs to be NAME.
func (c *ca) config(name string) core.Config {
	g := globals{warn: io.Discard} // of a certificate that is issued anew, an earlier node may see half for a moment
	flags := c.flags(name)
	g.CA, g.Cert, g.Key = flags[1:2], flags[3], flags[5]
	end, err := g.secure()
	require.NoError(c.t, err)
	c.t.Cleanup(end)
	return g.config()
}

// and appends to flags, which stay as they are.
func and(flags []string, more ...string) []string {
	return append(append([]string{}, flags...), more...)
}

// secureHost remotes a Station at a free port of each scheme, and lets the registry know.
func (c *ca) secureHost(registry string, schemes ...string) (urls []string) {
	h := core.NewHost(c.config("boiler"))
	c.t.Cleanup(func() { _ = h.Close() })
	for _, scheme := range schemes {
		at, err := h.Listen(context.Background(), scheme+"://127.0.0.1:0")
		require.NoError(c.t, err)
		urls = append(urls, at)
	}
	if registry != "" {
		_, err := h.SetRegistry(registry)
		require.NoError(c.t, err)
	}
	source, _ := newSources(c.t)
	require.NoError(c.t, h.EnableRemoting(source, "Station"))
	return urls
}

// startRegistry starts the program as a registry, and returns where it listens.
func startRegistry(t testing.TB, schemes []string, args ...string) (p *process, urls []string) {
	p = start(t, args...)
	for i, scheme := range schemes {
		p.out.wait(t, scheme+":")
		urls = append(urls, strings.Fields(strings.Split(p.out.String(), "\n")[i])[1])
	}
	return p, urls
}

var secureSchemes = []string{"tls", "quic"}

func TestSecureUsage(t *testing.T) {
	plant := newCA(t, "plant")
	panel := plant.flags("panel")
	require.NoError(t, os.WriteFile(plant.file("empty.pem"), nil, 0o600))
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{usage, []string{"--cert", "x.pem", "--connect", "tls://h:1", "ls"}, "--cert needs --key FILE"},
		{usage, []string{"--key", "x.pem", "--connect", "tls://h:1", "ls"}, "--key needs --cert FILE"},
		{usage, []string{"--cert", "x.pem", "--key", "x.key", "ls"}, "--cert needs --ca FILE"},
		{usage, []string{"--expect", "dns:h", "ls"}, "--expect needs --ca FILE"},
		{usage, []string{"--connect", "tls://h:1", "ls"}, "tls://h:1 needs --ca FILE"},
		{usage, []string{"--connect", "quic://h:1", "ls"}, "quic://h:1 needs --ca FILE"},
		{usage, []string{"--connect", "tls://h:1", "get", "Station"}, "tls://h:1 needs --ca FILE"},
		{usage, []string{"--connect", "tls://h:1", "watch", "Station"}, "tls://h:1 needs --ca FILE"},
		{usage, []string{"--registry", "tls://h:1", "ls"}, "tls://h:1 needs --ca FILE"},
		{usage, []string{"registry", "--listen", "tls://127.0.0.1:0"}, "--cert FILE and --key FILE"},
		{usage, []string{"--ca", panel[1], "registry", "--listen", "tls://127.0.0.1:0"}, "--cert FILE and --key FILE"},
		{usage, []string{"trace", "--listen", "tls://127.0.0.1:0", "--to", "tcp://h:1"}, "--cert FILE and --key FILE"},
		{usage, and(panel, "--connect", "tls://me@h:1", "ls"), "what is trusted is not a URL's business"},
		{failed, []string{"--ca", plant.file("none.pem"), "--connect", "tls://h:1", "ls"}, plant.file("none.pem") + ": no such file"},
		{failed, []string{"--ca", plant.file("empty.pem"), "--connect", "tls://h:1", "ls"}, plant.file("empty.pem") + " has no PEM block"},
		{failed, []string{"--ca", panel[1], "--cert", panel[3], "--key", plant.file("ca.key"), "ls"}, "the key does not belong to the certificate"},
		{failed, and(panel, "registry", "--listen", "tls://127.0.0.1:0", "--policy", plant.file("none")), plant.file("none") + ": no such file"},
		{failed, []string{"--require-secure", "--connect", "tcp://127.0.0.1:1", "ls"}, "tcp://127.0.0.1:1: the connection is not secure (--require-secure)"},
		{failed, []string{"--require-secure", "--connect", "tcp://127.0.0.1:1", "get", "Station"}, "tcp://127.0.0.1:1: the connection is not secure (--require-secure)"},
		{failed, []string{"--require-secure", "--connect", "tcp://127.0.0.1:1", "watch", "Station"}, "tcp://127.0.0.1:1: the connection is not secure (--require-secure)"},
		{failed, []string{"--require-secure", "registry", "--listen", "tcp://127.0.0.1:0"}, "tcp://127.0.0.1:0: the connection is not secure (--require-secure)"},
		{failed, []string{"--require-secure", "trace", "--listen", "tcp://127.0.0.1:0", "--to", "local:x"}, "tcp://127.0.0.1:0: the connection is not secure"},
		{failed, []string{"--require-secure", "trace", "--listen", "local:x", "--to", "tcp://127.0.0.1:1"}, "tcp://127.0.0.1:1: the connection is not secure"},
	} {
		if len(c.args) > 0 && c.args[0] != "registry" {
			c.args = and([]string{"--timeout", "1m"}, c.args...) // nothing of this has to be waited for
		}
		code, _, warn := qtro(t, c.args...)
		require.Equal(t, c.code, code, "%q: %s", c.args, warn)
		require.Equal(t, 1, strings.Count(warn, "\n"), "%q: %s", c.args, warn)
		require.Contains(t, warn, c.want, "%q", c.args)
	}
}

// A registry of all schemes at once, and hosts and clients of any of them.
func TestSecureRegistry(t *testing.T) {
	plant := newCA(t, "plant")
	schemes := append([]string{"tcp", "local"}, secureSchemes...)
	hub := and(plant.flags("hub"), "registry", "--listen", "tcp://127.0.0.1:0", "--listen", "local:"+plant.file("hub"))
	for _, scheme := range secureSchemes {
		hub = append(hub, "--listen", scheme+"://127.0.0.1:0")
	}
	p, registries := startRegistry(t, schemes, hub...)
	hosted := plant.secureHost(registries[2], secureSchemes...)
	require.Equal(t, "added\tStation\tStation\t"+hosted[0]+"\t"+id("boiler"), p.out.wait(t, "added"))
	p.out.forget()

	panel := plant.flags("panel")
	for _, registry := range registries {
		requireOutput(t, "Station\tStation\t"+hosted[0]+"\t"+strings.Repeat("6", 40)+"\n", and(panel, "--registry", registry, "ls")...)
		requireOutput(t, "5\n", and(panel, "--registry", registry, "--expect", id("*"), "get", "Station", "level")...)
		requireError(t, usage, hosted[0]+" needs --ca FILE", "--registry", registries[0], "get", "Station", "level")
	}
	for _, at := range hosted {
		requireOutput(t, "42\n", and(panel, "--connect", at, "--require-secure", "call", "Station", "add", "2", "40")...)
		requireOutput(t, "5\n", and(panel, "--connect", at, "--expect", id("boiler"), "get", "Station", "level")...)
	}

	// What is announced is looked at more closely than what was asked for.
	s := newStation(t, "")
	_, err := s.SetRegistry(registries[0])
	require.NoError(t, err)
	gauge := newGauge(t, "east")
	require.NoError(t, s.EnableRemoting(gauge, "Gauge"))
	require.Equal(t, "added\tGauge\tGauge\t"+s.url, p.out.wait(t, "added\tGauge"))
	requireOutput(t, `"east"`+"\n", and(panel, "--registry", registries[2], "get", "Gauge", "label")...)
	safe := and(panel, "--require-secure", "--timeout", "1m", "--registry", registries[2])
	requireError(t, failed, s.url+": the connection is not secure (--require-secure)", and(safe, "get", "Gauge", "label")...)
	requireError(t, failed, registries[0]+": the connection is not secure", and(panel, "--require-secure", "--timeout", "1m", "--registry", registries[0], "ls")...)
	code, out, warn := qtro(t, and(safe, "ls")...)
	require.Zero(t, code)
	require.Contains(t, out, "Gauge\tGauge\t"+s.url+"\t\n")
	require.Contains(t, warn, s.url+": the connection is not secure (--require-secure)")
	require.Zero(t, p.stop())
	require.Empty(t, p.err.String())
}

// What a refused peer prints, and what the one that refuses it.
func TestRefused(t *testing.T) {
	plant, foreign := newCA(t, "plant"), newCA(t, "foreign")
	own := plant.flags("hub")
	for _, scheme := range secureSchemes {
		t.Run(scheme, func(t *testing.T) {
			p, urls := startRegistry(t, []string{scheme}, and(own, "--expect", id("*"), "registry", "--listen", scheme+"://127.0.0.1:0")...)
			for _, c := range []struct {
				name, want, host string
				flags            []string
			}{
				{"no certificate", "refused by the peer: it wants a certificate and has got none; give it one with --cert FILE and --key FILE",
					"it has no certificate; it has to show one", plant.flags("x")[:2]},
				{"certificate of another authority", "refused by the peer: our certificate is not signed by a trusted authority; was it made by the same authority?",
					"its certificate is not signed by a trusted authority; is --ca the file", append(plant.flags("x")[:2:2], foreign.flags("panel")[2:]...)},
				{"another authority is trusted", "peer refused: its certificate is not signed by a trusted authority; is --ca the file of the authority that has signed it?",
					"refused by the peer: our certificate is not", foreign.flags("panel")},
				{"another name", "peer refused: its certificate is for another name: certificate is not valid for any names, but wanted to match localhost; use a name in the URL",
					"refused by the peer: our certificate is not", plant.flags("panel")},
				{"another host is expected", `the peer is ["` + id("hub"), "refused by the peer: our certificate is not", and(plant.flags("panel"), "--expect", id("boiler"))},
			} {
				p.err.forget()
				at := urls[0]
				if c.name == "another name" {
					at = strings.Replace(at, "127.0.0.1", "localhost", 1)
				}
				for _, command := range [][]string{{"--registry", at, "ls"}, {"--connect", at, "ls"}, {"--registry", at, "get", "Station"}, {"--connect", at, "watch", "Station"}} {
					args := append(and(c.flags, "--timeout", "1m"), command...)
					code, _, warn := qtro(t, args...)
					require.Equal(t, failed, code, "%q", args)
					require.Contains(t, warn, c.want, "%q", args)
					require.Equal(t, 1, strings.Count(warn, "\n"), "%q: %s", args, warn)
				}
				require.Regexp(t, "^qtro: handshake with "+scheme+" 127", p.err.wait(t, c.host), c.name)
			}
		})
	}
}

// The intermediary proves who it is to both sides.
func TestSecureTrace(t *testing.T) {
	plant, foreign := newCA(t, "plant"), newCA(t, "foreign")
	for _, scheme := range secureSchemes {
		t.Run(scheme, func(t *testing.T) {
			at := plant.secureHost("", scheme)[0]
			p := start(t, and(plant.flags("tracer"), "trace", "--listen", scheme+"://127.0.0.1:0", "--to", at)...)
			url := strings.Fields(p.out.wait(t, "listening"))[2]
			requireOutput(t, "42\n", and(plant.flags("panel"), "--connect", url, "call", "Station", "add", "2", "40")...)
			require.Contains(t, p.out.wait(t, "open"), "open "+id("panel"))
			p.out.wait(t, "close")
			code, _, _ := qtro(t, and(plant.flags("x")[:2:2], "--connect", url, "get", "Station")...)
			require.Equal(t, failed, code)
			p.out.wait(t, "it has no certificate")
			require.Zero(t, p.stop())

			p = start(t, append(plant.flags("x")[:2:2], and(foreign.flags("tracer")[2:], "trace", "--listen", "tcp://127.0.0.1:0", "--to", at)...)...)
			url = strings.Fields(p.out.wait(t, "listening"))[2]
			_, _, _ = qtro(t, "--connect", url, "--timeout", "300ms", "get", "Station")
			require.Contains(t, p.out.wait(t, "refused by the peer"), "was it made by the same authority?")
			require.Zero(t, p.stop())
		})
	}
}

// A registry lets those register and see what its policy says.
func TestRegistryPolicy(t *testing.T) {
	plant := newCA(t, "plant")
	policy := plant.file("plant.cedar")
	require.NoError(t, os.WriteFile(policy, fmt.Appendf(nil, `
permit (principal == Peer::%q, action == Action::"register", resource == Object::"Station");
permit (principal, action in Action::"use", resource in Object::"Registry");
permit (principal == Peer::%q, action == Action::"see", resource);
`, id("boiler"), id("panel")), 0o600))
	p := start(t, and(plant.flags("hub"), "--json", "registry", "--listen", "tls://127.0.0.1:0", "--policy", policy)...)
	at := strings.Split(p.out.wait(t, "listening"), `"`)[7]
	hosted := plant.secureHost(at, "tls")
	require.Equal(t, `{"event":"added","name":"Station","type":"Station","url":"`+hosted[0]+`","identity":"`+id("boiler")+`"}`, p.out.wait(t, "added"))
	requireOutput(t, "5\n", and(plant.flags("panel"), "--registry", at, "get", "Station", "level")...)
	requireOutput(t, "", and(plant.flags("stranger"), "--registry", at, "ls")...)
	require.Zero(t, p.stop())
}

// What is wrong with a file, but no reason to stop, is a line on stderr.
func TestWarnings(t *testing.T) {
	warn := newOutput()
	log := slog.New(warnings{&globals{warn: warn}})
	log.Info("certs: own certificate is renewed", "file", "a.pem")
	log.With("node", "x").Warn("certs: the old roots stay in use", "reason", "certs: a.pem has no PEM block of a certificate")
	require.Equal(t, "qtro: the old roots stay in use: a.pem has no PEM block of a certificate\n", warn.String())
}
