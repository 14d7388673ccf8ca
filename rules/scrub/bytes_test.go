package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// upTo calls with every text of the pieces that has at most so many of them.
func upTo(most int, pieces []string, each func(text string)) {
	var grow func(text string, left int)
	grow = func(text string, left int) {
		each(text)
		if left > 0 {
			for _, p := range pieces {
				grow(text+p, left-1)
			}
		}
	}
	grow("", most)
}

// TestWhatAByteIs: each byte has the flags that these lists say.
func TestWhatAByteIs(t *testing.T) {
	t.Parallel()
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var above []byte
	for c := 0x80; c < 0x100; c++ {
		above = append(above, byte(c))
	}
	high := string(above)
	for flag, list := range map[uint16]string{
		fDigit: digits, fLetter: letters, fWord: digits + letters + high, fHex: digits + "abcdefABCDEF",
		fTrigger: digits + high + "@%&\\:=([{<\x00", fStd: digits + letters + "+/-_",
		fURL: digits + letters + "-_", fLocal: digits + letters + high + "._%+'-~", fEscape: high + "%&\\\x00",
		fGap: " .,+_-'", fHigh: high, fJoint: ":=\"'_- ]>", fMark: "+(-:",
	} {
		for c := range 256 {
			if got, want := flags[c]&flag != 0, strings.Contains(list, string([]byte{byte(c)})); got != want {
				t.Errorf("flag %b of %q is %v", flag, byte(c), got)
			}
		}
	}
	for c := range 256 {
		b := byte(c)
		v, err := strconv.ParseUint(string([]byte{b}), 16, 8)
		if got := ascii.Hex(b); got != byte(v) && err == nil || err != nil && got != 16 {
			t.Errorf("%q has the value %d", b, got)
		}
		if ascii.IsUpper(b) != strings.Contains(letters[26:], string([]byte{b})) ||
			ascii.Lower(b) != bytes.ToLower([]byte{b, 'a'})[0] && b < 0x80 || b >= 0x80 && ascii.Lower(b) != b {
			t.Errorf("%q: upper %v, lower %q", b, ascii.IsUpper(b), ascii.Lower(b))
		}
		if got := printable(b); got != (strings.Contains("\t\n\r", string([]byte{b})) || c >= 32 && c != 127) {
			t.Errorf("%q is printable: %v", b, got)
		}
		want := strings.Index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", string([]byte{b}))
		if url := strings.Index("-_", string([]byte{b})); url >= 0 {
			want = 62 + url
		}
		if got := sextet(b); got != want {
			t.Errorf("%q is %d of base64, want %d", b, got, want)
		}
		if got, want := separator(b), map[byte]uint8{' ': sepSpace, '+': sepSpace, '-': sepDash, '.': sepDot, '/': sepSlash,
			'(': sepParen, ')': sepParen}[b]; got != want {
			t.Errorf("%q separates as %b", b, got)
		}
		if isSpace(b) != (b == ' ' || b == '+') || dateMark(b) != (b == '-' || b == '/' || b == '.') ||
			startsDot(b) != strings.Contains("dDpPkK", string([]byte{b})) {
			t.Errorf("%q is taken for something else", b)
		}
	}
}

// TestPlain: the characters that are read as others, all of them.
func TestPlain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for r := rune(0); r <= utf8.MaxRune; {
		p, first := plain(r), r
		step := rune(0)
		if p != r && plain(r+1) == p+1 && p >= 0 {
			step = 1
		}
		for r++; r <= utf8.MaxRune && (p == first && plain(r) == r || p != first && plain(r) == p+step*(r-first) &&
			plain(r) != r); r++ {
		}
		switch {
		case p == first:
		case p < 0:
			fmt.Fprintf(&b, "%04X-%04X nothing\n", first, r-1)
		default:
			fmt.Fprintf(&b, "%04X-%04X %q-%q\n", first, r-1, p, plain(r-1))
		}
	}
	want := `0000-0000 nothing
00A0-00A0 ' '-' '
00AD-00AD nothing
034F-034F nothing
061C-061C nothing
0660-0669 '0'-'9'
06F0-06F9 '0'-'9'
180E-180E nothing
2000-200A ' '-' '
200B-200F nothing
2010-2015 '-'-'-'
2024-2024 '.'-'.'
2028-2029 ' '-' '
202A-202E nothing
202F-202F ' '-' '
205F-205F ' '-' '
2060-2064 nothing
2066-206F nothing
2212-2212 '-'-'-'
3000-3000 ' '-' '
3002-3002 '.'-'.'
FE00-FE0F nothing
FE63-FE63 '-'-'-'
FE6B-FE6B '@'-'@'
FEFF-FEFF nothing
FF01-FF5E '!'-'~'
FF61-FF61 '.'-'.'
1D7CE-1D7D7 '0'-'9'
1D7D8-1D7E1 '0'-'9'
1D7E2-1D7EB '0'-'9'
1D7EC-1D7F5 '0'-'9'
1D7F6-1D7FF '0'-'9'
E0000-E007F nothing
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	var text [utf8.UTFMax]byte
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		n := utf8.EncodeRune(text[:], r)
		p, m := unit(text[:n])
		if q := plain(r); q != r && (p != q || m != n) || q == r && m != 0 {
			t.Errorf("%U is resolved to %U, %d", r, p, m)
		}
	}
	for c := 0x80; c < 0x100; c++ {
		if p, m := unit([]byte{byte(c), 'a'}); m != 0 {
			t.Errorf("%x is resolved to %U", c, p)
		}
	}
}

// TestPercent: escapes of URLs are read as net/url reads them, those of JavaScript as their digits say.
func TestPercent(t *testing.T) {
	t.Parallel()
	for a := range 256 {
		for b := range 256 {
			in := string([]byte{'%', byte(a), byte(b)})
			text, err := url.PathUnescape(in)
			r, n := unit([]byte(in))
			if err != nil && n != 0 || err == nil && (n != 3 || text != "\x00" && r != rune(text[0]) ||
				text == "\x00" && r != -1) {
				t.Fatalf("%q is %d, %d", in, r, n)
			}
		}
	}
	form := regexp.MustCompile(`^%(?:(?:25)*?([0-9a-fA-F]{2})(?:$|[^0-9a-fA-F]|[0-9a-fA-F])|u([0-9a-fA-F]{4}))`)
	upTo(6, []string{"2", "5", "4", "u", "z", "f"}, func(text string) {
		in := "%" + text
		r, n := unit([]byte(in))
		m := form.FindStringSubmatch(in)
		// As many "25" as have two more digits behind them are one unit with those.
		rest, deep := text, 1
		for len(rest) >= 4 && rest[:2] == "25" && !strings.ContainsAny(rest[2:4], "uz") {
			rest, deep = rest[2:], deep+2
		}
		want, length := rune(0), 0
		if len(rest) >= 2 && !strings.ContainsAny(rest[:2], "uz") {
			v, _ := strconv.ParseInt(rest[:2], 16, 32)
			want, length = rune(v), deep+2
		} else if m != nil && m[2] != "" {
			v, _ := strconv.ParseInt(m[2], 16, 32)
			want, length = plain(rune(v)), 6
		}
		if r != want || n != length {
			t.Errorf("%q is %d, %d; want %d, %d", in, r, n, want, length)
		}
	})
}

// TestBackslash: escapes of JSON, JavaScript and C.
func TestBackslash(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^(\\+)(?:([nrtbf])|([/"'])|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))`)
	octal := regexp.MustCompile(`^\\([01][0-7]{2})`)
	pieces := []string{`\`, "n", "r", "t", "b", "f", "/", `"`, "'", "u", "x", "0", "4", "A", "g"}
	check := func(text string) {
		in := `\` + text
		want, length := rune(0), 0
		if m := form.FindStringSubmatch(in); m != nil {
			length = len(m[0])
			switch {
			case m[2] != "":
				want = ' '
			case m[3] != "":
				want = rune(m[3][0])
			default:
				v, _ := strconv.ParseInt(m[4]+m[5], 16, 32)
				want = plain(rune(v))
			}
		} else if n := len(in) - len(strings.TrimLeft(in, `\`)); n > 1 {
			want, length = '\\', n
		} else if m := octal.FindStringSubmatch(in); m != nil {
			if v, _ := strconv.ParseInt(m[1], 8, 32); v >= ' ' {
				want, length = rune(v), 4
			}
		}
		if r, n := unit([]byte(in)); r != want || n != length {
			t.Fatalf("%q is %d, %d; want %d, %d", in, r, n, want, length)
		}
	}
	upTo(4, pieces, check)
	upTo(5, []string{"0", "4", "F", "g"}, func(text string) {
		check("u" + text)
		check(`\u` + text)
		check("x" + text)
	})
}

// TestReferences: character references are read as package html reads them, but for what they are simplified to.
func TestReferences(t *testing.T) {
	t.Parallel()
	for _, e := range entities {
		for _, in := range []string{"&" + e.name, "&amp;" + e.name, "&amp;amp;" + e.name + "x"} {
			text := []rune(html.UnescapeString("&" + e.name))
			want := plain(text[0])
			if want == '\t' || want == '\n' {
				want = ' '
			}
			if r, n := unit([]byte(in)); r != want || r != e.r || len(text) != 1 || n != len(strings.TrimSuffix(in, "x")) {
				t.Errorf("%q is %q, %d", in, r, n)
			}
			if _, n := unit([]byte("&" + e.name[:len(e.name)-1])); n != 0 {
				t.Errorf("%q is taken without its semicolon", e.name)
			}
		}
	}
	form := regexp.MustCompile(`^&((?:amp;)*)#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));?`)
	pieces := []string{"#", "x", "X", "0", "1", "9", "a", "F", "g", ";", "amp;"}
	check := func(text string) {
		in := "&" + text
		want, length := rune(0), 0
		if m := form.FindStringSubmatch(in); m != nil {
			v, _ := strconv.ParseInt(m[3], 10, 64)
			if m[2] != "" {
				v, _ = strconv.ParseInt(m[2], 16, 64)
			}
			inner := len(m[0]) - 1 - len(m[1])
			if size := utf8.RuneLen(rune(v)); v <= utf8.MaxRune && size <= inner && len(in)-1-len(m[1]) >= 3 {
				want, length = plain(rune(v)), len(m[0])
			}
		}
		if length == 0 {
			if m := regexp.MustCompile(`^&(?:amp;)+`).FindString(in); m != "" {
				want, length = '&', len(m)
			}
		}
		if r, n := unit([]byte(in)); r != want || n != length {
			t.Fatalf("%q is %d, %d; want %d, %d", in, r, n, want, length)
		}
	}
	upTo(4, pieces, check)
	for _, digits := range []string{"000000640", "00000064", "1114111", "1114112", "x10FFFF", "x110000", "x0000004",
		"x00000040", "x000000040", "99999999", "xFFFFFFFF", "x7F", "x80", "x7FF", "x800", "xFFFF", "x10000"} {
		check("#" + digits)
		check("#" + digits + ";")
		check("amp;#" + digits + "z")
	}
}

// TestRuns: hex and base64 are decoded as encoding/hex and encoding/base64 do, where what comes out is text.
func TestRuns(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	text := func(b []byte, cut bool) bool {
		for _, c := range b {
			if !printable(c) {
				return false
			}
		}
		for k := 0; cut && k < 4 && len(b) > 0 && !utf8.Valid(b); k++ {
			b = b[:len(b)-1]
		}
		return utf8.Valid(b)
	}
	alphabets := []string{"0123456789abcdefABCDEF", "234567", "abcdefgXYZ0189-_", "abcdefgXYZ0189+/",
		"YWJjZGVmwoOp", "/+gh 1"}
	for range 20000 {
		run := make([]byte, r.IntN(14))
		alphabet := alphabets[r.IntN(len(alphabets))]
		for k := range run {
			run[k] = alphabet[r.IntN(len(alphabet))]
		}
		want, err := hex.DecodeString(string(run))
		got, ok := appendHex([]byte("^"), run)
		if ok != (err == nil && text(want, false)) || ok && string(got) != "^"+string(want) {
			t.Fatalf("%q in hex is %q, %v; want %q, %v", run, got, ok, want, err)
		}
	}
	const some = "aZ09 \t\n\r~\x7f\x1f\x00\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc1\xff"
	for range 40000 {
		in := make([]byte, r.IntN(9))
		for k := range in {
			in[k] = some[r.IntN(len(some))]
		}
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			run := []byte(encoding.EncodeToString(in))
			got, ok := appendBase64([]byte("^"), run)
			plain := len(in) == 0 || in[0] < 0x80
			if ok != text(in, true) && plain || ok && string(got) != "^"+string(in) {
				t.Fatalf("%q of %q is %q, %v", run, in, got, ok)
			}
			if len(run) > 2 {
				run[1] = '!'
				if _, ok := appendBase64(nil, run); ok {
					t.Fatalf("%q is taken for base64", run)
				}
			}
		}
	}
	for c := 0x80; c < 0x100; c++ { // what may stand at the start
		run := []byte(base64.RawStdEncoding.EncodeToString([]byte{byte(c), 0x80 | byte(c)&0x3f, 0x80}))
		if _, ok := appendBase64(nil, run); ok != (c >= 0xC2) && c < 0xC2 {
			t.Errorf("%x at the start: %v", c, ok)
		}
	}
}

// TestAddressesOfHosts: addresses are read as net/netip reads them, whatever stands in each of their groups.
func TestAddressesOfHosts(t *testing.T) {
	t.Parallel()
	check := func(in string) {
		want, err := netip.ParseAddr(in)
		got, ok := ParseIP([]byte(in))
		if ok != (err == nil) || ok && got != want {
			t.Errorf("ParseIP(%q) = %v, %v; netip says %v, %v", in, got, ok, want, err)
		}
	}
	four := []string{"", "0", "1", "9", "00", "01", "10", "99", "100", "199", "200", "249", "255", "256",
		"260", "300", "1000", "a"}
	for _, a := range four {
		for _, b := range four {
			check(a + "." + b + ".0.1")
			check("1." + a + "." + b + ".1")
			check("1.2." + a + "." + b)
			check("::" + a + ".1.2." + b)
			check("1:2:3:4:5:6:" + a + ".1.2." + b)
		}
		for _, end := range []string{"", ".", "5", ":", " ", ".5"} {
			check("1.2.3." + a + end)
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	groups := []string{"0", "1", "a", "F", "9f", "abc", "ffff", "FFFF", "0000", "10000", "00001", "g", "", "", "1.2.3.4",
		"1", "2", "1:2:3", "4:5"}
	for range 40000 {
		list := make([]string, 1+r.IntN(9))
		for k := range list {
			list[k] = groups[r.IntN(len(groups))]
		}
		check(strings.Join(list, ":"))
		check("::" + strings.Join(list, ":"))
		check(strings.Join(list, ":") + "::")
	}
}
