package rep

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkFormat checks what has to be true of every file that can be parsed.
func checkFormat(t testing.TB, src string) {
	f, err := Parse("x.rep", []byte(src))
	if err != nil {
		return
	}
	out := f.Format()
	g, err := Parse("x.rep", out)
	require.NoError(t, err, "source:\n%s\nformatted:\n%s", src, out)
	require.Equal(t, dump(f), dump(g), "source:\n%s\nformatted:\n%s", src, out)
	require.Equal(t, string(out), string(g.Format()), "source:\n%s", src)
	for _, v := range []Version{Qt5, Qt6} {
		if want, err := f.Signatures(v); err == nil {
			got, err := g.Signatures(v)
			require.NoError(t, err, "source:\n%s\nformatted:\n%s", src, out)
			require.Equal(t, want, got, "%s, source:\n%s\nformatted:\n%s", v, src, out)
		}
	}
}

func TestFormatCases(t *testing.T) {
	for _, file := range caseFiles {
		_, cases := readCases(t, file)
		for _, c := range cases {
			checkFormat(t, c.src)
		}
	}
}

// dump writes a tree without its places.
func dump(n any) string {
	var b strings.Builder
	dumpValue(&b, "", reflect.ValueOf(n))
	return b.String()
}

func dumpValue(b *strings.Builder, indent string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil\n")
			return
		}
		dumpValue(b, indent, v.Elem())
	case reflect.Slice:
		b.WriteString("\n")
		for i := range v.Len() {
			b.WriteString(indent + "- ")
			dumpValue(b, indent+"  ", v.Index(i))
		}
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "\n")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Type == reflect.TypeFor[Span]() || f.Type == reflect.TypeFor[Pos]() || v.Field(i).IsZero() {
				continue
			}
			b.WriteString(indent + f.Name + ": ")
			dumpValue(b, indent+"  ", v.Field(i))
		}
	case reflect.String:
		b.WriteString(strings.ReplaceAll(v.String(), "\n", "\\n") + "\n")
	case reflect.Int32:
		b.WriteString(strconv.FormatInt(v.Int(), 10) + "\n")
	case reflect.Bool:
		b.WriteString("true\n")
	default:
		panic(v.Kind())
	}
}
