package rep_test

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

var (
	randomFiles = flag.Int("random", 200, "how many random files there are")
	randomSeed  = flag.Uint64("random.seed", 1, "the seed of the first one")
)

// eachRandom calls do with the random files, several at a time.
func eachRandom(do func(seed uint64, src string)) {
	seeds := make(chan uint64)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range seeds {
				do(seed, randomFile(seed))
			}
		})
	}
	for i := range *randomFiles {
		seeds <- *randomSeed + uint64(i)
	}
	close(seeds)
	wg.Wait()
}

// answer is what this package says of a file, as RunRepc says what repc does.
func answer(f *rep.File, v rep.Version) []string {
	sigs, err := f.Signatures(v)
	if err != nil {
		return []string{"error"}
	}
	var all []string
	for _, s := range sigs {
		all = append(all, s.Class+" "+s.Hex)
	}
	return all
}

// TestRandomSignatures compares with repc what is said of random files: each that Parse takes has repc's signatures, or repc's
// rejection. Parse itself may reject what repc takes by accident, as it makes C++ of it that does not compile or not what was meant,
// such as "const QString&x", which is a type QStringx to it, or a return type on the line above its slot. With -v, the messages
// about such files are counted: none should be about what somebody may have meant.
//
//	go test ./rep -run TestRandom -v -random 10000 -random.seed 5000
func TestRandomSignatures(t *testing.T) {
	for _, v := range []rep.Version{rep.Qt5, rep.Qt6} {
		t.Run(v.String(), func(t *testing.T) {
			repc := qtpeer.RequireRepc(t, int(v))
			var mu sync.Mutex
			counts, only := map[string]int{}, map[string]int{}
			eachRandom(func(seed uint64, src string) {
				f, bad := rep.Parse("random.rep", []byte(src))
				want, got := rep.RunRepc(t, repc, src), answer(f, v)
				mu.Lock()
				defer mu.Unlock()
				taken := !slices.Contains(want, "error")
				counts[fmt.Sprintf("Parse takes it %t, repc %t, same %t", bad == nil, taken, strings.Join(want, ",") == strings.Join(got, ","))]++
				if bad == nil {
					assert.Equal(t, want, got, "seed %d\n%s", seed, src)
				} else if taken {
					only[bad.(rep.ErrorList)[0].Msg]++
				}
			})
			for what, n := range counts {
				t.Logf("%6d %s", n, what)
			}
			for what, n := range only {
				t.Logf("%6d only repc: %s", n, what)
			}
		})
	}
}

// mark is in each comment of a random file.
var mark = regexp.MustCompile(`note\d+`)

func marks(text string) map[string]int {
	all := map[string]int{}
	for _, m := range mark.FindAllString(text, -1) {
		all[m]++
	}
	return all
}

// TestRandomFormat formats random files: no comment is lost, no signature changes, and the second time nothing changes at all.
func TestRandomFormat(t *testing.T) {
	eachRandom(func(seed uint64, src string) {
		f, err := rep.Parse("random.rep", []byte(src))
		if err != nil {
			return
		}
		out := f.Format()
		assert.Equal(t, marks(src), marks(string(out)), "seed %d\n%s\n%s", seed, src, out)
		g, err := rep.Parse("formatted.rep", out)
		if !assert.NoError(t, err, "seed %d\n%s\n%s", seed, src, out) {
			return
		}
		assert.Equal(t, string(out), string(g.Format()), "seed %d\n%s", seed, src)
		for _, v := range []rep.Version{rep.Qt5, rep.Qt6} {
			if want := answer(f, v); !slices.Contains(want, "error") {
				assert.Equal(t, want, answer(g, v), "%s, seed %d\n%s\n%s", v, seed, src, out)
			}
		}
	})
}

var signatureField = regexp.MustCompile(`(?m)^\tSignature(5?): +"(\w+)",$`)

// TestRandomCode makes classes and code of random files. The code is right Go with repc's signatures; where there is none, or no
// source of a class, the error says what is not known.
func TestRandomCode(t *testing.T) {
	fset := token.NewFileSet()
	var mu sync.Mutex
	check := types.Config{Importer: imports(t, fset)}
	sources, made := 0, 0
	eachRandom(func(seed uint64, src string) {
		f, err := rep.Parse("random.rep", []byte(src))
		if err != nil {
			return
		}
		classes, err := f.Classes()
		var list rep.ErrorList
		assert.True(t, err == nil || errors.As(err, &list), "seed %d: %v", seed, err)
		code, err := gogen.Generate(f, gogen.Options{})
		mu.Lock()
		defer mu.Unlock()
		for _, c := range classes {
			if _, err := core.NewSource(c); err != nil {
				assert.Regexp(t, `^class \w+: .*(unknown type|used twice|more than)`, err.Error(), "seed %d\n%s", seed, src)
				continue
			}
			sources++
		}
		if err != nil {
			var at *rep.Error
			assert.ErrorAs(t, err, &at, "seed %d\n%s", seed, src)
			return
		}
		made++
		file, err := parser.ParseFile(fset, "random.rep.go", code, 0)
		if !assert.NoError(t, err, "seed %d\n%s", seed, src) {
			return
		}
		_, err = check.Check("random", fset, []*ast.File{file}, nil)
		assert.NoError(t, err, "seed %d\n%s", seed, src)
		var got, want [2][]string
		for _, m := range signatureField.FindAllStringSubmatch(string(code), -1) {
			got[len(m[1])] = append(got[len(m[1])], m[2])
		}
		for i, v := range []rep.Version{rep.Qt6, rep.Qt5} {
			sigs, _ := f.Signatures(v) // none if that repc rejects the file
			for _, s := range sigs {
				want[i] = append(want[i], s.Hex)
			}
		}
		assert.Equal(t, want, got, "seed %d\n%s", seed, src)
	})
	t.Logf("%d sources, and code of %d files", sources, made)
	require.Greater(t, made, *randomFiles/5)
}

// imports knows the packages that generated code imports, as they are compiled.
func imports(t *testing.T, fset *token.FileSet) types.Importer {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "github.com/go-qtro/qtro/core").Output()
	require.NoError(t, err)
	compiled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		compiled[path] = file
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
}
