package main

import (
	"strconv"

	"github.com/tagwarden/tagwarden/bench/load"
)

// serialMark is what the number of an event follows in its name: letters alone, so that it
// stands the same in JSON, forms and queries.
const serialMark = "benchserial"

// mergeVendor is a vendor that takes several events in one request: a hit as its SDK sends it,
// with one event, and what it answers to n.
type mergeVendor struct {
	id     string // in the catalog
	hosts  string // of its server entry, in YAML; UPSTREAM is the sink
	hit    string // [load.Template]; its path stands below /ID
	answer func(dst []byte, n int) []byte
}

const (
	agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 " +
		"Safari/537.36"

	// browserHeaders are those of every hit.
	browserHeaders = "\nHost: " + host + "\nUser-Agent: " + agent +
		"\nAccept: */*\nAccept-Language: de-DE,de;q=0.9,en;q=0.8" +
		"\nOrigin: https://shop.example\nReferer: https://shop.example/\nCookie: " + consentCookie + "=yes\nContent-Type: "

	page = "https://shop.example/p/red-shoes?variant=42&utm_source=news"

	// segmentEvent is what Segment and those who speak its language are sent.
	segmentEvent = `{"timestamp":"2026-11-29T10:00:00.123Z","integrations":{},"userId":null,"anonymousId":"$uuid","type":"track",` +
		`"event":"Viewed ` + serialMark +
		`$serial","properties":{"product_id":"SKU-7","name":"Red shoes","category":"Shoes","price":59.9,` +
		`"quantity":1,"currency":"EUR","position":3},"context":{"page":{"path":"/p/red-shoes","referrer":"https://search.example/?q=red+shoes",` +
		`"search":"?variant=42","title":"Red shoes - Shop","url":"` + page + `"},"userAgent":"` + agent +
		`","locale":"de-DE",` +
		`"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"timezone":"Europe/Berlin"},` +
		`"messageId":"ajs-next-$ms-$uuid"`
)

// mergeVendors are all of the catalog that take several.
var mergeVendors = []mergeVendor{
	{
		"amplitude", `upstream: "http://UPSTREAM"`,
		"POST /amplitude/2/httpapi" + browserHeaders + "application/json\n\n" +
			`{"api_key":"BENCH","events":[{"device_id":"$uuid","session_id":1780000000123,"time":$ms,"platform":"Web","language":"de-DE",` +
			`"insert_id":"$uuid","event_type":"Viewed ` + serialMark +
			`$serial","event_properties":{"product_id":"SKU-7","price":59.9,` +
			`"[Amplitude] Page Location":"` + page +
			`","[Amplitude] Page Title":"Red shoes - Shop","[Amplitude] Page Path":"/p/red-shoes"},` +
			`"event_id":3,"library":"amplitude-ts/2.40.0","user_agent":"` + agent + `"}],"options":{}}`,
		counted(`{"code":200,"events_ingested":`, `,"payload_size_bytes":1,"server_upload_time":1}`),
	},
	{
		"matomo", `upstream: "http://UPSTREAM"`,
		"GET /matomo/matomo.php?action_name=Red%20shoes%20" + serialMark +
			"$serial&idsite=1&rec=1&r=661619&h=1&m=53&s=20&url=" +
			"https%3A%2F%2Fshop.example%2Fp%2Fred-shoes%3Fvariant%3D42%26utm_source%3Dnews&urlref=https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes" +
			"&_id=$hex&_idn=1&send_image=1&_rcn=spring&_refts=1795485200&_ref=https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes&pf_net=0&pf_srv=6" +
			"&pf_tfr=5&pf_dm1=27&pf_dm2=7&pf_onl=0&pv_id=98jqTo&pdf=1&qt=0&realp=0&wma=0&fla=0&java=0&ag=0&cookie=1&res=1280x800" +
			browserHeaders + "text/plain",
		counted(`{"status":"success","tracked":`, `,"invalid":0,"invalid_indices":[]}`),
	},
	{
		"meta_capi", `upstream: "http://UPSTREAM"`,
		"POST /meta_capi/v21.0/123456789/events?access_token=BENCHbench" + browserHeaders + "application/json\n\n" +
			`{"data":[{"event_name":"Viewed ` + serialMark +
			`$serial","event_time":1795484940,"event_id":"$uuid","action_source":"website",` +
			`"event_source_url":"` + page + `","user_data":{"fbp":"fb.1.$ms.1098115397","client_user_agent":"` + agent + `"},` +
			`"custom_data":{"currency":"EUR","value":59.9,"content_ids":["SKU-7"],"content_name":"Red shoes","content_type":"product"}}]}`,
		counted(`{"events_received":`, `,"messages":[],"fbtrace_id":"A"}`),
	},
	{
		"mixpanel", `upstream: "http://UPSTREAM"`,
		"POST /mixpanel/track/?ip=1" + browserHeaders + "application/x-www-form-urlencoded\n\n" +
			"data=%5B%7B%22event%22%3A%22Viewed%20" + serialMark +
			"$serial%22%2C%22properties%22%3A%7B%22%24os%22%3A%22Windows%22%2C" +
			"%22%24browser%22%3A%22Chrome%22%2C%22%24referrer%22%3A%22https%3A%2F%2Fsearch.example%2F%3Fq%3Dred%2Bshoes%22%2C" +
			"%22%24current_url%22%3A%22https%3A%2F%2Fshop.example%2Fp%2Fred-shoes%3Fvariant%3D42%22%2C%22%24browser_version%22%3A141%2C" +
			"%22%24screen_height%22%3A800%2C%22%24screen_width%22%3A1280%2C%22mp_lib%22%3A%22web%22%2C%22%24lib_version%22%3A%222.83.0%22%2C" +
			"%22%24insert_id%22%3A%22$hex%22%2C%22time%22%3A1795484940.146%2C%22distinct_id%22%3A%22%24device%3A$uuid%22%2C" +
			"%22%24device_id%22%3A%22$uuid%22%2C%22current_page_title%22%3A%22Red%20shoes%22%2C%22token%22%3A%22BENCHbench%22%7D%7D%5D",
		always("text/plain", "1"),
	},
	{
		"posthog", `upstreams: { api: "http://UPSTREAM", assets: "http://UPSTREAM" }`,
		"POST /posthog/e/?ip=0&ver=1.449.2" + browserHeaders + "text/plain\n\n" +
			`{"uuid":"$uuid","event":"Viewed ` + serialMark +
			`$serial","properties":{"$$os":"Windows","$$os_version":"10.0","$$browser":"Chrome",` +
			`"$$device_type":"Desktop","$$current_url":"` + page + `","$$host":"shop.example","$$pathname":"/p/red-shoes",` +
			`"$$raw_user_agent":"` + agent + `","$$browser_version":141,"$$browser_language":"de-DE","$$screen_height":800,` +
			`"$$screen_width":1280,"$$viewport_height":720,"$$viewport_width":1280,"$$lib":"web","$$lib_version":"1.449.2",` +
			`"$$insert_id":"$hex","$$time":1795484940.146,"distinct_id":"$uuid","$$device_id":"$uuid","title":"Red shoes - Shop",` +
			`"$$referrer":"https://search.example/?q=red+shoes","$$referring_domain":"search.example","token":"phc_BENCHbench"},` +
			`"timestamp":"2026-11-29T10:00:00.123Z"}`,
		always("application/json", `{"status":"Ok"}`),
	},
	{
		"rudderstack", `upstreams: { api: "http://UPSTREAM", settings: "http://UPSTREAM" }`,
		"POST /rudderstack/v1/track" + browserHeaders + "application/json\n\n" + segmentEvent +
			`,"channel":"web","originalTimestamp":"2026-11-29T10:00:00.123Z"}`,
		always("text/plain", "OK"),
	},
	{
		"segment", `upstreams: { api: "http://UPSTREAM", settings: "http://UPSTREAM" }`,
		"POST /segment/v1/t" + browserHeaders + "text/plain\n\n" + segmentEvent +
			`,"writeKey":"BENCHbenchBENCHbenchBENCHbench12"}`,
		always("application/json", `{"success":true}`),
	},
	{
		"snowplow", `upstream: "http://UPSTREAM"`,
		"POST /snowplow/com.snowplowanalytics.snowplow/tp2" + browserHeaders + "application/json; charset=UTF-8\n\n" +
			`{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"se","se_ca":"shop",` +
			`"se_ac":"Viewed ` + serialMark +
			`$serial","eid":"$uuid","p":"web","tv":"js-4.10.1","tna":"sp","aid":"shop","cs":"UTF-8",` +
			`"cookie":"1","dtm":"$ms","stm":"1795484931632","duid":"$browser","vid":"1","lang":"de-DE","res":"1280x800","vp":"1280x720",` +
			`"ds":"1280x2400","cd":"24","tz":"Europe/Berlin","url":"` + page + `","page":"Red shoes - Shop",` +
			`"refr":"https://search.example/?q=red+shoes"}]}`,
		always("text/plain", "ok"),
	},
}

// always answers 200 with a text.
func always(contentType, text string) load.Answer {
	whole := "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nContent-Length: " + strconv.Itoa(len(text)) +
		"\r\n\r\n" + text
	return func(dst []byte, _ int) []byte { return append(dst, whole...) }
}

// counted answers 200 with JSON in which the number of events stands between two texts.
func counted(before, behind string) load.Answer {
	return func(dst []byte, n int) []byte {
		var room [256]byte
		body := append(strconv.AppendInt(append(room[:0], before...), int64(n), 10), behind...)
		dst = append(dst, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(body)), 10)
		dst = append(dst, "\r\n\r\n"...)
		return append(dst, body...)
	}
}
