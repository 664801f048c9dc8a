package unix

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/go-qtro/qtro/core"
)

// credentials are those of the process that connected or, of a listener, that began to listen.
func credentials(fd int) (*core.Credentials, error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return nil, err
	}
	if c.Ngroups < 1 {
		return nil, errors.New("the peer has no group")
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return nil, err
	}
	return &core.Credentials{PID: pid, UID: int(c.Uid), GID: int(c.Groups[0])}, nil
}
