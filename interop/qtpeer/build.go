package qtpeer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-qtro/qtro/companion"
	"github.com/go-qtro/qtro/interop/peers"
)

// ErrNoQt is what Build returns where the Qt version, or what is needed to build with it, is not installed.
var ErrNoQt = errors.New("no Qt Remote Objects development files")

// noQtMark is printed by the CMake project when it does not find Qt.
const noQtMark = "QTPEER-NO-QT"

const done = "done" // file that marks a finished build

var builds = map[int]func() (string, error){
	5: sync.OnceValues(func() (string, error) { return build(5) }),
	6: sync.OnceValues(func() (string, error) { return build(6) }),
}

// Build makes the peers for Qt major (5 or 6) unless they have been built before, and returns their folder: bin/ has
// the programs, rep/ the .rep files and what repc made of them. It can take minutes the first time, and says so in the
// log. Builds are kept in the user's cache folder, under a hash of the sources; processes that want the same build at
// the same time wait for each other.
func Build(major int) (string, error) {
	once := builds[major]
	if once == nil {
		return "", fmt.Errorf("build the peers for Qt %d: only 5 and 6 are known", major)
	}
	return once()
}

func build(major int) (string, error) {
	tools, err := findTools(major)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the Qt peers: %w", err)
	}
	hash, err := hashTrees(peers.Source, companion.Qt)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "qtro-peers", hash, fmt.Sprintf("qt%d", major))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make room for the Qt peers: %w", err)
	}
	unlock, err := lockFile(dir + ".lock")
	if err != nil {
		return "", fmt.Errorf("lock the Qt peers: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(dir, done)); err == nil {
		return dir, nil
	}
	if err := compile(dir, major, tools); err != nil {
		return "", fmt.Errorf("build the peers for Qt %d: %w", major, err)
	}
	return dir, nil
}

type tools struct{ cmake, ninja string }

func findTools(major int) (tools, error) {
	var t tools
	for name, path := range map[string]*string{"cmake": &t.cmake, "ninja": &t.ninja} {
		var err error
		if *path, err = exec.LookPath(name); err != nil {
			return t, fmt.Errorf("%w for Qt %d: %w", ErrNoQt, major, err)
		}
	}
	return t, nil
}

// compile builds in a folder of its own and moves what is wanted out of it: precompiled headers alone are 200 MB.
func compile(dir string, major int, t tools) error {
	start := time.Now()
	work := filepath.Join(dir, "work")
	if err := os.RemoveAll(work); err != nil { // of a build that was interrupted
		return err
	}
	defer os.RemoveAll(work)
	src := filepath.Join(work, "interop", "peers") // the same places as in the repository
	for to, tree := range map[string]fs.FS{src: peers.Source, filepath.Join(work, "companion"): companion.Qt} {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if err := os.CopyFS(to, tree); err != nil {
			return fmt.Errorf("unpack the sources: %w", err)
		}
	}
	out := filepath.Join(work, "build")
	configure := exec.Command(t.cmake, "-S", src, "-B", out, "-G", "Ninja", fmt.Sprintf("-DQT_MAJOR=%d", major),
		"-DCMAKE_MAKE_PROGRAM="+t.ninja)
	if text, err := configure.CombinedOutput(); bytes.Contains(text, []byte(noQtMark)) {
		return ErrNoQt
	} else if err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	log.Printf("qtpeer: building the peers for Qt %d, once (%s)", major, dir)
	if text, err := exec.Command(t.ninja, "-C", out).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	for _, name := range []string{"bin", "rep"} {
		to := filepath.Join(dir, name)
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(out, name), to); err != nil {
			return err
		}
	}
	log.Printf("qtpeer: built the peers for Qt %d in %s", major, time.Since(start).Round(time.Second))
	return os.WriteFile(filepath.Join(dir, done), nil, 0o644)
}

func hashTrees(trees ...fs.FS) (string, error) {
	sum := sha256.New()
	for _, tree := range trees {
		err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(tree, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%s %d\n", path, len(text))
			sum.Write(text)
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("hash the Qt peers' sources: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
