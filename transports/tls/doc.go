// Package tls brings the scheme tls: TLS 1.3 over TCP, in which both sides prove who they are. There are no certificates
// to fall back on: a program has to say who it is and whom it trusts. A host:
//
//	own, roots := … // as package certs reads, renews or issues them
//	host := core.NewHost(core.Config{Transports: map[string]core.Transport{"tls": tls.New(certs.Fixed(own, roots))}})
//	url, err := host.Listen(ctx, "tls://plant.example:5005")
//
// and a client:
//
//	node := core.NewNode(core.Config{Transports: map[string]core.Transport{"tls": tls.New(certs.Fixed(own, roots))}})
//	err := node.Connect("tls://plant.example:5005")
//
// One Transport does for any number of hosts and nodes, and for both sides. Importing this package registers a transport for the
// scheme that has no certificates: nodes that were not given another one fail with an error that shows these lines.
//
// # What is checked
//
// Either side checks that the other's certificate is signed by one of the roots, is valid now, is for such a use, has an
// expected identity if some are named, and is not revoked if that is looked at. The client also checks that it is for the
// name or IP address in the URL. All of it is checked again when a session is resumed, and, with DropLive, whenever roots or
// revocations change. What is refused is a [certs.RefusedError], which says what was wrong and which side minded: a host's is
// told to [core.Config.OnError], a client's to the OnError of its node, which tries again only where that can help. In TLS 1.3
// a client learns in its first Read that a host refuses it, and TLS tells it, by an alert, only some of the reasons.
//
// Sessions are resumed, which saves computing, and end with the certificates of either side. A renewed certificate is used by
// the next handshake, while connections go on.
//
// Slot handlers and authorizers see the identity of the certificate ([certs.Identity]) in their [core.Peer]. A peer without a
// certificate, which only [certs.Config.AnonymousClients] lets in, has none and is not [core.Authenticated].
//
// # URLs
//
// URLs are tls://host:port, as those of transports/tcp. A URL says where a host is and what its certificate is for, no more:
// whom to trust is the Config's business, and there is nothing in a URL that weakens a check, since URLs come from registries.
// One with user info, a path, a query or a fragment is [core.ErrHostURLInvalid]. A host that listens at all addresses, as in
// tls://:5005, should use [core.Advertise] to announce the name in its certificate.
package tls
