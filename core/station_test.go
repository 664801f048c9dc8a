package core

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// stationClasses describes what station.rep of the captures describes, as Qt 6 or Qt 5 has it.
func stationClasses(p wire.Protocol) (station, gauge *Class) {
	reading := qt.POD{Name: "Reading", Fields: []qt.Field{{Name: "stamp", TypeName: "qint64"}, {Name: "value", TypeName: "double"},
		{Name: "unit", TypeName: "QString"}, {Name: "valid", TypeName: "bool"}}}
	place := qt.POD{Name: "Place", Fields: []qt.Field{{Name: "name", TypeName: "QString"}, {Name: "grid", TypeName: "QPoint"}, {Name: "last", TypeName: "Reading"}}}
	mode := qt.Enum{Name: "Mode", Keys: []qt.EnumKey{{Name: "Idle", Value: 0}, {Name: "Sampling", Value: 3}, {Name: "Fault", Value: -1}}}
	season := qt.Enum{Name: "SeasonEnum::Season", Keys: []qt.EnumKey{{Name: "Winter", Value: 0}, {Name: "Spring", Value: 1}, {Name: "Summer", Value: 5}, {Name: "Autumn", Value: 6}}}
	bits := []qt.EnumKey{{Name: "NoAlarm", Value: 0}, {Name: "Smoke", Value: 1}, {Name: "Heat", Value: 2}, {Name: "Flood", Value: 4}}
	gauge = &Class{Name: "Gauge", PODs: []qt.POD{reading},
		Signature: "cc95646c8ed365dd1d22a7ded4a5dffcfac51595", Signature5: "96b401491689e19f5230dbb2e616bd84f8ebacae",
		Properties: []Property{{Name: "label", Type: "QString", Access: ReadWrite, Default: "gauge"}, {Name: "pressure", Type: "double", Default: 1013.25},
			{Name: "sample", Type: "Reading", Access: ReadOnly}},
		Signals: []Signal{{"tripped", []Param{{"threshold", "double"}, {"why", "QString"}}}},
		Slots:   []Slot{{"calibrate", "double", []Param{{"offset", "double"}}}},
	}
	station = &Class{Name: "Station", PODs: []qt.POD{reading, place},
		Signature: "4f6cb74511313b6659214c5276e74d0470fc8c91", Signature5: "ed56a9fb798083b2f5e51f587ca5318026ea7e10"}
	alarms := "Alarms"
	if p == wire.Protocol13 {
		alarms = "StationTypes::Alarms"
		station.Enums = []qt.Enum{mode, season, {Name: alarms, Flag: true, Keys: bits}}
	} else {
		station.Enums = []qt.Enum{mode, {Name: "Alarm", Keys: bits}, {Name: alarms, Flag: true, Keys: bits}, season}
	}
	for _, r := range []struct {
		name, typ string
		access    Access
		initial   any
	}{
		{"online", "bool", ReadPush, true}, {"level", "int", ReadWrite, -42}, {"ticks", "uint", ReadPush, uint32(4000000000)},
		{"bigSigned", "qint64", ReadOnly, nil}, {"bigUnsigned", "quint64", ReadOnly, nil}, {"ratio", "float", ReadWrite, 0.5},
		{"precise", "double", ReadWrite, 2.718281828459045}, {"title", "QString", ReadWrite, nil}, {"emptyText", "QString", ReadWrite, ""},
		{"nullText", "QString", ReadWrite, nil}, {"blob", "QByteArray", ReadWrite, nil}, {"tags", "QStringList", ReadWrite, nil},
		{"mixed", "QVariantList", ReadWrite, nil}, {"attrs", "QVariantMap", ReadWrite, nil}, {"anything", "QVariant", ReadWrite, nil},
		{"startedAt", "QDateTime", ReadWrite, nil}, {"day", "QDate", ReadWrite, nil}, {"wakeUp", "QTime", ReadWrite, nil},
		{"home", "QUrl", ReadWrite, nil}, {"serial", "QUuid", ReadOnly, nil}, {"grid", "QPoint", ReadWrite, nil},
		{"area", "QSize", ReadWrite, nil}, {"zone", "QRect", ReadWrite, nil}, {"scale", "QSizeF", ReadWrite, nil},
		{"counts", "QList<int>", ReadWrite, nil}, {"names", "QList<QString>", ReadWrite, nil}, {"totals", "QMap<QString,int>", ReadWrite, nil},
		{"mode", "Mode", ReadWrite, "Idle"}, {"season", "SeasonEnum::Season", ReadWrite, nil}, {"alarms", alarms, ReadWrite, nil},
		{"lastReading", "Reading", ReadOnly, nil}, {"history", "QList<Reading>", ReadPush, nil}, {"latest", "QMap<QString,Reading>", ReadPush, nil},
		{"secret", "QString", SourceOnlySetter, nil}, {"visits", "int", ReadWrite, 7}, {"vendor", "QString", Constant, "Acme"},
	} {
		station.Properties = append(station.Properties, Property{Name: r.name, Type: r.typ, Access: r.access, Default: r.initial})
	}
	station.Properties = append(station.Properties, Property{Name: "gauge", Class: gauge}, Property{Name: "rows", Roles: []string{"display", "celsius"}})
	station.Signals = []Signal{
		{"started", nil}, {"levelCrossed", []Param{{"level", "int"}}},
		{"observed", []Param{{"reading", "Reading"}, {"by", "QString"}, {"mode", "Mode"}}},
		{"bulk", []Param{{"a", "bool"}, {"b", "qint64"}, {"c", "double"}, {"d", "QVariantMap"}, {"e", "QStringList"}, {"f", "QVariant"}}},
		{"alarmed", []Param{{"alarms", alarms}, {"season", "SeasonEnum::Season"}}}, {"batch", []Param{{"readings", "QList<Reading>"}}},
	}
	station.Slots = []Slot{
		{"restart", "void", nil}, {"note", "void", []Param{{"text", "QString"}, {"priority", "int"}}},
		{"add", "int", []Param{{"a", "int"}, {"b", "int"}}}, {"describe", "QString", []Param{{"prefix", "QString"}, {"loud", "bool"}}},
		{"info", "QVariantMap", []Param{{"keys", "QStringList"}}}, {"measure", "Reading", []Param{{"unit", "QString"}, {"value", "double"}}},
		{"locate", "Place", []Param{{"place", "Place"}}}, {"recent", "QList<Reading>", []Param{{"n", "int"}}},
		{"index", "QMap<QString,Reading>", []Param{{"readings", "QList<Reading>"}}}, {"cycle", "Mode", []Param{{"from", "Mode"}}},
		{"mask", alarms, []Param{{"a", alarms}, {"s", "SeasonEnum::Season"}}}, {"echo", "QVariant", []Param{{"value", "QVariant"}}},
		{"swapGauge", "void", []Param{{"present", "bool"}}},
	}
	return station, gauge
}

// reading is the POD of that name.
type reading struct {
	Stamp int64
	Value float64
	Unit  *string
	Valid bool
}

func newReading(stamp int64, value float64, unit string, valid bool) reading {
	return reading{stamp, value, &unit, valid}
}

// stationValues are the values that the captures' source starts with.
func stationValues() map[string]any {
	return map[string]any{
		"bigSigned": int64(-9007199254740995), "bigUnsigned": uint64(math.MaxUint64),
		"title": "Zürich 東京 🌦", "nullText": qt.NullString, "blob": []byte{0, 1, 0xfe, 0xff}, "tags": []string{"north", "größe", ""},
		"mixed":    []any{int32(1), "two", 3.5, true, nil, []any{"nested", int32(7)}},
		"attrs":    map[string]any{"alt": int32(408), "name": "roof", "nested": map[string]any{"k": []byte("v")}},
		"anything": qt.Point{X: 3, Y: -4}, "startedAt": time.Date(2024, 2, 29, 12, 34, 56, 789e6, time.UTC),
		"day": qt.Date{Year: 1999, Month: 12, Day: 31}, "wakeUp": qt.Time(((6*60+30)*60)*1000 + 250),
		"home":   qt.URL("https://example.org/wx%20station?id=1#top"),
		"serial": qt.UUID{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0x00, 0xc0, 0x4f, 0xc9, 0x64, 0xff},
		"grid":   qt.Point{X: -3, Y: 7}, "area": qt.Size{Width: 640, Height: 480},
		"zone": qt.Rect{X: 10, Y: 20, Width: 300, Height: 400}, "scale": qt.SizeF{Width: 1.5, Height: -0.25},
		"counts": []int32{1, -2, math.MaxInt32}, "names": []string{"alpha", "beta"},
		"totals": map[string]int32{"rain": 12, "sun": -3}, "mode": "Sampling", "season": "Autumn", "alarms": 5,
		"lastReading": newReading(1700000000123, 21.5, "°C", true),
		"history":     []reading{newReading(1, 1.25, "m/s", false), newReading(2, math.Copysign(0, -1), "", true)},
		"latest":      map[string]reading{"in": newReading(10, 20, "C", true), "out": newReading(11, -5, "C", true)},
		"secret":      "s3cret",
	}
}

// newGauge is what the captures' source puts into the property gauge as its nth object.
func newGauge(t testing.TB, class *Class, n int) *Source {
	t.Helper()
	g, err := NewSource(class)
	require.NoError(t, err)
	if n > 0 {
		require.NoError(t, g.Set("label", "barometer-"+string(rune('0'+n))))
		require.NoError(t, g.Set("pressure", 1000+n))
		require.NoError(t, g.Set("sample", newReading(int64(100+n), float64(n)/2, "hPa", true)))
	}
	require.NoError(t, g.Handle("calibrate", func(offset float64) (float64, error) {
		v, err := g.Get("pressure")
		if err != nil {
			return 0, err
		}
		return v.Float() + offset, g.Set("pressure", v.Float()+offset)
	}))
	return g
}

// newStation returns a source like the captures'.
func newStation(t testing.TB, class, gauge *Class) *Source {
	t.Helper()
	s, err := NewSource(class)
	require.NoError(t, err)
	for name, v := range stationValues() {
		require.NoError(t, s.Set(name, v), name)
	}
	require.NoError(t, s.SetChild("gauge", newGauge(t, gauge, 1)))
	return s
}
