package all_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	_ "github.com/go-qtro/qtro/transports/all"
)

func TestSchemes(t *testing.T) {
	require.Subset(t, core.Schemes(), []string{"exttcp", "local", "localabstract", "quic", "tcp", "tls"})
}
