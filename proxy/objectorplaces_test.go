package proxy_test

import (
	"encoding/json"
	"net/url"
	"strings"
)

// place is where an SDK, or a server, puts an identifier of a kind. ID stands for it in the hit.
type place struct {
	vendor, kind string
	as           string // what an objection calls it
	hit          string // method, path and query, blank, body; cookies in front behind a bar
	hashed       bool   // hashes may stand there
	only         bool   // it stands there as it is, in no other dress
}

func places() []place {
	var all []place
	add := func(vendor, kind, as string, hits ...string) {
		for _, hit := range hits {
			p := place{vendor: vendor, kind: kind, as: as, hit: hit}
			if rest, ok := strings.CutPrefix(hit, "#"); ok {
				p.hashed, p.hit = true, rest
			}
			if rest, ok := strings.CutPrefix(p.hit, "="); ok {
				p.only, p.hit = true, rest
			}
			all = append(all, p)
		}
	}
	const ga = "GET /g/collect?v=2&tid=G-1&en=page_view"
	add("ga4", "cid", "client_id:ga4", ga+"&cid=ID", "=_ga=GA1.1.ID|"+ga+"&cid=9.9")
	add("ga4", "user_id", "user_id", ga+"&cid=9.9&uid=ID", ga+"&cid=9.9&ep.user_id=ID", ga+"&cid=9.9&up.customer_no=ID")
	add("ga4", "email", "email", ga+"&cid=9.9&ep.user_email=ID", ga+"&cid=9.9&ep.note=ID", ga+"&cid=9.9&up.x=ID",
		ga+"&cid=9.9&uid=ID")
	add("ga4", "phone", "phone", ga+"&cid=9.9&ep.phone=ID", ga+"&cid=9.9&ep.note=ID")
	const mp = `POST /mp/collect?measurement_id=G-T&api_secret=s {"events":[{"name":"purchase","params":{}}],`
	add("ga4_mp", "cid", "client_id:ga4", mp+`"client_id":"ID"}`)
	add("ga4_mp", "user_id", "user_id", mp+`"client_id":"9.9","user_id":"ID"}`)
	add("ga4_mp", "email", "email", "#"+mp+`"client_id":"9.9","user_data":{"sha256_email_address":"ID"}}`,
		mp+`"client_id":"9.9","user_properties":{"mail":{"value":"ID"}}}`)
	add("ga4_mp", "phone", "phone", "#"+mp+`"client_id":"9.9","user_data":{"sha256_phone_number":["ID"]}}`)
	const m = "GET /matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F"
	add("matomo", "hex16", "client_id:matomo", m+"&_id=ID", m+"&cid=ID",
		`POST /matomo.php {"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F&_id=ID"]}`,
		"=_pk_id.1.1fff=ID.1700000000.|"+m)
	add("matomo", "user_id", "user_id", m+"&uid=ID")
	add("matomo", "email", "email", m+"&uid=ID", m+"&dimension1=ID", m+`&_cvar={"1":["mail","ID"]}`)
	const tr = "GET /tr/?id=255813999377376&ev=PageView&dl=https%3A%2F%2Fshop.example%2F"
	add("meta_pixel", "fbp", "client_id:meta_pixel", tr+"&fbp=ID", "=_fbp=ID|"+tr)
	add("meta_pixel", "email", "email", "#"+tr+"&ud[em]=ID", tr+"&cd[note]=ID")
	add("meta_pixel", "phone", "phone", "#"+tr+"&ud[ph]=ID")
	add("meta_pixel", "user_id", "user_id", "#"+tr+"&ud[external_id]=ID")
	const capi = `POST /v21.0/123/events {"data":[{"event_name":"Purchase","event_time":1764000000,"action_source":"website","event_source_url":"https://shop.example/","user_data":{"client_user_agent":"Mozilla/5.0",`
	add("meta_capi", "fbp", "client_id:meta_pixel", capi+`"fbp":"ID"}}]}`)
	add("meta_capi", "email", "email", "#"+capi+`"em":["ID"]}}]}`, "#"+capi+`"em":"ID"}}]}`)
	add("meta_capi", "phone", "phone", "#"+capi+`"ph":["ID"]}}]}`)
	add("meta_capi", "user_id", "user_id", "#"+capi+`"external_id":"ID"}}]}`)
	const mx = `POST /track/ [{"event":"Add","properties":{"token":"t","$insert_id":"abcabcabcabcabca","time":1764000000,`
	add("mixpanel", "uuid", "device_id:mixpanel",
		mx+`"distinct_id":"$device:9d889c3c-0547-48a4-9dc5-2e5a46242f99","$device_id":"ID"}}]`)
	add("mixpanel", "user_id", "user_id", mx+`"distinct_id":"ID"}}]`, mx+`"distinct_id":"x","$user_id":"ID"}}]`,
		mx+`"distinct_id":"x","alias":"ID"}}]`)
	add("mixpanel", "email", "email", mx+`"distinct_id":"ID"}}]`, mx+`"distinct_id":"x","note":"ID"}}]`,
		`POST /engage/ [{"$token":"t","$distinct_id":"x","$set":{"$email":"ID"}}]`)
	add("mixpanel", "phone", "phone", `POST /engage/ [{"$token":"t","$distinct_id":"x","$set":{"$phone":"ID"}}]`)
	const amp = `POST /2/httpapi {"api_key":"k","events":[{"event_type":"e","time":1764000000000,`
	add("amplitude", "uuid", "device_id:amplitude", amp+`"device_id":"ID"}]}`)
	add("amplitude", "user_id", "user_id", amp+`"device_id":"9d889c3c-0547-48a4-9dc5-2e5a46242f99","user_id":"ID"}]}`)
	add("amplitude", "email", "email", amp+`"user_id":"ID"}]}`,
		amp+`"user_id":"x-12345","user_properties":{"$set":{"mail":"ID"}}}]}`,
		amp+`"user_id":"x-12345","event_properties":{"x":"ID"}}]}`)
	for _, vendor := range []string{"segment", "rudderstack"} {
		path := map[string]string{"segment": "/v1/t", "rudderstack": "/v1/track"}[vendor]
		event := `POST ` + path + ` {"type":"track","event":"e","messageId":"m1","writeKey":"wk",`
		const other = `"anonymousId":"9d889c3c-0547-48a4-9dc5-2e5a46242f99"`
		add(vendor, "uuid", "client_id:segment", event+`"anonymousId":"ID"}`,
			event+`"userId":"x-1234","context":{"externalIds":[{"type":"anonymous_id","id":"ID"}]}}`)
		add(vendor, "user_id", "user_id", event+`"userId":"ID"}`, event+other+
			`,"context":{"externalIds":[{"type":"user_id","id":"ID"}]}}`, event+other+`,"context":{"traits":{"id":"ID"}}}`)
		add(vendor, "email", "email", event+`"userId":"ID"}`, event+other+`,"context":{"traits":{"email":"ID"}}}`,
			event+other+`,"properties":{"email":"ID"}}`,
			event+other+`,"properties":{"x":"ID"}}`, event+other+`,"properties":{"products":[{"x":"ID"}]}}`, event+other+
				`,"context":{"externalIds":[{"type":"email","id":"ID"}]}}`)
		add(vendor, "phone", "phone", event+other+`,"context":{"traits":{"phone":"ID"}}}`, event+other+
			`,"properties":{"x":"ID"}}`)
	}
	add("segment", "uuid", "client_id:segment",
		`=ajs_anonymous_id=ID|POST /v1/t {"type":"track","event":"e","messageId":"m1","writeKey":"wk","userId":"x-1234"}`)
	add("segment", "email", "email",
		`POST /v1/b {"writeKey":"wk","context":{"traits":{"email":"ID"}},"batch":[{"type":"track","event":"e","messageId":"m1","userId":"x-1234"}]}`)
	const jitsu = `POST /api/s/track {"type":"track","event":"e","messageId":"m1","writeKey":"wk",`
	add("jitsu", "uuid", "client_id:segment", jitsu+`"anonymousId":"ID"}`)
	add("jitsu", "user_id", "user_id", jitsu+`"userId":"ID"}`)
	add("jitsu", "email", "email", jitsu+`"userId":"x-1","context":{"traits":{"email":"ID"}}}`)
	const sp = `POST /com.snowplowanalytics.snowplow/tp2 {"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","p":"web","tv":"js","aid":"a",`
	add("snowplow", "uuid", "client_id:snowplow", sp+`"duid":"ID"}]}`)
	add("snowplow", "user_id", "user_id", sp+`"uid":"ID"}]}`)
	add("snowplow", "email", "email", sp+`"uid":"ID"}]}`,
		sp+`"co":"{\"schema\":\"x\",\"data\":[{\"schema\":\"iglu:com.acme/user/jsonschema/1-0-0\",\"data\":{\"mail\":\"ID\"}}]}"}]}`)
	const ph = `POST /e/ {"api_key":"phc","event":"e","properties":{"token":"phc",`
	add("posthog", "uuid", "client_id:posthog", ph+`"distinct_id":"ID"}}`,
		ph+`"distinct_id":"x-12345","$device_id":"ID"}}`, ph+`"distinct_id":"x-12345","$anon_distinct_id":"ID"}}`)
	add("posthog", "user_id", "user_id", ph+`"distinct_id":"ID"}}`,
		ph+`"distinct_id":"9d889c3c-0547-48a4-9dc5-2e5a46242f99","$user_id":"ID"}}`)
	add("posthog", "email", "email", ph+`"distinct_id":"ID"}}`, ph+`"distinct_id":"x-12345","$set":{"email":"ID"}}}`,
		ph+`"distinct_id":"x-12345","note":"ID"}}`)
	add("plausible", "email", "email",
		`POST /api/event {"n":"pageview","u":"https://shop.example/","d":"shop.example","p":{"x":"ID"}}`)
	add("umami", "email", "email", `POST /api/send {"type":"event","payload":{"website":"w","url":"/","data":{"x":"ID"}}}`)
	add("umami", "user_id", "user_id", `POST /api/send {"type":"event","payload":{"website":"w","url":"/","id":"ID"}}`)
	return all
}

// request is the hit with an identifier in its place.
func (p *place) request(id string, in who) string {
	// The browser is nobody else's: it is objected for from now on, too.
	hit, cookie := strings.NewReplacer("9.9", in.of("cid"), "9d889c3c-0547-48a4-9dc5-2e5a46242f99",
		in.of("uuid")).Replace(p.hit), ""
	if before, rest, ok := strings.Cut(hit, "|"); ok && !strings.HasPrefix(hit, "GET") && !strings.HasPrefix(hit, "POST") {
		cookie, hit = "; "+strings.Replace(before, "ID", id, 1), rest
	}
	method, rest, _ := strings.Cut(hit, " ")
	target, body, _ := strings.Cut(rest, " ")
	target = "/t/" + p.vendor + strings.NewReplacer("[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", `"`, "%22").Replace(
		strings.ReplaceAll(target, "ID", url.QueryEscape(id)))
	quoted, _ := json.Marshal(id)
	inJSON := string(quoted[1 : len(quoted)-1])
	if strings.Contains(body, `\"ID\"`) { // JSON in JSON
		again, _ := json.Marshal(inJSON)
		inJSON = string(again[1 : len(again)-1])
	}
	if p.vendor == "matomo" && body != "" {
		inJSON = url.QueryEscape(id)
	}
	body = strings.ReplaceAll(body, "ID", inJSON)
	headers := "User-Agent: Mozilla/5.0 Chrome/141.0.0.0\r\nCookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D" +
		cookie + "\r\n"
	if method == "GET" {
		return get(target, headers)
	}
	return post(target, headers+"Content-Type: application/json\r\n", body)
}
