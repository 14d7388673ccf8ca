package rules

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// isAddress tells whether a text is as a whole the address of a page: one of the web, or one relative to the page.
func isAddress(text []byte) bool {
	return isWebAddress(text) || isRelative(trimmed(text))
}

// trimmed takes spaces off.
func trimmed(text []byte) []byte {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
}

func isWebAddress(text []byte) bool {
	text = trimmed(text)
	return len(text) > 8 && (ascii.EqualFold(text[:7], "http://") || ascii.EqualFold(text[:8], "https://"))
}

// isRelative tells whether a text without spaces is an address relative to a page: "/account/17?name=x", "./x", "?q=x",
// "#/user/x", "orders?id=17". Dates, fractions and words with a slash between ("11/28", "and/or") are none: they begin
// otherwise, and have no query.
func isRelative(text []byte) bool {
	if len(text) < 2 {
		return false
	}
	begins := false
	switch text[0] {
	case '/':
		begins = inPath(text[1]) || text[1] == '/' && len(text) > 2 && inPath(text[2])
	case '.':
		rest := bytes.TrimLeft(text, ".")
		begins = len(text)-len(rest) <= 2 && len(rest) > 1 && rest[0] == '/'
	case '#':
		rest := bytes.TrimPrefix(text[1:], []byte{'!'})
		begins = len(rest) > 1 && rest[0] == '/' && inPath(rest[1])
	}
	if !begins && !hasQuery(text) {
		return false
	}
	for _, c := range text {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// hasQuery tells whether a text is a path, or nothing, and behind a question mark a name and a value.
func hasQuery(text []byte) bool {
	path, query, found := bytes.Cut(text, []byte{'?'})
	if !found {
		return false
	}
	for _, c := range path {
		if !inPath(c) && c != '/' {
			return false
		}
	}
	name, _, found := bytes.Cut(query, []byte{'='})
	if !found || len(name) == 0 {
		return false
	}
	for _, c := range name {
		if !inPath(c) && bytes.IndexByte([]byte("[]&;"), c) < 0 {
			return false
		}
	}
	return true
}

// inPath tells whether a byte may stand in a segment of a path as it is (RFC 3986, pchar, without what is no text), or
// is a part of a letter that is not ASCII.
func inPath(c byte) bool {
	return ascii.IsAlnum(c) || c >= 0x80 || bytes.IndexByte([]byte("-._~%@:+"), c) >= 0
}
