package rules_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// tc is a TC string to be written: what is not said is 0.
type tc struct {
	policy      uint64 // 4
	global      bool
	consent, li []int
	vendors     []int // with consent
	liVendors   []int
	disclosed   []int
	restricted  [3]int // purpose, type, vendor
	updated     time.Time
}

// String writes the string by the specification's table of bits.
func (s tc) String() string {
	if s.policy == 0 {
		s.policy = 4
	}
	if s.updated.IsZero() {
		s.updated = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	}
	var b strings.Builder
	bits := func(n int, v uint64) { fmt.Fprintf(&b, "%0*b", n, v) }
	set := func(n int, ids []int) {
		for i := 1; i <= n; i++ {
			if slices.Contains(ids, i) {
				b.WriteByte('1')
			} else {
				b.WriteByte('0')
			}
		}
	}
	vendors := func(ids []int) {
		highest := 0
		if len(ids) > 0 {
			highest = slices.Max(ids)
		}
		bits(16, uint64(highest))
		bits(1, 0)
		set(highest, ids)
	}
	flag := func(on bool) {
		if on {
			bits(1, 1)
		} else {
			bits(1, 0)
		}
	}
	done := func() string {
		text := b.String()
		b.Reset()
		text += strings.Repeat("0", (24-len(text)%24)%24)
		raw := make([]byte, len(text)/8)
		for i, c := range text {
			raw[i/8] |= byte(c-'0') << (7 - i%8)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	at := uint64(s.updated.Unix() * 10)
	bits(6, 2)
	bits(36, at)
	bits(36, at)
	bits(12, 10)
	bits(12, 1)
	bits(6, 1)
	bits(6, 4)
	bits(6, 13)
	bits(12, 120)
	bits(6, s.policy)
	flag(!s.global)
	bits(1, 0)
	bits(12, 0)
	set(24, s.consent)
	set(24, s.li)
	bits(1, 0)
	bits(12, 3<<6|4)
	vendors(s.vendors)
	vendors(s.liVendors)
	if s.restricted[0] == 0 {
		bits(12, 0)
	} else {
		bits(12, 1)
		bits(6, uint64(s.restricted[0]))
		bits(2, uint64(s.restricted[1]))
		bits(12, 1)
		bits(1, 0)
		bits(16, uint64(s.restricted[2]))
	}
	text := done()
	bits(3, 1)
	vendors(s.disclosed)
	return text + "." + done()
}

const google = 755

func TestTCFDecides(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	full := tc{consent: all, li: all, vendors: []int{1, google}, liVendors: []int{1, google}, disclosed: []int{1, google}}
	but := func(change func(*tc)) tc {
		s := full
		change(&s)
		return s
	}
	consent, interest := rung("a", basis.Consent), rung("a", basis.LegitimateInterest, assessed("LIA-1"))
	for _, c := range []struct {
		name     string
		vendor   string
		rung     rules.DraftActivity
		purposes []string
		tc       tc
		want     string
	}{
		{"everything granted", "ga4", consent, []string{"audience"}, full, "a"},
		{"two purposes", "ga4", consent, []string{"audience", "ads"}, full, "a"},
		{"the purpose's bit is missing", "ga4", consent, []string{"audience"}, but(func(s *tc) {
			s.consent = []int{1, 9}
		}), "consent_refused"},
		{"one of two purposes", "ga4", consent, []string{"audience", "ads"}, but(func(s *tc) {
			s.consent = []int{1, 8}
		}), "consent_refused"},
		{"the vendor's bit is missing", "ga4", consent, []string{"audience"}, but(func(s *tc) {
			s.vendors = []int{1}
		}), "tcf_vendor"},
		{"the vendor was not disclosed", "ga4", consent, []string{"audience"}, but(func(s *tc) {
			s.disclosed = []int{1}
		}), "tcf_vendor"},
		{"a purpose that the vendor declares on interest", "ga4", consent, []string{"statistics"}, full, "tcf_vendor"},
		{"which a restriction changes to consent", "ga4", consent, []string{"statistics"}, but(func(s *tc) {
			s.restricted = [3]int{9, 1, google}
		}), "a"},
		{"the publisher forbids it", "ga4", consent, []string{"audience"}, but(func(s *tc) {
			s.restricted = [3]int{8, 0, google}
		}), "tcf_restriction"},
		{"a policy that is out of date", "ga4", consent, []string{"audience"}, but(func(s *tc) {
			s.policy = 3
		}), "no_consent"},
		{"global scope", "ga4", consent, []string{"audience"}, but(func(s *tc) { s.global = true }), "no_consent"},
		{"a purpose that the TCF does not know", "ga4", consent, []string{"shop"}, full, "no_consent"},
		{"no vendor of the TCF: the purpose's bit counts", "matomo", consent, []string{"audience"}, but(func(s *tc) {
			s.vendors, s.disclosed = nil, nil
		}), "a"},
		{"and only that", "matomo", consent, []string{"audience"}, but(func(s *tc) { s.consent = nil }), "consent_refused"},
		{"interest", "ga4", interest, []string{"statistics"}, full, "a"},
		{"the purpose's LI bit is missing", "ga4", interest, []string{"statistics"}, but(func(s *tc) {
			s.li = []int{8}
		}), "tcf_purpose_li"},
		{"the vendor's LI bit is missing", "ga4", interest, []string{"statistics"}, but(func(s *tc) {
			s.liVendors = []int{1}
		}), "tcf_vendor_li"},
		{"not disclosed", "ga4", interest, []string{"statistics"}, but(func(s *tc) {
			s.disclosed = []int{1}
		}), "tcf_vendor_li"},
		{"declared on consent", "ga4", interest, []string{"audience"}, full, "tcf_vendor_li"},
		{"interest is forbidden", "ga4", interest, []string{"statistics"}, but(func(s *tc) {
			s.restricted = [3]int{9, 0, google}
		}), "tcf_restriction"},
		{"there is no interest in advertising", "matomo", interest, []string{"ads"}, full, "tcf_purpose_li"},
		{"the bit may be an objection", "matomo", interest, []string{"audience"}, but(func(s *tc) {
			s.li = nil
		}), "tcf_purpose_li"},
		{"no vendor of the TCF", "matomo", interest, []string{"audience"}, but(func(s *tc) {
			s.liVendors, s.disclosed = nil, nil
		}), "a"},
		{"what the TCF does not know, it does not keep back", "matomo", interest, []string{"shop"}, but(func(s *tc) {
			s.li = nil
		}), "a"},
	} {
		of(c.vendor, c.purposes...)(&c.rung)
		p := listed(t, []signal.Source{{Kind: signal.TransparencyConsent}}, c.rung)
		for where, got := range map[string]string{
			"cookie": pageVerdict(t, p, c.vendor, "", "Cookie: a=b; euconsent-v2="+c.tc.String()),
			"query":  pageVerdict(t, p, c.vendor, "&gdpr=1&gdpr_consent="+c.tc.String()),
		} {
			if got != c.want {
				t.Errorf("%s (%s): %s, want %s", c.name, where, got, c.want)
			}
		}
	}
}

// TestTCFDeclarations: each way in which a vendor may declare a purpose, under each restriction of the publisher's, by
// strings that say yes to both bases, to consent alone and to interest alone: an activity travels on the basis that
// is then the vendor's, and on no other.
func TestTCFDeclarations(t *testing.T) {
	const vendor, purpose, other = 77, 9, 8
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	said := map[string]tc{"both": {consent: all, li: all}, "consent": {consent: all, li: []int{other}},
		"interest": {consent: []int{other}, li: all}}
	permitted := 0
	for name, c := range map[string]struct {
		declared *catalog.TCF
		by       string // the basis that is declared
		flexible bool
	}{
		"on consent": {declared: &catalog.TCF{Consent: []int{purpose}}, by: "consent"},
		"on consent, flexible": {declared: &catalog.TCF{Consent: []int{purpose}, Flexible: []int{purpose}},
			by: "consent", flexible: true},
		"on interest": {declared: &catalog.TCF{LI: []int{purpose}}, by: "interest"},
		"on interest, flexible": {declared: &catalog.TCF{LI: []int{purpose}, Flexible: []int{purpose}},
			by: "interest", flexible: true},
		"another, flexible":      {declared: &catalog.TCF{LI: []int{purpose, other}, Flexible: []int{other}}, by: "interest"},
		"not":                    {declared: &catalog.TCF{Consent: []int{other}, LI: []int{10}}},
		"as others, on consent":  {declared: &catalog.TCF{LI: []int{other}, Others: "consent"}, by: "consent"},
		"nothing":                {declared: nil, by: "consent"},
		"on interest, by others": {declared: &catalog.TCF{LI: []int{purpose}, Others: "consent"}, by: "interest"},
	} {
		file, _ := catalog.Builtin("ga4")
		declaring := *file
		declaring.IAB, declaring.TCF = vendor, c.declared
		for _, on := range []basis.Basis{basis.Consent, basis.LegitimateInterest} {
			d := draft(rung("a", on))
			if on == basis.LegitimateInterest {
				assessed("LIA-1")(&d.Activities[0])
			}
			d.Vendors = []rules.DraftVendor{{ID: "ga4", Catalog: &declaring, Prefix: "/ga4"}}
			d.Sites[0].Signals, d.Assessments = []signal.Source{{Kind: signal.TransparencyConsent}}, register(t)
			d.Purposes = []rules.Purpose{{ID: "audience", Categories: []string{"analytics"}, TCF: []int{purpose}}}
			p := compile(t, d)
			for restriction := -1; restriction < 3; restriction++ {
				by := c.by
				switch want := map[int]string{1: "consent", 2: "interest"}[restriction]; {
				case restriction == 0, by != "" && want != "" && by != want && !c.flexible:
					by = ""
				case by != "" && want != "":
					by = want
				}
				for yes, text := range said {
					text.vendors, text.liVendors, text.disclosed = []int{1, vendor}, []int{1, vendor}, []int{1, vendor}
					if restriction >= 0 {
						text.restricted = [3]int{purpose, restriction, vendor}
					}
					travels := by != "" && (by == "consent") == (on == basis.Consent) && (yes == "both" || yes == by)
					got := pageVerdict(t, p, "ga4", "", "Cookie: euconsent-v2="+text.String())
					if (got == "a") != travels {
						t.Errorf("declared %s, restriction %d, yes to %s, on %v: %s, travels %v", name, restriction,
							yes, on, got, travels)
					}
					if travels {
						permitted++
					}
				}
			}
		}
	}
	if permitted < 30 {
		t.Errorf("%d travel: too few to show anything", permitted)
	}
}

// TestTCFHomes: wherever it stands; of two the stricter holds, and one that cannot be read is no permission at all.
func TestTCFHomes(t *testing.T) {
	t.Parallel()
	yes := tc{consent: []int{8}, li: []int{8}}.String()
	no := tc{}.String()
	cookie := func(value string) string { return "Cookie: euconsent-v2=" + value }
	for _, c := range []struct {
		name, query string
		headers     []string
		want        string
	}{
		{"none", "", nil, "b"},
		{"a cookie", "", []string{cookie(yes)}, "a"},
		{"escaped", "", []string{cookie(strings.ReplaceAll(yes, ".", "%2E"))}, "a"},
		{"twice the same", "&gdpr_consent=" + yes, []string{cookie(yes), cookie(yes)}, "a"},
		{"two that disagree", "", []string{cookie(yes) + "; euconsent-v2=" + no}, "tcf_purpose_li"},
		{"cookie and parameter that disagree", "&gdpr_consent=" + no, []string{cookie(yes)}, "tcf_purpose_li"},
		{"two parameters that disagree", "&gdpr_consent=" + no + "&gdpr_consent=" + yes, nil, "tcf_purpose_li"},
		{"one that cannot be read", "", []string{cookie(yes[:20])}, "tcf_purpose_li"},
		{"one that cannot be read beside a good one", "&gdpr_consent=C", []string{cookie(yes)}, "tcf_purpose_li"},
		{"a macro that nobody replaced", "&gdpr_consent=%24%7BGDPR_CONSENT_755%7D", nil, "b"},
		{"the macro beside a good one", "&gdpr_consent=%24%7BGDPR_CONSENT_755%7D", []string{cookie(yes)}, "a"},
		{"undefined", "&gdpr_consent=undefined", nil, "b"},
		{"gdpr=0 changes nothing", "&gdpr=0&gdpr_consent=" + no, nil, "tcf_purpose_li"},
		{"over-long", "&gdpr_consent=" + yes + strings.Repeat("A", iab.MaxTC), nil, "tcf_purpose_li"},
		{"Google's CMP", "", []string{"Cookie: FCCDCF=%5Bnull%2Cnull%2Cnull%2C%5B%22" + yes + "%22%2C%221~%22%5D%5D"}, "a"},
		{"Cookiebot", "", []string{
			"Cookie: CookieConsent={stamp:'a',necessary:true,statistics:false,method:'explicit',ver:1,utc:1764000000000,iab2:'" +
				yes + "'}"}, "a"},
	} {
		p := listed(t, []signal.Source{{Kind: signal.TransparencyConsent}},
			rung("a", basis.Consent, of("matomo", "audience")), rung("b", basis.LegitimateInterest, assessed("LIA-1"),
				of("matomo", "audience")))
		if got := pageVerdict(t, p, "matomo", c.query, c.headers...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	p := listed(t, []signal.Source{{Kind: signal.GPC}}, rung("a", basis.Consent, of("matomo", "audience")))
	if got := pageVerdict(t, p, "matomo", "", cookie(yes)); got != "no_consent" {
		t.Errorf("a string that the site does not list: %s", got)
	}
}

// TestTCFGrowsOld: a TC string tells when it was made.
func TestTCFGrowsOld(t *testing.T) {
	t.Parallel()
	p := listed(t, []signal.Source{{Kind: signal.TransparencyConsent}}, rung("a", basis.Consent, of("matomo", "audience"),
		func(a *rules.DraftActivity) {
			a.ConsentMaxAge = basis.Period{Months: 13}
		}))
	for at, want := range map[time.Time]string{now.AddDate(0, -13, 1): "a", now.AddDate(0, -13, -2): "consent_expired"} {
		if got := pageVerdict(t, p, "matomo", "", "Cookie: euconsent-v2="+tc{consent: []int{8},
			updated: at}.String()); got != want {
			t.Errorf("made %v: %s, want %s", at, got, want)
		}
	}
}
