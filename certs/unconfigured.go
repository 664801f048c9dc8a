package certs

import "fmt"

// UnconfiguredError tells that the transport of a scheme has been given no [Config], and how to give it one.
type UnconfiguredError struct{ Scheme string }

func (e UnconfiguredError) Error() string {
	return fmt.Sprintf(`the scheme %[1]s needs certificates; give the node or host a transport that has some:

	core.Config{Transports: map[string]core.Transport{"%[1]s": %[1]s.New(certs.Config{
		Certificate: …, // who this process is
		Roots:       …, // whom it trusts
	})}}

with %[1]s from github.com/go-qtro/qtro/transports/%[1]s and certs from github.com/go-qtro/qtro/certs`, e.Scheme)
}

// Permanent tells a node that trying again will hardly help.
func (UnconfiguredError) Permanent() bool { return true }
