// Command externalconn gives two nodes a connection that they did not open: the program listens and dials itself, and hands
// each end over. See README.md beside this file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "externalconn:", err)
		os.Exit(1)
	}
}

// doorClass is what both sides know of the object.
var doorClass = &core.Class{
	Name: "Door",
	Properties: []core.Property{
		{Name: "open", Type: "bool", Access: core.ReadPush},
	},
	Slots: []core.Slot{{Name: "ring", Return: "QString", Params: []core.Param{{Name: "visitor", Type: "QString"}}}},
}

func run(ctx context.Context, out io.Writer) error {
	// The host listens at no URL: it serves what it is given.
	host := core.NewHost(core.Config{Name: "host", Logger: slog.New(slog.DiscardHandler)})
	defer host.Close()
	if err := remoteDoor(host, out); err != nil {
		return err
	}
	hostEnd, nodeEnd, err := connect(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "connected by hand")
	if err := host.AddHostSideConnection(hostEnd); err != nil {
		return err
	}

	node := core.NewNode(core.Config{Name: "node", Logger: slog.New(slog.DiscardHandler)})
	defer node.Close()
	if err := node.AddClientSideConnection(nodeEnd); err != nil {
		return err
	}
	return visit(ctx, node, out)
}

// remoteDoor lets the host remote a door.
func remoteDoor(host *core.Host, out io.Writer) error {
	door, err := core.NewSource(doorClass)
	if err != nil {
		return err
	}
	err = door.Handle("ring", func(ctx context.Context, visitor string) string {
		peer, _ := core.PeerFrom(ctx)
		fmt.Fprintf(out, "host: %s rings, by a connection of scheme %q\n", visitor, peer.Scheme)
		return "Come in, " + visitor
	})
	if err != nil {
		return err
	}
	return host.EnableRemoting(door, "Door")
}

// connect makes the two ends of a connection. Anything that reads, writes and closes will do: a TCP connection as here, one
// end of a pipe, a serial port, a TLS connection.
func connect(ctx context.Context) (hostEnd, nodeEnd net.Conn, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	var dialer net.Dialer
	if nodeEnd, err = dialer.DialContext(ctx, "tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	if hostEnd, err = ln.Accept(); err != nil {
		return nil, nil, errors.Join(err, nodeEnd.Close())
	}
	return hostEnd, nodeEnd, nil
}

// visit uses the door from the other side.
func visit(ctx context.Context, node *core.Node, out io.Writer) error {
	door, err := node.Acquire("Door", doorClass)
	if err != nil {
		return err
	}
	defer door.Close()
	if err := door.Wait(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "replica: %s\n", door.State())

	reply, err := door.Call(ctx, "ring", "Ada")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "replica: the reply is %v\n", reply)

	changed := make(chan bool, 1)
	if _, err := door.OnChange("open", func(v qt.Value) { changed <- v.Bool() }); err != nil {
		return err
	}
	if err := door.Set("open", true); err != nil {
		return err
	}
	select {
	case open := <-changed:
		fmt.Fprintf(out, "replica: open is now %v\n", open)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
