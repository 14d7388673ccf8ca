package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// worst are inputs that make the detectors do the most they can for a byte: each is repeated to the length asked for.
var worst = []struct {
	name string
	unit string
	of   func(text string) string // written in this; nil: as it is
}{
	{"words", "we have the best red shoes of the whole town ", nil},
	{"digits", "1234567890", nil},
	{"one digit", "1", nil},
	{"zeros", "0", nil},
	{"digits and spaces", "1 ", nil},
	{"pairs and spaces", "12 ", nil},
	{"pairs and plus signs", "06+", nil},
	{"threes and dashes", "123-", nil},
	{"fours and spaces", "4111 ", nil},
	{"eights and spaces", "12345678 ", nil},
	{"nines and commas", "123456789,", nil},
	{"tens and spaces", "1234567890 ", nil},
	{"elevens and semicolons", "12345678901;", nil},
	{"thirteens and quotes", `"7561234567897",`, nil},
	{"sixteens and spaces", "4111111111111112 ", nil},
	{"digits in brackets", "(12) ", nil},
	{"digits and three separators", "1 - ", nil},
	{"digits and slashes", "1/", nil},
	{"plus signs and digits", "+1", nil},
	{"plus signs and numbers", "+49301 ", nil},
	{"dots", "1.", nil},
	{"dotted threes", "123.", nil},
	{"addresses of machines", "1.1.1.300 ", nil},
	{"colons", "1:", nil},
	{"double colons", "::", nil},
	{"hex and colons", "ab:", nil},
	{"six groups", "12ab:34cd:56ef:ab12:cd34:ef56:1 ", nil},
	{"hardware addresses", "00:1a:2b:3c:4d:zz ", nil},
	{"hex", "deadbeef", nil},
	{"hex of digits", "deadbee1", nil},
	{"short hex words", "abc1 ", nil},
	{"hex of text", "6120", nil},
	{"base64 of words", "we have the best red shoes of the town ", encoded},
	{"base64 of digits", "1234567890 ", encoded},
	{"base64 of base64", "we have the best red shoes of the town ", func(s string) string { return encoded(encoded(s)) }},
	{"base64 three deep", "12 ", func(s string) string { return encoded(encoded(encoded(s))) }},
	{"base64 of hex of digits", "12 ", func(s string) string { return encoded(hex.EncodeToString([]byte(s))) }},
	{"base64 in words", "YWFhYWFhYWFh ", nil},
	{"base64 with dashes", "YWFhYWFh-", nil},
	{"base64 with slashes", "YWFhYWFh/", nil},
	{"base64 with both", "YWFh-YWFh/YWFh", nil},
	{"base64 that is none", "abcdefgh", nil},
	{"zlib in words", "eJwDAAAAAAEA ", nil},
	{"zlib of many blocks", "eJwCAgICAgIC", nil},
	{"gzip of nothing", "H4sIAAAAAAACAwMAAAAAAAAAAAA ", nil},
	{"UTF-16 in base64", "we have the best red shoes ", func(s string) string { return encoded(eachByte(s, "%c\x00")) }},
	{"base32 in words", "MFRGGZDFMZTWQ2LK ", nil},
	{"hex bytes apart", "61 ", nil},
	{"hex bytes of digits apart", "31:", nil},
	{"hex bytes with signs", "0x31, ", nil},
	{"octal", `\061`, nil},
	{"passwords", "password: ab1 ", nil},
	{"passwords of words", "mot de passe est ", nil},
	{"mixed words", "aB3dE6gH9 ", nil},
	{"a long word", "a", nil},
	{"capitals", "A", nil},
	{"capitals and spaces", "Aa ", nil},
	{"short words", "a ", nil},
	{"labels", "token=", nil},
	{"labels and values", "api_key=1 ", nil},
	{"names", "firstname=", nil},
	{"names and words", "name=A ", nil},
	{"names with joints", "first_name: A b ", nil},
	{"names of four", "Anna-Maria von der ", nil},
	{"ibans", "DE89", nil},
	{"ibans and spaces", "DE89 3704 0044 0532 0130 01 ", nil},
	{"british numbers", "AB 12 34 56 Z ", nil},
	{"at signs", "@", nil},
	{"letters and at signs", "a@", nil},
	{"at signs and dots", "a@a.", nil},
	{"at signs and long words", strings.Repeat("a", 60) + "@" + strings.Repeat("b", 250), nil},
	{"at signs and quotes", `"@`, nil},
	{"at signs and brackets", "a@[1", nil},
	{"spelled at", "a at a dot ", nil},
	{"bracketed at", "a (at) a (dot) ", nil},
	{"brackets", "(", nil},
	{"spaced a", " a", nil},
	{"streets", "Street ", nil},
	{"numbers and streets", "12 Aa Bb Cc Dd Ee ", nil},
	{"numbers and capitals", "12 A ", nil},
	{"rue", "rue ", nil},
	{"streets in one", "Hauptstrasse ", nil},
	{"streets and numbers", "Aa Bb street 1/ ", nil},
	{"dates", "7.3.1884 ", nil},
	{"dates of words", "7 March ", nil},
	{"dates of eight", "19840307 ", nil},
	{"dates with dashes", "1984-03-07 ", nil},
	{"months first", "March 7, 184 ", nil},
	{"coordinates", "1.1234,", nil},
	{"long decimals", "1.12345678901234567890", nil},
	{"degrees", `48°51'24"`, nil},
	{"degrees cut off", "48°", nil},
	{"labels of places", "lat=1.12 ", nil},
	{"secrets", "sk-ant-", nil},
	{"many first letters of secrets", "ghp_a ", nil},
	{"secrets and dashes", "SK-SK_", nil},
	{"tokens", "eyJ", nil},
	{"tokens and dots", "eyJ.", nil},
	{"tokens and dashes", "eyJaaaaa-", nil},
	{"private keys", "-----BEGIN PRIVATE KEY", nil},
	{"dashes", "-", nil},
	{"percent", "%", nil},
	{"percent of percent", "%25", nil},
	{"percent of digits", "%31", nil},
	{"percent, five deep", "%2525252531", nil},
	{"percent of all", "1 ", func(s string) string { return eachByte(s, "%%%02x") }},
	{"percent of words", "one two, three/four ", url.QueryEscape},
	{"percent u", "%u0031", nil},
	{"entities", "&#49;", nil},
	{"entities in hex", "&#x31;", nil},
	{"entities of names", "&commat;", nil},
	{"entities of entities", "&amp;amp;#49;", nil},
	{"and signs", "&", nil},
	{"names of no entity", "&abcdef;", nil},
	{"JSON escapes", `\u0031`, nil},
	{"JSON escapes of escapes", `\\\\u0031`, nil},
	{"backslashes", `\`, nil},
	{"backslashes and n", `\\n`, nil},
	{"layers of layers", `%26%2349%3B%5Cu0031`, nil},
	{"wide digits", "１２", nil},
	{"wide letters", "ａ", nil},
	{"letters outside ASCII", "é", nil},
	{"letters outside ASCII and spaces", "é ", nil},
	{"no width", "1\u200b", nil},
	{"NULs", "1\x00", nil},
	{"no UTF-8", "\xff\xfe", nil},
	{"e-mail addresses", "jane.doe@example.com ", nil},
	{"escaped addresses", "jane.doe%40example.com ", nil},
	{"phones", "+49 30 901820 11 ", nil},
	{"cards", "4111 1111 1111 1111 ", nil},
	{"user agents", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 ",
		nil},
	{"JSON", `{"order_id":"ORD-1001","revenue":129.7,"currency":"EUR","products":[{"sku":"SKU-1","name":"Red shoes","price":59.9,"quantity":2}]},`,
		nil},
	{"identifiers", "836f82db-9912-4b34-8101-1f16b49dfa5f 1795484921505 ", nil},
	{"question marks", "phone ? ", nil},
	{"labels and digits", "tel 1 iban 2 geb 3 ", nil},
	{"labels far in front", "a a a a a a a a a a a a a a a 1234567 ", nil},
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// worstOf writes one of the worst inputs, of n bytes or a few more.
func worstOf(k, n int) []byte {
	w := worst[k]
	text := strings.Repeat(w.unit, n/len(w.unit)+1)[:n]
	if w.of != nil {
		text = w.of(text)
	}
	return []byte(text)
}

// wanted are the sets that values are looked over with, by what profiles say of a field.
var wanted = []struct {
	name string
	set  Set
}{
	{"text", All}, {"trait", All.Expecting(BirthDate, Phone, Hash)}, {"name", All.Expecting(Name)},
	{"everything", everything}, {"id", Of(Email, JWT)},
}

// BenchmarkWorst is the time for a byte of the worst inputs, in values of 16 KiB.
func BenchmarkWorst(b *testing.B) {
	for k := range worst {
		in := worstOf(k, 1<<14)
		for _, w := range wanted {
			b.Run(strings.ReplaceAll(worst[k].name, " ", "_")+"/"+w.name, func(b *testing.B) {
				dst := make([]byte, 0, 1<<20)
				for b.Loop() {
					dst, _ = Append(dst[:0], in, w.set)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in)), "ns/byte")
			})
		}
	}
}

// ordinary are those of the worst inputs that real traffic is made of. A hit may hold nothing else.
var ordinary = []string{
	"words", "user agents", "JSON", "identifiers", "percent of words", "base64 of words", "e-mail addresses",
	"escaped addresses", "mixed words", "letters outside ASCII",
}

// TestWorkIsLinear: the steps for a byte are the same however long a value is, and the ones of ordinary
// texts are within what a hit may spend.
func TestWorkIsLinear(t *testing.T) {
	t.Parallel()
	for k := range worst {
		for _, w := range wanted {
			steps := func(n int) float64 {
				in := worstOf(k, n)
				_, saw := look{want: w.set, most: unbounded}.append(nil, in)
				return float64(saw.steps) / float64(len(in))
			}
			short, long := steps(1<<11), steps(1<<14)
			if long > 1.2*short+1 {
				t.Errorf("%s, %s: %.1f steps for a byte of 2 KiB, %.1f of 16 KiB", worst[k].name, w.name, short, long)
			}
			if long > stepsPerByte {
				t.Errorf("%s, %s: %.1f steps for a byte", worst[k].name, w.name, long)
			}
			if slices.Contains(ordinary, worst[k].name) && (w.name == "text" || w.name == "id") && long > 32 {
				t.Errorf("%s, %s: %.1f steps for a byte: a hit of them would be refused", worst[k].name, w.name, long)
			}
		}
	}
}

// TestWhatTextsCost: each of the worst inputs takes as many steps as testdata/steps.golden has it, so that no
// work goes uncounted unseen. Whoever changes what something costs measures it first (BenchmarkWorst), and
// then writes the file (UPDATE_GOLDEN=1).
func TestWhatTextsCost(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# steps for 2 KiB of an input, where is looked for: " + strings.Join(namesOfWanted(), ", ") + "\n")
	for k := range worst {
		in := worstOf(k, 1<<11)
		b.WriteString(worst[k].name + ":")
		for _, w := range wanted {
			m := NewMeter(unbounded)
			(*Detectors)(nil).AppendWithin(&m, nil, in, w.set)
			fmt.Fprintf(&b, " %d", m.taken)
		}
		b.WriteByte('\n')
	}
	for _, pattern := range []string{`kd-[0-9]{6}`, `(?i)kd-?[a-z]+`, `\bKD-[0-9]+(?:-[0-9])*\b`, `(?:ab|cd[ef])+1`,
		`k.*d`, `(?s)k.{2,}1`, `(?i)[a-f]{3,5}z`, `é+1`} {
		d := compile(t, Rule{Label: "own", Pattern: pattern}, Rule{Label: "never", Pattern: `(?i)k[dé]`, Checksum: "luhn"})
		b.WriteString(pattern + ":")
		for _, text := range []string{"an order of KD-123456 and kd-654321-7, ", "abcdef1 abab1 kd1 ", "KDKDKD ",
			"é1éé1kd ", "nothing of it "} {
			m := NewMeter(unbounded)
			d.AppendWithin(&m, nil, []byte(strings.Repeat(text, 20)), Of(Own))
			fmt.Fprintf(&b, " %d", m.taken)
		}
		b.WriteByte('\n')
	}
	golden(t, "steps.golden", b.String())
}

func namesOfWanted() (names []string) {
	for _, w := range wanted {
		names = append(names, w.name)
	}
	return names
}

// TestIdleTextsCostOneLook: text that no detector could start from is looked at
// once, however many words of it there are.
func TestIdleTextsCostOneLook(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Red shoes", "we have The best Red shoes Of the whole town",
		strings.Repeat("a bc Def ghI ", 40)} {
		m := NewMeter(1 << 20)
		if _, found := FindWithin(&m, nil, []byte(text), All); found != 0 || m.taken != costIdle*len(text) {
			t.Errorf("%q takes %d steps to find nothing in it, and %d are right", text, m.taken, costIdle*len(text))
		}
		m = NewMeter(1 << 20)
		if _, found := (*Detectors)(nil).AppendWithin(&m, nil, []byte(text), All); found != 0 ||
			m.taken != costIdle*len(text) {
			t.Errorf("%q takes %d steps, and %d are right", text, m.taken, costIdle*len(text))
		}
	}
}

// TestMeterFailsClosed: where the steps do not suffice, nothing of a value is left, and no more is done for any other.
func TestMeterFailsClosed(t *testing.T) {
	t.Parallel()
	for k := range worst {
		in := worstOf(k, 1<<12)
		for _, w := range wanted {
			_, saw := look{want: w.set, most: unbounded}.append(nil, in)
			for _, share := range []float64{0, 0.01, 0.5, 0.99, 1} {
				m := NewMeter(int(share * float64(saw.steps)))
				out, found := (*Detectors)(nil).AppendWithin(&m, nil, in, w.set)
				if enough := share == 1; m.Spent() == enough {
					t.Errorf("%s, %s: %v of the steps, and spent is %v", worst[k].name, w.name, share, m.Spent())
				} else if !enough && saw.steps > 2*len(in) && (string(out) != scrubbed || found == 0) {
					t.Errorf("%s, %s: %v of the steps, and %.60q is left", worst[k].name, w.name, share, out)
				}
				if over := m.taken - m.most; over > costOver*(len(in)+64) {
					t.Errorf("%s, %s: %d steps more than there were for %d bytes", worst[k].name, w.name, over, len(in))
				}
			}
		}
	}
	var none Meter
	if out, _ := (*Detectors)(nil).AppendWithin(&none, nil, []byte("jane@example.com"), All); string(out) != scrubbed {
		t.Errorf("the zero Meter allows %q", out)
	}
}
