//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTimes returns the processor time that the process has used.
func cpuTimes() (user, sys time.Duration) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}
