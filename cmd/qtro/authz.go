package main

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
)

type authzCmd struct {
	Check authzCheckCmd `cmd:"" help:"Ask what a peer may do; the exit status is 1 if that is denied."`
}

type authzCheckCmd struct {
	Policy   []string `placeholder:"PATH" required:"" sep:"none" help:"A file of Cedar policies, or a directory of files *.cedar; may be given more than once."`
	Entities string   `placeholder:"FILE" help:"Who has which role, as JSON; entities.json beside the policies if absent."`

	Identity string   `placeholder:"ID" help:"Whom the transport has made sure of, such as spiffe://plant/panel; nobody if absent."`
	Scheme   string   `placeholder:"SCHEME" help:"How the peer came; tls if absent, or local with --uid."`
	Security string   `placeholder:"LEVEL" help:"plaintext, local, encrypted or authenticated; if absent, what is usual for the scheme and the identity."`
	Subject  string   `placeholder:"DN" help:"The subject in the peer's certificate, such as CN=panel,O=Plant."`
	DNS      []string `name:"dns" placeholder:"NAME" sep:"none" help:"A DNS name in the peer's certificate; may be given more than once."`
	URI      []string `name:"uri" placeholder:"URI" sep:"none" help:"A URI in the peer's certificate; may be given more than once."`
	IP       string   `name:"ip" placeholder:"ADDRESS" help:"The peer's IP address."`
	UID      *int     `name:"uid" placeholder:"N" help:"The user of a peer on this machine."`
	GID      *int     `name:"gid" placeholder:"N" help:"The group of a peer on this machine."`
	Class    string   `placeholder:"CLASS" help:"The class of the object."`

	Action string `arg:"" help:"see, acquire, read, write, call or register."`
	Target string `arg:"" placeholder:"OBJECT[.MEMBER]" help:"The object, as in Boiler, or its property, slot or signal, as in Boiler.setTarget or Boiler.gauge.label."`
}

// verdict is what authz check prints.
type verdict struct {
	Allowed  bool        `json:"allowed"`
	Policies []authz.Ref `json:"policies"`
	Errors   []string    `json:"errors"`
}

// Run asks the policies.
func (c *authzCheckCmd) Run(g *globals) error {
	r, err := c.request()
	if err != nil {
		return err
	}
	p, err := authz.Open(authz.Config{Entities: c.Entities, Static: true, Logger: slog.New(policyNotes{g})}, c.Policy...)
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	defer p.Close()
	d := p.Explain(r)
	g.out.verdict(verdict{d.Allowed, append([]authz.Ref{}, d.Policies...), append([]string{}, d.Errors...)})
	if err := g.out.failed(); err != nil || d.Allowed {
		return err
	}
	panic(exitCode(failed)) // without a message: to deny is no error
}

// policyNotes is a log whose records about policies are lines on stderr.
type policyNotes struct{ g *globals }

func (n policyNotes) Enabled(context.Context, slog.Level) bool { return true }
func (n policyNotes) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n policyNotes) WithGroup(string) slog.Handler            { return n }

// Handle prints a record with the place it is about.
func (n policyNotes) Handle(_ context.Context, r slog.Record) error {
	place := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "file" || a.Key == "line" && a.Value.Int64() > 0 {
			place += a.Value.String() + ":"
		}
		return true
	})
	complain(n.g.warn, errors.New(strings.TrimSpace(place+" "+strings.TrimPrefix(r.Message, "authz: "))))
	return nil
}

// verdict prints what was decided, and a line for each policy that decided or could not be evaluated.
func (p *printer) verdict(v verdict) {
	if p.json {
		p.object(v)
		return
	}
	word, style, did := "denied", bad, "forbidden by"
	if v.Allowed {
		word, style, did = "allowed", good, "permitted by"
	}
	if len(v.Policies) == 0 {
		p.row([]int{len(word)}, []string{style, dim}, word, "no policy permits it")
	}
	for _, r := range v.Policies {
		cells := []string{word, did, r.ID}
		if place := fmt.Sprintf("%s:%d", r.File, r.Line); place != r.ID {
			cells = append(cells, place)
		}
		p.row([]int{len(word), len(did)}, []string{style, dim, strong}, cells...)
	}
	for _, e := range v.Errors {
		p.row([]int{len(word)}, []string{alert}, "error", e)
	}
}

// request makes the request that the flags describe.
func (c *authzCheckCmd) request() (core.Request, error) {
	r := core.Request{Object: c.Target, Class: c.Class}
	for a := core.See; a <= core.Register; a++ {
		if a.String() == c.Action {
			r.Action = a
		}
	}
	switch r.Action {
	case 0:
		return r, usagef("%q is no action: they are see, acquire, read, write, call and register", c.Action)
	case core.Read, core.Write, core.Call:
		var ok bool
		if r.Object, r.Member, ok = strings.Cut(c.Target, "."); !ok || r.Object == "" || r.Member == "" {
			return r, usagef("%s what? Name the member, too: %s.NAME", c.Action, strings.TrimSuffix(c.Target, "."))
		}
	}
	var err error
	r.Peer, err = c.peer()
	return r, err
}

// peer makes up the peer that the flags describe.
func (c *authzCheckCmd) peer() (*core.Peer, error) {
	p := &core.Peer{Scheme: c.Scheme, Identity: c.Identity}
	if c.UID != nil || c.GID != nil {
		if c.UID == nil || c.GID == nil || c.IP != "" {
			return nil, usagef("--uid and --gid go together, and not with --ip: a peer is on this machine, or it has an address")
		}
		p.Unix = &core.Credentials{UID: *c.UID, GID: *c.GID}
	}
	if p.Scheme == "" {
		if p.Scheme = "tls"; p.Unix != nil {
			p.Scheme = "local"
		}
	}
	if c.IP != "" {
		ip, err := netip.ParseAddr(c.IP)
		if err != nil {
			return nil, usagef("--ip: %w", err)
		}
		p.Addr = netip.AddrPortFrom(ip, 0).String()
	}
	var err error
	if p.Security, err = c.security(p.Scheme); err != nil {
		return nil, err
	}
	if c.Subject == "" && len(c.DNS)+len(c.URI) == 0 {
		return p, nil
	}
	certificate := &x509.Certificate{DNSNames: c.DNS}
	if certificate.Subject, err = parseSubject(c.Subject); err != nil {
		return nil, err
	}
	for _, raw := range c.URI {
		u, err := url.Parse(raw)
		if err != nil {
			return nil, usagef("--uri: %w", err)
		}
		certificate.URIs = append(certificate.URIs, u)
	}
	p.Certificates = []*x509.Certificate{certificate}
	return p, nil
}

// security is the level that was given, or the usual one.
func (c *authzCheckCmd) security(scheme string) (core.Security, error) {
	for s := core.Plaintext; s <= core.Authenticated; s++ {
		if s.String() == c.Security {
			return s, nil
		}
	}
	switch {
	case c.Security != "":
		return 0, usagef("--security is plaintext, local, encrypted or authenticated, not %s", c.Security)
	case scheme == "local" || scheme == "localabstract":
		return core.Local, nil
	case scheme != "tls" && scheme != "quic":
		return core.Plaintext, nil
	case c.Identity == "":
		return core.Encrypted, nil
	}
	return core.Authenticated, nil
}

// oids are the parts of a subject that x509 has names for.
var oids = map[string]asn1.ObjectIdentifier{
	"CN": {2, 5, 4, 3}, "SERIALNUMBER": {2, 5, 4, 5}, "C": {2, 5, 4, 6}, "L": {2, 5, 4, 7}, "ST": {2, 5, 4, 8},
	"STREET": {2, 5, 4, 9}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "POSTALCODE": {2, 5, 4, 17},
}

// parseSubject parses CN=panel,O=Plant. Commas in values are written \, as they are printed.
func parseSubject(text string) (name pkix.Name, err error) {
	if text == "" {
		return name, nil
	}
	const comma = "\x00"
	var parts pkix.RDNSequence
	for part := range strings.SplitSeq(strings.ReplaceAll(text, `\,`, comma), ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		oid := oids[key]
		if !ok || oid == nil {
			return name, usagef("--subject is like CN=panel,O=Plant, not %s", text)
		}
		value = strings.ReplaceAll(value, comma, ",")
		parts = append(parts, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: value}})
	}
	name.FillFromRDNSequence(&parts)
	return name, nil
}
