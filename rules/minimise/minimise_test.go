package minimise

import (
	"bytes"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.55 Safari/537.36"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// everyScope registers what tests ask for.
//
//go:fix inline
func testEnv() *Env {
	var scopes []pseudonym.Scope
	for _, v := range []string{"ga4", "matomo"} {
		for _, p := range []string{"", "audience", "ads"} {
			for r := pseudonym.Day; r <= pseudonym.Never; r++ {
				scopes = append(scopes, pseudonym.Scope{Vendor: v, Purpose: p, Rotation: r})
			}
		}
	}
	return &Env{
		Now: noon, Keys: pseudonym.New(pseudonym.TestRoot, noon, scopes...), Vendor: "ga4", Purpose: "audience", Site: "shop",
		IP: netip.MustParseAddr("203.0.113.77"), UserAgent: []byte(chrome),
	}
}

func must(t testing.TB, spec Spec, class hit.Class) *Action {
	t.Helper()
	a, err := Compile(spec, class)
	if err != nil {
		t.Fatalf("Compile(%v, %v): %v", spec.Kind, class, err)
	}
	return a
}

func apply(t testing.TB, a *Action, v Value, env *Env) (string, Outcome) {
	t.Helper()
	v.Class = a.class
	in := append([]byte(nil), v.Bytes...)
	out, outcome := a.Append([]byte("^"), v, env)
	if !bytes.Equal(in, v.Bytes) {
		t.Errorf("the value was changed: %q", in)
	}
	if out[0] != '^' || (outcome == Dropped || outcome == Kept) && len(out) != 1 {
		t.Errorf("%v: dst is %q", outcome, out)
	}
	if outcome == Kept {
		return string(v.Bytes), outcome
	}
	return string(out[1:]), outcome
}

const dropped = "<dropped>"

func text(t testing.TB, a *Action, in string, env *Env) string {
	t.Helper()
	got, outcome := apply(t, a, Value{Bytes: []byte(in)}, env)
	if outcome == Dropped {
		return dropped
	}
	return got
}

func TestAppend(t *testing.T) {
	url := Spec{Kind: URL, URL: URLSpec{Query: []string{"utm_source", "utm_medium", "page", "next"}}}
	tests := []struct {
		spec     Spec
		class    hit.Class
		in, want string
	}{
		// keep
		{Spec{Kind: Keep}, hit.PageTitle, "Red shoes size 42", "Red shoes size 42"},
		{Spec{Kind: Keep}, hit.PageTitle, "Order of jane.doe@example.com", "Order of [email]"},
		{Spec{Kind: Keep}, hit.Email, "jane.doe@example.com", "jane.doe@example.com"},
		{Spec{Kind: Keep}, hit.Phone, "+49 30 901820 11", "+49 30 901820 11"},
		{Spec{Kind: Keep}, hit.IP, "203.0.113.77", "203.0.113.77"},
		{Spec{Kind: Keep}, hit.ClientID, "123456789.1700000000", "123456789.1700000000"},
		{Spec{Kind: Keep}, hit.UserID, "cust-48213", "cust-48213"},
		{Spec{Kind: Keep}, hit.UserID, "jane.doe@example.com", dropped},
		{Spec{Kind: Keep}, hit.TransactionID, "2026-48213", "2026-48213"},
		{Spec{Kind: Keep}, hit.Timestamp, "1795484921505", "1795484921505"},
		{Spec{Kind: Keep}, hit.UserTrait, "1984-03-07", "[date]"},
		{Spec{Kind: Keep}, hit.BirthDate, "1984-03-07", "1984-03-07"},
		{Spec{Kind: Keep}, hit.URL, "https://shop.example/?q=jane.doe%2540example.com&p=1",
			"https://shop.example/?q=[email]&p=1"},
		{Spec{Kind: Keep}, hit.Container, `{"a":1}`, dropped},
		{Spec{Kind: Keep}, hit.PageTitle, "", ""},
		{Spec{Kind: Drop}, hit.PageTitle, "x", dropped},
		// scrub, only, rare, replace
		{Spec{Kind: Scrub}, hit.FreeText, "call me on +49 30 901820 11", "call me on [phone]"},
		{Spec{Kind: Only, Only: []string{"card", "invoice"}}, hit.Custom, "card", "card"},
		{Spec{Kind: Only, Only: []string{"card", "invoice"}}, hit.Custom, "Card", dropped},
		{Spec{Kind: Only, Only: []string{"card", "invoice"}}, hit.Custom, "", dropped},
		{Spec{Kind: Rare}, hit.Screen, "1920x1080", "other"},
		{Spec{Kind: Replace, Replace: "x"}, hit.UserID, "cust-48213", "x"},
		{Spec{Kind: Replace, Replace: "x"}, hit.UserID, "", "x"},
		// truncate: addresses
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP, "203.0.113.77", "203.0.0.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP, "2001:db8:85a3::8a2e:370:7334",
			"2001:db8::"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP, "::ffff:203.0.113.77", "203.0.0.0"},
		// An IPv4 address stands in the first 48 bits of 6to4's, and in the last 32 of others'.
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(48)}}, hit.IP, "2002:cb00:714d::1", "203.0.0.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP,
			"2002:cb00:714d:1:2:3:4:5", "203.0.0.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(0), V6: new(48)}}, hit.IP, "2002:cb00:714d::1", "0.0.0.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V6: new(48)}}, hit.IP, "2002:cb00:714d::1", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP,
			"64:ff9b::203.0.113.77", "203.0.113.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP, "64:ff9b:1:cb00:71:4d00::",
			"64:ff9b:1::"},
		// Teredo: the complement
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP,
			"2001:0:c633:6401:8000:63bf:34ff:8eb2", "203.0.113.0"},
		// SIIT
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP,
			"::ffff:0:203.0.113.77", "203.0.113.0"},
		// ISATAP
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP, "2001:db8:1:2:0:5efe:203.0.113.77",
			"2001:db8:1::"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP, "::203.0.113.77", "::"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP, "2001:1:2:3::1", "2001:1:2::"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), V6: new(48)}}, hit.IP, "::1", "::"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24)}}, hit.IP, "203.0.113.77", "203.0.113.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(0)}}, hit.IP, "203.0.113.77", "0.0.0.0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24)}}, hit.IP, "2001:db8::1", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24)}}, hit.IP, "203.0.113", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24)}}, hit.IP, "203.0.113.77, 10.0.0.1", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(24)}}, hit.IP, "unknown", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V6: new(48)}}, hit.IP, "fe80::1%eth0", dropped},
		// truncate: times
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921505", "1795482000000"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921", "1795482000"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "minute"}}, hit.Timestamp, "1795484921", "1795484880"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "1795484921", "1795478400"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921.835", "1795482000.000"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921505123", "1795482000000000"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "2026-11-24T01:48:41.505Z",
			"2026-11-24T01:00:00.000Z"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "2026-11-24T01:48:41+05:30",
			"2026-11-24T00:00:00+05:30"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "minute"}}, hit.Timestamp, "2026-11-24 01:48:41",
			"2026-11-24 01:48:00"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "2026-11-24", "2026-11-24"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "2026-11-24T01:48:41 (jane)", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "48", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "-1795484921", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "1.79e9", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "9999999999", dropped},
		// truncate: numbers and text
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52.520008", "52.5"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "-33.89", "-33.8"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(0)}}, hit.PreciseGeo, "-0.97", "-0"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(4)}}, hit.PreciseGeo, "52.5", "52.5"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo,
			"52.520008, 13.404954", "52.5, 13.4"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "5.2520008e1", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52°31'", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(4)}}, hit.PageTitle, "Größe 42", "Größ"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(12)}}, hit.PageTitle, "Hello jane.doe@example.com", "Hello "},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(40)}}, hit.PageTitle, "short", "short"},
		// generalise
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "https://search.example/?q=jane",
			"https://search.example/"},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "https://u:p@search.example:8443/x#y",
			"https://search.example:8443/"},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "android-app://com.example.mail/",
			"android-app://com.example.mail/"},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "/just/a/path", dropped},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "", ""},
		{Spec{Kind: Generalise, Generalise: "primary"}, hit.Language, "de-DE,de;q=0.9,en;q=0.8", "de"},
		{Spec{Kind: Generalise, Generalise: "primary"}, hit.Language, "en_US", "en"},
		{Spec{Kind: Generalise, Generalise: "primary"}, hit.Language, "x-jane", dropped},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1512x982", "1440x900"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1920", "1920"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1911", "1600"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "24-bit", "24-bit"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1.25", "1"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "wide", dropped},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "1234.5", "1000"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "-79.99", "-50"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Performance, "0.0379", "0.02"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "0", "0"},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "1,234", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint,
			`"Chromium";v="141.0.7390.55", "Not:A-Brand";v="8.0.0.0"`, `"Chromium";v="141", "Not:A-Brand";v="8"`},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, `"15.6.1"`, `"15"`},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Windows", "Windows"},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "SM-G991B", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Google Chrome", "Google Chrome"},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Not:A-Brand", "Not:A-Brand"},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, " Not A;Brand", "Not A;Brand"},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Jane's Brand of Not", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint,
			"Not)A%3BBrand;8.0.0.0|Chromium;138.0.7204.101|Google%20Chrome;138.0.7204.101",
			"Not)A%3BBrand;8|Chromium;138|Google%20Chrome;138"},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, `"Not;A=Brand";v="99", "Opera GX";v="105"`,
			`"Not;A=Brand";v="99", "Opera GX";v="105"`},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "jane.doe&#64;example.com", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "SM-G991B;1", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Jane Doe|Berlin", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Chromium;141|jane.doe@example.com;1", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, "Chromium;0049309018201101", dropped},
		{Spec{Kind: Generalise, Generalise: "major"}, hit.ClientHint, ";|", dropped},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "https://jane.doe\uff20example.com/", dropped},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.Referrer, "https://m\u00fcller.example/x",
			"https://m\u00fcller.example/"},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "Europe/Berlin", "Europe"},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "-120", "-120"},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "+05:30", "+05:30"},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "jane/doe", dropped},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "48213", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52.520008,13.404954", "52.5,13.4"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52,520008", dropped},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52, 13", "52, 13"},
		{Spec{Kind: Generalise, Generalise: "country"}, hit.CoarseGeo, "DE-BE", "DE"},
		{Spec{Kind: Generalise, Generalise: "country"}, hit.CoarseGeo, "Berlin", dropped},
		{Spec{Kind: Generalise, Generalise: "year"}, hit.BirthDate, "1984-03-07", "1984"},
		{Spec{Kind: Generalise, Generalise: "year"}, hit.BirthDate, "07.03.1984", "1984"},
		// hash
		{Spec{Kind: Hash, Hash: "sha256"}, hit.Email, " Jane.Doe@Example.com",
			"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"},
		{Spec{Kind: Hash, Hash: "sha256"}, hit.Email, "86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d",
			"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"},
		{Spec{Kind: Hash, Hash: "sha256"}, hit.Email, "  ", dropped},
		// url
		{url, hit.URL, "https://shop.example/red-shoes?utm_source=news&gclid=Cj0KCQ&q=jane#access_token=x",
			"https://shop.example/red-shoes?utm_source=news"},
	}
	env := testEnv()
	for _, tt := range tests {
		if got := text(t, must(t, tt.spec, tt.class), tt.in, env); got != tt.want {
			t.Errorf("%v %v %q = %q, want %q", tt.spec.Kind, tt.class, tt.in, got, tt.want)
		}
	}
}

func TestAppendAgent(t *testing.T) {
	tests := []struct{ in, want string }{
		{chrome, "Mozilla/5.0 (Windows) Chrome/141.0.0.0 Safari/537.36"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
			"Mozilla/5.0 (Windows) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
			"Mozilla/5.0 (X11; Linux) Firefox/121.0"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1",
			"Mozilla/5.0 (iPhone) Mobile Version/17.0 Safari/605.1.15"},
		{"Mozilla/5.0 (Linux; Android 14; SM-G991B Build/UP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.200 Mobile Safari/537.36",
			"Mozilla/5.0 (Linux; Android) Mobile Chrome/131.0.0.0 Safari/537.36"},
		{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Mozilla/5.0 (compatible; Googlebot)"},
		{"okhttp/4.9.3", "okhttp/4"},
		{"Jane's browser", dropped},
		{"Mozilla/5.0 jane", dropped},
	}
	a, env := must(t, Spec{Kind: Generalise, Generalise: "family"}, hit.UserAgent), testEnv()
	for _, tt := range tests {
		got := text(t, a, tt.in, env)
		if got != tt.want {
			t.Errorf("%q = %q, want %q", tt.in, got, tt.want)
		}
		if got != dropped {
			if again := text(t, a, got, env); again != got {
				t.Errorf("%q becomes %q when done again", got, again)
			}
		}
	}
}

func TestAppendNumbers(t *testing.T) {
	env := testEnv()
	tests := []struct {
		spec  Spec
		class hit.Class
		value Value
		want  string
		is    Outcome
	}{
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, Value{Bytes: []byte("1795484921505"),
			Kind: NumberValue}, "1795482000000", RewrittenNumber},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, Value{Bytes: []byte("1795484921505")},
			"1795482000000", Rewritten},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, Value{Bytes: []byte("79.99"), Kind: NumberValue},
			"50", RewrittenNumber},
		{Spec{Kind: Keep}, hit.Revenue, Value{Bytes: []byte("79.99"), Kind: NumberValue}, "79.99", Kept},
		{Spec{Kind: Keep}, hit.Revenue, Value{Bytes: []byte("null"), Kind: NullValue}, "null", Kept},
		{Spec{Kind: Scrub}, hit.Custom, Value{Bytes: []byte("true"), Kind: BoolValue}, "true", Kept},
		{Spec{Kind: Replace, Replace: "1"}, hit.Revenue, Value{Bytes: []byte("79.99"), Kind: NumberValue},
			"1", RewrittenNumber},
		{Spec{Kind: Replace, Replace: "x"}, hit.Revenue, Value{Bytes: []byte("79.99"), Kind: NumberValue}, "x", Rewritten},
		{Spec{Kind: Pseudonymise}, hit.UserID, Value{Bytes: []byte("null"), Kind: NullValue}, "null", Kept},
		{Spec{Kind: Rare}, hit.Screen, Value{Bytes: []byte("1920"), Kind: NumberValue}, "other", Rewritten},
	}
	for _, tt := range tests {
		if got, is := apply(t, must(t, tt.spec, tt.class), tt.value, env); got != tt.want || is != tt.is {
			t.Errorf("%v %v %q = %q, %v; want %q, %v", tt.spec.Kind, tt.class, tt.value.Bytes, got, is, tt.want, tt.is)
		}
	}
	// A number's pseudonym is a number where the vendor takes no other; an id that may
	// stand as a text elsewhere is a text.
	number := Value{Bytes: []byte("48213"), Kind: NumberValue}
	user := must(t, Spec{Kind: Pseudonymise}, hit.UserID)
	plain, is := apply(t, user, number, env)
	if as, _ := apply(t, user, Value{Bytes: number.Bytes}, env); is != Rewritten || as != plain {
		t.Errorf("a number's pseudonym is %q, %v, and that of its text %q", plain, is, as)
	}
	number.Format = pseudonym.Digits
	if got, is := apply(t, user, number, env); is != RewrittenNumber || !regexp.MustCompile(`^\d{10}$`).MatchString(got) {
		t.Errorf("a number's pseudonym is %q, %v", got, is)
	}
	if got, is := apply(t, must(t, Spec{Kind: Pseudonymise}, hit.SessionID), Value{Bytes: number.Bytes, Kind: NumberValue},
		env); is != RewrittenNumber {
		t.Errorf("a session's number becomes %q, %v", got, is)
	}
}

type counts map[string]int

func (c counts) Common(_ hit.Class, value []byte, k, _ int) bool { return c[string(value)] >= k }

func TestRareCounts(t *testing.T) {
	env, a := testEnv(), must(t, Spec{Kind: Rare, Rare: RareSpec{K: 20}}, hit.Screen)
	env.Rare = counts{"1920x1080": 20, "1234x777": 19}
	if got := text(t, a, "1920x1080", env); got != "1920x1080" {
		t.Errorf("common value became %q", got)
	}
	if got := text(t, a, "1234x777", env); got != "other" {
		t.Errorf("rare value became %q", got)
	}
}

func TestAllocs(t *testing.T) {
	env := testEnv()
	type job struct {
		a *Action
		v Value
	}
	var jobs []job
	add := func(spec Spec, class hit.Class, in string) {
		jobs = append(jobs, job{must(t, spec, class), Value{Class: class, Bytes: []byte(in)}})
	}
	add(Spec{Kind: Keep}, hit.PageTitle, "Order of jane.doe@example.com")
	add(Spec{Kind: Keep}, hit.UserID, "cust-48213")
	add(Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: "purpose", Bits: 16}}, hit.ClientID,
		"1234567890.1700000000")
	add(Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID, "1234567890.1700000000")
	add(Spec{Kind: Hash, Hash: "sha256"}, hit.Email, "Jane.Doe@example.com")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP, "203.0.113.77")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), V6: new(32)}}, hit.IP, "2001:db8:85a3::8a2e:370:7334")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16)}}, hit.IP, "not an address at all")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{To: "day"}}, hit.Timestamp, "2026-11-24T01:48:41.505Z")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.Timestamp, "1795484921.835")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52.520008")
	add(Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(10)}}, hit.PageTitle, "A long title, and more")
	for to, in := range map[string]string{"family": chrome, "origin": "https://search.example/?q=1", "primary": "de-DE",
		"major": `"Chromium";v="141.0.7390.55"`, "region": "Europe/Berlin"} {
		class := map[string]hit.Class{"family": hit.UserAgent, "origin": hit.Referrer, "primary": hit.Language,
			"major": hit.ClientHint, "region": hit.Timezone}[to]
		add(Spec{Kind: Generalise, Generalise: to}, class, in)
	}
	add(Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1512x982")
	add(Spec{Kind: URL, URL: URLSpec{Query: []string{"utm_source", "next"}, Templates: []string{"/account/:id/orders"}}},
		hit.URL,
		"https://u:p@shop.example/account/12345/orders/9f8e7d6c5b4a39281706f5e4d3c2b1a0?utm_source=news&next=https%3A%2F%2Fx.example%2F%3Femail%3Dj%40x.de&gclid=1#a")
	add(Spec{Kind: Scrub}, hit.FreeText, "call me on +49 30 901820 11")
	add(Spec{Kind: Only, Only: []string{"card"}}, hit.Custom, "card")
	add(Spec{Kind: Rare}, hit.Screen, "1920x1080")
	add(Spec{Kind: Replace, Replace: "x"}, hit.UserID, "y")
	dst := make([]byte, 0, 16384)
	for _, j := range jobs {
		if n := testing.AllocsPerRun(50, func() { dst, _ = j.a.Append(dst[:0], j.v, env) }); n != 0 {
			t.Errorf("%v %v: %v allocations", j.a.kind, j.a.class, n)
		}
	}
}
