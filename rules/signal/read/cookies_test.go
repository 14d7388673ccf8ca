package read_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// FuzzJar holds the cookies that are read of a header against those that net/http reads: the same, in the same order,
// each occurrence of a name included. net/http is stricter about names and values, and takes what has no "=" for a
// cookie without a value: it is not asked about these.
func FuzzJar(f *testing.F) {
	for _, seed := range []string{
		"", "a=1", "a=1; b=2", "a=1;b=2;;c=3", " a = 1 ;\tb\t=\t2\t", "a=1; a=2; A=3", "a=b=c; d==", "=1; a=", "a; b=2; c",
		"a=1;", ";a=1", "a=1, b=2", `a="x y"; b=2`, "a=x y; b", "a=\x01; b=2",
		"a[b]=1; c=2", "ä=1; b=ü", "a=%3B; b=2", " ; ; a=1", "a=1\t;b=2", "a\t=1", strings.Repeat("a=1;", 100),
		`consent={"a":true}; b=1`,
	} {
		f.Add(seed)
	}
	blanks := regexp.MustCompile(`[ \t]*=[ \t]*`)
	f.Fuzz(func(t *testing.T, header string) {
		if strings.ContainsAny(header, "\r\n") {
			return // no header has those
		}
		header = blanks.ReplaceAllString(header, "=") // net/http leaves those beside a value
		var asked []string
		for part := range strings.SplitSeq(header, ";") {
			if strings.Contains(part, "=") {
				asked = append(asked, part)
			}
		}
		var want []string
		for _, c := range (&http.Request{Header: http.Header{"Cookie": {strings.Join(asked, ";")}}}).Cookies() {
			value := c.Value
			if c.Quoted {
				value = `"` + value + `"`
			}
			want = append(want, c.Name+"="+value)
		}
		var got []string
		for name, value := range read.CookieHeader(header).Cookies {
			one := string(name) + "=" + string(value)
			if parsed := (&http.Request{Header: http.Header{"Cookie": {one}}}).Cookies(); len(parsed) == 1 &&
				parsed[0].Name == string(name) {
				got = append(got, one)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, by net/http as %q", header, got, want)
		}
	})
}
