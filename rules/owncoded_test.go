package rules_test

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// cookieCodings are how servers and scripts put a text into a cookie.
var cookieCodings = map[string]func(string) string{
	"as it is":       func(s string) string { return s },
	"escaped":        url.QueryEscape,
	"escaped twice":  func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"as a JSON text": strconv.Quote,
	"as that, escaped": func(s string) string {
		return url.QueryEscape(strconv.Quote(s))
	},
	"with escaped quotes":    func(s string) string { return strings.ReplaceAll(s, `"`, `\"`) },
	"in base64":              func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"in base64 without ends": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"in base64, escaped": func(s string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s)))
	},
	"escaped in base64": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(s)))
	},
}

// TestAnOwnChoiceInEveryCoding: a site's own record of a choice says the same however it was put into its cookie: a no
// closes every rung that one may refuse, a yes opens, and both are dated.
func TestAnOwnChoiceInEveryCoding(t *testing.T) {
	t.Parallel()
	source := signal.Source{
		Kind: signal.Own, Cookie: "choice", JSON: "a", Category: "analytics", Granted: []string{"yes"},
		Refused: []string{"no"},
		Date:    signal.Date{JSON: "at"},
	}
	ads := signal.Source{Kind: signal.Own, Cookie: "ads", Category: "marketing", Granted: []string{"yes"}}
	iso := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	for _, b := range []basis.Basis{basis.Consent, basis.LegitimateInterest} {
		p := refusable(t, b, source, ads)
		for name, coded := range cookieCodings {
			for _, c := range []struct{ word, at, want string }{
				{"no", iso(-time.Hour), refused},
				{"yes", iso(-time.Hour), b.String()},
				{"yes", iso(48 * time.Hour), map[bool]string{true: unsaid, false: b.String()}[b == basis.Consent]},
			} {
				cookie := "Cookie: choice=" + coded(`{"a":"`+c.word+`","at":"`+c.at+`"}`) + "; ads=yes"
				r := request(t, pageView, "ga4", "CF-IPCountry: DE", cookie)
				if got, _ := judgedAs(t, p, r); got != c.want {
					t.Errorf("%s %s, %v: %s, want %s", c.word, name, b, got, c.want)
				}
			}
		}
	}
	plain := signal.Source{Kind: signal.Own, Cookie: "choice", Category: "analytics", Granted: []string{"yes"},
		Refused: []string{"no"}}
	for _, value := range []string{"no", `"no"`, "%22no%22", "%6eo"} {
		r := request(t, pageView, "ga4", "CF-IPCountry: DE", "Cookie: choice="+value)
		if got, _ := judgedAs(t, refusable(t, basis.LegitimateInterest, plain), r); got != refused {
			t.Errorf("%s: %s", value, got)
		}
	}
}
