package unix

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-qtro/qtro/core"
)

// The schemes of this package.
const (
	local    = "local"
	abstract = "localabstract"
)

// address returns the socket's address as package net takes it: a path, or "@" and a name in the abstract namespace. As in
// Qt, what counts of the URL is its path, percent-decoded, whether it was written local:name or local:///path.
func address(u *url.URL) (string, error) {
	if err := supported(u.Scheme); err != nil {
		return "", err
	}
	name := u.Path
	if u.Opaque != "" {
		var err error
		if name, err = url.PathUnescape(u.Opaque); err != nil {
			return "", invalid(u, err.Error())
		}
	}
	switch {
	case u.Host != "":
		return "", invalid(u, fmt.Sprintf("it has a host; write %s:%s%s", u.Scheme, u.Host, name))
	case name == "":
		return "", invalid(u, "no name")
	case strings.ContainsRune(name, 0):
		return "", invalid(u, "a NUL in the name")
	}
	switch {
	case u.Scheme == abstract:
		name = "@" + name
	case name[0] != '/':
		name = filepath.Clean(os.TempDir()) + "/" + name
		if name[0] == '@' { // a relative TMPDIR must not look like a name in the abstract namespace
			name = "./" + name
		}
	}
	if len(name) > maxName {
		return "", invalid(u, fmt.Sprintf("%s has %d bytes, and the system takes %d", name, len(name), maxName))
	}
	return name, nil
}

func invalid(u *url.URL, why string) error {
	return fmt.Errorf("%w: %s: %s", core.ErrHostURLInvalid, u, why)
}
