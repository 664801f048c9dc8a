package testca_test

import (
	"crypto/tls"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/certs/testca"
	"github.com/go-qtro/qtro/core"
)

// Host and panel, or one of them, get new certificates and new keys, again and again while the boiler is at work. These rotations are
// forced: each is another certificate by token, since step-ca's renewer would take a second for each; TestRenewal has renewals
// by the renewer itself.
func TestRotation(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		const rotations = 24
		registry, host, panel := p.process("registry"), p.process("host"), p.process("panel")
		p.startRegistry(registry)
		h, boiler, _ := host.host()
		work := p.traffic(boiler)

		_, oldest := panel.panel("")
		atFirst, ofPanelAtFirst := host.serial(), panel.serial()
		replicas, followers := []*core.Replica{oldest}, []*follower{p.follow(oldest)}
		serials := map[string]bool{atFirst: true, ofPanelAtFirst: true}
		for i := range rotations {
			for _, s := range [][]*process{{registry, host, panel}, {host}, {panel}}[i%3] {
				s.rotate()
			}
			serials[host.serial()], serials[panel.serial()] = true, true
			// The transport has a session to resume and, over QUIC, a connection to share, but both are of before.
			_, r := panel.panel("")
			ofHost, ofPanel := p.seen(r)
			require.Equal(t, host.serial(), ofHost)
			require.Equal(t, panel.serial(), ofPanel)
			replicas, followers = append(replicas, r), append(followers, p.follow(r))
		}
		require.Len(t, serials, 2+rotations/3*4)

		// Connections go on with what they began with.
		ofHost, ofPanel := p.seen(oldest)
		assert.Equal(t, atFirst, ofHost)
		assert.Equal(t, ofPanelAtFirst, ofPanel)
		n, arrived := work.end(), 0
		for _, f := range followers {
			arrived += f.reaches(t, n)
			assert.Empty(t, f.stateChanges())
		}
		require.Greater(t, n, int64(rotations))
		for _, s := range []*process{registry, host, panel} {
			assert.Empty(t, s.errs, "%s: something went wrong", s.who)
		}
		t.Logf("%d rotations, of both sides or of one, while %d changes and as many signals were sent; %d arrived at %d replicas, none lost, none out of order",
			rotations, n, arrived, len(replicas))

		// When a host comes back elsewhere, all its old panels reconnect, with the certificates of now.
		require.NoError(t, h.Close())
		for _, f := range followers {
			require.Eventually(t, func() bool { return slices.Contains(f.stateChanges(), core.Suspect) }, patience, 2*time.Millisecond)
		}
		host.host()
		for _, r := range replicas {
			panel.wait(r)
			ofHost, ofPanel := p.seen(r)
			require.Equal(t, host.serial(), ofHost)
			require.Equal(t, panel.serial(), ofPanel)
		}
	})
}

// renewals are what step-ca's renewer has got for a process.
type renewals struct {
	mu      sync.Mutex
	serials []string
	failed  []error
}

func (r *renewals) add(c *tls.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serials = append(r.serials, serial(c.Leaf.SerialNumber))
}

func (r *renewals) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.serials)
}

// renewing has a process keep its certificate by step-ca's renewer, which renews it about once a second: step-ca refuses
// to renew in the last minute, so that of 65 s the renewer may use two.
func (p *plant) renewing(who string) (func(*certs.Config), *renewals) {
	first, err := p.ca.Issue(65*time.Second, name(who), "127.0.0.1")
	require.NoError(p.t, err)
	all := &renewals{}
	all.add(first)
	r, err := p.ca.Renewer(first, testca.Renewal{
		Before: 63 * time.Second, Jitter: 200 * time.Millisecond, OnRenewed: all.add,
		OnError: func(err error) {
			all.mu.Lock()
			defer all.mu.Unlock()
			all.failed = append(all.failed, err)
		},
	})
	require.NoError(p.t, err)
	p.t.Cleanup(r.Close)
	return func(c *certs.Config) { c.Certificate = r.Certificate }, all
}

// Host and panel have their certificates renewed by step-ca's own renewer, by its own clock, while the boiler is at work.
func TestRenewal(t *testing.T) {
	onEach(t, func(t *testing.T, p *plant) {
		const times = 2
		p.startRegistry(p.process("registry"))
		byRenewer, ofHost := p.renewing("host")
		_, boiler, _ := p.process("host", byRenewer).host()
		work := p.traffic(boiler)
		byRenewer, ofPanel := p.renewing("panel")
		panel := p.process("panel", byRenewer)
		_, r := panel.panel("")
		followers := []*follower{p.follow(r)}
		for i := range times {
			require.Eventually(t, func() bool { return len(ofHost.all()) > i+1 && len(ofPanel.all()) > i+1 }, patience, 2*time.Millisecond, "not renewed")
			hosts, panels := len(ofHost.all()), len(ofPanel.all())
			panel.fresh()
			_, r := panel.panel("")
			seenHost, seenPanel := p.seen(r)
			// It may have been renewed once more meanwhile.
			require.GreaterOrEqual(t, slices.Index(ofHost.all(), seenHost), hosts-1, "%s is of before", seenHost)
			require.GreaterOrEqual(t, slices.Index(ofPanel.all(), seenPanel), panels-1, "%s is of before", seenPanel)
			followers = append(followers, p.follow(r))
		}
		n, arrived := work.end(), 0
		for _, f := range followers {
			arrived += f.reaches(t, n)
			assert.Empty(t, f.stateChanges())
		}
		assert.Empty(t, ofHost.failed)
		assert.Empty(t, ofPanel.failed)
		t.Logf("%d renewals of the host's certificate and %d of the panel's by themselves, while %d changes and as many signals were sent; %d arrived at %d replicas",
			len(ofHost.all())-1, len(ofPanel.all())-1, n, arrived, len(followers))
	})
}
