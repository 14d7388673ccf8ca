package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// who is a visitor, by a number: what each kind of identifier of theirs is.
type who int

func (n who) of(kind string) string {
	switch kind {
	case "email":
		return fmt.Sprintf("jane.doe%d@example.com", n)
	case "idn":
		return fmt.Sprintf("jane.doe%d@exämple.com", n)
	case "phone":
		return fmt.Sprintf("+4917139%05d", n)
	case "user_id":
		return fmt.Sprintf("cust-%05d", n)
	case "cid":
		return fmt.Sprintf("1%09d.17000%05d", n, n)
	case "uuid":
		return fmt.Sprintf("5d889c3c-0547-48a4-9dc5-2e5a%08x", n+1<<24)
	case "hex16":
		return fmt.Sprintf("abcdef01%08x", n+1<<24)
	case "fbp":
		return fmt.Sprintf("fb.1.17500000%05d.2%09d", n, n)
	}
	panic(kind)
}

// dress is a way to write an identifier.
type dress struct {
	name string
	of   func(id string) string
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

func packed(text string, in *base64.Encoding) string {
	digest := sha256.Sum256([]byte(text))
	return in.EncodeToString(digest[:])
}

// digits of an E.164 number.
func digitsOf(phone string) string { return phone[1:] }

var same = dress{"as it is", func(id string) string { return id }}

// dresses are the ways in which people, forms, CRMs and SDKs write an identifier of a kind.
var dresses = map[string][]dress{
	"email": {
		same,
		{"capitals", strings.ToUpper},
		{"blanks", func(id string) string { return "  " + id + " " }},
		{"name and brackets", func(id string) string { return "Jane Doe <" + id + ">" }},
		{"mailto", func(id string) string { return "mailto:" + id }},
		{"trailing dot", func(id string) string { return id + "." }},
	},
	"idn": {
		same,
		{"A-label", func(id string) string { return strings.Replace(id, "exämple", "xn--exmple-cua", 1) }},
		{"decomposed", func(id string) string { return strings.Replace(id, "ä", "a\u0308", 1) }},
		{"capitals", strings.ToUpper},
	},
	"phone": {
		same,
		{"groups", func(id string) string { return id[:3] + " 171 " + id[6:] }},
		{"00", func(id string) string { return "00" + id[1:] }},
		{"trunk", func(id string) string { return "+49 (0)171/" + id[6:] }},
		{"trunk without brackets", func(id string) string { return "+49 0171 " + id[6:] }},
		{"tel", func(id string) string { return "tel:" + id }},
		{"extension", func(id string) string { return id + " ext. 12" }},
		{"full width", func(id string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r - '0' + '０'
				}
				return r
			}, id)
		}},
	},
	"user_id": {same, {"blanks", func(id string) string { return " " + id + " " }}},
	"cid":     {same, {"cookie", func(id string) string { return "GA1.1." + id }}, {"cookie of a subdomain", func(id string) string { return "GA1.2." + id }}},
	"uuid":    {same, {"capitals", strings.ToUpper}},
	"hex16":   {same, {"capitals", strings.ToUpper}},
	"fbp":     {same},
}

// hashes are the ways in which vendors and sites hash an identifier.
var hashes = map[string][]dress{
	"email": {
		{"SHA-256", sum},
		{"SHA-256 in capitals", func(id string) string { return strings.ToUpper(sum(id)) }},
		{"SHA-256 with a name", func(id string) string { return "sha256:" + sum(id) }},
		{"SHA-256 in base64", func(id string) string { return packed(id, base64.StdEncoding) }},
		{"SHA-256 in base64url", func(id string) string { return packed(id, base64.RawURLEncoding) }},
		{"0x", func(id string) string { return "0x" + sum(id) }},
	},
	"phone": {
		{"SHA-256 of digits", func(id string) string { return sum(digitsOf(id)) }},
		{"SHA-256 of E.164", sum},
		{"SHA-256 in base64", func(id string) string { return packed(id, base64.StdEncoding) }},
	},
	"user_id": {{"SHA-256", sum}},
}

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
	add("ga4", "email", "email", ga+"&cid=9.9&ep.user_email=ID", ga+"&cid=9.9&ep.note=ID", ga+"&cid=9.9&up.x=ID", ga+"&cid=9.9&uid=ID")
	add("ga4", "phone", "phone", ga+"&cid=9.9&ep.phone=ID", ga+"&cid=9.9&ep.note=ID")
	const mp = `POST /mp/collect?measurement_id=G-T&api_secret=s {"events":[{"name":"purchase","params":{}}],`
	add("ga4_mp", "cid", "client_id:ga4", mp+`"client_id":"ID"}`)
	add("ga4_mp", "user_id", "user_id", mp+`"client_id":"9.9","user_id":"ID"}`)
	add("ga4_mp", "email", "email", "#"+mp+`"client_id":"9.9","user_data":{"sha256_email_address":"ID"}}`, mp+`"client_id":"9.9","user_properties":{"mail":{"value":"ID"}}}`)
	add("ga4_mp", "phone", "phone", "#"+mp+`"client_id":"9.9","user_data":{"sha256_phone_number":["ID"]}}`)
	const m = "GET /matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F"
	add("matomo", "hex16", "client_id:matomo", m+"&_id=ID", m+"&cid=ID", `POST /matomo.php {"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F&_id=ID"]}`, "=_pk_id.1.1fff=ID.1700000000.|"+m)
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
	add("mixpanel", "uuid", "device_id:mixpanel", mx+`"distinct_id":"$device:9d889c3c-0547-48a4-9dc5-2e5a46242f99","$device_id":"ID"}}]`)
	add("mixpanel", "user_id", "user_id", mx+`"distinct_id":"ID"}}]`, mx+`"distinct_id":"x","$user_id":"ID"}}]`, mx+`"distinct_id":"x","alias":"ID"}}]`)
	add("mixpanel", "email", "email", mx+`"distinct_id":"ID"}}]`, mx+`"distinct_id":"x","note":"ID"}}]`, `POST /engage/ [{"$token":"t","$distinct_id":"x","$set":{"$email":"ID"}}]`)
	add("mixpanel", "phone", "phone", `POST /engage/ [{"$token":"t","$distinct_id":"x","$set":{"$phone":"ID"}}]`)
	const amp = `POST /2/httpapi {"api_key":"k","events":[{"event_type":"e","time":1764000000000,`
	add("amplitude", "uuid", "device_id:amplitude", amp+`"device_id":"ID"}]}`)
	add("amplitude", "user_id", "user_id", amp+`"device_id":"9d889c3c-0547-48a4-9dc5-2e5a46242f99","user_id":"ID"}]}`)
	add("amplitude", "email", "email", amp+`"user_id":"ID"}]}`, amp+`"user_id":"x-12345","user_properties":{"$set":{"mail":"ID"}}}]}`, amp+`"user_id":"x-12345","event_properties":{"x":"ID"}}]}`)
	for _, vendor := range []string{"segment", "rudderstack"} {
		path := map[string]string{"segment": "/v1/t", "rudderstack": "/v1/track"}[vendor]
		event := `POST ` + path + ` {"type":"track","event":"e","messageId":"m1","writeKey":"wk",`
		const other = `"anonymousId":"9d889c3c-0547-48a4-9dc5-2e5a46242f99"`
		add(vendor, "uuid", "client_id:segment", event+`"anonymousId":"ID"}`, event+`"userId":"x-1234","context":{"externalIds":[{"type":"anonymous_id","id":"ID"}]}}`)
		add(vendor, "user_id", "user_id", event+`"userId":"ID"}`, event+other+`,"context":{"externalIds":[{"type":"user_id","id":"ID"}]}}`, event+other+`,"context":{"traits":{"id":"ID"}}}`)
		add(vendor, "email", "email", event+`"userId":"ID"}`, event+other+`,"context":{"traits":{"email":"ID"}}}`, event+other+`,"properties":{"email":"ID"}}`,
			event+other+`,"properties":{"x":"ID"}}`, event+other+`,"properties":{"products":[{"x":"ID"}]}}`, event+other+`,"context":{"externalIds":[{"type":"email","id":"ID"}]}}`)
		add(vendor, "phone", "phone", event+other+`,"context":{"traits":{"phone":"ID"}}}`, event+other+`,"properties":{"x":"ID"}}`)
	}
	add("segment", "uuid", "client_id:segment", `=ajs_anonymous_id=ID|POST /v1/t {"type":"track","event":"e","messageId":"m1","writeKey":"wk","userId":"x-1234"}`)
	add("segment", "email", "email", `POST /v1/b {"writeKey":"wk","context":{"traits":{"email":"ID"}},"batch":[{"type":"track","event":"e","messageId":"m1","userId":"x-1234"}]}`)
	const jitsu = `POST /api/s/track {"type":"track","event":"e","messageId":"m1","writeKey":"wk",`
	add("jitsu", "uuid", "client_id:segment", jitsu+`"anonymousId":"ID"}`)
	add("jitsu", "user_id", "user_id", jitsu+`"userId":"ID"}`)
	add("jitsu", "email", "email", jitsu+`"userId":"x-1","context":{"traits":{"email":"ID"}}}`)
	const sp = `POST /com.snowplowanalytics.snowplow/tp2 {"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","p":"web","tv":"js","aid":"a",`
	add("snowplow", "uuid", "client_id:snowplow", sp+`"duid":"ID"}]}`)
	add("snowplow", "user_id", "user_id", sp+`"uid":"ID"}]}`)
	add("snowplow", "email", "email", sp+`"uid":"ID"}]}`, sp+`"co":"{\"schema\":\"x\",\"data\":[{\"schema\":\"iglu:com.acme/user/jsonschema/1-0-0\",\"data\":{\"mail\":\"ID\"}}]}"}]}`)
	const ph = `POST /e/ {"api_key":"phc","event":"e","properties":{"token":"phc",`
	add("posthog", "uuid", "client_id:posthog", ph+`"distinct_id":"ID"}}`, ph+`"distinct_id":"x-12345","$device_id":"ID"}}`, ph+`"distinct_id":"x-12345","$anon_distinct_id":"ID"}}`)
	add("posthog", "user_id", "user_id", ph+`"distinct_id":"ID"}}`, ph+`"distinct_id":"9d889c3c-0547-48a4-9dc5-2e5a46242f99","$user_id":"ID"}}`)
	add("posthog", "email", "email", ph+`"distinct_id":"ID"}}`, ph+`"distinct_id":"x-12345","$set":{"email":"ID"}}}`, ph+`"distinct_id":"x-12345","note":"ID"}}`)
	add("plausible", "email", "email", `POST /api/event {"n":"pageview","u":"https://shop.example/","d":"shop.example","p":{"x":"ID"}}`)
	add("umami", "email", "email", `POST /api/send {"type":"event","payload":{"website":"w","url":"/","data":{"x":"ID"}}}`)
	add("umami", "user_id", "user_id", `POST /api/send {"type":"event","payload":{"website":"w","url":"/","id":"ID"}}`)
	return all
}

// request is the hit with an identifier in its place.
func (p *place) request(id string, in who) string {
	// The browser is nobody else's: it is objected for from now on, too.
	hit, cookie := strings.NewReplacer("9.9", in.of("cid"), "9d889c3c-0547-48a4-9dc5-2e5a46242f99", in.of("uuid")).Replace(p.hit), ""
	if before, rest, ok := strings.Cut(hit, "|"); ok && !strings.HasPrefix(hit, "GET") && !strings.HasPrefix(hit, "POST") {
		cookie, hit = "; "+strings.Replace(before, "ID", id, 1), rest
	}
	method, rest, _ := strings.Cut(hit, " ")
	target, body, _ := strings.Cut(rest, " ")
	target = "/t/" + p.vendor + strings.NewReplacer("[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", `"`, "%22").Replace(strings.ReplaceAll(target, "ID", url.QueryEscape(id)))
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
	headers := "User-Agent: Mozilla/5.0 Chrome/141.0.0.0\r\nCookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D" + cookie + "\r\n"
	if method == "GET" {
		return get(target, headers)
	}
	return post(target, headers+"Content-Type: application/json\r\n", body)
}

// everyVendor writes a configuration with all vendors of the catalog, which may be sent everything with consent.
func everyVendor(t testing.TB, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	var server, activities strings.Builder
	server.WriteString(`version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
sites:
  shop:
    hosts: [shop.example]
    base: /t
    origins: ["https://shop.example"]
    region: { default: EU }
    signals: { own: [{ cookie: site_consent, json: analytics, category: analytics, granted: ["yes"], refused: ["no"] }] }
vendors:
`)
	activities.WriteString("activities:\n")
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		var roles []string
		for role := range file.Hosts {
			roles = append(roles, fmt.Sprintf("%s: %q", role, upstream))
		}
		fmt.Fprintf(&server, "  %s: { catalog: %s, prefix: /%s, private: true, upstreams: { %s } }\n", id, id, id, strings.Join(roles, ", "))
		fmt.Fprintf(&activities, "  - { id: %s-consent, vendor: %s, purposes: [audience], basis: consent, profile: all, events: [\"*\"] }\n", id, id)
	}
	write(t, filepath.Join(dir, "tagwarden.yaml"), server.String())
	writePolicy(t, dir, "-- purposes.yaml --\npurposes:\n  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore }\n-- activities.yaml --\n"+activities.String()+`
-- profiles.yaml --
profiles:
  all:
    classes:
      event_name: keep
      client_id: { pseudonymise: { rotate: day } }
      device_id: { pseudonymise: { rotate: day } }
      user_id: { pseudonymise: { rotate: day } }
      external_id: { pseudonymise: { rotate: day } }
      email: { hash: sha256 }
      phone: { hash: sha256 }
      url: url
      credential: keep
      timestamp: keep
      event_id: keep
      user_agent: { generalise: family }
`)
	return filepath.Join(dir, "tagwarden.yaml")
}

// TestObjectorsAreFound: whoever objected, by whichever way in and in whatever dress of whichever identifier, is found in
// every place where SDKs and servers put that identifier, in whatever dress it stands there: nothing of theirs arrives.
// Everybody else's does.
func TestObjectorsAreFound(t *testing.T) {
	v := startVendor(t)
	file := everyVendor(t, v.URL)
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.OpenTokens(data)
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := tokens.Create("crm", access.Roles(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, file, func(o *proxy.Options) { o.Now = time.Now })
	call := func(body []byte) string {
		q, err := http.NewRequest(http.MethodPost, "http://"+r.admin+"/api/v1/objections", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+bearer)
		q.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 200 {
			return string(text)
		}
		return ""
	}
	ways := map[string]func(as, value string) string{
		"API": func(as, value string) string {
			text, _ := json.Marshal(map[string]any{"ids": map[string]string{as: value}, "all": true})
			return call(text)
		},
		"import": func(as, value string) string {
			return imported(as, value, call)
		},
		"browser": func(as, value string) string {
			text, _ := json.Marshal(map[string]any{"ids": map[string]string{as: value}, "all": true})
			a := r.send(t, post("/t/privacy/objections", "Origin: https://shop.example\r\nContent-Type: application/json\r\nX-Forwarded-For: 192.0.2.1\r\n", string(text)))
			if a.status != 200 {
				return a.body
			}
			return ""
		},
	}
	arrives := func(hit string) (bool, int) {
		before := len(v.got())
		a := r.send(t, hit)
		return len(v.got()) > before, a.status
	}
	next, failed := who(100), 0
	fail := func(format string, args ...any) {
		if failed++; failed <= 600 {
			t.Errorf(format, args...)
		}
	}
	all := places()
	for i := range all {
		p := &all[i]
		standing := append(slices.Clone(dresses[p.kind]), hashes[p.kind]...)
		if !p.hashed {
			standing = dresses[p.kind]
		}
		if p.only {
			standing = []dress{same}
		}
		for way, object := range ways {
			person := p.as == "email" || p.as == "phone" || p.as == "user_id"
			if way == "browser" && person {
				continue // an identifier that can be guessed is taken from its owner's link, or from staff
			}
			if way == "browser" && i > 3 && p.vendor != "segment" {
				continue // one visitor may change only so much in a while
			}
			for k, given := range dresses[p.kind] {
				for s, stands := range standing {
					if k > 0 && s > 0 && p.vendor != "segment" { // the product of all is the same for all vendors
						continue
					}
					next++
					hit := p.request(stands.of(next.of(p.kind)), next+1_000_000)
					if s == 0 && k == 0 {
						if ok, status := arrives(hit); !ok {
							fail("%s, %s: nothing arrives of who did not object (%d): %s", p.vendor, p.as, status, p.hit)
						}
					}
					if wrong := object(p.as, given.of(next.of(p.kind))); wrong != "" {
						fail("%s: %s %q (%s) is refused: %s", way, p.as, given.of(next.of(p.kind)), given.name, wrong)
						continue
					}
					if ok, _ := arrives(hit); ok {
						fail("%s, %s: objected by %s as %q, and arrives as %q: %s", p.vendor, p.as, way, given.name, stands.name, p.hit)
					}
				}
			}
		}
	}
	t.Logf("%d objectors, %d failures", next-100, failed)
}

// imported takes an identifier down as the import of a file with one row does.
func imported(as, value string, call func([]byte) string) string {
	act := lists.Act{All: true}
	rows, err := lists.Open(strings.NewReader("it\n\""+strings.ReplaceAll(value, `"`, `""`)+"\"\n"), "csv", []lists.Column{{What: as, Name: "it"}}, time.Now())
	if err != nil {
		return err.Error()
	}
	row, ok := rows.Next()
	if !ok || row.Fault != "" {
		return "no row: " + row.Fault
	}
	body := append([]byte(`{"objections":[`), row.Append(nil, &act, act.Common())[1:]...)
	return call(append(body, "]}"...))
}
