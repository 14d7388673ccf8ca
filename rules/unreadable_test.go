package rules_test

import (
	"strings"
	"testing"
)

// TestUnreadableEvents: what stands in an event's place and is none is denied, and is cut out of its batch.
func TestUnreadableEvents(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	post := func(path, body string) string {
		return "POST " + path + " HTTP/1.1\nContent-Type: application/json\n\n" + body
	}
	for name, c := range map[string]struct{ vendor, text, want string }{
		"requests that are none": {"matomo",
			post("/matomo.php", `{"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F",{"idsite":1},5,null,"jane.doe@example.com",""]}`),
			`{"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F"]}`},
		"a name that is an object": {"segment",
			post("/v1/batch", `{"batch":[{"type":"track","event":{"a":"b"},"anonymousId":"x"},{"type":"track","event":"c"}]}`),
			`{"batch":[{"type":"track","event":"c","context":{"ip":"203.0.0.0"}}]}`},
		"a name that is a list": {"posthog",
			post("/batch/", `{"api_key":"k","batch":[{"event":["a"],"distinct_id":"d"},{"event":"c","properties":{}}]}`),
			`{"api_key":"k","batch":[{"event":"c","properties":{"$ip":"203.0.0.0"}}]}`},
	} {
		x := explain(t, p, request(t, c.text, c.vendor, append(asBrowsers(), yes)...))
		if x.Forward == nil || x.Forward.Body != c.want {
			t.Errorf("%s: %+v, want %s", name, x.Forward, c.want)
		}
		for _, e := range x.Events {
			if e.Decision == "permit" == (e.Reason == "malformed") {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

// TestSemicolonsSeparateNothing: some servers take ";" for "&" (HTML 4, appendix B.2.2). Behind
// one stands no field that nobody judged.
func TestSemicolonsSeparateNothing(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	p := compile(t, d)
	x := explain(t, p, request(
		t, "GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view;uid=cust-48213&ep.a;uid=cust-48213&ep.b=1;2 HTTP/1.1\n\n",
		"ga4", yes))
	if x.Forward == nil || strings.Contains(x.Forward.URL, ";") || !strings.Contains(x.Forward.URL, "ep.b=1%3B2") {
		t.Errorf("%+v", x.Forward)
	}
}
