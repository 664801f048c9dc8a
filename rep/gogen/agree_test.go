package gogen_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/rep"
	"github.com/go-qtro/qtro/rep/gogen/internal/boiler"
	"github.com/go-qtro/qtro/rep/gogen/internal/modes"
	"github.com/go-qtro/qtro/rep/gogen/internal/names"
	"github.com/go-qtro/qtro/rep/gogen/internal/overloads"
	"github.com/go-qtro/qtro/rep/gogen/internal/plant"
	"github.com/go-qtro/qtro/rep/gogen/internal/station"
	"github.com/go-qtro/qtro/rep/gogen/internal/values"
)

// TestAgreesWithRep: the generated classes are what File.Classes makes of the file: a program may have either at each end.
func TestAgreesWithRep(t *testing.T) {
	for file, source := range map[string]func() (*core.Source, error){
		"boiler":    func() (*core.Source, error) { s, err := boiler.NewBoilerSource(&burner{}); return s.Source(), err },
		"values":    func() (*core.Source, error) { s, err := values.NewValuesSource(valuer{}); return s.Source(), err },
		"modes":     func() (*core.Source, error) { s, err := modes.NewAlarmsSource(alarms{}); return s.Source(), err },
		"plant":     func() (*core.Source, error) { s, err := plant.NewPlantSource(); return s.Source(), err },
		"names":     func() (*core.Source, error) { s, err := names.NewOddSource(odd{}); return s.Source(), err },
		"overloads": func() (*core.Source, error) { s, err := overloads.NewJournalSource(journal{}); return s.Source(), err },
		"station":   func() (*core.Source, error) { s, err := station.NewStationSource(nothing{}); return s.Source(), err },
	} {
		t.Run(file, func(t *testing.T) {
			ours, err := source()
			require.NoError(t, err)
			name := "internal/" + file + "/" + file + ".rep"
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			f, err := rep.Parse(name, text)
			require.NoError(t, err)
			classes, err := f.Classes()
			require.NoError(t, err)
			var theirs *core.Class
			for _, c := range classes {
				if c.Name == ours.Class().Name {
					theirs = c
				}
			}
			require.NotNil(t, theirs)
			require.Len(t, ours.Class().Properties, len(theirs.Properties))
			for i, p := range theirs.Properties {
				assert.Equal(t, p.Persisted, ours.Class().Properties[i].Persisted, p.Name)
			}
			assert.Equal(t, theirs.Signature, ours.Class().Signature)
			assert.Equal(t, theirs.Signature5, ours.Class().Signature5)
			h := core.NewHost(core.Config{})
			defer func() { require.NoError(t, h.Close()) }()
			require.NoError(t, h.EnableRemoting(ours, "X"))
			r, err := h.Acquire("X", theirs)
			require.NoError(t, err)
			for _, p := range theirs.Properties {
				if p.Class != nil || p.Roles != nil {
					continue
				}
				want, err := r.Get(p.Name)
				require.NoError(t, err)
				got, err := ours.Get(p.Name)
				require.NoError(t, err)
				assert.Equal(t, want.Any(), got.Any(), p.Name)
				assert.Equal(t, want.Type().String(), got.Type().String(), p.Name)
			}
			require.NoError(t, r.Wait(soon(t)))
			assert.Len(t, ours.Class().Signals, len(theirs.Signals))
			assert.Len(t, ours.Class().Slots, len(theirs.Slots))
		})
	}
}

// nothing answers none of a Station's slots.
type nothing struct{ station.StationSlots }
