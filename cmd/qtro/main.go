// Command qtro looks at, uses and records any Qt Remote Objects network. It needs no .rep file: it learns an object's class
// from the host.
//
//	qtro registry --listen tcp://127.0.0.1:5001 --listen-qt5 tcp://127.0.0.1:5005
//	qtro --registry tcp://127.0.0.1:5001 ls
//	qtro --connect tcp://127.0.0.1:5000 show Station
//	qtro --connect URL get Station             # all properties; get Station level, get Station gauge.label
//	qtro --connect URL set Station level 7     # waits until the new value came back
//	qtro --connect URL call Station add 40 2   # arguments and the reply are JSON
//	qtro --connect URL watch Station --for 10s
//	qtro decode --check conversation.txt       # lines of "S>C HEX" and "C>S HEX"
//	qtro trace --listen tcp://127.0.0.1:5002 --to tcp://127.0.0.1:5000
//	qtro cert init; qtro cert host plant.example 10.0.0.7; qtro cert client spiffe://plant.example/panel
//	qtro rep signature station.rep; qtro rep fmt -w *.rep; qtro rep lint *.rep
//	qtro authz check --policy plant.cedar --identity spiffe://plant/panel call Boiler.reset
//	qtro gen boiler.rep                        # typed sources and replicas in Go: boiler.rep.go; see package rep/gogen
//	qtro --connect URL gen --from Station      # the same for a live object: station.rep.go
//	qtro mock boiler.rep --listen tcp://127.0.0.1:5000 --scenario warmup.yaml
//	qtro diff boiler-1.rep boiler-2.rep        # or the name of an object, with --registry or --connect
//
// --registry URL or --connect URL (any number) says where the objects are, --timeout (5s) how long to wait for them. Values are
// JSON: PODs by field name, enums and flags by name, child objects nested. A word that is not JSON is taken as a string
// where a string will do. A child's property or slot is named by its path, such as gauge.label.
//
// On a terminal the output is aligned and coloured (NO_COLOR turns colours off); in a pipe it is plain lines with tabs between
// the columns; with --json it is one JSON value a line. An error is one line on stderr, but what is wrong with a .rep file is
// said as compilers do, all of it, with the lines. The exit status is 0 if
// all was done, 1 if something failed, 2 if the command line cannot be understood; that of diff is 1 if there is a difference
// that matters to replicas, 2 if something failed.
//
// At tls:// and quic:// URLs both sides prove who they are, by certificates in files that are read again when they change:
//
//	qtro --ca ca.pem --cert panel.pem --key panel.key --connect tls://plant.example:5000 ls
//	qtro --ca ca.pem --cert hub.pem --key hub.key --require-secure registry --listen tls://:5001 --listen quic://:5001 --listen local:hub
//
// --ca says which authorities are trusted, --cert and --key who this program is; a client may go without where the host lets it.
// --expect ID limits who the other side may be: a URI such as spiffe://plant/boiler, spiffe://plant/panel/* or dns:plant.example.
// --require-secure refuses every URL that leads to plaintext, and of those that a registry announces also those that do not prove
// who is there. A registry prints the identity of who has registered an object, where there is one; its --policy says who may
// register, see and use what (package authz). No other environment or file has a say in what is trusted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep"
)

// The exit statuses.
const (
	done   = 0
	failed = 1
	usage  = 2
)

func main() {
	_ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") // what this program transfers is not bulky
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// cli is the command line.
type cli struct {
	globals

	RegistryCmd registryCmd `cmd:"" name:"registry" help:"Be a registry, and print what comes and goes."`
	Ls          lsCmd       `cmd:"" help:"List the objects."`
	Show        showCmd     `cmd:"" help:"Show an object's class as .rep text."`
	Get         getCmd      `cmd:"" help:"Print an object's properties, or one of them."`
	Set         setCmd      `cmd:"" help:"Change a property, and wait until the new value came back."`
	Call        callCmd     `cmd:"" help:"Call a slot and print its reply."`
	Watch       watchCmd    `cmd:"" help:"Print changes of state, changes of properties, and signals."`
	Decode      decodeCmd   `cmd:"" help:"Decode recorded packets."`
	Trace       traceCmd    `cmd:"" help:"Be a proxy, and print the conversation as it passes."`
	Authz       authzCmd    `cmd:"" help:"Ask policies what peers may do."`
	CertCmd     certCmd     `cmd:"" name:"cert" help:"Make and show certificates for development."`
	Gen         genCmd      `cmd:"" help:"Write Go code for .rep files, or for a live object: typed sources and replicas."`
	Rep         repCmd      `cmd:"" help:"Check and format .rep files, and compute class signatures."`
	Mock        mockCmd     `cmd:"" help:"Host the classes of a .rep file with nothing behind them, and print what clients do."`
	Diff        diffCmd     `cmd:"" help:"Compare .rep files, or one with a live object, and tell whether replicas go on."`
}

// globals are the flags of every command, and what a command works with.
type globals struct {
	Registry string        `placeholder:"URL" xor:"where" help:"The registry that knows where the objects are."`
	Connect  []string      `placeholder:"URL" xor:"where" sep:"none" help:"A host of objects; may be given more than once."`
	Timeout  time.Duration `default:"5s" help:"How long to wait for an object, a reply or a new value."`
	JSON     bool          `help:"Print one JSON value a line."`
	secureFlags

	ctx        context.Context
	stdin      io.Reader
	out        *printer
	warn       io.Writer
	transports map[string]core.Transport // of the secure schemes
}

// usageError is an error of the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (e usageError) Unwrap() error { return e.error }

// Permanent tells a node not to try again.
func (e usageError) Permanent() bool { return true }

// exitCode is what kong's --help ends with.
type exitCode int

// run is the whole program but for its surroundings. It returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitCode:
			code = int(r)
		default:
			panic(r)
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("qtro"), kong.Description("Looks at, uses and records a Qt Remote Objects network."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { panic(exitCode(code)) }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		panic(err)
	}
	k, err := parser.Parse(protectNumbers(withTwoDashes(args)))
	if err != nil {
		return report(stderr, usagef("%w; try qtro --help", err))
	}
	g := &c.globals
	g.ctx, g.stdin, g.out, g.warn = ctx, stdin, newPrinter(stdout, g.JSON), stderr
	if g.Timeout <= 0 {
		return report(stderr, usagef("--timeout must be longer than 0"))
	}
	end, err := g.secure()
	if err != nil {
		return report(stderr, err)
	}
	defer end()
	err = k.Run(g)
	if err == nil {
		err = g.out.err
	}
	return report(stderr, err)
}

// report prints an error and returns the exit status.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return done
	}
	code := failed
	var bad usageError
	var scheme *core.UnknownSchemeError
	switch {
	case errors.As(err, &scheme):
		err = fmt.Errorf("%s: scheme %q is not known here; known are %s", scheme.URL, scheme.Scheme, strings.Join(core.Schemes(), ", "))
		code = usage
	case errors.As(err, &bad), errors.Is(err, core.ErrHostURLInvalid):
		code = usage
	}
	complain(stderr, err)
	return code
}

// complain prints an error as one line. What is wrong with a .rep file is said as compilers do.
func complain(stderr io.Writer, err error) {
	var file rep.ErrorList
	if errors.As(err, &file) {
		_, _ = io.WriteString(stderr, file.Detail())
		return
	}
	_, _ = fmt.Fprintln(stderr, "qtro: "+strings.Join(strings.Fields(explained(err)), " ")) // there is nowhere to say that it failed
}

// withTwoDashes gives the flags of gen that go generate's users know from Go's tools, such as -package, their other dash: to kong
// one dash is for flags of one letter.
func withTwoDashes(args []string) []string {
	out := slices.Clone(args)
	if !slices.Contains(args, "gen") {
		return out
	}
	for i, a := range args {
		switch name, _, _ := strings.Cut(a, "="); name {
		case "-package", "-prefix", "-from":
			out[i] = "-" + a
		}
	}
	return out
}

var negative = regexp.MustCompile(`^ ?-(\d|\.\d|Inf)[\w.+-]*$`)

// protectNumbers puts a space before negative numbers, so that they are not taken for flags; argument takes it away.
func protectNumbers(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if negative.MatchString(a) {
			a = " " + a
		}
		out[i] = a
	}
	return out
}

func argument(s string) string {
	if negative.MatchString(s) {
		return strings.TrimPrefix(s, " ")
	}
	return s
}
