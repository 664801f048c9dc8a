package main

import (
	"strings"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// conversation decodes the packets of a connection, in both directions, and knows the names that they leave out.
type conversation struct {
	protocol wire.Protocol
	schema   *qt.Types
	client   *wire.Decoder // of what goes to the client
	host     *wire.Decoder
	classes  map[string]*wire.Definition // by class
	objects  map[string]*wire.Definition // by object
	calls    map[call]called             // that wait for their reply
}

type call struct {
	object string
	serial int32
}

// called is a slot that was called: its name and the type of its reply.
type called struct{ slot, reply string }

// maxCalls bounds what is remembered of calls that nobody answers.
const maxCalls = 1 << 16

func newConversation(p wire.Protocol, schema *qt.Types) *conversation {
	c := &conversation{protocol: p, schema: schema, client: wire.NewDecoder(p), host: wire.NewDecoder(p),
		classes: map[string]*wire.Definition{}, objects: map[string]*wire.Definition{}, calls: map[call]called{}}
	c.client.Object = func(wire.Kind, string) (*qt.Types, error) { return c.schema, nil }
	// Definitions go to the client only.
	c.host.Object = func(_ wire.Kind, name string) (*qt.Types, error) {
		if t := c.client.Types(name); t != nil {
			return t, nil
		}
		return c.schema, nil
	}
	for _, d := range wellKnown {
		c.classes[d.TypeName] = d
	}
	c.objects["Registry"] = c.classes["Registry"]
	return c
}

// decode decodes a whole packet.
func (c *conversation) decode(dir direction, frame []byte) (*wire.Packet, error) {
	d := c.host
	if dir == toClient {
		d = c.client
	}
	p := new(wire.Packet)
	if err := d.Decode(frame, p); err != nil {
		return nil, err
	}
	c.learn(p)
	return p, nil
}

// learn notes the definitions in a packet.
func (c *conversation) learn(p *wire.Packet) {
	if len(c.objects) > maxCalls {
		clear(c.objects)
	}
	switch p.Kind {
	case wire.ObjectList:
		for _, o := range p.Objects {
			if d := c.classes[o.TypeName]; d != nil && c.objects[o.Name] == nil {
				c.objects[o.Name] = d
			}
		}
	case wire.InitDynamic:
		c.classes[p.Class.TypeName] = p.Class
		c.objects[p.Name] = p.Class
	}
	for _, v := range append(p.Values, p.Value) {
		c.learnObject(v.Object)
	}
}

func (c *conversation) learnObject(o *wire.Object) {
	if o == nil || o.Kind == wire.GadgetObject {
		return
	}
	if o.Definition != nil {
		c.classes[o.TypeName] = o.Definition
	}
	if d := c.classes[o.TypeName]; d != nil {
		c.objects[o.Name] = d
	}
	for _, v := range o.Values {
		c.learnObject(v.Object)
	}
}

func (c *conversation) property(object string, i int) string {
	if d := c.objects[object]; d != nil && i >= 0 && i < len(d.Properties) {
		return d.Properties[i].Name
	}
	return ""
}

// method finds the signal or slot that an Invoke packet is about, nil if it is not known.
func method(d *wire.Definition, dir direction, i int32) *wire.Method {
	if d == nil {
		return nil
	}
	methods := d.Slots
	if dir == toClient {
		methods = d.Signals
	}
	if i < 0 || int(i) >= len(methods) {
		return nil
	}
	return &methods[i]
}

func (c *conversation) method(dir direction, object string, i int32) string {
	m := method(c.objects[object], dir, i)
	if m == nil {
		return ""
	}
	name, _, _ := strings.Cut(m.Signature, "(")
	return name
}

// called remembers a call, and answered tells whose reply it is.
func (c *conversation) called(p *wire.Packet, slot string) {
	if len(c.calls) >= maxCalls {
		clear(c.calls)
	}
	k := called{slot: slot}
	if m := method(c.objects[p.Name], toHost, p.Index); m != nil {
		k.reply = m.ReturnType
	}
	c.calls[call{p.Name, p.Serial}] = k
}

func (c *conversation) answered(object string, serial int32) string {
	k := call{object, serial}
	slot := c.calls[k].slot
	delete(c.calls, k)
	return slot
}

// wellKnown are the classes that Qt itself remotes, which are seldom described on the wire.
var wellKnown = []*wire.Definition{
	{
		TypeName:   "Registry",
		Properties: []wire.PropertyDef{{Name: "sourceLocations"}},
		Signals:    methods("remoteObjectAdded", "remoteObjectRemoved"),
		Slots:      methods("addSource", "removeSource"),
	},
	{
		TypeName:   "QAbstractItemModelAdapter",
		Properties: []wire.PropertyDef{{Name: "availableRoles"}, {Name: "roleNames"}},
		Signals: methods("availableRolesChanged", "dataChanged", "rowsInserted", "rowsRemoved", "rowsMoved", "currentChanged",
			"resetModel", "headerDataChanged", "columnsInserted", "layoutChanged"),
		Slots: methods("replicaSizeRequest", "replicaRowRequest", "replicaHeaderRequest", "replicaSetCurrentIndex", "replicaSetData",
			"replicaCacheRequest"),
	},
}

func methods(names ...string) (out []wire.Method) {
	for _, n := range names {
		out = append(out, wire.Method{Signature: n + "()"})
	}
	return out
}
