package catalog_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestAnswersByQuery: the answer is what the query asks for, as it stands there, denied or not.
func TestAnswersByQuery(t *testing.T) {
	for _, c := range []struct {
		vendor, endpoint, query string
		status                  int
		body                    string
	}{
		{"posthog", "capture", "", 200, `{"status":"Ok"}`},
		{"posthog", "capture", "beacon=1", 204, ""},
		{"posthog", "capture", "ip=0&beacon=1&ver=1.449.2", 204, ""},
		{"posthog", "capture", "ip=0&xbeacon=1&beacon=10&beacon=&beacon", 200, `{"status":"Ok"}`},
		{"posthog", "capture", "a=beacon=1", 200, `{"status":"Ok"}`},
		{"posthog", "batch", "beacon=1", 200, `{"status":"Ok"}`},
		{"mixpanel", "track", "ip=1", 200, "1"},
		{"mixpanel", "track", "verbose=0", 200, "1"},
		{"mixpanel", "track", "verbose=1&ip=1", 200, `{"status":1,"error":null}`},
		{"matomo", "get", "idsite=1&send_image=0", 204, ""},
		{"matomo", "get", "idsite=1&send_image=1", 200, "gif"},
	} {
		e := endpointOf(t, c.vendor, c.endpoint)
		for name, got := range map[string]*catalog.AnswerFile{"success": e.SuccessFor([]byte(c.query)),
			"denied": e.DeniedFor([]byte(c.query))} {
			if got.Status != c.status || got.Body != c.body {
				t.Errorf("%s, %s, %q: %s: %d %q", c.vendor, c.endpoint, c.query, name, got.Status, got.Body)
			}
		}
	}
}

// TestGoldenAnswers: what each endpoint of each vendor is answered, and which refusals of the vendor its SDK is shown
// with their bodies; the vendors' files say why. UPDATE_GOLDEN=1 writes the file anew.
func TestGoldenAnswers(t *testing.T) {
	const file = "testdata/answers.txt"
	var b strings.Builder
	show := func(what string, a *catalog.AnswerFile) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %s: %d %s %s", what, a.Status, a.Type, a.Body), " ") + "\n")
	}
	eachEndpoint(t, func(id string, e *catalog.Endpoint) {
		fmt.Fprintf(&b, "%s %s\n", id, e.ID)
		if e.Kind == catalog.Answer {
			b.WriteString("  taken: the vendor's answer\n")
		} else {
			show("taken", &e.Success)
		}
		if e.Denied != e.Success || e.Kind == catalog.Answer {
			show("denied", &e.Denied)
		}
		for i := range e.Instead {
			show("where the query says "+e.Instead[i].Query, &e.Instead[i].Answer)
		}
		if len(e.Relay) > 0 {
			fmt.Fprintf(&b, "  refused, with the vendor's body: %v\n", e.Relay)
		}
		for _, path := range e.Indices {
			fmt.Fprintf(&b, "    events counted at %s\n", strings.Join(path, " "))
		}
	})
	golden(t, file, b.String())
}

// eachEndpoint goes over the endpoints of all vendors, each once, however many paths it has.
func eachEndpoint(t *testing.T, visit func(vendor string, e *catalog.Endpoint)) {
	t.Helper()
	for _, id := range catalog.BuiltinIDs() {
		seen, v := map[string]bool{}, vendor(t, id)
		for i := range v.Endpoints {
			if e := &v.Endpoints[i]; !seen[e.ID] {
				seen[e.ID] = true
				visit(id, e)
			}
		}
	}
}

// golden holds a text against a file. UPDATE_GOLDEN=1 writes the file anew.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s differs (%v); got\n%s", file, err, got)
	}
}

func endpointOf(t *testing.T, id, endpoint string) *catalog.Endpoint {
	t.Helper()
	v := vendor(t, id)
	i := slices.IndexFunc(v.Endpoints, func(e catalog.Endpoint) bool { return e.ID == endpoint })
	if i < 0 {
		t.Fatalf("%s has no endpoint %s", id, endpoint)
	}
	return &v.Endpoints[i]
}

// TestAnswersThatAreNone: what a vendor file may not say of answers.
func TestAnswersThatAreNone(t *testing.T) {
	const file = `
id: own
name: Own
hosts: { api: "https://own.example" }
fields: { e: { class: event_name } }
event: [{ field: e }]
endpoints:
  - { id: hit, methods: [POST], path: /hit, body: [json], events: [body], answer: { status: 204 }, `
	for _, c := range []struct{ says, want string }{
		{"relay: [400, 503], indices: [\"bad.*[]\", \"records[].index\"], instead: [{ query: a=1, status: 200, type: text/plain, body: ok }]",
			""},
		{"relay: [200]", "endpoints.hit: relay: 200 is no refusal: 400 to 599 are"},
		{"relay: [600]", "endpoints.hit: relay: 600 is no refusal: 400 to 599 are"},
		{"relay: [0]", "endpoints.hit: relay: 0 is no refusal: 400 to 599 are"},
		{"relay: [400, 413, 400]", "endpoints.hit: relay: 400 stands there twice"},
		{"indices: [\"bad[]\"]", "endpoints.hit: indices: they are of bodies that are relayed: relay names no status"},
		{"relay: [400], indices: [\"bad..x\"]",
			"endpoints.hit: indices: \"bad..x\" is no path: a member between dots has no name"},
		{"instead: [{ query: beacon, status: 204 }]",
			"endpoints.hit: instead: query: \"beacon\" is no parameter: \"beacon=1\" is"},
		{"instead: [{ query: \"=1\", status: 204 }]",
			"endpoints.hit: instead: query: \"=1\" is no parameter: \"beacon=1\" is"},
		{"instead: [{ query: \"a=1&b=2\", status: 204 }]",
			"endpoints.hit: instead: query: \"a=1&b=2\" is no parameter: \"beacon=1\" is"},
		{"instead: [{ status: 204 }]", "endpoints.hit: instead: query: \"\" is no parameter: \"beacon=1\" is"},
		{"instead: [{ query: a=1 }]", "endpoints.hit: instead: a=1: a status is needed, such as 204"},
		{"relay: 400", "line 8"},
		{"relay: [\"400x\"]", "line 8"},
		{"relays: [400]", "field relays not found"},
		{"instead: [{ query: a=1, status: 204, code: 1 }]", "field code not found"},
	} {
		f, err := catalog.Parse([]byte(file + c.says + " }\n"))
		if err == nil {
			_, err = catalog.Compile(f, nil, catalog.Names())
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.says, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.says, err, c.want)
		}
	}
}
