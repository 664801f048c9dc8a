package authz

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/go-qtro/qtro/core"
)

// subject is what policies can know about a peer. Peers of which they would know the same share one, so that a decision for
// one is a decision for all.
type subject struct {
	serial uint64 // tells subjects apart without keeping them
	key    subjectKey
	cert   []byte // the peer's own certificate, as it was sent
	entity cedar.Entity
}

// subjectKey tells subjects apart, but for those whose certificates end alike.
type subjectKey struct {
	identity, scheme string
	security         core.Security
	ip               netip.Addr
	unix             bool
	uid, gid         int
	cert             uint64 // the end of its certificate, which is the end of a signature
}

// certLimit is the longest certificate, in bytes, that is kept to recognise a peer by.
const certLimit = 8 << 10

// keyOf returns the key of a peer, and whether a subject may be kept for it.
func keyOf(p *core.Peer) (k subjectKey, keep bool) {
	k = subjectKey{identity: p.Identity, scheme: p.Scheme, security: p.Security}
	keep = len(p.Identity) <= nameLimit
	if u := p.Unix; u != nil {
		k.unix, k.uid, k.gid = true, u.UID, u.GID
	} else {
		k.ip = addressOf(p.Addr)
	}
	if len(p.Certificates) > 0 {
		raw := p.Certificates[0].Raw
		// One that was made up, without Raw, could be any.
		if keep = keep && len(raw) >= 8 && len(raw) <= certLimit; keep {
			k.cert = binary.LittleEndian.Uint64(raw[len(raw)-8:])
		}
	}
	return k, keep
}

// addressOf returns the IP address of a remote address, if it has one.
func addressOf(addr string) netip.Addr {
	if addr == "" || !isHex(addr[0]) && addr[0] != '[' && addr[0] != ':' {
		return netip.Addr{} // the name of a socket: not worth the error that the parser would make of it
	}
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, _ := netip.ParseAddr(addr)
	return a.Unmap().WithZone("")
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// subject returns what the policies know about a peer.
func (e *edition) subject(p *core.Peer) (s *subject, kept bool) {
	if p == nil {
		p = &core.Peer{}
	}
	k, keep := keyOf(p)
	if keep {
		if s, ok := e.subjects.get(k); ok && s.of(p) {
			return s, true
		}
	}
	k.identity, k.scheme = strings.Clone(k.identity), strings.Clone(k.scheme)
	s = &subject{serial: e.serial.Add(1), key: k, entity: e.peerEntity(p, k)}
	if keep {
		if len(p.Certificates) > 0 {
			s.cert = bytes.Clone(p.Certificates[0].Raw)
		}
		e.subjects.put(k, s)
	}
	return s, keep
}

// of tells whether the subject, whose key is the peer's, is the peer's.
func (s *subject) of(p *core.Peer) bool {
	if len(p.Certificates) == 0 {
		return s.cert == nil
	}
	return bytes.Equal(s.cert, p.Certificates[0].Raw)
}

// String describes the peer for errors: by what the decision was about, not by the port it came from.
func (s *subject) String() string {
	text := shortened(s.key.identity)
	if text == "" {
		text = "a peer without identity"
	}
	text += " (" + s.key.scheme
	if s.key.scheme != "" {
		text += ", "
	}
	text += s.key.security.String()
	if s.key.ip.IsValid() {
		text += ", " + s.key.ip.String()
	}
	return text + ")"
}

// peerEntity describes a peer to the policies.
func (e *edition) peerEntity(p *core.Peer, k subjectKey) cedar.Entity {
	attributes := cedar.RecordMap{
		"identity": cedar.String(k.identity),
		"scheme":   cedar.String(k.scheme),
		"security": cedar.String(p.Security.String()),
		"subject":  cedar.String(""),
		"dns":      cedar.NewSet(),
		"uris":     cedar.NewSet(),
	}
	if k.ip.IsValid() {
		attributes["ip"] = cedar.IPAddr(netip.PrefixFrom(k.ip, k.ip.BitLen()))
	}
	if k.unix {
		attributes["uid"], attributes["gid"] = cedar.Long(k.uid), cedar.Long(k.gid)
	}
	if len(p.Certificates) > 0 {
		c := p.Certificates[0]
		attributes["subject"] = cedar.String(c.Subject.String())
		var dns, uris []cedar.Value
		for _, name := range c.DNSNames {
			dns = append(dns, cedar.String(name))
		}
		for _, u := range c.URIs {
			uris = append(uris, cedar.String(u.String()))
		}
		attributes["dns"], attributes["uris"] = cedar.NewSet(dns...), cedar.NewSet(uris...)
	}
	uid := cedar.NewEntityUID(peerType, cedar.String(k.identity))
	return cedar.Entity{UID: uid, Parents: e.entities[uid].Parents, Attributes: cedar.NewRecord(attributes)}
}
