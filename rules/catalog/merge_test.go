package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestGoldenMerge: which endpoints take several events in one request, how many, and how their answers are read; what
// is not listed takes one. UPDATE_GOLDEN=1 writes the file anew.
func TestGoldenMerge(t *testing.T) {
	const file = "testdata/merge.txt"
	var b strings.Builder
	eachEndpoint(t, func(id string, e *catalog.Endpoint) {
		m := e.Merge
		switch {
		case m == nil:
			return
		case m.Into != "":
			fmt.Fprintf(&b, "%s %s: with those of %s\n", id, e.ID, m.Into)
		default:
			fmt.Fprintf(&b, "%s %s: %d events, %v", id, e.ID, m.Events, catalog.Size(m.Bytes))
			if m.Event > 0 {
				fmt.Fprintf(&b, ", %v each", catalog.Size(m.Event))
			}
			fmt.Fprintf(&b, "; %+v\n", m.Answer)
		}
	})
	golden(t, file, b.String())
}

// TestMergeFitsTheEndpoint: where several events are put, the endpoint that takes them finds them.
func TestMergeFitsTheEndpoint(t *testing.T) {
	eachEndpoint(t, func(id string, e *catalog.Endpoint) {
		if e.Merge == nil || e.Merge.Into != "" {
			return
		}
		file, _ := catalog.Builtin(id)
		at := slices.IndexFunc(file.Endpoints, func(f catalog.EndpointFile) bool { return f.ID == e.ID })
		for _, place := range e.Merge.From {
			want := ""
			switch place.Kind {
			case catalog.InMember, catalog.InField:
				want = "body." + place.Name
			case catalog.InList, catalog.AsBody, catalog.AsForm:
				want = "body"
			case catalog.AsQuery:
				want = "query"
			}
			if !slices.Contains(file.Endpoints[at].Events, want) {
				t.Errorf("%s %s: merge: from: no event stands at %s", id, e.ID, want)
			}
		}
	})
}

// TestMergesThatAreNone: what a vendor file may not say of several events in a request.
func TestMergesThatAreNone(t *testing.T) {
	const file = `
id: own
name: Own
hosts: { api: "https://own.example", other: "https://other.example" }
fields: { e: { class: event_name } }
request: { list: { class: container } }
variables: { v: { pattern: "[0-9]", most: 1 } }
event: [{ field: e }]
endpoints:
  - { id: other, host: other, methods: [POST], path: /other, body: [json], events: [body.list], answer: { status: 204 }, merge: { from: [body.list], events: 2, bytes: 1MiB } }
  - { id: any, methods: [POST], path: "/any/{v}", body: [json], events: [body.list], answer: { status: 204 }, merge: { from: [body.list], events: 2, bytes: 1MiB } }
  - { id: many, methods: [POST], path: /many, body: [json], events: [body.list], answer: { status: 204 }, merge: { from: [body.list], events: 2, bytes: 1MiB } }
  - { id: hit, methods: [METHOD], path: /hit, body: [json], events: [body.list], answer: { status: 204 }, kind: KIND, merge: { `
	for _, c := range []struct{ says, want string }{
		{"from: [body.list, body], events: 2, bytes: 1B", ""},
		{"from: ['body[]', form.list, form.list base64, body], events: 10000, bytes: 20MiB, event: 1MiB, same: [a.b], alone: [c]",
			""},
		{"from: [body], into: many, shared: [k], is: { e: x }", ""},
		{"from: [body.list, form, query], texts: true, type: text/plain, events: 2, bytes: 1B", ""},
		{"from: [body.list], events: 2, bytes: 1B, answer: { taken: n, bad: ['a.*[]'], held: ['b[]'], read: [400], rest: taken, halve: [413] }",
			""},
		{"from: [body.list], events: 2, bytes: 1B, one_browser: { by: [id], unless: X }", ""},
		{"events: 2, bytes: 1B", "merge: from: at least one place is needed"},
		{"from: [lists], events: 2, bytes: 1B", `merge: from: "lists" is no place`},
		{"from: [body.a.b], events: 2, bytes: 1B", `merge: from: "body.a.b" is no place`},
		{"from: [body.a base64], events: 2, bytes: 1B", `merge: from: "body.a base64" is no place`},
		{"from: [body.], events: 2, bytes: 1B", `merge: from: "body." is no place`},
		{"from: [body], events: 2, bytes: 1B", "merge: hit takes no several"},
		{"from: [body.list, query], events: 2, bytes: 1B",
			"merge: from: a form or a query is a text in a list: hit has none"},
		{"from: [body.list, body], texts: true, events: 2, bytes: 1B", "merge: from: a body is no text in the list of hit"},
		{"from: [form.list, body], events: 2, bytes: 1B", "merge: from: a body is no text in the list of hit"},
		{"from: ['body[]', body], shared: [k], events: 2, bytes: 1B", "merge: shared: nothing stands beside the list of hit"},
		{"from: [body.list], events: 1, bytes: 1B", "merge: events: 1 is no number of events: 2 to 10000 are"},
		{"from: [body.list], events: 10001, bytes: 1B", "merge: events: 10001 is no number of events"},
		{"from: [body.list], events: 2", "merge: bytes: 0 is no length of a body: 1B to 20MiB are"},
		{"from: [body.list], events: 2, bytes: 21MiB", "merge: bytes: 22020096 is no length of a body"},
		{"from: [body.list], events: 2, bytes: 1KiB, event: 2KiB", "merge: event: 2KiB is longer than bytes (1KiB)"},
		{"from: [body], into: many, events: 2", "merge: events, bytes, event, type, texts and answer are said at many"},
		{"from: [body], into: many, answer: { halve: [400] }",
			"merge: events, bytes, event, type, texts and answer are said at many"},
		{"from: [body], into: nobody", `merge: into: "nobody" is no endpoint of the same host`},
		{"from: [body], into: other", `merge: into: "other" is no endpoint of the same host`},
		{"from: [body], into: any",
			`merge: into: "any" is no endpoint of the same host, with a plain path, that takes several`},
		{"from: [body], into: hit", `merge: into: "hit" is no endpoint of the same host`},
		{"from: [body], into: many, shared: [a.b]", `merge: shared: "a.b" is no member`},
		{"from: [body.list], events: 2, bytes: 1B, same: ['a[]']", `merge: same: "a[]" is no path of a member`},
		{"from: [body.list], events: 2, bytes: 1B, alone: ['a..b']", `merge: alone: "a..b" is no path of a member`},
		{"from: [body.list], events: 2, bytes: 1B, is: { 'a.*': x }", `merge: is: "a.*" is no path of a member`},
		{"from: [body.list], events: 2, bytes: 1B, one_browser: { unless: X }", "merge: one_browser.by: a member is needed"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { read: [200] }", "merge: answer.read: 200 is no refusal"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { halve: [400, 400] }",
			"merge: answer.halve: 400 is no refusal, or stands there twice"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { rest: lost }",
			`merge: answer.rest: "lost" is none: again and taken are`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { rest: taken, read: [400] }",
			"merge: answer: held and rest are of refusals that are read"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { held: ['a[]'] }",
			"merge: answer: held and rest are of refusals that are read"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { bad: ['a[]'], rest: taken, read: [400], halve: [400] }",
			"merge: answer.halve: at 400 some may have been taken"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { whole: { 'a[]': [x] }, read: [400] }",
			`merge: answer.whole: "a[]" is no member`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { whole: { a: [] }, read: [400] }",
			`merge: answer.whole: "a" is no member`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { whole: { a: [x] } }", `merge: answer.whole: "a" is no member`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { doubt: [400], none: [x], halve: [413] }", ""},
		{"from: [body.list], events: 2, bytes: 1B, answer: { doubt: [400], halve: [400] }",
			"merge: answer.doubt: 400 stands elsewhere, too"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { doubt: [400], read: [400] }",
			"merge: answer.doubt: 400 stands elsewhere, too"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { doubt: [200] }", "merge: answer.doubt: 200 is no refusal"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { none: [x] }", "merge: answer.none: it is of answers in doubt"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { doubt: [400], none: [''] }",
			"merge: answer.none: it is of answers in doubt"},
		{"from: [body.list], events: 2, bytes: 1B, answer: { taken: 'a.#' }",
			`merge: answer.taken: "a.#" is no path of a member`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { all: '@this' }",
			`merge: answer.all: "@this" is no path of a member`},
		{"from: [body.list], events: 2, bytes: 1B, answer: { bad: ['a..'] }", "merge: answer.bad:"},
		{"from: [body.list], events: 2, bytes: 1B, lists: [a]", "field lists not found"},
		{"from: [body.list], events: 2, bytes: 2MB", "MB"},
		{"method GET", "merge: hit takes no several: POST"},
		{"kind answer", "merge: what is asked for an answer, or let through whole, travels alone"},
	} {
		method, kind, says := "POST", "events", c.says
		switch says {
		case "method GET":
			method, says = "GET", "from: [body.list], events: 2, bytes: 1B"
		case "kind answer":
			kind, says = "answer", "from: [body.list], events: 2, bytes: 1B"
		}
		text := strings.NewReplacer("METHOD", method, "KIND", kind).Replace(file) + says + " } }\n"
		f, err := catalog.Parse([]byte(text))
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
