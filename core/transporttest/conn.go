package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
)

var connChecks = []check{
	{name: "peers", run: (*suite).peers},
	{name: "few bytes", run: func(s *suite, t testing.TB) { s.bytes(t, 1, 17) }},
	{name: "1 MiB", run: func(s *suite, t testing.TB) { s.bytes(t, 1<<20) }},
	{name: "many MiB", run: func(s *suite, t testing.TB) { s.bytes(t, 16<<20) }},
	{name: "byte by byte", run: (*suite).byteByByte},
	{name: "all is delivered before the end", run: (*suite).delivered},
	{name: "close unblocks read", run: (*suite).closeRead},
	{name: "close unblocks write", run: (*suite).closeWrite},
	{name: "closed", run: (*suite).closed},
	{name: "end is noticed", run: (*suite).noticed},
	{name: "read deadline", run: (*suite).readDeadline},
	{name: "write deadline", run: (*suite).writeDeadline},
}

// data returns bytes that differ from those of other seeds.
func data(seed, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1}).Read(b) // never fails
	return b
}

// expect reads what another side's data must be.
func expect(r io.Reader, want []byte) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(want), err)
	}
	if !bytes.Equal(got, want) {
		i := 0
		for got[i] == want[i] {
			i++
		}
		return fmt.Errorf("byte %d of %d is %#02x instead of %#02x", i, len(want), got[i], want[i])
	}
	return nil
}

func echo(c net.Conn) error {
	_, err := io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c}) // by Read and Write alone
	return err
}

// converse sends data to an echo and checks what comes back.
func converse(c net.Conn, seed, n int) error {
	sent := data(seed, n)
	write := do(func() error { _, err := c.Write(sent); return err })
	err := expect(c, sent)
	if err != nil {
		_ = c.Close() // ends the writing
	}
	return errors.Join(err, (<-write).err)
}

// exchange sends n bytes in both directions at once.
func (s *suite) exchange(t testing.TB, a, d core.Conn, n int) {
	t.Helper()
	here, there := data(1, n), data(2, n)
	tasks := map[string]<-chan result[struct{}]{
		"write by the accepted side": do(func() error { _, err := a.Write(here); return err }),
		"write by the dialing side":  do(func() error { _, err := d.Write(there); return err }),
		"read by the accepted side":  do(func() error { return expect(a, there) }),
		"read by the dialing side":   do(func() error { return expect(d, here) }),
	}
	for what, ch := range tasks {
		_, err := await(s, t, what, ch)
		require.NoError(t, err, what)
	}
}

func (s *suite) peers(t testing.TB) {
	a, d := s.pair(t, s.listen(t))
	for name, c := range map[string]core.Conn{"accepted": a, "dialed": d} {
		require.Equal(t, s.scheme, c.Peer().Scheme, name)
		require.NotEmpty(t, c.Peer().Addr, name)
		require.NotNil(t, c.LocalAddr(), name)
		require.NotNil(t, c.RemoteAddr(), name)
	}
	if s.CheckPeers != nil {
		s.CheckPeers(t, a.Peer(), d.Peer())
	}
}

func (s *suite) bytes(t testing.TB, sizes ...int) {
	a, d := s.pair(t, s.listen(t))
	for _, n := range sizes {
		s.exchange(t, a, d, n)
	}
}

func (s *suite) byteByByte(t testing.TB) {
	a, d := s.pair(t, s.listen(t))
	want := data(3, 300)
	write := do(func() error {
		for i := range want {
			if n, err := a.Write(want[i : i+1]); n != 1 || err != nil {
				return fmt.Errorf("wrote %d: %w", n, err)
			}
		}
		return nil
	})
	read := do(func() error {
		one := make([]byte, 1)
		for i := range want {
			if err := expect(d, want[i:i+1]); err != nil {
				return fmt.Errorf("byte %d: %w", i, err)
			}
			if n, err := d.Read(one[:0]); n != 0 || err != nil {
				return fmt.Errorf("a Read of nothing: %d, %w", n, err)
			}
		}
		return nil
	})
	_, err := await(s, t, "Write", write)
	require.NoError(t, err)
	_, err = await(s, t, "Read", read)
	require.NoError(t, err)
}

// delivered checks that a side may write and close, and the other gets all of it and then the end.
func (s *suite) delivered(t testing.TB) {
	l := s.listen(t)
	for _, n := range []int{1, 100_000, 3 << 20} {
		for i := range 2 {
			a, d := s.pair(t, l)
			from, to := a, d
			if i == 1 {
				from, to = d, a
			}
			want := data(n, n)
			write := do(func() error {
				_, err := from.Write(want)
				return errors.Join(err, from.Close())
			})
			if n == 1 { // so little that Write need not wait for the other side
				_, err := await(s, t, "Write and Close", write)
				require.NoError(t, err)
				write = nil
			}
			got, err := await(s, t, "reading until the end", start(func() ([]byte, error) { return io.ReadAll(to) }))
			require.NoError(t, err, "after %d of %d bytes", len(got), n)
			require.True(t, bytes.Equal(want, got), "got %d bytes instead of %d, or others", len(got), n)
			if write != nil {
				_, err = await(s, t, "Write and Close", write)
				require.NoError(t, err)
			}
		}
	}
}

// each calls fn with the two sides in either role.
func (s *suite) each(t testing.TB, fn func(c, other core.Conn)) {
	l := s.listen(t)
	a, d := s.pair(t, l)
	fn(a, d)
	a, d = s.pair(t, l)
	fn(d, a)
}

func read(c net.Conn) func() error {
	return func() error { _, err := c.Read(make([]byte, 10)); return err }
}

func (s *suite) closeRead(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		here, there := do(read(c)), do(read(other))
		require.NoError(t, c.Close())
		_, err := await(s, t, "Read of a connection that was closed", here)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = await(s, t, "Read of a connection that the other side closed", there)
		require.Error(t, err)
	})
}

// fill writes until the other side, which does not read, holds it up, and returns the Write that waits.
func (s *suite) fill(t testing.TB, c net.Conn) <-chan result[struct{}] {
	t.Helper()
	progress := make(chan struct{}, 1)
	write := do(func() error {
		chunk := make([]byte, 64<<10)
		for {
			if _, err := c.Write(chunk); err != nil {
				return err
			}
			select {
			case progress <- struct{}{}:
			default:
			}
		}
	})
	for began := time.Now(); ; {
		select {
		case r := <-write:
			require.Failf(t, "Write failed", "%v", r.err)
		case <-progress:
			require.Less(t, time.Since(began), s.Timeout, "Write never waits for the other side: it must not gather unsent data without a limit")
		case <-time.After(100 * time.Millisecond):
			return write
		}
	}
}

func (s *suite) closeWrite(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		write, waiting := s.fill(t, c), do(read(c))
		_, err := await(s, t, "Close while the other side does not read", do(c.Close))
		require.NoError(t, err)
		_, err = await(s, t, "Write of a connection that was closed", write)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = await(s, t, "Read of a connection that was closed", waiting)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func (s *suite) closed(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		require.NoError(t, c.Close())
		_, err := await(s, t, "Read of a closed connection", do(read(c)))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = await(s, t, "Write to a closed connection", do(func() error { _, err := c.Write([]byte{1}); return err }))
		require.ErrorIs(t, err, net.ErrClosed)
		_, _ = await(s, t, "a second Close", do(c.Close))
		require.Equal(t, s.scheme, c.Peer().Scheme, "Peer of a closed connection")
	})
}

// noticed checks that who writes learns of the other side's end.
func (s *suite) noticed(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		write := s.fill(t, c)
		require.NoError(t, other.Close())
		_, err := await(s, t, "Write to a side that has closed", write)
		require.Error(t, err)
	})
}

func timedOut(t testing.TB, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}

func (s *suite) readDeadline(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
		_, err := await(s, t, "Read with a deadline", do(read(c)))
		timedOut(t, err)
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		waiting := do(read(c))
		select {
		case r := <-waiting:
			require.Failf(t, "Read returned", "without a deadline and data: %v", r.err)
		case <-time.After(20 * time.Millisecond):
		}
		require.NoError(t, c.SetDeadline(time.Now().Add(-time.Second)))
		_, err = await(s, t, "Read when a deadline was set that has passed", waiting)
		timedOut(t, err)
		require.NoError(t, c.SetDeadline(time.Time{}))
		s.exchange(t, c, other, 1000)
	})
}

func (s *suite) writeDeadline(t testing.TB) {
	s.each(t, func(c, other core.Conn) {
		write := s.fill(t, c)
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
		_, err := await(s, t, "Write with a deadline to a side that does not read", write)
		timedOut(t, err)
	})
}
