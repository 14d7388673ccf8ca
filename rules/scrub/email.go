package scrub

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// emails finds e-mail addresses.
type emails struct{ *view }

const (
	maxLocal  = 64  // RFC 5321, section 4.5.3.1.1
	maxDomain = 255 // RFC 5321, section 4.5.3.1.2
)

// next finds the next e-mail address at or behind from; it starts behind the text where there is none.
func (in emails) next(from int) span {
	none := span{len(in.text) + 1, len(in.text) + 1}
	if !in.want.Has(Email) {
		return none
	}
	for at := from; at < len(in.text) && !in.over(); {
		i, n, bare := in.atSign(at)
		if i < 0 {
			return none
		}
		if i > at && isSpace(in.text[i-1]) && i+n < len(in.text) && isSpace(in.text[i+n]) {
			i, n = i-1, n+2 // as people write it who do not want it found
		}
		start := in.localStart(i, from)
		in.spend(costAt + i - start)
		if start < i {
			end := 0
			if !bare {
				end = in.domainEnd(i + n)
			}
			dotted := in.dotted(start, from)
			if spelled := in.spelledEnd(i+n, bare, bare && dotted == start); spelled > end {
				start, end = dotted, spelled
			}
			if end > 0 {
				return span{start, end}
			}
		}
		at = i + max(n, 1)
	}
	return none
}

// atWords are what an at sign is called, in brackets or between spaces.
var atWords = []string{"at", "ät", "arroba", "arobase", "chiocciola", "snabela", "małpa", "malpa", "apenstaartje"}

// startsAt tells whether one of atWords starts with c.
func startsAt(c byte) bool {
	c = ascii.Lower(c)
	return c == 'a' || c == 's' || c == 'c' || c == 'm' || c == 0xC3
}

// atSign finds the next "@", "(at)", "[at]" or " at " and returns where it is and how long, spaces around included, -1
// where there is none. It is bare where nothing but spaces sets it apart.
func (in emails) atSign(from int) (at, length int, bare bool) {
	for k := from; k < len(in.text); k++ {
		switch in.text[k] {
		case '@':
			return k, 1, false
		case '=':
			if quotedAt(in.text, k) {
				return k, len("=40"), false
			}
		case '(', '[', '{', '<':
			if n := bracketed(in.text[k:], atWords); n > 0 {
				start, end := k, k+n
				for start > from && k-start < 2 && isSpace(in.text[start-1]) {
					start--
				}
				for end < len(in.text) && end-k-n < 2 && isSpace(in.text[end]) {
					end++
				}
				return start, end - start, false
			}
		case ' ', '+':
			if !startsAt(in.after(k + 1)) {
				continue
			}
			if n := spaced(in.text[k:], atWords); n > 0 {
				return k, n, true
			}
		}
	}
	return -1, 0, false
}

// quotedAt tells whether an at sign stands at k as quoted-printable writes it (RFC 2045, section 6.7), with words
// around.
func quotedAt(text []byte, k int) bool {
	return k > 1 && k+5 < len(text) && text[k+1] == '4' && text[k+2] == '0' && isLetter(text[k+3]) &&
		isWord(text[k-1]) && !isDigit(text[k-1])
}

func isSpace(c byte) bool { return c == ' ' || c == '+' }

// bracketed returns the length of "(word)" at the text's start, with any brackets and perhaps
// spaces inside; 0 where there is none.
func bracketed(text []byte, words []string) int {
	i := 1
	if i < len(text) && isSpace(text[i]) {
		i++
	}
	if i >= len(text) || !isWord(text[i]) {
		return 0
	}
	for _, w := range words {
		if n := i + len(w); n < len(text) && equalFold(text[i:n], w) {
			if isSpace(text[n]) {
				n++
			}
			if n < len(text) && (text[n] == ')' || text[n] == ']' || text[n] == '}' || text[n] == '>') {
				return n + 1
			}
		}
	}
	return 0
}

// spaced returns the length of " word " at the text's start, 0 where there is none.
func spaced(text []byte, words []string) int {
	for _, w := range words {
		if n := 1 + len(w); n < len(text) && isSpace(text[n]) && equalFold(text[1:n], w) {
			return n + 1
		}
	}
	return 0
}

// dotWords are what a dot is called.
var dotWords = []string{"dot", "punkt", "point", "punto", "ponto", "kropka", "punt"}

// startsDot tells whether one of dotWords starts with c.
func startsDot(c byte) bool { c = ascii.Lower(c); return c == 'd' || c == 'p' || c == 'k' }

// spelledEnd returns where a domain that starts at i and has a dot written as a word ends, 0 where there is none.
// Behind a bare " at " every dot has to be a word: "meet me at example.com" is no address; and, where the local part
// has no such dot, it has to end in a country or another well-known domain: "starts at dawn dot news".
func (in emails) spelledEnd(i int, bare, doubtful bool) int {
	limit := min(len(in.text), i+maxDomain)
	end, spelled := 0, false
	for {
		label := i
		for i < limit && (isWord(in.text[i]) || in.text[i] == '-') {
			i++
		}
		in.spend(i - label + 1)
		if i == label {
			return end
		}
		if t := in.text[label:i]; spelled && isTLD(t) && (!doubtful || len(t) == 2 || wellKnown.has(t)) {
			end = i
		}
		rest, n := in.text[i:limit], 0
		switch c := in.after(i); {
		case isSpace(c) && len(rest) > 1 && (rest[1] == '(' || rest[1] == '[' || rest[1] == '{'):
			if n = bracketed(rest[1:], dotWords); n > 0 {
				if n++; n < len(rest) && isSpace(rest[n]) {
					n++
				}
			}
		case isSpace(c):
			n = spaced(rest, dotWords)
		case c == '(' || c == '[' || c == '{':
			n = bracketed(rest, dotWords)
		case c == '.' && !bare:
			i++
			continue
		}
		if n == 0 {
			return end
		}
		i += n
		spelled = true
	}
}

// wellKnown are domains that addresses end in, beside countries.
var wellKnown = newVocabulary("com", "net", "org", "info", "biz", "edu", "gov", "email", "cloud", "online")

// dotted returns where a local part starts that has dots written as words, "jane dot doe", and whose last word
// starts at i; i where it has none.
func (in emails) dotted(i, low int) int {
	for n := 0; n < 3 && i-2 > low && isSpace(in.text[i-1]); n++ {
		k := i - 1
		for k > low && i-k < 8 && isLetter(in.text[k-1]) {
			k--
		}
		in.spend(i - k)
		if k == i-1 || k-1 <= low || !isSpace(in.text[k-1]) || !isDotWord(in.text[k:i-1]) {
			break
		}
		start := in.localStart(k-1, low)
		if start == k-1 {
			break
		}
		i = start
	}
	return i
}

func isDotWord(word []byte) bool {
	for _, w := range dotWords {
		if equalFold(word, w) {
			return true
		}
	}
	return false
}

// localStart returns where the local part in front of i starts, at the earliest at low.
func (in emails) localStart(i, low int) int {
	low = max(low, i-maxLocal)
	k := i
	if k > low && in.text[k-1] == '"' {
		if q := bytes.LastIndexByte(in.text[low:k-1], '"'); q >= 0 {
			return low + q
		}
		return i
	}
	for k > low {
		c := in.text[k-1]
		if flags[c]&fLocal == 0 {
			break
		}
		if c >= 0x80 {
			r, n := utf8.DecodeLastRune(in.text[low:k])
			if r != utf8.RuneError && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				break
			}
			k -= n
			continue
		}
		k--
	}
	for k < i && (in.text[k] == '.' || in.text[k] == '\'' || in.text[k] == '+' || in.text[k] == '-') {
		k++
	}
	return k
}

// notTLD are endings of file names that no top-level domain shares.
var notTLD = newVocabulary("png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "css", "js", "mjs", "ts", "map",
	"json", "html", "htm", "php", "xml", "scss")

// domainEnd returns where the domain that starts at i ends, 0 where there is none.
func (in emails) domainEnd(i int) int {
	limit := min(len(in.text), i+maxDomain)
	if i < limit && in.text[i] == '[' {
		k := bytes.IndexByte(in.text[i:limit], ']')
		if k > 6 && (isDigit(in.text[i+1]) || hasFold(in.text[i+1:limit], "ipv6:")) {
			return i + k + 1
		}
		return 0
	}
	end, label, dots := 0, i, 0
	for k := i; ; k++ {
		var c byte = ' '
		if k < limit {
			c = in.text[k]
		}
		if c >= 0x80 {
			r, n := utf8.DecodeRune(in.text[k:limit])
			if r == utf8.RuneError || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
				k += n - 1
				continue
			}
		} else if isWord(c) || c == '-' {
			continue
		}
		in.spend(k - label + 1)
		if k == label {
			return end
		}
		if dots > 0 && isTLD(in.text[label:k]) {
			end = k
		} else if notTLD.has(in.text[label:k]) {
			end = 0
		}
		if c != '.' {
			return end
		}
		dots++
		label = k + 1
	}
}

// isTLD tells whether the label can be a top-level domain: two letters or more (or xn--), and no ending of a file name.
func isTLD(label []byte) bool {
	if hasFold(label, "xn--") {
		return len(label) > 4
	}
	if len(label) < 2 || len(label) > 63 || notTLD.has(label) {
		return false
	}
	for _, c := range label {
		if !isLetter(c) && c < 0x80 {
			return false
		}
	}
	return true
}
