package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// refusedClasses compiles a policy of one activity whose profile does the same to every class that says
// something about a visitor, and lists by rule the classes that are refused. Region is what the server file
// says of where the site's visitors are.
func refusedClasses(t *testing.T, activity, region, how string) map[string][]string {
	t.Helper()
	files := base(t)
	delete(files, "policy/tests/first.yaml")
	files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "hosts: [shop.example]",
		"hosts: [shop.example]\n    region: "+region, 1))
	files["policy/purposes.yaml"] = []byte(
		"purposes:\n  measure: { title: Measure the audience of our pages, description: We count., categories: [analytics] }\n")
	files["policy/activities.yaml"] = []byte(
		"activities:\n  - { id: one, vendor: matomo, purposes: [measure], profile: small, retention: 14 months, events: [page_view], " +
			activity + " }\n")
	lines := []string{"profiles:", "  small:", "    classes:"}
	at := map[int]string{} // which line of the profile is about which class
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		if !c.KeptByDefault() {
			lines = append(lines, "      "+c.String()+": "+how)
			at[len(lines)] = c.String()
		}
	}
	files["policy/profiles.yaml"] = []byte(strings.Join(lines, "\n") + "\n")
	_, err := compiled(files)
	found := map[string][]string{}
	faults, _ := errors.AsType[strict.Faults](err)
	for _, fault := range faults {
		_, rule, lawful := strings.Cut(fault.Msg, " (lawful/")
		rule, _, _ = strings.Cut(rule, ";")
		class := at[fault.Line]
		if rule == "click-id" { // is told of the activity
			class = hit.ClickID.String()
		}
		switch {
		case !lawful && strings.Contains(fault.Msg, " does not apply to class "): // that is no matter of law
		case !lawful || class == "":
			t.Errorf("%s, %s: besides: %v", activity, how, fault)
		default:
			found[rule] = append(found[rule], class)
		}
	}
	for _, classes := range found {
		slices.Sort(classes)
	}
	return found
}

// TestEveryClass: for each basis and exemption, each class is refused or it is not, by the rule that says so, whatever
// the lists of classes are that the rules hold.
func TestEveryClass(t *testing.T) {
	t.Parallel()
	const (
		device   = "advertising_id client_id cookie device_id fingerprint session_id"
		click    = "click_id"
		identity = "email person_name phone precise_geo"
		person   = "birth_date client_hint email external_id ip person_name phone postal_address precise_geo user_agent user_id"
		uk       = "advertising_id click_id " + person
		joined   = "advertising_id birth_date click_id cookie credential email external_id fingerprint gender person_name phone postal_address precise_geo " +
			"transaction_id user_id user_trait"
	)
	var others []string // than the one that LIA-1 keeps
	for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
		if c != hit.EventName && !c.KeptByDefault() {
			others = append(others, c.String())
		}
	}
	unlisted := strings.Join(others, " ")
	for _, c := range []struct {
		activity, region, how string
		want                  map[string]string
	}{
		{"basis: consent", "", "keep", map[string]string{"sensitive": "sensitive"}},
		{"basis: consent, explicit: true", "", "keep", nil},
		{"basis: consent", "", "scrub", map[string]string{"sensitive": "sensitive"}},
		{"basis: contract, reference: terms", "", "drop", nil},
		{"basis: contract, reference: terms", "", "keep", map[string]string{"device-access": device, "click-id": click}},
		{"basis: legal_obligation, reference: law", "", "keep", map[string]string{"device-access": device,
			"click-id": click}},
		{"basis: vital_interests, reference: law", "", "keep", map[string]string{"device-access": device, "click-id": click}},
		{"basis: public_task, reference: law", "", "keep", map[string]string{"device-access": device, "click-id": click}},
		{"basis: public_task, reference: law, regions: [CH]", "", "keep", map[string]string{"device-access": device,
			"click-id": click}},
		{"basis: public_task, reference: law, regions: [JP]", "", "keep", map[string]string{"device-access": device,
			"click-id": click}},
		{"basis: public_task, reference: law, regions: [US]", "", "keep", map[string]string{"click-id": click}},
		{"basis: opt_out, regions: [US]", "", "keep", map[string]string{"click-id": click}},
		{"basis: public_task, reference: law, regions: [UK]", "", "keep",
			map[string]string{"statistics": uk, "click-id": click}},
		{"basis: public_task, reference: law, regions: [UK, FR]", "", "keep", map[string]string{"device-access": device,
			"click-id": click}},
		{"basis: contract, reference: terms, exemption: strictly_necessary", "", "keep", map[string]string{
			"strictly-necessary": "advertising_id click_id fingerprint", "click-id": click,
		}},
		{"basis: contract, reference: terms, exemption: fraud_prevention", "", "keep", map[string]string{
			"fraud-prevention": "advertising_id click_id", "click-id": click,
		}},
		{"basis: public_task, reference: law, exemption: audience_measurement, regions: [FR]", "", "keep", map[string]string{
			"audience-measurement": joined + " client_id device_id ip session_id", "click-id": click,
		}},
		{"basis: public_task, reference: law, exemption: audience_measurement, regions: [UK]", "", "keep", map[string]string{
			"statistics": uk, "click-id": click,
		}},
		{"basis: public_task, reference: law, exemption: appearance, regions: [UK]", "", "keep", map[string]string{
			"appearance": "advertising_id click_id fingerprint", "click-id": click,
		}},
		{"basis: public_task, reference: law, exemption: audience_measurement, regions: [US]", "", "keep",
			map[string]string{"click-id": click}},
		{"basis: legitimate_interest, assessment: LIA-1, regions: [US]", "", "keep", map[string]string{
			"li-identity": identity, "li-recording": "recording", "click-id": click, "li-data": unlisted,
		}},
		{"basis: legitimate_interest, assessment: LIA-1, regions: [US]", "", "{ hash: sha256 }", map[string]string{
			"li-recording": "recording", "click-id": click, "li-data": unlisted,
		}},
		{"basis: public_task, reference: law, exemption: audience_measurement", "{ default: US }", "keep",
			map[string]string{"click-id": click}},
		{"basis: public_task, reference: law, exemption: audience_measurement, regions: [NL, UK]", "{ default: US }",
			"keep", map[string]string{
				"audience-measurement": joined + " client_id device_id ip session_id", "statistics": uk, "click-id": click,
			}},
		{"basis: legitimate_interest, assessment: LIA-1", "", "keep", map[string]string{
			"li-identity": identity, "li-recording": "recording", "click-id": click, "li-data": unlisted,
			"device-access": device,
		}},
	} {
		region := "{ default: EU }"
		if c.region != "" {
			region = c.region
		}
		got := refusedClasses(t, c.activity, region, c.how)
		if c.how != "drop" && !strings.HasPrefix(c.activity, "basis: consent") { // on no other basis
			if !slices.Equal(got["sensitive"], []string{"sensitive"}) {
				t.Errorf("%s, %s: sensitive refuses %v", c.activity, c.how, got["sensitive"])
			}
			delete(got, "sensitive")
		}
		for _, rule := range slices.Sorted(maps.Keys(got)) {
			if _, wanted := c.want[rule]; !wanted {
				t.Errorf("%s, %s: %s refuses %v", c.activity, c.how, rule, got[rule])
			}
		}
		for rule, classes := range c.want {
			want := strings.Fields(classes)
			slices.Sort(want)
			if !slices.Equal(got[rule], want) {
				t.Errorf("%s, %s: %s refuses\n%v, and should\n%v", c.activity, c.how, rule, got[rule], want)
			}
		}
	}
}
