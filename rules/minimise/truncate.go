package minimise

import (
	"net/netip"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/scrub"
)

// truncate cuts an address to a prefix, a time to its minute, hour or day, a number to some decimals, a text to some characters.
func (a *Action) truncate(dst []byte, v Value, env *Env) ([]byte, Outcome) {
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
		return a.decimals(dst, v, *t.Decimals, env)
	case t.Chars != nil:
		return a.characters(dst, v, *t.Chars, env)
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
	return netip.PrefixFrom(ip, *bits).Masked().Addr().AppendTo(dst), Rewritten
}

// decimals cuts numbers. What the class has looked for in a text is looked for in them too: a card's number has no decimals to cut. A number
// that is found is dropped. Coordinates alone may be there: how exact they are is what was asked for.
func (a *Action) decimals(dst []byte, v Value, n int, env *Env) ([]byte, Outcome) {
	base := len(dst)
	dst, ok := appendDecimals(dst, v.Bytes, n)
	if !ok {
		return dst, Dropped
	}
	end := len(dst)
	if dst, found := scrub.FindWithin(env.Work, dst, dst[base:end], detectors[a.class].Without(scrub.Geo)); found != 0 {
		return dst, Dropped
	}
	return dst[:end], textOrNumber(v)
}

// appendDecimals appends one number, or several with ",", ";" or spaces between, with at most n decimals each: cut, not rounded. A number
// behind a bare comma, where the one before has no decimals, may be its decimals ("52,520008"): that is refused.
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
func (a *Action) characters(dst []byte, v Value, n int, env *Env) ([]byte, Outcome) {
	base := len(dst)
	dst, found := env.Detectors.AppendWithin(env.Work, dst, v.Bytes, detectors[a.class])
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
