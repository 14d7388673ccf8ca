package iab

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

func TestRestrictionsChangeTheBasis(t *testing.T) {
	f := func(kinds []Restriction, declared Declared, want string) {
		t.Helper()
		d := mustTC(t, signaltest.RestrictedTC(7, kinds...)).Purpose(5, 7, declared)
		if got := d.Basis.String() + " " + d.Reason.String(); got != want || d.PolicySilent != strings.HasSuffix(want,
			"contradict") || d.OnConsent != (want == "consent ok") || d.OnLI != (want == "li ok") {
			t.Errorf("%v on %d: %+v, want %s", kinds, declared, d, want)
		}
	}
	f(nil, DeclaredConsent, "consent ok")
	f(nil, DeclaredLIFlexible, "li ok")
	f(nil, Undeclared, "none purpose_not_declared")
	f([]Restriction{RequireConsent}, Undeclared, "none purpose_not_declared")
	f([]Restriction{RequireConsent}, DeclaredConsent, "consent ok")
	f([]Restriction{RequireConsent}, DeclaredLIFlexible, "consent ok")
	f([]Restriction{RequireConsent}, DeclaredLI, "none restriction_require_consent_not_flexible")
	f([]Restriction{RequireLI}, DeclaredConsentFlexible, "li ok")
	f([]Restriction{RequireLI}, DeclaredConsent, "none restriction_require_li_not_flexible")
	f([]Restriction{RequireLI, RequireConsent}, DeclaredConsentFlexible, "none restrictions_contradict")
	f([]Restriction{RequireConsent, RequireLI}, DeclaredLIFlexible, "none restrictions_contradict")
	f([]Restriction{RequireLI, NotAllowed}, Undeclared, "none restriction_not_allowed")
}

func TestZeroValuesDeny(t *testing.T) {
	var missing *TCString
	for _, s := range []*TCString{missing, {}, {Version: 2}, {Version: 2, ServiceSpecific: true, PolicyVersion: 5}} {
		if r := s.Usable(); r.Allows() {
			t.Errorf("%+v is usable: %s", s, r)
		}
		if d := s.Purpose(755, 1, DeclaredConsent); d.OnConsent || d.OnLI {
			t.Errorf("%+v allows: %+v", s, d)
		}
		consent, li := s.PurposeAlone(2)
		if consent.Allows() || li.Allows() || s.SpecialPurpose(755, 1, true).Allows() ||
			s.SpecialFeature(755, 1, true).Allows() {
			t.Errorf("%+v allows something", s)
		}
	}
	if (TCFDecision{}).Reason.Allows() || (Declared(0)).Basis() != BasisNone {
		t.Error("a zero value allows")
	}
}

func TestPurposeAlone(t *testing.T) {
	s := mustTC(t, signaltest.FullTC())
	for purpose := 0; purpose <= 12; purpose++ {
		consent, li := s.PurposeAlone(purpose)
		known := purpose >= 1 && purpose <= 11
		if consent.Allows() != known || li.Allows() != (known && purpose != 1 && (purpose < 3 || purpose > 6)) {
			t.Errorf("purpose %d: %s, %s", purpose, consent, li)
		}
	}
}

// TestTCIsStrict: what follows no specification is an error, and the error does not repeat it.
func TestTCIsStrict(t *testing.T) {
	core, disclosed, _ := strings.Cut(typicalTC, ".")
	f := func(what, text string) {
		t.Helper()
		if s, err := DecodeTC([]byte(text)); err == nil || s != nil || strings.Contains(err.Error(), core[:9]) {
			t.Errorf("%s: %v, %v", what, s, err)
		}
	}
	f("nothing", "")
	f("a segment twice", typicalTC+"."+disclosed)
	f("a second core", core+"."+core)
	f("an empty segment", typicalTC+".")
	f("more segments than kinds", core+strings.Repeat("."+disclosed, 9))
	f("bits after the last field", core+"B."+disclosed)
	f("a missing dot", core+disclosed)
	f("standard base64", strings.Replace(core, core[5:6], "+", 1))
	f("padding characters", core+"==")
	f("an unknown segment", core+".gAAg")
	f("the first character lost", typicalTC[1:])
	f("over the cap", typicalTC+strings.Repeat("A", MaxTC))
	for i := range core {
		if s, err := DecodeTC([]byte(core[:i])); err == nil && s.Usable() == TCFOK {
			t.Errorf("the first %d characters are a string", i)
		}
	}
	if _, err := DecodeTC([]byte(core + "AAA." + disclosed + "A")); err != nil {
		t.Errorf("zeros at the end of a segment: %v", err)
	}
}

// documentForms are sections 24 and 25 as their documents have them: the header in a
// subsection of its own, or before the core.
var documentForms = []string{
	// SectionID 24, Version 1, one more subsection (1); core: MSPA 1, covered 1, mode 0, notices 1 1 1,
	// sale opted out, targeted 2, 0; Gpc 1.
	"DBABEYA~" + new(signaltest.Bits).Put(6, 24).Put(6, 1).Put(12, 1).Put(1, 0).Put(2, 3).Text() + "." +
		lateCore(24).Text() + ".YA",
	"DBABEYA~" + new(signaltest.Bits).Put(6, 24).Put(6, 1).Put(12, 1).Put(1, 0).Put(2, 3).Put(6, 1).Put(18,
		0b010001010101100000).Text() + ".YA",
	"DBABUYA~" + new(signaltest.Bits).Put(6, 25).Put(6, 1).Put(12, 0).Text() + "." + lateCore(25).Text(),
}

func lateCore(id int) *signaltest.Bits {
	w := new(signaltest.Bits).Put(6, 1).Put(2, 1).Put(2, 0).Put(6, 0b010101).Put(2, 1).Put(2, 2)
	if id > 24 {
		w.Put(2, 0)
	}
	return w.Put(2, 0)
}

func TestDocumentForms(t *testing.T) {
	for _, text := range documentForms {
		g, err := DecodeGPP([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		gpc := strings.HasSuffix(text, ".YA")
		if o := g.OptOuts(nil); o != (USOptOuts{Sale: true, GPC: gpc, Present: true}) {
			t.Errorf("%s: %+v", text, o)
		}
	}
}

// TestUSLayouts writes every layout with random values and reads them back.
func TestUSLayouts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for id := sectionUS; id <= lastSection; id++ {
		for version := 1; version <= 2; version++ {
			layout := layoutOf(id, version)
			if layout == nil || layout.values > 32 {
				if id == sectionUS || version == 1 {
					t.Errorf("section %d version %d has no layout", id, version)
				}
				continue
			}
			for range 50 {
				w := new(signaltest.Bits).Put(6, uint64(version))
				want := make([]uint8, layout.values)
				for i := range want {
					want[i] = uint8(random.IntN(3))
					w.Put(2, uint64(want[i]))
				}
				header := new(signaltest.Bits).Put(6, 3).Put(6, 1).Put(12, 1).Put(1, 0)
				header.Codes(id)
				g, err := DecodeGPP([]byte(header.Text() + "~" + w.Text()))
				if err != nil {
					t.Fatalf("section %d: %v", id, err)
				}
				var got []uint8
				for name, values := range g.Fields(id) {
					if name != layout.version {
						got = append(got, values...)
					}
				}
				if !slices.Equal(got, want) || !slices.Equal(g.Sections(), []int{id}) {
					t.Fatalf("section %d: %v, want %v", g.Sections(), got, want)
				}
			}
		}
	}
}

// TestMislabelledNational: usnat that says version 1 and goes on in the layout of version 2 is read in that, as
// OneTrust's platform writes it; one that goes on otherwise is not read.
func TestMislabelledNational(t *testing.T) {
	for _, c := range []struct {
		section string
		want    *USOptOuts
	}{
		{"BVQqAAAAAAKA.QA", &USOptOuts{Present: true}},
		{"BVQVAAAAAAGA.YA", &USOptOuts{Sale: true, Sharing: true, Targeted: true, GPC: true, Present: true}},
		{"BVQlAAAAAAKA", &USOptOuts{Sharing: true, Targeted: true, Present: true}},
		{"BVQqAAAAAAAA", &USOptOuts{Present: true}}, // what it goes on with is zeros: padding of version 1
		{"BVQqAAAAAAK", nil},  // ends in the middle
		{"BVQqAAAAAAMA", nil}, // a 3
		{"BVQqAAAAAAKB", nil}, // goes on behind version 2
		{"BVQqAAAAAAKAAAAB", nil},
	} {
		g := agreeGPP(t, "DBABLA~"+c.section)
		switch {
		case (g != nil) != (c.want != nil):
			t.Errorf("%s: %t", c.section, g != nil)
		case g != nil:
			if o := g.OptOuts([]int{7}); o != *c.want {
				t.Errorf("%s: %+v, want %+v", c.section, o, *c.want)
			}
		}
	}
	g, err := DecodeGPP([]byte("DBABLA~BVQqAAAAAAKA.QA"))
	if err != nil || !strings.Contains(ExplainGPP(g)[1], "version 1 in the layout of 2: sale not opted out") {
		t.Errorf("%v: %q", err, ExplainGPP(g))
	}
}

func TestOptOutsInForce(t *testing.T) {
	const text = "DBABzw~1YYY~CqmAEiYYAURA" // uspv1: sale opted out; usnat: nothing
	g, err := DecodeGPP([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f := func(sid string, want USOptOuts) {
		t.Helper()
		ids, _ := ParseSID([]byte(sid))
		if got := g.OptOuts(ids); got != want {
			t.Errorf("gpp_sid %q: %+v, want %+v", sid, got, want)
		}
	}
	f("", USOptOuts{Sale: true, Present: true})
	f("${GPP_SID}", USOptOuts{Sale: true, Present: true})
	f("7", USOptOuts{Present: true})
	f("6", USOptOuts{Sale: true, Present: true})
	f("6,7", USOptOuts{Sale: true, Present: true})
	f("8", USOptOuts{Unclear: true})
	f("-1", USOptOuts{})
	f("0", USOptOuts{})
}

func TestParseSID(t *testing.T) {
	f := func(text string, want ...int) {
		t.Helper()
		if got, ok := ParseSID([]byte(text)); !slices.Equal(got, want) || ok != (len(want) > 0) {
			t.Errorf("%q: %v, %t", text, got, ok)
		}
	}
	f("7", 7)
	f("2,6", 2, 6)
	f("2_3", 2, 3)
	f("-1", -1)
	f("0", 0)
	for _, bad := range []string{"", "${GPP_SID}", "undefined", "null", "7,", ",7", "7,,8", "-1,7", "7,-1", "0,7", "64",
		"007", "1e1", " 7", "2;6", strings.Repeat("7,", 40) + "7"} {
		f(bad)
	}
}

// TestGPCIsHeededWhereItIsNotPartOfTheSection: usfl has no such subsection, but who writes one means it.
func TestGPCIsHeededWhereItIsNotPartOfTheSection(t *testing.T) {
	g, err := DecodeGPP([]byte("DBABAw~BBaWYoGk.YA"))
	if err != nil {
		t.Fatal(err)
	}
	if o := g.OptOuts(nil); !o.GPC {
		t.Errorf("%+v", o)
	}
}

func TestUnknownSections(t *testing.T) {
	header := new(signaltest.Bits).Put(6, 3).Put(6, 1).Put(12, 1).Put(1, 0)
	header.Codes(40)
	g, err := DecodeGPP([]byte(header.Text() + "~BAAA"))
	if err != nil {
		t.Fatal(err)
	}
	if o := g.OptOuts(nil); o != (USOptOuts{Unclear: true}) {
		t.Errorf("%+v", o)
	}
}

func TestUSPInJSON(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		u, err := DecodeUSP([]byte(text))
		if got := strings.Trim("1"+string(u.Notice)+string(u.OptOutSale)+string(u.LSPA), "\x00"); err == nil && got != want ||
			(err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	f(`{"uspString":"1YN-","firstAcknowledgeDate":"x"}`, "1YN-")
	f(`{"a":{"uspString":"1YNN"},"uspString":"1YYN"}`, "1YYN")
	f(`{"uspString":"1YN-","uspString":"1YN-"}`, "")
	f(`{"uspString":1}`, "")
	f(`{"uspString":1,"uspString":"1YNN"}`, "")
	f(`{"uspString":"1YNN","uspString":null}`, "")
	f(`{"uspString":"1YN"}`, "")
	f(`{}   `, "")
	f(`{"uspString":"1YN-"`, "")
}

func TestNoSignal(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "${GDPR_CONSENT_755}": true, "${US_PRIVACY}": true, "undefined": true, "null": true,
		"1YNN": false, "C": false, "$": false, "none": false,
	} {
		if NoSignal([]byte(text)) != want {
			t.Errorf("%q: want %t", text, want)
		}
	}
}

// TestHostileStringsAreCheap: the longest strings with the most ranges, unsorted, stay
// within the slab that was made for them.
func TestHostileStringsAreCheap(t *testing.T) {
	w := signaltest.Head().Put(16, 65535).Put(1, 1).Put(12, 2000)
	for i := range 2000 {
		w.Put(1, 0).Put(16, uint64(i*7919%65521+1))
	}
	s := mustTC(t, w.Put(16, 0).Put(1, 0).Put(12, 0).Text())
	if n := s.ids.size(&s.consents); n != 2000 {
		t.Errorf("%d vendors, want 2000", n)
	}
	if cap(s.ids.spans) > MaxTC*6/17+1 {
		t.Errorf("%d spans were made", cap(s.ids.spans))
	}
}

// TestExplain: UPDATE_GOLDEN=1 writes the file anew.
func TestExplain(t *testing.T) {
	core, _, _ := strings.Cut(typicalTC, ".")
	var b strings.Builder
	say := func(text string, lines []string) {
		b.WriteString("> " + text + "\n" + strings.Join(lines, "\n") + "\n\n")
	}
	publisher := new(signaltest.Bits).Put(3, 3).Put(24, 0b11<<22).Put(24, 1<<22).Put(6, 2).Put(2, 0b10).Put(2, 0b01).Text()
	for _, text := range []string{typicalTC, core, signaltest.RestrictedTC(2, RequireConsent, NotAllowed) + "." +
		publisher, "CPmmxEAPmmxEADhADBPLC1CgAAAAAAAAAB5YAAAAAAAA"} {
		say(text, ExplainTC(mustTC(t, text)))
	}
	for policy := range uint64(7) {
		w := new(signaltest.Bits).Put(6, 2).Put(36, 17778528000).Put(36, 17778528000).Put(12, 10).Put(12, 1).Put(6, 0).Put(6,
			4).Put(6, 13).Put(12, 120)
		w.Put(6, policy).Put(1, policy&1).Put(1, policy>>1&1).Put(12, policy<<8).Put(24, 1).Put(24, policy<<18).Put(1,
			policy>>2).Put(6, 3).Put(6, 4)
		segments := []string{w.Scattered(10+int(policy)).Put(16, 0).Put(1, 0).Put(12, 0).Text()}
		for kind := uint64(1); kind <= policy && kind < 3; kind++ {
			w := new(signaltest.Bits).Put(3, kind).Put(16, policy-1).Put(1, 0)
			if policy > 1 {
				w.Put(int(policy)-1, 1)
			}
			segments = append(segments, w.Text())
		}
		text := strings.Join(segments, ".")
		own := new(signaltest.Bits).Put(3, 3).Put(24, 0).Put(24, 3).Put(6, policy&1)
		if policy&1 == 1 {
			own.Put(1, 1).Put(1, 0)
		}
		text += "." + own.Text()
		say(text, ExplainTC(mustTC(t, text)))
	}
	for _, text := range []string{signaltest.GPPHead(6, 7) + "~1NNN~CAAAAAAAAABA.YA", signaltest.GPPHead(7, 63) +
		"~CAAAAAAAAABA.QA~A", signaltest.GPPHead(6) + "~1---", signaltest.GPPHead(24) + "~" + lateCore(24).Text(), "DBABDA~" +
		shortCA} {
		g, err := DecodeGPP([]byte(text))
		if err != nil {
			t.Fatal(text, err)
		}
		say(text, ExplainGPP(g))
	}
	for _, text := range append([]string{usGPP, "DBABTA~1-YY", "DBAA", "DBABUYA~BSVl.aSQ",
		"DBABDA~BQuMNN6QuMNN6FKAKDENCJCAARjAAGKAAAajAdSGFgOkeFiWhYlrBZBoxhpNBomMliak0tQxLBpZViwsAJ0wHhPr1AAA.YAAAAAAAAAA"},
		documentForms[0]) {
		g, err := DecodeGPP([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		say(text, ExplainGPP(g))
	}
	for _, text := range []string{"1YNN", "1---", "1NY-"} {
		u, _ := DecodeUSP([]byte(text))
		say(text, ExplainUSP(u))
	}
	for _, text := range []string{"1~", "1~7", "2~1.2.3.35~dv.9.21", "2~~dv.1", "2~1.3.5.7.9.11.13.15.17.19.21.23~dv.",
		"1~1.3.5.7.9.11.13.15.17.19.21.23.25", "1~5.5.4"} {
		a, err := DecodeAC([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		say(text, ExplainAC(a))
	}
	name := filepath.Join("testdata", "explain.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("explained differently than %s:\n%s", name, b.String())
	}
}
