package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// Host is a node that remotes sources (Qt: QRemoteObjectHost). It is a client, too: what it remotes itself it acquires
// without a socket. Its methods are safe for concurrent use.
type Host struct {
	*Node

	hostMu     sync.Mutex
	sources    map[string]*Source
	listening  []*listening
	peers      map[*hostConn]bool
	handshakes handshakes
	loop       sync.Once         // connects the node to itself
	gone       func(c *hostConn) // is told of connections that ended
	unwatch    func()            // the Authorizer
}

// listening is a URL under which the host is reached.
type listening struct {
	key       string // the URL as it was asked for
	advertise qt.URL
	protocol  wire.Protocol
	listener  Listener // nil if the host only announces the URL
}

// NewHost returns a host that listens nowhere yet.
func NewHost(c Config) *Host {
	h := &Host{Node: NewNode(c), sources: map[string]*Source{}, peers: map[*hostConn]bool{}}
	h.Node.host = h
	if r, ok := c.Authorizer.(Revisable); ok {
		h.unwatch = r.OnChange(func() { h.group.start(h.revise) })
	}
	return h
}

// ListenOption is an option of [Host.Listen].
type ListenOption func(*listenOptions)

type listenOptions struct {
	protocol  wire.Protocol
	advertise string
	external  bool
}

// Qt5 makes a listener or connection speak protocol 1.3, which Qt 5 understands, instead of 2.0.
func Qt5(o *listenOptions) { o.protocol = wire.Protocol13 }

// Advertise makes the host tell registries this URL instead of the one it listens at: for hosts behind a name, a
// forwarder or a gateway.
func Advertise(rawURL string) ListenOption { return func(o *listenOptions) { o.advertise = rawURL } }

// AllowExternalRegistration makes the host announce the URL without listening there: its connections are made elsewhere
// and come in through [Host.AddHostSideConnection].
func AllowExternalRegistration(o *listenOptions) { o.external = true }

// Listen starts to listen at a URL, such as tcp://127.0.0.1:5000 or local:name, and returns the URL that the host
// announces, in which a port of 0 has become the real one. A host may listen at any number of URLs, each speaking one
// version of the protocol. Connections are served until the host is closed. ctx is for starting only. The error is
// [ErrHostURLInvalid], [UnknownSchemeError], [ErrServerAlreadyCreated], [ErrInsecure] or [ErrListenFailed].
func (h *Host) Listen(ctx context.Context, rawURL string, options ...ListenOption) (string, error) {
	l, err := h.listen(ctx, rawURL, options)
	if err != nil {
		return "", &OpError{Op: "listen", Object: rawURL, Err: err}
	}
	return string(l.advertise), nil
}

func (h *Host) listen(ctx context.Context, rawURL string, options []ListenOption) (*listening, error) {
	o := listenOptions{protocol: wire.Protocol20}
	for _, opt := range options {
		opt(&o)
	}
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	l := &listening{key: rawURL, protocol: o.protocol, advertise: qt.URL(rawURL)}
	if o.advertise != "" {
		if _, err := parseURL(o.advertise); err != nil {
			return nil, err
		}
	}
	if u.Port() != "0" && slices.ContainsFunc(h.listeners(), func(other *listening) bool { return other.key == rawURL }) {
		return nil, ErrServerAlreadyCreated
	}
	if !o.external {
		if l.listener, err = h.open(ctx, u); err != nil {
			return nil, err
		}
		l.advertise = qt.URL(l.listener.URL().String())
	}
	if o.advertise != "" {
		l.advertise = qt.URL(o.advertise)
	}
	h.hostMu.Lock()
	if h.ctx.Err() != nil {
		h.hostMu.Unlock()
		if l.listener != nil {
			_ = l.listener.Close()
		}
		return nil, ErrClosed
	}
	h.listening = append(h.listening, l)
	h.hostMu.Unlock()
	if l.listener != nil {
		h.group.start(func() { h.accept(l) })
	}
	for name := range h.Sources() {
		h.publish(name) // at the new URL
	}
	return l, nil
}

func (h *Host) open(ctx context.Context, u *url.URL) (Listener, error) {
	t, err := h.transport(u)
	if err != nil {
		return nil, err
	}
	if err := h.protects(t, Local); err != nil {
		return nil, err
	}
	ln, err := t.Listen(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListenFailed, err)
	}
	return ln, nil
}

func (h *Host) listeners() []*listening {
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	return slices.Clone(h.listening)
}

func (h *Host) accept(l *listening) {
	const longest = time.Second
	var pause time.Duration
	for {
		c, err := l.listener.Accept()
		if h.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			if err == nil {
				_ = c.Close()
			}
			return
		}
		if err != nil { // such as too many open files, which passes
			if pause == 0 {
				h.report(&OpError{Op: "accept", Object: string(l.advertise), Err: err})
			}
			pause = min(max(2*pause, 5*time.Millisecond), longest)
			select {
			case <-time.After(pause):
			case <-h.ctx.Done():
			}
			continue
		}
		pause = 0
		h.group.start(func() { h.serve(c, l.protocol) })
	}
}

// AddHostSideConnection serves a connection that was opened elsewhere, until it ends or the host is closed, and then closes
// it (Qt: addHostSideConnection). If rwc has a Peer method, as a [Conn] has, that tells who is there.
func (h *Host) AddHostSideConnection(rwc io.ReadWriteCloser, options ...ListenOption) error {
	if h.ctx.Err() != nil {
		_ = rwc.Close()
		return &OpError{Op: "add connection", Object: "host", Err: ErrClosed}
	}
	o := listenOptions{protocol: wire.Protocol20}
	for _, opt := range options {
		opt(&o)
	}
	h.group.start(func() { h.serve(rwc, o.protocol) })
	return nil
}

// EnableRemoting makes a source available under a name (Qt: enableRemoting). Nodes that are connected learn of it, and so
// does the registry. It fails with [ErrMissingObjectName], or with [ErrNameTaken] if the name or the source is in use.
func (h *Host) EnableRemoting(s *Source, name string) error {
	if err := h.enable(s, name); err != nil {
		return &OpError{Op: "enable remoting of", Object: name, Err: err}
	}
	h.publish(name)
	return nil
}

func (h *Host) enable(s *Source, name string) error {
	if name == "" {
		return ErrMissingObjectName
	}
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	if h.ctx.Err() != nil {
		return ErrClosed
	}
	if h.sources[name] != nil {
		return ErrNameTaken
	}
	t := s.lock()
	taken := s.name != "" || s.parent != nil
	if !taken {
		s.name, s.host = name, h
	}
	t.mu.Unlock()
	if taken {
		return fmt.Errorf("%w: the source is remoted or another's child", ErrNameTaken)
	}
	h.sources[name] = s
	for c := range h.peers {
		if c.sees(s, name) {
			_ = c.out.put(false, &wire.Packet{Kind: wire.ObjectList, Objects: []wire.ObjectRef{s.ref(name, c.protocol)}})
		}
	}
	return nil
}

// ref describes a root in an object list.
func (s *Source) ref(name string, p wire.Protocol) wire.ObjectRef {
	return wire.ObjectRef{Name: name, TypeName: s.info.class.Name, Signature: s.info.class.signature(p)}
}

// DisableRemoting withdraws a source: its replicas become Suspect (Qt: disableRemoting). It may be remoted again, also
// under another name. The error is [ErrSourceNotRegistered].
func (h *Host) DisableRemoting(s *Source) error {
	h.hostMu.Lock()
	t := s.lock()
	name := s.name
	if name == "" || h.sources[name] != s {
		t.mu.Unlock()
		h.hostMu.Unlock()
		return &OpError{Op: "disable remoting of", Object: s.info.class.Name, Err: ErrSourceNotRegistered}
	}
	delete(h.sources, name)
	listeners := t.listeners
	for _, l := range listeners {
		_ = l.conn.out.put(false, &wire.Packet{Kind: wire.RemoveObject, Name: name})
		s.audience.note(l.conn, false)
	}
	t.listeners = nil
	s.name, s.host = "", nil
	t.mu.Unlock()
	for _, l := range listeners {
		l.conn.withdrawn(s)
	}
	for c := range h.peers {
		c.forgets(name)
	}
	h.hostMu.Unlock()
	h.publish(name)
	return nil
}

// Sources returns what the host remotes, by name.
func (h *Host) Sources() map[string]*Source {
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	return maps.Clone(h.sources)
}

// URLs returns the URLs that the host announces.
func (h *Host) URLs() []string {
	var out []string
	for _, l := range h.listeners() {
		out = append(out, string(l.advertise))
	}
	return out
}

// location is what the host tells a registry about one of its sources.
func (h *Host) location(name string) (qt.SourceLocation, bool) {
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	s := h.sources[name]
	if s == nil {
		return qt.SourceLocation{}, false
	}
	l := qt.SourceLocation{Name: name, TypeName: s.info.class.Name}
	for _, on := range slices.Backward(h.listening) {
		if on.protocol == wire.Protocol13 {
			l.URL5 = on.advertise
		} else {
			l.URL = on.advertise
		}
	}
	return l, l.URL != "" || l.URL5 != ""
}

// publish tells the registry, if there is one, how things stand with a name.
func (h *Host) publish(name string) {
	if g := h.Registry(); g != nil {
		g.publish(name)
	}
}

// closeHost ends listening and all connections. The node's context has ended, so that none is added.
func (h *Host) closeHost() {
	h.hostMu.Lock()
	unwatch := h.unwatch
	h.unwatch = nil
	h.hostMu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	h.hostMu.Lock()
	defer h.hostMu.Unlock()
	for _, l := range h.listening {
		if l.listener != nil {
			_ = l.listener.Close()
		}
	}
	for c := range h.peers {
		c.fail(ErrClosed)
	}
}
