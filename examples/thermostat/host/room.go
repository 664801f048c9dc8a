package main

import (
	"fmt"
	"time"

	"github.com/go-qtro/qtro/examples/thermostat"
)

const (
	outside    = 2.0  // degrees Celsius, as all temperatures here
	frost      = 7.0  // what mode Off keeps
	tooCold    = 12.0 // is worth an alarm
	ecoSaves   = 3.0
	power      = 0.5      // degrees that the radiator adds in a minute
	loss       = 1.0 / 90 // the part of the difference to outside that goes out in a minute
	hysteresis = 0.2

	between     = 5  // minutes from one reading to the next
	maxReadings = 48 // four hours
)

// room is a simulated room with a radiator. What it does depends on nothing but its steps.
type room struct {
	now      time.Time
	minutes  int // since it began
	celsius  float64
	heating  bool
	boost    int // minutes left
	cold     bool
	readings []thermostat.Reading // never changed in place, since replicas are sent it
}

// goal is how warm it should be.
func goal(mode thermostat.ThermostatMode, target float64) float64 {
	switch mode {
	case thermostat.ThermostatModeOff:
		return frost
	case thermostat.ThermostatModeEco:
		return target - ecoSaves
	}
	return target
}

// step lets a minute pass. It returns a text if there is cause for alarm that there was not before.
func (r *room) step(mode thermostat.ThermostatMode, target float64) (alarm string) {
	r.boost = max(r.boost-1, 0)
	if mode == thermostat.ThermostatModeOff {
		r.boost = 0
	}
	want := goal(mode, target)
	switch {
	case r.boost > 0 || r.celsius < want-hysteresis:
		r.heating = true
	case r.celsius > want+hysteresis:
		r.heating = false
	}
	r.celsius -= (r.celsius - outside) * loss
	if r.heating {
		r.celsius += power
	}

	if r.minutes%between == 0 {
		first := max(0, len(r.readings)+1-maxReadings)
		r.readings = append(r.readings[first:len(r.readings):len(r.readings)], thermostat.Reading{At: r.now, Celsius: r.celsius, Target: want})
	}
	r.minutes++
	r.now = r.now.Add(time.Minute)

	was := r.cold
	r.cold = r.celsius < tooCold
	if r.cold && !was {
		return fmt.Sprintf("it is below %g °C", tooCold)
	}
	return ""
}
