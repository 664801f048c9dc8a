package authz

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// The files are read again when nothing has changed for quiet, so that one who writes them is done, or after patience.
const (
	quiet    = 100 * time.Millisecond
	patience = time.Second
)

// watch reads the files again after they have changed, until the watcher is closed.
func (p *Policies) watch() {
	timer := time.NewTimer(0)
	<-timer.C
	var since time.Time // of the first change that the files were not read after; zero without one
	for {
		select {
		case ev, ok := <-p.watcher.Events:
			if !ok {
				return
			}
			if !p.concerns(ev.Name) {
				continue
			}
		case <-p.missed:
		case <-timer.C:
			since = time.Time{}
			_ = p.Reload() // the log has it
			continue
		}
		if since.IsZero() {
			since = time.Now()
		}
		timer.Reset(max(0, min(quiet, patience-time.Since(since))))
	}
}

// watchErrors has the files read again when events may be missing, until the watcher is closed. It is a goroutine of its own since
// the watcher holds a lock while it waits for somebody to take an error, and arm needs that lock.
func (p *Policies) watchErrors() {
	for err := range p.watcher.Errors {
		// A directory that was moved and then removed is an invalid argument to the watcher.
		if !errors.Is(err, fsnotify.ErrEventOverflow) && !errors.Is(err, syscall.EINVAL) {
			p.log.Warn("authz: while watching the policies: " + err.Error())
		}
		select {
		case p.missed <- struct{}{}:
		default:
		}
	}
}

// concerns tells whether a change may be one of the policies.
func (p *Policies) concerns(name string) bool {
	p.loading.Lock()
	defer p.loading.Unlock()
	if _, ok := p.watched[name]; ok {
		return true // the directory itself has gone
	}
	names, ok := p.watched[filepath.Dir(name)]
	return ok && (names == nil || names[filepath.Base(name)])
}

// arm watches the directories in which a change may be one of the policies.
func (p *Policies) arm() {
	list := watchlist{}
	for _, path := range p.paths {
		list.addPolicies(path)
	}
	if p.config.Entities != "" {
		list.add(p.config.Entities, 0)
	}
	for dir := range p.watched {
		if _, ok := list[dir]; !ok {
			_ = p.watcher.Remove(dir) // it fails if the directory has gone
		}
	}
	for dir := range list {
		// Another directory may have this name by now, so the old watch is of no use.
		_ = p.watcher.Remove(dir)
		if err := p.watcher.Add(dir); err != nil && !errors.Is(err, fsnotify.ErrClosed) {
			p.log.Warn("authz: changes may go unnoticed: "+err.Error(), "directory", dir)
		}
	}
	p.watched = list
}

// watchlist has the real directories to watch, with the names in them that matter; nil means all.
type watchlist map[string]map[string]bool

func (l watchlist) name(dir, name string) {
	names, ok := l[dir]
	if ok && names == nil {
		return
	}
	if !ok {
		names = map[string]bool{}
		l[dir] = names
	}
	names[name] = true
}

// addPolicies adds what leads to a file or directory of policies, and to the entities beside them.
func (l watchlist) addPolicies(path string) {
	real, found := l.add(path, 0)
	if !found {
		return
	}
	if info, err := os.Lstat(real); err != nil || !info.IsDir() {
		l.add(filepath.Join(filepath.Dir(path), entitiesFile), 0)
		return
	}
	l[real] = nil
	entries, err := os.ReadDir(real)
	if err != nil {
		return // to read them is what fails next, and says so
	}
	for _, e := range entries {
		if e.Type()&os.ModeSymlink != 0 && (filepath.Ext(e.Name()) == ".cedar" || e.Name() == entitiesFile) {
			l.add(filepath.Join(real, e.Name()), 0)
		}
	}
}

// linksLimit is how many symbolic links one path may lead through.
const linksLimit = 40

// add adds what a path leads through: each symbolic link on its way, and itself at its end. It returns what the path is in
// truth, as far as it exists.
func (l watchlist) add(path string, links int) (real string, found bool) {
	path, err := filepath.Abs(path)
	if err != nil || links > linksLimit {
		return "", false
	}
	at := filepath.VolumeName(path) + string(filepath.Separator)
	parts := strings.Split(strings.Trim(path[len(filepath.VolumeName(path)):], string(filepath.Separator)), string(filepath.Separator))
	for i, part := range parts {
		next := filepath.Join(at, part)
		info, err := os.Lstat(next)
		if err != nil {
			l.name(at, part)
			return "", false
		}
		if info.Mode()&os.ModeSymlink != 0 {
			l.name(at, part)
			target, err := os.Readlink(next)
			if err != nil {
				return "", false
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(at, target)
			}
			return l.add(filepath.Join(append([]string{target}, parts[i+1:]...)...), links+1)
		}
		if i == len(parts)-1 {
			l.name(at, part)
		}
		at = next
	}
	return at, true
}
