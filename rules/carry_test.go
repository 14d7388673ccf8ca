package rules_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestAddressIsHandedOn: the visitor's address goes where the vendor takes it, as each event's own profile leaves it;
// not where nothing may be said of it, where it is not known, or where the hit has one.
func TestAddressIsHandedOn(t *testing.T) {
	t.Parallel()
	cut := func(bits int) minimise.Spec {
		return minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{V4: &bits}}
	}
	for _, v := range []struct {
		vendor, field string
		own           string // how an event has one itself
		hit           func(own [5]string) string
	}{
		{"segment", "context.ip", `,"context":{"ip":"198.51.100.7"}`, func(own [5]string) string {
			event := func(name string, i int) string {
				return `{"type":"track","event":"` + name + `","messageId":"m"` + own[i] + `}`
			}
			return "POST /v1/batch" + asJSON + `{"batch":[` + event("a", 0) + "," + event("b", 1) + "," + event("c", 2) + "," +
				event("a", 3) + "," + event("d", 4) + `]}`
		}},
		{"amplitude", "ip", `,"ip":"198.51.100.7"`, func(own [5]string) string {
			event := func(name string, i int) string { return `{"event_type":"` + name + `","device_id":"d"` + own[i] + `}` }
			return "POST /2/httpapi" + asJSON + `{"api_key":"k","events":[` + event("a", 0) + "," + event("b", 1) + "," +
				event("c", 2) + "," + event("a", 3) + "," + event("d", 4) + `]}`
		}},
		{"ga4", "_uip", "&_uip=198.51.100.7", func(own [5]string) string {
			return "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\nen=a" + own[0] + "\nen=b" + own[1] + "\nen=c" + own[2] +
				"\nen=a" + own[3] + "\nen=d" + own[4]
		}},
	} {
		d := togetherDraft(v.vendor, map[string]rules.DraftActivity{
			"a": {Purposes: []string{"audience"}, Profile: "pa"}, "b": {Purposes: []string{"audience"}, Profile: "pb"},
			"c": {Purposes: []string{"audience"}, Profile: "pc"},
			"d": {Purposes: []string{"audience"}, Profile: "pd"},
		})
		d.Profiles = nil
		for id, spec := range map[string]minimise.Spec{"pa": keep, "pb": cut(16), "pc": {}, "pd": {Kind: minimise.Replace,
			Replace: "192.0.2.1"}} {
			classes := everything()
			classes["ip"] = spec
			d.Profiles = append(d.Profiles, rules.DraftProfile{ID: id, Classes: classes})
		}
		p := compile(t, d)
		for _, c := range []struct {
			name    string
			address string
			own     [5]string
			want    [5]string
		}{
			{"each its own", "203.0.113.77", [5]string{}, [5]string{"203.0.113.77", "203.0.0.0", "",
				"203.0.113.77", "192.0.2.1"}},
			{"of another family", "2001:db8::1", [5]string{}, [5]string{"2001:db8::1", "", "", "2001:db8::1", "192.0.2.1"}},
			{"of IPv4 in IPv6", "2002:cb00:714d::1", [5]string{}, [5]string{"2002:cb00:714d::1", "203.0.0.0", "",
				"2002:cb00:714d::1", "192.0.2.1"}},
			{"not known", "", [5]string{}, [5]string{}},
			{"two have one", "203.0.113.77", [5]string{v.own, v.own, "", "", v.own}, [5]string{"198.51.100.7", "198.51.0.0", "",
				"203.0.113.77", "192.0.2.1"}},
		} {
			r := request(t, v.hit(c.own), v.vendor, asBrowsers()...)
			r.Address = netip.Addr{}
			if c.address != "" {
				r.Address = netip.MustParseAddr(c.address)
			}
			x := explain(t, p, r)
			if x.Forward == nil || len(x.Events) != 5 {
				t.Fatalf("%s, %s: %s", v.vendor, c.name, x.Reason)
			}
			if strings.Contains(x.Forward.Body, "invalid") {
				t.Errorf("%s, %s: %s", v.vendor, c.name, x.Forward.Body)
			}
			for i, want := range c.want {
				if got := sentField(t, x, i, v.field); got != want {
					t.Errorf("%s, %s: event %d has %q, want %q: %s", v.vendor, c.name, i, got, want, x.Forward.Body)
				}
			}
			sum := 0
			for _, want := range c.want {
				if want != "" {
					sum++
				}
			}
			name := `"` + v.field[strings.LastIndexByte(v.field, '.')+1:] + `"`
			if v.vendor == "ga4" {
				name = v.field + "="
			}
			if got := strings.Count(x.Forward.Body, name); got != sum {
				t.Errorf("%s, %s: %d addresses, want %d: %s", v.vendor, c.name, got, sum, x.Forward.Body)
			}
		}
	}
	// What all share has one: no event gets another.
	d := togetherDraft("ga4", map[string]rules.DraftActivity{"a": {Purposes: []string{"audience"}, Profile: "all"}})
	x := explain(t, compile(t, d),
		request(t, "POST /g/collect?v=2&tid=G-1&cid=1.2&_uip=198.51.100.7 HTTP/1.1\n\nen=a\nen=a", "ga4", asBrowsers()...))
	if x.Forward == nil || strings.Contains(x.Forward.Body, "_uip") ||
		!strings.Contains(x.Forward.URL, "_uip=198.51.100.7") {
		t.Errorf("%+v", x.Forward)
	}
}

// asBrowsers are headers that every browser sends, and no server does.
func asBrowsers() []string {
	return []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
		"Origin: https://shop.example"}
}

// TestNobodysServerIsAVisitor: what a server library sends comes from the server's address. Whatever
// vendor and endpoint it goes to, and however the vendor takes addresses, that is handed on for
// nobody's; a browser's is where it was.
func TestNobodysServerIsAVisitor(t *testing.T) {
	t.Parallel()
	all := draft()
	for i := range all.Activities {
		all.Activities[i].Profile = "all"
	}
	p := compile(t, all)
	const agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	senders := map[string][]string{
		"no header at all":        nil,
		"Node's fetch":            {"User-Agent: node", "Sec-Fetch-Mode: cors", "Accept-Language: *"},
		"a library":               {"User-Agent: analytics-node/2.0", "Origin: https://shop.example"},
		"a library like browsers": {"User-Agent: Mozilla/5.0 Umami/v20.20.2", "Sec-Fetch-Mode: cors", "Accept-Language: *"},
		"the visitor's own agent": {agent, "Accept-Language: de-DE", "Cookie: a=b"},
		"two agents":              {agent, agent, "Origin: https://shop.example"},
		"an empty origin":         {agent, "Origin: "},
	}
	browsers := map[string][]string{
		"a script's": {agent, "Origin: https://shop.example"}, "an image's": {agent, "Referer: https://shop.example/"},
		"one that hides its page": {agent, "Sec-Fetch-Site: same-origin"}, "a frame's": {agent, "Origin: null"},
	}
	carried, asked := map[string]bool{}, map[string]bool{}
	eachGolden(t, func(t *testing.T, vendor, text string) {
		text = strings.ReplaceAll(text, `"ip":"$remote"`, `"library":"x"`) // Amplitude's own word for the connection's
		plain := request(t, text, vendor, yes)
		plain.Address = netip.MustParseAddr("100.99.88.77") // which stands in no case
		plain.Headers = slices.DeleteFunc(plain.Headers, func(h hit.Header) bool {
			return slices.Contains([]string{"user-agent", "origin", "referer", "accept-language"},
				strings.ToLower(string(h.Name))) ||
				strings.HasPrefix(strings.ToLower(string(h.Name)), "sec-fetch-")
		})
		sent := func(headers []string) string {
			r := plain
			r.Headers = slices.Clone(plain.Headers)
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Headers = append(r.Headers, hit.Header{Name: []byte(name), Value: []byte(value)})
			}
			x := explain(t, p, r)
			if x.Forward == nil {
				return ""
			}
			return fmt.Sprint(x.Forward)
		}
		route, _, _ := p.Site(plain.Host).Find(plain.Method, plain.Path)
		takes := route.Endpoint.Carry != (catalog.Carry{})
		for name, headers := range senders {
			if got := sent(headers); strings.Contains(got, "100.99.") {
				t.Errorf("%s: the server's address leaves: %s", name, got)
			}
		}
		for _, headers := range browsers {
			if got := sent(headers); strings.Contains(got, "100.99.") {
				carried[vendor] = true
			}
		}
		asked[vendor] = asked[vendor] || takes
	})
	for vendor := range asked {
		if asked[vendor] != carried[vendor] {
			t.Errorf("%s: takes addresses: %v, gets a browser's: %v", vendor, asked[vendor], carried[vendor])
		}
	}
}
