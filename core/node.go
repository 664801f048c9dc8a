package core

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Config configures a node. The zero Config is ready for use.
type Config struct {
	// Name is the node's name in logs (Qt: setName).
	Name string
	// Logger takes what the node has to say; nil means slog.Default.
	Logger *slog.Logger
	// Transports are used for their schemes instead of the process-wide ones.
	Transports map[string]Transport
	// OnError is told of failures that no call returns: connections that could not be made or broke, a registry that
	// refused a name. It must not block. Nil means that they are only logged.
	OnError func(error)
	// Authorizer decides what the peers of a host may do; nil lets all do everything.
	Authorizer Authorizer
	// RequireSecure makes the node refuse, with ErrInsecure, to dial or listen without protection. A URL that a registry
	// announces must lead to an authenticated peer; one that the program itself gives to Connect, SetRegistry or Listen may
	// also be a local socket. Connections that the program opens itself are its own affair.
	RequireSecure bool
	// Heartbeat is how often a node makes sure that its hosts are alive (Qt: setHeartbeatInterval). 0 means never.
	Heartbeat time.Duration
	// HandshakeTimeout is how long a node waits for a connection and the host's first packet; 0 means 10 s.
	HandshakeTimeout time.Duration
	// RetryMax is the longest pause between attempts to reach a host again, the first being 100 ms; 0 means 10 s.
	RetryMax time.Duration
	// PacketLimit is the longest packet that is taken from a peer, in bytes; 0 means 64 MiB.
	PacketLimit int
	// QueueLimit is how many bytes may wait for a peer that does not read; 0 means 64 MiB. Past it the
	// connection is ended with ErrSlowPeer.
	QueueLimit int
	// KeepLatest makes a host keep only the latest value of each property for a peer that is past the QueueLimit. Signals
	// and replies are still all kept, and past twice the limit the connection is ended.
	KeepLatest bool
	// PersistedStore keeps the values of PERSISTED properties (Qt: setPersistedStore): a typed replica starts with them. They are
	// saved about a second after they have changed, and before [Replica.Close] of an object's last replica and [Node.Close]
	// return. Nil means that nothing is kept. See [NewFileStore].
	PersistedStore PersistedStore
}

// Node acquires replicas of sources that hosts remote (Qt: QRemoteObjectNode). Its methods are safe for concurrent use.
type Node struct {
	config Config
	log    *slog.Logger
	host   *Host // that this node is part of, or nil
	ctx    context.Context
	cancel context.CancelFunc
	group  group
	stats  counters
	saver  *saver // nil without a PersistedStore

	mu          sync.Mutex
	remotes     map[string]*remote
	clients     []*clientConn
	links       map[string]*link
	schemas     map[string]SchemaHandler
	registry    *Registry
	registryURL *string // "" if the registry is this node itself; nil without one
}

// SchemaHandler opens a connection to a URL of an external schema. ctx ends when the attempt takes too long or the node is
// closed.
type SchemaHandler func(ctx context.Context, u *url.URL) (io.ReadWriteCloser, error)

// NewNode returns a node that is connected to nothing yet. Close it when it is no longer needed.
func NewNode(c Config) *Node {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Name != "" {
		c.Logger = c.Logger.With("node", c.Name)
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&c.HandshakeTimeout, 10 * time.Second}, {&c.RetryMax, 10 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if c.QueueLimit <= 0 {
		c.QueueLimit = 64 << 20
	}
	n := &Node{config: c, log: c.Logger, remotes: map[string]*remote{}, links: map[string]*link{}, schemas: map[string]SchemaHandler{}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if c.PersistedStore != nil {
		n.saver = &saver{node: n, store: c.PersistedStore, unsaved: map[*remote]bool{}}
	}
	return n
}

// Close ends all connections, waits for the node's goroutines, and saves what is PERSISTED. Replicas become Suspect, calls
// fail. It must not be called from a callback or slot handler of the same node. Closing twice does no harm.
func (n *Node) Close() error {
	n.cancel()
	if h := n.host; h != nil {
		h.closeHost()
	}
	n.mu.Lock()
	clients := slices.Clone(n.clients)
	n.mu.Unlock()
	for _, c := range clients {
		c.fail(ErrClosed)
	}
	n.group.wait()
	if n.saver != nil {
		n.saver.flush()
	}
	return nil
}

// Stats returns the node's counters.
func (n *Node) Stats() Stats {
	return Stats{n.stats.connections.Load(), n.stats.slow.Load(), n.stats.coalesced.Load(), n.stats.violations.Load(), n.stats.refused.Load()}
}

// report tells of an error that no call returns.
func (n *Node) report(err error) {
	n.log.Warn(err.Error())
	if n.config.OnError != nil {
		n.config.OnError(err)
	}
}

// connectionEnded accounts for the end of a connection.
func (n *Node) connectionEnded(c *conn) {
	err := c.reason()
	if violation(err) {
		n.stats.violations.Add(1)
	}
	if ended(err) {
		c.log.Debug("connection ended", "reason", err)
		return
	}
	n.report(&OpError{Op: "connection", Object: c.peer.String(), Err: err})
}

// transport returns what makes connections to u.
func (n *Node) transport(u *url.URL) (Transport, error) {
	if t := n.config.Transports[u.Scheme]; t != nil {
		return t, nil
	}
	t := TransportFor(u.Scheme)
	if t == nil {
		return nil, &UnknownSchemeError{URL: u.String(), Scheme: u.Scheme}
	}
	return t, nil
}

// dial opens a connection to u, by the handler of an external schema or by a transport, with at least this security where
// it is required.
func (n *Node) dial(ctx context.Context, u *url.URL, least Security) (io.ReadWriteCloser, Peer, error) {
	n.mu.Lock()
	handler := n.schemas[u.Scheme]
	n.mu.Unlock()
	if handler != nil {
		rwc, err := handler(ctx, u)
		if err != nil {
			return nil, Peer{}, err
		}
		peer := peerOf(rwc)
		if peer.Addr == "" {
			peer.Addr = u.String()
		}
		return n.admit(rwc, peer, least)
	}
	t, err := n.transport(u)
	if err != nil {
		return nil, Peer{}, err
	}
	if err := n.protects(t, least); err != nil {
		return nil, Peer{}, err
	}
	c, err := t.Dial(ctx, u)
	if errors.Is(err, fs.ErrPermission) {
		err = errors.Join(ErrSocketAccess, err)
	}
	if err != nil {
		return nil, Peer{}, err
	}
	return n.admit(c, c.Peer(), least)
}

// admit checks that a connection is as secure as it was promised to be.
func (n *Node) admit(rwc io.ReadWriteCloser, peer Peer, least Security) (io.ReadWriteCloser, Peer, error) {
	if err := n.suffices(peer.Security, least); err != nil {
		_ = rwc.Close()
		return nil, Peer{}, err
	}
	return rwc, peer, nil
}

// RegisterExternalSchema sets what opens connections to URLs of a scheme, also to those that a registry announces (Qt:
// registerExternalSchema). It goes before any transport of that scheme. Unlike Qt's, the handler is called again when a
// connection is lost. It must be set before URLs of the scheme are used. A node that requires security takes from it only
// connections that are a [Conn] and whose Peer says that they are secure.
func (n *Node) RegisterExternalSchema(scheme string, handler SchemaHandler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.schemas[scheme] = handler
}

// Connect connects to a host (Qt: connectToNode). It does not wait for the connection, which is made again whenever it is
// lost, until the node is closed. An error means that there will be none: the URL is invalid, its scheme is unknown, or it is
// not as secure as the node requires. A host that refuses this node, or is refused, for a reason that will not pass by itself
// is tried once a minute: Config.OnError is told, and another Connect tries again at once.
func (n *Node) Connect(rawURL string) error {
	if err := n.connect(rawURL, nil); err != nil {
		return &OpError{Op: "connect to", Object: rawURL, Err: err}
	}
	return nil
}

// connect starts a link to a URL unless there is one. wanted, if set, says whether a lost connection is to be made again.
func (n *Node) connect(rawURL string, wanted func() bool) error {
	u, err := parseURL(rawURL)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return ErrClosed
	}
	if l := n.links[rawURL]; l != nil {
		l.want(wanted)
		return nil
	}
	if n.schemas[u.Scheme] == nil {
		t, err := n.transport(u)
		if err == nil {
			err = n.protects(t, least(wanted))
		}
		if err != nil {
			return err
		}
	}
	l := newLink(n, rawURL, func(ctx context.Context, least Security) (io.ReadWriteCloser, Peer, error) {
		return n.dial(ctx, u, least)
	}, wanted)
	n.links[rawURL] = l
	n.group.start(l.run)
	return nil
}

// AddClientSideConnection uses a connection to a host that was opened elsewhere, until it ends or the node is closed, and
// then closes it (Qt: addClientSideConnection).
func (n *Node) AddClientSideConnection(rwc io.ReadWriteCloser) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		_ = rwc.Close()
		return &OpError{Op: "add connection", Object: "node", Err: ErrClosed}
	}
	n.group.start(func() {
		if err := n.talk(rwc, peerOf(rwc), ""); err != nil {
			n.report(&OpError{Op: "connection", Object: peerOf(rwc).String(), Err: err})
		}
	})
	return nil
}

// Acquire returns a typed replica of the object with this name: its class is known, and its properties have the defaults of
// the class until the source is reached, PERSISTED ones the values that were saved (Qt: acquire). It does not wait for the
// source, see [Replica.Wait], but it does for a PersistedStore. All replicas of one object that a node acquires share one
// subscription. Close the replica when it is no longer needed.
func (n *Node) Acquire(name string, class *Class) (*Replica, error) {
	info, err := class.compile()
	if err == nil {
		err = info.complete()
	}
	if err != nil {
		return nil, &OpError{Op: "acquire", Object: name, Err: err}
	}
	return n.acquire(name, info)
}

// AcquireDynamic returns a replica that learns its class from the host (Qt: acquireDynamic). Until it is Valid for the first
// time it has no class and no properties.
func (n *Node) AcquireDynamic(name string) (*Replica, error) { return n.acquire(name, nil) }

func (n *Node) acquire(name string, info *classInfo) (*Replica, error) {
	if name == "" {
		return nil, &OpError{Op: "acquire", Object: "replica", Err: ErrMissingObjectName}
	}
	n.connectToSelf()
	var r *remote
	var err error
	if n.saver != nil && info != nil && info.persist {
		r, err = n.saver.acquire(name, info)
	} else {
		r, err = n.share(name, info, nil)
	}
	if err != nil {
		return nil, &OpError{Op: "acquire", Object: name, Err: err}
	}
	n.mu.Lock()
	reg := n.registry
	n.mu.Unlock()
	if reg != nil {
		reg.resolve(name)
	}
	return &Replica{r: r}, nil
}

// has reports whether there is a replica of the object.
func (n *Node) has(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.remotes[name] != nil
}

// share returns what all replicas of an object have in common, for one more of them. A new one is prepared first.
func (n *Node) share(name string, info *classInfo, prepare func(*remote)) (*remote, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return nil, ErrClosed
	}
	r := n.remotes[name]
	if r != nil && info != nil && !r.fits(info) {
		return nil, ErrSignatureMismatch
	}
	if r == nil {
		r = newRemote(n, name, info)
		if prepare != nil {
			prepare(r)
		}
		n.remotes[name] = r
		n.attach(r)
	}
	r.users++
	return r, nil
}

// attach connects a replica to a host that has its source, if there is one. The node is locked.
func (n *Node) attach(r *remote) {
	for _, c := range n.clients {
		if ref, ok := c.objects[r.name]; ok && c.ctx.Err() == nil && c.subscribe(r, ref) {
			return
		}
	}
}

// release gives up one use of a replica.
func (n *Node) release(r *remote) {
	if r.saver != nil {
		r.saver.release(r)
	} else {
		n.drop(r)
	}
}

// drop gives up one use of a replica; with the last, which it reports, the subscription ends.
func (n *Node) drop(r *remote) (last bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.users--; r.users > 0 || n.remotes[r.name] != r {
		return false
	}
	delete(n.remotes, r.name)
	if c := r.detach(ErrClosed); c != nil {
		c.unsubscribe(r)
	}
	r.events.close()
	return true
}

// connectToSelf lets a host's node acquire what the host remotes, without a socket.
func (n *Node) connectToSelf() {
	h := n.host
	if h == nil {
		return
	}
	h.loop.Do(func() {
		near, far := newPipe()
		if h.AddHostSideConnection(far) == nil {
			_ = n.AddClientSideConnection(near)
		}
	})
}
