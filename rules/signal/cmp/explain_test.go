package cmp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// TestGoldenExplainCookie: what `signals decode` prints of a cookie. UPDATE_GOLDEN=1 writes the file anew; what
// changed is then to be read line by line.
func TestGoldenExplainCookie(t *testing.T) {
	var got strings.Builder
	for _, c := range []struct{ name, value string }{
		{"OptanonConsent", "groups=C0001%3A1%2CC0002%3A1; OptanonAlertBoxClosed=2026-11-10T17:48:20.000Z; euconsent-v2=CPxx"},
		{"OptanonConsent", "isGpcEnabled=1&groups=C0001%3A1%2CC0002%3A0&genVendors=V2:1,"},
		{"OptanonAlertBoxClosed", "2026-11-10T17:48:20.000Z"},
		{"CookieConsent", "{stamp:%27abc==%27%2Cnecessary:true%2Cstatistics:true%2Cmethod:%27implied%27%2Cutc:1764000000000%2Ciab2:%27CPxx%27%2Cgacm:%271~35%27%2Cregion:%27us-06%27}"},
		{"CookieConsent", "-1"},
		{"CookieConsent", "true"},
		{"didomi_token", b64(`{"updated":"2024-01-01T00:00:00.000Z","purposes":{"enabled":["a"],"disabled":["b"]},"vendors_li":{"enabled":["google"]}}`)},
		{"didomi_dcs", "CAAAAAAA"},
		{"klaro", `{"matomo":true,"pixel":false}`},
		{"cmplz_banner-status", "dismissed"},
		{"cmplz_marketing", "allow"},
		{"cookieyes-consent", "consentid:A,consent:yes,action:no,necessary:yes,analytics:yes"},
		{"axeptio_authorized_vendors", "%2Ca%2Cb%2C"},
		{"_iub_cs-50000000", `{"timestamp":"2025-02-05T15:40:00.391Z","purposes":{"1":true,"5":false}}`},
		{"_iub_cs-50000000-uspr", `{"s":true,"sh":false,"adv":true}`},
		{"notice_gdpr_prefs", "0,1::implied,eu"},
		{"cmapi_cookie_privacy", "permit 1,2,3"},
		{"__hs_do_not_track", "yes"},
		{"__hs_opt_out", "no"},
		{"CookieControl", `{"optionalCookies":{"performance":"legitimate interest"},"interactedWith":false,"consentDate":1739118436873}`},
		{"cc_cookie", `{"categories":["analytics"],"services":{"analytics":["ga4"]},"revision":7}`},
		{"FCCDCF", `[null,null,null,["CPxx","1~"]]`},
		{"CONSENTMGR", "c1:1|c6:0|consent:true|ts:1666183304450"},
		{"TC_PRIVACY", "0@002|12|3441@1,3@4@1592900933049"},
		{"CookieInformationConsent", `{"consents_approved":["cookie_cat_statistic"]}`},
		{"_tracking_consent", "3.AMPS_DEBE_f_f_x"},
		{"_ketch_consent_v1_", b64(`{"analytics":{"status":"granted"}}`)},
		{"mtm_consent", "1764000000000"},
		{"mtm_cookie_consent", "1764000000000"},
		{"mtm_consent_removed", "never"},
		{"consentUUID", "x"},
		{"osano_consentmanager", "29z_AY1"},
		{"uc_settings", "{}"},
		{"tarteaucitron", "!gtag=wait!mixpanel=wait!matomo=true"},
		{"tarteaucitron", "!mixpanel=wait!gtag=true!facebookpixel=false"},
		{"cookie-preferences", "essential:1|analytics:1|ads:0"},
		{"tagwarden-choices", "%7B%22v%22%3A1%2C%22cmp%22%3A%22osano%22%2C%22at%22%3A1764000000000%2C%22categories%22%3A%7B%22ANALYTICS%22%3Atrue%2C%22MARKETING%22%3Afalse%7D%2C%22services%22%3A%7B%7D%7D"},
		{"euconsent-v2", "CPxx"},
		{"usprivacy", `{"uspString":"1YN-"}`},
		{"__gpp", "DBABLA~CAAQAAAAAABA.QA"},
		{"__gpp_sid", ""},
		{"eupubconsent-v2", "CPxx"},
		{"OTGPPConsent", "DBABLA~BVQVAAAAAgA.QA"},
		{"OTAdditionalConsentString", "1~89"},
		{"_ga", "GA1.1.1.1"},
	} {
		fmt.Fprintf(&got, "%s=%s\n", c.name, c.value)
		for _, x := range cmp.Explain(read.CookieHeader(c.name + "=" + c.value)) {
			fmt.Fprintf(&got, "  %s: %s\n", x.Source, x.State)
			for _, line := range x.Lines {
				fmt.Fprintf(&got, "    %s\n", line)
			}
		}
	}
	path := filepath.Join("testdata", "explaincookie.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s says otherwise:\n%s", path, got.String())
	}
}
