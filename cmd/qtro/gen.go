package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/build"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

// genCmd writes Go code for .rep files: boiler.rep.go for boiler.rep. As a //go:generate directive:
//
//	//go:generate go run github.com/go-qtro/qtro/cmd/qtro gen boiler.rep
//
// Then the package is the one of the file with the directive. Else it is the one that the target folder has, or else it is named
// after the first file that goes there. Files whose code goes to one folder may use each other's classes, PODs and enums. A file
// whose code is up to date is not touched, and nothing is written for any of them if something is wrong with one.
type genCmd struct {
	Files   []string `arg:"" name:"file.rep" help:"The .rep files."`
	Dir     string   `short:"o" placeholder:"DIR" help:"Where the Go files go; beside the .rep files if not given."`
	Package string   `env:"GOPACKAGE" help:"The name of the package; by default that of the directive, of the folder, or of the file."`
	Prefix  string   `help:"What to put before the names of types."`
}

// Run generates.
func (c *genCmd) Run(g *globals) error {
	code, err := c.generate(g)
	if err != nil {
		return err
	}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o777); err != nil {
			return err
		}
	}
	for _, target := range slices.Sorted(maps.Keys(code)) {
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, code[target]) {
			continue
		}
		if err := os.WriteFile(target, code[target], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the code by the names of its files.
func (c *genCmd) generate(g *globals) (map[string][]byte, error) {
	code := map[string][]byte{}
	var dirs []string
	folders := map[string][]*rep.File{} // by where their code goes
	for _, name := range c.Files {
		dir := cmp.Or(c.Dir, filepath.Dir(name))
		target := filepath.Join(dir, filepath.Base(goFile(name)))
		if _, twice := code[target]; twice {
			return nil, usagef("two of the files would become %s", target)
		}
		code[target] = nil
		file, err := parseFile(name)
		if err != nil {
			return nil, err
		}
		if folders[dir] == nil {
			dirs = append(dirs, dir)
		}
		folders[dir] = append(folders[dir], file)
	}
	for _, dir := range dirs {
		o := gogen.Options{Package: c.Package, Prefix: c.Prefix, Warn: func(err error) { complain(g.warn, err) }}
		if o.Package == "" {
			var err error
			if o.Package, err = packageIn(dir); err != nil {
				return nil, err
			}
		}
		all, err := gogen.GenerateAll(folders[dir], o)
		if err != nil {
			return nil, err
		}
		for i, f := range folders[dir] {
			code[filepath.Join(dir, filepath.Base(goFile(f.Name)))] = all[i]
		}
	}
	return code, nil
}

// goFile is what a .rep file's code is called.
func goFile(name string) string { return strings.TrimSuffix(name, ".rep") + ".rep.go" }

// packageIn returns the name of the package whose files are in a folder, or "" if there is none.
func packageIn(dir string) (string, error) {
	p, err := build.ImportDir(dir, 0)
	if several := (*build.MultiplePackageError)(nil); errors.As(err, &several) {
		return "", fmt.Errorf("%s has files of several packages, %s: say which one with --package", dir, strings.Join(several.Packages, " and "))
	}
	return p.Name, nil // it is known also if something else is wrong with the folder
}

func parseFile(name string) (*rep.File, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := rep.Parse(name, src)
	return file, firstOf(err)
}

// firstOf returns the first of a file's errors and says how many more there are, as an error of the program is one line.
func firstOf(err error) error {
	var all rep.ErrorList
	if !errors.As(err, &all) || len(all) < 2 {
		return err
	}
	return fmt.Errorf("%w (and %d more)", all[0], len(all)-1)
}
