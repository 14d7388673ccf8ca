package rules_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// together is how a vendor sends several events in one hit: what all of them share, and one event for each name. What
// an event has for its own stands behind its name: "a uid=7".
type together struct {
	vendor string
	id     string // the field of a person's id
	hit    func(shared map[string]string, events []string) string
}

// own takes an event apart: its name, and what it has for its own.
func own(event string) (name string, fields map[string]string) {
	parts := strings.Fields(event)
	fields = map[string]string{}
	for _, pair := range parts[1:] {
		k, v, _ := strings.Cut(pair, "=")
		fields[k] = v
	}
	return parts[0], fields
}

func parameters(fields map[string]string) string {
	var b strings.Builder
	for _, k := range sorted(fields) {
		b.WriteString("&" + k + "=" + url.QueryEscape(fields[k]))
	}
	return b.String()
}

func strs(fields map[string]string) string {
	var b strings.Builder
	for _, k := range sorted(fields) {
		fmt.Fprintf(&b, ",%q:%q", k, fields[k])
	}
	return b.String()
}

func sorted(fields map[string]string) (keys []string) {
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func eachEvent(events []string, between string, of func(name string, fields map[string]string) string) string {
	var all []string
	for _, e := range events {
		name, fields := own(e)
		all = append(all, of(name, fields))
	}
	return strings.Join(all, between)
}

// matomoEvents are events of Matomo in place of those that others name freely: what the
// policy calls them, and what makes them one.
var matomoEvents = map[string][2]string{
	"n": {"content_impression", "c_n=x"}, "a": {"event", "e_c=x"}, "a2": {"site_search", "search=shoes"},
	"b": {"download", "download=x"}, "ab": {"link", "link=x"}, "x": {"page_view", "action_name=x"},
}

var sharing = []together{
	{"ga4", "uid", func(shared map[string]string, events []string) string {
		return "POST /g/collect?v=2&tid=G-1" + parameters(shared) + " HTTP/1.1\n\n" + eachEvent(events, "\n",
			func(name string, fields map[string]string) string {
				return "en=" + name + parameters(fields)
			})
	}},
	{"matomo", "uid", func(shared map[string]string, events []string) string {
		return "POST /matomo.php?idsite=1" + parameters(shared) + asJSON + `{"requests":[` + eachEvent(events, ",",
			func(name string, fields map[string]string) string {
				return `"?idsite=1&rec=1&` + matomoEvents[name][1] + parameters(fields) + `"`
			}) + `]}`
	}},
	{"ga4_mp", "user_id", func(shared map[string]string, events []string) string {
		return "POST /mp/collect?measurement_id=G-1&api_secret=s" + asJSON + `{"client_id":"1.2"` + strs(shared) +
			`,"events":[` + eachEvent(events, ",", func(name string, fields map[string]string) string {
			return `{"name":"` + name + `","params":{"x":"y"` + strs(fields) + `}}`
		}) + `]}`
	}},
}

// listing are vendors whose events have ids of their own alone.
var listing = []together{
	{"segment", "userId", func(_ map[string]string, events []string) string {
		return "POST /v1/batch" + asJSON + `{"batch":[` + eachEvent(events, ",",
			func(name string, fields map[string]string) string {
				return `{"type":"track","event":"` + name + `"` + strs(fields) + `}`
			}) + `]}`
	}},
	{"amplitude", "user_id", func(_ map[string]string, events []string) string {
		return "POST /2/httpapi" + asJSON + `{"api_key":"k","events":[` + eachEvent(events, ",",
			func(name string, fields map[string]string) string {
				return `{"event_type":"` + name + `"` + strs(fields) + `}`
			}) + `]}`
	}},
}

// togetherDraft has, for each of the vendors, an activity for each event: of its purposes, under its
// profile. Events that none names are denied.
func togetherDraft(vendor string, activities map[string]rules.DraftActivity) *rules.Draft {
	d := draft(rules.DraftActivity{})
	d.Activities = nil
	var names []string
	for name := range activities {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a := activities[name]
		a.ID, a.Vendor, a.Reference = name, vendor, "test"
		if a.Basis == basis.None {
			a.Basis = basis.Contract
		}
		a.Events = []string{name}
		if vendor == "matomo" {
			a.Events = []string{matomoEvents[name][0]}
		}
		d.Activities = append(d.Activities, a)
	}
	return d
}

// sentField is what is sent of a field that all events share (event -1), or of one event; "" where nothing is.
func sentField(t *testing.T, x *rules.Explanation, event int, path string) string {
	t.Helper()
	fields := x.Shared
	if event >= 0 {
		fields = x.Events[event].Fields
	}
	for _, f := range fields {
		if strings.TrimPrefix(f.Path, "?") != path || !f.Sent {
			continue
		}
		if out := x.Forward.URL + "\n" + x.Forward.Body; !strings.Contains(out, f.After) &&
			!strings.Contains(out, url.QueryEscape(f.After)) {
			t.Fatalf("%s is said to be sent as %q, and is not: %s", path, f.After, out)
		}
		return f.After
	}
	return ""
}

// TestPseudonymsByPurposeInAHit: of pseudonyms made for a purpose, no two purposes share one: in one hit as in two, for
// what an event has for its own as for what events share. What events of two purposes share gets none.
func TestPseudonymsByPurposeInAHit(t *testing.T) {
	t.Parallel()
	byPurpose := minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Scope: "purpose",
		Rotate: "week"}}
	const id = "cust-48213"
	for _, v := range append(slices.Clone(sharing), listing...) {
		shares := slices.ContainsFunc(sharing, func(s together) bool { return s.vendor == v.vendor })
		d := togetherDraft(v.vendor, map[string]rules.DraftActivity{
			"a":  {Purposes: []string{"audience"}, Profile: "purpose"},
			"a2": {Purposes: []string{"audience"}, Profile: "purpose"},
			"b":  {Purposes: []string{"ads"}, Profile: "purpose"}, "ab": {Purposes: []string{"audience", "ads"},
				Profile: "purpose"},
			"n": {Purposes: []string{"ads"}, Profile: "purpose", Basis: basis.Consent}, // which nobody gives
		})
		classes := everything()
		classes["user_id"] = byPurpose
		d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "purpose", Classes: classes})
		p := compile(t, d)
		judge := func(shared bool, events ...string) *rules.Explanation {
			t.Helper()
			all := map[string]string{}
			for i := range events {
				if shared {
					all[v.id] = id
				} else {
					events[i] += " " + v.id + "=" + id
				}
			}
			r := request(t, v.hit(all, events), v.vendor)
			r.Address = netip.Addr{}
			x := explain(t, p, r)
			if x.Forward == nil || len(x.Events) != len(events) {
				t.Fatalf("%s, %q: %s, %d events: %+v", v.vendor, events, x.Reason, len(x.Events), x.Events)
			}
			if strings.Contains(x.Forward.URL+x.Forward.Body, id) {
				t.Errorf("%s, %q: the id leaves: %+v", v.vendor, events, x.Forward)
			}
			return x
		}
		if v.vendor != "ga4_mp" { // whose events have no person's id
			mine := map[string]string{}
			for _, event := range []string{"a", "b", "ab"} {
				mine[event] = sentField(t, judge(false, event), 0, v.id)
			}
			if mine["a"] == "" || mine["a"] == mine["b"] || mine["b"] == mine["ab"] || mine["a"] == mine["ab"] {
				t.Errorf("%s: pseudonyms by purpose: %q", v.vendor, mine)
			}
			mine["a2"] = mine["a"]
			for _, events := range [][]string{{"a", "b"}, {"b", "a"}, {"a", "a2"}, {"ab", "b", "a"}, {"x", "b", "x", "a"}} {
				x := judge(false, slices.Clone(events)...)
				for i, event := range events {
					if got := sentField(t, x, i, v.id); got != mine[event] {
						t.Errorf("%s, %q: event %d has %q, want %q", v.vendor, events, i, got, mine[event])
					}
				}
			}
		}
		if !shares {
			continue
		}
		alone := map[string]string{}
		for _, event := range []string{"a", "b", "ab"} {
			alone[event] = sentField(t, judge(true, event, event), -1, v.id)
		}
		if alone["a"] == "" || alone["a"] == alone["b"] || alone["b"] == alone["ab"] || alone["a"] == alone["ab"] {
			t.Errorf("%s: pseudonyms by purpose of what is shared: %q", v.vendor, alone)
		}
		for _, c := range []struct {
			events []string
			want   string // whose pseudonym; "" for none
		}{
			{[]string{"a", "a2"}, "a"}, {[]string{"a", "b"}, ""}, {[]string{"b", "a"}, ""}, {[]string{"a", "ab"}, ""},
			{[]string{"ab", "a"}, ""}, {[]string{"a", "a2", "b"}, ""},
			{[]string{"a", "x"}, "a"}, {[]string{"x", "a"}, "a"}, {[]string{"x", "b", "x"}, "b"}, {[]string{"x", "b", "a", "x"},
				""}, {[]string{"b", "a", "a"}, ""}, {[]string{"n", "a"}, "a"}, {[]string{"a", "n"}, "a"},
		} {
			if got := sentField(t, judge(true, slices.Clone(c.events)...), -1, v.id); got != alone[c.want] {
				t.Errorf("%s, %q: what all share is %q, want %q", v.vendor, c.events, got, alone[c.want])
			}
		}
	}
}

// TestSharedFieldsGetTheStrictest: what the events of two profiles share is treated as the stricter of them says,
// whichever event comes first, and as neither where none is stricter; a profile whose events are all denied has no say.
// What an event has for its own goes by its own profile.
func TestSharedFieldsGetTheStrictest(t *testing.T) {
	t.Parallel()
	hash := minimise.Spec{Kind: minimise.Hash, Hash: "sha256"}
	derive := minimise.Spec{Kind: minimise.Derive, Derive: "daily_visitor"}
	weekly := minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: minimise.PseudonymiseSpec{Rotate: "week"}}
	drop, constant := minimise.Spec{}, minimise.Spec{Kind: minimise.Replace, Replace: "x"}
	only := func(values ...string) minimise.Spec { return minimise.Spec{Kind: minimise.Only, Only: values} }
	for _, c := range []struct {
		class, field, value string
		a, b                minimise.Spec
		want                string // whose way holds: "a", "b"; "" for neither
	}{
		{"user_id", "uid", "cust-48213", keep, daily, "b"},
		{"user_id", "uid", "cust-48213", keep, hash, "b"},
		{"user_id", "uid", "cust-48213", weekly, daily, "b"},
		{"user_id", "uid", "cust-48213", hash, derive, "b"},
		{"user_id", "uid", "cust-48213", daily, derive, "b"},
		{"user_id", "uid", "cust-48213", hash, daily, ""},
		{"user_id", "uid", "cust-48213", keep, drop, ""},
		{"user_id", "uid", "cust-48213", derive, drop, ""},
		{"user_id", "uid", "cust-48213", hash, constant, "b"},
		{"user_id", "uid", "cust-48213", only("cust-48213"), only("cust-48213", "x"), ""},
		{"user_id", "uid", "cust-48213", keep, keep, "a"},
		{"url", "dl", "https://shop.example/a?utm_source=x&q=1", urlSpec, origin, "b"},
		{"url", "dl", "https://shop.example/a?utm_source=x&q=1", keep, urlSpec, "b"},
		{"url", "dl", "https://shop.example/a?utm_source=x&q=1", keep, minimise.Spec{Kind: minimise.Rare}, "b"},
		{"language", "ul", "de-DE", keep, primary, "b"},
		{"screen", "sr", "1512x982", keep, bucket, "b"},
		{"ip", "_uip", "203.0.113.77", prefix, minimise.Spec{Kind: minimise.Truncate,
			Truncate: minimise.TruncateSpec{V4: new(24), V6: new(48)}}, "a"},
		{"ip", "_uip", "203.0.113.77", minimise.Spec{Kind: minimise.Truncate, Truncate: minimise.TruncateSpec{V4: new(8),
			V6: new(48)}}, prefix, ""},
	} {
		profile := func(spec minimise.Spec) map[string]minimise.Spec {
			all := everything()
			all[c.class] = spec
			return all
		}
		d := togetherDraft("ga4", map[string]rules.DraftActivity{"a": {Purposes: []string{"audience"}, Profile: "pa"},
			"b": {Purposes: []string{"audience"}, Profile: "pb"},
			"n": {Purposes: []string{"audience"}, Profile: "none", Basis: basis.Consent}})
		d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool { return v.ID != "ga4" })
		d.Profiles = []rules.DraftProfile{{ID: "pa", Classes: profile(c.a)}, {ID: "pb", Classes: profile(c.b)},
			{ID: "none", Classes: map[string]minimise.Spec{"event_name": keep}}}
		p := compile(t, d)
		judge := func(events ...string) *rules.Explanation {
			t.Helper()
			x := explain(t, p, request(t, sharing[0].hit(map[string]string{"cid": "1.2", c.field: c.value}, events), "ga4"))
			if x.Forward == nil || len(x.Events) != len(events) {
				t.Fatalf("%q: %s", events, x.Reason)
			}
			return x
		}
		alone := map[string]string{"": "", "a": sentField(t, judge("a", "a"), -1, c.field),
			"b": sentField(t, judge("b", "b"), -1, c.field)}
		if c.want != "" && alone[c.want] == "" {
			t.Errorf("%s: %q is dropped by its own profile: nothing is shown", c.class, c.value)
		}
		for _, events := range [][]string{{"a", "b"}, {"b", "a"}, {"a", "b", "a"}, {"b", "b", "a"}, {"x", "a", "b"}} {
			if got := sentField(t, judge(events...), -1, c.field); got != alone[c.want] {
				t.Errorf("%s, %v and %v, %q: %q, want %q", c.class, c.a.Kind, c.b.Kind, events, got, alone[c.want])
			}
		}
		for _, events := range [][]string{{"a", "x"}, {"x", "b"}, {"n", "a", "x"}, {"b", "n"}} {
			who := strings.Trim(strings.Join(events, ""), "xn")
			if got := sentField(t, judge(events...), -1, c.field); got != alone[who] {
				t.Errorf("%s, %v and %v, %q: %q, want %q", c.class, c.a.Kind, c.b.Kind, events, got, alone[who])
			}
		}
		mine := " " + c.field + "=" + c.value
		x := explain(t, p, request(t, sharing[0].hit(map[string]string{"cid": "1.2"},
			[]string{"a" + mine, "b" + mine, "x" + mine}), "ga4"))
		if len(x.Events) != 3 || x.Forward == nil {
			t.Fatalf("%s: %+v", x.Reason, x.Events)
		}
		for i, who := range []string{"a", "b", ""} {
			if got := sentField(t, x, i, c.field); got != alone[who] {
				t.Errorf("%s, own of event %d: %q, want %q", c.class, i, got, alone[who])
			}
		}
	}
}
