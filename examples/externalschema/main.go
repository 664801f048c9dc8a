// Command externalschema lets a registry hand out URLs whose connections are the programs' own business: the host accepts them
// itself, and the client opens them in a handler of the URL's scheme. See README.md beside this file.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/go-qtro/qtro/core"
	_ "github.com/go-qtro/qtro/transports/tcp" // for the registry's own URL
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "externalschema:", err)
		os.Exit(1)
	}
}

var quiet = slog.New(slog.DiscardHandler)

func run(ctx context.Context, out io.Writer) error {
	registry, err := core.NewRegistryHost(core.Config{Name: "registry", Logger: quiet})
	if err != nil {
		return err
	}
	defer registry.Close()
	registryURL, err := registry.Listen(ctx, "tcp://127.0.0.1:0")
	if err != nil {
		return err
	}

	server, err := serve(ctx, registryURL)
	if err != nil {
		return err
	}
	defer server.close()

	return watchTank(ctx, registryURL, server, out)
}

// server is a host that does not listen: the server accepts connections and gives them to it.
type server struct {
	host     *core.Host
	listener net.Listener
	accepted chan net.Conn // for who wants to break one
	done     chan struct{}
}

// serve remotes a tank at an exttcp:// URL, and lets the registry know.
func serve(ctx context.Context, registryURL string) (*server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{core.NewHost(core.Config{Name: "host", Logger: quiet}), ln, make(chan net.Conn, 8), make(chan struct{})}
	go s.accept()
	if err := s.announce(ctx, registryURL); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) announce(ctx context.Context, registryURL string) error {
	// The option says that it is meant: a host cannot know by itself that somebody listens there.
	if _, err := s.host.Listen(ctx, "exttcp://"+s.listener.Addr().String(), core.AllowExternalRegistration); err != nil {
		return err
	}
	if _, err := s.host.SetRegistry(registryURL); err != nil {
		return err
	}
	tank, err := core.NewSource(&core.Class{
		Name:       "Tank",
		Properties: []core.Property{{Name: "litres", Type: "double", Access: core.ReadOnly, Default: 180.5}},
	})
	if err != nil {
		return err
	}
	return s.host.EnableRemoting(tank, "Tank")
}

// accept gives what it accepts to the host, which serves each connection until it ends. This is the place for whatever a
// connection needs before Qt Remote Objects is spoken on it.
func (s *server) accept() {
	defer close(s.done)
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // the listener is closed
		}
		if err := s.host.AddHostSideConnection(conn); err != nil {
			return // so is the host
		}
		s.accepted <- conn
	}
}

func (s *server) close() {
	_ = s.listener.Close()
	_ = s.host.Close()
	<-s.done
}

// watchTank is the client. It knows the registry and how to open exttcp:// URLs; where the tank is, the registry tells.
func watchTank(ctx context.Context, registryURL string, s *server, out io.Writer) error {
	node := core.NewNode(core.Config{Name: "client", Logger: quiet})
	defer node.Close()
	dialed := make(chan *url.URL, 8)
	node.RegisterExternalSchema("exttcp", func(ctx context.Context, u *url.URL) (io.ReadWriteCloser, error) {
		dialed <- u
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", u.Host)
	})
	if _, err := node.SetRegistry(registryURL); err != nil {
		return err
	}
	tank, err := node.AcquireDynamic("Tank")
	if err != nil {
		return err
	}
	defer tank.Close()
	if err := tank.Wait(ctx); err != nil {
		return err
	}
	litres, err := core.Get[float64](tank, "litres")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "client: opened %s\n", <-dialed)
	fmt.Fprintf(out, "client: %s, %v litres\n", tank.State(), litres)

	states := make(chan core.State, 8)
	tank.OnState(func(_, now core.State) { states <- now })
	conn, err := receive(ctx, s.accepted)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "server: breaks the connection")
	if err := conn.Close(); err != nil {
		return err
	}
	state, err := receive(ctx, states)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "client: %s\n", state)
	again, err := receive(ctx, dialed)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "client: opened %s again\n", again)
	if err := tank.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "client: %s\n", tank.State())
	return nil
}

// receive waits for the next value from a channel, or the end of ctx.
func receive[T any](ctx context.Context, from <-chan T) (T, error) {
	select {
	case v := <-from:
		return v, nil
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
