package core

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/wire"
)

// lan is a network within the process whose connections know who is at the other end.
type lan struct {
	mu        sync.Mutex
	listeners map[string]*lanListener
	dialed    map[string]int
}

func newLan() *lan { return &lan{listeners: map[string]*lanListener{}, dialed: map[string]int{}} }

// plug is how a node is connected to a lan. It tells how secure it is.
type plug struct {
	*lan
	promise Security                               // what it says before it dials
	actual  Security                               // what dialers find
	as      Peer                                   // whom hosts see
	shake   func(context.Context, *shyConn) error  // of the connections that a listener accepts; nil: they are no Handshakers
	refuse  func(ctx context.Context, n int) error // of the n-th Dial
	broken  func(c net.Conn) (wrapped net.Conn)    // what a dialer gets
}

func (p *plug) use(c *Config) { c.Transports = map[string]Transport{"lan": p} }

func (p *plug) Security() Security { return p.promise }

// trusted returns a plug of somebody whose identity a transport has proved.
func (l *lan) trusted(identity string) *plug {
	return l.plug(Peer{Scheme: "lan", Addr: "somewhere", Security: Authenticated, Identity: identity})
}

// plug returns one of somebody, who finds others to be as secure as himself.
func (l *lan) plug(as Peer) *plug {
	return &plug{lan: l, promise: as.Security, actual: as.Security, as: as}
}

type lanListener struct {
	plug  *plug
	u     *url.URL
	queue chan Conn
	done  chan struct{}
	once  sync.Once
	conns []net.Conn
}

func (p *plug) Listen(_ context.Context, u *url.URL) (Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listeners[u.Host] != nil {
		return nil, errors.New("in use")
	}
	l := &lanListener{plug: p, u: u, queue: make(chan Conn), done: make(chan struct{})}
	p.listeners[u.Host] = l
	return l, nil
}

func (p *plug) Dial(ctx context.Context, u *url.URL) (Conn, error) {
	p.mu.Lock()
	p.dialed[u.Host]++
	n, l := p.dialed[u.Host], p.listeners[u.Host]
	p.mu.Unlock()
	if p.refuse != nil {
		if err := p.refuse(ctx, n); err != nil {
			return nil, err
		}
	}
	if l == nil {
		return nil, errors.New("nobody listens")
	}
	near, far := net.Pipe()
	var c Conn = lanConn{far, p.as}
	if l.plug.shake != nil {
		c = &shyConn{lanConn: lanConn{far, Peer{Scheme: "lan", Addr: p.as.Addr}}, known: p.as, shake: l.plug.shake}
	}
	select {
	case l.queue <- c:
	case <-l.done:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	l.conns = append(l.conns, near, far)
	p.mu.Unlock()
	if p.broken != nil {
		near = p.broken(near)
	}
	return lanConn{near, Peer{Scheme: "lan", Addr: u.Host, Security: p.actual}}, nil
}

// dials returns how often a host was dialed.
func (l *lan) dials(host string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialed[host]
}

// cut ends all connections to a listener.
func (l *lan) cut(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l := l.listeners[host]; l != nil {
		for _, c := range l.conns {
			_ = c.Close()
		}
		l.conns = nil
	}
}

func (l *lanListener) Accept() (Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *lanListener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.plug.mu.Lock()
		delete(l.plug.listeners, l.u.Host)
		l.plug.mu.Unlock()
	})
	return nil
}

func (l *lanListener) URL() *url.URL { return l.u }

type lanConn struct {
	net.Conn
	peer Peer
}

func (c lanConn) Peer() Peer { return c.peer }

// shyConn does not tell who is there before its handshake.
type shyConn struct {
	lanConn
	shake func(context.Context, *shyConn) error
	known Peer

	mu   sync.Mutex
	done bool
	sent int // bytes before the handshake
}

func (c *shyConn) HandshakeContext(ctx context.Context) error {
	err := c.shake(ctx, c)
	if err == nil {
		c.mu.Lock()
		c.done = true
		c.mu.Unlock()
	}
	return err
}

func (c *shyConn) Peer() Peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return c.known
	}
	return c.peer
}

func (c *shyConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if !c.done {
		c.sent += len(b)
	}
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// spy is a peer that keeps all that it is sent.
type spy struct {
	*peer
	all *record
}

type record struct {
	net.Conn
	bytes []byte
}

func (r *record) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.bytes = append(r.bytes, b[:n]...)
	return n, err
}

// newSpy lets a host talk to a peer that the test plays, and returns what the host lists first.
func newSpy(t testing.TB, h *Host, p wire.Protocol, as Peer) (*spy, []wire.ObjectRef) {
	near, far := net.Pipe()
	require.NoError(t, h.AddHostSideConnection(lanConn{far, as}, speak(p)...))
	all := &record{Conn: near}
	s := &spy{newPeer(t, all, p), all}
	require.Equal(t, wire.Handshake, s.next().Kind)
	list := s.next()
	require.Equal(t, wire.ObjectList, list.Kind)
	return s, list.Objects
}

// settle returns what the host has sent by now.
func (s *spy) settle() (packets []*wire.Packet) {
	s.t.Helper()
	s.send(&wire.Packet{Kind: wire.Ping, Name: "?"})
	for {
		p := s.next()
		if p.Kind == wire.Pong {
			return packets
		}
		packets = append(packets, p)
	}
}

// ask sends packets and returns what the host answers at once.
func (s *spy) ask(packets ...*wire.Packet) []*wire.Packet {
	s.t.Helper()
	s.send(packets...)
	return s.settle()
}

// saw reports whether a text was among what the spy was sent, in any coding.
func (s *spy) saw(text string) bool {
	var be, le []byte
	for _, u := range utf16.Encode([]rune(text)) {
		be, le = append(be, byte(u>>8), byte(u)), append(le, byte(u), byte(u>>8))
	}
	return bytes.Contains(s.all.bytes, []byte(text)) || bytes.Contains(s.all.bytes, be) || bytes.Contains(s.all.bytes, le)
}

// sawInt reports whether a 32-bit number was.
func (s *spy) sawInt(n uint32) bool {
	b := []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	r := []byte{b[3], b[2], b[1], b[0]}
	return bytes.Contains(s.all.bytes, b) || bytes.Contains(s.all.bytes, r)
}

// kinds lists the kinds of packets.
func kinds(packets []*wire.Packet) (out []wire.Kind) {
	for _, p := range packets {
		out = append(out, p.Kind)
	}
	return out
}

// rules is an Authorizer that denies what it has been told to, and notes what it is asked.
type rules struct {
	mu      sync.Mutex
	denied  map[string]bool
	asked   []Request
	watched map[int]func()
	next    int
}

// deny returns rules: "see name", "read name.member", also for one address only: "addr: see name".
func deny(what ...string) *rules {
	r := &rules{watched: map[int]func(){}}
	r.set(what...)
	return r
}

func (r *rules) use(c *Config) { c.Authorizer = r }

func phrase(q Request) string {
	s := q.Action.String() + " " + q.Object
	if q.Member != "" {
		s += "." + q.Member
	}
	return s
}

func (r *rules) Authorize(q Request) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, q)
	if s := phrase(q); r.denied[s] || r.denied[q.Peer.Addr+": "+s] {
		return errors.New("a rule")
	}
	return nil
}

func (r *rules) OnChange(fn func()) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	id := r.next
	r.watched[id] = fn
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watched, id)
	}
}

// set changes the rules without a word.
func (r *rules) set(what ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied = map[string]bool{}
	for _, w := range what {
		r.denied[w] = true
	}
}

// change changes the rules and says so.
func (r *rules) change(what ...string) {
	r.set(what...)
	r.mu.Lock()
	var fns []func()
	for _, fn := range r.watched {
		fns = append(fns, fn)
	}
	r.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
}

// requests returns what was asked since the last time.
func (r *rules) requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// guest is whom tests of rules let in.
func guest(addr string) Peer { return Peer{Scheme: "lan", Addr: addr, Security: Encrypted} }

// visit ties a node to a host as somebody.
func visit(t testing.TB, n *Node, h *Host, as Peer, opts ...ListenOption) {
	near, far := net.Pipe()
	require.NoError(t, h.AddHostSideConnection(lanConn{far, as}, opts...))
	require.NoError(t, n.AddClientSideConnection(near))
}
