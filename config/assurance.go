package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Assured is what a safeguard that an assessment promises is worth.
type Assured uint8

// What safeguards are worth. The zero value is worth nothing.
const (
	AssuredUnknown Assured = iota // nobody knows a safeguard of that name
	AssuredBroken                 // the policy does otherwise
	AssuredAtWord                 // nothing here can show it: it is taken at its word
	AssuredHeld                   // the policy shows it
)

// String names it as reports do: "unknown", "broken", "at_its_word", "held".
func (a Assured) String() string {
	return [...]string{"unknown", "broken", "at_its_word", "held"}[min(a, AssuredHeld)]
}

// Assurance is a safeguard of an assessment, held against the policy.
type Assurance struct {
	Name  string // limited_retention, whatever the document calls it
	Worth Assured
	Why   string // what the policy does otherwise, in English; "" where it does not
}

// LimitedRetention is the safeguard that says its number: the assessment's retention. RetentionBefore is what it was
// called before, as if any span that is stated were short.
const (
	LimitedRetention = "limited_retention"
	RetentionBefore  = "short_retention"
)

// SafeguardName is a safeguard by the name that it has now.
func SafeguardName(name string) string {
	if name == RetentionBefore {
		return LimitedRetention
	}
	return name
}

// SafeguardNames lists the safeguards that have a name here: those that a policy can show, and those that are taken at
// their word.
func SafeguardNames() []string {
	return append(slices.Sorted(maps.Keys(shown)), atTheirWord...)
}

// Assurances holds each safeguard of an assessment against what rests on it, in the document's order.
func (l *Loaded) Assurances(id string) []Assurance {
	a := l.Assessments[id].Document
	if a == nil {
		return nil
	}
	rests, all := l.Resting(id), []Assurance{}
	for _, written := range a.Safeguards {
		one := Assurance{Name: SafeguardName(written)}
		wrong, can := shown[one.Name]
		switch {
		case slices.Contains(atTheirWord, one.Name):
			one.Worth = AssuredAtWord
		case !can:
		case len(rests) == 0:
			one.Worth = AssuredAtWord
		default:
			one.Worth, one.Why = wrong(assuring{l, a, rests})
		}
		all = append(all, one)
	}
	return all
}

// assuring is an assessment with the activities that rest on it, of which there is at least one.
type assuring struct {
	l     *Loaded
	a     *basis.Assessment
	rests []*Activity
}

// atTheirWord are safeguards that lie outside a policy.
var atTheirWord = []string{"access_control", "processor_agreement", "staff_training", "no_joining", "aggregation",
	"independent_audit", "deletion_on_request", "human_review"}

// shown are those that a policy can show, with what they are worth where something rests on the assessment.
var shown = map[string]func(assuring) (Assured, string){
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
	"no_click_ids":           treated([]hit.Class{hit.ClickID}),
	"no_free_text":           treated([]hit.Class{hit.FreeText, hit.SearchTerm, hit.Custom}),
	LimitedRetention:         assuring.retention,
	"encryption_in_transit":  assuring.encryption,
	"recipients_in_eea":      assuring.inEEA,
	"own_servers":            assuring.ownServers,
	"objection_in_one_click": assuring.oneClick,
}

var identifiers = []hit.Class{
	hit.ClientID, hit.DeviceID, hit.UserID, hit.AdvertisingID, hit.ExternalID, hit.SessionID, hit.Cookie,
	hit.Fingerprint, hit.Email, hit.Phone,
}

// treated makes a safeguard of classes that are treated in certain ways, or dropped, by every profile.
func treated(classes []hit.Class, kinds ...minimise.Kind) func(assuring) (Assured, string) {
	return func(c assuring) (Assured, string) {
		for _, a := range c.rests {
			for _, line := range c.l.Lines(a) {
				if kind := line.Spec.Kind; kind != minimise.Drop && line.isAmong(classes...) && !slices.Contains(kinds, kind) {
					return AssuredBroken, "profile " + a.Profile + " does " + kind.String() + " with " + line.Class.String()
				}
			}
		}
		return AssuredHeld, ""
	}
}

// retention: the span is stated, and no activity states a longer one. That the recipient deletes then nothing here can
// show.
func (c assuring) retention() (Assured, string) {
	for _, a := range c.rests {
		if !a.Retention.IsZero() && longer(a.Retention, c.a.Retention) {
			return AssuredBroken, "activity " + a.ID + " says " + a.Retention.String() + ", and the assessment " +
				c.a.Retention.String()
		}
	}
	if tooLong(c.a.Retention) {
		return AssuredBroken, "retention is " + c.a.Retention.String()
	}
	return AssuredAtWord, ""
}

func (c assuring) encryption() (Assured, string) {
	for _, a := range c.rests {
		for _, address := range draftVendor(c.l, a.Vendor).Upstreams {
			if strings.HasPrefix(address, "http://") {
				return AssuredBroken, a.Vendor + " is reached without TLS"
			}
		}
	}
	return AssuredHeld, ""
}

func (c assuring) inEEA() (Assured, string) {
	worth := AssuredHeld
	for _, a := range c.rests {
		written, of := c.l.Server.Vendors[a.Vendor], draftVendor(c.l, a.Vendor)
		switch {
		case written.Country != "" && !InEEA(written.Country):
			return AssuredBroken, a.Vendor + " is in " + written.Country
		case c.l.abroad(a.Vendor) != "":
			return AssuredBroken, a.Vendor + " is in " + c.l.abroad(a.Vendor)
		case written.Country == "" && written.Private: // the catalog's country is not where that machine is
			worth = AssuredAtWord
		case written.Country == "" && of.Catalog.Country == "":
			worth = AssuredAtWord
		}
	}
	return worth, ""
}

// ownServers: no file names another legal person as the recipient. Whose a machine is nothing here can show.
func (c assuring) ownServers() (Assured, string) {
	for _, a := range c.rests {
		if of := c.l.RecipientOf(a.Vendor); !of.Own {
			for _, reader := range catalog.Readers() {
				if name, _, ok := catalog.SplitEntity(of.Entity.For(reader)); ok {
					return AssuredBroken, a.Vendor + " is of " + name + ", the server file or the catalog says"
				}
			}
		}
	}
	return AssuredAtWord, ""
}

// draftVendor is a vendor as it was resolved, which an activity names.
func draftVendor(l *Loaded, vendor string) rules.DraftVendor {
	at := slices.IndexFunc(l.Draft.Vendors, func(v rules.DraftVendor) bool { return v.ID == vendor })
	if at < 0 {
		return rules.DraftVendor{}
	}
	return l.Draft.Vendors[at]
}

// oneClick: the preference centre is served to whom the activities are about, and is where the assessment sends them.
func (c assuring) oneClick() (Assured, string) {
	how := c.a.Objection.How.All()
	if !mentions(how, centreWords) {
		return AssuredBroken, "objection.how names neither the preference centre nor a link"
	}
	worth := AssuredHeld
	for _, a := range c.rests {
		if a.Source == "server" { // no browser is there: the link in a message is the site's own
			worth = AssuredAtWord
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(c.l.Server.Sites)) {
			site := c.l.Server.Sites[id]
			if reaches(a, &site, id) && site.elsewhere() {
				return AssuredBroken, "the pages of site " + id + " (" + strings.Join(site.Origins, ", ") +
					") have no preference centre: none of them is on a host of the site"
			}
		}
	}
	return worth, ""
}

// reaches tells whether hits of a site can be carried by an activity.
func reaches(a *Activity, site *Site, id string) bool {
	return among(a.Sites, id) && among(site.Vendors, a.Vendor)
}

// centreWords are what a text has that sends people to the preference centre, or to a link that objects for them.
var centreWords = []string{
	"preference cent", "privacy settings", "privacy choices", "/privacy", "link", "button", "footer", "click",
	"datenschutz-einstellungen", "datenschutzeinstellungen", "privatsphäre", "fußzeile", "klick", "schaltfläche",
	"centre de préférences", "préférences", "paramètres de confidentialité", "lien", "bouton", "bas de page",
	"pied de page", "clic",
}

func mentions(text string, words []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
