package securetest

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core/transporttest"
)

// toldByHost returns what a client learns from a host that refuses it. Of all checks crypto/tls tells these, by an alert of
// their own; one that fails in VerifyConnection, as those of identity and revocation do, is a bad certificate to the peer. A
// client tells a host even less: all is a bad certificate, [certs.CheckCertificate].
func toldByHost(check certs.Check) certs.Check {
	switch check {
	case certs.CheckAuthority, certs.CheckExpired, certs.CheckNoCertificate, certs.CheckVersion, certs.CheckProtocol:
		return check
	case certs.CheckNotYetValid:
		return certs.CheckExpired // TLS has one alert for both
	}
	return certs.CheckCertificate
}

// refusals are the peers whose certificates are wrong.
func (w *World) refusals(t testing.TB) []transporttest.Refusal {
	foreign := authority(t, "Foreign")
	hour := time.Hour
	past := certs.Template{NotBefore: time.Now().Add(-2 * hour), NotAfter: time.Now().Add(-hour)}
	future := certs.Template{NotBefore: time.Now().Add(hour), NotAfter: time.Now().Add(2 * hour)}
	client := func(id string, c certs.Template) certs.Template {
		c.URIs = []string{id}
		return c
	}
	host := func(id string, c certs.Template) certs.Template {
		c.IPs, c.URIs = []string{address}, []string{id}
		return c
	}
	revokedHost, revokedClient := w.Issue(t, host(HostID, certs.Template{})), w.Issue(t, client(ClientID, certs.Template{}))
	w.Revoke(revokedHost)
	w.Revoke(revokedClient)

	var all []transporttest.Refusal
	ofHost := func(name string, check certs.Check, retries bool, r transporttest.Refusal) {
		r.Name, r.Retries = name, retries
		r.CheckClient, r.CheckHost = Refused(check, false), Refused(certs.CheckCertificate, true)
		all = append(all, r)
	}
	ofClient := func(name string, check certs.Check, retries bool, r transporttest.Refusal) {
		r.Name, r.Retries = name, retries
		r.CheckHost, r.CheckClient = Refused(check, false), Refused(toldByHost(check), true)
		all = append(all, r)
	}
	type refusal = transporttest.Refusal
	ofHost("host of an unknown authority", certs.CheckAuthority, false, refusal{Host: w.transport(issue(t, foreign, host(HostID, certs.Template{})))})
	ofClient("client of an unknown authority", certs.CheckAuthority, false, refusal{Client: w.transport(issue(t, foreign, client(ClientID, certs.Template{})))})
	ofHost("expired host", certs.CheckExpired, true, refusal{Host: w.transport(w.Issue(t, host(HostID, past)))})
	ofClient("expired client", certs.CheckExpired, true, refusal{Client: w.transport(w.Issue(t, client(ClientID, past)))})
	ofHost("host not yet valid", certs.CheckNotYetValid, true, refusal{Host: w.transport(w.Issue(t, host(HostID, future)))})
	ofClient("client not yet valid", certs.CheckNotYetValid, true, refusal{Client: w.transport(w.Issue(t, client(ClientID, future)))})
	ofHost("host of another name", certs.CheckName, false, refusal{URL: func(u *url.URL) *url.URL {
		other := *u
		other.Host = net.JoinHostPort("localhost", u.Port())
		return &other
	}})
	ofHost("host of another identity", certs.CheckIdentity, false, refusal{Host: w.transport(w.Issue(t, host("spiffe://other.example/host", certs.Template{})))})
	ofClient("client of another identity", certs.CheckIdentity, false, refusal{Client: w.transport(w.Issue(t, client("spiffe://other.example/panel", certs.Template{})))})
	ofHost("revoked host", certs.CheckRevoked, false, refusal{Host: w.transport(revokedHost)})
	ofClient("revoked client", certs.CheckRevoked, false, refusal{Client: w.transport(revokedClient)})
	ofHost("host with a client's certificate", certs.CheckCertificate, false, refusal{Host: w.transport(w.Issue(t, host(HostID, certs.Template{Client: true})))})
	ofClient("client with a host's certificate", certs.CheckCertificate, false, refusal{Client: w.transport(w.Issue(t, client(ClientID, certs.Template{Host: true})))})
	ofClient("client without a certificate", certs.CheckNoCertificate, false, refusal{Client: w.transport(nil)})
	return all
}
