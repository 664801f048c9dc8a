package authz

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"

	"github.com/go-qtro/qtro/core"
)

// Config configures policies. The zero Config is ready for use.
type Config struct {
	// Entities is the file that says which roles peers have and which areas objects are in, in Cedar's JSON. "" means the
	// files entities.json in the directories of policies, where there are any.
	Entities string
	// Logger is told of reloads, and of files that could not be loaded; nil means slog.Default.
	Logger *slog.Logger
	// Static leaves the files unwatched: only Reload reads them again.
	Static bool
}

// Policies decide what peers may do, by Cedar policies in files. They are a [core.Revisable]; their methods are safe for
// concurrent use.
type Policies struct {
	config Config
	paths  []string
	log    *slog.Logger

	current atomic.Pointer[edition]
	watcher *fsnotify.Watcher // nil if the files are not watched
	missed  chan struct{}     // something may have changed without an event
	group   sync.WaitGroup

	loading sync.Mutex // held while the files are read
	watched watchlist
	broken  string // what was wrong with the files when they were last read

	mu        sync.Mutex
	listeners []*func()
}

var _ core.Revisable = (*Policies)(nil)

// Open loads policies from files, or from all the files *.cedar of directories, and loads them again when they change until
// Close is called. While the new files have errors, the policies stay as they were. The error is a *LoadError, or several
// joined. It reads the files before it returns; the paths must exist.
func Open(c Config, paths ...string) (*Policies, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("authz: no path to policies is given")
	}
	p := &Policies{config: c, paths: slices.Clone(paths), log: c.Logger, missed: make(chan struct{}, 1)}
	if p.log == nil {
		p.log = slog.Default()
	}
	if !c.Static {
		var err error
		if p.watcher, err = fsnotify.NewWatcher(); err != nil {
			return nil, fmt.Errorf("authz: the policies cannot be watched: %w", err)
		}
		p.group.Go(p.watchErrors)
	}
	if _, err := p.load(); err != nil {
		_ = p.Close() // always nil
		return nil, err
	}
	if p.watcher != nil {
		p.group.Go(p.watch)
	}
	return p, nil
}

// Close ends the watching of the files and waits until no listener is being called because of it, so a listener must not
// call it. The policies go on to decide as they last did. Closing twice does no harm. The error is always nil.
func (p *Policies) Close() error {
	if p.watcher != nil {
		_ = p.watcher.Close() // it has no error to return
	}
	p.group.Wait()
	return nil
}

// Authorize returns nil if the policies permit the request, or an error that wraps [core.ErrDenied] and says who may not do
// what, and why. A decision that it remembers costs no allocation.
func (p *Policies) Authorize(r core.Request) error {
	return p.current.Load().authorize(&r)
}

// Explain returns the decision about a request with the policies that it depends on. It decides anew each time.
func (p *Policies) Explain(r core.Request) Decision {
	e := p.current.Load()
	s, _ := e.subject(r.Peer)
	return e.decide(s, &r)
}

// OnChange calls fn, from a goroutine of its own or from Reload, after the files were loaded again and were not as before. fn
// should return soon: the files are not watched meanwhile. cancel ends that, though a call that has begun may still run.
func (p *Policies) OnChange(fn func()) (cancel func()) {
	l := &fn
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners = append(p.listeners, l)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i := range p.listeners {
			if p.listeners[i] == l {
				// A copy, since a round of calls may be on its way through the list.
				p.listeners = append(p.listeners[:i:i], p.listeners[i+1:]...)
				return
			}
		}
	}
}

// Reload loads the files now, and calls the listeners if they have changed. If they have errors, the policies stay as they
// were. Use it where changes are not noticed, as on network file systems.
func (p *Policies) Reload() error {
	changed, err := p.load()
	if changed {
		p.mu.Lock()
		listeners := p.listeners
		p.mu.Unlock()
		for _, fn := range listeners {
			(*fn)()
		}
	}
	return err
}

// load reads the files, and makes them the current policies if they are good and differ from those.
func (p *Policies) load() (changed bool, err error) {
	p.loading.Lock()
	defer p.loading.Unlock()
	if p.watcher != nil {
		p.arm() // before the files are read, so that no change is missed
	}
	e, warnings, err := load(p.paths, p.config.Entities)
	if err != nil {
		p.tellBroken(err)
		return false, err
	}
	before := p.current.Load()
	if p.broken != "" {
		p.broken = ""
		p.log.Info("authz: the policies have no errors any more")
	}
	if before != nil && before.digest == e.digest {
		return false, nil
	}
	for _, w := range warnings {
		p.log.Warn("authz: "+w.Reason, "file", w.File, "line", w.Line)
	}
	p.current.Store(e)
	if before != nil {
		p.log.Info("authz: policies loaded again", "policies", len(e.rules))
	}
	return before != nil, nil
}

// tellBroken logs what is wrong with changed files, once. What is wrong with the first ones is Open's error.
func (p *Policies) tellBroken(err error) {
	if p.current.Load() == nil || p.broken == err.Error() {
		return
	}
	p.broken = err.Error()
	for _, bad := range loadErrors(err) {
		p.log.Error("authz: the policies have errors and stay as they were", "file", bad.File, "line", bad.Line, "reason", bad.Reason)
	}
}

// Ref names a policy: by its annotation @id if it has one, else by its place.
type Ref struct {
	ID   string `json:"id"`   // the annotation, or "FILE:LINE", with ":COLUMN" if it is not the first of its line
	File string `json:"file"` // below the path that was given to Open
	Line int    `json:"line"` // where it begins, from 1
}

// String returns the id and the place.
func (r Ref) String() string {
	if strings.HasPrefix(r.ID, r.place()) {
		return r.ID
	}
	return r.ID + " (" + r.place() + ")"
}

func (r Ref) place() string { return fmt.Sprintf("%s:%d", r.File, r.Line) }

// Decision is what the policies say about a request, and why.
type Decision struct {
	Allowed  bool     `json:"allowed"`
	Policies []Ref    `json:"policies"` // that permit it or, if there are any that do, that forbid it; by place
	Errors   []string `json:"errors"`   // of policies that could not be evaluated, and so had no say
}

// String says what was decided and why, in one line.
func (d Decision) String() string {
	var b strings.Builder
	switch {
	case d.Allowed:
		b.WriteString("permitted by ")
	case len(d.Policies) > 0:
		b.WriteString("forbidden by ")
	default:
		b.WriteString("no policy permits it")
	}
	for i, r := range d.Policies {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.String())
	}
	for _, e := range d.Errors {
		b.WriteString("; error in " + e)
	}
	return b.String()
}
