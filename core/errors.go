package core

import (
	"errors"
	"fmt"
)

// The errors of a node. Those with a counterpart in Qt's QRemoteObjectNode::ErrorCode name it; of that list,
// ProtocolMismatch is [wire.MismatchError], and NodeIsNoServer and OperationNotValidOnClientNode cannot happen here:
// only a [Host] has the methods that they forbid to a node.
var (
	// ErrRegistryNotAcquired: the node has no registry, or has not reached it (Qt: RegistryNotAcquired).
	ErrRegistryNotAcquired = errors.New("the registry is not acquired")
	// ErrRegistryAlreadyHosted: this node is the registry (Qt: RegistryAlreadyHosted, UnintendedRegistryHosting).
	ErrRegistryAlreadyHosted = errors.New("this node hosts the registry itself")
	// ErrServerAlreadyCreated: the host listens at this URL already (Qt: ServerAlreadyCreated).
	ErrServerAlreadyCreated = errors.New("the host listens there already")
	// ErrSourceNotRegistered: no source of that name or kind is remoted by this host (Qt: SourceNotRegistered).
	ErrSourceNotRegistered = errors.New("the source is not remoted here")
	// ErrMissingObjectName: a source or replica needs a name (Qt: MissingObjectName).
	ErrMissingObjectName = errors.New("the object has no name")
	// ErrHostURLInvalid: the URL cannot be used (Qt: HostUrlInvalid).
	ErrHostURLInvalid = errors.New("invalid URL")
	// ErrListenFailed: the transport could not listen (Qt: ListenFailed).
	ErrListenFailed = errors.New("cannot listen")
	// ErrSocketAccess: a connection could not be opened for want of permission (Qt: SocketAccessError).
	ErrSocketAccess = errors.New("no permission to open the connection")
)

// Errors of sources, replicas and connections.
var (
	// ErrClosed: the node, replica or connection has been closed.
	ErrClosed = errors.New("closed")
	// ErrNameTaken: the host remotes another source under that name, or the source is remoted already.
	ErrNameTaken = errors.New("the name is taken")
	// ErrNotConnected: the replica is not Valid, so that nothing can be sent to its source.
	ErrNotConnected = errors.New("the replica is not connected to its source")
	// ErrConnectionLost: the connection ended while a call was waiting for its reply.
	ErrConnectionLost = errors.New("the connection was lost")
	// ErrCallFailed: the host answered a call without a value; its handler failed or refused.
	ErrCallFailed = errors.New("the host reports that the call failed")
	// ErrSignatureMismatch: the source's class is another one than the replica's.
	ErrSignatureMismatch = errors.New("the class signatures differ")
	// ErrSlowPeer: a peer did not read what was sent to it, and its queue grew past the limit.
	ErrSlowPeer = errors.New("the peer reads too slowly")
	// ErrHeartbeat: a peer answered no ping.
	ErrHeartbeat = errors.New("no answer to the heartbeat")
	// ErrProtocol: a peer sent what the protocol does not allow at that point.
	ErrProtocol = errors.New("protocol violation")
	// ErrInsecure: the node requires security, and the connection would not have it; see [Config].RequireSecure.
	ErrInsecure = errors.New("the connection is not secure")
	// ErrDenied: the [Authorizer] does not let the peer do that.
	ErrDenied = errors.New("not authorized")
	// ErrClass: a class is described wrongly, or does not have the member that was asked for.
	ErrClass = errors.New("class")
)

// OpError is the error of an operation on an object.
type OpError struct {
	Op     string // such as "call" or "acquire"
	Object string // the object's name, with the member's if there is one: "Station.level"
	Peer   string // who is at the other end; "" if nobody is
	Err    error
}

func (e *OpError) Error() string {
	s := "qtro: " + e.Op + " " + e.Object
	if e.Peer != "" {
		s += " at " + e.Peer
	}
	return s + ": " + e.Err.Error()
}

func (e *OpError) Unwrap() error { return e.Err }

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProtocol, fmt.Sprintf(format, args...))
}
