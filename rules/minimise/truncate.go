package minimise

import (
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// truncates cuts values to a shorter form of themselves.
var truncates = minimiser{
	name: "truncate",
	done: "truncated",
	params: []parameter{
		{Param: Param{Name: "to", Type: Enum, Values: []string{"minute", "hour", "day"}, Short: true,
			About: "times: what they are cut to"},
			at: func(s *Spec) any { return &s.Truncate.To }},
		{Param: Param{Name: "v4", Type: Int, Min: 0, Max: 24,
			About: "bits of an IPv4 address that stay; not given: IPv4 addresses are dropped"},
			at: func(s *Spec) any { return &s.Truncate.V4 }},
		{Param: Param{Name: "v6", Type: Int, Min: 0, Max: 64,
			About: "bits of an IPv6 address that stay; not given: IPv6 addresses are dropped"},
			at: func(s *Spec) any { return &s.Truncate.V6 }},
		{Param: Param{Name: "decimals", Type: Int, Min: 0, Max: 6,
			About: "decimals that stay: 2 are about a kilometre"},
			at: func(s *Spec) any { return &s.Truncate.Decimals }},
		{Param: Param{Name: "chars", Type: Int, Min: 1, Max: 10000, About: "characters that stay, after scrubbing"},
			at: func(s *Spec) any { return &s.Truncate.Chars }},
	},
	classes: times | numbers | texts | of(hit.IP),
	compile: compileTruncate,
	apply:   truncate,
	stricter: func(a, b *Action) bool {
		if b.kind == Scrub {
			return a.spec.Truncate.Chars != nil
		}
		return b.kind == Truncate && shorter(&a.spec.Truncate, &b.spec.Truncate)
	},
	measure: Truncated,
	effect:  truncateEffect,
	words: Words{
		"minute": {
			"en": "shortened to the minute",
			"de": "auf die Minute gekürzt",
			"fr": "troncature à la minute",
		},
		"hour": {
			"en": "shortened to the hour",
			"de": "auf die Stunde gekürzt",
			"fr": "troncature à l’heure",
		},
		"day": {
			"en": "shortened to the day",
			"de": "auf den Tag gekürzt",
			"fr": "troncature au jour",
		},
		"address": {
			"en": "shortened to its first bits (IPv4: {v4} of 32, IPv6: {v6} of 128)",
			"de": "auf die ersten Bits gekürzt (IPv4: {v4} von 32, IPv6: {v6} von 128)",
			"fr": "troncature aux premiers bits (IPv4 : {v4} sur 32, IPv6 : {v6} sur 128)",
		},
		"decimals": {
			"en": "rounded to {n} decimals",
			"de": "auf {n} Nachkommastellen gerundet",
			"fr": "arrondi à {n} décimales",
		},
		"chars": {
			"en": "cut to {n} characters, after removing personal data found in it",
			"de": "auf {n} Zeichen gekürzt; darin gefundene personenbezogene Daten werden zuvor entfernt",
			"fr": "troncature à {n} caractères, après retrait des données à caractère personnel",
		},
	},
}

// TruncateSpec says how far a value is cut. What is nil or "" is not said.
type TruncateSpec struct {
	To       string // times: "minute", "hour", "day"
	V4       *int   // IPv4: bits that stay, 0 to 24; not said: IPv4 addresses are dropped
	V6       *int   // IPv6: bits that stay, 0 to 64; not said: IPv6 addresses are dropped
	Decimals *int   // numbers: decimals that stay, 0 to 6
	Chars    *int   // text: characters that stay, 1 to 10000
}

// truncateEffect says how far. What is not said of an address is dropped, which is as good as no bit of it.
func truncateEffect(s *Spec) []phrase {
	t := &s.Truncate
	number := func(n *int) string {
		if n == nil {
			return "0"
		}
		return strconv.Itoa(*n)
	}
	switch {
	case t.To != "":
		return []phrase{{key: t.To}}
	case t.Decimals != nil:
		return []phrase{{"decimals", []string{"n", number(t.Decimals)}}}
	case t.Chars != nil:
		return []phrase{{"chars", []string{"n", number(t.Chars)}}}
	}
	return []phrase{{"address", []string{"v4", number(t.V4), "v6", number(t.V6)}}}
}

func compileTruncate(a *Action) error {
	t := &a.spec.Truncate
	ip := t.V4 != nil || t.V6 != nil
	ways := 0
	for _, said := range []bool{t.To != "", ip, t.Decimals != nil, t.Chars != nil} {
		if said {
			ways++
		}
	}
	if ways != 1 {
		return wrong("", "truncate takes one of: a time unit (minute, hour, day), v4 and v6, decimals, chars")
	}
	check := func(name string, n *int) error {
		p := paramIn(a.is.params, name)
		if n != nil && (*n < p.Min || *n > p.Max) {
			return wrong(name, "must be from %d to %d", p.Min, p.Max)
		}
		return nil
	}
	for _, c := range []struct {
		name string
		n    *int
	}{{"v4", t.V4}, {"v6", t.V6}, {"decimals", t.Decimals}, {"chars", t.Chars}} {
		if err := check(c.name, c.n); err != nil {
			return err
		}
	}
	switch {
	case t.To != "":
		if unitOf(t.To) == 0 {
			return wrong("to", "must be minute, hour or day")
		}
		return a.fitsParam("to", times)
	case ip:
		name := "v4"
		if t.V4 == nil {
			name = "v6"
		}
		return a.fitsParam(name, of(hit.IP))
	case t.Decimals != nil:
		return a.fitsParam("decimals", numbers)
	default:
		a.looks = detectors[a.class]
		return a.fitsParam("chars", texts)
	}
}

// truncate cuts an address to a prefix, a time to its minute, hour or day, a number to
// some decimals, a text to some characters.
func truncate(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Dropped
	}
	t := &a.spec.Truncate
	switch {
	case t.To != "":
		out, ok := appendTime(dst, v.Bytes, unitOf(t.To))
		if !ok {
			return dst, Dropped
		}
		return out, textOrNumber(v)
	case t.Decimals != nil:
		return decimals(a, dst, v, env)
	case t.Chars != nil:
		return characters(a, dst, v, env)
	default:
		return t.address(dst, v)
	}
}

// address writes the network an IP address is in. An IPv4 address inside an IPv6 one is cut, and written, as IPv4.
func (t *TruncateSpec) address(dst []byte, v Value) ([]byte, Outcome) {
	ip, ok := scrub.ParseIP(v.Bytes)
	if !ok {
		return dst, Dropped
	}
	ip = plain(ip)
	bits := t.V6
	if ip.Is4() {
		bits = t.V4
	}
	if bits == nil {
		return dst, Dropped
	}
	n := *bits
	if localNAT64.Contains(ip) {
		n = min(n, localNAT64.Bits())
	}
	return netip.PrefixFrom(ip, n).Masked().Addr().AppendTo(dst), Rewritten
}

// decimals cuts numbers. What the class has looked for in a text is looked for in them too: a card's
// number has no decimals to cut. A number that is found is dropped. Coordinates alone may be there: how
// exact they are is what was asked for.
func decimals(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	base := len(dst)
	dst, ok := appendDecimals(dst, v.Bytes, *a.spec.Truncate.Decimals)
	if !ok {
		return dst, Dropped
	}
	end := len(dst)
	if dst, found := scrub.FindWithin(env.Work, dst, dst[base:end], detectors[a.class].Without(scrub.Geo)); found != 0 {
		return dst, Dropped
	}
	return dst[:end], textOrNumber(v)
}

// appendDecimals appends one number, or several with ",", ";" or spaces between, with at most n decimals
// each: cut, not rounded. A number behind a bare comma, where the one before has no decimals, may be its
// decimals ("52,520008"): that is refused.
func appendDecimals(dst, b []byte, n int) ([]byte, bool) {
	open := false // the last number may go on behind a comma
	for range 4 {
		whole, decimals := numberParts(b)
		if whole == 0 || open && decimals == 0 {
			return dst, false
		}
		dst = append(dst, b[:whole]...)
		if n > 0 && decimals > 1 {
			dst = append(dst, b[whole:whole+min(decimals, n+1)]...)
		}
		b = b[whole+decimals:]
		i := 0
		for i < len(b) && i < 3 && (b[i] == ',' || b[i] == ';' || b[i] == ' ') {
			i++
		}
		if i == 0 || i == len(b) {
			return dst, len(b) == 0
		}
		open = decimals == 0 && string(b[:i]) == ","
		dst = append(dst, b[:i]...)
		b = b[i:]
	}
	return dst, false
}

// characters scrubs the text, then cuts it behind n characters; a marker is never cut.
func characters(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	n := *a.spec.Truncate.Chars
	base := len(dst)
	dst, found := env.Detectors.AppendWithin(env.Work, dst, v.Bytes, a.looks)
	end, open := base, -1
	for k := 0; k < n && end < len(dst); k++ {
		switch dst[end] {
		case '[':
			open = end
		case ']':
			open = -1
		}
		_, size := utf8.DecodeRune(dst[end:])
		end += size
	}
	if found != 0 && open >= 0 && end < len(dst) {
		end = open
	}
	if end == base {
		return dst, Dropped
	}
	if found == 0 && end == len(dst) {
		return dst, Kept
	}
	return dst[:end], Rewritten
}

// shorter tells whether a leaves no more than b.
func shorter(a, b *TruncateSpec) bool {
	if a.To != "" || b.To != "" {
		return a.To != "" && b.To != "" && unitOf(a.To) >= unitOf(b.To)
	}
	less := func(x, y *int) bool { return x == nil && y == nil || x != nil && y != nil && *x <= *y }
	dropped := func(x, y *int) bool { return x == nil || y != nil && *x <= *y }
	return dropped(a.V4, b.V4) && dropped(a.V6, b.V6) && less(a.Decimals, b.Decimals) && less(a.Chars, b.Chars)
}
