//go:build !unix

package main

import "time"

// cpuTimes is not known here; the Qt peers do not run here either.
func cpuTimes() (user, sys time.Duration) { return 0, 0 }
