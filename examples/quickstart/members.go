package main

import (
	"errors"
	"log/slog"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tls"
)

// network is what the members of a network have in common: an authority that vouches for each of them. Here it is made on the
// spot and lives in memory; a plant would have one of its own, and its members would read their certificates from files.
type network struct {
	authority *certs.Authority
	logger    *slog.Logger
}

func newNetwork(name string, logger *slog.Logger) (*network, error) {
	authority, err := certs.NewAuthority(name, certs.AuthorityOptions{})
	return &network{authority, logger}, err
}

// member returns the configuration of a node that can prove that it is spiffe://plant.example/NAME, and to which others
// must prove that they are members. The certificate is for both transports, and for both ends of a connection.
func (n *network) member(name string) (core.Config, error) {
	own, err := n.authority.Issue(certs.Template{
		URIs: []string{"spiffe://plant.example/" + name}, // who it is
		IPs:  []string{"127.0.0.1"},                      // where it listens, if it does
	})
	if err != nil {
		return core.Config{}, err
	}
	c := certs.Fixed(own, n.authority.Roots())
	return core.Config{
		Name:          name,
		Logger:        n.logger,
		Transports:    map[string]core.Transport{"tls": tls.New(c), "quic": quic.New(c)},
		RequireSecure: true, // a registry that announces a tcp:// URL is not followed
	}, nil
}

// intruder returns the configuration of a node that knows whom the network trusts and has a certificate for the same
// identity as the panel, but from an authority of its own.
func (n *network) intruder() (core.Config, error) {
	own, err := newNetwork("elsewhere", n.logger)
	if err != nil {
		return core.Config{}, err
	}
	forged, err := own.authority.Issue(certs.Template{URIs: []string{"spiffe://plant.example/panel"}})
	if err != nil {
		return core.Config{}, err
	}
	c := certs.Fixed(forged, n.authority.Roots())
	return core.Config{Name: "intruder", Logger: n.logger, Transports: map[string]core.Transport{"tls": tls.New(c), "quic": quic.New(c)}}, nil
}

// refusals returns an OnError that sends on who was refused and why.
func refusals(to chan<- string) func(error) {
	return func(err error) {
		var op *core.OpError
		var why *certs.RefusedError
		if errors.As(err, &op) && errors.As(err, &why) {
			short := certs.RefusedError{Check: why.Check, Remote: why.Remote} // without what crypto/tls calls it
			to <- op.Op + " " + op.Object + ": " + short.Error()
		}
	}
}
