package rules_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestWhatBeginsAsJSONIsJSON: at no endpoint of any vendor, however it is said to be, is a body that begins as JSON
// taken for a form. Vendors look at the first byte, and read more leniently than a form of one long name would show.
func TestWhatBeginsAsJSONIsJSON(t *testing.T) {
	t.Parallel()
	all := draft()
	for i := range all.Activities {
		all.Activities[i].Profile = "all"
	}
	p := compile(t, all)
	const jane = "jane.doe@example.com"
	opening := []string{"{", "[", " {", "\r\n\t[", "\xef\xbb\xbf{", "\xef\xbb\xbf ["}
	rest := []string{
		`"requests":["?idsite=1&rec=1&uid=` + jane + `&_id=0123456789abcdef"]`, `=` + jane + `&idsite=1&rec=1&e_c=a&e_a=b`,
		`"data":[{"event":"a","properties":{"token":"k","distinct_id":"` + jane + `"}}]&data=1`,
		`&en=a&uid=` + jane + "\nen=b",
	}
	bodies := 0
	var j rules.Judgement
	in := rules.Inputs{Now: now, Keys: keysOf(p)}
	for _, recipient := range p.Recipients() {
		for i := range recipient.Catalog.Endpoints {
			e := &recipient.Catalog.Endpoints[i]
			if e.Kind == catalog.Opaque || len(e.Body) == 0 {
				continue
			}
			path := e.Path.Text
			for name, text := range map[string]string{"{type}": "track", "{version}": "v21.0", "{pixel}": "123456",
				"{flag}": "7", "{token}": "phc_1"} {
				path = strings.ReplaceAll(path, name, text)
			}
			for _, open := range opening {
				for _, more := range rest {
					for _, kind := range []string{"", "application/x-www-form-urlencoded", "application/json",
						"text/plain;charset=UTF-8"} {
						for _, query := range []string{"", "?idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F&v=2&tid=G-1&en=a"} {
							text := "POST " + path + query + " HTTP/1.1\nContent-Type: " + kind + "\n\n"
							r := request(t, text, recipient.ID, yes)
							r.Body = []byte(open + more)
							if reason := readInto(&j, p, &in, r); reason != rules.MalformedHit {
								t.Errorf("%s of %s, %q: %v", e.ID, recipient.ID, r.Body, reason)
							}
							bodies++
						}
					}
				}
			}
		}
	}
	if bodies < 5000 {
		t.Errorf("%d bodies", bodies)
	}
}
