package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-qtro/qtro/certs"
)

type certCmd struct {
	Init   certInitCmd   `cmd:"" help:"Make an authority for development in a directory, unless there is one."`
	Host   certHostCmd   `cmd:"" help:"Make a certificate for a host, unless there is a good one."`
	Client certClientCmd `cmd:"" help:"Make a certificate for a client, unless there is a good one."`
	Show   certShowCmd   `cmd:"" help:"Show what is in files of certificates."`
}

// authorityDir is where an authority keeps its files, and those that it makes.
type authorityDir struct {
	Dir string `default:"qtro-certs" placeholder:"DIR" help:"The authority's directory (${default})."`
}

type certInitCmd struct {
	authorityDir
	Name string `arg:"" optional:"" default:"qtro development" help:"The name of the authority."`
}

// made is what a command that makes files says about them.
type made struct {
	What        string    `json:"what"` // made, renewed or kept
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	Identities  []string  `json:"identities"`
	Until       time.Time `json:"until"`
}

func (g *globals) printMade(what, cert, key string, c *x509.Certificate) {
	m := made{what, cert, key, certs.Identities(c), c.NotAfter}
	if g.out.json {
		g.out.object(m)
		return
	}
	g.out.table([]string{"", "CERTIFICATE", "KEY", "IDENTITY", "UNTIL"}, []string{good, strong, "", member, dim},
		[][]string{{m.What, m.Certificate, m.Key, certs.Identity(c), m.Until.Local().Format(time.DateTime)}})
}

// Run makes an authority, or says that there is one. Either way its revocation list is fresh.
func (c *certInitCmd) Run(g *globals) error {
	what := "kept"
	a, err := certs.LoadAuthority(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := c.vacant(); err != nil {
			return err
		}
		what = "made"
		a, err = certs.NewAuthority(c.Name, certs.AuthorityOptions{})
	}
	if err == nil {
		err = a.Save(c.Dir)
	}
	if err == nil { // keys do not belong in a repository
		err = os.WriteFile(filepath.Join(c.Dir, ".gitignore"), []byte("*\n"), 0o644)
	}
	if err != nil {
		return err
	}
	g.printMade(what, filepath.Join(c.Dir, certs.RootFile), filepath.Join(c.Dir, "ca.key"), a.Root())
	return nil
}

// vacant makes sure that no part of an authority is overwritten: others may trust it.
func (c *certInitCmd) vacant() error {
	for _, name := range []string{certs.RootFile, "ca.key"} {
		if _, err := os.Stat(filepath.Join(c.Dir, name)); err == nil {
			return fmt.Errorf("%s has %s, but not all of an authority that qtro cert init has made; it is left alone", c.Dir, name)
		}
	}
	return nil
}

// leafFlags are for the commands that make certificates.
type leafFlags struct {
	authorityDir
	Lifetime time.Duration `default:"720h" help:"How long it is valid (${default}); it is made anew when less than a third of that is left."`
}

type certHostCmd struct {
	leafFlags
	Out  string   `default:"host" placeholder:"NAME" help:"The files are DIR/NAME.pem and DIR/NAME.key (${default})."`
	Name []string `arg:"" help:"Names and IP addresses that URLs of the host have, and URIs of its own such as spiffe://plant.example/boiler."`
}

// Run makes a host's certificate. It is good for the host as a client, too: it is one of its registry.
func (c *certHostCmd) Run(g *globals) error {
	return c.issue(g, c.Out, certs.Template{Host: true, Client: true}, c.Name)
}

type certClientCmd struct {
	leafFlags
	Out      string   `default:"client" placeholder:"NAME" help:"The files are DIR/NAME.pem and DIR/NAME.key (${default})."`
	Identity []string `arg:"" help:"Who the client is: a URI such as spiffe://plant.example/panel/7, or a DNS name."`
}

// Run makes a client's certificate.
func (c *certClientCmd) Run(g *globals) error {
	return c.issue(g, c.Out, certs.Template{Client: true}, c.Identity)
}

func (f *leafFlags) issue(g *globals, out string, t certs.Template, names []string) error {
	for _, name := range names {
		switch _, err := netip.ParseAddr(name); {
		case err == nil:
			t.IPs = append(t.IPs, name)
		case strings.Contains(name, ":"):
			t.URIs = append(t.URIs, name)
		case name == "" || strings.ContainsAny(name, "/@ "):
			return usagef("%q is no DNS name, IP address or URI", name)
		default:
			t.DNS = append(t.DNS, name)
		}
	}
	if f.Lifetime <= 0 {
		return usagef("--lifetime must be longer than 0")
	}
	if out != filepath.Base(out) {
		return usagef("--out is a name without a directory")
	}
	certFile, keyFile := filepath.Join(f.Dir, out+".pem"), filepath.Join(f.Dir, out+".key")
	if certFile == filepath.Join(f.Dir, certs.RootFile) || out == "intermediate" || out == "crl" {
		return usagef("--out %s is a file of the authority", out)
	}
	a, err := certs.LoadAuthority(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no authority: qtro cert init --dir %s makes one (%w)", f.Dir, f.Dir, err)
	}
	if err != nil {
		return err
	}
	what := "made"
	switch old, err := tls.LoadX509KeyPair(certFile, keyFile); {
	case err == nil && f.keep(a, old, t):
		g.printMade("kept", certFile, keyFile, old.Leaf)
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		what = "renewed"
	}
	t.NotAfter = time.Now().Add(f.Lifetime)
	if end := a.Intermediate().NotAfter; t.NotAfter.After(end) {
		t.NotAfter = end
	}
	own, err := a.Issue(t)
	if err != nil {
		return usageError{err}
	}
	if err := certs.WritePEM(own, certFile, keyFile); err != nil {
		return err
	}
	g.printMade(what, certFile, keyFile, own.Leaf)
	return nil
}

// keep reports whether a certificate is as good as a new one.
func (f *leafFlags) keep(a *certs.Authority, old tls.Certificate, t certs.Template) bool {
	c := old.Leaf
	_, err := c.Verify(x509.VerifyOptions{Roots: a.Roots(), Intermediates: poolOf(a.Intermediate()), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || len(old.Certificate) != 2 || time.Until(c.NotAfter) < f.Lifetime/3 {
		return false
	}
	t.NotBefore, t.NotAfter = c.NotBefore, c.NotAfter
	like, err := a.Issue(t)
	return err == nil && slices.Equal(certs.Identities(like.Leaf), certs.Identities(c)) && slices.Equal(like.Leaf.ExtKeyUsage, c.ExtKeyUsage)
}

func poolOf(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}
