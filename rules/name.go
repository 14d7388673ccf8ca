package rules

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// MaxName is how many characters of an event's name the ledger keeps.
const MaxName = 64

// ScrubName is an event's name as the ledger keeps it: without what looks like personal data, or is by the site's own
// detectors, and without control characters; at most [MaxName] characters of it.
func (p *Policy) ScrubName(name string) string {
	if len(name) > longestName {
		return "[scrubbed]"
	}
	work := scrub.NewMeter(StepsPerByte*len(name) + stepsPerName)
	clean, _ := p.detectors.AppendWithin(&work, nil, []byte(name), scrub.All)
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(clean), "\ufffd"))
	if utf8.RuneCountInString(text) > MaxName {
		text = string([]rune(text)[:MaxName])
	}
	return text
}

// Clean tells whether a text that staff wrote holds nothing that looks like personal data, or is by detectors of the
// site's own.
func Clean(own *scrub.Detectors, text string) bool {
	work := scrub.NewMeter(StepsPerByte*len(text) + stepsPerName)
	clean, _ := own.AppendWithin(&work, nil, []byte(text), scrub.All)
	return string(clean) == text
}

// nameLeaks tells whether a name that a site chose for a member holds personal data, or the address of a page: a name
// is written by the same hand as a value, and there is no minimiser for names. Such a member does not leave.
func (m *minimiseState) nameLeaks(key hit.Span, of hit.Kind) bool {
	name := freePart(m.hit.Bytes(key), of)
	if holdsAddress(name) || of == hit.Form && bytes.IndexByte(m.hit.Bytes(key), ';') >= 0 {
		return true
	}
	if len(name) > minimise.MaxScrubbed {
		return true
	}
	scratch, found := scrub.FindWithin(&m.budget.Meter, m.room[:0], name, scrub.All)
	m.room = scratch
	return found != 0
}

// nameOf is where the name stands that a site chose for a node: its key or, of a pair of a list, the text of its label.
func nameOf(h *hit.Hit, i int32) hit.Span {
	if h.Nodes[h.Nodes[i].Parent].Kind == hit.Array || h.Nodes[i].Kind == hit.Array {
		for c := h.Nodes[i].First; c != hit.None; c = h.Nodes[c].Next {
			if h.Nodes[c].Label {
				return h.TextSpan(c)
			}
		}
	}
	return h.KeySpan(i)
}

// pathLeaks tells whether the path of a hit, where the vendor's has a place for a key or a version, holds what is
// nobody's key: an e-mail address, in base64 say, or a token of a session. The path is sent as it came.
func (r *readState) pathLeaks(route *Route, path []byte) bool {
	if route.Endpoint.Path.Literal() {
		return false
	}
	scratch, found := scrub.Find(r.room[:0], path, scrub.Of(scrub.Email, scrub.JWT))
	r.room = scratch
	return found != 0
}

// freePart is what of a form's key stands for a wildcard: "colour" of "ep.colour" and "cd[colour]".
func freePart(key []byte, of hit.Kind) []byte {
	if of != hit.Form {
		return key
	}
	return bytes.TrimSuffix(key[bytes.IndexAny(key, ".[")+1:], []byte{']'})
}

// holdsAddress tells whether a text holds "://", escaped or not.
func holdsAddress(text []byte) bool {
	if bytes.Contains(text, []byte("://")) {
		return true
	}
	for i := bytes.IndexByte(text, '%'); i >= 0 && i+9 <= len(text); i++ {
		if ascii.EqualFold(text[i:i+9], "%3a%2f%2f") {
			return true
		}
	}
	return false
}

// shownName is a member's name for people to look at: without what looks like personal data.
func shownName(key []byte, free bool) string {
	if !free {
		return string(key)
	}
	clean, _ := scrub.Append(nil, key, scrub.All)
	return string(clean)
}
