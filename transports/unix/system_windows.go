package unix

import (
	"fmt"

	"github.com/go-qtro/qtro/core"
)

const maxName = 0

func supported(scheme string) error {
	return fmt.Errorf("%w: there is no %q on Windows, where Qt's local sockets are named pipes: use tcp, tls or quic", core.ErrHostURLInvalid, scheme)
}
