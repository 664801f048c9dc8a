package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"
)

// printer writes what a command has to say: for people on a terminal, for scripts in a pipe, as JSON. It is safe for
// concurrent use. The first error of the writer is kept, and nothing is written after it.
type printer struct {
	json  bool
	tty   bool
	color bool

	mu  sync.Mutex
	w   io.Writer
	err error
}

func newPrinter(w io.Writer, asJSON bool) *printer {
	p := &printer{w: w, json: asJSON}
	if f, ok := w.(*os.File); ok && !asJSON {
		if info, err := f.Stat(); err == nil {
			p.tty = info.Mode()&os.ModeCharDevice != 0
		}
		p.color = p.tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return p
}

// line writes a line.
func (p *printer) line(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		_, p.err = io.WriteString(p.w, s+"\n")
	}
}

// object writes x as one line of JSON.
func (p *printer) object(x any) {
	b, err := marshal(x)
	if err != nil {
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		return
	}
	p.line(string(b))
}

// marshal is json.Marshal that leaves <, > and & alone.
func marshal(x any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), nil
}

func (p *printer) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// The colours, by what they say.
const (
	strong = "1"
	dim    = "2"
	good   = "32"
	alert  = "33"
	bad    = "31"
	member = "36"
)

func (p *printer) paint(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// row is a line of columns: aligned to widths on a terminal, with tabs between them in a pipe.
func (p *printer) row(widths []int, styles []string, cells ...string) {
	var b strings.Builder
	for i, cell := range cells {
		painted := cell
		if i < len(styles) && styles[i] != "" {
			painted = p.paint(styles[i], cell)
		}
		b.WriteString(painted)
		switch {
		case i == len(cells)-1:
		case !p.tty:
			b.WriteByte('\t')
		default:
			pad := 2
			if i < len(widths) {
				pad += max(0, widths[i]-utf8.RuneCountInString(cell))
			}
			b.WriteString(strings.Repeat(" ", pad))
		}
	}
	p.line(strings.TrimRight(b.String(), " "))
}

// table writes rows with columns of their own widths; the header is for terminals only.
func (p *printer) table(header, styles []string, rows [][]string) {
	var widths []int
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	if p.tty && len(header) > 0 {
		head := make([]string, len(header))
		for i := range head {
			head[i] = dim
		}
		p.row(widths, head, header...)
	}
	for _, row := range rows {
		p.row(widths, styles, row...)
	}
}
