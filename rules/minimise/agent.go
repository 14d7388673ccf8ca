package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// maxAgent is how much of a user agent is looked at: servers refuse longer headers.
const maxAgent = 4 << 10

// appendAgent appends the family and major version of a user agent (RFC 9110, section 10.1.5), in a form
// that parsers still read: "Mozilla/5.0 (Windows) Chrome/141.0.0.0 Safari/537.36". Doing it again changes
// nothing. False where nothing is known of it.
func appendAgent(dst, agent []byte) ([]byte, bool) {
	agent = agent[:min(len(agent), maxAgent)]
	said := signs.in(agent)
	for i, b := range coarse.Bots {
		if said[i] != 0 {
			return append(append(append(dst, "Mozilla/5.0 (compatible; "...), b...), ')'), true
		}
	}
	for _, c := range coarse.Clients {
		if len(agent) > 0 && agent[0] == c[0] && bytes.HasPrefix(agent, []byte(c)) {
			if major := digitsAt(agent[len(c):]); len(major) > 0 {
				return append(append(dst, c...), major...), true
			}
		}
	}
	if !bytes.HasPrefix(agent, []byte("Mozilla/")) {
		return dst, false
	}
	platform := platformOf(agent)
	if platform == "" {
		return dst, false
	}
	dst = append(append(append(dst, "Mozilla/5.0 ("...), platform...), ')')
	if said[signs.mobile] != 0 {
		dst = append(dst, " Mobile"...)
	}
	for i, b := range coarse.Browsers {
		if major := versionAt(agent, said[signs.browsers+i]); len(major) > 0 {
			return appendProduct(append(dst, ' '), b.Written, major, versionAt(agent, said[signs.chrome])), true
		}
	}
	return dst, true
}

// versionAt returns the major version that stands behind a product's name: nil where the name does not occur, which is
// at 0.
func versionAt(agent []byte, at uint16) []byte {
	if at == 0 {
		return nil
	}
	return digitsAt(agent[at:])
}

// isFamily tells whether what is said of a browser or a system is no more than appendAgent would leave of it: the name
// of a family that it knows, or a major version, with nothing but zeros behind it.
func isFamily(b []byte) bool {
	if major := digitsAt(b); len(major) > 0 {
		rest := b[len(major):]
		for len(rest) > 1 && rest[0] == '.' && rest[1] == '0' {
			rest = rest[2:]
		}
		return len(rest) == 0
	}
	for _, family := range coarse.Families {
		if ascii.EqualFold(b, family) {
			return true
		}
	}
	return false
}

// platformOf returns what is written for the platform, "" where none is known.
func platformOf(agent []byte) string {
	_, inside, _ := bytes.Cut(agent, []byte{'('})
	inside, _, _ = bytes.Cut(inside, []byte{')'})
	for _, p := range coarse.Platforms {
		if bytes.Contains(inside, []byte(p.Sign)) {
			return p.Written
		}
	}
	return ""
}

// digitsAt returns up to four digits that b starts with, nil for none or more.
func digitsAt(b []byte) []byte {
	n := 0
	for n < len(b) && ascii.IsDigit(b[n]) {
		n++
	}
	if n > 4 {
		return nil
	}
	return b[:n]
}

func appendProduct(dst []byte, written string, major, engine []byte) []byte {
	if len(engine) == 0 {
		engine = major
	}
	for i := 0; i < len(written); i++ {
		if written[i] != '%' {
			dst = append(dst, written[i])
			continue
		}
		if i++; written[i] == 'v' {
			dst = append(dst, major...)
		} else {
			dst = append(dst, engine...)
		}
	}
	return dst
}
