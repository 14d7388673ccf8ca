package read

import (
	"time"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Times that are taken for such, in Unix seconds: 1990 to 2100.
const (
	earliest = 631_152_000
	latest   = 4_102_444_800
)

// Instant reads a time as events and records of choices hold them, in milliseconds since 1970: Unix seconds,
// milliseconds, microseconds or nanoseconds, told apart by how many digits they have, with decimals or without; or
// ISO 8601, "2026-11-24T01:48:41.505Z", a space in place of the T, seconds and zone missing or not. Without a zone it
// is UTC. False where it is neither, or out of 1990 to 2100.
func Instant(text []byte) (milli int64, ok bool) {
	digits := 0
	for digits < len(text) && ascii.IsDigit(text[digits]) {
		digits++
	}
	if digits < 9 {
		return clock(text)
	}
	if rest := text[digits:]; len(rest) > 0 && (rest[0] != '.' || !ascii.Digits(rest[1:])) || digits > 19 {
		return 0, false
	}
	var v int64
	for _, c := range text[:digits] {
		if v > (1<<63-10)/10 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	switch digits {
	case 9, 10:
		v *= 1000
		for i, unit := digits+1, int64(100); i < len(text) && unit > 0; i, unit = i+1, unit/10 {
			v += int64(text[i]-'0') * unit
		}
	case 12, 13:
	case 15, 16:
		v /= 1000
	case 18, 19:
		v /= 1_000_000
	default:
		return 0, false
	}
	return v, v >= earliest*1000 && v <= latest*1000
}

// clock reads a time in the form of ISO 8601.
func clock(text []byte) (milli int64, ok bool) {
	if len(text) < len("2006-01-02T15:04") || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
		text[10] != 'T' && text[10] != 't' && text[10] != ' ' {
		return 0, false
	}
	ok = true
	part := func(from, to, low, high int) int {
		n := 0
		for _, c := range text[from:to] {
			ok = ok && ascii.IsDigit(c)
			n = n*10 + int(c-'0')
		}
		ok = ok && n >= low && n <= high
		return n
	}
	year, month, day := part(0, 4, 1990, 2100), part(5, 7, 1, 12), part(8, 10, 1, 31)
	hour, minute := part(11, 13, 0, 23), part(14, 16, 0, 59)
	second, nano, at := 0, 0, 16
	if len(text) >= at+3 && text[at] == ':' {
		second, at = part(17, 19, 0, 60), 19
		if len(text) > at+1 && (text[at] == '.' || text[at] == ',') {
			at++
			for unit := 100_000_000; at < len(text) && ascii.IsDigit(text[at]); at, unit = at+1, unit/10 {
				nano += int(text[at]-'0') * unit
			}
		}
	}
	offset, known := zone(text[at:])
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	if !ok || !known || t.Day() != day && second < 60 {
		return 0, false
	}
	return t.UnixMilli() - offset.Milliseconds(), true
}

// zone reads "Z", "+02", "+0200", "+02:00", or nothing.
func zone(text []byte) (offset time.Duration, ok bool) {
	if len(text) == 0 || len(text) == 1 && (text[0] == 'Z' || text[0] == 'z') {
		return 0, true
	}
	sign := time.Duration(1)
	switch text[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false
	}
	var digits [4]byte
	n := 0
	for i, c := range text[1:] {
		switch {
		case c == ':' && i == 2 && len(text) == len("+02:00"):
		case ascii.IsDigit(c) && n < len(digits):
			digits[n] = c - '0'
			n++
		default:
			return 0, false
		}
	}
	if n != 2 && n != 4 {
		return 0, false
	}
	hours, minutes := time.Duration(digits[0])*10+time.Duration(digits[1]), time.Duration(digits[2])*10+
		time.Duration(digits[3])
	return sign * (hours*time.Hour + minutes*time.Minute), hours < 24 && minutes < 60
}
