//go:build !windows

package certs

import "os"

// readableByOthers reports whether users other than the owner and the group may open a file.
func readableByOthers(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().Perm()&0o007 != 0
}
