//go:build !windows

package core

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder waits until the names of a folder's files are on the disk, where the file system can do that.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err = f.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
