package unix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-qtro/qtro/core"
)

type listener struct {
	*net.UnixListener
	url  *url.URL
	name string
	file fs.FileInfo // of the socket file, nil in the abstract namespace
	once sync.Once
}

// Accept waits for a connection. A peer that connected has no name of its own, so that its address is the socket's.
func (l *listener) Accept() (core.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return newConn(c, l.url.Scheme, l.addr()), nil
}

func (l *listener) addr() string {
	if l.file == nil {
		return l.name[1:]
	}
	return l.name
}

func (l *listener) URL() *url.URL {
	u := *l.url
	return &u
}

// Close removes the socket file unless it is another server's by now. While the listener is open, the system gives the
// identity of its file to no other.
func (l *listener) Close() error {
	l.once.Do(func() {
		if l.file == nil {
			return
		}
		if file, err := os.Lstat(l.name); err == nil && os.SameFile(file, l.file) {
			_ = os.Remove(l.name) // what remains is stale, and the next server removes it
		}
	})
	return l.UnixListener.Close()
}

// listen listens at an address, and returns what the socket file is.
func listen(ctx context.Context, name string) (*net.UnixListener, fs.FileInfo, error) {
	ln, err := bind(ctx, name)
	if errors.Is(err, syscall.EADDRINUSE) && name[0] != '@' {
		if err := removeStale(ctx, name); err != nil {
			return nil, nil, err
		}
		ln, err = bind(ctx, name)
	}
	if err != nil {
		return nil, nil, err
	}
	ln.SetUnlinkOnClose(false)
	if name[0] == '@' {
		return ln, nil, nil
	}
	file, err := os.Lstat(name)
	if err != nil {
		_ = ln.Close()
		return nil, nil, err
	}
	return ln, file, nil
}

func bind(ctx context.Context, name string) (*net.UnixListener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "unix", name)
	if err != nil {
		return nil, err
	}
	return ln.(*net.UnixListener), nil
}

// startTime is how long a server may take between making its socket file and listening.
const startTime = 20 * time.Millisecond

// removals tells apart the removals of this process.
var removals atomic.Int64

// removeStale removes the socket file of a server that is gone. Several processes may try at the same time, and others may
// start to listen there meanwhile: so the file is moved aside, and back if it is not the one that was examined.
func removeStale(ctx context.Context, path string) error {
	file, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if file.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is there and is no socket: %w", path, syscall.EADDRINUSE)
	}
	for i := range 2 {
		if i > 0 {
			time.Sleep(startTime)
		}
		if err := refuses(ctx, path); err != nil {
			return err
		}
	}
	aside := fmt.Sprintf("%s.%d.%d.stale", path, os.Getpid(), removals.Add(1))
	if err := os.Rename(path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("remove a socket that nobody listens at: %w", err)
	}
	moved, err := os.Lstat(aside)
	if err == nil && (!os.SameFile(file, moved) || !file.ModTime().Equal(moved.ModTime())) {
		_ = os.Link(aside, path) // unless there is yet another one
		err = inUse(path)
	}
	return errors.Join(err, os.Remove(aside))
}

// refuses returns nil if nobody listens at a socket file.
func refuses(ctx context.Context, path string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = c.Close()
		return inUse(path)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	case ctx.Err() != nil:
		return err
	}
	return fmt.Errorf("%w: %w", inUse(path), err) // by a server that is busy or another user's
}

func inUse(path string) error {
	return fmt.Errorf("a server is listening at %s: %w", path, syscall.EADDRINUSE)
}
