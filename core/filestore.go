package core

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FileStore is a [PersistedStore] that keeps the values in a folder, in a file for each object (Qt: QRemoteObjectSettingsStore).
// A file is replaced as a whole: whatever happens while it is written, be it that the power fails, the old values or
// the new ones are there afterwards. It carries a checksum, so that one that was damaged later is found out.
//
// It is safe for concurrent use, also by several processes; of those that save values of the same object the last one wins. Files of
// objects that are not used any more stay until somebody deletes them.
type FileStore struct{ dir string }

const (
	fileMagic  = "qtro store 1\n" // then a SHA-256 of the values, then the values
	fileSuffix = ".qtro"
	tempPrefix = "saving-"
	tempSuffix = ".tmp"
	tempAge    = time.Hour // an older temporary file belongs to nobody any more
)

// NewFileStore returns a store in a folder, which is made if it is missing, for this user only. Two stores may be in one folder.
func NewFileStore(dir string) (*FileStore, error) {
	abs, err := filepath.Abs(dir) // the process may change its working directory
	if err == nil {
		err = os.MkdirAll(abs, 0o700)
	}
	if err != nil {
		return nil, &OpError{Op: "open store", Object: dir, Err: err}
	}
	_ = syncFolder(filepath.Dir(abs)) // the folder may be new; who may not read its parent goes without
	s := &FileStore{abs}
	s.sweep()
	return s, nil
}

// sweep deletes what processes have left that ended while they saved something. That it may not is no reason not to go on.
func (s *FileStore) sweep() {
	files, _ := os.ReadDir(s.dir)
	for _, f := range files {
		if name := f.Name(); strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix) {
			if info, err := f.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
				_ = os.Remove(filepath.Join(s.dir, name))
			}
		}
	}
}

// Save writes the values to the disk and waits until they are there. ctx is not used.
func (s *FileStore) Save(_ context.Context, key PersistedKey, data []byte) error {
	f, err := os.CreateTemp(s.dir, tempPrefix+"*"+tempSuffix)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	_, err = f.Write(bytes.Join([][]byte{[]byte(fileMagic), sum[:], data}, nil))
	if err == nil {
		err = f.Sync() // before it has its name: else the name could be on the disk first
	}
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path(key))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return syncFolder(s.dir)
}

// Load reads the values. It returns an error if the file is damaged. ctx is not used.
func (s *FileStore) Load(_ context.Context, key PersistedKey) ([]byte, error) {
	path := s.path(key)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(b, []byte(fileMagic))
	if !ok || len(rest) < sha256.Size {
		return nil, fmt.Errorf("%s is damaged: it does not begin as a saved file", path)
	}
	data := rest[sha256.Size:]
	if sum := sha256.Sum256(data); !bytes.Equal(rest[:sha256.Size], sum[:]) {
		return nil, fmt.Errorf("%s is damaged: its %d bytes do not have the checksum that they were saved with", path, len(data))
	}
	return data, nil
}

// path returns the file for a key. Its name begins with that of the object, as far as every file system takes it, for people;
// it is the hash that tells objects apart.
func (s *FileStore) path(key PersistedKey) string {
	name := make([]byte, 0, 32)
	for i := 0; i < len(key.Object) && len(name) < cap(name); i++ {
		c := key.Object[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			name = append(name, c)
		} else {
			name = append(name, '_')
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", key.Object, key.Class, key.Signature))
	return filepath.Join(s.dir, fmt.Sprintf("%s-%x%s", name, sum[:16], fileSuffix))
}
