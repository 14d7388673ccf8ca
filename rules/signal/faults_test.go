package signal

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// TestCategories: a set yields its numbers, ascending, until nobody asks any more.
func TestCategories(t *testing.T) {
	set := Categories(1<<0 | 1<<5 | 1<<63)
	if got := slices.Collect(set.All); !slices.Equal(got, []int{0, 5, 63}) {
		t.Errorf("%v", got)
	}
	for n := range set.All {
		if n > 0 {
			t.Fatalf("%d comes after the end", n)
		}
		break
	}
	if !set.Has(1<<5|1<<6) || set.Has(1<<6) || set.Has(0) {
		t.Errorf("%b", set)
	}
}

// TestSaidWords: what a string comes to, in words that hold nothing of it.
func TestSaidWords(t *testing.T) {
	all := iab.Purposes(0b10000001)
	tcf := TCF{State: Valid, Policy: 5, Vendor: 755, Consents: all, Interests: 0b10}
	tcf.Consent[1], tcf.Interest[2] = iab.TCFOK, iab.TCFOK
	nothing := TCF{State: Valid, Policy: 3}
	nothing.Consent[1] = iab.TCFPolicyBelow4
	for got, want := range map[string]string{
		string((&TCF{}).Append(nil)): "nothing",
		string((&TCF{State: Malformed}).Append(
			nil)): "cannot be read: no consent, and no legitimate interest for what it may speak of",
		string(tcf.Append([]byte(
			"TC: "))): "TC: policy 5, consent to 1 8, interest in 2, vendor 755: may rely on consent to 1, on interest in 2",
		string(nothing.Append(
			nil)): "policy 3, consent to none, interest in none: may rely on consent to none, on interest in none, policy_version_below_4",
		string((&OptOuts{}).Append(nil)):             "nothing",
		string((&OptOuts{State: Valid}).Append(nil)): "no opt-out",
		string((&AC{}).Append(nil)):                  "nothing",
		string((&AC{State: Malformed}).Append(nil)):  "cannot be read: no consent",
		string((&AC{State: Valid}).Append(
			nil)): "nothing of this vendor: the catalog knows no id of it among Google's providers",
		string((&AC{Valid, true, true, false}).Append(nil)): "consents to the vendor",
		string((&AC{Valid, true, false, true}).Append(
			nil)): "the vendor was shown and not consented to",
		string((&AC{Valid, true, false, false}).Append(nil)): "does not name the vendor",
		string((&OptOuts{State: Valid, Of: Sale | TargetedAdvertising, GPC: true}).Append(
			nil)): "opted out of sale, targeted advertising, Global Privacy Control",
		string((&OptOuts{State: Valid, Of: Sharing}).Append(nil)): "opted out of sharing",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := string((&OptOuts{State: Malformed}).Append(nil)); !strings.HasPrefix(
		got, "cannot be read: taken for an opt-out") {
		t.Error(got)
	}
}

// TestIubendasName: only the cookie that holds US opt-outs is read as one.
func TestIubendasName(t *testing.T) {
	for name, want := range map[string]bool{
		"_iub_cs-5-uspr": true, "_iub_cs-1234567890-uspr": true,
		"_iub_cs--uspr": false, "_iub_cs-5": false, "_iub_cs-5x-uspr": false, "_iub_cs-x5-uspr": false,
		"iub_cs-5-uspr": false, "_iub_cs-5-usp": false, "_iub_cs-uspr": false, "5-uspr": false, "5": false,
	} {
		if iubendaOptOuts([]byte(name)) != want {
			t.Errorf("%s: want %t", name, want)
		}
	}
}

// TestWhereSourcesStand: whether events of one hit may say different things, and whether
// headers and cookies show all that is read.
func TestWhereSourcesStand(t *testing.T) {
	own := func(change func(*Source)) Source {
		s := Source{Kind: Own, Category: "analytics", Granted: []string{"yes"}}
		change(&s)
		return s
	}
	oneTrust, _ := cmp.Parse("onetrust")
	googleFC, _ := cmp.Parse("google_fc")
	claimed := new(hit.Hit)
	claimed.Claims = append(claimed.Claims, hit.Claim{})
	for _, c := range []struct {
		source                       Source
		perEvent, withClaims, inHead bool
	}{
		{Source{Kind: GPC}, false, false, true}, {Source{Kind: DNT}, false, false, true},
		{Source{Kind: Platform(oneTrust)}, false, false, true},
		{own(func(s *Source) {
			s.Cookie = "c"
		}), false, false, true}, {own(func(s *Source) { s.Header = "c" }), false, false, true},
		{own(func(s *Source) {
			s.Query = "c"
		}), false, false, false}, {own(func(s *Source) { s.Body = "c" }), true, true, false},
		{Source{Kind: ConsentMode}, true, true, false}, {Source{Kind: Payload}, true, true, false},
		{Source{Kind: TransparencyConsent}, false, true, false}, {Source{Kind: PrivacyPlatform}, false, true, false},
		{Source{Kind: USPrivacy}, false, true, false},
		{Source{Kind: AdditionalConsent}, false, true, false}, {Source{Kind: Platform(googleFC)}, false, true, false},
	} {
		r, err := NewReader([]Source{c.source}, someCategories)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(r.PerEvent(new(hit.Hit)), r.PerEvent(claimed), r.InHead())
		if want := fmt.Sprint(c.perEvent, c.withClaims, c.inHead); got != want {
			t.Errorf("%s: %s, want %s", c.source.Kind, got, want)
		}
	}
}

// TestPlatformSays: what the cookies of a platform come to in the site's categories.
func TestPlatformSays(t *testing.T) {
	oneTrust, _ := cmp.Parse("onetrust")
	hubSpot, _ := cmp.Parse("hubspot")
	klaro, _ := cmp.Parse("klaro")
	const closed = "; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	cookieConsent, _ := cmp.Parse("cookieconsent")
	two := map[string]string{"matomo": "analytics", "plausible": "analytics"}
	for _, c := range []struct {
		source Source
		jar    string
		want   string
	}{
		{Source{Kind: Platform(oneTrust)}, "OptanonConsent=groups=C0002:1,C0004:0&AwaitingReconsent=false" + closed,
			"cookie OptanonConsent: valid, grants analytics, refuses marketing"},
		{Source{Kind: Platform(oneTrust)}, "OptanonConsent=groups=C0002:1&AwaitingReconsent=false" + closed,
			"cookie OptanonConsent: valid, grants analytics, unclear on marketing"},
		{Source{Kind: Platform(oneTrust)}, "OptanonConsent=groups=C0002:1,C0004:1&AwaitingReconsent=false",
			"cookie OptanonConsent: valid, unclear on analytics, unclear on marketing"},
		{Source{Kind: Platform(oneTrust)}, "OptanonConsent=groups=C0002:1,C0004:x" + closed,
			"cookie OptanonConsent: malformed, unclear on analytics, unclear on marketing"},
		{Source{Kind: Platform(oneTrust)}, "a=b", "cookie OptanonConsent: absent, nothing"},
		{Source{Kind: Platform(hubSpot)}, "__hs_opt_out=no",
			"cookie __hs_cookie_cat_pref: valid, grants analytics, grants marketing"},
		{Source{Kind: Platform(hubSpot)}, "__hs_cookie_cat_pref=1:true",
			"cookie __hs_cookie_cat_pref: valid, grants analytics, unclear on marketing"},
		{Source{Kind: Platform(hubSpot)}, "__hs_opt_out=yes",
			"cookie __hs_cookie_cat_pref: valid, refuses analytics, refuses marketing, objects to analytics, objects to marketing"},
		{Source{Kind: Platform(klaro), Categories: two}, `klaro={"matomo":true,"plausible":true}`,
			"cookie klaro: valid, grants analytics"},
		{Source{Kind: Platform(klaro), Categories: two}, `klaro={"matomo":true,"plausible":false}`,
			"cookie klaro: valid, refuses analytics"},
		{Source{Kind: Platform(klaro), Categories: two}, `klaro={"matomo":true}`,
			"cookie klaro: valid, unclear on analytics"},
		{Source{Kind: Platform(klaro), Categories: two, Settings: cmp.Settings{Cookie: "k"}},
			`k={"matomo":true,"plausible":true}; klaro={"matomo":false}`, "cookie k: valid, grants analytics"},
		{Source{Kind: Platform(cookieConsent)}, `cc_cookie={"categories":["analytics","marketing"]}`,
			"cookie cc_cookie: valid, grants analytics, grants marketing"},
		{Source{Kind: Platform(cookieConsent), Settings: cmp.Settings{Revision: 1}},
			`cc_cookie={"categories":["analytics","marketing"]}`,
			"cookie cc_cookie: valid, unclear on analytics, unclear on marketing"},
	} {
		_, notes := readOnce(t, []Source{c.source}, "Cookie", c.jar)
		if want := c.source.Kind.String() + ", " + c.want; len(notes) != 1 || notes[0] != want {
			t.Errorf("%s: %q, want %q", c.jar, notes, want)
		}
	}
}

// TestOlderOfTwo: of two strings the older time of choice is what can be relied on, and a yes is one of both.
func TestOlderOfTwo(t *testing.T) {
	for _, times := range [][2]int64{{3, 5}, {5, 3}} {
		said, other := TCF{State: Valid, At: times[0], Consents: 0b11}, TCF{State: Valid, At: times[1], Consents: 0b10}
		said.Consent[1], other.Consent[1] = iab.TCFOK, iab.TCFNoVendorConsent
		said.Interest[2], other.Interest[2] = iab.TCFOK, iab.TCFNoVendorLI
		said.merge(other)
		if said.At != 3 || said.Consents != 0b10 || said.Consent[1] != iab.TCFNoVendorConsent ||
			said.Interest[2] != iab.TCFNoVendorLI {
			t.Errorf("%+v", said)
		}
	}
}
