package config

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// says gives a value something to say.
func says(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		says(v.Elem())
	case reflect.Struct:
		says(v.Field(0))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		says(v.Index(0))
	case reflect.Map:
		inner := reflect.New(v.Type().Elem()).Elem()
		says(inner)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), inner)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(3)
	}
}

// coveredTypes are the types of what an approval covers, and of what stands in them.
func coveredTypes() map[reflect.Type]bool {
	types := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(of.Elem())
		case reflect.Struct:
			if types[of] || len(FieldsOf(of)) == 0 {
				return
			}
			types[of] = true
			for _, key := range FieldsOf(of) {
				if uncovered[of][key.Name] == "" {
					visit(of.Field(key.Index).Type)
				}
			}
		default:
		}
	}
	for _, of := range []any{Purpose{}, Activity{}, catalog.File{}} {
		visit(reflect.TypeOf(of))
	}
	return types
}

// TestEveryKeyIsCoveredOrArgued: each key of purposes, activities and vendor files is part of what is approved, or
// there is a word on why it is not. What is argued is a key.
func TestEveryKeyIsCoveredOrArgued(t *testing.T) {
	t.Parallel()
	types := coveredTypes()
	for of := range types {
		for _, key := range FieldsOf(of) {
			v := reflect.New(of).Elem()
			says(v.Field(key.Index))
			argued := uncovered[of][key.Name] != ""
			if facts := factsOf(v.Interface()); (len(facts) == 0) != argued {
				t.Errorf("%s.%s: facts %v, and argued: %t", of, key.Name, facts, argued)
			}
		}
	}
	for of, keys := range uncovered {
		for key, why := range keys {
			if _, is := FieldsOf(of).ByName(key); !is || !types[of] || why == "" {
				t.Errorf("%s.%s: no such key, or no reason", of, key)
			}
		}
	}
	for of, keys := range unordered {
		for _, key := range keys {
			field, is := FieldsOf(of).ByName(key)
			if !is || !types[of] || of.Field(field.Index).Type.Kind() != reflect.Slice {
				t.Errorf("%s.%s is no list", of, key)
			}
		}
	}
}

// TestFactsAreTold: no two things that say something else have the same facts.
func TestFactsAreTold(t *testing.T) {
	t.Parallel()
	no := false
	field := func(f catalog.Field) catalog.File { return catalog.File{Fields: map[string]catalog.Field{"a": f}} }
	for _, test := range []struct {
		name string
		a, b any
		same bool
	}{
		{"a set in another order", Activity{Events: []string{"a", "b"}}, Activity{Events: []string{"b", "a"}}, true},
		{"a value twice", Purpose{TCF: []int{8, 9}}, Purpose{TCF: []int{9, 8, 8}}, true},
		{"one value of two", Activity{Events: []string{"a, b"}}, Activity{Events: []string{"a", "b"}}, false},
		{"a list that is empty", Activity{Regions: []string{}}, Activity{}, false},
		{
			"codecs in another order", field(catalog.Field{Open: []string{"json", "form"}}),
			field(catalog.Field{Open: []string{"form", "json"}}), false,
		},
		{
			"methods in another order", catalog.EndpointFile{Methods: []string{"GET", "POST"}},
			catalog.EndpointFile{Methods: []string{"POST", "GET"}}, true,
		},
		{
			"endpoints in another order", catalog.File{Endpoints: []catalog.EndpointFile{{ID: "a"}, {ID: "b"}}},
			catalog.File{Endpoints: []catalog.EndpointFile{{ID: "b"}, {ID: "a"}}}, false,
		},
		{"a field that says nothing", field(catalog.Field{}), catalog.File{}, false},
		{"no, and nothing", field(catalog.Field{Names: &no}), field(catalog.Field{}), false},
		{
			"a name with a dot, and a field in another",
			catalog.File{Fields: map[string]catalog.Field{"a.fields.b": {Class: "url"}}},
			field(catalog.Field{Fields: map[string]catalog.Field{"b": {Class: "url"}}}), false,
		},
		{
			"a name with quotes", catalog.File{Fields: map[string]catalog.Field{`"a.b"`: {}}},
			catalog.File{Fields: map[string]catalog.Field{"a.b": {}}}, false,
		},
	} {
		if a, b := factsOf(test.a), factsOf(test.b); reflect.DeepEqual(normal(a), normal(b)) != test.same {
			t.Errorf("%s: %v and %v", test.name, a, b)
		}
	}
}

// normal takes an empty list for none, as the digest does.
func normal(facts basis.Facts) basis.Facts {
	for key, list := range facts {
		facts[key] = append([]string{}, list...)
	}
	return facts
}

// approvedFiles is a policy whose one assessment covers an activity for a vendor of the site's own, signed.
func approvedFiles(t *testing.T) map[string][]byte {
	t.Helper()
	private, public := approverKeys(t)
	files := base(t)
	delete(files, "policy/tests/first.yaml")
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"],
		"  mine: { catalog: mine, upstream: \"http://10.0.0.8\", private: true, prefix: /mine, senders: { networks: [10.0.0.0/8] } }\n"+
			"  also: { catalog: mine, upstream: \"http://10.0.0.9\", private: true, prefix: /also }\n"+
			"approvers: { privacy: \""+public+"\" }\n"...)
	files["policy/purposes.yaml"] = []byte(`purposes:
  measure:
    title: Measure the audience of our pages
    description: We count.
    categories: [analytics]
    gpc: ignore
    dnt: ignore
  improve: { title: Find pages that people do not understand, description: We look., categories: [analytics] }
`)
	files["policy/activities.yaml"] = []byte(`activities:
  - id: counting
    vendor: mine
    purposes: [measure]
    basis: legitimate_interest
    assessment: LIA-1
    profile: small
    events: [page_view]
    regions: [US-CA]
`)
	files["policy/assessments/LIA-1.yaml"] = bytes.Replace(bytes.Replace(files["policy/assessments/LIA-1.yaml"],
		[]byte("recipients: [matomo]"), []byte("recipients: [mine, also]"), 1),
		[]byte("purposes: [measure]"), []byte("purposes: [measure, improve]"), 1)
	files["policy/vendors/mine.yaml"] = []byte(`id: mine
name: Mine
hosts: { api: "" }
event: [{ field: n }]
fields:
  n: { class: event_name }
  u: { class: url }
  who: { class: user_id }
headers:
  User-Agent: { class: user_agent }
carry: { ip: { query: ip } }
endpoints:
  - { id: collect, methods: [POST], path: /c, body: [json], events: [body], answer: { status: 204 } }
`)
	loaded, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	a := loaded.Assessments["LIA-1"]
	approval, err := basis.Sign(a.Document, a.Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	if files[a.File], err = WithApproval(files[a.File], approval); err != nil {
		t.Fatal(err)
	}
	return files
}

// edits change each key that an approval covers, one edit a line, and some that it does not.
var edits = []struct {
	key, file, old, with string
	same                 bool // it changes nothing of what is approved
}{
	{"purposes.title", "purposes.yaml", "title: Measure the audience", "title: Follow the audience", false},
	{"purposes.title", "purposes.yaml", "title: Measure the audience of our pages",
		"title: 'Measure the  audience of our pages'", true},
	{"purposes.description", "purposes.yaml", "description: We count.", "description: We follow.", false},
	{"purposes.categories", "purposes.yaml", "[analytics]\n    gpc", "[analytics, statistics]\n    gpc", false},
	{"purposes.tcf", "purposes.yaml", "    gpc: ignore", "    tcf: [8]\n    gpc: ignore", false},
	{"purposes.gpc", "purposes.yaml", "gpc: ignore", "gpc: object", false},
	{"purposes.dnt", "purposes.yaml", "dnt: ignore", "dnt: object", false},
	{"purposes.direct_marketing", "purposes.yaml", "    dnt: ignore",
		"    dnt: ignore\n    direct_marketing: true", false},
	{"purposes.direct_marketing", "purposes.yaml", "    dnt: ignore",
		"    dnt: ignore\n    direct_marketing: false", true},
	{"purposes.us", "purposes.yaml", "    dnt: ignore", "    dnt: ignore\n    us: [sale]", false},
	{"activities.vendor", "activities.yaml", "vendor: mine", "vendor: also", false},
	{"activities.purposes", "activities.yaml", "purposes: [measure]", "purposes: [improve]", false},
	{"activities.events", "activities.yaml", "[page_view]", "[\"*\"]", false},
	{"activities.events", "activities.yaml", "[page_view]", "['page_view']", true},
	{"activities.when", "activities.yaml", "    regions", "    when: 'event.name != \"\"'\n    regions", false},
	{"activities.regions", "activities.yaml", "[US-CA]", "[US-UT]", false},
	{"activities.sites", "activities.yaml", "    regions", "    sites: [shop]\n    regions", false},
	{"activities.after_refusal", "activities.yaml", "    regions",
		"    after_refusal: { because: it is our own }\n    regions", false},
	{"activities.except_events", "activities.yaml", "    regions", "    except_events: [checkout]\n    regions", false},
	{"activities.source", "activities.yaml", "    regions", "    source: server\n    regions", false},
	{
		"activities.automated_decision", "activities.yaml", "    regions",
		"    automated_decision: { logic: a, effect: b, human: c }\n" +
			"    regions", false,
	},
	{"no decision", "activities.yaml", "    regions", "    automated_decision: none\n    regions", true},
	{"activities.required", "activities.yaml", "    regions", "    required: no\n    regions", true},
	{"activities.device", "activities.yaml", "    regions", "    device: none\n    regions", true},
	{"vendors.stores", "vendors/mine.yaml", "name: Mine\n", "name: Mine\nstores: []\n", true},
	{"purposes.sensitive", "purposes.yaml", "    dnt: ignore", "    dnt: ignore\n    sensitive: true", false},
	{"activities.exemption", "activities.yaml", "    regions", "    exemption: strictly_necessary\n    regions", false},
	{"the regime of Switzerland", "activities.yaml", "activities:\n",
		"regions: { CH: overriding_interest }\nactivities:\n", true},
	{"activities.id", "activities.yaml", "id: counting", "id: counts", false},
	{
		"an activity more", "activities.yaml", "    regions: [US-CA]\n",
		"    regions: [US-CA]\n  - { id: more, vendor: mine, " +
			"purposes: [measure], basis: legitimate_interest, assessment: LIA-1, profile: small, events: [read] }\n", false,
	},
	{
		"an activity on consent", "activities.yaml", "    regions: [US-CA]\n",
		"    regions: [US-CA]\n  - { id: more, vendor: mine, " +
			"purposes: [measure], basis: consent, retention: 14 months, profile: small, events: [read] }\n", true,
	},
	{"a profile", "../policy/profiles.yaml", "      url: url\n", "", true},
	{"vendors.class", "vendors/mine.yaml", "who: { class: user_id }", "who: { class: technical }", false},
	{"vendors.fields", "vendors/mine.yaml", "  who:", "  more: { class: url }\n  who:", false},
	{"vendors.headers", "vendors/mine.yaml", "headers:\n", "headers:\n  Accept-Language: { class: language }\n", false},
	{"vendors.carry", "vendors/mine.yaml", "{ query: ip }", "{ query: address }", false},
	{"vendors.path", "vendors/mine.yaml", "path: /c", "path: /d", false},
	{"vendors.country", "vendors/mine.yaml", "name: Mine\n", "name: Mine\ncountry: DE\n", false},
	{"vendors.name", "vendors/mine.yaml", "name: Mine", "name: Ours", true},
	{"vendors.role", "vendors/mine.yaml", "name: Mine\n", "name: Mine\nrole: controller\n", false},
	{"vendors.role", "vendors/mine.yaml", "name: Mine\n", "name: Mine\nrole: processor\n", false}, // it opens exemptions
	{"vendors.entity", "vendors/mine.yaml", "name: Mine\n", "name: Mine\nentity: \"Mine GmbH, Berlin, DE\"\n", true},
	{"vendors.policy_url", "vendors/mine.yaml", "name: Mine\n", "name: Mine\npolicy_url: \"https://mine.example\"\n",
		true},
	{"vendors.X.role", "../tagwarden.yaml", "also: { catalog: mine", "also: { catalog: mine, role: controller", false},
	{"vendors.X.role", "../tagwarden.yaml", "also: { catalog: mine", "also: { catalog: mine, role: joint", false},
	{"vendors.X.role", "../tagwarden.yaml", "also: { catalog: mine", "also: { catalog: mine, role: processor", true},
	{"vendors.X.entity", "../tagwarden.yaml", "also: { catalog: mine",
		"also: { catalog: mine, entity: \"Mine GmbH, Berlin, DE\"", true},
	{"vendors.about", "vendors/mine.yaml", "who: { class: user_id }", "who: { class: user_id, about: who it is }", true},
	{"vendors.answer", "vendors/mine.yaml", "status: 204", "status: 200", true},
	{"vendors.X.catalog", "../tagwarden.yaml", "also: { catalog: mine", "also: { catalog: matomo, country: DE", false},
	{"vendors.X.upstream", "../tagwarden.yaml", "http://10.0.0.9", "http://10.0.0.10", false},
	{"another vendor's upstream", "../tagwarden.yaml", "http://10.0.0.7:8000", "http://10.0.0.17:8000", true},
}

// TestApprovalCoversEdits: each edit of what is approved stops what rests on it, and no other edit does.
func TestApprovalCoversEdits(t *testing.T) {
	t.Parallel()
	signed := approvedFiles(t)
	edited := map[string]bool{}
	kinds := map[string]reflect.Type{"purposes": reflect.TypeFor[Purpose](), "activities": reflect.TypeFor[Activity]()}
	for _, e := range edits {
		if kind, key, _ := strings.Cut(e.key, "."); kinds[kind] != nil {
			if _, known := FieldsOf(kinds[kind]).ByName(key); !known {
				continue // files have no such key yet
			}
		}
		files := maps.Clone(signed)
		name := strings.TrimPrefix("policy/"+e.file, "policy/../")
		if !bytes.Contains(files[name], []byte(e.old)) {
			t.Fatalf("%s: %s has no %q", e.key, name, e.old)
		}
		files[name] = bytes.Replace(files[name], []byte(e.old), []byte(e.with), 1)
		loaded, err := compiled(files)
		if err != nil {
			t.Errorf("%s: %v", e.key, err)
			continue
		}
		want := basis.Changed
		if edited[e.key] = true; e.same {
			want = basis.Valid
		}
		if got := loaded.Policy.Assessments().Validity("LIA-1", noon); got != want {
			t.Errorf("%s: %q becomes %q, and the assessment is %v, want %v", e.key, e.old, e.with, got, want)
		}
	}
	for kind, of := range kinds {
		for _, key := range FieldsOf(of) {
			if name := kind + "." + key.Name; !edited[name] && uncovered[of][key.Name] == "" {
				t.Errorf("no edit changes %s", name)
			}
		}
	}
}

// TestSetsAreUnordered: lists of purposes and activities are sets, whatever is new among them.
func TestSetsAreUnordered(t *testing.T) {
	t.Parallel()
	for _, of := range []reflect.Type{reflect.TypeFor[Purpose](), reflect.TypeFor[Activity]()} {
		for _, key := range FieldsOf(of) {
			if of.Field(key.Index).Type != reflect.TypeFor[[]string]() || uncovered[of][key.Name] != "" {
				continue
			}
			facts := func(list ...string) []string {
				v := reflect.New(of).Elem()
				v.Field(key.Index).Set(reflect.ValueOf(list))
				return factsOf(v.Interface())[key.Name]
			}
			if !slices.Equal(facts("b", "a"), facts("a", "b")) {
				t.Errorf("%s.%s has an order", of, key.Name)
			}
		}
	}
}
