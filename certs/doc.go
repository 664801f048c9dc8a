// Package certs is about certificates: who a process is, whom it trusts, and how both are kept up to date.
//
// A [Config] is what the secure transports take, transports/tls and transports/quic alike. It asks for certificate and roots at
// each handshake, so that it matters little where they come from:
//
//   - [Open] reads PEM files and reads them again when they change. This is what programs use where something else brings
//     the certificates: cert-manager, step, Vault, a configuration management.
//   - [NewACME] gets a certificate from an ACME server, such as step-ca, and renews it.
//   - [NewAuthority] makes an authority of one's own, for development and tests, with [Fixed] for a Config of what it issues. The
//     command qtro cert does the same with files.
//
// A host that reads files, checks revocation lists, and ends the connections of clients that have been revoked:
//
//	files, err := certs.Open(certs.Files{Certificate: "tls.crt", Key: "tls.key", Roots: []string{"ca.crt"}, CRLs: []string{"crl.pem"}})
//	...
//	defer files.Close()
//	config := files.Config()
//	config.Expect = []string{"spiffe://plant.example/panel/*"}
//	config.DropLive = true
//
// # What is checked
//
// Each side must show a certificate, unless [Config.AnonymousClients] lets clients go without. It must lead to one of the roots,
// be valid now, be made for a host or a client as the case may be, be one of [Config.Expect] if that names any, and not
// be revoked. A host's must be for the name or the address that was dialed, as a DNS name or IP address in the subject
// alternative names: the common name is none. All of this is checked again when a session is resumed, by what is known then. TLS
// 1.3 is required.
//
// A refusal is a [RefusedError] on both sides. Who refuses knows why; the other side is told less, as most reasons have one alert in
// common ([CheckCertificate]).
//
// # Identities
//
// Who a peer is, is in the names of its certificate: a URI such as spiffe://plant.example/panel/7 first. [Identities] has all
// of them in the spelling that [Config.Expect] and authorization use. An authority must therefore sign only names that a process
// is entitled to.
//
// # Revocation
//
// Certificates that are valid for hours need none: revoking is not renewing them. For others there are lists ([Files.CRLs]) and
// [OCSP], which may be combined:
//
//	inquiry := &certs.OCSP{}
//	defer inquiry.Close()
//	config.Revocation = append(config.Revocation, inquiry.Check)
//	config.Certificate = inquiry.Staple(config.Certificate) // so that peers need not ask
//
// A certificate that a list or a response calls revoked is always refused. Where nobody can tell, because a list is out of
// date or missing or a server does not answer, both let it pass and log a warning, so that a plant goes on while its authority
// is away; with Strict they refuse it instead. Such a refusal is no [RefusedError], as it may pass. Lists and
// responses count only if the authority in question has signed them, or for responses whom it has entitled to.
package certs
