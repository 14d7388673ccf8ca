package minimise

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// ofMoment are the classes of ids that are made when the event is: a time within is the event's.
var ofMoment = of(hit.EventID, hit.PageID)

// HidingTimes has ids that hold a time sent as pseudonyms, in the vendor's form and never another one, so that what is
// counted twice is still known. It is for fields of profiles that do not pass the time of an event on: what is cut off
// a time would stand in the id beside it. It does nothing but to ids of events and pages that are kept.
func (a *Action) HidingTimes() {
	if a == nil || a.HidesTimes() || a.kind != Keep || !ofMoment.has(a.class) { // fields of a class share its action
		return
	}
	hidden, err := Compile(Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Rotate: pseudonym.Never.String()}},
		a.class)
	if err != nil {
		panic("BUG: ids of events cannot be pseudonymised: " + err.Error())
	}
	hidden.byFamily = true
	a.atMoment = hidden
	a.settle(a.canon + ", ids that hold a time: " + hidden.canon) // two that differ in this are not the same
}

// HidesTimes tells whether ids that hold a time are sent as pseudonyms.
func (a *Action) HidesTimes() bool { return a != nil && a.atMoment != nil }

// Rewrites is the minimiser that a value which does not pass as it is was rewritten by.
func (a *Action) Rewrites() Kind {
	if a.HidesTimes() {
		return Pseudonymise
	}
	return a.Kind()
}

// Times that an id may hold: from 2010 to 2050.
const (
	firstMoment = 1_262_304_000
	lastMoment  = 2_524_608_000
)

// isMoment tells whether so many units since 1970 are a time that an id may hold.
func isMoment(t uint64, perSecond uint64) bool {
	return t >= firstMoment*perSecond && t < lastMoment*perSecond
}

// holdsTime tells whether an id has a form that holds when it was made: a UUID of version 1, 6 or 7 (RFC 9562), with
// dashes or without; a ULID; a KSUID; a snowflake (17 to 19 digits); an ObjectId (24 hex digits); seconds,
// milliseconds, microseconds or nanoseconds since 1970 between other characters ("ajs-next-1764323112345-x",
// "fb.1.1764323112345.7"), or milliseconds as JavaScript writes them in base 36; a date. Some random ids look like one
// of these by chance: what is done to them then does no harm.
func holdsTime(id []byte) bool {
	for i := 0; i < len(id); {
		if !ascii.IsAlnum(id[i]) {
			i++
			continue
		}
		end := i
		for end < len(id) && ascii.IsAlnum(id[end]) {
			end++
		}
		if end-i == 8 && len(id)-i >= 36 && pseudonym.Shape(id[i:i+36]) == pseudonym.UUID {
			if uuidHoldsTime(id[i : i+36]) {
				return true
			}
			i += 36
			continue
		}
		if partHoldsTime(id[i:end]) || dateAt(id[i:]) {
			return true
		}
		i = end
	}
	return false
}

// partHoldsTime looks at a part of letters and digits.
func partHoldsTime(part []byte) bool {
	if ascii.Digits(part) {
		return digitsHoldTime(part)
	}
	switch len(part) {
	case 8: // Date.now().toString(36)
		if clock36(part) {
			return true
		}
	case 24:
		if ascii.HexDigits(part) {
			return isMoment(inBase(part[:8], 16), 1)
		}
	case 25: // cuid: "c" and Date.now().toString(36)
		if part[0] == 'c' && isMoment(inBase(part[1:9], 36), 1000) {
			return true
		}
	case 26:
		if isMoment(crockford(part[:10]), 1000) && crockford(part[10:18]) != noNumber && crockford(part[18:]) != noNumber {
			return true
		}
	case 27:
		return ksuidTime(part)
	case 32:
		if ascii.HexDigits(part) {
			return hexHoldsTime([32]byte(part))
		}
	}
	return ascii.HexDigits(part) && len(part) >= 11 && len(part) <= 12 && isMoment(inBase(part, 16), 1000) ||
		digitRunHoldsTime(part)
}

// clock36 tells whether eight characters are milliseconds in base 36, as JavaScript writes them: in small letters.
// Words of eight letters are none: a time without a digit is rare.
func clock36(part []byte) bool {
	return isMoment(inBase(part, 36), 1000) && bytes.ContainsAny(part, "0123456789") &&
		!bytes.ContainsFunc(part, unicode.IsUpper)
}

// digitRunHoldsTime looks at rows of digits among letters: "evt1764323112345x".
func digitRunHoldsTime(part []byte) bool {
	if ascii.HexDigits(part) { // rows of digits stand in hex digits by chance
		return false
	}
	for i := 0; i < len(part); {
		n := digitsIn(part[i:])
		if n >= 10 && digitsHoldTime(part[i:i+n]) {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// digitsHoldTime tells whether a row of digits is a time since 1970, begins with one ("17643231123450001"), or is a
// snowflake; or a date and a time without anything between, "20261128101530".
func digitsHoldTime(digits []byte) bool {
	n := len(digits)
	switch {
	case n >= 17 && n <= 20: // snowflakes, and times with a counter behind
		return true
	case n < 10 || n > 16:
		return n == 8 && dated(digits)
	}
	return isMoment(inBase(digits[:10], 10), 1) && (n == 10 || n >= 13) || n >= 12 && n <= 14 && dated(digits)
}

// dated tells whether digits begin with a date of these years, "20261128".
func dated(digits []byte) bool {
	return between(digits[:4], 2010, 2049) && between(digits[4:6], 1, 12) && between(digits[6:8], 1, 31)
}

// dateAt tells whether a text begins with a date: "2026-11-28".
func dateAt(text []byte) bool {
	return digitsAre(text, "dddd-dd-dd") && between(text[:4], 2010, 2049) && between(text[5:7], 1, 12) &&
		between(text[8:10], 1, 31)
}

// uuidHoldsTime is hexHoldsTime for a UUID with its dashes.
func uuidHoldsTime(id []byte) bool {
	var hex [32]byte
	n := 0
	for _, c := range id {
		if c != '-' {
			hex[n] = c
			n++
		}
	}
	return hexHoldsTime(hex)
}

// hexHoldsTime tells whether 32 hex digits are a UUID of version 1, 6 or 7 with a time that an id may hold.
func hexHoldsTime(hex [32]byte) bool {
	if v := ascii.Hex(hex[16]); v < 8 || v > 11 { // the variant of RFC 9562
		return false
	}
	var ticks uint64
	switch hex[12] {
	case '7':
		return isMoment(inBase(hex[:12], 16), 1000)
	case '1':
		ticks = inBase(hex[13:16], 16)<<48 | inBase(hex[8:12], 16)<<32 | inBase(hex[:8], 16)
	case '6':
		ticks = inBase(hex[:12], 16)<<12 | inBase(hex[13:16], 16)
	default:
		return false
	}
	const gregorian, perSecond = 12_219_292_800, 10_000_000 // 100 ns since 1582-10-15
	return ticks > gregorian*perSecond && isMoment(ticks-gregorian*perSecond, perSecond)
}

// noNumber is what is no number in its base.
const noNumber = 1<<64 - 1

// inBase reads a number in base 36 or less, letters of either case; noNumber where
// it is none. It is at most 63 bits long.
func inBase(text []byte, base uint64) (v uint64) {
	for _, c := range text {
		d := uint64(noNumber)
		switch c = ascii.Lower(c); {
		case ascii.IsDigit(c):
			d = uint64(c - '0')
		case ascii.IsLower(c):
			d = uint64(c-'a') + 10
		}
		if d >= base {
			return noNumber
		}
		v = v*base + d
	}
	return v
}

// crockford reads a number in base 32 as ULIDs write it; noNumber where it is none.
func crockford(text []byte) (v uint64) {
	for _, c := range text {
		d := strings.IndexByte("0123456789abcdefghjkmnpqrstvwxyz", ascii.Lower(c))
		if d < 0 {
			return noNumber
		}
		v = v<<5 | uint64(d)
	}
	return v
}

// ksuidTime tells whether 27 characters of base 62 are a KSUID of these years: its first six say the second, nearly.
func ksuidTime(part []byte) bool {
	var high uint64 // the time is the upper 32 of 160 bits: 62^21 is about 2^125.04
	for _, c := range part[:6] {
		d := uint64(0)
		switch {
		case ascii.IsDigit(c):
			d = uint64(c - '0')
		case ascii.IsUpper(c):
			d = uint64(c-'A') + 10
		default:
			d = uint64(c-'a') + 36
		}
		high = high*62 + d
	}
	const perSecond = 7.7914 // 2^128 / 62^21
	seconds := float64(high)/perSecond + 1_400_000_000
	return seconds < lastMoment
}
