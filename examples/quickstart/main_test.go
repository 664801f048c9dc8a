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
  1  registry  listens at tcp://ADDR

A host remotes an object
  2  host      remotes Boiler at tcp://ADDR
  3  registry  has Boiler at tcp://ADDR

A replica finds it, and learns what it is like
  4  replica   is Valid; its source is at tcp ADDR
  5  replica   is a Boiler with properties mode target reading, signals ready, slots secondsTo
  6  replica   mode is Ready
  7  replica   target is 60
  8  replica   reading is Reading{celsius: 60, watts: 0}

It changes the object, and follows what happens
  9  replica   pushes target 66
 10  host      tcp ADDR sets the target to 66
 11  replica   target is now 66
 12  replica   mode is now Heating
 13  replica   reading is now Reading{celsius: 61, watts: 1800}
 14  replica   reading is now Reading{celsius: 62, watts: 1800}
 15  replica   reading is now Reading{celsius: 63, watts: 1800}
 16  replica   reading is now Reading{celsius: 64, watts: 1800}
 17  replica   reading is now Reading{celsius: 65, watts: 1800}
 18  replica   reading is now Reading{celsius: 66, watts: 1800}
 19  replica   reading is now Reading{celsius: 66, watts: 0}
 20  replica   mode is now Ready
 21  replica   signal ready [66]

It calls a slot, and gets the reply
 22  replica   calls secondsTo(90)
 23  host      tcp ADDR calls secondsTo(90)
 24  replica   the reply is 6
 25  replica   calls secondsTo(120)
 26  host      tcp ADDR calls secondsTo(120)
 27  replica   error: qtro: call Boiler.secondsTo at tcp ADDR: the host reports that the call failed

The host goes away
 28  host      closes
 29  replica   is Suspect
 30  replica   last saw 66 degrees
 31  replica   error: qtro: call Boiler.secondsTo: the replica is not connected to its source: it is Suspect
 32  registry  no longer has Boiler

It comes back elsewhere, and has changed meanwhile
 33  host      remotes Boiler at tcp://ADDR
 34  registry  has Boiler at tcp://ADDR
 35  replica   is Valid
 36  replica   target is now 55
 37  replica   reading is now Reading{celsius: 63, watts: 0}
 38  replica   is up to date
 39  replica   its source is at tcp ADDR
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
