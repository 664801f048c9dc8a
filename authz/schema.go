package authz

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"github.com/go-qtro/qtro/core"
)

//go:embed qtro.cedarschema
var schemaText string

// Schema returns the text of qtro.cedarschema, the schema that policies are checked against.
func Schema() string { return schemaText }

// The entity types of the schema.
const (
	peerType   cedar.EntityType = "Peer"
	roleType   cedar.EntityType = "Role"
	objectType cedar.EntityType = "Object"
	areaType   cedar.EntityType = "Area"
	memberType cedar.EntityType = "Member"
	actionType cedar.EntityType = "Action"
)

var parsedSchema = sync.OnceValue(func() *resolved.Schema {
	var s schema.Schema
	s.SetFilename("qtro.cedarschema")
	if err := s.UnmarshalCedar([]byte(schemaText)); err != nil {
		panic(fmt.Sprintf("authz: %v", err)) // the tests see to it that this cannot be
	}
	r, err := s.Resolve()
	if err != nil {
		panic(fmt.Sprintf("authz: %v", err))
	}
	return r
})

// actions are what can be asked for, by core.Action.
var actions = [...]cedar.EntityUID{
	core.See:      action(core.See),
	core.Acquire:  action(core.Acquire),
	core.Read:     action(core.Read),
	core.Write:    action(core.Write),
	core.Call:     action(core.Call),
	core.Register: action(core.Register),
}

func action(a core.Action) cedar.EntityUID {
	return cedar.NewEntityUID(actionType, cedar.String(a.String()))
}

// known tells whether there is such an action.
func known(a core.Action) bool { return a > 0 && int(a) < len(actions) }

// ofMember tells whether an action is with a member of an object, and not with the object.
func ofMember(a core.Action) bool { return a == core.Read || a == core.Write || a == core.Call }
