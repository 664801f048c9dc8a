//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package qtpeer

// lockFile does nothing: these systems are not expected to run the peers from several processes at once.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
