package minimise

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// whatwgCase is a line of testdata/whatwg.jsonl: an address, and what a browser makes of it.
type whatwgCase struct {
	Input, Base                                string
	Failure                                    bool
	Protocol, Hostname, Pathname, Search, Hash string
	Port, Username, Password                   string
}

func whatwgCases(t testing.TB) (all []whatwgCase) {
	t.Helper()
	text, err := os.ReadFile("testdata/whatwg.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var c whatwgCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func openURL(t testing.TB) *Action {
	t.Helper()
	a, err := Compile(Spec{Kind: URL, URL: URLSpec{Query: []string{"a*", "b*", "q*", "x*"}, IDs: "keep"}}, hit.URL)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// masked is a host with the labels that tell visitors apart replaced.
func masked(host string) string {
	u := parts{host: []byte(host)}
	return string(u.appendOrigin(nil))
}

// TestAddressesAsBrowsersReadThem: of an address that is passed on, a vendor's parser sees the host that a browser saw,
// and never a user name, a password or a fragment.
func TestAddressesAsBrowsersReadThem(t *testing.T) {
	a := openURL(t)
	kept, dropped := 0, 0
	for _, c := range whatwgCases(t) {
		out, outcome := a.Append(nil, Value{Class: hit.URL, Bytes: []byte(c.Input)}, &Env{})
		if outcome == Dropped {
			dropped++
			continue
		}
		if outcome == Kept {
			out = []byte(c.Input)
		}
		kept++
		base := c.Base
		if base == "" || !strings.Contains(base, "://") || strings.Contains(base, "@") {
			base = "https://base.example/a/b?c"
		}
		before, err := whatwg.ParseRef(base, c.Input)
		if err != nil {
			if after, err := whatwg.ParseRef(base, string(out)); err == nil {
				t.Errorf("%q is no address, and leaves as %q (%s)", c.Input, out, after.Href(false))
			}
			continue
		}
		after, err := whatwg.ParseRef(base, string(out))
		if err != nil {
			t.Errorf("%q leaves as %q, which is no address: %v", c.Input, out, err)
			continue
		}
		if after.Username() != "" || after.Password() != "" || after.Hash() != "" {
			t.Errorf("%q leaves as %q, with user name, password or fragment", c.Input, out)
		}
		if before.Hostname() != after.Hostname() && after.Hostname() != masked(before.Hostname()) {
			t.Errorf("%q is of host %q, and leaves as %q of host %q", c.Input, before.Hostname(), out, after.Hostname())
		}
	}
	t.Logf("%d kept, %d dropped", kept, dropped)
}

// FuzzAddresses holds whatever leaves to what a browser would have read.
func FuzzAddresses(f *testing.F) {
	for _, c := range whatwgCases(f) {
		f.Add(c.Input)
	}
	a := openURL(f)
	f.Fuzz(func(t *testing.T, input string) {
		out, outcome := a.Append(nil, Value{Class: hit.URL, Bytes: []byte(input)}, &Env{})
		if outcome == Dropped {
			return
		}
		if outcome == Kept {
			out = []byte(input)
		}
		const base = "https://base.example/a/b?c"
		before, bad := whatwg.ParseRef(base, input)
		after, err := whatwg.ParseRef(base, string(out))
		switch {
		case err != nil && bad != nil:
			return
		case err != nil:
			t.Fatalf("%q leaves as %q, which is no address: %v", input, out, err)
		}
		if bad == nil && before.Hostname() != after.Hostname() && after.Hostname() != masked(before.Hostname()) {
			t.Fatalf("%q is of host %q, and leaves as %q of host %q", input, before.Hostname(), out, after.Hostname())
		}
		if after.Username() != "" || after.Password() != "" || after.Hash() != "" {
			t.Fatalf("%q leaves as %q, with user name, password or fragment", input, out)
		}
	})
}
