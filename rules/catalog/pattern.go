package catalog

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Pattern is the path of an endpoint: "/v1/track", "/{version}/{pixel}/events", "/static/{file...}". What stands in
// place of a name fits that name's [Variable]. A slash at the end, or none, makes no difference to where a path leads:
// what rewrites addresses on the way to us cuts it off, or adds it.
type Pattern struct {
	Text     string
	segments []segment // nil where Text is the path
}

// Fit is how a path fits a pattern.
type Fit uint8

// The fits. [NoFit] is the zero value.
const (
	NoFit Fit = iota
	Exact
	SlashLess // but for a slash that the pattern has at its end
	SlashMore // but for a slash at its own end
)

type segment struct {
	text string
	is   *Variable // what stands in its place; nil where text is the segment
	rest bool      // any number of segments, which together fit
}

// ParsePattern reads a pattern whose names in braces are among variables.
func ParsePattern(text string, variables Variables) (Pattern, error) {
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
			name, rest := strings.CutSuffix(inner, "...")
			if !closed || name == "" {
				return p, fmt.Errorf("%q is no segment: \"{name}\" is", part)
			}
			if rest && i != len(parts)-1 {
				return p, fmt.Errorf("%q must come last", part)
			}
			if s.is = variables[name]; s.is == nil {
				return p, fmt.Errorf(
					"%q: nothing says what may stand there: add \"%s: { pattern: ..., most: ... }\" under variables", part, name)
			}
			s.rest = rest
		}
		p.segments = append(p.segments, s)
	}
	return p, nil
}

// Under is the pattern below a prefix, "/product" or "".
func (p *Pattern) Under(prefix string) Pattern {
	under := Pattern{Text: prefix + p.Text}
	if p.Literal() || prefix == "" {
		under.segments = p.segments
		return under
	}
	for part := range strings.SplitSeq(prefix[1:], "/") {
		under.segments = append(under.segments, segment{text: part})
	}
	under.segments = append(under.segments, p.segments...)
	return under
}

// Literal tells whether the pattern is one path.
func (p *Pattern) Literal() bool { return p.segments == nil }

// slashed tells whether a slash may be cut off or added at the end: not where the rest of the path is a file's.
func (p *Pattern) slashed() bool {
	return p.Text != "/" && (p.Literal() || !p.segments[len(p.segments)-1].rest)
}

// Slashed is the path of a literal pattern with the slash at its end cut off, or with
// one added; "" where that leads nowhere.
func (p *Pattern) Slashed() string {
	if !p.Literal() || !p.slashed() {
		return ""
	}
	if cut, had := strings.CutSuffix(p.Text, "/"); had {
		return cut
	}
	return p.Text + "/"
}

// Fits tells how a path, as on the wire, fits. Escapes, empty segments and dot segments never fit a variable.
func (p *Pattern) Fits(path []byte) Fit {
	switch {
	case p.matches(path):
		return Exact
	case !p.slashed():
		return NoFit
	case strings.HasSuffix(p.Text, "/"):
		if p.Literal() && string(path) == p.Text[:len(p.Text)-1] || !p.Literal() &&
			matches(p.segments[:len(p.segments)-1], path) {
			return SlashLess
		}
	case len(path) > 1 && path[len(path)-1] == '/' && p.matches(path[:len(path)-1]):
		return SlashMore
	}
	return NoFit
}

func (p *Pattern) matches(path []byte) bool {
	if p.Literal() {
		return string(path) == p.Text
	}
	return matches(p.segments, path)
}

func matches(segments []segment, path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	path = path[1:]
	for i := range segments {
		s := &segments[i]
		if s.rest {
			return validRest(path) && s.is.Fits(path)
		}
		part, rest, more := bytes.Cut(path, []byte{'/'})
		if more == (i == len(segments)-1) {
			return false
		}
		if !s.fits(part) {
			return false
		}
		path = rest
	}
	return true
}

func (s *segment) fits(part []byte) bool {
	if s.is == nil {
		return string(part) == s.text
	}
	return validSegment(part) && s.is.Fits(part)
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
		case ascii.IsAlnum(c), c == '.', c == '_', c == '~', c == '-':
		default:
			return false
		}
	}
	return true
}

// Overlaps tells whether the same path may fit two patterns, a slash at the end aside.
func (p *Pattern) Overlaps(q *Pattern) bool {
	switch {
	case p.Literal() && q.Literal():
		return strings.TrimSuffix(p.Text, "/") == strings.TrimSuffix(q.Text, "/")
	case p.Literal():
		return q.Fits([]byte(p.Text)) != NoFit
	case q.Literal():
		return p.Fits([]byte(q.Text)) != NoFit
	}
	a, b := unslashed(p.segments), unslashed(q.segments)
	for i := 0; ; i++ {
		switch {
		case i == len(a) || i == len(b):
			return len(a) == len(b)
		case a[i].rest || b[i].rest:
			return true
		case a[i].is == nil && !b[i].fits([]byte(a[i].text)), b[i].is == nil && !a[i].fits([]byte(b[i].text)):
			return false
		}
	}
}

// unslashed leaves out the empty segment that a slash at the end makes.
func unslashed(segments []segment) []segment {
	if last := &segments[len(segments)-1]; last.is == nil && last.text == "" {
		return segments[:len(segments)-1]
	}
	return segments
}

// Locate finds where {id} stands in a text that fits a pattern such as "GA1.*.{id}" or "iglu:*/{id}/*"; "*" is the
// shortest text that lets what follows fit.
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
	for i := range len(pattern) {
		switch {
		case pattern[i] == '*':
			wildcard = "*"
		case strings.HasPrefix(pattern[i:], "{id}"):
			wildcard = "{id}"
		default:
			continue
		}
		if i > 0 {
			return pattern[:i], pattern[i:], ""
		}
		return "", pattern[len(wildcard):], wildcard
	}
	return pattern, "", ""
}
