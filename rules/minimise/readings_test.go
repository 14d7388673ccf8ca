package minimise

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	agree(t, "isDigit", one(isDigit), `^[0-9]$`, all)
	agree(t, "isLetter", one(isLetter), `^[A-Za-z]$`, all)
	agree(t, "isSlash", one(isSlash), `^[/\\]$`, all)
	agree(t, "endsAddress", one(endsAddress), "^[\\x00- \"<>`{|}\\x7f]$", all)
	agree(t, "isShort", isShort, `^[0-9A-Za-z]$`, all)
	agree(t, "mixed", mixed, `^[0-9A-Z]$`, all)
	agree(t, "isHost", isHost, `^[A-Za-z._-]$`, all)
	agree(t, "isVersion", isVersion, `^[0-9]$`, all)
	agree(t, "isBrand", isBrand, `^[ ()./:;=?_%0-9A-Za-z-]$`, all)
	for _, in := range all {
		want, err := strconv.ParseUint(in, 16, 8)
		if got := hexValue(in[0]); err == nil && got != int(want) || err != nil && got != -1 {
			t.Errorf("%q has the value %d", in, got)
		}
		if got := lower(in[0]); in[0] < 0x80 && string([]byte{got}) != strings.ToLower(in) || in[0] >= 0x80 &&
			got != in[0] {
			t.Errorf("%q in lower case is %q", in, got)
		}
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
	agree(t, "allDigits", allDigits, `^[0-9]+$`, everyText(5, "1", "0", "a"))
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

// left is what a rewriter appends, "<dropped>" where it refuses.
func left(out []byte, ok bool) string {
	if !ok {
		return dropped
	}
	return string(out)
}

// first is the first group of an expression in a text, "<dropped>" where it does not match.
func first(as *regexp.Regexp, in string) string {
	if m := as.FindStringSubmatch(in); m != nil {
		return strings.Join(m[1:], "")
	}
	return dropped
}

func TestWider(t *testing.T) {
	t.Parallel()
	primary, country := regexp.MustCompile(`^([A-Za-z]{2,3})(?:[-_,;.].*)?$`),
		regexp.MustCompile(`^([A-Za-z]{2,3})(?:[-_].*)?$`)
	for _, in := range everyText(5, "a", "Z", "-", "_", ",", ";", ".", "1") {
		if got, want := left(appendPrimary(nil, []byte(in))), strings.ToLower(first(primary, in)); got != want {
			t.Errorf("%q is of language %q, want %q", in, got, want)
		}
		if got := left(appendCountry(nil, []byte(in))); got != first(country, in) {
			t.Errorf("%q is of country %q", in, got)
		}
	}
	offset := regexp.MustCompile(`^([+-]?[0-9:]*[0-9])$`)
	for _, in := range slices.Concat(everyText(7, "+", ":", "1"), everyText(5, "-", "1", "a", "/", ":"), []string{"UTC",
		"GMT", "utc", "/Europe", "Europe", "Europe/", "europe/x", "US/x/y", "x/US"}) {
		want := first(offset, in)
		if area, _, ok := strings.Cut(in, "/"); ok && slices.Contains(coarse.Areas, area) {
			want = area
		} else if digits := strings.Count(in, "1"); in == "UTC" || in == "GMT" {
			want = in
		} else if digits < 1 || digits > 4 || len(in) > 6 {
			want = dropped
		}
		if got := left(appendRegion(nil, []byte(in))); got != want {
			t.Errorf("%q is of region %q, want %q", in, got, want)
		}
	}
	for _, area := range coarse.Areas {
		if got := left(appendRegion([]byte("^"), []byte(area+"/Some/City"))); got != "^"+area {
			t.Errorf("%s: %q", area, got)
		}
	}
	const y = `((?:19|20)\d\d|2100)`
	dates := []*regexp.Regexp{
		regexp.MustCompile(`^` + y + `(?:\d{4})?$`),
		regexp.MustCompile(`^` + y + `(?:-\d\d-\d\d|/\d\d/\d\d|\.\d\d\.\d\d)$`),
		regexp.MustCompile(`^` + y + `-\d\d-\d\dT.*$`),
		regexp.MustCompile(`^(?:\d\d-\d\d-|\d\d/\d\d/|\d\d\.\d\d\.)` + y + `$`),
	}
	for _, in := range slices.Concat(
		broken("1984", "0129/x"), broken("19840307", "0129x-"), broken("1984-03-07", "-/.x01"), broken("1984/03/07",
			"-/x2"), broken("1984.03.07", "./x2"),
		broken("07-03-1984", "-/x2"), broken("07/03/1984", "/.x"), broken("07.03.1984", ".-x"),
		broken("1984-03-07T12:00:00Z", "Tt x-2"), []string{"1984-03-07T", "1984-03-07 12:00", "1984-03-07t1"},
		[]string{"1899", "1900", "2100", "2101", "18991231", "19000101", "21001231", "21010101", "1899-12-31",
			"2101-01-01", "31.12.1899", "01.01.2101", "1899-12-31T00"}) {
		want := dropped
		for _, d := range dates {
			if got := first(d, in); got != dropped {
				want = got
			}
		}
		if got := left(appendYear(nil, []byte(in))); got != want {
			t.Errorf("%q is of year %q, want %q", in, got, want)
		}
	}
	versions := regexp.MustCompile(`(\d)(?:[._]\d+)+`)
	for _, in := range slices.Concat(everyText(6, "1", ".", "_", "a"), []string{`"15.6.1"`,
		`"Chromium";v="141.0.7390.55", "Not:A-Brand";v="8.0.0.0"`, "Chromium;141.0.55|Opera;7"}) {
		got := left(appendMajor([]byte("^"), []byte(in)))
		if want := "^" + versions.ReplaceAllString(in, "$1"); got != dropped && got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	number, zero := regexp.MustCompile(`^(-?[0-9]+)(\.[0-9]*)?`), regexp.MustCompile(`^-?0[0-9]`)
	for _, in := range everyText(6, "-", "0", "1", ".", "a") {
		whole, decimals := 0, 0
		if m := number.FindStringSubmatch(in); m != nil && m[2] != "." && !zero.MatchString(in) {
			whole, decimals = len(m[1]), len(m[2])
		}
		if w, d := numberParts([]byte(in)); w != whole || d != decimals {
			t.Errorf("%q has %d and %d, want %d and %d", in, w, d, whole, decimals)
		}
		if got := isNumber([]byte(in)); got != (whole > 0 && whole+decimals == len(in)) {
			t.Errorf("%q is a number: %v", in, got)
		}
	}
	// The first digit that is not 0 becomes 1, 2 or 5; what stands in front stays; behind it are zeros up to the
	// point, and nothing then.
	found := regexp.MustCompile(`^(-?[0.]*)([1-9])([0-9]*)`)
	for _, in := range slices.Concat(everyText(6, "-", "0", "3", ".", "9"), []string{"1", "2", "4", "5", "6", "7", "8",
		"1234567890.5", "0.00437", "-0.06"}) {
		want := dropped
		if isNumber([]byte(in)) {
			want = "0"
			if m := found.FindStringSubmatch(in); m != nil {
				want = m[1] + map[byte]string{'1': "1", '2': "2", '3': "2", '4': "2"}[m[2][0]]
				if m[2][0] >= '5' {
					want += "5"
				}
				if !strings.Contains(m[1], ".") {
					want += strings.Repeat("0", len(m[3]))
				}
			}
		}
		if got := left(appendBucket(nil, []byte(in))); got != want {
			t.Errorf("%q is in bucket %q, want %q", in, got, want)
		}
	}
	below := func(v int) (last int) {
		list := coarse.Lengths
		if v < 64 {
			list = coarse.Depths
		}
		for _, l := range list {
			if l <= v {
				last = max(last, l)
			}
		}
		return last
	}
	screen := regexp.MustCompile(`^([0-9]{1,5})(-bit|px|\.[0-9]*|[xX*,][0-9]{1,5})?$`)
	sizes := everyText(5, "1", ".", "x", "X", "*", ",", "-bit", "px")
	for v := range 4000 {
		sizes = append(sizes, strconv.Itoa(v), strconv.Itoa(v)+"x1")
	}
	for _, in := range slices.Concat(sizes, []string{"99999", "100000", "00012", "99999x99999", "99999x100000", "1x",
		"1.5x2", "360x", "x360", "24-bits", "24 bit"}) {
		want := dropped
		if m := screen.FindStringSubmatch(in); m != nil {
			v, _ := strconv.Atoi(m[1])
			switch {
			case m[2] == "" || m[2] == "px" || m[2] == "-bit":
				want = strconv.Itoa(below(v)) + m[2]
			case m[2][0] == '.':
				want = strconv.Itoa(below(v))
			default:
				for _, s := range coarse.Sizes {
					if v >= s.From {
						want = s.Width + m[2][:1] + s.Height
						break
					}
				}
			}
		}
		if got := left(appendScreen(nil, []byte(in))); got != want {
			t.Errorf("%q is a screen of %q, want %q", in, got, want)
		}
	}
	const one = `-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?`
	several, ends := regexp.MustCompile(`^`+one+`(?:[,; ]{1,3}`+one+`){0,3}$`), regexp.MustCompile(`(\.[0-9]+)`)
	// A bare comma between two that have no decimals may be the point of one.
	unclear := regexp.MustCompile(`(^|[,; ])-?[0-9]+,-?[0-9]+([,; ]|$)`)
	for _, in := range slices.Concat(
		everyText(6, "1", ".", ",", "-", " "), everyText(5, "1.5", ",", ";", " ", "0"), everyText(5, "1.23456789;",
			"2,", "3 ", "4", "5.5")) {
		for n := range 3 {
			want := dropped
			if several.MatchString(in) && !unclear.MatchString(in) {
				want = ends.ReplaceAllStringFunc(in, func(s string) string {
					return strings.TrimSuffix(s[:min(len(s),
						n+1)], ".")
				})
			}
			if got := left(appendDecimals(nil, []byte(in), n)); got != want {
				t.Errorf("%q with %d decimals is %q, want %q", in, n, got, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	const zone = `([Zz]?|[+-](?:\d\d|\d{4}|\d\d:\d\d))`
	iso := regexp.MustCompile(`^((?:199\d|20\d\d|2100)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))` +
		`(?:([Tt ])([01]\d|2[0-3]):([0-5]\d)(?:(:)(?:[0-5]\d|60)(?:([.,])(\d+))?)?` + zone + `)?$`)
	all := slices.Concat(broken("2026-11-24T01:48:41.505+05:30", "09T: .,Zx-+"), broken("2026-11-24 01:48:41,5Z",
		"t z.x"), broken("2026-11-24t23:59", "Z:+x"), broken("2026-11-24", "T1x"))
	for n := range 100 {
		two := fmt.Sprintf("%02d", n)
		all = append(all, "2026-"+two+"-10", "2026-10-"+two, "2026-10-10T"+two+":10", "2026-10-10T10:"+two,
			"2026-10-10T10:10:"+two, "2026-10-10T10:10:10."+two, "2026-10-10T10:10+"+two)
	}
	for year := 1980; year < 2110; year++ {
		all = append(all, strconv.Itoa(year)+"-01-01")
	}
	for _, in := range all {
		for _, u := range []unit{60, 3600, 86400} {
			want := dropped
			if m := iso.FindStringSubmatch(in); m != nil {
				want = m[1]
				if m[2] != "" {
					hour, minute := m[3], m[4]
					if u > 60 {
						minute = "00"
					}
					if u > 3600 {
						hour = "00"
					}
					want += m[2] + hour + ":" + minute
					if m[5] != "" {
						want += ":00" + m[6] + strings.Repeat("0", len(m[7]))
					}
					want += m[8]
				}
			}
			if got := left(appendTime(nil, []byte(in), u)); got != want {
				t.Errorf("%q cut to %d s is %q, want %q", in, u, got, want)
			}
		}
	}
	for digits := range 22 {
		for decimals := range 19 {
			for _, u := range []unit{60, 3600, 86400} {
				head := "1795484921505123456789"
				if digits == 9 || digits == 12 || digits == 15 || digits == 18 {
					head = "7954849215051234567890"
				}
				whole, tail, want := head[:digits], "", dropped
				if decimals > 0 {
					tail = "." + strings.Repeat("7", decimals)
				}
				if scale := map[int]int{9: 0, 10: 0, 12: 3, 13: 3, 15: 6, 16: 6, 18: 9, 19: 9}; digits > 0 &&
					decimals <= 15 {
					if zeros, ok := scale[digits]; ok {
						seconds, _ := strconv.Atoi(whole[:digits-zeros])
						want = strconv.Itoa(seconds-seconds%int(u)) + strings.Repeat("0", zeros)
						if decimals > 0 {
							want += "." + strings.Repeat("0", decimals)
						}
					}
				}
				if got := left(appendTime([]byte("0"), []byte(whole+tail), u)); got != "0"+want && got != want {
					t.Errorf("%s%s cut to %d s is %q, want %q", whole, tail, u, got, want)
				}
				if got := left(appendTime(nil, []byte("-"+whole+tail), u)); got != dropped {
					t.Errorf("-%s%s cut to %d s is %q", whole, tail, u, got)
				}
			}
		}
	}
	for name, want := range map[string]unit{"minute": 60, "hour": 3600, "day": 86400, "": 0, "week": 0} {
		if got := unitOf(name); got != want {
			t.Errorf("%q has %d seconds", name, got)
		}
	}
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	escape := regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	once := func(in string) string {
		return escape.ReplaceAllStringFunc(in, func(s string) string {
			v, _ := strconv.ParseUint(s[1:], 16, 8)
			return string([]byte{byte(v)})
		})
	}
	for _, in := range slices.Concat(
		everyText(6, "%", "2", "5", "f", "g"), everyText(7, "%", "25", "+"), []string{"%2525252541",
			"%252525252541", "%C3%A9+%2B"}) {
		got, seen := unescapeOnce([]byte("^%41"+in), len("^%41"))
		if string(got) != "^%41"+once(in) || seen != escape.MatchString(in) {
			t.Errorf("%q is unescaped %q, %v", in, got, seen)
		}
		want := once(once(once(once(in))))
		if got := appendUnescaped([]byte("+"), []byte(in), false); string(got) != "+"+want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		if got := appendUnescaped([]byte("+"), []byte(in), true); string(got) != "+"+strings.ReplaceAll(want, "+",
			" ") {
			t.Errorf("%q in a form is %q", in, got)
		}
	}
}

// TestAddressesInTexts: the first address of a network, without what a sentence puts behind it, and without line and
// column.
func TestAddressesInTexts(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile("(?i)(?:https?|wss?|ftp)://[^\\x00- \"<>`{}|\\x7f]*")
	place := regexp.MustCompile(`^(.*/.*):[0-9]+$`)
	signs := []string{"http", "s", "w", "ftp", "://", "HTTPS://", "a/", ":1", ":", "/", " ", ".", "7"}
	for _, in := range slices.Concat(
		everyText(4, signs...), everyText(4, "http://a/", ":12", ")", "x", `"`),
		broken("at f (https://shop.example/app.js:10:5), or wss://x", " .:1)"),
		[]string{"x://y http://z", "://", "://http://a", "ahttps://b,;!?'", "http://a/b:1:2:3"}) {
		from, end := 0, 0
		if at := found.FindStringIndex(in); at != nil {
			from = at[0]
			host := from + strings.Index(in[from:], "://") + 3
			end = host + len(strings.TrimRight(in[host:at[1]], ".,;:!?)]'"))
			for range 2 {
				if m := place.FindStringSubmatch(in[host:end]); m != nil {
					end = host + len(m[1])
				}
			}
		}
		if f, e := addressIn([]byte(in)); e != end || end > 0 && f != from {
			t.Errorf("in %q from %d to %d, want %d to %d", in, f, e, from, end)
		}
	}
	if out, ok := new(Action).appendTreated([]byte("^"), []byte("none"), nil); ok || !bytes.Equal(out, []byte("^")) {
		t.Errorf("%q, %v", out, ok)
	}
}
