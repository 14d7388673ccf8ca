package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// basesDraft has an activity on every basis, with and without the law it rests on, for every kind
// of purpose and with every assessment.
func basesDraft(t *testing.T) *rules.Draft {
	d := draft(rules.DraftActivity{})
	d.Activities = nil
	d.Assessments = register(t)
	d.Purposes = []rules.Purpose{
		{ID: "plain"}, {ID: "gpc", GPCObjects: true}, {ID: "dnt", DNTObjects: true}, {ID: "marketing", DirectMarketing: true},
		{ID: "sale", US: []string{"sale"}}, {ID: "tcf", TCF: []int{8}},
		{ID: "all", GPCObjects: true, DNTObjects: true, DirectMarketing: true, US: []string{"sharing"}, TCF: []int{8}},
		{ID: "other", Categories: []string{"elsewhere"}, GPCObjects: true},
	}
	for i := range d.Purposes[:7] {
		d.Purposes[i].Categories = []string{"analytics"}
	}
	for b := basis.Consent; b <= basis.OptOut; b++ {
		for _, purpose := range d.Purposes[:7] {
			for _, reference := range []string{"", "law"} {
				assessments := []string{""}
				if b == basis.LegitimateInterest {
					assessments = []string{"LIA-1", "LIA-2", "LIA-3", "LIA-4", "LIA-9"}
				}
				for _, lia := range assessments {
					d.Activities = append(d.Activities, rules.DraftActivity{
						ID: strings.Join([]string{b.String(), purpose.ID, reference, lia}, " "), Vendor: "ga4",
						Purposes: []string{purpose.ID},
						Basis:    b, Reference: reference, Assessment: lia, Profile: "standard", Events: []string{"*"},
						ConsentMaxAge: basis.Period{Months: 13},
					})
				}
			}
		}
	}
	return d
}

// situation is what an activity is judged by, in words.
type situation struct {
	objects     string // the scope of an objection; "" for none
	gpc, dnt    signal.State
	unavailable bool
	// consent is granted, old, refused, withheld (refused by no act), purpose (refused as a purpose of the TCF), service
	// (the vendor refused, with consent), unclear, objected, elsewhere (refused for another purpose) or "".
	consent string
	region  string
	opaque  bool
	us      string       // sale, sharing, unreadable or ""
	tcf     signal.State // of a string that allows consent, and no legitimate interest
	expired bool         // the assessments are past their time
}

// expected is the rule in words.
func (s *situation) expected(p *rules.Purpose, b basis.Basis, reference, lia string) string {
	objection := s.objects == p.ID || s.objects == "all scopes" || s.objects == "vendor:ga4"
	objection = objection || s.consent == "objected"
	browser := ""
	switch {
	case p.GPCObjects && s.gpc != signal.Absent:
		browser = "gpc"
	case p.DNTObjects && s.dnt != signal.Absent:
		browser = "dnt"
	}
	declined := s.consent == "refused" || s.consent == "service"
	optOut := b == basis.OptOut
	optsOut := len(p.US) > 0 && (s.us == p.US[0] || s.us == "everything")
	unreadable := len(p.US) > 0 && s.us == "unreadable"
	interest := b == basis.LegitimateInterest
	kept := len(p.US) > 0 && s.gpc != signal.Absent && s.region == "US-CA" // from now on
	lawful := b == basis.Contract || b == basis.LegalObligation || b == basis.VitalInterests
	heeded := p.DirectMarketing || !lawful
	switch {
	case interest && s.opaque:
		return "opaque_stream"
	case interest && lia == "LIA-9":
		return "assessment_missing"
	case interest && lia == "LIA-2":
		return "assessment_unapproved"
	case interest && lia == "LIA-4":
		return "assessment_changed"
	case interest && s.expired:
		return "assessment_expired"
	case (lawful || b == basis.PublicTask) && reference == "":
		return "no_legal_reference"
	case optOut && s.region != "US" && s.region != "US-CA":
		return "no_consent"
	case heeded && objection:
		return "objection"
	case optOut && browser != "":
		return "opted_out"
	case heeded && browser != "":
		return browser
	case optOut && (optsOut || unreadable || len(p.US) > 0 && s.gpc != signal.Absent || declined ||
		s.consent == "purpose"):
		return "opted_out"
	case (interest || b == basis.PublicTask) && declined:
		return "consent_refused"
	case (interest || b == basis.OptOut || b == basis.PublicTask) && s.unavailable:
		return "objections_untaken"
	case interest && len(p.TCF) > 0 && s.tcf != signal.Absent:
		return "tcf_purpose_li"
	case b != basis.Consent:
		return "permitted"
	case optsOut:
		return "consent_refused"
	case unreadable:
		return "no_consent"
	case s.consent == "refused", s.consent == "withheld", s.consent == "purpose", s.consent == "service":
		return "consent_refused"
	case len(p.TCF) > 0 && s.tcf == signal.Valid && (s.consent == "" || s.consent == "elsewhere"):
		if kept {
			return "opted_out"
		}
		return "permitted" // by the string alone
	case s.consent != "granted" && s.consent != "old":
		return "no_consent"
	case len(p.TCF) > 0 && s.tcf == signal.Malformed:
		return "no_consent"
	case kept:
		return "opted_out"
	case s.consent == "old":
		return "consent_expired"
	default:
		return "permitted"
	}
}

// signals is what would have been read.
func (s *situation) signals(p *rules.Policy) *signal.Signals {
	choices := rules.Choices{GPC: s.gpc == signal.Valid, DNT: s.dnt == signal.Valid}
	switch s.consent {
	case "granted", "old", "unclear", "objected", "service":
		choices.Own = map[string]string{"analytics": "granted"}
	case "refused", "withheld", "purpose":
		choices.Own = map[string]string{"analytics": "refused"}
	case "elsewhere":
		choices.Own = map[string]string{"elsewhere": "refused"}
	}
	said := p.SignalsOf(&choices)
	if said.GPC != signal.Valid {
		said.GPC = s.gpc
	}
	if said.DNT != signal.Valid {
		said.DNT = s.dnt
	}
	one := &said.Sources[0]
	switch s.consent {
	case "granted":
		one.At = now.AddDate(0, -13, 0).Unix() // its last second
	case "old":
		one.At = now.AddDate(0, -13, 0).Unix() - 1
	case "unclear":
		one.Doubt, one.Granted = one.Granted, 0
	case "objected":
		one.Objected, one.Granted = one.Granted, 0
	case "withheld":
		one.Declined = 0
	case "purpose":
		one.TCFOnly = one.Declined
	case "service":
		one.Service = signal.Declined
	}
	switch s.us {
	case "sale":
		said.GPP.State, said.GPP.Of = signal.Valid, signal.Sale
	case "sharing":
		said.USP.State, said.USP.Of = signal.Valid, signal.Sharing
	case "everything":
		said.Payload.State, said.Payload.GPC = signal.Valid, true
	case "unreadable":
		said.GPP.State = signal.Malformed
	}
	said.TCF.State = s.tcf
	for i := range said.TCF.Consent {
		said.TCF.Consent[i], said.TCF.Interest[i] = iab.TCFOK, iab.TCFNoPurposeLI
	}
	return said
}

// TestEveryBasis: every activity in every situation, or a part of all combinations that changes with
// the activity, against the rule in words.
func TestEveryBasis(t *testing.T) {
	t.Parallel()
	d := basesDraft(t)
	p := compile(t, d)
	states := []signal.State{signal.Absent, signal.Malformed, signal.Valid}
	scopes := []string{"", "plain", "gpc", "dnt", "marketing", "sale", "tcf", "all", "other", "vendor:ga4",
		"vendor:matomo", "all scopes"}
	consents := []string{"", "granted", "old", "refused", "withheld", "purpose", "service", "unclear",
		"objected", "elsewhere"}
	regions := []string{"", "US", "US-CA", "DE", "GB", "EU"}
	us := []string{"", "sale", "sharing", "everything", "unreadable"}
	seen := map[string]int{}
	draw := uint64(1)
	pick := func(n int) int { // often the first, which says nothing
		draw = draw*6364136223846793005 + 1442695040888963407
		if draw>>61 < 3 {
			return 0
		}
		return int(draw >> 33 % uint64(n))
	}
	kinds := map[bool]catalog.Kind{true: catalog.Opaque}
	for i, a := range p.Activities() {
		purpose := &d.Purposes[0]
		for n := range d.Purposes {
			if d.Purposes[n].ID == d.Activities[i].Purposes[0] {
				purpose = &d.Purposes[n]
			}
		}
		for range 600 {
			s := situation{
				objects: scopes[pick(len(scopes))], gpc: states[pick(3)], dnt: states[pick(3)], unavailable: pick(2) == 1,
				consent: consents[pick(len(consents))], region: regions[pick(len(regions))], opaque: pick(4) == 1,
				us: us[pick(len(us))], tcf: states[pick(3)], expired: pick(6) == 1,
			}
			if s.consent == "" && pick(2) == 0 {
				s.consent = "granted"
			}
			q := rules.Asked{Signals: s.signals(p), Unavailable: s.unavailable, Now: now, Kind: kinds[s.opaque]}
			if s.expired && a.Basis == basis.LegitimateInterest {
				q.Now = time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC)
			}
			switch s.objects {
			case "":
			case "all scopes":
				q.Objections, _ = p.Objection("all")
			case "all":
				q.Objections.Purposes = 1 << 6
			default:
				q.Objections, _ = p.Objection(s.objects)
			}
			if s.region != "" {
				q.Region, _ = rules.ParseRegion(s.region)
			}
			want := s.expected(purpose, a.Basis, a.Reference, a.Assessment)
			if got := p.Permits(a, &q).String(); got != want {
				t.Errorf("%s, %+v: %s, want %s", a.ID, s, got, want)
			}
			seen[a.Basis.String()+" "+want]++
		}
	}
	for b := basis.Consent; b <= basis.OptOut; b++ {
		if seen[b.String()+" permitted"] < 20 {
			t.Errorf("%v permits %d times: the test shows too little", b, seen[b.String()+" permitted"])
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d: %v", len(seen), seen)
	}
	// What is no basis permits nothing.
	for _, b := range []basis.Basis{basis.None, basis.OptOut + 1, 255} {
		s := situation{consent: "granted", region: "US"}
		q := rules.Asked{Signals: s.signals(p), Now: now}
		q.Region, _ = rules.ParseRegion("US")
		if got := p.Permits(&rules.Activity{Recipient: p.Recipients()[0], Basis: b, Reference: "law", Assessment: "LIA-1"},
			&q); got != rules.Unjudged {
			t.Errorf("%v: %v", b, got)
		}
	}
}

// TestReasonsOfATCString: each reason for which a TC string keeps an activity from its basis.
func TestReasonsOfATCString(t *testing.T) {
	t.Parallel()
	consent := map[iab.TCFReason]string{
		iab.TCFNoPurposeConsent: "consent_refused", iab.TCFVendorNotDisclosed: "tcf_vendor",
		iab.TCFPurposeNotDeclared: "tcf_vendor",
		iab.TCFNoVendorConsent:    "tcf_vendor", iab.TCFRestrictionNotAllowed: "tcf_restriction",
		iab.TCFRequireConsentNotFlexible: "tcf_restriction",
		iab.TCFRequireLINotFlexible:      "tcf_restriction", iab.TCFRestrictionsContradict: "tcf_restriction",
	}
	interest := map[iab.TCFReason]string{
		iab.TCFOK: "permitted", iab.TCFVendorNotDisclosed: "tcf_vendor_li", iab.TCFPurposeNotDeclared: "tcf_vendor_li",
		iab.TCFNoVendorLI: "tcf_vendor_li", iab.TCFRestrictionNotAllowed: "tcf_restriction",
		iab.TCFRequireConsentNotFlexible: "tcf_restriction",
		iab.TCFRequireLINotFlexible:      "tcf_restriction", iab.TCFRestrictionsContradict: "tcf_restriction",
	}
	for rule := iab.TCFNotAsked; rule <= iab.TCFNoVendorLI+1; rule++ {
		want, wantInterest := consent[rule], interest[rule]
		if want == "" {
			want = "no_consent"
		}
		if wantInterest == "" {
			wantInterest = "tcf_purpose_li"
		}
		if got := rules.ByTCF(rule).String(); got != want {
			t.Errorf("consent, %v: %s, want %s", rule, got, want)
		}
		if got := rules.InterestByTCF(rule).String(); got != wantInterest {
			t.Errorf("legitimate interest, %v: %s, want %s", rule, got, wantInterest)
		}
	}
}
