package core

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var anywhere = context.Background()

func fileStore(t *testing.T, dir string) *FileStore {
	t.Helper()
	s, err := NewFileStore(dir)
	require.NoError(t, err)
	return s
}

func TestFileStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "some", "where")
	s := fileStore(t, dir)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
	key := PersistedKey{"Panel", "Panel", "aa6"}
	data, err := s.Load(anywhere, key)
	require.NoError(t, err)
	require.Nil(t, data)
	for _, want := range [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("long"), 1<<18), []byte("two")} {
		require.NoError(t, s.Save(anywhere, key, want))
		got, err := fileStore(t, dir).Load(anywhere, key)
		require.NoError(t, err)
		require.NotNil(t, got)
		require.Equal(t, want, got)
	}
	info, err = os.Stat(s.path(key))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary files")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = NewFileStore(file)
	require.ErrorContains(t, err, "qtro: open store "+file)
	require.NoError(t, os.RemoveAll(dir))
	require.Error(t, s.Save(anywhere, key, nil))
}

// TestFileStoreNames: every object has a file of its own, in the folder, whatever its name is.
func TestFileStoreNames(t *testing.T) {
	dir := t.TempDir()
	s := fileStore(t, dir)
	seen := map[string]string{}
	keys := []PersistedKey{{"a", "b", ""}, {"a", "", "b"}, {"", "a", "b"}, {"a\" \"b", "", ""}, {"a", "B", ""}}
	for _, name := range []string{"", ".", "..", "../../etc/passwd", "/", `C:\x`, "CON", "nul", "a:b", "A", "Zürich 東京", "zürich 東京",
		"\x00", "a\x00b", "\xff", "\xfe", "*?<>|", " ", "trailing.", strings.Repeat("x", 5000), strings.Repeat("x", 4999) + "y", "saving-1.tmp"} {
		keys = append(keys, PersistedKey{name, "Class", "sig"})
	}
	for i, key := range keys {
		path := s.path(key)
		require.Equal(t, dir, filepath.Dir(path))
		require.Regexp(t, `^[A-Za-z0-9_]{0,32}-[0-9a-f]{32}\.qtro$`, filepath.Base(path))
		folded := strings.ToLower(path)
		require.NotContains(t, seen, folded, "%q", key)
		seen[folded] = key.Object
		require.NoError(t, s.Save(anywhere, key, []byte(strconv.Itoa(i))))
	}
	for i, key := range keys {
		got, err := s.Load(anywhere, key)
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i), string(got))
	}
}

// TestFileStoreDamaged: a file that is not as it was written is an error, however it came to that, and can be written anew.
func TestFileStoreDamaged(t *testing.T) {
	s := fileStore(t, t.TempDir())
	key := PersistedKey{"Panel", "Panel", ""}
	require.NoError(t, s.Save(anywhere, key, []byte("some values")))
	whole, err := os.ReadFile(s.path(key))
	require.NoError(t, err)
	damaged := func(b []byte, what ...any) {
		t.Helper()
		require.NoError(t, os.WriteFile(s.path(key), b, 0o600))
		data, err := s.Load(anywhere, key)
		require.ErrorContains(t, err, "is damaged", what...)
		require.ErrorContains(t, err, s.path(key))
		require.Nil(t, data)
	}
	for n := range whole {
		damaged(whole[:n], n)
		bad := bytes.Clone(whole)
		bad[n] ^= 0x40
		damaged(bad, n)
		damaged(append(bytes.Clone(whole[:n]), make([]byte, len(whole)-n)...), n) // as some file systems leave it
	}
	damaged(append(bytes.Clone(whole), 0))

	// To a node it is as if there was nothing, and it says so.
	var log bytes.Buffer
	class := panelClass()
	key = persistedKey("Panel", class)
	require.NoError(t, os.WriteFile(s.path(key), whole[:20], 0o600))
	h, _ := testHost(t)
	source := panel(t, h)
	require.NoError(t, source.Set("visits", 12))
	n, errs := testNode(t, func(c *Config) {
		c.PersistedStore, c.Logger = s, slog.New(slog.NewTextHandler(&log, nil))
	})
	r, err := n.Acquire("Panel", class)
	require.NoError(t, err)
	require.EqualValues(t, 7, current[int32](r, "visits"))
	require.ErrorContains(t, recv(t, errs), "is damaged")
	require.Contains(t, log.String(), "is damaged")
	connectPipe(t, n, h)
	require.NoError(t, r.Wait(soon(t)))
	require.NoError(t, n.Close())
	n, _ = testNode(t, func(c *Config) { c.PersistedStore = fileStore(t, s.dir) })
	r, err = n.Acquire("Panel", class)
	require.NoError(t, err)
	require.EqualValues(t, 12, current[int32](r, "visits"))
}

// TestFileStoreSweep: what a process has left that ended while it saved is removed, and what one is writing is not.
func TestFileStoreSweep(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * tempAge)
	for _, name := range []string{"saving-1.tmp", "saving-22.tmp", "saving-3.tmp", "other.tmp", "saving-x.qtro"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		if name != "saving-3.tmp" {
			require.NoError(t, os.Chtimes(path, old, old))
		}
	}
	fileStore(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	require.ElementsMatch(t, []string{"saving-3.tmp", "other.tmp", "saving-x.qtro"}, files)
}

// version is what the tests below save: any two of its parts tell whether they belong together.
func version(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%08d", n), 1+n%5000)
}

func versionOf(t testing.TB, data []byte) int {
	t.Helper()
	require.GreaterOrEqual(t, len(data), 8)
	n, err := strconv.Atoi(string(data[:8]))
	require.NoError(t, err)
	require.True(t, bytes.Equal(version(n), data), "mixed")
	return n
}

// TestFileStoreTogether: whoever writes and reads at the same time sees whole versions.
func TestFileStoreTogether(t *testing.T) {
	dir := t.TempDir()
	key := PersistedKey{"Panel", "Panel", ""}
	require.NoError(t, fileStore(t, dir).Save(anywhere, key, version(0)))
	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			s, err := NewFileStore(dir)
			if !assert.NoError(t, err) {
				return
			}
			for i := range 25 {
				if k%2 == 0 {
					assert.NoError(t, s.Save(anywhere, key, version(k*1000+i)))
					continue
				}
				data, err := s.Load(anywhere, key)
				if assert.NoError(t, err) {
					versionOf(t, data)
				}
			}
		})
	}
	all.Wait()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

// storeEnv tells a test's own binary to save in a folder until it is killed.
const storeEnv = "QTRO_TEST_STORE"

// TestFileStoreKilled kills a process that saves, again and again, at any moment. What it has reported as saved is there, or
// the version that it was just saving.
func TestFileStoreKilled(t *testing.T) {
	key := PersistedKey{"Panel", "Panel", ""}
	if dir := os.Getenv(storeEnv); dir != "" {
		s := fileStore(t, dir)
		data, err := s.Load(anywhere, key)
		require.NoError(t, err)
		for n := versionOf(t, data) + 1; ; n++ {
			require.NoError(t, s.Save(anywhere, key, version(n)))
			fmt.Println(n)
		}
	}
	times := 60
	if testing.Short() {
		times = 5
	}
	dir := t.TempDir()
	s := fileStore(t, dir)
	require.NoError(t, s.Save(anywhere, key, version(0)))
	last := 0
	for range times {
		child := exec.Command(os.Args[0], "-test.run=^TestFileStoreKilled$")
		child.Env = append(os.Environ(), storeEnv+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		first := make([]byte, 1)
		_, err = io.ReadFull(out, first) // it saves
		assert.NoError(t, err)
		time.Sleep(rand.N(8 * time.Millisecond)) // which is the test: any moment will do
		assert.NoError(t, child.Process.Kill())
		rest, err := io.ReadAll(out)
		assert.NoError(t, err)
		_ = child.Wait()
		told := strings.Split(strings.TrimSpace(string(first)+string(rest)), "\n")
		saved, err := strconv.Atoi(told[len(told)-1])
		require.NoError(t, err)
		require.Greater(t, saved, last)
		data, err := s.Load(anywhere, key)
		require.NoError(t, err)
		last = versionOf(t, data)
		require.Contains(t, []int{saved, saved + 1}, last)
	}
	left, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	require.NoError(t, err)
	t.Logf("%d versions, killed %d times, %d times while a file was being written", last, times, len(left))
	old := time.Now().Add(-2 * tempAge)
	for _, name := range left {
		require.NoError(t, os.Chtimes(name, old, old))
	}
	fileStore(t, dir)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}
