package rules_test

import (
	"maps"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// openly is a profile under which most of a hit leaves: addresses and coordinates cut, what is free looked over.
func openly() *rules.Draft {
	d := draft()
	classes := maps.Clone(firstPart)
	for _, class := range []string{"custom", "user_trait", "free_text", "element", "product", "error", "search_term"} {
		classes[class] = scrubbed
	}
	classes["precise_geo"] = minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Decimals: new(1)}}
	d.Profiles[0].Classes = classes
	return d
}

func TestXX(t *testing.T) {
	p := compile(t, openly())
	for _, c := range [][2]string{
		{"ga4", "GET /g/collect?v=2&tid=G-T&cid=1.2&en=purchase&pr1=idSKU~nm4111%201111%201111%201111~k0iban~v0DE89370400440532013000~k1ip~v1203.0.113.77~k2b~v2amFuZS5kb2VAZXhhbXBsZS5jb20%3D~k3size~v3XL HTTP/1.1\n\n"},
		{"snowplow", "POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\nContent-Type: application/json\n\n" + `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","p":"web","tv":"js","aid":"a","duid":"aaaa0000-2222-4333-8444-555566667777","co":"{\"schema\":\"x\",\"data\":[{\"schema\":\"iglu:com.acme/user/jsonschema/1-0-0\",\"data\":{\"userId\":\"cust-48213\",\"id\":\"cust-48213\"}}]}"}]}`},
		{"posthog", "POST /e/ HTTP/1.1\nContent-Type: application/json\n\n" + `{"api_key":"phc","event":"$autocapture","properties":{"token":"phc","distinct_id":"0190ffff-1111-7222-8333-444455556666","$elements":[{"tag_name":"a","attr__href":"/account/12345/orders?name=Jane","attr__data-user-id":"cust-48213"}],"$elements_chain":"a:href=\"/account/12345/orders\"attr__data-user-id=\"cust-48213\""}}`},
		{"segment", "POST /v1/t HTTP/1.1\nContent-Type: application/json\n\n" + `{"type": "track", "event": "E", "anonymousId": "0190f1a2-aaaa-4bbb-8ccc-0123456789ab", "messageId": "m1", "properties": {"coords": [52.520008, 13.404954], "position": [52.520008, 13.404954], "pair": ["52.520008", "13.404954"], "a":"/account/12345/orders?name=Jane","ratings":[4.6667,5.0],"center":{"x":13.404954,"y":52.520008},"geometry": {"type": "Point", "coordinates": [13.404954, 52.520008]},"bbox":[13.1,52.3,13.7,52.6],"poly":{"coordinates":[[[13.1,52.3],[13.7,52.6]]]}, "fraction":"1/2"}}`},
		{"matomo", "GET /matomo.php?idsite=1&rec=1&_id=0123456789abcdef&url=x&_cvar=%7B%221%22%3A%5B%22email%22%2C%22x%40y.de%22%5D%2C%222%22%3A%5B%22plan%22%2C%22gold%22%5D%7D&ec_items=%5B%5B%22S%22%2C%22Jane%20jane%40example.com%22%2C%5B%22a%22%5D%2C1.5%2C2%5D%5D HTTP/1.1\n\n"},
	} {
		x := explain(t, p, request(t, c[1], c[0], yes))
		if x.Forward == nil {
			t.Errorf("%s: %s", c[0], x.Reason)
			continue
		}
		t.Logf("%s\n%s\n%s", c[0], x.Forward.URL, x.Forward.Body)
	}
}

func TestYY(t *testing.T) {
	p := compile(t, openly())
	for _, c := range [][2]string{
		{"segment", "POST /v1/t HTTP/1.1\nContent-Type: application/json\n\n" + `{"type": "track", "event": "E", "anonymousId": "0190f1a2-aaaa-4bbb-8ccc-0123456789ab", "messageId": "m1", "properties": {"a":"{\"email\":\"jane@example.com\",\"firstname\":\"Jane\",\"size\":\"XL\",\"b\":\"[{\\\"iban\\\":1,\\\"c\\\":2}]\"}","b":"[sale] x","c":"{broken"}}`},
		{"ga4", "GET /g/collect?v=2&tid=G-T&cid=1.2&en=purchase&ep.x=%7B%22email%22%3A%22a%40example.com%22%2C%22size%22%3A%22XL%22%7D HTTP/1.1\n\n"},
	} {
		x := explain(t, p, request(t, c[1], c[0], yes))
		if x.Forward == nil {
			t.Errorf("%s: %s", c[0], x.Reason)
			continue
		}
		t.Logf("%s\n%s\n%s", c[0], x.Forward.URL, x.Forward.Body)
	}
}
