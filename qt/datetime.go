package qt

import (
	"fmt"
	"reflect"
	"time"
)

// Date is a day of the proleptic Gregorian calendar (Qt: QDate). There is no year 0: the year before 1 is -1.
// The zero Date is invalid.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// invalidDay is the Julian day of an invalid QDate.
const invalidDay = 1 << 63

// unixEpoch is the Julian day of 1970-01-01.
const unixEpoch = 2440588

// DateOf returns the day of t in t's location; the zero time gives the invalid date.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	return civil(t)
}

// civil is DateOf for any time.
func civil(t time.Time) Date {
	y, m, d := t.Date()
	if y <= 0 {
		y--
	}
	return Date{y, m, d}
}

// IsValid reports whether d is not the zero Date.
func (d Date) IsValid() bool { return d != Date{} }

// String returns the date as YYYY-MM-DD, "" if it is invalid.
func (d Date) String() string {
	if !d.IsValid() {
		return ""
	}
	if d.Year < 0 {
		return fmt.Sprintf("-%04d-%02d-%02d", -d.Year, d.Month, d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// In returns the midnight with which the day starts in loc; the invalid date gives the zero time.
func (d Date) In(loc *time.Location) time.Time {
	if !d.IsValid() {
		return time.Time{}
	}
	y := d.Year
	if y < 0 {
		y++
	}
	return time.Date(y, d.Month, d.Day, 0, 0, 0, 0, loc)
}

func (d Date) julian() uint64 {
	if !d.IsValid() {
		return invalidDay
	}
	return uint64(floorDiv(d.In(time.UTC).Unix(), 86400) + unixEpoch)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dateOf returns the date of a Julian day. Days that time.Time cannot hold are invalid.
func dateOf(julian int64) Date {
	const limit = 1 << 40
	if julian < -limit || julian > limit {
		return Date{}
	}
	return civil(time.Unix((julian-unixEpoch)*86400, 0).UTC())
}

// Time is a time of day in milliseconds since midnight (Qt: QTime); a negative one is invalid.
type Time int32

// InvalidTime is the invalid time of day.
const InvalidTime Time = -1

// TimeOf returns the time of day of t in t's location.
func TimeOf(t time.Time) Time {
	h, m, s := t.Clock()
	return Time(((h*60+m)*60+s)*1000 + t.Nanosecond()/1e6)
}

// String returns the time as HH:MM:SS.mmm, "" if it is invalid.
func (t Time) String() string {
	if t < 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d:%02d.%03d", t/3600000, t/60000%60, t/1000%60, t%1000)
}

// Duration returns the time since midnight.
func (t Time) Duration() time.Duration { return time.Duration(t) * time.Millisecond }

// dateTime is a QDateTime as it is streamed: day and time are those of its own time zone.
type dateTime struct {
	day    int64
	msec   int32
	spec   uint8
	offset int32  // seconds east of UTC, with specOffset
	zone   string // IANA name, with specZone
}

// Qt::TimeSpec.
const (
	specLocal  = 0
	specUTC    = 1
	specOffset = 2
	specZone   = 3
)

var tDateTime = dateTimeType()

func dateTimeType() *Type {
	t := &Type{kind: kindCodec, id: 16, id5: 16, name: "QDateTime", name5: "QDateTime", goType: reflect.TypeFor[time.Time](),
		codec: wrap(Codec[dateTime]{decodeDateTime, encodeDateTime})}
	t.codec.zero = dateTimeOf(time.Time{})
	t.codec.plain = func(x any) any { return x.(dateTime).time() }
	t.codec.convert = func(x any) (any, bool) {
		tm, ok := x.(time.Time)
		return dateTimeOf(tm), ok
	}
	return builtin.add(t)
}

func decodeDateTime(r *Reader) dateTime {
	d := dateTime{day: int64(r.Uint64()), msec: r.Int32(), spec: r.Uint8()}
	switch d.spec {
	case specLocal, specUTC:
	case specOffset:
		d.offset = r.Int32()
	case specZone:
		d.zone = r.Text()
	default:
		r.Fail("QDateTime", fmt.Errorf("%w: time spec %d", ErrValue, d.spec))
	}
	return d
}

func encodeDateTime(w *Writer, d dateTime) {
	w.Uint64(uint64(d.day))
	w.Int32(d.msec)
	w.Uint8(d.spec)
	switch d.spec {
	case specOffset:
		w.Int32(d.offset)
	case specZone:
		w.Text(d.zone)
	}
}

// time returns the instant; an invalid QDateTime is the zero time. A zone that this system does not know is taken as UTC.
func (d dateTime) time() time.Time {
	date := dateOf(d.day)
	if !date.IsValid() || d.msec < 0 {
		return time.Time{}
	}
	loc := time.UTC
	switch d.spec {
	case specLocal:
		loc = time.Local
	case specOffset:
		loc = time.FixedZone("", int(d.offset))
	case specZone:
		if l, err := time.LoadLocation(d.zone); err == nil {
			loc = l
		}
	}
	day := date.In(loc)
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(d.msec/1000), int(d.msec%1000)*1e6, loc)
}

func dateTimeOf(t time.Time) dateTime {
	if t.IsZero() {
		day := uint64(invalidDay)
		return dateTime{day: int64(day), msec: -1}
	}
	d := dateTime{day: int64(DateOf(t).julian()), msec: int32(TimeOf(t))}
	name, offset := t.Zone()
	switch loc := t.Location(); {
	case loc == time.UTC:
		d.spec = specUTC
	case loc == time.Local:
		d.spec = specLocal
	case loc.String() == "UTC":
		d.spec = specUTC
	case loc.String() != "" && loc.String() != name:
		d.spec, d.zone = specZone, loc.String()
	default:
		d.spec, d.offset = specOffset, int32(offset)
	}
	return d
}
