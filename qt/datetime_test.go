package qt

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDate(t *testing.T) {
	for _, c := range []struct {
		d      Date
		julian int64
		text   string
	}{
		{Date{1970, 1, 1}, 2440588, "1970-01-01"},
		{Date{1999, 12, 31}, 0x256858, "1999-12-31"},
		{Date{-44, 3, 15}, 0x1a05d4, "-0044-03-15"},
		{Date{1, 1, 1}, 1721426, "0001-01-01"},
		{Date{-1, 12, 31}, 1721425, "-0001-12-31"},
		{Date{12024, 2, 29}, 6112795, "12024-02-29"},
	} {
		assert.Equal(t, c.julian, int64(c.d.julian()), c.text)
		assert.Equal(t, c.text, c.d.String())
		assert.Equal(t, c.d, dateOf(c.julian))
		assert.Equal(t, c.d, civil(c.d.In(time.UTC)))
		back, err := parseDate(c.text)
		require.NoError(t, err)
		assert.Equal(t, c.d, back)
	}
	assert.False(t, Date{}.IsValid())
	assert.Empty(t, Date{}.String())
	assert.True(t, Date{}.In(time.UTC).IsZero())
	assert.Equal(t, Date{}, dateOf(math.MinInt64))
	assert.Equal(t, Date{}, dateOf(math.MaxInt64))
	assert.Equal(t, Date{}, DateOf(time.Time{}))
	var d Date
	require.NoError(t, d.UnmarshalText([]byte("2024-02-29")))
	assert.Equal(t, Date{2024, 2, 29}, d)
}

func TestTime(t *testing.T) {
	assert.Equal(t, "23:59:59.999", Time(86399999).String())
	assert.Empty(t, InvalidTime.String())
	assert.Equal(t, 90*time.Second, Time(90000).Duration())
	var c Time
	require.NoError(t, c.UnmarshalText([]byte("00:01:30.5")))
	assert.Equal(t, Time(90500), c)
	require.Error(t, c.UnmarshalText([]byte("1:2")))
}

func TestDateTime(t *testing.T) {
	zurich, err := time.LoadLocation("Europe/Zurich")
	require.NoError(t, err)
	defer func(l *time.Location) { time.Local = l }(time.Local)
	time.Local = zurich
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	const noon = 12 * 3600000
	for _, c := range []struct {
		d    dateTime
		want time.Time
	}{
		{dateTime{day: 2460493, msec: noon, spec: specLocal}, time.Date(2024, 7, 1, 10, 0, 0, 0, time.UTC)},
		{dateTime{day: 2460493, msec: noon, spec: specUTC}, time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)},
		{dateTime{day: 2460493, msec: noon, spec: specOffset, offset: -16200}, time.Date(2024, 7, 1, 16, 30, 0, 0, time.UTC)},
		{dateTime{day: 2460493, msec: noon, spec: specZone, zone: "America/New_York"}, time.Date(2024, 7, 1, 12, 0, 0, 0, newYork)},
		{dateTime{day: 2460493, msec: 86399999, spec: specUTC}, time.Date(2024, 7, 1, 23, 59, 59, 999e6, time.UTC)},
		{dateTime{day: 0x1a05d4, msec: 0, spec: specUTC}, time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC)},
		// In Zurich 2024-03-31 had 23 hours, and 02:30 only once the clocks had gone on to 03:30.
		{dateTime{day: 2460401, msec: noon, spec: specLocal}, time.Date(2024, 3, 31, 10, 0, 0, 0, time.UTC)},
	} {
		got := c.d.time()
		assert.True(t, got.Equal(c.want), "%s is not %s", got, c.want)
		assert.Equal(t, c.d, dateTimeOf(got))
	}
	assert.True(t, dateTime{day: math.MinInt64, msec: -1}.time().IsZero())
	assert.True(t, dateTime{day: 2460493, msec: -1}.time().IsZero())
	unknown := dateTime{day: 2460493, msec: noon, spec: specZone, zone: "Mars/Olympus"}
	assert.Equal(t, time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC), unknown.time())
	v := Value{t: tDateTime, ref: unknown}
	f := Format{Version: Qt6_2}
	assert.True(t, decoded(t, mustHex(t, encoded(t, v, f)), f, nil).Equal(v), "a Value keeps it")

	assert.EqualValues(t, specLocal, dateTimeOf(time.Now()).spec)
	assert.EqualValues(t, specUTC, dateTimeOf(time.Now().UTC()).spec)
	named := time.FixedZone("UTC", 0)
	assert.EqualValues(t, specUTC, dateTimeOf(time.Now().In(named)).spec)
	assert.EqualValues(t, specOffset, dateTimeOf(time.Now().In(time.FixedZone("CET", 3600))).spec)
	time.Local = time.UTC
	assert.EqualValues(t, specUTC, dateTimeOf(time.Now().UTC()).spec)

	for _, s := range []string{"2024-13-01T00:00:00Z", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00+99:99", "2024-01-01T00:00:00", "x"} {
		_, err := parseDateTime(s)
		assert.ErrorIs(t, err, ErrValue, s)
	}
	got, err := parseDateTime("1890-01-01 00:00:00+00:29:46")
	require.NoError(t, err)
	assert.Equal(t, "1890-01-01T00:00:00+00:29:46", formatDateTime(got))
}
