package qtpeer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-qtro/qtro/interop/peers"
)

var signatureLine = regexp.MustCompile(`(?s)class (\w+)Source : public QObject\s*\{` +
	`.*?QCLASSINFO_REMOTEOBJECT_SIGNATURE, "([0-9a-f]+)"`)

// Signatures returns the class signatures that repc of Qt major computed for the peers' .rep files.
func Signatures(major int) (map[string]string, error) {
	dir, err := Build(major)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range peers.RepNames {
		text, err := os.ReadFile(filepath.Join(dir, "rep", "rep_"+name+"_source.h"))
		if err != nil {
			return nil, fmt.Errorf("read what repc made: %w", err)
		}
		maps.Copy(all, signaturesIn(text))
	}
	return all, nil
}

// signaturesIn returns the signatures in a header for sources, by class.
func signaturesIn(header []byte) map[string]string {
	all := map[string]string{}
	for _, m := range signatureLine.FindAllSubmatch(header, -1) {
		all[string(m[1])] = string(m[2])
	}
	return all
}

// ErrRefused is returned for a .rep file that repc does not take.
var ErrRefused = errors.New("repc refuses the file")

// Repc is the compiler of .rep files of one version of Qt.
type Repc struct{ path string }

// findRepc finds the repc of Qt major, where Linux distributions put it and in PATH. Without it the error is [ErrNoQt].
func findRepc(major int) (*Repc, error) {
	places := []string{"/usr/lib/qt5/bin/repc", "/usr/lib/qt6/libexec/repc", "repc"}
	for _, place := range places {
		path, err := exec.LookPath(place)
		if err != nil {
			continue
		}
		help, err := exec.Command(path, "--help").CombinedOutput()
		if err == nil && strings.Contains(string(help), fmt.Sprintf("(Qt %d.", major)) {
			return &Repc{path}, nil
		}
	}
	return nil, fmt.Errorf("%w for Qt %d: repc is none of %v", ErrNoQt, major, places)
}

// RequireRepc returns the repc of Qt major (5 or 6). Where there is none the test is skipped, or fails if QTRO_REQUIRE_QT=1.
func RequireRepc(t testing.TB, major int) *Repc {
	t.Helper()
	repc, err := findRepc(major)
	switch {
	case err == nil:
	case Required():
		t.Fatal(err)
	default:
		t.Skip(err)
	}
	return repc
}

// Compile runs repc on the text of a .rep file and returns the C++ header that it makes, for kind "source" or "replica". If repc
// does not take the file the error is [ErrRefused], with what repc says.
func (r *Repc) Compile(text, kind string) (header []byte, err error) {
	dir, err := os.MkdirTemp("", "qtro-repc-")
	if err != nil {
		return nil, fmt.Errorf("make room for repc: %w", err)
	}
	defer os.RemoveAll(dir)
	in := filepath.Join(dir, "in.rep")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write for repc: %w", err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(r.path, "-i", "rep", "-o", kind, in)
	cmd.Stderr = &stderr
	header, err = cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Exited():
		return nil, fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(stderr.String()))
	case err != nil:
		return nil, fmt.Errorf("run repc: %w", err)
	}
	return header, nil
}

// Signatures runs repc on the text of a .rep file and returns the signatures of its classes. The errors are those of Compile.
func (r *Repc) Signatures(text string) (map[string]string, error) {
	header, err := r.Compile(text, "source")
	if err != nil {
		return nil, err
	}
	return signaturesIn(header), nil
}
