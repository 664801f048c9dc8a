package main

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const told = `A registry knows which objects there are and where
  1  registry  listens at tls://ADDR

A host remotes an object
  2  host      remotes Boiler at quic://ADDR
  3  host      remotes Boiler at tls://ADDR
  4  registry  has Boiler at quic://ADDR

A replica finds it, and learns what it is like
  5  replica   is Valid; its source is at spiffe://plant.example/boiler (quic ADDR)
  6  replica   is a Boiler with properties mode target reading, signals ready, slots secondsTo
  7  replica   mode is Ready
  8  replica   target is 60
  9  replica   reading is Reading{celsius: 60, watts: 0}

It changes the object, and follows what happens
 10  replica   pushes target 66
 11  host      spiffe://plant.example/panel (quic ADDR) sets the target to 66
 12  replica   target is now 66
 13  replica   mode is now Heating
 14  replica   reading is now Reading{celsius: 61, watts: 1800}
 15  replica   reading is now Reading{celsius: 62, watts: 1800}
 16  replica   reading is now Reading{celsius: 63, watts: 1800}
 17  replica   reading is now Reading{celsius: 64, watts: 1800}
 18  replica   reading is now Reading{celsius: 65, watts: 1800}
 19  replica   reading is now Reading{celsius: 66, watts: 1800}
 20  replica   reading is now Reading{celsius: 66, watts: 0}
 21  replica   mode is now Ready
 22  replica   signal ready [66]

It calls a slot, and gets the reply
 23  replica   calls secondsTo(90)
 24  host      spiffe://plant.example/panel (quic ADDR) calls secondsTo(90)
 25  replica   the reply is 6
 26  replica   calls secondsTo(120)
 27  host      spiffe://plant.example/panel (quic ADDR) calls secondsTo(120)
 28  replica   error: qtro: call Boiler.secondsTo at spiffe://plant.example/boiler (quic ADDR): the host reports that the call failed

Somebody else is refused
 29  intruder  connects to quic://ADDR
 30  host      handshake with quic ADDR: peer refused: its certificate is not signed by a trusted authority
 31  intruder  connect to quic://ADDR: refused by the peer: our certificate is not signed by a trusted authority
 32  intruder  connects to tls://ADDR
 33  host      handshake with tls ADDR: peer refused: its certificate is not signed by a trusted authority
 34  intruder  connect to tls://ADDR: refused by the peer: our certificate is not signed by a trusted authority

The host goes away
 35  host      closes
 36  replica   is Suspect
 37  replica   last saw 66 degrees
 38  replica   error: qtro: call Boiler.secondsTo: the replica is not connected to its source: it is Suspect
 39  registry  no longer has Boiler

It comes back elsewhere, by another transport, and has changed meanwhile
 40  host      remotes Boiler at tls://ADDR
 41  host      remotes Boiler at quic://ADDR
 42  registry  has Boiler at tls://ADDR
 43  replica   is Valid
 44  replica   target is now 55
 45  replica   reading is now Reading{celsius: 63, watts: 0}
 46  replica   is up to date
 47  replica   its source is at spiffe://plant.example/boiler (tls ADDR)
 48  replica   calls secondsTo(71)
 49  host      spiffe://plant.example/panel (tls ADDR) calls secondsTo(71)
 50  replica   the reply is 2
`

var addr = regexp.MustCompile(`127\.0\.0\.1:\d+`)

func TestStory(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, newStory(&out), slog.New(slog.DiscardHandler)))
	require.Equal(t, told, addr.ReplaceAllString(out.String(), "ADDR"))
}

func TestEndsInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	s := newStory(&cancelAfter{line: "pushes target", cancel: cancel, to: &out})
	require.ErrorIs(t, run(ctx, s, slog.New(slog.DiscardHandler)), context.Canceled)
}

// cancelAfter cancels when a line has been written.
type cancelAfter struct {
	line   string
	cancel func()
	to     *bytes.Buffer
}

func (c *cancelAfter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.line) {
		c.cancel()
	}
	return c.to.Write(p)
}
