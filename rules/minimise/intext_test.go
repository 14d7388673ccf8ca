package minimise

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestAddressesInText: among words, an address is treated as one in a field of its own is.
func TestAddressesInText(t *testing.T) {
	address := compiled(t, Spec{Kind: URL, URL: URLSpec{Query: []string{"page"}}}, hit.URL)
	origin := compiled(t, Spec{Kind: Generalise, Generalise: "origin"}, hit.URL)
	for _, c := range []struct {
		address  *Action
		in, want string
	}{
		{address, "see https://shop.example/account/12345?q=jane&page=2#x, please",
			"see https://shop.example/account/:id?page=2, please"},
		{address, "https://shop.example/account/12345", "https://shop.example/account/:id"},
		{address, "a (http://a.example/users/jane.doe) and ws://b.example/t/9f8e7d6c5b4a39281706f5e4d3c2b1a0.",
			"a (http://a.example/users/:id) and ws://b.example/t/:token."},
		{address, "seehttps://jane:pw@shop.example/", "seehttps://shop.example/"},
		{address, "at x (https://shop.example/app.js:10:5)", "at x (https://shop.example/app.js:10:5)"},
		{address, "bad https://[x/ and jane@example.com", "bad [url] and [email]"},
		{address, "a://b and ://c", "a://b and ://c"},
		{address, "no address", "no address"},
		{origin, "see https://shop.example/account/12345?q=jane", "see https://shop.example/"},
		{nil, "see https://shop.example/account/12345?q=jane now", "see [url] now"},
	} {
		for _, kind := range []Kind{Keep, Scrub} {
			a := compiled(t, Spec{Kind: kind}, hit.FreeText)
			a.Inside(c.address)
			out, outcome := a.Append(nil, Value{Class: hit.FreeText, Bytes: []byte(c.in)}, &Env{})
			got := string(out)
			if outcome == Kept {
				got = c.in
			}
			if got != c.want {
				t.Errorf("%v %q: %q (%v), want %q", kind, c.in, got, outcome, c.want)
			}
		}
	}
}

func TestAddressesInTextDoNotAllocate(t *testing.T) {
	a := compiled(t, Spec{Kind: Scrub}, hit.FreeText)
	a.Inside(compiled(t, Spec{Kind: URL}, hit.URL))
	text := []byte(strings.Repeat("https://a/1 ", 20000))
	dst, env := make([]byte, 0, 4*len(text)), &Env{}
	if n := testing.AllocsPerRun(3, func() { a.Append(dst, Value{Class: hit.FreeText, Bytes: text}, env) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func compiled(t *testing.T, spec Spec, class hit.Class) *Action {
	t.Helper()
	a, err := Compile(spec, class)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
