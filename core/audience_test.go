package core

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/wire"
)

type visitor struct {
	peer     string
	acquired bool
}

// TestOnAcquire: a source's owner hears who comes and who goes, for whichever reason, and may use the source then.
func TestOnAcquire(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p wire.Protocol, opts ...ListenOption) {
		h, _ := testHost(t)
		class := &Class{Name: "Lamp", Properties: []Property{{Name: "watched", Type: "int"}}}
		source, err := NewSource(class)
		require.NoError(t, err)
		visits := make(chan visitor, 10)
		watched := 0
		source.OnAcquire(func(p Peer, acquired bool) {
			watched++
			if !acquired {
				watched -= 2
			}
			assert.NoError(t, source.Set("watched", watched))
			visits <- visitor{p.String(), acquired}
		})
		require.NoError(t, h.EnableRemoting(source, "Lamp"))

		first, _ := testNode(t)
		connectPipe(t, first, h, opts...)
		dynamic, err := first.AcquireDynamic("Lamp")
		require.NoError(t, err)
		require.True(t, recv(t, visits).acquired)
		until(t, "it hears that it is watched", func() bool {
			v, err := dynamic.Get("watched")
			return err == nil && v.Int() == 1
		})

		second, _ := testNode(t)
		near, _ := connectPipe(t, second, h, opts...)
		_, err = second.Acquire("Lamp", class)
		require.NoError(t, err)
		require.True(t, recv(t, visits).acquired)
		_, err = second.AcquireDynamic("Lamp") // the same peer
		require.NoError(t, err)
		require.NoError(t, near.Close())
		require.False(t, recv(t, visits).acquired)

		require.NoError(t, dynamic.Close())
		require.False(t, recv(t, visits).acquired)
		own, err := h.AcquireDynamic("Lamp")
		require.NoError(t, err)
		require.Equal(t, visitor{"this process", true}, recv(t, visits))
		require.NoError(t, h.DisableRemoting(source))
		require.Equal(t, visitor{"this process", false}, recv(t, visits))
		until(t, "the replica is Suspect", func() bool { return own.State() == Suspect })
		nothing(t, visits)
	})
}

// TestAudience: a callback that is slow costs no more memory than there are connections.
func TestAudience(t *testing.T) {
	h, _ := testHost(t)
	busy, told := make(chan struct{}), make(chan bool, 2*maxCalls)
	a := &audience{fn: func(_ Peer, acquired bool) { <-busy; told <- acquired }}
	flapping, other := &hostConn{host: h}, &hostConn{host: h}
	for range 100 * maxCalls {
		a.note(flapping, true)
		a.note(flapping, false)
	}
	a.mu.Lock()
	assert.LessOrEqual(t, len(a.waiting), maxCalls)
	a.mu.Unlock()
	a.note(other, true)
	close(busy)
	until(t, "all are told of", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return !a.running })
	close(told)
	here := 0
	for acquired := range told {
		if acquired {
			here++
		} else {
			here--
		}
	}
	assert.Equal(t, 1, here, "the other one")
}
