// Package all brings every transport of this module. Import it for its effect:
//
//	import _ "github.com/go-qtro/qtro/transports/all"
//
// A program that needs some of them only imports those, and links nothing of the others.
package all

import (
	_ "github.com/go-qtro/qtro/transports/quic" // quic, to be configured
	_ "github.com/go-qtro/qtro/transports/tcp"  // tcp, exttcp
	_ "github.com/go-qtro/qtro/transports/tls"  // tls, to be configured
	_ "github.com/go-qtro/qtro/transports/unix" // local, localabstract
)
