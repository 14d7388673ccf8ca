package minimise

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// cleansAddresses takes ids, secrets and what no list names out of addresses.
var cleansAddresses = minimiser{
	name: "url",
	done: "cut as an address (url)",
	params: []parameter{
		{Param: Param{Name: "query", Type: Names,
			About: "parameters that stay: names, a trailing * for any ending, or a class: class:campaign, " +
				"class:search_term, and, on consent, class:click_id; secrets and ids of subscribers and visitors " +
				"never do"},
			at: func(s *Spec) any { return &s.URL.Query }},
		{Param: Param{Name: "ids", Type: Enum, Values: []string{"template", "cut", "keep"}, Default: "template",
			About: "ids in the path: written as :id, the path cut there, or kept"},
			at: func(s *Spec) any { return &s.URL.IDs }},
		{Param: Param{Name: "templates", Type: Names, About: "a site's own paths, such as /account/:id/orders"},
			at: func(s *Spec) any { return &s.URL.Templates }, ordered: true},
		{Param: Param{Name: "path", Type: Enum, Values: []string{"full", "first", "none"}, Default: "full",
			About: "how much of the path stays"},
			at: func(s *Spec) any { return &s.URL.Path }},
		{Param: Param{Name: "fragment", Type: Enum, Values: []string{"drop", "route"}, Default: "drop",
			About: "route: kept where it is a path (#/cart)"},
			at: func(s *Spec) any { return &s.URL.Fragment }},
	},
	classes: addresses,
	compile: compileURL,
	apply:   cleanAddress,
	measure: Searched,
	effect:  urlEffect,
	words: Words{
		"": {
			"en": "sent without the IDs, names and secrets in it",
			"de": "weitergegeben ohne darin enthaltene Kennungen, Namen und Geheimnisse",
			"fr": "transmission sans les identifiants, noms et secrets qui s’y trouvent",
		},
		"ids": {
			"en": "sent with the IDs in its path",
			"de": "weitergegeben mit den Kennungen im Pfad",
			"fr": "transmission avec les identifiants du chemin",
		},
		"cut": {
			"en": "sent only up to the first ID",
			"de": "nur bis zur ersten Kennung weitergegeben",
			"fr": "transmission jusqu’au premier identifiant seulement",
		},
		"first": {
			"en": "only the first part of the path",
			"de": "nur der erste Teil des Pfades",
			"fr": "uniquement la première partie du chemin",
		},
		"none": {
			"en": "sent without the path",
			"de": "weitergegeben ohne den Pfad",
			"fr": "transmission sans le chemin",
		},
		"query": {
			"en": "; parameters kept: {names}",
			"de": "; erhalten bleiben die Parameter {names}",
			"fr": " ; seuls paramètres maintenus : {names}",
		},
		"noquery": {
			"en": "; without parameters",
			"de": "; ohne Parameter",
			"fr": " ; sans paramètres",
		},
		"route": {
			"en": "; the path after the # is kept",
			"de": "; der Pfad nach dem # bleibt erhalten",
			"fr": " ; le chemin après le # est conservé",
		},
	},
}

// URLSpec says what stays of an address.
type URLSpec struct {
	Query []string // names of parameters that stay, in any case; a trailing "*" stands for any ending
	// IDs says what becomes of ids in the path. "template" (also ""): ":id"; "cut": the path ends there; "keep": they
	// stay, e-mails and tokens don't.
	IDs string
	// Templates are a site's own paths, tried in order: "/account/:id/orders"; ":x" is written for any segment, "*"
	// keeps it.
	Templates []string
	Path      string // "full" (also ""), "first" (one segment), "none"
	Fragment  string // "drop" (also ""), or "route": kept where it starts with "/" or "!/", and treated like a path
}

// urlEffect says what is left of an address.
func urlEffect(s *Spec) []phrase {
	u := &s.URL
	said := []phrase{{}}
	switch {
	case u.Path == "none":
		said[0].key = "none"
	case u.Path == "first":
		said[0].key = "first"
	case u.IDs == "keep":
		said[0].key = "ids"
	case u.IDs == "cut":
		said[0].key = "cut"
	}
	if len(u.Query) > 0 {
		said = append(said, phrase{"query", []string{"names", strings.Join(u.Query, ", ")}})
	} else {
		said = append(said, phrase{key: "noquery"})
	}
	if u.Fragment == "route" {
		said = append(said, phrase{key: "route"})
	}
	return said
}

// urlPlan is a compiled URLSpec.
type urlPlan struct {
	listed    nameSet           // parameters that stay
	classes   []*parameterClass // likewise
	templates [][]string        // segments
	ids       string
	path      string
	route     bool
}

func compileURL(a *Action) error {
	if err := a.fits(addresses); err != nil {
		return err
	}
	s := &a.spec.URL
	for _, d := range []struct {
		value *string
		name  string
	}{{&s.IDs, "ids"}, {&s.Path, "path"}, {&s.Fragment, "fragment"}} {
		p := paramIn(a.is.params, d.name)
		if *d.value == "" {
			*d.value = p.Default
		}
		if !contains(p.Values, *d.value) {
			return wrong(d.name, "must be one of %s", strings.Join(p.Values, ", "))
		}
	}
	plan := &urlPlan{ids: s.IDs, path: s.Path, route: s.Fragment == "route"}
	for _, name := range s.Query {
		low := strings.ToLower(name)
		head, open := strings.CutSuffix(low, "*")
		class, isClass := strings.CutPrefix(low, "class:")
		switch {
		case isClass && slices.Contains(ParameterClasses(), class):
			plan.classes = append(plan.classes, parameters[class])
		case isClass:
			return wrong("query", "%q is no class of parameters that can be passed: %s are", class,
				strings.Join(ParameterClasses(), ", "))
		case head == "" || strings.Contains(head, "*"):
			return wrong("query", "%q must be a name, the start of one with a * behind, or a class such as class:campaign", name)
		case !open && never.has([]byte(low)):
			return wrong("query", "%q is a click id, a subscriber's id or a secret: url never passes it by name; click ids "+
				"pass as class:click_id, on consent", name)
		default:
			plan.listed.add(low)
		}
	}
	for _, t := range s.Templates {
		if !strings.HasPrefix(t, "/") || strings.ContainsAny(t, "?#;") {
			return wrong("templates", "%q must be a path that starts with /, such as /account/:id/orders", t)
		}
		plan.templates = append(plan.templates, strings.Split(t[1:], "/"))
	}
	a.url, a.looks = plan, scrub.All
	return nil
}

func contains(list []string, text string) bool {
	return slices.Contains(list, text)
}

// spanning are the detectors that look over the finished address: their findings can lie across segments.
var spanning = scrub.Of(scrub.Email, scrub.Phone, scrub.Card, scrub.IBAN, scrub.JWT, scrub.Key, scrub.Geo,
	scrub.MAC, scrub.Address)

// cleanAddress writes what the plan leaves of an address: no userinfo, no fragment (unless it is a route), parameters
// by allow-list, ids in the path as templates. What is no address, or one of a scheme that holds data itself, is
// dropped.
func cleanAddress(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if a.class == hit.Referrer && ascii.Listed(coarse.Nowhere, v.Bytes) {
		return dst, Kept
	}
	base := len(dst)
	dst, outcome := a.url.clean(dst, v.Bytes, env.Work)
	return ownIn(dst, base, outcome, env)
}

// clean writes what is left of an address, looked over as a whole.
func (p *urlPlan) clean(dst, raw []byte, work *scrub.Meter) ([]byte, Outcome) {
	base := len(dst)
	dst, ok := p.append(dst, raw, 0, work)
	if !ok {
		return dst, Dropped
	}
	end := len(dst)
	dst, found := (*scrub.Detectors)(nil).AppendWithin(work, dst, dst[base:end], spanning)
	if found == 0 {
		return dst[:end], Rewritten
	}
	n := copy(dst[base:], dst[end:])
	return dst[:base+n], Rewritten
}

// What an address costs, in steps of a scrub.Meter.
const (
	costAddress   = 150 // one address, whatever its length
	costPlain     = 30  // a segment of its path that says at once what it is
	costSegment   = 90  // one that has to be looked at
	costParameter = 100 // a parameter
)

// maxNested bounds how deep addresses inside parameters are followed; deeper ones are left out.
const maxNested = 3

// append appends what is left of one address.
func (p *urlPlan) append(dst, raw []byte, depth int, work *scrub.Meter) ([]byte, bool) {
	work.Spend(costAddress + len(raw))
	raw = bytes.TrimFunc(raw, func(r rune) bool { return r <= ' ' }) // as WHATWG's parser does
	if bytes.ContainsAny(raw, "\t\n\r") {
		return dst, false
	}
	u, ok := split(raw)
	if !ok {
		return dst, false
	}
	if u.opaque {
		return appendOpaque(dst, raw, u)
	}
	from := len(dst)
	dst = u.appendOrigin(dst)
	if p.path != "none" {
		dst = p.appendPath(dst, u.path, work)
	} else if len(u.host) > 0 {
		dst = append(dst, '/')
	}
	if len(u.host) == 0 && bytes.HasPrefix(dst[from:], []byte("//")) {
		return dst, false // what was a path would be a host
	}
	if len(u.query) > 0 {
		dst = p.appendQuery(dst, u.query, depth, work)
	}
	if p.route && (bytes.HasPrefix(u.fragment, []byte("/")) || bytes.HasPrefix(u.fragment, []byte("!/"))) {
		route, _, _ := bytes.Cut(u.fragment, []byte{'?'})
		route, _, _ = bytes.Cut(route, []byte{'#'})
		dst = p.appendPath(append(dst, '#'), route, work)
	}
	return dst, true
}

// appendOpaque appends what is left of an address without a hierarchy: a page without one, or
// that somebody was written to or called.
func appendOpaque(dst, raw []byte, u parts) ([]byte, bool) {
	switch string(bytes.ToLower(u.scheme)) {
	case "about":
		if string(raw) == "about:blank" || string(raw) == "about:srcdoc" {
			return append(dst, raw...), true
		}
	case "mailto":
		return append(dst, "mailto:[email]"...), true
	case "tel", "sms":
		return append(append(dst, u.scheme...), ":[phone]"...), true
	}
	return dst, false
}

// appendOrigin appends scheme, host and a slash: "https://search.example/". False where the address has no host.
func appendOrigin(dst, raw []byte) ([]byte, bool) {
	u, ok := split(raw)
	if !ok || u.opaque || len(u.host) == 0 {
		return dst, false
	}
	dst = u.appendOrigin(dst)
	if len(u.scheme) > 0 || u.relative {
		dst = append(dst, '/')
	}
	return dst, true
}
