package authz_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/authz"
	"github.com/go-qtro/qtro/core"
)

// plantFiles are the files of testdata/plant, by name.
func plantFiles(t testing.TB) map[string]string {
	files := map[string]string{}
	for _, name := range []string{"plant.cedar", "entities.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "plant", name))
		require.NoError(t, err)
		files[name] = string(text)
	}
	return files
}

// openRules loads n policies of which the last one permits everything. A third of the others is for one peer each, a third for one
// member, and a third for whatever has to be looked at.
func openRules(b testing.TB, n int) *authz.Policies {
	var text strings.Builder
	for i := range n - 1 {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&text, "permit(principal == Peer::\"spiffe://plant/%d\", action in Action::\"use\", resource in Object::\"Object%d\");\n", i, i)
		case 1:
			fmt.Fprintf(&text, "permit(principal, action == Action::\"call\", resource == Member::\"Object%d.reset\");\n", i)
		case 2:
			fmt.Fprintf(&text, "permit(principal, action, resource) when { principal.security == \"local\" && resource.object like \"Object%d*\" };\n", i)
		}
	}
	text.WriteString("permit(principal, action, resource);\n")
	return open(b, text.String())
}

// BenchmarkRemembered is a decision that was made before.
func BenchmarkRemembered(b *testing.B) {
	p := openRules(b, 1000)
	for name, peer := range map[string]*core.Peer{"certificate": panel, "plain": stranger, "local": local} {
		r := request(peer, "call Boiler.setLevel")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p.Authorize(r) != nil {
					b.Fatal("denied")
				}
			}
		})
	}
}

// BenchmarkRememberedParallel is the same on all processors.
func BenchmarkRememberedParallel(b *testing.B) {
	p := openRules(b, 1000)
	r := request(panel, "call Boiler.setLevel")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = p.Authorize(r)
		}
	})
}

// BenchmarkDecided is a decision that has to be made.
func BenchmarkDecided(b *testing.B) {
	for _, n := range []int{10, 1000} {
		for _, what := range []string{"call Boiler.setLevel", "see Boiler"} {
			b.Run(fmt.Sprintf("rules=%d/%s", n, strings.Fields(what)[0]), func(b *testing.B) {
				p := openRules(b, n)
				r := request(panel, what)
				b.ReportAllocs()
				for b.Loop() {
					if !p.Explain(r).Allowed {
						b.Fatal("denied")
					}
				}
			})
		}
	}
}

// BenchmarkLoad is what a reload costs.
func BenchmarkLoad(b *testing.B) {
	p := openRules(b, 1000)
	for b.Loop() {
		require.NoError(b, p.Reload())
	}
}
