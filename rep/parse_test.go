package rep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGolden compares the trees of testdata/golden/*.rep with the files beside them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.rep")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		f, err := Parse(filepath.Base(file), src)
		require.NoError(t, err)
		for suffix, got := range map[string]string{".ast": dump(f), ".fmt": string(f.Format())} {
			golden := strings.TrimSuffix(file, ".rep") + suffix
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got, golden)
		}
	}
}

// TestErrors has what is wrong in one declaration of a class at a time.
func TestErrors(t *testing.T) {
	for src, want := range map[string]string{
		"PROP(int)":                           "3:6: expected a type, a blank and a name in PROP",
		"PROP(unsigned int v)":                "3:19: expected a modifier (READPUSH, READONLY, READWRITE, CONSTANT, SOURCEONLYSETTER or PERSISTED), found v",
		"PROP(QList <int> v)":                 "3:12: expected the name of the property behind its type: no blank can be before <",
		"PROP(QList<int v)":                   "3:6: expected a type, a blank and a name in PROP",
		"PROP(QList<int>v)":                   "3:6: expected a type, a blank and a name in PROP",
		"PROP(int v =)":                       "3:13: expected a default value behind =",
		"PROP(int v readonly)":                "3:12: expected a modifier, found readonly: modifiers are in capitals",
		"PROP(int v READONLY CONSTANT)":       "3:20: expected a comma between modifiers",
		"PROP(int v READONLY, READWRITE)":     "3:12: modifiers that do not go together: READONLY,READWRITE",
		"PROP(int v READONLY,)":               "3:21: expected a modifier",
		"PROP(int v = \"a\"READONLY)":         "3:17: expected a blank behind the default value",
		"PROP(int v = \"a)":                   "3:14: this string has no end on its line",
		"PROP(int v":                          "3:5: expected ) for this (, found the end of the file",
		"PROP int v":                          "3:6: expected ( behind PROP, found int",
		"SIGNAL(int a())":                     "3:8: expected the signal's name alone: a signal has no return type",
		"SIGNAL(a)":                           "3:9: expected ( and ) behind the name, also without parameters",
		"SLOT(void a() const)":                "3:14: expected ) behind the parameters: nothing can follow them, and parentheses cannot be in them",
		"SLOT(void a(int,,int))":              "3:17: expected a type: a parameter is missing before or behind a comma",
		"SLOT(void a(QString&x))":             "3:20: expected a blank before or behind &: repc would take the name for a part of the type",
		"SLOT(void a(QObject *x))":            "3:21: expected the name of a parameter or field, found *x: pointers cannot be sent",
		"SLOT(void a(QMap<int,QList<int> x))": "3:17: expected > for this <",
		"MODEL rows()":                        "3:12: expected the names of the model's roles, separated by commas",
		"CLASS child(int x)":                  "3:13: expected the name of the object's class",
		"ENUM Mode { }":                       "3:13: expected a name: an enum cannot be empty",
		"ENUM Mode { A, }":                    "3:14: expected no comma behind the last value",
		"ENUM Mode { A = B }":                 "3:17: expected a decimal or hexadecimal number, found B: repc knows no other values",
		"ENUM Mode { A = 1 << 3 }":            "3:19: expected , or } behind a value of the enum, found <",
		"ENUM { A }":                          "3:6: expected the name of the enum, found {",
		"ENUM Mode : { A }":                   "3:12: expected the enum's underlying type, such as quint8",
		"FLAG(Modes)":                         "3:6: expected the names of the flags and of their enum, as in FLAG(Modes Mode)",
		"POD Pod(int x)":                      "3:1: POD can only be outside of classes; is a } missing?",
		"class Cd\n{\n};":                     "3:1: class can only be outside of classes; is a } missing?",
		"#include <x>":                        "3:1: a line with # can only be outside of classes",
		"property(int x)":                     "3:1: expected PROP, CLASS, MODEL, SIGNAL, SLOT, ENUM, FLAG or }, found property",
		"/* no end":                           "3:1: this comment has no end: expected */",
		"PROP(int v /* c */ READONLY)":        "3:12: a block comment cannot be at this place in parentheses: repc takes it for a part of what is there",
		"SIGNAL(a());SIGNAL(b())":             "3:12: expected a blank or the end of the line behind SIGNAL: repc takes a());SIGNAL(b for its name",
	} {
		_, err := Parse("x.rep", []byte("class Ab\n{\n"+src+"\n};\n"))
		var list ErrorList
		require.True(t, errors.As(err, &list), src)
		assert.Equal(t, "x.rep:"+want, list[0].Error(), src)
	}
	for src, want := range map[string]string{
		"PROP(int x)":           "1:1: PROP can only be inside of a class",
		"hello":                 "1:1: expected class, POD, ENUM, FLAG, USE_ENUM or a line with #, found hello",
		"class Ab : public Cd":  "1:10: expected { behind the class's name: a class cannot have a base class",
		"class Ab;":             "1:9: expected { behind the class's name, found ;",
		"class":                 "1:6: expected the name of the class, found the end of the file",
		"class Ab\n{\n":         "2:1: expected } for this class, found the end of the file",
		"POD Pod(int)":          "1:9: expected a type and a name for the field of the POD",
		"POD Pod(int x = 3)":    "1:9: a field of a POD cannot have a default value",
		"POD Pod { int x; }":    "1:16: expected , or } behind a field of the POD, found ;",
		"POD Pod { int x, }":    "1:16: expected no comma behind the last field",
		"POD Pod { int a int b": "1:15: expected one name behind the type, found a int b",
		"USE_ENUM()":            "1:10: expected the name of an enum, such as Qt::DayOfWeek",
	} {
		_, err := Parse("x.rep", []byte(src))
		var list ErrorList
		require.True(t, errors.As(err, &list), src)
		assert.Equal(t, "x.rep:"+want, list[0].Error(), src)
	}
}

// TestRecovery has several mistakes in a file, of which each is reported, with its line and a caret.
func TestRecovery(t *testing.T) {
	f, err := Parse("x.rep", []byte("class Ab\n{\n\tPROP(int\tvalue FOO)\n    PROP(int good)\n    SLOT(void\n        bad)\n    SIGNAL(fine())\n};\nnonsense\nclass Cd\n{\n"+
		"\tENUM Mode { Aä = ö };\n};\n"))
	var list ErrorList
	require.True(t, errors.As(err, &list))
	require.Equal(t, "x.rep:3:17: expected a modifier (READPUSH, READONLY, READWRITE, CONSTANT, SOURCEONLYSETTER or PERSISTED), found FOO\n"+
		"\tPROP(int\tvalue FOO)\n\t        \t      ^\n"+
		"x.rep:6:12: expected ( and ) behind the name, also without parameters\n        bad)\n           ^\n"+
		"x.rep:9:1: expected class, POD, ENUM, FLAG, USE_ENUM or a line with #, found nonsense\nnonsense\n^\n"+
		"x.rep:12:15: expected , or } behind a value of the enum, found ä\n\tENUM Mode { Aä = ö };\n\t             ^\n", list.Detail())
	var one *Error
	require.True(t, errors.As(err, &one))
	require.Equal(t, Pos{Offset: 27, Line: 3, Column: 17}, one.Pos)
	require.Len(t, f.Decls, 2)
	require.Len(t, f.Decls[0].(*Class).Members, 2)

	_, err = Parse("x.rep", []byte(strings.Repeat("nonsense\nclass ;\n", 100)))
	require.True(t, errors.As(err, &list))
	require.Len(t, list, maxErrors)
}

// TestPositions has a file with a byte order mark and Windows's ends of lines.
func TestPositions(t *testing.T) {
	f, err := Parse("x.rep", []byte("\ufeff// doc\r\nclass Ab\r\n{\r\n\tPROP(QList<int> value = 3 READONLY)\t// behind\r\n};\r\n"))
	require.NoError(t, err)
	c := f.Decls[0].(*Class)
	require.Equal(t, "2:1", c.Pos().String())
	require.Equal(t, "5:3", c.End().String())
	require.Equal(t, "doc", c.Doc.Text())
	p := c.Members[0].(*Property)
	require.Equal(t, []string{"4:2", "4:7", "4:18", "4:28", "behind"},
		[]string{p.Pos().String(), p.Type.Pos().String(), p.NamePos.String(), p.Modifiers[0].Pos.String(), p.Line.Text()})
	require.Equal(t, "// doc\nclass Ab\n{\n    PROP(QList<int> value = 3 READONLY) // behind\n};\n", string(f.Format()))
}

func TestReasons(t *testing.T) {
	for src, want := range map[string][2]string{
		"class A\n{\n};":                               {"1:1: a name of one character", "same"},
		"class Ab\n{\n   \n};":                         {"3:1: blanks at the end of the line or on an empty line", "same"},
		"  class Ab\n{\n};":                            {"1:1: blanks before class", "same"},
		"class Ab\n{\n};\n// x":                        {"4:1: a comment on the last line, which needs a line behind it", "same"},
		"class Ab // x\n{\n};":                         {"1:10: a comment between class Ab and its brace makes it forget the name", "same"},
		"class Ab\n{\n};\n/* x */":                     {"4:1: block comments are known to Qt 6 only", ""},
		"class Ab\n{\n /* x */\n};":                    {"3:1: block comments are known to Qt 6 only", "3:1: blanks before a block comment"},
		"class Ab\n{\nENUM class Mode { Aa };\n};":     {"3:1: ENUM class is known to Qt 6 only", ""},
		"class Ab\n{\nENUM Mode : int { Aa };\n};":     {"3:11: underlying types of enums are known to Qt 6 only", ""},
		"class Ab\n{\nPROP(QFont f = QFont())\n};":     {"3:23: parentheses in parentheses: for it the first ) is the end", "same"},
		"class Ab\n{\nMODEL rows (display)\n};":        {"3:1: a blank before (", "same"},
		"class Ab\n{\nENUM Mode\n{ Aa };\n};":          {"3:10: expected {, found the end of the line", "same"},
		"class Ab\n{\nPROP(int v={1, 2} READONLY)\n};": {`3:1: unknown modifier "2} READONLY"`, "same"},
		"POD Pod { int a }\nclass Ab\n{\n};":           {"1:1: a POD in braces is known to Qt 6 only", ""},
		"":                                             {"1:1: expected class, POD, ENUM, USE_ENUM or a line with #, found the end of the file", "same"},
	} {
		f, err := Parse("x.rep", []byte(src))
		require.NoError(t, err, src)
		for i, v := range []Version{Qt5, Qt6} {
			reason := want[i]
			if reason == "same" {
				reason = want[0]
			}
			_, err := f.Signatures(v)
			if reason == "" {
				require.NoError(t, err, src)
				continue
			}
			at, why, _ := strings.Cut(reason, ": ")
			assert.EqualError(t, err, "x.rep:"+at+": repc of Qt "+v.String()[2:]+" does not take this: "+why, src)
		}
	}
}
