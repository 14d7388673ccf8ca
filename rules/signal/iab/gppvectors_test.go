package iab

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

type gppVector struct {
	ID, GPP string
	Expect  struct {
		SectionIDs []int
		Sections   map[string]map[string]any
		OptOuts    struct{ Sale, Sharing, TargetedAdvertising, GPC bool }
	}
}

func TestVectorGPPValid(t *testing.T) {
	all, ok := signaltest.Vectors[gppVector](t, "gpp_valid.jsonl"), 0
	for _, v := range all {
		g, err := DecodeGPP([]byte(v.GPP))
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		right := slices.Equal(g.Sections(), v.Expect.SectionIDs)
		got := gppFacts(g)
		for name, want := range v.Expect.Sections {
			section := signaltest.AsJSON(t, got[name])
			likeOracle(section, want)
			ordered(want)
			right = signaltest.Same(t, v.ID+" "+name, section, want) && right
		}
		o, want := g.OptOuts(nil), v.Expect.OptOuts
		if o.Sale != want.Sale || o.Sharing != want.Sharing || o.Targeted != want.TargetedAdvertising ||
			o.GPC != want.GPC || o.Unclear {
			t.Errorf("%s: opt-outs %+v, want %+v", v.ID, o, want)
			right = false
		}
		if right && len(got) == len(v.Expect.Sections) {
			ok++
		}
	}
	signaltest.Agreed(t, "gpp_valid", ok, len(all))
}

// likeOracle adds what the library says of segments that a string does not have: the type
// that they would have had, and defaults.
func likeOracle(section, want map[string]any) {
	types := map[string]float64{
		"PublisherPurposesSegmentType": 3, "PubPurposesSegmentType": 3, "VendorsAllowedSegmentType": 2,
		"VendorsDisclosedSegmentType": 1,
		"DisclosedVendorsSegmentType": 1, "GpcSegmentType": 1,
	}
	for name := range want {
		if kind, ok := types[name]; ok {
			section[name] = kind
		}
	}
	if _, ok := section["Gpc"]; !ok && want["Gpc"] == false {
		section["Gpc"] = false
	}
}

// ordered puts what the library lists as the string has it, also twice, in order: ids as runs, restrictions merged.
func ordered(section map[string]any) {
	for _, name := range []string{"VendorConsents", "VendorLegitimateInterests", "VendorsAllowed", "VendorsDisclosed"} {
		if list, ok := section[name].([]any); ok {
			var ids idStore
			ids.add(0, list)
			section[name] = throughJSON(runsOf(joined(ids.spans)))
		}
	}
	for _, name := range []string{"PublisherRestrictions", "PubRestrictions"} {
		if list, ok := section[name].([]any); ok {
			var ids idStore
			for _, r := range list {
				one := r.(map[string]any)
				ids.add(restrictionOf(int(one["key"].(float64)), Restriction(one["type"].(float64))), one["ids"].([]any))
			}
			section[name] = throughJSON(keyed(ids.spans))
		}
	}
}

// add adds ids and inclusive pairs.
func (s *idStore) add(of uint16, ids []any) {
	for _, id := range ids {
		run, ok := id.([]any)
		if !ok {
			run = []any{id, id}
		}
		s.spans = append(s.spans, span{of, uint16(run[0].(float64)), uint16(run[1].(float64))})
	}
	s.merge(0)
}

func throughJSON(list []any) (out any) {
	text, _ := json.Marshal(list)
	_ = json.Unmarshal(text, &out)
	return out
}

func gppFacts(g *GPPString) map[string]map[string]any {
	all := map[string]map[string]any{}
	if s := g.TC(); s != nil {
		all["tcfeuv2"] = euFacts(s)
	}
	if s := g.CA(); s != nil {
		all["tcfcav1"] = caFacts(s)
	}
	if u, ok := g.USP(); ok {
		all["uspv1"] = map[string]any{
			"Version": 1, "Notice": string(u.Notice), "OptOutSale": string(u.OptOutSale), "LspaCovered": string(u.LSPA),
		}
	}
	for _, id := range g.Sections() {
		if id < sectionUS || id > lastSection {
			continue
		}
		facts := map[string]any{}
		for name, values := range g.Fields(id) {
			switch {
			case name == "Gpc":
				facts[name] = values[0] == 1
			case len(values) == 1:
				facts[name] = values[0]
			default:
				list := make([]int, len(values))
				for i, v := range values {
					list[i] = int(v)
				}
				facts[name] = list
			}
		}
		all[usLayouts[id-sectionUS].name] = facts
	}
	return all
}

// keyed says restrictions as the GPP vectors do.
func keyed(spans []span) []any {
	all := restrictionsOf(spans)
	for i, r := range all {
		one := r.(map[string]any)
		all[i] = map[string]any{"key": one["purpose"], "type": one["type"], "ids": one["vendors"]}
	}
	return all
}

func euFacts(s *TCString) map[string]any {
	p := s.Publisher
	return map[string]any{
		"Version": s.Version, "Created": iso(s.Created, s.CreatedTenth), "LastUpdated": iso(s.Updated, s.UpdatedTenth),
		"CmpId": s.CMP, "CmpVersion": s.CMPVersion, "ConsentScreen": s.CMPScreen, "ConsentLanguage": string(s.Language[:]),
		"VendorListVersion": s.VendorListVersion, "PolicyVersion": s.PolicyVersion, "IsServiceSpecific": s.ServiceSpecific,
		"UseNonStandardStacks": s.NonStandardTexts, "SpecialFeatureOptins": numbers(uint64(s.SpecialFeatures)),
		"PurposeConsents": numbers(uint64(s.PurposeConsents)), "PurposeLegitimateInterests": numbers(uint64(s.PurposeLI)),
		"PurposeOneTreatment": s.PurposeOneTreatment, "PublisherCountryCode": string(s.PublisherCC[:]),
		"VendorConsents": idSetOf(&s.ids, &s.consents), "VendorLegitimateInterests": idSetOf(&s.ids, &s.li),
		"PublisherRestrictions": keyed(s.restrictions()), "VendorsAllowed": idSetOf(&s.ids, &s.allowed),
		"VendorsDisclosed":  idSetOf(&s.ids, &s.disclosed),
		"PublisherConsents": numbers(uint64(p.Consents)), "PublisherLegitimateInterests": numbers(uint64(p.LI)),
		"NumCustomPurposes": p.NumCustom, "PublisherCustomConsents": numbers(p.CustomConsents),
		"PublisherCustomLegitimateInterests": numbers(p.CustomLI),
	}
}

func caFacts(s *TCFCA) map[string]any {
	p := s.Publisher
	return map[string]any{
		"Version": s.Version, "Created": iso(s.Created, s.CreatedTenth), "LastUpdated": iso(s.Updated, s.UpdatedTenth),
		"CmpId": s.CMP, "CmpVersion": s.CMPVersion, "ConsentScreen": s.CMPScreen, "ConsentLanguage": string(s.Language[:]),
		"VendorListVersion": s.VendorListVersion, "TcfPolicyVersion": s.PolicyVersion,
		"UseNonStandardStacks":         s.NonStandardStacks,
		"SpecialFeatureExpressConsent": numbers(uint64(s.SpecialFeatures)), "PurposesExpressConsent": numbers(
			uint64(s.PurposesExpress)),
		"PurposesImpliedConsent": numbers(uint64(s.PurposesImplied)), "VendorExpressConsent": idSetOf(&s.ids, &s.express),
		"VendorImpliedConsent": idSetOf(&s.ids, &s.implied), "PubRestrictions": keyed(s.ids.spans[s.restrictLo:s.restrictHi]),
		"DisclosedVendors":          idSetOf(&s.ids, &s.disclosed),
		"PubPurposesExpressConsent": numbers(uint64(p.Consents)), "PubPurposesImpliedConsent": numbers(uint64(p.LI)),
		"NumCustomPurposes": p.NumCustom, "CustomPurposesExpressConsent": numbers(p.CustomConsents),
		"CustomPurposesImpliedConsent": numbers(p.CustomLI),
	}
}

func TestVectorGPPMalformed(t *testing.T) {
	all, ok := signaltest.Vectors[malformed](t, "gpp_malformed.jsonl"), 0
	for _, v := range all {
		g, err := DecodeGPP(v.text())
		if (err == nil) != (g != nil) || v.Must == "reject" && err == nil {
			t.Errorf("%s (%s): decoded %t, error %v", v.ID, v.Why, g != nil, err)
			continue
		}
		ok++
	}
	signaltest.Agreed(t, "gpp_malformed", ok, len(all))
}

func TestVectorUSP(t *testing.T) {
	all, ok := signaltest.Vectors[struct {
		ID, USP, Notice, OptOutSale, LSPACovered string
		Valid, Applies, OptedOutOfSale           bool
	}](t, "usp.jsonl"), 0
	for _, v := range all {
		u, err := DecodeUSP([]byte(v.USP))
		text := [3]string{v.Notice, v.OptOutSale, v.LSPACovered}
		got := [3]string{}
		if err == nil {
			got = [3]string{string(u.Notice), string(u.OptOutSale), string(u.LSPA)}
		}
		if (err == nil) != v.Valid || got != text || u.Applies() != v.Applies || u.OptedOut() != v.OptedOutOfSale {
			t.Errorf("%s: %+v, %v", v.ID, u, err)
			continue
		}
		ok++
	}
	signaltest.Agreed(t, "usp", ok, len(all))
}

func TestVectorAC(t *testing.T) {
	all, ok := signaltest.Vectors[struct {
		ID, AC string
		Valid  bool
		Expect struct {
			Version              uint8
			Consented, Disclosed json.RawMessage
			Count                *int `json:"consented_count"`
		}
	}](t, "ac_string.jsonl"), 0
	for _, v := range all {
		a, err := DecodeAC([]byte(v.AC))
		if (err == nil) != v.Valid {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		if err == nil {
			if v.Expect.Count != nil && len(a.consented) != *v.Expect.Count || a.Version != v.Expect.Version ||
				v.Expect.Consented != nil && !sameIDs(t, a.consented, v.Expect.Consented) ||
				!sameIDs(t, a.disclosed, v.Expect.Disclosed) {
				t.Errorf("%s: %+v", v.ID, a)
				continue
			}
		}
		ok++
	}
	signaltest.Agreed(t, "ac_string", ok, len(all))
}

func sameIDs(t *testing.T, got []uint32, text json.RawMessage) bool {
	t.Helper()
	var want []uint32
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	return slices.Equal(got, want)
}
