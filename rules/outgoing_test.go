package rules_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestNoControlByteInAHeader: every header that any vendor is sent, with every byte that could end its line or do
// something to what reads it, at every place. Such a value is not sent; one with a tab or with other bytes is.
func TestNoControlByteInAHeader(t *testing.T) {
	t.Parallel()
	d := draft()
	for i := range d.Activities {
		d.Activities[i].Profile = "all"
	}
	p := compile(t, d)
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	var j rules.Judgement
	sent := map[string]bool{}
	eachGolden(t, func(t *testing.T, vendor, text string) {
		plain := request(t, text, vendor, yes)
		route, _, _ := p.Site(plain.Host).Find(plain.Method, plain.Path)
		plain.Headers = slices.DeleteFunc(plain.Headers, func(h hit.Header) bool {
			return slices.ContainsFunc(route.Endpoint.Headers, func(i catalog.HeaderInfo) bool {
				return ascii.EqualFold(h.Name, i.Name)
			})
		})
		for c := range 256 {
			if c > ' ' && c < 0x7f || c > 0x82 {
				continue
			}
			control := c < ' ' && c != '\t' || c == 0x7f
			for _, value := range []string{string([]byte{byte(c)}) + "ab", "a" + string([]byte{byte(c)}) + "b",
				"ab" + string([]byte{byte(c)})} {
				r := plain
				r.Headers = slices.Clone(r.Headers)
				for _, info := range route.Endpoint.Headers {
					r.Headers = append(r.Headers, hit.Header{Name: []byte(info.Name), Value: []byte(value)})
				}
				if reason := readInto(&j, p, &in, r); reason != rules.Unjudged {
					t.Fatal(reason)
				}
				if reason := rules.Judge(&j, &in); reason != rules.Unjudged {
					t.Fatal(reason)
				}
				for _, h := range j.Out.Headers {
					if strings.ContainsFunc(string(h.Value), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
						t.Fatalf("%s is sent as %q", h.Name, h.Value)
					}
				}
				for _, info := range route.Endpoint.Headers {
					if there := headerOf(j.Out.Headers, info.Name) == value; there && control {
						t.Fatalf("%s is sent as %q", info.Name, value)
					} else if there && (c == '\t' || c == 0x80) {
						sent[vendor+" "+info.Name] = true
					}
				}
			}
		}
	})
	for _, recipient := range p.Recipients() {
		for _, info := range recipient.Catalog.Endpoints[0].Headers {
			if of := recipient.ID + " " + info.Name; info.Value == "" && !info.KeyOnly &&
				info.Fits([]byte("a\tb")) && !sent[of] {
				t.Errorf("%s is never sent: nothing is shown of it", of)
			}
		}
	}
}

// handsOn is a vendor that takes the visitor's address as a parameter, and whose header a file sets.
const handsOn = `
id: own
name: Own
hosts: { api: "https://own.example" }
carry: { ip: { query: cip } }
event: [{ field: e }]
fields:
  e:   { class: event_name }
  cip: { class: ip }
  xip: { class: custom }
endpoints:
  - { id: get, methods: [GET], path: /x, events: [query], query: event, answer: { status: 204 } }
`

// own is a draft with that vendor, on consent, and these treatments.
func ownDraft(t *testing.T, classes, fields map[string]minimise.Spec) *rules.Draft {
	t.Helper()
	d := draftOf(t, handsOn)
	d.Profiles[0].Classes = map[string]minimise.Spec{"event_name": keep, "custom": keep}
	maps.Copy(d.Profiles[0].Classes, classes)
	d.Profiles[0].Fields = map[string]map[string]minimise.Spec{"own": fields}
	return d
}

// TestTheAddressInTheQuery: it is handed on as the class says, once, and not where the hit says it itself.
func TestTheAddressInTheQuery(t *testing.T) {
	t.Parallel()
	kept := map[string]minimise.Spec{"ip": keep}
	cut := map[string]minimise.Spec{"ip": prefix}
	for name, c := range map[string]struct {
		query, address  string
		classes, fields map[string]minimise.Spec
		want            string
	}{
		"kept":                   {"e=a", "203.0.113.77", kept, nil, "e=a&cip=203.0.113.77"},
		"cut":                    {"e=a", "203.0.113.77", cut, nil, "e=a&cip=203.0.0.0"},
		"an address with colons": {"e=a", "2001:db8:1:2::3", cut, nil, "e=a&cip=2001%3Adb8%3A%3A"},
		"not named":              {"e=a", "203.0.113.77", nil, nil, "e=a"},
		"dropped": {"e=a", "203.0.113.77", map[string]minimise.Spec{"ip": {Kind: minimise.Drop}},
			nil, "e=a"},
		"unknown":                {"e=a", "", kept, nil, "e=a"},
		"said by the hit":        {"e=a&cip=198.51.100.9", "203.0.113.77", kept, nil, "e=a&cip=198.51.100.9"},
		"said by the hit, first": {"cip=198.51.100.9&e=a", "203.0.113.77", cut, nil, "cip=198.51.0.0&e=a"},
		"said in escapes":        {"e=a&%63ip=198.51.100.9", "203.0.113.77", kept, nil, "e=a&%63ip=198.51.100.9"},
		"alone": {"e=a", "203.0.113.77", kept, map[string]minimise.Spec{"e": {Kind: minimise.Drop}},
			"cip=203.0.113.77"},
		"another parameter": {"e=a&xip=1", "203.0.113.77", kept, nil, "e=a&xip=1&cip=203.0.113.77"},
		"said by the hit, which may not": {"e=a&cip=198.51.100.9", "203.0.113.77", kept,
			map[string]minimise.Spec{"cip": {Kind: minimise.Drop}}, "e=a&cip=203.0.113.77"},
	} {
		r := request(t, "GET /x?"+c.query+" HTTP/1.1\nHost: shop.example\n\n", "own", append(asBrowsers(), yes)...)
		r.Address, _ = netip.ParseAddr(c.address)
		x := explain(t, compile(t, ownDraft(t, c.classes, c.fields)), r)
		if x.Forward == nil || !strings.HasSuffix(x.Forward.URL, "/x?"+c.want) {
			t.Errorf("%s: %s %+v", name, x.Reason, x.Forward)
		}
	}
}

// TestAVendorFilesHeaderEndsNoLine: nor does what a file sets in place of the visitor's.
func TestAVendorFilesHeaderEndsNoLine(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"json": "json", "a\tb": "a\tb", "a\r\nX-B: c": "", "a\n": "",
		"\x00a": "", "a\x7f": ""} {
		d := ownDraft(t, nil, nil)
		d.Vendors[len(d.Vendors)-1].Catalog.Headers = map[string]catalog.Field{"X-Format": {Class: "technical", Value: value}}
		p, err := rules.Compile(d)
		if err != nil {
			continue // refused before
		}
		x := explain(t, p, request(t, "GET /x?e=a HTTP/1.1\nHost: shop.example\n\n", "own", yes))
		if x.Forward == nil || x.Forward.Headers["X-Format"] != want {
			t.Errorf("%q: %+v", value, x.Forward)
		}
	}
}
