package minimise

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// What leaves a minimiser is read a second time here by the standard library, and has to be
// what was promised, for whatever came in.

// FuzzURL: of an address there are left, as net/url reads both, its host, no user name, no fragment but a route,
// parameters on the list that it had, and segments of its path that it had or that stand for one.
func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"https://u:p@shop.example/a/12345;x=1?utm_source=a&next=https%3A%2F%2Fx.example#f", "//x", "?", "#", "mailto:a@b.cd",
		"a.b:80/c", "https:\\\\x", "http://[::1]/", "/%2F%2525",
		"https://x.example/?next=%2525252Fa", "https://x.example/?a=1&utm_source=b&gclid=c&utm_medium=d",
		"https://9f8e7d6c5b4a39281706f5e4d3c2b1a0.x.example/",
		"https://x.example/reset/9f8e7d6c5b4a39281706f5e4d3c2b1a0/x", "https://x.example/users/jane@example.com",
		"https://x.example/#/cart/12345?token=1", "https://x.example/b/../c//d",
		"HTTPS://X.example:8443/a?UTM_SOURCE=1&Utm%5FMedium=2", "https://x.example/?utm_source=jane%40example.com",
		"https://x.example?&&=&utm_x",
	} {
		f.Add(s)
	}
	for _, c := range detectedCases(f) {
		f.Add("https://shop.example/p/" + url.PathEscape(c.In) + "?next=" + url.QueryEscape(c.In) + "&x=" + url.QueryEscape(
			c.In) + "#/" + url.PathEscape(c.In))
	}
	for _, c := range whatwgCases(f) {
		f.Add(c.Input)
	}
	f.Add("https://ghp_000000000000000000000000000000")
	a := must(f, Spec{Kind: URL, URL: URLSpec{Query: []string{"utm_*", "next"}, Fragment: "route"}}, hit.URL)
	origin := must(f, Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer)
	env := testEnv()
	f.Fuzz(func(t *testing.T, in string) {
		if strings.ContainsRune(in, '\\') { // a slash to browsers, and none to net/url
			text(t, a, in, env)
			return
		}
		before, err := url.Parse(in)
		if err != nil || before.Host == "" || before.Scheme != "http" && before.Scheme != "https" {
			text(t, a, in, env)
			text(t, origin, in, env)
			return
		}
		if got := text(t, a, in, env); got != dropped {
			again := text(t, a, got, env)
			// Where a mark stands in the host, "https://[key]", what was an address is none any more, and is dropped if it comes
			// again.
			if again == dropped && !markInHost.MatchString(got) || strings.Count(again, "/") > strings.Count(got, "/") {
				t.Errorf("%q becomes %q, and then %q", in, got, again)
			}
			addressLeft(t, in, got, before)
		}
		if got := text(t, origin, in, env); got != dropped {
			after, err := url.Parse(got)
			if err != nil || after.Path != "/" || after.RawQuery != "" || after.Fragment != "" || after.User != nil ||
				after.Host != masked(strings.TrimSpace(before.Host)) {
				t.Errorf("%q has the origin %q", in, got)
			}
		}
	})
}

// markInHost finds an address whose host was found to be somebody's, "https://[key]".
var markInHost = regexp.MustCompile(`^[^/?#]*//[^/?#]*\[[a-z ]+\]`)

func addressLeft(t *testing.T, in, got string, before *url.URL) {
	t.Helper()
	after, err := url.Parse(got)
	if err != nil {
		return // what escapes a browser reads, net/url may not: TestAddressesAsBrowsersReadThem has them
	}
	if after.User != nil || !strings.EqualFold(after.Scheme, before.Scheme) ||
		after.Host != masked(strings.TrimSpace(before.Host)) {
		t.Errorf("%q becomes %q: another host, or somebody's name", in, got)
	}
	if after.Fragment != "" && !strings.HasPrefix(after.Fragment, "/") && !strings.HasPrefix(after.Fragment, "!/") ||
		strings.ContainsAny(after.EscapedFragment(), "?=") && !strings.ContainsAny(before.EscapedFragment(), "=") {
		t.Errorf("%q becomes %q: a fragment that is no route", in, got)
	}
	had := map[string]int{}
	for pair := range strings.SplitSeq(strings.TrimSpace(before.RawQuery), "&") {
		name, _, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		had[name]++
	}
	for pair := range strings.SplitSeq(after.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if pair == "" || strings.Contains(name, "[") { // a mark of what was found in a name
			continue
		}
		if had[name]--; had[name] < 0 {
			t.Errorf("%q becomes %q: parameter %q was not there", in, got, name)
		}
		plain := name
		for range 4 {
			if next, err := url.QueryUnescape(plain); err == nil {
				plain = next
			}
		}
		if low := strings.ToLower(plain); low != "next" && (!strings.HasPrefix(low, "utm_") || low == "utm_") {
			t.Errorf("%q becomes %q: parameter %q is on no list", in, got, plain)
		}
	}
	slashes := strings.NewReplacer(`\`, "/", "%5C", "/", "%5c", "/")
	segments := strings.Split(slashes.Replace(pathAsWritten(in)), "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		segments[i] = strings.TrimSpace(s)
	}
	for s := range strings.SplitSeq(slashes.Replace(pathAsWritten(got)), "/") {
		found := s == "" || s == ":id" || s == ":email" || s == ":token" || strings.Contains(s, "[") ||
			strings.Contains(s, "%5B")
		for _, was := range segments {
			found = found || was == strings.TrimSpace(s)
		}
		if !found {
			t.Errorf("%q becomes %q: segment %q was not there", in, got, s)
		}
	}
}

// pathAsWritten returns the path of an absolute address that net/url reads, where EscapedPath may write it anew: a path
// with a space and "%3B" in it has ";" there.
func pathAsWritten(address string) string {
	_, rest, _ := strings.Cut(address, "//")
	_, path, _ := strings.Cut(rest[:strings.IndexAny(rest+"#", "?#")], "/")
	return path
}

func FuzzAgent(f *testing.F) {
	for _, s := range []string{chrome, "okhttp/4.9.3", "Mozilla/5.0 (X11)", "Mozilla/5.0 (iPhone) Version/17.0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		once, ok := appendAgent(nil, in)
		if !ok {
			return
		}
		if twice, ok := appendAgent(nil, once); !ok || !bytes.Equal(once, twice) {
			t.Errorf("%q, then %q", once, twice)
		}
	})
}

// FuzzTime: a time that is cut is, as package time reads both, the last full unit before it,
// in the zone and the form that it had.
func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"1795484921505", "1795484921.835", "2026-11-24T01:48:41.505Z", "2026-11-24 01:48:41+0530", "2026-11-24",
		"2026-11-24T23:59:59-03:30", "2026-02-30T10:00:00Z", "1795484921",
		"1795484921505123", "1795484921505123456", "631152000", "4102444800", "4102444801", "631151999",
		"2026-11-24T24:00:00Z", "2026-11-24T10:60:00Z", "2026-13-01T10:00:00Z", "-1795484921",
		"1989-12-31T00:00:00Z", "2101-01-01T00:00:00Z", "2026-11-24T01:48:41,505Z", "2026-11-24T01:48:41.505Zx",
		"17954849215051",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for to, u := range map[string]unit{"minute": 60, "hour": 3600, "day": 86400} {
			once, ok := appendTime(nil, []byte(in), u)
			if unitOf(to) != u {
				t.Fatalf("%s has %d seconds", to, unitOf(to))
			}
			if before, err := time.Parse(time.RFC3339Nano, in); err == nil && strings.Contains(in, "T") && in[13] == ':' {
				// package time takes an hour of one digit
				year := before.Year()
				if known := year >= 1990 && year <= 2100; known && !ok || !known && ok {
					t.Errorf("%q is read: %v", in, ok)
				}
				if ok {
					after, err := time.Parse(time.RFC3339Nano, string(once))
					_, offset := before.Zone()
					local := before.Add(time.Duration(offset) * time.Second).Truncate(time.Duration(u) * time.Second).Add(
						-time.Duration(offset) * time.Second)
					if err != nil || !after.Equal(local) || len(once) != len(in) {
						t.Errorf("%q cut to %s is %q, want %v", in, to, once, local)
					}
				}
			}
			if n, err := strconv.ParseInt(in, 10, 64); err == nil && in[0] != '-' && in[0] != '+' && in[0] != '0' {
				scale, known := map[int]int64{9: 1, 10: 1, 12: 1e3, 13: 1e3, 15: 1e6, 16: 1e6, 18: 1e9, 19: 1e9}[len(in)]
				if known = known && n/scale >= 631152000 && n/scale <= 4102444800; known != ok {
					t.Errorf("%q is read: %v", in, ok)
				}
				if want := strconv.FormatInt(n-n%max(scale*int64(u), 1), 10); ok && string(once) != want {
					t.Errorf("%q cut to %s is %q, want %s", in, to, once, want)
				}
			}
			if !ok {
				continue
			}
			if twice, ok := appendTime(nil, once, u); !ok || !bytes.Equal(once, twice) {
				t.Errorf("%q became %q, then %q", in, once, twice)
			}
		}
	})
}

// FuzzKeep: in what keep, scrub and truncate leave of a text, nothing is found any more, and what
// is cut has so many characters at most.
func FuzzKeep(f *testing.F) {
	for _, c := range detectedCases(f) {
		f.Add(c.In)
		f.Add("see https://shop.example/" + url.PathEscape(c.In) + " and " + c.In)
	}
	env := testEnv()
	var all []*Action
	for _, class := range []hit.Class{hit.Custom, hit.FreeText, hit.UserTrait} {
		for _, spec := range []Spec{{Kind: Keep}, {Kind: Scrub}, {Kind: Truncate, Truncate: TruncateSpec{Chars: new(9)}}} {
			all = append(all, must(f, spec, class))
			a := must(f, spec, class)
			a.Inside(must(f, Spec{Kind: URL, URL: URLSpec{Query: []string{"q"}}}, hit.URL))
			all = append(all, a)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, a := range all {
			got := text(t, a, in, env)
			if got == dropped {
				continue
			}
			set := a.looks
			if _, found := scrub.Find(nil, []byte(got), set); found != 0 && a.kind != Truncate {
				t.Errorf("%v %v: %q becomes %q, and %b is found in it", a.class, a.kind, in, got, found)
			}
			if n := utf8.RuneCountInString(got); a.kind == Truncate && n > 9 {
				t.Errorf("%q becomes %q: %d characters", in, got, n)
			}
		}
	})
}

// FuzzHash: what is hashed is the SHA-256 of the value as vendors normalise it, and a hash is not hashed again.
func FuzzHash(f *testing.F) {
	for _, s := range []string{"jane@example.com", " Jane.Doe@Example.COM ",
		"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d", "+49 (0)30 1234567", "1984-03-07", "f", "", " "} {
		f.Add(s)
	}
	for i := range 64 { // with one character that is none of a hash's
		f.Add(strings.Repeat("a", i) + "g" + strings.Repeat("0", 63-i))
	}
	f.Add(strings.Repeat("A", 64))
	f.Add(strings.Repeat("a", 63))
	env := testEnv()
	f.Fuzz(func(t *testing.T, in string) {
		for _, class := range []hit.Class{hit.Email, hit.Phone, hit.BirthDate, hit.PersonName, hit.Gender} {
			a := must(t, Spec{Kind: Hash, Hash: "sha256"}, class)
			got := text(t, a, in, env)
			sum, err := hex.DecodeString(in)
			switch is := err == nil && len(sum) == sha256.Size; {
			case in == "":
				if got != "" {
					t.Errorf("nothing becomes %q", got)
				}
			case is && got != in:
				t.Errorf("%v: the hash %q is hashed again: %q", class, in, got)
			case is:
			case got == dropped:
				if strings.ContainsAny(in, "1234567890") && class != hit.Gender {
					t.Errorf("%v: %q is dropped", class, in)
				}
			default:
				if class == hit.Email && isASCII(in) {
					want := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(in))))
					if got != hex.EncodeToString(want[:]) && strings.TrimSpace(in) == strings.Trim(in, " ") {
						t.Errorf("%q becomes %q", in, got)
					}
				}
				if len(got) != 64 || text(t, a, got, env) != got {
					t.Errorf("%v: %q becomes %q", class, in, got)
				}
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r < ' ' })
}

// TestEachClassHasItsNorm: two spellings of an identifier get one pseudonym in the classes that know them for the same:
// those of people and browsers, in which any id may be an address or a number.
func TestEachClassHasItsNorm(t *testing.T) {
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		want := pseudonym.Trimmed
		switch class {
		case hit.Email:
			want = pseudonym.Mailbox
		case hit.Phone:
			want = pseudonym.Dialled
		default:
		}
		if NormOf(class) != want {
			t.Errorf("%v is brought to form %v", class, NormOf(class))
		}
		a, err := Compile(Spec{Kind: Pseudonymise}, class)
		if err != nil {
			continue
		}
		env := testEnv()
		for _, c := range []struct {
			one, other string
			same       bool
		}{
			{"jane@example.com", " jane@example.com ", true}, {"jane@example.com", "Jane@Example.COM", class.Identifies()},
			{"+49 30 1234567", "0049301234567", class.Identifies()},
			{"836f82db-9912-4b34-8101-1f16b49dfa5f", " 836f82db-9912-4b34-8101-1f16b49dfa5f\n", true},
			{"48213", "\t48213", true},
			{"jane@example.com", "joe@example.com", false},
		} {
			one, other := text(t, a, c.one, env), text(t, a, c.other, env)
			if class == hit.Phone && strings.Contains(c.one, "@") {
				continue
			}
			if one == dropped || (one == other) != c.same {
				t.Errorf("%v: %q is %q, %q is %q", class, c.one, one, c.other, other)
			}
		}
	}
}
