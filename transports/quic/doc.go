// Package quic brings the scheme quic: QUIC over UDP, in which both sides prove who they are. There are no certificates to fall
// back on, so that a program configures the transport. A host:
//
//	own, roots := … // as package certs reads, renews or issues them
//	host := core.NewHost(core.Config{Transports: map[string]core.Transport{"quic": quic.New(certs.Fixed(own, roots))}})
//	url, err := host.Listen(ctx, "quic://plant.example:5005")
//
// and a client:
//
//	node := core.NewNode(core.Config{Transports: map[string]core.Transport{"quic": quic.New(certs.Fixed(own, roots))}})
//	err := node.Connect("quic://plant.example:5005")
//
// One Transport does for any number of hosts and nodes, and for both sides. To have it for the whole process, use it instead of
// the unconfigured one that importing this package registers: give it to each node.
//
// What QUIC has over TLS: a connection survives that the client's address changes ([Transport.Rebind]), it is up one round trip
// earlier, or two with [EarlyData], all connections of a process to a host share one handshake, and none of them waits for another's
// lost packets. What it costs: within a machine, a round trip takes twice as long as with TLS over TCP, and bulk data nearly three
// times.
//
// # What is checked
//
// It is what transports/tls checks: certificates by roots, dates, use, expected identities and revocation, a host's also by the
// name or IP address in the URL, on resumed sessions too, and, with DropLive, again whenever roots or revocations change. TLS 1.3
// is part of QUIC. What is refused is a [certs.RefusedError]. It says which check failed; a side that the other refuses
// often learns no more than that its certificate is not accepted, and a client learns even that in its first Read only. A host is also told of clients that fail before there is a connection to
// accept: Accept hands out a connection whose handshake fails. URLs are quic://host:port; one with user info, a path, a query or
// a fragment is [core.ErrHostURLInvalid].
//
// # On the wire
//
// The ALPN protocol is [certs.Protocol]. Each connection of the kind that core knows is a bidirectional stream, which the side
// that listens opens, since in Qt Remote Objects the host speaks first:
//
//   - for a new QUIC connection the listener opens one stream by itself, when the handshake is complete;
//   - the dialing side opens a unidirectional stream and ends it without any data to ask for one more;
//   - which stream answers which request does not matter.
//
// The bytes on a stream are those of Qt Remote Objects and nothing else. A side that closes its end ends the stream after
// what it has written, or resets it with code 0 if something is still unsent; the other side must then end or reset its
// direction. A stream that is reset with code 1 before any data is a request that the host refuses: it no longer listens or
// has enough. The dialing side ends the QUIC connection, with code 0, when the last of its streams has ended in both directions.
// The other codes are 1, going away; 2, the peer's certificate is not accepted any more, with the failed check as the reason; 3, the
// peer has broken these rules. The dialing side opens no bidirectional streams and the listening side no unidirectional ones.
// Datagrams are accepted and ignored: the dialing side sends one now and then on a connection that is idle, long enough for a host
// that has been restarted to answer it with a stateless reset, as it would not answer a keepalive of QUIC.
//
// # Limits
//
// A handshake may go without an answer for 3 s, and take 6 s in all. A connection whose peer is silent for 15 s is lost; the client
// says something every 3 s. A client holds 128 streams in a QUIC connection, then it makes another one; a host allows 256. A peer
// may send 512 KiB, or 2 MiB after the host has kept up for a while, on a stream that is not read. From 64 handshakes under way
// on, a listener asks clients to prove their address first (a Retry, which takes a round trip); at 512 it refuses more.
//
// A host that was killed and runs again tells its old clients so (stateless reset), if it listens at the same address and has
// the same private key as before, and a key that can be read: one in hardware cannot. Others notice that it is gone after 15 s.
//
// UDP needs larger buffers than most systems give: without, quic-go logs a line, and bulk transfers lose packets. On Linux:
//
//	sysctl -w net.core.rmem_max=7500000 net.core.wmem_max=7500000
package quic
