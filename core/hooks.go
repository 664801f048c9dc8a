package core

import (
	"slices"
	"sync/atomic"

	"github.com/go-qtro/qtro/qt"
)

// hook is a callback of the user's.
type hook struct {
	member string // of OnChange and OnSignal
	off    atomic.Bool
	change func(qt.Value)
	signal func([]qt.Value)
	state  func(old, new State)
	plain  func()
}

// hooks are the callbacks of a remote, guarded by its mutex. The lists are never changed in place: an event that waits for
// its turn has the list of its time.
type hooks struct {
	named      []*hook // of members, also of those that a dynamic replica does not know yet
	onProperty [][]*hook
	onSignal   [][]*hook
	onState    []*hook
	onInit     []*hook
	onNotified []*hook
}

// index sorts the callbacks by the members of a class.
func (h *hooks) index(info *classInfo) {
	h.onProperty = make([][]*hook, len(info.props))
	h.onSignal = make([][]*hook, len(info.signals))
	for _, k := range h.named {
		if k.change != nil {
			if i, err := info.property(k.member); err == nil {
				h.onProperty[i] = append(h.onProperty[i], k)
			}
		} else if i, err := info.signal(k.member, -1); err == nil {
			h.onSignal[i] = append(h.onSignal[i], k)
		}
	}
}

func without(list []*hook, k *hook) []*hook {
	return slices.DeleteFunc(slices.Clone(list), func(other *hook) bool { return other == k })
}

// event is what callbacks are to be told.
type event struct {
	hooks    []*hook
	kind     eventKind
	old, new State
	single   bool        // the signal has one argument, which is value
	value    [1]qt.Value // an array, so that it can be had as a slice
	args     []qt.Value
}

// signal returns the event of a signal. The arguments are copied; a single one, which is the most usual, into the event itself.
func signal(hooks []*hook, args []qt.Value) event {
	e := event{hooks: hooks, kind: signalEvent}
	switch len(args) {
	case 0:
	case 1:
		e.single, e.value[0] = true, args[0]
	default:
		e.args = slices.Clone(args)
	}
	return e
}

type eventKind uint8

const (
	changeEvent eventKind = iota
	signalEvent
	stateEvent
	plainEvent
)

// deliver calls the callbacks of a batch of events.
func deliver(batch []event) {
	for i := range batch {
		e := &batch[i]
		for _, h := range e.hooks {
			if h.off.Load() {
				continue
			}
			switch e.kind {
			case changeEvent:
				h.change(e.value[0])
			case signalEvent:
				if e.single {
					h.signal(e.value[:])
				} else {
					h.signal(e.args)
				}
			case stateEvent:
				h.state(e.old, e.new)
			case plainEvent:
				h.plain()
			}
		}
	}
}
