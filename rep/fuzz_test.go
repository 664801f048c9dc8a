package rep

import (
	"testing"
)

// FuzzFormat parses anything. What can be parsed, the formatter writes so that it is the same tree with the same signatures.
func FuzzFormat(f *testing.F) {
	for _, file := range caseFiles {
		_, cases := readCases(f, file)
		for _, c := range cases {
			f.Add(c.src)
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		checkFormat(t, src)
		file, _ := Parse("x.rep", []byte(src))
		for _, v := range []Version{Qt5, Qt6} {
			_, _ = file.Signatures(v)
		}
	})
}
