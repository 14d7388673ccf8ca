package rules_test

import (
	"encoding/base64"
	"testing"
)

// TestOnlyAPublicKeyIsPassedOn: Segment's libraries name the site's write key in Authorization. What else may stand
// there, the password of a site behind HTTP Basic above all, stays here.
func TestOnlyAPublicKeyIsPassedOn(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	text := read(t, "catalog/testdata/segment/identify.http")
	basic := func(credentials string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
	}
	for value, sent := range map[string]bool{
		basic("wk:"): true, "b" + basic("wk:")[1:]: true, basic("jane:s3cr3t"): false, basic(":"): false,
		basic(":s3cr3t"): false, basic("a::"): false,
		"Bearer eyJhbGciOiJIUzI1NiJ9.e30.x": false, "Basic": false, "Basic !": false, "Digest username=jane": false,
	} {
		r := request(t, text, "segment", yes)
		for i := range r.Headers {
			if string(r.Headers[i].Name) == "Authorization" {
				r.Headers[i].Name = []byte("X-Other")
			}
		}
		more := request(t, "GET / HTTP/1.1\nAuthorization: "+value+"\n\n", "segment")
		r.Headers = append(r.Headers, more.Headers...)
		x := explain(t, p, r)
		if x.Forward == nil {
			t.Fatalf("%s: %s", value, x.Reason)
		}
		if got := x.Forward.Headers["Authorization"]; (got == value) != sent || !sent && got != "" {
			t.Errorf("%q: the vendor gets %q", value, got)
		}
	}
}
