package rules_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// samples are what may stand in the built-in vendors' paths, by vendor and name. A name
// that is not here fails the tests below.
var samples = map[string]map[string][]string{
	"posthog": {
		"token": {"phc_PROJECT_KEY", "phc_x", "sTMFPsFhdP1Ssg000000000000000000000000000AB"},
		"file":  {"array.js", "1.449.2/surveys.js", "recorder-v2.js", "chunk.3f9a.js.map", "exception-autocapture.js"},
	},
	"segment":   {"key": {"8vx4nz1p3zAbCdEf8vx4nz1p3zAbCdEf", "WRITE_KEY"}, "type": {"track", "page"}},
	"jitsu":     {"type": {"track", "page", "screen", "identify", "group", "alias", "event"}},
	"mixpanel":  {"flag": {"4711", "0190aaaa-0000-7000-8000-000000000001"}},
	"meta_capi": {"version": {"v21.0", "v9.0"}, "pixel": {"255813999377376"}},
}

// hostile is what a page may put into a path, and what is none of a vendor's keys, versions or files.
var hostile = []string{
	"jane.doe@example.com", "jane.doe%40example.com", "jane.doe", "Jane%20Doe", "+491701234567", "203.0.113.7", "..", ".",
	"%2e%2e", "a%2fb", "a;b", "x=1", "<b>",
	"\u00fcser", "~", strings.Repeat("a", 9<<10), strings.Repeat("1", 9<<10), strings.Repeat("a/", 4<<10) + "a.js",
	"amFuZS5kb2VAZXhhbXBsZS5jb20=",
}

// names are the names in braces of a path.
func names(path string) []string {
	var all []string
	for part := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(part, "{"); ok {
			all = append(all, strings.TrimSuffix(strings.TrimSuffix(inner, "}"), "..."))
		}
	}
	return all
}

// filled puts a value in place of one name, and samples in place of the others.
func filled(vendor, path, name, value string) string {
	for _, n := range names(path) {
		with := value
		if n != name {
			with = samples[vendor][n][0]
		}
		path = strings.NewReplacer("{"+n+"}", with, "{"+n+"...}", with).Replace(path)
	}
	return path
}

// TestEveryPathOfEveryVendor: each leads where it says, also with a slash at its end that is missing or too many, and
// the vendor is sent the path that it knows.
func TestEveryPathOfEveryVendor(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for _, r := range p.Recipients() {
		listed := map[string]bool{}
		for i := range r.Catalog.Endpoints {
			listed[r.Catalog.Endpoints[i].Path.Text] = true
		}
		for i := range r.Catalog.Endpoints {
			e := &r.Catalog.Endpoints[i]
			for _, path := range pathsOf(r.ID, e.Path.Text) {
				leads(t, p, r, e, path, path)
				other, cut := strings.CutSuffix(path, "/")
				if !cut {
					other += "/"
				}
				switch {
				case strings.HasSuffix(e.Path.Text, "...}"):
					if found, _, _ := p.Sites()[0].Find([]byte(e.Methods[0]), []byte("/t"+r.Prefix+other)); found != nil {
						t.Errorf("%s: %s is a file, and leads to %s", r.ID, other, found.Endpoint.ID)
					}
				case listed[other]:
					leads(t, p, r, e, other, other) // the vendor takes both
				default:
					leads(t, p, r, e, other, path)
				}
			}
		}
	}
}

func pathsOf(vendor, pattern string) []string {
	all := []string{pattern}
	for _, name := range names(pattern) {
		var next []string
		for _, path := range all {
			for _, sample := range samples[vendor][name] {
				next = append(next, strings.NewReplacer("{"+name+"}", sample, "{"+name+"...}", sample).Replace(path))
			}
		}
		all = next
	}
	return all
}

func leads(t *testing.T, p *rules.Policy, r *rules.Recipient, e *catalog.Endpoint, path, sent string) {
	t.Helper()
	for _, method := range e.Methods {
		found, rest, _ := p.Sites()[0].Find([]byte(method), []byte("/t"+r.Prefix+path))
		if found == nil || found.Recipient != r || found.Endpoint.ID != e.ID || string(rest) != sent {
			t.Errorf("%s: %s %s leads to %v, and the vendor is sent %s", r.ID, method, path, found, rest)
		}
	}
}

// TestNothingHostileStandsInAPath: what is no key, version or file of the vendor's leads nowhere, is answered so that
// the page does not complain, and is not forwarded.
func TestNothingHostileStandsInAPath(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	tried := 0
	for _, r := range p.Recipients() {
		for i := range r.Catalog.Endpoints {
			e := &r.Catalog.Endpoints[i]
			for _, name := range names(e.Path.Text) {
				if len(samples[r.ID][name]) == 0 {
					t.Fatalf("%s: no sample of {%s}", r.ID, name)
				}
				for _, value := range append(hostile, "", samples[r.ID][name][0]+"%40example.com",
					samples[r.ID][name][0]+"@example.com") {
					path := filled(r.ID, e.Path.Text, name, value)
					if strings.HasSuffix(e.Path.Text, "...}") && value == "" {
						continue
					}
					tried++
					request := hit.Request{Method: []byte(e.Methods[0]), Host: []byte("shop.example"),
						Path:    []byte("/t" + r.Prefix + path),
						Headers: []hit.Header{{Name: []byte("Cookie"), Value: []byte(yes[len("Cookie: "):])}}}
					x, err := p.Explain(&rules.Question{Request: request, At: now, Keys: keys})
					if err != nil {
						t.Fatal(err)
					}
					if x.Reason != "unknown_path" || x.Forward != nil || x.Vendor != r.ID || x.Respond.Status/100 != 2 ||
						x.Respond.Body != "" {
						t.Errorf("%s: %.80s: %s, vendor %q, answered %d, forwarded %v", r.ID, path, x.Reason, x.Vendor,
							x.Respond.Status, x.Forward)
					}
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d paths were tried", tried)
	}
}

// TestWhoseAnUnknownPathIs: a vendor with a prefix has all that is below it; one
// without has its areas; the rest is nobody's.
func TestWhoseAnUnknownPathIs(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Vendors = slices.DeleteFunc(d.Vendors, func(v rules.DraftVendor) bool {
		return v.ID != "posthog" && v.ID != "ga4" && v.ID != "mixpanel"
	})
	d.Activities = nil
	for i := range d.Vendors {
		if d.Vendors[i].ID != "mixpanel" {
			d.Vendors[i].Prefix = ""
		}
	}
	p := compile(t, d)
	for _, c := range []struct {
		method, path string
		headers      string
		owner        string
		status       int
		kind         string
	}{
		{"POST", "/t/i/v9/telepathy", "", "posthog", 204, ""},
		{"POST", "/t/i", "", "posthog", 204, ""},
		{"GET", "/t/api/conversations/v1/widget/messages/", "", "posthog", 204, ""},
		{"GET", "/t/static/telepathy.exe", "", "posthog", 204, ""},
		{"GET", "/t/static/jane.doe@example.com.js", "", "posthog", 200, "text/javascript"},
		{"GET", "/t/array/jane.doe/config.js", "Sec-Fetch-Dest: script", "posthog", 200, "text/javascript"},
		{"GET", "/t/array/jane.doe/config.js", "Sec-Fetch-Dest: empty", "posthog", 204, ""},
		{"GET", "/t/array/phx_s3cr3t/config", "", "posthog", 204, ""}, // a personal key
		{"GET", "/t/array/jane.doe/config", "Sec-Fetch-Dest: script", "posthog", 200, "text/javascript"},
		{"GET", "/t/flags/", "", "posthog", 204, ""}, // a method that it does not take
		{"GET", "/t/static/telepathy", "Sec-Fetch-Dest: style", "posthog", 200, "text/css"},
		{"GET", "/t/static/jane.doe@example.com.css", "", "posthog", 200, "text/css"},
		{"GET", "/t/static/~worker.js", "Sec-Fetch-Dest: serviceworker", "posthog", 204, ""},
		{"POST", "/t/static/~worker.js", "", "posthog", 204, ""},
		{"POST", "/t/g/telepathy", "", "ga4", 204, ""},
		{"POST", "/t/mixpanel/telepathy", "", "mixpanel", 204, ""},
		{"POST", "/t/mixpanel", "", "mixpanel", 204, ""},
		{"POST", "/t/mixpanels/track", "", "", 404, ""},
		{"POST", "/t/telepathy", "", "", 404, ""},
		{"GET", "/t/wp-login.php", "Sec-Fetch-Dest: script", "", 404, ""},
		{"GET", "/t/ip", "", "", 404, ""},
		{"GET", "/t/api/users", "", "", 404, ""},
		{"POST", "/i/v9/telepathy", "", "posthog", 204, ""}, // without the site's base as well
	} {
		r := request(t, c.method+" / HTTP/1.1\n"+c.headers+"\n\n", "")
		r.Path = []byte(c.path)
		r.Headers = slices.DeleteFunc(r.Headers, func(h hit.Header) bool { return len(h.Name) == 0 })
		x := explain(t, p, r)
		if x.Vendor != c.owner || x.Respond.Status != c.status || x.Respond.Headers["Content-Type"] != c.kind ||
			x.Forward != nil || x.Respond.Body != "" {
			t.Errorf("%s %s %s: vendor %q, answered %+v", c.method, c.path, c.headers, x.Vendor, x.Respond)
		}
	}
}

// TestAVendorsPathIsNoOthers: who gets a hit does not hang on a slash.
func TestAVendorsPathIsNoOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		one, other string
		overlap    bool
	}{
		{"/c/", "/c", true}, {"/c", "/c/", true}, {"/c", "/cc", false}, {"/c/{n}", "/c/17/", true}, {"/c/{n}", "/c/x", false},
		{"/c/{n}/", "/c/{n}", true},
		{"/c/{n}", "/{w}/17", true}, {"/c/{n}", "/{w}/x", false}, {"/c/{file...}", "/c/17", false},
		{"/c/{file...}", "/c/a.js", true}, {"/c/{n}/d", "/c/{n}/e", false},
	} {
		d := draft()
		d.Activities, d.Vendors = nil, nil
		for i, path := range []string{c.one, c.other} {
			id := []string{"one", "other"}[i]
			d.Vendors = append(d.Vendors, rules.DraftVendor{ID: id, Catalog: &catalog.File{
				ID: id, Name: id, Hosts: map[string]string{"api": "https://" + id + ".example"},
				Event: []catalog.NameRule{{Is: "x"}},
				Variables: map[string]catalog.VariableFile{"n": {Pattern: "[0-9]+", Most: 9}, "w": {Pattern: "[a-z]+", Most: 9},
					"file": {Pattern: "[a-z]+[.]js", Most: 9}},
				Endpoints: []catalog.EndpointFile{{ID: "e", Methods: []string{"GET"}, Path: path, Kind: "answer",
					Answer: catalog.AnswerFile{Status: 204}}},
			}})
		}
		_, err := rules.Compile(d)
		if overlap := err != nil && bytes.Contains([]byte(err.Error()), []byte("overlaps")); overlap != c.overlap ||
			err != nil && !overlap {
			t.Errorf("%s and %s: %v", c.one, c.other, err)
		}
	}
}
