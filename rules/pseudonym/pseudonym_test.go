package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestParseRoot(t *testing.T) {
	want := TestRoot
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(want[:]), base64.RawURLEncoding.EncodeToString(want[:]),
		"\n " + base64.StdEncoding.EncodeToString(want[:]) + "\r\n",
	} {
		if got, err := ParseRoot(text); err != nil || got != want {
			t.Errorf("ParseRoot(%q): %v", text, err)
		}
	}
	for _, text := range []string{"", "c2VjcmV0", strings.Repeat("A", 44), "!",
		base64.StdEncoding.EncodeToString(want[:31])} {
		if _, err := ParseRoot(text); !errors.Is(err, ErrRoot) {
			t.Errorf("ParseRoot(%q): %v", text, err)
		}
	}
	key := Key(want)
	if s := fmt.Sprintf("%v %s %#v %v %v %#v", want, want, want, key, *key.Hasher(), *key.Hasher()); strings.Contains(s,
		"tagwarden") || strings.Contains(s, "116") {
		t.Errorf("a secret is printed: %s", s)
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[Key]string{}
	add := func(name string, k Key) {
		if other, ok := seen[k]; ok {
			t.Errorf("%s is %s", name, other)
		}
		seen[k] = name
	}
	add("root", Key(TestRoot))
	add("subject", TestRoot.SubjectKey())
	add("ledger subject", TestRoot.LedgerSubjectKey())
	add("ledger digest", TestRoot.LedgerDigestKey())
	for r := range numRotations {
		for _, day := range []int{0, 1, 7, 40} {
			at := noon.AddDate(0, 0, day)
			if day > 0 && r.Period(at) == r.Period(noon) {
				continue
			}
			state := TestRoot.State(at)
			c := state.Chains()
			add(fmt.Sprint(r, day), c.keys[r])
			for _, v := range []string{"ga4", "matomo", "ga"} {
				for _, p := range []string{"", "audience", "4audience"} {
					s := Scope{v, p, r}
					k := c.key(s)
					if ready, ok := Derive(c, s).For(s); !ok || ready.MAC() != k.MAC() {
						t.Fatalf("no key for %v, or another one", s)
					}
					add(fmt.Sprint(s, day), k)
				}
			}
		}
	}
}

func TestKeysUnregistered(t *testing.T) {
	k := New(TestRoot, noon, Scope{Vendor: "ga4"}, Scope{}, Scope{Vendor: "x", Rotation: numRotations})
	for _, s := range []Scope{{}, {Vendor: "matomo"}, {Vendor: "ga4", Purpose: "p"}, {Vendor: "ga4", Rotation: Week},
		{Vendor: "x", Rotation: numRotations}} {
		if _, ok := k.For(s); ok {
			t.Errorf("a key for %v", s)
		}
	}
	if _, ok := (*Keys)(nil).For(Scope{Vendor: "ga4"}); ok || (*Keys)(nil).Valid(noon) {
		t.Error("nil keys have a key")
	}
	if !k.Valid(noon) || !k.Valid(noon.Add(11*time.Hour)) || k.Valid(noon.Add(12*time.Hour)) ||
		!k.Valid(noon.Add(-13*time.Hour)) {
		t.Error("keys do not last until the end of their day, whatever the clock said before")
	}
	if want := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC); !k.Until().Equal(want) {
		t.Errorf("until %v, want %v", k.Until(), want)
	}
}

func TestRotation(t *testing.T) {
	for r := range numRotations {
		if got, ok := ParseRotation(r.String()); !ok || got != r {
			t.Errorf("%v is read as %v", r, got)
		}
		var read Rotation
		if text, err := r.MarshalText(); err != nil || read.UnmarshalText(text) != nil || read != r {
			t.Errorf("%v is written as %s, and read as %v", r, text, read)
		}
	}
	if new(Rotation).UnmarshalText([]byte("hour")) == nil {
		t.Error("an hour is a rotation")
	}
	for at := time.Date(1969, 11, 1, 5, 0, 0, 0, time.UTC); at.Year() < 1973; at = at.Add(7 * time.Hour) {
		for r := range Never {
			end := r.End(at)
			if !end.After(at) || r.Period(end) != r.Period(at)+1 || r.Period(end.Add(-time.Nanosecond)) != r.Period(at) {
				t.Fatalf("%v period of %v ends %v", r, at, end)
			}
		}
		if w := Week.End(at); w.Weekday() != time.Monday {
			t.Fatalf("week of %v ends on a %v", at, w.Weekday())
		}
	}
	zone := time.FixedZone("east", 14*3600)
	if Day.Period(noon) != Day.Period(noon.In(zone)) || Month.Period(noon) != Month.Period(noon.In(zone)) {
		t.Error("the period depends on the time zone")
	}
}

func TestMAC(t *testing.T) {
	key := TestRoot.SubjectKey()
	for n := range 600 {
		msg := bytes.Repeat([]byte{byte(n)}, n)
		h := hmac.New(sha256.New, key[:])
		h.Write(msg)
		if got := key.MAC(msg[:n/2], msg[n/2:]); !bytes.Equal(got[:], h.Sum(nil)) {
			t.Fatalf("differs from crypto/hmac at %d bytes", n)
		}
	}
}

func TestSubjectHash(t *testing.T) {
	key := TestRoot.SubjectKey()
	a := SubjectHash(key.Hasher(), "email", []byte("jane@example.com"))
	if b := SubjectHash(key.Hasher(), "user_id", []byte("jane@example.com")); a == b {
		t.Error("two namespaces, one hash")
	}
	if b := SubjectHash(key.Hasher(), "emailj", []byte("ane@example.com")); a == b {
		t.Error("namespace and id run together")
	}
}

func TestAppendNormal(t *testing.T) {
	tests := []struct {
		norm     Norm
		in, want string
	}{
		{Trimmed, "  Abc \n", "Abc"}, {Trimmed, "\u00a0\ufeffa\u200b", "a"}, {Trimmed, " ", ""},
		{Mailbox, " Jane.Doe@Example.COM ", "jane.doe@example.com"}, {Mailbox, "JÜRGEN@x.de", "jürgen@x.de"},
		{Mailbox, "\xffA", "\xffa"},
		{Dialled, "+49 (0)30 901820-11", "493090182011"}, {Dialled, "0049 30 90182011", "493090182011"},
		{Dialled, "49.30.901820.11", "493090182011"},
		{Dialled, "030 901820", "030901820"}, {Dialled, "+00 12 34", "001234"}, {Dialled, "00", "00"}, {Dialled, "001", "1"},
		{Dialled, "(0)(0)49(0)3", "0493"}, {Dialled, "4+9", "49"}, {Dialled, "+", ""}, {Dialled, "(0)30", "030"},
	}
	for _, tt := range tests {
		if got := AppendNormal([]byte("^"), tt.norm, []byte(tt.in)); string(got) != "^"+tt.want {
			t.Errorf("AppendNormal(%v, %q) = %q, want %q", tt.norm, tt.in, got[1:], tt.want)
		}
	}
}

// FuzzNormal: a normal form is one: made again it stays, and spaces around, capitals of a mailbox and signs
// in a phone number make no difference.
func FuzzNormal(f *testing.F) {
	for _, s := range []string{"  Abc \n", "\u00a0\ufeffa\u200b", "Jane.Doe@Example.COM", "JÜRGEN@x.de", "\xffA",
		"+49 (0)30 901820-11", "0049 30 90182011", "(0)30", "+", "00", "0", "İ@x.de", "ẞ", "K@x.de", "００４９", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		of := func(norm Norm, text string) string { return string(AppendNormal([]byte("^"), norm, []byte(text))) }
		for _, norm := range []Norm{Trimmed, Mailbox, Dialled} {
			once := of(norm, in)
			if once[0] != '^' {
				t.Fatalf("%v of %q has no room in front", norm, in)
			}
			if again := of(norm, once[1:]); norm != Dialled && again != once {
				t.Errorf("%v of %q is %q, and then %q", norm, in, once, again)
			}
			if spaced := of(norm, " \t"+in+"\n "); utf8.ValidString(in) && spaced != once {
				t.Errorf("%v of %q is %q, with spaces around %q", norm, in, once, spaced)
			}
		}
		if ascii := !strings.ContainsFunc(in, func(r rune) bool { return r > '~' || r < ' ' }); ascii {
			if got := of(Mailbox, in); got != "^"+strings.ToLower(strings.TrimSpace(in)) ||
				of(Mailbox, strings.ToUpper(in)) != got {
				t.Errorf("the mailbox %q is %q", in, got)
			}
			if got := of(Trimmed, in); got != "^"+strings.TrimSpace(in) {
				t.Errorf("%q is trimmed to %q", in, got)
			}
		}
		digits := of(Dialled, in)[1:]
		if strings.Trim(digits, "0123456789") != "" || digits != "" && of(Dialled, "+"+digits)[1:] != digits &&
			digits[0] != '0' {
			t.Errorf("%q is dialled %q", in, digits)
		}
	})
}

var forms = map[Format]*regexp.Regexp{
	GACid: regexp.MustCompile(`^\d{9,10}\.1[5-7]\d{8}$`), Hex16: regexp.MustCompile(`^[0-9a-f]{16}$`),
	Hex32:           regexp.MustCompile(`^[0-9a-f]{32}$`),
	UUID:            regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
	FBP:             regexp.MustCompile(`^fb\.1\.1[5-7]\d{11}\.[1-9]\d{9}$`),
	GACookie:        regexp.MustCompile(`^GA1\.1\.\d{9,10}\.1[5-7]\d{8}$`),
	AmplitudeDevice: regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
	Digits:          regexp.MustCompile(`^[1-9]\d{9,14}$`), Text: regexp.MustCompile(`^[\w-]{22}$`),
	MixpanelDevice: regexp.MustCompile(`^\$device:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
}

var originals = map[string]Format{
	"1234567890.1700000000": GACid, "0123456789abcdef": Hex16, "0123456789abcdef0123456789abcdef": Hex32,
	"836f82db-9912-4b34-8101-1f16b49dfa5f": UUID,
	"0190163d-8694-739b-aea5-966c26f8ad91": UUID, "fb.1.1700000000000.1234567890": FBP, "48213": Digits,
	"123456789012345678":                           Digits,
	"$device:836f82db-9912-4b34-8101-1f16b49dfa5f": MixpanelDevice, "cust-48213": Text, "": Text, "jane@example.com": Text,
}

// TestPseudonymsDiffer makes pseudonyms of all originals in all formats for vendors, purposes and periods: no two are
// the same, all have their format, and nothing of the original is in them.
func TestPseudonymsDiffer(t *testing.T) {
	var states [3]State
	for day := range states {
		states[day] = TestRoot.State(noon.AddDate(0, 0, 31*day))
	}
	for f := range numFormats {
		seen := map[string]string{}
		for original, shape := range originals {
			for _, s := range []Scope{{"ga4", "", Day}, {"ga4", "p", Day}, {"ga4", "q", Day}, {"matomo", "", Day},
				{"ga4", "", Week}, {"ga4", "", Month}, {"ga4", "", Never}} {
				for day := range 3 {
					if s.Rotation == Never && day > 0 {
						continue
					}
					key, _ := Derive(states[day].Chains(), s).For(s)
					mac := key.Pseudonym([]byte(original), 0)
					got := string(AppendFormat(nil, &mac, f, []byte(original)))
					name := fmt.Sprint(original, s, day)
					if other, ok := seen[got]; ok {
						t.Errorf("%v: %q for %s and %s", f, got, name, other)
					}
					seen[got] = name
					want := forms[f]
					if f == Auto {
						want = forms[shape]
					}
					if !want.MatchString(got) {
						t.Errorf("%v: %q has not the form %v", f, got, want)
					}
					fixed := strings.NewReplacer("fb.1.1", "", "$device:", "")
					from, rest := fixed.Replace(original), fixed.Replace(got)
					for i := 0; i+6 <= len(from); i++ {
						if strings.Contains(rest, from[i:i+6]) {
							t.Errorf("%v: %q holds %q of the original", f, got, from[i:i+6])
						}
					}
				}
			}
		}
	}
}

func TestUUIDVersion(t *testing.T) {
	var mac [32]byte
	for original, version := range map[string]byte{"0190163d-8694-739b-aea5-966c26f8ad91": '7',
		"836f82db-9912-4b34-8101-1f16b49dfa5f": '4', "836f82db-9912-1b34-8101-1f16b49dfa5f": '4'} {
		if got := AppendFormat(nil, &mac, Auto, []byte(original)); got[14] != version {
			t.Errorf("%s has version %c", got, got[14])
		}
	}
}

func TestPseudonymBits(t *testing.T) {
	s := Scope{Vendor: "matomo"}
	key, _ := New(TestRoot, noon, s).For(s)
	for _, bits := range []int{1, 4, 8, 11} {
		seen := map[[32]byte]bool{}
		for i := range 40000 {
			seen[key.Pseudonym(fmt.Append(nil, i), bits)] = true
		}
		if len(seen) != 1<<bits {
			t.Errorf("%d bits gave %d pseudonyms", bits, len(seen))
		}
	}
}

func TestFormatNames(t *testing.T) {
	for f := range numFormats {
		if got, ok := ParseFormat(f.String()); !ok || got != f {
			t.Errorf("%v is read as %v", f, got)
		}
	}
	if f, ok := ParseFormat(""); !ok || f != Auto {
		t.Error("no name is not auto")
	}
	if _, ok := ParseFormat("hex17"); ok {
		t.Error("hex17 is a format")
	}
}

func TestAllocs(t *testing.T) {
	s := Scope{Vendor: "matomo", Purpose: "audience", Rotation: Week}
	keys := New(TestRoot, noon, s)
	id, dst := []byte("Jane.Doe@example.com"), make([]byte, 0, 256)
	key := TestRoot.SubjectKey()
	subject := key.Hasher()
	if n := testing.AllocsPerRun(100, func() {
		dst = AppendNormal(dst[:0], Mailbox, id)
		key, _ := keys.For(s)
		mac := key.Pseudonym(dst, 16)
		for f := range numFormats {
			dst = AppendFormat(dst[:0], &mac, f, id)
		}
		mac = key.DailyVisitor("shop", id, id)
		hash := SubjectHash(subject, "email", id)
		dst = append(dst[:0], hash[0], mac[0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPseudonym(b *testing.B) {
	s := Scope{Vendor: "matomo"}
	keys := New(TestRoot, noon, s)
	id, dst := []byte("0123456789abcdef"), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		key, _ := keys.For(s)
		mac := key.Pseudonym(id, 0)
		dst = AppendFormat(dst[:0], &mac, Hex16, id)
	}
}

func BenchmarkSubjectHash(b *testing.B) {
	key, id := TestRoot.SubjectKey(), []byte("jane.doe@example.com")
	ready := key.Hasher()
	b.ReportAllocs()
	for b.Loop() {
		SubjectHash(ready, "email", id)
	}
}

func BenchmarkNew(b *testing.B) {
	s := Scope{Vendor: "matomo"}
	b.ReportAllocs()
	for b.Loop() {
		New(TestRoot, noon, s)
	}
}
