//go:build linux || darwin

package unix

import (
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

// What Qt 5.15 and Qt 6.4 make of the same URLs was looked up in /proc/net/unix.
func TestAddress(t *testing.T) {
	for _, c := range []struct{ tmpdir, url, want string }{
		{"", "local:name", "/tmp/name"},
		{"/var/tmp", "local:name", "/var/tmp/name"},
		{"/var//tmp/./", "local:name", "/var/tmp/name"},
		{"/", "local:name", "//name"},
		{"here", "local:name", "here/name"},
		{"@here", "local:name", "./@here/name"},
		{"/t", "local:sub/name", "/t/sub/name"},
		{"/t", "local:../name", "/t/../name"},
		{"/t", "local:a%20b%2Fc", "/t/a b/c"},
		{"/t", "local:a+b", "/t/a+b"},
		{"/t", "local:käse", "/t/käse"},
		{"/t", "local:@name", "/t/@name"},
		{"/t", "local:name?query#fragment", "/t/name"},
		{"/t", "local:/run/x.sock", "/run/x.sock"},
		{"/t", "local:///run/x.sock", "/run/x.sock"},
		{"/t", "local:/run/a%20b", "/run/a b"},
		{"/t", "localabstract:name", "@name"},
		{"/t", "localabstract:/a/b", "@/a/b"},
		{"/t", "localabstract:a%20b", "@a b"},
		{"/t", "localabstract:@name", "@@name"},
	} {
		if strings.HasPrefix(c.url, abstract) && runtime.GOOS != "linux" {
			continue
		}
		t.Setenv("TMPDIR", c.tmpdir)
		u, err := url.Parse(c.url)
		require.NoError(t, err)
		got, err := address(u)
		require.NoError(t, err, c.url)
		require.Equal(t, c.want, got, "%s with TMPDIR=%s", c.url, c.tmpdir)
	}
}

func TestInvalid(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	for raw, why := range map[string]string{
		"local:":              "no name",
		"local://":            "no name",
		"local:?name":         "no name",
		"local://name":        "it has a host; write local:name",
		"local://name/x":      "it has a host; write local:name/x",
		"local:a%00b":         "a NUL in the name",
		"local:a%zz":          "invalid URL escape",
		"tcp:name":            `scheme "tcp" is not for local sockets`,
		"local:/" + long(107): "108 bytes",
		"local:" + long(103):  "108 bytes",
	} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		_, err = address(u)
		require.ErrorIs(t, err, core.ErrHostURLInvalid, raw)
		if !strings.Contains(why, "bytes") || runtime.GOOS == "linux" {
			require.ErrorContains(t, err, why)
		}
	}
	u, err := url.Parse("localabstract:name")
	require.NoError(t, err)
	if _, err = address(u); runtime.GOOS != "linux" {
		require.ErrorContains(t, err, "Linux only")
	}
}

func long(n int) string { return strings.Repeat("x", n) }
