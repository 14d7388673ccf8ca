package growth

import (
	"fmt"
	"strings"

	generator "github.com/tagwarden/tagwarden/bench/load"
)

// Who sends: the site and the cookie by which it says what visitors chose, as the configuration has them.
const (
	host = "shop.example"
	yes  = "site_consent=yes"
	no   = "site_consent=no"
)

// dimensions are all that grow: what a hit is judged by, what it holds, and what an attacker would make of it.
func dimensions() []dimension {
	plain := func(_ int, serial uint64) []byte { return ga4(serial, yes, "", "") }
	refused := func(_ int, serial uint64) []byte { return ga4(serial, no, "", "") }
	return []dimension{
		{name: "activities of the event, each refused", sizes: doubled(1, 128), denied: true,
			policy: activities(`["*"]`), hit: refused},
		{name: "activities of other events", sizes: doubled(1, 512), policy: activities("[other_%d]"), hit: plain},
		{name: "vendors", sizes: doubled(1, 32), policy: vendors, hit: func(n int, serial uint64) []byte {
			return []byte(strings.Replace(string(plain(0, serial)), "POST /", fmt.Sprintf("POST /v%d/", n), 1))
		}},
		{name: "profile lines that name other fields", sizes: doubled(1, 512), policy: profile("fields", `    fields:
      ga4:
        ep.payment_type: { only: [card, invoice] }
`, "        ep.other_%d: keep\n"), hit: plain},
		{name: "`set` lines, each sent", sizes: doubled(1, 64), policy: profile("set", "    set:\n      ga4:\n        npa: "+
			"\"1\"\n", "        ep.set_%d: \"1\"\n"), hit: plain},
		{name: "events in a batch", sizes: doubled(1, 256), hit: batch},
		{name: "bytes of a search term", sizes: doubled(64, 16<<10), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, "&ep.search_term="+strings.Repeat("red%20shoes%20", n/14+1)[:n/14*14], "")
		}},
		{name: "bytes of a field that no line names", sizes: doubled(64, 32<<10), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, "&ep.note="+strings.Repeat("a", n), "")
		}},
		{name: "objectors, the visitor none of them", sizes: doubled(1, 1<<20), hit: plain, store: fill, anew: stranger},
		{name: "objectors, the visitor one of them", sizes: doubled(1, 1<<20), denied: true, hit: plain,
			store: fill, anew: objector},
		{name: "levels of JSON", sizes: doubled(1, 16), hit: func(n int, serial uint64) []byte {
			return segment(serial, fmt.Sprintf(`"deep":%s1%s`, strings.Repeat(`{"a":`, n), strings.Repeat("}", n)))
		}},
		{name: "members of JSON", sizes: doubled(1, 128), hit: func(n int, serial uint64) []byte {
			return segment(serial, counted(`"m%d":"red shoes",`, n)+`"last":1`)
		}},
		{name: "percent escapes", sizes: doubled(16, 8<<10), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, "&ep.search_term="+strings.Repeat("%72", n), "")
		}},
		{name: "escaped escapes", sizes: doubled(16, 4<<10), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, "&ep.search_term="+strings.Repeat("%252572", n), "")
		}},
		{name: "parameters", sizes: doubled(1, 128), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, counted("&ep.more_%d=red%%20shoes", n), "")
		}},
		{name: "cookies", sizes: doubled(1, 256), hit: func(n int, serial uint64) []byte {
			return ga4(serial, yes, "", counted("; other_%d=a1b2c3", n))
		}},
	}
}

// counted is a text so many times, each with its number.
func counted(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// ga4 is a hit of GA4 with more in its body, and more cookies.
func ga4(serial uint64, cookie, body, cookies string) []byte {
	text := (&generator.GA4{Host: host, Cookie: cookie + cookies}).Append(nil, serial)
	return withBody(text, func(b string) string { return b + body })
}

// segment is an event of Segment with more properties.
func segment(serial uint64, properties string) []byte {
	text := (&generator.Segment{Host: host, Cookie: yes}).Append(nil, serial)
	return withBody(text, func(b string) string {
		return strings.Replace(b, `"properties":{`, `"properties":{`+properties+",", 1)
	})
}

// batch is so many events of Segment in one request.
func batch(n int, serial uint64) []byte {
	var events []string
	var text []byte
	for i := range n {
		text = (&generator.Segment{Host: host, Cookie: yes}).Append(text[:0], serial*1000+uint64(i))
		_, body, _ := strings.Cut(string(text), "\r\n\r\n")
		events = append(events, body)
	}
	request := withBody(text, func(string) string {
		return `{"batch":[` + strings.Join(events, ",") +
			`],"sentAt":"2026-11-24T01:55:19.000Z","writeKey":"BENCHbenchBENCHbenchBENCHbench12"}`
	})
	return []byte(strings.Replace(string(request), "POST /v1/t ", "POST /v1/b ", 1))
}

// withBody is a request with another body.
func withBody(text []byte, change func(string) string) []byte {
	head, body, _ := strings.Cut(string(text), "\r\n\r\n")
	head, _, _ = strings.Cut(head, "\r\nContent-Length: ") // the last header
	body = change(body)
	return fmt.Appendf(nil, "%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

const activityLine = `  - { id: more-%d, vendor: %s, purposes: [audience-measurement], basis: consent, retention: 14 months,
      transfer: { country: US, safeguard: DPF }, profile: standard, events: %s }
`

// activities adds so many to the policy, each about such events.
func activities(events string) func(int, map[string]string) {
	return func(n int, files map[string]string) {
		var b strings.Builder
		for i := range n {
			of := events
			if strings.Contains(of, "%d") {
				of = fmt.Sprintf(of, i)
			}
			fmt.Fprintf(&b, activityLine, i, "ga4", of)
		}
		files["policy/activities.yaml"] += b.String()
	}
}

// vendors adds so many that are GA4 under another path, each with an activity.
func vendors(n int, files map[string]string) {
	var server, policy strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&server, "  v%d: { catalog: ga4, prefix: /v%d, upstream: \"http://127.0.0.1:1\", private: true }\n", i, i)
		fmt.Fprintf(&policy, activityLine, i, fmt.Sprintf("v%d", i), `["*"]`)
	}
	files["tagwarden.yaml"] = strings.Replace(files["tagwarden.yaml"], "vendors:\n", "vendors:\n"+server.String(), 1)
	files["policy/activities.yaml"] += policy.String()
}

// profile adds so many lines to a part of the profile.
func profile(part, begins, line string) func(int, map[string]string) {
	return func(n int, files map[string]string) {
		text := files["policy/profiles.yaml"]
		at := strings.Index(text, "    "+part+":\n")
		if at < 0 {
			panic("BUG: the profile has no " + part)
		}
		lines := strings.SplitAfterN(text[at:], "\n", 3) // the part, its vendor, what is below
		files["policy/profiles.yaml"] = text[:at] + begins + counted(line, n) + lines[2]
	}
}
