package scrub

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// golden holds a text against a file of testdata, line by line. UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(before), "\n"), strings.Split(text, "\n")
	if len(was) != len(is) {
		t.Errorf("%s has %d lines, and %d are right", name, len(was), len(is))
	}
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Errorf("%s:%d has\n%s\nand now it is\n%s", name, i+1, was[i], is[i])
		}
	}
}

// around is what stands around a value.
var around = []string{
	"%s", "x%s", "%sx", "1%s", "%s1", "_%s", "%s_", ".%s", "%s.", "a.%s", "%s.a", "1.%s", "%s.1", "-%s", "%s-", "1-%s",
	"%s-1", "+%s", "x+%s", "%s+", "%s+1", "~%s", "%s~", ":%s", "%s:", ",%s", "1,%s", "%s,",
	"%s,1", "/%s/", "(%s)", "[%s]", "{%s}", `"%s"`, "'%s'", "<%s>", "%s%%", "#%s", "@%s", "%s@", "$%s", "é%s", "%sé",
	"%s%s", "%s %s", "%s,%s", "1 %s", "%s 1", "12 %s", "%s 12", "a %s", "%s a", "A %s", "%s A",
	"%s &", "=%s", "x=%s", "x:%s", "\n%s\n", "\x00%s",
}

// placed are values of each kind, written in ways that detectors tell apart.
var placed = []string{
	"jane.doe@example.com", "jane (at) example.com", "jane at example dot com", "+49 30 901820 11", "0049301234567",
	"212-555-0123", "(030) 901820", "06 12 34 56 78", "030/901820", "4111111111111111",
	"4111 1111 1111 1111", "378282246310005", "DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "123-45-6789",
	"184127645108946", "1 84 12 76 451 089 46", "184122A45108933", "12345678Z",
	"12345678-Z", "X1234567L", "RSSMRA85T10A562S", "AB 12 34 56 C", "86 095 742 719", "85.07.30-033.28",
	"756.9217.0769.85", "131052-308T", "15 070649 C 103", "203.0.113.77", "2001:db8::8a2e:370:7334",
	"00:1A:2b:3c:4d:5e", "00-1A-2b-3c-4d-5e", "001a.2b3c.4d5e", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
	"AKIAIOSFODNN7EXAMPLE", "sk_live_4eC39HqLyjWDarjtT1", "52.520008,13.404954", "-33.868820, 151.209290",
	`48°51'24"N 2°21'03"E`, "12 Example Street", "Hauptstraße 5", "5 rue de la Paix", "Via Roma 12", "Victor Hugo utca 49",
	"tel 5550123", "born 1984-03-07", "geb. 07.03.1984", "born March 7, 1984", "née le 7 mars 1984",
	"password=hunter2", "api_key=abc123def456", "Bearer 9f8e7d6c5b4a39281706f5e4d3c2b1a0",
	"avatar/836f82db99121b3481011f16b49dfa5f", "lat=52.52&lng=13.40", "firstname=Jane", "steuer-id 86095742719",
	"bsn 111222333",
	"1795484921505", "1700000000", "v1.2.3.4", "2026-11-24", "ORD-1001-2234", "1.234.567,89", "iPhone 15 128",
}

// TestContexts: in what surroundings a value of each kind is found, and what is taken with
// it, as testdata/contexts.golden has it.
func TestContexts(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, value := range placed {
		fmt.Fprintf(&b, "%s\n", value)
		for _, form := range around {
			in := strings.ReplaceAll(strings.ReplaceAll(form, "%s", value), "%%", "%")
			out, _ := Append(nil, []byte(in), All)
			expected, _ := Append(nil, []byte(in), everything)
			fmt.Fprintf(&b, "\t%q", out)
			if string(expected) != string(out) {
				fmt.Fprintf(&b, " %q", expected)
			}
			b.WriteByte('\n')
		}
	}
	golden(t, "contexts.golden", b.String())
}

// TestMixed: what is found in texts put together of what detectors look at, as testdata/mixed.jsonl has it: whoever
// changes a detector sees what else becomes another.
func TestMixed(t *testing.T) {
	t.Parallel()
	pieces := append([]string{
		" ", " ", " ", "-", ".", ",", "/", "+", ":", "(", ")", "_", "=", "&", "0", "00", "7", "12", "030", "1984", "2026",
		"4111", "1111", "55501", "901820", "123456789", "a", "A", "Jane", "of", "Street", "straße",
		"rue", "de", "tel", "born", "ssn", "name=", "token=", "@", "example", ".com", "dot", " at ", "49", "DE89", "T", "N",
		"°", "'", "%20", "&#64;", "\\u0040", "x", "ext", "AB", "Z", "lat",
	}, placed...)
	r := rand.New(rand.NewPCG(11, 7))
	var b strings.Builder
	for range 800 {
		var in strings.Builder
		for range 2 + r.IntN(6) {
			in.WriteString(pieces[r.IntN(len(pieces))])
		}
		set := All
		if r.IntN(3) == 0 {
			set = everything
		}
		out, _ := Append(nil, []byte(in.String()), set)
		line, err := json.Marshal([]string{in.String(), string(out)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	golden(t, "mixed.jsonl", b.String())
}

// TestIssuers: numbers of each issuer are found at the first and the last of its prefixes, in each of its lengths, and
// none beside them. The check digit is made for each.
func TestIssuers(t *testing.T) {
	t.Parallel()
	number := func(prefix string, n int) string {
		body := prefix + strings.Repeat("7", n-1-len(prefix))
		for d := range 10 {
			if s := fmt.Sprint(body, d); divides([]byte(s), 10) {
				return s
			}
		}
		panic("no check digit")
	}
	lengths := func(list ...int) (set [20]bool) {
		for _, n := range list {
			set[n] = true
		}
		return set
	}
	ours := []struct {
		from, to int // the first four digits
		lengths  [20]bool
	}{
		{4000, 4999, lengths(13, 16, 19)}, {5100, 5599, lengths(16)}, {2221, 2720, lengths(16)}, {3400, 3499, lengths(15)},
		{3700, 3799, lengths(15)}, {6011, 6011, lengths(16, 17, 18, 19)},
		{6500, 6599, lengths(16, 17, 18, 19)}, {6440, 6499, lengths(16, 17, 18, 19)}, {3528, 3589, lengths(16, 17, 18, 19)},
		{3000, 3099, lengths(14, 15, 16, 17, 18, 19)},
		{3600, 3699, lengths(14, 15, 16, 17, 18, 19)}, {3800, 3899, lengths(14, 15, 16, 17, 18, 19)},
		{6200, 6299, lengths(16, 17, 18, 19)}, {1800, 1800, lengths(15)}, {2131, 2131, lengths(15)},
		{5018, 5018, lengths(12, 13, 14, 15, 16, 17, 18, 19)}, {5020, 5020, lengths(12, 13, 14, 15, 16, 17, 18, 19)},
		{5038, 5038, lengths(12, 13, 14, 15, 16, 17, 18, 19)},
		{5893, 5893, lengths(12, 13, 14, 15, 16, 17, 18, 19)}, {6304, 6304, lengths(12, 13, 14, 15, 16, 17, 18, 19)},
		{6759, 6759, lengths(12, 13, 14, 15, 16, 17, 18, 19)},
		{6761, 6763, lengths(12, 13, 14, 15, 16, 17, 18, 19)},
	}
	asked := map[int]bool{}
	for _, o := range ours {
		for _, p := range []int{o.from - 1, o.from, o.to, o.to + 1} {
			asked[p] = true
		}
	}
	for prefix := range asked {
		for n := 12; n <= 19; n++ {
			want := false
			for _, o := range ours {
				want = want || prefix >= o.from && prefix <= o.to && o.lengths[n]
			}
			in := number(strconv.Itoa(prefix), n)
			got, found := Append(nil, []byte(in), Of(Card))
			if (string(got) == "[card]") != want || found.Has(Card) != want {
				t.Errorf("%s, %d digits: found %v", in, n, !want)
			}
			last := byte('0' + (in[n-1]-'0'+1)%10)
			if _, found := Append(nil, []byte(in[:n-1]+string(last)), Of(Card)); found != 0 {
				t.Errorf("%s%c: found with a wrong check digit", in[:n-1], last)
			}
		}
	}
}

// TestOtherWaysToWrite: characters that read as one of ASCII are taken for it, and those that nobody sees
// for none; their neighbours for neither.
func TestOtherWaysToWrite(t *testing.T) {
	t.Parallel()
	none := [][2]rune{{0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x180E, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E},
		{0x2060, 0x2064}, {0x2066, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F}, {0, 0}}
	unseen := func(r rune) bool {
		for _, n := range none {
			if r >= n[0] && r <= n[1] {
				return true
			}
		}
		return false
	}
	for _, n := range none {
		for _, r := range []rune{n[0] - 1, n[0], n[1], n[1] + 1} {
			if r < 0 {
				continue
			}
			if got := plain(r); (got == -1) != unseen(r) {
				t.Errorf("%U is taken for %q", r, got)
			}
			if in := "jane" + string(r) + ".doe@exam" + string(r) + "ple.com"; unseen(r) {
				if got, _ := Append(nil, []byte(in), All); string(got) != "[email]" {
					t.Errorf("%U: %q becomes %q", r, in, got)
				}
			}
		}
	}
	for _, c := range []struct {
		from, to rune
		as       string // what the first is read as; those behind it follow, or are the same where same says so
		same     bool
	}{
		{0xFF01, 0xFF5E, "!", false}, {0x660, 0x669, "0", false}, {0x6F0, 0x6F9, "0", false}, {0x1D7CE, 0x1D7D7, "0", false},
		{0x1D7F6, 0x1D7FF, "0", false}, {0x2010, 0x2015, "-", true}, {0x2212, 0x2212, "-", true},
		{0xFE63, 0xFE63, "-", true}, {0xA0, 0xA0, " ", true}, {0x2000, 0x200A, " ", true}, {0x2028, 0x2029, " ", true},
		{0x202F, 0x202F, " ", true}, {0x205F, 0x205F, " ", true}, {0x3000, 0x3000, " ", true},
		{0x3002, 0x3002, ".", true}, {0xFF61, 0xFF61, ".", true}, {0x2024, 0x2024, ".", true}, {0xFE6B, 0xFE6B, "@", true},
	} {
		for r := c.from; r <= c.to; r++ {
			want := rune(c.as[0])
			if !c.same {
				want += r - c.from
			}
			if got := plain(r); got != want {
				t.Errorf("%U is read as %q, want %q", r, got, want)
			}
			if got, n := folded([]byte(string(r))); got != want || n != len(string(r)) {
				t.Errorf("%U: %q of %d bytes", r, got, n)
			}
		}
	}
	for _, r := range []rune{0xFF00, 0xFF5F, 0x65F, 0x66A, 0x6EF, 0x6FA, 0x1D7CD, 0x1D800, 0x200F + 1 + 6, 0x2211, 0x2213,
		0x3001, 0x3003, 0xFE62, 0xFE64, 0xFE6A, 0xFE6C, 'é', 'ü', 0x2025, 0xFF62} {
		if got := plain(r); got != r {
			t.Errorf("%U is read as %q", r, got)
		}
	}
}

// TestIBANCountries: numbers of each country's length are found, and none that is one shorter
// or longer, or has another check digit.
func TestIBANCountries(t *testing.T) {
	t.Parallel()
	seen := 0
	for a := range 26 {
		for c := range 26 {
			n := int(ibanLengths[a][c])
			country := string([]byte{byte('A' + a), byte('A' + c)})
			if n == 0 {
				continue
			}
			seen++
			body := strings.Repeat("1234567890", 4)[:n-4]
			for check := 2; check <= 98; check++ {
				in := fmt.Sprintf("%s%02d%s", country, check, body)
				if !ibanHolds(in) {
					continue
				}
				if got, _ := Append(nil, []byte(in), Of(IBAN)); string(got) != "[iban]" {
					t.Errorf("%s becomes %s", in, got)
				}
				for _, wrong := range []string{in[:n-1], in + "1", fmt.Sprintf("%s%02d%s", country, check%97+2, body)} {
					if got, _ := Append(nil, []byte(wrong), Of(IBAN)); string(got) != wrong {
						t.Errorf("%s becomes %s", wrong, got)
					}
				}
			}
		}
	}
	if seen < 60 {
		t.Errorf("%d countries", seen)
	}
}

// ibanHolds checks a number by ISO 13616: what is left when its letters are numbers, its first four characters
// stand at the end, and it is divided by 97.
func ibanHolds(in string) bool {
	rest := 0
	for _, c := range in[4:] + in[:4] {
		if c >= 'A' {
			rest = rest*100 + int(c-'A') + 10
		} else {
			rest = rest*10 + int(c-'0')
		}
		rest %= 97
	}
	return rest == 1
}
