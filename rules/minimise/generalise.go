package minimise

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// generalisations are the ways to generalise, with the classes each is for.
var generalisations = []struct {
	to      string
	classes classes
}{
	{"family", of(hit.UserAgent)}, {"origin", of(hit.URL, hit.Referrer)}, {"primary", of(hit.Language)}, {"bucket", buckets}, {"major", of(hit.ClientHint)},
	{"region", of(hit.Timezone)}, {"country", of(hit.CoarseGeo)}, {"year", of(hit.BirthDate)},
}

func (a *Action) compileGeneralise() error {
	for _, g := range generalisations {
		if g.to == a.spec.Generalise {
			return a.fitsParam(g.to, g.classes)
		}
	}
	return wrong("to", "must be family, origin, primary, bucket, major, region, country or year")
}

// generalise writes the wider thing that the value belongs to. What cannot be read is dropped.
func (a *Action) generalise(dst []byte, v Value) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	ok, outcome := false, Rewritten
	b := bytes.TrimSpace(v.Bytes)
	switch a.spec.Generalise {
	case "family":
		dst, ok = appendAgent(dst, b)
	case "origin":
		dst, ok = appendOrigin(dst, b)
	case "primary":
		dst, ok = appendPrimary(dst, b)
	case "bucket":
		outcome = textOrNumber(v)
		if a.class == hit.Screen {
			dst, ok = appendScreen(dst, b)
		} else {
			dst, ok = appendBucket(dst, b)
		}
	case "major":
		dst, ok = appendMajor(dst, b)
	case "region":
		dst, ok = appendRegion(dst, b)
	case "country":
		dst, ok = appendCountry(dst, b)
	case "year":
		dst, ok = appendYear(dst, b)
		outcome = textOrNumber(v)
	}
	if !ok {
		return dst, Dropped
	}
	return dst, outcome
}

// appendPrimary appends the first primary subtag of a language tag or list (BCP 47): "de" of "de-DE,de;q=0.9".
func appendPrimary(dst, b []byte) ([]byte, bool) {
	n := 0
	for n < len(b) && isLetter(b[n]) {
		dst = append(dst, lower(b[n]))
		n++
	}
	if n < 2 || n > 3 {
		return dst, false
	}
	return dst, n == len(b) || b[n] == '-' || b[n] == '_' || b[n] == ',' || b[n] == ';' || b[n] == '.'
}

// appendRegion appends the first part of a time zone's name ("Europe" of "Europe/Berlin"); "UTC", "GMT" and offsets in minutes or hours
// pass, for they are as wide.
func appendRegion(dst, b []byte) ([]byte, bool) {
	if i := bytes.IndexByte(b, '/'); i > 0 {
		for _, c := range b[:i] {
			if !isLetter(c) {
				return dst, false
			}
		}
		return append(dst, b[:i]...), i <= 12
	}
	if string(b) == "UTC" || string(b) == "GMT" {
		return append(dst, b...), true
	}
	if len(b) > 6 {
		return dst, false
	}
	for i, c := range b {
		if !isDigit(c) && c != ':' && (i > 0 || c != '-' && c != '+') {
			return dst, false
		}
	}
	return append(dst, b...), len(b) > 0 && isDigit(b[len(b)-1])
}

// appendCountry appends the country of a code of ISO 3166-2 ("DE" of "DE-BE") or of ISO 3166-1.
func appendCountry(dst, b []byte) ([]byte, bool) {
	n := 0
	for n < len(b) && isLetter(b[n]) {
		n++
	}
	if n < 2 || n > 3 || n < len(b) && b[n] != '-' && b[n] != '_' {
		return dst, false
	}
	return append(dst, b[:n]...), true
}

// appendYear appends the year of a date: year first or last, with "-", "/" or "." between, or eight digits with the year first.
func appendYear(dst, b []byte) ([]byte, bool) {
	switch {
	case len(b) == 4 && digitsAre(b, "dddd"), len(b) == 8 && digitsAre(b, "dddddddd") && between(b[:4], 1900, 2100):
		b = b[:4]
	case len(b) == 10 && (digitsAre(b, "dddd-dd-dd") || digitsAre(b, "dddd/dd/dd") || digitsAre(b, "dddd.dd.dd")):
		b = b[:4]
	case len(b) == 10 && (digitsAre(b, "dd-dd-dddd") || digitsAre(b, "dd/dd/dddd") || digitsAre(b, "dd.dd.dddd")):
		b = b[6:]
	case len(b) > 10 && b[10] == 'T' && digitsAre(b, "dddd-dd-dd"):
		b = b[:4]
	default:
		return dst, false
	}
	return append(dst, b...), between(b, 1900, 2100)
}

// appendMajor appends a client hint (brand list, version, platform, flag) with each version cut to its first number. Hints that are
// nothing of these, such as a device's model, are refused.
func appendMajor(dst, b []byte) ([]byte, bool) {
	if !bytes.ContainsAny(b, ";|") && !isHint(bytes.Trim(b, `"`)) {
		return dst, false
	}
	for i := 0; i < len(b); {
		c := b[i]
		dst = append(dst, c)
		i++
		if !isDigit(c) || i < len(b) && isDigit(b[i]) {
			continue
		}
		for i+1 < len(b) && (b[i] == '.' || b[i] == '_') && isDigit(b[i+1]) {
			for i++; i < len(b) && isDigit(b[i]); i++ {
				continue
			}
		}
	}
	return dst, true
}

// hints are the values of client hints that tell little.
var hints = []string{
	"?0", "?1", "0", "1", "true", "false", "Windows", "macOS", "Mac OS X", "Android", "iOS", "Linux", "Chrome OS", "Chromium OS", "x86", "arm", "64", "32", "mobile", "desktop",
	"light", "dark", "no-preference", "reduce", "4g", "3g", "2g", "slow-2g",
}

func isHint(b []byte) bool {
	if slices.Contains(hints, string(b)) {
		return true
	}
	if len(b) == 0 || len(b) > 24 || !isDigit(b[0]) {
		return len(b) == 0
	}
	for _, c := range b {
		if !isDigit(c) && c != '.' {
			return false
		}
	}
	return true
}
