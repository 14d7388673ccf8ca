package observe

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/replay"
)

// What a policy does with what was found.
const (
	Dropped       = "dropped"       // nothing of it leaves: its field is dropped, or its event denied, or the hit refused
	Changed       = "changed"       // its field leaves without it: cut, generalised, scrubbed, replaced
	Pseudonymised = "pseudonymised" // its field leaves as a pseudonym, or a hash
	Forwarded     = "forwarded"     // it leaves
	NotTaken      = "not_taken"     // the hit is none of a site and vendor of the policy
)

// fates are what becomes of something, the best for who is spoken of first.
var fates = []string{NotTaken, Dropped, Changed, Pseudonymised, Forwarded}

// Judged looks at one recorded hit as [Scanner.Hit] does, and says of what it finds what a
// policy did with it that judged the hit.
func (s *Scanner) Judged(r *replay.Request, x *rules.Explanation) error {
	s.judged = x
	defer func() { s.judged = nil }()
	return s.Hit(r)
}

// fate is what a policy did with a text in a field of a hit; "" where none judged it.
func (s *sight) fate(text string) string {
	x := s.judged
	switch {
	case x == nil:
		return ""
	case x.Vendor == "":
		return NotTaken
	case x.Forward == nil:
		return Dropped
	}
	name, header := strings.CutPrefix(s.path, "header ")
	switch left := x.Forward.Headers[name]; {
	case strings.HasPrefix(s.path, "cookie "), header && left == "": // no cookie leaves
		return Dropped
	case header && !strings.Contains(left, text):
		return Changed
	case header:
		return Forwarded
	}
	worst, known := "", false
	look := func(fields []rules.ExplainedField, path bool) {
		for i := range fields {
			f := &fields[i]
			if s.whole == "" || f.Before != s.whole || path && f.Path != s.path {
				continue
			}
			known = true
			if is := fateOf(f, text); rank(is) > rank(worst) {
				worst = is
			}
		}
	}
	for _, path := range []bool{true, false} { // where a catalog of one's own calls it otherwise, by its value alone
		look(x.Shared, path)
		for i := range x.Events {
			look(x.Events[i].Fields, path)
		}
		if known {
			return worst
		}
	}
	if inRequest(x.Forward, text) { // a path, a name
		return Forwarded
	}
	return Dropped
}

func rank(fate string) int {
	for i, of := range fates {
		if of == fate {
			return i
		}
	}
	return -1
}

// fateOf is what became of a text in a field.
func fateOf(f *rules.ExplainedField, text string) string {
	switch {
	case !f.Sent:
		return Dropped
	case strings.Contains(f.After, text) || strings.Contains(f.After, url.QueryEscape(text)):
		return Forwarded
	}
	switch does, _, _ := strings.Cut(cmp.Or(f.Action, "-"), " "); does {
	case "pseudonymise", "hash", "derive":
		return Pseudonymised
	case "keep": // it is written otherwise
		return Forwarded
	default:
		return Changed
	}
}

// inRequest tells whether a text stands in a request, in one of the forms that requests have.
func inRequest(r *rules.ExplainedRequest, text string) bool {
	all := []string{r.URL, r.Body}
	for _, value := range r.Headers {
		all = append(all, value)
	}
	for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), strings.ReplaceAll(text, `"`, `\"`)} {
		for _, in := range all {
			if strings.Contains(in, form) {
				return true
			}
		}
	}
	return false
}
