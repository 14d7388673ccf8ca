package minimise

import "github.com/tagwarden/tagwarden/rules/ascii"

// unit is what a time is cut to, in seconds; 0 is none.
type unit int64

func unitOf(name string) unit {
	switch name {
	case "minute":
		return 60
	case "hour":
		return 60 * 60
	case "day":
		return 24 * 60 * 60
	}
	return 0
}

// Unix times that are taken for such: 1990 to 2100.
const (
	earliest = 631_152_000
	latest   = 4_102_444_800
)

// appendTime appends the time cut to the unit, in the form it had: Unix seconds, milliseconds,
// microseconds or nanoseconds (UTC), with as many decimals, or ISO 8601 in its own zone. False where
// it is neither, or out of 1990 to 2100.
func appendTime(dst, b []byte, u unit) ([]byte, bool) {
	if whole, decimals := numberParts(b); whole > 0 && whole+decimals == len(b) {
		return appendUnix(dst, b[:whole], decimals, u)
	}
	return appendISO(dst, b, u)
}

func appendUnix(dst, whole []byte, decimals int, u unit) ([]byte, bool) {
	scale := int64(0)
	switch len(whole) {
	case 9, 10:
		scale = 1
	case 12, 13:
		scale = 1_000
	case 15, 16:
		scale = 1_000_000
	case 18, 19:
		scale = 1_000_000_000
	}
	if scale == 0 || whole[0] == '-' || decimals > 16 {
		return dst, false
	}
	var v uint64
	for _, c := range whole {
		v = v*10 + uint64(c-'0')
	}
	seconds := int64(v / uint64(scale))
	if seconds < earliest || seconds > latest {
		return dst, false
	}
	seconds -= seconds % int64(u)
	start := len(dst)
	for p := int64(1_000_000_000); p > 0; p /= 10 {
		if d := seconds / p % 10; d > 0 || len(dst) > start {
			dst = append(dst, byte('0'+d))
		}
	}
	for ; scale > 1; scale /= 10 {
		dst = append(dst, '0')
	}
	if decimals > 0 {
		dst = append(dst, '.')
		for range decimals - 1 {
			dst = append(dst, '0')
		}
	}
	return dst, true
}

// appendISO cuts "2026-11-24T01:48:41.505Z": seconds and their decimals may be missing, a space may stand for the T,
// the zone may be "Z", an offset or missing; a date alone passes, for no unit is coarser.
func appendISO(dst, b []byte, u unit) ([]byte, bool) {
	if !digitsAre(b, "dddd-dd-dd") || !between(b[:4], 1990, 2100) || !between(b[5:7], 1, 12) || !between(b[8:10], 1, 31) {
		return dst, false
	}
	dst = append(dst, b[:10]...)
	if len(b) == 10 {
		return dst, true
	}
	if b[10] != 'T' && b[10] != 't' && b[10] != ' ' || !digitsAre(b[11:], "dd:dd") || !between(b[11:13], 0, 23) ||
		!between(b[14:16], 0, 59) {
		return dst, false
	}
	dst = append(dst, b[10])
	hour, minute := b[11:13], b[14:16]
	if u > 3600 {
		hour = []byte("00")
	}
	if u > 60 {
		minute = []byte("00")
	}
	dst = append(append(append(dst, hour...), ':'), minute...)
	b = b[16:]
	if digitsAre(b, ":dd") && between(b[1:3], 0, 60) {
		dst = append(dst, ":00"...)
		b = b[3:]
		if len(b) > 1 && (b[0] == '.' || b[0] == ',') && ascii.IsDigit(b[1]) {
			dst = append(dst, b[0])
			for b = b[1:]; len(b) > 0 && ascii.IsDigit(b[0]); b = b[1:] {
				dst = append(dst, '0')
			}
		}
	}
	if !isZone(b) {
		return dst, false
	}
	return append(dst, b...), true
}

func isZone(b []byte) bool {
	if len(b) == 0 || len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return true
	}
	if b[0] != '+' && b[0] != '-' {
		return false
	}
	rest := b[1:]
	return len(rest) == 2 && digitsAre(rest, "dd") || len(rest) == 4 && digitsAre(rest, "dddd") || len(rest) == 5 &&
		digitsAre(rest, "dd:dd")
}

// digitsAre tells whether b starts with the form, where "d" is a digit.
func digitsAre(b []byte, form string) bool {
	if len(b) < len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == 'd' && !ascii.IsDigit(b[i]) || form[i] != 'd' && form[i] != b[i] {
			return false
		}
	}
	return true
}

func between(digits []byte, low, high int) bool {
	v := 0
	for _, c := range digits {
		v = v*10 + int(c-'0')
	}
	return v >= low && v <= high
}
