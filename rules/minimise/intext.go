package minimise

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Inside makes the action, of keep or scrub in a class of free text, treat addresses that stand in the
// text as address does, which is the profile's action for addresses; nil writes [url] in their place.
// It is called before the action is used.
func (a *Action) Inside(address *Action) {
	if a != nil && a.is != nil && a.is.inText && inText.has(a.class) {
		a.inside, a.within = true, address
		a.settle(a.canon + ", addresses inside: " + canonOf(address)) // two that differ in this are not the same
	}
}

func canonOf(a *Action) string {
	if a == nil {
		return Drop.String()
	}
	return a.canon
}

// inText are the classes whose texts may hold addresses among words.
var inText = of(hit.FreeText, hit.PageTitle, hit.SearchTerm, hit.Custom, hit.Error, hit.Element,
	hit.Product, hit.UserTrait)

// appendTreated appends a text with the addresses in it treated. False where there are none; then nothing is appended.
func (a *Action) appendTreated(dst, text []byte, env *Env) ([]byte, bool) {
	base, found := len(dst), false
	for {
		from, end := addressIn(text)
		if end == 0 {
			break
		}
		found = true
		dst = append(dst, text[:from]...)
		one := text[from:end]
		out, outcome := a.within.Append(dst, Value{Class: hit.URL, Bytes: one}, env)
		switch outcome {
		case Kept:
			dst = append(dst, one...)
		case Rewritten:
			dst = out
		default:
			dst = append(dst, "[url]"...)
		}
		text = text[end:]
	}
	if !found {
		return dst[:base], false
	}
	return append(dst, text...), true
}

// addressIn finds the first address of a network in a text; end is 0 where there is none.
func addressIn(text []byte) (from, end int) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte("://"))
		if i < 0 {
			return 0, 0
		}
		i += at
		at = i + 3
		if from = beforeScheme(text[:i]); from == i {
			continue
		}
		end = at
		for end < len(text) && !endsAddress(text[end]) {
			end++
		}
		for end > at && bytes.IndexByte([]byte(".,;:!?)]'"), text[end-1]) >= 0 {
			end--
		}
		return from, beforePlace(text, at, end)
	}
}

// beforeScheme returns where the scheme begins that text ends with, the text's length where there is none. Letters may
// stand in front of it: "seehttps://" is written, too.
func beforeScheme(text []byte) int {
	for _, s := range specials {
		if from := len(text) - len(s); from >= 0 && isSpecial(text[from:]) {
			return from
		}
	}
	return len(text)
}

// beforePlace leaves off line and column, as stack traces have them behind a file: "https://shop.example/app.js:10:5".
func beforePlace(text []byte, host, end int) int {
	for range 2 {
		i := end
		for i > host && ascii.IsDigit(text[i-1]) {
			i--
		}
		if i == end || i == host || text[i-1] != ':' || bytes.IndexByte(text[host:i-1], '/') < 0 {
			break
		}
		end = i - 1
	}
	return end
}

// endsAddress tells whether a byte cannot stand in an address that is written among words (WHATWG
// URL code points, and what closes it).
func endsAddress(c byte) bool {
	return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}' || c == '|' || c == 0x7f
}
