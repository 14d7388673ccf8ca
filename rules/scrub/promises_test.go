package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

// everything is all kinds, also those that a field's name may announce.
var everything = All.Expecting(Phone, Token, Hash, NationalID, BirthDate, Name)

// stepsPerByte bounds the cost of a call, for each byte of the value. A byte may lie in a run of either base64 alphabet
// and in a word, at each of three depths, and a result is looked at again up to six times.
const stepsPerByte = 640

// costOver bounds how many steps more than allowed are taken, for each byte: a text is looked at as
// a whole before they are counted again.
const costOver = 16

// metered is what a hit may spend for a value of n bytes, and for itself.
func metered(n int) int { return 32*n + 1<<16 }

// promises checks what the package promises, for one value.
func promises(t *testing.T, in []byte, want Set) {
	t.Helper()
	l := look{want: want, most: unbounded}
	once, saw := l.append([]byte("^"), in)
	if once[0] != '^' {
		t.Fatal("dst was changed")
	}
	if saw.found == 0 && string(once[1:]) != string(in) {
		t.Fatalf("nothing found, yet %.200q became %.200q", in, once[1:])
	}
	if most := stepsPerByte * (len(in) + 16); saw.steps > most {
		t.Fatalf("%d steps for %d bytes, more than %d: %.200q", saw.steps, len(in), most, in)
	}
	m := NewMeter(metered(len(in)))
	within, found := (*Detectors)(nil).AppendWithin(&m, nil, in, want)
	switch {
	case m.Spent() && (string(within) != scrubbed || found == 0):
		t.Fatalf("spent, and yet %.200q is left of %.200q", within, in)
	case !m.Spent() && string(within) != string(once[1:]):
		t.Fatalf("%.200q became %.200q, and with a meter %.200q", in, once[1:], within)
	case m.Spent() != (saw.steps > metered(len(in))):
		t.Fatalf("%d steps for %d bytes, and spent is %v", saw.steps, len(in), m.Spent())
	}
	if over := m.taken - m.most; over > costOver*(len(in)+64) {
		t.Fatalf("%d steps more than allowed for %d bytes: %.200q", over, len(in), in)
	}
	if most := 8*len(in) + 16; len(once) > most {
		t.Fatalf("%d bytes became %d", len(in), len(once))
	}
	twice, again := Append(nil, once[1:], want)
	if again != 0 || string(twice) != string(once[1:]) {
		t.Fatalf("%.200q became %.200q, and then %.200q", in, once[1:], twice)
	}
	for kind, plain := range plainly {
		for _, m := range plain.FindAllSubmatch(once[1:], -1) {
			if want.Has(kind) && (kind != Card || divides(m[1], 10)) && (kind != IBAN || divides(m[1], 97)) {
				t.Fatalf("%.200q became %.200q, and %v %q is left", in, once[1:], kind, m[1])
			}
		}
	}
	for _, f := range (*Detectors)(nil).Locate(in, want) {
		if f.Start < 0 || f.Start >= f.End || f.End > len(in) {
			t.Fatalf("%+v lies outside %.200q", f, in)
		}
	}
}

// plainly is a second reading of what is plain to see: kinds in a form that nobody could take for anything else.
var plainly = map[Kind]*regexp.Regexp{
	Email: regexp.MustCompile(`(?:^| )([a-z]{1,20}\.[a-z]{1,20}@[a-z]{3,20}\.(?:com|org|example))(?: |$)`),
	Card:  regexp.MustCompile(`(?:^|[a-z] )(4[0-9]{15})(?: [a-z]|$)`),
	IBAN:  regexp.MustCompile(`(?:^|[a-z] )(DE[0-9]{20})(?: [a-z]|$)`),
	IP:    regexp.MustCompile(`(?:^|[a-z] )(203\.0\.113\.(?:[1-9]|[1-9][0-9]|1[0-9][0-9]))(?: [a-z]|$)`),
	JWT:   regexp.MustCompile(`(?:^| )(eyJhbGciOiJIUzI1NiJ9\.eyJ[A-Za-z0-9]{4,20}\.[A-Za-z0-9]{4,40})(?: |$)`),
	Phone: regexp.MustCompile(`(?:^|[a-z] )(\+49 30 [0-9]{6,8})(?: [a-z]|$)`),
}

// divides tells whether the checksum of a card (10, ISO/IEC 7812) or of an IBAN (97, ISO 13616)
// is right, by arithmetic of big numbers.
func divides(text []byte, by int64) bool {
	if by == 97 {
		turned := strings.NewReplacer("D", "13", "E", "14").Replace(string(text[4:]) + string(text[:4]))
		n, ok := new(big.Int).SetString(turned, 10)
		return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
	}
	sum := int64(0)
	for i, c := range text {
		d := int64(c - '0')
		if (len(text)-i)%2 == 0 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum%by == 0
}

// escapes are ways in which a value may be written.
var escapes = []struct {
	name string
	of   func(text string) string
}{
	{"as it is", func(s string) string { return s }},
	{"percent", url.QueryEscape},
	{"percent of all", func(s string) string { return eachByte(s, "%%%02x") }},
	{"double percent", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
	{"five times percent", func(s string) string {
		for range 5 {
			s = url.PathEscape(s)
		}
		return s
	}},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64url", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"base64 twice", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.RawURLEncoding.EncodeToString([]byte(s))))
	}},
	{"base64, percent", func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) }},
	{"percent, base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(eachByte(s, "%%%02X"))) }},
	{"hex", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"HEX", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }},
	{"JSON in a string", func(s string) string { return quoted(quoted(s)) }},
	{"JSON in base64", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"a":[` + quoted(s) + `]}`))
	}},
	{"entities", func(s string) string { return eachRune(s, "&#%d;") }},
	{"entities in hex", func(s string) string { return eachRune(s, "&#x%X;") }},
	{"entities of entities", func(s string) string { return html.EscapeString(eachRune(s, "&#%d;")) }},
	{"\\u", func(s string) string { return eachUnit(s, `\u%04x`) }},
	{"\\\\u", func(s string) string { return eachUnit(s, `\\\\u%04X`) }},
	{"%u", func(s string) string { return eachUnit(s, `%%u%04x`) }},
	{"full width", func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7F {
				return r - '!' + 0xFF01
			}
			return r
		}, s)
	}},
	{"without width", func(s string) string { return strings.Join(strings.Split(s, ""), "\u200b") }},
	{"NULs", func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") }},
	{"soft hyphens, percent", func(s string) string {
		return url.QueryEscape(strings.Join(strings.Split(s, ""), "\u00ad"))
	}},
}

func eachByte(s, form string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, form, c)
	}
	return b.String()
}

func eachRune(s, form string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, form, r)
	}
	return b.String()
}

func eachUnit(s, form string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, form, u)
	}
	return b.String()
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// secretsOf are values that are found wherever they stand alone.
var secretsOf = []string{
	"jane.doe@example.com", "jürgen.müller@bücher.example", "+49 30 901820 11", "4111 1111 1111 1111",
	"DE89370400440532013000", "85.07.30-033.28", "184127645108946",
	"12345678Z", "203.0.113.77", "2001:db8::8a2e:370:7334", "00:1A:2b:3c:4d:5e", "AKIAIOSFODNN7EXAMPLE",
	"52.520008,13.404954", "12 Example Street",
}

// TestNothingIsLeft: whatever a value is written in, and whatever stands around it,
// nothing of it is left in any of these forms.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	n := 0
	for _, value := range secretsOf {
		forms := make([][]byte, len(escapes))
		for i, e := range escapes {
			forms[i] = bytes.ToLower([]byte(e.of(value)))
		}
		for _, e := range escapes {
			for _, around := range []string{"%s", "a=%s&b=2", "see %s, please", `{"a":"%s"}`, "(%s)",
				"https://shop.example/?x=%s#y"} {
				if (e.name == "as it is" || e.name == "NULs" || e.name == "without width") && strings.Contains(around, "&") &&
					strings.Contains(value, "&") {
					continue
				}
				in := strings.Replace(around, "%s", e.of(value), 1)
				out, found := Append(nil, []byte(in), All)
				if found == 0 {
					t.Errorf("%s: nothing found in %q", e.name, in)
					continue
				}
				for i, form := range forms {
					if bytes.Contains(bytes.ToLower(out), form) {
						t.Errorf("%s: %q is left in %q as %s", e.name, value, out, escapes[i].name)
					}
				}
				promises(t, []byte(in), All)
				n++
			}
		}
	}
	t.Logf("%d ways", n)
}

// TestDeep: encodings inside each other ten deep are found, or go whole where they are deeper than is followed.
func TestDeep(t *testing.T) {
	t.Parallel()
	for _, e := range escapes {
		if e.name == "percent of all" || e.name == "%u" || strings.Contains(e.name, "u") && e.name[0] == '\\' ||
			strings.HasPrefix(e.name, "entities") {
			continue // each of these makes a value several times as long; they have tests of their own
		}
		text := "mail jane.doe@example.com"
		for depth := range 10 {
			if text = e.of(text); len(text) > 1<<20 {
				break
			}
			out, found := Append(nil, []byte(text), All)
			if found == 0 {
				t.Errorf("%s, %d deep: nothing is found in %.100q", e.name, depth+1, text)
			}
			if depth > 2 && len(text) > 100 && len(out) > len(text)/2 && strings.HasPrefix(e.name, "base64") {
				t.Errorf("%s, %d deep: %d bytes are left of %d", e.name, depth+1, len(out), len(text))
			}
			promises(t, []byte(text), All)
		}
	}
}

// TestLong: a value of a megabyte, of each of the things that detectors look ahead or
// behind for, takes steps in proportion.
func TestLong(t *testing.T) {
	t.Parallel()
	for _, unit := range provoking {
		in := append(bytes.Repeat([]byte(unit), (1<<16)/len(unit)), "@x.de"...)
		promises(t, in, everything)
	}
	promises(t, bytes.Repeat([]byte("jane.doe%40example.com +49 30 901820 11 "), (1<<20)/40), All)
	promises(t, bytes.Repeat([]byte{0xff, 0xfe, 0xed, 0xa0, 0x80}, (1<<20)/5), everything)
	promises(t, bytes.Repeat([]byte(`\ud83d`), (1<<20)/6), everything)
}

// provoking are pieces that, repeated, make detectors look far.
var provoking = []string{
	"@", "a@", "a.", "@a.", "1 ", "0", "12-", "+1", "%", "%25", "&#", "\\u", "\\", "\\\\n", "&amp;", "&amp;amp;", "e",
	"eyJ", "eyJ.", "a:", "1:", "::", "(", "\"@", "Aa ", "Street ", "rue ", "12 A ",
	"=", "A", "a1", "token=", "4111 ", "DE89", "1.1.", "-", "_", "1.1234,", "YWFh", "61", "(at)", "geb ", "é", "％",
	"&commat;", "eyJaaaaa-", "eyJaaaaa.", "sk-ant-", "api_key ",
	" at ", " at a dot ", "a dot ", "[at][dot]", "firstname=", "name=A ", "first_name: A b ", "von de ", "A. ",
	"-----BEGIN PRIVATE KEY", "-----END ", "48°", "48°51'", "7 March ", "7.3.",
	"né le ", "+1 x", "ext. ", " x1", "756.", "15070649C", "10/", "Via 1/", "\x00", "\u200b", "%u0040", "\xff",
	"\xed\xa0\x80", "1,", "(12) ", "AKIA", "SK", "Kd",
}

func BenchmarkScrub(b *testing.B) {
	clean := strings.Repeat(
		"Wir haben die schönsten roten Schuhe der Stadt, Größe 42, und das seit 1984. https://shop.example/shoes?utm_source=news ",
		80)
	dense := strings.Repeat(
		"Jane, jane.doe@example.com, +49 30 901820 11, 12 Example Street, 4111 1111 1111 1111. Thank you for the order of shoes. ",
		80)
	for name, text := range map[string]string{
		"clean": clean, "findings": dense, "clean-percent": url.QueryEscape(clean),
		"findings-percent": url.QueryEscape(dense),
		"clean-base64":     base64.StdEncoding.EncodeToString([]byte(clean)), "plain": strings.Repeat(
			"we have the best red shoes of the whole town. ", 200),
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(text)
			dst := make([]byte, 0, 1<<20)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = Append(dst[:0], in, All)
			}
		})
	}
}
