package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen"
)

// genCmd writes Go code for .rep files: boiler.rep.go for boiler.rep. As a //go:generate directive:
//
//	//go:generate go run github.com/go-qtro/qtro/cmd/qtro gen boiler.rep
//
// Then the package is the one of the file with the directive. A file whose code is up to date is not touched, and nothing is
// written for any of them if something is wrong with one.
type genCmd struct {
	Files   []string `arg:"" name:"file.rep" help:"The .rep files."`
	Dir     string   `short:"o" placeholder:"DIR" help:"Where the Go files go; beside the .rep files if not given."`
	Package string   `env:"GOPACKAGE" help:"The name of the package; by default that of the directive, or the file's name."`
	Prefix  string   `help:"What to put before the names of types."`
}

// Run generates.
func (c *genCmd) Run(g *globals) error {
	code := map[string][]byte{}
	var targets []string
	for _, name := range c.Files {
		target := strings.TrimSuffix(filepath.Base(name), ".rep") + ".rep.go"
		if c.Dir != "" {
			target = filepath.Join(c.Dir, target)
		} else {
			target = filepath.Join(filepath.Dir(name), target)
		}
		if code[target] != nil {
			return usagef("two of the files would become %s", target)
		}
		text, err := generate(name, gogen.Options{Package: c.Package, Prefix: c.Prefix})
		if err != nil {
			return err
		}
		code[target] = text
		targets = append(targets, target)
	}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o777); err != nil {
			return err
		}
	}
	for _, target := range targets {
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, code[target]) {
			continue
		}
		if err := os.WriteFile(target, code[target], 0o666); err != nil {
			return err
		}
	}
	return nil
}

func generate(name string, o gogen.Options) ([]byte, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := rep.Parse(name, src)
	if err != nil {
		return nil, firstOf(err)
	}
	return gogen.Generate(file, o)
}

// firstOf returns the first of a file's errors and says how many more there are, as an error of the program is one line.
func firstOf(err error) error {
	var all rep.ErrorList
	if !errors.As(err, &all) || len(all) < 2 {
		return err
	}
	return fmt.Errorf("%w (and %d more)", all[0], len(all)-1)
}
