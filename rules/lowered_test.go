package rules_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// loweringDraft is a policy in which an event may travel on consent to some categories, or on something that is no
// consent. A purpose is named by the category that it asks for.
func loweringDraft(d *rules.Draft, b basis.Basis, categories string) *rules.Draft {
	d.Activities, d.Purposes = nil, nil
	d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool { return !strings.HasPrefix(v.ID, "ga4") })
	d.Sites[0].Signals = []signal.Source{{Kind: signal.Own, Cookie: "own", Category: "analytics",
		Granted: []string{"yes"}}, {Kind: signal.Own, Cookie: "own", Category: "marketing", Granted: []string{"yes"}}}
	for _, category := range []string{"analytics", "marketing", "functional"} {
		d.Purposes = append(d.Purposes, rules.Purpose{ID: category, Categories: []string{category}})
	}
	for _, vendor := range []string{"ga4", "ga4_mp"} {
		d.Activities = append(d.Activities,
			rules.DraftActivity{ID: vendor, Vendor: vendor, Purposes: strings.Split(categories, " "), Basis: b, Reference: "law",
				Profile: "all", Events: []string{"x", "y"}},
			rules.DraftActivity{ID: vendor + "-law", Vendor: vendor, Purposes: []string{"functional"}, Basis: basis.Contract,
				Reference: "law", Profile: "all", Events: []string{"law"}})
	}
	return d
}

// TestLoweredInFull: what Google is told of the visitor's choices, for every value of each parameter that speaks of
// them, alone and with the others, of the whole hit and of one event among others, on every kind of ground.
// UPDATE_GOLDEN=1 writes the file anew; what changed is then to be read line by line.
func TestLoweredInFull(t *testing.T) {
	t.Parallel()
	grounds := []struct {
		name       string
		basis      basis.Basis
		categories string
	}{
		{"consent to statistics", basis.Consent, "analytics"}, {"consent to advertising", basis.Consent, "marketing"},
		{"consent to both", basis.Consent, "analytics marketing"}, {"not opted out of both", basis.OptOut,
			"analytics marketing"}, {"a contract", basis.Contract, "analytics marketing"},
	}
	var queries []string
	for _, gcs := range []string{"", "&gcs=G111", "&gcs=G110", "&gcs=G101", "&gcs=G1--", "&gcs=zz"} {
		for _, more := range []string{"", "&npa=0", "&npa=1", "&npa=true", "&npa=false", "&_npa=0", "&gcd=13r3r3r3r5",
			"&gcd=13r3p3v3n5&npa=0", "&gcd=zz", "&dma_cps=sypham", "&gcd=13r3r3r3r5&dma_cps=sypham&npa=0", "&dma_cps=-"} {
			queries = append(queries, gcs+more)
		}
	}
	bodies := []string{
		"en=x\nen=y", "en=x&gcs=G111\nen=y", "en=x\nen=y&gcs=G111", "en=x&gcs=G111&npa=0\nen=y&npa=0",
		"en=x&npa=0\nen=y&gcs=G111&npa=0&dma_cps=sypham", "en=x\nen=law", "en=x&gcs=G111\nen=law&gcs=G111",
		"en=law&npa=0&dma_cps=syp\nen=x", "en=x\nen=nothing&gcs=G111", "en=nothing&gcs=G111&npa=0\nen=x&gcs=G111",
	}
	objects := []string{`{}`}
	for _, npa := range []string{"", `"non_personalized_ads":false,`, `"non_personalized_ads":true,`,
		`"non_personalized_ads":"0",`, `"non_personalized_ads":0,`} {
		for _, consent := range []string{"", `"consent":{},`, `"consent":{"ad_user_data":"GRANTED"},`,
			`"consent":{"ad_user_data":"GRANTED","ad_personalization":"GRANTED"},`,
			`"consent":{"ad_user_data":"DENIED","ad_personalization":"GRANTED"},`,
			`"consent":{"ad_user_data":"maybe","ad_personalization":"denied"},`} {
			objects = append(objects, `{`+consent+npa+`"client_id":"1.2","events":[{"name":"x"},{"name":"law"}]}`,
				`{`+npa+consent+`"client_id":"1.2","events":[{"name":"y"}]}`)
		}
	}
	var b strings.Builder
	d := draft(rules.DraftActivity{})
	for _, ground := range grounds {
		p := compile(t, loweringDraft(d, ground.basis, ground.categories))
		in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
		var j rules.Judgement
		judge := func(vendor, text string) (string, string) {
			if reason := readInto(&j, p, &in, request(t, text, vendor, "Cookie: own=yes",
				"CF-IPCountry: US")); reason != rules.Unjudged {
				return reason.String(), ""
			}
			if reason := rules.Judge(&j, &in); reason != rules.Unjudged || !j.Out.Forward {
				return "denied", reason.String()
			}
			return string(j.Out.Query), string(j.Out.Body)
		}
		fmt.Fprintf(&b, "on %s\n", ground.name)
		for _, query := range queries {
			got, _ := judge("ga4", "GET /g/collect?v=2&tid=G-1&en=x"+query+"&_uip=1.1.1.1 HTTP/1.1\n\n")
			fmt.Fprintf(&b, "  %s becomes %s\n", query, strings.TrimPrefix(got, "v=2&tid=G-1&en=x"))
		}
		for _, body := range bodies {
			for _, query := range []string{"", "&gcs=G111", "&npa=0", "&gcs=G111&npa=0", "&npa=0&dma_cps=sypham"} {
				got, after := judge("ga4", "POST /g/collect?v=2&tid=G-1"+query+
					"&_uip=1.1.1.1 HTTP/1.1\nContent-Type: text/plain\n\n"+body)
				fmt.Fprintf(&b, "  %s with %q becomes %s with %q\n", query, body, strings.TrimPrefix(got, "v=2&tid=G-1"), after)
			}
		}
		for _, object := range objects {
			_, after := judge("ga4_mp",
				"POST /mp/collect?measurement_id=G-1&api_secret=s HTTP/1.1\nContent-Type: application/json\n\n"+object)
			fmt.Fprintf(&b, "  %s becomes %s\n", object, after)
		}
	}
	const file = "testdata/lowered.golden.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, b.String(), read(t, file))
}

// sameLines compares texts line by line, and says where they part.
func sameLines(t *testing.T, got, want string) {
	t.Helper()
	have, should := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(have), len(should)) {
		if i >= len(have) || i >= len(should) || have[i] != should[i] {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, have[min(i, len(have)-1)], should[min(i, len(should)-1)])
		}
	}
}
