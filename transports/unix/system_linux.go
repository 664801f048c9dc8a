package unix

import (
	"fmt"

	"github.com/go-qtro/qtro/core"
)

// maxName is how long a socket's name may be: sun_path without a final or leading NUL.
const maxName = 107

func supported(scheme string) error {
	if scheme != local && scheme != abstract {
		return fmt.Errorf("%w: scheme %q is not for local sockets", core.ErrHostURLInvalid, scheme)
	}
	return nil
}
