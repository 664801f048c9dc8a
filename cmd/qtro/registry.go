package main

import (
	"errors"
	"log/slog"
	"net"
	"syscall"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

type registryCmd struct {
	Listen    []string `placeholder:"URL" sep:"none" help:"Where to listen for Qt 6 and Go; may be given more than once."`
	Policy    []string `placeholder:"PATH" sep:"none" help:"Cedar policies that say what peers may register, see and use: a file or a directory; may be given more than once."`
	ListenQt5 []string `name:"listen-qt5" placeholder:"URL" sep:"none" help:"Where to listen for Qt 5; may be given more than once."`
}

// registryEvent is what a registry prints.
type registryEvent struct {
	Event    string `json:"event"`
	Name     string `json:"name,omitempty"`
	Type     string `json:"type,omitempty"`
	URL      string `json:"url"`
	Protocol string `json:"protocol,omitempty"`
	Identity string `json:"identity,omitempty"` // of who registered it
}

// Run is a registry until it is interrupted.
func (c *registryCmd) Run(g *globals) error {
	if len(c.Listen)+len(c.ListenQt5) == 0 {
		return usagef("say where to listen, with --listen URL or --listen-qt5 URL")
	}
	config := g.config()
	if len(c.Policy) > 0 {
		policies, err := authz.Open(authz.Config{Logger: slog.New(warnings{g})}, c.Policy...)
		if err != nil {
			return err
		}
		defer policies.Close()
		config.Authorizer = policies
	}
	config.OnError = func(err error) {
		// A peer that broke off has gone like any other.
		broken := (*net.OpError)(nil)
		refused := (*certs.RefusedError)(nil)
		if errors.As(err, &refused) || !errors.Is(err, syscall.ECONNRESET) && (!errors.As(err, &broken) || broken.Op == "accept") {
			complain(g.warn, err)
		}
	}
	h, err := core.NewRegistryHost(config)
	if err != nil {
		return err
	}
	defer h.Close()
	reg := h.Registry()
	who := map[string]string{} // has registered a name; the callbacks come one at a time
	tell := func(event string, l qt.SourceLocation) {
		url := l.URL
		if url == "" {
			url = l.URL5
		}
		g.registryEvent(registryEvent{Event: event, Name: l.Name, Type: l.TypeName, URL: string(url), Identity: who[l.Name]})
	}
	reg.OnAdded(func(l qt.SourceLocation) {
		if peer, ok := h.Registrant(l.Name); ok {
			who[l.Name] = peer.Identity
		}
		tell("added", l)
	})
	reg.OnRemoved(func(l qt.SourceLocation) {
		tell("removed", l)
		delete(who, l.Name)
	})
	for _, listener := range []struct {
		urls     []string
		protocol wire.Protocol
		options  []core.ListenOption
	}{{c.Listen, wire.Protocol20, nil}, {c.ListenQt5, wire.Protocol13, []core.ListenOption{core.Qt5}}} {
		for _, url := range listener.urls {
			at, err := h.Listen(g.ctx, url, listener.options...)
			if err != nil {
				return err
			}
			g.registryEvent(registryEvent{Event: "listening", URL: at, Protocol: listener.protocol.String()})
		}
	}
	<-g.ctx.Done()
	return nil
}

func (g *globals) registryEvent(e registryEvent) {
	if g.out.json {
		g.out.object(e)
		return
	}
	style := map[string]string{"added": good, "removed": alert, "listening": dim}[e.Event]
	cells := []string{e.Event, e.Name, e.Type, e.URL}
	if e.Event == "listening" {
		cells = []string{e.Event, e.URL, e.Protocol}
	}
	if e.Identity != "" {
		cells = append(cells, e.Identity)
	}
	g.out.row([]int{9, 16, 16}, []string{style, strong}, cells...)
}
