package certs

import (
	"crypto/x509"
	"slices"
	"strings"
)

// Identities returns whom a certificate is for, the most telling first: URIs such as SPIFFE IDs as they are, DNS names as
// "dns:plant.example", IP addresses as "ip:10.0.0.7", and the subject as "subject:CN=plant,O=Example". It says nothing
// about whether the certificate can be trusted.
func Identities(c *x509.Certificate) []string {
	var ids []string
	for _, u := range c.URIs {
		id := u.String()
		switch u.Scheme {
		case "dns", "ip", "subject", "uid", "uri": // it must not pass for another kind of identity
			id = "uri:" + id
		}
		ids = append(ids, id)
	}
	for _, name := range c.DNSNames {
		ids = append(ids, "dns:"+name)
	}
	for _, ip := range c.IPAddresses {
		ids = append(ids, "ip:"+ip.String())
	}
	if s := c.Subject.String(); s != "" {
		ids = append(ids, "subject:"+s)
	}
	return ids
}

// Identity returns the first of a certificate's [Identities], which is the one that a peer is known by; "" if it has none.
func Identity(c *x509.Certificate) string {
	if ids := Identities(c); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

func expected(expect, ids []string) bool {
	return slices.ContainsFunc(expect, func(e string) bool {
		prefix, open := strings.CutSuffix(e, "*")
		open = open && strings.HasSuffix(prefix, "/")
		return slices.ContainsFunc(ids, func(id string) bool { return id == e || open && strings.HasPrefix(id, prefix) })
	})
}
