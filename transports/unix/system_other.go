//go:build !linux && !windows

package unix

import (
	"fmt"

	"github.com/go-qtro/qtro/core"
)

// maxName is how long a socket's name may be: sun_path of the BSDs without the final NUL.
const maxName = 103

func supported(scheme string) error {
	switch scheme {
	case local:
		return nil
	case abstract:
		return fmt.Errorf("%w: %q is known to Linux only: use local", core.ErrHostURLInvalid, scheme)
	}
	return fmt.Errorf("%w: scheme %q is not for local sockets", core.ErrHostURLInvalid, scheme)
}
