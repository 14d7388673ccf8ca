package cmp_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// words tells in one line what is read: the state, whether the visitor decided, then what is
// granted and, after a minus, what is not.
func words(c cmp.Platform, j read.Jar, set cmp.Settings) string {
	var s cmp.Scratch
	st, items := c.Read(j, set, &s)
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", st.State, st.Decided)
	if st.Objection {
		text.WriteString(" objection")
	}
	if st.Opaque {
		text.WriteString(" opaque")
	}
	for _, item := range items {
		sign := '-'
		if item.Granted {
			sign = '+'
		}
		fmt.Fprintf(&text, " %c%s%s", sign, []string{"", "service:", "li:", "service-li:"}[item.List], item.ID)
	}
	return text.String()
}

func platform(t testing.TB, name string) cmp.Platform {
	t.Helper()
	c, ok := cmp.Parse(name)
	if !ok {
		t.Fatalf("no platform is called %s", name)
	}
	return c
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestCookieForms: what each platform writes, what it might, and what somebody else may have written in its place.
func TestCookieForms(t *testing.T) {
	site := cmp.Settings{Revision: -1}
	closed := "2026-11-10T17:48:20.000Z"
	for _, c := range []struct {
		cmp  string
		jar  jar
		want string
	}{
		{"cookieyes", jar{"cookielawinfo-checkbox-analytics", "maybe", "viewed_cookie_policy", "yes"}, "malformed undecided"},
		{"cookieyes", jar{"cookielawinfo-checkbox-analytics", "", "viewed_cookie_policy", "yes"}, "valid decided"},
		// OneTrust
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1", "OptanonAlertBoxClosed", closed},
			"valid decided +C0001 +C0002"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001%253A1%252CC0002%253A0", "OptanonAlertBoxClosed",
			url.QueryEscape(closed)}, "valid decided +C0001 -C0002"},
		{"onetrust", jar{"OptanonConsent", "a=b", "OptanonAlertBoxClosed", closed}, "valid decided"},
		{"onetrust", jar{"OptanonAlertBoxClosed", closed}, "valid decided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1", "OptanonAlertBoxClosed", ""}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1", "OptanonAlertBoxClosed", "yes"}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002", "OptanonAlertBoxClosed", closed}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:2", "OptanonAlertBoxClosed", closed}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:true", "OptanonAlertBoxClosed", closed},
			"malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1%2C", "OptanonAlertBoxClosed", closed}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "true", "OptanonAlertBoxClosed", closed}, "malformed undecided"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1&AwaitingReconsent=TRUE", "OptanonAlertBoxClosed", closed},
			"valid undecided +C0001 +C0002"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1&implicitConsentCountry=nonGDPR", "OptanonAlertBoxClosed",
			closed}, "valid undecided +C0001 +C0002"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,C0002:1&groups=C0002:0", "OptanonAlertBoxClosed", closed},
			"valid decided +C0001 -C0002"},
		{"onetrust", jar{"OptanonConsent",
			"landingPath=https%3A%2F%2Fa.example%2F%3Fx%26groups%3DC0002%3A1&groups=C0001:1,C0002:0", "OptanonAlertBoxClosed",
			closed}, "valid decided +C0001 -C0002"},
		{"onetrust", jar{"OptanonConsent", "groups=C0001:1,V2STACK42:0&genVendors=V2:0,V1:1,", "OptanonAlertBoxClosed",
			closed}, "valid decided +C0001 -V2STACK42 +service:V1 -service:V2"},
		{"onetrust", jar{"optanonconsent", "groups=C0001:1"}, "absent undecided"},

		// Cookiebot
		{"cookiebot", jar{"CookieConsent", "-1"}, "valid undecided"},
		{"cookiebot", jar{"CookieConsent", "true"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", ""}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{}"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{stamp:'a'}"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", `{"necessary":true,"statistics":true}`}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:'true'}"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:TRUE}"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:true}x"}, "malformed undecided"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:true,method:'implied'}"},
			"valid undecided +necessary +statistics"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:true,method:'explicit',method:'implied'}"},
			"valid undecided +necessary +statistics"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:true,method:explicit}"},
			"valid undecided +necessary +statistics"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,statistics:true,statistics:false}"},
			"valid decided +necessary -statistics"},
		{"cookiebot", jar{"CookieConsent",
			"{stamp:%27x%2527%252Cstatistics:true%252Cy:%2527%27%2Cnecessary:true%2Cstatistics:false}"},
			"valid decided +necessary -statistics"},
		{"cookiebot", jar{"CookieConsent", "%7Bstamp:%2527a%2527%252Cnecessary:true%252Cmarketing:false%7D"},
			"valid decided -marketing +necessary"},
		{"cookiebot", jar{"CookieConsent", "{necessary:true,utc:soon}"}, "malformed undecided"},

		// CookieYes and its older plugin
		{"cookieyes", jar{"cookieyes-consent", "consentid:A,consent:yes,action:no,necessary:yes,analytics:yes"},
			"valid undecided +analytics +necessary"},
		{"cookieyes", jar{"cookieyes-consent",
			"consentid:A,consent:yes,action:yes,necessary:yes,analytics:yes,lastRenewedDate:1728636632000"},
			"valid decided +analytics +necessary"},
		{"cookieyes", jar{"cookieyes-consent", "consentid:A,consent:no,action:yes,necessary:yes,analytics:yes"},
			"valid decided -analytics +necessary"},
		{"cookieyes", jar{"cookieyes-consent", "consentid:A,consent:yes,necessary:yes,analytics:yes"},
			"valid undecided +analytics +necessary"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,analytics:yes,analytics:no"}, "valid decided -analytics"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,action:no,analytics:yes"}, "valid undecided +analytics"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,analytics:YES"}, "malformed undecided"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,analytics:ye"}, "malformed undecided"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,analytics:yes "}, "malformed undecided"},
		{"cookieyes", jar{"cookieyes-consent", "action:yes,analytics"}, "malformed undecided"},
		{"cookieyes", jar{"viewed_cookie_policy", "yes", "cookielawinfo-checkbox-analytics", "yes",
			"cookielawinfo-checbox-others", "no"}, "valid decided +analytics -others"},
		{"cookieyes", jar{"viewed_cookie_policy", "no", "cookielawinfo-checkbox-necessary", "yes",
			"cookielawinfo-checkbox-analytics", "yes"},
			"valid decided -advertisement -analytics -functional +necessary -non-necessary -others -performance"},
		{"cookieyes", jar{"viewed_cookie_policy", "no"},
			"valid decided -advertisement -analytics -functional -non-necessary -others -performance"},
		{"cookieyes", jar{"viewed_cookie_policy", "yes"}, "valid decided"},
		{"cookieyes", jar{"CookieLawInfoConsent", b64(`{"necessary":true,"analytics":true}`)},
			"valid undecided +analytics +necessary"},
		{"cookieyes", jar{"CookieLawInfoConsent", b64(`{"necessary":true,"analytics":true,"ver":true}`),
			"viewed_cookie_policy", "yes"}, "valid decided +analytics +necessary"},
		{"cookieyes", jar{"CookieLawInfoConsent", b64(`{"necessary":true,"analytics":false}`), "viewed_cookie_policy", "yes",
			"cookielawinfo-checkbox-analytics", "yes"}, "valid decided -analytics +necessary"},
		{"cookieyes", jar{"CookieLawInfoConsent", url.QueryEscape(b64(`{"necessary":true,"non-necessary":true}`)),
			"viewed_cookie_policy", "yes", "cookielawinfo-checkbox-non-necessary", "yes"},
			"valid decided +necessary +non-necessary"},
		{"cookieyes", jar{"CookieLawInfoConsent", b64(`{"analytics":"true"}`), "viewed_cookie_policy", "yes"},
			"malformed undecided"},
		{"cookieyes", jar{"CookieLawInfoConsent", "true", "viewed_cookie_policy", "yes"}, "malformed undecided"},
		{"cookieyes", jar{"viewed_cookie_policy", "yes%2", "cookielawinfo-checkbox-analytics", "yes"}, "malformed undecided"},
		{"cookieyes", jar{"cookielawinfo-checkbox-analytics", "yes"}, "valid undecided +analytics"},

		// Complianz
		{"complianz", jar{"cmplz_statistics", "allow", "cmplz_marketing", "deny"}, "valid undecided -marketing +statistics"},
		{"complianz", jar{"cmplz_banner-status", "show", "cmplz_statistics", "allow"}, "valid undecided +statistics"},
		{"complianz", jar{"cmplz_banner-status", "dismissed", "cmplz_statistics", "", "cmplz_marketing", "allow"},
			"valid decided +marketing"},
		{"complianz", jar{"cmplz_banner-status", "dismissed", "cmplz_statistics", "Allow"}, "malformed undecided"},
		{"complianz", jar{"cmplz_banner-status", "dismissed", "cmplz_statistics", "allow", "cmplz_rt_marketing", "allow"},
			"valid decided +statistics"},
		{"complianz", jar{"cmplz_banner-status", "dismissed", "cmplz_consented_services", "{\"youtube\":1}"},
			"malformed undecided"},
		{"complianz", jar{"cmplz_banner-status", "dismissed", "cmplz_statistics", "allow", "cmplz_statistics", "deny"},
			"valid decided -statistics"},

		// orestbida/cookieconsent
		{"cookieconsent", jar{"cc_cookie", `{"level":["necessary","analytics"],"revision":0,"data":null,"rfc_cookie":false}`},
			"valid decided +analytics +necessary"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["necessary","analytics"],"level":["necessary"],"revision":0}`},
			"valid decided -analytics +necessary"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["analytics"],"services":{"marketing":["pixel"]}}`},
			"valid decided +analytics -service:pixel"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["analytics",1]}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["analytics"]`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["analytics"]} x`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", "%257B%2522categories%2522%253A%255B%2522a%2522%255D%257D"}, "valid decided +a"},
		{"cookieconsent", jar{"cc_cookie", b64(`{"categories":["necessary","analytics"],"revision":0}`)},
			"valid decided +analytics +necessary"},
		{"cookieconsent", jar{"cc_cookie", url.QueryEscape(b64(`{"categories":["analytics"],"services":{}}`))},
			"valid decided +analytics"},
		{"cookieconsent", jar{"cc_cookie", b64(`{"categories":[]}`)}, "valid decided"},
		{"cookieconsent", jar{"cc_cookie", b64(url.QueryEscape(`{"categories":["analytics"]}`))}, "valid decided +analytics"},
		{"cookieconsent", jar{"cc_cookie", b64(`{"categories":["analytics"]`)}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", b64(`{"categories":["analytics"]}`) + "!"}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{\"categories\":[\"analytics\"],\"revision\":0}`}, "valid decided +analytics"},
		{"cookieconsent", jar{"cc_cookie", `"{\"categories\":[\"necessary\"\054\"analytics\"]}"`},
			"valid decided +analytics +necessary"},
		{"cookieconsent", jar{"cc_cookie", url.QueryEscape(`{\"categories\":[\"a\"]}`)}, "valid decided +a"},
		{"cookieconsent", jar{"cc_cookie", `"{\"categories\":[]}"`}, "valid decided"},
		{"cookieconsent", jar{"cc_cookie", `{\"categories\":[\"a\u0062\"]}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{\"categories\":[\"a\"]}\`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{\"categories\":[\"a\400\"]}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `"{\"categories\":[\"a\"]}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{\"categories\":["a\"]}`}, "valid decided +a"},
		{"cookieconsent", jar{"cc_cookie", strings.Repeat("[", 40) + strings.Repeat("]", 40)}, "malformed undecided"},

		// Klaro
		{"klaro", jar{"klaro", `{"matomo":true,"matomo":false,"x":true}`}, "valid decided -service:matomo +service:x"},
		{"klaro", jar{"klaro", `{"matomo":"true"}`}, "malformed undecided"},
		{"klaro", jar{"klaro", `true`}, "malformed undecided"},
		{"klaro", jar{"klaro", `"{\"matomo\": true\054 \"pixel\": false}"`}, "valid decided +service:matomo -service:pixel"},
		{"klaro", jar{"klaro", `{"":true}`}, "malformed undecided"},

		// Didomi
		{"didomi", jar{"didomi_token", b64(`{"updated":"2024-01-01T00:00:00.000Z","version":null}`)}, "valid undecided"},
		{"didomi", jar{"didomi_token", b64(`{"purposes":{"enabled":["a"]}}`)}, "valid undecided +a"},
		{"didomi", jar{"didomi_token",
			b64(`{"updated":"2024-01-01T00:00:00.000Z","purposes":{"enabled":["a","b"],"disabled":["b"]},"purposes_li":{"disabled":["a"]}}`)},
			"valid decided +a -b -li:a"},
		{"didomi", jar{"didomi_token",
			url.QueryEscape(b64(`{"updated":"2024-01-01T00:00:00.000Z","vendors":{"enabled":["c:a"]}} `))},
			"valid decided +service:c:a"},
		{"didomi", jar{"didomi_token", b64(`{"updated":"yesterday","purposes":{"enabled":["a"]}}`)}, "malformed undecided"},
		{"didomi", jar{"didomi_token", b64(`{"updated":"2024-01-01T00:00:00.000Z","purposes":{"enabled":"a"}}`)},
			"malformed undecided"},
		{"didomi", jar{"didomi_token", b64(`{"updated":"2024-01-01T00:00:00.000Z"}`) + "!"}, "malformed undecided"},
		{"didomi", jar{"didomi_dcs", "CAAAAAAA", "didomi_token", b64(`{"version":2}`)}, "valid undecided opaque"},

		// Axeptio
		{"axeptio", jar{"axeptio_authorized_vendors", "%2C%2C", "axeptio_all_vendors", "%2Ca%2Cb%2C", "axeptio_cookies",
			"{%22$$completed%22:true}"}, "valid decided -service:a -service:b"},
		{"axeptio", jar{"axeptio_authorized_vendors", ",a,b,", "axeptio_all_vendors", ",a,b,", "axeptio_cookies",
			"{%22$$completed%22:false}"}, "valid undecided +service:a +service:b"},
		{"axeptio", jar{"axeptio_authorized_vendors", ",a,b,"}, "valid undecided +service:a +service:b"},
		{"axeptio", jar{"axeptio_authorized_vendors", ",a,b", "axeptio_cookies", `{"$$completed":true}`},
			"malformed undecided"},
		{"axeptio", jar{"axeptio_authorized_vendors", ",a,", "axeptio_cookies", `{"$$completed":true,"a":false,"b":true}`},
			"valid decided -service:a -service:b"},
		{"axeptio", jar{"axeptio_cookies", `{"$$completed":true,"$$cookiesVersion":{"name":"x"},"a":true}`},
			"valid decided +service:a"},
		{"axeptio", jar{"axeptio_cookies", `{"$$completed":true,"a":"true"}`}, "malformed undecided"},
		{"axeptio", jar{"axeptio_cookies", `{"$$completed":"true","a":true}`}, "malformed undecided"},

		// iubenda
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":"2025-02-05T15:40:00.391Z","consent":true}`}, "valid decided +*"},
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":"2025-02-05T15:40:00.391Z","consent":false}`}, "valid decided -*"},
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":"2025-02-05T15:40:00.391Z","consent":false,"purposes":{"4":true}}`},
			"valid decided -4"},
		{"iubenda", jar{"_iub_cs-1", `{"consent":true}`}, "valid undecided +*"},
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":"2025-02-05T15:40:00.391Z","purposes":{"4":"true"}}`},
			"malformed undecided"},
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":1738770000391,"purposes":{"4":true}}`}, "valid undecided +4"},
		{"iubenda", jar{"_iub_cs-s", `{"timestamp":"2025-02-05T15:40:00.391Z","purposes":{"4":true}}`, "_iub_cs-1-granular",
			"{}", "_iub_cs-", "{}", "x_iub_cs-1", "{}"}, "absent undecided"},
		{"iubenda", jar{"_iub_cs-1", `{"timestamp":"2025-02-05T15:40:00.391Z","purposes":{"1":true,"4":true}}`, "_iub_cs-2",
			`{"timestamp":"2025-02-05T15:40:00.391Z","purposes":{"1":true}}`}, "valid decided +1 -4"},

		// TrustArc
		{"trustarc", jar{"notice_gdpr_prefs", "0,1,2:1a8b5228dd7ff0717196863a5d28ce6c", "cmapi_cookie_privacy",
			"permit 1,2,3"}, "valid decided +1 +2 +3"},
		{"trustarc", jar{"notice_gdpr_prefs", "0,1,2:", "cmapi_cookie_privacy", "permit%201%2C3"}, "valid decided +1 -2 +3"},
		{"trustarc", jar{"notice_preferences", "1:", "notice_behavior", "expressed,eu"}, "valid decided +1 +2 -3"},
		{"trustarc", jar{"notice_preferences", "2:", "notice_behavior", "implied,us", "cmapi_cookie_privacy", "permit 1,2,3"},
			"valid undecided +1 +2 +3"},
		{"trustarc", jar{"cmapi_cookie_privacy", "permit 1,2,3", "notice_behavior", "implied|us"},
			"valid undecided +1 +2 +3"},
		{"trustarc", jar{"notice_behavior", "expressed,eu"}, "valid undecided"},
		{"trustarc", jar{"notice_gdpr_prefs", "0,1"}, "malformed undecided"},
		{"trustarc", jar{"notice_gdpr_prefs", "0,1,:"}, "malformed undecided"},
		{"trustarc", jar{"notice_gdpr_prefs", "0,1:", "cmapi_cookie_privacy", "deny 1,2"}, "malformed undecided"},
		{"trustarc", jar{"notice_gdpr_prefs", "0,1:", "cmapi_cookie_privacy", "permit 0,1"}, "malformed undecided"},

		// HubSpot
		{"hubspot", jar{"__hs_cookie_cat_pref", "1%3Atrue%2C2%3Afalse"}, "valid decided +1 -2"},
		{"hubspot", jar{"__hs_cookie_cat_pref", "1:true,2"}, "malformed undecided"},
		{"hubspot", jar{"__hs_cookie_cat_pref", "1:TRUE"}, "malformed undecided"},
		{"hubspot", jar{"__hs_cookie_cat_pref", "1:true,"}, "malformed undecided"},
		{"hubspot", jar{"__hs_cookie_cat_pref", ""}, "malformed undecided"},
		{"hubspot", jar{"__hs_opt_out", "yes"}, "valid decided objection -*"},
		{"hubspot", jar{"__hs_opt_out", "no", "__hs_cookie_cat_pref", "1:false"}, "valid decided -1"},
		{"hubspot", jar{"__hs_do_not_track", "yes", "__hs_cookie_cat_pref", "1:true"}, "valid decided objection +1"},
		{"hubspot", jar{"__hs_do_not_track", "yes", "__hs_cookie_cat_pref", "?"}, "malformed undecided objection"},
		{"hubspot", jar{"__hs_do_not_track", "no"}, "valid undecided"},
		{"hubspot", jar{"__hs_initial_opt_in", "true"}, "valid undecided"},

		// Civic
		{"civic", jar{"CookieControl", url.QueryEscape(`{"optionalCookies":{"a":"accepted"},"interactedWith":true}`)},
			"valid decided +a"},
		{"civic", jar{"CookieControl", `{"optionalCookies":{"a":"Accepted"},"interactedWith":true}`}, "malformed undecided"},
		{"civic", jar{"CookieControl", `{"optionalCookies":{"a":"accepted"},"interactedWith":"true"}`},
			"malformed undecided"},
		{"civic", jar{"CookieControl", `{"optionalCookies":{"a":"accepted"}}`}, "valid undecided +a"},
		{"civic", jar{"CookieControl", `{"optionalCookies":{"a":"accepted","a":"revoked"},"interactedWith":true}`},
			"valid decided -a"},
		{"civic", jar{"CookieControl", `{"optionalCookies":{"a":"accepted"},"interactedWith":true,"consentDate":"x"}`},
			"malformed undecided"},

		// Google
		{"google_fc", jar{"FCCDCF", `[null,null,null,null]`}, "valid unknowable"},
		{"google_fc", jar{"FCCDCF", `[null,null,null,"CP"]`}, "malformed undecided"},
		{"google_fc", jar{"FCCDCF", `{}`}, "malformed undecided"},

		// Tealium
		{"tealium", jar{"CONSENTMGR", "1642664878603:undefined%7Cconsent:true%7Cc1:1%7Cc15:0%7Cts:1642664878605"},
			"valid decided +c1 -c15"},
		{"tealium", jar{"CONSENTMGR", "ts:1552628190791%7Cconsent:true"}, "valid decided"},
		{"tealium", jar{"CONSENTMGR", "c1:1|ts:1552628190791"}, "valid undecided +c1"},
		{"tealium", jar{"CONSENTMGR", "c1:1|consent:false"}, "valid decided -* -c1"},
		{"tealium", jar{"CONSENTMGR", "c1:true|consent:true"}, "malformed undecided"},
		{"tealium", jar{"CONSENTMGR", "c1:1|consent:True"}, "malformed undecided"},
		{"tealium", jar{"CONSENTMGR", "c1:1|consent:true|c2"}, "malformed undecided"},
		{"tealium", jar{"CONSENTMGR", "c16:1|c0:1|consent:true"}, "valid decided"},

		// Commanders Act
		{"commanders_act", jar{"TC_PRIVACY", "1@012|26|4221@@4@1592900933049@1592900933049"}, "valid decided -4"},
		{"commanders_act", jar{"TC_PRIVACY", "1@012|26|4221@1,3@@1592900933049,1592900933049,1624436933049@"},
			"valid decided -1 -3"},
		{"commanders_act", jar{"TC_PRIVACY",
			"0%40007%7C2%401%2C2%2C3%40%401714758430157%2C1714758430157%2C1730310430157%40_v8A"}, "valid decided +1 +2 +3"},
		{"commanders_act", jar{"TC_PRIVACY", "1@009@ALL@@1593418821237@"}, "valid decided -*"},
		{"commanders_act", jar{"TC_PRIVACY", "0@064@ALL@"}, "valid decided"},
		{"commanders_act", jar{"TC_PRIVACY", "2@012@1@@"}, "malformed undecided"},
		{"commanders_act", jar{"TC_PRIVACY", "0@012@1"}, "malformed undecided"},
		{"commanders_act", jar{"TC_PRIVACY", "0@012@1,x@"}, "malformed undecided"},
		{"commanders_act", jar{"TC_PRIVACY_CENTER", "1,2"}, "absent undecided"},

		// Cookie Information
		{"cookie_information", jar{"CookieInformationConsent",
			`{"consents_approved":["cookie_cat_statistic"],"consents_denied":["cookie_cat_statistic"]}`},
			"valid decided -cookie_cat_statistic"},
		{"cookie_information", jar{"CookieInformationConsent", `{"website_uuid":"x"}`}, "malformed undecided"},
		{"cookie_information", jar{"CookieInformationConsent", `{"consents_approved":"cookie_cat_statistic"}`},
			"malformed undecided"},

		// Shopify
		{"shopify", jar{"_tracking_consent", `{"con":{"CMP":{"a":"","m":"","p":"","s":""}},"v":"2.1","purposes":{"a":true}}`},
			"valid undecided"},
		{"shopify", jar{"_tracking_consent", `{"con":{"CMP":{"a":"1","m":"","p":"","s":""}},"v":"2.1"}`}, "valid decided +a"},
		{"shopify", jar{"_tracking_consent", `{"con":{"CMP":{"a":true}},"v":"2.1"}`}, "malformed undecided"},
		{"shopify", jar{"_tracking_consent", `{"v":"2.0","lim":["GDPR"],"reg":"GDPR","con":{"GDPR":"1"}}`},
			"valid undecided"},
		{"shopify", jar{"_tracking_consent", `3.AMPS_DEBE_f_f_x`}, "valid unknowable opaque"},
		{"shopify", jar{"_tracking_consent", `{"con":{"CMP":{"a":"1"}},"v":"3.0"}`}, "valid unknowable opaque +a"},

		// Ketch
		{"ketch", jar{"_ketch_consent_v1_",
			url.QueryEscape(b64(`{"analytics":{"status":"granted","canonicalPurposes":["analytics"]},"ads":{"status":"denied"},"x":{}}`))},
			"valid decided -ads +analytics -x"},
		{"ketch", jar{"_ketch_consent_v1_",
			strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(`{"a":{"status":"granted","n":"ÿÿ>>>???"}}`)), "=")},
			"valid decided +a"},
		{"ketch", jar{"_ketch_consent_v1_", b64(`{"a":{"status":"granted","status":"denied"}}`)}, "valid decided -a"},
		{"ketch", jar{"_ketch_consent_v1_", b64(`{"a":"granted"}`)}, "malformed undecided"},
		{"ketch", jar{"_ketch_consent_v1_", b64(`{"a":{"status":true}}`)}, "malformed undecided"},

		// Matomo
		{"matomo", jar{"mtm_consent", "1764000000000", "mtm_consent_removed", "1600000000000"},
			"valid decided objection -tracking"},
		{"matomo", jar{"matomo_ignore", "ignore%3D%2A", "mtm_consent", "1764000000000"}, "valid decided objection -tracking"},
		{"matomo", jar{"mtm_consent", "true"}, "malformed undecided"},
		{"matomo", jar{"mtm_consent", "1764000000000 "}, "malformed undecided"},
		{"matomo", jar{"mtm_consent", "x", "mtm_consent_removed", "1600000000000"}, "malformed undecided objection"},

		// tarteaucitron
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=wait!mixpanel=wait"}, "valid undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "!matomo=true!gtag=wait"}, "valid undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true!mixpanel=true!matomo=true"},
			"valid decided +service:gtag +service:mixpanel"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=false!mixpanel=false!matomo=false"},
			"valid decided -service:gtag -service:matomo -service:mixpanel"},
		{"tarteaucitron", jar{"tarteaucitron", "!mixpanel=wait!gtag=true"}, "valid decided +service:gtag"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=false!matomo=true"}, "valid decided -service:gtag"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true!gtag=false"}, "valid decided -service:gtag"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true", "tarteaucitron", "!gtag=wait"}, "valid decided"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=false", "tarteaucitron", "!gtag=wait"}, "valid decided -service:gtag"},
		{"tarteaucitron", jar{"tarteaucitron", "%21gtag%3Dtrue%21mixpanel%3Dfalse"},
			"valid decided +service:gtag -service:mixpanel"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=tru"}, "malformed undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "gtag=true"}, "malformed undecided"},
		{"tarteaucitron", jar{"tarteaucitron", ""}, "malformed undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true!mixpanel"}, "malformed undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true!mixpanel=%zz"}, "malformed undecided"},
		{"tarteaucitron", jar{"tarteaucitron", "!gtag=true%2"}, "malformed undecided"},

		// cookie-though
		{"cookie_though", jar{"cookie-preferences", "essential:1|analytics:1|ads:1"},
			"valid decided +ads +analytics +essential"},
		{"cookie_though", jar{"cookie-preferences", "essential:1|analytics:0|ads:0"},
			"valid decided -ads -analytics +essential"},
		{"cookie_though", jar{"cookie-preferences", "essential%3A1%7Canalytics%3A1%7Cads%3A0"},
			"valid decided -ads +analytics +essential"},
		{"cookie_though", jar{"cookie-preferences", "analytics:1|analytics:0"}, "valid decided -analytics"},
		{"cookie_though", jar{"cookie-preferences", ""}, "malformed undecided"},
		{"cookie_though", jar{"cookie-preferences", "analytics"}, "malformed undecided"},
		{"cookie_though", jar{"cookie-preferences", "analytics:1|"}, "malformed undecided"},
		{"cookie_though", jar{"cookie-preferences", "analytics:true"}, "malformed undecided"},
		{"cookie_though", jar{"cookie-preferences", "analytics:1%7"}, "malformed undecided"},
		{"cookie_though", jar{"cookie-preferences", `{"isCustomised":true,"cookieOptions":[{"id":"a","isEnabled":true}]}`},
			"malformed undecided"},

		// What tagwarden-mirror.js writes
		{"mirror", jar{"tagwarden-choices",
			url.QueryEscape(`{"v":1,"cmp":"osano","at":1764000000000,"categories":{"ANALYTICS":true,"MARKETING":false},"services":{"Mixpanel":false}}`)},
			"valid decided +ANALYTICS -MARKETING -service:Mixpanel"},
		{"mirror", jar{"tagwarden-choices", `{"v":1,"cmp":"termly","categories":{"analytics":false},"services":{}}`},
			"valid decided -analytics"},
		{"mirror", jar{"tagwarden-choices", `{"v":2,"categories":{"analytics":true}}`}, "malformed undecided"},
		{"mirror", jar{"tagwarden-choices", `{"v":1,"services":{"a":true}}`}, "malformed undecided"},
		{"mirror", jar{"tagwarden-choices", `{"v":1,"categories":{"a":"true"}}`}, "malformed undecided"},
		{"mirror", jar{"tagwarden-choices", `{"v":1,"categories":{"a":true}`}, "malformed undecided"},
		{"mirror", jar{"tagwarden-choices", `%7B%22v%22%3A1%2C%22categories%22%3A%7B%22a%22%3Atrue%7D%7`},
			"malformed undecided"},
		{"mirror", jar{"tagwarden-choices", ""}, "malformed undecided"},

		// Platforms that cannot be read
		{"osano", jar{"osano_consentmanager", "ACCEPT"}, "valid unknowable opaque"},
		{"sourcepoint", jar{"consentUUID", "x", "consentDate", "2026-01-01"}, "valid unknowable"},
		{"usercentrics", jar{}, "absent unknowable"},
		{"termly", jar{"TERMLY_API_CACHE", "x"}, "valid unknowable"},

		// Several, and too long
		{"klaro", jar{"klaro", `{"a":true}`, "klaro", `{"a":true}`}, "valid decided +service:a"},
		{"klaro", jar{"klaro", `{"a":true}`, "klaro", `{"a":false,"b":true}`}, "valid decided -service:a +service:b"},
		{"klaro", jar{"klaro", `{"a":true}`, "klaro", `?`}, "malformed undecided"},
		{"klaro", jar{"klaro", `{"a":true,"b":"` + strings.Repeat("x", read.MaxCookie) + `"}`}, "malformed undecided"},
		{"cookieconsent", jar{"cc_cookie", `{"categories":["a","b"]}`, "cc_cookie", `{"categories":["a"]}`},
			"valid decided +a -b"},
	} {
		if got := words(platform(t, c.cmp), c.jar, site); got != c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.cmp, []string(c.jar), got, c.want)
		}
	}
}
