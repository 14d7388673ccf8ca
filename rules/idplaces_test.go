package rules_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// idPlace is a place of the catalog where an identifier stands.
type idPlace struct {
	path    string // in the event, or around it
	around  bool   // in the body around the events
	inQuery bool   // in the query of a hit whose events are in the body
	field   catalog.Field
	outer   *idPlace // what is opened on the way
	pair    string   // it is the value of a pair of this name, an element of the list at path
	names   string   // the member that names a pair
	member  string   // in what a schema says of: path is that of what has both
	schema  []string // the member that names it, its name, and the member that it is of
}

// idPlacesOf lists the places of an endpoint.
func idPlacesOf(f *catalog.File, e *catalog.EndpointFile) []idPlace {
	var all []idPlace
	var add func(fields map[string]catalog.Field, outer *idPlace, around bool)
	add = func(fields map[string]catalog.Field, outer *idPlace, around bool) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			field := fields[name]
			p := idPlace{path: name, around: around, field: field, outer: outer}
			if around && strings.HasPrefix(name, "?") {
				p.path, p.inQuery = name[1:], true
			}
			switch {
			case field.Pairs != "":
				for _, pair := range slices.Sorted(maps.Keys(field.Fields)) {
					of := p
					of.pair, of.names, of.field = pair, field.Pairs, field.Fields[pair]
					all = append(all, of)
				}
			case field.Schema != "":
				at := max(strings.LastIndex(name, "."), 0)
				for _, schema := range slices.Sorted(maps.Keys(field.Schemas)) {
					for _, member := range slices.Sorted(maps.Keys(field.Schemas[schema])) {
						of := p
						of.path, of.member, of.field = name[:at], member, field.Schemas[schema][member]
						of.schema = []string{field.Schema, schema, strings.TrimPrefix(name[at:], ".")}
						all = append(all, of)
					}
				}
				all = append(all, p)
				add(field.Fields, outer, around)
			case len(field.Open) > 0:
				add(field.Fields, &p, around)
			default:
				all = append(all, p)
				add(field.Fields, outer, around)
			}
		}
	}
	both := func(base, over map[string]catalog.Field) map[string]catalog.Field {
		merged := maps.Clone(base)
		if merged == nil {
			merged = map[string]catalog.Field{}
		}
		maps.Copy(merged, over)
		return merged
	}
	add(both(f.Fields, e.Fields), nil, false)
	add(both(f.Request, e.Request), nil, true)
	return all
}

// put puts a value at a path of a JSON value: "a[].b.*".
func put(at any, path string, value any) any {
	if path == "" {
		return value
	}
	first, rest, _ := strings.Cut(path, ".")
	if before, after, found := strings.Cut(first, "[]"); found {
		inner := after
		if rest != "" {
			inner = strings.TrimPrefix(after+"."+rest, ".")
		}
		list := []any{put(nil, inner, value)}
		if before == "" {
			return list
		}
		first, rest, value = before, "", any(list)
	}
	object, ok := at.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	if first == "*" {
		first = "zz"
	}
	object[first] = put(object[first], rest, value)
	return object
}

// wrapped is a value as it stands where it is opened by a stack.
func wrapped(t *testing.T, stack string, inner any) string {
	t.Helper()
	layers := strings.Split(stack, "+")
	text := ""
	switch layers[len(layers)-1] {
	case "json":
		b, err := json.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	case "form":
		for name, value := range inner.(map[string]any) {
			text = formKey(name) + "=" + url.QueryEscape(fmt.Sprint(value))
		}
	default:
		return ""
	}
	for _, layer := range layers[:len(layers)-1] {
		if layer != "base64" {
			return ""
		}
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

func formKey(name string) string { return strings.NewReplacer("{n}", "1", "*", "zz").Replace(name) }

// value is what stands at the outermost place, and the path of that.
func (p *idPlace) value(t *testing.T, id string) (path string, value any) {
	t.Helper()
	path, value = p.path, any(id)
	if p.schema != nil {
		of := put(nil, p.schema[0], "iglu:"+p.schema[1]+"/jsonschema/1-0-0")
		value = put(of, p.schema[2]+"."+p.member, id)
	}
	switch {
	case p.names == "[]":
		value = []any{p.pair, id}
	case p.pair != "":
		value = map[string]any{p.names: strings.ReplaceAll(p.pair, "*", "zz"), "value": map[string]any{"stringValue": id}}
	}
	for outer := p.outer; outer != nil; outer = outer.outer {
		text := ""
		for _, stack := range outer.field.Open {
			if text = wrapped(t, stack, put(nil, path, value)); text != "" {
				break
			}
		}
		if text == "" {
			return "", nil
		}
		path, value = outer.path, text
	}
	return path, value
}

// requestWith is a hit of an endpoint that holds nothing but the one value; ok is
// false where this test cannot make one.
func (p *idPlace) requestWith(t *testing.T, f *catalog.File, e *catalog.EndpointFile, id string) (
	text string, ok bool) {
	t.Helper()
	path, value := p.value(t, id)
	if value == nil {
		return "", false
	}
	if e.Query == "event" {
		if p.around {
			return "", false
		}
		query := formKey(path) + "=" + url.QueryEscape(fmt.Sprint(value))
		if _, list := value.([]any); list {
			return "", false
		}
		return e.Methods[0] + " " + pathOf(t, f, e) + "?" + query + " HTTP/1.1\n\n", true
	}
	if p.inQuery {
		return "", false
	}
	location := ""
	for _, one := range e.Events {
		if strings.HasPrefix(one, "body") && (location == "" || one == "body") {
			location = one
		}
	}
	if location == "" {
		return "", false
	}
	members := strings.TrimPrefix(strings.TrimPrefix(location, "body"), ".")
	event := any(map[string]any{})
	if !p.around {
		event = put(nil, path, value)
	}
	if slices.Contains(e.Body, "form") && !slices.Contains(e.Body, "json") {
		b, err := json.Marshal(event)
		if err != nil || p.around {
			return "", false
		}
		return e.Methods[0] + " " + pathOf(t, f, e) + " HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n" +
			members + "=" + url.QueryEscape(string(b)), true
	}
	body := event
	if members != "" {
		body = put(nil, members, []any{event})
	}
	if p.around {
		if members == "" {
			return "", false
		}
		body = put(put(nil, members, []any{map[string]any{"zz": 1}}), path, value)
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return e.Methods[0] + " " + pathOf(t, f, e) + " HTTP/1.1\nContent-Type: application/json\n\n" + string(b), true
}

// pathOf is a path of an endpoint.
func pathOf(t *testing.T, f *catalog.File, e *catalog.EndpointFile) string {
	t.Helper()
	return regexp.MustCompile(`\{(\w+)[.]*\}`).ReplaceAllStringFunc(e.Path, func(name string) string {
		v := f.Variables[strings.Trim(name, "{.}")]
		for _, sample := range []string{"1", "track", "v21.0", "phc_x", "config"} {
			if regexp.MustCompile("^(?:" + v.Pattern + ")$").MatchString(sample) {
				return sample
			}
		}
		t.Fatalf("%s: nothing fits %s", f.ID, name)
		return ""
	})
}

// sample is an identifier as it stands in a field, and as it is objected by.
func sample(field *catalog.Field, class string) (given, objected string) {
	const mail, phone = "jane.doe@example.com", "+4930901820"
	plain := "cust-48213"
	switch _, format, _ := strings.Cut(" "+field.Format, " "); strings.TrimPrefix(
		strings.TrimPrefix(format, "exact "), "open ") {
	case "ga_cid":
		plain = "1234567890.1700000000"
	case "ga_cookie":
		plain = "GA1.1.1234567890.1700000000"
	case "hex16":
		plain = "0123456789abcdef"
	case "hex32":
		plain = "0123456789abcdef0123456789abcdef"
	case "uuid", "amplitude_device":
		plain = "6f1c5a9e-1111-4222-8333-444455556666"
	case "mixpanel_device":
		plain = "$device:6f1c5a9e-1111-4222-8333-444455556666"
	case "fbp":
		plain = "fb.1.1700000000000.1234567890"
	case "digits":
		plain = "12345678901"
	}
	switch class {
	case "email":
		plain = mail
	case "phone":
		plain = phone
	}
	hashed := plain
	if class == "phone" {
		hashed = strings.TrimPrefix(phone, "+")
	}
	sum := sha256.Sum256([]byte(hashed))
	switch field.Hashed {
	case "sha256":
		return hex.EncodeToString(sum[:]), plain
	case "user_data":
		return "tv.1~em." + base64.RawURLEncoding.EncodeToString(sum[:]), plain
	default:
		return plain, plain
	}
}

// TestEveryPlaceOfAnIdentifierIsLookedUp: at every place of every vendor that the catalog knows an identifier of a
// person, browser or device at, under every class that it may be known by, an objection by that id is found.
func TestEveryPlaceOfAnIdentifierIsLookedUp(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	in := &rules.Inputs{Now: now, Keys: keys}
	tried := map[string]int{}
	for _, vendor := range catalog.BuiltinIDs() {
		f, _ := catalog.Builtin(vendor)
		for i := range f.Endpoints {
			e := &f.Endpoints[i]
			for _, place := range idPlacesOf(f, e) {
				for _, name := range append([]string{place.field.Class}, place.field.Also...) {
					class, _ := hit.ParseClass(name)
					if !class.Identifies() {
						continue
					}
					given, objected := sample(&place.field, name)
					text, ok := place.requestWith(t, f, e, given)
					if !ok {
						continue
					}
					tried[vendor]++
					of, err := p.Identities(keys, name, []byte(objected))
					if err != nil {
						t.Errorf("%s %s: %s: %v", vendor, place.path, name, err)
						continue
					}
					var j rules.Judgement
					if reason := readInto(&j, p, in, request(t, text, vendor)); reason != rules.Unjudged {
						t.Errorf("%s %s: %s: %v of %s", vendor, e.ID, place.path, reason, text)
						continue
					}
					if !slices.ContainsFunc(j.Subjects, func(s rules.Subject) bool {
						return s.Event <= 0 && slices.ContainsFunc(of, func(i rules.Identity) bool { return i.Hash == s.Hash })
					}) {
						t.Errorf("%s %s: %s as %s is not looked up: %s", vendor, e.ID, place.path, name, text)
					}
				}
			}
		}
	}
	for _, vendor := range catalog.BuiltinIDs() {
		t.Logf("%s: %d places", vendor, tried[vendor])
		if tried[vendor] == 0 {
			t.Errorf("%s: no place was tried", vendor)
		}
	}
}

// TestWhatStandsBesideABatchIsOfAllItsEvents: an id that a batch holds once counts for each of its
// events, and so does an objection by it.
func TestWhatStandsBesideABatchIsOfAllItsEvents(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := keysOf(p)
	for _, vendor := range []string{"segment", "rudderstack", "jitsu"} {
		for name, c := range map[string]struct{ id, beside string }{
			"user_id": {"cust-48213", `"userId":"cust-48213"`},
			"client_id:segment": {"6f1c5a9e-1111-4222-8333-444455556666",
				`"anonymousId":"6F1C5A9E-1111-4222-8333-444455556666"`},
			"email": {"jane.doe@example.com", `"context":{"traits":{"email":"Jane.Doe@example.com"}}`},
			"phone": {"+4930901820", `"context":{"traits":{"mobile":"0049 30 901820"}}`},
			"external_id": {"crm-7",
				`"context":{"externalIds":[{"type":"crm","id":"crm-7","collection":"users","encoding":"none"}]}`},
			"client_id:ga4": {"1234567890.1700000000",
				`"integrations":{"Google Analytics":{"clientId":"x"}},"context":{"externalIds":[{"id":"1234567890.1700000000","type":"ga_client_id"}]}`},
			"client_id:" + vendor: {"ga-7", `"integrations":{"Google Analytics":{"clientId":"ga-7"}}`},
		} {
			var j rules.Judgement
			r := request(t, "POST /v1/batch HTTP/1.1\nContent-Type: application/json\n\n"+
				`{"batch":[{"type":"track","event":"a"},{"type":"track","event":"b"}],`+c.beside+`}`, vendor)
			if reason := readInto(&j, p, &rules.Inputs{Now: now, Keys: keys}, r); reason != rules.Unjudged {
				t.Fatal(vendor, c.beside, reason)
			}
			of, err := p.Identities(keys, name, []byte(c.id))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(j.Subjects, func(s rules.Subject) bool {
				return s.Event == hit.Shared && slices.ContainsFunc(of, func(i rules.Identity) bool { return i.Hash == s.Hash })
			}) {
				t.Errorf("%s: %s %s of %s is not looked up", vendor, name, c.id, c.beside)
			}
			if users, _ := p.Identities(keys, "user_id", []byte("users")); slices.ContainsFunc(j.Subjects,
				func(s rules.Subject) bool {
					return s.Hash == users[0].Hash
				}) {
				t.Errorf("%s: what stands beside an id is taken for one", vendor)
			}
		}
	}
}
