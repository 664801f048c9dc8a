//go:build !linux && !darwin

package unix

import (
	"errors"

	"github.com/go-qtro/qtro/core"
)

func credentials(int) (*core.Credentials, error) { return nil, errors.ErrUnsupported }
