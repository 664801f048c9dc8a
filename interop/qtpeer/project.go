package qtpeer

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// noQt6 is found in what CMake prints where a project's find_package, or a check of its own, does not find Qt 6.
var noQt6 = regexp.MustCompile(`provided by\s+"Qt6|Qt6\w*_FOUND|needs\s+Qt\s+6`)

// BuildProject builds the CMake project in the folder source, such as an example's, with Qt 6, and returns the folder of the
// build. It lies in the user's cache folder, so that there is little to do the next time. As with Require, the test is skipped
// where something that the project needs is not installed, or fails if QTRO_REQUIRE_QT=1.
func BuildProject(t testing.TB, source string) (dir string) {
	t.Helper()
	absent := t.Skipf
	if Required() {
		absent = t.Fatalf
	}
	tools, err := findTools(6)
	if err != nil {
		absent("needs Qt 6: %v", err)
	}
	if source, err = filepath.Abs(source); err != nil {
		t.Fatalf("find the project %s: %v", source, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("find a place for the build of %s: %v", source, err)
	}
	dir = filepath.Join(cache, "qtro-projects", fmt.Sprintf("%x", sha256.Sum256([]byte(source)))[:16])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatalf("make room for the build of %s: %v", source, err)
	}
	unlock, err := lockFile(dir + ".lock")
	if err != nil {
		t.Fatalf("lock the build of %s: %v", source, err)
	}
	defer unlock()
	run := func(name string, args ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	}
	text, err := run(tools.cmake, "-S", source, "-B", dir, "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM="+tools.ninja)
	if err != nil && noQt6.Match(text) {
		absent("%v\n%s", ErrNoQt, text)
	}
	if err == nil {
		text, err = run(tools.ninja, "-C", dir)
	}
	if err != nil {
		t.Fatalf("build %s: %v\n%s", source, err, text)
	}
	return dir
}
