package main

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/go-qtro/qtro/certs"
)

type certShowCmd struct {
	File []string `arg:"" help:"PEM files."`
}

// shown is a certificate of a file.
type shown struct {
	File        string    `json:"file"`
	Subject     string    `json:"subject"`
	Identities  []string  `json:"identities"`
	NotBefore   time.Time `json:"notBefore"`
	NotAfter    time.Time `json:"notAfter"`
	State       string    `json:"state"` // valid, expired or not yet valid
	Issuer      string    `json:"issuer"`
	Usage       []string  `json:"usage"`
	Serial      string    `json:"serial"`
	Fingerprint string    `json:"sha256"`
	OCSP        []string  `json:"ocsp"`
	CRL         []string  `json:"crl"`
}

// Run shows certificates, those of good files even if others are none.
func (c *certShowCmd) Run(g *globals) error {
	var rows [][]string
	var bad error
	for _, file := range c.File {
		all, err := certs.LoadCertificates(file)
		if err != nil && bad == nil {
			bad = err
		}
		for _, each := range all {
			s := show(file, each, time.Now())
			if g.out.json {
				g.out.object(s)
				continue
			}
			rows = append(rows, []string{
				s.File, s.Subject, strings.Join(withoutSubject(s.Identities), " "), s.State,
				s.NotBefore.Local().Format(time.DateTime), s.NotAfter.Local().Format(time.DateTime), s.Issuer, strings.Join(s.Usage, " "),
			})
		}
	}
	if !g.out.json {
		g.out.table([]string{"FILE", "SUBJECT", "IDENTITIES", "STATE", "FROM", "UNTIL", "ISSUER", "USAGE"}, []string{strong, "", member, "", dim, "", dim, ""}, rows)
	}
	return bad
}

func show(file string, c *x509.Certificate, now time.Time) shown {
	state := "valid"
	switch {
	case now.Before(c.NotBefore):
		state = "not yet valid"
	case now.After(c.NotAfter):
		state = "expired"
	}
	return shown{
		File: file, Subject: c.Subject.String(), Identities: certs.Identities(c), NotBefore: c.NotBefore, NotAfter: c.NotAfter, State: state,
		Issuer: c.Issuer.String(), Usage: usages(c), Serial: fmt.Sprintf("%x", c.SerialNumber), Fingerprint: fmt.Sprintf("%x", sha256.Sum256(c.Raw)),
		OCSP: append([]string{}, c.OCSPServer...), CRL: append([]string{}, c.CRLDistributionPoints...),
	}
}

func withoutSubject(ids []string) (rest []string) {
	for _, id := range ids {
		if !strings.HasPrefix(id, "subject:") {
			rest = append(rest, id)
		}
	}
	return rest
}

// usages are what a certificate may be used for, in the words of this project.
func usages(c *x509.Certificate) []string {
	all := []string{}
	if c.IsCA {
		all = append(all, "authority")
	}
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			all = append(all, "host")
		case x509.ExtKeyUsageClientAuth:
			all = append(all, "client")
		case x509.ExtKeyUsageAny:
			all = append(all, "any")
		case x509.ExtKeyUsageOCSPSigning:
			all = append(all, "ocsp")
		default:
			all = append(all, fmt.Sprintf("usage-%d", u))
		}
	}
	if len(all) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		all = append(all, "any")
	}
	return all
}
