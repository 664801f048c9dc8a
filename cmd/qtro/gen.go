package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/build"
	"go/token"
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
//
// With --from the code is for the class of a live object: station.rep.go for Station. It has the signature that the host
// announces, so that it fits, even where the object does not tell all that the signature is made of.
type genCmd struct {
	Files   []string `arg:"" optional:"" name:"file.rep" help:"The .rep files."`
	From    string   `placeholder:"NAME" help:"A live object, instead of files; --registry or --connect says where it is."`
	Dir     string   `short:"o" placeholder:"DIR" help:"Where the Go files go; if not given, beside the .rep files, or where the program runs."`
	Package string   `env:"GOPACKAGE" help:"The name of the package; by default that of the directive, of the folder, or of the file."`
	Prefix  string   `help:"What to put before the names of types."`
}

// Run generates.
func (c *genCmd) Run(g *globals) error {
	generate := c.generate
	switch {
	case c.From != "" && len(c.Files) > 0:
		return usagef("give either .rep files or --from NAME")
	case c.From != "":
		generate = c.generateLive
	case len(c.Files) == 0:
		return usagef("give .rep files, or --from NAME for a live object")
	}
	code, err := generate(g)
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
	var wrong rep.ErrorList
	folders := map[string][]*rep.File{} // by where their code goes
	for _, name := range c.Files {
		dir := cmp.Or(c.Dir, filepath.Dir(name))
		target := filepath.Join(dir, filepath.Base(goFile(name)))
		if _, twice := code[target]; twice {
			return nil, usagef("two of the files would become %s", target)
		}
		code[target] = nil
		file, _, err := g.parseRep(name)
		if list := (rep.ErrorList)(nil); errors.As(err, &list) {
			wrong = append(wrong, list...)
			continue
		}
		if err != nil {
			return nil, err
		}
		if folders[dir] == nil {
			dirs = append(dirs, dir)
		}
		folders[dir] = append(folders[dir], file)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	for _, dir := range dirs {
		o, err := c.options(g, dir)
		if err != nil {
			return nil, err
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

// generateLive returns the code for a live object.
func (c *genCmd) generateLive(g *globals) (map[string][]byte, error) {
	file, announced, err := g.fromLive(c.From)
	if err != nil {
		return nil, err
	}
	dir := cmp.Or(c.Dir, ".")
	o, err := c.options(g, dir)
	if err != nil {
		return nil, err
	}
	name := gogen.PackageName(c.From)
	o.Package, o.Announced = cmp.Or(o.Package, name), announced
	code, err := gogen.Generate(file, o)
	if err != nil {
		return nil, fmt.Errorf("what %s tells: %w", c.From, firstOf(err))
	}
	return map[string][]byte{filepath.Join(dir, goFile(name)): code}, nil
}

func (c *genCmd) options(g *globals, dir string) (o gogen.Options, err error) {
	if c.Package != "" && (!token.IsIdentifier(c.Package) || c.Package == "_") {
		return o, usagef("--package %s: that is no name for a package in Go", c.Package)
	}
	o = gogen.Options{Package: c.Package, Prefix: c.Prefix, Warn: func(err error) { complain(g.warn, err) }}
	if o.Package == "" {
		o.Package, err = packageIn(dir)
	}
	return o, err
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

// firstOf returns the first of the errors in a text that nobody has seen, and says how many more there are.
func firstOf(err error) error {
	var all rep.ErrorList
	switch {
	case !errors.As(err, &all):
		return err
	case len(all) == 1:
		return all[0]
	}
	return fmt.Errorf("%w (and %d more)", all[0], len(all)-1)
}
