package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"github.com/go-qtro/qtro/certs"
	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/quic"
	"github.com/go-qtro/qtro/transports/tls"
)

// secureFlags say who this program is at secure URLs and whom it trusts.
type secureFlags struct {
	CA            []string `name:"ca" placeholder:"FILE" sep:"none" help:"The authorities to trust at tls:// and quic:// URLs, in PEM; may be given more than once."`
	Cert          string   `placeholder:"FILE" help:"This program's own certificate, and those between it and the authority, in PEM."`
	Key           string   `placeholder:"FILE" help:"The private key of --cert, in PEM."`
	Expect        []string `placeholder:"ID" sep:"none" help:"Who a peer may be, such as spiffe://plant/boiler, spiffe://plant/panel/* or dns:plant.example; may be given more than once."`
	RequireSecure bool     `help:"Use no URL that leads to plaintext, wherever it comes from."`
}

// secure makes the transports of the secure schemes, from files that are read again when they change until the program ends.
func (g *globals) secure() (end func(), err error) {
	f := &g.secureFlags
	switch {
	case f.Cert != "" && f.Key == "":
		return nil, usagef("--cert needs --key FILE, with the certificate's private key")
	case f.Cert == "" && f.Key != "":
		return nil, usagef("--key needs --cert FILE, with the key's certificate")
	case f.Cert != "" && len(f.CA) == 0:
		return nil, usagef("--cert needs --ca FILE, with the authorities of the peers")
	case len(f.Expect) > 0 && len(f.CA) == 0:
		return nil, usagef("--expect needs --ca FILE, with the authorities of the peers")
	case len(f.CA) == 0:
		missing := secured{flags: f}
		g.transports = map[string]core.Transport{"tls": missing, "quic": missing}
		return func() {}, nil
	}
	store, err := certs.Open(certs.Files{Certificate: f.Cert, Key: f.Key, Roots: f.CA, Logger: slog.New(warnings{g})})
	if err != nil {
		return nil, err
	}
	config := store.Config()
	config.Expect = f.Expect
	overUDP := quic.New(config)
	g.transports = map[string]core.Transport{"tls": secured{tls.New(config), f}, "quic": secured{overUDP, f}}
	return func() { _, _ = overUDP.Close(), store.Close() }, nil // always nil
}

// config is what all nodes of the program have in common.
func (g *globals) config() core.Config {
	return core.Config{Logger: slog.New(slog.DiscardHandler), Transports: g.transports, RequireSecure: g.RequireSecure}
}

// secured is a secure transport, or in place of one where the flags for it are missing.
type secured struct {
	core.Transport // nil without an authority
	flags          *secureFlags
}

// Dial connects.
func (s secured) Dial(ctx context.Context, u *url.URL) (core.Conn, error) {
	if s.Transport == nil {
		return nil, usagef("%s needs --ca FILE, with the authorities to trust, and mostly --cert FILE and --key FILE, by which the host knows who calls", u)
	}
	return s.Transport.Dial(ctx, u)
}

// Listen listens.
func (s secured) Listen(ctx context.Context, u *url.URL) (core.Listener, error) {
	if s.flags.Cert == "" {
		return nil, usagef("to listen at %s takes --ca FILE, with the authorities of the clients, and --cert FILE and --key FILE", u)
	}
	return s.Transport.Listen(ctx, u)
}

// Security is what all secure transports have.
func (s secured) Security() core.Security { return core.Authenticated }

// warnings is a log whose warnings are lines on stderr.
type warnings struct{ g *globals }

func (w warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w warnings) WithAttrs([]slog.Attr) slog.Handler           { return w }
func (w warnings) WithGroup(string) slog.Handler                { return w }

// Handle prints a warning.
func (w warnings) Handle(_ context.Context, r slog.Record) error {
	text := strings.TrimPrefix(r.Message, "certs: ")
	r.Attrs(func(a slog.Attr) bool { text += ": " + strings.TrimPrefix(a.Value.String(), "certs: "); return true })
	complain(w.g.warn, errors.New(text))
	return nil
}

// explained says the same as an error, and of a refusal what to do about it.
func explained(err error) string {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "qtro: "), "certs: ")
	var refused *certs.RefusedError
	if errors.As(err, &refused) {
		text = strings.Replace(text, refused.Error(), refusal(refused), 1)
	}
	text = strings.NewReplacer(": qtro: ", ": ", "; not trying again", "", "; trying again in a minute", "").Replace(text)
	return strings.Replace(text, core.ErrInsecure.Error(), core.ErrInsecure.Error()+" (--require-secure)", 1)
}

// refusal says what failed and what to do.
func refusal(r *certs.RefusedError) string {
	advice := remoteAdvice
	plain := certs.RefusedError{Check: r.Check, Remote: r.Remote}
	if !r.Remote {
		advice = localAdvice
		switch r.Check {
		case certs.CheckAuthority, certs.CheckNoCertificate, certs.CheckPlaintext: // there is no more to say
		default:
			plain.Err = r.Err
		}
	}
	text := strings.Replace(plain.Error(), "tls: failed to verify certificate: x509: ", "", 1)
	return text + "; " + cmp.Or(advice[r.Check], advice[certs.CheckCertificate])
}

var (
	// localAdvice is for when this program refuses a peer.
	localAdvice = map[certs.Check]string{
		certs.CheckAuthority:     "is --ca the file of the authority that has signed it?",
		certs.CheckExpired:       "it has to be renewed",
		certs.CheckNotYetValid:   "are the clocks right?",
		certs.CheckName:          "use a name in the URL that the certificate is for",
		certs.CheckIdentity:      "is --expect right, and is this the peer that is meant?",
		certs.CheckNoCertificate: "it has to show one, as with --cert and --key",
		certs.CheckRevoked:       "it has to get a new one",
		certs.CheckVersion:       "it is too old",
		certs.CheckPlaintext:     "is it at a tcp:// URL?",
		certs.CheckProtocol:      "is it a Qt Remote Objects peer?",
		certs.CheckStalled:       "is it a Qt Remote Objects peer, and not overloaded?",
		certs.CheckCertificate:   "it needs another one",
	}
	// remoteAdvice is for when a peer refuses this program.
	remoteAdvice = map[certs.Check]string{
		certs.CheckAuthority:     "was it made by the same authority?",
		certs.CheckExpired:       "renew --cert",
		certs.CheckIdentity:      "--cert must be for somebody whom the peer expects",
		certs.CheckNoCertificate: "give it one with --cert FILE and --key FILE",
		certs.CheckRevoked:       "get a new one for --cert",
		certs.CheckVersion:       "it is too old",
		certs.CheckProtocol:      "is it a Qt Remote Objects peer?",
		certs.CheckCertificate:   "was it made by the same authority, and is it for the name in the peer's URL and for somebody whom the peer expects?",
	}
)
