package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGen(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	class := "class Boiler\n{\n    PROP(int level)\n};\n"
	boiler := write("boiler.rep", class)
	gen := func(args ...string) (int, string) {
		code, out, stderr := qtro(t, append([]string{"gen"}, args...)...)
		assert.Empty(t, out)
		return code, stderr
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}

	code, stderr := gen(boiler)
	require.Zero(t, code, stderr)
	assert.Contains(t, read("boiler.rep.go"), "package boiler\n")
	assert.Contains(t, read("boiler.rep.go"), "func (s *BoilerSource) SetLevel(level int32) error")
	code, stderr = gen(boiler, "-o", filepath.Join(dir, "new", "one"), "--package", "plant", "--prefix", "Old")
	require.Zero(t, code, stderr)
	assert.Contains(t, read("new/one/boiler.rep.go"), "package plant\n")
	assert.Contains(t, read("new/one/boiler.rep.go"), "type OldBoilerSource struct")
	t.Setenv("GOPACKAGE", "directive")
	code, stderr = gen(boiler)
	require.Zero(t, code, stderr)
	assert.Contains(t, read("boiler.rep.go"), "package directive\n")

	t.Setenv("GOPACKAGE", "")
	for _, flag := range [][]string{{"-package", "x"}, {"-package=x"}, {"--package=x"}, {"-prefix", "Old", "-package", "x"}} {
		code, stderr = gen(append(flag, "-o", filepath.Join(dir, "one"), boiler)...)
		require.Zero(t, code, stderr)
		assert.Contains(t, read("one/boiler.rep.go"), "package x\n", flag)
	}
	code, stderr = gen(boiler, "-o", filepath.Join(dir, "one"))
	require.Zero(t, code, stderr)
	assert.Contains(t, read("one/boiler.rep.go"), "package x\n", "what the folder has")
	write("two/some_test.go", "package two_test\n")
	code, stderr = gen(boiler, "-o", filepath.Join(dir, "two"))
	require.Zero(t, code, stderr)
	assert.Contains(t, read("two/boiler.rep.go"), "package two\n")
	write("two/other.go", "package other\n")
	code, stderr = gen(boiler, "-o", filepath.Join(dir, "two"))
	assert.Equal(t, failed, code)
	assert.Contains(t, stderr, "two has files of several packages, ")
	code, stderr = gen(write("three/house.rep", "class House\n{\n    CLASS boiler(Boiler)\n    PROP(QUrl at = QUrl(\"a\"))\n};\n"), write("three/boiler.rep", class))
	require.Zero(t, code, stderr)
	assert.Contains(t, stderr, "house.rep:4:15: only C++ understands the default value QUrl(\"a\") of at")
	assert.Contains(t, read("three/house.rep.go"), "package house\n")
	assert.Contains(t, read("three/house.rep.go"), "Boiler() *BoilerReplica")
	assert.Contains(t, read("three/boiler.rep.go"), "package house\n")
	code, stderr = gen(filepath.Join(dir, "three", "house.rep"))
	assert.Equal(t, failed, code)
	assert.Contains(t, stderr, "house.rep:3:11: the class Boiler is not declared: give the file that it is in, too")

	bad := write("bad.rep", "class Bad\n{\n    PROP(Nothing level)\n};\n")
	other := write("other.rep", class)
	code, stderr = gen(other, bad)
	assert.Equal(t, failed, code)
	assert.Contains(t, stderr, "bad.rep:3:10: the type Nothing is not known")
	assert.NoFileExists(t, filepath.Join(dir, "other.rep.go"), "all or nothing")
	worse := write("worse.rep", "class Bad\n{\n    PROP(int)\n    SLOT(int)\n};\n")
	code, stderr = gen(worse)
	assert.Equal(t, failed, code)
	assert.Equal(t, worse+":3:10: expected a type, a blank and a name in PROP\n    PROP(int)\n         ^\n"+
		worse+":4:13: expected ( and ) behind the name, also without parameters\n    SLOT(int)\n            ^\n", stderr)
	code, stderr = gen(boiler, write("sub/boiler.rep", class), "-o", dir)
	assert.Equal(t, usage, code)
	assert.Contains(t, stderr, "two of the files would become")
	code, stderr = gen(boiler, "-package", "9x")
	assert.Equal(t, usage, code)
	assert.Contains(t, stderr, "--package 9x: that is no name for a package")
	code, _ = gen(filepath.Join(dir, "none.rep"))
	assert.Equal(t, failed, code)
}

// TestGenCommitted: what is committed beside the .rep files of the repository is what gen makes of them.
func TestGenCommitted(t *testing.T) {
	t.Setenv("GOPACKAGE", "")
	out, err := exec.Command("git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rep").Output()
	if err != nil {
		t.Skipf("this is no git repository: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		files = append(files, filepath.Join("../..", name))
	}
	require.Greater(t, len(files), 5)
	c := genCmd{Files: files}
	code, err := c.generate(&globals{warn: io.Discard})
	require.NoError(t, err)
	require.Len(t, code, len(files))
	for target, want := range code {
		got, err := os.ReadFile(target)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "go run ./cmd/qtro gen %s writes it anew", strings.TrimSuffix(target, ".go"))
	}
}
