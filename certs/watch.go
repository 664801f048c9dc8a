package certs

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// watcher tells when files may have changed. It watches directories, as a file that is replaced is another file, and those of
// all symbolic links on the way, since a switched link replaces a whole tree: Kubernetes mounts secrets that way.
type watcher struct {
	w    *fsnotify.Watcher // nil if the system has none to give
	dirs map[string]bool
	seen map[string]bool // paths whose events matter
}

func watch(log *slog.Logger, notify func() (*fsnotify.Watcher, error), files []string) *watcher {
	w := &watcher{dirs: map[string]bool{}}
	var err error
	if w.w, err = notify(); err != nil {
		w.w = nil
		log.Warn("certs: files cannot be watched; they are read again every minute", "error", err)
	}
	w.update(files)
	return w
}

// update finds out anew what has to be watched.
func (w *watcher) update(files []string) {
	if w.w == nil {
		return
	}
	dirs := map[string]bool{}
	w.seen = map[string]bool{}
	for _, file := range files {
		for _, path := range waypoints(file) {
			dirs[filepath.Dir(path)], w.seen[path], w.seen[filepath.Dir(path)] = true, true, true
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.w.Remove(dir) // gone by itself if the directory is
		}
	}
	w.dirs = dirs
	for dir := range dirs {
		_ = w.w.Add(dir) // what cannot be watched is read again in any case
	}
}

// waypoints are the paths whose change may change what a file is: the symbolic links that lead to it, and its real path, as
// far as they exist.
func waypoints(file string) (paths []string) {
	rest, err := filepath.Abs(file)
	if err != nil {
		return nil
	}
	volume := filepath.VolumeName(rest)
	done := volume + string(filepath.Separator)
	rest = strings.TrimPrefix(rest[len(volume):], string(filepath.Separator))
	for links := 0; rest != "" && links < 40; {
		name, after, _ := strings.Cut(rest, string(filepath.Separator))
		at := filepath.Join(done, name)
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) || err == nil && after == "" && info.Mode()&fs.ModeSymlink == 0 {
			return append(paths, at)
		}
		if err != nil {
			return paths
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done, rest = at, after
			continue
		}
		paths = append(paths, at)
		links++
		target, err := os.Readlink(at)
		if err != nil {
			return paths
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(done, target)
		}
		target = filepath.Join(target, after)
		volume = filepath.VolumeName(target)
		done = volume + string(filepath.Separator)
		rest = strings.TrimPrefix(target[len(volume):], string(filepath.Separator))
	}
	return paths
}

func (w *watcher) events() chan fsnotify.Event {
	if w.w == nil {
		return nil
	}
	return w.w.Events
}

func (w *watcher) errors() chan error {
	if w.w == nil {
		return nil
	}
	return w.w.Errors
}

// concerns reports whether an event may be about the files.
func (w *watcher) concerns(e fsnotify.Event) bool {
	return w.seen[filepath.Clean(e.Name)]
}

func (w *watcher) close() {
	if w.w != nil {
		_ = w.w.Close()
	}
}
