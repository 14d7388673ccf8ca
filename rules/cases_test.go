package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// TestCases: what is expected of hits, and what is said where it does not come.
func TestCases(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Fields = map[string]map[string]minimise.Spec{"ga4": {"ep.*": keep}}
	p := compile(t, d)
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	granted := &rules.Choices{Own: map[string]string{"analytics": "granted"}}
	ga4 := func(more string) hit.Request {
		return request(t, "GET /g/collect?v=2&tid=G-1&ul=de-de&en=page_view"+more+" HTTP/1.1\n\n", "ga4",
			"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0")
	}
	two := request(t, "POST /g/collect?v=2&tid=G-1 HTTP/1.1\nContent-Type: text/plain\n\nen=a&ep.x=1\nen=b", "ga4")
	packed := request(t, "POST /2/httpapi HTTP/1.1\nContent-Type: application/json\n\n"+
		`{"api_key":"k","events":[{"event_type":"x"}]}`, "amplitude")
	for _, c := range []struct {
		name string
		of   rules.Case
		hit  hit.Request
		want []string
	}{
		{"permitted, as expected", rules.Case{Choices: granted, Permit: "ga4-consent"}, ga4(""), nil},
		{"denied, as expected", rules.Case{Deny: "no_consent"}, ga4(""), nil},
		{"refused, as expected", rules.Case{Choices: &rules.Choices{Own: map[string]string{"analytics": "refused"}},
			Deny: "consent_refused"}, ga4(""), nil},
		{"another word", rules.Case{Choices: &rules.Choices{Own: map[string]string{"analytics": "maybe"}},
			Deny: "consent_refused"}, ga4(""), nil},
		{"refused in one, granted in the other",
			rules.Case{Choices: &rules.Choices{Own: map[string]string{"analytics": "granted"},
				ConsentMode: map[string]string{"analytics_storage": "denied"}}, Deny: "consent_refused"}, ga4(""), nil},
		{"granted in both", rules.Case{Choices: &rules.Choices{Own: map[string]string{"analytics": "granted"},
			ConsentMode: map[string]string{"analytics_storage": "granted"}}, Permit: "ga4-consent"}, ga4(""), nil},
		{"granted in Consent Mode alone",
			rules.Case{Choices: &rules.Choices{ConsentMode: map[string]string{"analytics_storage": "granted"}},
				Permit: "ga4-consent"}, ga4(""), nil},
		{"one of two in a category refused",
			rules.Case{Choices: &rules.Choices{ConsentMode: map[string]string{"ad_storage": "denied", "ad_user_data": "granted",
				"analytics_storage": "granted"}}, Permit: "ga4-consent"}, ga4(""), nil},
		{"nothing chosen, in place of a yes", rules.Case{Choices: &rules.Choices{}, Deny: "no_consent"},
			request(t, pageView, "ga4", yes), nil},
		{"the hit's own yes", rules.Case{Permit: "ga4-consent"}, request(t, pageView, "ga4", yes), nil},
		{"denied, against what is expected", rules.Case{Permit: "ga4-consent"}, ga4(""),
			[]string{"event 0 (page_view) is denied: no_consent; expected it to travel on ga4-consent"}},
		{"on another activity", rules.Case{Choices: granted, Permit: "x"}, ga4(""),
			[]string{"event 0 (page_view) travels on ga4-consent; expected x"}},
		{"permitted, against what is expected", rules.Case{Choices: granted, Deny: "objection"}, ga4(""),
			[]string{"event 0 (page_view) travels on ga4-consent; expected it to be denied: objection"}},
		{"denied for another reason", rules.Case{Deny: "objection"}, ga4(""),
			[]string{"event 0 (page_view) is denied: no_consent; expected objection"}},
		{"each event", rules.Case{Choices: granted, Deny: "objection"}, two, []string{
			"event 0 (a) travels on ga4-consent; expected it to be denied: objection",
			"event 1 (b) travels on ga4-consent; expected it to be denied: objection",
		}},
		{"refused as a whole", rules.Case{Permit: "ga4-consent"}, request(t, "GET /x HTTP/1.1\n\n", "ga4"),
			[]string{"the hit was refused: unknown_path"}},
		{"refused as a whole, as expected", rules.Case{Deny: "unknown_path"}, request(t, "GET /x HTTP/1.1\n\n", "ga4"), nil},
		{"refused as a whole for another reason", rules.Case{Deny: "limit"}, request(t, "GET /x HTTP/1.1\n\n", "ga4"),
			[]string{"the hit was refused: unknown_path"}},
		{"refused as a whole, and expected to travel as well", rules.Case{Permit: "ga4-consent", Deny: "unknown_path"},
			request(t, "GET /x HTTP/1.1\n\n", "ga4"), []string{"the hit holds no events"}},
		{"sent", rules.Case{Choices: granted, Permit: "ga4-consent", Sent: map[string]string{"en": "page_view", "ul": "de",
			"tid": "G-1"}}, ga4(""), nil},
		{"sent by its name in the query", rules.Case{Choices: granted, Permit: "ga4-consent",
			Sent: map[string]string{"tid": "G-2", "ul": "de"}},
			request(t, "POST /g/collect?v=2&tid=G-1&ul=de-de HTTP/1.1\n\nen=a", "ga4"),
			[]string{`field tid is sent as "G-1"; expected "G-2"`}},
		{"not sent", rules.Case{Choices: granted, Permit: "ga4-consent", Sent: map[string]string{"zz": "1", "ul": "en",
			"xx": ""}}, ga4("&zz=1"), []string{
			`field ul is sent as "de"; expected "en"`, `field xx is sent as nothing; expected ""`,
			`field zz is sent as nothing; expected "1"`,
		}},
		{"sent twice", rules.Case{Choices: granted, Permit: "ga4-consent", Sent: map[string]string{"ep.x": "1"}},
			ga4("&ep.x=1&ep.x=2"), nil},
		{"sent in each event", rules.Case{Choices: granted, Permit: "ga4-consent", Sent: map[string]string{"ep.x": "1"}}, two,
			[]string{`field ep.x is sent as nothing; expected "1"`}},
		{"denied and not sent", rules.Case{Deny: "no_consent", Sent: map[string]string{"en": "page_view"}}, ga4(""),
			[]string{`field en is sent as nothing; expected "page_view"`}},
		{"absent", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"jane", "555.666"}},
			ga4("&cid=555.666&ep.x=joe"), nil},
		{"absent where nothing is sent", rules.Case{Deny: "no_consent", Absent: []string{"page_view", "google"}},
			ga4(""), nil},
		{"there in the query", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"JOE", "nobody"}},
			ga4("&ep.x=Joe"), []string{`"JOE" is in what is sent`}},
		{"there in escapes", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"joe doe", "j%6fe"}},
			ga4("&ep.x=j%6fe%20doe"), []string{`"joe doe" is in what is sent`, `"j%6fe" is in what is sent`}},
		{"there in escapes of escapes", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"joe <doe"}},
			ga4("&ep.x=joe%2520%253Cdoe"), []string{`"joe <doe" is in what is sent`}},
		{"there in escapes three deep", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"joe <doe"}},
			ga4("&ep.x=joe%252520%25253Cdoe"), []string{`"joe <doe" is in what is sent`}},
		{"there in a header", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"chrome/141"}}, ga4(""),
			[]string{`"chrome/141" is in what is sent`}},
		{"there in the host", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"google-analytics"}},
			ga4(""), []string{`"google-analytics" is in what is sent`}},
		{"there in the body", rules.Case{Choices: granted, Permit: "ga4-consent", Absent: []string{"ep.x=1", "ep.x=2"}}, two,
			[]string{`"ep.x=1" is in what is sent`}},
		{"there in JSON", rules.Case{Choices: granted, Permit: "amplitude-consent", Absent: []string{`"event_type":"x"`,
			"y"}}, packed, []string{`"\"event_type\":\"x\"" is in what is sent`, `"y" is in what is sent`}},
	} {
		c.of.Question = rules.Question{Request: c.hit, At: now, Keys: keys}
		got, x, err := p.Test(&c.of)
		if err != nil || x == nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\n%q, want\n%q", c.name, err, got, c.want)
		}
	}
	for want, of := range map[string]rules.Case{
		`signals: no purpose is in category "elsewhere"`: {
			Choices: &rules.Choices{Own: map[string]string{"elsewhere": "granted"}}},
		`signals: no purpose is in category "nothing"`: {
			Choices: &rules.Choices{ConsentMode: map[string]string{"nothing": "granted"}}},
		`is no scope of an objection`: {Question: rules.Question{Objections: []string{"x"}}},
	} {
		of.Question.Request = ga4("")
		if failures, x, err := p.Test(&of); err == nil || !strings.Contains(err.Error(), want) &&
			!strings.Contains(want, "nothing") || failures != nil || x != nil {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, c := range []rules.Choices{{Own: map[string]string{"elsewhere": "granted", "analytics": "granted"}}} {
		if got := *p.SignalsOf(&c); got != (signal.Signals{}) {
			t.Errorf("a choice that nobody knows says %+v", got)
		}
	}
}

// TestChoices: what would have been read where a visitor chose so.
func TestChoices(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for _, c := range []struct {
		of   rules.Choices
		want signal.Signals
	}{
		{rules.Choices{}, signal.Signals{}},
		{rules.Choices{GPC: true}, signal.Signals{GPC: signal.Valid}},
		{rules.Choices{DNT: true}, signal.Signals{DNT: signal.Valid}},
		{rules.Choices{Own: map[string]string{}},
			signal.Signals{N: 1, Sources: [signal.MaxSources]signal.SourceReading{{Kind: signal.Own, State: signal.Valid}}}},
		{rules.Choices{Own: map[string]string{"analytics": "granted", "marketing": "refused"}},
			signal.Signals{N: 1, Sources: [signal.MaxSources]signal.SourceReading{{Kind: signal.Own, State: signal.Valid,
				Granted: 1, Refused: 2, Declined: 2}}}},
		{rules.Choices{ConsentMode: map[string]string{"ad_storage": "denied", "ad_user_data": "granted"}},
			signal.Signals{N: 1, Sources: [signal.MaxSources]signal.SourceReading{{Kind: signal.ConsentMode, State: signal.Valid,
				Refused: 2, Declined: 2}}}},
		{rules.Choices{Own: map[string]string{"analytics": "granted"},
			ConsentMode: map[string]string{"ad_storage": "granted"}},
			signal.Signals{N: 2, Sources: [signal.MaxSources]signal.SourceReading{
				{Kind: signal.Own, State: signal.Valid, Granted: 1}, {Kind: signal.ConsentMode, State: signal.Valid, Granted: 2},
			}}},
	} {
		if got := *p.SignalsOf(&c.of); got != c.want {
			t.Errorf("%+v says %+v", c.of, got)
		}
	}
}
