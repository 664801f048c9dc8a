package authz_test

import (
	"fmt"
	"path/filepath"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
)

func Example() {
	policies, err := authz.Open(authz.Config{}, filepath.FromSlash("testdata/plant"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer policies.Close()
	host := core.NewHost(core.Config{Authorizer: policies}) // asks them about each of its peers
	defer host.Close()

	// They can be asked by hand, too.
	panel := &core.Peer{Scheme: "tls", Security: core.Authenticated, Identity: "spiffe://plant/panel"}
	for _, slot := range []string{"acknowledge", "reset"} {
		d := policies.Explain(core.Request{Peer: panel, Action: core.Call, Object: "Boiler", Member: slot})
		fmt.Println(slot, d.Allowed)
	}
	fmt.Println(policies.Authorize(core.Request{Peer: panel, Action: core.Call, Object: "Boiler", Member: "reset"}))
	// Output:
	// acknowledge true
	// reset false
	// not authorized: spiffe://plant/panel (tls, authenticated) may not call Boiler.reset: no policy permits it
}
