package rules_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// platformChoices are the platforms that can say no in a cookie: how each says yes to analytics and marketing, the ids
// that are mapped to these where nobody knows them, and what of it changed says no to one of them.
var platformChoices = []struct {
	name string
	ids  []string // pairs of id and category
	yes  map[string]string
	no   []change
}{
	{"onetrust", nil, map[string]string{
		"OptanonConsent":        "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=false",
		"OptanonAlertBoxClosed": "2026-04-10T17:48:20.000Z"}, []change{
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A0%2CC0004%3A1&AwaitingReconsent=false", refused},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1&AwaitingReconsent=false", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A2&AwaitingReconsent=false", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&AwaitingReconsent=true", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&implicitConsentCountry=nonGDPR", unsaid},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&isGpcEnabled=1", byGPC},
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1&browserGpcFlag=1", byGPC},
		{"OptanonAlertBoxClosed", "", unsaid},
	}},
	{"cookiebot", nil, map[string]string{
		"CookieConsent": "{stamp:'a',necessary:true,preferences:true,statistics:true,marketing:true,method:'explicit',ver:1,utc:1764000000000}"},
		[]change{
			{"CookieConsent", "{stamp:'a',necessary:true,preferences:true,statistics:false,marketing:true,method:'explicit',ver:1,utc:1764000000000}",
				refused},
			{"CookieConsent", "{stamp:'a',necessary:true,preferences:true,statistics:true,marketing:true,method:'implied',ver:1,utc:1764000000000}",
				unsaid},
			{"CookieConsent", "0", unsaid},
			{"CookieConsent", "{stamp:'a',statistics:true,marketing:true", unsaid},
		}},
	{"didomi", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"didomi_token": b64(
			`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat","ads"],"disabled":[]}}`)}, []change{
			{"didomi_token", b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat"],"disabled":["ads"]}}`),
				refused},
			{"didomi_token", b64(`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat"]}}`), unsaid},
			{"didomi_token", b64(`{"purposes":{"enabled":["stat","ads"]}}`), unsaid},
			{"didomi_token", b64(
				`{"updated":"2026-04-10T17:48:20.000Z","purposes":{"enabled":["stat","ads"]},"purposes_li":{"disabled":["ads"]}}`),
				objected},
		}},
	{"klaro", []string{"matomo", "analytics", "meta", "marketing"},
		map[string]string{"klaro": `{"matomo":true,"meta":true}`}, []change{
			{"klaro", `{"matomo":true,"meta":false}`, refused},
			{"klaro", `{"matomo":true}`, unsaid},
			{"klaro", `{"matomo":true,"meta":"true"}`, unsaid},
			{"klaro", `{"matomo":true,"meta":true`, unsaid},
		}},
	{"complianz", nil, map[string]string{"cmplz_banner-status": "dismissed", "cmplz_statistics": "allow",
		"cmplz_marketing": "allow", "cmplz_functional": "allow", "guest_marketing": "allow"}, []change{
		{"cmplz_statistics", "deny", refused},
		{"cmplz_marketing", "deny", refused},
		{"cmplz_marketing", "maybe", unsaid},
		{"cmplz_marketing", "", unsaid}, // and guest_marketing is none of its cookies
		{"cmplz_banner-status", "", unsaid},
		{"cmplz_banner-status", "shown", unsaid},
	}},
	{"cookieyes", nil, map[string]string{
		"cookieyes-consent": "consentid:a,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes"},
		[]change{
			{"cookieyes-consent",
				"consentid:a,consent:yes,action:yes,necessary:yes,functional:yes,analytics:no,performance:yes,advertisement:yes",
				refused},
			{"cookieyes-consent",
				"consentid:a,consent:no,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes",
				refused},
			{"cookieyes-consent",
				"consentid:a,consent:yes,action:,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes",
				unsaid},
			{"cookielawinfo-checkbox-analytics", "no", unsaid},
			{"viewed_cookie_policy", "no", refused},
		}},
	{"axeptio", []string{"google_analytics", "analytics", "criteo", "marketing"},
		map[string]string{"axeptio_cookies": `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":true,"google_analytics":true,"criteo":true}`},
		[]change{
			{"axeptio_cookies", `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":true,"google_analytics":true,"criteo":false}`,
				refused},
			{"axeptio_cookies", `{"$$date":"2026-04-10T17:48:20.000Z","$$completed":false,"google_analytics":true,"criteo":true}`,
				unsaid},
			{"axeptio_authorized_vendors", ",google_analytics,", refused},
			{"axeptio_authorized_vendors", ",google_analytics,criteo", unsaid}, // cut off
		}},
	{"iubenda", nil, map[string]string{
		"_iub_cs-5": `{"timestamp":"2026-04-10T17:48:20.000Z","purposes":{"1":true,"2":true,"4":true,"5":true}}`}, []change{
		{"_iub_cs-5", `{"timestamp":"2026-04-10T17:48:20.000Z","purposes":{"1":true,"4":true,"5":false}}`, refused},
		{"_iub_cs-5", `{"timestamp":"2026-04-10T17:48:20.000Z","consent":false}`, refused},
		{"_iub_cs-5", `{"purposes":{"1":true,"4":true,"5":true}}`, unsaid},
	}},
	{"trustarc", []string{"2", "analytics", "3", "marketing"}, map[string]string{"notice_gdpr_prefs": "0,1,2:",
		"notice_preferences": "2:", "cmapi_cookie_privacy": "permit 1,2,3"}, []change{
		{"notice_gdpr_prefs", "0,1:", refused},
		{"notice_preferences", "1:", refused},
		{"cmapi_cookie_privacy", "permit 1,2", refused},
		{"cmapi_cookie_privacy", "permit", unsaid},
		{"gpcishonored", "true", byGPC},
	}},
	{"hubspot", nil, map[string]string{"__hs_cookie_cat_pref": "1:true,2:true,3:true"}, []change{
		{"__hs_cookie_cat_pref", "1:true,2:false,3:true", refused},
		{"__hs_cookie_cat_pref", "1:true,2:yes,3:true", unsaid},
		{"__hs_opt_out", "yes", objected},
		{"__hs_do_not_track", "yes", objected},
	}},
	{"civic", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"CookieControl": `{"optionalCookies":{"stat":"accepted","ads":"accepted"},"interactedWith":true,"consentDate":1764000000000}`},
		[]change{
			{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"revoked"},"interactedWith":true,"consentDate":1764000000000}`,
				refused},
			{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"accepted"},"interactedWith":false,"consentDate":1764000000000}`,
				unsaid},
			{"CookieControl", `{"optionalCookies":{"stat":"accepted","ads":"legitimate interest"},"interactedWith":true,"consentDate":1764000000000}`,
				unsaid},
		}},
	{"cookieconsent", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"cc_cookie": `{"categories":["stat","ads"],"revision":0}`}, []change{
			{"cc_cookie", `{"categories":["stat"],"revision":0}`, refused},
			{"cc_cookie", `{"categories":"stat,ads","revision":0}`, unsaid},
		}},
	{"tealium", []string{"c1", "analytics", "c2", "marketing"},
		map[string]string{"CONSENTMGR": "c1:1|c2:1|ts:1764000000000|consent:true"}, []change{
			{"CONSENTMGR", "c1:1|c2:0|ts:1764000000000|consent:true", refused},
			{"CONSENTMGR", "c1:1|c2:1|ts:1764000000000|consent:false", refused},
			{"CONSENTMGR", "c1:1|c2:1|ts:1764000000000", unsaid},
			{"CONSENTMGR", "c1:1|c2:2|ts:1764000000000|consent:true", unsaid},
		}},
	{"commanders_act", []string{"1", "analytics", "2", "marketing"},
		map[string]string{"TC_PRIVACY": "0@002|12|3441@1,2@@1764000000000"}, []change{
			{"TC_PRIVACY", "0@002|12|3441@1@2@1764000000000", refused},
			{"TC_PRIVACY", "1@002|12|3441@1,2@@1764000000000", refused},
			{"TC_PRIVACY", "1@002|12|3441@ALL@@1764000000000", refused},
			{"TC_PRIVACY", "2@002|12|3441@1,2@@1764000000000", unsaid},
		}},
	{"cookie_information", nil,
		map[string]string{"CookieInformationConsent": `{"consents_approved":["cookie_cat_functional","cookie_cat_statistic","cookie_cat_marketing"],"consents_denied":[]}`},
		[]change{
			{"CookieInformationConsent",
				`{"consents_approved":["cookie_cat_functional","cookie_cat_statistic"],"consents_denied":["cookie_cat_marketing"]}`,
				refused},
			{"CookieInformationConsent", `{"consents_approved":["cookie_cat_functional","cookie_cat_statistic"]}`, refused},
		}},
	{"shopify", nil, map[string]string{"_tracking_consent": `{"con":{"CMP":{"a":"1","m":"1","p":"1","s":"1"}},"v":"2.1"}`},
		[]change{
			{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":"0","p":"1","s":"1"}},"v":"2.1"}`, refused},
			{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":"","p":"1","s":"1"}},"v":"2.1"}`, unsaid},
			{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":1,"p":"1","s":"1"}},"v":"2.1"}`, unsaid},
		}},
	{"ketch", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"_ketch_consent_v1_": b64(`{"stat":{"status":"granted"},"ads":{"status":"granted"}}`)}, []change{
			{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":{"status":"denied"}}`), refused},
			{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":{}}`), refused},
			{"_ketch_consent_v1_", b64(`{"stat":{"status":"granted"},"ads":"granted"}`), unsaid},
		}},
	{"tarteaucitron", []string{"gtag", "analytics", "pixel", "marketing"},
		map[string]string{"tarteaucitron": "!gtag=true!pixel=true"}, []change{
			{"tarteaucitron", "!gtag=true!pixel=false", refused},
			{"tarteaucitron", "!pixel=wait!gtag=true", unsaid},
			{"tarteaucitron", "!gtag=true!pixel=1", unsaid},
		}},
	{"mirror", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"tagwarden-choices": `{"v":1,"categories":{"stat":true,"ads":true},"services":{}}`}, []change{
			{"tagwarden-choices", `{"v":1,"categories":{"stat":true,"ads":false},"services":{}}`, refused},
			{"tagwarden-choices", `{"v":1,"categories":{"stat":true},"services":{}}`, unsaid},
			{"tagwarden-choices", `{"v":2,"categories":{"stat":true,"ads":true},"services":{}}`, unsaid},
		}},
	{"cookie_though", []string{"stat", "analytics", "ads", "marketing"},
		map[string]string{"cookie-preferences": "essential:1|stat:1|ads:1"}, []change{
			{"cookie-preferences", "essential:1|stat:1|ads:0", refused},
			{"cookie-preferences", "essential:1|stat:1", unsaid},
			{"cookie-preferences", "essential:1|stat:1|ads:true", unsaid},
		}},
	{"matomo", nil, map[string]string{"mtm_consent": "1764000000000"}, []change{
		{"mtm_consent_removed", "1764000000000", objected},
		{"matomo_ignore", "1", objected},
		{"mtm_consent", "yes", unsaid},
	}},
}

// usSection is a US section of a GPP string, as its document lays it out: version, how many values of two
// bits, and which of them are the opt-outs.
type usSection struct {
	version, values int
	optOuts         []int
}

// usSections are sections 7 to 27.
var usSections = []usSection{
	// nat ca va co ut ct
	{2, 32, []int{6, 7, 8}}, {1, 20, []int{3, 4}}, {1, 17, []int{3, 4}}, {1, 16, []int{3, 4}}, {1, 18, []int{4, 5}},
	{1, 19, []int{3, 4}},
	// fl mt or tx de ia
	{1, 20, []int{3, 4}}, {1, 20, []int{3, 4}}, {1, 23, []int{3, 4}}, {1, 18, []int{3, 4}}, {1, 23, []int{3, 4}},
	{1, 18, []int{4, 5}},
	// ne nh nj tn mn
	{1, 18, []int{3, 4}}, {1, 20, []int{3, 4}}, {1, 24, []int{3, 4}}, {1, 18, []int{3, 4}}, {1, 18, []int{3, 4}},
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
	values := slices.Repeat([]string{"00"}, s.values)
	if at >= 0 {
		values[at] = fmt.Sprintf("%02b", value)
	}
	return sixBits(fmt.Sprintf("%06b", s.version) + strings.Join(values, ""))
}

// usCores are sections 6 to 27, in which nothing is opted out of.
func usCores() []string {
	all := []string{"1YNN"}
	for i := range usSections {
		all = append(all, usSections[i].core(-1, 0))
	}
	return all
}

// allSections writes a GPP string of sections 6 to 27: type 3, version 1, one range, from
// 6 and 21 further, as Fibonacci codes.
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
