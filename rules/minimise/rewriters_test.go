package minimise

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

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
		} else if digits := strings.Count(in, "1"); in == "UTC" || in == "GMT" || in == "Europe" {
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
