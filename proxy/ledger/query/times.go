package query

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errTime = errors.New(
	"2026-05-04T12:00:00Z is, 2026-05-04, or 7d for a time that is so long ago: 90s, 30m, 12h, 7d, 2w")

// units are those that a time that has passed is given in.
var units = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
}

// longestAgo is how long ago a time may be.
const longestAgo = 200 * 365 * 24 * time.Hour

// ParseTime reads a time: RFC 3339, the day that it begins with (UTC), or how long ago it was. The error says what is
// right.
func ParseTime(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	var ago time.Duration
	for rest := text; ; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits == len(rest) {
			return time.Time{}, errTime
		}
		n, err := strconv.ParseUint(rest[:digits], 10, 32)
		unit := units[rest[digits]]
		if err != nil || unit == 0 || n > uint64(longestAgo/unit) {
			return time.Time{}, errTime
		}
		if ago += time.Duration(n) * unit; ago > longestAgo {
			return time.Time{}, errTime
		}
		if rest = rest[digits+1:]; rest == "" {
			return now.Add(-ago), nil
		}
	}
}

// Range is numbers of records: from First on, before End. End 0: to the last one.
type Range struct{ First, End uint64 }

var errNumbers = errors.New("17 is, or 17-20")

// ParseRange reads "17", "17-20" (both included), "17-" or "#17".
func ParseRange(text string) (Range, error) {
	from, to, several := strings.Cut(strings.TrimPrefix(text, "#"), "-")
	first, err := strconv.ParseUint(from, 10, 63)
	if err != nil {
		return Range{}, errNumbers
	}
	if several && to == "" {
		return Range{First: first}, nil
	}
	last := first
	if several {
		if last, err = strconv.ParseUint(strings.TrimPrefix(to, "#"), 10, 63); err != nil || last < first {
			return Range{}, errNumbers
		}
	}
	return Range{first, last + 1}, nil
}

// holds tells whether a number is in the range.
func (r Range) holds(number uint64) bool { return number >= r.First && (r.End == 0 || number < r.End) }
