package minimise

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Small readers are read a second time here, by regular expressions, over every text of a few signs and over known
// texts broken at each place.

// everyText returns every text of up to so many of the signs.
func everyText(most int, signs ...string) []string {
	all := []string{""}
	for from, n := 0, 0; n < most; n++ {
		end := len(all)
		for _, head := range all[from:end] {
			for _, s := range signs {
				all = append(all, head+s)
			}
		}
		from = end
	}
	return all
}

// broken returns the text, cut at each place, without each of its bytes, and with each of the signs before and in
// place of each.
func broken(text, signs string) []string {
	all := []string{text}
	for i := range len(text) + 1 {
		all = append(all, text[:i])
		for _, s := range signs {
			all = append(all, text[:i]+string(s)+text[i:])
			if i < len(text) {
				all = append(all, text[:i]+string(s)+text[i+1:])
			}
		}
		if i < len(text) {
			all = append(all, text[:i]+text[i+1:])
		}
	}
	return all
}

// agree compares a reader with a regular expression.
func agree(t *testing.T, name string, reads func([]byte) bool, as string, texts ...[]string) {
	t.Helper()
	expression, yes, n := regexp.MustCompile(as), 0, 0
	for _, in := range slices.Concat(texts...) {
		want := expression.MatchString(in)
		if got := reads([]byte(in)); got != want {
			t.Errorf("%s of %q is %v", name, in, got)
		}
		if n++; want {
			yes++
		}
	}
	if yes == 0 || yes == n {
		t.Errorf("%s: %d of %d: nothing is shown", name, yes, n)
	}
}

func TestCharacters(t *testing.T) {
	t.Parallel()
	all := make([]string, 256)
	for c := range 256 {
		all[c] = string([]byte{byte(c)})
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9_.~!*'()-]$`)
	one := func(is func(byte) bool) func([]byte) bool { return func(b []byte) bool { return is(b[0]) } }
	agree(t, "isSlash", one(isSlash), `^[/\\]$`, all)
	agree(t, "endsAddress", one(endsAddress), "^[\\x00- \"<>`{|}\\x7f]$", all)
	agree(t, "isShort", isShort, `^[0-9A-Za-z]$`, all)
	agree(t, "mixed", mixed, `^[0-9A-Z]$`, all)
	agree(t, "isHost", isHost, `^[A-Za-z._-]$`, all)
	agree(t, "isVersion", isVersion, `^[0-9]$`, all)
	agree(t, "isBrand", isBrand, `^[ ()./:;=?_%0-9A-Za-z-]$`, all)
	for _, in := range all {
		want2 := in
		if !plain.MatchString(in) {
			want2 = fmt.Sprintf("%%%02X", in[0])
		}
		if got := appendEscapedTimes([]byte("é"+in), len("é"), 1); string(got) != "é"+want2 {
			t.Errorf("%q is escaped %q", in, got)
		}
		if got := appendEscapedTimes([]byte(in), 0, 2); string(got) != strings.ReplaceAll(want2, "%", "%25") {
			t.Errorf("%q is escaped twice %q", in, got)
		}
	}
}

func TestSmallReaders(t *testing.T) {
	t.Parallel()
	const uuid, signs = "836F82db-9912-4b34-8101-1f16b49dfa5f", "09afAFgG-@`/:é"
	agree(t, "isUUID", isUUID, `^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, broken(uuid,
		signs))
	agree(t, "isSHA256", isSHA256, `^[0-9A-Fa-f]{64}$`, broken(strings.Repeat("09afAF7e", 8), signs))
	agree(t, "isZone", isZone, `^([Zz]?|[+-](\d\d|\d{4}|\d\d:\d\d))$`, everyText(4, "+", "-", ":", "Z", "z", "1", "T"),
		broken("+05:30", signs), broken("-0530", signs))
	agree(t, "isPort", isPort, `^(:\d{0,5})?$`, everyText(7, ":", "1", "a"))
	agree(t, "startsPort", startsPort, `^\d{2,5}(/.*)?$`, everyText(7, "1", "/", "a"))
	agree(t, "ascii.Digits", ascii.Digits[[]byte], `^[0-9]+$`, everyText(5, "1", "0", "a"))
	agree(t, "isShort", isShort, `^[0-9A-Za-z]*$`, everyText(3, "0", "9", "a", "z", "A", "Z", "-"))
	agree(t, "isVersion", isVersion, `^\d{1,5}(\.\d{1,5}){0,5}$`, everyText(13, "1", "."))
	agree(t, "isMadeUp", isMadeUp,
		`^[^A-Za-z0-9]*N[^A-Za-z0-9]*o[^A-Za-z0-9]*t[^A-Za-z0-9]*A[^A-Za-z0-9]*B[^A-Za-z0-9]*r[^A-Za-z0-9]*a[^A-Za-z0-9]*n[^A-Za-z0-9]*d[^A-Za-z0-9]*$`,
		broken("Not:A-Brand", ":;d1A"), broken("Not(A)  Brand", "d("))
	for n := range 12 {
		if got := isMadeUp([]byte("Not" + strings.Repeat(" ", n) + "ABrand")); got != (n <= 7) {
			t.Errorf("with %d blanks: %v", n, got)
		}
	}
	agree(t, "isHint", func(b []byte) bool { return !slices.Contains(coarse.Hints, string(b)) && isHint(b) },
		`^(\d[\d.]{0,23})?$`,
		slices.DeleteFunc(everyText(5, "1", ".", "a", "-"), func(s string) bool { return s == "1" }),
		[]string{strings.Repeat("1.", 12), strings.Repeat("1.", 12) + "1"})
	for n := range 9 {
		if got := isHint([]byte("9." + strings.Repeat("7", n))); got != (n <= 5) {
			t.Errorf("a hint with %d digits: %v", n, got)
		}
		if got := isBrand([]byte(strings.Repeat("7", n) + "x")); got != (n <= 2) {
			t.Errorf("a brand with %d digits: %v", n, got)
		}
	}
	for n := range 43 {
		if got := isBrand([]byte(strings.Repeat("b", n))); got != (n > 0 && n <= 40) {
			t.Errorf("a brand of %d letters: %v", n, got)
		}
	}
	agree(t, "isBrand", isBrand, `^([a%]|%[a1%]?1?){1,40}$|^([a%]|%[a1%]?1?)*1([a%]|%[a1%]?1?)*1?([a%]|%[a1%]?1?)*$`,
		everyText(3, "1", "%", "a", "é"))
	for _, hint := range coarse.Hints {
		if !isHint([]byte(hint)) || isHint([]byte(hint+"x")) && hint != "x8" {
			t.Errorf("hint %q", hint)
		}
	}
	agree(t, "isAddress", isAddress, `://|^[/\\].|^www\.`, everyText(4, "/", `\`, ":", "w", "www."))
	agree(t, "hidesAddress", hidesAddress, `^aHR0c|Oi8v`, everyText(2, "aHR0c", "Oi8v", "x"), broken("aHR0c", "x"),
		broken("xOi8v", "x"))
	agree(t, "isSpecial", isSpecial, `^(?i)(http|https|ws|wss|ftp)$`, everyText(3, "http", "s", "W", "S", "ftp", "FTP"))
	agree(t, "schemeOf", func(b []byte) bool { return len(schemeOf(b)) > 0 }, `^[A-Za-z][A-Za-z0-9+.-]*:`, everyText(4,
		"a", "Z", "1", "+", "-", ".", ":", "/"))
	if got := schemeOf([]byte("ab+c:d:e")); string(got) != "ab+c" {
		t.Errorf("the scheme is %q", got)
	}
	for year := range 10_000 {
		if got := isYear(fmt.Appendf(nil, "%04d", year)); got != (year >= 1990 && year <= 2039) {
			t.Errorf("%d is a year: %v", year, got)
		}
	}
}

// TestHosts: a host is letters, digits and a few signs, or an address as package netip reads it, with a port or
// without.
func TestHosts(t *testing.T) {
	t.Parallel()
	bracketed, ported := regexp.MustCompile(`^\[([^\]]*)\](:\d{0,5})?$`), regexp.MustCompile(`^([^:]+)(:\d{0,5})?$`)
	number, plain := regexp.MustCompile(`(^|\.)(\d+|0[xX][^.]*)\.?$`),
		regexp.MustCompile(`^[A-Za-z0-9._\p{L}\p{M}\p{Nd}-]+$`)
	host := func(in string) bool {
		if in[0] == '[' {
			m := bracketed.FindStringSubmatch(in)
			if m == nil {
				return false
			}
			ip, err := netip.ParseAddr(m[1])
			return err == nil && ip.Is6() && ip.Zone() == ""
		}
		m := ported.FindStringSubmatch(in)
		if m == nil {
			return false
		}
		if number.MatchString(m[1]) {
			ip, err := netip.ParseAddr(m[1])
			return err == nil && ip.Is4()
		}
		return plain.MatchString(m[1])
	}
	const files = "html htm php aspx jsp js css png jpg svg json xml pdf"
	port, ending := regexp.MustCompile(`:\d{2,5}$`), regexp.MustCompile(`^.+\.([A-Za-z]{2,})$`)
	looks := func(in string) bool {
		in, _, _ = strings.Cut(strings.ReplaceAll(in, `\`, "/"), "/")
		in = port.ReplaceAllString(in, "")
		m := ending.FindStringSubmatch(in)
		return in == "localhost" || m != nil && host(in) && !slices.Contains(strings.Fields(files), m[1])
	}
	all := slices.Concat(everyText(4, "a", "1", "0", "x", ".", ":", "[", "-", "@"), broken("[2001:db8::1]:8080",
		":1]%x"), broken("1.2.3.4:80", ".0:x"),
		broken("host_1.example.de:80", "é\uff20\u0301\u0663.:/"), broken("localhost:80/x", "x:1/\\"),
		broken("shop.example:8080/a", "1/\\.:"),
		[]string{"[::ffff:1.2.3.4]", "[fe80::1%eth0]", "[1.2.3.4]", "[1.2.3.4]:80", "[]", "a.0x", "a.0X1", "a.1x",
			"a.00", "0x7f.1", "a.b0x", "a.x0", "\xff.de", "1.2.3.4."})
	for name := range strings.FieldsSeq(files + " de txt JS") {
		all = append(all, "a."+name, "index.b."+name+"/c", "."+name)
	}
	yes := 0
	for _, in := range all {
		if got := looksLikeHost([]byte(in)); got != looks(in) {
			t.Errorf("%q looks like a host: %v", in, got)
		}
		if in == "" {
			continue
		}
		want := host(in)
		if got := isHost([]byte(in)); got != want {
			t.Errorf("%q is a host: %v", in, got)
		}
		if want {
			yes++
		}
	}
	t.Logf("%d of %d are hosts", yes, len(all))
	for n := 250; n < 260; n++ {
		if _, ok := split([]byte("https://" + strings.Repeat("a", n) + "/")); ok != (n <= 255) {
			t.Errorf("a host of %d letters: %v", n, ok)
		}
	}
}

// TestSecretsByShape: what looks random, and what looks like an id, by the letters and digits in a row.
func TestSecretsByShape(t *testing.T) {
	t.Parallel()
	rows, numbers := regexp.MustCompile(`[0-9A-Za-z]+`), regexp.MustCompile(`[0-9]+`)
	hexes, digit := regexp.MustCompile(`^[0-9A-Fa-f]+$`), regexp.MustCompile(`[0-9]`)
	small, change := regexp.MustCompile(`^[a-z][A-Z]$`), regexp.MustCompile(`^([0-9][A-Za-z]|[A-Za-z][0-9])$`)
	token := func(in string) bool {
		for _, row := range rows.FindAllString(in, -1) {
			for n := 16; n <= len(row); n++ {
				digits := len(digit.FindAllString(row[:n], -1))
				if digits > 2 || digits > 0 && hexes.MatchString(row[:n]) {
					return true
				}
			}
		}
		turns := 0
		for i := range len(in) - min(len(in), 1) {
			if small.MatchString(in[i : i+2]) {
				turns++
			}
		}
		return len(in) >= 20 && (turns > 5 || turns > 1 && len(digit.FindAllString(in, -1)) > 1)
	}
	id := func(in string) bool {
		for _, n := range numbers.FindAllString(in, -1) {
			if year, _ := strconv.Atoi(n); len(n) > 4 || len(n) == 4 && (year < 1990 || year > 2039) {
				return true
			}
		}
		turns := 0
		for i := range len(in) - min(len(in), 1) {
			if change.MatchString(in[i : i+2]) {
				turns++
			}
		}
		return turns >= 3 && len(in) >= 6
	}
	for _, in := range slices.Concat(everyText(6, "a", "1", "-", "Z"), everyText(5, "2039", "1990", "a", "-", "1", "["),
		broken("0123456789abcdef", "gG@`-1[{"), broken("abcdefabcdefabc1", "g-1"), broken("ghijklmnopqrstu12", "3-aZ"),
		broken("ghijklmnopqrst123", "-a1"),
		broken("aBcDeFg-hijklmnop-qr", "Z1a"), broken("aBcD-1-2-abcdefghijk", "Z1[`"), broken("aBcDeFgHiJkL-mnopqrs",
			"Z[`{@1"), broken("aBcDe-fghij-klmno-1-2", "z")) {
		if got := tokenLike([]byte(in)); got != token(in) {
			t.Errorf("%q looks like a token: %v", in, got)
		}
		if got := idLike([]byte(in)); got != id(in) {
			t.Errorf("%q looks like an id: %v", in, got)
		}
	}
	for c := range 256 {
		for _, in := range []string{"0123456789abcde" + string([]byte{byte(c)}),
			"aBcDeFgHiJk" + string([]byte{byte(c)}) + "Mnopqrstu", "a" + string([]byte{byte(c)}) + "c1d1"} {
			if got := tokenLike([]byte(in)); got != token(in) {
				t.Errorf("%q looks like a token: %v", in, got)
			}
			if got := idLike([]byte(in)); got != id(in) {
				t.Errorf("%q looks like an id: %v", in, got)
			}
		}
	}
}

// TestLongestDigits: digits in a row, the most.
func TestLongestDigits(t *testing.T) {
	t.Parallel()
	numbers := regexp.MustCompile(`[0-9]+`)
	for _, in := range everyText(7, "1", "a") {
		want := 0
		for _, n := range numbers.FindAllString(in, -1) {
			want = max(want, len(n))
		}
		if got := longestDigits([]byte(in)); got != want {
			t.Errorf("%q: %d", in, got)
		}
	}
}
