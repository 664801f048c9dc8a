package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-qtro/qtro/examples/thermostat"
)

func TestRoom(t *testing.T) {
	const off, eco, comfort = thermostat.ThermostatModeOff, thermostat.ThermostatModeEco, thermostat.ThermostatModeComfort
	for name, c := range map[string]struct {
		mode        thermostat.ThermostatMode
		target      float64
		boost       int
		from        float64
		minutes     int
		least, most float64
		alarms      []string
	}{
		"heats up":          {mode: comfort, target: 21, from: 15, minutes: 60, least: 20.5, most: 21.5},
		"cools down":        {mode: comfort, target: 18, from: 21, minutes: 60, least: 17.5, most: 18.5},
		"saves":             {mode: eco, target: 21, from: 21, minutes: 60, least: 17.5, most: 18.5},
		"warns once":        {mode: off, target: 21, from: 13, minutes: 60, least: 6.5, most: 8, alarms: []string{"it is below 12 °C"}},
		"boosts":            {mode: comfort, target: 18, boost: 31, from: 21, minutes: 30, least: 27, most: 30},
		"boosts no more":    {mode: comfort, target: 18, boost: 31, from: 21, minutes: 180, least: 17.5, most: 18.5},
		"does not heat off": {mode: off, target: 21, boost: 31, from: 20, minutes: 10, least: 17, most: 19},
	} {
		t.Run(name, func(t *testing.T) {
			r := room{now: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), celsius: c.from, boost: c.boost}
			var alarms []string
			for range c.minutes {
				if a := r.step(c.mode, c.target); a != "" {
					alarms = append(alarms, a)
				}
			}
			assert.GreaterOrEqual(t, r.celsius, c.least)
			assert.LessOrEqual(t, r.celsius, c.most)
			assert.Equal(t, c.alarms, alarms)
		})
	}
}

func TestReadings(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	r := room{now: begin, celsius: 21}
	r.step(thermostat.ThermostatModeEco, 20)
	first := r.readings
	for range 1000 {
		r.step(thermostat.ThermostatModeComfort, 20)
	}
	assert.Equal(t, begin, first[0].At)
	assert.InDelta(t, 17, first[0].Target, 0)
	assert.Len(t, r.readings, maxReadings)
	for i := range r.readings {
		assert.Equal(t, begin.Add(time.Duration(1000-(maxReadings-1-i)*between)*time.Minute), r.readings[i].At)
	}
}
