package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Files says where certificates are. All are read when they are opened, and again when they change.
type Files struct {
	// Certificate is a PEM file with the process's own certificate first, and the intermediate certificates that lead to a
	// root. Empty means that it has none.
	Certificate string
	// Key is a PEM file with the private key. Empty means that it is in Certificate.
	Key string
	// Roots are PEM files with the authorities that are trusted.
	Roots []string
	// CRLs are files with revocation lists, in PEM or DER. A list counts if the authority that has issued the certificate in
	// question has signed it; others are passed over. One that is out of date still counts, and is warned about.
	CRLs []string
	// Strict refuses peers whose authority has no list in CRLs, or only lists that are out of date.
	Strict bool
	// Logger is told what was renewed and what could not be; nil means slog.Default().
	Logger *slog.Logger
}

// Store holds what was last read from [Files], and reads them again when they change: renewed files serve the next handshake,
// and live connections stay. Certificate and key may be replaced one after the other; the old pair is used until they
// fit. A new file that is broken is logged once, with the reason, and the old one stays. It is safe for concurrent use.
type Store struct {
	files Files
	log   *slog.Logger

	pair  atomic.Pointer[tls.Certificate]
	roots atomic.Pointer[x509.CertPool]
	crls  atomic.Pointer[crlSet]

	changed observers
	watch   *watcher
	said    map[string]string // the last complaint about each subject, so that it is said once
	text    map[string][]byte // what files had when they were last good
	closing chan struct{}
	once    sync.Once
	ended   chan struct{}
}

const (
	// rereadEvery is for file systems that do not tell of changes, and for what time alone changes.
	rereadEvery = time.Minute
	// settle is how long files have to be left alone before they are read, but they are read after maxSettle at the latest.
	settle    = 100 * time.Millisecond
	maxSettle = time.Second
)

// Open reads files and begins to watch them. It fails if one is missing or broken, if the key is not the certificate's, or
// if the certificate has expired; the error says which and why. The caller closes the Store.
func Open(f Files) (*Store, error) { return open(f, rereadEvery, fsnotify.NewWatcher) }

func open(f Files, every time.Duration, notify func() (*fsnotify.Watcher, error)) (*Store, error) {
	s := &Store{
		files: f, log: f.Logger, said: map[string]string{}, text: map[string][]byte{},
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.files.Key == "" {
		s.files.Key = s.files.Certificate
	}
	if s.files.Certificate == "" && s.files.Key != "" {
		return nil, fmt.Errorf("certs: there is a key, %s, but no certificate", f.Key)
	}
	s.crls.Store(&crlSet{})
	s.watch = watch(s.log, notify, s.names()) // first, so that no change is missed
	for _, read := range []func() error{s.readPair, s.readRoots, s.readCRLs} {
		if err := read(); err != nil {
			s.watch.close()
			return nil, err
		}
	}
	s.lookAround()
	go s.run(every)
	return s, nil
}

func (s *Store) names() []string {
	names := append([]string{}, s.files.Roots...)
	names = append(names, s.files.CRLs...)
	if s.files.Certificate != "" {
		names = append(names, s.files.Certificate, s.files.Key)
	}
	return names
}

// Close ends the watching and waits for it. What was read last goes on to be used.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closing) })
	<-s.ended
	return nil
}

// Config returns a new Config that uses what the Store has at any time. The caller may set the other fields.
func (s *Store) Config() Config {
	c := Config{OnChange: s.changed.add}
	if s.files.Certificate != "" {
		c.Certificate = func() (*tls.Certificate, error) { return s.pair.Load(), nil }
	}
	if len(s.files.Roots) > 0 {
		c.Roots = func() (*x509.CertPool, error) { return s.roots.Load(), nil }
	}
	if len(s.files.CRLs) > 0 || s.files.Strict {
		c.Revocation = []RevocationCheck{s.checkRevoked}
	}
	return c
}

func (s *Store) run(every time.Duration) {
	defer close(s.ended)
	defer s.watch.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var settled <-chan time.Time
	var first time.Time
	for {
		select {
		case <-s.closing:
			return
		case e, ok := <-s.watch.events():
			switch {
			case !ok:
				return
			case !s.watch.concerns(e):
			case settled == nil:
				first = time.Now()
				settled = time.After(settle)
			case time.Since(first) < maxSettle:
				settled = time.After(settle)
			}
		case err, ok := <-s.watch.errors():
			if !ok {
				return
			}
			s.log.Warn("certs: changes of files may have been missed; reading them again", "error", err)
			settled = time.After(settle)
		case <-settled:
			settled = nil
			s.reread()
		case <-tick.C:
			s.reread()
		}
	}
}

// reread reads all again. Only run calls it.
func (s *Store) reread() {
	s.watch.update(s.names())
	roots, crls := s.roots.Load(), s.crls.Load()
	for _, each := range []struct {
		what string
		read func() error
	}{{"certificate", s.readPair}, {"roots", s.readRoots}, {"revocation lists", s.readCRLs}} {
		why := ""
		if err := each.read(); err != nil {
			why = err.Error()
		}
		s.say(each.what, "certs: new files are not taken, the old ones stay in use", why)
	}
	s.lookAround()
	if roots != s.roots.Load() || crls != s.crls.Load() {
		s.changed.tell()
	}
}

// say logs a complaint about a subject unless it was the last; "" is that all is well.
func (s *Store) say(subject, message, why string) {
	if s.said[subject] == why {
		return
	}
	s.said[subject] = why
	if why != "" {
		s.log.Warn(message, "reason", why)
	}
}

// lookAround warns about what is read and used, but should not be as it is.
func (s *Store) lookAround() {
	if own := s.pair.Load(); own != nil {
		open := ""
		if readableByOthers(s.files.Key) {
			open = s.files.Key + " can be read or written by others"
		}
		s.say("key", "certs: a private key is not private", open)
		s.say("validity", "certs: own certificate", badTime(own.Leaf, time.Now()))
	}
	s.say("age", "certs: a revocation list is out of date; it is used nevertheless, but does not satisfy strict checks", s.crls.Load().stale(time.Now()))
}

// badTime says what is wrong with a certificate's validity, "" if nothing is.
func badTime(c *x509.Certificate, now time.Time) string {
	switch {
	case now.After(c.NotAfter):
		return "it has expired at " + c.NotAfter.Format(time.RFC3339)
	case now.Before(c.NotBefore):
		return "it is not valid before " + c.NotBefore.Format(time.RFC3339)
	}
	return ""
}

func (s *Store) readPair() error {
	if s.files.Certificate == "" {
		return nil
	}
	chain, err := LoadCertificates(s.files.Certificate)
	if err != nil {
		return err
	}
	key, err := readFile(s.files.Key)
	if err != nil {
		return err
	}
	next, err := pair(s.files.Certificate, chain, s.files.Key, key)
	if err != nil {
		return err
	}
	old := s.pair.Load()
	if old != nil && sameChain(old, next) {
		return nil
	}
	why := badTime(next.Leaf, time.Now())
	early := time.Now().Before(next.Leaf.NotBefore)
	// A clock that is slow is no reason not to start; but then there is nothing better yet.
	if why != "" && (!early || old != nil && badTime(old.Leaf, time.Now()) == "") {
		return fmt.Errorf("certs: %s: %s", s.files.Certificate, why)
	}
	s.pair.Store(next)
	if old != nil {
		s.log.Info("certs: own certificate is renewed", "file", s.files.Certificate, "identity", Identity(next.Leaf), "until", next.Leaf.NotAfter)
	}
	return nil
}

func sameChain(a, b *tls.Certificate) bool {
	if len(a.Certificate) != len(b.Certificate) {
		return false
	}
	for i := range a.Certificate {
		if !bytes.Equal(a.Certificate[i], b.Certificate[i]) {
			return false
		}
	}
	return true
}

func (s *Store) readRoots() error {
	text, changed, err := s.readAll(s.files.Roots)
	if err != nil || !changed {
		return err
	}
	pool := x509.NewCertPool()
	for i, file := range s.files.Roots {
		all, err := parseCertificates(file, text[i])
		if err != nil {
			return err
		}
		for n, c := range all {
			if why := badTime(c, time.Now()); why != "" {
				s.log.Warn("certs: a root is of no use", "file", file, "certificate", n+1, "subject", c.Subject.String(), "reason", why)
			}
			pool.AddCert(c)
		}
	}
	s.keep(s.files.Roots, text)
	if s.roots.Swap(pool) != nil {
		s.log.Info("certs: the roots are renewed", "files", s.files.Roots)
	}
	return nil
}

func (s *Store) readCRLs() error {
	text, changed, err := s.readAll(s.files.CRLs)
	if err != nil || !changed {
		return err
	}
	set := &crlSet{}
	for i, file := range s.files.CRLs {
		lists, err := parseCRLs(file, text[i])
		if err != nil {
			return err
		}
		if err := set.add(file, lists); err != nil {
			return err
		}
	}
	s.keep(s.files.CRLs, text)
	if old := s.crls.Swap(set); old.lists != nil {
		s.log.Info("certs: the revocation lists are renewed", "files", s.files.CRLs)
	}
	return nil
}

// readAll reads files of one kind and says whether any has changed since they were last good.
func (s *Store) readAll(files []string) (text [][]byte, changed bool, err error) {
	for _, file := range files {
		b, err := readFile(file)
		if err != nil {
			return nil, false, err
		}
		old, known := s.text[file]
		changed = changed || !known || !bytes.Equal(old, b)
		text = append(text, b)
	}
	return text, changed, nil
}

func (s *Store) keep(files []string, text [][]byte) {
	for i, file := range files {
		s.text[file] = text[i]
	}
}

// observers are functions to be called on changes. The zero value has none.
type observers struct {
	mu   sync.Mutex
	next int
	fns  map[int]func()
}

func (o *observers) add(fn func()) (cancel func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fns == nil {
		o.fns = map[int]func(){}
	}
	id := o.next
	o.next++
	o.fns[id] = fn
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.fns, id)
	}
}

// tell calls all functions, one after the other.
func (o *observers) tell() {
	o.mu.Lock()
	fns := make([]func(), 0, len(o.fns))
	for _, fn := range o.fns {
		fns = append(fns, fn)
	}
	o.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
}
