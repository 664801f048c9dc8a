// Package companion holds what programs that are not written in Go need to join a qtro network over TLS. The folder qt has
// a C++ header for Qt programs and its README.
package companion

import "embed"

// Qt is the companion for Qt 5.15 and Qt 6: qt/qtrotls.h, and qt/CMakeLists.txt with the target qtro::tls.
//
//go:embed qt/qtrotls.h qt/CMakeLists.txt
var Qt embed.FS
