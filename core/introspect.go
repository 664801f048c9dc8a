package core

import (
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

// TransportFor returns the process-wide transport of a URL scheme, nil if there is none.
func TransportFor(scheme string) Transport {
	transports.RLock()
	defer transports.RUnlock()
	return transports.byScheme[scheme]
}

// SlotTypes returns the types of a slot's parameters and of its reply, nil if it has none. The slot is found by its name and,
// where that is overloaded, by the number of its arguments, as by [Replica.Call].
func (p *Replica) SlotTypes(slot string, args int) (params []*qt.Type, reply *qt.Type, err error) {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.info == nil {
		return nil, nil, p.fail("call", slot, fmt.Errorf("%w: its class is not known yet; wait until it is Valid", ErrNotConnected))
	}
	i, err := r.info.slot(slot, args)
	if err != nil {
		return nil, nil, p.fail("call", slot, err)
	}
	m := &r.info.slots[i]
	for _, param := range m.params {
		params = append(params, param.typ)
	}
	return params, m.ret, nil
}

// PropertyType returns the type of a property, nil if it holds an object.
func (p *Replica) PropertyType(property string) (*qt.Type, error) {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.property(property)
	if err != nil {
		return nil, p.fail("get", property, err)
	}
	return r.info.props[i].typ, nil
}
