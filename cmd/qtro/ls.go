package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/wire"
)

type lsCmd struct{}

// listed is an object of the network.
type listed struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	URL       string `json:"url"`
	Signature string `json:"signature"`
}

// Run lists the objects. With a registry they are those it has, and their hosts are asked for the signatures.
func (c *lsCmd) Run(g *globals) error {
	if err := g.where(); err != nil {
		return err
	}
	ctx, cancel := g.wait()
	defer cancel()
	var locations []qt.SourceLocation
	urls, least := g.Connect, core.Local
	if g.Registry != "" {
		var err error
		if locations, err = g.locations(ctx); err != nil {
			return err
		}
		hosts := map[string]bool{}
		for _, l := range locations {
			hosts[string(l.URL)] = true
		}
		urls, least = slices.Sorted(maps.Keys(hosts)), core.Authenticated
	}
	found, errs := g.askHosts(ctx, urls, least)
	var all []listed
	for i, host := range found {
		if g.Registry == "" && errs[i] != nil {
			return g.hostError(urls[i], errs[i])
		}
		for _, ref := range host.objects {
			all = append(all, listed{ref.Name, ref.TypeName, urls[i], ref.Signature})
		}
	}
	if g.Registry != "" {
		all = merge(locations, all)
		for i, err := range errs {
			if err != nil {
				complain(g.warn, fmt.Errorf("%w; its objects are listed without signatures", g.hostError(urls[i], err)))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b listed) int { return strings.Compare(a.Name, b.Name) })
	printObjects(g.out, all)
	return nil
}

func printObjects(out *printer, all []listed) {
	var rows [][]string
	for _, o := range all {
		if out.json {
			out.object(o)
			continue
		}
		rows = append(rows, []string{o.Name, o.Type, o.URL, o.Signature})
	}
	if !out.json {
		out.table([]string{"NAME", "TYPE", "URL", "SIGNATURE"}, []string{strong, member, "", dim}, rows)
	}
}

// locations asks the registry.
func (g *globals) locations(ctx context.Context) ([]qt.SourceLocation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n, err := g.open(func(err error) {
		if hopeless(err) {
			cancel()
		}
	})
	if err != nil {
		return nil, err
	}
	defer n.Close()
	reg, err := n.SetRegistry(g.Registry)
	if err != nil {
		return nil, err
	}
	if err := reg.Wait(ctx); err != nil {
		return nil, n.missing("the registry")
	}
	return reg.Locations()
}

// merge adds to what the registry says the signatures that the hosts told.
func merge(locations []qt.SourceLocation, hosted []listed) []listed {
	var all []listed
	for _, l := range locations {
		o := listed{Name: l.Name, Type: l.TypeName, URL: string(l.URL)}
		for _, h := range hosted {
			if h.Name == o.Name && h.URL == o.URL {
				o.Signature = h.Signature
			}
		}
		all = append(all, o)
	}
	return all
}

func (g *globals) hostError(url string, err error) error {
	var bad usageError
	var scheme *core.UnknownSchemeError
	switch {
	case errors.As(err, &bad), errors.As(err, &scheme), errors.Is(err, core.ErrHostURLInvalid), errors.Is(err, core.ErrInsecure):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the host at %s did not answer within %v: is it a Qt Remote Objects host?", url, g.Timeout)
	}
	if hopeless(err) {
		return fmt.Errorf("the host at %s cannot be asked: %w", url, err)
	}
	return fmt.Errorf("the host at %s cannot be asked: is it running there? (%w)", url, err)
}

// hosted is a host's object list.
type hosted struct {
	protocol wire.Protocol
	objects  []wire.ObjectRef
}

// askHosts asks hosts for their object lists, all at the same time.
func (g *globals) askHosts(ctx context.Context, urls []string, least core.Security) (found []hosted, errs []error) {
	found, errs = make([]hosted, len(urls)), make([]error, len(urls))
	var group sync.WaitGroup
	for i, url := range urls {
		group.Go(func() { found[i], errs[i] = g.askHost(ctx, url, least) })
	}
	group.Wait()
	return found, errs
}

// askHost returns a host's object list, which is the first that a host sends after its Handshake.
func (g *globals) askHost(ctx context.Context, url string, least core.Security) (hosted, error) {
	conn, err := g.dial(ctx, url, least)
	if err != nil {
		return hosted{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	h, err := readObjects(conn)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return h, err
}

func readObjects(conn interface{ Read([]byte) (int, error) }) (hosted, error) {
	f := wire.NewFramer(conn, 0, 0)
	protocol, err := f.Handshake()
	if err != nil {
		return hosted{}, err
	}
	d := wire.NewDecoder(protocol)
	for {
		frame, err := f.Next()
		if err != nil {
			return hosted{}, err
		}
		var p wire.Packet
		if err := d.Decode(frame, &p); err != nil {
			return hosted{}, err
		}
		if p.Kind == wire.ObjectList {
			return hosted{protocol, p.Objects}, nil
		}
	}
}

// signatureOf asks the host of an object for the signature of its class, which is that of a version of Qt.
func (g *globals) signatureOf(name string) (string, rep.Version, error) {
	ctx, cancel := g.wait()
	defer cancel()
	urls, least := g.Connect, core.Local
	if g.Registry != "" {
		locations, err := g.locations(ctx)
		if err != nil {
			return "", 0, err
		}
		urls, least = nil, core.Authenticated
		for _, l := range locations {
			if l.Name == name {
				urls = append(urls, string(l.URL))
			}
		}
	}
	found, errs := g.askHosts(ctx, urls, least)
	for _, host := range found {
		version := rep.Qt6
		if host.protocol == wire.Protocol13 {
			version = rep.Qt5
		}
		for _, ref := range host.objects {
			if ref.Name == name {
				return ref.Signature, version, nil
			}
		}
	}
	return "", 0, cmp.Or(errors.Join(errs...), fmt.Errorf("no host tells the signature of %s", name))
}
