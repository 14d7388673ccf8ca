package rules_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// detected is a case of the scrubber: a text, and what becomes of it where everything is
// looked for; empty where nothing is found.
type detected struct{ In, Want string }

// detectedCases are the scrubber's cases, and those of its numbers that JSON could hold as numbers.
func detectedCases(t testing.TB) (all []detected) {
	t.Helper()
	for line := range strings.Lines(read(t, "scrub/testdata/cases.jsonl")) {
		var c detected
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.In != "" {
			all = append(all, c)
		}
	}
	if len(all) < 150 {
		t.Fatalf("%d cases: too few to show anything", len(all))
	}
	return all
}

var marker = regexp.MustCompile(`\[(email|phone|card|iban|id|ip|mac|jwt|key|geo|address|date|token|hash)\]`)

// left returns the first part of the text that was to be replaced and stands in what
// left, escapes undone; "" where none does.
func (c *detected) left(out string) string {
	text, layers := out, []string{out}
	for range 4 {
		next := html.UnescapeString(text)
		if plain, err := url.PathUnescape(next); err == nil {
			next = plain
		}
		if next == text {
			break
		}
		text = next
		layers = append(layers, next)
	}
	out = strings.Join(layers, "\n")
	out = strings.ToLower(out + "\n" + strings.ReplaceAll(out, "+", " "))
	literals, rest := marker.Split(c.Want, -1), c.In
	rest = strings.TrimPrefix(rest, literals[0])
	for i, literal := range literals[1:] {
		at := strings.Index(rest, literal)
		if i == len(literals)-2 {
			at = len(rest) - len(literal)
		}
		if secret := rest[:at]; len(secret) >= 5 && strings.Contains(out, strings.ToLower(secret)) {
			return secret
		}
		rest = rest[at+len(literal):]
	}
	return ""
}

// place is somewhere in a vendor's hits where a site's own values stand: a hit with each of the values under a name,
// and what is under the names in what leaves.
type place struct {
	name, vendor string
	hit          func(values []string) string
	out          func(t *testing.T, x *rules.Explanation) map[string]any
}

func valueName(i int) string { return fmt.Sprintf("vz%d", i) }

// pairs writes values as the parameters of a query or form.
func pairs(values []string, prefix, suffix string) string {
	var b strings.Builder
	for i, v := range values {
		b.WriteString("&" + url.QueryEscape(prefix+valueName(i)+suffix) + "=" + url.QueryEscape(v))
	}
	return b.String()
}

// members writes values as the members of an object; below puts each into another object and a list.
func members(values []string, below bool) string {
	all := map[string]any{}
	for i, v := range values {
		all[valueName(i)] = v
		if below {
			all[valueName(i)] = map[string]any{"inner": []any{v}}
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func inQuery(text func(x *rules.Explanation) string, prefix, suffix string) func(*testing.T,
	*rules.Explanation) map[string]any {
	return func(t *testing.T, x *rules.Explanation) map[string]any {
		t.Helper()
		q, err := url.ParseQuery(strings.TrimSpace(text(x)))
		if err != nil {
			t.Fatalf("%q: %v", text(x), err)
		}
		all := map[string]any{}
		for name, values := range q {
			if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
				all[strings.TrimSuffix(strings.TrimPrefix(name, prefix), suffix)] = values[0]
			}
		}
		return all
	}
}

// inJSON finds the members below a path.
func inJSON(text func(x *rules.Explanation) string, path ...any) func(*testing.T, *rules.Explanation) map[string]any {
	return func(t *testing.T, x *rules.Explanation) map[string]any {
		t.Helper()
		var v any
		if err := json.Unmarshal([]byte(text(x)), &v); err != nil {
			t.Fatalf("%q: %v", text(x), err)
		}
		for _, step := range path {
			switch step := step.(type) {
			case string:
				v = v.(map[string]any)[step]
			case int:
				v = v.([]any)[step]
			}
		}
		all, _ := v.(map[string]any)
		for name, member := range all {
			if below, ok := member.(map[string]any); ok {
				if list, ok := below["inner"].([]any); ok && len(list) == 1 {
					all[name] = list[0]
				}
			}
		}
		return all
	}
}

func sentBody(x *rules.Explanation) string { return x.Forward.Body }

func sentQuery(x *rules.Explanation) string {
	_, query, _ := strings.Cut(x.Forward.URL, "?")
	return query
}

// sentData is the JSON in base64 in the field "data" of a form.
func sentData(x *rules.Explanation) string {
	form, err := url.ParseQuery(x.Forward.Body)
	if err != nil {
		return err.Error()
	}
	text, err := base64.StdEncoding.DecodeString(form.Get("data"))
	if err != nil {
		text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(form.Get("data"), "="))
	}
	if err != nil {
		return err.Error()
	}
	return string(text)
}

const asJSON = " HTTP/1.1\nContent-Type: application/json\n\n"

var valuePlaces = []place{
	{"query", "ga4", func(v []string) string {
		return "GET /g/collect?v=2&tid=G-1&cid=1.2&en=x" + pairs(v, "ep.", "") + " HTTP/1.1\n\n"
	}, inQuery(sentQuery, "ep.", "")},
	{"line of a body", "ga4", func(v []string) string {
		return "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\nen=x" + pairs(v, "ep.", "") + "\nen=y"
	}, inQuery(func(x *rules.Explanation) string {
		line, _, _ := strings.Cut(x.Forward.Body, "\n")
		return line
	}, "ep.", "")},
	{"query with brackets", "meta_pixel", func(v []string) string {
		return "GET /tr/?id=1&ev=PageView" + pairs(v, "cd[", "]") + " HTTP/1.1\n\n"
	}, inQuery(sentQuery, "cd[", "]")},
	{"JSON", "segment", func(v []string) string {
		return "POST /v1/t" + asJSON + `{"type":"track","event":"x","anonymousId":"a","properties":` + members(v, false) + `}`
	}, inJSON(sentBody, "properties")},
	{"nested JSON", "segment", func(v []string) string {
		return "POST /v1/batch" + asJSON + `{"batch":[{"type":"track","event":"x","anonymousId":"a","properties":` +
			members(v, true) + `}]}`
	}, inJSON(sentBody, "batch", 0, "properties")},
	{"JSON of a batch", "posthog", func(v []string) string {
		return "POST /batch/" + asJSON + `{"api_key":"k","batch":[{"event":"x","distinct_id":"d","properties":` +
			members(v, false) + `}]}`
	}, inJSON(sentBody, "batch", 0, "properties")},
	{"JSON in base64 in a form", "mixpanel", func(v []string) string {
		text := `[{"event":"x","properties":{"token":"k","distinct_id":"d",` + members(v, false)[1:] + `}]`
		return "POST /track/ HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\ndata=" + url.QueryEscape(
			base64.StdEncoding.EncodeToString([]byte(text)))
	}, inJSON(sentData, 0, "properties")},
	{"nested JSON of a batch", "amplitude", func(v []string) string {
		return "POST /2/httpapi" + asJSON + `{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":` +
			members(v, true) + `}]}`
	}, inJSON(sentBody, "events", 0, "event_properties")},
}

// passing are the ways in which values that a site chose may pass, and whether what leaves is
// exactly what the scrubber leaves of it.
var passing = []struct {
	name  string
	spec  minimise.Spec
	exact bool
}{
	{"keep", keep, true},
	{"scrub", scrubbed, true},
	{"truncate", minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Chars: new(1000)}}, true},
	{"cut short", minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Chars: new(20)}}, false},
	{"decimals", minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{Decimals: new(2)}}, false},
	{"url", minimise.Spec{Kind: minimise.URL, URL: minimise.URLSpec{Query: []string{"q", "x"}, IDs: "cut",
		Fragment: "route"}}, false},
	{"rare", minimise.Spec{Kind: minimise.Rare}, false},
}

// TestNothingDetectedLeaves: what a detector finds leaves in no hit, wherever in it a site's values stand and whatever
// minimiser passes them; and what none finds leaves as it came.
func TestNothingDetectedLeaves(t *testing.T) {
	t.Parallel()
	cases := detectedCases(t)
	var values []string
	for i := range cases {
		values = append(values, cases[i].In)
	}
	for _, way := range passing {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			d := draft()
			for i := range d.Activities {
				d.Activities[i].Profile = "all"
			}
			d.Profiles[1].Classes["custom"] = way.spec
			p := compile(t, d)
			for _, at := range valuePlaces {
				seen := 0
				for from := 0; from < len(cases); from += 60 {
					part := cases[from:min(from+60, len(cases))]
					r := request(t, at.hit(values[from:from+len(part)]), at.vendor, yes)
					r.Address = netip.Addr{}
					x := explain(t, p, r)
					if x.Forward == nil {
						t.Fatalf("%s: nothing is forwarded: %s %+v", at.name, x.Reason, x.Why)
					}
					out := at.out(t, x)
					for i := range part {
						c := &part[i]
						if strings.HasPrefix(c.In, `{"lat"`) {
							continue // JSON in a text is opened: its members are a place, and the profile keeps places
						}
						got, is := out[valueName(i)]
						want := c.Want
						if want == "" {
							want = c.In
						}
						if is {
							seen++
						}
						switch {
						case way.exact && got != want:
							t.Errorf("%s: %q leaves as %q, want %q", at.name, c.In, got, want)
						case way.spec.Kind == minimise.URL && strings.HasPrefix(c.In, "http://203."): // an address's host stays
						case is && c.Want != "" && c.left(got.(string)) != "":
							t.Errorf("%s: %q leaves as %q", at.name, c.In, got)
						}
					}
				}
				if seen == 0 {
					t.Errorf("%s: none of the values leaves: the test shows nothing", at.name)
				}
			}
		})
	}
}

// TestDetectedNumbersDoNotLeave: nor where JSON holds it as a number, in any way that numbers pass.
func TestDetectedNumbersDoNotLeave(t *testing.T) {
	t.Parallel()
	numbers := []string{"4111111111111111", "5555555555554444", "378282246310005", "184127645108946"}
	var all []string
	for i, number := range numbers {
		for k, below := range []string{number, "[" + number + "]", `{"a":[{"b":` + number + `}]}`} {
			all = append(all, fmt.Sprintf(`"vz%d":%s`, 10*i+k, below))
		}
	}
	properties := strings.Join(append(all, `"colour":"red"`), ",")
	for _, way := range passing {
		d := draft()
		for i := range d.Activities {
			d.Activities[i].Profile = "all"
		}
		d.Profiles[1].Classes["custom"] = way.spec
		p := compile(t, d)
		for vendor, text := range map[string]string{
			"segment": "POST /v1/t" + asJSON + `{"type":"track","event":"x","anonymousId":"a","properties":{` +
				properties + `}}`,
			"posthog": "POST /batch/" + asJSON + `{"api_key":"k","batch":[{"event":"x","distinct_id":"d","properties":{` +
				properties + `}}]}`,
			"amplitude": "POST /2/httpapi" + asJSON +
				`{"api_key":"k","events":[{"event_type":"x","device_id":"d","event_properties":{` + properties + `}}]}`,
		} {
			x := explain(t, p, request(t, text, vendor, yes))
			if x.Forward == nil {
				t.Fatalf("%s, %s: nothing is forwarded: %s", way.name, vendor, x.Reason)
			}
			for _, number := range numbers {
				if strings.Contains(x.Forward.Body, number) {
					t.Errorf("%s, %s: %s leaves: %s", way.name, vendor, number, x.Forward.Body)
				}
			}
		}
	}
}

// TestDetectedInAddresses: nor in a page's address, of which the profile lets a parameter and the path through.
func TestDetectedInAddresses(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = maps.Clone(firstPart)
	d.Profiles[0].Classes["url"] = minimise.Spec{Kind: minimise.URL,
		URL: minimise.URLSpec{Query: []string{"q"}, Fragment: "route"}}
	p := compile(t, d)
	var from []detected
	var pages []string
	for _, c := range detectedCases(t) {
		if c.Want == "" || strings.HasPrefix(c.In, "http://203.") { // an address's host stays
			continue
		}
		for _, page := range []string{
			"https://shop.example/?q=" + url.QueryEscape(c.In), "https://shop.example/?q=" + url.PathEscape(c.In),
			"https://shop.example/" + url.PathEscape(c.In) + "/x",
			"https://shop.example/?q=" + url.QueryEscape("https://shop.example/?q="+url.QueryEscape(c.In)),
			"https://shop.example/#/" + url.PathEscape(c.In),
		} {
			from, pages = append(from, c), append(pages, page)
		}
	}
	const atOnce = 100
	for k := 0; k < len(pages); k += atOnce {
		part := pages[k:min(k+atOnce, len(pages))]
		var lines, events []string
		for _, page := range part {
			text, err := json.Marshal(page)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, "en=x&dl="+url.QueryEscape(page))
			events = append(events, `{"type":"page","anonymousId":"a","context":{"page":{"url":`+string(text)+`}}}`)
		}
		for vendor, hit := range map[string]string{
			"ga4":     "POST /g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\n\n" + strings.Join(lines, "\n"),
			"segment": "POST /v1/batch" + asJSON + `{"batch":[` + strings.Join(events, ",") + `]}`,
		} {
			x := explain(t, p, request(t, hit, vendor, yes))
			if x.Forward == nil {
				t.Fatalf("%s: nothing is forwarded: %s", vendor, x.Reason)
			}
			left := strings.Split(strings.TrimSpace(x.Forward.Body), "\n")
			if vendor == "segment" {
				left = left[:0]
				var body struct{ Batch []json.RawMessage }
				if err := json.Unmarshal([]byte(x.Forward.Body), &body); err != nil {
					t.Fatal(err)
				}
				for _, event := range body.Batch {
					left = append(left, string(event))
				}
			}
			if len(left) != len(part) {
				t.Fatalf("%s: %d events of %d leave", vendor, len(left), len(part))
			}
			for i, text := range left {
				if secret := from[k+i].left(text); secret != "" {
					t.Errorf("%s: %q of %q leaves: %s", vendor, secret, part[i], text)
				}
			}
		}
	}
}
