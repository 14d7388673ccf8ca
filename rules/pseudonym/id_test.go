package pseudonym

import (
	"strings"
	"testing"
)

// dresses are ids of each format in every dress that they come in; the first is the normal form.
var dresses = []struct {
	format Format
	exact  bool
	of     []string
}{
	{GACid, false, []string{"555.666", "GA1.1.555.666", "GA1.2.555.666", "GA1.2-2.555.666",
		" 555.666\t", "GA2.1.555.666"}},
	{GACookie, false, []string{"555.666", "GA1.1.555.666"}},
	{Hex16, true, []string{"0123456789abcdef", "0123456789ABCDEF", "0123456789abcdef.1700000000.",
		"0123456789AbCdEfjane"}},
	{Hex16, false, []string{"0123456789abcdef", "0123456789ABCDEF"}},
	{Hex32, true, []string{strings.Repeat("0a", 16), strings.Repeat("0A", 16)}},
	{UUID, false, []string{"01900000-abcd-7000-8000-00000000000f", "01900000-ABCD-7000-8000-00000000000F"}},
	{Text, false, []string{"6f1c5a9e-0000-4000-8000-00000000000a", "6F1C5A9E-0000-4000-8000-00000000000A"}},
	{AmplitudeDevice, false, []string{"6f1c5a9e-0000-4000-8000-00000000000a", "6F1C5A9E-0000-4000-8000-00000000000A"}},
	{MixpanelDevice, false, []string{
		"6f1c5a9e-0000-4000-8000-00000000000a", "$device:6f1c5a9e-0000-4000-8000-00000000000a",
		"$device:6F1C5A9E-0000-4000-8000-00000000000A",
	}},
	{FBP, true, []string{"fb.1.1700000000000.1234567890", "fb.1.1700000000000.1234567890.Bg",
		"fb.1.1700000000000.1234567890.AQQBAQMB "}},
	{Text, false, []string{"12345", "12345.0", "12345.00", "1.2345E4", "1.2345e+4", "1.2345E04"}},
	{Digits, false, []string{"12345678901", "12345678901.0", "1.2345678901E10"}},
	{Text, false, []string{"-7", "-7.0"}},
}

// TestEveryDressIsOneID: an id is the same in every dress, and its normal form is that of itself.
func TestEveryDressIsOneID(t *testing.T) {
	t.Parallel()
	for _, c := range dresses {
		for _, id := range c.of {
			if got := string(AppendNormal([]byte("^"), c.format.Norm(c.exact), []byte(id))); got != "^"+c.of[0] {
				t.Errorf("%v, exact %t: %q is %q, want %q", c.format, c.exact, id, got[1:], c.of[0])
			}
			if c.exact && !c.format.Fits([]byte(id)) {
				t.Errorf("%v: %q does not fit", c.format, id)
			}
		}
	}
}

// TestIDsThatStandAsTheyAre: what has no known shape is its text, and what an exact format does not fit stays whole.
func TestIDsThatStandAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format Format
		exact  bool
		id     string
	}{
		{GACid, false, "jane"}, {GACid, false, "amp-AbC"}, {GACid, false, "GA1.1.jane"}, {GACid, false, "555."},
		{GACid, false, "5.6.7"},
		{Hex16, true, "0123456789abcde"}, {Hex16, true, "u-17"}, {Hex16, true, "6F1C5A9E-0000-4000-8000-00000000000A"},
		{Hex16, true, "12345.0"},
		{Hex16, false, "0123456789ABCDEF0"}, {Hex32, true, strings.Repeat("A", 31)},
		{UUID, true, "6F1C5A9E00004000800000000000000A"},
		{FBP, true, "fb.1.x.y"}, {FBP, true, "fb.1.1.2.a-name-that-is-too-long-for-it"}, {FBP, true, "JANE"},
		{MixpanelDevice, false, "$device:jane"}, {MixpanelDevice, false, "Jane"},
		{Text, false, "12e4"}, {Text, false, "1.5"}, {Text, false, "12345.5"}, {Text, false, "1.2345E2"},
		{Text, false, "1.5E99"}, {Text, false, "0x10"},
		{Text, false, ".0"}, {Text, false, "-.0"}, {Text, false, "1."}, {Text, false, "1.0e-1"}, {Text, false, "192.168.0.0"},
		{Text, false, "A1.0"},
	} {
		if got := string(AppendNormal(nil, c.format.Norm(c.exact), []byte(c.id))); got != c.id {
			t.Errorf("%v, exact %t: %q became %q", c.format, c.exact, c.id, got)
		}
		if c.exact && c.format.Fits([]byte(c.id)) {
			t.Errorf("%v: %q fits", c.format, c.id)
		}
	}
}

// TestRandomForms: an id is a browser's where it has the form in which an SDK makes
// it; what a site calls a person is none.
func TestRandomForms(t *testing.T) {
	t.Parallel()
	const uuid, old = "6F1c5a9e-0000-4000-8000-00000000000a",
		"17e7f0a1b2c3d4-0e1f2a3b4c5d6e-1f2a3b4c-1fa400-17e7f0a1b2c555"
	for f, ids := range map[Format][]string{
		GACid: {"555.666", "GA1.1.555.666", uuid}, GACookie: {"GA1.1.555.666"}, Hex16: {"0123456789ABCDEF", uuid},
		Hex32: {strings.Repeat("0a", 16)},
		UUID:  {uuid, old, "$device:" + uuid}, FBP: {"fb.1.1700000000000.123"}, MixpanelDevice: {"$device:" + uuid,
			uuid, old, " " + uuid},
		AmplitudeDevice: {uuid, uuid + "R", "aB3-_678901234567890xyR", "aB3-_678901234567890xy"}, Text: {uuid},
		Auto: {uuid}, Digits: {uuid},
	} {
		for _, id := range ids {
			if !f.Random([]byte(id)) {
				t.Errorf("%v: %q is none", f, id)
			}
		}
	}
	for f := range numFormats {
		for _, id := range []string{"", "jane", "u-17", "12345", "jane@example.com", "+49 30 1234567", "$device:jane",
			"fb.1.jane.2", "1234567890abcde", "GA1.1.jane"} {
			if f.Random([]byte(id)) {
				t.Errorf("%v: %q is one", f, id)
			}
		}
	}
}

// FuzzNormalID: the normal form of an id is that of itself, in every format; what is
// in the exact form of a format fits it.
func FuzzNormalID(f *testing.F) {
	for _, c := range dresses {
		for _, id := range c.of {
			f.Add(id)
		}
	}
	f.Add("GA1.1.1.2E3")
	f.Add("\u00a0GA1.\u200b.5.6 ")
	f.Fuzz(func(t *testing.T, id string) {
		for format := range numFormats {
			for _, exact := range []bool{false, true} {
				once := AppendNormal(nil, format.Norm(exact), []byte(id))
				if twice := AppendNormal(nil, format.Norm(exact), once); string(twice) != string(once) {
					t.Fatalf("%v, exact %t: %q becomes %q, and that %q", format, exact, id, once, twice)
				}
				if exact && format.Fits([]byte(id)) && !format.Fits(once) {
					t.Fatalf("%v: %q fits, and %q does not", format, id, once)
				}
			}
			format.Random([]byte(id))
		}
	})
}
