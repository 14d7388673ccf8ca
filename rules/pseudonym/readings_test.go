package pseudonym

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// What is made of secrets and identifiers is made a second time here, as the comments say, by the standard library.

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

// TestShapes: the form that an identifier has, by regular expressions, the first that fits.
func TestShapes(t *testing.T) {
	t.Parallel()
	const cid = `[0-9]{6,10}\.[0-9]{10}`
	shapes := []struct {
		form Format
		as   *regexp.Regexp
	}{
		{UUID, regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)},
		{MixpanelDevice, regexp.MustCompile(`^\$device:.`)},
		{FBP, regexp.MustCompile(`^fb\.[0-2]\..`)},
		{GACid, regexp.MustCompile(`^` + cid + `$`)},
		{GACookie, regexp.MustCompile(`^GA1\.[0-9]\.` + cid + `$`)},
		{Hex32, regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)},
		{Digits, regexp.MustCompile(`^[0-9]+$`)},
		{Hex16, regexp.MustCompile(`^[0-9A-Fa-f]{16}$`)},
		{Text, regexp.MustCompile(`(?s)^.*$`)},
	}
	met := map[Format]int{}
	for _, in := range slices.Concat(
		broken("836F82db-9912-4b34-8101-1f16b49dfa5f", "0aFgG-@`/:"), broken("$device:ab", "$e:x"),
		broken("fb.1.17", "fb.023/x"), broken("1234567890.1700000000", "09./:a"),
		broken("123456.1700000000", "0./:a"), broken("GA1.1.123456.1700000000", "GA1.0/:"),
		broken("GA1.2.1234567890.1700000000", "0."), broken("0123456789abcdefABCDEF0123456789", "0agG/"),
		broken("0123456789abcdeF", "0agG/:@`"), broken("0123456789012345", "0a"),
		broken("01234567890123456789012345678901", "0a"), []string{"", "0", "a", "\xff"}) {
		want := Auto
		for _, s := range shapes {
			if s.as.MatchString(in) {
				want = s.form
				break
			}
		}
		met[want]++
		if got := Shape([]byte(in)); got != want {
			t.Errorf("%q has the form %v, want %v", in, got, want)
		}
	}
	if len(met) != len(shapes) {
		t.Errorf("not every form was met: %v", met)
	}
}

// TestFormsOfBytes: what each form makes of 32 bytes, by the arithmetic that its comment tells.
func TestFormsOfBytes(t *testing.T) {
	t.Parallel()
	for i := range 300 {
		mac := sha256.Sum256([]byte(strconv.Itoa(i)))
		switch i {
		case 0:
			mac = [32]byte{}
		case 1:
			mac = [32]byte(bytes.Repeat([]byte{0xff}, 32))
		}
		a, b, c := binary.BigEndian.Uint64(mac[:8]), binary.BigEndian.Uint64(mac[8:16]),
			binary.BigEndian.Uint64(mac[16:24])
		cid := fmt.Sprintf("%d.%d", 1_000_000_000+a%(1<<31-1_000_000_000), 1_517_443_200+b%239_241_600)
		uuid := func(b []byte, version byte) string {
			b = bytes.Clone(b)
			b[6], b[8] = b[6]%16+version*16, b[8]%64+128
			h := hex.EncodeToString(b)
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		}
		millis := make([]byte, 8)
		binary.BigEndian.PutUint64(millis, 1_517_443_200_000+c%239_241_600_000)
		for _, w := range []struct {
			form           Format
			original, want string
		}{
			{GACid, "", cid}, {GACookie, "", "GA1.1." + cid}, {Hex16, "", hex.EncodeToString(mac[:8])}, {Hex32, "",
				hex.EncodeToString(mac[:16])}, {Text, "", base64.RawURLEncoding.EncodeToString(mac[:16])},
			{UUID, "", uuid(mac[:16], 4)}, {UUID, "836f82db-9912-4b34-8101-1f16b49dfa5f", uuid(mac[:16], 4)}, {UUID,
				"0190163d-8694-739b-aea5-966c26f8ad91", uuid(append(bytes.Clone(millis[2:]), mac[6:16]...), 7)},
			{UUID, "0190163d-8694-739b-aea5-966c26f8ad9", uuid(mac[:16], 4)}, {MixpanelDevice,
				"0190163d-8694-739b-aea5-966c26f8ad91", "$device:" + uuid(mac[:16], 4)},
			{FBP, "", fmt.Sprintf("fb.1.%d.%d", 1_517_443_200_000+b%239_241_600_000, 1_000_000_000+a%9_000_000_000)},
			{numFormats, "1", base64.RawURLEncoding.EncodeToString(mac[:16])},
		} {
			if got := AppendFormat([]byte("^"), &mac, w.form, []byte(w.original)); string(got) != "^"+w.want {
				t.Errorf("%x as %v of %q is %s, want %s", mac, w.form, w.original, got, w.want)
			}
		}
		for n := range 20 {
			low := uint64(math.Pow10(min(max(n, 10), 15) - 1))
			if got, want := string(AppendFormat(nil, &mac, Digits, make([]byte, n))), strconv.FormatUint(low+a%(9*low),
				10); got != want {
				t.Errorf("%x as %d digits is %s, want %s", mac, n, got, want)
			}
		}
	}
}

// TestNames: every name is read, and nothing else.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Format{"": Auto, "auto": Auto, "ga_cid": GACid, "hex16": Hex16, "hex32": Hex32,
		"uuid": UUID, "fbp": FBP, "digits": Digits, "mixpanel_device": MixpanelDevice, "text": Text,
		"ga_cookie": GACookie, "amplitude_device": AmplitudeDevice} {
		if got, ok := ParseFormat(name); !ok || got != want || name != "" && got.String() != name {
			t.Errorf("%q is the format %v, %v", name, got, ok)
		}
	}
	if got, ok := ParseFormat("UUID"); ok || got != Auto || numFormats.String() != "format(11)" {
		t.Errorf("%v %v, %v", got, ok, numFormats)
	}
	for name, want := range map[string]Rotation{"day": Day, "week": Week, "month": Month, "never": Never} {
		var r Rotation
		if got, ok := ParseRotation(name); !ok || got != want || got.String() != name ||
			r.UnmarshalText([]byte(name)) != nil || r != want {
			t.Errorf("%q is the rotation %v, %v", name, got, ok)
		}
	}
	r := Month
	if err := r.UnmarshalText([]byte("Day")); err == nil ||
		err.Error() != `"Day" is no rotation: day, week, month and never are` || r != Month {
		t.Errorf("%v, %v", r, err)
	}
	if got, ok := ParseRotation("Day"); ok || got != Day || numRotations.String() != "rotation(4)" ||
		!slices.Equal(Rotations(), []Rotation{Day, Week, Month, Never}) {
		t.Errorf("%v %v, %v, %v", got, ok, numRotations, Rotations())
	}
}

// TestPeriods: the number of a period and its end, by the calendar.
func TestPeriods(t *testing.T) {
	t.Parallel()
	monday := time.Date(1969, 12, 29, 0, 0, 0, 0, time.UTC)
	for day := -800; day < 800; day++ {
		midnight := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
		for _, at := range []time.Time{midnight, midnight.Add(time.Second), midnight.AddDate(0, 0,
			1).Add(-time.Nanosecond), midnight.In(time.FixedZone("", 3600))} {
			week := midnight
			for week.Weekday() != time.Monday {
				week = week.AddDate(0, 0, -1)
			}
			month := time.Date(midnight.Year(), midnight.Month(), 1, 0, 0, 0, 0, time.UTC)
			for r, want := range map[Rotation]struct {
				period int64
				end    time.Time
			}{
				Day: {int64(day), midnight.AddDate(0, 0, 1)}, Week: {int64(week.Sub(monday) / (7 * 24 * time.Hour)),
					week.AddDate(0, 0, 7)},
				Month: {int64(midnight.Year()*12) + int64(midnight.Month()) - 1, month.AddDate(0, 1, 0)}, Never: {0,
					time.Time{}},
			} {
				if got, end := r.Period(at), r.End(at); got != want.period || end != want.end {
					t.Fatalf("%v: %v %d ends %v, want %d and %v", at, r, got, end, want.period, want.end)
				}
			}
		}
	}
}

// TestNormalForms: white space around goes, letters become small, of a phone number the digits are left.
func TestNormalForms(t *testing.T) {
	t.Parallel()
	blank := func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\u200b\u200c\u200d\u200e\u200f\ufeff", r) || r < ' '
	}
	for r := range rune(0x3002) {
		for _, in := range []string{string(r), "a" + string(r) + "B", string(r) + "a" + string(r)} {
			if got, want := string(AppendNormal(nil, Trimmed, []byte(in))), strings.TrimFunc(in, blank); got != want {
				t.Errorf("%q is trimmed to %q, want %q", in, got, want)
			}
			if got, want := string(AppendNormal(nil, Mailbox, []byte(in))), strings.Map(unicode.ToLower,
				strings.TrimFunc(in, blank)); got != want {
				t.Errorf("the mailbox %q is %q, want %q", in, got, want)
			}
		}
	}
	for _, in := range []string{"\ufeffa\ufeff", "\xffA\xfe", "A\xff", "a\xe2\x80"} {
		want := []byte(strings.TrimPrefix(strings.TrimSuffix(in, "\ufeff"), "\ufeff"))
		if got := AppendNormal(nil, Mailbox, []byte(in)); !bytes.Equal(got, bytes.ReplaceAll(want, []byte("A"),
			[]byte("a"))) {
			t.Errorf("%q is %q", in, got)
		}
	}
	texts := []string{""}
	for from := 0; len(texts) < 9_000; {
		end := len(texts)
		for _, head := range texts[from:end] {
			for _, s := range []string{"0", "4", "+", "(", ")", "(0)"} {
				texts = append(texts, head+s)
			}
		}
		from = end
	}
	front := regexp.MustCompile(`^[^0-9]*`)
	digits, trunk := regexp.MustCompile(`[^0-9]`), regexp.MustCompile(`^([^0-9]*(?:\(0\)[^0-9]*)?[0-9].*?)\(0\)`)
	for _, in := range slices.Concat(texts, []string{"4x(0)5", "/+4:", "00", "000", "001", "0014(0)5"}) {
		rest := in
		for m := trunk.FindStringSubmatch(rest); m != nil; m = trunk.FindStringSubmatch(rest) {
			rest = m[1] + "#" + rest[len(m[0]):]
		}
		want := digits.ReplaceAllString(rest, "")
		plus := strings.Contains(front.FindString(in), "+")
		if !plus && len(want) > 2 {
			want = strings.TrimPrefix(want, "00")
		}
		if got := string(AppendNormal([]byte("7"), Dialled, []byte(in))); got != "7"+want {
			t.Errorf("%q is dialled %q, want %q", in, got[1:], want)
		}
	}
}
