package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/go-qtro/qtro/certs"
)

// An authority of a test's own, and two peers that find out who the other is.
func Example() {
	authority, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	check(err)
	own, err := authority.Issue(certs.Template{Host: true, DNS: []string{"boiler.example"}})
	check(err)
	host := certs.Fixed(own, authority.Roots())
	host.Expect = []string{"spiffe://plant.example/panel/*"}
	own, err = authority.Issue(certs.Template{Client: true, URIs: []string{"spiffe://plant.example/panel/7"}})
	check(err)
	client := certs.Fixed(own, authority.Roots())

	// This is what transports/tls does with them.
	server, err := host.Server()
	check(err)
	dialer, err := client.Client("boiler.example")
	check(err)
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn := tls.Client(near, dialer)
		check(conn.Handshake())
		_, _ = conn.Read(make([]byte, 1))
		fmt.Println("the host is", certs.Identity(conn.ConnectionState().PeerCertificates[0]))
	}()
	conn := tls.Server(far, server)
	check(conn.Handshake())
	_, err = conn.Write([]byte("."))
	check(err)
	<-done
	fmt.Println("the client is", certs.Identity(conn.ConnectionState().PeerCertificates[0]))
	// Output:
	// the host is dns:boiler.example
	// the client is spiffe://plant.example/panel/7
}

// Certificates in files, which may be renewed while they are in use.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "certs")
	check(err)
	defer os.RemoveAll(dir)
	authority, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	check(err)
	check(authority.Save(dir))
	own, err := authority.Issue(certs.Template{DNS: []string{"boiler.example"}})
	check(err)
	files := certs.Files{
		Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"),
		Roots: []string{filepath.Join(dir, certs.RootFile)}, CRLs: []string{filepath.Join(dir, certs.CRLFile)},
	}
	check(certs.WritePEM(own, files.Certificate, files.Key))

	store, err := certs.Open(files)
	check(err)
	defer store.Close()
	config := store.Config()
	own, err = config.Certificate()
	check(err)
	fmt.Println(certs.Identity(own.Leaf))
	// Output: dns:boiler.example
}

// What an authority revokes is refused by those who have its list.
func ExampleAuthority_Revoke() {
	authority, err := certs.NewAuthority("Plant", certs.AuthorityOptions{})
	check(err)
	dir, err := os.MkdirTemp("", "certs")
	check(err)
	defer os.RemoveAll(dir)
	panel, err := authority.Issue(certs.Template{Client: true, URIs: []string{"spiffe://plant.example/panel/7"}})
	check(err)
	authority.Revoke(panel.Leaf.SerialNumber)
	check(authority.Save(dir))

	store, err := certs.Open(certs.Files{Roots: []string{filepath.Join(dir, certs.RootFile)}, CRLs: []string{filepath.Join(dir, certs.CRLFile)}})
	check(err)
	defer store.Close()
	config := store.Config()
	err = config.VerifyPeer([]*x509.Certificate{panel.Leaf, authority.Intermediate()}, nil, "")
	refused, _ := err.(*certs.RefusedError)
	fmt.Println(refused.Check)
	// Output: revoked
}

// Both kinds of revocation, and a response for peers that ask.
func ExampleOCSP() {
	store, err := certs.Open(certs.Files{Certificate: "tls.crt", Key: "tls.key", Roots: []string{"ca.crt"}, CRLs: []string{"crl.pem"}})
	check(err)
	defer store.Close()
	inquiry := &certs.OCSP{Strict: true}
	defer inquiry.Close()
	config := store.Config()
	config.Revocation = append(config.Revocation, inquiry.Check)
	config.Certificate = inquiry.Staple(config.Certificate)
}

// A certificate from step-ca, which is renewed by itself.
func ExampleNewACME() {
	trusted, err := certs.Open(certs.Files{Roots: []string{"ca.crt"}})
	check(err)
	defer trusted.Close()
	config := trusted.Config()
	roots, err := config.Roots()
	check(err)
	own, err := certs.NewACME(context.Background(), certs.ACMEOptions{
		Directory: "https://ca.plant.example/acme/acme/directory", Roots: roots,
		Names: []string{"boiler.plant.example", "10.0.0.7"}, Dir: "/var/lib/boiler/acme",
	})
	check(err)
	defer own.Close()
	config.Certificate = own.Certificate
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
