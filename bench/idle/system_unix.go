//go:build linux || darwin

package main

import (
	"fmt"
	"os"
	"syscall"
)

// allowFiles sees to it that the process may have so many connections.
func allowFiles(connections int) error {
	const others = 100
	need := uint64(connections + others)
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Cur >= need {
		return nil
	}
	most := l.Max
	l.Cur, l.Max = need, max(l.Max, need)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("a process may have %d files open, and needs %d: use fewer connections, more processes, or more privileges (ulimit -Hn)", most, need)
	}
	return nil
}

// resident returns how many bytes of memory the process has, 0 if the system does not tell in /proc.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize())
}
