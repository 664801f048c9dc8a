package testca_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
)

// revocations is a file with the authority's revocation list, which processes watch.
type revocations struct {
	p    *plant
	file string
}

func (p *plant) revocations() *revocations {
	l := &revocations{p, filepath.Join(p.t.TempDir(), "crl.der")}
	require.NoError(p.t, p.ca.WriteCRL(l.file))
	return l
}

// watched has a process look at the file; changed is told when it has read it again.
func (l *revocations) watched(dropLive bool) (change func(*certs.Config), changed chan struct{}) {
	store, err := certs.Open(certs.Files{Roots: []string{l.p.ca.RootFile()}, CRLs: []string{l.file}, Strict: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(l.p.t, err)
	l.p.closed(store)
	changed = make(chan struct{}, 10)
	c := store.Config()
	l.p.t.Cleanup(c.OnChange(func() { changed <- struct{}{} }))
	return func(to *certs.Config) {
		to.Roots, to.Revocation, to.OnChange, to.DropLive = c.Roots, c.Revocation, c.OnChange, dropLive
	}, changed
}

// revoke revokes a process's certificate and waits until somebody has heard of it.
func (l *revocations) revoke(s *process, changed ...chan struct{}) {
	require.NoError(l.p.t, l.p.ca.Revoke(s.own.Load().Leaf.SerialNumber))
	require.NoError(l.p.t, l.p.ca.WriteCRL(l.file))
	for _, c := range changed {
		select {
		case <-c:
		case <-time.After(patience):
			require.Fail(l.p.t, "the list is not read again")
		}
	}
}

// Who is revoked is refused from the next connection on; by itself that is all.
func TestRevocation(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		list := p.revocations()
		looks, heard := list.watched(false)
		host, good, bad := p.process("host", looks), p.process("good"), p.process("bad")
		_, boiler, url := host.host()
		work := p.traffic(boiler)
		_, ofGood := good.panel(url)
		_, ofBad := bad.panel(url)
		followers := []*follower{p.follow(ofGood), p.follow(ofBad)}

		list.revoke(bad, heard)
		bad.fresh()
		_, again := bad.node(url)
		bad.refused(certs.CheckCertificate, true)
		host.refused(certs.CheckRevoked, false)
		assert.Equal(t, core.Uninitialized, again.State())
		good.fresh()
		_, other := good.panel(url)
		followers = append(followers, p.follow(other))

		// A new certificate for the same identity is a matter of the authority alone.
		bad.rotate()
		bad.fresh()
		_, other = bad.panel(url)
		followers = append(followers, p.follow(other))

		n := work.end()
		for _, f := range followers {
			f.reaches(t, n)
			assert.Empty(t, f.stateChanges())
		}
	})
}

// With DropLive, live connections of who is revoked end; all others do not notice. The registry does the same.
func TestRevocationOfLiveConnections(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		list := p.revocations()
		atRegistry, _ := list.watched(true)
		p.startRegistry(p.process("registry", atRegistry))
		atHost, heard := list.watched(true)
		host, good, bad := p.process("host", atHost), p.process("good"), p.process("bad")
		_, boiler, _ := host.host()
		work := p.traffic(boiler)
		_, ofGood := good.panel("")
		node, ofBad := bad.panel("")
		stays, goes := p.follow(ofGood), p.follow(ofBad)

		list.revoke(bad, heard)
		require.Eventually(t, func() bool {
			return ofBad.State() == core.Suspect && node.Registry().State() == core.Suspect
		}, patience, 2*time.Millisecond, "it stays connected")
		bad.refused(certs.CheckCertificate, true)
		host.refused(certs.CheckRevoked, false)

		n := work.end()
		stays.reaches(t, n)
		assert.Empty(t, stays.stateChanges())
		assert.Equal(t, []core.State{core.Suspect}, goes.stateChanges())
		assert.Empty(t, goes.changes.wrong)
		assert.Equal(t, core.Suspect, ofBad.State())
	})
}

// A panel looks at the list, too: it leaves a host that has been revoked, and does not come back.
func TestRevocationOfHost(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		list := p.revocations()
		host := p.process("host")
		_, _, url := host.host()
		leaves, heardByOne := list.watched(true)
		stays, heardByOther := list.watched(false)
		one, other := p.process("one", leaves), p.process("other", stays)
		_, ofOne := one.panel(url)
		_, ofOther := other.panel(url)

		list.revoke(host, heardByOne, heardByOther)
		require.Eventually(t, func() bool { return ofOne.State() == core.Suspect }, patience, 2*time.Millisecond, "it stays connected")
		one.refused(certs.CheckRevoked, false)
		ofHost, _ := p.seen(ofOther)
		assert.Equal(t, host.serial(), ofHost)
		other.fresh()
		_, again := other.node(url)
		other.refused(certs.CheckRevoked, false)
		assert.Equal(t, core.Uninitialized, again.State())
	})
}

// A session that is resumed is checked as others are, though crypto/tls itself would not look at certificates again.
func TestRevocationOfResumedSession(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		list := p.revocations()
		looks, heard := list.watched(false)
		host, panel := p.process("host", looks), p.process("panel")
		_, _, url := host.host()
		// visit connects once, and returns how often the host has proved that the certificate is its own: not when a session
		// is resumed.
		visit := func() int64 {
			before := host.signed.Load()
			n, r := panel.panel(url)
			p.seen(r)
			require.NoError(t, n.Close())
			return host.signed.Load() - before
		}
		require.EqualValues(t, 1, visit())
		require.EqualValues(t, 0, visit(), "not resumed")

		list.revoke(panel, heard)
		_, r := panel.node(url)
		host.refused(certs.CheckRevoked, false)
		panel.refused(certs.CheckCertificate, true)
		assert.Equal(t, core.Uninitialized, r.State())
	})
}

// Certificates of another authority, and clients without any, are of no use.
func TestStrangers(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		host := p.process("host")
		_, _, url := host.host()

		elsewhere := &plant{t: t, scheme: p.scheme, ca: newCA(t)}
		stranger := elsewhere.process("panel", func(c *certs.Config) { c.Roots = p.ca.Roots })
		stranger.node(url)
		stranger.refused(certs.CheckAuthority, true)
		host.refused(certs.CheckAuthority, false)

		nobody := p.process("nobody", func(c *certs.Config) { c.Certificate = nil })
		nobody.node(url)
		nobody.refused(certs.CheckNoCertificate, true)
		host.refused(certs.CheckNoCertificate, false)

		wary := p.process("wary", func(c *certs.Config) { c.Roots = elsewhere.ca.Roots })
		wary.node(url)
		wary.refused(certs.CheckAuthority, false)

		choosy := p.process("choosy", func(c *certs.Config) { c.Expect = []string{name("boiler/*")} })
		choosy.node(url)
		choosy.refused(certs.CheckIdentity, false)
	})
}
