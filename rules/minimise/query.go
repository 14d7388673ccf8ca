package minimise

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// maxEscapes bounds how often percent escapes are resolved; what has more is left out.
const maxEscapes = 3

// appendQuery appends "?" and the parameters that stay, in their order and encoding.
func (p *urlPlan) appendQuery(dst, query []byte, depth int, work *scrub.Meter) []byte {
	mark := byte('?')
	for len(query) > 0 && !work.Spent() {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte{'&'})
		pair = bytes.TrimPrefix(pair, []byte("amp;")) // HTML that was not resolved
		name, value, _ := bytes.Cut(pair, []byte{'='})
		base := len(dst)
		var stays, whole bool
		work.Spend(costParameter + 8*len(name))
		if dst, stays, whole = p.stays(dst, name); !stays {
			continue
		}
		dst = append(append(dst, mark), pair[:len(pair)-len(value)]...)
		if whole { // a click id: what else would be taken for a secret
			dst, _ = (*scrub.Detectors)(nil).AppendWithin(work, dst, value, notInClickIDs)
			mark = '&'
			continue
		}
		var ok bool
		if dst, ok = p.appendValue(dst, value, depth, work); !ok {
			dst = dst[:base]
			continue
		}
		mark = '&'
	}
	return dst
}

// notInClickIDs are the detectors that look over a click id which is passed.
var notInClickIDs = scrub.Of(scrub.Email, scrub.JWT, scrub.IBAN)

// stays tells whether the parameter of that (escaped) name is on the list, and whether it is a click id, whose value
// stays as it is. dst lends its spare capacity and comes back with its length.
func (p *urlPlan) stays(dst, name []byte) (out []byte, listed, whole bool) {
	base := len(dst)
	dst = appendUnescaped(dst, name, true)
	plain := dst[base:]
	for i, c := range plain {
		plain[i] = ascii.Lower(c)
	}
	for _, class := range p.classes {
		if class.has(plain) {
			return dst[:base], true, class.passing == passesOnConsent
		}
	}
	return dst[:base], p.listed.has(plain) && !never.has(plain), false
}

// appendValue appends a parameter's value: scrubbed, addresses inside treated as such. False where it cannot be passed;
// then what was appended is no part of it.
func (p *urlPlan) appendValue(dst, value []byte, depth int, work *scrub.Meter) ([]byte, bool) {
	work.Spend(4 * len(value))
	base := len(dst)
	dst = append(dst, value...)
	layers := 0
	for !isAddress(dst[base:]) { // what an address inside an address holds stays escaped
		var seen bool
		if dst, seen = unescapeOnce(dst, base); !seen {
			break
		}
		if layers++; layers > maxEscapes {
			return dst, false
		}
	}
	decoded := dst[base:]
	if isAddress(decoded) {
		if depth >= maxNested {
			return dst, false
		}
		start := len(dst)
		out, ok := p.append(dst, decoded, depth+1, work)
		if !ok {
			return out, false
		}
		out = appendEscapedTimes(out, start, layers)
		n := copy(out[base:], out[start:])
		return out[:base+n], true
	}
	if hidesAddress(decoded) {
		return p.appendHidden(dst, base, depth, layers, work)
	}
	if isUUID(decoded) || tokenLike(decoded) && len(decoded) >= 24 {
		return append(dst[:base], "[token]"...), true
	}
	dst, _ = (*scrub.Detectors)(nil).AppendWithin(work, dst[:base], value, scrub.All)
	return dst, true
}

// appendHidden replaces dst[base:], which holds an address in base64, by what is left of it, in
// base64 as it came and escaped as often.
func (p *urlPlan) appendHidden(dst []byte, base, depth, layers int, work *scrub.Meter) ([]byte, bool) {
	text := dst[base:]
	coding := base64.RawURLEncoding
	if bytes.ContainsAny(text, "+/") {
		coding, layers = base64.RawStdEncoding, max(layers, 1)
	}
	bare := bytes.TrimRight(text, "=")
	if len(text)-len(bare) > 2 || depth >= maxNested {
		return dst, false
	}
	start := len(dst)
	dst = slices.Grow(dst, coding.DecodedLen(len(bare)))
	n, err := coding.Decode(dst[start:cap(dst)], bare)
	if err != nil || !isAddress(dst[start:start+n]) {
		return dst, false
	}
	dst = dst[:start+n]
	left := len(dst)
	dst, ok := p.append(dst, dst[start:left], depth+1, work)
	if !ok {
		return dst, false
	}
	encoded := len(dst)
	if len(bare) < len(text) {
		coding = coding.WithPadding(base64.StdPadding)
	}
	dst = coding.AppendEncode(dst, dst[left:encoded])
	dst = appendEscapedTimes(dst, encoded, layers)
	out := copy(dst[base:], dst[encoded:])
	return dst[:base+out], true
}

// isAddress tells whether a decoded value is an address itself.
func isAddress(b []byte) bool {
	return bytes.Contains(b, []byte("://")) || len(b) > 1 && isSlash(b[0]) || bytes.HasPrefix(b, []byte("www."))
}

// hidesAddress tells whether the value is an address in base64.
func hidesAddress(b []byte) bool {
	// "http" in base64 starts with "aHR0c"; the slash that a path starts with gives nothing to know it by
	return bytes.HasPrefix(b, []byte("aHR0c")) || bytes.Contains(b, []byte("Oi8v"))
}

// appendUnescaped appends the text with percent escapes resolved, up to maxEscapes+1 times; with form, "+" is a space.
func appendUnescaped(dst, b []byte, form bool) []byte {
	base := len(dst)
	dst = append(dst, b...)
	for range maxEscapes + 1 {
		var seen bool
		if dst, seen = unescapeOnce(dst, base); !seen {
			break
		}
	}
	if form {
		for i, c := range dst[base:] {
			if c == '+' {
				dst[base+i] = ' '
			}
		}
	}
	return dst
}

// unescapeOnce resolves the percent escapes in dst[base:] once, and tells whether there were any.
func unescapeOnce(dst []byte, base int) ([]byte, bool) {
	text := dst[base:]
	j, seen := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if hi, lo := ascii.Hex(text[i+1]), ascii.Hex(text[i+2]); hi < 16 && lo < 16 {
				c, seen = byte(hi<<4|lo), true
				i += 2
			}
		}
		text[j] = c
		j++
	}
	return dst[:base+j], seen
}

// appendEscapedTimes replaces dst[start:] by its form as a query's value, escaped that many times.
func appendEscapedTimes(dst []byte, start, times int) []byte {
	for range times {
		end := len(dst)
		for i := start; i < end; i++ {
			c := dst[i]
			if ascii.IsAlnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '!' || c == '*' || c == '\'' ||
				c == '(' || c == ')' {
				dst = append(dst, c)
				continue
			}
			dst = append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
		n := copy(dst[start:], dst[end:])
		dst = dst[:start+n]
	}
	return dst
}
