package assess

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// passedClass is what the profiles let through of a class, on one assessment.
type passedClass struct {
	class    hit.Class
	kind     minimise.Kind
	activity *config.Activity
}

// passed lists what the profiles of the activities that rest on the assessment let through, by class. What says nothing
// about a visitor is left out.
func (c *checker) passed() []passedClass {
	var all []passedClass
	for _, a := range c.rests {
		for _, line := range c.l.Lines(a) {
			known := slices.ContainsFunc(all, func(p passedClass) bool {
				return p.class == line.Class && p.kind == line.Spec.Kind
			})
			if line.Spec.Kind != minimise.Drop && !known {
				all = append(all, passedClass{line.Class, line.Spec.Kind, a})
			}
		}
	}
	return all
}

// data: what is let through is what the assessment lists, no more and no less.
func (c *checker) data() {
	if len(c.rests) == 0 {
		return
	}
	through := map[string]bool{}
	for _, p := range c.passed() {
		name := p.class.String()
		through[name] = true
		listed, ok := c.a.Data[name]
		kind, _ := minimise.ParseKind(listed)
		switch {
		case !ok: // what is not listed does not compile, but for a constant
		case kind != p.kind:
			how := "more loosely"
			if kind.Rank() < p.kind.Rank() {
				how = "more strictly"
			}
			c.find("data-differs", art5Minimise, strict.Path("data", name),
				"profile %s treats %s %s than is assessed (%s, not %s): make the two agree", p.activity.Profile, name,
				how, p.kind, listed)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.a.Data)) {
		class, _ := hit.ParseClass(name)
		if !through[name] && !class.KeptByDefault() && c.a.Data[name] != minimise.Drop.String() {
			c.find("data-unused", art5Minimise, strict.Path("data", name),
				"no profile lets %s through: take the line out, so that the document says what is done", name)
		}
	}
}

// safeguard is one that the policy can be asked about. Wrong says what is let through in spite of it, "" where nothing
// is.
type safeguard struct {
	source string
	wrong  func(c *checker) string
}

// treated makes a safeguard of classes that are treated in certain ways, or dropped.
func treated(classes []hit.Class, kinds ...minimise.Kind) safeguard {
	return safeguard{art25Design, func(c *checker) string {
		for _, p := range c.passed() {
			if slices.Contains(classes, p.class) && !slices.Contains(kinds, p.kind) {
				return "profile " + p.activity.Profile + " does " + p.kind.String() + " with " + p.class.String()
			}
		}
		return ""
	}}
}

var identifiers = []hit.Class{
	hit.ClientID, hit.DeviceID, hit.UserID, hit.AdvertisingID, hit.ExternalID, hit.SessionID, hit.Cookie,
	hit.Fingerprint, hit.Email, hit.Phone,
}

// safeguards are those by name that a policy can show.
var safeguards = map[string]safeguard{
	"pseudonymisation":     treated(identifiers, minimise.Pseudonymise, minimise.Derive),
	"daily_ids":            treated(identifiers, minimise.Derive),
	"ip_truncation":        treated([]hit.Class{hit.IP}, minimise.Truncate),
	"no_ip":                treated([]hit.Class{hit.IP}),
	"url_cleaning":         treated([]hit.Class{hit.URL}, minimise.URL, minimise.Generalise),
	"referrer_origin_only": treated([]hit.Class{hit.Referrer}, minimise.Generalise),
	"user_agent_generalisation": treated([]hit.Class{hit.UserAgent, hit.ClientHint}, minimise.Generalise,
		minimise.Rare),
	"time_truncation": treated([]hit.Class{hit.Timestamp}, minimise.Truncate),
	"text_scrubbing": treated([]hit.Class{hit.FreeText, hit.PageTitle, hit.SearchTerm, hit.Custom,
		hit.Element}, minimise.Scrub, minimise.Only),
	"no_click_ids": treated([]hit.Class{hit.ClickID}),
	"no_free_text": treated([]hit.Class{hit.FreeText, hit.SearchTerm, hit.Custom}),
	"short_retention": {cnilRetention, func(c *checker) string {
		start := c.now
		if c.a.Retention.After(start).After(start.AddDate(0, 25, 0)) {
			return "retention is " + c.a.Retention.String()
		}
		return ""
	}},
	"encryption_in_transit": {"GDPR Art. 32(1)(a)", func(c *checker) string {
		for _, a := range c.rests {
			for _, address := range vendorOf(c.l, a.Vendor).Upstreams {
				if strings.HasPrefix(address, "http://") {
					return a.Vendor + " is reached without TLS"
				}
			}
		}
		return ""
	}},
	"recipients_in_eea": {art44Transfer, func(c *checker) string {
		for _, a := range c.rests {
			if country := vendorOf(c.l, a.Vendor).Catalog.Country; country != "" && !config.InEEA(country) {
				return a.Vendor + " is in " + country
			}
		}
		return ""
	}},
	"objection_in_one_click": {"GDPR Art. 21(4)-(5)", func(c *checker) string {
		if config.SaysNothing(c.a.Objection.How.All()) {
			return "objection.how does not say where"
		}
		return ""
	}},
}

// organisational are safeguards that lie outside a policy: they are taken at their word.
var organisational = []string{"access_control", "processor_agreement", "staff_training", "no_joining", "aggregation",
	"own_servers", "independent_audit", "deletion_on_request"}

// safeguards: what is promised is done.
func (c *checker) safeguards() {
	for i, name := range c.a.Safeguards {
		at := strict.Path("safeguards", i)
		known, ok := safeguards[name]
		switch {
		case slices.Contains(organisational, name):
		case !ok:
			names := slices.Concat(slices.Sorted(maps.Keys(safeguards)), organisational)
			c.find("safeguard-unknown", art25Design, at,
				"nothing here can tell whether %q is in place%s; what no name fits is described under "+
					"necessity.minimised", strict.Shortened(name), strict.Suggestion(name, names))
		case len(c.rests) == 0:
		default:
			if wrong := known.wrong(c); wrong != "" {
				c.find("safeguard-unmet", known.source, at,
					"%s is promised, but %s: change the profile, or take the promise back", name, wrong)
			}
		}
	}
}
