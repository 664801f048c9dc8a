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
	arena      []qt.Value
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

// keep copies arguments to where they stay as long as somebody uses them; many share one allocation.
func (h *hooks) keep(args ...qt.Value) []qt.Value {
	if cap(h.arena)-len(h.arena) < len(args) {
		h.arena = make([]qt.Value, 0, max(128, len(args)))
	}
	from := len(h.arena)
	h.arena = append(h.arena, args...)
	return h.arena[from:len(h.arena):len(h.arena)]
}

// event is what callbacks are to be told.
type event struct {
	hooks    []*hook
	kind     eventKind
	old, new State
	value    qt.Value
	args     []qt.Value
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
				h.change(e.value)
			case signalEvent:
				h.signal(e.args)
			case stateEvent:
				h.state(e.old, e.new)
			case plainEvent:
				h.plain()
			}
		}
	}
}
