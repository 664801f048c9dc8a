// Package thermostat has what thermostat.rep describes, for the host and the client in Go beside it, and where they find their
// certificates. README.md says how to run them, and the panel in QML.
package thermostat

import (
	"fmt"
	"path/filepath"

	"github.com/go-qtro/qtro/certs"
)

//go:generate go run github.com/go-qtro/qtro/cmd/qtro gen thermostat.rep

// Certificates opens ca.pem, and the files .pem and .key of that name, in a folder that scripts/gen-certs has made. The
// caller closes the store.
func Certificates(dir, name string) (*certs.Store, error) {
	store, err := certs.Open(certs.Files{
		Certificate: filepath.Join(dir, name+".pem"),
		Key:         filepath.Join(dir, name+".key"),
		Roots:       []string{filepath.Join(dir, "ca.pem")},
	})
	if err != nil {
		return nil, fmt.Errorf("no certificates in %s (./scripts/gen-certs %[1]s makes them): %w", dir, err)
	}
	return store, nil
}
