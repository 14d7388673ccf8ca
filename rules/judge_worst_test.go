package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// worstHits are hits that make judging do the most it can for a byte. Each is written about n bytes long.
var worstHits = []struct {
	name   string
	vendor string
	of     func(n int) string
}{
	{"values of digits", "segment", values("1 ")},
	{"values of pairs", "segment", values("12 ")},
	{"values of fours", "segment", values("4111 ")},
	{"values of words", "segment", values("we have the best 7 red shoes of the town ")},
	{"values of user agents", "segment",
		values("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 ")},
	{"values of identifiers", "segment", values("836f82db-9912-4b34-8101-1f16b49dfa5f 1795484921505 ")},
	{"values of at signs", "segment", values("a@a.")},
	{"values of hex", "segment", values("6120")},
	{"values of labels", "segment", values("tel 1 ")},
	{"values of escapes", "segment", values("%2531%26%2349%3B")},
	{"values of addresses", "segment", values("https://shop.example/a/1?utm_source=1 ")},
	{"values of findings", "segment", values("a@b.de 1 ")},
	{"short values", "segment", func(n int) string { return batch(strings.Repeat(`"a1":"1 1",`, n/11) + `"z":1`) }},
	{"numbers", "segment", func(n int) string { return batch(strings.Repeat(`"a":1,`, n/6) + `"z":1`) }},
	{"lists of numbers", "segment", func(n int) string { return batch(`"a":[` + strings.Repeat(`1,`, n/2) + `1]`) }},
	{"names that a site chose", "segment", func(n int) string {
		return batch(strings.Repeat(`"k1 1 1 1 1 1":1,`, n/16) + `"z":1`)
	}},
	{"objects", "segment", func(n int) string { return batch(strings.Repeat(`"a":{"b":{}},`, n/13) + `"z":1`) }},
	{"forms of nothing", "ga4", func(n int) string { return form(strings.Repeat("a&", n/2)) }},
	{"forms of short values", "ga4", func(n int) string { return form(strings.Repeat("ep.a=1+1&", n/9)) }},
	{"shared fields and events", "ga4", func(n int) string {
		return "POST /g/collect?v=2&tid=G-1&cid=1.2" + strings.Repeat("&dt=1+1", n/14) + " HTTP/1.1\n\n" + strings.Repeat(
			"en=page_view\r\n", min(n/28, 2000))
	}},
	{"events", "ga4", func(n int) string {
		return "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\n" + strings.Repeat("en=a\r\n", min(n/6, 2400))
	}},
	{"names of events", "ga4", func(n int) string {
		var b strings.Builder
		for i := range min(n/24, 2400) {
			fmt.Fprintf(&b, "en=1+1+1+1+1+%d\r\n", i)
		}
		return "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\n" + b.String()
	}},
	{"identifiers of one event", "segment", func(n int) string {
		var b strings.Builder
		for i := range n / 20 {
			fmt.Fprintf(&b, `"email":"%d@b.de",`, i)
		}
		return batch(b.String() + `"z":1`)
	}},
	{"user ids of events", "segment", func(n int) string {
		var b strings.Builder
		for i := range min(n/50, 2400) {
			fmt.Fprintf(&b, `{"type":"track","event":"x","userId":"%d@b.de"},`, i)
		}
		return "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n" + `{"batch":[` + b.String() +
			`{"type":"track","event":"x","userId":"1"}]}`
	}},
	{"claims", "ga4", func(n int) string { return form(strings.Repeat("gcs=G111&gcd=13r3r3r3r5l1&", n/26)) }},
	{"claims of consent strings", "ga4", func(n int) string {
		return form(strings.Repeat("gdpr_consent="+tc{consent: []int{1, 7, 8, 9}, vendors: []int{1, google},
			disclosed: []int{1, google}}.String()+"&", n/80))
	}},
	{"claims that cannot be read", "ga4", func(n int) string {
		var b strings.Builder
		for i := range n / 40 {
			fmt.Fprintf(&b, "gpp=DBABLA~CAAAAAAAA%dABA.QA&", i)
		}
		return form(b.String())
	}},
	{"cookies", "ga4", func(n int) string {
		return "GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view HTTP/1.1\nCookie: " + strings.Repeat("a=1;",
			min(n, 1<<14)/4) + "\n\n"
	}},
	{"cookies of a vendor", "ga4", func(n int) string {
		return "GET /g/collect?v=2&tid=G-1&cid=1.2&en=page_view HTTP/1.1\nCookie: " + strings.Repeat("_ga=GA1.1.1.1;",
			min(n, 1<<14)/14) + "\n\n"
	}},
	{"segments of a path", "segment", urls("/a")},
	{"digits in a path", "segment", urls("/1")},
	{"empty segments", "segment", urls("//")},
	{"parameters", "segment", urls2("&a=1")},
	{"parameters that stay", "segment", urls2("&utm_source=1")},
	{"addresses in addresses", "segment", urls2("&utm_source=https%3A%2F%2Fa.b%2F1%3Futm_source%3D1")},
	{"values of an item", "ga4", func(n int) string { return form("pr1=id1" + strings.Repeat("~nm1+1", n/7)) }},
	{"names of an item", "ga4", func(n int) string { return form("pr1=id1" + strings.Repeat("~k0a1~v01", n/9)) }},
	{"items", "ga4", func(n int) string { return form(strings.Repeat("pr1=id1+1&", n/10)) }},
	{"elements of a page", "posthog", func(n int) string { return chain(strings.Repeat("aa;", n/3)) }},
	{"attributes of an element", "posthog", func(n int) string { return chain("a:" + strings.Repeat(`b=\"1\"`, n/7)) }},
	{"JSON in texts", "segment", func(n int) string { return batch(strings.Repeat(`"a":"[1]",`, n/10) + `"z":1`) }},
	{"JSON in JSON in texts", "segment", func(n int) string {
		return batch(strings.Repeat(`"a":"[\"[\\\"[1]\\\"]\"]",`, n/28) + `"z":1`)
	}},
	{"deep JSON in texts", "segment", func(n int) string {
		return batch(strings.Repeat(`"a":"`+strings.Repeat("[", 60)+strings.Repeat("]", 60)+`",`, n/127) + `"z":1`)
	}},
	{"places", "segment", func(n int) string { return batch(`"a":[` + strings.Repeat(`[1,1],`, n/6) + `[]]`) }},
	{"deep places", "segment", func(n int) string {
		return batch(`"coords":` + strings.Repeat("[", 50) + strings.Repeat(`[1,1],`, n/6) + `[]` + strings.Repeat("]", 50))
	}},
	{"relative addresses", "segment", func(n int) string {
		return batch(strings.Repeat(`"a":"/a?b=c",`, n/13) + `"z":1`)
	}},
	{"entities", "snowplow", func(n int) string {
		return tracker("co", `{"schema":"x","data":[`+strings.Repeat(`{"schema":"iglu:a/b/c","data":{"id":1}},`, n/55)+`{}]}`)
	}},
	{"members of an entity", "snowplow", func(n int) string {
		return tracker("co", `{"schema":"x","data":[{"schema":"iglu:a/b/c","data":{`+strings.Repeat(`"id":1,`, n/20)+
			`"z":1},`+strings.Repeat(`"a":1,`, n/20)+`"z":1}]}`)
	}},
	{"custom variables", "matomo", func(n int) string {
		return matomo("cvar", `{`+strings.Repeat(`"1":["a","1"],`, n/40)+`"2":[]}`)
	}},
	{"hidden addresses", "segment", urls2("&utm_source=aHR0cHM6Ly9hLmIvMQ")},
}

func values(unit string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		text := strings.Repeat(unit, (15<<10)/len(unit))
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, `"p%c":"%s",`, 'a'+rune(i%26), text[:min(len(text), max(n-b.Len(), 64))])
		}
		return batch(b.String() + `"z":1`)
	}
}

func urls(unit string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		text := "https://shop.example/" + strings.Repeat(unit, (15<<10)/len(unit))
		for b.Len() < n {
			fmt.Fprintf(&b, `"url":"%s",`, text[:min(len(text), max(n-b.Len(), 64))])
		}
		return batch(b.String() + `"z":1`)
	}
}

func urls2(unit string) func(n int) string {
	return urls("?" + strings.Repeat(unit, (15<<10)/len(unit)))
}

func chain(text string) string { return capture(`"$elements_chain":"` + text + `"`) }

func batch(properties string) string {
	return "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n" +
		`{"batch":[{"type":"track","event":"x","anonymousId":"1","properties":{` + properties + `}}]}`
}

func form(pairs string) string {
	return "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\nen=page_view&" + pairs
}

// judgingWorst judges hits of any size by a profile that keeps, and looks over, whatever it can.
func judgingWorst(t testing.TB) *judging {
	d := draft()
	d.Limits = rules.Limits{Body: 8 << 20, Decompressed: 8 << 20, Events: 2500, Depth: 64,
		Fields: 200_000, Nodes: 5_000_000}
	d.Profiles[0].Classes = everything()
	d.Profiles[0].Classes["url"] = urlSpec
	d.Profiles[0].Classes["page_title"] = minimise.Spec{Kind: minimise.Rare,
		Rare: minimise.RareSpec{With: []string{"language"}}}
	onetrust, _ := cmp.Parse("onetrust")
	d.Sites[0].Signals = append(d.Sites[0].Signals, signal.Source{Kind: signal.Platform(onetrust)},
		signal.Source{Kind: signal.Payload},
		signal.Source{Kind: signal.TransparencyConsent}, signal.Source{Kind: signal.PrivacyPlatform},
		signal.Source{Kind: signal.USPrivacy})
	g := &judging{policy: compile(t, d)}
	g.in = rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, g.policy, now)}
	return g
}

func received(r *hit.Request) int {
	n := len(r.Path) + len(r.Query) + len(r.Body)
	for i := range r.Headers {
		n += len(r.Headers[i].Name) + len(r.Headers[i].Value)
	}
	return n
}

// BenchmarkJudgeWorst is the time for a byte of the worst hits, and how they end.
func BenchmarkJudgeWorst(b *testing.B) {
	for _, w := range worstHits {
		b.Run(strings.ReplaceAll(w.name, " ", "_"), func(b *testing.B) {
			g := judgingWorst(b)
			r := request(b, w.of(1<<18), w.vendor, yes)
			var reason rules.Reason
			for b.Loop() {
				reason = g.judge(&r)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(received(&r)), "ns/byte")
			b.ReportMetric(float64(reason), "reason")
		})
	}
}
