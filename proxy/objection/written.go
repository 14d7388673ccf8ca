package objection

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// What an address is not, though one could be read out of it.
var (
	errNoDomain = errors.New("no domain is named like the one behind the @: name@example.com is right, with letters, " +
		"digits or hyphens between single dots")
	errBehind = errors.New("something stands behind the address, which is no part of it: name@example.com alone is right")
)

// Longest names that the network has (RFC 1035, section 2.3.4).
const (
	longestLabel = 63
	longestName  = 253
)

// asciiSigns writes the signs of an address that East Asian keyboards write otherwise.
var asciiSigns = strings.NewReplacer("\uff20", "@", "\ufe6b", "@", "\u3002", ".", "\uff0e", ".", "\uff61", ".")

// asWritten looks at addresses as somebody wrote them: whether each domain could be one, and whether
// anything stands behind them that is no name, no comment and no mark of a list. A hit is read more
// generously: what stands in it is what was sent.
func asWritten(value string) error {
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	value = asciiSigns.Replace(value)
	link := strings.Contains(strings.ToLower(value), "mailto:")
	for {
		_, behind, found := strings.Cut(value, "@")
		if !found {
			return nil
		}
		end := strings.IndexFunc(behind, func(r rune) bool { return !ofDomain(r) })
		if end < 0 {
			end = len(behind)
		}
		if !mayExist(behind[:end]) {
			return errNoDomain
		}
		value = behind[end:]
		switch {
		case value == "", strings.ContainsRune(" \t\r\n,;|/>()[]{}\"'`:<", rune(value[0])), unicode.IsSpace([]rune(value)[0]):
		case value[0] == '?' && link:
			return nil // a subject, a text
		default:
			return errBehind
		}
		if !strings.Contains(value, "@") && saysMore(value) {
			return errBehind
		}
	}
}

// ofDomain tells whether a character may stand in a domain as people write it.
func ofDomain(r rune) bool {
	return r == '.' || r == '-' || r == '_' || r >= 0x80 && !unicode.IsSpace(r) || r < 0x80 &&
		(unicode.IsLetter(r) || unicode.IsDigit(r))
}

// mayExist tells whether the network could have a name: labels of some length, with no
// hyphen at their ends. A dot may end it.
func mayExist(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if domain == "" || len(domain) > 2*longestName {
		return false
	}
	plain := !strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 })
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || plain && len(label) > longestLabel {
			return false
		}
	}
	return !plain || len(domain) <= longestName
}

// saysMore tells whether words stand behind the last address: not within brackets, as a comment does.
func saysMore(text string) bool {
	depth := 0
	for _, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth = max(depth-1, 0)
		case depth == 0 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return true
		}
	}
	return false
}

// Slip says why [Read] refuses a value with an address in it: nobody could have its domain, or something stands behind
// it; nil where it takes the value, or refuses it for another reason.
func Slip(value string) error {
	if _, err := Read("email", value, ""); errors.Is(err, errNoDomain) || errors.Is(err, errBehind) {
		return err
	}
	return nil
}
