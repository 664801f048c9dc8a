// Package qtpeer builds and drives programs that speak Qt Remote Objects through Qt itself, so that a test has the
// real thing at the other end.
//
//	src := qtpeer.Start(t, 6, "source", "--url", url)
//	src.Wait(10*time.Second, "ready", nil)
//	src.Send("set Station.level 7")
//	src.Wait(time.Second, "set", qtpeer.Match{"prop": "Station.level"})
//
// A test is skipped where the Qt version that it asks for is not installed, unless QTRO_REQUIRE_QT=1 is set, which
// makes that a failure. The commands and events are described in interop/README.md.
package qtpeer
