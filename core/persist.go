package core

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-qtro/qtro/qt"
)

// PersistedStore keeps the values of PERSISTED properties from one run of a program to the next (Qt:
// QRemoteObjectAbstractPersistedStore). A [FileStore] is one; another may keep them in a database or encrypt them. To a store they
// are bytes.
//
// A node calls its store from one goroutine at a time; one that several nodes share must be safe for concurrent use. The methods
// may block until ctx is done, which is after 10 s at the latest: Load holds up [Node.Acquire], Save holds up [Replica.Close] and
// [Node.Close]. They must not use the node. The first failure is reported ([Config].OnError), and the next one after the store
// has worked again; what could not be saved is tried again.
type PersistedStore interface {
	// Save replaces what is kept under the key. It must not use data any more when it has returned.
	Save(ctx context.Context, key PersistedKey, data []byte) error
	// Load returns what was last saved under the key, which is the caller's from then on, or nil if nothing was.
	Load(ctx context.Context, key PersistedKey) ([]byte, error)
}

// PersistedKey says whose values they are. Qt goes by class and signature alone, so that all objects of a class overwrite each
// other's values; here each object has its own. Objects of one name in different systems need different stores.
type PersistedKey struct {
	Object    string // the name that the replica was acquired by; any text
	Class     string
	Signature string // the class's for Qt 6, or else that for Qt 5; "" if it has none
}

const (
	savePause    = time.Second      // from a change until it is saved
	storeTimeout = 10 * time.Second // for one use of the store
)

// saver saves and restores the values of PERSISTED properties of a node's replicas.
type saver struct {
	node  *Node
	store PersistedStore

	// turn is had by who uses the store, and by who makes or gives up a replica whose values it keeps: so an object that is
	// acquired again starts with what it ended with. It comes before the node's mutex.
	turn sync.Mutex

	mu      sync.Mutex
	unsaved map[*remote]bool
	waiting bool // a goroutine is going to save them
	broken  bool // the store has failed, which was reported
}

// persisted is what a remote has of the saver's.
type persisted struct {
	saver   *saver // nil if there is nothing to keep
	unsaved bool
	version qt.Version        // of the source that the values are from
	stored  [sha256.Size]byte // of what the store has
}

// persistedKey returns the key of an object's values.
func persistedKey(object string, class *Class) PersistedKey {
	k := PersistedKey{Object: object, Class: class.Name, Signature: class.Signature}
	if k.Signature == "" {
		k.Signature = class.Signature5
	}
	return k
}

// touch notes that a value has changed that is to be saved. The remote is locked, and has met its source.
func (r *remote) touch() {
	if r.saver == nil || r.unsaved {
		return
	}
	r.unsaved = true
	s := r.saver
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved[r] = true
	if !s.waiting {
		s.waiting = true
		s.node.group.start(s.run)
	}
}

// meet notes that all values are from a source that speaks a version. The remote is locked.
func (r *remote) meet(v qt.Version) {
	r.version = v
	if !r.met {
		r.touch()
	}
}

// run saves what changes, at most once a second, until nothing is left. What is left when the node is closed is Close's affair.
func (s *saver) run() {
	for left := true; left; {
		select {
		case <-time.After(savePause):
		case <-s.node.ctx.Done():
			return
		}
		s.flush()
		s.mu.Lock()
		left = len(s.unsaved) > 0
		s.waiting = left
		s.mu.Unlock()
	}
}

// flush saves all that is not saved. It does not wait for a store that hangs more than once.
func (s *saver) flush() {
	s.mu.Lock()
	remotes := slices.Collect(maps.Keys(s.unsaved))
	s.mu.Unlock()
	var failure error
	for _, r := range remotes {
		s.turn.Lock()
		err := s.save(r)
		s.turn.Unlock()
		if err != nil {
			failure = err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	if failure != nil {
		s.fail(failure)
		return
	}
	s.mu.Lock()
	s.broken = false
	s.mu.Unlock()
}

// fail reports that the store has failed, unless it has been reported already.
func (s *saver) fail(err error) (told bool) {
	s.mu.Lock()
	told = s.broken
	s.broken = true
	s.mu.Unlock()
	if !told {
		s.node.report(err)
	}
	return told
}

// save saves the values of a replica if they have changed. Who calls it has the turn.
func (s *saver) save(r *remote) error {
	r.mu.Lock()
	unsaved, version, values := r.unsaved, r.version, slices.Clone(r.values)
	s.forget(r)
	r.mu.Unlock()
	if !unsaved {
		return nil
	}
	key := persistedKey(r.name, r.given.class)
	data, failure := encodePersisted(key, r.given, version, values)
	if sum := sha256.Sum256(data); sum != r.stored {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		if err := s.store.Save(ctx, key, data); err == nil {
			r.stored = sum
		} else {
			failure = err
			r.mu.Lock()
			r.touch()
			r.mu.Unlock()
		}
	}
	if failure != nil {
		return &OpError{Op: "save properties of", Object: r.name, Err: failure}
	}
	return nil
}

// forget strikes a replica off the list. The remote is locked.
func (s *saver) forget(r *remote) {
	r.unsaved = false
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unsaved, r)
}

// acquire is [Node.share] for an object whose values are kept: its new replica has those that were saved.
func (s *saver) acquire(name string, info *classInfo) (*remote, error) {
	s.turn.Lock()
	restore := func(r *remote) { r.saver = s }
	var failure error
	if !s.node.has(name) {
		restore, failure = s.load(name, info)
	}
	r, err := s.node.share(name, info, restore)
	s.turn.Unlock()
	if failure != nil && s.fail(failure) {
		s.node.log.Warn(failure.Error()) // what this object has lost, nobody was told
	}
	return r, err
}

// load returns what gives a replica the values that were saved. Who calls it has the turn.
func (s *saver) load(name string, info *classInfo) (restore func(*remote), failure error) {
	ctx, cancel := context.WithTimeout(s.node.ctx, storeTimeout)
	defer cancel()
	key := persistedKey(name, info.class)
	data, failure := s.store.Load(ctx, key)
	if failure != nil {
		failure = &OpError{Op: "load properties of", Object: name, Err: failure}
		data = nil
	}
	var values map[int]qt.Value
	var sum [sha256.Size]byte
	if data != nil {
		var err error
		if values, err = decodePersisted(data, key, info); err != nil {
			s.node.log.Warn("saved values are ignored", "object", name, "err", err)
		}
		sum = sha256.Sum256(data)
	}
	return func(r *remote) {
		r.saver, r.stored = s, sum
		for i, v := range values {
			r.values[i] = v
		}
	}, failure
}

// release is [Node.drop], after which the values are saved.
func (s *saver) release(r *remote) {
	s.turn.Lock()
	var failure error
	if s.node.drop(r) {
		failure = s.save(r)
		r.mu.Lock()
		s.forget(r) // it is not tried again: a new replica may have newer values
		r.mu.Unlock()
	}
	s.turn.Unlock()
	if failure != nil {
		s.fail(failure)
	}
}
