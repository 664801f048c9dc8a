// Package unix brings the schemes local and localabstract: sockets between processes of one machine, with the names that
// Qt's QLocalServer and QLocalSocket give them. Import the package for its effect:
//
//	import _ "github.com/go-qtro/qtro/transports/unix"
//
// # Names
//
//	local:name           a socket file in the temporary directory: $TMPDIR, or /tmp if that is empty
//	local:/run/app.sock  a socket file at that path; local:///run/app.sock is the same
//	localabstract:name   a name in Linux's abstract namespace, without a file (Qt 6.2 and later)
//
// Names are percent-decoded. A URL with a host, such as local://name, is an error. Both ends need the same TMPDIR for
// names without a leading slash: macOS and many service managers give each user or service a directory of its own. Linux
// takes paths and names of up to 107 bytes, Qt 6 only of 106; macOS takes 103.
//
// # Socket files
//
// Whoever may write to a socket file may connect. As in Qt, the file gets all permissions that the umask leaves: with
// the usual 022, the same user and root may connect. Put the socket into a directory with the permissions you want, or
// change the file's after Listen has returned. Names in the abstract namespace have no permissions: every process in
// the same network namespace may connect.
//
// The file is removed when the listener is closed. One that a process left behind when it died is removed by
// the next that listens there. Qt also takes the name of a server that is alive; this package does not, and says that the
// address is in use. If a Qt server takes the name of ours, ours leaves that file alone.
//
// # Who is there
//
// On Linux and macOS, [core.Peer] has the user, group and process at the other end, as the system knows them, in Unix, and
// the user as Identity: "uid:1000". They are of the process that connected or, on the side that dialed, that began to
// listen; a process id may belong to another process by now. A user that the own user namespace does not know is 65534.
//
// On Windows, where Qt uses named pipes, both schemes are errors that say so.
package unix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/go-qtro/qtro/core"
)

func init() {
	core.RegisterTransport(local, Transport{})
	core.RegisterTransport(abstract, Transport{})
}

// Transport makes connections by local sockets. The zero Transport is ready for use.
type Transport struct{}

// Listen listens at the socket that u names.
func (Transport) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	name, err := address(u)
	if err != nil {
		return nil, err
	}
	ln, file, err := listen(ctx, name)
	if err != nil {
		return nil, err
	}
	at := *u
	return &listener{UnixListener: ln, url: &at, name: name, file: file}, nil
}

// Security tells that connections never leave this machine.
func (Transport) Security() core.Security { return core.Local }

// busyPause is how long Dial waits before it tries again to connect to a server that has many connections to accept.
const busyPause = 10 * time.Millisecond

// Dial connects to the socket that u names. While more connections wait for the server than it is prepared for, Dial
// tries again until ctx is done.
func (Transport) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	name, err := address(u)
	if err != nil {
		return nil, err
	}
	for {
		var d net.Dialer
		c, err := d.DialContext(ctx, "unix", name)
		if err == nil {
			return newConn(c.(*net.UnixConn), u.Scheme, strings.TrimPrefix(name, "@")), nil
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// conn knows the process at the other end.
type conn struct {
	*net.UnixConn
	peer core.Peer
}

func newConn(c *net.UnixConn, scheme, addr string) conn {
	p := core.Peer{Scheme: scheme, Addr: addr, Security: core.Local}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { // if it fails, the connection has been closed
			p.Unix, err = credentials(int(fd))
		})
		if err == nil && p.Unix != nil {
			p.Identity = fmt.Sprintf("uid:%d", p.Unix.UID)
		}
	}
	return conn{c, p}
}

// Peer returns who is at the other end.
func (c conn) Peer() core.Peer { return c.peer }
