package rules_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// constantsDraft is a policy in which the name of an event decides by which of three profiles it travels: one that sets
// much, one that sets something else, one that sets nothing; everything else is refused.
func constantsDraft() *rules.Draft {
	d := draft(rules.DraftActivity{})
	d.Activities, d.Profiles = nil, nil
	sets := map[string]map[string]map[string]string{
		"a": {
			"segment": {"context.ip": "0", "context.device.id": "d", "context.device.type": "true",
				"properties.a.b.c.d.e": "deep", "properties.a.b.c.d.f": "false", "traits.email": "none"},
			"ga4":      {"dt": "hidden", "ir": "1", "uid": "true", "ep.z": "a&b=c;d"},
			"mixpanel": {"properties.ip": "0", "properties.$city": "none"},
			"matomo":   {"action_name": "none", "uid": "u"},
			"ga4_mp":   {"user_id": "u", "params.page_title": "none"},
		},
		"b": {"segment": {"context.ip": "1", "properties.a": "flat"}, "ga4": {"dt": "other", "ul": "xx"},
			"ga4_mp": {"user_id": "v"}},
		"c": {},
	}
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		classes := everything()
		if id == "b" {
			delete(classes, "ip")
			delete(classes, "custom")
		}
		classes["client_id"] = minimise.Spec{Kind: minimise.Pseudonymise, Pseudonymise: classes["client_id"].Pseudonymise}
		d.Profiles = append(d.Profiles, rules.DraftProfile{ID: id, Classes: classes, Set: sets[id]})
		for _, vendor := range []string{"segment", "ga4", "mixpanel", "matomo", "ga4_mp"} {
			d.Activities = append(d.Activities, rules.DraftActivity{
				ID: vendor + "-" + id, Vendor: vendor, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "law",
				Profile: id, Events: []string{id},
			})
			if vendor == "matomo" {
				d.Activities[len(d.Activities)-1].Events = []string{map[string]string{"a": "*", "b": "download", "c": "link"}[id]}
			}
		}
	}
	d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool {
		return !slices.ContainsFunc(d.Activities, func(a rules.DraftActivity) bool { return a.Vendor == v.ID })
	})
	return d
}

// TestConstantsInFull: what profiles set, in hits that have it already, have something else in its place, or have
// nothing there; in one event and in several under different profiles; in objects, forms and forms in objects.
// UPDATE_GOLDEN=1 writes the file anew; what changed is then to be read line by line.
func TestConstantsInFull(t *testing.T) {
	t.Parallel()
	const asJSON = " HTTP/1.1\nContent-Type: application/json\n\n"
	var hits []string // vendor, and the request
	for _, names := range []string{"a", "b", "c", "a b", "b a", "a a", "b c a", "c a b a", "x", "a x b", "x c"} {
		for _, members := range []string{
			"", `,"context":{}`, `,"context":{"ip":"203.0.113.9"}`, `,"context":null`, `,"context":"text"`, `,"context":[1]`,
			`,"context":{"device":{}}`, `,"context":{"device":{"id":"x","type":"y"}}`, `,"context":{"device":[]}`,
			`,"properties":{"a":1}`, `,"properties":{"a":{"b":{"c":{}}}}`,
			`,"properties":{"a":{"b":{"c":{"d":{"e":1,"g":2}}}},"a":{"b":2}}`, `,"traits":{"email":"jane@example.com"}`,
			`,"properties":{}`,
		} {
			var events []string
			for name := range strings.FieldsSeq(names) {
				events = append(events, `{"type":"track","event":"`+name+`"`+members+`}`)
			}
			hits = append(hits, "segment POST /v1/batch"+asJSON+`{"batch":[`+strings.Join(events, ",")+
				`],"context":{"ip":"198.51.100.1"}}`)
			if len(events) == 1 {
				hits = append(hits, "segment POST /v1/t"+asJSON+events[0])
			}
		}
		for _, query := range []string{"", "&dt=x", "&dt=x&uid=u&ir=0", "&ul=de&_uip=198.51.100.1", "&ep.z=1&cid=1.2"} {
			for _, own := range []string{"", "&dt=y", "&dt=y&dt=z&ir=5", "&ep.z=&cid=1.2&_uip=198.51.100.2", "&=&ul=de;x"} {
				var lines []string
				for name := range strings.FieldsSeq(names) {
					lines = append(lines, "en="+name+own)
				}
				head := "ga4 POST /g/collect?v=2&tid=G-1" + query + " HTTP/1.1\nContent-Type: text/plain\n\n"
				hits = append(hits, head+strings.Join(lines, "\n"))
			}
		}
		var events, params []string
		for i, name := range strings.Fields(names) {
			events = append(events, `{"event":"`+name+`","properties":{"token":"k"`+[]string{"", `,"ip":"198.51.100.7"`,
				`,"$city":null`}[i%3]+`}}`)
			params = append(params, `{"name":"`+name+`"`+[]string{"", `,"params":{}`, `,"params":{"page_title":"Jane"}`}[i%3]+
				`}`)
		}
		hits = append(hits, "mixpanel POST /track/?ip=1"+asJSON+"["+strings.Join(events, ",")+"]")
		for _, more := range []string{"", `"user_id":"jane",`, `"user_id":1,"client_id":"1.2",`} {
			hits = append(hits, "ga4_mp POST /mp/collect?measurement_id=G-1&api_secret=s"+asJSON+`{`+more+`"events":[`+
				strings.Join(params, ",")+`]}`)
		}
	}
	for _, query := range []string{"action_name=x", "uid=jane", "download=https%3A%2F%2Fa.example%2F&uid=jane",
		"link=https%3A%2F%2Fa.example%2F", "e_c=a&e_a=b"} {
		hits = append(hits, "matomo GET /matomo.php?idsite=1&rec=1&"+query+" HTTP/1.1\n\n",
			"matomo POST /matomo.php"+asJSON+`{"requests":["?idsite=1&rec=1&`+query+
				`","?idsite=1&rec=1&uid=u&url=https%3A%2F%2Fshop.example%2F"]}`)
	}
	p := compile(t, constantsDraft())
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	var b strings.Builder
	var j rules.Judgement
	for _, text := range hits {
		vendor, text, _ := strings.Cut(text, " ")
		if reason := readInto(&j, p, &in, request(t, text, vendor, asBrowsers()...)); reason != rules.Unjudged {
			fmt.Fprintf(&b, "%s %q: %v\n", vendor, text, reason)
			continue
		}
		reason := rules.Judge(&j, &in)
		fmt.Fprintf(&b, "%s %q: %v, %d travel, %s %q\n", vendor, text, reason, j.Permitted(), j.Out.Query, j.Out.Body)
		for e := range j.Hit.Events {
			if again := j.AssembleEvent(e); j.Out.Forward && j.Verdicts[e].Decision == rules.Permit && vendor != "ga4" &&
				string(again) != string(j.EventBytes(e)) {
				t.Errorf("%s: event %d leaves as %s, and is said to leave as %s", text, e, again, j.EventBytes(e))
			}
		}
	}
	goldenLines(t, "testdata/constants.golden.txt", b.String())
}

// goldenLines compares a text with a file of expectations, or writes that anew.
func goldenLines(t *testing.T, file, text string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, text, read(t, file))
}

// TestTreatmentsInFull: what every vendor may be sent of which class, by a profile that keeps, one that drops and one
// in between; and what a name of an identifier stands for. UPDATE_GOLDEN=1 writes the file anew.
func TestTreatmentsInFull(t *testing.T) {
	t.Parallel()
	d := shownDraft(t)
	for _, id := range catalog.BuiltinIDs() {
		for i, profile := range []string{"narrow", "stream", "wide"} {
			b := []basis.Basis{basis.Contract, basis.LegitimateInterest, basis.Consent}[i]
			d.Activities = append(d.Activities, rules.DraftActivity{ID: id + " " + profile, Vendor: id,
				Purposes: []string{"audience"}, Basis: b, Reference: "law", Profile: profile, Events: []string{"z"}})
		}
	}
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "stream", Classes: map[string]minimise.Spec{"recording": keep,
		"custom": scrubbed}})
	p := compile(t, d)
	var lines []string
	for _, a := range p.Activities() {
		for _, treatment := range a.Treatments() {
			lines = append(lines, fmt.Sprintf("%s: %v %q %v", a.ID, treatment.Class, treatment.Field, treatment.Action.Kind()))
		}
	}
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	for _, name := range rules.IdentityNames() {
		for _, vendor := range append([]string{""}, catalog.BuiltinIDs()...) {
			if vendor != "" {
				vendor = ":" + vendor
			}
			for _, id := range []string{"jane@example.com", "+49 30 1234567", sha("x"), md("x"), "u-17"} {
				of, err := p.Identities(keys, name+vendor, []byte(id))
				line := fmt.Appendf(nil, "%s%s of %.16s: %v", name, vendor, id, err)
				for _, one := range of {
					line = fmt.Appendf(line, " %s %x %x %x", one.Space, one.Hash[:2], one.Ledger[:2], one.Feed[:2])
				}
				lines = append(lines, string(line))
			}
		}
	}
	goldenLines(t, "testdata/treatments.golden.txt", strings.Join(lines, "\n")+"\n")
}

// TestShapesAreNamedByWhatBecameOfFields: two events of a vendor have one name of their shape where, and only where,
// the same fields were kept, changed and dropped; under another policy all have other names.
func TestShapesAreNamedByWhatBecameOfFields(t *testing.T) {
	t.Parallel()
	d := shownDraft(t)
	p := compile(t, d)
	d.Digest = "other"
	other := compile(t, d)
	in := rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}
	names := map[string]string{}
	shapes := map[string]string{}
	for _, c := range shownHits() {
		var j, k rules.Judgement
		if c.change != nil || readInto(&j, p, &in, request(t, c.text, c.vendor, c.headers...)) != rules.Unjudged ||
			rules.Judge(&j, &in) != rules.Unjudged {
			continue
		}
		if readInto(&k, other, &in, request(t, c.text, c.vendor, c.headers...)) != rules.Unjudged ||
			rules.Judge(&k, &in) != rules.Unjudged {
			t.Fatal(c.name)
		}
		for e := range j.Hit.Events {
			kept, changed, dropped := j.Shape(e)
			shape := fmt.Sprint(c.vendor, kept, changed, dropped)
			name := string(j.ShapeID([]byte("to "), e))
			if len(name) != 19 || strings.Trim(name[3:], "0123456789abcdef") != "" || name[:3] != "to " {
				t.Fatalf("the name of a shape is %q", name)
			}
			if was, seen := names[shape]; seen && was != name {
				t.Errorf("%s: one shape has two names: %s", c.name, shape)
			}
			if was, seen := shapes[name]; seen && was != shape {
				t.Errorf("%s: two shapes have one name: %s and %s", c.name, shape, was)
			}
			if names[shape], shapes[name] = name, shape; string(k.ShapeID(nil, e)) == name[3:] {
				t.Errorf("%s: a shape has the same name under another policy", c.name)
			}
			if again := string(j.ShapeID([]byte("to "), e)); again != name {
				t.Errorf("%s: asked again, the name is %s", c.name, again)
			}
		}
	}
	if len(names) < 15 {
		t.Errorf("only %d shapes: the test shows too little", len(names))
	}
}

// TestAConstantStandsInPlaceOfTheAddress: where a profile sets the field that the visitor's address is handed on in,
// the vendor gets what is set, once, and not the address.
func TestAConstantStandsInPlaceOfTheAddress(t *testing.T) {
	t.Parallel()
	d := constantsDraft()
	for i := range d.Profiles {
		d.Profiles[i].Set = map[string]map[string]string{"segment": {"context.ip": "0.0.0.0"}, "ga4": {"_uip": "0.0.0.0"},
			"mixpanel": {"properties.ip": "0.0.0.0"}}
	}
	p := compile(t, d)
	const asJSON = " HTTP/1.1\nContent-Type: application/json\n\n"
	for _, c := range [][2]string{
		{"segment", "POST /v1/t" + asJSON + `{"type":"track","event":"a"}`},
		{"segment", "POST /v1/t" + asJSON + `{"type":"track","event":"b","context":{"ip":"203.0.113.77"}}`},
		{"segment", "POST /v1/batch" + asJSON + `{"batch":[{"type":"track","event":"a"}]}`},
		{"ga4", "GET /g/collect?v=2&tid=G-1&en=a HTTP/1.1\n\n"}, {"ga4", "POST /g/collect?v=2&tid=G-1 HTTP/1.1\n\nen=a"},
		{"ga4", "GET /g/collect?v=2&tid=G-1&en=b&_uip=203.0.113.77 HTTP/1.1\n\n"},
		{"mixpanel", "POST /track/" + asJSON + `[{"event":"a","properties":{"token":"k"}}]`},
	} {
		x := explain(t, p, request(t, c[1], c[0]))
		if x.Forward == nil {
			t.Errorf("%s: %s", c[1], x.Reason)
			continue
		}
		text := x.Forward.URL + x.Forward.Body
		if strings.Count(text, "0.0.0.0") != 1 || strings.Contains(text, "203.0.113") {
			t.Errorf("%s leaves as %s", c[1], text)
		}
	}
	own := ownDraft(t, map[string]minimise.Spec{"ip": keep}, nil)
	own.Profiles[0].Set = map[string]map[string]string{"own": {"cip": "0.0.0.0"}}
	for _, query := range []string{"e=a", "e=a&cip=203.0.113.77"} {
		x := explain(t, compile(t, own), request(t, "GET /x?"+query+" HTTP/1.1\n\n", "own", yes))
		if x.Forward == nil || !strings.HasSuffix(x.Forward.URL, "/x?e=a&cip=0.0.0.0") {
			t.Errorf("%s leaves as %+v", query, x.Forward)
		}
	}
}
