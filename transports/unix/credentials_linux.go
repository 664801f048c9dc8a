package unix

import (
	"golang.org/x/sys/unix"

	"github.com/go-qtro/qtro/core"
)

// credentials are those of the process that connected or, of a listener, that began to listen.
func credentials(fd int) (*core.Credentials, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, err
	}
	return &core.Credentials{PID: int(c.Pid), UID: int(c.Uid), GID: int(c.Gid)}, nil
}
