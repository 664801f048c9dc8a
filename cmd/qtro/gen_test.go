package main

import (
	"os"
	"path/filepath"
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

	bad := write("bad.rep", "class Bad\n{\n    PROP(Nothing level)\n};\n")
	other := write("other.rep", class)
	code, stderr = gen(other, bad)
	assert.Equal(t, failed, code)
	assert.Contains(t, stderr, "bad.rep:3:10: the type Nothing is not known")
	assert.NoFileExists(t, filepath.Join(dir, "other.rep.go"), "all or nothing")
	worse := write("worse.rep", "class Bad\n{\n    PROP(int)\n    SLOT(int)\n};\n")
	code, stderr = gen(worse)
	assert.Equal(t, failed, code)
	assert.Contains(t, stderr, "worse.rep:3:")
	assert.Contains(t, stderr, "(and 1 more)")
	code, stderr = gen(boiler, write("sub/boiler.rep", class), "-o", dir)
	assert.Equal(t, usage, code)
	assert.Contains(t, stderr, "two of the files would become")
	code, _ = gen(filepath.Join(dir, "none.rep"))
	assert.Equal(t, failed, code)
}
