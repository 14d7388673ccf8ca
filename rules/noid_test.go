package rules_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// nobodys are the classes of ids that are deliberately no identifiers of a visitor, and why. An objection is not looked
// up by them, and never spreads by them.
var nobodys = map[string]string{
	"session_id":     "made anew with each visit: nobody can object by one, and visits of one browser are found by the browser's",
	"event_id":       "of one event",
	"transaction_id": "of one order: several people may know it",
	"page_id":        "of one load of a page",
	"click_id":       "of one click on an advertisement",
	"cache_buster":   "of one request",
	"account":        "of the site's account, property or project at the vendor",
	"credential":     "the site's own",
	"technical":      "of software, of a container, of a rule",
	"consent_signal": "what a visitor chose, not who that is",
	"container":      "what is in it is classed by itself",
	"event_name":     "what happened",
	"product":        "of a product",
	"element":        "of an element of the page",
	"campaign":       "of a campaign",
	"recording":      "let through or refused whole",
	"error":          "of an error",
	"experiment":     "of an experiment",
	"cookie":         "a cookie as a whole",
}

// looksLikeID are names whose last part says that they are ids.
var looksLikeID = regexp.MustCompile(
	`(?i)(^|[._$\[-]|[a-z])(id|ids|uid|uuid|guid|userid|deviceid|visitor|customer|token)\]?$`)

// otherIDs are fields that are called like ids, are of no class of nobodys, and are no identifiers all the same.
var otherIDs = map[string]string{
	"amplitude event_id":                             "a counter of events",
	"ga4_mp params.items[].location_id":              "of a place in Google's maps",
	"ga4_mp user_location.continent_id":              "of a continent",
	"ga4_mp user_location.country_id":                "of a country",
	"ga4_mp user_location.region_id":                 "of a region",
	"ga4_mp user_location.subcontinent_id":           "of a part of a continent",
	"mixpanel properties.$had_persisted_distinct_id": "a flag",
	"posthog options.product_tour_id":                "of a tour through the product",
	"posthog properties.$survey_id":                  "of a survey",
	"snowplow vid":                                   "a counter of visits",
}

// TestWhatIsNoIdentifierIsListed: each field of the catalog whose name says that it is an id identifies a person,
// browser or device, or is of a class that is deliberately nobody's.
func TestWhatIsNoIdentifierIsListed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, vendor := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(vendor)
		for i := range f.Endpoints {
			for _, p := range idPlacesOf(f, &f.Endpoints[i]) {
				name := p.path
				if p.pair != "" {
					name = p.pair
				}
				if p.member != "" {
					name = p.schema[1] + " " + p.member
				}
				class, _ := hit.ParseClass(p.field.Class)
				if !looksLikeID.MatchString(name) || class.Identifies() || slices.ContainsFunc(p.field.Also,
					func(also string) bool {
						c, _ := hit.ParseClass(also)
						return c.Identifies()
					}) {
					continue
				}
				seen[p.field.Class] = true
				if _, ok := nobodys[p.field.Class]; !ok && otherIDs[vendor+" "+name] == "" {
					t.Errorf("%s: %s is a %s: is it nobody's id?", vendor, name, p.field.Class)
				}
			}
		}
	}
	for _, class := range []string{"session_id", "event_id", "transaction_id", "account"} {
		if c, ok := hit.ParseClass(class); !ok || c.Identifies() || !seen[class] {
			t.Errorf("%s identifies a visitor, or no field was seen", class)
		}
	}
}
