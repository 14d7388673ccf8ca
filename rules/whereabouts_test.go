package rules_test

import (
	"net/url"
	"slices"
	"testing"
)

// everyFormat is a vendor that takes bodies of each format, and values that hold each.
const everyFormat = `
id: own
name: Own
hosts: { api: "https://own.example" }
event: [{ field: e }]
fields:
  e: { class: event_name }
  j: { class: container, open: [json] }
  l: { class: container, open: [lines] }
  n: { class: container, open: [ndjson] }
  f: { class: container, open: [form] }
endpoints:
  - { id: json,   methods: [POST], path: /json,   body: [json],   events: [body], answer: { status: 204 } }
  - { id: lines,  methods: [POST], path: /lines,  body: [lines],  events: [body], answer: { status: 204 } }
  - { id: ndjson, methods: [POST], path: /ndjson, body: [ndjson], events: [body], answer: { status: 204 } }
  - { id: form,   methods: [POST], path: /form,   body: [form],   events: [body], answer: { status: 204 } }
`

// TestWhereaboutsOfFields: who asks is told where each field stands: in its event, or in query or body, by names and by
// places in lists, whatever the format that they are in or that a value of them is in.
func TestWhereaboutsOfFields(t *testing.T) {
	d := draftOf(t, everyFormat)
	p := compile(t, d)
	for _, c := range []struct {
		path, body string
		want       []string // the number of the event, or "all"
	}{
		{"/json?q=1&q.r=2", `{"e":"a","b":{"c":[1,{"d":2}]}}`, []string{"0 e", "0 b.c[0]", "0 b.c[1].d",
			"all ?q", "all ?q.r"}},
		{"/json", `[{"e":"a","b":[[3]]},5,[{"e":"b"}]]`, []string{"0 e", "0 b[0][0]", "1 body", "2 [0].e"}},
		{"/lines?q=1", "e=a&b=1\ne=b&c=2", []string{"0 e", "0 b", "1 e", "1 c", "all ?q"}},
		{"/form", "e=a&b=1&b=2", []string{"0 e", "0 b", "0 b"}},
		{"/ndjson", "{\"e\":\"a\"}\n5\n[{\"e\":\"b\"},[6]]\n[]\n\"x\"", []string{"0 e", "1 body", "2 [0].e", "2 [1][0]",
			"3 body", "4 body"}},
		{"/form", "e=a&j=" + url.QueryEscape(`[1,{"c":[2]},[3]]`), []string{"0 e", "0 j[0]", "0 j[1].c[0]", "0 j[2][0]"}},
		{"/form", "e=a&n=" + url.QueryEscape("1\n{\"c\":[2]}\n[3]"), []string{"0 e", "0 n[0]", "0 n[1].c[0]", "0 n[2][0]"}},
		{"/form", "e=a&l=" + url.QueryEscape("b=1\nc=2&d=3"), []string{"0 e", "0 l[0].b", "0 l[1].c", "0 l[1].d"}},
		{"/form", "e=a&f=" + url.QueryEscape("b=1&c=2"), []string{"0 e", "0 f.b", "0 f.c"}},
		{"/json", `[{"e":"a","n":"1\n[2]","l":"b=1\nc=2"}]`, []string{"0 e", "0 n[0]", "0 n[1][0]", "0 l[0].b", "0 l[1].c"}},
	} {
		x := explain(t, p, request(t, "POST "+c.path+" HTTP/1.1\n\n"+c.body, "own", yes))
		var got []string
		for i, e := range x.Events {
			for _, f := range e.Fields {
				got = append(got, string(rune('0'+i))+" "+f.Path)
			}
		}
		for _, f := range x.Shared {
			got = append(got, "all "+f.Path)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q: %s %q, want %q", c.path, c.body, x.Reason, got, c.want)
		}
	}
}
