//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package qtpeer

import (
	"os"
	"syscall"
)

// lockFile waits until this process alone holds the lock. The kernel lets go of it when a process dies.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
