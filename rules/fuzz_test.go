package rules_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/curious"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
)

// FuzzJudge: whatever a hit holds, judging neither panics nor forwards what the profile does not name. The secret
// stands in a header and a cookie that no vendor is sent.
func FuzzJudge(f *testing.F) {
	p, err := rules.Compile(goldenDraft())
	if err != nil {
		f.Fatal(err)
	}
	keys := rules.NewKeys(pseudonym.TestRoot, p, now)
	ids := catalog.BuiltinIDs()
	for i := range ids {
		for e := range p.Recipients()[i].Catalog.Endpoints {
			f.Add(byte(i), byte(e), "v=2&en=page_view&idsite=1&e=pv&data=eyJldmVudCI6IngifQ",
				[]byte(`{"batch":[{"event":"x","properties":{"email":"a@b.example"}}]}`))
			f.Add(byte(i), byte(e),
				`v=2&en=x&pr1=idS~nma~~b~k0colour~v0red&cvar={"1":["a","b"]}&ec_items=[["a","b",["c"],1,2]]&co={"data":[{"schema":"iglu:a/b/c","data":{"id":[52.1234,13.1234]}}]}`,
				[]byte(`{"event":"x","properties":{"$elements_chain":"a.b:attr__href=\"/x?y=1\"text=\"\\\"\";div","$elements":[{"attr__data-x":"1"}],"more":"{\"a\":\"[1]\"}"}}`))
			f.Add(byte(i), byte(e), "token=x",
				[]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"x","attributes":[{"key":"email","value":{"stringValue":"a@b.example"}},{"key":1},[]]}]}]}]}`))
		}
	}
	f.Fuzz(func(t *testing.T, vendor, endpoint byte, query string, body []byte) {
		r := p.Recipients()[int(vendor)%len(ids)]
		e := &r.Catalog.Endpoints[int(endpoint)%len(r.Catalog.Endpoints)]
		path := pathsOf(r.ID, e.Path.Text)[0]
		request := hit.Request{
			Method: []byte(e.Methods[0]), Host: []byte("shop.example"), Path: []byte(r.Prefix + path), Query: []byte(query),
			Headers: []hit.Header{{Name: []byte("Cookie"), Value: []byte(`site_consent={"analytics":"yes"}; s=s3cr3tcookie`)},
				{Name: []byte("Referer"), Value: []byte("s3cr3treferer")}},
		}
		if e.Methods[0] == "POST" {
			request.Body = body
		}
		x, err := p.Explain(&rules.Question{Request: request, At: now, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		if x.Forward == nil || len(body) > 64<<10 {
			return
		}
		came, cameErr := curious.Read(query, string(body))
		left, leftErr := curious.Read(textsOf(t, x)...)
		if cameErr == nil && leftErr == nil && left.Holds("s3cr3t") && !came.Holds("s3cr3t") {
			t.Fatalf("a header or cookie leaves: %+v", x.Forward)
		}
	})
}

// FuzzSignals: whatever a cookie and a consent mode parameter hold, what is malformed never counts as a yes.
func FuzzSignals(f *testing.F) {
	reader, err := signal.NewReader([]signal.Source{
		{Kind: signal.GPC}, {Kind: signal.DNT}, {Kind: signal.ConsentMode},
		{Kind: signal.Own, Cookie: "c", JSON: "a.b", Category: "analytics", Granted: []string{"yes"},
			Refused: []string{"no"}},
	}, map[string]int{"analytics": 0, "marketing": 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`c={"a":{"b":"yes"}}`, "G111", "13r3r3r3r5l1")
	f.Add(`c=%7B%22a%22%3A%7B%22b%22%3A%22no%22%7D%7D; c={"a":{"b":"yes","b":"no"}}`, "G1--", "11p1q1p1p5")
	f.Fuzz(func(t *testing.T, cookie, gcs, gcd string) {
		h := new(hit.Hit)
		h.Reset()
		h.Request.Headers = []hit.Header{{Name: []byte("Cookie"), Value: []byte(cookie)}}
		h.Request.Query = []byte(gcs + gcd)
		h.Begin()
		root := h.Append(hit.None, hit.Node{Kind: hit.Form, Val: h.Whole(hit.Query)})
		for i, text := range []string{gcs, gcd} {
			from := uint32(i * len(gcs))
			n := h.Append(root, hit.Node{Kind: hit.Number, Val: hit.Span{Buf: hit.Query, Start: from,
				End: from + uint32(len(text))}})
			h.Claims = append(h.Claims, hit.Claim{Node: n, Event: hit.Shared, Signal: []string{"gcs", "gcd"}[i]})
		}
		e := h.Begun(root, 0)
		h.Chain()
		ask := &signal.Ask{Declaration: new(signal.Declaration), Scratch: new(cmp.Scratch)}
		var s signal.Signals
		reader.Hit(h, &s, ask, nil)
		reader.Event(h, e, &s, ask, nil)
		for _, said := range s.Sources[:s.N] {
			if said.Granted&(said.Refused|said.Doubt) != 0 {
				t.Fatalf("a yes that is none: %+v", said)
			}
		}
		if own := s.Sources[1]; own.State == signal.Malformed && own.Granted != 0 {
			t.Fatalf("malformed, and a yes: %+v", own)
		}
	})
}
