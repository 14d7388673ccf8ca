package rules_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestSelfDescribingJSONStaysWhole: of an event of which no member may leave, Snowplow still gets schema and data;
// without data its own validation would refuse the event (a self-describing JSON has both).
func TestSelfDescribingJSONStaysWhole(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	event := base64.URLEncoding.EncodeToString(
		[]byte(`{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme/visit/jsonschema/1-0-0","data":{"who":"jane"}}}`))
	entities := base64.URLEncoding.EncodeToString(
		[]byte(`{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:com.acme/customer/jsonschema/1-0-0","data":{"who":"jane"}}]}`))
	x := explain(t, p, request(t, "GET /i?e=ue&p=web&tv=js-1&ue_px="+event+"&cx="+entities+" HTTP/1.1\n\n",
		"snowplow", yes))
	if x.Forward == nil {
		t.Fatal(x.Reason)
	}
	for name, want := range map[string]string{"ue_px=": `visit/jsonschema/1-0-0","data":{}}`,
		"cx=": `customer/jsonschema/1-0-0","data":{}}`} {
		_, rest, _ := strings.Cut(x.Forward.URL, name)
		text, _, _ := strings.Cut(rest, "&")
		text = strings.ReplaceAll(text, "%3D", "=")
		inside, err := base64.URLEncoding.DecodeString(text)
		if err != nil || !strings.Contains(string(inside), want) || strings.Contains(string(inside), "jane") {
			t.Errorf("%s%s (%v)", name, inside, err)
		}
	}
}
