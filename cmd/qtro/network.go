package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/wire"
)

// network is a node on the network that the flags point to.
type network struct {
	*core.Node
	g *globals

	mu   sync.Mutex
	last error // of a connection
}

// open makes a node, not connected yet, so that nothing is missed that comes with the connection.
func (g *globals) open(onError func(error)) (*network, error) {
	if err := g.where(); err != nil {
		return nil, err
	}
	n := &network{g: g}
	config := g.config()
	config.HandshakeTimeout = max(g.Timeout, time.Second)
	config.RetryMax = 2 * time.Second
	config.OnError = func(err error) {
		n.mu.Lock()
		n.last = err
		n.mu.Unlock()
		onError(err)
	}
	n.Node = core.NewNode(config)
	return n, nil
}

func (g *globals) where() error {
	if g.Registry == "" && len(g.Connect) == 0 {
		return usagef("say where the objects are, with --registry URL or --connect URL")
	}
	return nil
}

// join connects the node.
func (n *network) join() error {
	if n.g.Registry != "" {
		_, err := n.SetRegistry(n.g.Registry)
		return err
	}
	for _, url := range n.g.Connect {
		if err := n.Connect(url); err != nil {
			return err
		}
	}
	return nil
}

// acquire connects to the network and waits for an object.
func (g *globals) acquire(name string) (*network, *core.Replica, error) {
	ctx, cancel := g.wait()
	defer cancel()
	n, err := g.open(func(err error) {
		if hopeless(err) {
			cancel()
		}
	})
	if err != nil {
		return nil, nil, err
	}
	r, err := n.AcquireDynamic(name)
	if err == nil {
		err = n.join()
	}
	if err == nil {
		if err = r.Wait(ctx); err != nil && ctx.Err() != nil {
			err = n.missing(name)
		}
	}
	if err != nil {
		_ = n.Close() // always nil
		return nil, nil, err
	}
	return n, r, nil
}

// hopeless tells of an error that will be the same the next time.
func hopeless(err error) bool {
	var packet *wire.PacketError
	var mismatch *wire.MismatchError
	var other interface{ Permanent() bool } // of a transport: a refusal, or flags that are missing
	return errors.As(err, &packet) || errors.As(err, &mismatch) || errors.Is(err, core.ErrProtocol) || errors.Is(err, core.ErrHostURLInvalid) ||
		errors.Is(err, core.ErrInsecure) || errors.As(err, &other) && other.Permanent()
}

func (g *globals) wait() (context.Context, context.CancelFunc) {
	return context.WithTimeout(g.ctx, g.Timeout)
}

// missing says why an object was not found in time.
func (n *network) missing(name string) error {
	g := n.g
	if g.ctx.Err() != nil {
		return errors.New("interrupted")
	}
	n.mu.Lock()
	last := n.last
	n.mu.Unlock()
	if hopeless(last) {
		if bad := (usageError{}); errors.As(last, &bad) {
			return bad
		}
		return fmt.Errorf("%s cannot be had: %w", name, last)
	}
	if reg := n.Registry(); reg != nil {
		all, err := reg.Locations()
		if err != nil {
			return unreached("registry", g.Registry, g.Timeout, last)
		}
		for _, l := range all {
			if l.Name == name {
				return unreached("host of "+name, string(l.URL), g.Timeout, last)
			}
		}
		return fmt.Errorf("no object %q in the registry at %s; qtro ls shows what there is", name, g.Registry)
	}
	if n.Stats().Connections == 0 {
		return unreached("host", strings.Join(g.Connect, " or "), g.Timeout, last)
	}
	return fmt.Errorf("no object %q at %s; qtro ls shows what there is", name, strings.Join(g.Connect, " or "))
}

func unreached(what, url string, timeout time.Duration, last error) error {
	err := fmt.Errorf("the %s at %s was not reached within %v: is it running there?", what, url, timeout)
	if last != nil {
		err = fmt.Errorf("%w (%w)", err, unwrapped(last))
	}
	return err
}
