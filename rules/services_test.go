package rules_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestANoToAServiceIsANoToItsVendor: whatever the category says, and for that vendor alone.
func TestANoToAServiceIsANoToItsVendor(t *testing.T) {
	t.Parallel()
	ga4 := map[string]string{"stats-service": "ga4", "other": "matomo"}
	cookie := func(services string) string {
		return `cc_cookie={"categories":["analytics","marketing"]` + services + `}`
	}
	token := func(vendors string) string {
		return "didomi_token=" + b64(`{"updated":"2026-04-10T17:48:20.000Z",`+
			`"purposes":{"enabled":["analytics","marketing"]},`+vendors+`}`)
	}
	groups := func(rest, closed string) string {
		return "OptanonConsent=groups=analytics:1,marketing:1" + rest + closed
	}
	const closed = "; OptanonAlertBoxClosed=2026-04-10T17:48:20.000Z"
	const permitted, withheld = "permitted", "withheld"
	for _, c := range []struct {
		platform string
		services map[string]string
		jar      string
		want     string
	}{
		{"cookieconsent", ga4, cookie(`,"services":{"analytics":["stats-service"]}`), permitted},
		{"cookieconsent", ga4, cookie(`,"services":{"analytics":["other"]}`), refused},
		{"cookieconsent", ga4, cookie(`,"services":{"analytics":[],"marketing":[]}`), refused},
		{"cookieconsent", ga4, cookie(`,"services":{"necessary":["stats-service"]}`), refused}, // without its category
		{"cookieconsent", ga4, cookie(`,"services":{}`), permitted},
		{"cookieconsent", ga4, cookie(``), permitted},
		{
			"cookieconsent", ga4, cookie(`,"services":{"analytics":["stats-service"]}`) + "; " +
				cookie(`,"services":{"analytics":["other"]}`), refused,
		},
		{"cookieconsent", map[string]string{"other": "matomo"}, cookie(`,"services":{"analytics":["another"]}`), permitted},
		{"cookieconsent", nil, cookie(`,"services":{"analytics":["Google Analytics"]}`), permitted},
		{"cookieconsent", nil, cookie(`,"services":{"analytics":["posthog"]}`), withheld}, // is it there?
		{"cookieconsent", nil, cookie(`,"services":{"analytics":[]}`), permitted},
		{"klaro", ga4, `klaro={"analytics":true,"marketing":true,"stats-service":true,"other":false}`, permitted},
		{"klaro", ga4, `klaro={"analytics":true,"marketing":true,"stats-service":false}`, refused},
		{"klaro", ga4, `klaro={"analytics":true,"marketing":true}`, permitted},
		{"klaro", nil, `klaro={"analytics":true,"marketing":true,"google-analytics":false}`, refused},
		{"klaro", nil, `klaro={"analytics":true,"marketing":true,"google-ads":false}`, permitted},
		{"didomi", ga4, token(`"vendors":{"enabled":["stats-service"],"disabled":["other"]}`), permitted},
		{"didomi", ga4, token(`"vendors":{"disabled":["stats-service"]}`), refused},
		{"didomi", ga4, token(`"vendors_li":{"disabled":["stats-service"]}`), refused},
		{"didomi", nil, token(`"vendors":{"enabled":[],"disabled":["c:googleana-4TXnJigR"]}`), refused},
		{"didomi", nil, token(`"vendors":{"enabled":["c:googleana-4TXnJigR"],"disabled":["c:mixpanel-kX92jLmQ"]}`),
			permitted},
		{"onetrust", ga4, groups("&genVendors=stats-service:0,", closed), refused},
		{"onetrust", ga4, groups("&genVendors=stats-service:1,other:0,", closed), permitted},
		{"onetrust", ga4, groups("&genVendors=stats-service:0,", ""), unsaid}, // before the choice
		{
			"complianz", ga4, `cmplz_banner-status=dismissed; cmplz_statistics=allow; cmplz_marketing=allow; ` +
				`cmplz_consented_services={"stats-service":false}`, refused,
		},
		{
			"axeptio", ga4, `axeptio_cookies={"$$completed":true,"analytics":true,"marketing":true,"stats-service":false}`,
			refused,
		},
	} {
		ids := []string{"analytics", "analytics", "marketing", "marketing"}
		if c.platform == "complianz" {
			ids = nil
		}
		source := platform(t, c.platform, ids...)
		source.Services = c.services
		for _, b := range refusableBases {
			want := becomes(b, c.want)
			switch {
			case c.want == permitted:
				want = b.String()
			case c.want == withheld && b == basis.Consent:
				want = refused
			}
			country := map[bool]string{true: "US", false: "DE"}[b == basis.OptOut]
			r := request(t, pageView, "ga4", "CF-IPCountry: "+country, "Cookie: "+c.jar)
			if got, _ := judgedAs(t, refusable(t, b, source), r); got != want {
				t.Errorf("%s, %v, %v, %s: %s, want %s", c.platform, c.services, b, c.jar, got, want)
			}
		}
	}
	if _, err := rules.Compile(func() *rules.Draft {
		d := draft(rung("a", basis.Consent))
		source := platform(t, "cookiebot")
		source.Services = ga4
		d.Sites[0].Signals = []signal.Source{source}
		return d
	}()); err == nil || !strings.Contains(err.Error(), "keeps no services") {
		t.Errorf("services of a platform that keeps none: %v", err)
	}
}
