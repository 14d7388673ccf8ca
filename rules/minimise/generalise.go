package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// generalises writes the wider thing that a value belongs to.
var generalises = minimiser{
	name: "generalise",
	done: "generalised",
	params: []parameter{
		{Param: Param{Name: "to", Type: Enum, Required: true, Short: true,
			Values: []string{"family", "origin", "primary", "bucket", "major", "region", "country", "year"},
			About: "family: user agents; origin: addresses; primary: languages; bucket: screens and numbers; major: " +
				"client hints; region: time zones; country: places; year: birth dates"},
			at: func(s *Spec) any { return &s.Generalise }},
	},
	classes:  every,
	compile:  compileGeneralise,
	apply:    generalise,
	stricter: func(a, b *Action) bool { return b.kind == URL && a.spec.Generalise == "origin" },
	measure:  Generalised,
	effect:   func(s *Spec) []phrase { return []phrase{{key: s.Generalise}} },
	words: Words{
		"family": {
			"en": "only the kind of browser and system, with the major version",
			"de": "nur die Art von Browser und System mit der Hauptversion",
			"fr": "uniquement le type de navigateur et de système, avec la version majeure",
		},
		"origin": {
			"en": "only the website",
			"de": "nur die Website",
			"fr": "uniquement le site",
		},
		"primary": {
			"en": "only the language, without the country",
			"de": "nur die Sprache, ohne das Land",
			"fr": "uniquement la langue, sans le pays",
		},
		"bucket": {
			"en": "only a coarse range",
			"de": "nur ein grober Wertebereich",
			"fr": "uniquement un ordre de grandeur",
		},
		"major": {
			"en": "only the major version",
			"de": "nur die Hauptversion",
			"fr": "uniquement la version majeure",
		},
		"region": {
			"en": "only the region of the world",
			"de": "nur die Weltregion",
			"fr": "uniquement la région du monde",
		},
		"country": {
			"en": "only the country",
			"de": "nur das Land",
			"fr": "uniquement le pays",
		},
		"year": {
			"en": "only the year",
			"de": "nur das Jahr",
			"fr": "uniquement l’année",
		},
	},
}

// generalisations are the ways to generalise, with the classes each is for.
var generalisations = []struct {
	to      string
	classes classes
}{
	{"family", of(hit.UserAgent)}, {"origin", of(hit.URL, hit.Referrer)}, {"primary", of(hit.Language)},
	{"bucket", buckets}, {"major", of(hit.ClientHint)},
	{"region", of(hit.Timezone)}, {"country", of(hit.CoarseGeo)}, {"year", of(hit.BirthDate)},
}

func compileGeneralise(a *Action) error {
	for _, g := range generalisations {
		if g.to == a.spec.Generalise {
			return a.fitsParam(g.to, g.classes)
		}
	}
	return wrong("to", "must be family, origin, primary, bucket, major, region, country or year")
}

// generalise writes the wider thing that the value belongs to. What cannot be read is dropped.
func generalise(a *Action, dst []byte, v Value, _ *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	ok, outcome := false, Rewritten
	b := bytes.TrimSpace(v.Bytes)
	switch a.spec.Generalise {
	case "family":
		if isFamily(b) {
			return append(dst, b...), textOrNumber(v)
		}
		dst, ok = appendAgent(dst, b)
	case "origin":
		if ascii.Listed(coarse.Nowhere, b) {
			return append(dst, b...), Rewritten
		}
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
		outcome = textOrNumber(v)
	case "region":
		dst, ok = appendRegion(dst, b)
		outcome = textOrNumber(v)
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
	for n < len(b) && ascii.IsLetter(b[n]) {
		dst = append(dst, ascii.Lower(b[n]))
		n++
	}
	if n < 2 || n > 3 {
		return dst, false
	}
	return dst, n == len(b) || b[n] == '-' || b[n] == '_' || b[n] == ',' || b[n] == ';' || b[n] == '.'
}

// appendRegion appends the first part of a time zone's name ("Europe" of "Europe/Berlin"); that part alone, "UTC",
// "GMT" and offsets in minutes or hours pass, for they are as wide.
func appendRegion(dst, b []byte) ([]byte, bool) {
	if i := bytes.IndexByte(b, '/'); i > 0 {
		return append(dst, b[:i]...), ascii.Listed(coarse.Areas, b[:i])
	}
	if string(b) == "UTC" || string(b) == "GMT" || ascii.Listed(coarse.Areas, b) {
		return append(dst, b...), true
	}
	digits := 0
	for i, c := range b {
		switch {
		case ascii.IsDigit(c):
			digits++
		case c == ':', i == 0 && (c == '-' || c == '+'):
		default:
			return dst, false
		}
	}
	return append(dst, b...), digits > 0 && digits <= 4 && len(b) <= 6 && ascii.IsDigit(b[len(b)-1])
}

// appendCountry appends the country of a code of ISO 3166-2 ("DE" of "DE-BE") or of ISO 3166-1.
func appendCountry(dst, b []byte) ([]byte, bool) {
	n := 0
	for n < len(b) && ascii.IsLetter(b[n]) {
		n++
	}
	if n < 2 || n > 3 || n < len(b) && b[n] != '-' && b[n] != '_' {
		return dst, false
	}
	return append(dst, b[:n]...), true
}

// appendYear appends the year of a date: year first or last, with "-", "/" or "."
// between, or eight digits with the year first.
func appendYear(dst, b []byte) ([]byte, bool) {
	switch {
	case len(b) == 4 && digitsAre(b, "dddd"), len(b) == 8 && digitsAre(b, "dddddddd"):
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

// appendMajor appends a client hint (brand list, version, platform, flag) with each version cut to its first number.
// Hints that are nothing of these, such as a device's model, are refused.
func appendMajor(dst, b []byte) ([]byte, bool) {
	if !isHint(bytes.Trim(b, `"`)) && !isBrands(b) {
		return dst, false
	}
	for i := 0; i < len(b); {
		c := b[i]
		dst = append(dst, c)
		i++
		if !ascii.IsDigit(c) || i < len(b) && ascii.IsDigit(b[i]) {
			continue
		}
		for i+1 < len(b) && (b[i] == '.' || b[i] == '_') && ascii.IsDigit(b[i+1]) {
			for i++; i < len(b) && ascii.IsDigit(b[i]); i++ {
				continue
			}
		}
	}
	return dst, true
}

// isBrands tells whether b is a list of browsers' brands with their versions, as a header has it ("Chromium";v="141",
// "Not:A-Brand";v="8"; W3C User-Agent Client Hints, section 3.3) or as Google's tag writes it
// (Chromium;141.0.7390.55|Not:A-Brand;8.0.0.0).
func isBrands(b []byte) bool {
	between := byte('|')
	if bytes.HasPrefix(b, []byte{'"'}) {
		between = ','
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, between)
		if end < 0 {
			end = len(b)
		}
		brand := bytes.TrimSpace(b[:end])
		at := bytes.LastIndexByte(brand, ';')
		if at < 0 || !isBrand(bytes.Trim(brand[:at], `"`)) ||
			!isVersion(bytes.Trim(bytes.TrimPrefix(brand[at+1:], []byte("v=")), `"`)) {
			return false
		}
		b = b[min(end+1, len(b)):]
	}
	return true
}

// isBrand tells whether b can be the name of a browser. Made-up ones among them hold signs (Not)A;Brand), sometimes
// escaped; a model's name and an address hold more digits, or signs that none has.
func isBrand(b []byte) bool {
	digits := 0
	for i, c := range b {
		switch {
		case ascii.IsDigit(c) && (i == 0 || b[i-1] != '%') && (i < 2 || b[i-2] != '%'):
			if digits++; digits > 2 {
				return false
			}
		case ascii.IsAlnum(c), bytes.IndexByte([]byte(" ()-./:;=?_%"), c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0 && len(b) <= 40
}

// isVersion tells whether b is a version: up to six numbers of up to five digits, with dots between.
func isVersion(b []byte) bool {
	dots, digits := 0, 0
	for _, c := range b {
		switch {
		case ascii.IsDigit(c):
			digits++
		case c == '.' && digits > 0:
			dots, digits = dots+1, 0
		default:
			return false
		}
		if digits > 5 || dots > 5 {
			return false
		}
	}
	return digits > 0
}

// isMadeUp tells whether b is one of the brands that browsers make up so that nobody relies on the list: "Not", "A" and
// "Brand" with signs between (W3C User-Agent Client Hints, section 6.2).
func isMadeUp(b []byte) bool {
	letters := make([]byte, 0, 9)
	for _, c := range b {
		if ascii.IsLetter(c) && len(letters) < cap(letters) {
			letters = append(letters, c)
		} else if ascii.IsAlnum(c) {
			return false
		}
	}
	return string(letters) == "NotABrand" && len(b) <= 16
}

func isHint(b []byte) bool {
	if ascii.Listed(coarse.Hints, b) || isMadeUp(b) {
		return true
	}
	if len(b) == 0 || len(b) > 24 || !ascii.IsDigit(b[0]) {
		return len(b) == 0
	}
	for _, c := range b {
		if !ascii.IsDigit(c) && c != '.' {
			return false
		}
	}
	return longestDigits(b) <= 5
}
