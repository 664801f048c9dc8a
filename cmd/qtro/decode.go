package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

type decodeCmd struct {
	File      string `arg:"" optional:"" help:"What to decode; standard input if it is absent or -."`
	Protocol  string `placeholder:"VERSION" help:"1.3 (Qt 5) or 2.0 (Qt 6); guessed from the first packet if absent."`
	Variant   bool   `help:"Each line is the hex of a QVariant instead of a packet."`
	BigEndian *bool  `negatable:"" help:"The byte order of QVariants; that of the protocol if absent (2.0 if that is absent, too)."`
	Check     bool   `help:"Print no packets, but encode them again; fail at the first difference or byte that is left over."`
}

// decoding is a run of decode over one file.
type decoding struct {
	*decodeCmd
	g        *globals
	out      *printer
	reader   *captureReader
	protocol wire.Protocol
	types    *qt.Types // of the schema comments
	talk     *conversation
	records  int
	bytes    int
	bad      int
}

// Run decodes a capture.
func (c *decodeCmd) Run(g *globals) error {
	d := &decoding{decodeCmd: c, g: g, types: qt.NewTypes()}
	if c.Protocol != "" {
		var err error
		if d.protocol, err = wire.ParseProtocol(c.Protocol); err != nil {
			return usagef("--protocol is 1.3 or 2.0, not %s", c.Protocol)
		}
	}
	if c.BigEndian != nil && !c.Variant {
		return usagef("--big-endian goes with --variant: the protocol says which order packets have")
	}
	in, name := g.stdin, "stdin"
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in, name = f, c.File
	}
	buffered := bufio.NewWriter(g.out.w)
	d.out = &printer{json: g.out.json, tty: g.out.tty, color: g.out.color, w: buffered}
	d.reader = newCaptureReader(in, c.Variant, func(enums []*qt.Enum, pods []qt.POD) { d.types.Define(enums, pods) })
	err := d.all(name)
	if d.out.err == nil {
		d.out.err = buffered.Flush()
	}
	if err == nil {
		err = d.out.err
	}
	return err
}

func (d *decoding) all(name string) error {
	for {
		rec, err := d.reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			d.records++
			d.bytes += len(rec.data)
			if err = d.record(rec); err != nil {
				err = fmt.Errorf("line %d: %w", rec.number, err)
			}
		}
		switch {
		case err == nil:
		case d.Check:
			return fmt.Errorf("%s: %w", name, err)
		default:
			d.bad++
			complain(d.g.warn, fmt.Errorf("%s: %w", name, err))
			if d.reader.lines.Err() != nil {
				return fmt.Errorf("%s: cannot be read on", name)
			}
		}
		if d.g.ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err := d.out.failed(); err != nil {
			return err
		}
	}
	what := "packets"
	if d.Variant {
		what = "values"
	}
	if d.bad > 0 {
		return fmt.Errorf("%s: %d of %d %s could not be decoded", name, d.bad, d.records, what)
	}
	if d.records == 0 {
		return fmt.Errorf("%s: no %s found; expected lines of %s HEX and %s HEX, or with --variant of HEX", name, what, toClient, toHost)
	}
	if d.Check && d.out.json {
		d.out.object(members{{"file", name}, {what, d.records}, {"bytes", d.bytes}, {"protocol", d.protocol.String()}})
	} else if d.Check {
		d.out.line(fmt.Sprintf("%s: %d %s of %s, %d bytes: all decoded, and encoded to the same bytes", name, d.records, what, d.protocol, d.bytes))
	}
	return nil
}

func (d *decoding) record(rec record) error {
	if d.Variant {
		return d.value(rec)
	}
	if d.protocol == 0 {
		d.protocol = guessProtocol(rec.data)
	}
	if d.talk == nil {
		d.talk = newConversation(d.protocol, d.types)
	}
	p, err := d.talk.decode(rec.dir, rec.data)
	if err != nil {
		return err
	}
	if d.Check {
		again, err := wire.NewEncoder(d.protocol).Append(nil, p)
		if err != nil {
			return err
		}
		return sameBytes(p.Kind.String(), rec.data, again)
	}
	d.out.packet(members{{"line", rec.number}}, "", d.talk.view(rec.dir, p))
	return nil
}

func (d *decoding) value(rec record) error {
	if d.protocol == 0 {
		d.protocol = wire.Protocol20
	}
	format := d.protocol.Format()
	if d.BigEndian != nil {
		format.LittleEndian = !*d.BigEndian
	}
	r := qt.NewReader(rec.data, format, d.types)
	v := r.Variant()
	if err := r.Finish("QVariant"); err != nil {
		return err
	}
	if d.Check {
		w := qt.NewWriter(nil, format)
		w.Variant(v)
		if w.Err() != nil {
			return w.Err()
		}
		return sameBytes("QVariant", rec.data, w.Bytes())
	}
	if d.out.json {
		d.out.object(append(members{{"line", rec.number}}, typed(v, d.protocol)...))
		return nil
	}
	d.out.row([]int{20}, []string{dim}, typeName(v, d.protocol), text(v))
	return nil
}

// sameBytes compares what was read with what was encoded from it.
func sameBytes(what string, want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	byteAt := func(b []byte) string {
		if at < len(b) {
			return fmt.Sprintf("%02x", b[at])
		}
		return "the end"
	}
	return fmt.Errorf("%s: at offset %d: %s in the file, %s when encoded again", what, at, byteAt(want), byteAt(got))
}

// guessProtocol tells the protocol by a Handshake, or by the byte order in which a packet's length is right.
func guessProtocol(frame []byte) wire.Protocol {
	if p, err := wire.NewFramer(bytes.NewReader(frame), 0, 0).Handshake(); err == nil {
		return p
	}
	if len(frame) >= 4 && binary.BigEndian.Uint32(frame) < binary.LittleEndian.Uint32(frame) {
		return wire.Protocol13
	}
	return wire.Protocol20
}
