package basis

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Period is a calendar span such as "13 months": months and days are counted on the calendar, the rest on
// the clock. Zero means none was given.
type Period struct {
	Months, Days int
	Clock        time.Duration
}

// maxPeriod bounds what a period may count to in any unit: longer is a slip of the pen.
const maxPeriod = 36500

// ParsePeriod reads a span as policies write it: "13 months", "1 year", "30 days", "2 weeks", or hours and less as in
// "36h" and "90m". A span is one number and one unit, and is longer than nothing.
func ParsePeriod(text string) (Period, error) {
	number, unit := splitUnit(text)
	if number == "" {
		return Period{}, fmt.Errorf("%q is no span of time: write it as \"13 months\", \"30 days\" or \"36h\"", text)
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > maxPeriod {
		return Period{}, fmt.Errorf("%q is no span of time: its number is a whole one from 1 to %d", text, maxPeriod)
	}
	switch strings.TrimSuffix(unit, "s") {
	case "year":
		return Period{Months: 12 * n}, nil
	case "month":
		return Period{Months: n}, nil
	case "week":
		return Period{Days: 7 * n}, nil
	case "day", "d":
		return Period{Days: n}, nil
	case "hour", "h":
		return Period{Clock: time.Duration(n) * time.Hour}, nil
	case "minute", "m":
		return Period{Clock: time.Duration(n) * time.Minute}, nil
	default:
		return Period{}, fmt.Errorf("%q is no span of time: its unit is years, months, weeks, days, hours or minutes", text)
	}
}

// splitUnit takes "13 months" apart; a text without leading digits or with more than one space has no number.
func splitUnit(text string) (number, unit string) {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 1 {
		return "", ""
	}
	return text[:end], strings.TrimPrefix(text[end:], " ")
}

// UnmarshalText reads what [ParsePeriod] reads.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}

// MarshalText writes what UnmarshalText reads; nothing for the zero period.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String writes a period of one unit as [ParsePeriod] reads it ("13 months"), and "" for none.
func (p Period) String() string {
	var parts []string
	add := func(n int, unit string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+unit)
		case n != 0:
			parts = append(parts, strconv.Itoa(n)+" "+unit+"s")
		}
	}
	add(p.Months, "month")
	add(p.Days, "day")
	add(int(p.Clock/time.Minute), "minute")
	return strings.Join(parts, " ")
}

// IsZero tells whether no period was given.
func (p Period) IsZero() bool { return p == Period{} }

// After returns the time that lies the period after t.
func (p Period) After(t time.Time) time.Time { return t.AddDate(0, p.Months, p.Days).Add(p.Clock) }
