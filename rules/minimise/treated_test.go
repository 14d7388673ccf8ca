package minimise

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// golden holds lines against a file; it says which are new and which are gone. UPDATE_GOLDEN=1 writes the file anew.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, now := map[string]int{}, map[string]int{}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
		before[line]++
	}
	for _, line := range lines {
		if now[line]++; now[line] > before[line] {
			t.Errorf("it was not so before: %s", line)
		}
	}
	for line, n := range before {
		if now[line] < n {
			t.Errorf("it is no longer so: %s", line)
		}
	}
}

// treatedAddresses are taken apart and treated: paths, hosts, parameters, at the bounds of what each rule asks for.
func treatedAddresses() []string {
	all := []string{
		"", " ", "/", "//", "///", "////x", "/x//y", "\\x", "\\\\x.example\\y", "x", "x/", "x.example", "x.example/",
		"x.example?a=1", "x.example#a", "a/x.example", ".example/x", "x.e", "x.ex", "a.html", "a.html/b",
		"?", "?a=1", "#", "#a", "#/a", "?a#/b", "http:", "http:/", "http:/x", "http://", "http:///",
		"http:///x.example", "http:\\\\x.example", "http:x.example", "http:/\\x.example/a", "HTTP://x.example",
		"ws://x.example/a",
		"wss://x.example", "ftp://x.example/a", "file:///a", "file://x.example/a", "foo://x.example/a",
		"foo://x.example\\a", "foo:///a", "foo://", "foo:/a", "foo:a", "foo:80", "foo:80/a", "foo:8",
		"a+b://x.example/1234",
		"about:blank", "about:srcdoc", "about:blank#a", "ABOUT:blank", "about:config", "mailto:a@b.cd",
		"MAILTO:a@b.cd?x", "tel:123456", "sms:+4912345", "SMS:1", "data:,x", "blob:https://x.example/a",
		"javascript:x",
		"https://a:b@x.example/", "https://@x.example", "https://a@b@x.example/c", "https://a@/", "https://x.example@",
		"https://x.example:8080/a", "https://x.example:/a", "https://x.example:808080/a",
		"//x.example/a?utm_source=b",
		"//a@x.example", "//", "//x.example", "/\\x.example/a", "\tx", "a\tb", "a\nb", "a\rb", "\x00a\x1f", "a b",
		"\u00a0a",
		"https://12345.x.example/", "https://123456.x.example/", "https://a12345b.x.example", "https://a123456.b123456",
		"https://836f82db-9912-4b34-8101-1f16b49dfa5f.x.example/", "https://9f8e7d6c5b4a39281706f5e4d3c2b1a0/",
		"https://0123456789abcdef.x.example/a", "localhost", "localhost/a", "localhost:3000/a", "LOCALHOST/a",
		"[::1]/a", "https://[::1]/a", "https://[::1]:80/a", "https://1.2.3.4/a", "https://1.2.3/a",
		"https://0x7f.1/",
		"https://x.example/#a", "https://x.example/#/a/12345", "https://x.example/#!/a/12345", "https://x.example/#!a",
		"https://x.example/#/a?b=c", "https://x.example/#/a#b", "https://x.example/#/a;b", "https://x.example#",
		"https://x.example/a#!",
	}
	segments := []string{
		"a", "", ".", "..", "a;b", ";b", "1", "12", "2026", "1989", "1234", "12345", "a1b2", "a1b2c3", "ab12c3", "a=1",
		"a=b", "1,2", "a:1", "a&1", "a?1", "a|b", `a\1`, "a%201", "1%20", "a=", "=", "x@y", "a%40b",
		"jane@example.com",
		"jane%40example.com", "jane%2540example.com", "jane%252540example.com", "jane%25252540example.com",
		"jane%2525252540example.com", "%", "%2", "%zz", "abcdefghijklmnopqrstuvw%", "abcdefghijklmnopqrstuvwx%",
		"a%25", "A1b", "abcde", "abcdef",
		"abcdeF", "abcde1", "Abcd1", "settings", "SETTINGS", "index.html", "jane", "jane.doe", "4111111111111111",
		"DE89370400440532013000", "203.0.113.77", "+49 30 1234567",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
		"AKIAIOSFODNN7EXAMPLE", "836f82db-9912-4b34-8101-1f16b49dfa5f", "x=836f82db-9912-4b34-8101-1f16b49dfa5f",
		"9f8e7d6c5b4a3928", "9f8e7d6c5b4a392", "x=9f8e7d6c5b4a3928", "ghijklmnopqrst12", "ghijklmnopqrs123",
		"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d",
		"aBcDeFgHiJkLmNoPqRsT", "iphone-15-pro", "~", "12-34", "a~b", "52.520008,13.404954", "token=abcdefgh",
		"00:1a:2b:3c:4d:5e",
	}
	for _, s := range segments {
		all = append(all, "/p/"+s, "/"+s+"/q", "/users/"+s, "/Reset/"+s+"/z", "x.example/"+s+"/users/"+s)
	}
	for _, place := range []string{
		"user", "users", "u", "profile", "customer", "kunden", "~", "konto", "compte", "cuenta", "utente",
		"gebruiker", "perfil",
		"my-account", "booking", "buchung", "pedido", "order", "reset", "verify", "invitation", "einladung",
		"password-reset",
		"s", "token", "item", "user1", "userz",
	} {
		all = append(all, "/"+place+"/jane", "/"+strings.ToUpper(place)+"/jane1x", "/"+place+"/x/jane1x")
	}
	for _, page := range []string{
		"login", "settings", "sign-in", "me", "password", "orders", "index.html", "mes-commandes", "bearbeiten",
	} {
		all = append(all, "/user/"+page, "/user/"+strings.ToUpper(page)+"/z", "/user/"+page+"z")
	}
	address := "https://y.example/a/12345?utm_source=b&c=d#e"
	values := []string{
		"", "a", "a+b", "a%20b", "a=b", "jane@example.com", "jane%40example.com", "jane%252540example.com",
		"jane%25252540example.com", "%2525252541", "%252525252541", "12345", "4111111111111111", "/", "//", "/a",
		"\\a", "/a/12345", "www.", "www.y.example/12345",
		"www.y", "ww.y.example", "y.example/12345", "836f82db-9912-4b34-8101-1f16b49dfa5f", "9f8e7d6c5b4a39281706f5e4",
		"9f8e7d6c5b4a39281706f5e", "javascript:x", "javascript://x", "http://", "https://y example", "mailto://x",
		"aHR0c", "aHR0cA", "Oi8v", "xOi8v",
		url.QueryEscape(address), address, url.QueryEscape(url.QueryEscape(address)),
		url.QueryEscape(url.QueryEscape(url.QueryEscape(address))),
		url.QueryEscape(url.QueryEscape(url.QueryEscape(url.QueryEscape(address)))),
		"%3Ca href=https://y.example/%3E", "a%2Fhttps://y.example/b", "%2Fa%2F12345", "%5Ca", "\u00e9/ü",
		"/\u00e9?a=\u00fc",
	}
	for n := range 4 { // addresses in base64, of every padding
		plain := "https://y.example/a/12345/" + strings.Repeat("b", n) + "?c=d>>>"
		for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding,
			base64.RawURLEncoding} {
			hidden := coding.EncodeToString([]byte(plain))
			values = append(values, hidden, url.QueryEscape(hidden), hidden+"=", hidden+"==", hidden+"===", "!"+hidden)
		}
	}
	for _, plain := range []string{"ftp://y.example/12345", "x ftp://y.example", "http://y z/",
		"https://y.example/?utm_source=" + base64.RawURLEncoding.EncodeToString([]byte(address))} {
		values = append(values, base64.RawURLEncoding.EncodeToString([]byte(plain)),
			base64.StdEncoding.EncodeToString([]byte("x"+plain)), base64.StdEncoding.EncodeToString([]byte("xy"+plain)))
	}
	for n := range 6 {
		nested, hidden := "https://z.example/12345?c=d", "https://z.example/12345?c=d"
		for range n {
			nested = "https://y.example/?utm_source=" + url.QueryEscape(nested)
			hidden = "https://y.example/?utm_source=" + base64.RawURLEncoding.EncodeToString([]byte(hidden))
		}
		values = append(values, nested, hidden)
	}
	for _, v := range values {
		all = append(all, "?utm_source="+v, "?gclid="+v+"&q=1")
	}
	for _, query := range []string{
		"a=1", "utm_source", "utm_source=", "UTM_SOURCE=a", "utm%5fsource=a", "utm%255fsource=a", "utm+source=a",
		"utm_source=a&utm_medium=b", "utm_source=a&x=b&utm_medium=c", "&utm_source=a&&utm_medium=b&",
		"amp;utm_source=a&amp;utm_medium=b",
		"amp;amp;utm_source=a", "=utm_source", "utm_source=a=b", "utm_source=a&utm_source=b", "x*=1", "xa=1", "XB=1",
		"x=1", "q=a&s=b&term=c", "gclid=a&fbclid=b", "utm_userid=1", "cm_mmc=1", "cm_mmcx=1", "itm_a=1", "token=a",
		"utm_source=a;utm_medium=b",
		"utm_source=%2525252541&utm_medium=a", "x=1&gclid=2&utm_source=a", "gclid=jane@example.com&utm_source=a",
		"gclid=9f8e7d6c5b4a39281706f5e4&utm_source=a",
	} {
		all = append(all, "/?"+query, "https://x.example?"+query)
	}
	return all
}

// TestTreated: what becomes of addresses, of user agents and of identifiers. The file says it for each; what changes
// in it is read by somebody.
func TestTreated(t *testing.T) {
	t.Parallel()
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	env := testEnv()
	plans := []URLSpec{
		{Query: []string{"UTM_*", "x*", "q", "s"}, Fragment: "route"}, {Query: []string{"class:campaign",
			"class:click_id"}, IDs: "keep"}, {Query: []string{"class:search_term"}, IDs: "cut"}, {Path: "first"},
		{Path: "none", Fragment: "route"},
		{Templates: []string{"/users/:id", "/p/*", "/:a/q", "/*/users/*", "/x/"}},
	}
	for i, plan := range plans {
		a := must(t, Spec{Kind: URL, URL: plan}, hit.URL)
		for n, in := range treatedAddresses() {
			if i > 0 && len(in) > 300 || i > 1 && strings.Contains(in, "=") && strings.HasPrefix(in, "?") || (i == 3 ||
				i == 4) && n > 220 {
				continue // the first plans have it
			}
			if got := text(t, a, in, env); got != in {
				say("url %d: %q is %q", i, in, got)
			}
		}
	}
	for i, plan := range plans { // what an address costs of what may be spent on a hit
		a := must(t, Spec{Kind: URL, URL: plan}, hit.URL)
		for _, in := range []string{
			"/", "/a", "/ab", "/a/b", "/a/b/c", "/users/a", "https://x.example/a?b=c", "?utm_source=a",
			"?utm_source=ab", "?utm_source=ab&utm_medium=c", "?gclid=ab", "?b=c", "?bb=c",
			"?utm_source=https://y.example/a", "#/a", "mailto:a", "x y",
			"?utm_source=" + base64.RawURLEncoding.EncodeToString([]byte("https://y.example/a")),
		} {
			m := scrub.NewMeter(1 << 20)
			metered := *env
			metered.Work = &m
			got := text(t, a, in, &metered)
			steps, _ := m.Taken()
			say("url %d: %q is %q in %d steps", i, in, got, steps)
		}
		for most := 0; i == 0 && most < 5000; most += 250 {
			m := scrub.NewMeter(most)
			metered := *env
			metered.Work = &m
			say("url %d: of no more than %d steps there is %q", i, most, text(t, a,
				"https://x.example/a/12345?utm_source=a&q=b#/c", &metered))
		}
	}
	origin := must(t, Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer)
	for _, in := range treatedAddresses()[:120] {
		u, ok := split([]byte(in))
		say("parts: %q is %v %q %v %v %q %q %q %q, origin %q", in, ok, u.scheme, u.relative, u.opaque, u.host, u.path,
			u.query, u.fragment, text(t, origin, in, env))
	}
	agents := []string{chrome, "Mozilla/5.0", "Mozilla/5.0 (", "Mozilla/5.0 ()", "Mozilla/5.0 (Linux",
		"mozilla/5.0 (Linux)", " Mozilla/5.0 (Linux)", "Mozilla/5.0 (a) (Linux)", "Mozilla/5.0 (Linux; Mobile)",
		"x Googlebot y", "okhttp/", "okhttp/a", "okhttp/1234", "okhttp/12345", "x okhttp/1"}
	for _, p := range coarse.Platforms {
		agents = append(agents, "Mozilla/5.0 (a "+p.Sign+" b) Chrome/7.1")
	}
	for _, b := range coarse.Browsers {
		for _, version := range []string{"1.2", "1234.5", "12345.6", "", "x", "9"} {
			agents = append(agents, "Mozilla/5.0 (Linux) Chrome/88.1 "+b.Product+version,
				"Mozilla/5.0 (Linux) Mobile "+b.Product+version,
				"Mozilla/5.0 (Linux) x"+b.Product+version+" "+b.Product+"5")
		}
	}
	for _, name := range slices.Concat(coarse.Clients, coarse.Bots) {
		agents = append(agents, name+"12.3", "x"+name+"4")
	}
	family := must(t, Spec{Kind: Generalise, Generalise: "family"}, hit.UserAgent)
	for _, in := range agents {
		say("agent: %q is %q", in, text(t, family, in, env))
	}
	for n := maxAgent - 2; n < maxAgent+3; n++ {
		head := "Mozilla/5.0 (Linux) Firefox/7"
		in := head + strings.Repeat(" ", n-len(head)-len("Mobile")) + "Mobile"
		say("agent of %d bytes: %q", n, left(appendAgent(nil, []byte(in))))
	}
	for _, in := range []string{
		`"Chromium";v="141.0.7390.55", "Not:A-Brand";v="8.0.0.0"`, `"A";v="1"`, `"A";v=1`, `"A";v="1",`, `,"A";v="1"`,
		`"A";"1"`, `A;1|B;2`, `A;1,B;2`, `"A";v="1"|"B";v="2"`, `A;1|`, `|A;1`, `A;`, `;1`, `A`, `A;1;2`,
		` A;1 | B;2.3 `, `"A;1`, `A";1`,
		`A;v=1.2`, `A;vv=1`, `"";v="1"`, `123;1`, `12;1`, `A;123456`, `A;12345.6`, `A;1.2.3.4.5.6`, `A;1.2.3.4.5.6.7`,
		`A;1.`, `A;.1`, "", `""`, `"1.2"`, `"Windows"`, `Windows"`, "\u00e9;1", "?0", "10_15_7", "10.15.7", "2.",
		"1..2",
	} {
		say("hint: %q is %q, brands %v", in, left(appendMajor(nil, []byte(in))), isBrands([]byte(in)))
	}
	long := strings.Repeat("7", 20)
	for _, class := range []hit.Class{hit.UserID, hit.Email, hit.Phone, hit.ClientID} {
		for _, spec := range []Spec{{Kind: Pseudonymise}, {Kind: Pseudonymise,
			Pseudonymise: PseudonymiseSpec{Scope: "purpose", Rotate: "week", Bits: 8}}, {Kind: Derive,
			Derive: "daily_visitor"}, {Kind: Hash, Hash: "sha256"}} {
			a, err := Compile(spec, class)
			if err != nil {
				continue
			}
			for _, v := range []Value{{Bytes: []byte("jane@example.com")}, {Bytes: []byte(" +49 (0)30 1234567")},
				{Bytes: []byte("48213"), Kind: NumberValue}, {Bytes: []byte("48213")}, {Bytes: []byte(long),
					Kind: NumberValue},
				{Bytes: []byte("1234567890.1700000000")}, {Bytes: []byte("1234567890.1700000000"), Kind: NumberValue},
				{Bytes: []byte("a"), Format: pseudonym.Digits, Kind: NumberValue}, {Bytes: []byte("a"),
					Format: pseudonym.Hex16}, {Bytes: []byte("null"), Kind: NullValue},
				{Bytes: []byte("")}, {Bytes: []byte(" ")}, {Bytes: []byte("true"), Kind: BoolValue}} {
				out, is := a.Append(nil, v, env)
				say("%v %v: %q of kind %d and format %v is %v %q", class, spec.Kind, v.Bytes, v.Kind, v.Format, is, out)
			}
		}
	}
	derived := must(t, Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID)
	for _, ip := range []string{"203.0.113.77", "203.0.113.1", "203.0.112.1", "2001:db8:1::1", "2001:db8:1:ffff::1",
		"2001:db8:2::1", "2002:cb00:7100::1", "::ffff:203.0.113.9", "64:ff9b::203.0.113.3", "fe80::1%eth0",
		"2001:0:c633:6401:8000:63bf:34ff:8eb2"} {
		at := *env
		at.IP = netip.MustParseAddr(ip)
		say("derived at %s: %q", ip, text(t, derived, "a", &at))
	}
	golden(t, "treated.golden.txt", lines)
}
