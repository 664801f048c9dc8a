package core

import "fmt"

// Authorizer decides what the peers of a host may do. It is set in [Config].Authorizer and asked about every peer but the
// process itself. It must be safe for concurrent use and answer at once: what it has to look up it should have at hand. It must
// not use the host or its sources, which may be locked while it is asked.
//
// What a peer may not see does not exist for it: it is not in the object list it gets, and asking for it by name is answered
// as Qt answers for any object that is not there, with silence. So is asking for what it may see, but not acquire. A call that
// is refused fails. A property that may not be written keeps its value; one that may not be read has its default for that
// peer, or no object if it holds one, with all that is in it, and a signal that may not be read never arrives.
//
// Decisions about what a peer sees, has acquired and reads are kept with its connection, so that they cost an update
// nothing. If the authorizer is a [Revisable], they are taken again when it says so.
type Authorizer interface {
	// Authorize returns nil if the peer may do that, or an error that says why not. The error is for the host's own log:
	// the peer never sees it.
	Authorize(r Request) error
}

// Revisable is an Authorizer whose decisions may change.
type Revisable interface {
	Authorizer
	// OnChange calls fn, soon, whenever decisions may have changed. cancel ends that.
	OnChange(fn func()) (cancel func())
}

// Request is what a peer wants to do.
type Request struct {
	Peer   *Peer // must not be changed
	Action Action
	Object string // the name under which the root source is remoted; of Register, the name that is to be registered
	Class  string // the class of that object; "" if the peer did not say, as it may when it registers
	Member string // the property, slot or signal, with the path to it in child objects: "level", "gauge.label"; "" for See, Acquire and Register
}

// Action is what a peer wants to do with an object.
type Action uint8

// What can be asked of an Authorizer.
const (
	See      Action = iota + 1 // have the object in the list of what the host remotes, or of what the registry knows
	Acquire                    // have a replica of it, which takes See as well
	Read                       // be told a property's value and its changes, or a signal
	Write                      // set a property, by writing it or through its push slot
	Call                       // call a slot
	Register                   // enter the name into the registry
)

var actions = [...]string{See: "see", Acquire: "acquire", Read: "read", Write: "write", Call: "call", Register: "register"}

// String returns the action in lower case: "see", "acquire", …
func (a Action) String() string {
	if int(a) < len(actions) && a > 0 {
		return actions[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}
