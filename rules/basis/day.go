package basis

import (
	"fmt"
	"time"
)

// Day is a date on the calendar, without a time or a place. The zero day is none, and lies before every other.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf returns the day that t falls on in UTC.
func DayOf(t time.Time) Day {
	year, month, day := t.UTC().Date()
	return Day{year, month, day}
}

// ParseDay reads a date as ISO 8601 writes it: "2027-05-04".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Day{}, fmt.Errorf("%q is no date: write it as \"2027-05-04\"", text)
	}
	return DayOf(t), nil
}

// UnmarshalText reads what [ParseDay] reads.
func (d *Day) UnmarshalText(text []byte) error {
	parsed, err := ParseDay(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// MarshalText writes what UnmarshalText reads; nothing for the zero day.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String writes the day as [ParseDay] reads it, and "" for none.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.start().Format(time.DateOnly)
}

// IsZero tells whether no day was given.
func (d Day) IsZero() bool { return d == Day{} }

// End returns the first moment after the day, midnight UTC.
func (d Day) End() time.Time { return d.start().AddDate(0, 0, 1) }

// DaysUntil counts the days from d to other: 0 where they are the same, less where other lies before.
func (d Day) DaysUntil(other Day) int { return int(other.start().Sub(d.start()) / (24 * time.Hour)) }

func (d Day) start() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
