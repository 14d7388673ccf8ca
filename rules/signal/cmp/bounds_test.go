package cmp

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// TestShortTexts: readers of short texts, and expressions that say the same, over all texts of some letters.
func TestShortTexts(t *testing.T) {
	t.Parallel()
	signaltest.Hold(t, "a category of Tealium", "c0156:x", 4, `^c([1-9]|1[0-5])$`, tealiumCategory)
	signaltest.Hold(t, "an identifier", "aZ09_-./:`{@[ ", 3, `^[A-Za-z0-9._-]+$`, identifier)
	signaltest.Hold(t, "levels of TrustArc", "0589,|:/", 5, `^[0-9]([,|][0-9])*$`, func(text []byte) bool {
		_, ok := numberSet(text)
		return ok
	})
	signaltest.Hold(t, "iubenda's cookie of US choices", "09/:-x", 4, `^[0-9]+$`, func(text []byte) bool {
		name := slices.Concat([]byte("_iub_cs-"), text, []byte("-uspr"))
		slot, ok := matchIubenda(name, "")
		_, plain := matchIubenda(name[:len(name)-len("-uspr")], "")
		return ok && slot == 1 && plain
	})
	signaltest.Hold(t, "a cookie of iubenda's", "0-us", 4, `^[0-9]+$`, func(text []byte) bool {
		slot, ok := matchIubenda(append([]byte("_iub_cs-"), text...), "")
		return ok && slot == 0
	})
}

// TestNumberSet: the levels that a list names.
func TestNumberSet(t *testing.T) {
	for text := range signaltest.Texts("0389", 4) {
		list := strings.Join(strings.Split(text, ""), ",")
		var want uint64
		for _, c := range text {
			want |= 1 << (c - '0')
		}
		if got, ok := numberSet([]byte(list)); got != want || ok != (text != "") {
			t.Errorf("%q: %b, %t", list, got, ok)
		}
	}
}

// TestUnescape: one layer of percent-encoding, and all there may be, as net/url takes them off.
func TestUnescape(t *testing.T) {
	t.Parallel()
	escape := regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	once := func(text string) string {
		return escape.ReplaceAllStringFunc(text, func(one string) string {
			plain, _ := url.PathUnescape(one)
			return plain
		})
	}
	var s decoded
	for text := range signaltest.Texts("%25fG", 6) {
		s.reset()
		if got, want := string(s.unescape([]byte(text))), once(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got, want := string(s.plain([]byte(text))), once(once(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	// What was handed out stays as it was.
	first := s.unescape([]byte("%61b"))
	second := append(s.unescape([]byte("%63d")), "xyz"...)
	if third := s.unescape([]byte("%65f")); string(first) != "ab" || string(second) != "cdxyz" || string(third) != "ef" {
		t.Errorf("%q %q %q", first, second, third)
	}
}

// TestBase64: either alphabet, padded right or not at all, is what one of the library's
// encodings reads, and line ends are none of it.
func TestBase64(t *testing.T) {
	t.Parallel()
	var s decoded
	for text := range signaltest.Texts("Aw/_=\n", 6) {
		s.reset()
		got, ok := s.base64([]byte(text))
		var want []byte
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding,
			base64.RawURLEncoding} {
			if plain, err := e.DecodeString(text); err == nil && len(plain) > 0 && !strings.Contains(text, "\n") {
				want = plain
			}
		}
		if ok != (want != nil) || ok && string(got) != string(want) {
			t.Errorf("%q: %q, %t, want %q", text, got, ok, want)
		}
	}
	kept, _ := s.base64([]byte("YWI"))
	longer := append(kept, 'x')
	if next, _ := s.base64([]byte("Y2Q=")); string(kept) != "ab" || string(longer) != "abx" || string(next) != "cd" {
		t.Errorf("%q %q %q", kept, longer, next)
	}
}

// TestTimes: times as scripts write them, and those that are none.
func TestTimes(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$`)
	whole := "2026-11-10T17:48:20.123456789+01:00"
	texts := []string{"", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z", "1969-12-31T23:59:59Z",
		"2026-11-10T7:48:20Z", "2026-13-10T17:48:20Z",
		"2026-11-10T17:48:20.1Z", strings.Replace(whole, "9+", "91+", 1), strings.Replace(whole, "9+", "+", 1)}
	for i := range whole {
		for _, c := range " 0T.:Z+" {
			texts = append(texts, whole[:i]+string(c)+whole[i+1:])
		}
		texts = append(texts, whole[:i], whole[i:], whole[:i]+whole[i+1:])
	}
	for _, text := range append(texts, whole) {
		at, err := time.Parse(time.RFC3339, text)
		want := err == nil && form.MatchString(text) && len(text) <= len(whole) && at.UnixMilli() > 0
		if milli, ok := instant([]byte(text)); ok != want || ok && milli != at.UnixMilli() {
			t.Errorf("%q: %d, %t", text, milli, ok)
		}
	}
	for n := range 17 {
		for _, text := range []string{strings.Repeat("9", n), strings.Repeat("0", n), strings.Repeat("0", max(n-1, 0)) + "1",
			strings.Repeat("9", n) + ":", "/" + strings.Repeat("9", n)} {
			number, err := strconv.ParseInt(text, 10, 64)
			want := err == nil && len(text) <= 15 && number > 0
			if milli, ok := millis([]byte(text)); ok != want || ok && milli != number {
				t.Errorf("%q: %d, %t", text, milli, ok)
			}
		}
	}
	for member, want := range map[string]string{`"1970-01-01T00:00:07Z"`: "0 7000", "7": "0 7", "null": "0 0",
		"true": "2 0", "{}": "2 0", "-7": "2 0", `"7"`: "2 0", "7.5": "2 0"} {
		var s Scratch
		if s.when(gjson.Parse(member)); fmt.Sprint(uint8(s.st.State), s.st.AtMilli) != want {
			t.Errorf("%s: %d %d, want %s", member, s.st.State, s.st.AtMilli, want)
		}
	}
}

// TestNobody: a platform that there is not has nothing, and nothing is read for it.
func TestNobody(t *testing.T) {
	for _, c := range []Platform{none, Platform(len(platforms)), Platform(len(platforms)) + 1, 255} {
		st, items := c.Read(read.CookieHeader("klaro={}"), Settings{}, new(Scratch))
		name := "unknown"
		if c == none {
			name = "none"
		}
		if c.String() != name || c.dialect() != nil || c.InCookies() || c.Unreadable() ||
			c.Names(Settings{Cookie: "x"}) != nil || c.DefaultCategories() != nil ||
			c.Known("a") || len(items) > 0 || st.State != read.Absent || st.Decided != Undecided {
			t.Errorf("%d: %s", c, c)
		}
	}
	if c, ok := Parse("none"); ok || c != none {
		t.Errorf("none is %d", c)
	}
}

// TestMost: as many cookies, answers and lists as are read, and one more.
func TestMost(t *testing.T) {
	t.Parallel()
	var list strings.Builder
	for i := range maxMentions + 1 {
		fmt.Fprintf(&list, ",%d", i)
	}
	of := func(n int) string { return strings.Join(strings.Split(list.String(), ",")[1:n+1], ",") }
	reading := func(c Platform, header string) (read.State, int) {
		st, items := c.Read(read.CookieHeader(header), Settings{Revision: -1}, new(Scratch))
		return st.State, len(items)
	}
	for n := range 2 {
		// 1,024 answers stand in three cookies of at most 4,096 bytes.
		names := strings.Split(of(maxMentions+n), ",")
		var cookies []string
		for part := range slices.Chunk(names, 500) {
			cookies = append(cookies, "axeptio_all_vendors=,"+strings.Join(part, ",")+",")
		}
		if state, items := reading(called("axeptio"), strings.Join(cookies, "; ")); (state == read.Valid) != (n == 0) ||
			n == 0 && items != maxMentions {
			t.Errorf("%d answers: %s, %d", len(names), state, items)
		}
		var many []string
		for i := range maxCookies + n {
			many = append(many, fmt.Sprintf(`klaro={"%d":true}`, i))
		}
		if state, items := reading(called("klaro"), strings.Join(many, "; ")); (state == read.Valid) != (n == 0) || n == 0 &&
			items != maxCookies {
			t.Errorf("%d cookies: %s, %d", len(many), state, items)
		}
		long := `klaro={"a":true` + strings.Repeat(" ", read.MaxCookie-len(`{"a":true}`)+n) + "}"
		if state, _ := reading(called("klaro"), long); (state == read.Valid) != (n == 0) {
			t.Errorf("a cookie of %d bytes: %s", len(long), state)
		}
		quoted := `"` + strings.Join(strings.Split(of(maxCategories+n), ","), `","`) + `"`
		if state, _ := reading(called("cookieconsent"), `cc_cookie={"categories":[`+quoted+`]}`); (state == read.Valid) != (n == 0) {
			t.Errorf("%d categories: %s", maxCategories+n, state)
		}
		if state, _ := reading(called("cookieconsent"), `cc_cookie={`+strings.Repeat(`"level":[],`, 254+n)+`"level":[]}`); (state == read.Valid) != (n == 0) {
			t.Errorf("%d lists: %s", 255+n, state)
		}
	}
	if state, items := reading(called("klaro"), strings.Repeat(`klaro={"a":true}; `, 2*maxCookies)+
		`klaro={"b":true}`); state != read.Valid || items != 2 {
		t.Errorf("one cookie many times: %s, %d", state, items)
	}
	if state, _ := reading(called("axeptio"), strings.Repeat("axeptio_cookies={}; ", 2)+
		"axeptio_cookies=["); state != read.Malformed {
		t.Errorf("one that cannot be read behind two that are the same: %s", state)
	}
}

// TestOldestTime: of several times of choice the oldest is what can be relied on.
func TestOldestTime(t *testing.T) {
	var s Scratch
	for _, milli := range []int64{0, 7, 5, 0, 6} {
		s.at(milli)
	}
	if s.st.AtMilli != 5 {
		t.Errorf("the oldest of a platform's times is %d", s.st.AtMilli)
	}
}

// TestWherePlatformsKeepChoices: which of them a server can read.
func TestWherePlatformsKeepChoices(t *testing.T) {
	var silent Platform
	for c := range All {
		if want := c != called("usercentrics") && c != called("termly"); c.InCookies() != want {
			t.Errorf("%s: in cookies is %t", c, !want)
		}
		if c.Unreadable() != slices.Contains([]Platform{called("usercentrics"), called("termly"), called("osano"),
			called("sourcepoint")}, c) {
			t.Errorf("%s: unreadable is %t", c, c.Unreadable())
		}
	}
	for _, c := range []Platform{silent, Platform(len(platforms))} {
		if c.InCookies() || c.Unreadable() || c.Known("a") || c.Names(Settings{}) != nil || c.DefaultCategories() != nil {
			t.Errorf("%s is a platform", c)
		}
	}
}

// called is a platform by its name.
func called(name string) Platform {
	c, ok := Parse(name)
	if !ok {
		panic(name)
	}
	return c
}
