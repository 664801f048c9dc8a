// Command build builds the Qt peers ahead of the tests: go run ./interop/build [5] [6]. A version that is not
// installed is reported and skipped, or is an error with QTRO_REQUIRE_QT=1.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

func main() {
	log.SetFlags(0)
	majors := os.Args[1:]
	if len(majors) == 0 {
		majors = []string{"5", "6"}
	}
	// Side by side, as each has long steps that keep one processor busy.
	var all sync.WaitGroup
	var failed atomic.Bool
	for _, arg := range majors {
		all.Go(func() {
			if err := build(arg); err != nil {
				log.Printf("build: %v", err)
				failed.Store(true)
			}
		})
	}
	all.Wait()
	if failed.Load() {
		os.Exit(1)
	}
}

// build prints the folder of the peers for a version.
func build(version string) error {
	major, err := strconv.Atoi(version)
	if err != nil {
		return fmt.Errorf("%q is not a major version of Qt", version)
	}
	dir, err := qtpeer.Build(major)
	switch {
	case errors.Is(err, qtpeer.ErrNoQt) && !qtpeer.Required():
		log.Printf("build: skipped Qt %d: %v", major, err)
	case err != nil:
		return err
	default:
		fmt.Println(dir)
	}
	return nil
}
