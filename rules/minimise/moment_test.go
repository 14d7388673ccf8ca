package minimise

import (
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// idsOf are ids of every form that holds a time, made at that time.
func idsOf(at time.Time) map[string]string {
	ms, r := at.UnixMilli(), rand.New(rand.NewPCG(1, uint64(at.Unix())))
	hex := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(strconv.FormatInt(r.Int64N(16), 16))
		}
		return b.String()
	}
	ticks := uint64(at.UnixNano()/100) + 12_219_292_800*10_000_000
	v7 := fmt.Sprintf("%012x", ms)
	ulid := make([]byte, 16)
	for i := range ulid {
		ulid[i] = byte(r.UintN(256))
	}
	for i := range 6 {
		ulid[i] = byte(ms >> (8 * (5 - i)))
	}
	crock := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
	bits := append([]byte{0, 0, 0, 0}, ulid...) // 130 bits: two zero bits in front
	encoded := crock.EncodeToString(bits)[6:]
	return map[string]string{
		"UUIDv1": fmt.Sprintf("%08x-%04x-1%03x-9%s-%s", ticks&0xffffffff, ticks>>32&0xffff,
			ticks>>48, hex(3), hex(12)),
		"UUIDv6": fmt.Sprintf("%08x-%04x-6%03x-b%s-%s", ticks>>28, ticks>>12&0xffff,
			ticks&0xfff, hex(3), hex(12)),
		"UUIDv7":             v7[:8] + "-" + v7[8:] + "-7" + hex(3) + "-8" + hex(3) + "-" + hex(12),
		"UUIDv7 in capitals": strings.ToUpper(v7[:8] + "-" + v7[8:] + "-7" + hex(3) + "-a" + hex(3) + "-" + hex(12)),
		"UUIDv7, no dashes":  v7 + "7" + hex(3) + "8" + hex(15),
		"UUIDv7 behind":      "$event:" + v7[:8] + "-" + v7[8:] + "-7" + hex(3) + "-8" + hex(3) + "-" + hex(12),
		"ULID":               encoded,
		"ulid":               strings.ToLower(encoded),
		"snowflake":          strconv.FormatInt((ms-1288834974657)<<22|r.Int64N(1<<22), 10),
		"ObjectId":           fmt.Sprintf("%08x", at.Unix()) + hex(16),
		"ajs-next":           "ajs-next-" + strconv.FormatInt(ms, 10) + "-" + hex(8) + "-" + hex(4),
		"fbp":                "fb.1." + strconv.FormatInt(ms, 10) + ".204424193",
		"milliseconds":       strconv.FormatInt(ms, 10),
		"seconds":            strconv.FormatInt(at.Unix(), 10) + "_" + "7",
		"microseconds":       "evt" + strconv.FormatInt(at.UnixMicro(), 10) + "x",
		"nanoseconds":        strconv.FormatInt(at.UnixNano(), 10),
		"with a counter":     strconv.FormatInt(ms, 10) + "001",
		"cuid":               "c" + strconv.FormatInt(ms, 36) + "0000jxk3l8d2w9qz",
		"date":               "order-" + at.Format("2006-01-02") + "-17",
		"date and time":      at.Format("20060102150405") + "-17",
		"day":                at.Format("20060102") + "-17",
		"ISO 8601":           at.Format(time.RFC3339),
		"hex milliseconds":   strconv.FormatInt(ms, 16) + "-1f",
	}
}

// TestIDsThatHoldTimes: an id in any form that says when it was made is found out, at any time of these years.
func TestIDsThatHoldTimes(t *testing.T) {
	for year := 2016; year < 2040; year++ {
		for _, at := range []time.Time{
			time.Date(year, 1, 1, 0, 0, 1, 7_000_000, time.UTC), time.Date(year, 11, 28, 10, 15, 30, 123_456_789, time.UTC),
		} {
			for form, id := range idsOf(at) {
				if !holdsTime([]byte(id)) {
					t.Errorf("%s: %q", form, id)
				}
			}
		}
	}
	for _, id := range []string{
		"", "-", "7", "evt-36391", "purchase", "purchase-48213", "0190f1a2-aaaa-4bbb-8ccc-0123456789ab",
		"6d92078a-8246-4ba4-ae5b-76104861e7dc",
		"00000000-0000-0000-0000-000000000000", "0190f1a2-aaaa-7bbb-0ccc-0123456789ab",
		"ffffffff-ffff-7fff-bfff-ffffffffffff", "nightly", "deadbeef",
		"187259e5098e8860b2fec67b5a2f8a37", "204424193", "48213", "9999999999", "9999999999999", "0123456789abcdef",
		"V1StGXR8-Z5jdHi6B-myT",
		"zzzzzzzzzzzzzzzzzzzzzzzzzz", "2026-13-28", "19840307", "abcabcabcabcabca", "12345678-1234",
	} {
		if holdsTime([]byte(id)) {
			t.Errorf("%q is taken for an id that holds a time", id)
		}
	}
}

// TestTimesInIDsAreHidden: where the time of an event is cut, ids that hold it are sent as pseudonyms in their own
// form, the same for browser and server and for ever; all others as they are.
func TestTimesInIDsAreHidden(t *testing.T) {
	env := testEnv()
	env.Family = "family:meta_pixel"
	family := pseudonym.Scope{Vendor: env.Family, Rotation: pseudonym.Never}
	env.Keys = pseudonym.New(pseudonym.TestRoot, noon, family)
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		if class == hit.Container || isQuantity(class) || class == hit.Recording {
			continue
		}
		hiding := must(t, Spec{Kind: Keep}, class)
		hiding.HidingTimes()
		once := hiding.canon
		if hiding.HidingTimes(); hiding.canon != once {
			t.Errorf("%v: said twice it is %q", class, hiding.canon)
		}
		if hides := class == hit.EventID || class == hit.PageID; hides != hiding.HidesTimes() {
			t.Errorf("%v: hides times is %v", class, !hides)
		}
		if rewrites := hiding.Rewrites(); (rewrites == Pseudonymise) != hiding.HidesTimes() {
			t.Errorf("%v: rewrites by %v", class, rewrites)
		}
		if !hiding.HidesTimes() {
			continue
		}
		for form, id := range idsOf(noon) {
			got := text(t, hiding, id, env)
			if got == id || got == dropped || strings.Contains(got, id) {
				t.Errorf("%v, %s: %q becomes %q", class, form, id, got)
			}
			if pseudonym.Shape([]byte(id)) != pseudonym.Shape([]byte(got)) && pseudonym.Shape([]byte(id)) != pseudonym.Text {
				t.Errorf("%v, %s: %q becomes %q: another form", class, form, id, got)
			}
			later := *env
			later.Now = noon.AddDate(0, 2, 0)
			later.Keys = pseudonym.New(pseudonym.TestRoot, later.Now, family)
			if again := text(t, hiding, id, &later); again != got {
				t.Errorf("%v, %s: %q becomes %q, two months on %q", class, form, id, got, again)
			}
		}
		for _, id := range []string{"evt-36391", "0190f1a2-aaaa-4bbb-8ccc-0123456789ab"} {
			if got := text(t, hiding, id, env); got != id {
				t.Errorf("%v: %q becomes %q", class, id, got)
			}
		}
		if got := text(t, hiding, "1764323112345", &Env{Now: noon}); got != dropped {
			t.Errorf("%v, without keys: %q", class, got)
		}
	}
	for _, spec := range []Spec{{}, {Kind: Pseudonymise}, {Kind: Only, Only: []string{"x"}}} {
		a := must(t, spec, hit.EventID)
		a.HidingTimes()
		if a.HidesTimes() {
			t.Errorf("%v: hides times", spec.Kind)
		}
	}
	var none *Action
	none.HidingTimes()
}

// FuzzHoldsTime: no id is too strange to be looked at, and what stands around an id that holds a time does not hide it.
func FuzzHoldsTime(f *testing.F) {
	for _, id := range idsOf(noon) {
		f.Add(id)
	}
	f.Add("0190f1a2-aaaa-4bbb-8ccc-0123456789ab")
	f.Fuzz(func(t *testing.T, id string) {
		if holdsTime([]byte(id)) && !holdsTime([]byte("a."+id+".b")) {
			t.Errorf("%q holds a time, between dots it does not", id)
		}
	})
}
