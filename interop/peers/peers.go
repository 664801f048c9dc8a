// Package peers holds the C++ sources of the Qt programs that the interoperability tests talk to.
// Package qtpeer builds and drives them; README.md one folder up describes their commands.
package peers

import (
	"embed"
	"fmt"
	"strings"
)

// Source is the CMake project.
//
//go:embed CMakeLists.txt *.rep.in reps/*/*.rep src
var Source embed.FS

// RepNames lists the .rep files of the programs source and replica, without extension.
var RepNames = []string{"station", "types", "brewery"}

// Rep returns the text of the .rep file with that name as Qt major (5 or 6) gets it: lines that begin with //5! or
// //6! are for that version alone.
func Rep(name string, major int) (string, error) {
	text, err := Source.ReadFile(name + ".rep.in")
	if err != nil {
		return "", fmt.Errorf("no .rep file %q: %w", name, err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, fmt.Sprintf("//%d!", major)); ok {
			out.WriteString("    " + strings.TrimLeft(rest, " "))
		} else if !strings.HasPrefix(line, "//5!") && !strings.HasPrefix(line, "//6!") {
			out.WriteString(line)
		}
	}
	return out.String(), nil
}
