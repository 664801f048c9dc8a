//go:build linux || darwin

package unix_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/core/transporttest"
	"github.com/go-qtro/qtro/transports/unix"
)

var names atomic.Int64

// unique returns a name that nobody else on the machine uses.
func unique() string { return fmt.Sprintf("qtro-test-%d-%d", os.Getpid(), names.Add(1)) }

// tempDir makes a short-named temporary directory the one where names without a slash are.
func tempDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "qtro")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func checkPeers(t testing.TB, accepted, dialed core.Peer) {
	for _, p := range []core.Peer{accepted, dialed} {
		require.Equal(t, &core.Credentials{PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid()}, p.Unix)
		require.Equal(t, fmt.Sprintf("uid:%d", os.Getuid()), p.Identity)
	}
	require.Equal(t, dialed.Addr, accepted.Addr)
}

func TestNames(t *testing.T) {
	dir := tempDir(t)
	t.Setenv("TMPDIR", dir)
	transporttest.Run(t, transporttest.Config{
		Transport:   unix.Transport{},
		ListenURL:   func(testing.TB) string { return "local:" + unique() },
		InvalidURLs: []string{"local://name", "local:a%00b"},
		StalledURL:  stalledURL,
		CheckPeers:  checkPeers,
	})
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "socket files are removed")
}

func TestPaths(t *testing.T) {
	dir := tempDir(t)
	transporttest.Run(t, transporttest.Config{
		Transport:  unix.Transport{},
		ListenURL:  func(testing.TB) string { return "local:" + filepath.Join(dir, unique()) },
		CheckPeers: checkPeers,
	})
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "socket files are removed")
}

func listen(t testing.TB, path string) core.Listener {
	t.Helper()
	l, err := unix.Transport{}.Listen(context.Background(), parse(t, "local:"+path))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// leaveStale leaves a socket file as a process does that was killed.
func leaveStale(t testing.TB, path string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	l.SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
	require.FileExists(t, path)
}

func reaches(t testing.TB, l core.Listener) {
	t.Helper()
	c, err := unix.Transport{}.Dial(context.Background(), l.URL())
	require.NoError(t, err)
	defer c.Close()
	other, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, other.Close())
}

func TestStaleFile(t *testing.T) {
	path := filepath.Join(tempDir(t), "s")
	leaveStale(t, path)
	_, err := unix.Transport{}.Dial(context.Background(), parse(t, "local:"+path))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	l := listen(t, path)
	reaches(t, l)
	require.NoError(t, l.Close())
	require.NoFileExists(t, path)
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// Of several processes that find the same stale file one wins, and keeps the name.
func TestStaleFileRace(t *testing.T) {
	path := filepath.Join(tempDir(t), "s")
	for range 5 {
		leaveStale(t, path)
		var mu sync.Mutex
		var won []core.Listener
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				l, err := unix.Transport{}.Listen(context.Background(), parse(t, "local:"+path))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, l)
				} else if !errors.Is(err, syscall.EADDRINUSE) {
					t.Errorf("not the error of a name in use: %v", err)
				}
			})
		}
		wg.Wait()
		require.Len(t, won, 1)
		c, err := unix.Transport{}.Dial(context.Background(), won[0].URL())
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, won[0].Close())
	}
}

func TestLiveServerKeepsItsName(t *testing.T) {
	path := filepath.Join(tempDir(t), "s")
	l := listen(t, path)
	h := core.NewHost(core.Config{})
	defer h.Close()
	_, err := h.Listen(context.Background(), "local:"+path)
	require.ErrorIs(t, err, core.ErrListenFailed)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, "a server is listening at "+path)
	c, err := l.Accept() // the one that looked
	require.NoError(t, err)
	require.NoError(t, c.Close())
	reaches(t, l)
}

func TestOtherFilesStay(t *testing.T) {
	dir := tempDir(t)
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(path, link))
	for _, at := range []string{path, link, dir} {
		_, err := unix.Transport{}.Listen(context.Background(), parse(t, "local:"+at))
		require.ErrorContains(t, err, "is no socket")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
	}
	got, err := os.ReadFile(link)
	require.NoError(t, err)
	require.Equal(t, "precious", string(got))
	_, err = unix.Transport{}.Listen(context.Background(), parse(t, "local:"+filepath.Join(dir, "none", "s")))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Who lost the name to another server, as happens with Qt, leaves that one's file alone.
func TestCloseAfterTheft(t *testing.T) {
	path := filepath.Join(tempDir(t), "s")
	first := listen(t, path)
	require.NoError(t, os.Remove(path))
	second := listen(t, path)
	require.NoError(t, first.Close())
	require.FileExists(t, path)
	reaches(t, second)
}

func TestPermissions(t *testing.T) {
	for _, mask := range []int{0o022, 0o077, 0o007} {
		path := filepath.Join(tempDir(t), "s")
		old := syscall.Umask(mask)
		l := listen(t, path)
		syscall.Umask(old)
		file, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o777&^mask), file.Mode().Perm())
		require.NoError(t, l.Close())
	}
}

func TestNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		return // root may do everything
	}
	path := filepath.Join(tempDir(t), "s")
	listen(t, path)
	require.NoError(t, os.Chmod(path, 0))
	_, err := unix.Transport{}.Dial(context.Background(), parse(t, "local:"+path))
	require.ErrorIs(t, err, fs.ErrPermission)
}

func TestOtherProcess(t *testing.T) {
	path := filepath.Join(tempDir(t), "s")
	l := listen(t, path)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=local:"+path)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	c, err := l.Accept()
	require.NoError(t, err)
	require.Equal(t, cmd.Process.Pid, c.Peer().Unix.PID)
	require.Equal(t, os.Getuid(), c.Peer().Unix.UID)
	require.NoError(t, c.Close())
	require.NoError(t, cmd.Wait())
}

// stalledURL makes a listener whose queue is full.
func stalledURL(t testing.TB) string {
	path := filepath.Join(tempDir(t), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	raw, err := l.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
	require.NoError(t, err)
	for {
		c, err := net.DialTimeout("unix", path, time.Second)
		if err != nil {
			return "local:" + path
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

// A server that is busy is alive, too.
func TestBusyServerKeepsItsName(t *testing.T) {
	at := stalledURL(t)
	_, err := unix.Transport{}.Listen(context.Background(), parse(t, at))
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.FileExists(t, parse(t, at).Path)
}
