package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// meetAt lets a connection with a handshake in to a host, and returns its other end.
func meetAt(t testing.TB, h *Host, addr string, as Peer, shake func(context.Context, *shyConn) error) (*shyConn, net.Conn) {
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close() })
	c := &shyConn{lanConn: lanConn{far, Peer{Scheme: "lan", Addr: addr}}, known: as, shake: shake}
	require.NoError(t, h.AddHostSideConnection(c))
	return c, near
}

// stall is a handshake that waits until it is given up.
func stall(ctx context.Context, _ *shyConn) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestHandshakeFirst: a host asks who is there after the handshake only, and sends nothing before.
func TestHandshakeFirst(t *testing.T) {
	r := deny()
	h, errs := testHost(t, r.use)
	plant := newPlant(t)
	require.NoError(t, h.EnableRemoting(plant.Source, "plant"))
	began, goOn := make(chan bool), make(chan bool)
	as := Peer{Scheme: "lan", Addr: "guest", Security: Authenticated, Identity: "ada"}
	c, near := meetAt(t, h, "guest", as, func(ctx context.Context, c *shyConn) error {
		_, timed := ctx.Deadline()
		began <- timed
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	assert.True(t, recv(t, began), "it has a time limit")
	other, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(other, "other")) // of which the connection is not told yet
	assert.Empty(t, r.requests())
	assert.EqualValues(t, 0, h.Stats().Connections)
	goOn <- true
	s := newPeer(t, near, wire.Protocol20)
	require.Equal(t, wire.Handshake, s.next().Kind)
	assert.Len(t, s.next().Objects, 2)
	c.mu.Lock()
	assert.Zero(t, c.sent)
	c.mu.Unlock()
	for _, q := range r.requests() {
		assert.Equal(t, as, *q.Peer)
	}
	s.send(&wire.Packet{Kind: wire.AddObject, Name: "plant"})
	require.Equal(t, wire.Init, s.next().Kind)
	slot, err := plant.info.slot("open", 0)
	require.NoError(t, err)
	s.send(&wire.Packet{Kind: wire.Invoke, Name: "plant", Index: int32(slot), Serial: 1, Property: -1})
	assert.Equal(t, as, recv(t, plant.peers))
	nothing(t, errs)
}

// TestHandshakeFails: who does not pass is told of, with the address, and gets nothing.
func TestHandshakeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, errs := quiet(t)
		c.HandshakeTimeout = 3 * time.Second
		h := NewHost(c)
		broken := errors.New("bad certificate")
		_, near := meetAt(t, h, "10.0.0.1:5", Peer{}, func(context.Context, *shyConn) error { return broken })
		err := <-errs
		require.ErrorIs(t, err, broken)
		assert.ErrorContains(t, err, "10.0.0.1:5")
		_, err = near.Read(make([]byte, 1))
		assert.Error(t, err, "it is closed")
		start := time.Now()
		slow, near := meetAt(t, h, "10.0.0.2:5", Peer{}, stall)
		err = <-errs
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "10.0.0.2:5")
		assert.Equal(t, 3*time.Second, time.Since(start))
		_, err = near.Read(make([]byte, 1))
		assert.Error(t, err)
		assert.Zero(t, slow.sent)
		assert.EqualValues(t, 2, h.Stats().Refused)
		assert.EqualValues(t, 0, h.Stats().Connections)
		// One that is under way when the host is closed is neither refused nor told of.
		meetAt(t, h, "10.0.0.3:5", Peer{}, stall)
		synctest.Wait()
		require.NoError(t, h.Close())
		assert.EqualValues(t, 2, h.Stats().Refused)
		assert.Empty(t, errs)
	})
}

// TestStalledHandshakes: those who never finish do not keep others out.
func TestStalledHandshakes(t *testing.T) {
	h, errs := testHost(t)
	src, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(src, "counter"))
	before := runtime.NumGoroutine()
	const flood = 1000
	var order []string
	var mu sync.Mutex
	for i := range flood {
		entered := make(chan bool)
		meetAt(t, h, fmt.Sprint("flood ", i), Peer{}, func(ctx context.Context, c *shyConn) error {
			entered <- true
			<-ctx.Done()
			mu.Lock()
			order = append(order, c.peer.Addr)
			mu.Unlock()
			return context.Cause(ctx)
		})
		recv(t, entered)
		h.handshakes.mu.Lock()
		assert.LessOrEqual(t, len(h.handshakes.pending), maxHandshakes)
		h.handshakes.mu.Unlock()
	}
	until(t, "the oldest are dropped", func() bool { return h.Stats().Refused == flood-maxHandshakes })
	mu.Lock()
	dropped := map[string]bool{}
	for _, addr := range order {
		dropped[addr] = true
	}
	mu.Unlock()
	for i := range flood {
		assert.Equal(t, i < flood-maxHandshakes, dropped[fmt.Sprint("flood ", i)], i)
	}
	n, _ := testNode(t)
	near, far := net.Pipe()
	good := &shyConn{lanConn: lanConn{far, Peer{}}, known: guest("good"), shake: func(context.Context, *shyConn) error { return nil }}
	require.NoError(t, h.AddHostSideConnection(good))
	require.NoError(t, n.AddClientSideConnection(near))
	acquired(t, n, "counter", counterClass())
	nothing(t, errs) // a flood fills no log
	assert.Less(t, runtime.NumGoroutine(), before+2*maxHandshakes)
	closeInTime(t, n)
	closeInTime(t, h)
	until(t, "goroutines go", func() bool { return runtime.NumGoroutine() <= before })
	assert.EqualValues(t, flood-maxHandshakes+1, h.Stats().Refused, "one more for the good one")
	assert.Empty(t, h.handshakes.pending)
}

// nowhere is a transport that counts who uses it. It may tell how secure it is.
type nowhere struct{ used *atomic.Int32 }

func (n nowhere) Dial(context.Context, *url.URL) (Conn, error) {
	n.used.Add(1)
	return nil, errors.New("nobody listens")
}

func (n nowhere) Listen(context.Context, *url.URL) (Listener, error) {
	n.used.Add(1)
	return nil, errors.New("not here")
}

type telling struct {
	nowhere
	level Security
}

func (t telling) Security() Security { return t.level }

// TestRequireSecure: what a node that requires security uses, and what it does not even dial.
func TestRequireSecure(t *testing.T) {
	for level, ok := range map[Security]struct{ explicit, announced bool }{
		Plaintext: {false, false}, Local: {true, false}, Encrypted: {true, false}, Authenticated: {true, true},
	} {
		for _, required := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, required %t", level, required), func(t *testing.T) {
				var used atomic.Int32
				var transports []Transport
				transports = append(transports, telling{nowhere{&used}, level})
				if level == Plaintext {
					transports = append(transports, nowhere{&used})
				}
				for _, tr := range transports {
					secure := func(c *Config) {
						c.Transports, c.RequireSecure = map[string]Transport{"lan": tr}, required
					}
					verdict := func(what string, allowed bool, do func() error) {
						t.Helper()
						used.Store(0)
						err := do()
						if allowed || !required {
							until(t, what+" is tried", func() bool { return used.Load() > 0 })
							assert.NotErrorIs(t, err, ErrInsecure, what)
							return
						}
						assert.ErrorIs(t, err, ErrInsecure, what)
						assert.Zero(t, used.Load(), what)
					}
					n, errs := testNode(t, secure)
					verdict("Connect", ok.explicit, func() error { return n.Connect("lan://a") })
					verdict("SetRegistry", ok.explicit, func() error { _, err := n.SetRegistry("lan://b"); return err })
					if required && !ok.explicit {
						assert.Nil(t, n.Registry())
						nothing(t, errs)
					}
					h, _ := testHost(t, secure)
					verdict("Listen", ok.explicit, func() error { _, err := h.Listen(soon(t), "lan://c"); return err })
					m, errs := testNode(t, secure)
					verdict("announced", ok.announced, func() error {
						announce(t, m, "a", "lan://d")
						return recv(t, errs)
					})
				}
			})
		}
	}
}

// announce plays a registry that announces a URL for a name that the node acquires.
func announce(t testing.TB, n *Node, name, url string) *peer {
	h := playHost(t, n, wire.Protocol20, wire.ObjectRef{Name: registryName, TypeName: registryName})
	g, err := n.setRegistry("")
	require.NoError(t, err)
	require.Equal(t, registryName, h.next().Name)
	_, err = n.Acquire(name, counterClass()) // first, so that the URL is looked up once
	require.NoError(t, err)
	h.send(&wire.Packet{Kind: wire.Init, Name: registryName, Values: []wire.Property{{Value: qt.Of(qt.SourceLocations{{Name: name, TypeName: "Counter", URL: qt.URL(url)}})}}})
	require.NoError(t, g.Wait(soon(t)))
	return h
}

// again lets a played registry announce a URL anew.
func again(h *peer, name, url string) {
	l := qt.Of(qt.SourceLocation{Name: name, TypeName: "Counter", URL: qt.URL(url)})
	h.send(&wire.Packet{Kind: wire.Invoke, Name: registryName, Index: 1, Args: []qt.Value{l}, Serial: -1, Property: -1},
		&wire.Packet{Kind: wire.Invoke, Name: registryName, Index: 0, Args: []qt.Value{l}, Serial: -1, Property: -1})
}

// TestRequireSecureOfSchemas: the handler of an external schema is believed as far as its connections tell who is there.
func TestRequireSecureOfSchemas(t *testing.T) {
	tests := []struct {
		what                string
		peer                *Peer
		explicit, announced bool
	}{
		{"no Peer", nil, false, false},
		{"plaintext", &Peer{Scheme: "odd"}, false, false},
		{"local", &Peer{Scheme: "odd", Security: Local}, true, false},
		{"encrypted", &Peer{Scheme: "odd", Security: Encrypted}, true, false},
		{"authenticated", &Peer{Scheme: "odd", Security: Authenticated}, true, true},
	}
	for _, test := range tests {
		for _, announced := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, announced %t", test.what, announced), func(t *testing.T) {
				h, _ := testHost(t)
				src, _ := newCounter(t)
				require.NoError(t, h.EnableRemoting(src, "a"))
				n, errs := testNode(t, func(c *Config) { c.RequireSecure = true })
				opened := make(chan net.Conn, 10)
				n.RegisterExternalSchema("odd", func(context.Context, *url.URL) (io.ReadWriteCloser, error) {
					near, far := net.Pipe()
					opened <- far
					if test.peer == nil {
						return struct{ io.ReadWriteCloser }{near}, nil
					}
					return lanConn{near, *test.peer}, nil
				})
				if announced {
					announce(t, n, "a", "odd://a")
				} else {
					require.NoError(t, n.Connect("odd://a"))
				}
				far := recv(t, opened)
				if allowed := !announced && test.explicit || announced && test.announced; allowed {
					require.NoError(t, h.AddHostSideConnection(far))
					acquired(t, n, "a", counterClass())
					nothing(t, errs)
					return
				}
				err := recv(t, errs)
				assert.ErrorIs(t, err, ErrInsecure)
				assert.ErrorContains(t, err, "not trying again")
				_, err = far.Read(make([]byte, 1))
				assert.ErrorIs(t, err, io.EOF, "it is closed")
				nothing(t, opened)
				nothing(t, errs)
			})
		}
	}
}

// TestBrokenPromise: a connection that is less secure than its transport has said is not used.
func TestBrokenPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLan()
		c, _ := quiet(t)
		l.trusted("host").use(&c)
		h := NewHost(c)
		defer h.Close()
		_, err := h.Listen(t.Context(), "lan://h")
		require.NoError(t, err)
		for level, ok := range map[Security]bool{Plaintext: false, Local: true, Encrypted: true, Authenticated: true} {
			before := l.dials("h")
			p := l.trusted("node")
			p.actual = level
			c, errs := quiet(t)
			p.use(&c)
			c.RequireSecure = true
			n := NewNode(c)
			require.NoError(t, n.Connect("lan://h"))
			time.Sleep(time.Minute)
			assert.Equal(t, before+1, l.dials("h"), "%s", level)
			if ok {
				assert.Empty(t, errs)
			} else {
				assert.ErrorIs(t, <-errs, ErrInsecure)
			}
			assert.Equal(t, ok, n.Stats().Connections == 1)
			require.NoError(t, n.Close())
		}
	})
}

// TestAnnouncementsWeakenNothing: what a registry announces neither lowers nor raises what the program has asked for itself.
func TestAnnouncementsWeakenNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLan()
		hc, _ := quiet(t)
		l.plug(Peer{Scheme: "lan", Security: Local, Identity: "uid:1"}).use(&hc)
		h := NewHost(hc)
		defer h.Close()
		_, err := h.Listen(t.Context(), "lan://h")
		require.NoError(t, err)
		src, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(src, "a"))
		c, errs := quiet(t)
		l.plug(Peer{Scheme: "lan", Security: Local}).use(&c)
		c.RequireSecure = true
		n := NewNode(c)
		defer n.Close()
		reg := announce(t, n, "a", "lan://h")
		assert.ErrorIs(t, <-errs, ErrInsecure)
		time.Sleep(time.Minute)
		assert.Zero(t, l.dials("h"))
		require.NoError(t, n.Connect("lan://h"), "the program may")
		r, err := n.Acquire("a", counterClass())
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		for range 3 { // it stays so, though the registry wishes it, too
			again(reg, "a", "lan://h")
			time.Sleep(2 * time.Second)
			l.cut("h")
			synctest.Wait()
			assert.Equal(t, Suspect, r.State())
			require.NoError(t, r.Wait(t.Context()))
		}
		assert.Equal(t, 4, l.dials("h"))
		again(reg, "b", "lan://other")
		time.Sleep(time.Minute)
		assert.Zero(t, l.dials("other"))
		assert.Empty(t, errs, "nobody wants b")
	})
}

// refusal is an error that says whether it will pass.
type refusal bool

func (r refusal) Error() string   { return fmt.Sprintf("refused, permanent %t", bool(r)) }
func (r refusal) Permanent() bool { return bool(r) }

// refused is a connection whose first Read fails.
type refusing struct {
	net.Conn
	err error
}

func (r refusing) Read([]byte) (int, error) { return 0, r.err }

// TestPermanentErrors: what will be no better the next time is left for a minute or for good, until somebody asks for it.
func TestPermanentErrors(t *testing.T) {
	permanently := fmt.Errorf("dial: %w", refusal(true))
	for what, test := range map[string]struct {
		dial, read error
		outlook    string
	}{
		"dial":             {permanently, nil, "trying again in a minute"},
		"read":             {nil, fmt.Errorf("read: %w", refusal(true)), "trying again in a minute"},
		"dial, passing":    {refusal(false), nil, ""},
		"read, passing":    {nil, refusal(false), ""},
		"dial, other":      {errors.New("no route"), nil, ""},
		"insecure":         {fmt.Errorf("tls: %w", ErrInsecure), nil, "not trying again"},
		"joined":           {errors.Join(errors.New("x"), refusal(true)), nil, "trying again in a minute"},
		"passes, then not": {permanently, nil, "trying again in a minute"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLan()
				hc, _ := quiet(t)
				l.trusted("h").use(&hc)
				h := NewHost(hc)
				defer h.Close()
				_, err := h.Listen(t.Context(), "lan://h")
				require.NoError(t, err)
				p := l.trusted("n")
				start := 0
				p.refuse = func(_ context.Context, n int) error {
					if what == "passes, then not" && n <= 3 {
						return errors.New("no route")
					}
					return test.dial
				}
				if test.read != nil {
					p.broken = func(c net.Conn) net.Conn { return refusing{c, test.read} }
				}
				if what == "passes, then not" {
					start = 3
				}
				c, errs := quiet(t)
				p.use(&c)
				n := NewNode(c)
				defer n.Close()
				reg := announce(t, n, "a", "lan://h")
				for i := range 4 {
					switch {
					case i == 1, i == 2:
						require.NoError(t, n.Connect("lan://h"))
					case i == 3:
						again(reg, "a", "lan://h")
					}
					if test.outlook == "trying again in a minute" {
						time.Sleep(40 * time.Second) // less than the shortest such pause
					} else {
						time.Sleep(time.Hour)
					}
					if test.outlook == "" {
						assert.Greater(t, l.dials("h"), 300*(i+1), "it goes on")
						assert.Len(t, errs, 1, "told once")
						continue
					}
					assert.Equal(t, start+i+1, l.dials("h"))
					if start > 0 && i == 0 {
						assert.NotContains(t, (<-errs).Error(), "trying again")
					}
					if assert.Len(t, errs, 1) {
						err := <-errs
						assert.ErrorContains(t, err, test.outlook)
						assert.ErrorContains(t, err, "lan://h")
						if test.dial != nil {
							assert.ErrorIs(t, err, test.dial)
						} else {
							assert.ErrorIs(t, err, test.read)
						}
					}
				}
				if test.outlook == "trying again in a minute" {
					before := l.dials("h")
					time.Sleep(time.Hour)
					assert.InDelta(t, before+60, l.dials("h"), 10)
					assert.Empty(t, errs, "told once")
				}
			})
		})
	}
}
