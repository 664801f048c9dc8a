package crew

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	Serve(map[string]func(*Program) error{
		"adder": func(p *Program) error {
			for sum := 0; ; {
				var n int
				if err := p.Hear(&n); err != nil {
					return err
				}
				sum += n
				if err := p.Tell(sum); err != nil {
					return err
				}
			}
		},
		"faller":  func(*Program) error { return errors.New("the stairs are slippery") },
		"sleeper": func(*Program) error { select {} },
	})
	m.Run()
}

func member(t *testing.T, role string) *Member {
	m, err := Start(role)
	require.NoError(t, err)
	t.Cleanup(m.Stop)
	return m
}

func TestAsk(t *testing.T) {
	m := member(t, "adder")
	var sum int
	for range 3 {
		require.NoError(t, m.Ask(t.Context(), 7, &sum))
	}
	require.Equal(t, 21, sum)
}

func TestMemberThatFails(t *testing.T) {
	m := member(t, "faller")
	require.EqualError(t, m.Hear(t.Context(), nil), "the faller: the stairs are slippery")
	require.EqualError(t, m.Hear(t.Context(), nil), "the process of the faller has ended")
}

func TestMemberThatIsSilent(t *testing.T) {
	m := member(t, "sleeper")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, m.Ask(ctx, nil, nil), context.DeadlineExceeded)
	start := time.Now()
	m.Stop() // it ends by itself when it is no longer spoken to
	require.Less(t, time.Since(start), 4*time.Second)
}

func TestTrust(t *testing.T) {
	dir, remove, err := Trust()
	require.NoError(t, err)
	h, err := Host(dir, "127.0.0.1")
	require.NoError(t, err)
	clients, err := Clients(dir, 2)
	require.NoError(t, err)
	remove()
	require.NoDirExists(t, dir)
	first, err := clients[0].Certificate()
	require.NoError(t, err)
	second, err := clients[1].Certificate()
	require.NoError(t, err)
	require.NotEqual(t, first.Leaf.SerialNumber, second.Leaf.SerialNumber)
	for _, c := range []*tls.Certificate{first, second} {
		between, err := x509.ParseCertificate(c.Certificate[1])
		require.NoError(t, err)
		require.NoError(t, h.VerifyPeer([]*x509.Certificate{c.Leaf, between}, nil, ""))
	}
}
