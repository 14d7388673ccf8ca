package iab

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// FuzzTC: what is read is what a slow reading finds; a malformed string gives nothing; what is decoded is bounded;
// sets and look-ups agree; no decision goes beyond the bits that it rests on; and a string cut short inside a segment
// is either malformed or says the same.
func FuzzTC(f *testing.F) {
	for _, v := range signaltest.Vectors[tcVector](f, "tc_valid.jsonl") {
		f.Add([]byte(v.TC), uint16(755), byte(7), byte(3))
	}
	for _, v := range signaltest.Vectors[malformed](f, "tc_malformed.jsonl") {
		f.Add(v.text()[:min(len(v.text()), MaxTC)], uint16(1), byte(1), byte(1))
	}
	for _, text := range []string{typicalTC, largeTC, rangesTC} {
		f.Add([]byte(text), uint16(2), byte(10), byte(40))
	}
	f.Fuzz(func(t *testing.T, text []byte, vendor uint16, purpose, cut byte) {
		s := agreeTC(t, string(text))
		if s == nil {
			return
		}
		if len(s.ids.data) > len(text)+slack || len(s.ids.spans) > MaxTC*6/17 {
			t.Fatalf("%d bytes became %d, and %d spans", len(text), len(s.ids.data), len(s.ids.spans))
		}
		for _, set := range []*idSet{&s.consents, &s.li, &s.disclosed, &s.allowed} {
			if set.ranged || set.max < 3000 { // the others are slow to go through, and no different
				checkSet(t, s.ids.runs(set), func(id int) bool { return s.ids.has(set, id) })
			}
		}
		for kind := range numRestrictions {
			p := int(purpose)%63 + 1
			checkSet(t, restricted(s.restrictions(), p, kind), func(id int) bool { return s.Restricted(id, p, kind) })
		}
		checkDecisions(t, s, int(vendor), int(purpose)%13)
		checkCut(t, s, text, int(cut))
	})
}

// checkSet: runs are ascending with gaps between them, and look-ups at their ends agree.
func checkSet(t *testing.T, runs func(func(first, last int) bool), has func(id int) bool) {
	t.Helper()
	before := -1
	for first, last := range runs {
		if first <= before+1 && before >= 0 || last < first || first < 1 || last > 65535 {
			t.Fatalf("run %d-%d after one that ends with %d", first, last, before)
		}
		if !has(first) || !has(last) || has(first-1) || has(last+1) {
			t.Fatalf("run %d-%d, look-ups differ", first, last)
		}
		before = last
	}
}

var allDeclared = []Declared{Undeclared, DeclaredConsent, DeclaredConsentFlexible, DeclaredLI, DeclaredLIFlexible}

func checkDecisions(t *testing.T, s *TCString, vendor, purpose int) {
	t.Helper()
	consent, li := s.PurposeAlone(purpose)
	for _, declared := range allDeclared {
		d := s.Purpose(vendor, purpose, declared)
		listed, present := s.Disclosed(vendor)
		switch {
		case d.OnConsent && d.OnLI, (d.OnConsent || d.OnLI) != (d.Reason == TCFOK), d.Reason == TCFNotAsked:
			t.Fatalf("%+v", d)
		case d.Reason == TCFOK && (s.Usable() != TCFOK || present && !listed || s.Restricted(vendor, purpose, NotAllowed) ||
			declared == Undeclared):
			t.Fatalf("allowed against a rule: %+v", d)
		case d.OnConsent && (consent != TCFOK || !s.VendorConsent(vendor) || s.Restricted(vendor, purpose, RequireLI)):
			t.Fatalf("consent without its bits: %+v", d)
		case d.OnLI && (li != TCFOK || !s.VendorLI(vendor) || s.Restricted(vendor, purpose, RequireConsent)):
			t.Fatalf("legitimate interest without its bits: %+v", d)
		}
	}
	for id := range 5 {
		if s.SpecialPurpose(vendor, id, true).Allows() && (s.Usable() != TCFOK || id < 1 || id > 3) ||
			s.SpecialFeature(vendor, id, true).Allows() && (s.Usable() != TCFOK || !s.SpecialFeatures.Has(id)) ||
			s.SpecialPurpose(vendor, id, false).Allows() || s.SpecialFeature(vendor, id, false).Allows() {
			t.Fatalf("special %d allowed against a rule", id)
		}
	}
}

// checkCut cuts characters off the end, but no whole segment: without the list of
// disclosed vendors an old string allows more.
func checkCut(t *testing.T, s *TCString, text []byte, cut int) {
	t.Helper()
	cut = min(cut, len(text))
	short := text[:len(text)-cut]
	if slices.Contains(text[len(short):], '.') {
		return
	}
	c, err := DecodeTC(short)
	if err != nil {
		return
	}
	if c.PurposeConsents != s.PurposeConsents || c.PurposeLI != s.PurposeLI || c.Publisher != s.Publisher ||
		!slices.Equal(c.ids.spans, s.ids.spans) ||
		c.consents != s.consents || c.li != s.li || c.disclosed != s.disclosed || c.Usable() != s.Usable() {
		t.Fatalf("cut by %d it says something else", cut)
	}
}

// FuzzGPP: what is read is what a slow reading finds; a malformed string gives nothing; sections are ascending; two-bit
// values have a meaning; and what some sections say together is part of what all say.
func FuzzGPP(f *testing.F) {
	for _, v := range signaltest.Vectors[gppVector](f, "gpp_valid.jsonl") {
		f.Add([]byte(v.GPP), byte(7))
	}
	for _, v := range signaltest.Vectors[malformed](f, "gpp_malformed.jsonl") {
		f.Add(v.text()[:min(len(v.text()), MaxGPP)], byte(2))
	}
	for _, text := range documentForms {
		f.Add([]byte(text), byte(24))
	}
	f.Add([]byte("DBABLA~BVQVAAAAAAGA.YA"), byte(7)) // version 1 in the layout of 2
	f.Add([]byte("DBABLA~BVQqAAAAAAK"), byte(7))
	f.Fuzz(func(t *testing.T, text []byte, id byte) {
		g := agreeGPP(t, string(text))
		if g == nil {
			return
		}
		ids := g.Sections()
		if !slices.IsSorted(ids) || len(ids) > maxSection || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Fatalf("sections %v", ids)
		}
		for _, id := range ids {
			for name, values := range g.Fields(id) {
				if !strings.HasSuffix(name, "ersion") && slices.Max(values) > 2 {
					t.Fatalf("%d %s: %v", id, name, values)
				}
			}
		}
		all, some := g.OptOuts(nil), g.OptOuts([]int{int(id % 28)})
		if some.Sale && !all.Sale || some.Sharing && !all.Sharing || some.Targeted && !all.Targeted || some.GPC && !all.GPC {
			t.Fatalf("section %d says %+v, all say %+v", id%28, some, all)
		}
		if none := g.OptOuts([]int{-1}); none != (USOptOuts{}) {
			t.Fatalf("none in force, and %+v", none)
		}
		if s := g.TC(); s != nil {
			checkDecisions(t, s, 755, int(id%13))
		}
		if s := g.CA(); s != nil {
			checkSet(t, s.ids.runs(&s.express), s.VendorExpress)
			checkSet(t, s.ids.runs(&s.implied), s.VendorImplied)
		}
		ExplainGPP(g)
	})
}

var (
	acForm  = regexp.MustCompile(`^(?:1~(IDS)|2~(IDS)~dv\.(IDS))$`)
	uspForm = regexp.MustCompile(`^1[YN-]{3}$`)
)

func init() {
	acForm = regexp.MustCompile(strings.ReplaceAll(acForm.String(), "IDS", `(?:[1-9][0-9]{0,4}(?:\.[1-9][0-9]{0,4})*)?`))
}

// agreeAC reads a text both ways.
func agreeAC(t *testing.T, text string) *ACString {
	t.Helper()
	a, err := DecodeAC([]byte(text))
	if form := acForm.MatchString(text); (err == nil) != form || (err == nil) != (a != nil) {
		t.Fatalf("%q: %v, and it has the form: %t", text, err, form)
	}
	return a
}

// FuzzAC: the decoder agrees with the grammar written down as an expression.
func FuzzAC(f *testing.F) {
	for _, v := range signaltest.Vectors[struct{ AC string }](f, "ac_string.jsonl") {
		f.Add([]byte(v.AC)[:min(len(v.AC), 99)], uint16(35))
	}
	f.Add([]byte("2~~dv."), uint16(1))
	f.Fuzz(func(t *testing.T, text []byte, id uint16) {
		if len(text) > 999 { // the expression takes longer than the decoder
			return
		}
		a := agreeAC(t, string(text))
		if a == nil {
			return
		}
		parts := acForm.FindSubmatch(text)
		in := func(list string) bool { return slices.Contains(strings.Split(list, "."), strconv.Itoa(int(id))) }
		if a.Has(int(id)) != in(string(parts[1])+string(parts[2])) || a.Disclosed(int(id)) != in(string(parts[3])) {
			t.Fatalf("id %d: consented %t, disclosed %t", id, a.Has(int(id)), a.Disclosed(int(id)))
		}
		ExplainAC(a)
	})
}

// FuzzUSP: the bare form is what the expression says; an opt-out comes from a string that holds one.
func FuzzUSP(f *testing.F) {
	for _, v := range signaltest.Vectors[struct{ USP string }](f, "usp.jsonl") {
		f.Add([]byte(v.USP))
	}
	f.Add([]byte(`{"uspString":"1YN-","firstAcknowledgeDate":"2026-05-04"}`))
	f.Add([]byte(`{"uspString":"1YN-","uspString":"1YYN"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		u, err := DecodeUSP(text)
		switch json := len(text) > 0 && text[0] == '{'; {
		case err != nil && u != USP{}:
			t.Fatalf("malformed, and %+v", u)
		case !json && (err == nil) != uspForm.Match(text):
			t.Fatalf("%v", err)
		case err == nil && u.OptedOut() != (u.OptOutSale == 'Y') || err == nil && u == USP{}:
			t.Fatalf("%+v", u)
		}
		NoSignal(text)
		ids, ok := ParseSID(text)
		if ok != (len(ids) > 0) || len(ids) > 1 && slices.Min(ids) < 1 {
			t.Fatalf("gpp_sid %v %t", ids, ok)
		}
		ExplainUSP(u)
	})
}
