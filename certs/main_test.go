package certs

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newAuthority(t testing.TB) *Authority {
	t.Helper()
	a, err := NewAuthority("Test", AuthorityOptions{})
	require.NoError(t, err)
	return a
}

func issue(t testing.TB, a *Authority, template Template) *tls.Certificate {
	t.Helper()
	c, err := a.Issue(template)
	require.NoError(t, err)
	return c
}
