//go:build !linux

package main

import (
	"time"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

// network is what is between host and client: the loopback interface.
type network struct{ hostIP string }

func newNetwork(rtt time.Duration) (*network, error) {
	if rtt != 0 {
		return nil, errDelay
	}
	return &network{hostIP: "127.0.0.1"}, nil
}

func (*network) close() {}

func (*network) start(role string) (*crew.Member, error) { return crew.Start(role) }
