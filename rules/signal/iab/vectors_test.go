package iab

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

type tcVector struct {
	ID, TC string
	Expect map[string]any
}

func TestVectorTCValid(t *testing.T) {
	all, ok := signaltest.Vectors[tcVector](t, "tc_valid.jsonl"), 0
	for _, v := range all {
		s, err := DecodeTC([]byte(v.TC))
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		if !signaltest.Same(t, v.ID, signaltest.AsJSON(t, tcFacts(s)), v.Expect) {
			continue
		}
		ok++
	}
	signaltest.Agreed(t, "tc_valid", ok, len(all))
}

type malformed struct {
	ID, Why, Must, TC string
	GPP               *string
	Recipe            struct {
		Prefix, Repeat string
		Count          int
	}
}

func (m *malformed) text() []byte {
	switch {
	case m.GPP != nil:
		return []byte(*m.GPP)
	case m.Recipe.Count > 0:
		return []byte(m.Recipe.Prefix + strings.Repeat(m.Recipe.Repeat, m.Recipe.Count))
	default:
		return []byte(m.TC)
	}
}

func TestVectorTCMalformed(t *testing.T) {
	all, ok := signaltest.Vectors[malformed](t, "tc_malformed.jsonl"), 0
	for _, v := range all {
		s, err := DecodeTC(v.text())
		if (err == nil) != (s != nil) || v.Must == "reject" && err == nil {
			t.Errorf("%s (%s): decoded %t, error %v", v.ID, v.Why, s != nil, err)
			continue
		}
		ok++
	}
	signaltest.Agreed(t, "tc_malformed", ok, len(all))
}

type decisionVector struct {
	ID, TC, Kind                   string
	Vendor, Purpose                int
	SpecialPurpose, SpecialFeature int
	Declared                       string
	OnConsent, OnLI, Allowed       bool
	Basis, Reason                  string
	PolicySilent                   bool
}

var declarations = map[string]Declared{
	"none": Undeclared, "consent": DeclaredConsent, "consent_flex": DeclaredConsentFlexible, "li": DeclaredLI,
	"li_flex": DeclaredLIFlexible,
}

func TestVectorTCDecisions(t *testing.T) {
	strings := map[string]*TCString{}
	for _, v := range signaltest.Vectors[tcVector](t, "tc_valid.jsonl") {
		strings[v.ID], _ = DecodeTC([]byte(v.TC))
	}
	all, ok := signaltest.Vectors[decisionVector](t, "tc_decisions.jsonl"), 0
	for _, v := range all {
		s, got := strings[v.TC], v
		switch v.Kind {
		case "purpose":
			d := s.Purpose(v.Vendor, v.Purpose, declarations[v.Declared])
			got.OnConsent, got.OnLI, got.Basis, got.Reason, got.PolicySilent = d.OnConsent, d.OnLI, d.Basis.String(),
				d.Reason.String(), d.PolicySilent
		case "specialPurpose":
			r := s.SpecialPurpose(v.Vendor, v.SpecialPurpose, v.Declared == "declared")
			got.Allowed, got.Reason = r.Allows(), r.String()
		case "specialFeature":
			r := s.SpecialFeature(v.Vendor, v.SpecialFeature, v.Declared == "declared")
			got.Allowed, got.Reason = r.Allows(), r.String()
		default:
			t.Fatalf("%s: kind %q", v.ID, v.Kind)
		}
		if got != v {
			t.Errorf("%s: got %+v, want %+v", v.ID, got, v)
			continue
		}
		ok++
	}
	signaltest.Agreed(t, "tc_decisions", ok, len(all))
}

// tcFacts says what a string says as the vectors do.
func tcFacts(s *TCString) map[string]any {
	facts := map[string]any{
		"version": s.Version, "created": iso(s.Created, s.CreatedTenth), "lastUpdated": iso(s.Updated, s.UpdatedTenth),
		"cmpId": s.CMP, "cmpVersion": s.CMPVersion, "consentScreen": s.CMPScreen, "consentLanguage": string(s.Language[:]),
		"vendorListVersion": s.VendorListVersion, "tcfPolicyVersion": s.PolicyVersion, "isServiceSpecific": s.ServiceSpecific,
		"useNonStandardTexts": s.NonStandardTexts, "specialFeatureOptins": numbers(uint64(s.SpecialFeatures)),
		"purposeConsents": numbers(uint64(s.PurposeConsents)), "purposeLegitimateInterests": numbers(uint64(s.PurposeLI)),
		"purposeOneTreatment": s.PurposeOneTreatment, "publisherCC": string(s.PublisherCC[:]),
		"vendorConsents": idSetOf(&s.ids, &s.consents), "vendorLegitimateInterests": idSetOf(&s.ids, &s.li),
		"publisherRestrictions": restrictionsOf(s.restrictions()), "disclosedVendors": nil, "allowedVendors": nil,
		"publisherTC": nil,
	}
	var names []string
	for _, kind := range s.Segments() {
		names = append(names, kind.String())
	}
	facts["segments"] = names
	if s.Has(DisclosedVendors) {
		facts["disclosedVendors"] = idSetOf(&s.ids, &s.disclosed)
	}
	if s.Has(AllowedVendors) {
		facts["allowedVendors"] = idSetOf(&s.ids, &s.allowed)
	}
	if p := s.Publisher; s.Has(PublisherTC) {
		facts["publisherTC"] = map[string]any{
			"consents": numbers(uint64(p.Consents)), "legitimateInterests": numbers(uint64(p.LI)),
			"numCustomPurposes": p.NumCustom,
			"customConsents":    numbers(p.CustomConsents), "customLegitimateInterests": numbers(p.CustomLI),
		}
	}
	return facts
}

func restrictionsOf(spans []span) []any {
	all := []any{}
	for purpose := 1; purpose < 64; purpose++ {
		for kind := range numRestrictions {
			if ids := runsOf(restricted(spans, purpose, kind)); len(ids) > 0 {
				all = append(all, map[string]any{"purpose": purpose, "type": kind, "vendors": ids})
			}
		}
	}
	return all
}

func iso(second int64, tenth uint8) string {
	return time.Unix(second, int64(tenth)*1e8).UTC().Format("2006-01-02T15:04:05.000Z")
}

func numbers(set uint64) []int {
	all := []int{}
	for n := 1; set != 0; n, set = n+1, set>>1 {
		if set&1 == 1 {
			all = append(all, n)
		}
	}
	return all
}

func idSetOf(s *idStore, set *idSet) []any { return runsOf(s.runs(set)) }

func runsOf(runs func(func(first, last int) bool)) []any {
	all := []any{}
	for first, last := range runs {
		if first == last {
			all = append(all, first)
		} else {
			all = append(all, []int{first, last})
		}
	}
	return all
}
