package rules_test

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// TestDatesOfOnesOwn: where a site says when its visitors chose, a yes is none for what came before, none where its
// date cannot be read or lies ahead, and one without a date where there is none. A no stays one.
func TestDatesOfOnesOwn(t *testing.T) {
	t.Parallel()
	chose := now.Add(-time.Hour)
	iso, unix, milli := chose.Format(time.RFC3339), strconv.FormatInt(chose.Unix(), 10),
		strconv.FormatInt(chose.UnixMilli(), 10)
	beside, inside := signal.Date{Cookie: "at"}, signal.Date{JSON: "made.at"}
	both := func(of signal.Date, format string) signal.Date {
		of.Format = format
		return of
	}
	record := func(date string) string { return `{"analytics":"yes","made":{"at":` + date + `}}` }
	const plain = `{"analytics":"yes"}`
	for _, c := range []struct {
		date          signal.Date
		choice, other string // cookies; of other "" is none
		before, after string
	}{
		{beside, plain, iso, "before_choice", "permitted"}, {beside, plain, unix, "before_choice", "permitted"},
		{beside, plain, milli, "before_choice", "permitted"}, {beside, plain, "", "permitted", "permitted"},
		{beside, plain, "soon", "no_consent", "no_consent"},
		{beside, plain, now.Add(25 * time.Hour).Format(time.RFC3339), "no_consent", "no_consent"},
		{beside, `{"analytics":"no"}`, "soon", "consent_refused", "consent_refused"},
		{beside, plain, iso + "; at=" + now.Add(-3*time.Hour).Format(time.RFC3339), "before_choice", "permitted"},
		{inside, record(`"` + iso + `"`), "", "before_choice", "permitted"},
		{inside, record(unix), "", "before_choice", "permitted"},
		{inside, record(milli), "", "before_choice", "permitted"}, {inside, record("null"), "", "permitted", "permitted"},
		{inside, record("true"), "", "no_consent", "no_consent"}, {inside, record(`"x"`), "", "no_consent", "no_consent"},
		{inside, plain, "", "permitted", "permitted"}, {inside, record(unix), "soon", "before_choice", "permitted"},
		{both(beside, "unix"), plain, unix, "before_choice", "permitted"}, {both(beside, "unix"), plain, milli,
			"no_consent", "no_consent"},
		{both(beside, "unix_ms"), plain, milli, "before_choice", "permitted"}, {both(beside, "unix_ms"), plain, iso,
			"no_consent", "no_consent"},
		{both(beside, "iso8601"), plain, iso, "before_choice", "permitted"}, {both(beside, "iso8601"), plain, unix,
			"no_consent", "no_consent"},
		{signal.Date{Cookie: "at", JSON: "a"}, plain, `{"a":` + unix + `}`, "before_choice", "permitted"},
		{signal.Date{Cookie: "at", JSON: "a"}, plain, unix, "permitted", "permitted"},
		{signal.Date{Cookie: "at", JSON: "a"}, plain, "{", "no_consent", "no_consent"},
	} {
		d := draft()
		d.Sites[0].Signals[3].Date = c.date
		p := compile(t, d)
		cookie := "Cookie: site_consent=" + url.QueryEscape(c.choice)
		if c.other != "" {
			cookie += "; at=" + c.other
		}
		for at, want := range map[time.Time]string{now.Add(-2 * time.Hour): c.before, now: c.after} {
			text := "POST /v1/t HTTP/1.1\n\n" + `{"type":"track","event":"e","anonymousId":"a","timestamp":"` +
				at.Format(time.RFC3339) + `"}`
			if got := explain(t, p, request(t, text, "segment", cookie)).Events[0].Reason; got != want {
				t.Errorf("%+v, %q, %q: an event of %v is %s, want %s", c.date, c.choice, c.other, at, got, want)
			}
		}
	}
	for _, source := range []signal.Source{
		{Kind: signal.Own, Cookie: "a", Category: "analytics", Date: signal.Date{Format: "unix"}},
		{Kind: signal.Own, Cookie: "a", Category: "analytics", Date: signal.Date{JSON: "a..b"}},
		{Kind: signal.Own, Cookie: "a", Category: "analytics", Date: signal.Date{Cookie: "b", Format: "seconds"}},
		{Kind: signal.Own, Body: "a", Category: "analytics", Date: signal.Date{JSON: "b"}},
	} {
		if _, err := signal.NewReader([]signal.Source{source}, map[string]int{"analytics": 0}); err == nil {
			t.Errorf("%+v is taken", source.Date)
		}
	}
}

// TestChoicesOfPlatforms: what is dated over a day ahead, or past its own expiry, is no choice; a renewal is the act
// where nothing else is told; a no stays a no.
func TestChoicesOfPlatforms(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).UnixMilli(), 10) }
	iso := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04:05.000Z") }
	vanilla := func(first, last, ends string) string {
		return `cc_cookie={"categories":["analytics"],"consentTimestamp":"` + first + `","lastConsentTimestamp":"` + last +
			`","expirationTime":` + ends + `}`
	}
	for _, c := range []struct {
		why    string
		kind   string
		cookie string
		want   string // of an event of two hours ago
	}{
		{"OneTrust, by when the banner was closed", "onetrust",
			"OptanonConsent=datestamp=x&groups=C0002:1; OptanonAlertBoxClosed=" + iso(-3*time.Hour), "permitted"},
		{"OneTrust, an hour ago", "onetrust", "OptanonConsent=datestamp=x&groups=C0002:1; OptanonAlertBoxClosed=" +
			iso(-time.Hour), "before_choice"},
		{"OneTrust, ahead", "onetrust", "OptanonConsent=groups=C0002:1; OptanonAlertBoxClosed=" +
			iso(25*time.Hour), "no_consent"},
		{"OneTrust, a no that is ahead", "onetrust", "OptanonConsent=groups=C0002:0; OptanonAlertBoxClosed=" +
			iso(25*time.Hour), "consent_refused"},
		{"Cookiebot", "cookiebot", "CookieConsent={necessary:true,statistics:true,method:'explicit',utc:" + at(-time.Hour) +
			"}", "before_choice"},
		{"vanilla, first before and last after", "cookieconsent", vanilla(iso(-3*time.Hour), iso(-time.Hour), at(time.Hour)),
			"before_choice"},
		{"vanilla, both before", "cookieconsent", vanilla(iso(-4*time.Hour), iso(-3*time.Hour), at(time.Hour)), "permitted"},
		{"vanilla, over", "cookieconsent", vanilla(iso(-4*time.Hour), iso(-3*time.Hour), at(-time.Hour)), "no_consent"},
		{"Civic, over", "civic",
			`CookieControl={"optionalCookies":{"analytics":"accepted"},"interactedWith":true,"consentDate":` +
				at(-100*24*time.Hour) + `,"consentExpiry":90}`, "no_consent"},
		{"Civic, not over", "civic",
			`CookieControl={"optionalCookies":{"analytics":"accepted"},"interactedWith":true,"consentDate":` +
				at(-80*24*time.Hour) + `,"consentExpiry":90}`, "permitted"},
		{"Commanders Act, over", "commanders_act", "TC_PRIVACY=0@1|2|3@1@2@" + at(-3*time.Hour) + "," + at(-9*time.Hour) +
			"," + at(-time.Hour), "no_consent"},
		{"Commanders Act, not over", "commanders_act", "TC_PRIVACY=0@1|2|3@1@2@" + at(-3*time.Hour) + "," + at(-9*time.Hour) +
			"," + at(time.Hour), "permitted"},
	} {
		d := draft()
		source := signal.Source{Kind: kindOf(t, c.kind)}
		if c.kind == "commanders_act" {
			source.Categories = map[string]string{"1": "analytics"}
		}
		d.Sites[0].Signals = []signal.Source{source}
		text := "POST /v1/t HTTP/1.1\n\n" + `{"type":"track","event":"e","anonymousId":"a","timestamp":"` +
			iso(-2*time.Hour) + `"}`
		if got := explain(t, compile(t, d), request(t, text, "segment", "Cookie: "+c.cookie)).
			Events[0].Reason; got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

// kindOf is the source that a platform of that name is.
func kindOf(t *testing.T, name string) signal.Kind {
	t.Helper()
	c, ok := cmp.Parse(name)
	if !ok {
		t.Fatalf("no platform %s", name)
	}
	return signal.Platform(c)
}
