package rep

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/interop/qtpeer"
)

var update = flag.Bool("update", false, "write expected results anew")

// repCase is a file with what the repc of each version says of it: "CLASS SIGNATURE" lines, or "error".
type repCase struct {
	name, src string
	want      map[Version][]string
}

var caseFiles = []string{"signatures.txt", "cases.txt", "random.txt"}

// readCases reads a file of testdata. A line of a case's text is behind "| ", or all of it in quotes behind "= ".
func readCases(t testing.TB, file string) (head []string, cases []*repCase) {
	text, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	var c *repCase
	for line := range strings.SplitSeq(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "case":
			c = &repCase{name: rest, want: map[Version][]string{}}
			cases = append(cases, c)
		case "|":
			c.src += rest + "\n"
		case "=":
			c.src, err = strconv.Unquote(rest)
			require.NoError(t, err, line)
		case "qt5", "qt6":
			v := Version(word[2] - '0')
			if strings.HasPrefix(rest, "error") {
				rest = "error"
			}
			c.want[v] = append(c.want[v], rest)
		default:
			if c == nil && line != "" {
				head = append(head, line)
			}
		}
	}
	return head, cases
}

func writeCases(t testing.TB, file string, head []string, cases []*repCase) {
	var b strings.Builder
	for _, line := range head {
		b.WriteString(line + "\n")
	}
	for _, c := range cases {
		b.WriteString("\ncase " + c.name + "\n")
		if strings.ContainsAny(c.src, "\r\ufeff") || !strings.HasSuffix(c.src, "\n") {
			b.WriteString("= " + strconv.Quote(c.src) + "\n")
		} else {
			for line := range strings.SplitSeq(strings.TrimSuffix(c.src, "\n"), "\n") {
				b.WriteString(strings.TrimRight("| "+line, "") + "\n")
			}
		}
		for _, v := range []Version{Qt5, Qt6} {
			for _, w := range c.want[v] {
				b.WriteString(v.String() + " " + w + "\n")
			}
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join("testdata", file), []byte(b.String()), 0o644))
}

// signatureLines is what this package says of a file, in the form of the expected results.
func signatureLines(src string, v Version) []string {
	f := &File{Name: "t.rep", text: newText("t.rep", strings.TrimPrefix(src, "\ufeff"))}
	sigs, err := f.Signatures(v)
	if err != nil {
		return []string{"error"}
	}
	var out []string
	for _, s := range sigs {
		out = append(out, s.Class+" "+s.Hex)
	}
	return out
}

// TestSignatures compares with what repc has said, which is in testdata.
func TestSignatures(t *testing.T) {
	files := 0
	for _, file := range caseFiles {
		_, cases := readCases(t, file)
		for _, c := range cases {
			files++
			for _, v := range []Version{Qt5, Qt6} {
				require.Equal(t, c.want[v], signatureLines(c.src, v), "%s, %s: %s\n%s", file, v, c.name, c.src)
			}
		}
	}
	require.Greater(t, files, 300)
}

// TestRepc runs the real repc on the same files.
func TestRepc(t *testing.T) {
	for _, file := range caseFiles {
		head, cases := readCases(t, file)
		for _, v := range []Version{Qt5, Qt6} {
			t.Run(strings.TrimSuffix(file, ".txt")+"/"+v.String(), func(t *testing.T) {
				repc := qtpeer.RequireRepc(t, int(v))
				for _, c := range cases {
					got := runRepc(t, repc, c.src)
					if *update {
						c.want[v] = got
					}
					require.Equal(t, c.want[v], got, "%s\n%s", c.name, c.src)
				}
			})
		}
		if *update && file != "signatures.txt" {
			writeCases(t, file, head, cases)
		}
	}
}

var (
	classLine     = regexp.MustCompile(`^\s*class (\w*?)(?:Replica|Source|SimpleSource|SourceAPI) `)
	signatureLine = regexp.MustCompile(`Q_CLASSINFO\((?:QCLASSINFO_REMOTEOBJECT_SIGNATURE|"RemoteObject Signature"), "(\w*)"\)`)
)

// runRepc runs repc and returns its answer as in testdata. A class that has lost its name counts as an error: its code is of
// no use.
func runRepc(t testing.TB, repc *qtpeer.Repc, src string) []string {
	out, err := repc.Compile(src, "replica")
	if errors.Is(err, qtpeer.ErrRefused) {
		return []string{"error"}
	}
	require.NoError(t, err)
	var all []string
	var class string
	for line := range strings.SplitSeq(string(out), "\n") {
		if m := classLine.FindStringSubmatch(line); m != nil {
			class = m[1]
		}
		if line == "class " { // a POD
			return []string{"error"}
		}
		if m := signatureLine.FindStringSubmatch(line); m != nil {
			if class == "" {
				return []string{"error"}
			}
			all = append(all, class+" "+m[1])
		}
	}
	return all
}
