package scrub

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const (
	maxLocal  = 64  // RFC 5321, section 4.5.3.1.1
	maxDomain = 255 // RFC 5321, section 4.5.3.1.2
)

// findMail finds the next e-mail address at or behind from.
func (s *scan) findMail(from int) {
	s.mail = span{len(s.text) + 1, len(s.text) + 1}
	if !s.want.Has(Email) {
		return
	}
	for at := from; at < len(s.text); {
		i, n := s.atSign(at)
		if i < 0 {
			return
		}
		if i > at && s.text[i-1] == ' ' && i+n < len(s.text) && s.text[i+n] == ' ' {
			i, n = i-1, n+2 // as people write it who do not want it found
		}
		start := s.localStart(i, from)
		if start < i {
			if end := s.domainEnd(i + n); end > 0 {
				s.mail = span{start, end}
				return
			}
		}
		at = i + n
	}
}

// atSign finds the next "@", "(at)" or "[at]" and returns where it is and how long, -1 where there is none.
func (s *scan) atSign(from int) (at, length int) {
	for k, c := range s.text[from:] {
		switch c {
		case '@':
			return from + k, 1
		case '(', '[':
			if t := s.text[from+k:]; len(t) >= 4 && t[1]|0x20 == 'a' && t[2]|0x20 == 't' && (t[3] == ')' || t[3] == ']') {
				return from + k, 4
			}
		}
	}
	return -1, 0
}

// localStart returns where the local part in front of i starts, at the earliest at low.
func (s *scan) localStart(i, low int) int {
	low = max(low, i-maxLocal)
	k := i
	if k > low && s.text[k-1] == '"' {
		if q := bytes.LastIndexByte(s.text[low:k-1], '"'); q >= 0 {
			return low + q
		}
		return i
	}
	for k > low {
		c := s.text[k-1]
		if flags[c]&fLocal == 0 {
			break
		}
		if c >= 0x80 {
			r, n := utf8.DecodeLastRune(s.text[low:k])
			if r != utf8.RuneError && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				break
			}
			k -= n
			continue
		}
		k--
	}
	for k < i && (s.text[k] == '.' || s.text[k] == '\'' || s.text[k] == '+' || s.text[k] == '-') {
		k++
	}
	return k
}

// notTLD are endings of file names that no top-level domain shares.
var notTLD = []string{"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "css", "js", "mjs", "ts", "map", "json", "html", "htm", "php", "xml", "scss"}

// domainEnd returns where the domain that starts at i ends, 0 where there is none.
func (s *scan) domainEnd(i int) int {
	limit := min(len(s.text), i+maxDomain)
	if i < limit && s.text[i] == '[' {
		if k := bytes.IndexByte(s.text[i:limit], ']'); k > 6 && isDigit(s.text[i+1]) {
			return i + k + 1
		}
		return 0
	}
	end, label, dots := 0, i, 0
	for k := i; ; k++ {
		var c byte = ' '
		if k < limit {
			c = s.text[k]
		}
		if c >= 0x80 {
			r, n := utf8.DecodeRune(s.text[k:limit])
			if r == utf8.RuneError || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
				k += n - 1
				continue
			}
		} else if isWord(c) || c == '-' {
			continue
		}
		if k == label {
			return end
		}
		if dots > 0 && isTLD(s.text[label:k]) {
			end = k
		} else if in(s.text[label:k], notTLD) {
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
	if len(label) < 2 || len(label) > 63 || in(label, notTLD) {
		return false
	}
	for _, c := range label {
		if !isLetter(c) && c < 0x80 {
			return false
		}
	}
	return true
}
