// Package testca runs a real certificate authority, smallstep's step-ca, within the process of a test. It signs, renews and
// revokes certificates over HTTPS on 127.0.0.1 exactly as the one that a plant would run, so that a test can find out whether
// a program gets along with it:
//
//	ca := testca.New(t, testca.Options{})
//	own, err := ca.Issue(10*time.Minute, "127.0.0.1", "spiffe://plant.example/panel/7")
//	config := certs.Fixed(own, ca.Pool())
//
// or, with a certificate that is renewed by itself long before it expires:
//
//	renewer, err := ca.Renewer(own, testca.Renewal{})
//	config := certs.Config{Certificate: renewer.Certificate, Roots: ca.Roots}
//
// For tests that only need some certificate, a certs.Authority is enough and takes no time. This package is a module of its
// own, so that nobody gets the hundreds of modules that step-ca needs by using qtro.
//
// The authority is for tests only: whoever finds its port may have a certificate for any name by ACME, its keys lie
// unencrypted in its directory, and all that it has signed ends with it.
package testca
