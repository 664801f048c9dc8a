package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-qtro/qtro/rep"
)

type repCmd struct {
	Signature repSignatureCmd `cmd:"" help:"Print the class signatures that Qt 5's and Qt 6's repc compute."`
	Fmt       repFmtCmd       `cmd:"" help:"Format .rep files; no signature changes by it."`
	Lint      repLintCmd      `cmd:"" help:"Look for what repc takes and Qt or C++ trips over; the exit status is 1 if there is something."`
}

// stdinName is what standard input is called.
const stdinName = "<standard input>"

// parseRep reads a .rep file.
func (g *globals) parseRep(name string) (*rep.File, []byte, error) {
	var text []byte
	var err error
	if name == "" {
		name = stdinName
		text, err = io.ReadAll(g.stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := rep.Parse(name, text)
	return f, text, err
}

// eachRep does something with each file, or with standard input if there is none.
func (g *globals) eachRep(names []string, do func(name string) error) error {
	if len(names) == 0 {
		names = []string{""}
	}
	failures := 0
	for _, name := range names {
		if err := g.safely(func() error { return do(name) }); err != nil {
			var code exitCode
			if !errors.As(err, &code) {
				complain(g.warn, err)
			}
			failures++
		}
	}
	if failures > 0 {
		panic(exitCode(failed)) // all has been said
	}
	return nil
}

// safely returns what do panics with if that is an exit status.
func (g *globals) safely(do func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitCode:
			err = r
		default:
			panic(r)
		}
	}()
	return do()
}

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

type repSignatureCmd struct {
	File []string `arg:"" optional:"" help:"The .rep files; standard input if absent."`
}

// signatureInfo is a line of rep signature as JSON.
type signatureInfo struct {
	File      string `json:"file"`
	Qt        int    `json:"qt"`
	Class     string `json:"class,omitempty"`
	Signature string `json:"signature,omitempty"`
	Error     string `json:"error,omitempty"`
}

// Run prints "qt5 CLASS SIGNATURE" for each class, and the same for Qt 6. With several files the lines begin with the file's
// name. It is an error if neither version of repc takes a file.
func (c *repSignatureCmd) Run(g *globals) error {
	return g.eachRep(c.File, func(name string) error {
		f, _, err := g.parseRep(name)
		if err != nil {
			return err
		}
		prefix := ""
		if len(c.File) > 1 {
			prefix = name + ":"
		}
		rejected := 0
		for _, v := range []rep.Version{rep.Qt5, rep.Qt6} {
			sigs, err := f.Signatures(v)
			if err != nil {
				rejected++
				g.signature(prefix, signatureInfo{File: f.Name, Qt: int(v), Error: err.Error()})
			}
			for _, s := range sigs {
				g.signature(prefix, signatureInfo{File: f.Name, Qt: int(v), Class: s.Class, Signature: s.Hex})
			}
		}
		if rejected == 2 {
			return exitCode(failed)
		}
		return nil
	})
}

func (g *globals) signature(prefix string, s signatureInfo) {
	switch version := prefix + g.out.paint(dim, fmt.Sprintf("qt%d", s.Qt)); {
	case g.out.json:
		g.out.object(s)
	case s.Error != "":
		g.out.line(version + " " + g.out.paint(bad, "error") + " " + s.Error)
	default:
		g.out.line(version + " " + g.out.paint(member, s.Class) + " " + s.Signature)
	}
}

type repFmtCmd struct {
	Write bool     `short:"w" xor:"how" help:"Write the result to the file."`
	Diff  bool     `short:"d" xor:"how" help:"Print what would change."`
	List  bool     `short:"l" xor:"how" help:"Print the names of files that would change."`
	File  []string `arg:"" optional:"" help:"The .rep files; standard input if absent."`
}

// Run formats files.
func (c *repFmtCmd) Run(g *globals) error {
	if c.Write && len(c.File) == 0 {
		return usagef("-w needs a file")
	}
	return g.eachRep(c.File, func(name string) error {
		f, text, err := g.parseRep(name)
		if err != nil {
			return err
		}
		out := f.Format()
		changed := string(out) != string(text)
		switch {
		case c.List && changed:
			g.out.line(f.Name)
		case c.Diff && changed:
			for _, line := range diff(f.Name, string(text), string(out)) {
				g.out.line(g.out.paintDiff(line))
			}
		case c.Write && changed:
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			return os.WriteFile(name, out, info.Mode().Perm())
		case !c.List && !c.Diff && !c.Write && len(out) > 0:
			g.out.line(strings.TrimSuffix(string(out), "\n"))
		}
		return nil
	})
}

func (p *printer) paintDiff(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return p.paint(good, line)
	case strings.HasPrefix(line, "-"):
		return p.paint(bad, line)
	case strings.HasPrefix(line, "@"):
		return p.paint(dim, line)
	}
	return line
}

type repLintCmd struct {
	File []string `arg:"" optional:"" help:"The .rep files; standard input if absent."`
}

// findingInfo is a line of rep lint as JSON.
type findingInfo struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Run prints the findings, on a terminal with the lines that they are about.
func (c *repLintCmd) Run(g *globals) error {
	return g.eachRep(c.File, func(name string) error {
		f, _, err := g.parseRep(name)
		if err != nil {
			return err
		}
		found := rep.Lint(f)
		for _, x := range found {
			switch {
			case g.out.json:
				g.out.object(findingInfo{x.File, x.Pos.Line, x.Pos.Column, x.Rule, x.Msg, x.Advice})
			case g.out.tty:
				g.out.line(strings.TrimSuffix(x.Detail(), "\n"))
			default:
				g.out.line(x.String())
			}
		}
		if len(found) > 0 {
			return exitCode(failed)
		}
		return nil
	})
}
