// Command build builds the Qt peers ahead of the tests: go run ./interop/build [5] [6]. A version that is not
// installed is reported and skipped, or is an error with QTRO_REQUIRE_QT=1.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

func main() {
	log.SetFlags(0)
	majors := os.Args[1:]
	if len(majors) == 0 {
		majors = []string{"5", "6"}
	}
	for _, arg := range majors {
		major, err := strconv.Atoi(arg)
		if err != nil {
			log.Fatalf("build: %q is not a major version of Qt", arg)
		}
		dir, err := qtpeer.Build(major)
		switch {
		case errors.Is(err, qtpeer.ErrNoQt) && !qtpeer.Required():
			log.Printf("build: skipped Qt %d: %v", major, err)
		case err != nil:
			log.Fatalf("build: %v", err)
		default:
			fmt.Println(dir)
		}
	}
}
