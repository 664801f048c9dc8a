package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/wire"
)

// A host that is no registry of ours cannot become it by calling an object "Registry".
func TestRegistryIsTiedToItsURL(t *testing.T) {
	c := &clientConn{node: &Node{}, url: "tcp://elsewhere:1"}
	at := "tcp://registry:1"
	c.node.registryURL = &at
	r := newRemote(c.node, registryName, nil)
	assert.False(t, c.subscribe(r, wire.ObjectRef{Name: registryName}))
	require.Nil(t, r.conn.Load())
}
