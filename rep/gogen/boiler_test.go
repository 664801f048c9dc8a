package gogen_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep/gogen/internal/boiler"
)

// burner answers the slots of a boiler.
type burner struct{ resets chan struct{} }

func (b *burner) Boost(ctx context.Context, minutes int32) (bool, error) {
	if _, ok := core.PeerFrom(ctx); !ok {
		return false, errors.New("nobody calls")
	}
	if minutes > 60 {
		return false, errors.New("that is too long")
	}
	return minutes > 0, nil
}

func (b *burner) Reset(context.Context) error {
	b.resets <- struct{}{}
	return nil
}

func TestBoiler(t *testing.T) {
	eachProtocol(t, func(t *testing.T, h *core.Host, n *core.Node) {
		b := &burner{make(chan struct{}, 1)}
		s, err := boiler.NewBoilerSource(b)
		require.NoError(t, err)
		require.NoError(t, s.SetVendor("Emca"))
		require.NoError(t, s.OnPushTarget(func(ctx context.Context, target float64) error {
			if target > 95 {
				return errors.New("that is too hot")
			}
			return nil
		}))
		require.NoError(t, s.OnSetTitle(func(_ context.Context, title string) error {
			return errors.Join(s.SetTitle("the "+title), errors.New("with an article"))
		}))
		r, err := boiler.AcquireBoiler(n, "Boiler")
		require.NoError(t, err)

		// The defaults of the file, on both sides, before they have met.
		for _, o := range []interface {
			Mode() boiler.BoilerMode
			Target() float64
			Level() int32
			Title() string
			Reading() boiler.Reading
			Secret() string
			Visits() int32
		}{r, s} {
			assert.Equal(t, boiler.BoilerModeOff, o.Mode())
			assert.InDelta(t, 20.5, o.Target(), 0)
			assert.EqualValues(t, -42, o.Level())
			assert.Equal(t, "cellar", o.Title())
			assert.Equal(t, boiler.Reading{}, o.Reading())
			assert.Empty(t, o.Secret())
			assert.EqualValues(t, 7, o.Visits())
		}
		assert.Equal(t, "Acme", r.Vendor())
		require.NoError(t, h.EnableRemoting(s.Source(), "Boiler"))
		require.NoError(t, r.Wait(soon(t)))
		assert.Equal(t, "Emca", r.Vendor())
		assert.Equal(t, "Emca", s.Vendor())
		require.Error(t, s.SetVendor("late"))

		heard := make(chan any, 10)
		r.OnModeChanged(into[boiler.BoilerMode](heard))
		cancel := r.OnTargetChanged(into[float64](heard))
		r.OnLevelChanged(into[int32](heard))
		r.OnTitleChanged(into[string](heard))
		r.OnReadingChanged(into[boiler.Reading](heard))
		r.OnSecretChanged(into[string](heard))
		r.OnReady(into[float64](heard))
		r.OnFailed(func() { heard <- "failed" })
		require.NoError(t, s.SetMode(boiler.BoilerModeHeating))
		assert.Equal(t, boiler.BoilerModeHeating, recv(t, heard))
		assert.Equal(t, "Heating", r.Mode().String())
		require.NoError(t, s.SetReading(boiler.Reading{Celsius: 21.5, Watts: 1800}))
		assert.Equal(t, boiler.Reading{Celsius: 21.5, Watts: 1800}, recv(t, heard))
		assert.Equal(t, boiler.Reading{Celsius: 21.5, Watts: 1800}, r.Reading())
		require.NoError(t, s.SetSecret("hush"))
		assert.Equal(t, "hush", recv(t, heard))
		require.NoError(t, s.EmitReady(60.5))
		assert.InDelta(t, 60.5, recv(t, heard), 0)
		require.NoError(t, s.EmitFailed())
		assert.Equal(t, "failed", recv(t, heard))

		// What replicas ask for.
		require.NoError(t, r.PushTarget(soon(t), 80))
		assert.InDelta(t, 80, r.Target(), 0, "the change is there before the answer")
		assert.InDelta(t, 80, recv(t, heard), 0)
		require.ErrorIs(t, r.PushTarget(soon(t), 96), core.ErrCallFailed)
		assert.InDelta(t, 80, s.Target(), 0)
		cancel()
		require.NoError(t, r.PushTarget(soon(t), 81)) // unheard
		require.NoError(t, r.SetLevel(soon(t), 3))
		assert.EqualValues(t, 3, recv(t, heard))
		require.NoError(t, r.SetTitle(soon(t), "attic"))
		assert.Equal(t, "the attic", recv(t, heard))
		assert.Equal(t, "the attic", s.Title())

		// Slots.
		ok, err := r.Boost(soon(t), 5)
		require.NoError(t, err)
		assert.True(t, ok)
		_, err = r.Boost(soon(t), 61)
		require.ErrorIs(t, err, core.ErrCallFailed)
		require.NoError(t, r.Reset(soon(t)))
		recv(t, b.resets)
		assert.Equal(t, "BoilerMode(9)", boiler.BoilerMode(9).String())

		require.NoError(t, r.Close())
		require.NoError(t, h.DisableRemoting(s.Source()))
	})
}
