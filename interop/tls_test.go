package interop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/transports/tls"
)

// plant has certificates for Go and for Qt, of an authority that makes them in the style of step-ca: with an intermediate.
type plant struct {
	*certs.Authority
	dir string
}

var (
	aHost  = certs.Template{IPs: []string{"127.0.0.1"}, DNS: []string{"localhost"}, URIs: []string{"spiffe://plant/host"}}
	aPanel = certs.Template{Client: true, URIs: []string{"spiffe://plant/panel/7"}}
)

func newPlant(t *testing.T) *plant {
	t.Helper()
	ca, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	require.NoError(t, err)
	p := &plant{ca, t.TempDir()}
	require.NoError(t, ca.Save(p.dir))
	return p
}

// qt returns what a Qt peer needs to be what the template says.
func (p *plant) qt(t *testing.T, like certs.Template, expect ...string) qtpeer.TLS {
	t.Helper()
	own, err := p.Issue(like)
	require.NoError(t, err)
	dir, err := os.MkdirTemp(p.dir, "")
	require.NoError(t, err)
	files := qtpeer.TLS{CA: filepath.Join(p.dir, certs.RootFile), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Expect: expect}
	require.NoError(t, certs.WritePEM(own, files.Cert, files.Key))
	return files
}

// config returns the same for a node or host in Go.
func (p *plant) config(t *testing.T, like certs.Template, expect ...string) core.Config {
	t.Helper()
	own, err := p.Issue(like)
	require.NoError(t, err)
	c := certs.Fixed(own, p.Roots())
	c.Expect = expect
	return configOf(c)
}

func configOf(c certs.Config) core.Config {
	return core.Config{Transports: map[string]core.Transport{"tls": tls.New(c)}, RequireSecure: true}
}

func newSecureHost(t *testing.T, major int, c core.Config, url string) (*core.Host, string) {
	t.Helper()
	h := core.NewHost(quiet(c))
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	at, err := h.Listen(soonContext(t), url, as(major)...)
	require.NoError(t, err)
	return h, at
}

// seen is an authorizer that lets all do everything, and remembers who did.
type seen struct{ who chan string }

func (s seen) Authorize(r core.Request) error {
	select {
	case s.who <- r.Peer.Identity:
	default:
	}
	return nil
}

// TestTLSQtPair has Qt talk to Qt, which shows that companion/qt does for both what it says.
func TestTLSQtPair(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		p := newPlant(t)
		url := qtpeer.FreeURL(t, "tls")
		hostArgs := p.qt(t, aHost, "spiffe://plant/panel/*").Args("--url", url, "--only", "Station")
		qtr := qtpeer.Start(t, major, "replica", p.qt(t, aPanel, "spiffe://plant/host").Args("--connect", url, "--"+how, "--acquire", "Station")...)
		qtr.Wait(soon, "tls-error", qtpeer.Match{"url": url, "reason": "Connection refused"})
		for i := range 3 { // it comes and goes
			source := startSource(t, major, hostArgs...)
			qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "Valid"})
			qtr.Forget()
			source.Send("set Station.level %d", i)
			qtr.Wait(soon, "changed", qtpeer.Match{"prop": "level", "value": i})
			qtr.Send("call Station.add [2,40]")
			qtr.Wait(soon, "reply", qtpeer.Match{"value": 42})
			if i == 1 {
				source.Stop()
			} else {
				source.Kill()
			}
			qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "Suspect"})
		}
		qtr.Stop()
	})
}

// TestTLSGoHost has Qt replicas use a Station of a Go host, lose it and find it again.
func TestTLSGoHost(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		p := newPlant(t)
		peers := seen{make(chan string, 1)}
		config := p.config(t, aHost, "spiffe://plant/panel/*")
		config.Authorizer = peers
		station := newStation(t, major)
		host, at := newSecureHost(t, major, config, "tls://localhost:0")
		remote(t, host, station.Source, "Station")
		args := p.qt(t, aPanel, "spiffe://plant/host").Args("--connect", at, "--"+how, "--acquire", "Station")
		serve(t, major, station, qtpeer.Start(t, major, "replica", args...))
		require.Equal(t, "spiffe://plant/panel/7", <-peers.who)

		qtr := qtpeer.Start(t, major, "replica", args...)
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "Valid"})
		require.NoError(t, host.Close())
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "Suspect"})
		qtr.Wait(soon, "tls-error", qtpeer.Match{"url": at})
		station = newStation(t, major)
		station.set("level", 77)
		host, _ = newSecureHost(t, major, config, at)
		remote(t, host, station.Source, "Station")
		qtr.Wait(soon, "state", qtpeer.Match{"object": "Station", "state": "Valid", "old": "Suspect"})
		qtr.Wait(soon, "changed", qtpeer.Match{"prop": "level", "value": 77})
		qtr.Send("call Station.gauge.calibrate [1]")
		qtr.Wait(soon, "reply", qtpeer.Match{"value": 1002})
		qtr.Stop()
	})
}

// TestTLSQtHost has Go replicas use a Station of a Qt host, lose it and find it again.
func TestTLSQtHost(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		p := newPlant(t)
		args := p.qt(t, aHost, "spiffe://plant/panel/*").Args("--url", "tls://127.0.0.1:0", "--only", "Station")
		source := qtpeer.Start(t, major, "source", args...)
		url := source.Wait(soon, "ready", nil).Text("url")
		node := newNode(t, p.config(t, aPanel, "spiffe://plant/host"))
		like := newStation(t, major)
		r, j := acquire(t, node, "Station", how, like.Class())
		require.NoError(t, node.Connect(url))
		require.NoError(t, r.Wait(soonContext(t)))
		j.wait(t, "notified", "")
		useStation(t, like, r, j, source)

		// Another node resumes the session, or not: Qt is free to.
		config := p.config(t, aPanel)
		for range 2 {
			other := newNode(t, config)
			r, _ := acquire(t, other, "Station", how, like.Class())
			require.NoError(t, other.Connect(url))
			require.NoError(t, r.Wait(soonContext(t)))
		}

		r, j = acquire(t, node, "Station", how, like.Class())
		require.NoError(t, r.Wait(soonContext(t)))
		source.Kill()
		j.wait(t, "state", "Suspect")
		j.forget() // that it was Valid
		args[len(args)-3] = url
		startSource(t, major, args...)
		j.wait(t, "state", "Valid")
		require.EqualValues(t, 3, call(t, r, "add", 1, 2).Int())
	})
}

// TestTLSForeign has a Qt replica meet a host that speaks another version of the protocol, until it speaks the right one.
func TestTLSForeign(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		p := newPlant(t)
		config := p.config(t, aHost)
		host, at := newSecureHost(t, 11-major, config, "tls://127.0.0.1:0")
		remote(t, host, newStation(t, 11-major).Source, "Station")
		qtr := qtpeer.Start(t, major, "replica", p.qt(t, aPanel).Args("--connect", at, "--acquire", "Station")...)
		qtr.Wait(soon, "tls-error", qtpeer.Match{"reason": fmt.Sprintf("the host does not speak the Qt Remote Objects of Qt %d", major)})
		require.NoError(t, host.Close())
		host, _ = newSecureHost(t, major, config, at)
		remote(t, host, newStation(t, major).Source, "Station")
		qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid"})
	})
}

// TestTLSHeartbeat has a Qt host stand still. Qt's heartbeat would end what it was handed for good; the companion sees to it
// that the replica comes back.
func TestTLSHeartbeat(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		p := newPlant(t)
		args := p.qt(t, aHost).Args("--url", qtpeer.FreeURL(t, "tls"), "--only", "Station")
		source := startSource(t, major, args...)
		qtr := qtpeer.Start(t, major, "replica", p.qt(t, aPanel).Args("--connect", args[len(args)-3], "--acquire", "Station", "--heartbeat", "300")...)
		qtr.Wait(soon, "notified", nil)
		pause(t, source)
		qtr.Wait(soon, "tls-error", qtpeer.Match{"reason": "no answer to a heartbeat"})
		qtr.Wait(soon, "state", qtpeer.Match{"state": "Suspect"})
		qtr.Send("wait 1000") // in which Qt would end the connections of children
		qtr.Wait(soon, "waited", nil)
		resume(t, source)
		qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid", "old": "Suspect"})
		qtr.Send("call Station.gauge.calibrate [1]")
		qtr.Wait(soon, "reply", qtpeer.Match{"error": 0})
	})
}

// TestTLSRegistries has Go and Qt hosts registered over TLS, and found by both, with the registry in Go and in Qt.
func TestTLSRegistries(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		for _, where := range []string{"go", "qt"} {
			t.Run("registry in "+where, func(t *testing.T) {
				p := newPlant(t)
				classes := classesOf(t, major)
				var registry string
				var found func(name, url string)
				if where == "go" {
					g, err := core.NewRegistryHost(quiet(p.config(t, aHost)))
					require.NoError(t, err)
					t.Cleanup(func() { require.NoError(t, g.Close()) })
					registry, err = g.Listen(soonContext(t), "tls://127.0.0.1:0", as(major)...)
					require.NoError(t, err)
					found = func(string, string) {}
				} else {
					g := qtpeer.Start(t, major, "registry", p.qt(t, aHost).Args("--url", "tls://127.0.0.1:0")...)
					registry = g.Wait(soon, "ready", nil).Text("url")
					found = func(name, url string) {
						g.Wait(soon, "added", qtpeer.Match{"name": name, "url": url})
					}
				}
				host, at := newSecureHost(t, major, p.config(t, aHost), "tls://localhost:0")
				join(t, host.Node, registry)
				gauge := newObject(t, classes["Gauge"], map[string]any{"label": "Go's"})
				remote(t, host, gauge.Source, "GoGauge")
				found("GoGauge", at)
				startQt := func(url string) (*qtpeer.Peer, string) {
					source := qtpeer.Start(t, major, "source", p.qt(t, aHost).Args("--url", url, "--announce", "tls://localhost:0",
						"--registry", registry, "--only", "Gauge")...)
					return source, source.Wait(soon, "ready", nil).Text("url")
				}
				source, qtAt := startQt("tls://0.0.0.0:0")
				require.Contains(t, qtAt, "tls://localhost:")
				found("Gauge", qtAt)

				node := newNode(t, p.config(t, aPanel))
				join(t, node, registry)
				qtr := qtpeer.Start(t, major, "replica", p.qt(t, aPanel).Args("--tls-only", "--registry", registry,
					"--acquire", "GoGauge:as=Gauge", "--acquire", "Gauge")...)
				qtr.Wait(soon, "init", qtpeer.Match{"object": "GoGauge", "props": qtpeer.Match{"label": "Go's"}})
				qtr.Wait(soon, "init", qtpeer.Match{"object": "Gauge", "props": qtpeer.Match{"label": "gauge"}})
				ofGo, _ := acquire(t, node, "GoGauge", "typed", classes["Gauge"])
				require.NoError(t, ofGo.Wait(soonContext(t)))
				ofQt, j := acquire(t, node, "Gauge", "typed", classes["Gauge"])
				require.NoError(t, ofQt.Wait(soonContext(t)))
				equal(t, qt.Of("gauge"), get(t, ofQt, "label"))

				// It comes back at another port, and the registry tells where.
				source.Kill()
				j.wait(t, "state", "Suspect")
				j.forget()
				qtr.Wait(soon, "state", qtpeer.Match{"object": "Gauge", "state": "Suspect"})
				_, again := startQt("tls://0.0.0.0:0")
				require.NotEqual(t, qtAt, again)
				j.wait(t, "state", "Valid")
				qtr.Wait(soon, "state", qtpeer.Match{"object": "Gauge", "state": "Valid", "old": "Suspect"})

				// A host without TLS may be announced, but nobody here would go there.
				tcp := qtpeer.FreeURL(t, "tcp")
				startSource(t, major, p.qt(t, aPanel).Args("--url", tcp, "--registry", registry, "--only", "Brewery")...)
				qtr.Send("acquire Brewery:typed")
				qtr.Wait(soon, "tls-error", qtpeer.Match{"url": tcp, "reason": "not connected: this node uses tls:// only"})
			})
		}
	})
}

// TestTLSRefused has each side refuse the other for each reason, and say so.
func TestTLSRefused(t *testing.T) {
	mine, others := newPlant(t), newPlant(t)
	past := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		host, client       certs.Template
		hostCA, clientCA   *plant // whose certificates they have; nil means mine
		hostWants, expects string // identities
		atHost, atClient   string // what is said there
		anonymous          bool
	}{
		"client of another authority": {client: aPanel, host: aHost, clientCA: others, atHost: "not signed by a trusted authority"},
		"host of another authority":   {client: aPanel, host: aHost, hostCA: others, atClient: "not signed by a trusted authority"},
		"host with another name":      {client: aPanel, host: certs.Template{Name: "127.0.0.1", DNS: []string{"elsewhere.example"}}, atClient: "is for another name"},
		"expired client": {host: aHost, client: certs.Template{URIs: aPanel.URIs, NotBefore: past.Add(-time.Hour), NotAfter: past},
			atHost: "has expired"},
		"expired host": {client: aPanel, host: certs.Template{IPs: aHost.IPs, NotBefore: past.Add(-time.Hour), NotAfter: past},
			atClient: "has expired"},
		"unexpected client": {client: aPanel, host: aHost, hostWants: "spiffe://plant/panel/8", atHost: "not of an expected identity"},
		"unexpected host":   {client: aPanel, host: aHost, expects: "spiffe://plant/hos", atClient: "not of an expected identity"},
		"client no client":  {client: certs.Template{Host: true, URIs: aPanel.URIs}, host: aHost, atHost: "peer refused: its certificate"},
		"host no host":      {client: aPanel, host: certs.Template{Client: true, IPs: aHost.IPs}, atClient: "peer refused: its certificate"},
		"no certificate":    {client: aPanel, host: aHost, anonymous: true, atHost: "it has no certificate"},
	} {
		if c.hostCA == nil {
			c.hostCA = mine
		}
		if c.clientCA == nil {
			c.clientCA = mine
		}
		wants := func(id string) []string {
			if id == "" {
				return nil
			}
			return []string{id}
		}
		// Each trusts the authority of its own plant, which is mine for the one who refuses.
		trust := func(who *plant, f qtpeer.TLS) qtpeer.TLS {
			f.CA = filepath.Join(who.dir, certs.RootFile)
			return f
		}
		t.Run(name, func(t *testing.T) {
			eachQt(t, func(t *testing.T, major int) {
				t.Run("qt host", func(t *testing.T) {
					args := trust(mine, c.hostCA.qt(t, c.host, wants(c.hostWants)...)).Args("--url", "tls://127.0.0.1:0", "--only", "Gauge")
					source := qtpeer.Start(t, major, "source", args...)
					own, err := c.clientCA.Issue(c.client)
					require.NoError(t, err)
					if c.anonymous {
						own = nil
					}
					config := certs.Fixed(own, mine.Roots())
					config.Expect = wants(c.expects)
					failures := make(chan error, 100)
					cc := configOf(config)
					cc.OnError = func(err error) { failures <- err }
					node := newNode(t, cc)
					require.NoError(t, node.Connect(source.Wait(soon, "ready", nil).Text("url")))
					err = <-failures
					if c.atClient != "" {
						var refused *certs.RefusedError
						require.ErrorAs(t, err, &refused)
						require.False(t, refused.Remote)
						require.ErrorContains(t, err, c.atClient)
					}
					if c.atHost != "" {
						waitRefused(t, source, c.atHost)
					}
				})
				if c.anonymous {
					return // companion/qt does not do that
				}
				t.Run("go host", func(t *testing.T) {
					own, err := c.hostCA.Issue(c.host)
					require.NoError(t, err)
					config := certs.Fixed(own, mine.Roots())
					config.Expect = wants(c.hostWants)
					failures := make(chan error, 100)
					hc := configOf(config)
					hc.OnError = func(err error) { failures <- err }
					_, at := newSecureHost(t, major, hc, "tls://127.0.0.1:0")
					qtr := qtpeer.Start(t, major, "replica", trust(mine, c.clientCA.qt(t, c.client, wants(c.expects)...)).Args(
						"--connect", at, "--acquire", "Gauge")...)
					if c.atClient != "" {
						waitRefused(t, qtr, c.atClient)
						waitRefused(t, qtr, c.atClient) // it tries again: the host may get another certificate
					}
					if c.atHost != "" {
						var refused *certs.RefusedError
						require.ErrorAs(t, <-failures, &refused)
						require.False(t, refused.Remote)
						require.ErrorContains(t, refused, c.atHost)
						require.Regexp(t, "^refused by the peer: |may have refused our certificate$", qtr.Wait(soon, "tls-error", nil).Text("reason"))
					}
				})
			})
		})
	}
}

// waitRefused waits until a peer reports a TLS error that contains the text.
func waitRefused(t *testing.T, p *qtpeer.Peer, text string) {
	t.Helper()
	reason := p.Wait(soon, "tls-error", nil).Text("reason")
	require.Contains(t, reason, text)
	require.True(t, strings.HasPrefix(reason, "peer refused: "), reason)
}

// TestTLSRenewed has a Qt client refused until its files get another certificate.
func TestTLSRenewed(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		mine, others := newPlant(t), newPlant(t)
		host, at := newSecureHost(t, major, mine.config(t, aHost), "tls://127.0.0.1:0")
		remote(t, host, newStation(t, major).Source, "Station")
		files := others.qt(t, aPanel)
		files.CA = filepath.Join(mine.dir, certs.RootFile)
		qtr := qtpeer.Start(t, major, "replica", files.Args("--connect", at, "--acquire", "Station")...)
		qtr.Wait(soon, "tls-error", nil)
		own, err := mine.Issue(aPanel)
		require.NoError(t, err)
		require.NoError(t, certs.WritePEM(own, files.Cert, files.Key))
		qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid"})
	})
}

// TestTLSUnusable has Qt programs say what is wrong with their settings, and stop.
func TestTLSUnusable(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		p := newPlant(t)
		good := p.qt(t, aHost)
		for reason, files := range map[string]qtpeer.TLS{
			"no file with authorities is named": {Cert: good.Cert, Key: good.Key},
			"cannot read /nowhere":              {CA: good.CA, Cert: "/nowhere", Key: good.Key},
			"has no EC or RSA key":              {CA: good.CA, Cert: good.Cert, Key: good.Cert},
		} {
			for _, args := range [][]string{{"source", "--url", "tls://127.0.0.1:0"}, {"replica", "--connect", "tls://127.0.0.1:1"},
				{"registry", "--url", "tls://127.0.0.1:0"}} {
				peer := qtpeer.Start(t, major, args[0], files.Args(args[1:]...)...)
				require.Contains(t, peer.Wait(soon, "tls-error", nil).Text("reason"), reason)
				<-peer.Ended()
				peer.Kill() // it has ended, as it should
			}
		}
	})
}

// TestTLSStrangers has a Qt host met by plain connections that say something else, or nothing.
func TestTLSStrangers(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		p := newPlant(t)
		files := p.qt(t, aHost)
		files.Timeout = 500 * time.Millisecond
		source := qtpeer.Start(t, major, "source", files.Args("--url", "tls://127.0.0.1:0", "--only", "Station")...)
		url := source.Wait(soon, "ready", nil).Text("url")
		node := newNode(t, core.Config{OnError: func(error) {}, HandshakeTimeout: time.Second})
		require.NoError(t, node.Connect("tcp"+strings.TrimPrefix(url, "tls")))
		source.Wait(soon, "tls-error", qtpeer.Match{"reason": "the handshake took too long"})
		// And the other way round: nobody speaks TLS there.
		plain := qtpeer.FreeURL(t, "tcp")
		startSource(t, major, "--url", plain, "--only", "Station")
		qtr := qtpeer.Start(t, major, "replica", p.qt(t, aPanel).Args("--connect", "tls"+strings.TrimPrefix(plain, "tcp"), "--acquire", "Station")...)
		qtr.Wait(soon, "tls-error", nil)
		qtr.Wait(soon, "tls-error", nil)
		for _, e := range qtr.Events() {
			require.NotEqual(t, "Valid", e.Text("state"))
		}
	})
}
