package rules_test

import (
	"maps"
	"strings"
	"testing"
)

// TestAPairGoesWhole: where a value is dropped its name goes with it, and a name that
// tells of somebody takes its value along.
func TestAPairGoesWhole(t *testing.T) {
	t.Parallel()
	d := draft()
	classes := maps.Clone(firstPart)
	classes["custom"], classes["free_text"] = scrubbed, scrubbed
	d.Profiles[0].Classes = classes
	p := compile(t, d)
	const log = "POST /i/v1/logs?token=phc_x HTTP/1.1\nContent-Type: application/json\n\n" +
		`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"jane.doe@example.com","value":{"stringValue":"KEPT?"}}]},"scopeLogs":[{"logRecords":[` +
		`{"severityText":"ERROR","body":{"stringValue":"payment of jane.doe@example.com failed"},"attributes":[` +
		`{"key":"posthogDistinctId","value":{"stringValue":"jane.doe@example.com"}},{"key":"email","value":{"stringValue":"jane.doe@example.com"}},` +
		`{"key":"colour","value":{"stringValue":"red"}},{"key":"mail of jane.doe@example.com","value":{"stringValue":"GONE"}},` +
		`{"key":"list","value":{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"call +49 30 901820 11"}}]}}},` +
		`{"key":"url.full","value":{"stringValue":"https://shop.example/account/12345/orders?email=jane.doe%40example.com&utm_source=news"}}]}]}]}]}`
	x := explain(t, p, request(t, log, "posthog", yes))
	if x.Forward == nil {
		t.Fatalf("nothing is forwarded: %s %+v", x.Reason, x.Events)
	}
	left := sent(t, x)
	for _, gone := range []string{"jane", "GONE", "KEPT?", `"email"`, "901820", "12345"} {
		if around, found := left.Find(gone); found {
			t.Errorf("%q leaves %s", gone, around)
		}
	}
	for _, empty := range []string{"{}", "[]"} {
		if strings.Contains(x.Forward.Body, empty) {
			t.Errorf("%q leaves: %s", empty, x.Forward.Body)
		}
	}
	for _, there := range []string{`{"key":"colour","value":{"stringValue":"red"}}`,
		`{"key":"service.name","value":{"stringValue":"shop"}}`, `{"key":"posthogDistinctId","value":{"stringValue":"`,
		"utm_source=news", "payment of [email] failed"} {
		if !strings.Contains(x.Forward.Body, there) {
			t.Errorf("%q does not leave: %s", there, x.Forward.Body)
		}
	}
}

// TestABodyThatBeginsAsJSON: what is cut off is no form: it would be one long name, and nothing of it would be seen.
func TestABodyThatBeginsAsJSON(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	const bulk = `{"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2Fa&action_name=Home&_id=0123456789abcdef","?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2Fb&e_c=a&e_a=b&_id=0123456789abcdef"]}`
	for _, c := range []struct {
		body   string
		reason string
	}{
		{bulk, ""}, {bulk[:len(bulk)-1], "malformed"}, {" " + bulk[:len(bulk)-1], "malformed"},
		{bulk[:len(bulk)-2], "malformed"}, {bulk + "x", "malformed"}, {"[" + bulk, "malformed"},
		{"idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2Fa", ""},
	} {
		for _, kind := range []string{"application/x-www-form-urlencoded; charset=UTF-8", "application/json", "text/plain"} {
			x := explain(t, p, request(t, "POST /matomo.php?idsite=1&rec=1 HTTP/1.1\nContent-Type: "+kind+"\n\n"+
				c.body, "matomo", yes))
			if x.Reason != c.reason || (x.Forward == nil) != (c.reason != "") || x.Respond.Status != 200 {
				t.Errorf("%s %.60s: %q, forwarded %v, answered %d", kind, c.body, x.Reason, x.Forward != nil, x.Respond.Status)
			}
		}
	}
}
