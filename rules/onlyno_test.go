package rules_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// saysYes is what a hit says of the visitor's choices, by the name of its place: every source that can says yes. Parameters begin with a
// question mark, headers end with a colon, the rest are cookies.
func saysYes() map[string]string {
	strings := map[string]string{
		"?gcs": "G111", "?gcd": "13r3r3r3r5", "?npa": "0", "?gdpr_consent": consented(), "?addtl_consent": "1~5.9", "?us_privacy": "1YNN",
		"?gpp": noOptOut(), "?gpp_sid": allInForce, "?choice": "yes",
		"Sec-GPC:": "0", "DNT:": "0", "X-Choice:": "yes",
		"own_word": "yes", "own_json": `{"analytics":"yes"}`,
		"euconsent-v2": consented(), "addtl_consent": "1~5.9", "usprivacy": "1YNN", "__gpp": noOptOut(), "__gpp_sid": allInForce,
		"_iub_cs-5-uspr": `{"s":true,"sh":true,"adv":true}`,
		"FCCDCF":         foundingChoices(consented(), "1~5.9"),
	}
	for _, p := range platformChoices {
		for name, value := range p.yes {
			strings[name] = value
		}
	}
	return strings
}

func consented() string { return tc{consent: []int{1, 4, 8}}.String() }

func foundingChoices(tc, ac string) string {
	return url.PathEscape(fmt.Sprintf(`[null,null,null,[%q,%q],null]`, tc, ac))
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// platformChoices are the platforms that can say no in a cookie: how each says yes to analytics and marketing, the ids that are mapped to
// these where nobody knows them, and what of it changed says no to one of them.
var platformChoices = []struct {
	name string
	ids  []string // pairs of id and category
	yes  map[string]string
	no   []change
}{
	{"onetrust", nil, map[string]string{"OptanonConsent": "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=false", "OptanonAlertBoxClosed": "2026-04-10T17:48:20.000Z"}, []change{
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A0%2CC0004%3A1&AwaitingReconsent=false", refused},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1&AwaitingReconsent=false", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A2&AwaitingReconsent=false", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=true", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&implicitConsentCountry=nonGDPR", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&isGpcEnabled=1", objected},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&browserGpcFlag=1", objected},
		{"OptanonAlertBoxClosed", "", unsaid},
	}},
	{"cookiebot", nil, map[string]string{"CookieConsent": "{stamp:'a',necessary:true,preferences:true,statistics:true,marketing:true,method:'explicit',ver:1,utc:1764000000000}"}, []change{
		{"CookieConsent", "{stamp:'a',necessary:true,preferences:true,statistics:false,marketing:true,method:'explicit',ver:1,utc:1764000000000}", refused},
		{"CookieConsent", "{stamp:'a',necessary:true,preferences:true,statistics:true,marketing:true,method:'implied',ver:1,utc:1764000000000}", unsaid},
		{"CookieConsent", "0", unsaid},
		{"CookieConsent", "{stamp:'a',statistics:true,marketing:true", unsaid},
	}},
	{"didomi", []string{"stat", "analytics", "ads", "marketing"}, map[string]string{"didomi_token": b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat","ads"],"disabled":[]}}`)}, []change{
		{"didomi_token", b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat"],"disabled":["ads"]}}`), refused},
		{"didomi_token", b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat"]}}`), unsaid},
		{"didomi_token", b64(`{"purposes":{"enabled":["stat","ads"]}}`), unsaid},
		{"didomi_token", b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat","ads"]},"purposes_li":{"disabled":["ads"]}}`), objected},
	}},
	{"klaro", []string{"matomo", "analytics", "meta", "marketing"}, map[string]string{"klaro": `{"matomo":true,"meta":true}`}, []change{
		{"klaro", `{"matomo":true,"meta":false}`, refused},
		{"klaro", `{"matomo":true}`, unsaid},
		{"klaro", `{"matomo":true,"meta":"true"}`, unsaid},
		{"klaro", `{"matomo":true,"meta":true`, unsaid},
	}},
	{"complianz", nil, map[string]string{"cmplz_banner-status": "dismissed", "cmplz_statistics": "allow", "cmplz_marketing": "allow", "cmplz_functional": "allow", "guest_marketing": "allow"}, []change{
		{"cmplz_statistics", "deny", refused},
		{"cmplz_marketing", "deny", refused},
		{"cmplz_marketing", "maybe", unsaid},
		{"cmplz_marketing", "", unsaid}, // and guest_marketing is none of its cookies
		{"cmplz_banner-status", "", unsaid},
		{"cmplz_banner-status", "shown", unsaid},
	}},
	{"cookieyes", nil, map[string]string{"cookieyes-consent": "consentid:a,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes"}, []change{
		{"cookieyes-consent", "consentid:a,consent:yes,action:yes,necessary:yes,functional:yes,analytics:no,performance:yes,advertisement:yes", refused},
		{"cookieyes-consent", "consentid:a,consent:no,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes", refused},
		{"cookieyes-consent", "consentid:a,consent:yes,action:,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes", unsaid},
		{"cookielawinfo-checkbox-analytics", "no", unsaid},
		{"viewed_cookie_policy", "no", refused},
	}},
	{"axeptio", []string{"google_analytics", "analytics", "criteo", "marketing"}, map[string]string{"axeptio_cookies": `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":true,"google_analytics":true,"criteo":true}`}, []change{
		{"axeptio_cookies", `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":true,"google_analytics":true,"criteo":false}`, refused},
		{"axeptio_cookies", `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":false,"google_analytics":true,"criteo":true}`, unsaid},
		{"axeptio_authorized_vendors", ",google_analytics,", refused},
		{"axeptio_authorized_vendors", ",google_analytics,criteo", unsaid}, // cut off
	}},
	{"iubenda", nil, map[string]string{"_iub_cs-5": `{"timestamp":"2026-04-10T17:48:20.000Z","purposes":{"1":true,"2":true,"4":true,"5":true}}`}, []change{
		{"_iub_cs-5", `{"timestamp":"2026-04-10T17:48:20.000Z","purposes":{"1":true,"4":true,"5":false}}`, refused},
		{"_iub_cs-5", `{"timestamp":"2026-04-10T17:48:20.000Z","consent":false}`, refused},
		{"_iub_cs-5", `{"purposes":{"1":true,"4":true,"5":true}}`, unsaid},
	}},
	{"trustarc", []string{"2", "analytics", "3", "marketing"}, map[string]string{"notice_gdpr_prefs": "0,1,2:", "notice_preferences": "2:", "cmapi_cookie_privacy": "permit 1,2,3"}, []change{
		{"notice_gdpr_prefs", "0,1:", refused},
		{"notice_preferences", "1:", refused},
		{"cmapi_cookie_privacy", "permit 1,2", refused},
		{"cmapi_cookie_privacy", "permit", unsaid},
		{"gpcishonored", "true", objected},
	}},
	{"hubspot", nil, map[string]string{"__hs_cookie_cat_pref": "1:true,2:true,3:true"}, []change{
		{"__hs_cookie_cat_pref", "1:true,2:false,3:true", refused},
		{"__hs_cookie_cat_pref", "1:true,2:yes,3:true", unsaid},
		{"__hs_opt_out", "yes", objected},
		{"__hs_do_not_track", "yes", objected},
	}},
	{"civic", []string{"stat", "analytics", "ads", "marketing"}, map[string]string{"CookieControl": `{"optionalCookies":{"stat":"accepted","ads":"accepted"},"interactedWith":true,"consentDate":1764000000000}`}, []change{
		{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"revoked"},"interactedWith":true,"consentDate":1764000000000}`, refused},
		{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"accepted"},"interactedWith":false,"consentDate":1764000000000}`, unsaid},
		{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"legitimate interest"},"interactedWith":true,"consentDate":1764000000000}`, unsaid},
	}},
	{"cookieconsent", []string{"stat", "analytics", "ads", "marketing"}, map[string]string{"cc_cookie": `{"categories":["stat","ads"],"revision":0}`}, []change{
		{"cc_cookie", `{"categories":["stat"],"revision":0}`, unsaid},
		{"cc_cookie", `{"categories":"stat,ads","revision":0}`, unsaid},
	}},
	{"tealium", []string{"c1", "analytics", "c2", "marketing"}, map[string]string{"CONSENTMGR": "c1:1|c2:1|ts:1764000000000|consent:true"}, []change{
		{"CONSENTMGR", "c1:1|c2:0|ts:1764000000000|consent:true", refused},
		{"CONSENTMGR", "c1:1|c2:1|ts:1764000000000|consent:false", refused},
		{"CONSENTMGR", "c1:1|c2:1|ts:1764000000000", unsaid},
		{"CONSENTMGR", "c1:1|c2:2|ts:1764000000000|consent:true", unsaid},
	}},
	{"commanders_act", []string{"1", "analytics", "2", "marketing"}, map[string]string{"TC_PRIVACY": "0@002|12|3441@1,2@@1764000000000"}, []change{
		{"TC_PRIVACY", "0@002|12|3441@1@2@1764000000000", refused},
		{"TC_PRIVACY", "1@002|12|3441@1,2@@1764000000000", refused},
		{"TC_PRIVACY", "1@002|12|3441@ALL@@1764000000000", refused},
		{"TC_PRIVACY", "2@002|12|3441@1,2@@1764000000000", unsaid},
	}},
	{"cookie_information", nil, map[string]string{"CookieInformationConsent": `{"consents_approved":["cookie_cat_functional","cookie_cat_statistic","cookie_cat_marketing"],"consents_denied":[]}`}, []change{
		{"CookieInformationConsent", `{"consents_approved":["cookie_cat_functional","cookie_cat_statistic"],"consents_denied":["cookie_cat_marketing"]}`, refused},
		{"CookieInformationConsent", `{"consents_approved":["cookie_cat_functional","cookie_cat_statistic"]}`, unsaid},
	}},
	{"shopify", nil, map[string]string{"_tracking_consent": `{"con":{"CMP":{"a":"1","m":"1","p":"1","s":"1"}},"v":"2.1"}`}, []change{
		{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":"0","p":"1","s":"1"}},"v":"2.1"}`, refused},
		{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":"","p":"1","s":"1"}},"v":"2.1"}`, unsaid},
		{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":1,"p":"1","s":"1"}},"v":"2.1"}`, unsaid},
	}},
	{"ketch", []string{"stat", "analytics", "ads", "marketing"}, map[string]string{"_ketch_consent_v1_": b64(`{"stat":{"status":"granted"},"ads":{"status":"granted"}}`)}, []change{
		{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":{"status":"denied"}}`), refused},
		{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":{}}`), refused},
		{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":"granted"}`), unsaid},
	}},
	{"matomo", nil, map[string]string{"mtm_consent": "1764000000000"}, []change{
		{"mtm_consent_removed", "1764000000000", objected},
		{"matomo_ignore", "1", objected},
		{"mtm_consent", "yes", unsaid},
	}},
}

// The reasons of a denial on consent.
const (
	refused  = "consent_refused"
	unsaid   = "no_consent"
	objected = "objection"
)

// change is one place that says something else than yes, and what follows.
type change struct{ place, value, want string }

// allSources are two lists of sources, for one holds 16: every source that can say no is in one of them.
func allSources(t *testing.T) [2][]signal.Source {
	var lists [2][]signal.Source
	own := signal.Source{Kind: signal.Own, Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}}
	at := func(place func(*signal.Source)) signal.Source {
		s := own
		place(&s)
		return s
	}
	funding := platform(t, "google_fc")
	for i := range lists {
		lists[i] = []signal.Source{
			{Kind: signal.GPC}, {Kind: signal.DNT}, {Kind: signal.TransparencyConsent}, {Kind: signal.PrivacyPlatform}, {Kind: signal.USPrivacy},
			{Kind: signal.AdditionalConsent}, funding, {Kind: signal.ConsentMode},
			at(func(s *signal.Source) { s.Cookie = "own_word" }),
			at(func(s *signal.Source) { s.Cookie, s.JSON = "own_json", "analytics" }),
			at(func(s *signal.Source) { s.Header = "X-Choice" }),
			at(func(s *signal.Source) { s.Query = "choice" }),
		}
	}
	listed := map[string]bool{"google_fc": true}
	for i, p := range platformChoices {
		s := platform(t, p.name, p.ids...)
		s.Settings.Revision = 0
		lists[i%2] = append(lists[i%2], s)
		listed[p.name] = true
	}
	for c := range signal.CMPs {
		if name := c.String(); !listed[name] && !c.Unreadable() && !c.OnlyIAB() {
			t.Errorf("%s has no line", name)
		}
	}
	return lists
}

// allYes compiles an activity on a basis for sale and statistics, over those sources.
func allYes(t *testing.T, of rules.DraftActivity, sources []signal.Source) *rules.Policy {
	d := draft(of)
	d.Sites[0].Signals = sources
	d.Purposes = []rules.Purpose{
		{ID: "audience", Categories: []string{"analytics"}, TCF: []int{8}},
		{ID: "ads", Categories: []string{"marketing"}, TCF: []int{1, 4}, US: []string{"sale", "sharing", "targeted_advertising"}, GPCObjects: true, DNTObjects: true},
	}
	for v := range d.Vendors {
		if d.Vendors[v].ID == "ga4" { // as a vendor outside the TCF that Google lists
			file := *d.Vendors[v].Catalog
			file.IAB, file.TCF, file.ATP = 0, nil, 9
			d.Vendors[v].Catalog = &file
		}
	}
	return compile(t, d)
}

// hit is a page view in which everything says yes but for one change. A place with a plus before it says what is given besides.
func (c change) hit(t *testing.T) hit.Request {
	said := saysYes()
	name, again := strings.CutPrefix(c.place, "+")
	if !again {
		said[name] = c.value
	}
	query, jar, head := "", "", []string{"CF-IPCountry: US"}
	add := func(name, value string) {
		switch parameter, isQuery := strings.CutPrefix(name, "?"); {
		case isQuery:
			query += "&" + parameter + "=" + url.QueryEscape(value)
		case strings.HasSuffix(name, ":"):
			head = append(head, name+" "+value)
		case value != "":
			jar += name + "=" + value + "; "
		}
	}
	for name, value := range said {
		add(name, value)
	}
	if again {
		add(name, c.value)
	}
	return request(t, "GET /g/collect?v=2&tid=G-1&en=page_view"+query+" HTTP/1.1\n\n", "ga4", append(head, "Cookie: "+jar)...)
}

// judgedAs is the activity that carries the one event of a hit, or why none does, and whether it is forwarded.
func judgedAs(t *testing.T, p *rules.Policy, r hit.Request) (got string, forwarded bool) {
	t.Helper()
	x := explain(t, p, r)
	if len(x.Events) != 1 {
		return x.Reason, x.Forward != nil
	}
	if got = x.Events[0].Reason; x.Events[0].Decision == "permit" {
		got = x.Events[0].Activity
	}
	return got, x.Forward != nil
}

// TestOneNo: in a hit in which every source says yes, any one that says no, or cannot be read, keeps it from the vendor.
func TestOneNo(t *testing.T) {
	t.Parallel()
	var policies [2]*rules.Policy
	sources := allSources(t)
	for i := range sources {
		policies[i] = allYes(t, rung("a", basis.Consent, of("ga4", "audience", "ads")), sources[i])
	}
	american := allYes(t, rung("a", basis.OptOut, of("ga4", "audience", "ads"), in("US")), sources[0])
	for _, p := range append(policies[:], american) {
		if got, forwarded := judgedAs(t, p, change{"?v", "2", ""}.hit(t)); got != "a" || !forwarded {
			t.Fatalf("where all say yes: %s: the table proves nothing", got)
		}
	}
	for i, p := range platformChoices {
		for _, c := range p.no {
			if got, forwarded := judgedAs(t, policies[i%2], c.hit(t)); got != c.want || forwarded {
				t.Errorf("%s: %s is %q: %s, want %s", p.name, c.place, c.value, got, c.want)
			}
		}
	}
	for _, c := range onlyNoes() {
		if got, forwarded := judgedAs(t, policies[0], c.hit(t)); got != c.want || forwarded {
			t.Errorf("%s is %q: %s, want %s", c.place, c.value, got, c.want)
		}
		if !optsOut.MatchString(c.place) {
			continue
		}
		want := "opted_out"
		if c.want == objected {
			want = objected
		}
		if got, forwarded := judgedAs(t, american, c.hit(t)); got != want || forwarded {
			t.Errorf("in the US, %s is %q: %s, want %s", c.place, c.value, got, want)
		}
	}
}

// optsOut are the places that opt-outs stand in.
var optsOut = regexp.MustCompile(`gpp|us_?privacy|uspr|Sec-GPC|DNT|Do-Not`)

// TestOneNoInAnEvent is the same for what stands in the bodies of events.
func TestOneNoInAnEvent(t *testing.T) {
	t.Parallel()
	sources := []signal.Source{
		{Kind: signal.Payload}, {Kind: signal.ConsentMode, Categories: map[string]string{"ad_user_data": "marketing", "ad_personalization": "marketing", "ad_storage": "marketing"}},
		{Kind: signal.Own, Body: "context.choice", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		{Kind: signal.Own, Cookie: "own", Category: "analytics", Granted: []string{"yes"}, Refused: []string{"no"}},
		{Kind: signal.Own, Cookie: "ads", Category: "marketing", Granted: []string{"yes"}, Refused: []string{"no"}},
	}
	const segment = `{"type":"track","event":"x","anonymousId":"a","context":{"choice":"yes","consent":{"categoryPreferences":{"analytics":true,"marketing":true}},` +
		`"consentManagement":{"allowedConsentIds":["analytics","marketing"],"deniedConsentIds":["other"]}}}`
	const protocol = `{"client_id":"1.2","consent":{"ad_user_data":"GRANTED","ad_personalization":"GRANTED"},"non_personalized_ads":false,"events":[{"name":"x"}]}`
	paths := map[string]string{"segment": "/v1/t", "ga4_mp": "/mp/collect?measurement_id=G-1&api_secret=x"}
	policies := map[string]*rules.Policy{}
	for vendor := range paths {
		use := sources
		if vendor == "ga4_mp" { // has no consent object of an SDK
			use = sources[1:]
		}
		policies[vendor] = allYes(t, rung("a", basis.Consent, of(vendor, "audience", "ads"), func(a *rules.DraftActivity) { a.Profile = "all" }), use)
	}
	for _, c := range []struct{ vendor, body, old, changed, want string }{
		{"segment", segment, "", "", "a"},
		{"segment", segment, `"choice":"yes"`, `"choice":"no"`, refused},
		{"segment", segment, `"choice":"yes"`, `"choice":"yes","choice":"no"`, refused},
		{"segment", segment, `"choice":"yes"`, `"choice":{"yes":"yes"}`, unsaid},
		{"segment", segment, `"analytics":true`, `"analytics":false`, refused},
		{"segment", segment, `"marketing":true`, `"marketing":false`, refused},
		{"segment", segment, `"marketing":true`, `"marketing":1`, unsaid},
		{"segment", segment, `["other"]`, `["marketing"]`, refused},
		{"ga4_mp", protocol, "", "", "a"},
		{"ga4_mp", protocol, `"non_personalized_ads":false`, `"non_personalized_ads":true`, refused},
		{"ga4_mp", protocol, `"ad_user_data":"GRANTED"`, `"ad_user_data":"DENIED"`, refused},
		{"ga4_mp", protocol, `"ad_personalization":"GRANTED"`, `"ad_personalization":"DENIED"`, refused},
		{"ga4_mp", protocol, `"ad_personalization":"GRANTED"`, `"ad_personalization":"denied"`, unsaid},
	} {
		body := strings.Replace(c.body, c.old, c.changed, 1)
		r := request(t, "POST "+paths[c.vendor]+" HTTP/1.1\nContent-Type: application/json\nCookie: own=yes; ads=yes\n\n"+body, c.vendor)
		if got, forwarded := judgedAs(t, policies[c.vendor], r); got != c.want || forwarded != (c.want == "a") {
			t.Errorf("%s, %s: %s, want %s", c.vendor, c.changed, got, c.want)
		}
	}
}

// onlyNoes are the noes of everything but platforms.
func onlyNoes() []change {
	const vendor = "tcf_vendor"
	all := []change{
		{"Sec-GPC:", "1", objected}, {"+Sec-GPC:", "1", objected}, {"Sec-GPC:", "1, 1", objected}, {"Sec-GPC:", "0,1", objected},
		{"DNT:", "1", objected}, {"+DNT:", "1", objected}, {"X-Do-Not-Track:", "1", objected}, {"DNT:", "0, 1", objected},

		{"?gcs", "G101", refused}, {"?gcs", "G110", refused}, {"?gcs", "G1-x", unsaid}, {"?gcs", "G211", unsaid}, {"+?gcs", "G101", refused},
		{"?npa", "1", refused}, {"?npa", "true", refused}, {"?npa", "maybe", unsaid}, {"+?npa", "1", refused}, {"?_npa", "1", refused},
		{"?gcd", "13R3r3r3r5", unsaid}, {"?gcd", "13r3r3r3r", unsaid}, {"?gcd", "1xr3r3r3r5", unsaid}, {"?gcd", "13r3r3rxr5", unsaid},
		{"?gcd", "13t3r3r3r5", unsaid}, {"+?gcd", "13R3r3r3r5", unsaid}, // unclear, then granted

		{"own_word", "no", refused}, {"own_word", "maybe", unsaid}, {"+own_word", "no", refused},
		{"own_json", `{"analytics":"no"}`, refused}, {"own_json", `{"analytics":"yes"`, unsaid}, {"own_json", `{"analytics":"yes","analytics":"no"}`, refused},
		{"X-Choice:", "no", refused}, {"+X-Choice:", "no", refused}, {"?choice", "no", refused}, {"+?choice", "no", refused}, {"?choice", "?", unsaid},
	}
	for _, letter := range "pqmu" {
		for at := 2; at < 10; at += 2 {
			all = append(all, change{"?gcd", "13r3r3r3r5"[:at] + string(letter) + "13r3r3r3r5"[at+1:], refused})
		}
	}
	full := tc{consent: []int{1, 4, 8}}
	old, global := full, full
	old.policy, global.global = 3, true
	broken := consented()[:20] + "*" + consented()[21:]
	for _, place := range []string{"?gdpr_consent", "euconsent-v2", "+?gdpr_consent", "+euconsent-v2"} {
		for _, p := range [][]int{{1, 4}, {4, 8}, {1, 8}, nil} {
			all = append(all, change{place, tc{consent: p}.String(), refused})
		}
		all = append(all, change{place, old.String(), unsaid}, change{place, global.String(), unsaid}, change{place, broken, unsaid})
	}
	all = append(all, change{"FCCDCF", foundingChoices(tc{consent: []int{1, 4}}.String(), "1~9"), refused}, change{"FCCDCF", "%5Bnull", unsaid})
	for _, place := range []string{"?addtl_consent", "addtl_consent", "+?addtl_consent", "+addtl_consent"} {
		for _, text := range []string{"1~5", "1~", "2~5~dv.9", "2~5.9", "1~9~dv.", "3~9", "1~5.x", "11~9", "~9"} {
			all = append(all, change{place, text, vendor})
		}
	}
	all = append(all, change{"FCCDCF", foundingChoices(consented(), "1~5"), vendor})
	for _, place := range []string{"?us_privacy", "usprivacy", "+?us_privacy", "+usprivacy"} {
		all = append(all, change{place, "1YYN", refused}, change{place, "1-Y-", refused}, change{place, "2YNN", unsaid}, change{place, "1xNN", unsaid}, change{place, "1YN", unsaid})
	}
	all = append(all, change{"usprivacy", `%7B%22uspString%22%3A%221YYN%22%7D`, refused})
	for _, member := range []string{"s", "sh", "adv"} {
		all = append(all, change{"_iub_cs-5-uspr", strings.Replace(`{"s":true,"sh":true,"adv":true}`, `"`+member+`":true`, `"`+member+`":false`, 1), refused})
		all = append(all, change{"_iub_cs-5-uspr", strings.Replace(`{"s":true,"sh":true,"adv":true}`, `"`+member+`":true`, `"`+member+`":0`, 1), unsaid})
	}
	for _, place := range []string{"?gpp", "__gpp", "+?gpp", "+__gpp"} {
		all = append(all,
			change{place, "DBABLA~CAAQAAAAAABA.QA", refused}, // sale
			change{place, "DBABLA~CAAEAAAAAABA.QA", refused}, // sharing
			change{place, "DBABLA~CAABAAAAAABA.QA", refused}, // targeted advertising
			change{place, "DBABLA~CAAAAAAAAABA.YA", objected},
			change{place, "DBABLA~CAA", unsaid}, change{place, "DBABLA~CAAwAAAAAABA.QA", unsaid}, change{place, "DBABLA~CAAAAAAAAABA.QA~", unsaid},
			change{place, "DBABLA~EAAAAAAAAABA.QA", unsaid},
		)
	}
	for i, section := range usSections {
		for _, at := range section.optOuts {
			text := slices.Clone(usCores())
			text[i+1] = section.core(at, 1)
			all = append(all, change{"?gpp", allSections(text), refused})
			text[i+1] = section.core(at, 3)
			all = append(all, change{"__gpp", allSections(text), unsaid})
		}
		if i+sectionNational < sectionIndiana || i+sectionNational == sectionMaryland {
			text := slices.Clone(usCores())
			text[i+1] += ".YA"
			all = append(all, change{"?gpp", allSections(text), objected})
		}
	}
	text := slices.Clone(usCores())
	text[0] = "1YYN"
	all = append(all, change{"__gpp", allSections(text), refused})
	return append(all, change{"?gpp_sid", "7,28", unsaid}, change{"__gpp_sid", "7,40", unsaid}) // in force, and not there
}

// usSection is a US section of a GPP string, as its document lays it out: version, how many values of two bits, and which of them are
// the opt-outs.
type usSection struct {
	version, values int
	optOuts         []int
}

// usSections are sections 7 to 27.
var usSections = []usSection{
	{2, 32, []int{6, 7, 8}}, {1, 20, []int{3, 4}}, {1, 17, []int{3, 4}}, {1, 16, []int{3, 4}}, {1, 18, []int{4, 5}}, {1, 19, []int{3, 4}}, // nat ca va co ut ct
	{1, 20, []int{3, 4}}, {1, 20, []int{3, 4}}, {1, 23, []int{3, 4}}, {1, 18, []int{3, 4}}, {1, 23, []int{3, 4}}, {1, 18, []int{4, 5}}, // fl mt or tx de ia
	{1, 18, []int{3, 4}}, {1, 20, []int{3, 4}}, {1, 24, []int{3, 4}}, {1, 18, []int{3, 4}}, {1, 18, []int{3, 4}}, // ne nh nj tn mn
	{1, 8, []int{5, 6}}, {1, 9, []int{5, 6}}, {1, 9, []int{5, 6}}, {1, 9, []int{5, 6}}, // md in ky ri
}

const (
	sectionNational = 7
	sectionMaryland = 24
	sectionIndiana  = 25
)

// allInForce names sections 6 to 27.
const allInForce = "6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27"

// core writes the section with one value set, at -1 none.
func (s *usSection) core(at, value int) string {
	bits := fmt.Sprintf("%06b", s.version)
	for i := range s.values {
		if i == at {
			bits += fmt.Sprintf("%02b", value)
		} else {
			bits += "00"
		}
	}
	return sixBits(bits)
}

// usCores are sections 6 to 27, in which nothing is opted out of.
func usCores() []string {
	all := []string{"1YNN"}
	for i := range usSections {
		all = append(all, usSections[i].core(-1, 0))
	}
	return all
}

// allSections writes a GPP string of sections 6 to 27: type 3, version 1, one range, from 6 and 21 further, as Fibonacci codes.
func allSections(sections []string) string {
	return sixBits("000011"+"000001"+"000000000001"+"1"+"10011"+"00000011") + "~" + strings.Join(sections, "~")
}

func noOptOut() string { return allSections(usCores()) }

// sixBits encodes '0' and '1', six to a character.
func sixBits(bits string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	bits += strings.Repeat("0", 5)
	var text []byte
	for ; len(bits) >= 6; bits = bits[6:] {
		n, _ := strconv.ParseUint(bits[:6], 2, 8)
		text = append(text, letters[n])
	}
	return string(text)
}
