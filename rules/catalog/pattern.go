package catalog

import (
	"bytes"
	"fmt"
	"strings"
)

// Pattern is the path of an endpoint: "/v1/track", "/{version}/{pixel}/events", "/static/{file...}".
type Pattern struct {
	Text     string
	segments []segment // nil where Text is the path
}

type segment struct {
	text string
	any  bool // one segment of letters, digits and "._~-"
	rest bool // any number of such segments
}

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{Text: text}
	if !strings.HasPrefix(text, "/") {
		return p, fmt.Errorf("%q does not begin with \"/\"", text)
	}
	if !strings.Contains(text, "{") {
		return p, nil
	}
	parts := strings.Split(text[1:], "/")
	for i, part := range parts {
		s := segment{text: part}
		if inner, ok := strings.CutPrefix(part, "{"); ok {
			inner, closed := strings.CutSuffix(inner, "}")
			if !closed || inner == "" {
				return p, fmt.Errorf("%q is no segment: \"{name}\" is", part)
			}
			_, s.rest = strings.CutSuffix(inner, "...")
			s.any = !s.rest
			if s.rest && i != len(parts)-1 {
				return p, fmt.Errorf("%q must come last", part)
			}
		}
		p.segments = append(p.segments, s)
	}
	return p, nil
}

// Literal tells whether the pattern is one path.
func (p *Pattern) Literal() bool { return p.segments == nil }

// Matches tells whether a path, as on the wire, is one of the pattern's. Escapes, empty segments and dot segments never match a wildcard.
func (p *Pattern) Matches(path []byte) bool {
	if p.Literal() {
		return string(path) == p.Text
	}
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	path = path[1:]
	for i := range p.segments {
		s := &p.segments[i]
		if s.rest {
			return validRest(path)
		}
		part, rest, more := bytes.Cut(path, []byte{'/'})
		if more == (i == len(p.segments)-1) {
			return false
		}
		if s.any && !validSegment(part) || !s.any && string(part) != s.text {
			return false
		}
		path = rest
	}
	return true
}

func validRest(path []byte) bool {
	for {
		part, rest, more := bytes.Cut(path, []byte{'/'})
		if !validSegment(part) {
			return false
		}
		if !more {
			return true
		}
		path = rest
	}
}

func validSegment(part []byte) bool {
	if len(part) == 0 || part[0] == '.' {
		return false
	}
	for _, c := range part {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '~', c == '-':
		default:
			return false
		}
	}
	return true
}

// Overlaps tells whether two patterns may match the same path.
func (p *Pattern) Overlaps(q *Pattern) bool {
	switch {
	case p.Literal() && q.Literal():
		return p.Text == q.Text
	case p.Literal():
		return q.Matches([]byte(p.Text))
	case q.Literal():
		return p.Matches([]byte(q.Text))
	}
	for i := 0; ; i++ {
		switch {
		case i == len(p.segments) || i == len(q.segments):
			return len(p.segments) == len(q.segments)
		case p.segments[i].rest || q.segments[i].rest:
			return true
		case !p.segments[i].any && !q.segments[i].any && p.segments[i].text != q.segments[i].text:
			return false
		}
	}
}

// Locate finds where {id} stands in a text that fits a pattern such as "GA1.*.{id}" or "iglu:*/{id}/*"; "*" is the shortest text that
// lets what follows fit.
func Locate(pattern string, text []byte) (from, to int, ok bool) {
	at := 0
	from = -1
	for pattern != "" {
		literal, rest, wildcard := nextPiece(pattern)
		switch {
		case literal != "":
			if !bytes.HasPrefix(text[at:], []byte(literal)) {
				return 0, 0, false
			}
			at += len(literal)
		default:
			following, _, _ := nextPiece(rest)
			end := len(text)
			if rest != "" {
				n := bytes.Index(text[at:], []byte(following))
				if following == "" || n < 0 {
					return 0, 0, false
				}
				end = at + n
			}
			if wildcard == "{id}" {
				from, to = at, end
			}
			at = end
		}
		pattern = rest
	}
	return from, to, from >= 0 && at == len(text)
}

// nextPiece takes the first piece off a pattern: a literal text, or a wildcard.
func nextPiece(pattern string) (literal, rest, wildcard string) {
	for _, w := range []string{"*", "{id}"} {
		if after, found := strings.CutPrefix(pattern, w); found {
			return "", after, w
		}
	}
	end := len(pattern)
	for _, w := range []string{"*", "{id}"} {
		if i := strings.Index(pattern, w); i >= 0 {
			end = min(end, i)
		}
	}
	return pattern[:end], pattern[end:], ""
}
