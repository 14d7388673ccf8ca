package signal

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

var someCategories = map[string]int{"analytics": 0, "marketing": 1}

// platformOf is a platform by its name.
func platformOf(name string) cmp.Platform {
	c, ok := cmp.Parse(name)
	if !ok {
		panic(name)
	}
	return c
}

// TestReaderRefuses: a source that was listed wrongly says what is wrong with it, and makes no reader.
func TestReaderRefuses(t *testing.T) {
	own := func(change func(*Source)) Source {
		s := Source{Kind: Own, Cookie: "c", Category: "analytics", Granted: []string{"yes"}}
		change(&s)
		return s
	}
	oneTrust, _ := cmp.Parse("onetrust")
	trustArc, _ := cmp.Parse("trustarc")
	for _, c := range []struct {
		source Source
		want   string
	}{
		{Source{}, `source "none" cannot be read`},
		{Source{Kind: ConsentMode, Categories: map[string]string{"ad_storage": "ads"}}, `no purpose is in category "ads"`},
		{Source{Kind: ConsentMode, Categories: map[string]string{"ad_store": "marketing"}}, `"ad_store" is no storage type`},
		{own(func(s *Source) { s.Category = "x" }), `no purpose is in category "x"`},
		{own(func(s *Source) { s.Cookie = "" }), "exactly one of"},
		{own(func(s *Source) { s.Header = "h" }), "exactly one of"},
		{own(func(s *Source) { s.Query = "q" }), "exactly one of"},
		{own(func(s *Source) { s.Body = "b" }), "exactly one of"},
		{own(func(s *Source) { s.Cookie, s.Body = "", "a..b" }), `"a..b" is no path`},
		{own(func(s *Source) { s.Cookie, s.Body = "", "a.#" }), `"a.#" is no path`},
		{own(func(s *Source) { s.JSON = "a.@flip" }), `"a.@flip" is no path`},
		{own(func(s *Source) { s.JSON = ".a" }), `".a" is no path`},
		{own(func(s *Source) { s.Name = "a" }), `"" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs, s.Name = "!", "a" }), `"!" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs, s.Name = "!!", "a" }), `"!!" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs, s.Name = "x=", "a" }), `"x=" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs, s.Name = ";=", "a" }), `";=" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs, s.Name = "é", "a" }), `"é" does not tell pairs apart`},
		{own(func(s *Source) { s.Pairs = "!=" }), "the choice has no name"},
		{own(func(s *Source) { s.Pairs, s.Name = "!=", "a=b" }), "the choice has no name"},
		{own(func(s *Source) { s.Pairs, s.Name, s.JSON = "!=", "a", "b" }), "either JSON or pairs"},
		{Source{Kind: Platform(oneTrust), Categories: map[string]string{"C0002": "x"}},
			`signals.onetrust.categories: no purpose is in category "x"`},
		{Source{Kind: Platform(trustArc), Categories: map[string]string{"C0002": "analytics"}}, `"C0002" is no id of it`},
		{Source{Kind: Payload, Categories: map[string]string{"a": "x"}},
			`signals.payload.categories: no purpose is in category "x"`},
	} {
		if r, err := NewReader([]Source{c.source}, someCategories); err == nil || r != nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.source, err, c.want)
		}
	}
	for _, c := range []*Source{{Kind: ConsentMode}, {Kind: ConsentMode, Categories: map[string]string{"ad_storage": ""}},
		{Kind: Payload}, {Kind: Platform(oneTrust)}} {
		if _, err := NewReader([]Source{*c}, someCategories); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	many := slices.Repeat([]Source{own(func(*Source) {})}, MaxSources+1)
	if _, err := NewReader(many[1:], someCategories); err != nil {
		t.Error(err)
	}
	if r, err := NewReader(many, someCategories); err == nil || r != nil {
		t.Error("one source too many is read")
	}
	if got, want := StorageNames(), []string{"ad_storage", "analytics_storage", "ad_user_data",
		"ad_personalization"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// readOnce reads a hit that has headers alone.
func readOnce(t *testing.T, sources []Source, headers ...string) (s Signals, notes []string) {
	t.Helper()
	r, err := NewReader(sources, someCategories)
	if err != nil {
		t.Fatal(err)
	}
	h := new(hit.Hit)
	h.Reset()
	for pair := range slices.Chunk(headers, 2) {
		h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte(pair[0]), Value: []byte(pair[1])})
	}
	h.Chain()
	r.Hit(h, &s, &Ask{Declaration: new(Declaration), Scratch: new(cmp.Scratch)},
		func(kind Kind, where string, state State, says string) {
			notes = append(notes, fmt.Sprintf("%s, %s: %s, %s", kind, where, state, says))
		})
	return s, notes
}

// TestOwnValue: an own record of a choice, at each of the bounds of what is read.
func TestOwnValue(t *testing.T) {
	cookie := Source{Kind: Own, Cookie: "c", Category: "analytics", Granted: []string{"yes", "ja"},
		Refused: []string{"no"}}
	header, inJSON := cookie, cookie
	header.Cookie, header.Header = "", "X-Choice"
	inJSON.JSON = "a.b"
	nested := func(n int) string {
		return `{"a":{"b":"yes"},"c":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	for _, c := range []struct {
		source Source
		name   string
		value  string
		want   string
	}{
		{cookie, "Cookie", "c=yes", "valid, grants analytics"},
		{cookie, "Cookie", "c=ja", "valid, grants analytics"},
		{cookie, "Cookie", "c= yes ", "valid, grants analytics"},
		{cookie, "Cookie", "c=%79es", "valid, grants analytics"},
		{cookie, "Cookie", "c=no", "valid, refuses analytics"},
		{cookie, "Cookie", "c=", "absent, nothing"},
		{cookie, "Cookie", "d=yes", "absent, nothing"},
		{cookie, "Cookie", "c=YES", "malformed, unclear on analytics"},
		{cookie, "Cookie", "c=yes; c=no", "valid, refuses analytics"},
		{cookie, "Cookie", "c=yes; c=", "malformed, unclear on analytics"},
		{cookie, "Cookie", "c=; c=yes", "malformed, unclear on analytics"},
		{cookie, "Cookie", "c=yes; c=maybe", "malformed, unclear on analytics"},
		{cookie, "Cookie", "c=yes" + strings.Repeat("%20", read.MaxCookie-3), "valid, grants analytics"},
		{cookie, "Cookie", "c=yes" + strings.Repeat("%20", read.MaxCookie-2), "malformed, unclear on analytics"},
		{header, "X-Choice", "yes", "valid, grants analytics"},
		{header, "x-choice", "no", "valid, refuses analytics"},
		{inJSON, "Cookie", `c={"a":{"b":"yes"}}`, "valid, grants analytics"},
		{inJSON, "Cookie", `c={"a":{"b":"no"}}`, "valid, refuses analytics"},
		{inJSON, "Cookie", `c={"a":{"b":"yes","b":"no"}}`, "valid, refuses analytics"},
		{inJSON, "Cookie", `c={"a":{"b":"yes"},"a":{"b":"no"}}`, "valid, refuses analytics"},
		{inJSON, "Cookie", `c={"a":{"b":["yes"]}}`, "malformed, unclear on analytics"},
		{inJSON, "Cookie", `c={"a":{"b":{}}}`, "malformed, unclear on analytics"},
		{inJSON, "Cookie", `c={"a":"yes"}`, "malformed, unclear on analytics"},
		{inJSON, "Cookie", `c={"a":{"b":"yes"}`, "malformed, unclear on analytics"},
		{inJSON, "Cookie", `c={"a":{}}`, "absent, nothing"},
		{inJSON, "Cookie", `c=["yes"]`, "malformed, unclear on analytics"},
		{inJSON, "Cookie", "c=" + nested(15), "valid, grants analytics"},
		{inJSON, "Cookie", "c=" + nested(16), "malformed, unclear on analytics"},
	} {
		s, notes := readOnce(t, []Source{c.source}, c.name, c.value)
		where := "cookie c"
		if c.source.Header != "" {
			where = "header X-Choice"
		}
		if want := "own, " + where + ": " + c.want; len(notes) != 1 || notes[0] != want || s.Sources[0].Kind != Own {
			t.Errorf("%.60s: %q, want %q", c.value, notes, want)
		}
	}
}

// TestTwoThatDisagree: of two strings of one kind the stricter holds, whichever comes first.
func TestTwoThatDisagree(t *testing.T) {
	all := signaltest.Head().EveryOther(1).EveryOther(1).Put(12, 0).Text() // vendor 1 is not consented to; purposes are
	disclosed := "." + new(signaltest.Bits).Put(3, 1).Put(16, 1).Put(1, 0).Put(1, 1).Text()
	few := signaltest.FullTC()
	sources := []Source{{Kind: TransparencyConsent}, {Kind: AdditionalConsent}, {Kind: USPrivacy},
		{Kind: PrivacyPlatform}, {Kind: GPC}}
	r, err := NewReader(sources, someCategories)
	if err != nil {
		t.Fatal(err)
	}
	read := func(provider int, jar ...string) (s Signals) {
		h := new(hit.Hit)
		h.Reset()
		h.Request.Headers = append(h.Request.Headers, hit.Header{Name: []byte("Cookie"),
			Value: []byte(strings.Join(jar, "; "))})
		h.Chain()
		r.Hit(h, &s, &Ask{Declaration: &Declaration{Provider: provider}, Scratch: new(cmp.Scratch)}, nil)
		return s
	}
	for _, c := range []struct {
		one, two string
		what     func(s *Signals) bool // a no
	}{
		{"addtl_consent=1~9", "addtl_consent=1~5", func(s *Signals) bool { return s.AC.refuses() && !s.AC.Consented }},
		{"addtl_consent=1~9", "addtl_consent=1~x", func(s *Signals) bool {
			return s.AC.refuses() && s.AC.State == Malformed
		}},
		{"addtl_consent=2~9~dv.9", "addtl_consent=2~9~dv.", func(s *Signals) bool {
			return s.AC.Listed && s.AC.Consented && !s.AC.Disclosed
		}},
		{"euconsent-v2=" + all + disclosed, "euconsent-v2=" + few, func(s *Signals) bool {
			return s.TCF.State == Valid && s.TCF.Consent[5] == iab.TCFNoPurposeConsent && s.TCF.Consents == 0b1111001111 &&
				s.TCF.Consent[1] == iab.TCFOK
		}},
		{"euconsent-v2=" + all + disclosed, "euconsent-v2=x", func(s *Signals) bool {
			return s.TCF == TCF{State: Malformed}
		}},
		{"usprivacy=1YNN", "usprivacy=1YYN", func(s *Signals) bool {
			return s.USP == OptOuts{State: Valid, Of: Sale | Sharing | TargetedAdvertising}
		}},
		{"usprivacy=1YYN", "usprivacy=1Y", func(s *Signals) bool {
			return s.USP == OptOuts{State: Malformed, Of: Sale | Sharing | TargetedAdvertising}
		}},
		{"__gpp=DBABLA~CAAQAAAAAABA.QA", "__gpp=DBABLA~CAAAAAAAAABA.YA", func(s *Signals) bool {
			return s.GPP == OptOuts{State: Valid, Of: Sale, GPC: true} && s.GPC == Valid
		}},
	} {
		for _, jar := range [][]string{{c.one, c.two}, {c.two, c.one}} {
			if s := read(9, jar...); !c.what(&s) {
				t.Errorf("%s: %+v %+v %+v %+v", jar, s.TCF, s.AC, s.USP, s.GPP)
			}
		}
	}
	if s := read(9, "addtl_consent=1~9", "addtl_consent=1~9.5"); s.AC.refuses() || !s.AC.Consented {
		t.Errorf("two that agree: %+v", s.AC)
	}
	if s := read(0, "addtl_consent=1~x"); s.AC.refuses() || s.AC.Listed {
		t.Errorf("a vendor that Google does not list: %+v", s.AC)
	}
}

// TestSaysOne: a header's field says 1, or a list of fields that were merged does.
func TestSaysOne(t *testing.T) {
	for text, want := range map[string]bool{
		"1": true, " 1\t": true, "1, 1": true, "0, 1": true, "1,": true, ",1": true,
		"": false, "0": false, "11": false, "1;1": false, "1 1": false, "true": false, "01": false, ",": false,
	} {
		if SaysOne([]byte(text)) != want {
			t.Errorf("%q: want %t", text, want)
		}
	}
}

func TestWords(t *testing.T) {
	for word, want := range map[string]US{"sale": Sale, "sharing": Sharing, "targeted_advertising": TargetedAdvertising} {
		if got, ok := ParseUS(word); !ok || got != want {
			t.Errorf("%s: %v %t", word, got, ok)
		}
	}
	for _, word := range []string{"", "Sale", "gpc"} {
		if got, ok := ParseUS(word); ok || got != 0 {
			t.Errorf("%q: %v %t", word, got, ok)
		}
	}
}
