package iab

import (
	"fmt"
	"strings"
	"testing"
)

// The same words from what was decoded.

func listed(set uint64) string { return fmt.Sprint(numbers(set)) }

func setWords(s *idStore, set *idSet) string {
	var all ids
	for first, last := range s.runs(set) {
		all = append(all, [2]int{first, last})
	}
	return all.String()
}

func spanWords(spans []span) string {
	all := map[[2]int]ids{}
	for _, s := range spans {
		of := [2]int{int(s.of >> 2), int(s.of & 3)}
		all[of] = append(all[of], [2]int{int(s.first), int(s.last)})
	}
	return restrictionsOn(all)
}

func publisherWords(p *PublisherChoices) string {
	return fmt.Sprint(" publisher ", listed(uint64(p.Consents)), listed(uint64(p.LI)), p.NumCustom,
		listed(p.CustomConsents), listed(p.CustomLI))
}

func oneIf(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func tcWords(t *TCString) string {
	words := fmt.Sprint(t.Version, t.Created*10+int64(t.CreatedTenth), t.Updated*10+int64(t.UpdatedTenth), t.CMP,
		t.CMPVersion, t.CMPScreen,
		string(t.Language[:]), t.VendorListVersion, t.PolicyVersion)
	words += fmt.Sprint(oneIf(t.ServiceSpecific), oneIf(t.NonStandardTexts), listed(uint64(t.SpecialFeatures)),
		listed(uint64(t.PurposeConsents)),
		listed(uint64(t.PurposeLI)), oneIf(t.PurposeOneTreatment), string(t.PublisherCC[:]))
	words += " consents " + setWords(&t.ids, &t.consents) + " interests " + setWords(&t.ids, &t.li) +
		spanWords(t.restrictions())
	if t.Has(DisclosedVendors) {
		words += " disclosed " + setWords(&t.ids, &t.disclosed)
	}
	if t.Has(AllowedVendors) {
		words += " allowed " + setWords(&t.ids, &t.allowed)
	}
	if t.Has(PublisherTC) {
		words += publisherWords(&t.Publisher)
	}
	return words
}

func caWords(t *TCFCA) string {
	words := fmt.Sprint(t.Version, t.Created*10+int64(t.CreatedTenth), t.Updated*10+int64(t.UpdatedTenth), t.CMP,
		t.CMPVersion, t.CMPScreen,
		string(t.Language[:]), t.VendorListVersion, t.PolicyVersion)
	words += fmt.Sprint(oneIf(t.NonStandardStacks), listed(uint64(t.SpecialFeatures)), listed(uint64(t.PurposesExpress)),
		listed(uint64(t.PurposesImplied)))
	words += " express " + setWords(&t.ids, &t.express) + " implied " + setWords(&t.ids, &t.implied) +
		spanWords(t.ids.spans[t.restrictLo:t.restrictHi])
	if t.present[DisclosedVendors] {
		words += " disclosed " + setWords(&t.ids, &t.disclosed)
	}
	if t.present[PublisherTC] {
		words += publisherWords(&t.Publisher)
	}
	return words
}

func gppWords(g *GPPString) string {
	var words []string
	for _, id := range g.Sections() {
		said := ""
		switch {
		case id == 2:
			said = tcWords(g.TC())
		case id == 5:
			said = caWords(g.CA())
		case id == 6:
			u, _ := g.USP()
			said = "1" + string([]byte{u.Notice, u.OptOutSale, u.LSPA})
		case id >= 7 && id <= 27:
			var all []int
			for _, values := range g.Fields(id) {
				for _, v := range values {
					all = append(all, int(v))
				}
			}
			said = fmt.Sprint(all)
		}
		words = append(words, fmt.Sprint(" §", id, " ", said))
	}
	return strings.Join(words, "")
}

// agreeTC reads a text both ways.
func agreeTC(t *testing.T, text string) *TCString {
	t.Helper()
	s, err := DecodeTC([]byte(text))
	want, ok := slowTC(text)
	if (err == nil) != ok || (err == nil) != (s != nil) {
		t.Fatalf("%s: %v, and read slowly it is right: %t", text, err, ok)
	}
	if ok && tcWords(s) != want {
		t.Fatalf("%s says\n%s, and read slowly\n%s", text, tcWords(s), want)
	}
	return s
}

// agreeGPP reads a text both ways.
func agreeGPP(t *testing.T, text string) *GPPString {
	t.Helper()
	g, err := DecodeGPP([]byte(text))
	want, out, ok := slowGPP(text)
	if (err == nil) != ok || (err == nil) != (g != nil) {
		t.Fatalf("%s: %v, and read slowly it is right: %t", text, err, ok)
	}
	if ok && (gppWords(g) != want || g.OptOuts(nil) != out) {
		t.Fatalf("%s says\n%s %+v, and read slowly\n%s %+v", text, gppWords(g), g.OptOuts(nil), want, out)
	}
	return g
}
